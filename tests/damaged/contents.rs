//! Records, files, tables and counts.

use super::{Condition, broken, changed, made, sealed};
use crate::bag::{Bag, Raw, Spec, deflate, line, sha, zip};

const POSTS: &str = "data/records/000003-post.jsonl";

/// An archive whose maker was wrong: everything is computed from `spec`, signed, and consistent.
fn spec(change: impl FnOnce(&mut Spec)) -> Vec<u8> {
    let mut spec = Spec::small();
    change(&mut spec);
    spec.zip()
}

fn posts(change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    spec(|spec| change(&mut spec.segments[2].1))
}

/// The small archive whose segment of posts is another compressed stream of the same bytes.
fn recompressed(change: impl FnOnce(&Bag, &Raw) -> Vec<u8>) -> Vec<u8> {
    let bag = sealed();
    let mut members = bag.raw();
    let raw = members.iter_mut().find(|member| member.path.ends_with(POSTS.as_bytes())).unwrap();
    let stored = change(&bag, raw);
    *raw = raw.clone().restored(stored);
    zip(&members)
}

/// Sets a bit behind the end of a deflate stream: what comes out stays the same.
fn padding_bit(stored: &[u8]) -> Vec<u8> {
    let mut flipped = stored.to_vec();
    *flipped.last_mut().unwrap() ^= 0x80;
    flipped
}

pub(super) fn conditions() -> Vec<Condition> {
    let mut all = records();
    all.extend(files());
    all.extend(tables());
    all
}

fn records() -> Vec<Condition> {
    vec![
        broken(
            "record-byte-changed",
            changed(|bag| bag.replace("data/records/000001-server.jsonl", "11.6.0", "11.6.1")),
            &["digest-differs", "root-differs"],
        ),
        broken(
            "record-byte-changed-in-a-deflated-segment",
            changed(|bag| bag.replace(POSTS, "Crane 7", "Crane 8")),
            &["digest-differs", "root-differs", "segments-differ"],
        ),
        broken(
            "record-lines-swapped",
            changed(swap_posts),
            &["digest-differs", "record-order", "root-differs", "segments-differ"],
        ),
        broken(
            "record-line-dropped",
            changed(drop_post),
            &["counts-differ", "digest-differs", "oxum-differs", "root-differs", "segments-differ", "summary-differs"],
        ),
        broken(
            "segment-dropped",
            changed(|bag| bag.without("data/records/000001-server.jsonl")),
            &[
                "counts-differ",
                "numbering-gap",
                "oxum-differs",
                "payload-missing",
                "root-differs",
                "segments-differ",
                "summary-differs",
            ],
        ),
        broken("recompressed", recompressed(|bag, _| deflate(bag.get(POSTS), 1)), &["segments-differ"]),
        broken("deflate-padding-bit-flipped", recompressed(|_, raw| padding_bit(&raw.stored)), &["segments-differ"]),
        broken("records-out-of-order", posts(|lines| lines.swap(3, 4)), &["record-order"]),
        broken(
            "record-of-another-kind",
            posts(|lines| lines[3] = lines[3].replace("\"post\"", "\"user\"")),
            &["record-kind"],
        ),
        broken(
            "record-with-duplicate-keys",
            posts(|lines| lines[3] = lines[3].replace("\"data\":{", "\"data\":{\"props\":{\"a\":1,\"a\":2},")),
            &["record-malformed"],
        ),
        broken(
            "record-too-deep",
            posts(|lines| {
                let deep = format!("\"data\":{{\"props\":{}{},", "[".repeat(65), "]".repeat(65));
                lines[3] = lines[3].replace("\"data\":{", &deep);
            }),
            &["record-malformed"],
        ),
        broken(
            "record-with-white-space",
            posts(|lines| lines[3] = lines[3].replace("\"at\":", "\"at\": ")),
            &["record-malformed"],
        ),
        broken(
            "record-with-a-lone-surrogate",
            posts(|lines| lines[3] = lines[3].replace("Crane", "\\ud800")),
            &["record-malformed"],
        ),
        broken("blank-line-among-records", posts(|lines| lines[3] = String::new()), &["record-malformed"]),
        broken("last-line-feed-missing", last_line_feed_missing(), &["record-unfinished", "segments-differ"]),
        broken("kinds-out-of-order", spec(|spec| spec.segments.swap(0, 1)), &["kind-order", "summary-malformed"]),
        broken(
            "segment-ends-too-early",
            spec(|spec| {
                let rest = spec.segments[2].1.split_off(20);
                spec.segments.push(("post".into(), rest));
            }),
            &["segment-cut"],
        ),
        broken("empty-segment", empty_segment(), &["segment-empty"]),
    ]
}

fn swap_posts(mut bag: Bag) -> Bag {
    rewrite_posts(&mut bag, |lines| lines.swap(3, 4));
    bag
}

fn drop_post(mut bag: Bag) -> Bag {
    rewrite_posts(&mut bag, |lines| drop(lines.remove(7)));
    bag
}

fn rewrite_posts(bag: &mut Bag, change: impl FnOnce(&mut Vec<String>)) {
    let (_, bytes) = bag.members.iter_mut().find(|(path, _)| path == POSTS).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    *bytes = lines.concat().into_bytes();
}

