//! Our archives before other people's programs: what `data/README.txt` tells a stranger to type works as printed, finds
//! what was changed, and a recomputation in another language comes to the same numbers.

use std::path::Path;
use std::process::Command;

use crate::bulk;
use crate::sealed::{Desk, Ended};
use crate::tools::{missing, skipped};

/// Programs that the commands of `data/README.txt` call.
const PROGRAMS: [&str; 13] = [
    "awk",
    "base64",
    "cut",
    "diff",
    "find",
    "grep",
    "openssl",
    "sha256sum",
    "sort",
    "ssh-keygen",
    "tail",
    "unzip",
    "bagit.py",
];

fn bash(folder: &Path, script: &str) -> Ended {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(folder).env("PATH", path).env("LC_ALL", "C");
    Ended::of(command.output().unwrap_or_else(|error| panic!("{}", missing("bash", &error))))
}

/// A sealed excerpt of a real export, unpacked by `unzip`, with the signer's keys, a list of revoked ones and the
/// archive before it beside it.
fn unpacked(desk: &Desk) {
    let source = bulk::place("excerpt-of-5.37", desk);
    desk.seal(source, "week-46.zip", &[]);
    desk.seal(source, "week-47.zip", &["--threads", "2", "--previous", "week-46.zip"]);
    desk.write("allowed_signers", crate::sealed::allowed("audit@example.org"));
    let script = "unzip -q week-47.zip && unzip -q week-46.zip && mv week-46 earlier && \
                  openssl pkey -in seal.key -pubout -out key.pub.pem && \
                  ssh-keygen -q -t ed25519 -N '' -f other && mv other.pub revoked";
    bash(&desk.path(""), script).require(0, "");
}

/// The commands of `data/README.txt`, one for each step, as they are printed there.
fn commands(desk: &Desk) -> Vec<String> {
    let text = std::fs::read_to_string(desk.path("week-47/data/README.txt")).unwrap();
    let typed: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("       "))
        .filter(|typed| !typed.starts_with(' '))
        .map(str::to_owned)
        .collect();
    assert_eq!(typed.len(), 12, "{typed:#?}");
    typed
}

fn assert_programs() {
    for program in PROGRAMS {
        let found = bash(Path::new("/"), &format!("command -v {program}"));
        assert!(
            found.code == 0,
            "this test needs `{program}`; tests/run installs it, CHATSEAL_TEST_SKIP={program} leaves it out"
        );
    }
}

fn leaves_out() -> bool {
    PROGRAMS.iter().any(|program| skipped(program))
}

#[test]
fn what_the_archive_tells_a_stranger_to_type_works_as_printed() {
    if leaves_out() {
        return;
    }
    assert_programs();
    let desk = Desk::new();
    unpacked(&desk);
    for typed in commands(&desk) {
        let ended = bash(&desk.path("week-47"), &typed);
        assert_eq!(ended.code, 0, "{typed}\n{}{}", ended.stdout, ended.stderr);
    }
    bash(&desk.path(""), "unzip -tq week-47.zip").require(0, "");
}

/// An expired key signed well while it was valid; a revoked one never did; an archive may have no predecessor.
#[test]
fn the_commands_of_the_archive_judge_validity_revocation_and_the_chain() {
    if leaves_out() {
        return;
    }
    assert_programs();
    let desk = Desk::new();
    unpacked(&desk);
    let ends = |folder: &str| -> Vec<(String, i32)> {
        let signer = |typed: &String| typed.contains("ssh-keygen") || typed.starts_with("awk");
        let typed = commands(&desk).into_iter().filter(signer);
        typed.map(|typed| (typed.clone(), bash(&desk.path(folder), &typed).code)).collect()
    };
    let words = ["-Overify-time", "-r ../revoked", "previous", "tagmanifest", "-Y verify"];
    let failing = |folder: &str| -> Vec<&str> {
        let failed = ends(folder).into_iter().filter(|(_, code)| *code != 0);
        failed.map(|(typed, _)| words.into_iter().find(|word| typed.contains(word)).unwrap_or("time")).collect()
    };
    assert_eq!(failing("week-47"), [""; 0]);
    assert_eq!(failing("earlier"), ["previous"]);

    // The seals are of 21 November 2026, 08:55:00.
    let signers = crate::sealed::allowed("audit@example.org");
    let with =
        |option: &str| desk.write("allowed_signers", signers.replace("namespaces=", &format!("{option},namespaces=")));
    with("valid-before=\"20261121085459Z\"");
    assert!(failing("week-47").contains(&"-Overify-time"));
    with("valid-after=\"20261121085459Z\",valid-before=\"20261121085501Z\"");
    assert!(!failing("week-47").contains(&"-Overify-time"), "{:?}", failing("week-47"));
    desk.write("allowed_signers", &signers);

    bash(&desk.path(""), "cut -d ' ' -f 3- allowed_signers > revoked").require(0, "");
    assert_eq!(failing("week-47"), ["-r ../revoked"]);
}

