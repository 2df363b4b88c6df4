//! Direct messages with people who took no part in an incident: whoever names them, they come in only where the run itself was
//! broadcast to them and they were asked for, and then it is said.

use std::collections::BTreeSet;

use super::Source;
use crate::incidents::BREACH;
use crate::sealed::Archive;

/// Two direct channels of the owner with somebody who took no part; a post of the run's channel links into the second one.
const TALKS: &str = "
    INSERT INTO users (id, createat, updateat, deleteat, username, email) VALUES ('strangerxxxxxxxxxxxxxxxxxx', 1, 1, 0, 'stranger', 's@example.org');
    INSERT INTO channels (id, createat, updateat, deleteat, teamid, type, name)
        SELECT talk.id, 1, 1, 0, '', 'D', commanderuserid || '__strangerxxxxxxxxxxxxxxxxxx' || word FROM ir_incident,
        (VALUES ('broadcasttalkxxxxxxxxxxxxx', ''), ('linkedtalkxxxxxxxxxxxxxxxx', 'too'), ('startedtalkxxxxxxxxxxxxxxx', 'three')) AS talk(id, word);
    INSERT INTO channelmembers (channelid, userid) SELECT talk.id, unnest(ARRAY[commanderuserid, 'strangerxxxxxxxxxxxxxxxxxx'])
        FROM ir_incident, (VALUES ('broadcasttalkxxxxxxxxxxxxx'), ('linkedtalkxxxxxxxxxxxxxxxx'), ('startedtalkxxxxxxxxxxxxxxx')) AS talk(id);
    INSERT INTO posts (id, createat, updateat, deleteat, editat, userid, channelid, rootid, originalid, message, type)
        SELECT post.id, createat + 1, createat + 1, 0, 0, commanderuserid, coalesce(place, channelid), root, '', message, '' FROM ir_incident, (VALUES
            ('inbroadcasttalkxxxxxxxxxxx', 'broadcasttalkxxxxxxxxxxxxx', '', 'to you too'),
            ('inlinkedtalkxxxxxxxxxxxxxx', 'linkedtalkxxxxxxxxxxxxxxxx', '', 'between us'),
            ('instartedtalkxxxxxxxxxxxxx', 'startedtalkxxxxxxxxxxxxxxx', '', 'it began here'),
            ('instartedtalkreplyxxxxxxxx', 'startedtalkxxxxxxxxxxxxxxx', 'instartedtalkxxxxxxxxxxxxx', 'no part of it'),
            ('linksintothetalkxxxxxxxxxx', NULL, '', 'see https://chat.example/x/pl/inlinkedtalkxxxxxxxxxxxxxx')) AS post(id, place, root, message);
    UPDATE ir_incident SET postid = 'instartedtalkxxxxxxxxxxxxx',
        concatenatedbroadcastchannelids = concat_ws(',', nullif(concatenatedbroadcastchannelids, ''), 'broadcasttalkxxxxxxxxxxxxx');";

fn reasons(archive: &Archive, id: &str) -> Vec<String> {
    let records = archive.records("post").into_iter().chain(archive.records("channel"));
    let found = records.filter(|record| record["id"] == id);
    let of = |record: serde_json::Value| record["because"].as_array().unwrap().clone();
    found.flat_map(of).map(|reason| reason.as_str().unwrap().to_owned()).collect()
}

#[test]
fn talks_with_strangers_come_in_by_the_runs_own_broadcast_and_that_is_noted() {
    let source: Source = BREACH.source();
    source.ask(TALKS);
    source.dump("dump.sql");
    let args = ["--no-files", "--incident", BREACH.run];
    let direct = [&args[..], &["--include-direct"]].concat();
    let (plain, asked) = (source.live("plain.zip", &args), source.live("asked.zip", &direct));
    assert_eq!(source.desk.seal("dump.sql", "dumped.zip", &direct).root(), asked.root());
    let linked = "linked:broadcasttalkxxxxxxxxxxxxx";
    assert_eq!(reasons(&asked, "broadcasttalkxxxxxxxxxxxxx"), [linked]);
    assert_eq!(reasons(&asked, "inbroadcasttalkxxxxxxxxxxx"), [linked]);
    assert_eq!(reasons(&plain, "inbroadcasttalkxxxxxxxxxxx"), Vec::<String>::new());
    for archive in [&plain, &asked] {
        assert_eq!(reasons(archive, "inlinkedtalkxxxxxxxxxxxxxx"), Vec::<String>::new(), "a post only links there");
        assert_eq!(reasons(archive, "instartedtalkreplyxxxxxxxx"), Vec::<String>::new());
        let started = reasons(archive, "instartedtalkxxxxxxxxxxxxx");
        assert!(started.len() == 1 && started[0].starts_with("status:"), "{started:?}");
    }
    let notes = |archive: &Archive| -> BTreeSet<String> {
        let lines = archive.text("data/exceptions.jsonl").lines();
        let notes = lines.filter(|line| line.contains("note-incident-link") && line.contains("talkxxx"));
        notes
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|note| [&note["object"], &note["found"]].map(|text| text.as_str().unwrap().to_owned()).join(": "))
            .collect()
    };
    let left = "left out: a direct or group channel that the run or a post of its channel names";
    let within = "in scope: a direct or group channel that the run was broadcast to, with people who took no part";
    let expected = |broadcast: &str| {
        let broadcast = format!("channel/broadcasttalkxxxxxxxxxxxxx: {broadcast}");
        BTreeSet::from([broadcast, format!("channel/linkedtalkxxxxxxxxxxxxxxxx: {left}")])
    };
    assert_eq!(notes(&plain), expected(left));
    assert_eq!(notes(&asked), expected(within));
}
