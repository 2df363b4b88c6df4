//! The columns of JSON in playbook runs: read as far as they go, told where they do not, never a panic.
#![no_main]

use chatseal::produce::incident::checklist;
use chatseal::produce::incident::details::{Details, names};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (lists, faults) = checklist::parse(text);
    assert!(faults.iter().all(|fault| !fault.is_empty()));
    let whole = serde_json::from_str::<serde_json::Value>(text);
    match whole {
        // Every task that a general reader sees is read, or there is a fault.
        Ok(serde_json::Value::Array(all)) => {
            let items = all.iter().filter_map(|list| list.get("items")?.as_array()).map(Vec::len).sum::<usize>();
            let read = lists.iter().map(|list| list.tasks.len()).sum::<usize>();
            assert!(read == items || !faults.is_empty(), "{read} of {items}");
            assert!(lists.len() == all.len() || !faults.is_empty());
        }
        Ok(serde_json::Value::Null) => assert!(lists.is_empty()),
        Ok(_) => assert!(!faults.is_empty()),
        Err(_) => {}
    }
    let details = Details::parse(text);
    assert!(details.users.iter().chain(&names(text)).all(|name| !name.is_empty()));
});
