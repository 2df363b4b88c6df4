//! A small server whose every post, file and membership meets one rule of the vendor's export.
//!
//! All times are offsets in milliseconds from [`START`], where the job begins.

use crate::bag::{Key, Spec, line, sha};

/// Where the job begins.
pub(super) const START: i64 = 1_700_000_000_000;

/// Its last millisecond, as an offset.
pub(super) const END: i64 = 999_999;

/// Bytes of the files that were collected.
pub(super) const PUMP: &[u8] = b"Pumpe 3: Druck 4,1 bar\n";

fn at(offset: i64) -> i64 {
    START + offset
}

/// A post: id, channel, author, created, updated, and more fields of its data.
fn post(id: &str, channel: &str, user: &str, created: i64, updated: i64, more: &str) -> (i64, String) {
    let data = format!(
        r#"{{"create_at":{},"update_at":{},"user_id":"{user}","channel_id":"{channel}",{more}}}"#,
        at(created),
        at(updated)
    );
    (at(created), line("post", id, at(created), &data))
}

fn user(id: &str, deactivated: i64) -> String {
    let data = format!(r#"{{"create_at":1,"delete_at":{deactivated},"username":"{id}","email":"{id}@example.org"}}"#);
    line("user", id, 1, &data)
}

fn channel(id: &str, team: &str, letter: &str, name: &str, display: &str) -> String {
    let data = format!(
        r#"{{"create_at":1,"delete_at":0,"team_id":"{team}","type":"{letter}","display_name":"{display}","name":"{name}"}}"#
    );
    line("channel", id, 1, &data)
}

fn stay(channel: &str, user: &str, join: i64, leave: Option<i64>) -> (i64, String) {
    let leave = leave.map_or(String::new(), |leave| format!(r#","leave_time":{}"#, at(leave)));
    let data = format!(r#"{{"channel_id":"{channel}","user_id":"{user}","join_time":{}{leave}}}"#, at(join));
    (at(join), line("channel_membership", &format!("{channel}/{user}/{}", at(join)), at(join), &data))
}

/// A file record; with `content`, its bytes are in the archive.
pub(super) fn file(id: &str, post: &str, deleted: i64, path: &str, name: &str, content: Option<&[u8]>) -> String {
    let held = content.map_or_else(
        || r#""content_missing":"not-collected""#.to_owned(),
        |bytes| {
            let digest = sha(bytes);
            let (folder, size) = (&digest[..2], bytes.len());
            format!(
                r#""content_sha256":"{digest}","content_bytes":{size},"content_member":"data/files/{folder}/{digest}""#
            )
        },
    );
    let data = format!(
        r#"{{"user_id":"ben","post_id":"{post}","create_at":5,"update_at":5,"delete_at":{deleted},"path":"{path}","name":"{name}","size":23,"mime_type":"text/plain",{held}}}"#
    );
    line("file", id, 5, &data)
}

/// Sorts records as an archive holds them.
fn sorted(mut records: Vec<(i64, String)>) -> Vec<String> {
    records.sort();
    records.into_iter().map(|(_, line)| line).collect()
}

/// The posts of the story, those that no job may take included.
fn posts() -> Vec<String> {
    let simple = |text: &str| format!(r#""message":"{text}","props":{{}},"file_ids":[]"#);
    sorted(vec![
        post("p01", "c1", "anna", 10, 10, &simple("first")),
        // Edited: the post keeps its id, its earlier version gets one.
        post("p02", "c1", "ben", 20, 5000, r#""edit_at":1700000005000,"message":"new text","props":{}"#),
        post("h02", "c1", "ben", 20, 5000, r#""delete_at":1700000005000,"original_id":"p02","message":"old text""#),
        // Written and deleted in the job, with a file.
        post(
            "p03",
            "c1",
            "anna",
            30,
            6000,
            r#""delete_at":1700000006000,"message":"gone","props":{"deleteBy":"anna"},"file_ids":["f03"]"#,
        ),
        // Written before the job, deleted in it.
        post(
            "p04",
            "c1",
            "anna",
            -50_000,
            7000,
            r#""delete_at":1700000007000,"message":"old, gone","props":{"deleteBy":"ben"}"#,
        ),
        // Somebody who is no member.
        post("p05", "c1", "eve", 40, 40, &simple("from outside")),
        // A webhook with a name of its own, by a bot.
        post(
            "p06",
            "c1",
            "robot",
            50,
            50,
            r#""message":"built","props":{"from_webhook":"true","override_username":"CI","from_bot":"true"}"#,
        ),
        post("p07", "d1", "anna", 60, 60, r#""message":"see file","props":{},"file_ids":["f07"]"#),
        post("p08", "g1", "ben", 70, 70, &simple("to the group")),
        // Touched, not edited, and a reply.
        post("p09", "c1", "ben", 35, 8000, r#""edit_at":0,"root_id":"p01","message":"answer","props":{}"#),
        // What CSV and XML find hard; and a link to another post.
        post(
            "p13",
            "c1",
            "anna",
            80,
            80,
            r#""message":"a,\"b\"\r\n=1+1 <&>'\u0000\u001b￾\t","props":{"previewed_post":"p01"}"#,
        ),
        // Alive, but its file was deleted.
        post("p14", "c1", "anna", 90, 90, r#""message":" two files","props":{},"file_ids":["f14"]"#),
        // Not of this job: said by the server, changed after it, changed before it.
        post("s01", "c1", "anna", 15, 15, r#""message":"anna joined","type":"system_join_channel""#),
        post("x01", "c1", "anna", 25, 1_000_000, &simple("changed when the job is over")),
        post("x02", "c1", "anna", -9, -1, &simple("changed before")),
    ])
}

/// The whole archive.
pub(super) fn story() -> Spec {
    let stays = sorted(vec![
        stay("c1", "anna", -100_000, None),
        stay("c1", "carl", -90_000, None),
        stay("c1", "ben", 1000, None),
        stay("c1", "dora", 2000, Some(300_000)),
        stay("c2", "dora", 50, None),
        stay("d1", "anna", -50_000, None),
        stay("d1", "ben", -50_000, None),
    ]);
    let files = vec![
        file("f03", "p03", at(6000), "20231114/f03/pump.txt", "pump.txt", Some(PUMP)),
        file("f07", "p07", 0, "20231114/f07/pump.txt", "pump.txt", Some(PUMP)),
        file("f14", "p14", at(9000), "20231114/f14/lost.txt", "lost.txt", None),
    ];
    let segment = |kind: &str, lines: Vec<String>| (kind.to_owned(), lines);
    Spec {
        files: vec![PUMP.to_vec()],
        exceptions: Vec::new(),
        key: Key::new(7),
        number: None,
        segments: vec![
            segment("bot", vec![line("bot", "robot", 1, r#"{"user_id":"robot","owner_id":"anna","create_at":1}"#)]),
            segment(
                "channel",
                vec![
                    channel("c1", "t1", "O", "pumps", "Pumps & cranes"),
                    channel("c2", "t1", "P", "quiet", "Quiet"),
                    channel("d1", "", "D", "anna__ben", ""),
                    channel("g1", "", "G", "6f1ed002ab5595859014ebf0951522d9", "anna, ben, eve"),
                ],
            ),
            segment("channel_membership", stays),
            segment("file", files),
            segment("post", posts()),
            segment("team", vec![line("team", "t1", 1, r#"{"display_name":"The Harbour","name":"harbour"}"#)]),
            segment(
                "user",
                vec![
                    user("anna", 0),
                    user("ben", 0),
                    user("carl", START - 5000),
                    user("dora", 0),
                    user("eve", 0),
                    user("robot", 0),
                ],
            ),
        ],
        ..Spec::small()
    }
}
