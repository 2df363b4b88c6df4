//! No bytes make us panic, and a line that is accepted is counted as it is read.

use std::path::Path;
use std::sync::OnceLock;

use chatseal::progress::Progress;
use chatseal::record::line::Line;
use chatseal::select::Source;
use chatseal::source::Work;
use chatseal::source::bulk::Bulk;
use chatseal::source::bulk::container::ContentPlace;
use chatseal::source::bulk::count::count;
use chatseal::source::bulk::emit::{Emitter, Mode};
use chatseal::source::bulk::line::decode;
use chatseal::source::catalogue::TABLES;
use chatseal::source::contents::Contents;
use chatseal::source::scope::{Asked, Scope};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use serde_json::{Map, Value, json};

/// Decodes a line; if it is accepted, what was emitted must be what the scanner saw.
fn accepted(line: &str) -> bool {
    let contents = Contents::none();
    let mut emitter = Emitter::new("export.jsonl", &contents, Path::new("."));
    emitter.begin(1, None, Mode::Normal);
    let decoded = decode(line, &Scope::default(), &mut emitter).is_ok();
    let mut seen = [0; TABLES.len()];
    count(line.as_bytes(), &mut seen);
    if decoded {
        emitter.settle().unwrap();
    }
    let tally = &emitter.out.tally;
    let given: Vec<u64> = (0..TABLES.len()).map(|at| tally.records[at] + tally.quarantined[at]).collect();
    if decoded {
        assert_eq!(given, seen, "{line}");
    }
    emitter.abandon();
    decoded
}

/// Every line of every committed export, as seeds.
fn seeds() -> &'static [String] {
    static SEEDS: OnceLock<Vec<String>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bulk");
        let exports =
            crate::bulk::conditions().into_iter().map(|condition| folder.join(condition).join("export.jsonl"));
        let texts = exports.filter_map(|path| std::fs::read_to_string(path).ok());
        let mut lines: Vec<String> =
            texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.retain(|line| line.len() < 4000);
        lines.sort();
        lines.dedup();
        lines
    })
}

/// Names that mean something somewhere in an export, and a few that do not.
const NAMES: [&str; 40] = [
    "type",
    "version",
    "info",
    "team",
    "channel",
    "user",
    "name",
    "message",
    "create_at",
    "edit_at",
    "props",
    "replies",
    "reactions",
    "attachments",
    "flagged_by",
    "thread_followers",
    "channel_members",
    "members",
    "participants",
    "username",
    "teams",
    "channels",
    "profile_image",
    "image",
    "emoji_name",
    "path",
    "roles",
    "permissions",
    "default_team_user_role",
    "default_run_admin_role",
    "default_x_role",
    "scheme",
    "is_pinned",
    "delete_at",
    "notify_props",
    "favorited_by",
    "post",
    "direct_post",
    "mood",
    "",
];

