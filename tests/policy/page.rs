//! `man/chatseal-policy.5` says what the program does: keys, words, limits, findings, and an example that is decided.
//!
//! Some sections are written from the program; with `CHATSEAL_REWRITE=1` the test puts them in anew.

use super::policy;
use crate::specification::{roff, rows, with_section};
use chatseal::policy::decision::Disposition;
use chatseal::policy::document::code::Code;
use chatseal::policy::document::keys::{self, Sort, Word};
use chatseal::policy::document::limits;
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::period::LONGEST_YEARS;
use chatseal::policy::rule::ChannelType;
use chatseal::policy::set::Set;
use chatseal::policy::subject::{OF_POSTS, Post, PostOf, Subject, Times};
use chatseal::policy::world::World;
use chatseal::record::time;
use std::path::PathBuf;
use std::process::Command;

/// A post of the demo.
const POST: &str = "s:1ad6054c8f85b28c21ede76480a49d7b";

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("man/chatseal-policy.5")
}

fn keys_of(sort: &Sort) -> String {
    let name = |key: &keys::Key| if key.needed { format!("{} *", key.name) } else { key.name.to_owned() };
    let named: Vec<(String, &str)> = sort.keys.iter().map(|key| (name(key), key.meaning)).collect();
    rows(named.iter().map(|(name, meaning)| (name.as_str(), *meaning)))
}

fn words_of<T>(words: &[Word<T>]) -> String {
    rows(words.iter().map(|word| (word.word, word.meaning)))
}

fn grouped(number: usize) -> String {
    let digits: Vec<char> = number.to_string().chars().rev().collect();
    let groups: Vec<String> = digits.chunks(3).rev().map(|group| group.iter().rev().collect()).collect();
    groups.join(",")
}

fn limits_of() -> String {
    [
        (limits::FILE_BYTES, "bytes of a file"),
        (limits::RULES, "rules of a policy"),
        (limits::HOLDS, "holds of a file"),
        (limits::VALUES, "values of all lists of a file"),
        (limits::NAME, "characters of a name, pattern or keyword"),
        (limits::TEXT, "characters of a title, citation, matter or reason"),
        (limits::ABOUT, "characters of about"),
        (limits::FILES, "files that are composed"),
        (limits::RULES_TOGETHER, "rules of files that are composed"),
        (80, "tables and lists inside of one another"),
    ]
    .map(|(number, what)| format!(".br\n{} {}\n", roff(&grouped(number)), roff(what)))
    .concat()
}

/// The policy at the top of the page.
fn example(page: &str) -> String {
    let (_, after) = page.split_once(".SH EXAMPLE\n.nf\n").unwrap();
    let (text, _) = after.split_once(".fi\n").unwrap();
    text.replace("\\-", "-")
}

