//! Scope over tables: what SQL selects by its own words is what is sealed, and the rest is counted.

use std::collections::BTreeSet;

use super::Source;
use crate::sealed::Archive;

fn ids(archive: &Archive, kind: &str) -> BTreeSet<String> {
    archive.records(kind).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn asked(source: &Source, query: &str) -> BTreeSet<String> {
    source.ask(query).lines().map(str::to_owned).collect()
}

/// What stands left and right of the equation, for all kinds.
fn assert_complete(archive: &Archive) {
    for (kind, counts) in archive.summary()["kinds"].as_object().unwrap() {
        let number = |name: &str| counts[name].as_u64().unwrap_or(0);
        assert_eq!(number("source"), number("records") + number("out_of_scope") + number("quarantined"), "{kind}");
    }
}

#[test]
fn a_window_holds_what_happened_in_it_and_the_roots_of_its_replies() {
    let source = Source::new("mattermost-5.37");
    // In the middle of what there is, so that something is left out at both ends.
    let bounds = source.ask(
        "SELECT percentile_disc(0.3) WITHIN GROUP (ORDER BY createat) || ' ' || percentile_disc(0.6) WITHIN GROUP (ORDER BY createat) FROM posts",
    );
    let (from, until) = bounds.split_once(' ').unwrap();
    let archive =
        source.live("window.zip", &["--no-files", "--since", &format!("ms:{from}"), "--until", &format!("ms:{until}")]);
    assert_complete(&archive);
    let within = |column: &str| format!("({column} >= {from} AND {column} < {until})");
    let own = format!("{} OR {} OR {}", within("createat"), within("editat"), within("deleteat"));
    let posts = asked(
        &source,
        &format!(
            "SELECT id FROM posts WHERE {own} UNION SELECT p.id FROM posts p JOIN posts o ON p.id IN (o.rootid, o.originalid) WHERE {}",
            own.replace("createat", "o.createat").replace("editat", "o.editat").replace("deleteat", "o.deleteat")
        ),
    );
    assert_eq!(ids(&archive, "post"), posts);
    assert!(archive.count("post", "out_of_scope") > 0);
    let reactions = format!("{} OR {} OR {}", within("createat"), within("updateat"), within("deleteat"));
    let expected = source.ask(&format!("SELECT count(*) FROM reactions WHERE {reactions}"));
    assert_eq!(archive.count("reaction", "records").to_string(), expected);
    let members = source.ask(&format!(
        "SELECT count(*) FROM channelmemberhistory WHERE jointime < {until} AND (leavetime IS NULL OR leavetime = 0 OR leavetime >= {from})"
    ));
    assert_eq!(archive.count("channel_membership", "records").to_string(), members);
    let files: BTreeSet<String> = archive
        .records("file")
        .iter()
        .filter_map(|file| file["data"]["post_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned))
        .collect();
    assert!(files.is_subset(&posts), "files come with their posts");
    assert_eq!(archive.count("user", "out_of_scope"), 0, "a window does not restrict the directory");
}

#[test]
fn a_channel_brings_its_posts_members_and_the_people_they_name() {
    let source = Source::new("mattermost-5.37");
    let channel = source.ask("SELECT channelid FROM posts GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1");
    let archive = source.live("channel.zip", &["--no-files", "--channel", &channel]);
    assert_complete(&archive);
    let posts = asked(
        &source,
        &format!(
            "SELECT id FROM posts WHERE channelid = '{channel}' UNION SELECT rootid FROM posts WHERE channelid = '{channel}' AND rootid IN (SELECT id FROM posts)"
        ),
    );
    assert_eq!(ids(&archive, "post"), posts);
    assert_eq!(ids(&archive, "channel"), BTreeSet::from([channel.clone()]));
    let team = source.ask(&format!("SELECT teamid FROM channels WHERE id = '{channel}' AND teamid <> ''"));
    if !team.is_empty() {
        assert!(ids(&archive, "team").contains(&team));
    }
    let members = source.ask(&format!("SELECT count(*) FROM channelmembers WHERE channelid = '{channel}'"));
    assert_eq!(archive.count("channel_member", "records").to_string(), members);
    let authors = asked(
        &source,
        &format!(
            "SELECT DISTINCT userid FROM posts WHERE channelid = '{channel}' AND userid IN (SELECT id FROM users)"
        ),
    );
    assert!(authors.is_subset(&ids(&archive, "user")));
    assert!(archive.count("user", "out_of_scope") > 0, "nobody else is described");
}

#[test]
fn reactions_without_a_channel_of_their_own_are_where_their_post_is() {
    let source = Source::new("mattermost-5.37");
    assert_eq!(
        source.ask("SELECT count(*) FROM information_schema.columns WHERE table_name = 'reactions' AND column_name = 'channelid'"),
        "0"
    );
    let of_post = "reactions r JOIN posts p ON p.id = r.postid";
    let channel = source.ask(&format!("SELECT channelid FROM {of_post} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"));
    source.ask(&format!(
        "UPDATE reactions SET createat = 1900000000000, updateat = 1900000000000, deleteat = 0 WHERE postid IN (SELECT id FROM posts WHERE channelid = '{channel}')"
    ));
    let expected = source.ask(&format!("SELECT count(*) FROM {of_post} WHERE p.channelid = '{channel}'"));
    source.dump("dump.sql");
    let window = ["--no-files", "--channel", &channel, "--since", "ms:1800000000000"];
    let live = source.live("late.zip", &window);
    assert_complete(&live);
    assert_eq!(live.count("reaction", "records").to_string(), expected, "long after the posts");
    assert_eq!(live.count("post", "records"), 0);
    assert_eq!(source.desk.seal("dump.sql", "dumped.zip", &window).lines(), live.lines());
    let user = source.ask(&format!(
        "SELECT r.userid FROM {of_post} WHERE p.channelid = '{channel}' AND p.userid <> r.userid ORDER BY 1 LIMIT 1"
    ));
    let expected =
        source.ask(&format!("SELECT count(*) FROM {of_post} WHERE p.channelid = '{channel}' AND r.userid = '{user}'"));
    let own = source.live("own.zip", &["--no-files", "--channel", &channel, "--user", &user]);
    assert_eq!(own.count("reaction", "records").to_string(), expected, "on the posts of others, too");
}

#[test]
fn names_that_are_not_there_are_a_mistake_of_the_user() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    for from in [source.url(), "dump.sql".to_owned()] {
        for (flag, name, what) in
            [("--team", "nowhere", "team"), ("--channel", "nowhere/x", "team"), ("--user", "nobody", "user")]
        {
            let ended = source.desk.export(&from, "typo.zip", &["--no-files", flag, name]);
            ended.require(2, &format!("the database has no {what}"));
        }
    }
    assert!(!source.desk.path("typo.zip").exists());
}
