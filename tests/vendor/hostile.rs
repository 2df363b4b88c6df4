//! Names and addresses that mean harm, archives that cannot be trusted, and flags that make no sense.

use serde_json::json;

use super::story::{PUMP, file, story};
use super::{produced, run};
use crate::sealed::{Desk, Ended};

#[test]
fn hostile_names_and_addresses_do_no_harm() {
    let mut spec = story();
    for (kind, lines) in &mut spec.segments {
        match kind.as_str() {
            "file" => {
                *lines = vec![
                    file("f07", "p07", 0, "../../../etc/passwd", "a\\\"\\r\\nBcc: x@y.txt", Some(PUMP)),
                    file("f08", "p07", 0, "/abs/CON", "ü\u{202e}.txt", Some(PUMP)),
                ];
            }
            "user" => {
                for line in lines {
                    *line = line.replace("anna@example.org", "anna@example.org\\r\\nBcc: evil@example.org");
                }
            }
            "channel" => {
                for line in lines {
                    *line = line.replace("anna__ben", "x/../\\r\\nBcc: evil@example.org");
                }
            }
            _ => {}
        }
    }
    let csv = produced(spec.clone(), "csv");
    assert_eq!(csv[0]["names"], json!(["posts.csv", "files/p07/f07-passwd", "files/p07/f08-CON", "metadata.json"]));
    let xml = produced(spec.clone(), "actiance");
    assert_eq!(xml[0]["names"], json!(["actiance_export.xml", "_/_/_/etc/passwd", "_/abs/_CON"]));
    let mail = produced(spec, "global-relay");
    for name in mail[0]["names"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(!name.contains(['/', '\\', '\r', '\n']), "{name:?}");
        let one = &mail[0]["members"][name];
        assert_eq!(one["defects"], json!([]), "{name}");
        assert!(one["headers"].as_array().unwrap().iter().all(|pair| pair[0] != "Bcc"), "{one}");
    }
    let direct = mail[0]["members"].as_object().unwrap().iter().find(|(name, _)| name.contains("(d1)")).unwrap().1;
    let files: Vec<&str> = direct["files"].as_array().unwrap().iter().map(|file| file[0].as_str().unwrap()).collect();
    assert_eq!(files, ["a\"__Bcc: x@y.txt", "ü\u{202e}.txt"]);
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let desk = Desk::new();
    let mut stranger = story();
    stranger.key = crate::bag::Key::new(9);
    run(&desk, stranger, "csv", "out", &[]).require(4, "is not used: intact, signer not accepted");
    let mut bytes = story().zip();
    let place = bytes.windows(5).position(|window| window == b"first").unwrap();
    bytes[place] = b'F';
    desk.write("changed.zip", bytes);
    let produce = |more: &[&str]| {
        let fixed = ["produce", "changed.zip", "--format", "csv", "--output", "out", "--quiet"];
        Ended::of(desk.chatseal(&[&fixed[..], more].concat()).output().unwrap())
    };
    produce(&[]).require(1, "NOT INTACT");
    assert!(!desk.path("out").exists(), "nothing is written");
    desk.write("story.zip", story().zip());
    let unverified = ["produce", "story.zip", "--format", "csv", "--output", "unverified", "--unverified"];
    let ended = Ended::of(desk.chatseal(&unverified).output().unwrap());
    ended.require(0, "standing  not verified");
    assert!(ended.stdout.contains("(not verified)"), "{}", ended.stdout);
    let unknown = ["produce", "story.zip", "--format", "csv", "--output", "o", "--channel", "harbour/nowhere"];
    Ended::of(desk.chatseal(&unknown).output().unwrap())
        .require(2, "the archive describes no channel `harbour/nowhere`");
    let taken = ["produce", "story.zip", "--format", "csv", "--output", "unverified"];
    Ended::of(desk.chatseal(&taken).output().unwrap()).require(8, "exists");
    let odd = ["produce", "story.zip", "--format", "pdf", "--output", "o"];
    Ended::of(desk.chatseal(&odd).output().unwrap()).require(2, "invalid value `pdf`");
}
