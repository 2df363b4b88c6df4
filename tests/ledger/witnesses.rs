//! A second host that saw the ledger, over a stick: what it cosigns, what it refuses, and what that is worth.

use std::fs;

use super::{copy, head, kept, key, run, say, seal, verified};
use crate::sealed::{Desk, Ended};

/// Names of the witnesses and seeds of their keys.
const WITNESSES: [(&str, u8); 2] = [("registry", 21), ("notary", 22)];

fn witnessed() -> Desk {
    let desk = kept(&["a"]);
    let mut policy = "# who must have seen it\n".to_owned();
    for (name, seed) in WITNESSES {
        key(&desk, &format!("{name}.key"), seed);
        let witness = chatseal::keys::KeyPair::from_seed(&[seed; 32]).unwrap().public_key();
        let witness = chatseal::keys::Witness::new(&format!("w.example.org/{name}"), witness).unwrap();
        policy += &format!("witness {name} {}\n", witness.vkey());
    }
    desk.write("both", format!("{policy}group both all registry notary\nquorum both\n"));
    desk.write("one", format!("{policy}group one any registry notary\nquorum one\n"));
    let public = chatseal::keys::KeyPair::from_seed(&[7; 32]).unwrap().public_key();
    desk.write("seal.key.pub", public.openssh_line("") + "\n");
    desk
}

fn request(desk: &Desk, args: &[&str]) -> Ended {
    say(desk, "request", &[&["ledger", "--output", "request"], args].concat())
}

fn cosign(desk: &Desk, name: &str) -> Ended {
    let (key, full) = (format!("{name}.key"), format!("w.example.org/{name}"));
    let (seen, output) = (format!("{name}.seen"), format!("{name}.cosigned"));
    let args =
        ["request", "--log", "seal.key.pub", "--key", &key, "--name", &full, "--state", &seen, "--output", &output];
    say(desk, "cosign", &args)
}

fn attach(desk: &Desk, name: &str, policy: &str) -> Ended {
    say(desk, "attach", &["ledger", &format!("{name}.cosigned"), "--witnesses", policy])
}

#[test]
fn a_quorum_is_reached_by_distinct_witnesses_over_a_stick() {
    let desk = witnessed();
    assert_eq!(verified(&desk, &["--witnesses", "one"]).0, 4);
    request(&desk, &[]).require(0, "");
    for (name, alone, together) in [("registry", 0, 4), ("notary", 0, 0)] {
        let ended = cosign(&desk, name);
        ended.require(0, "");
        assert!(ended.stdout.contains("for the first time"), "{}", ended.stdout);
        attach(&desk, name, "both").require(0, "");
        assert_eq!(verified(&desk, &["--witnesses", "one"]).0, alone);
        let (code, found, _) = verified(&desk, &["--witnesses", "both"]);
        assert_eq!(code, together);
        assert_eq!(found, ["witnesses-missing"][usize::from(together == 0)..]);
    }
    // What is appended afterwards was not seen; how far they saw is said.
    seal(&desk, "b").require(0, "");
    let (code, _, document) = verified(&desk, &["--witnesses", "both"]);
    assert_eq!(code, 0);
    assert!(document.to_string().contains("cosigned the first 2 of 3 leaves"));
    // The next request begins where the last cosignature stands.
    request(&desk, &[]).require(0, "");
    assert!(fs::read_to_string(desk.path("request")).unwrap().starts_with("old 2\n"));
    let again = cosign(&desk, "registry");
    again.require(0, "");
    assert!(!again.stdout.contains("for the first time"));
    attach(&desk, "registry", "both").require(0, "");
    assert!(say(&desk, "status", &["ledger"]).stdout.ends_with("it holds together\n"));
}

#[test]
fn a_witness_refuses_a_rollback_a_fork_and_a_stranger() {
    let desk = witnessed();
    copy(&desk.path("ledger"), &desk.path("old"));
    seal(&desk, "b").require(0, "");
    request(&desk, &[]).require(0, "");
    cosign(&desk, "registry").require(0, "");
    let seen = fs::read(desk.path("registry.seen")).unwrap();
    fs::rename(desk.path("ledger"), desk.path("true")).unwrap();
    // The ledger is put back to an older state.
    copy(&desk.path("old"), &desk.path("ledger"));
    request(&desk, &[]).require(0, "");
    cosign(&desk, "registry").require(5, "rolled back");
    // Then it goes on in another way.
    for name in ["x", "y"] {
        seal(&desk, name).require(0, "");
    }
    request(&desk, &["--since", "3"]).require(0, "");
    cosign(&desk, "registry").require(5, "history was rewritten");
    request(&desk, &["--since", "2"]).require(0, "");
    cosign(&desk, "registry").require(8, "--since 3");
    request(&desk, &["--since", "9"]).require(2, "has 4 leaves");
    // Somebody else signs for the log.
    let other = chatseal::keys::KeyPair::from_seed(&[8; 32]).unwrap().public_key();
    desk.write("seal.key.pub", other.openssh_line("") + "\n");
    cosign(&desk, "registry").require(4, "not signed by");
    desk.write("request", "old x\n");
    cosign(&desk, "registry").require(6, "not a request");
    assert_eq!(fs::read(desk.path("registry.seen")).unwrap(), seen, "a witness that refuses remembers what it knew");
}

#[test]
fn only_cosignatures_of_the_policy_on_checkpoints_of_the_ledger_are_attached() {
    let desk = witnessed();
    request(&desk, &[]).require(0, "");
    cosign(&desk, "registry").require(0, "");
    let cosigned = fs::read_to_string(desk.path("registry.cosigned")).unwrap();
    let policy = fs::read_to_string(desk.path("one")).unwrap();
    let nobody = policy.lines().filter(|line| line.starts_with("witness notary")).map(|line| format!("{line}\n"));
    desk.write("nobody", nobody.collect::<String>() + "quorum none\n");
    attach(&desk, "registry", "nobody").require(8, "no witness");
    desk.write("broken", "quorum someone\n");
    attach(&desk, "registry", "broken").require(2, "line 1");
    let before = head(&desk);
    attach(&desk, "registry", "one").require(0, "");
    assert_eq!(head(&desk), before, "a cosignature changes no head");
    // One bit of it is noticed by whoever names the witness.
    let at = cosigned.rfind('\u{2014}').unwrap() + 40;
    for name in ["ledger/checkpoint", "ledger/checkpoints/00000002"] {
        let mut text = fs::read(desk.path(name)).unwrap();
        text[at] = if text[at] == b'A' { b'B' } else { b'A' };
        fs::write(desk.path(name), text).unwrap();
    }
    let (code, found, _) = verified(&desk, &["--witnesses", "one"]);
    assert_eq!((code, found), (4, vec!["cosignature-invalid".to_owned(), "witnesses-missing".to_owned()]));
    run(&desk, &["verify", "archives", "--witnesses", "one"]).require(2, "--ledger");
}
