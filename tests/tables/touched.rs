//! Old posts that somebody reacted to, acknowledged or attached a file to during an incident, on servers that say in which
//! channel that was done and on those that do not.

use std::collections::BTreeSet;

use crate::incidents::OUTAGE;
use crate::sealed::Archive;

/// Posts a year before the run: of its channel, of one that is none of its, and in a thread of its channel.
const OLD: &str = "
    CREATE TABLE old AS SELECT id, place, root, (SELECT createat - 31536000000 FROM ir_incident) AS at FROM (VALUES
        ('reactedxxxxxxxxxxxxxxxxxxx', (SELECT channelid FROM ir_incident), ''),
        ('acknowledgedxxxxxxxxxxxxxx', (SELECT channelid FROM ir_incident), ''),
        ('answeredxxxxxxxxxxxxxxxxxx', (SELECT channelid FROM ir_incident), 'acknowledgedxxxxxxxxxxxxxx'),
        ('attachedxxxxxxxxxxxxxxxxxx', (SELECT channelid FROM ir_incident), ''),
        ('untouchedxxxxxxxxxxxxxxxxx', (SELECT channelid FROM ir_incident), ''),
        ('elsewherexxxxxxxxxxxxxxxxx', 'nochannelofitsxxxxxxxxxxxx', '')) AS post(id, place, root);
    INSERT INTO posts (id, createat, updateat, deleteat, editat, userid, channelid, rootid, originalid, message, type)
        SELECT id, at, at, 0, 0, (SELECT commanderuserid FROM ir_incident), place, root, '', 'old', '' FROM old;
    INSERT INTO reactions (userid, postid, emojiname, createat, updateat, deleteat, channelid)
        SELECT commanderuserid, post, 'eyes', createat + 1, createat + 1, 0, '' FROM ir_incident,
        (VALUES ('reactedxxxxxxxxxxxxxxxxxxx'), ('elsewherexxxxxxxxxxxxxxxxx'), ('gonewithoutatracexxxxxxxxx')) AS touched(post);
    INSERT INTO postacknowledgements (postid, userid, acknowledgedat, channelid)
        SELECT 'acknowledgedxxxxxxxxxxxxxx', commanderuserid, createat + 1, NULL FROM ir_incident;
    INSERT INTO fileinfo (id, creatorid, postid, createat, updateat, deleteat, path, name, channelid)
        SELECT 'fileofoldxxxxxxxxxxxxxxxxx', commanderuserid, 'attachedxxxxxxxxxxxxxxxxxx', createat + 1, createat + 1, 0, 'x', 'x', ''
        FROM ir_incident;
    DROP TABLE old;";

fn ids(archive: &Archive, kind: &str) -> BTreeSet<String> {
    archive.records(kind).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_done_to_an_old_post_brings_it_whether_or_not_the_server_says_in_which_channel() {
    let source = OUTAGE.source();
    let args = ["--no-files", "--incident", OUTAGE.run];
    let before = ids(&source.live("before.zip", &args), "post");
    source.ask(OLD);
    let touched = [
        "acknowledgedxxxxxxxxxxxxxx",
        "answeredxxxxxxxxxxxxxxxxxx",
        "attachedxxxxxxxxxxxxxxxxxx",
        "reactedxxxxxxxxxxxxxxxxxxx",
    ];
    for (name, change) in [
        ("empty", "SELECT 1"),
        (
            "absent",
            "ALTER TABLE reactions DROP COLUMN channelid; ALTER TABLE postacknowledgements DROP COLUMN channelid;
             ALTER TABLE fileinfo DROP COLUMN channelid",
        ),
    ] {
        source.ask(change);
        let live = source.live(&format!("{name}.zip"), &args);
        source.dump(&format!("{name}.sql"));
        let dumped = source.desk.seal(&format!("{name}.sql"), &format!("{name}-dumped.zip"), &args);
        assert_eq!(dumped.root(), live.root(), "{name}");
        let posts = ids(&live, "post");
        assert_eq!(posts.difference(&before).collect::<Vec<_>>(), touched, "{name}");
        assert!(ids(&live, "file").contains("fileofoldxxxxxxxxxxxxxxxxx"), "{name}");
        let reactions = ids(&live, "reaction");
        assert!(reactions.iter().any(|id| id.contains("reactedxxx")), "{name}: {reactions:?}");
        assert!(!reactions.iter().any(|id| id.contains("elsewhere") || id.contains("gonewithout")), "{name}");
        assert!(!live.text("data/exceptions.jsonl").contains("gonewithout"), "{name}: of a post that nobody knows");
    }
}
