//! `seal.txt`: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::archive::seal::Seal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(seal) = Seal::parse(bytes) {
        assert_eq!(seal.text().expect("what was read can be written").as_bytes(), bytes);
        let _ = (seal.archive_origin(), seal.note_names(), seal.fingerprint());
    }
});
