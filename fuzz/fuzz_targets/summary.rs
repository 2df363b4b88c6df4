//! `data/report/summary.json`: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::archive::summary::Summary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(summary) = Summary::parse(bytes) {
        assert_eq!(summary.json().expect("what was read can be written").as_bytes(), bytes);
        let _ = summary.kinds.0.iter().map(|(_, counts)| (counts.records(), counts.is_complete())).count();
    }
});
