//! Lists of revoked keys: plain lines and OpenSSH's binary KRL.
#![no_main]

use std::sync::LazyLock;

use chatseal::keys::{Revocation, SshSignature};
use libfuzzer_sys::fuzz_target;

static SIGNATURES: LazyLock<[SshSignature; 2]> =
    LazyLock::new(|| [chatseal_fuzz::fixture_signature(b"hello"), chatseal_fuzz::certified_signature()]);

fuzz_target!(|bytes: &[u8]| {
    if let Ok(revoked) = Revocation::parse(bytes) {
        for signature in SIGNATURES.iter() {
            let _ = revoked.check(signature);
        }
    }
});
