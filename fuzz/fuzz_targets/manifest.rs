//! Manifests, `bag-info.txt` and `salt.txt`: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::archive::manifest::{BagInfo, line, parse_line, parse_tag_manifest, tag_manifest};
use chatseal::archive::salt::ArchiveSalt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for part in bytes.split(|byte| *byte == b'\n') {
        if let Ok((hash, member)) = parse_line(part) {
            assert_eq!(line(&hash, &member).trim_end_matches('\n').as_bytes(), part);
        }
    }
    if let Ok(hashes) = parse_tag_manifest(bytes) {
        assert_eq!(tag_manifest(&hashes).as_bytes(), bytes);
    }
    if let Ok(info) = BagInfo::parse(bytes) {
        assert_eq!(info.text().as_bytes(), bytes);
    }
    if let Ok(salt) = ArchiveSalt::parse(bytes) {
        assert_eq!(salt.text().as_bytes(), bytes);
    }
});
