//! Questions that can be answered, each against what the database or the story says.

use super::{Asked, BREACH, ESCALATION, OUTAGE, ask, by, grants, said, set, text};
use crate::incidents::INCIDENTS;
use std::collections::BTreeSet;

/// When people of the history were in the channel of a post while it was there, and their accounts were on: by SQL.
fn by_history(asked: &Asked, post: &str) -> BTreeSet<String> {
    let iso = |millis: &str| {
        format!("to_char(to_timestamp({millis} / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
    };
    let from = "greatest(h.jointime, p.createat)";
    let until = "least(h.leavetime, p.gone, nullif(u.deleteat, 0))";
    let rows = asked.source.ask(&format!(
        "WITH p AS (SELECT *, CASE deleteat WHEN 0 THEN 9000000000000000 ELSE deleteat END AS gone
                    FROM posts WHERE id = '{post}')
         SELECT coalesce(u.username, h.userid) || ' member certain ' || {} || ' '
             || CASE {until} WHEN 9000000000000000 THEN '- sealed' ELSE {} || ' known' END
         FROM p JOIN channelmemberhistory h ON h.channelid = p.channelid LEFT JOIN users u ON u.id = h.userid
         WHERE {from} < {until}",
        iso(from),
        iso(until)
    ));
    rows.lines().map(str::to_owned).collect()
}

#[test]
fn members_are_those_of_the_history_in_the_life_of_each_post() {
    for incident in INCIDENTS {
        let asked = Asked::of(incident);
        let posts = asked.source.ask(
            "SELECT id FROM (SELECT id, deleteat, row_number() OVER (ORDER BY createat, id) AS n FROM posts
                             WHERE originalid = '') p
             WHERE n % 8 = 0 OR deleteat > 0",
        );
        assert!(posts.lines().count() >= 4, "{posts}");
        for post in posts.lines() {
            let place = asked.place(post, &[]);
            assert_eq!(by(&place, "member"), by_history(&asked, post), "{} {post}", incident.story);
            assert_eq!(text(&place["records"][0]["id"]), post);
        }
    }
}

#[test]
fn an_open_channel_is_open_to_its_team_and_not_to_guests() {
    let asked = Asked::of(BREACH);
    let post = asked.id("SELECT p.id FROM posts p JOIN channels c ON c.id = p.channelid
         WHERE c.name = 'security-notices' AND p.message LIKE 'SEC-00007%'");
    let place = asked.place(&post, &[]);
    assert_eq!(text(&place["place"]["sort"]), "open channel");
    let team = by(&place, "team");
    assert!(team.iter().all(|line| line.contains(" current ")), "{team:#?}");
    let names: BTreeSet<&str> = team.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.contains("root.kikuchi") && names.contains("letter-bot"), "{names:?}");
    assert!(!names.contains("e.vandermoor"), "a guest: {names:?}");
    assert!(said(&place["rules"]).iter().any(|rule| rule.contains("the channel is open")));
    // Whoever is in the team of a private channel sees nothing of it.
    let private = asked.id("SELECT id FROM posts WHERE message LIKE '確認しました。まず%'");
    assert_eq!(by(&asked.place(&private, &[]), "team"), set([]));
}

#[test]
fn people_of_direct_and_group_channels_are_certain() {
    for (message, expected) in [
        ("هل نبلغ%", ["layla.haddadin", "rin.hoshikawa"].as_slice()),
        ("Elke van der Moor joins us%", &["daichi.morino", "layla.haddadin", "rin.hoshikawa"]),
    ] {
        let asked = Asked::of(BREACH);
        let post = asked.id(&format!("SELECT id FROM posts WHERE message LIKE '{message}'"));
        let members = by(&asked.place(&post, &[]), "member");
        let names: Vec<&str> = members.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, expected);
        assert!(members.iter().all(|line| line.contains(" certain ")), "{members:#?}");
        // So they are where no history was kept, because the name of the channel says so.
        asked.source.ask("DELETE FROM channelmemberhistory; DELETE FROM channelmembers WHERE userid LIKE 'rin%'");
        if expected.len() == 2 {
            asked.source.live("bare.zip", &["--no-files"]);
            let bare = Asked { desk: asked.source.desk, archive: "bare.zip".into(), source: BREACH.source() };
            let members = by(&bare.place(&post, &[]), "member");
            assert!(members.len() == 2 && members.iter().all(|line| line.contains(" certain ")), "{members:#?}");
        }
    }
}

