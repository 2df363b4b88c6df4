//! An incident out of a database: what SQL says hangs on the run is what is sealed, each record with why.

use std::collections::BTreeSet;

use super::Source;
use crate::incidents::{BREACH, ESCALATION, INCIDENTS, Incident, OUTAGE, crowd};
use crate::sealed::Archive;

fn ids(archive: &Archive, kind: &str) -> BTreeSet<String> {
    archive.records(kind).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn asked(source: &Source, query: &str) -> BTreeSet<String> {
    source.ask(query).lines().map(str::to_owned).collect()
}

/// The reasons of each record of a kind, as `ID REASON`.
fn why(archive: &Archive, kind: &str) -> BTreeSet<String> {
    let reasons = |record: &serde_json::Value| {
        let id = record["id"].as_str().unwrap().to_owned();
        let because = record["because"].as_array().unwrap().clone();
        because.into_iter().map(move |reason| format!("{id} {}", reason.as_str().unwrap())).collect::<Vec<_>>()
    };
    archive.records(kind).iter().flat_map(reasons).collect()
}

/// What stands left and right of the equation, for all kinds, and that every record says why it is there.
fn assert_complete(archive: &Archive) {
    for (kind, counts) in archive.summary()["kinds"].as_object().unwrap() {
        let number = |name: &str| counts[name].as_u64().unwrap_or(0);
        assert_eq!(number("source"), number("records") + number("out_of_scope") + number("quarantined"), "{kind}");
        for record in archive.records(kind) {
            let because = record["because"].as_array().unwrap_or_else(|| panic!("{record}"));
            let reasons: Vec<&str> = because.iter().map(|reason| reason.as_str().unwrap()).collect();
            assert!(!reasons.is_empty() && reasons.windows(2).all(|pair| pair[0] < pair[1]), "{record}");
        }
    }
}

/// The same lines; what differs is shown, and nothing else.
fn assert_same(dumped: &Archive, live: &Archive) {
    let [left, right] = [dumped, live].map(|archive| archive.lines().into_iter().collect::<BTreeSet<_>>());
    let differing: Vec<_> = left.symmetric_difference(&right).take(4).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(dumped.root(), live.root());
}

#[test]
fn a_run_brings_what_hangs_on_it_and_nothing_else() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    let args = ["--no-files", "--incident", "runleakxxxxxxxxxxxxxxxxxxx"];
    let live = source.live("live.zip", &args);
    assert_complete(&live);
    let dumped = source.desk.seal("dump.sql", "dumped.zip", &args);
    assert_same(&dumped, &live);
    let (run, vault) = ("runleakxxxxxxxxxxxxxxxxxxx", "vaultxxxxxxxxxxxxxxxxxxxxx");
    let posts = [
        format!("invaultxxxxxxxxxxxxxxxxxxx channel:{vault}"),
        format!("orphanv0xxxxxxxxxxxxxxxxxx status:{run}"),
        format!("runupdatexxxxxxxxxxxxxxxxx channel:{vault}"),
        format!("runupdatexxxxxxxxxxxxxxxxx status:{run}"),
        format!("urgentxxxxxxxxxxxxxxxxxxxx status:{run}"),
    ];
    assert_eq!(
        why(&live, "post"),
        BTreeSet::from(posts),
        "a status post that was purged lives on in an earlier version"
    );
    let channels =
        ["bridgexxxxxxxxxxxxxxxxxxxx named:bridgexxxxxxxxxxxxxxxxxxxx".to_owned(), format!("{vault} channel:{vault}")];
    assert_eq!(why(&live, "channel"), BTreeSet::from(channels));
    assert_eq!(ids(&live, "playbook_run"), BTreeSet::from(["runleakxxxxxxxxxxxxxxxxxxx".to_owned()]));
    let events = asked(&source, "SELECT id FROM ir_timelineevent WHERE incidentid = 'runleakxxxxxxxxxxxxxxxxxxx'");
    assert_eq!(ids(&live, "run_event"), events);
}