fn last_line_feed_missing() -> Vec<u8> {
    made(|mut bag| {
        let (_, bytes) = bag.members.iter_mut().find(|(path, _)| path == "data/records/000001-server.jsonl").unwrap();
        bytes.pop();
        bag
    })
}

fn empty_segment() -> Vec<u8> {
    spec(|spec| {
        spec.segments.remove(2);
        spec.segments.push(("user".into(), Vec::new()));
    })
}

fn files() -> Vec<Condition> {
    let file = Spec::small().files[0].clone();
    let path = format!("data/files/{}/{}", &sha(&file)[..2], sha(&file));
    let second = b"second file\n".to_vec();
    let named = format!("data/files/{}/{}", &sha(&second)[..2], sha(&second));
    vec![
        broken("file-byte-changed", changed(|bag| bag.replace(&path, "4,1 bar", "2,1 bar")), &["digest-differs"]),
        broken("file-missing", spec(|spec| spec.files.clear()), &["file-missing"]),
        broken("file-not-named-by-a-record", spec(|spec| spec.files.push(second.clone())), &["file-unreferenced"]),
        broken(
            "files-out-of-order",
            spec(|spec| {
                spec.files.insert(0, second.clone());
                let data = format!("{{\"content_member\":\"{named}\"}}");
                spec.segments[1].1.push(line("file", "f2", 6, &data));
            }),
            &["file-order"],
        ),
        broken(
            "file-named-by-a-hostile-path",
            spec(|spec| spec.segments[1].1.push(line("file", "f2", 6, "{\"content_member\":\"../../etc/passwd\"}"))),
            &["file-name-malformed"],
        ),
        broken(
            "extra-payload",
            changed(|bag| bag.insert(&path, &named, &second)),
            &["counts-differ", "file-unreferenced", "oxum-differs", "payload-unlisted", "summary-differs"],
        ),
        broken(
            "payload-that-the-format-does-not-know",
            made(|bag| bag.insert("data/source.json", "data/virus.exe", b"x")),
            &["manifest-malformed", "member-unexpected", "oxum-differs"],
        ),
        broken(
            "custody-missing",
            changed(|bag| bag.without("data/custody.jsonl")),
            &["member-missing", "oxum-differs", "payload-missing"],
        ),
    ]
}

fn tables() -> Vec<Condition> {
    let csv = "data/segments.csv";
    let summary = "data/report/summary.json";
    vec![
        broken("csv-with-quotes", made(|bag| bag.replace(csv, ",server,", ",\"server\",")), &["segments-malformed"]),
        broken(
            "csv-with-windows-line-ends",
            made(|bag| bag.replace(csv, "deflated_sha256\n", "deflated_sha256\r\n")),
            &["segments-malformed"],
        ),
        broken("csv-with-a-false-index", made(|bag| bag.replace(csv, ",post,2,", ",post,3,")), &["segments-differ"]),
        broken(
            "csv-with-a-false-count",
            made(|bag| bag.replace(csv, ",server,0,1,", ",server,0,4,")),
            &["segments-differ"],
        ),
        broken(
            "csv-without-a-row",
            made(|bag| {
                let row = String::from_utf8(bag.get(csv).to_vec()).unwrap();
                let last = row.lines().last().unwrap().to_owned() + "\n";
                bag.replace(csv, &last, "")
            }),
            &["segments-differ"],
        ),
        broken("csv-missing", changed(|bag| bag.without(csv)), &["member-missing", "oxum-differs", "payload-missing"]),
        broken(
            "equation-broken",
            made(|bag| {
                let bag = bag.replace(summary, r#""server":{"source":3"#, r#""server":{"source":4"#);
                bag.replace("data/report/summary.txt", "server: 3 = ", "server: 4 ≠ ")
            }),
            &["equation-broken"],
        ),
        broken(
            "summary-counts-too-many",
            made(|bag| {
                let bag = bag.replace(summary, "\"files\":1", "\"files\":2");
                bag.replace("data/report/summary.txt", "1  files", "2  files")
            }),
            &["summary-differs"],
        ),
        broken(
            "summary-with-white-space",
            made(|bag| bag.replace(summary, "\"files\":1", "\"files\": 1")),
            &["summary-malformed"],
        ),
        broken(
            "summary-words-differ",
            made(|bag| bag.replace("data/report/summary.txt", "1  exceptions", "0  exceptions")),
            &["summary-text-differs"],
        ),
        broken("source-is-not-json", made(|bag| bag.replace("data/source.json", "}", "")), &["source-malformed"]),
        broken("custody-is-not-json", made(|bag| bag.replace("data/custody.jsonl", "{", "[")), &["custody-malformed"]),
        broken("exceptions-unsorted", spec(|spec| spec.exceptions.reverse()), &["exception-order"]),
        broken(
            "exception-with-another-member",
            made(|bag| bag.replace("data/exceptions.jsonl", "\"records\":1}", "\"records\":1,\"path\":\"/root\"}")),
            &["counts-differ", "exception-malformed", "summary-differs", "summary-text-differs"],
        ),
        broken(
            "exception-removed",
            changed(|bag| {
                let line = String::from_utf8(bag.get("data/exceptions.jsonl").to_vec()).unwrap();
                let first = line.lines().next().unwrap().to_owned() + "\n";
                bag.replace("data/exceptions.jsonl", &first, "")
            }),
            &["counts-differ", "digest-differs", "oxum-differs", "summary-differs", "summary-text-differs"],
        ),
    ]
}
