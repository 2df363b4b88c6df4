//! What may happen to runs: killed at any time, two at once, the index lost or spoiled, archives lost.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Nights, of_kind};
use crate::sealed::Ended;

fn change(nights: &Nights, text: &str) {
    nights.source.ask(&format!(
        "UPDATE posts SET message = '{text}', updateat = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE id = (SELECT max(id) FROM posts)"
    ));
}

#[test]
fn killed_at_any_time_the_next_run_goes_on() {
    let nights = Nights::new("settle = \"0s\"");
    let begun = Instant::now();
    nights.night();
    let whole = begun.elapsed();
    for at in 0..10_u32 {
        change(&nights, &format!("{at}"));
        nights.killed_after(whole * at / 9);
    }
    nights.night();
    nights.require_same("killed");
    let left = fs::read_dir(nights.source.desk.path("archives")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.ends_with(".partial")), "{left:?}");
    let verified = ["--quiet", "verify", "archives", "--signers", "signers", "--ledger", "ledger"];
    nights.say(&verified).require(0, "");
}

#[test]
fn two_at_once_are_kept_apart() {
    let nights = Nights::new("settle = \"0s\"");
    let lock = fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(nights.source.desk.path("ledger/run.lock"))
        .unwrap();
    lock.lock().unwrap();
    fs::write(nights.source.desk.path("ledger/run.lock"), "process 4711 on harbour\n").unwrap();
    nights.run(&[]).require(7, "process 4711 on harbour");
    let begun = Instant::now();
    nights.run(&["--wait", "1s"]).require(7, "process 4711");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let waiting = nights
        .source
        .desk
        .chatseal(&["run", "run.toml", "--quiet", "--wait", "1h"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    sleep(Duration::from_millis(500));
    assert!(nights.names().is_empty());
    lock.unlock().unwrap();
    let ended = Ended::of(waiting.wait_with_output().unwrap());
    assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
    let running: Vec<_> = (0..3)
        .map(|_| {
            nights
                .source
                .desk
                .chatseal(&["run", "run.toml", "--quiet", "--wait", "1h"])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in running {
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
    }
    assert_eq!(nights.names().len(), 4);
    nights.require_same("at once");
}

#[test]
fn a_lost_or_spoiled_index_is_made_anew_from_the_archives() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    change(&nights, "one");
    nights.night();
    let index = nights.source.desk.path("archives/index");
    for spoil in [0, 1] {
        for entry in fs::read_dir(&index).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }
        if spoil == 1 {
            fs::remove_dir_all(&index).unwrap();
        }
        change(&nights, &format!("spoiled {spoil}"));
        let archive = nights.night();
        assert_eq!(of_kind(&archive, "post").len(), 1);
        nights.require_same("spoiled");
    }
    // With the index, archives may lie elsewhere; without both nobody knows what they hold.
    let names = nights.names();
    nights.night();
    let first = nights.source.desk.path(&format!("archives/{}", names[0]));
    fs::rename(&first, nights.source.desk.path("first.zip")).unwrap();
    change(&nights, "away");
    assert_eq!(of_kind(&nights.night(), "post").len(), 1);
    fs::remove_dir_all(&index).unwrap();
    nights.run(&[]).require(6, "seal 1");
    fs::rename(nights.source.desk.path("first.zip"), first).unwrap();
    nights.night();
    nights.require_same("brought back");
}

#[test]
fn what_was_in_an_archive_that_was_never_published_is_sealed_again() {
    let nights = Nights::new("settle = \"0s\"\noverlap = \"0s\"");
    nights.night();
    change(&nights, "lost");
    nights.night();
    // As a run leaves it that was killed behind the commit, on a disk that lost its archive.
    let desk = &nights.source.desk;
    let name = nights.names().pop().unwrap();
    let target = fs::canonicalize(desk.path("archives")).unwrap().join(&name);
    let seal = crate::bag::sha(&fs::read(desk.path("ledger/statements/00000002.txt")).unwrap());
    let archive = crate::bag::sha(&fs::read(&target).unwrap());
    desk.write(
        "ledger/pending/00000002",
        format!("chatseal-pending/v1\nseal 2 sha256:{seal}\narchive sha256:{archive}\ntarget {}\n", target.display()),
    );
    let list = fs::read_to_string(desk.path("ledger/archives.sha256")).unwrap();
    desk.write("ledger/archives.sha256", list.lines().next().unwrap().to_owned() + "\n");
    fs::remove_file(&target).unwrap();
    let third = nights.night();
    assert!(third.text("data/source.json").contains("\"why\":\"last-lost\""), "{}", third.text("data/source.json"));
    assert_eq!(of_kind(&third, "post").len(), 1);
    nights.require_same("lost");
    assert!(nights.night().text("data/source.json").contains("\"why\":\"changed\""));
}

#[test]
fn another_server_is_not_told_as_the_same_history() {
    let nights = Nights::new("settle = \"0s\"");
    nights.night();
    nights.source.ask("UPDATE systems SET value = 'another' WHERE name = 'DiagnosticId'");
    let refused = nights.run(&["--full"]);
    refused.require(8, "is another Mattermost server");
    assert!(refused.stderr.contains("found `another`"), "{}", refused.stderr);
    assert_eq!(nights.names().len(), 1);
}
