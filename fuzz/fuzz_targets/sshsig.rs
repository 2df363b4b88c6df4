//! SSH signatures: what is accepted is spelled as it would be written, and a changed one does not hold.
#![no_main]

use std::sync::LazyLock;

use chatseal::keys::SshSignature;
use libfuzzer_sys::fuzz_target;

/// Signed by a key that no seed knows of, so only these bytes are a signature over it.
const MESSAGE: &[u8] = b"said once";

static SIGNATURE: LazyLock<String> = LazyLock::new(|| chatseal_fuzz::fixture_signature(MESSAGE).armored());

fuzz_target!(|bytes: &[u8]| {
    // Now and then the true one, so that its neighbours are tried too.
    let signature =
        if bytes.is_empty() { SshSignature::parse(SIGNATURE.as_bytes()) } else { SshSignature::parse(bytes) };
    if let Ok(signature) = signature {
        assert_eq!(signature.armored().as_bytes(), if bytes.is_empty() { SIGNATURE.as_bytes() } else { bytes });
        assert!(!signature.verify(MESSAGE) || signature.armored() == *SIGNATURE, "somebody else signed it");
        let _ = signature.certificate().map(|certificate| certificate.check(1_800_000_000));
    }
    flip(bytes);
});

/// The true signature with one bit changed is refused, or signs nothing.
fn flip(bytes: &[u8]) {
    let &[high, low, bit, ..] = bytes else { return };
    let mut damaged = SIGNATURE.as_bytes().to_vec();
    let at = usize::from(u16::from_be_bytes([high, low])) % damaged.len();
    damaged[at] ^= 1 << (bit % 8);
    if let Ok(signature) = SshSignature::parse(&damaged) {
        assert!(!signature.verify(MESSAGE), "a changed signature holds");
    }
}
