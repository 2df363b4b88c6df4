//! The seal, its two signatures, and whether the signer is to be trusted.

use super::checks::Checks;
use super::code::Code;
use super::layer::Layer;
use super::members::Texts;
use super::trust::TrustPolicy;
use crate::archive::names::{Member, printable};
use crate::archive::seal::{Seal, SealError};
use crate::keys::{Note, NoteCheck, PublicKey, Revoked, SEAL_NAMESPACE, SshSignature, SshsigError, Trust};
use crate::record::time;

/// Reads the seal. The second value says whether the version is one that this program does not know, so that nothing
/// else can be judged.
pub(super) fn read(texts: &Texts, checks: &mut Checks) -> (Option<Seal>, bool) {
    let place = Member::Seal.to_string();
    let Some(text) = texts.get(&Member::Seal) else {
        checks.skipped(Layer::Seal, "seal.txt cannot be read");
        return (None, false);
    };
    checks.ran(Layer::Seal);
    match Seal::parse(text) {
        Ok(seal) => (Some(seal), false),
        Err(error @ SealError::Version(_)) => {
            checks.found(Code::VersionUnsupported, place, error.to_string());
            (None, true)
        }
        Err(error) => {
            checks.found(Code::SealMalformed, place, error.to_string());
            (None, false)
        }
    }
}

/// Checks both signatures; the SSH signature is returned if it verifies.
pub(super) fn signatures(texts: &Texts, seal: &Seal, checks: &mut Checks) -> Option<SshSignature> {
    let text = texts.get(&Member::Seal)?;
    let (Some(armored), Some(note)) = (texts.get(&Member::SealSignature), texts.get(&Member::SealNote)) else {
        checks.skipped(Layer::Signature, "seal.txt.sig or seal.note cannot be read");
        return None;
    };
    checks.ran(Layer::Signature);
    let place = Member::SealSignature.to_string();
    let signature = match SshSignature::parse(armored) {
        Ok(signature) => signature,
        Err(error) => {
            let code = match error {
                SshsigError::Unsupported { .. } => Code::SignatureUnsupported,
                SshsigError::Malformed { .. } => Code::SignatureMalformed,
            };
            checks.found(code, place, error.to_string());
            checks.skipped(Layer::Signature, "without the SSH signature there is no key to check the note with");
            return None;
        }
    };
    let key = signature.public_key();
    let valid = signature.verify(text);
    if !valid {
        checks.found(Code::SignatureInvalid, &place, "it does not verify over the bytes of seal.txt");
    }
    if signature.namespace() != SEAL_NAMESPACE {
        let found = printable(signature.namespace());
        checks.found(Code::SignatureNamespace, &place, format!("expected `{SEAL_NAMESPACE}`, found `{found}`"));
    }
    if key.fingerprint() != seal.fingerprint() {
        let detail = format!("the seal names {}, the key is {}", seal.fingerprint(), key.fingerprint());
        checks.found(Code::SignerDiffers, place, detail);
    }
    check_note(note, text, seal, &key, checks);
    valid.then_some(signature)
}

fn check_note(note: &[u8], text: &[u8], seal: &Seal, key: &PublicKey, checks: &mut Checks) {
    let place = Member::SealNote.to_string();
    let note = match Note::parse(note) {
        Ok(note) => note,
        Err(error) => return checks.found(Code::NoteMalformed, place, error.to_string()),
    };
    if note.text().as_bytes() != text {
        checks.found(Code::NoteDiffers, &place, "its text is not that of seal.txt");
    }
    let names: Vec<&str> = note.signatures().iter().map(|line| line.name.as_str()).collect();
    let expected = seal.note_names();
    if names != expected {
        let detail = format!("expected exactly one signature line for each of: {}", expected.join(", "));
        checks.found(Code::NoteDiffers, &place, detail);
    }
    for name in expected {
        if note.check(&name, key) != NoteCheck::Verified {
            checks.found(Code::NoteInvalid, &place, format!("the line of `{name}` does not verify"));
        }
    }
}

/// Judges the signer; returns who it may be.
pub(super) fn trust(
    signature: &SshSignature,
    seal: &Seal,
    policy: &TrustPolicy<'_>,
    checks: &mut Checks,
) -> Vec<String> {
    let Some(signers) = policy.signers else {
        checks.skipped(Layer::Trust, "no --signers were given");
        return Vec::new();
    };
    checks.ran(Layer::Trust);
    let place = Member::SealSignature.to_string();
    if let Some(revoked) = policy.revoked.and_then(|list| list.check(signature)) {
        checks.found(Code::SignerRevoked, &place, revocation(&revoked));
    }
    let at = policy.at.unwrap_or(seal.time);
    let key = signature.public_key();
    let fingerprint = key.fingerprint();
    let term = policy.vouched.filter(|vouched| vouched.origin == seal.origin).zip(seal.number);
    let term = term.and_then(|(vouched, number)| Some((vouched.keys.at(number)?, number, vouched)));
    if let Some((term, number, _)) = term
        && term.compromised_since.is_some_and(|since| since <= number)
    {
        checks.found(Code::SignerCompromised, &place, format!("{fingerprint} signed number {number}"));
    }
    let (code, detail) = match signers.judge(signature, SEAL_NAMESPACE, at, policy.signer) {
        Trust::Accepted { principals, .. } => return principals,
        Trust::UnknownSigner if policy.signer.is_none() && term.is_some_and(|(term, ..)| term.key == key) => {
            return term.map(|(.., vouched)| vouched.principals.clone()).unwrap_or_default();
        }
        Trust::UnknownSigner => (Code::SignerUnknown, format!("the key is {fingerprint}")),
        Trust::WrongPrincipal { line, principals } => {
            (Code::SignerOther, format!("line {line} of the signers file names {}", principals.join(", ")))
        }
        Trust::OtherPurpose { .. } => {
            // The signature layer has said so already; a second finding would count it twice.
            checks.skipped(Layer::Trust, "the signature was made for another purpose");
            return Vec::new();
        }
        Trust::WrongNamespace { line, allowed } => {
            (Code::SignerPurpose, format!("line {line} of the signers file admits `{allowed}` only"))
        }
        Trust::NotYetValid { line, from } => {
            (Code::SignerNotYetValid, format!("line {line} of the signers file: from {}", spelled(from)))
        }
        Trust::Expired { line, until } => {
            (Code::SignerExpired, format!("line {line} of the signers file: until {}", spelled(until)))
        }
        Trust::Certificate { line, problem } => {
            (Code::CertificateRefused, format!("line {line} of the signers file: {problem}"))
        }
    };
    checks.found(code, place, detail);
    Vec::new()
}

fn revocation(revoked: &Revoked) -> String {
    match revoked {
        Revoked::Key(key) => format!("the key {} was revoked", key.fingerprint()),
        Revoked::Authority(key) => format!("the authority {} was revoked", key.fingerprint()),
        Revoked::Serial(serial) => format!("the certificate with serial number {serial} was revoked"),
        Revoked::KeyId(id) => format!("the certificate with key id `{}` was revoked", printable(id)),
    }
}

fn spelled(at: i64) -> String {
    time::format(at).unwrap_or_else(|| format!("ms:{at}"))
}