#[test]
fn who_ran_the_server_is_dated_by_the_audits() {
    let asked = Asked::of(BREACH);
    let post = asked.id("SELECT id FROM posts WHERE message LIKE 'Please sign in again%'");
    let place = asked.place(&post, &[]);
    let expected = set([
        "omar.sabbagh-li administrator certain 2026-04-14T00:33:15.092Z 2026-04-14T00:52:40.141Z known",
        "root.kikuchi administrator current - - sealed",
    ]);
    assert_eq!(by(&place, "administrator"), expected, "also of a post that is deleted");
    // The change is cited, from the table of audits and not twice.
    let omar = place["grants"].as_array().unwrap().iter().find(|grant| grant["user"]["username"] == "omar.sabbagh-li");
    let kinds: Vec<&str> = omar.unwrap()["records"].as_array().unwrap().iter().map(|one| text(&one["kind"])).collect();
    assert_eq!(kinds, ["role", "audit", "audit"]);
    for (at, everything) in [("2026-04-14T00:40:00Z", 1), ("2026-04-14T00:33:00Z", 0), ("2026-04-14T01:00:00Z", 0)] {
        let omar = asked.user("omar.sabbagh-li", &["--at", at]);
        assert_eq!(omar["everything"].as_array().unwrap().len(), everything, "{at}");
    }
}

#[test]
fn a_file_tells_of_its_public_link_and_of_who_fetched_it() {
    let asked = Asked::of(BREACH);
    let file = asked.id("SELECT id FROM fileinfo WHERE name LIKE 'taiin%'");
    let place = asked.place(&file, &[]);
    assert!(said(&place["doubts"]).iter().any(|doubt| doubt.contains("a public link was made")), "{}", place["doubts"]);
    let traces = place["traces"].as_array().unwrap();
    let fetched: Vec<String> = traces
        .iter()
        .filter(|trace| text(&trace["what"]).contains("203.0.113.250"))
        .map(|trace| format!("{} {}", text(&trace["user"]["username"]), text(&trace["what"])))
        .collect();
    assert_eq!(fetched.iter().filter(|what| what.contains("fetched posts of the channel")).count(), 3);
    assert!(fetched.contains(&"yui.kanda asked the server for `getFile`, from 203.0.113.250".into()), "{fetched:?}");
    // The nurse's account left the channel when it was switched off.
    let nurse: Vec<String> = grants(&place).into_iter().filter(|line| line.starts_with("yui.kanda ")).collect();
    assert_eq!(nurse, ["yui.kanda member certain 2026-04-13T23:09:59.420Z 2026-04-14T00:35:02.530Z known"]);
}

#[test]
fn what_was_purged_is_known_by_what_is_left_of_it() {
    let asked = Asked::of(OUTAGE);
    let purged = asked.id("SELECT DISTINCT postid FROM fileinfo WHERE postid NOT IN (SELECT id FROM posts)");
    let place = asked.place(&purged, &[]);
    assert_eq!(text(&place["records"][0]["kind"]), "finding_purged");
    assert_eq!(text(&place["until"]), "2026-03-03T07:41:12.386Z");
    let piet = "piet.admin administrator current - 2026-03-03T07:41:12.386Z known";
    assert!(grants(&place).contains(piet), "{:#?}", grants(&place));
    // Svenja came before it was purged, so she could see it; who came later could not.
    assert!(grants(&place).iter().any(|line| line.starts_with("svenja.brandt member certain")));
    // Its file, its reaction and its earlier version stand in the channel all the same.
    for query in [
        format!("SELECT id FROM fileinfo WHERE postid = '{purged}'"),
        format!("SELECT postid || '/' || userid || '/' || emojiname FROM reactions WHERE postid = '{purged}'"),
        format!("SELECT id FROM posts WHERE originalid = '{purged}'"),
    ] {
        let of = asked.place(&asked.id(&query), &[]);
        assert_eq!(of["place"], place["place"], "{query}");
    }
    let traces = asked.place(&purged, &[])["traces"].to_string();
    assert!(traces.contains("reacted with :warning:") && traces.contains("deletePost"), "{traces}");
}

#[test]
fn an_edited_post_and_its_versions_live_one_after_the_other() {
    let asked = Asked::of(OUTAGE);
    let now = asked.id("SELECT id FROM posts WHERE message LIKE 'DROP SLOT auf orders_cdc%'");
    let before = asked.id(&format!("SELECT id FROM posts WHERE originalid = '{now}'"));
    let (live, version) = (asked.place(&now, &[]), asked.place(&before, &[]));
    assert_eq!(said(&live["facts"]), ["its text was changed: who looked before saw the earlier version"]);
    assert_eq!(live["facts"][0]["records"][0]["id"], before.as_str());
    assert_eq!((&version["from"], text(&version["until"])), (&live["from"], "2026-03-03T02:36:02.268Z"));
    // Greta came later: she read the mended text only.
    let greta = |place: &serde_json::Value| grants(place).iter().any(|line| line.starts_with("greta.lindqvist "));
    assert!(greta(&live) && !greta(&version));
    assert_eq!(version["elsewhen"], 2, "Greta and Svenja");
}

