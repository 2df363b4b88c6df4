//! The server's own way against real `DELETE`s: a database of the server's, its retention written out in SQL from what is
//! known of its queries, run and rolled back; the rows that went are those that are due.

use super::chance::DAY;
use super::dice::Dice;
use super::mattermost::Configured;
use super::properties::each;
use super::story::{Channel, Record, Row, Story, User};
use crate::servers::{Postgres, postgres};
use crate::tables::sql;
use chatseal::policy::decision::Disposition;
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::rule::ChannelType;
use chatseal::record::time::Millis;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Times that no clock tells, on which the server's own arithmetic fails, and 0, which we take for none.
const TAME: &str = "
    UPDATE posts SET createat = 1 WHERE createat = 0 OR createat NOT BETWEEN -9007199254740991 AND 9007199254740991;
    UPDATE threads SET lastreplyat = 1 WHERE lastreplyat NOT BETWEEN -9007199254740991 AND 9007199254740991;
    UPDATE threadmemberships SET lastupdated = 1 WHERE lastupdated NOT BETWEEN -9007199254740991 AND 9007199254740991;
    UPDATE channelmemberhistory SET leavetime = 1 WHERE leavetime NOT BETWEEN -9007199254740991 AND 9007199254740991;
    UPDATE fileinfo SET createat = 1 WHERE createat NOT BETWEEN -9007199254740991 AND 9007199254740991;
";

/// All rows of a query.
fn rows(server: &Postgres, database: &str, query: &str) -> Vec<Value> {
    let answer = server.sql(database, &format!("SELECT coalesce(json_agg(row_to_json(t)), '[]') FROM ({query}) t"));
    serde_json::from_str(&answer).unwrap()
}

fn text(row: &Value, column: &str) -> String {
    row[column].as_str().unwrap_or_default().to_owned()
}

fn time(row: &Value, column: &str) -> Option<Millis> {
    row[column].as_i64()
}

/// The database as a story: what its retention knows.
fn story(server: &Postgres, database: &str) -> Story {
    let all = |query: &str| rows(server, database, query);
    let mut story = Story::default();
    for row in all("SELECT id, name FROM teams") {
        story.teams.push((text(&row, "id"), text(&row, "name")));
    }
    for row in all("SELECT id, teamid, name, type::text AS type, deleteat FROM channels") {
        let kind = match text(&row, "type").as_str() {
            "O" => ChannelType::Open,
            "P" => ChannelType::Private,
            "D" => ChannelType::Direct,
            _ => ChannelType::Group,
        };
        let archived_at = time(&row, "deleteat").filter(|at| *at != 0);
        story.channels.push(Channel {
            id: text(&row, "id"),
            team: text(&row, "teamid"),
            name: text(&row, "name"),
            kind,
            archived_at,
        });
    }
    for row in all("SELECT id, username FROM users") {
        story.users.push(User {
            id: text(&row, "id"),
            name: text(&row, "username"),
            roles: String::new(),
            left_at: None,
        });
    }
    for row in all("SELECT id, createat, editat, deleteat, channelid, userid, rootid, originalid, ispinned FROM posts")
    {
        story.posts.push(Row {
            id: text(&row, "id"),
            create_at: time(&row, "createat").unwrap_or(0),
            edit_at: time(&row, "editat").unwrap_or(0),
            delete_at: time(&row, "deleteat").unwrap_or(0),
            channel: text(&row, "channelid"),
            user: text(&row, "userid"),
            root: text(&row, "rootid"),
            original: text(&row, "originalid"),
            is_pinned: row["ispinned"].as_bool(),
            props: "{}".into(),
            ..Row::default()
        });
    }
    for (kind, query) in [
        ("reaction", "SELECT postid || '/' || userid || '/' || emojiname AS id, postid, userid FROM reactions"),
        (
            "saved_post",
            "SELECT userid || '/' || name AS id, name AS postid, userid FROM preferences WHERE category = 'flagged_post'",
        ),
        ("thread", "SELECT postid AS id, postid, channelid, lastreplyat AS at FROM threads"),
        (
            "thread_membership",
            "SELECT postid || '/' || userid AS id, postid, userid, lastupdated AS at FROM threadmemberships",
        ),
        (
            "channel_membership",
            "SELECT channelid || '/' || userid || '/' || jointime AS id, channelid, userid, leavetime AS at FROM channelmemberhistory",
        ),
        ("file", "SELECT id, postid, creatorid AS userid, createat AS at FROM fileinfo"),
    ] {
        for row in all(query) {
            let users = Some(text(&row, "userid")).filter(|user| !user.is_empty());
            story.records.push(Record {
                kind: kind.into(),
                id: text(&row, "id"),
                channel: text(&row, "channelid"),
                users: users.into_iter().collect(),
                post: text(&row, "postid"),
                server_time: time(&row, "at"),
                ..Record::default()
            });
        }
    }
    story
}

