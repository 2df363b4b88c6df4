//! The other texts of a ledger: checkpoints, requests to a witness, witness policies and keys, heads.
#![no_main]

use chatseal::keys::Witness;
use chatseal::ledger::checkpoint::Checkpoint;
use chatseal::ledger::head::Expected;
use chatseal::ledger::request::Request;
use chatseal::ledger::witnesses::Witnesses;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = Request::parse(bytes) {
        assert_eq!(request.text().as_bytes(), bytes);
        if let Ok(policy) = Witnesses::parse("quorum none\n") {
            assert!(policy.are_met(&request.note));
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
        let head = checkpoint.head();
        assert!(Expected::parse(&head.to_string()).expect("our own spelling").is(&head));
    }
    if let Ok(witness) = Witness::parse_vkey(text) {
        assert_eq!(witness.vkey(), text);
    }
    let _ = (Witnesses::parse(text), Expected::parse(text));
});