#[test]
fn a_run_that_is_not_there_or_not_the_only_one_is_a_mistake_of_the_user() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    for (asked, said) in [
        (
            "Leek at pier 3",
            "did you mean runleakxxxxxxxxxxxxxxxxxxx (`Leak at pier 3`, Finished, in `harbour/vault`, from 2026-01-02T16:00:00.000Z, until",
        ),
        ("harbour/vaults", "did you mean runleakxxxxxxxxxxxxxxxxxxx"),
        ("nothing like it", "the database has no playbook run `nothing like it`"),
    ] {
        for from in [source.url(), "dump.sql".to_owned()] {
            source.desk.export(&from, "typo.zip", &["--no-files", "--incident", asked]).require(2, said);
        }
    }
    source.ask("UPDATE ir_incident SET name = 'Leak at pier 3'");
    source
        .desk
        .export(&source.url(), "two.zip", &["--no-files", "--incident", "Leak at pier 3"])
        .require(2, "2 playbook runs are called `Leak at pier 3`");
    assert!(!source.desk.path("two.zip").exists() && !source.desk.path("typo.zip").exists());
    let by_channel = source.live("channel.zip", &["--no-files", "--incident", "harbour/vault"]);
    assert_eq!(ids(&by_channel, "playbook_run"), BTreeSet::from(["runleakxxxxxxxxxxxxxxxxxxx".to_owned()]));
}

/// Posts in scope of the run of this name and its margin of a day, in SQL of its own: what happened in its channels in
/// its window, the threads that this touches, status posts, earlier versions.
fn expected_posts(source: &Source, run: &str, direct: &str) -> BTreeSet<String> {
    asked(
        source,
        &format!(
            "WITH run AS (SELECT *, createat - 86400000 AS f, CASE endat WHEN 0 THEN 9223372036854775807
                                   ELSE greatest(createat, endat) + 86400000 END AS u FROM ir_incident WHERE name = '{run}'),
             own AS (SELECT p.* FROM posts p, run r WHERE p.channelid = r.channelid
                       AND (p.createat >= f AND p.createat < u OR p.editat >= f AND p.editat < u OR p.deleteat >= f AND p.deleteat < u)),
             told AS (SELECT s.postid FROM ir_statusposts s JOIN run ON s.incidentid = run.id UNION SELECT postid FROM run),
             spoken AS (SELECT * FROM own UNION SELECT p.* FROM posts p JOIN told ON p.id = told.postid),
             places AS (SELECT channelid AS id FROM run
               UNION SELECT unnest(string_to_array(concatenatedbroadcastchannelids, ',')) FROM run
               UNION SELECT announcementchannelid FROM run UNION SELECT broadcastchannelid FROM run
               UNION SELECT c.id FROM channels c JOIN run ON run.channelidtorootid LIKE '%\"' || c.id || '\"%'
               UNION SELECT p.channelid FROM spoken s
                 CROSS JOIN LATERAL regexp_matches(s.message || coalesce(s.props::text, ''), '/pl/([a-z0-9]{{26}})', 'g') AS m
                 JOIN posts p ON p.id = m[1] JOIN channels c ON c.id = p.channelid AND c.type IN ('O', 'P')
               UNION {direct}),
             happened AS (SELECT p.* FROM posts p JOIN places ON places.id = p.channelid, run
               WHERE p.createat >= f AND p.createat < u OR p.editat >= f AND p.editat < u OR p.deleteat >= f AND p.deleteat < u),
             touched AS (SELECT p.* FROM posts p JOIN places ON places.id = p.channelid, run WHERE p.id IN (
               SELECT postid FROM reactions WHERE createat >= f AND createat < u OR deleteat >= f AND deleteat < u
               UNION SELECT postid FROM postacknowledgements WHERE acknowledgedat >= f AND acknowledgedat < u
               UNION SELECT postid FROM fileinfo WHERE createat >= f AND createat < u OR deleteat >= f AND deleteat < u)),
             threads AS (SELECT coalesce(nullif(rootid, ''), nullif(originalid, ''), id) AS id FROM (
               SELECT * FROM happened UNION SELECT * FROM touched UNION SELECT p.* FROM posts p JOIN run ON p.id = run.postid) AS t)
             SELECT id FROM happened
             UNION SELECT id FROM posts WHERE id IN (SELECT id FROM threads) OR rootid IN (SELECT id FROM threads)
               OR originalid IN (SELECT id FROM threads)
             UNION SELECT id FROM posts WHERE id IN (SELECT postid FROM told) OR originalid IN (SELECT postid FROM told)"
        ),
    )
}

