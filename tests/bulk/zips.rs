//! Export zips that are odd or hostile, made field by field; the committed fixtures are exactly these.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;

use super::{folder, rewrites};
use crate::bag::{Raw, deflate, end_records, zip};

/// Zips by condition.
fn conditions() -> Vec<(&'static str, Vec<u8>)> {
    let mut all = whole();
    all.extend(ambiguous());
    all.extend(broken());
    all.extend(contents());
    all
}

const NOTE: &str = "20261014/teams/tttttttttttttttttttttttttt/channels/cccccccccccccccccccccccccc/users/uuuuuuuuuuuuuuuuuuuuuuuuuu/ffffffffffffffffffffffffff/note.txt";

/// An export of one post with attachments at these paths.
fn lines(paths: &[&str]) -> Vec<u8> {
    let paths: Vec<_> = paths.iter().map(|path| serde_json::json!({ "path": path })).collect();
    let post = serde_json::json!({"type": "post", "post": {
        "team": "harbour", "channel": "bridge", "user": "ingrid", "message": "See the note.",
        "create_at": 1_795_250_000_000_i64, "attachments": paths,
    }});
    let lines = [
        r#"{"type":"version","version":1}"#,
        r#"{"type":"team","team":{"name":"harbour","display_name":"Harbour Authority","type":"O"}}"#,
        r#"{"type":"channel","channel":{"team":"harbour","name":"bridge","display_name":"Bridge","type":"O"}}"#,
        r#"{"type":"user","user":{"username":"ingrid","email":"ingrid@harbour.example"}}"#,
        &post.to_string(),
    ];
    (lines.join("\n") + "\n").into_bytes()
}

/// `import.jsonl`, compressed as the server does.
fn import(paths: &[&str]) -> Raw {
    deflated("import.jsonl", &lines(paths))
}

fn deflated(path: &str, bytes: &[u8]) -> Raw {
    Raw { method: 8, needed: 20, ..Raw::new(path, bytes).restored(deflate(bytes, 6)) }
}

fn note_path() -> String {
    format!("data/{NOTE}")
}

fn note() -> Raw {
    Raw::new(&note_path(), b"Lock 4 is open.\n")
}

/// The plain export, changed.
fn with(change: impl FnOnce(&mut Vec<Raw>)) -> Vec<u8> {
    let mut members = vec![import(&[NOTE]), note()];
    change(&mut members);
    zip(&members)
}

/// The plain export's bytes, changed.
fn patched(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = with(|_| {});
    change(&mut bytes);
    bytes
}

/// The plain export with ZIP64 end records that state `count` members.
fn zip64_end(count: u64) -> Vec<u8> {
    let plain = with(|_| {});
    let start = plain.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let length = plain.len() - 22 - start;
    [&plain[..start + length], &end_records(count, 20, start as u64, length as u64, true)].concat()
}

/// As Go's `archive/zip` streams it: sizes and checksum behind the bytes.
fn with_descriptors() -> Vec<u8> {
    let mut members = [import(&[NOTE]), note()];
    for member in &mut members {
        for field in [0x0807_4b50, member.crc32, member.stored_size, member.size] {
            member.stored.extend(field.to_le_bytes());
        }
        member.flags = 8;
    }
    let mut bytes = zip(&members);
    for member in &members {
        let name = bytes.windows(member.path.len()).position(|window| window == member.path).unwrap();
        bytes[name - 16..name - 4].fill(0);
    }
    bytes
}

