//! Runs into a ledger: one after the other, at once, killed, and into one that is in doubt.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::{head, kept, key, run, say, seal, verified};
use crate::sealed::Ended;

#[test]
fn archives_follow_one_another_without_being_told() {
    let desk = kept(&["a", "b"]);
    let text = |name: &str| String::from_utf8(desk.archive(name).members["seal.txt"].clone()).unwrap();
    let (first, second) = (text("archives/a.zip"), text("archives/b.zip"));
    assert!(first.starts_with("chat.example.org/audit/00000001\n"), "{first}");
    assert!(first.contains("\nledger chat.example.org/audit 1\nprevious none\n"));
    let digest = crate::bag::sha(first.as_bytes());
    assert!(second.contains(&format!("\nledger chat.example.org/audit 2\nprevious sha256:{digest}\n")));
    assert_eq!(fs::read(desk.path("ledger/statements/00000001.txt")).unwrap(), first.as_bytes());
    let list = crate::tools::run(
        "bash",
        &["-c", "cd \"$1\" && sha256sum -c ../ledger/archives.sha256", "x", desk.path("archives").to_str().unwrap()],
        b"",
    );
    assert_eq!(String::from_utf8(list.expect_success()).unwrap(), "a.zip: OK\nb.zip: OK\n");
    assert!(head(&desk).starts_with("3-"));
    let status = say(&desk, "status", &["ledger"]);
    status.require(0, "");
    assert!(
        status.stdout.contains("1 key, 2 seal") && status.stdout.ends_with("it holds together\n"),
        "{}",
        status.stdout
    );
}

#[test]
fn what_cannot_go_together_is_refused_before_the_source_is_read() {
    let desk = kept(&["a"]);
    key(&desk, "other.key", 9);
    let export = |args: &[&str]| desk.export("nothing-there", "archives/x.zip", args);
    export(&["--ledger", "ledger", "--previous", "archives/a.zip"]).require(2, "--previous");
    export(&["--ledger", "ledger", "--origin", "other.example"]).require(2, "other.example");
    export(&["--ledger", "nothing"]).require(6, "not a ledger");
    desk.export("nothing-there", "ledger/x.zip", &["--ledger", "ledger"]).require(8, "ledger");
    fs::rename(desk.path("archives/a.zip"), desk.path("moved.zip")).unwrap();
    seal(&desk, "a").require(8, "lists an archive");
    run(&desk, &["export", "export.jsonl", "--key", "other.key", "--output", "archives/x.zip", "--ledger", "ledger"])
        .require(8, "signed by");
    fs::remove_file(desk.path("ledger/checkpoints/00000001")).unwrap();
    seal(&desk, "b").require(5, "does not hold together");
    assert_eq!(desk.names().iter().filter(|name| name.ends_with(".partial")).count(), 0);
}