/// What the server's job would do, rolled back; one line for each row that goes.
fn job(configured: &Configured, now: Millis) -> String {
    let mut sql = String::from(
        "BEGIN;\nDELETE FROM retentionpolicies;\nDELETE FROM retentionpolicieschannels;\nDELETE FROM retentionpoliciesteams;\n",
    );
    let both = [(&configured.channels, "channel"), (&configured.teams, "team")];
    for (n, (of, what)) in both.into_iter().enumerate() {
        for (m, (id, days)) in of.iter().enumerate() {
            // The server writes -1 for ever; NULL means the same.
            let days = if *days < 0 && m % 2 == 0 { "NULL".into() } else { days.to_string() };
            writeln!(
                sql,
                "INSERT INTO retentionpolicies (id, displayname, postduration) VALUES ('p{n}{m}', '', {days});"
            )
            .unwrap();
            writeln!(sql, "INSERT INTO retentionpolicies{what}s (policyid, {what}id) VALUES ('p{n}{m}', '{id}');")
                .unwrap();
        }
    }
    // The store skips the phase whose bound is not above 0.
    let global = configured.message_hours.map_or(0, |hours| now - hours * 3_600_000);
    let due = |table: &str, key: &str, time: &str, channel: &str, join: &str| {
        format!(
            "SELECT {key} AS id FROM {table} {join} JOIN channels ON channels.id = {channel}
             LEFT JOIN retentionpolicieschannels rpc ON rpc.channelid = channels.id
             LEFT JOIN retentionpolicies pc ON pc.id = rpc.policyid
             LEFT JOIN retentionpoliciesteams rpt ON rpt.teamid = channels.teamid
             LEFT JOIN retentionpolicies pt ON pt.id = rpt.policyid
             WHERE (rpc.channelid IS NOT NULL AND pc.postduration >= 0 AND {now} - {time} > pc.postduration * 86400000
                OR rpc.channelid IS NULL AND rpt.teamid IS NOT NULL AND pt.postduration >= 0 AND {now} - {time} > pt.postduration * 86400000
                OR rpc.channelid IS NULL AND rpt.teamid IS NULL AND {global} > 0 AND {time} < {global})"
        )
    };
    let pinned = if configured.preserves_pinned {
        " AND (posts.ispinned = false OR posts.ispinned = true AND posts.deleteat > 0)"
    } else {
        ""
    };
    let posts = due("posts", "posts.id", "posts.createat", "posts.channelid", "");
    let threads = due("threads", "threads.postid", "threads.lastreplyat", "threads.channelid", "");
    let key = "threadmemberships.postid || '/' || threadmemberships.userid";
    let join = "JOIN threads ON threads.postid = threadmemberships.postid";
    let members = due("threadmemberships", key, "threadmemberships.lastupdated", "threads.channelid", join);
    let key = "channelid || '/' || userid || '/' || jointime";
    let stays = due(
        "channelmemberhistory",
        &format!("channelmemberhistory.{}", key.replace("|| userid", "|| channelmemberhistory.userid")),
        "channelmemberhistory.leavetime",
        "channelmemberhistory.channelid",
        "",
    );
    let files = configured.file_hours.map_or(0, |hours| now - hours * 3_600_000);
    write!(
        sql,
        "CREATE TEMP TABLE queue AS {posts}{pinned};
         DELETE FROM posts WHERE id IN (SELECT id FROM queue) RETURNING 'post', to_json(id);
         DELETE FROM reactions WHERE postid IN (SELECT id FROM queue)
            RETURNING 'reaction', to_json(postid || '/' || userid || '/' || emojiname);
         DELETE FROM preferences WHERE category = 'flagged_post' AND name IN (SELECT id FROM queue)
            RETURNING 'saved_post', to_json(userid || '/' || name);
         CREATE TEMP TABLE old_threads AS {threads};
         DELETE FROM threadmemberships WHERE postid || '/' || userid IN ({members})
            OR postid IN (SELECT id FROM old_threads) RETURNING 'thread_membership', to_json(postid || '/' || userid);
         DELETE FROM threads WHERE postid IN (SELECT id FROM old_threads) RETURNING 'thread', to_json(postid);
         DELETE FROM channelmemberhistory WHERE {key} IN ({stays}) RETURNING 'channel_membership', to_json({key});
         DELETE FROM fileinfo WHERE {files} > 0 AND createat < {files} AND creatorid <> 'bookmark' RETURNING 'file', to_json(id);
         ROLLBACK;\n"
    )
    .unwrap();
    sql
}

#[test]
fn what_real_deletes_delete_is_due_and_nothing_else() {
    let server = postgres();
    let database = server.database("retention", &format!("{}\n{TAME}", sql("mattermost-11")));
    let story = story(server, &database);
    assert!(story.posts.len() > 10 && story.records.len() > 10, "a fixture with something in it");
    let times: Vec<Millis> = story.posts.iter().map(|row| row.create_at).filter(|at| *at != 0).collect();
    let mut dice = Dice(11);
    let mut gone_at_all = BTreeSet::new();
    for _ in 0..60 {
        let configured = Configured::random(&story, &mut dice);
        // At, before and after the moment at which some post is as old as some period.
        let now = dice.of(&times) + dice.of(&[0, 1, 30, 365]) * DAY + dice.of(&[-1, 0, 1]);
        let deleted = server.sql(&database, &job(&configured, now));
        let deleted: BTreeSet<String> = deleted.lines().filter(|line| line.contains('|')).map(String::from).collect();
        let (evaluator, _) = Evaluator::new(story.tell(configured.set(&mut dice), &mut dice), now);
        let due = each(&story, |subject, thing| {
            let is_due = evaluator.decide(subject).disposition == Disposition::Dispose;
            assert_eq!(is_due, configured.deletes(&story, thing, now), "{subject:#?}");
            is_due.then(|| format!("{}|{}", subject.kind, serde_json::json!(subject.id)))
        });
        let due: BTreeSet<String> = due.into_iter().flatten().collect();
        assert_eq!(due, deleted, "{configured:#?} at {now}");
        gone_at_all.extend(deleted.iter().filter_map(|line| Some(line.split_once('|')?.0.to_owned())));
    }
    for kind in ["post", "reaction", "thread", "thread_membership", "channel_membership", "file"] {
        assert!(gone_at_all.contains(kind), "no {kind} was ever due: {gone_at_all:?}");
    }
}