/// Each change is found by at least the named command, so that none of them is for show.
#[test]
fn what_was_changed_is_found_by_the_commands_of_the_archive() {
    if leaves_out() {
        return;
    }
    assert_programs();
    let changes = [
        (
            "a record",
            "sed -i 's/\"at\":0/\"at\":1/' data/records/000001-server.jsonl",
            vec!["sha256sum -c --quiet", "bagit.py"],
        ),
        ("a file", "f=$(ls data/files/*/* | head -n 1); printf x >> $f", vec!["sha256sum -c --quiet", "bagit.py"]),
        ("a member more", "printf x > data/records/999999-post.jsonl", vec!["find data", "bagit.py"]),
        ("a member less", "rm data/exceptions.jsonl", vec!["sha256sum -c --quiet", "find data", "bagit.py"]),
        ("the manifest", "sed -i '1s/^./g/' manifest-sha256.txt", vec!["sha256sum -c --quiet", "bagit.py"]),
        (
            "the tag manifest",
            "sed -i '1s/^./g/' tagmanifest-sha256.txt",
            vec!["awk '$1 == \"tagmanifest\"", "sha256sum -c --quiet", "bagit.py"],
        ),
        ("the seal", "sed -i 's/^ledger none/ledger nine/' seal.txt", vec!["ssh-keygen", "openssl"]),
        ("the signature", "sed -i '2s/....$/AAAA/' seal.txt.sig", vec!["ssh-keygen"]),
        ("the note", "sed -i '$s/....$/AAA=/' seal.note", vec!["tail"]),
        ("a tag file more", "printf x > fetch.txt", vec!["LC_ALL=C ls"]),
        ("the archive before", "printf x >> ../earlier/seal.txt", vec!["awk '$1 == \"previous\""]),
    ];
    let desk = Desk::new();
    unpacked(&desk);
    for (what, change, expected) in changes {
        bash(&desk.path(""), "rm -rf changed && cp -r week-47 changed").require(0, "");
        bash(&desk.path("changed"), change).require(0, "");
        // `tail | … > sig.bin` and `openssl` are two lines that belong together.
        let typed = commands(&desk);
        let failed = |typed: &str| bash(&desk.path("changed"), typed).code != 0;
        let (signature, rest): (Vec<&String>, Vec<&String>) =
            typed.iter().partition(|typed| typed.starts_with("tail") || typed.starts_with("openssl"));
        let joined = signature.iter().map(|typed| typed.as_str()).collect::<Vec<_>>().join(" && ");
        let all: Vec<&str> = rest.iter().map(|typed| typed.as_str()).chain([joined.as_str()]).collect();
        for program in expected {
            let found = all
                .iter()
                .any(|typed| (typed.starts_with(program) || typed.contains(&format!("&& {program}"))) && failed(typed));
            assert!(found, "{what} was changed and `{program}` does not see it");
        }
    }
}

#[test]
fn jq_reads_every_line() {
    if skipped("jq") {
        return;
    }
    let desk = Desk::new();
    let archive = desk.seal(bulk::place("every-line-type-of-11.6", &desk), "out.zip", &[]);
    let script = "unzip -q out.zip && cat out/data/records/*.jsonl | jq -es 'group_by(.kind) | map({(.[0].kind): length}) | add'";
    let ended = bash(&desk.path(""), script);
    ended.require(0, "");
    let counted: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let kinds = archive.summary()["kinds"].clone();
    assert_eq!(counted.as_object().unwrap().len(), kinds.as_object().unwrap().len());
    for (kind, counts) in kinds.as_object().unwrap() {
        assert_eq!(counted[kind], counts["records"], "{kind}");
    }
}

