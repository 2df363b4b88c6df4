//! OpenSSH certificates, in their wire form, without the base64 that would hide them from mutation.
#![no_main]

use chatseal::keys::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(certificate) = Certificate::from_wire(bytes) {
        assert_eq!(certificate.wire(), bytes);
        for at in [i64::MIN, -1, 0, 1_795_000_000_000, i64::MAX] {
            let _ = certificate.check(at);
        }
        let _ = (certificate.principals().len(), certificate.key_id().len(), certificate.authority());
    }
});
