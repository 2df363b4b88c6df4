//! Zips that two readers could see differently.

use super::{Condition, broken, sealed};
use crate::bag::{Raw, deflate, end_records, zip};

const POSTS: &str = "harbour/data/records/000003-post.jsonl";
const SALT: &str = "harbour/salt.txt";

/// The small archive with the headers of one member changed.
fn header(path: &str, change: impl FnOnce(&mut Raw)) -> Vec<u8> {
    let mut members = sealed().raw();
    change(members.iter_mut().find(|member| member.path == path.as_bytes()).expect("the member is there"));
    zip(&members)
}

/// The small archive with its list of members changed.
fn listing(change: impl FnOnce(&mut Vec<Raw>)) -> Vec<u8> {
    let mut members = sealed().raw();
    change(&mut members);
    zip(&members)
}

/// The small archive with its bytes changed.
fn bytes(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut zip = sealed().zip();
    change(&mut zip);
    zip
}

fn at(members: &[Raw], path: &str) -> usize {
    members.iter().position(|member| member.path == path.as_bytes()).expect("the member is there")
}

pub(super) fn conditions() -> Vec<Condition> {
    let mut all = whole_file();
    all.extend(headers());
    all.extend(members());
    all
}

fn whole_file() -> Vec<Condition> {
    let end = |zip: &Vec<u8>| zip.len() - 22;
    vec![
        broken("not-a-zip", b"This is not an archive.\n".to_vec(), &["not-a-zip"]),
        broken("cut-short", bytes(|zip| zip.truncate(zip.len() / 2)), &["not-a-zip"]),
        broken("empty-zip", zip(&[]), &["directory-damaged"]),
        broken("trailing-data", bytes(|zip| zip.extend(b"more")), &["trailing-data"]),
        broken("leading-data", bytes(|zip| drop(zip.splice(..0, *b"#!/bin/sh\n"))), &["leading-data"]),
        broken(
            "zip-comment",
            bytes(|zip| {
                let length = zip.len() - 2;
                zip[length] = 5;
                zip.extend(b"hello");
            }),
            &["end-record-differs", "trailing-data"],
        ),
        // The second of two zips is a whole archive; the first is invisible to most readers.
        broken("two-zips", [sealed().zip(), sealed().zip()].concat(), &["leading-data"]),
        broken(
            "member-count-too-low",
            bytes(|zip| {
                let at = end(zip);
                zip[at + 8] -= 1;
                zip[at + 10] -= 1;
            }),
            &["directory-damaged", "member-missing"],
        ),
        broken(
            "member-count-too-high",
            bytes(|zip| {
                let at = end(zip);
                zip[at + 8] += 1;
                zip[at + 10] += 1;
            }),
            &["directory-damaged"],
        ),
        broken("zip64-without-need", zip64(|_| ()), &["end-record-differs"]),
        broken(
            "zip64-says-other-count",
            zip64(|records| {
                // The 16-bit counts of the end record stay true, so readers without ZIP64 see another zip.
                records[24] -= 1;
                records[32] -= 1;
            }),
            &["directory-damaged", "end-record-differs", "member-missing"],
        ),
        broken("zip64-too-many-members", zip64(|records| records[32..40].fill(0x7f)), &["too-many-members"]),
        broken("zip64-directory-beyond-the-file", zip64(|records| records[48..56].fill(0x7f)), &["directory-damaged"]),
        broken(
            "directory-cut",
            bytes(|zip| {
                let at = end(zip);
                let start = usize::try_from(u32::from_le_bytes(zip[at + 16..at + 20].try_into().unwrap())).unwrap();
                zip[start + 46] = b'h';
                zip[start] = b'X';
            }),
            &["directory-damaged"],
        ),
    ]
}

/// The small archive with ZIP64 end records, changed.
fn zip64(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut zip = sealed().zip();
    let end = zip.split_off(zip.len() - 22);
    let field = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let count = u64::from(u16::from_le_bytes(end[10..12].try_into().unwrap()));
    let mut records = end_records(count, 20, field(16), field(12), true);
    change(&mut records);
    zip.extend(records);
    zip
}