/// Who took part in the run of this name, in SQL of its own.
const PARTICIPANTS: &str = "
    SELECT commanderuserid FROM ir_incident WHERE name = 'RUN' UNION SELECT reporteruserid FROM ir_incident WHERE name = 'RUN'
    UNION SELECT p.userid FROM ir_run_participants p JOIN ir_incident r ON r.id = p.incidentid WHERE r.name = 'RUN'
    UNION SELECT unnest(ARRAY[e.subjectuserid, e.creatoruserid]) FROM ir_timelineevent e JOIN ir_incident r ON r.id = e.incidentid
      WHERE r.name = 'RUN' AND e.eventtype IN ('user_joined_left', 'participants_changed', 'owner_changed')
    UNION SELECT u.id FROM ir_timelineevent e JOIN ir_incident r ON r.id = e.incidentid
      JOIN users u ON e.details ~ ('[@\"]' || replace(u.username, '.', '\\.') || '([^a-z0-9._-]|$)')
      WHERE r.name = 'RUN' AND e.eventtype IN ('user_joined_left', 'participants_changed', 'owner_changed')";

#[test]
fn a_run_holds_everything_of_its_channels_and_window_and_says_why() {
    let source = crowd();
    source.dump("dump.sql");
    for Incident { story, run, .. } in INCIDENTS {
        let args = ["--no-files", "--incident", run];
        let live = source.live(&format!("{story}.zip"), &args);
        assert_complete(&live);
        assert_same(&source.desk.seal("dump.sql", &format!("{story}-dumped.zip"), &args), &live);
        let posts = ids(&live, "post");
        assert_eq!(posts, expected_posts(&source, run, "SELECT NULL"), "{story}");
        // What hangs on a post that was purged is in scope by its channel.
        let gone = exceptions(&live).into_iter().filter(|line| line.contains(" no such post: somebody"));
        let gone = gone.filter_map(|line| line.split(' ').nth(1)?.strip_prefix("post/").map(str::to_owned));
        let named = posts.iter().cloned().chain(gone).map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",");
        for (kind, table) in [
            ("reaction", "reactions"),
            ("file", "fileinfo"),
            ("post_acknowledgement", "postacknowledgements"),
            ("post_priority", "postspriority"),
            ("thread", "threads"),
            ("thread_membership", "threadmemberships"),
        ] {
            let rows = source.ask(&format!("SELECT count(*) FROM {table} WHERE postid IN ({named})"));
            assert_eq!(live.count(kind, "records").to_string(), rows, "{story} {kind}");
        }
        let of_run = format!("JOIN ir_incident r ON r.id = e.incidentid WHERE r.name = '{run}'");
        for (kind, table) in [
            ("run_event", "ir_timelineevent"),
            ("run_status_post", "ir_statusposts"),
            ("run_participant", "ir_run_participants"),
        ] {
            let rows = source.ask(&format!("SELECT count(*) FROM {table} e {of_run}"));
            assert_eq!(live.count(kind, "records").to_string(), rows, "{story} {kind}");
        }
        let people =
            asked(&source, &format!("SELECT id FROM ({}) AS p(id) WHERE id <> ''", PARTICIPANTS.replace("RUN", run)));
        let document: serde_json::Value = serde_json::from_str(live.text("data/source.json")).unwrap();
        let stated = document["incident"]["participant_ids"].as_array().unwrap().clone();
        assert_eq!(stated.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), people, "{story}");
        let list = people.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",");
        let window = format!(
            "(SELECT createat - 86400000 AS f, CASE endat WHEN 0 THEN 9223372036854775807 ELSE greatest(createat, endat) + 86400000 END AS u FROM ir_incident WHERE name = '{run}') AS w"
        );
        // What they did, what was done to them or in the channels, and who tried to log in as one of them.
        let places =
            ["channel_ids", "linked_channel_ids"].map(|name| document["incident"][name].as_array().unwrap().clone());
        let named = places.iter().flatten().map(|id| id.as_str().unwrap()).chain(people.iter().map(String::as_str));
        let named = named.collect::<Vec<_>>().join("|");
        let by = format!("userid IN ({list})");
        let audits = |of: &str| {
            source
                .ask(&format!("SELECT count(*) FROM audits, {window} WHERE ({of}) AND createat >= f AND createat < u"))
        };
        let all = audits(&format!(
            "{by} OR concat(action, ' ', extrainfo) ~ '\\m({named})\\M' OR EXISTS (SELECT FROM users
               WHERE id IN ({list}) AND substring(extrainfo from 'login_id=(\\S+)') IN (username, email))"
        ));
        assert_eq!(live.count("audit", "records").to_string(), all, "{story}");
        assert!(audits(&by) != all, "{story}: what others did to them is more than what they did");
        let own = format!("channelid = (SELECT channelid FROM ir_incident WHERE name = '{run}')");
        let members = source.ask(&format!(
            "SELECT count(*) FROM channelmemberhistory, {window} WHERE {own} AND jointime < u AND (coalesce(leavetime, 0) = 0 OR leavetime >= f)"
        ));
        let channel = source.ask(&format!("SELECT channelid FROM ir_incident WHERE name = '{run}'"));
        let stays =
            why(&live, "channel_membership").iter().filter(|why| why.ends_with(&format!(" channel:{channel}"))).count();
        assert_eq!(stays.to_string(), members, "{story}");
        let calls = source.ask(&format!(
            "SELECT count(*) FROM calls, {window} WHERE {own} AND startat < u AND (endat = 0 OR endat >= f)"
        ));
        assert_eq!(
            why(&live, "call").iter().filter(|why| why.contains(" call:")).count().to_string(),
            calls,
            "{story}"
        );
        assert_eq!(live.count("role", "out_of_scope"), 0, "{story}: who could do what");
        let hooks = source.ask(&format!("SELECT count(*) FROM incomingwebhooks WHERE {own}"));
        let found =
            why(&live, "incoming_webhook").iter().filter(|why| why.ends_with(&format!(" channel:{channel}"))).count();
        assert_eq!(found.to_string(), hooks, "{story}");
    }
}

