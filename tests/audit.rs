//! Audit logs of both schemas, whole and broken, and what they say about posts that are gone.

/// No line makes us panic or tell a secret.
mod hostile;
/// What a log and the rows of a database say about each other.
mod reconciled;

use std::io::Write;
use std::path::{Path, PathBuf};

use chatseal::progress::Progress;
use chatseal::record::id::hex;
use chatseal::record::line::Line;
use chatseal::record::time::{self, Window};
use chatseal::source::Work;
use chatseal::source::audit_log::mentions::Mentions;
use chatseal::source::audit_log::{AuditLog, AuditLogError, Heard, Tally, Wanted};
use chatseal::source::packed::Packing;
use chatseal::source::sort::{Merge, Sorter};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audit").join(name)
}

/// An id that begins with `start`.
fn id(start: &str) -> String {
    format!("{start:x<26}")
}

fn work<R>(threads: usize, run: impl FnOnce(&Work<'_>) -> R) -> R {
    let dir = TempDir::new().unwrap();
    run(&Work { threads, temporary: dir.path(), progress: &Progress::silent() })
}

fn read(paths: &[PathBuf], wanted: &Wanted<'_>, threads: usize) -> Result<Heard, AuditLogError> {
    work(threads, |work| AuditLog::open(paths)?.read(wanted, work))
}

fn drain(sorters: Vec<Sorter>) -> Vec<String> {
    let mut merge = Merge::new(sorters).unwrap();
    let mut lines = Vec::new();
    while let Some(item) = merge.peek() {
        lines.push(String::from_utf8(item.line.to_vec()).unwrap());
        merge.advance().unwrap();
    }
    lines
}

/// Records and exceptions as JSON; records are checked on the way.
fn told(heard: Heard) -> (Vec<Value>, Vec<Value>) {
    let lines = drain(heard.records);
    assert_eq!(heard.tally.records, lines.len() as u64);
    for line in &lines {
        Line::parse(line.as_bytes()).unwrap();
    }
    let json = |line: &String| serde_json::from_str(line).unwrap();
    (lines.iter().map(json).collect(), drain(heard.exceptions).iter().map(json).collect())
}

fn classes(exceptions: &[Value]) -> Vec<String> {
    exceptions.iter().map(|e| format!("{} {}", e["class"].as_str().unwrap(), e["object"].as_str().unwrap())).collect()
}

fn gzip(path: &Path, bytes: &[u8]) {
    let mut out = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap();
}

#[test]
fn rotated_and_compressed_files_are_one_log_in_any_order() {
    let dir = TempDir::new().unwrap();
    let (old, new) = (dir.path().join("audit-2026-11-21.log.gz"), dir.path().join("audit.log"));
    gzip(&old, &std::fs::read(fixture("flat.log")).unwrap());
    std::fs::copy(fixture("nested.log"), &new).unwrap();
    let one = read(&[old.clone(), new.clone()], &Wanted::default(), 1).unwrap();
    let two = read(&[new.clone(), old.clone()], &Wanted::default(), 4).unwrap();
    assert_eq!(one.tally, Tally { source: 11, records: 11, out_of_scope: 0, quarantined: 0 });
    assert_eq!((one.tally, &one.files), (two.tally, &two.files));
    let [first, second] = one.files.as_slice() else { panic!() };
    assert_eq!(
        (first.name.as_str(), first.packing, first.lines, first.schemas),
        ("audit-2026-11-21.log.gz", Packing::Gzip, 6, [6, 0, 0])
    );
    assert_eq!(
        (second.name.as_str(), second.packing, second.schemas, second.notices),
        ("audit.log", Packing::Plain, [0, 4, 1], 1)
    );
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &std::fs::read(&old).unwrap());
    assert_eq!(hex(&first.sha256), hex(sha256.as_ref()));
    let (records, exceptions) = told(one);
    assert_eq!((records.clone(), exceptions.clone()), told(two));
    assert_eq!(classes(&exceptions), ["audit-log-gap audit.log:4"]);
    let events: Vec<_> = records.iter().map(|record| record["data"]["event_name"].as_str().unwrap_or("-")).collect();
    assert_eq!(
        events,
        [
            "createPost",
            "createPost",
            "createPost",
            "createPost",
            "deleteChannel",
            "login",
            "createPost",
            "deletePost",
            "deleteUser",
            "-",
            "updateIncomingHook"
        ]
    );
}

