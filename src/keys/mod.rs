//! Who signed, and who may: keys, signatures, and the lists that say whom to trust.
//!
//! A seal is signed by one Ed25519 key in two spellings: an SSH signature, which `ssh-keygen -Y verify` checks on any
//! host, and a C2SP note, which transparency tools and plain `openssl` check. The key is a file or stays in an
//! ssh-agent. The verifier's side is OpenSSH's: an `allowed_signers` file, certificates, revocation lists.
//!
//! **Invariant.** Nothing is trusted by default: an unknown key type, option, extension or format is refused by name,
//! never skipped. Secret bytes are neither printed nor logged nor kept after the key was read.
//!
//! **Refuses.** RSA, ECDSA, FIDO and encrypted keys (an ssh-agent unlocks the last); signing text that a caller chose
//! freely; reading the clock or the environment. Uses no other module of this crate.

mod agent;
mod allowed_signers;
mod certificate;
mod cosignature;
mod der;
mod file;
mod generate;
mod instant;
mod krl;
mod note;
mod pattern;
mod pem;
mod private;
mod public;
mod revocation;
mod secret;
mod signer;
mod sshsig;
mod trust;
mod wire;

pub use agent::AgentError;
pub use allowed_signers::{AllowedSigners, LineNote, allowed_authority_line, allowed_signers_line, is_principal};
pub use certificate::{Authority, Certificate, CertificateError, CertificateProblem};
pub use cosignature::Witness;
pub use file::{KeyFile, KeyFileError};
pub use generate::{GenerateError, GeneratedKey, generate};
pub use krl::KrlError;
pub use note::{Note, NoteCheck, NoteError, NoteSignature};
pub use private::{KeyPair, PrivateKeyError};
pub use public::{PublicKey, PublicKeyError};
pub use revocation::{Revocation, RevocationError, Revoked};
pub use signer::{Signer, SignerError};
pub use sshsig::{APPROVAL_NAMESPACE, SEAL_NAMESPACE, STATEMENT_NAMESPACE, SshSignature, SshsigError};
pub use trust::{Trust, Via};