/// Python, from the specification alone: salts, leaves, root, manifests, tables, seal, and the counts of the source.
#[test]
fn a_recomputation_that_shares_nothing_with_us_agrees() {
    if skipped("python3") {
        return;
    }
    let desk = Desk::new();
    let mut pairs = Vec::new();
    for condition in bulk::conditions() {
        let own = Desk::new();
        let source = bulk::place(&condition, &own);
        // Deeper than Python's reader goes.
        if condition == "props-deep-as-a-well" || !matches!(own.export(source, "out.zip", &["--quiet"]).code, 0 | 3) {
            continue;
        }
        let (archive, copy) = (format!("{condition}.zip"), format!("{condition}-{source}"));
        std::fs::copy(own.path("out.zip"), desk.path(&archive)).unwrap();
        std::fs::copy(own.path(source), desk.path(&copy)).unwrap();
        pairs.push(format!("{archive}={copy}"));
    }
    assert!(pairs.len() > 60, "{}", pairs.len());
    let ended = recompute(&desk, &pairs);
    assert_eq!((ended.code, ended.stdout.lines().count()), (0, pairs.len()), "{}{}", ended.stdout, ended.stderr);

    // It sees a source that has one row more, and a record that has another byte.
    let copy = "no-posts-export.jsonl";
    let mut lines = std::fs::read_to_string(desk.path(copy)).unwrap();
    lines += &lines.lines().last().unwrap().replace("karim", "olga");
    desk.write(copy, lines);
    let ended = recompute(&desk, &[format!("no-posts.zip={copy}")]);
    assert!(ended.code == 1 && ended.stdout.contains("user: decoded rows in the source"), "{}", ended.stdout);
    let mut bytes = std::fs::read(desk.path("no-posts.zip")).unwrap();
    let at = bytes.windows(7).position(|window| window == b"\"karim\"").unwrap();
    bytes[at + 1] = b'c';
    desk.write("no-posts.zip", bytes);
    assert_ne!(recompute(&desk, &["no-posts.zip".to_owned()]).code, 0);
}

/// What policies and holds decided is counted from the lines alone.
#[test]
fn the_recomputation_counts_decisions_too() {
    if skipped("python3") {
        return;
    }
    let desk = Desk::new();
    let fixture = |name: &str| format!("{}/fixtures/archives/{name}/archive.zip", env!("CARGO_MANIFEST_DIR"));
    for (name, problem) in [
        ("policy-and-holds", ""),
        ("holds-in-sets", ""),
        ("hold-set-line-removed", "holds: no set:"),
        ("hold-set-of-four", "has 4 holds"),
        ("hold-set-of-other-holds", "hold-sets.jsonl: name"),
        ("hold-set-that-no-record-names", "sets of holds that records name"),
        ("hold-set-twice", "order of data/policy/hold-sets.jsonl"),
        ("hold-set-unsorted-within", "hold-sets.jsonl: set:"),
        ("hold-sets-without-a-set", "hold-sets.jsonl: empty"),
        ("many-holds-spelled-out", "5 of them spelled out"),
        ("holds-without-a-policy", ""),
        ("decision-without-a-policy", "record 0: retention"),
        ("decision-changed", "summary: rules"),
        ("holds-changed", "seal: holds"),
        ("record-without-a-decision", "record 6: retention"),
        ("summary-with-a-false-rule", "summary: rules"),
        ("summary-with-a-false-hold", "summary: holds"),
        ("summary-without-decisions", "summary: retention"),
        ("withheld-before-it-was-due", "post/old2: due since"),
        ("withheld-by-another-rule", "summary: rules"),
        ("withheld-line-removed", "summary: withheld of post"),
        ("withheld-missing", "data/withheld.jsonl is there"),
        ("withheld-unsorted", "order of data/withheld.jsonl"),
    ] {
        let ended = recompute(&desk, &[fixture(name)]);
        let is_right = (ended.code == 0) == problem.is_empty() && ended.stdout.contains(problem);
        assert!(is_right, "{name}: {}{}", ended.stdout, ended.stderr);
    }
}

fn recompute(desk: &Desk, pairs: &[String]) -> Ended {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recompute.py");
    let mut command = Command::new("python3");
    command.arg(script).args(pairs).current_dir(desk.path(""));
    Ended::of(command.output().unwrap_or_else(|error| panic!("{}", missing("python3", &error))))
}