fn with_zip64_fields() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    for (path, bytes) in [("import.jsonl".to_owned(), lines(&[NOTE])), (note_path(), b"64\n".to_vec())] {
        writer.start_file(path, options).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn oddly_named() -> Vec<u8> {
    let long = "x".repeat(200);
    let names = ["..\\..\\x", "=cmd()", "\u{202e}gpj.exe", "a b.txt", "Störung.csv", "-rf", "con", "two\nlines", &long];
    let paths: Vec<String> = names.iter().map(|name| NOTE.replace("note.txt", name)).collect();
    let mut members = vec![import(&paths.iter().map(String::as_str).collect::<Vec<_>>())];
    members.extend(paths.iter().map(|path| Raw::new(&format!("data/{path}"), path.as_bytes())));
    zip(&members)
}

/// Zips with nothing wrong in them.
fn whole() -> Vec<(&'static str, Vec<u8>)> {
    let folder = |path| Raw { attributes: 0o040_755 << 16, ..Raw::new(path, b"") };
    let strangers = ["notes.md", "import.json", "Data/x", "datax", "\u{1b}[31m.txt", "sub/import.jsonl"];
    vec![
        ("zip-plain", with(|_| {})),
        ("zip-with-data-descriptors", with_descriptors()),
        ("zip-with-zip64-fields", with_zip64_fields()),
        ("zip-with-zip64-end-records", zip64_end(2)),
        ("zip-lines-stored", zip(&[Raw::new("import.jsonl", &lines(&[NOTE])), note()])),
        ("zip-lines-last", with(|members| members.reverse())),
        ("zip-with-folders", with(|members| members.extend(["data/", "data/20261014/", "logs/"].map(folder)))),
        ("zip-with-extra-fields", with(|members| members[1].extra = b"UT\x05\0\x01\0\0\0\0".to_vec())),
        ("zip-with-strangers", with(|members| members.extend(strangers.map(|path| Raw::new(path, b"?"))))),
        ("zip-with-warnings", with(|members| members.push(Raw::new("warnings.txt", b"Unable to open file x\n")))),
        ("zip-oddly-named-attachments", oddly_named()),
    ]
}

/// A member whose headers and bytes lie within the bytes of another, each as its own directory entry says.
fn overlapping() -> Vec<u8> {
    let inner = zip(&[Raw::new("data/inside", b"Lock 4 is closed.\n")]);
    let local_end = inner.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let mut entry = inner[local_end..inner.len() - 22].to_vec();
    let mut bytes = with(|members| members[1] = Raw::new(&note_path(), &inner[..local_end]));
    let inside = bytes.windows(local_end).position(|window| window == &inner[..local_end]).unwrap();
    entry[42..46].copy_from_slice(&u32::try_from(inside).unwrap().to_le_bytes());
    let end = bytes.len() - 22;
    bytes[end + 8] += 1;
    bytes[end + 10] += 1;
    let length = u16::from_le_bytes([bytes[end + 12], bytes[end + 13]]) + u16::try_from(entry.len()).unwrap();
    bytes[end + 12..end + 14].copy_from_slice(&length.to_le_bytes());
    bytes.splice(end..end, entry);
    bytes
}

/// Zips that two readers could read in two ways.
fn ambiguous() -> Vec<(&'static str, Vec<u8>)> {
    let plain = with(|_| {});
    let hidden = Raw { listed: false, ..Raw::new("data/hidden", b"x") };
    let other_end = patched(|bytes| {
        let start = bytes.len() - 22;
        bytes[start + 20] = 22;
        bytes.extend_from_within(start..start + 22);
    });
    vec![
        ("zip-duplicate-lines", with(|members| members.push(import(&[])))),
        ("zip-duplicate-attachment", with(|members| members.push(Raw::new(&note_path(), b"Closed.\n")))),
        ("zip-local-name-differs", with(|members| members[1].local_path = Some(b"data/other".to_vec()))),
        ("zip-local-name-of-lines-differs", with(|members| members[0].local_path = Some(b"xmport.jsonl".to_vec()))),
        ("zip-local-checksum-differs", with(|members| members[0].local_crc32 = Some(7))),
        ("zip-members-overlap", overlapping()),
        ("zip-member-not-listed", with(|members| members.push(hidden))),
        ("zip-bytes-between-members", with(|members| members[1].before = b"between".to_vec())),
        ("zip-bytes-before", [b"#!/bin/sh\n", &plain[..]].concat()),
        ("zip-bytes-before-like-a-zip", [b"PK\x03\x04 is how I begin\n", &plain[..]].concat()),
        ("zip-bytes-after", [&plain[..], b"after\n"].concat()),
        (
            "zip-comment",
            patched(|bytes| {
                let end = bytes.len();
                bytes[end - 2] = 5;
                bytes.extend(b"hello");
            }),
        ),
        ("zip-comment-that-is-an-end-record", other_end),
        ("zip-twice", [&plain[..], &plain[..]].concat()),
        ("zip-lines-a-symbolic-link", with(|members| members[0].attributes = 0o120_777 << 16)),
    ]
}

/// Zips that cannot be read, or not to their end.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let plain = with(|_| {});
    let end = plain.len() - 22;
    vec![
        ("zip-lines-encrypted", with(|members| members[0].flags = 1)),
        ("zip-lines-of-unknown-method", with(|members| members[0].method = 12)),
        ("zip-lines-checksum-wrong", with(|members| members[0].crc32 ^= 1)),
        ("zip-lines-longer-than-stated", with(|members| members[0].size -= 100)),
        ("zip-lines-shorter-than-stated", with(|members| members[0].size += 100)),
        ("zip-lines-deflate-broken", with(|members| members[0].stored[20] ^= 0xff)),
        ("zip-without-lines", zip(&[note()])),
        ("zip-without-members", zip(&[])),
        ("zip-lines-empty", zip(&[Raw::new("import.jsonl", b""), note()])),
        ("zip-lines-in-a-folder", zip(&[Raw::new("export/import.jsonl", &lines(&[]))])),
        ("zip-cut-in-the-lines", plain[..200].to_vec()),
        ("zip-cut-in-the-directory", plain[..end - 20].to_vec()),
        ("zip-cut-in-the-end-record", plain[..plain.len() - 1].to_vec()),
        ("zip-start-only", b"PK\x03\x04".to_vec()),
        (
            "zip-count-too-low",
            patched(|bytes| {
                bytes[end + 8] = 1;
                bytes[end + 10] = 1;
            }),
        ),
        (
            "zip-count-too-high",
            patched(|bytes| {
                bytes[end + 8] = 3;
                bytes[end + 10] = 3;
            }),
        ),
        ("zip-directory-far-away", patched(|bytes| bytes[end + 16..end + 20].fill(0xfe))),
        ("zip-directory-of-another-length", patched(|bytes| bytes[end + 12] ^= 1)),
        ("zip64-count-of-billions", zip64_end(u64::from(u32::MAX))),
    ]
}