#[test]
fn no_secret_is_told() {
    let heard = read(&[fixture("flat.log"), fixture("nested.log")], &Wanted::default(), 2).unwrap();
    let text = drain(heard.records).concat() + &drain(heard.exceptions).concat();
    let secrets = ["hunter2".to_owned(), "h".repeat(26)];
    for path in ["flat.log", "nested.log"] {
        let raw = std::fs::read_to_string(fixture(path)).unwrap();
        assert!(secrets.iter().any(|secret| raw.contains(secret)), "{path}");
    }
    assert!(secrets.iter().all(|secret| !text.contains(secret)));
    assert!(text.contains("\"password\":\"redacted\"") && text.contains("/api/v4/hooks/incoming/h:"));
}

#[test]
fn broken_lines_are_stated_and_equal_ones_kept() {
    let heard = read(&[fixture("odd.log")], &Wanted::default(), 2).unwrap();
    assert_eq!(heard.tally, Tally { source: 11, records: 7, out_of_scope: 0, quarantined: 4 });
    assert_eq!(heard.files[0].undated, 4);
    let (records, exceptions) = told(heard);
    let ids: std::collections::BTreeSet<_> = records.iter().map(|record| record["id"].to_string()).collect();
    assert_eq!(ids.len(), 7, "each of equal lines has an id of its own");
    let found = classes(&exceptions);
    assert!(found[0].starts_with("duplicate-row audit_log/s:"));
    assert_eq!((exceptions[0]["records"].as_u64(), found.len()), (Some(3), 5), "equal lines without a time are no gap");
    let broken = [
        "line-truncated odd.log:12",
        "line-undecodable odd.log:10",
        "line-undecodable odd.log:7",
        "line-undecodable odd.log:8",
    ];
    assert_eq!(found[1..], broken);
    let all = exceptions.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains("not json") && !all.contains("torn"), "no content in an exception");
    let ambiguous = records.iter().find(|record| record["data"]["event_name"] == "y").unwrap();
    assert_eq!(ambiguous["data"]["parameters"], r#"{"a":1,"a":2}"#);
    assert_eq!(ambiguous["text"], serde_json::json!(["parameters"]));
}

#[test]
fn the_same_log_twice_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::copy(fixture("flat.log"), path("audit.log")).unwrap();
    std::fs::copy(fixture("flat.log"), path("copy.log")).unwrap();
    gzip(&path("copy.log.gz"), &std::fs::read(fixture("flat.log")).unwrap());
    let packed = crate::tools::run("zstd", &["-c", path("audit.log").to_str().unwrap()], b"").expect_success();
    std::fs::write(path("copy.log.zst"), packed).unwrap();
    std::os::unix::fs::symlink(path("audit.log"), path("link.log")).unwrap();
    std::fs::create_dir(path("other")).unwrap();
    std::fs::copy(fixture("flat.log"), path("other/audit.log")).unwrap();
    for same in ["audit.log", "copy.log", "copy.log.gz", "copy.log.zst", "link.log", "other/audit.log"] {
        let error = read(&[path("audit.log"), path(same)], &Wanted::default(), 1).unwrap_err();
        assert!(matches!(error, AuditLogError::Twice { .. }), "{same}: {error}");
    }
    std::fs::copy(fixture("nested.log"), path("other/audit.log")).unwrap();
    let heard = read(&[path("audit.log"), path("other/audit.log")], &Wanted::default(), 1).unwrap();
    let names: Vec<_> = heard.files.iter().map(|file| file.name.as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with("audit.log@")) && names[0] != names[1], "{names:?}");
    std::fs::write(path("empty.log"), "").unwrap();
    std::fs::write(path("empty2.log"), "").unwrap();
    let heard = read(&[path("empty.log"), path("empty2.log")], &Wanted::default(), 1).unwrap();
    assert_eq!(heard.tally, Tally::default());
}

