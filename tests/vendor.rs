//! What Mattermost's own compliance export would have written: held against expectations that were derived from how the
//! vendor describes it, and read back with Python's zipfile, csv, xml and email.

mod actiance;
mod again;
mod hostile;
mod mail;
mod story;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::bag::{Spec, line, sha};
use crate::sealed::{Desk, Ended};
use crate::tools;
use story::{END, PUMP, START, story};

/// The zips of a production as Python reads them, all of them sound.
fn read(folder: &Path) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vendor/read.py");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "zip") {
            // It reads the headers of members, where Python reads the directory.
            tools::run("unzip", &["-tqq", path.to_str().unwrap()], b"").expect_success();
        }
    }
    let said = tools::run("python3", &[script, folder.to_str().unwrap()], b"").expect_success();
    serde_json::from_slice(&said).unwrap()
}

/// Produces the job of the story from an archive, in batches of five posts.
fn run(desk: &Desk, spec: Spec, format: &str, output: &str, more: &[&str]) -> Ended {
    desk.write("story.zip", spec.zip());
    let fixed = ["produce", "story.zip", "--signers", "signers", "--format", format, "--output", output];
    let until = format!("ms:{}", START + END + 1);
    let job = ["--since", &format!("ms:{START}"), "--until", &until, "--batch-size", "5", "--quiet"];
    Ended::of(desk.chatseal(&[&fixed[..], &job[..], more].concat()).output().unwrap())
}

fn produced(spec: Spec, format: &str) -> Vec<Value> {
    let desk = Desk::new();
    run(&desk, spec, format, "out", &[]).require(0, "");
    read(&desk.path("out"))
}

fn names(zips: &[Value]) -> Vec<String> {
    zips.iter().map(|zip| zip["zip"].as_str().unwrap().to_owned()).collect()
}

/// `batchNNN-START-END.zip` of these offsets.
fn batches(spans: &[(i64, i64)]) -> Vec<String> {
    let name = |(number, (start, end)): (usize, &(i64, i64))| {
        format!("batch{:03}-{}-{}.zip", number + 1, START + start, START + end)
    };
    spans.iter().enumerate().map(name).collect()
}

/// A row of `posts.csv` in short: written, changed (offsets, `-` for none), what became of it, channel, who, post and what
/// replaced it, sort of row.
fn short(row: &Value) -> String {
    let text = |column: &str| row[column].as_str().unwrap().to_owned();
    let offset = |column: &str| match text(column).parse::<i64>().unwrap() {
        0 => "-".to_owned(),
        at => (at - START).to_string(),
    };
    let columns = [
        offset("Post Creation Time"),
        offset("Post Update Time"),
        text("Post Update Type"),
        text("Channel Id"),
        text("Username"),
        text("Post Id"),
        text("Edited By Post Id"),
        text("Post Type"),
    ];
    columns.join(" ")
}

fn rows(zip: &Value) -> Vec<String> {
    zip["members"]["posts.csv"].as_array().unwrap().iter().map(short).collect()
}

/// The row of this post and sort.
fn row<'z>(zip: &'z Value, post: &str, kind: &str, update: &str) -> &'z Value {
    let rows = zip["members"]["posts.csv"].as_array().unwrap();
    let is_it = |row: &&Value| row["Post Id"] == post && row["Post Type"] == kind && row["Post Update Type"] == update;
    rows.iter().find(is_it).unwrap_or_else(|| panic!("no row of {post}"))
}

#[test]
fn csv_tells_every_row_of_three_batches() {
    let zips = produced(story(), "csv");
    assert_eq!(names(&zips), batches(&[(0, 70), (70, 6000), (6000, END)]));
    let before = |who: &str, at: i64, channel: &str| format!("{at} -  {channel} {who}   previously-joined");
    assert_eq!(
        rows(&zips[0]),
        [
            &before("anna", -100_000, "c1"),
            &before("anna", -50_000, "d1"),
            &before("ben", -50_000, "d1"),
            &before("eve", 0, "c1"),
            &before("robot", 0, "c1"),
            &before("ben", 0, "g1"),
            "10 10  c1 anna p01  message",
            "40 40  c1 eve p05  message",
            "50 -  c2 dora   enter",
            "50 50  c1 robot p06  message",
            "60 60  d1 anna p07  message",
            "60 60  d1 anna p07  attachment",
            "70 70  g1 ben p08  message",
        ]
    );
    assert_eq!(
        rows(&zips[1]),
        [
            &before("anna", -100_000, "c1"),
            "20 5000 EditedOriginalMsg c1 ben h02 p02 message",
            "20 5000 EditedNewMsg c1 ben p02  message",
            "30 6000  c1 anna p03  message",
            "30 6000 Deleted c1 anna p03  message",
            "30 6000  c1 anna p03  attachment",
            "30 6000 FileDeleted c1 anna p03  deleted attachment",
            "80 80  c1 anna p13  message",
            "90 90  c1 anna p14  message",
            "90 90  c1 anna p14  attachment",
            "90 9000 FileDeleted c1 anna p14  deleted attachment",
            "1000 -  c1 ben   enter",
            "2000 -  c1 dora   enter",
        ]
    );
    assert_eq!(
        rows(&zips[2]),
        [
            &before("anna", -100_000, "c1"),
            "-50000 7000 Deleted c1 anna p04  message",
            "35 8000 UpdatedNoMsgChange c1 ben p09  message",
            &before("ben", 1000, "c1"),
            &before("dora", 2000, "c1"),
            "300000 -  c1 dora   leave",
        ]
    );
}

