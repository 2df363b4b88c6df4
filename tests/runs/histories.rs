//! Random nights: whatever people do between runs, the archives together are what one export is, record by record.

use std::collections::BTreeSet;

use super::{Nights, records};
use crate::evaluator::dice::Dice;

/// Milliseconds since 1970, in SQL.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

fn id(dice: &mut Dice) -> String {
    (0..26).map(|_| char::from(b"abcdefghijkmnopqrstuwxyz1345789"[dice.below(31)])).collect()
}

/// What happens once, as SQL.
pub(super) fn event(dice: &mut Dice) -> String {
    let new = id(dice);
    let post = format!("(SELECT id FROM posts ORDER BY id OFFSET {} LIMIT 1)", dice.below(20));
    let user = format!("(SELECT id FROM users ORDER BY id OFFSET {} LIMIT 1)", dice.below(4));
    let channel = format!("(SELECT id FROM channels ORDER BY id OFFSET {} LIMIT 1)", dice.below(4));
    let text = dice.below(1000);
    let insert = |created: &str, changed: &str| {
        format!(
            "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat) VALUES ('{new}', {created}, {changed}, 0, {user}, {channel}, '', '', 'text {text}', '', '{{}}', 0)"
        )
    };
    match dice.below(17) {
        0 | 1 => insert(NOW, NOW),
        // Committed late: its clocks lie within the overlap, or in the same millisecond as others.
        2 => insert(&format!("{NOW} - {}", dice.below(3_000_000)), &format!("{NOW} - {}", dice.below(3_000_000))),
        3 => insert(&format!("{NOW} / 1000000 * 1000000"), &format!("{NOW} / 100000 * 100000")),
        // Imported, with the times it had elsewhere; and by somebody whose clock runs ahead.
        4 => insert("1600000000000", &format!("1600000000000 + {}", dice.below(3))),
        5 => insert(NOW, &format!("{NOW} + 31536000000")),
        6 => insert("NULL", "NULL"),
        7 | 8 => {
            format!("UPDATE posts SET message = 'edited {text}', editat = {NOW}, updateat = {NOW} WHERE id = {post}")
        }
        9 => format!("UPDATE posts SET deleteat = {NOW}, updateat = {NOW} WHERE id = {post}"),
        10 => format!("DELETE FROM posts WHERE id = {post}"),
        11 => format!(
            "INSERT INTO reactions (userid, postid, emojiname, createat, updateat, deleteat, channelid) VALUES ({user}, {post}, 'e{text}', {NOW}, {NOW}, 0, {channel})"
        ),
        12 => format!("UPDATE reactions SET deleteat = {NOW}, updateat = {NOW} WHERE emojiname = 'e{text}'"),
        13 => format!("DELETE FROM channelmembers WHERE channelid = {channel} AND userid = {user}"),
        // Without a clock: channels count their messages, threads their replies.
        14 => format!("UPDATE channels SET totalmsgcount = totalmsgcount + 1, lastpostat = {NOW} WHERE id = {channel}"),
        15 => format!(
            "UPDATE threads SET replycount = replycount + 1 WHERE postid = (SELECT postid FROM threads ORDER BY postid OFFSET {} LIMIT 1)",
            dice.below(3)
        ),
        _ => format!("DELETE FROM drafts WHERE userid = {user}"),
    }
}

#[test]
fn the_archives_of_all_nights_are_what_one_export_is() {
    for seed in [1, 20_26] {
        let mut dice = Dice(seed);
        let nights = Nights::new("settle = \"0s\"\noverlap = \"1h\"\nrescan = \"1/3\"");
        let first = nights.night();
        assert!(first.text("seal.txt").contains("\nwindow change - 2"), "{}", first.text("seal.txt"));
        nights.require_same("the first night");
        for night in 0..4 {
            let events: Vec<String> = (0..dice.below(12)).map(|_| event(&mut dice)).collect();
            nights.source.ask(&(events.join(";\n") + ";"));
            nights.night();
            nights.require_same(&format!("seed {seed}, night {night}: {events:#?}"));
        }
        // Each version of a record is written once.
        let mut seen = BTreeSet::new();
        for archive in nights.archives() {
            for lines in records(&archive, false).into_values() {
                assert!(seen.insert(lines.clone()), "{lines:?}");
            }
        }
    }
}

#[test]
fn what_has_not_settled_waits_for_the_next_night() {
    let nights = Nights::new("settle = \"2h\"\noverlap = \"0s\"");
    nights.night();
    let insert = |id: &str, ago: u32| {
        nights.source.ask(&format!(
            "INSERT INTO posts (id, createat, updateat, deleteat, message) VALUES ('{id}', {NOW} - {ago}, {NOW} - {ago}, 0, 'x')"
        ))
    };
    insert("aaaaaaaaaaaaaaaaaaaaaaaaaa", 60_000);
    let second = nights.night();
    let has = |archive: &crate::sealed::Archive| {
        archive.text("data/report/summary.txt").len() > 1
            && archive.lines().iter().any(|line| line.contains("aaaaaaaaaaaaaaaaaaaaaaaaaa"))
    };
    assert!(has(&second), "its day has one row more than it should, so it is read again");
    // An edit does not change the number of rows, and waits.
    nights
        .source
        .ask(&format!("UPDATE posts SET message = 'later', updateat = {NOW} WHERE id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'"));
    let third = nights.night();
    assert!(!has(&third), "it changed less than two hours ago");
    nights.configure("settle = \"0s\"\noverlap = \"3h\"", "");
    assert!(has(&nights.night()));
    nights.require_same("settled");
}
