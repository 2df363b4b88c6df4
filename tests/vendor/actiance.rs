//! The story as Actiance XML, as an XML parser reads it.

use serde_json::{Value, json};

use super::story::{END, START, story};
use super::{batches, names, produced};

/// An element's children as `Tag text`, without those that hold others.
fn flat(node: &Value) -> Vec<String> {
    let leaf = |child: &Value| {
        let text = child[2].as_str().unwrap();
        let text = text
            .parse::<i64>()
            .ok()
            .filter(|at| *at > 1_000_000_000_000)
            .map_or(text.to_owned(), |at| (at - START).to_string());
        format!("{} {text}", child[0].as_str().unwrap())
    };
    node[3].as_array().unwrap().iter().map(leaf).collect()
}

#[test]
fn actiance_tells_the_same_as_xml() {
    let zips = produced(story(), "actiance");
    assert_eq!(names(&zips), batches(&[(0, 70), (70, 6000), (6000, END)]));
    assert_eq!(zips[0]["names"], json!(["actiance_export.xml", "20231114/f07/pump.txt"]));
    assert_eq!(zips[1]["names"], json!(["actiance_export.xml", "20231114/f03/pump.txt", "warning.txt"]));
    assert_eq!(
        zips[1]["members"]["warning.txt"],
        "Warning:File backend read: File missing for post; cannot copy file to archive - 20231114/f14/lost.txt"
    );
    let conversations = |zip: usize| zips[zip]["members"]["actiance_export.xml"][3].as_array().unwrap().clone();
    let rooms = |zip: usize| -> Vec<String> {
        conversations(zip).iter().map(|one| one[3][0][2].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        rooms(0),
        [
            "public - pumps - c1",
            "private - quiet - c2",
            "direct - anna__ben - d1",
            "group - 6f1ed002ab5595859014ebf0951522d9 - g1"
        ]
    );
    assert_eq!(conversations(0)[0][1], json!({"Perspective": "Pumps & cranes"}));
    let last = &conversations(2)[0];
    let tags: Vec<&str> = last[3].as_array().unwrap().iter().map(|child| child[0].as_str().unwrap()).collect();
    let expected = [
        "RoomID",
        "StartTimeUTC",
        "ParticipantEntered",
        "ParticipantEntered",
        "ParticipantEntered",
        "Message",
        "Message",
        "ParticipantLeft",
        "ParticipantLeft",
        "ParticipantLeft",
        "EndTimeUTC",
    ];
    assert_eq!(tags, expected);
    let person = |tag: &str, who: &str, at: i64| {
        (
            tag.to_owned(),
            vec![
                format!("LoginName {who}@example.org"),
                "UserType user".into(),
                format!("DateTimeUTC {at}"),
                format!("CorporateEmailID {who}@example.org"),
            ],
        )
    };
    let people: Vec<_> = last[3]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one[0].as_str().unwrap().starts_with("Participant"))
        .map(|one| (one[0].as_str().unwrap().to_owned(), flat(one)))
        .collect();
    assert_eq!(
        people,
        [
            person("ParticipantEntered", "anna", -100_000),
            person("ParticipantEntered", "ben", 1000),
            person("ParticipantEntered", "dora", 2000),
            person("ParticipantLeft", "dora", 300_000),
            person("ParticipantLeft", "anna", END),
            person("ParticipantLeft", "ben", END),
        ]
    );
}

#[test]
fn actiance_sorts_updates_by_their_time_and_files_behind_posts() {
    let zips = produced(story(), "actiance");
    let second = &zips[1]["members"]["actiance_export.xml"][3][0];
    let elements = second[3]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| matches!(one[0].as_str().unwrap(), "Message" | "FileTransferStarted" | "FileTransferEnded"));
    let said: Vec<(String, Vec<String>)> =
        elements.map(|one| (one[0].as_str().unwrap().to_owned(), flat(one))).collect();
    let message = |id: &str, created: i64, update: &[String], content: &str| {
        let mut fields = vec![
            format!("MessageId {id}"),
            "LoginName anna@example.org".to_owned(),
            "UserType user".into(),
            format!("DateTimeUTC {created}"),
        ];
        fields.extend_from_slice(update);
        fields.push(format!("Content {content}"));
        ("Message".to_owned(), fields)
    };
    let update = |kind: &str, at: i64| [format!("UpdatedType {kind}"), format!("UpdatedDateTimeUTC {at}")];
    let transfer = |tag: &str, at: i64, path: &str, name: &str| {
        let mut fields = vec![
            "LoginName anna@example.org".to_owned(),
            format!("DateTimeUTC {at}"),
            format!("UserFileName {name}"),
            format!("FileName {path}"),
        ];
        if tag == "FileTransferEnded" {
            fields.push("Status Completed".into());
        }
        (tag.to_owned(), fields)
    };
    let by_ben = |(tag, fields): (String, Vec<String>)| {
        (tag, fields.into_iter().map(|field| field.replace("anna@", "ben@")).collect::<Vec<_>>())
    };
    let mut edited = update("EditedOriginalMsg", 5000).to_vec();
    edited.push("EditedNewMsgId p02".into());
    let mut linked = message("p13", 80, &[], "a,\"b\"\r\n=1+1 <&>'\u{fffd}\u{fffd}\u{fffd}\t");
    linked.1.push("PreviewsPost p01".into());
    let expected = [
        message("p03", 30, &[], "gone"),
        transfer("FileTransferStarted", 30, "20231114/f03/pump.txt", "pump.txt"),
        transfer("FileTransferEnded", 30, "20231114/f03/pump.txt", "pump.txt"),
        linked,
        message("p14", 90, &[], " two files"),
        transfer("FileTransferStarted", 90, "20231114/f14/lost.txt", "lost.txt"),
        transfer("FileTransferEnded", 90, "20231114/f14/lost.txt", "lost.txt"),
        by_ben(message("h02", 20, &edited, "old text")),
        by_ben(message("p02", 20, &update("EditedNewMsg", 5000), "new text")),
        message("p03", 30, &update("Deleted", 6000), "delete gone"),
        message("p03", 30, &update("FileDeleted", 6000), "delete 20231114/f03/pump.txt"),
        message("p14", 90, &update("FileDeleted", 9000), "delete 20231114/f14/lost.txt"),
    ];
    assert_eq!(said, expected);
}
