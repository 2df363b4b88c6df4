//! `data/segments.csv`: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::archive::segments::{parse, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(rows) = parse(bytes) {
        assert_eq!(text(&rows), bytes);
    }
});
