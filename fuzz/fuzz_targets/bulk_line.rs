//! One line of a bulk export: whatever is decoded becomes record lines that verify accepts, and the independent count
//! of what the line holds agrees with what came out.
#![no_main]

use std::path::Path;

use chatseal::record::line::Line;
use chatseal::source::bulk::emit::{Emitter, Mode};
use chatseal::source::bulk::{count, line};
use chatseal::source::catalogue::TABLES;
use chatseal::source::contents::Contents;
use chatseal::source::scope::Scope;
use chatseal::source::sort::{Merge, Sorter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.contains(&b'\n') {
        return;
    }
    let mut seen = [0; TABLES.len()];
    count::count(bytes, &mut seen);
    let mut passing = count::passing::Passing::default();
    bytes.chunks(5).for_each(|piece| passing.feed(piece));
    assert_eq!(passing.finish(), seen);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let contents = Contents::none();
    for scope in [Scope::default(), narrow()] {
        let mut out = Emitter::new("fuzz.jsonl", &contents, Path::new("/dev/null"));
        out.begin(7, None, Mode::Normal);
        let decoded = line::decode(text, &scope, &mut out);
        if decoded.is_err() {
            out.abandon();
            assert_eq!(lines(out.out.records, b"") + lines(out.out.contents, b"}}"), 0);
            continue;
        }
        out.settle().expect("memory");
        let tally = out.out.tally.clone();
        for (at, table) in TABLES.iter().enumerate() {
            let sum = tally.records[at] + tally.out_of_scope[at] + tally.quarantined[at];
            assert_eq!(seen[at], sum, "rows of kind {}", table.kind);
        }
        let written = lines(out.out.records, b"") + lines(out.out.contents, b"}}");
        assert_eq!(written, tally.records.iter().sum::<u64>());
    }
});

/// A window that some of the seeds' posts lie in, and most do not.
fn narrow() -> Scope {
    let mut scope = Scope::default();
    (scope.window.from, scope.window.until) = (Some(1_791_900_000_000), Some(1_791_990_000_000));
    scope
}

/// Checks that all lines are record lines; `end` completes those that lack their content.
fn lines(sorter: Sorter, end: &[u8]) -> u64 {
    let mut merge = Merge::new(vec![sorter]).expect("memory");
    let mut count = 0;
    while let Some(item) = merge.peek() {
        let line = item.line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = [line, end].concat();
        if let Err(error) = Line::parse(&line) {
            panic!("verify refuses a line that export writes: {error}\n{}", String::from_utf8_lossy(&line));
        }
        merge.advance().expect("memory");
        count += 1;
    }
    count
}
