//! Lines of `data/policy/hold-sets.jsonl`: what is accepted is spelled as it would be written, but for a false name.
#![no_main]

use chatseal::record::hold_set::{self, HoldSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(set) = HoldSet::parse(bytes) {
        let ids: Vec<&str> = set.ids.iter().collect();
        assert!(ids.len() > hold_set::FEW && ids.is_sorted_by(|left, right| left < right));
        let mut value = Vec::new();
        let line = hold_set::push(&mut value, ids).expect("a set has a line");
        assert_eq!(set.is_named_rightly(), [line.as_slice(), b"\n"].concat() == bytes);
        assert_eq!(line.len() + 1, bytes.len());
        assert!(line.ends_with(format!("{}}}", set.array()).as_bytes()));
    }
    if let Ok(retention) = std::str::from_utf8(bytes) {
        if let Some((before, name)) = hold_set::named(retention) {
            assert_eq!(format!("{before}\"{name}\"}}"), retention);
        }
    }
});
