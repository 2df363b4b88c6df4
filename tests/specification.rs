//! `man/chatseal-archive.5` says what the program does: layers, findings, limits, and an example with all its bytes.
//!
//! Some sections are written from the program and from an archive that shares no code with it; with
//! `CHATSEAL_REWRITE=1` the test puts them in anew.

use std::path::PathBuf;

use chatseal::record::exception::Class;
use chatseal::source::catalogue::{TABLES, Table};
use chatseal::verify::Ending;
use chatseal::verify::code::Code;
use chatseal::verify::layer::Layer;

use crate::bag::{Bag, Spec, hex, line, sha};
use crate::verify::report;

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("man/chatseal-archive.5")
}

/// Text as it must be typed for roff to show it unchanged.
pub(crate) fn roff(text: &str) -> String {
    let escaped = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('—', "\\(em");
    let guarded: Vec<String> = escaped
        .lines()
        .map(|line| if line.starts_with('.') { format!("\\&{line}") } else { line.to_owned() })
        .collect();
    guarded.join("\n")
}

pub(crate) fn rows<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    rows.map(|(name, words)| format!(".TP\n.B {}\n{}\n", roff(name), roff(words))).collect()
}

/// The archive of the example.
fn example() -> Bag {
    let file = b"Berth 4: crane 7 stands still.\n".to_vec();
    let path = format!("data/files/{}/{}", &sha(&file)[..2], sha(&file));
    let data = format!(r#"{{"name":"note.txt","size":{},"content_member":"{path}"}}"#, file.len());
    let segment = |kind: &str, line: String| (kind.to_owned(), vec![line]);
    let spec = Spec {
        name: "example".into(),
        origin: "audit.example.org".into(),
        number: None,
        segments: vec![
            segment("server", line("server", "Version", 0, r#"{"name":"Version","value":"11.6.0"}"#)),
            segment("file", line("file", "f1", 1_700_000_000_000, &data)),
            segment("post", line("post", "p1", 1_700_000_000_000, r#"{"message":"Moin \"Kai 4\"","file_ids":["f1"]}"#)),
        ],
        files: vec![file],
        exceptions: Vec::new(),
        out_of_scope: 0,
        ..Spec::small()
    };
    spec.bag().tagged().sealed()
}

fn example_text() -> String {
    let bag = example();
    let mut out = String::new();
    for (path, bytes) in &bag.members {
        let text = String::from_utf8(bytes.clone()).unwrap();
        out += &format!(".PP\n.B {}\n.PP\n.nf\n{}\n.fi\n", roff(path), roff(text.trim_end_matches('\n')));
    }
    let leaves: Vec<String> = bag.leaves().iter().map(|leaf| hex(leaf)).collect();
    out +=
        &format!(".PP\nLeaves, root in hex, and SHA\\-256 of the whole zip:\n.PP\n.nf\n{}\n", roff(&leaves.join("\n")));
    out + &format!("{}\n{}\n.fi\n", hex(&bag.root()), sha(&bag.zip()))
}

/// The page with the lines between the markers of `name` replaced.
pub(crate) fn with_section(page: &str, name: &str, section: &str) -> String {
    let (begin, end) = (format!(".\\\" BEGIN {name}\n"), format!(".\\\" END {name}\n"));
    let start = page.find(&begin).expect("the page has the marker") + begin.len();
    let stop = page.find(&end).expect("the page has the marker");
    format!("{}{section}{}", &page[..start], &page[stop..])
}

#[test]
fn the_page_says_what_the_program_does() {
    let before = std::fs::read_to_string(page()).unwrap();
    let layers = rows(Layer::ALL.iter().map(|layer| (layer.word(), layer.asks())));
    let findings = rows(Code::all().map(|code| (code.code(), code.meaning())));
    let mut after = with_section(&before, "layers", &layers);
    after = with_section(&after, "findings", &findings);
    after = with_section(&after, "classes", &rows(Class::ALL.iter().map(|class| (class.code(), class.meaning()))));
    let kind = |table: &&Table| (format!("{} ({})", table.kind, table.table.trim_matches(['(', ')'])), table.evidence);
    let kinds: Vec<(String, &str)> = TABLES.iter().map(kind).collect();
    after = with_section(&after, "kinds", &rows(kinds.iter().map(|(name, evidence)| (name.as_str(), *evidence))));
    after = with_section(&after, "example", &example_text());
    if std::env::var_os("CHATSEAL_REWRITE").is_some() {
        return std::fs::write(page(), &after).unwrap();
    }
    assert!(before == after, "man/chatseal-archive.5 is stale; run with CHATSEAL_REWRITE=1");
}

#[test]
fn the_example_is_an_intact_archive() {
    let report = report(&example().zip());
    assert_eq!(report.ending(), Ending::Intact, "{:#?}", report.findings().shown());
    assert_eq!(report.counted.records, 3);
}

#[test]
fn the_page_states_the_limits_and_names_of_the_program() {
    let page = std::fs::read_to_string(page()).unwrap().replace("\\-", "-");
    for constant in [
        chatseal::archive::seal::VERSION,
        chatseal::keys::SEAL_NAMESPACE,
        chatseal::archive::seal::NO_ORIGIN,
        chatseal::archive::exceptions::NOTE_PREFIX,
        &chatseal::archive::segments::HEADER.join(","),
    ] {
        assert!(page.contains(constant), "{constant}");
    }
    let grouped = |number: u64| {
        let digits: Vec<u8> = number.to_string().bytes().rev().collect();
        let groups: Vec<String> =
            digits.chunks(3).rev().map(|group| group.iter().rev().map(|b| char::from(*b)).collect()).collect();
        groups.join(",")
    };
    for limit in [
        chatseal::archive::reader::MAX_MEMBERS,
        chatseal::record::line::MAX_BYTES as u64,
        chatseal::archive::segments::MAX_BYTES,
        chatseal::archive::zip::DEFLATE_ABOVE,
        chatseal::archive::seal::MAX_BYTES as u64,
        chatseal::archive::exceptions::MAX_BYTES as u64,
        u64::from(chatseal::archive::names::MAX_SEGMENT),
    ] {
        assert!(page.contains(&grouped(limit)), "{}", grouped(limit));
    }
}