fn headers() -> Vec<Condition> {
    vec![
        broken(
            "local-name-differs",
            header(SALT, |m| m.local_path = Some(b"harbour/sale.txt".to_vec())),
            &["local-header-differs"],
        ),
        broken("local-crc-differs", header(SALT, |m| m.local_crc32 = Some(1)), &["local-header-differs"]),
        broken("crc-mismatch", header(SALT, |m| m.crc32 = 1), &["crc-mismatch"]),
        broken("crc-mismatch-of-a-segment", header(POSTS, |m| m.crc32 = 1), &["crc-mismatch"]),
        broken(
            "encryption-bit",
            header(SALT, |m| m.flags = 1),
            &["header-differs", "local-header-differs", "member-encrypted"],
        ),
        broken("data-descriptor-bit", header(SALT, |m| m.flags = 8), &["header-differs", "local-header-differs"]),
        broken("utf8-bit", header(SALT, |m| m.flags = 0x800), &["header-differs", "local-header-differs"]),
        broken("modification-time", header(SALT, |m| m.time = 1), &["header-differs", "local-header-differs"]),
        broken(
            "extra-field",
            header(SALT, |m| m.extra = b"UT\x05\0\x01\0\0\0\0".to_vec()),
            &[
                "crc-mismatch",
                "header-differs",
                "local-header-differs",
                "members-gap",
                "salt-malformed",
                "tag-file-differs",
            ],
        ),
        broken("symbolic-link", header(SALT, |m| m.attributes = 0o120_777 << 16), &["not-a-regular-file"]),
        broken("executable", header(SALT, |m| m.attributes = 0o100_755 << 16), &["not-a-regular-file"]),
        broken(
            "compressed-with-zstd",
            header(POSTS, |m| m.method = 93),
            &[
                "counts-differ",
                "method-unsupported",
                "oxum-differs",
                "payload-missing",
                "root-differs",
                "segments-differ",
                "summary-differs",
            ],
        ),
        broken(
            "small-member-deflated",
            header("harbour/data/source.json", |m| {
                let stored = deflate(&m.stored, 6);
                *m = Raw { needed: 20, method: 8, ..m.clone().restored(stored) };
            }),
            &["method-unexpected"],
        ),
        broken(
            "bomb",
            header(POSTS, |m| {
                let huge = deflate(&vec![b'a'; 4 << 20], 9);
                *m = m.clone().restored(huge);
            }),
            &["deflate-damaged"],
        ),
        broken("fewer-bytes-than-declared", header(POSTS, |m| m.size += 1), &["deflate-damaged", "oxum-differs"]),
        broken(
            "bytes-behind-the-deflate-stream",
            header(POSTS, |m| {
                let stored = [&m.stored[..], b"x"].concat();
                *m = m.clone().restored(stored);
            }),
            &["deflate-damaged"],
        ),
        broken(
            "stored-sizes-differ",
            header("harbour/data/source.json", |m| m.size += 1),
            &["oxum-differs", "stored-size-differs"],
        ),
        broken("overlong-salt", header(SALT, |m| *m = Raw::new(SALT, &[b'a'; 99])), &["member-too-large"]),
        broken(
            "size-says-zip64",
            header(SALT, |m| m.size = u32::MAX),
            &["header-differs", "member-missing", "members-gap"],
        ),
    ]
}

fn members() -> Vec<Condition> {
    let push = |path: &'static str| listing(|members| members.push(Raw::new(path, b"x")));
    vec![
        broken(
            "duplicate-name",
            listing(|members| {
                let at = at(members, SALT);
                members.insert(at + 1, members[at].clone());
            }),
            &["member-duplicate"],
        ),
        broken(
            "duplicate-file",
            listing(|members| members.insert(1, members[0].clone())),
            &[
                "counts-differ",
                "file-unreferenced",
                "member-duplicate",
                "oxum-differs",
                "payload-unlisted",
                "summary-differs",
            ],
        ),
        broken("bytes-between-members", header(SALT, |m| m.before = b"hidden".to_vec()), &["members-gap"]),
        broken(
            "members-overlap",
            header(SALT, |m| m.earlier = 10),
            &[
                "crc-mismatch",
                "local-header-differs",
                "members-gap",
                "members-overlap",
                "salt-malformed",
                "tag-file-differs",
            ],
        ),
        broken(
            "member-not-in-the-directory",
            listing(|members| {
                members.push(Raw { listed: false, ..Raw::new("harbour/data/hidden.txt", b"hidden") });
            }),
            &["members-gap"],
        ),
        broken(
            "other-order-of-members",
            listing(|members| {
                let at = at(members, "harbour/bagit.txt");
                members.swap(at, at + 1);
            }),
            &["member-order"],
        ),
        broken("dot-dot", push("harbour/../evil.txt"), &["path-unsafe"]),
        broken("absolute-path", push("/etc/cron.d/evil"), &["path-unsafe"]),
        broken("backslash-path", push("harbour\\..\\evil.txt"), &["path-unsafe"]),
        broken("terminal-escape-in-path", push("harbour/\u{1b}[2Jx"), &["path-unsafe"]),
        broken("folder-entry", push("harbour/data/"), &["path-unsafe"]),
        broken("two-top-folders", push("island/salt.txt"), &["top-folder-differs"]),
        broken("member-outside-the-bag", push("README"), &["member-unexpected"]),
        broken("extra-tag-file", push("harbour/notes.txt"), &["member-unexpected"]),
        broken("fetch-txt", push("harbour/fetch.txt"), &["member-unexpected"]),
        broken("second-manifest", push("harbour/manifest-md5.txt"), &["member-unexpected"]),
        broken("upper-case-name", push("harbour/SALT.TXT"), &["member-unexpected"]),
    ]
}
