//! The story as mail for Global Relay, as Python's email and html readers read it.

use serde_json::{Value, json};

use super::story::{END, PUMP, story};
use super::{batches, names, produced};
use crate::bag::sha;

#[test]
fn a_mail_has_the_vendors_headers_people_and_lines() {
    let zips = produced(story(), "global-relay");
    assert_eq!(names(&zips), batches(&[(0, 70), (70, 6000), (6000, END)]));
    assert_eq!(
        zips[0]["names"],
        json!([
            "pumps - (c1) - 0.eml",
            "quiet - (c2) - 0.eml",
            "anna__ben - (d1) - 0.eml",
            "6f1ed002ab5595859014ebf0951522d9 - (g1) - 0.eml"
        ])
    );
    let mail = |zip: usize, name: &str| zips[zip]["members"][name].clone();
    let pumps = mail(0, "pumps - (c1) - 0.eml");
    assert_eq!(pumps["defects"], json!([]));
    let header = |mail: &Value, name: &str| -> String {
        let headers = mail["headers"].as_array().unwrap();
        headers.iter().find(|pair| pair[0] == name).map_or(String::new(), |pair| pair[1].as_str().unwrap().to_owned())
    };
    for (name, expected) in [
        ("Mime-Version", "1.0"),
        ("From", "anna@example.org"),
        ("Subject", "Mattermost Compliance Export: Pumps & cranes"),
        ("Date", "Tue, 14 Nov 2023 22:13:20 +0000"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("X-GlobalRelay-MsgType", "Mattermost"),
        ("X-Mattermost-ChannelName", "Pumps & cranes"),
        ("X-Mattermost-ChannelID", "c1"),
        ("X-Mattermost-ChannelType", "public"),
    ] {
        assert_eq!(header(&pumps, name), expected, "{name}");
    }
    let people = ["anna", "eve", "robot"].map(|name| format!("{name}@example.org"));
    assert_eq!(header(&pumps, "To").replace(", ", ","), people.join(","));
    let robot = &pumps["html"]["participants"][2];
    assert_eq!(
        *robot,
        json!({"userid": "robot", "username": "@robot", "usertype": "bot", "email": "robot@example.org",
            "joined": "2023-11-14T22:13:20Z", "left": "2023-11-14T22:13:20Z", "duration": "0 seconds", "messages": "1"})
    );
    assert_eq!(
        pumps["html"]["messages"][2],
        json!({"post_id": "p06", "sent_time": "2023-11-14T22:13:20Z", "username": "@robot", "userid": "robot",
            "postusername": "@CI", "usertype": "bot", "email": "(robot@example.org)", "message": "built"})
    );
    let direct = mail(0, "anna__ben - (d1) - 0.eml");
    assert_eq!(direct["files"], json!([["pump.txt", "text/plain", sha(PUMP)]]));
    let said = |mail: &Value| -> Vec<String> {
        let line =
            |line: &Value| format!("{} {}", line["post_id"].as_str().unwrap(), line["message"].as_str().unwrap());
        mail["html"]["messages"].as_array().unwrap().iter().map(line).collect()
    };
    assert_eq!(said(&direct), ["p07 see file", "p07 Uploaded file pump.txt"]);
    let second = mail(1, "pumps - (c1) - 0.eml");
    assert_eq!(
        said(&second),
        [
            "h02 old text",
            "p02 new text",
            "p03 gone",
            "p03 Uploaded file pump.txt",
            "p03 delete gone",
            "p03 Deleted file pump.txt",
            "p13 a,\"b\"\r\n=1+1 <&>'\u{fffd}\u{1b}\u{fffe}\t",
            "p14  two files",
            "p14 Uploaded file lost.txt",
            "p14 Deleted file lost.txt",
        ]
    );
    let old = &second["html"]["messages"][0];
    let update = ["update_type", "update_time", "edited_new_msg_id"].map(|class| old[class].as_str().unwrap());
    assert_eq!(update, ["EditedOriginalMsg", "2023-11-14T22:13:25Z", "p02"]);
    // Quiet has nobody who wrote: only who came in.
    let quiet = mail(0, "quiet - (c2) - 0.eml");
    assert_eq!((said(&quiet).len(), header(&quiet, "To").as_str()), (0, "dora@example.org"));
    assert!(second["text"].as_str().unwrap().contains("p02") && second["longest"].as_u64().unwrap() <= 78);
}
