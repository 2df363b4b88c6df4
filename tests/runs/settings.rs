//! The configuration: what is wrong is found in its line, and trying it writes nothing.

use std::fs;

use super::{Nights, of_kind};

#[test]
fn what_is_wrong_is_found_at_its_place_and_nothing_is_touched() {
    let nights = Nights::new("settle = \"0s\"\noverlay = \"1h\"");
    nights.run(&[]).require(2, "run.toml:11:1: `overlay` is not a key of `[changes]`; write `overlap`");
    nights.run(&["--check"]).require(2, "run.toml:11:1:");
    nights.say(&["run", "nothing.toml"]).require(6, "nothing.toml");
    nights.configure("settle = \"0s\"", "[scope]\nteams = [\"no-such-team\"]");
    nights.run(&[]).require(2, "no-such-team");
    nights.source.desk.write("export.jsonl", crate::history::export(&[]));
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    let url = text.lines().find(|line| line.starts_with("url")).unwrap().to_owned();
    nights.source.desk.write(
        "run.toml",
        text.replace(&url, "dump = \"export.jsonl\"").replace("[scope]\nteams = [\"no-such-team\"]", ""),
    );
    nights.run(&["--check"]).require(2, "bulk export");
    nights.run(&[]).require(2, "bulk export");
    assert!(nights.names().is_empty());
}

#[test]
fn trying_a_configuration_writes_nothing() {
    let nights = Nights::new("settle = \"0s\"");
    let before = nights.source.desk.names();
    let tried = nights.run(&["--check"]);
    tried.require(0, "");
    assert!(tried.stdout.contains("can be used; nothing was written"), "{}", tried.stdout);
    assert_eq!(nights.source.desk.names(), before);
    assert_eq!(fs::read_dir(nights.source.desk.path("archives")).unwrap().count(), 0);
    fs::remove_dir(nights.source.desk.path("archives")).unwrap();
    nights.run(&["--check"]).require(6, "archives");
}

#[test]
fn a_night_without_news_is_proven_by_an_empty_archive() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    let ended = nights.run(&[]);
    assert!(matches!(ended.code, 0 | 3) && ended.stderr.contains("nothing changed"), "{}", ended.stderr);
    let second = nights.archives().pop().unwrap();
    assert!(second.lines().is_empty(), "{:?}", second.lines());
    let first = nights.archives().remove(0);
    let digest = crate::bag::sha(first.text("seal.txt").as_bytes());
    assert!(second.text("seal.txt").contains(&format!("previous sha256:{digest}\n")));
    // The second window begins where the first ended, but for the overlap.
    let ends = |archive: &crate::sealed::Archive| -> Vec<String> {
        let seal = archive.text("seal.txt").to_owned();
        let line = seal.lines().find(|line| line.starts_with("window change ")).unwrap().to_owned();
        line.split(' ').skip(2).map(str::to_owned).collect()
    };
    let (first, second) = (ends(&first), ends(&second));
    assert_eq!(first[0], "-");
    let at = |text: &str| chatseal::record::time::parse_exact(text).unwrap();
    assert_eq!(at(&second[0]), at(&first[1]) - 3_600_000);
}

#[test]
fn other_settings_make_a_run_look_at_everything() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    nights.configure("settle = \"0s\"", "[scope]\nteams = []\nusers = []");
    let same = nights.night();
    assert!(same.text("data/source.json").contains("\"why\":\"changed\""));
    let policy = "schema = \"chatseal-policy/v1\"\nid = \"all\"\ntitle = \"Everything\"\n[[rule]]\nid = \"keep\"\nkeep_for = \"forever\"\n";
    nights.source.desk.write("keep.toml", policy);
    nights.configure("settle = \"0s\"", "[policy]\npolicies = [\"keep.toml\"]");
    let judged = nights.night();
    assert!(
        judged.text("data/source.json").contains("\"why\":\"other-policy\""),
        "{}",
        judged.text("data/source.json")
    );
    assert!(judged.lines().is_empty(), "a decision is no new version of a record");
    let full = nights.run(&["--full", "--quiet"]);
    assert!(matches!(full.code, 0 | 3), "{}", full.stderr);
    assert!(nights.archives().pop().unwrap().text("data/source.json").contains("\"why\":\"asked\""));
}

#[test]
fn a_run_can_read_a_dump() {
    let nights = Nights::new("settle = \"0s\"");
    nights.source.dump("mm.sql");
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    let url = text.lines().find(|line| line.starts_with("url")).unwrap().to_owned();
    nights.source.desk.write("run.toml", text.replace(&url, "dump = \"mm.sql\""));
    nights.night();
    let posts: u64 = nights.source.ask("SELECT count(*) FROM posts").parse().unwrap();
    nights.source.ask("UPDATE posts SET message = 'other' WHERE id = (SELECT max(id) FROM posts)");
    nights.source.ask("DELETE FROM posts WHERE id = (SELECT min(id) FROM posts)");
    nights.source.dump("mm.sql");
    let second = nights.night();
    assert_eq!((of_kind(&second, "post").len(), of_kind(&second, "finding_vanished").len()), (1, 1));
    assert_eq!(second.count("post", "source"), posts - 1);
    nights.require_same("dumped");
}

#[test]
fn a_clock_that_went_back_makes_a_run_look_at_everything() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    nights
        .source
        .ask("UPDATE posts SET message = 'between', updateat = 1700000000000 WHERE id = (SELECT max(id) FROM posts)");
    // What a clock does that is set back by a day, as seen from the window.
    nights.configure("settle = \"1d\"", "");
    let ended = nights.run(&[]);
    assert!(matches!(ended.code, 0 | 3) && ended.stderr.contains("clock went back"), "{}", ended.stderr);
    let second = nights.archives().pop().unwrap();
    assert!(second.text("data/source.json").contains("\"why\":\"clock-went-back\""));
    assert_eq!(of_kind(&second, "post").len(), 1);
    nights.require_same("set back");
}

#[test]
fn what_a_run_came_to_is_told_to_the_monitoring() {
    let nights = Nights::new("settle = \"0s\"");
    let sample = |name: &str| {
        let text = fs::read_to_string(nights.source.desk.path("mm.prom")).unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))
    };
    nights.configure("settle = \"0s\"", "[work]\nmetrics = \"mm.txt\"");
    nights.run(&[]).require(2, ".prom");
    nights.configure("settle = \"0s\"", "[work]\nmetrics = \"mm.prom\"");
    let first = nights.night();
    let posts = sample("chatseal_records{task=\"mattermost\",kind=\"post\"}").unwrap();
    assert_eq!(posts, first.count("post", "records").to_string());
    let success = sample("chatseal_last_success_timestamp_seconds{task=\"mattermost\"}").unwrap();
    let key = fs::read(nights.source.desk.path("seal.key")).unwrap();
    fs::remove_file(nights.source.desk.path("seal.key")).unwrap();
    assert_eq!(nights.run(&[]).code, 6);
    assert_eq!(sample("chatseal_run_exit_code{task=\"mattermost\"}").as_deref(), Some("6"));
    assert_eq!(sample("chatseal_last_success_timestamp_seconds{task=\"mattermost\"}"), Some(success));
    assert_eq!(sample("chatseal_chain_length{task=\"mattermost\"}").as_deref(), Some("1"));
    fs::write(nights.source.desk.path("seal.key"), key).unwrap();
}
