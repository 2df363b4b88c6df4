//! Statements of a ledger: what is accepted is spelled as it would be written.
#![no_main]

use chatseal::ledger::Statement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(statement) = Statement::parse(bytes) {
        assert_eq!(statement.text().expect("what was read can be written").as_bytes(), bytes);
    }
});
