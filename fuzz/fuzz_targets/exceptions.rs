//! Lines of `data/exceptions.jsonl`: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::archive::exceptions::Exception;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(exception) = Exception::parse(bytes) {
        assert_eq!(exception.line(), bytes);
        let _ = exception.is_note();
    }
});
