//! Policy and holds files: places exist, what has a finding is never used, and periods are written as they are read.
#![no_main]

use chatseal::policy::document::{Content, Kinds, parse, period, together};
use chatseal::source::catalogue::TABLES;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KINDS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.iter().map(|table| table.kind).collect());

fuzz_target!(|bytes: &[u8]| {
    let kinds = Kinds(&KINDS);
    let parsed = parse(bytes, kinds);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for finding in parsed.findings().listed() {
        assert!((1..=lines).contains(&finding.place.line) && finding.place.column > 0);
        assert!(!finding.detail.is_empty() && !finding.next_step().is_empty());
    }
    let is_good = parsed.findings().is_empty();
    let mut twice = [("a", parsed.clone()), ("b", parsed.clone())];
    together(&mut twice, kinds);
    // Ids are unique: what is good alone cannot be given twice.
    assert!(!is_good || !twice[1].1.findings().is_empty());
    let content = parsed.into_content();
    assert_eq!(content.is_some(), is_good);
    if let Some(Content::Policy(policy)) = content {
        for period in policy.rules.iter().flat_map(|rule| [rule.keep_for, rule.dispose_after]).flatten() {
            assert_eq!(period::parse(&period::written(period)).ok(), Some(period));
            assert!(period.checked().is_ok());
        }
    }
});