/// Zips whose lines are whole, but not all that they name.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let named = |path: &str| zip(&[import(&[path]), Raw::new(&format!("data/{path}"), b"outside?\n")]);
    let squeezed = |bytes: &[u8], size: u32| with(|members| members[1] = Raw { size, ..deflated(&note_path(), bytes) });
    let link = Raw { attributes: 0o120_777 << 16, ..Raw::new(&note_path(), b"/etc/passwd") };
    let not_utf8 = Raw { path: b"data/caf\xe9".to_vec(), ..Raw::new("data/x", b"?") };
    vec![
        ("zip-attachment-checksum-wrong", with(|members| members[1].crc32 ^= 1)),
        ("zip-attachment-longer-than-stated", squeezed(&[b'a'; 5000], 5)),
        ("zip-attachment-shorter-than-stated", squeezed(b"short\n", 5000)),
        ("zip-attachment-a-bomb", squeezed(&vec![0; 32 << 20], 1024)),
        (
            "zip-attachment-deflate-broken",
            with(|members| {
                members[1] = deflated(&note_path(), &lines(&[]));
                members[1].stored[20] ^= 0xff;
            }),
        ),
        ("zip-attachment-encrypted", with(|members| members[1].flags = 1)),
        ("zip-attachment-of-unknown-method", with(|members| members[1].method = 12)),
        ("zip-attachment-a-symbolic-link", with(|members| members[1] = link)),
        ("zip-attachment-missing", with(|members| drop(members.pop()))),
        ("zip-attachment-unreferenced", with(|members| members.push(Raw::new("data/20261014/stray", b"stray\n")))),
        ("zip-attachment-climbs-out", named("../outside.txt")),
        ("zip-attachment-climbs-out-later", named("20261014/../../outside.txt")),
        ("zip-attachment-absolute", zip(&[import(&["/etc/passwd"]), Raw::new("/etc/passwd", b"outside?\n")])),
        ("zip-attachment-with-nul", named("20261014/a\0b")),
        ("zip-attachment-name-not-utf-8", with(|members| members.push(not_utf8))),
    ]
}

#[test]
fn the_committed_zips_are_these() {
    let mut names = BTreeSet::new();
    for (name, bytes) in conditions() {
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        let path = folder().join(name).join("export.zip");
        if rewrites() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        assert!(fs::read(&path).is_ok_and(|found| found == bytes), "{name} is stale; run with CHATSEAL_REWRITE=1");
    }
    let committed = super::conditions().into_iter().filter(|name| name.starts_with("zip"));
    assert_eq!(committed.collect::<BTreeSet<_>>(), names);
}
