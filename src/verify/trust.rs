//! Whom the verifier trusts: nothing in an archive says so.

use crate::archive::seal::Origin;
use crate::keys::{AllowedSigners, Revocation};
use crate::ledger::Succession;
use crate::record::time::Millis;

/// What the verifier brings along.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrustPolicy<'a> {
    /// Who may sign; `None` leaves the signer unchecked, which never ends well.
    pub signers: Option<&'a AllowedSigners>,
    /// The one signer that is accepted out of those.
    pub signer: Option<&'a str>,
    /// Keys that are refused at any time.
    pub revoked: Option<&'a Revocation>,
    /// When the signer must have been valid; otherwise at the time that the seal claims.
    pub at: Option<Millis>,
    /// Keys that a ledger vouches for, each from its place on.
    pub vouched: Option<&'a Vouched>,
}

/// The keys of a ledger whose first key is accepted: each is named by the one before, so all of them are.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// The ledger.
    pub origin: Origin,
    /// Which key was in force where.
    pub keys: Succession,
    /// Who the first key belongs to.
    pub principals: Vec<String>,
}