#[test]
fn a_run_is_seen_by_owners_participants_and_the_team_of_its_playbook() {
    let asked = Asked::of(BREACH);
    let run = asked.id("SELECT id FROM ir_incident");
    let place = asked.place(&run, &[]);
    assert_eq!(text(&place["place"]["name"]), BREACH.run);
    let owners = set([
        "daichi.morino owner certain 2026-04-14T00:21:00.464Z 2026-04-14T00:28:30.811Z known",
        "rin.hoshikawa owner certain 2026-04-14T00:28:30.811Z - sealed",
    ]);
    assert_eq!(by(&place, "owner"), owners);
    let guest = "e.vandermoor participant certain 2026-04-14T04:55:01.440Z 2026-04-16T06:00:05.194Z known";
    assert!(by(&place, "participant").contains(guest), "{:#?}", by(&place, "participant"));
    assert!(!by(&place, "team").is_empty() && by(&place, "team").iter().all(|line| line.contains(" current ")));
    // What belongs to the run stands in it, or where its post does.
    let event = asked.id("SELECT id FROM ir_timelineevent WHERE eventtype = 'run_finished'");
    assert_eq!(asked.place(&event, &[])["place"], place["place"]);
    let job = asked.id("SELECT id FROM calls_jobs");
    assert_eq!(text(&asked.place(&job, &[])["place"]["name"]), BREACH.channel, "over its call");
    let board = asked.id("SELECT id FROM focalboard_boards");
    let card = asked.id("SELECT id FROM focalboard_blocks ORDER BY title LIMIT 1");
    let (board, card) = (asked.place(&board, &[]), asked.place(&card, &[]));
    assert_eq!(board["place"], card["place"]);
    assert!(by(&board, "board").iter().all(|line| line.contains(" certain ")), "{:#?}", grants(&board));
}

#[test]
fn a_person_sees_what_the_counts_of_the_database_say() {
    let asked = Asked::of(BREACH);
    let guest = asked.user("e.vandermoor", &[]);
    let reaches = guest["reaches"].as_array().unwrap();
    let names: Vec<&str> = reaches.iter().map(|reach| text(&reach["place"]["name"])).collect();
    assert_eq!(names, [BREACH.channel, BREACH.run, "通知する患者様 / Patients to tell"], "{guest}");
    let seen = asked.source.ask(
        "SELECT count(*) FROM posts p JOIN channelmemberhistory h ON h.channelid = p.channelid
         JOIN users u ON u.id = h.userid WHERE u.username = 'e.vandermoor' AND p.originalid = ''
         AND p.createat < h.leavetime AND (p.deleteat = 0 OR p.deleteat > h.jointime)",
    );
    assert_eq!(reaches[0]["posts"].to_string(), seen);
    // Before she was let in there is nothing, not even the team.
    let before = asked.user("e.vandermoor", &["--at", "2026-04-14T04:54:00Z"]);
    assert_eq!(before["reaches"].as_array().unwrap().len(), 0, "{before}");
    let at = asked.user("e.vandermoor", &["--at", "2026-04-14T05:00:00Z"]);
    let stood = asked.source.ask(
        "SELECT count(*) FROM posts p JOIN channels c ON c.id = p.channelid WHERE c.name = 'sec-00007-stolen-session'
         AND p.originalid = '' AND p.createat <= 1776142800000 AND (p.deleteat = 0 OR p.deleteat > 1776142800000)",
    );
    assert_eq!(at["reaches"][0]["posts"].to_string(), stood);
}

#[test]
fn the_answer_is_the_same_for_any_number_of_threads_and_the_table_says_what_the_document_does() {
    let asked = Asked::of(ESCALATION);
    let post = asked.id("SELECT id FROM posts WHERE message LIKE 'Buenos días.%'");
    let with = |more: &[&str]| {
        let ended =
            ask(&asked.desk, &[&[&asked.archive, "--signers", "signers", "--quiet", "--record", &post], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    };
    assert_eq!(with(&["--threads", "1"]), with(&["--threads", "7"]));
    let table = with(&["--format", "csv"]);
    let rows: Vec<&str> = table.split("\r\n").filter(|row| !row.is_empty()).collect();
    let place = asked.place(&post, &[]);
    let alone = asked.place(&format!("post/{post}"), &[]);
    assert_eq!((alone["records"].as_array().unwrap().len(), &alone["grants"]), (1, &place["grants"]), "not its thread");
    assert_eq!(rows.len() - 1, place["grants"].as_array().unwrap().len());
    assert!(rows[0].starts_with("place_sort,place_id,place,user_id,username,"), "{}", rows[0]);
    assert!(rows.iter().any(|row| row.contains("marta.faro") && row.contains(",true,member,certain,")), "{table}");
}