const TYPES: [&str; 11] =
    ["version", "team", "channel", "user", "bot", "role", "scheme", "post", "emoji", "direct_channel", "direct_post"];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        Just(json!(1.5)),
        prop::sample::select(vec!["", "a", "b", "type", "[{\"replies\":[1", "\\", "\"", "\u{0}", "ä"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let object = prop::collection::vec((prop::sample::select(NAMES.to_vec()), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// What each object needs to be accepted, so that what is odd in it is looked at.
fn needed() -> Map<String, Value> {
    let needed = json!({
        "team": "harbour", "channel": "bridge", "user": "olga", "create_at": 7, "name": "n", "username": "u",
        "image": "i", "channel_members": ["a", "b"], "members": ["a", "b"],
    });
    needed.as_object().unwrap().clone()
}

/// A line that is likely to be accepted: what is needed, with some members put in or out of place.
fn likely() -> impl Strategy<Value = String> {
    let reaction = json!({"user": "olga", "emoji_name": "anchor", "create_at": 9});
    let reply = json!({"user": "karim", "create_at": 8, "reactions": [reaction], "attachments": [{"path": "p"}], "flagged_by": ["", "x"]});
    let role = json!({"name": "r", "permissions": []});
    let apt = vec![
        ("replies", json!([reply, reply])),
        ("reactions", json!([reaction])),
        ("attachments", json!([{"path": "p"}, {"path": ""}])),
        ("flagged_by", json!(["", "x"])),
        ("thread_followers", json!([{"user": "x"}, {"user": ""}])),
        ("teams", json!([{"name": "t", "channels": [{"name": "c"}, {"name": ""}]}, {"name": "t"}])),
        ("participants", json!([{"username": "a"}, {"username": ""}])),
        ("members", json!(["", "a", "a"])),
        ("members", Value::Null),
        ("profile_image", json!("p")),
        ("profile_image", json!("")),
        ("default_team_user_role", role.clone()),
        ("default_run_member_role", role.clone()),
        ("default_dock_role", role),
    ];
    let odd = (prop::sample::select(NAMES.to_vec()), value());
    let member = prop_oneof![3 => prop::sample::select(apt), 1 => odd];
    (prop::sample::select(TYPES.to_vec()), prop::collection::vec(member, 0..4), any::<bool>()).prop_map(
        |(kind, members, type_first)| {
            let mut body = needed();
            body.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
            let body = if kind == "version" { json!(1) } else { Value::from(body) };
            if type_first {
                format!("{{\"type\":\"{kind}\",\"{kind}\":{body}}}")
            } else {
                format!("{{\"{kind}\":{body},\"type\":\"{kind}\"}}")
            }
        },
    )
}

#[test]
fn seeds_and_likely_lines_are_accepted_often_enough_to_tell() {
    let all = seeds().iter().filter(|line| accepted(line)).count();
    assert!(all > 100 && all < seeds().len(), "{all} of {}", seeds().len());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lines = (0..400).map(|_| likely().new_tree(&mut runner).unwrap().current());
    let accepted = lines.filter(|line| accepted(line)).count();
    assert!(accepted > 100, "{accepted} of 400");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_likely_line_is_counted_as_it_is_read(line in likely()) {
        accepted(&line);
    }

    #[test]
    fn any_json_is_read_or_refused(kind in prop::sample::select(TYPES.to_vec()), value in value()) {
        accepted(&format!("{{\"type\":\"{kind}\",\"{kind}\":{value}}}"));
        accepted(&value.to_string());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[\\[\\]{}:,\"0-9a-z\\\\ ]{0,60}") {
        accepted(&text);
    }

    #[test]
    fn a_changed_line_is_read_or_refused(seed in any::<Index>(), at in any::<Index>(), new in "[\\[\\]{}:,\"0-9a-z\\\\ ]{0,3}", cut in 0..4_usize) {
        let mut line = seed.get(seeds()).clone();
        let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return Ok(());
        }
        let from = at.index(places.len());
        let end = places.get(from + cut).copied().unwrap_or(line.len());
        line.replace_range(places[from]..end, &new);
        accepted(&line);
    }

    #[test]
    fn any_bytes_are_scanned(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        count(&bytes, &mut [0; TABLES.len()]);
    }

    #[test]
    fn any_bytes_are_a_record_line_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"a-z0-9\\\\ ]{0,80}") {
        let _ = Line::parse(&bytes);
        let _ = Line::parse(format!("{{\"kind\":\"post\",\"id\":\"x\",\"at\":{text}").as_bytes());
        let _ = Line::parse(format!("{{\"kind\":\"post\",\"id\":\"x\",\"at\":1,\"data\":{{{text}}}}}").as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_export_zip_is_read_or_refused(seed in any::<Index>(), changes in prop::collection::vec((any::<Index>(), prop::collection::vec(any::<u8>(), 1..5)), 1..4), cut in prop::option::weighted(0.1, any::<Index>())) {
        let zips: Vec<String> = crate::bulk::conditions().into_iter().filter(|name| name.starts_with("zip")).collect();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bulk");
        let mut bytes = std::fs::read(folder.join(seed.get(&zips)).join("export.zip")).unwrap();
        for (at, new) in &changes {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + new.len());
            bytes[at..end].copy_from_slice(&new[..end - at]);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read(&bytes);
    }

    #[test]
    fn any_bytes_are_an_export_or_none(start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"PK\x05\x06", b"{"]), rest in prop::collection::vec(any::<u8>(), 0..100)) {
        read(&[start, &rest].concat());
    }
}

/// Reads an export to its end, with all files that it names.
fn read(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export");
    std::fs::write(&path, bytes).unwrap();
    let Ok(bulk) = Bulk::open(&path, &ContentPlace::Usual) else { return };
    let work = Work { threads: 1, temporary: folder.path(), progress: &Progress::silent() };
    let source = Source::Bulk(Box::new(bulk));
    let Ok(mut selection) = source.select(&Asked::default(), &work) else { return };
    let mut reader = selection.content_reader();
    let mut stream = selection.contents().unwrap();
    while let Some(item) = stream.advance().unwrap() {
        let path =
            item.line.split(|b| *b == b'\n').nth(1).and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default();
        let copied = reader.read(path, |input, _| Ok(std::io::copy(input, &mut std::io::sink()).ok()));
        assert!(copied.is_ok());
    }
}
