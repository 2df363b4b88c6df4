//! Statements and checkpoints before other people's programs.

use std::fs;

use serde_json::Value;

use super::{kept, key, run, say, verified};
use crate::history;
use crate::sealed::{Desk, Ended};
use crate::tools;

#[test]
fn openssh_accepts_every_statement() {
    if tools::skipped("ssh-keygen") {
        return;
    }
    let desk = kept(&["a"]);
    key(&desk, "next.key", 9);
    say(&desk, "rotate", &["ledger", "--key", "seal.key", "--new-key", "next.key"]).require(0, "");
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    for number in [0, 2] {
        let statement = fs::read(desk.path(&format!("ledger/statements/{number:08}.txt"))).unwrap();
        let (signers, signature) = (path("signers"), path(&format!("ledger/statements/{number:08}.txt.sig")));
        let verify = |namespace: &str, text: &[u8]| {
            let args = ["-Y", "verify", "-f", &signers, "-I", crate::sealed::SIGNER, "-n", namespace, "-s", &signature];
            tools::run("ssh-keygen", &args, text).success
        };
        assert!(verify("statement@chatseal.v1", &statement));
        assert!(!verify("seal@chatseal.v1", &statement));
        assert!(!verify("statement@chatseal.v1", &[&statement[..], b"\n"].concat()));
    }
}

const ACT: [&str; 8] =
    ["--ledger", "ledger", "--key", "seal.key", "--by", "Mia \"M\" Brandt", "--why", "Letter of the insurer"];

fn hold(desk: &Desk, verb: &str, args: &[&str]) -> Ended {
    run(desk, &[&["hold", verb], args].concat())
}

#[test]
fn holds_are_issued_once_released_once_and_never_forgotten() {
    let desk = kept(&["a"]);
    let add = |args: &[&str]| hold(&desk, "add", &[&ACT, args].concat());
    add(&["crane-7", "--matter", "Crane 7", "--user", "kai", "--channel", "ops/*", "--since", "2026-06-01"])
        .require(0, "");
    add(&["crane-7", "--matter", "again", "--user", "kai"]).require(8, "already");
    add(&["x", "--matter", "nothing"]).require(2, "covers nothing");
    add(&["x y", "--matter", "id", "--everything"]).require(2, "x y");
    add(&["x", "--matter", "two\nlines", "--everything"]).require(2, "matter");
    add(&["x", "--matter", "window", "--everything", "--since", "2026-06-02", "--until", "2026-06-01"])
        .require(2, "empty");
    add(&["all", "--matter", "Everything", "--everything", "--approved-by", "Ada", "--approved-by", "Kai"])
        .require(0, "");
    let release = |id: &str| hold(&desk, "release", &[&ACT[..], &[id]].concat());
    release("nobody").require(8, "no hold");
    release("crane-7").require(0, "");
    release("crane-7").require(8, "released before");
    // Holds and archives share one order, and the set verifies; what a released hold names need not be there any more.
    let now =
        ["export", "export.jsonl", "--key", "seal.key", "--output", "archives/b.zip", "--ledger", "ledger", "--quiet"];
    run(&desk, &now).require(0, "");
    assert_eq!(verified(&desk, &[]).0, 0);
    let listed = hold(&desk, "list", &["--ledger", "ledger"]).stdout;
    assert!(
        listed.starts_with("crane-7 (released): Crane 7\n  covers user kai, channel ops/*, from 2026-06-01"),
        "{listed}"
    );
    assert!(listed.contains("all (in force): Everything\n  covers everything\n"), "{listed}");
    // The same as a file that other programs read as TOML.
    if tools::skipped("python3") {
        return;
    }
    let text = hold(&desk, "list", &["--ledger", "ledger", "--toml"]).stdout;
    let read = "import json, sys, tomllib; json.dump(tomllib.load(sys.stdin.buffer), sys.stdout, default=str)";
    let document: Value =
        serde_json::from_slice(&tools::run("python3", &["-c", read], text.as_bytes()).expect_success()).unwrap();
    let holds = document["hold"].as_array().unwrap();
    assert_eq!(holds[0]["released"]["by"].as_str(), Some("Mia \"M\" Brandt"));
    assert_eq!(holds[1]["issued"]["approved_by"].as_array().unwrap().len(), 2);
    assert_eq!((holds[1]["everything"].as_bool(), holds[1].get("released")), (Some(true), None));
}

#[test]
fn a_transfer_is_stated_with_the_digest_of_what_was_handed_over() {
    let desk = kept(&["a"]);
    let transfer = ["--from", "IT", "--to", "Dr. Weber", "--how", "stick in bag 1182"];
    let add = |file: &str| run(&desk, &[&["custody", "add", file], &ACT[..], &transfer[..]].concat());
    add("archives/a.zip").require(0, "");
    add("archives/b.zip").require(6, "b.zip");
    let text = fs::read_to_string(desk.path("ledger/statements/00000002.txt")).unwrap();
    let digest = crate::bag::sha(&fs::read(desk.path("archives/a.zip")).unwrap());
    assert!(text.contains(&format!("\nobject sha256:{digest}\nname a.zip\nfrom IT\nto Dr. Weber\n")), "{text}");
    assert_eq!(verified(&desk, &[]).0, 0);
}

#[test]
fn a_hold_in_the_ledger_keeps_what_a_policy_lets_go_until_it_is_released() {
    let desk = kept(&[]);
    let old = history::START - 100 * 86_400_000;
    let post = format!(
        "{{\"type\":\"post\",\"post\":{{\"team\":\"harbour\",\"channel\":\"bridge\",\"user\":\"olga\",\"message\":\"old\",\"create_at\":{old}}}}}\n"
    );
    desk.write("old.jsonl", history::export(&[]) + &post);
    desk.write(
        "policy.toml",
        "schema = \"chatseal-policy/v1\"\nid = \"short\"\ntitle = \"Short\"\n\n[[rule]]\nid = \"all\"\ndispose_after = \"30d\"\nthen = \"dispose\"\n",
    );
    let posts = |name: &str| {
        let output = format!("archives/{name}.zip");
        desk.export("old.jsonl", &output, &["--ledger", "ledger", "--policy", "policy.toml", "--quiet"]).require(0, "");
        let archive = desk.archive(&output);
        let kinds = archive.summary()["kinds"]["post"].clone();
        let holds =
            archive.members.get("data/policy/001-holds.toml").map(|text| String::from_utf8(text.clone()).unwrap());
        (kinds["records"].as_u64(), kinds["withheld"].as_u64(), holds)
    };
    assert_eq!(posts("before"), (Some(0), Some(1), None));
    hold(&desk, "add", &[&ACT[..], &["crane-7", "--matter", "Crane 7", "--user", "olga"]].concat()).require(0, "");
    let (records, withheld, holds) = posts("held");
    assert_eq!((records, withheld), (Some(1), Some(0)));
    assert!(holds.unwrap().contains("[[hold]]\nid = \"crane-7\"\nmatter = \"Crane 7\"\nusers = [\"olga\"]\n"));
    hold(&desk, "release", &[&ACT[..], &["crane-7"]].concat()).require(0, "");
    assert_eq!(verified(&desk, &[]).0, 0);
    // A custodian that no holds file could name is refused now, not at the next export.
    hold(&desk, "add", &[&ACT[..], &["x", "--matter", "X", "--user", "not a name"]].concat()).require(2, "not a name");
}
