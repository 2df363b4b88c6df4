//! Whole exports as JSON lines, from the file to the stream of records: order, equation, renumbered keys.
#![no_main]

use chatseal::progress::Progress;
use chatseal::record::line::Line;
use chatseal::select::Source;
use chatseal::source::Work;
use chatseal::source::bulk::Bulk;
use chatseal::source::bulk::container::ContentPlace;
use chatseal::source::scope::Asked;
use chatseal::source::sort::Sorter;
use libfuzzer_sys::fuzz_target;

const VERSION: &[u8] = b"{\"type\":\"version\",\"version\":1}\n";

fuzz_target!(|bytes: &[u8]| {
    chatseal_fuzz::with_file("export.jsonl", &[VERSION, bytes], |path| {
        let bulk = Bulk::open(path, &ContentPlace::Nowhere).expect("an export");
        let (progress, temporary) = (Progress::silent(), std::env::temp_dir());
        let work = Work { threads: 1, temporary: &temporary, progress: &progress };
        let source = Source::Bulk(Box::new(bulk));
        let mut selection = source.select(&Asked::default(), &work).expect("an export that can be read");

        let mut completed = Sorter::new(1 << 20);
        let mut contents = selection.contents().expect("memory");
        while let Some(item) = contents.advance().expect("memory") {
            let line = item.line.split(|byte| *byte == b'\n').next().unwrap_or_default();
            completed.push(item.kind, item.at, 0, |out| {
                out.extend_from_slice(line);
                out.extend_from_slice(b",\"content_missing\":\"not-collected\"}}");
            });
        }
        let mut records = selection.records(completed).expect("memory");
        let mut previous: Option<(u8, i64, Vec<u8>)> = None;
        while let Some(item) = records.advance().expect("memory") {
            let line = Line::parse(item.line).expect("a line that verify accepts");
            assert_eq!(line.at, item.at);
            let this = (item.kind, item.at, item.line.to_vec());
            assert!(previous.is_none_or(|previous| previous <= this), "records out of order");
            previous = Some(this);
        }
        for row in selection.equation() {
            assert_eq!(
                row.source.unwrap_or_default(),
                row.records + row.out_of_scope + row.quarantined,
                "rows of kind {}",
                row.kind
            );
        }
        let mut exceptions = selection.exceptions(Sorter::new(1 << 20)).expect("memory");
        while let Some(item) = exceptions.advance().expect("memory") {
            let line = [item.line, b"\n"].concat();
            assert!(chatseal::archive::exceptions::Exception::parse(&line).is_some(), "verify refuses an exception");
        }
    });
});
