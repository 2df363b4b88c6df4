//! The same evidence gives the same archive: whatever the number of threads, in whatever order the server wrote it.

use proptest::prelude::*;

use crate::bulk;
use crate::history::{self, START, Thread, history};
use crate::sealed::Desk;

/// Enough posts for several segments of several kinds, and for runs that are sorted outside memory.
fn long() -> String {
    let mut lines = history::export(&[]);
    for at in 0..24_000_i64 {
        let user = history::USERS[usize::try_from(at % 3).unwrap()];
        // Out of order, and now and then a key that was there before.
        let time = START + (at * 7919) % 23_000;
        let reaction = format!(r#"{{"user":"olga","emoji_name":"anchor","create_at":{}}}"#, time + at % 5);
        let message = format!("{at} {}", "Lock 4 stands open. ".repeat(20));
        lines += &format!(
            "{{\"type\":\"post\",\"post\":{{\"team\":\"harbour\",\"channel\":\"bridge\",\"user\":\"{user}\",\"message\":\"{message}\",\"create_at\":{time},\"reactions\":[{reaction}]}}}}\n"
        );
    }
    lines
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let seal = |desk: &Desk, source: &str| {
        let run = |threads: &str| desk.seal(source, &format!("{threads}.zip"), &["--threads", threads]);
        let archives = ["1", "2", "5"].map(run);
        // The archive's own name stands in it, so the names must have the same length and no more in common.
        let texts = archives.each_ref().map(|archive| archive.lines().join("\n"));
        assert!(texts[0] == texts[1] && texts[1] == texts[2], "{source}");
        assert!(archives.windows(2).all(|pair| pair[0].root() == pair[1].root()), "{source}");
        let segments = archives[0].members.keys().filter(|path| path.starts_with("data/records/")).count();
        for name in ["1", "2", "5"] {
            std::fs::remove_file(desk.path(&format!("{name}.zip"))).unwrap();
        }
        let again = ["1", "2", "5"].map(|threads| {
            let bytes = desk.seal(source, "same.zip", &["--threads", threads]).bytes;
            std::fs::remove_file(desk.path("same.zip")).unwrap();
            bytes
        });
        assert!(again[0] == again[1] && again[1] == again[2], "{source}");
        segments
    };
    for condition in ["version-line-only", "posts-of-equal-key", "excerpt-of-5.37", "every-line-type-of-11.6"] {
        let desk = Desk::new();
        seal(&desk, bulk::place(condition, &desk));
    }
    let desk = Desk::new();
    desk.write("long.jsonl", long());
    assert!(seal(&desk, "long.jsonl") > 8, "not enough segments to tell");
}

#[test]
fn another_salt_is_another_root_over_the_same_lines() {
    let desk = Desk::new();
    let source = bulk::place("excerpt-of-5.37", &desk);
    let repeated = desk.seal(source, "repeated.zip", &[]);
    desk.export(source, "fresh.zip", &["--quiet"]);
    let fresh = desk.archive("fresh.zip");
    assert_eq!(fresh.lines(), repeated.lines());
    assert_ne!(fresh.root(), repeated.root());
    assert_ne!(fresh.members["salt.txt"], repeated.members["salt.txt"]);
}

#[test]
fn zip_and_bare_lines_give_the_same_records() {
    let desk = Desk::new();
    let zipped = desk.seal(bulk::place("excerpt-of-5.37", &desk), "zipped.zip", &[]);
    let mut export = zip::ZipArchive::new(std::fs::File::open(desk.path("export.zip")).unwrap()).unwrap();
    for at in 0..export.len() {
        let mut member = export.by_index(at).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        let name = member.name().unwrap().into_owned();
        desk.write(&format!("bare/{}", name), bytes);
    }
    let bare = desk.seal("bare/import.jsonl", "bare.zip", &[]);
    assert_eq!(bare.lines(), zipped.lines());
    assert_eq!(bare.root(), zipped.root());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// The server writes posts in the order of their random ids; nothing may hang on it.
    #[test]
    fn the_order_of_the_lines_changes_no_record(
        (threads, shuffled) in history().prop_flat_map(|threads| (Just(threads.clone()), Just(threads).prop_shuffle())),
        (turn, workers) in (0..20_usize, 1..4_u8),
    ) {
        let desk = Desk::new();
        desk.write("export.jsonl", history::export(&threads));
        let one = desk.seal("export.jsonl", "one.zip", &["--threads", "1"]);
        let mut lines = history::directory().split_off(1);
        lines.extend(shuffled.iter().map(Thread::line));
        let length = lines.len();
        lines.rotate_left(turn % length);
        desk.write("export.jsonl", format!("{}\n{}\n", history::directory()[0], lines.join("\n")));
        let other = desk.seal("export.jsonl", "two.zip", &["--threads", &workers.to_string()]);
        prop_assert_eq!(one.lines(), other.lines());
        prop_assert_eq!(one.root(), other.root());
        prop_assert_eq!(one.text("data/exceptions.jsonl"), other.text("data/exceptions.jsonl"));
    }
}
