//! Sources too large to be committed, made when the tests run.

use serde_json::Value;

use crate::bag::{Raw, zip};
use crate::sealed::{Archive, Desk};

const START: &str = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"harbour"}}
{"type":"channel","channel":{"team":"harbour","name":"bridge","type":"O"}}
{"type":"user","user":{"username":"ingrid"}}
"#;

fn post(message: &str, at: i64, more: &str) -> String {
    let place = r#""team":"harbour","channel":"bridge","user":"ingrid""#;
    format!("{{\"type\":\"post\",\"post\":{{{place},\"message\":\"{message}\",\"create_at\":{at}{more}}}}}\n")
}

/// A root with these replies.
fn thread(replies: &[String]) -> String {
    post("root", 5, &format!(",\"replies\":[{}]", replies.join(",")))
}

fn sealed(lines: &str) -> Archive {
    let desk = Desk::new();
    desk.write("export.jsonl", lines);
    desk.seal("export.jsonl", "out.zip", &[])
}

fn exceptions(archive: &Archive, class: &str) -> Vec<Value> {
    let all = archive.text("data/exceptions.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|exception| exception["class"] == class).collect()
}

#[test]
fn a_record_beyond_16_mib_is_quarantined_and_its_thread_kept() {
    let short = r#"{"user":"ingrid","message":"short","create_at":6}"#.to_owned();
    let reaction = r#"{"user":"ingrid","emoji_name":"anchor","create_at":8}"#;
    let long = "m".repeat(16 << 20);
    let long = format!(r#"{{"user":"ingrid","message":"{long}","create_at":7,"reactions":[{reaction}]}}"#);
    let archive = sealed(&(START.to_owned() + &thread(&[short, long]) + &post("after", 9, "")));
    let messages: Vec<_> = archive.records("post").iter().map(|post| post["data"]["message"].to_string()).collect();
    assert_eq!(messages, [r#""root""#, r#""short""#, r#""after""#]);
    assert_eq!((archive.count("post", "source"), archive.count("post", "quarantined")), (4, 1));
    assert_eq!(archive.count("reaction", "records"), 1);
    let text = archive.text("data/exceptions.jsonl");
    assert!(text.starts_with(r#"{"class":"record-too-long","object":"post/s:"#), "{text}");
    assert!(text.contains("sha256:") && !text.contains("mmmm") && text.lines().count() == 1, "{text}");
}

#[test]
fn the_longest_record_is_kept() {
    let archive = sealed(&(START.to_owned() + &post(&"m".repeat((16 << 20) - 2000), 5, "")));
    assert_eq!((archive.count("post", "records"), archive.count("post", "quarantined")), (1, 0));
}

/// What such a line holds is counted on the way past, and told as lost.
#[test]
fn a_line_beyond_64_mib_is_stated_and_its_records_are_quarantined() {
    let reaction = |at: i64| format!(r#"{{"user":"ingrid","emoji_name":"anchor","create_at":{at}}}"#);
    let reply = format!(r#"{{"user":"ingrid","message":"short","create_at":6,"reactions":[{}]}}"#, reaction(7));
    let more = format!(r#","reactions":[{},{}],"replies":[{reply},{reply}]"#, reaction(5), reaction(6));
    let archive = sealed(&(START.to_owned() + &post(&"m".repeat(64 << 20), 5, &more) + &post("after", 6, "")));
    for (kind, records, quarantined) in [("post", 1, 3), ("reaction", 0, 4), ("user", 1, 0)] {
        let counts = ["source", "records", "quarantined"].map(|name| archive.count(kind, name));
        assert_eq!(counts, [records + quarantined, records, quarantined], "{kind}");
    }
    let stated = exceptions(&archive, "line-too-long");
    assert_eq!((stated.len(), &stated[0]["object"], &stated[0]["records"]), (1, &"export.jsonl:5".into(), &7.into()));
    assert_eq!(archive.text("data/exceptions.jsonl").lines().count(), 1);
}

#[test]
fn a_version_line_does_not_count_behind_a_line_beyond_64_mib() {
    let desk = Desk::new();
    desk.write("export.jsonl", post(&"m".repeat(64 << 20), 5, "") + START);
    let ended = desk.export("export.jsonl", "out.zip", &[]);
    assert_eq!(ended.code, 6);
    assert!(ended.stderr.contains("does not begin with a version line"), "{}", ended.stderr);
}

/// A line is decoded twice because of its size; that must show nowhere.
#[test]
fn a_giant_line_is_counted_once() {
    let reply = |at: usize| {
        let reaction = format!(r#"{{"user":"nobody","emoji_name":"anchor","create_at":{at}}}"#);
        let message = "m".repeat(1000);
        format!(
            r#"{{"user":"nobody","message":"{message}","create_at":{at},"mood":1,"reactions":[{reaction}],"attachments":[{{"path":"20261014/{at}"}}]}}"#
        )
    };
    for count in [10, 6000] {
        let archive = sealed(&(START.to_owned() + &thread(&(1..=count).map(reply).collect::<Vec<_>>())));
        for (kind, expected) in [("reaction", count), ("file", count), ("post", count + 1)] {
            assert_eq!(archive.count(kind, "records"), expected as u64, "{kind}");
        }
        assert_eq!(exceptions(&archive, "file-missing").len(), count);
        let unknown = exceptions(&archive, "note-field-unknown");
        assert_eq!((unknown.len(), &unknown[0]["records"]), (1, &count.into()), "{count}");
        let unresolved = exceptions(&archive, "reference-unresolved");
        assert_eq!((unresolved.len(), &unresolved[0]["records"]), (1, &(2 * count).into()), "{count}");
    }
}

#[test]
fn a_giant_line_that_breaks_off_leaves_nothing_behind() {
    let message = "m".repeat(1000);
    let reply = |at: usize| format!(r#"{{"user":"nobody","message":"{message}","create_at":{at},"mood":1}}"#);
    let whole = thread(&(1..6000).map(reply).collect::<Vec<_>>());
    for cut in [3, 4, 2000] {
        let broken = format!("{START}{}\n{}", &whole[..whole.len() - cut], post("after", 6, ""));
        let archive = sealed(&broken);
        assert_eq!(archive.count("post", "records"), 1);
        let text = archive.text("data/exceptions.jsonl");
        assert!(text.starts_with(r#"{"class":"line-undecodable","object":"export.jsonl:5""#), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn seventy_thousand_attachments_are_read_and_sealed() {
    let paths: Vec<String> = (0..70_000).map(|at| format!("20261014/{at}")).collect();
    let listed = paths.iter().map(|path| format!("{{\"path\":\"{path}\"}}")).collect::<Vec<_>>().join(",");
    let lines = START.to_owned() + &post("many", 5, &format!(",\"attachments\":[{listed}]"));
    let contents = paths.iter().map(|path| Raw::new(&format!("data/{path}"), path.as_bytes()));
    let members: Vec<Raw> = [Raw::new("import.jsonl", lines.as_bytes())].into_iter().chain(contents).collect();
    let desk = Desk::new();
    desk.write("export.zip", zip(&members));
    let archive = desk.seal("export.zip", "out.zip", &[]);
    assert_eq!(archive.summary()["files"], 70_000);
    assert_eq!(archive.count("file", "records"), 70_000);
    assert_eq!(archive.text("data/exceptions.jsonl"), "");
}