/// Exceptions as `CLASS OBJECT FOUND`.
fn exceptions(archive: &Archive) -> BTreeSet<String> {
    let spelled = |line: &str| {
        let exception: serde_json::Value = serde_json::from_str(line).unwrap();
        ["class", "object", "found"].map(|member| exception[member].as_str().unwrap().to_owned()).join(" ")
    };
    archive.text("data/exceptions.jsonl").lines().map(spelled).collect()
}

#[test]
fn what_is_wrong_with_an_incident_is_stated() {
    let source = ESCALATION.source();
    let (run, second) = ("playbook_run/escalationrunyahwzzswdfkea", "playbook_run/secondrun37dn95ytynexxxu3q");
    let third = "playbook_run/thirdruns3rxcs5krmqx8sw6xh";
    let gone = "no such post: a status update, what the run was started from, or on its timeline";
    let first = source.live("first.zip", &["--no-files", "--incident", ESCALATION.run]);
    let expected = [
        format!("incident-gone post/astatuspostthatneveugxk7c4 {gone}"),
        format!("incident-gone post/postescalation64ajg8q4smjm {gone}"),
        "incident-gone user/purgedparticipant1p9t46ow5 no such account: somebody who took part".to_owned(),
        format!("incident-unreadable {run} a task in a state that is not known"),
        "note-incident-channel channel/astillerosdelfaroro95t4xjm archived at 2026-06-01T09:00:00.150Z".to_owned(),
        format!("note-incident-life {run} not finished"),
        format!("note-incident-life {run} restarted 1 times"),
        format!("note-incident-removed {run} 1 entries taken off it; they are records all the same"),
        format!("note-incident-shared {run} also that of {second}"),
        format!("note-incident-shared {run} also that of {third}"),
    ];
    let stated = exceptions(&first);
    let missing: Vec<_> = expected.iter().filter(|line| !stated.contains(*line)).collect();
    assert!(missing.is_empty(), "{missing:#?} in {stated:#?}");
    let all = source.live("all.zip", &["--no-files", "--incident", ESCALATION.channel]);
    assert_eq!(ids(&all, "playbook_run").len(), 3, "all runs of the channel");
    let stated = exceptions(&all);
    let backwards =
        format!("note-incident-life {second} begun at 2026-05-18T11:30:00.157Z, finished at 2026-05-18T11:29:00.157Z");
    assert!(stated.contains(&backwards), "{stated:#?}");
    assert!(
        stated.contains(&format!("incident-unreadable {third} a checklist that has no list of tasks")),
        "{stated:#?}"
    );
    assert!(!stated.iter().any(|line| line.starts_with("note-incident-shared")), "they are all here");

    // What the run was broadcast to, its playbook and its channel are purged; the rest is still an incident.
    source.ask(
        "DELETE FROM channels WHERE id IN (SELECT channelid FROM ir_incident) OR id = (SELECT split_part(concatenatedbroadcastchannelids, ',', 1) FROM ir_incident WHERE name LIKE 'Astilleros%');
         DELETE FROM ir_playbook",
    );
    source.dump("purged.sql");
    let args = ["--no-files", "--incident", "escalationrunyahwzzswdfkea"];
    let purged = source.live("purged.zip", &args);
    assert_complete(&purged);
    assert_same(&source.desk.seal("purged.sql", "purged-dumped.zip", &args), &purged);
    assert_eq!(ids(&purged, "post"), ids(&first, "post"), "posts outlive their channel");
    let stated = exceptions(&purged);
    assert!(stated.contains("incident-gone channel/astillerosdelfaroro95t4xjm no such channel: deleted for good"));
    assert!(stated.contains("incident-gone playbook/escalationplaybook63msdx48 no such playbook"), "{stated:#?}");
}

