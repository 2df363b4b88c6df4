//! The chain across runs: an append-only log of small texts that shows when an archive is missing or history was
//! rewritten.
//!
//! ```text
//! LEDGER/
//!   origin                    the name that seals carry
//!   statements/00000042.txt   the exact bytes of leaf 42: a seal, or a statement
//!   statements/00000042.txt.sig   SSH signature of a statement; a seal has its own in the archive
//!   checkpoint                the newest size and root, signed        checkpoints/00000043   every one that there was
//!   archives.sha256           what was published, for sha256sum -c
//!   pending/00000042          an archive that is being published
//!   lock  run.lock            who is appending; whose run is under way
//! ```
//!
//! Leaves are hashed as RFC 6962 has it; a checkpoint is a C2SP signed note over origin, size and root. So one short
//! [`head::Head`] stands for everything that was ever said, and whoever remembers one can tell whether a later ledger
//! still holds it.
//!
//! Commit order: stage of the archive → what is pending → statement → **checkpoint**, renamed into its place → archive
//! gets its name → list. Killed before the checkpoint: nothing happened. Killed after: the next one who holds the lock
//! finishes, or states the gap. The order of leaves decides, never a clock: times are claims, keys and holds are judged
//! by their position.
//!
//! Invariant: nothing is appended to a ledger that does not hold together, and nothing that was committed is changed.
//! It proves nothing to a reader without memory: a head kept elsewhere, or a second host that cosigns, is what catches a
//! rewritten history.
//!
//! It refuses to judge archives and whom to trust (that is `verify`), to read a clock, and to follow a path from data.

mod append;
pub mod checkpoint;
mod durable;
pub mod flaw;
pub mod head;
mod list;
mod lock;
mod pending;
mod read;
pub mod request;
mod said;
pub mod statement;
mod succession;
#[cfg(test)]
mod tests;
pub mod witnesses;

pub use append::{Committed, Ledger, LedgerError, Recovered, file_digest, lock_runs};
pub use durable::{Event, Watch, unwatched, write as write_durably};
pub use list::Listed;
pub use lock::Lock;
pub use pending::Pending;
pub use read::answers::newest_seal;
pub use read::{Defect, Leaf, Reading, Text};
pub use said::{Act, Check, Freeze, MAX_NUMBERS, Said, Transfer, is_hold_id};
pub use statement::{Statement, StatementError};
pub use succession::{Succession, Term};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};

use crate::keys::PublicKey;
use crate::merkle::Hash;

/// A digest as OpenSSH prints a fingerprint.
pub fn fingerprint(digest: &Hash) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
}

/// A fingerprint as OpenSSH prints it.
fn parse_fingerprint(text: &str) -> Option<Hash> {
    STANDARD_NO_PAD.decode(text.strip_prefix("SHA256:")?).ok()?.try_into().ok()
}

/// SHA-256 of a key as OpenSSH encodes it.
fn key_digest(key: &PublicKey) -> Hash {
    parse_fingerprint(&key.fingerprint()).unwrap_or_default()
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
