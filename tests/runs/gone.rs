//! Records that an earlier archive holds and the source no longer has, or has otherwise.

use super::{Nights, classes, of_kind};

const POST: &str = "(SELECT id FROM posts WHERE updateat > 0 ORDER BY id LIMIT 1)";

#[test]
fn a_record_that_vanished_is_stated_once_and_sealed_again_when_it_is_back() {
    let nights = Nights::new("settle = \"0s\"");
    let first = nights.night();
    let id = nights.source.ask(&format!("SELECT {POST}"));
    nights.source.ask(&format!(
        "CREATE TABLE aside AS SELECT * FROM posts WHERE id = '{id}'; DELETE FROM posts WHERE id = '{id}'"
    ));
    let second = nights.night();
    let found = of_kind(&second, "finding_vanished");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["id"], format!("post/{id}"));
    assert_eq!(
        (&found[0]["data"]["record_id"], &found[0]["data"]["kept_when_deleted"]),
        (&id.as_str().into(), &true.into())
    );
    let digest = crate::bag::sha(first.text("seal.txt").as_bytes());
    assert_eq!(found[0]["data"]["seal_sha256"], digest, "where it is sealed");
    let index = usize::try_from(found[0]["data"]["record"].as_u64().unwrap()).unwrap();
    assert!(first.lines()[index].contains(&format!("\"id\":\"{id}\"")), "{}", first.lines()[index]);
    assert_eq!(classes(&second).get("vanished"), Some(&1), "{:?}", classes(&second));
    let third = nights.night();
    assert!(of_kind(&third, "finding_vanished").is_empty() && of_kind(&third, "post").is_empty());
    nights.source.ask("INSERT INTO posts SELECT * FROM aside; DROP TABLE aside");
    let fourth = nights.night();
    assert_eq!(of_kind(&fourth, "post").len(), 1, "it is back");
    nights.require_same("back");
}

#[test]
fn rows_that_end_by_being_removed_are_told_apart() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    let removed: u64 =
        nights.source.ask("WITH gone AS (DELETE FROM drafts RETURNING 1) SELECT count(*) FROM gone").parse().unwrap();
    assert!(removed > 0);
    let second = nights.night();
    assert_eq!(of_kind(&second, "finding_vanished").len() as u64, removed);
    let classes = classes(&second);
    assert_eq!((classes.get("note-removed"), classes.get("vanished")), (Some(&removed), None), "{classes:?}");
}

#[test]
fn a_record_altered_without_its_clock_is_found_when_its_share_is_due() {
    let nights = Nights::new("settle = \"0s\"\noverlap = \"0s\"");
    nights.night();
    let id = nights.source.ask(&format!("SELECT {POST}"));
    nights.source.ask(&format!("UPDATE posts SET message = 'never said' WHERE id = '{id}'"));
    let second = nights.night();
    assert!(of_kind(&second, "post").is_empty(), "nothing tells of it");
    assert!(classes(&second)["note-not-looked-at"] > 0, "and that nobody looked is stated");
    nights.configure("settle = \"0s\"\noverlap = \"0s\"\nrescan = \"1/2\"", "");
    let both = [nights.night(), nights.night()];
    let found: Vec<_> = both.iter().flat_map(|archive| of_kind(archive, "finding_altered")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["data"]["record_id"], id.as_str());
    let posts: Vec<_> = both.iter().flat_map(|archive| of_kind(archive, "post")).collect();
    assert_eq!((posts.len(), &posts[0]["data"]["message"]), (1, &"never said".into()));
    let counts: Vec<_> = both.iter().map(|archive| classes(archive).get("altered").copied().unwrap_or(0)).collect();
    assert_eq!(counts.iter().sum::<u64>(), 1);
    nights.require_same("altered");
}

#[test]
fn a_file_that_was_attached_or_deleted_is_sealed_again_although_its_clock_stands_still() {
    let nights = Nights::new("settle = \"0s\"\noverlap = \"0s\"");
    nights.source.ask(
        "INSERT INTO fileinfo (id, creatorid, postid, channelid, createat, updateat, deleteat, path, name)
         SELECT 'upload' || n, 'u', '', '', 1700000000000, 1700000000000, 0, 'x/' || n, 'x' FROM generate_series(1, 3) n",
    );
    nights.night();
    let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let post = nights.source.ask("SELECT id FROM posts WHERE deleteat = 0 ORDER BY id LIMIT 1");
    // As the server does it: the row of a file says neither when it was attached nor, in its clock, when it was deleted.
    nights.source.ask(&format!(
        "UPDATE fileinfo SET postid = '{post}' WHERE id = 'upload1'; UPDATE posts SET updateat = {now} WHERE id = '{post}';
         UPDATE fileinfo SET deleteat = {now} WHERE id = 'upload2'"
    ));
    let second = nights.night();
    let files: Vec<_> = of_kind(&second, "file").into_iter().map(|file| file["id"].clone()).collect();
    assert_eq!(files, ["upload1", "upload2"]);
    assert!(of_kind(&second, "finding_altered").is_empty(), "nobody altered anything");
    nights.require_same("files");
}

#[test]
fn small_tables_whose_clock_some_changes_leave_alone_are_read_whole() {
    let nights = Nights::new("settle = \"0s\"\noverlap = \"0s\"");
    nights.source.ask(
        "INSERT INTO scheduledposts (id, createat, updateat, userid, channelid, message, scheduledat, processedat, errorcode)
         VALUES ('later', 1700000000000, 1700000000000, 'u', 'c', 'm', 1700000001000, 0, '')",
    );
    nights.night();
    nights.source.ask("UPDATE scheduledposts SET processedat = 1700000002000, errorcode = 'unable_to_send'");
    nights.source.ask("UPDATE ir_playbook SET deleteat = 1700000002000");
    let second = nights.night();
    assert!(!of_kind(&second, "scheduled_post").is_empty() && !of_kind(&second, "playbook").is_empty());
    nights.require_same("small");
}
