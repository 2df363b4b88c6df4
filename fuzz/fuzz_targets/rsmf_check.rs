//! The check of RSMF files: findings, never a panic.
#![no_main]

use chatseal::produce::rsmf::check::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for finding in check(bytes) {
        assert!(!finding.is_empty());
    }
});