#[test]
fn two_at_once_both_get_their_place() {
    let desk = kept(&[]);
    let begin = |name: &str| {
        let mut command =
            desk.export_command("export.jsonl", &format!("archives/{name}.zip"), &["--ledger", "ledger", "--quiet"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for round in 0..3 {
        let running: Vec<_> = (0..4).map(|at| (format!("r{round}{at}"), begin(&format!("r{round}{at}")))).collect();
        for (name, child) in running {
            let ended = Ended::of(child.wait_with_output().unwrap());
            // What was read for hours is not thrown away: each waits for the sealing of the others.
            ended.require(0, "");
            assert!(desk.path(&format!("archives/{name}.zip")).exists());
            assert!(!desk.path(&format!("archives/{name}.zip.partial")).exists());
        }
    }
    seal(&desk, "last").require(0, "");
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
    assert_eq!(document["ledger"]["seals"], document["ledger"]["given"]);
}

#[test]
fn killed_at_any_time_the_next_run_goes_on() {
    let desk = kept(&["a"]);
    for at in 0..12_u64 {
        let mut command =
            desk.export_command("export.jsonl", &format!("archives/k{at}.zip"), &["--ledger", "ledger", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(at * 4));
        drop(child.kill());
        child.wait().unwrap();
        seal(&desk, &format!("after{at}")).require(0, "");
        let left = desk.path(&format!("archives/k{at}.zip.partial"));
        if left.exists() {
            // Not committed, and the next run of this name takes it over; or published, and a second name of the same file.
            let inode = |path| fs::metadata(path).map(|file| std::os::unix::fs::MetadataExt::ino(&file)).ok();
            let published = inode(desk.path(&format!("archives/k{at}.zip")));
            assert!(published.is_none() || published == inode(left.clone()), "{}", left.display());
            fs::remove_file(left).unwrap();
        }
    }
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
}

#[test]
fn an_archive_that_was_lost_behind_its_commit_is_a_stated_gap() {
    let desk = kept(&["a"]);
    // As a run leaves it that was killed between commit and publication, on a disk that lost the archive.
    let text = fs::read_to_string(desk.path("ledger/statements/00000001.txt")).unwrap();
    let digest = crate::bag::sha(text.as_bytes());
    let target = fs::canonicalize(desk.path("archives")).unwrap().join("a.zip");
    let archive = crate::bag::sha(&fs::read(&target).unwrap());
    let pending =
        format!("chatseal-pending/v1\nseal 1 sha256:{digest}\narchive sha256:{archive}\ntarget {}\n", target.display());
    desk.write("ledger/pending/00000001", &pending);
    desk.write("ledger/archives.sha256", "");
    let zip = fs::read(&target).unwrap();
    fs::remove_file(&target).unwrap();
    desk.write("archives/a.zip.partial", &zip);
    let status = say(&desk, "status", &["ledger"]);
    assert!(status.stdout.contains("was not published to the end"), "{}", status.stdout);
    // The archive lies there under its partial name: the next run publishes it.
    seal(&desk, "b").require(0, "was published");
    assert_eq!(fs::read(&target).unwrap(), zip);
    assert_eq!(verified(&desk, &[]).0, 0);
    // And where it is gone, the gap is stated, and the chain goes on.
    desk.write("ledger/pending/00000001", &pending);
    let list = fs::read_to_string(desk.path("ledger/archives.sha256")).unwrap();
    desk.write(
        "ledger/archives.sha256",
        list.lines().filter(|line| !line.ends_with("a.zip")).map(|line| format!("{line}\n")).collect::<String>(),
    );
    fs::remove_file(&target).unwrap();
    seal(&desk, "c").require(0, "states the gap");
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
    assert!(document.to_string().contains("was never published"));
}

#[test]
fn a_lost_ledger_is_begun_anew_under_another_name_and_the_chain_goes_on() {
    let desk = kept(&["a", "b"]);
    fs::remove_dir_all(desk.path("ledger")).unwrap();
    let rebuild = |origin: &str, archives: &str| {
        let fixed = ["ledger", archives, "--key", "seal.key", "--signers", "signers", "--why", "disk lost"];
        say(&desk, "rebuild", &[&fixed[..], &["--origin", origin]].concat())
    };
    rebuild("chat.example.org/audit", "archives").require(2, "another name");
    assert!(!desk.path("ledger").exists());
    let whole = fs::read(desk.path("archives/a.zip")).unwrap();
    desk.write("archives/a.zip", &whole[..whole.len() - 1]);
    rebuild("chat.example.org/audit-2", "archives").require(8, "NOT INTACT");
    desk.write("archives/a.zip", whole);
    rebuild("chat.example.org/audit-2", "archives").require(0, "");
    seal(&desk, "c").require(0, "");
    let before = crate::bag::sha(&desk.archive("archives/b.zip").members["seal.txt"]);
    assert!(desk.archive("archives/c.zip").text("seal.txt").contains(&format!("previous sha256:{before}\n")));
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
    assert_eq!((&document["ledger"]["seals"], &document["ledger"]["given"]), (&3.into(), &3.into()));
    // What was taken in is missed like everything else.
    fs::remove_file(desk.path("archives/a.zip")).unwrap();
    assert_eq!(verified(&desk, &[]).1, ["archive-missing"]);
}
