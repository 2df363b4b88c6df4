//! Whatever happens to a run: nothing of the user's is lost, nothing half done is left under a final name, and the
//! message says what to do.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chatseal::source::bulk::container::{Container, ContentPlace};

use crate::bulk;
use crate::history::{self, START};
use crate::sealed::{AS_OF, Desk, Ended};

/// A desk with an export that takes a while: some hundred thousand records and a thousand attachments.
fn busy() -> Desk {
    let desk = Desk::new();
    let mut lines = history::export(&[]);
    for at in 0..25_000 {
        let files = if at % 40 == 0 { format!(r#",{{"path":"{at}"}}"#) } else { String::new() };
        lines += &format!(
            "{{\"type\":\"post\",\"post\":{{\"team\":\"harbour\",\"channel\":\"bridge\",\"user\":\"olga\",\"message\":\"{at} {}\",\"create_at\":{},\"attachments\":[{}]}}}}\n",
            "Lock 4 stands open. ".repeat(10),
            START + at,
            files.trim_start_matches(',')
        );
        if at % 40 == 0 {
            desk.write(&format!("data/{at}"), format!("{at}\n"));
        }
    }
    desk.write("export.jsonl", lines);
    desk
}

fn start(desk: &Desk) -> Child {
    let mut command = desk.export_command("export.jsonl", "out.zip", &["--quiet"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("bash").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(sent.success());
}

/// Waits until the run has begun to write.
fn wait_for_partial(desk: &Desk) {
    let patience = Instant::now();
    while !desk.path("out.zip.partial").exists() {
        assert!(patience.elapsed() < Duration::from_secs(30));
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_archive_is_never_overwritten() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    for name in ["out.zip", "folder.zip", "link.zip"] {
        match name {
            "out.zip" => desk.write(name, "mine"),
            "folder.zip" => fs::create_dir(desk.path(name)).unwrap(),
            _ => symlink("nowhere", desk.path(name)).unwrap(),
        }
        let before = desk.names();
        desk.export(source, name, &[]).require(8, &format!("`{name}` exists; an archive is never overwritten"));
        assert_eq!(desk.names(), before);
    }
    assert_eq!(fs::read(desk.path("out.zip")).unwrap(), b"mine");
}

#[test]
fn the_output_lies_outside_of_everything_that_is_read() {
    let desk = Desk::new();
    let source = bulk::place("attachment-missing", &desk);
    fs::create_dir_all(desk.path("store/deep")).unwrap();
    fs::create_dir_all(desk.path("elsewhere")).unwrap();
    symlink(desk.path("data"), desk.path("link")).unwrap();
    fs::copy(desk.path(source), desk.path("source.zip")).unwrap();
    fs::copy(desk.path("seal.key"), desk.path("key.zip")).unwrap();
    let before = desk.names();
    for (source, output, args) in [
        (source, "data/out.zip", vec![]),
        (source, "data/20261014/out.zip", vec![]),
        (source, "link/out.zip", vec![]),
        (source, "elsewhere/../data/out.zip", vec![]),
        (source, "store/out.zip", vec!["--files", "store"]),
        (source, "store/deep/out.zip", vec!["--files", "store"]),
        ("source.zip", "source.zip", vec![]),
        ("elsewhere/../source.zip", "source.zip", vec![]),
        (source, "salt.zip", vec!["--salt-from", "salt.zip"]),
        (source, "salt.zip", vec!["--previous", "salt.zip"]),
    ] {
        let ended = desk.export(source, output, &args);
        assert_eq!(ended.code, 8, "{output} {args:?}: {}", ended.stderr);
        assert!(ended.stderr.lines().any(|line| line.starts_with("hint: ")), "{}", ended.stderr);
        assert_eq!(desk.names(), before, "{output}");
        assert!(fs::read_dir(desk.path("data")).unwrap().count() == 1 && !desk.path("store/out.zip").exists());
    }
    let over_key = ["export", source, "--key", "key.zip", "--output", "key.zip"];
    assert_eq!(Ended::of(desk.chatseal(&over_key).output().unwrap()).code, 8);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    for mode in [0o644, 0o640, 0o604, 0o660] {
        fs::set_permissions(desk.path("seal.key"), fs::Permissions::from_mode(mode)).unwrap();
        let before = desk.names();
        let ended = desk.export(source, "out.zip", &[]);
        ended.require(6, "chmod 600 seal.key");
        assert_eq!(desk.names(), before);
    }
    fs::set_permissions(desk.path("seal.key"), fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(desk.export(source, "out.zip", &[]).code, 0);
}

#[test]
fn a_signal_ends_the_run_and_leaves_nothing() {
    let desk = busy();
    let before = desk.names();
    for (name, wait) in [("INT", 0), ("TERM", 0), ("INT", 100), ("INT", 300)] {
        let child = start(&desk);
        wait_for_partial(&desk);
        sleep(Duration::from_millis(wait));
        signal(&child, name);
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!(ended.code, 130, "{name} after {wait} ms: {}", ended.stderr);
        assert_eq!(desk.names(), before);
    }
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_nothing_that_deceives() {
    let desk = busy();
    let mut whole = {
        let begun = Instant::now();
        desk.export("export.jsonl", "whole.zip", &["--quiet"]).require(0, "");
        begun.elapsed()
    };
    let (mut killed, mut left) = (0, 0);
    for at in 0..90 {
        if killed >= 25 && left > 5 {
            break;
        }
        // Spread over the whole run, and a little beyond, by the golden ratio.
        let wait = whole.mul_f64((f64::from(at) * 0.618_034).fract() * 1.05);
        let mut child = start(&desk);
        sleep(wait);
        signal_if_running(&mut child);
        let was_killed = child.wait().unwrap().code().is_none();
        killed += u32::from(was_killed);
        if !was_killed {
            // The machine has become faster, or other tests have ended.
            whole = whole.mul_f64(0.95);
        }
        left += u32::from(desk.path("out.zip.partial").exists());
        if desk.path("out.zip").exists() {
            desk.archive("out.zip");
            fs::remove_file(desk.path("out.zip")).unwrap();
        }
    }
    assert!(killed >= 25 && left > 5, "{killed} of 90 were killed, {left} left something behind: too few to tell");
    desk.export("export.jsonl", "out.zip", &["--quiet"]).require(0, "");
    desk.archive("out.zip");
    let left: Vec<String> = desk.names().into_iter().filter(|name| name.contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn signal_if_running(child: &mut Child) {
    // The process may have ended by itself; then there is nothing to kill.
    let _ = child.kill();
}

#[test]
fn two_runs_do_not_write_one_archive() {
    let desk = busy();
    let first = start(&desk);
    wait_for_partial(&desk);
    sleep(Duration::from_millis(20));
    let second = desk.export("export.jsonl", "out.zip", &["--quiet"]);
    second.require(7, "another run is writing `out.zip`");
    assert!(second.stderr.contains("hint: "));
    assert_eq!(Ended::of(first.wait_with_output().unwrap()).code, 0);
    desk.archive("out.zip");
}

#[test]
fn a_partial_archive_of_a_dead_run_is_taken_over() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    for (begin, length) in [(b"PK\x03\x04".as_slice(), 3 << 20), (b"\0\0\0\0", 3 << 20), (b"", 0), (b"PK", 2)] {
        let mut left = begin.to_vec();
        left.resize(length, b'x');
        desk.write("out.zip.partial", left);
        desk.export(source, "out.zip", &[]).require(0, "");
        desk.archive("out.zip");
        assert!(!desk.path("out.zip.partial").exists());
        fs::remove_file(desk.path("out.zip")).unwrap();
    }
}

#[test]
fn what_only_looks_like_a_partial_archive_is_not_destroyed() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    for mine in ["mine", "PK is how my file begins"] {
        desk.write("out.zip.partial", mine);
        desk.export(source, "out.zip", &[]).require(8, "`out.zip.partial` exists");
        assert_eq!(fs::read(desk.path("out.zip.partial")).unwrap(), mine.as_bytes());
        fs::remove_file(desk.path("out.zip.partial")).unwrap();
    }
    desk.write("precious.txt", "mine");
    symlink("precious.txt", desk.path("out.zip.partial")).unwrap();
    let ended = desk.export(source, "out.zip", &[]);
    assert_eq!(fs::read(desk.path("precious.txt")).unwrap(), b"mine");
    assert!(matches!(ended.code, 6 | 8), "{}", ended.stderr);
    fs::remove_file(desk.path("out.zip.partial")).unwrap();
    // A run that was killed just after it published leaves a second name of the archive, which may have been moved.
    fs::hard_link(desk.path("precious.txt"), desk.path("out.zip.partial")).unwrap();
    let ended = desk.export(source, "out.zip", &[]);
    assert_eq!(fs::read(desk.path("precious.txt")).unwrap(), b"mine");
    ended.require(8, "`out.zip.partial` exists");
    fs::remove_file(desk.path("out.zip.partial")).unwrap();
    fs::create_dir(desk.path("out.zip.partial")).unwrap();
    assert!(matches!(desk.export(source, "out.zip", &[]).code, 6 | 8));
}

#[test]
fn links_among_the_attachments_lead_nowhere() {
    let desk = Desk::new();
    let post = r#"{"type":"post","post":{"team":"harbour","channel":"bridge","user":"olga","message":"m","create_at":1,"attachments":[{"path":"link"},{"path":"folder/secret"}]}}"#;
    desk.write("export.jsonl", history::export(&[]) + post + "\n");
    desk.write("outside/secret", "the secret of somebody else\n");
    fs::create_dir(desk.path("data")).unwrap();
    symlink("../outside/secret", desk.path("data/link")).unwrap();
    symlink("../outside", desk.path("data/folder")).unwrap();
    let archive = desk.seal("export.jsonl", "out.zip", &[]);
    assert_eq!(archive.summary()["files"], 0);
    assert_eq!(archive.text("data/exceptions.jsonl").matches("\"file-missing\"").count(), 2);
    assert!(!archive.bytes.windows(10).any(|window| window == b"the secret"));
}

#[test]
fn a_source_that_grows_meanwhile_is_noticed() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    let opened = Container::open(&desk.path(source), &ContentPlace::Usual).unwrap();
    assert!(opened.original.check_unchanged().is_ok());
    desk.write(source, fs::read_to_string(desk.path(source)).unwrap() + "\n");
    let error = opened.original.check_unchanged().unwrap_err();
    assert!(error.to_string().ends_with("changed while it was being read"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    fs::create_dir(desk.path("closed")).unwrap();
    fs::set_permissions(desk.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    // Permissions do not bind root; the kernel's own folders do.
    let root = File::create(desk.path("closed/probe")).is_ok();
    let folder = if root { "/sys" } else { "closed" };
    let ended = desk.export(source, &format!("{folder}/out.zip"), &[]);
    ended.require(6, &format!("error: cannot write `{folder}/out.zip.partial`"));
    assert!(ended.stderr.contains("\n  caused by: ") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    let ended = desk.export(source, "missing/out.zip", &[]);
    ended.require(6, "cannot write into `missing`");
    assert!(!desk.path("missing").exists());
}

#[test]
fn a_full_disk_leaves_nothing_and_says_so() {
    let desk = busy();
    let before = desk.names();
    let program = env!("CARGO_BIN_EXE_chatseal");
    let export = format!("{program} export export.jsonl --key seal.key --quiet --output");
    let run = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(desk.path(""));
        Ended::of(command.output().unwrap())
    };
    // No file may grow beyond 1 MiB.
    let ended = run(&format!("trap '' XFSZ; ulimit -f 1024; exec {export} out.zip"));
    ended.require(6, "error: cannot ");
    assert!(ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    assert_eq!(desk.names(), before);
    // A disk of its own, where the system lets us have one.
    let own = "mkdir disk && mount -t tmpfs -o size=512k none disk";
    let script =
        format!("{own} && {{ {export} disk/out.zip; code=$?; ls disk; umount disk; rmdir disk; exit $code; }}");
    if run("unshare -rm true").code == 0 {
        let ended = run(&format!("exec unshare -rm bash -c '{script}'"));
        ended.require(6, "hint: free space on that disk");
        assert_eq!(ended.stdout, "");
    }
    let _ = fs::remove_dir(desk.path("disk"));
}

#[test]
fn nothing_is_chained_to_an_archive_that_is_later() {
    let desk = Desk::new();
    let source = bulk::place("no-posts", &desk);
    desk.seal(source, "first.zip", &[]);
    let chain = |output: &str, time: &str| {
        let args =
            ["export", source, "--key", "seal.key", "--output", output, "--as-of", time, "--previous", "first.zip"];
        Ended::of(desk.chatseal(&args).output().unwrap())
    };
    let before = desk.names();
    chain("second.zip", "2026-11-21T08:54:59.999Z")
        .require(8, "`first.zip` says that it was sealed at 2026-11-21T08:55:00.000Z");
    assert_eq!(desk.names(), before);
    for (output, time) in [("same.zip", AS_OF), ("later.zip", "2026-11-21T08:55:00.001Z")] {
        chain(output, time).require(0, "");
        let ended = desk.chatseal(&["verify", "first.zip", output, "--signers", "signers"]).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    }
}
