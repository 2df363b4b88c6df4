//! The file of allowed signers, and the judgement about a plain and a certified signature.
#![no_main]

use std::sync::LazyLock;

use chatseal::keys::{AllowedSigners, SEAL_NAMESPACE, SshSignature};
use libfuzzer_sys::fuzz_target;

static SIGNATURES: LazyLock<[SshSignature; 2]> =
    LazyLock::new(|| [chatseal_fuzz::fixture_signature(b"hello"), chatseal_fuzz::certified_signature()]);

fuzz_target!(|bytes: &[u8]| {
    let signers = AllowedSigners::parse(bytes);
    for signature in SIGNATURES.iter() {
        for at in [i64::MIN, 0, 1_795_000_000_000, i64::MAX] {
            let trust = signers.judge(signature, SEAL_NAMESPACE, at, None);
            assert!(!trust.is_accepted() || !signers.is_empty());
            let _ = signers.judge(signature, "git", at, Some("auditor@example.org"));
        }
    }
    let _ = (signers.problems().len(), signers.remarks().len());
});