/// What a command says of the demo's export, with the command as it is typed.
fn transcript(args: &[&str]) -> String {
    let fixed = ["--source", "harbour.jsonl", "--as-of", "2027-06-01", "--quiet"];
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = |arg: &&str| {
        let path = top.join("policies").join(arg);
        path.is_file().then(|| path.display().to_string())
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
    command.args(args.iter().map(|arg| beside(arg).unwrap_or_else(|| (*arg).to_owned())));
    let output = command.args(fixed).current_dir(top.join("fixtures/demo")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let typed = ["$ chatseal", &args.join(" "), &fixed.join(" ")].join(" ");
    format!(".nf\n{}\n{}.fi\n", roff(&typed), said.lines().map(|line| roff(line) + "\n").collect::<String>())
}

/// What becomes of one post, as of several moments around its ends.
fn decided(page: &str) -> String {
    let rules = policy(&example(page));
    let created = time::parse("2024-02-29T12:00:00Z").unwrap();
    let post = Post { id: "p", create_at: created, channel: "c", user: "u", message: "Moin", ..Post::default() };
    let mut lines = String::from(".nf\nas of                      rule                 what happens\n");
    for now in ["2027-02-28T12:00:00Z", "2028-02-29T12:00:00Z"] {
        let end = time::parse(now).unwrap();
        for now in [end - 1, end] {
            let mut world = World::new(Set { policies: vec![rules.clone()], holds: Vec::new() });
            world.add_team("t", "operations");
            world.add_channel("c", "t", "canteen", ChannelType::Open, None);
            world.add_user("u", "kai", "", "system_user", None);
            world.name_post("p");
            world.see_post(&post);
            let (evaluator, unknown) = Evaluator::new(world, now);
            assert!(unknown.is_empty(), "{unknown:?}");
            let subject = Subject {
                kind: "post",
                id: "p",
                at: created,
                times: Times::At(&[created]),
                team: None,
                channel: Some("c"),
                users: &["u"],
                run: None,
                post: PostOf::Itself(post),
                server_time: None,
            };
            let decision = evaluator.decide(&subject);
            assert_eq!(decision.clash, None);
            let what = match decision.disposition {
                Disposition::Keep => "kept",
                Disposition::Review => "due, for review",
                other => panic!("{other:?}"),
            };
            let now = time::format(now).unwrap();
            lines += &format!("{}\n", roff(format!("{now}   {:<20} {what}", decision.rule.unwrap()).trim_end()));
        }
    }
    lines + ".fi\n"
}

#[test]
fn the_page_says_what_the_program_does() {
    let before = std::fs::read_to_string(page()).unwrap();
    let mut after = before.clone();
    for (name, section) in [
        ("policy", keys_of(&keys::POLICY)),
        ("rule", keys_of(&keys::RULE)),
        ("scope", keys_of(&keys::SCOPE)),
        ("files", keys_of(&keys::FILES)),
        ("holds", keys_of(&keys::HOLDS)),
        ("hold", keys_of(&keys::HOLD)),
        ("act", keys_of(&keys::ACT)),
        ("of-posts", format!("{}\n", roff(&OF_POSTS.join(", ")))),
        ("clocks", words_of(&keys::CLOCKS)),
        ("cutoffs", words_of(&keys::CUTOFFS)),
        ("threads", words_of(&keys::THREADS)),
        ("then", words_of(&keys::THENS)),
        ("precedence", words_of(&keys::PRECEDENCES)),
        ("example", decided(&before)),
        (
            "explain",
            transcript(&["policy", "explain", "gdpr-minimal.toml", "hipaa-documentation.toml", "--record", POST]),
        ),
        ("diff", transcript(&["policy", "diff", "baseline-keep-all.toml", "gdpr-minimal.toml"])),
        ("limits", limits_of()),
        ("findings", rows(Code::ALL.iter().map(|code| (code.code(), code.meaning())))),
    ] {
        after = with_section(&after, name, &section);
    }
    if std::env::var_os("CHATSEAL_REWRITE").is_some() {
        return std::fs::write(page(), &after).unwrap();
    }
    assert!(before == after, "man/chatseal-policy.5 is stale; run with CHATSEAL_REWRITE=1");
}

#[test]
fn the_page_names_what_it_is_about() {
    let page = std::fs::read_to_string(page()).unwrap().replace("\\-", "-");
    for word in [keys::POLICY_SCHEMA, keys::HOLDS_SCHEMA, &format!("{} years", grouped(LONGEST_YEARS as usize))] {
        assert!(page.contains(word), "{word}");
    }
    for word in keys::CHANNEL_TYPES {
        assert!(page.contains(word.word), "{}", word.word);
    }
    assert!(policy(&example(&page)).rules.len() == 2);
}

#[test]
fn every_needed_key_is_asked_for_and_every_key_is_known() {
    use chatseal::policy::document::parse;
    let holds = "schema = \"chatseal-holds/v1\"\n[[hold]]\nx = 1\n[[hold]]\nissued = { x = 1 }\n";
    let rules = "schema = \"chatseal-policy/v1\"\n[[rule]]\nx = 1\nscope = { x = 1 }\nfiles = { x = 1 }\n";
    for (text, sorts) in [
        (holds, vec![&keys::HOLDS, &keys::HOLD, &keys::ACT]),
        (rules, vec![&keys::POLICY, &keys::RULE, &keys::SCOPE, &keys::FILES]),
    ] {
        let parsed = parse(text.as_bytes(), super::kinds());
        let told = super::told(&parsed).join("\n");
        for sort in sorts {
            for key in sort.keys.iter().filter(|key| key.needed && !["schema", "rule", "hold"].contains(&key.name)) {
                assert!(told.contains(&format!("{} has no `{}`", sort.what, key.name)), "{}: {told}", key.name);
            }
        }
    }
}