#[test]
fn csv_columns_say_what_the_vendors_do() {
    let zips = produced(story(), "csv");
    assert_eq!(
        *row(&zips[0], "p06", "message", ""),
        json!({
            "Post Creation Time": (START + 50).to_string(), "Post Update Time": (START + 50).to_string(),
            "Post Update Type": "", "Team Id": "t1", "Team Name": "harbour", "Team Display Name": "The Harbour",
            "Channel Id": "c1", "Channel Name": "pumps", "Channel Display Name": "Pumps & cranes",
            "Channel Type": "public", "User Id": "robot", "User Email": "robot@example.org", "Username": "robot",
            "Post Id": "p06", "Edited By Post Id": "", "Replied to Post Id": "", "Post Message": "built",
            "Post Type": "message", "User Type": "bot", "Previews Post Id": "",
        })
    );
    let message = |zip: usize, post: &str, update: &str| {
        row(&zips[zip], post, "message", update)["Post Message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(1, "p13", ""), "a,\"b\"\r\n=1+1 <&>'\0\u{1b}\u{fffe}\t");
    assert_eq!(row(&zips[1], "p13", "message", "")["Previews Post Id"], "p01");
    assert_eq!(message(1, "p03", ""), "gone");
    assert_eq!(message(1, "p03", "Deleted"), "delete gone");
    assert_eq!(message(1, "p14", ""), " two files");
    assert_eq!(
        (message(1, "h02", "EditedOriginalMsg"), message(1, "p02", "EditedNewMsg")),
        ("old text".into(), "new text".into())
    );
    assert_eq!(row(&zips[2], "p09", "message", "UpdatedNoMsgChange")["Replied to Post Id"], "p01");
    let direct = row(&zips[0], "p07", "attachment", "");
    assert_eq!(direct["Post Message"], "pump.txt (files/p07/f07-pump.txt)");
    assert_eq!(
        (&direct["Channel Display Name"], &direct["Channel Type"]),
        (&json!("Direct Message"), &json!("direct"))
    );
    assert_eq!((&direct["Team Id"], &direct["Team Name"]), (&json!(""), &json!("")));
    let group = row(&zips[0], "p08", "message", "");
    assert_eq!((&group["Channel Display Name"], &group["Channel Type"]), (&json!("Group Message"), &json!("group")));
    // A channel without posts in the batch has the team's id, but not its names.
    let came = zips[0]["members"]["posts.csv"].as_array().unwrap();
    let quiet = came.iter().find(|row| row["Channel Id"] == "c2").unwrap();
    assert_eq!(
        (&quiet["Team Id"], &quiet["Team Name"], &quiet["Channel Type"]),
        (&json!("t1"), &json!(""), &json!("private"))
    );
    assert_eq!(quiet["Post Message"], "User dora (dora@example.org) joined the channel");
    let said = |zip: usize, kind: &str, user: &str| {
        let rows = zips[zip]["members"]["posts.csv"].as_array().unwrap();
        let found = rows.iter().find(|row| row["Post Type"] == kind && row["Username"] == user).unwrap();
        (found["Post Message"].as_str().unwrap().to_owned(), found["User Type"].as_str().unwrap().to_owned())
    };
    let robot = ("User robot (robot@example.org) was already in the channel".to_owned(), "bot".to_owned());
    assert_eq!(said(0, "previously-joined", "robot"), robot);
    assert_eq!(said(2, "leave", "dora").0, "User dora (dora@example.org) left the channel");
}

#[test]
fn csv_has_the_vendors_members_and_metadata() {
    let zips = produced(story(), "csv");
    let members = |zip: usize| zips[zip]["names"].clone();
    assert_eq!(members(0), json!(["posts.csv", "files/p07/f07-pump.txt", "metadata.json"]));
    assert_eq!(members(1), json!(["posts.csv", "files/p03/f03-pump.txt", "warning.txt", "metadata.json"]));
    assert_eq!(members(2), json!(["posts.csv", "metadata.json"]));
    assert_eq!(zips[0]["dates"], json!([[1980, 1, 1, 0, 0, 0]]));
    assert_eq!(zips[0]["members"]["files/p07/f07-pump.txt"], sha(PUMP));
    assert_eq!(
        zips[1]["members"]["warning.txt"],
        "Warning:File backend read: File missing for post; cannot copy file to archive - Post: p14 - \
         20231114/f14/lost.txt\n"
    );
    let metadata = |zip: usize| zips[zip]["members"]["metadata.json"].clone();
    let whole = |zip: usize| {
        let metadata = metadata(zip);
        ["MessagesCount", "AttachmentsCount", "StartTime", "EndTime"].map(|field| metadata[field].as_i64().unwrap())
    };
    assert_eq!(whole(0), [5, 1, START, START + 70]);
    assert_eq!(whole(1), [6, 2, START + 70, START + 6000]);
    assert_eq!(whole(2), [2, 0, START + 6000, START + END]);
    // All channels of the job in each batch, counts that grow, names of teams that are never filled.
    assert_eq!(
        metadata(1)["Channels"]["c1"],
        json!({
            "TeamId": "t1", "TeamName": null, "TeamDisplayName": null, "ChannelId": "c1", "ChannelName": "pumps",
            "ChannelDisplayName": "Pumps & cranes", "ChannelType": "O", "RoomId": "public - c1", "StartTime": START,
            "EndTime": START + END, "MessagesCount": 9, "AttachmentsCount": 2,
        })
    );
    for zip in 0..3 {
        let channels = metadata(zip)["Channels"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(channels, ["c1", "c2", "d1", "g1"]);
    }
    assert_eq!(metadata(2)["Channels"]["d1"]["AttachmentsCount"], 1);
}

#[test]
fn without_history_the_current_members_are_there_all_the_time() {
    let mut spec = story();
    let member = |user: &str| {
        line("channel_member", &format!("c1/{user}"), 0, &format!(r#"{{"channel_id":"c1","user_id":"{user}"}}"#))
    };
    let place = spec.segments.iter().position(|(kind, _)| kind == "channel_membership").unwrap();
    spec.segments[place] = ("channel_member".into(), vec![member("anna"), member("ben")]);
    let zips = produced(spec, "csv");
    assert_eq!(
        rows(&zips[0])[..4],
        [
            "0 -  c1 anna   previously-joined",
            "0 -  c1 ben   previously-joined",
            "0 -  c1 eve   previously-joined",
            "0 -  c1 robot   previously-joined"
        ]
    );
    assert_eq!(
        rows(&zips[2]).iter().filter(|row| row.ends_with("leave")).collect::<Vec<_>>(),
        ["999999 -  c1 anna   leave", "999999 -  c1 ben   leave"]
    );
}

#[test]
fn somebody_who_left_and_came_back_is_still_there() {
    let mut spec = story();
    let stays = spec.segments.iter_mut().find(|(kind, _)| kind == "channel_membership").unwrap();
    let stay = |join: i64, leave: &str| {
        let data = format!(r#"{{"channel_id":"c1","user_id":"anna","join_time":{join}{leave}}}"#);
        line("channel_membership", &format!("c1/anna/{join}"), join, &data)
    };
    stays.1 = vec![stay(START - 100, &format!(r#","leave_time":{}"#, START + 7000)), stay(START + 8000, "")];
    let zips = produced(spec, "actiance");
    let last = zips[2]["members"]["actiance_export.xml"][3][0][3].as_array().unwrap().clone();
    let of = |tag: &str| -> Vec<i64> {
        let found = last.iter().filter(|one| one[0] == tag && one[3][0][2] == "anna@example.org");
        found.map(|one| one[3][2][2].as_str().unwrap().parse::<i64>().unwrap() - START).collect()
    };
    // One join, the last; the leave that was, and the end of the batch for whoever is there.
    assert_eq!((of("ParticipantEntered"), of("ParticipantLeft")), (vec![8000], vec![7000, END]));
}

#[test]
fn the_same_archive_gives_the_same_bytes_for_any_number_of_threads() {
    let desk = Desk::new();
    for format in ["csv", "actiance", "global-relay"] {
        let of = |threads: &str| {
            let output = format!("{format}-{threads}");
            run(&desk, story(), format, &output, &["--threads", threads]).require(0, "");
            let mut files: Vec<_> =
                fs::read_dir(desk.path(&output)).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let zips = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "zip"));
            zips.map(|path| (path.file_name().unwrap().to_owned(), fs::read(path).unwrap())).collect::<Vec<_>>()
        };
        let one = of("1");
        assert_eq!(one.len(), 3);
        assert!(one == of("4"), "{format}");
    }
}

#[test]
fn a_job_without_posts_has_no_batch() {
    let mut spec = story();
    spec.segments.retain(|(kind, _)| kind != "post");
    assert_eq!(produced(spec, "csv"), Vec::<Value>::new());
}

#[test]
fn what_the_vendor_leaves_out_is_said() {
    let desk = Desk::new();
    let ended = run(&desk, story(), "csv", "out", &["--json"]);
    ended.require(0, "");
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    let remarks = said.to_string();
    assert!(remarks.contains("posts that the server itself wrote (system_…): 1"), "{remarks}");
    assert!(remarks.contains("posts of the window: 1"), "{remarks}");
}