#[test]
fn what_cannot_be_read_is_an_error_that_names_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("audit.log.gz");
    gzip(&path, &std::fs::read(fixture("flat.log")).unwrap());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let error = read(std::slice::from_ref(&path), &Wanted::default(), 2).unwrap_err();
    assert!(matches!(error, AuditLogError::Read { .. }) && error.to_string().contains("audit.log.gz"), "{error}");
    let error = read(&[dir.path().join("missing")], &Wanted::default(), 1).unwrap_err();
    assert!(matches!(error, AuditLogError::Open { .. }));
    let error = read(&[dir.path().to_owned()], &Wanted::default(), 1).unwrap_err();
    assert!(matches!(error, AuditLogError::NotAFile { .. }));
}

#[test]
fn a_log_that_grows_is_read_as_long_as_it_was() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("audit.log");
    std::fs::copy(fixture("flat.log"), &path).unwrap();
    let log = AuditLog::open(std::slice::from_ref(&path)).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"event\":\"later\"}\n").unwrap();
    let heard = work(1, |work| log.read(&Wanted::default(), work)).unwrap();
    assert_eq!(heard.tally.source, 6);
    file.set_len(10).unwrap();
    let error = work(1, |work| log.read(&Wanted::default(), work)).unwrap_err();
    assert!(matches!(error, AuditLogError::Read { .. }));
}

#[test]
fn long_lines_pass_or_are_measured() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("audit.log");
    let long = |bytes: usize| format!("{{\"event\":\"x\",\"a\":\"{}\"}}\n", "y".repeat(bytes));
    let lines = [long(3), long(5 << 20), long(17 << 20), long((64 << 20) + 9), long(4)];
    std::fs::write(&path, lines.concat()).unwrap();
    let heard = read(&[path], &Wanted::default(), 2).unwrap();
    assert_eq!(heard.tally, Tally { source: 5, records: 3, out_of_scope: 0, quarantined: 2 });
    let (records, exceptions) = told(heard);
    assert_eq!(records.len(), 3);
    assert_eq!(classes(&exceptions), ["line-too-long audit.log:4", "record-too-long audit.log:3"]);
}

#[test]
fn a_scope_leaves_out_and_counts() {
    let at = |text| time::parse_exact(text).unwrap();
    let window = Window { from: Some(at("2026-11-21T08:50:05.000Z")), until: Some(at("2026-11-21T08:51:02.000Z")) };
    let paths = [fixture("flat.log"), fixture("nested.log")];
    let heard = read(&paths, &Wanted { window, admits: None }, 2).unwrap();
    assert_eq!(heard.tally, Tally { source: 11, records: 3, out_of_scope: 8, quarantined: 0 });
    let channel = "d".repeat(26);
    let admits = |mentions: &Mentions<'_>| mentions.channels.contains(&channel.as_str()).then(Vec::new);
    let heard = read(&paths, &Wanted { window: Window::default(), admits: Some(&admits) }, 2).unwrap();
    assert_eq!(heard.tally, Tally { source: 11, records: 2, out_of_scope: 9, quarantined: 0 });
    let user = "v".repeat(26);
    let admits = |mentions: &Mentions<'_>| mentions.users.contains(&user.as_str()).then(Vec::new);
    let heard = read(&paths, &Wanted { window: Window::default(), admits: Some(&admits) }, 2).unwrap();
    assert_eq!(heard.tally, Tally { source: 11, records: 3, out_of_scope: 8, quarantined: 0 });
}
