//! The sealed bag: one zip file that holds one `BagIt` bag, and above it one small signed text.
//!
//! ```text
//! SSHSIG / Ed25519 ──▶ seal.txt ──▶ tagmanifest-sha256.txt ──▶ manifest-sha256.txt ──▶ every byte
//!                         ├───────▶ RFC 6962 root over all record lines ──▶ any one record, by a short proof
//!                         └───────▶ previous: SHA-256 of the previous archive's seal.txt
//! ```
//!
//! The format is specified byte for byte in chatseal-archive(5). Here each text of it has one module that writes it and
//! accepts back only what it would write ([`seal`], [`manifest`], [`segments`], [`summary`], [`exceptions`], [`withheld`],
//! [`salt`]),
//! one closed vocabulary of names ([`names`]), one set of zip headers ([`zip`]) and one strict reader ([`reader`]).
//!
//! # Who is trusted
//!
//! The holder of the signing key, to have sealed what the source answered; the verifier's own copy of this program, of
//! the signers file and of the revocation list; SHA-256, HMAC and Ed25519. Nobody else: not the host that stores the
//! archive, not the network or the stick that carried it, not any text inside it, not the name of the file.
//!
//! # What holds, against anybody without the key
//!
//! 1. A changed, removed, added, repeated or reordered record is found, and named by segment and line.
//! 2. A changed, removed, added or renamed member of any kind is found; no byte of the file is free, not even in the
//!    headers of the zip or the compressed streams.
//! 3. What verify saw is what every other reader of the same file sees: there is one spelling of each header and text.
//! 4. A cut file is not an archive; a file with anything before or behind it is not one either.
//! 5. A seal is accepted only from a key that the verifier allows, for this purpose, at that time, and not revoked.
//! 6. Archives missing, exchanged or repeated between two that are linked are found when both are at hand.
//! 7. One record can be shown and proven without showing any other.
//! 8. Reading a hostile file takes bounded memory, writes nothing outside its folder and does not panic.
//!
//! # What does not hold
//!
//! 1. The truth of what was sealed: whoever changes the source before an export changes what is sealed.
//! 2. An insider with the key can write another history; only copies of seals held by others show it.
//! 3. A verifier without memory cannot see that the newest archives are missing.
//! 4. Time is the claim of the signer.
//! 5. Nothing is secret: an archive is plain text; encrypt it as a whole for transport.
//! 6. It cannot prevent deletion; it makes deletion visible to whoever holds a neighbour.

pub mod defect;
pub mod deflate;
pub mod exceptions;
pub mod extract;
pub mod hold_sets;
pub mod manifest;
pub mod names;
pub mod reader;
pub mod records;
pub mod salt;
pub mod seal;
pub mod segments;
pub mod stage;
pub mod summary;
pub mod walk;
pub mod withheld;
pub mod writer;
pub mod zip;