#[test]
fn direct_messages_are_taken_in_on_demand_and_only_among_participants() {
    let source = BREACH.source();
    source.dump("dump.sql");
    let plain = source.live("plain.zip", &["--no-files", "--incident", BREACH.run]);
    let args = ["--no-files", "--incident", BREACH.run, "--include-direct"];
    let direct = source.live("direct.zip", &args);
    assert_complete(&direct);
    assert_same(&source.desk.seal("dump.sql", "direct-dumped.zip", &args), &direct);
    let people = PARTICIPANTS.replace("RUN", BREACH.run);
    let among = format!(
        "SELECT c.id FROM channels c WHERE c.type IN ('D', 'G') AND EXISTS (SELECT 1 FROM channelmembers m WHERE m.channelid = c.id)
         AND NOT EXISTS (SELECT 1 FROM channelmembers m WHERE m.channelid = c.id AND m.userid NOT IN ({people}))"
    );
    let channels = asked(&source, &among);
    assert!(!channels.is_empty(), "the story has some");
    let found: BTreeSet<String> = why(&direct, "channel")
        .into_iter()
        .filter_map(|why| why.split_once(" direct:").map(|(_, id)| id.to_owned()))
        .collect();
    assert_eq!(found, channels);
    assert_eq!(ids(&direct, "post"), expected_posts(&source, BREACH.run, &format!("({among})")));
    assert!(ids(&direct, "post").len() > ids(&plain, "post").len());
    let talks = |archive: &Archive| why(archive, "post").iter().filter(|why| why.contains(" direct:")).count();
    assert!(talks(&direct) > 0 && talks(&plain) == 0);
}

#[test]
fn a_window_and_a_margin_that_are_given_are_those_that_are_sealed() {
    let source = BREACH.source();
    let window = |archive: &Archive| {
        archive.text("seal.txt").lines().find(|line| line.starts_with("window")).unwrap().to_owned()
    };
    let wide = source.live("wide.zip", &["--no-files", "--incident", BREACH.run, "--margin", "2h"]);
    let bounds = source.ask(&format!(
        "SELECT to_char(to_timestamp((createat - 7200000) / 1000), 'YYYY-MM-DD\"T\"HH24:MI:SS') || ' ' || to_char(to_timestamp((endat + 7200000) / 1000), 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM ir_incident WHERE name = '{}'",
        BREACH.run
    ));
    let (from, until) = bounds.split_once(' ').unwrap();
    let sealed = window(&wide);
    assert!(
        sealed.starts_with(&format!("window event {from}.")) && sealed.contains(&format!("Z {until}.")),
        "{sealed}"
    );
    let args = ["--no-files", "--incident", BREACH.run, "--since", "2026-01-01", "--until", "2026-01-02"];
    let narrow = source.live("narrow.zip", &args);
    assert_eq!(window(&narrow), "window event 2026-01-01T00:00:00.000Z 2026-01-02T00:00:00.000Z");
    assert_complete(&narrow);
    assert!(why(&narrow, "post").iter().all(|why| why.contains(" status:") || why.contains(" thread:")));
    assert_eq!(narrow.count("run_event", "records"), wide.count("run_event", "records"), "a run is whole");
    let ended = source.desk.export(&source.url(), "no.zip", &["--no-files", "--incident", BREACH.run, "--team", "x"]);
    ended.require(2, "cannot be used with");
}

#[test]
fn a_policy_keeps_an_incident_from_the_end_of_its_run() {
    let source = OUTAGE.source();
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/incident-forensics.toml");
    let args = ["--no-files", "--incident", OUTAGE.run, "--policy", policy];
    let sealed = source.live("kept.zip", &args);
    assert_complete(&sealed);
    let until: i64 = source.ask("SELECT (extract(epoch FROM to_timestamp(endat / 1000) + interval '3 years') * 1000 + endat % 1000)::bigint FROM ir_incident").parse().unwrap();
    let channel = source.ask("SELECT channelid FROM ir_incident");
    let mut versions = 0;
    for post in sealed.records("post") {
        let rule = if post["data"]["channel_id"] == channel.as_str() { "incident-forensics/runs" } else { "" };
        assert_eq!(post["retention"]["rule"].as_str().unwrap_or_default(), rule, "{post}");
        assert!(rule.is_empty() || post["retention"]["keep_until"] == until, "{post}");
        versions += usize::from(!rule.is_empty() && post["data"]["original_id"] != "");
    }
    assert!(versions > 0, "earlier versions are kept as long");
    // Years later all of it is due, and is put before a person: nothing is withheld.
    let window =
        sealed.text("seal.txt").lines().find_map(|line| line.strip_prefix("window event ")).unwrap().to_owned();
    let (since, until) = window.split_once(' ').unwrap();
    source.ask("UPDATE ir_incident SET createat = 1400000000000, endat = 1420000000000");
    let late = source.live("late.zip", &[&args[..], &["--since", since, "--until", until]].concat());
    assert_eq!(late.count("post", "withheld"), 0);
    assert_eq!(ids(&late, "post"), ids(&sealed, "post"));

    source.ask("UPDATE ir_incident SET endat = 0, currentstatus = 'InProgress'");
    let open = source.live("open.zip", &args);
    let is_open =
        |post: &serde_json::Value| post["retention"]["rule"].is_null() || post["retention"]["keep_until"] == "forever";
    assert!(open.records("post").iter().all(is_open), "while a run goes on nothing of it is due");
}

#[test]
fn what_runs_and_their_timelines_name_is_in_scope_and_private_talks_are_not() {
    let source = OUTAGE.source();
    let talk = source.ask(
        "SELECT c.id FROM channels c JOIN posts p ON p.channelid = c.id WHERE c.type = 'D' ORDER BY p.createat LIMIT 1",
    );
    let far = source.ask("SELECT p.id FROM posts p JOIN channels c ON c.id = p.channelid WHERE c.type = 'O' AND p.rootid = '' AND p.deleteat = 0
        AND c.name NOT IN ('alerts', 'deployments', 'status-updates') ORDER BY p.createat LIMIT 1");
    assert!(!talk.is_empty());
    let far = if far.is_empty() { source.ask("SELECT id FROM posts ORDER BY createat LIMIT 1") } else { far };
    let owner = source.ask("SELECT id FROM users WHERE username = 'piet.admin'");
    source.ask(&format!(
        "UPDATE ir_incident SET concatenatedbroadcastchannelids = concatenatedbroadcastchannelids || ',{talk}';
         UPDATE calls SET endat = 1;
         INSERT INTO ir_timelineevent (id, incidentid, createat, deleteat, eventat, eventtype, summary, details, postid, subjectuserid, creatoruserid)
         SELECT 'putonthetimeline' || n, r.id, r.createat + 1, 0, r.createat + 1, kind, summary, '', post, '', ''
         FROM ir_incident r, (VALUES (1, 'event_from_post', 'x', '{far}'), (2, 'event_from_post', 'x', 'gonegonegonegonegonegonego'),
              (3, 'owner_changed', '@mara.okonjo to @piet.admin', '')) AS e(n, kind, summary, post)"
    ));
    source.dump("dump.sql");
    let args = ["--no-files", "--incident", OUTAGE.run];
    let live = source.live("live.zip", &args);
    assert_complete(&live);
    assert_same(&source.desk.seal("dump.sql", "dumped.zip", &args), &live);
    let run = source.ask("SELECT id FROM ir_incident");
    assert!(why(&live, "post").contains(&format!("{far} status:{run}")), "put on the timeline");
    assert_eq!(why(&live, "call").len(), 1, "it ended before it began");
    let stated = exceptions(&live);
    assert!(stated.iter().any(|line| line.starts_with("incident-gone post/gonegonego")), "{stated:#?}");
    assert!(
        stated.iter().any(|line| line.starts_with(&format!("note-incident-link channel/{talk} left out"))),
        "{stated:#?}"
    );
    assert!(!live.records("post").iter().any(|post| post["data"]["channel_id"] == *talk), "nobody asked for it");
    let document: serde_json::Value = serde_json::from_str(live.text("data/source.json")).unwrap();
    assert!(
        document["incident"]["participant_ids"].as_array().unwrap().contains(&owner.into()),
        "who owned it for a while"
    );
}
