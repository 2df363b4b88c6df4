//! Scope: what is asked for is kept, to the millisecond, and what is left out is counted.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::history::{self, CHANNELS, Post, START, Thread, USERS, history};
use crate::sealed::{Archive, Desk};

/// Real ids as attachment paths reveal them.
fn real(letter: char) -> String {
    letter.to_string().repeat(26)
}

/// A desk with `export.jsonl`: in each of the four channels one thread, a second apart, with a reply half a second later.
fn desk() -> Desk {
    let post = |user, at| Post {
        user,
        message: 0,
        at,
        edited: None,
        reactions: vec![(2, at + 100)],
        files: 0,
        saved: vec![2],
    };
    let thread = |channel: usize| {
        let at = START + i64::try_from(channel).unwrap() * 1000;
        Thread { channel, root: post(0, at), replies: vec![post(1, at + 500)] }
    };
    let mut lines = history::export(&(0..CHANNELS.len()).map(thread).collect::<Vec<_>>());
    let (team, channel, user) = (real('t'), real('c'), real('u'));
    lines += &format!(
        "{{\"type\":\"post\",\"post\":{{\"team\":\"docks\",\"channel\":\"bridge\",\"user\":\"olga\",\"message\":\"with a file\",\"create_at\":{},\"attachments\":[{{\"path\":\"20261121/teams/{team}/channels/{channel}/users/{user}/{}/a.txt\"}}]}}}}\n",
        START + 9000,
        real('f')
    );
    let desk = Desk::new();
    desk.write("export.jsonl", lines);
    desk.write(&format!("data/20261121/teams/{team}/channels/{channel}/users/{user}/{}/a.txt", real('f')), "a\n");
    desk
}

/// Milliseconds after the start of all posts that were kept.
fn posts(archive: &Archive) -> Vec<i64> {
    archive.records("post").iter().map(|post| post["at"].as_i64().unwrap() - START).collect()
}

fn names(archive: &Archive, kind: &str) -> Vec<String> {
    let field = if kind == "user" { "username" } else { "name" };
    let mut names: Vec<String> = archive
        .records(kind)
        .iter()
        .map(|record| record["data"].get(field).and_then(Value::as_str).unwrap_or("(direct)").to_owned())
        .collect();
    names.sort();
    names
}

fn sealed(desk: &Desk, args: &[&str]) -> Archive {
    let _ = std::fs::remove_file(desk.path("out.zip"));
    let archive = desk.seal("export.jsonl", "out.zip", args);
    for (kind, counts) in archive.summary()["kinds"].as_object().unwrap() {
        let [source, records, left, lost] =
            ["source", "records", "out_of_scope", "quarantined"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(source, records + left + lost, "{kind} {args:?}");
        assert_eq!(records, archive.records(kind).len() as u64, "{kind} {args:?}");
    }
    archive
}

#[test]
fn a_window_is_half_open_to_the_millisecond() {
    let desk = desk();
    let ms = |after: i64| format!("ms:{}", START + after);
    for (since, until, expected) in [
        (Some(1000), Some(2000), vec![1000, 1500]),
        (Some(1001), Some(2001), vec![1000, 1500, 2000]),
        (Some(999), Some(1000), vec![]),
        (Some(1000), Some(1001), vec![1000]),
        // A reply brings its root, a root does not bring its replies.
        (Some(1500), Some(1501), vec![1000, 1500]),
        (None, Some(501), vec![0, 500]),
        (None, Some(500), vec![0]),
        (Some(9000), None, vec![9000]),
        (Some(9001), None, vec![]),
        (None, None, vec![0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 9000]),
    ] {
        let bounds = [("--since", since), ("--until", until)];
        let args: Vec<String> =
            bounds.into_iter().filter_map(|(flag, at)| Some([flag.to_owned(), ms(at?)])).flatten().collect();
        let archive = sealed(&desk, &args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(posts(&archive), expected, "{args:?}");
        // Directory kinds are not windowed.
        assert_eq!(archive.count("user", "records"), 3);
        assert_eq!(archive.count("file", "records"), u64::from(expected.contains(&9000)));
        let window = archive.text("seal.txt").lines().find(|line| line.starts_with("window")).unwrap().to_owned();
        assert_eq!(window.matches(" -").count(), 2 - args.len() / 2, "{window}");
    }
    // A reaction is selected by its own time: 100 ms after its post.
    let archive = sealed(&desk, &["--since", &ms(1600), "--until", &ms(1601)]);
    assert_eq!((posts(&archive), archive.count("reaction", "records")), (vec![], 1));
}

#[test]
fn a_team_a_channel_a_user_can_be_named_in_every_way() {
    let desk = desk();
    let whole = sealed(&desk, &[]);
    let id = |kind: &str, wanted: &str| {
        let is_wanted = |record: &&Value| record["data"]["username"] == wanted || record["data"]["name"] == wanted;
        whole.records(kind).iter().find(is_wanted).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let direct = whole.records("channel").iter().find(|channel| channel["data"]["type"] == "D").unwrap()["id"].clone();
    let mess = id("channel", "mess");
    let (channel, user) = (real('c'), real('u'));
    let cases: Vec<(Vec<&str>, Vec<i64>)> = vec![
        (vec!["--team", "harbour"], vec![0, 500, 1000, 1500]),
        (vec!["--team", "docks"], vec![2000, 2500, 9000]),
        (vec!["--team", "harbour", "--team", "docks"], vec![0, 500, 1000, 1500, 2000, 2500, 9000]),
        // Archived, and in scope like any other.
        (vec!["--channel", "harbour/mess"], vec![1000, 1500]),
        (vec!["--channel", &mess], vec![1000, 1500]),
        (vec!["--channel", &channel], vec![2000, 2500, 9000]),
        (vec!["--channel", direct.as_str().unwrap()], vec![3000, 3500]),
        (vec!["--channel", "harbour/mess", "--channel", "docks/bridge"], vec![1000, 1500, 2000, 2500, 9000]),
        // A channel beside a team adds to it.
        (vec!["--team", "docks", "--channel", "harbour/mess"], vec![1000, 1500, 2000, 2500, 9000]),
        (vec!["--user", "olga"], vec![9000]),
        (vec!["--user", "OLGA@harbour.example"], vec![9000]),
        (vec!["--user", &user], vec![9000]),
        (vec!["--user", "karim"], vec![0, 500, 1000, 1500, 2000, 2500, 3000, 3500]),
        (vec!["--user", "ingrid"], vec![0, 1000, 2000, 3000]),
        (vec!["--user", "karim", "--channel", "harbour/mess"], vec![1000, 1500]),
        (vec!["--user", "olga", "--team", "harbour"], vec![]),
    ];
    for (args, expected) in cases {
        assert_eq!(posts(&sealed(&desk, &args)), expected, "{args:?}");
    }
    assert_eq!(posts(&sealed(&desk, &["--user", &id("user", "olga")])), [9000]);
}

#[test]
fn the_directory_holds_what_records_in_scope_name_and_no_more() {
    let desk = desk();
    let archive = sealed(&desk, &["--channel", "docks/bridge", "--since", &format!("ms:{}", START + 9000)]);
    assert_eq!(posts(&archive), [9000]);
    assert_eq!((names(&archive, "team"), names(&archive, "channel")), (vec!["docks".into()], vec!["bridge".into()]));
    assert_eq!(names(&archive, "user"), ["olga"]);
    assert_eq!(archive.count("user", "out_of_scope"), 2);
    assert_eq!(archive.count("channel", "out_of_scope"), 3);
    assert_eq!(archive.text("data/exceptions.jsonl"), "");
}

#[test]
fn what_is_not_there_is_a_usage_error_and_nothing_is_written() {
    let desk = desk();
    let unknown = real('z');
    let synthetic = format!("s:{}", "0".repeat(32));
    for (args, said) in [
        (["--team", "harbor"], "the export has no team `harbor`"),
        (["--team", "Harbour"], "the export has no team `Harbour`"),
        (["--channel", "harbour/bridges"], "the export has no channel `harbour/bridges`"),
        (["--channel", "bridge"], "the export has no channel `bridge`"),
        (["--channel", "nowhere/bridge"], "the export has no channel `nowhere/bridge`"),
        (["--channel", &unknown], "the export has no channel `"),
        (["--channel", &synthetic], "the export has no channel `s:"),
        (["--user", "ingird"], "the export has no user `ingird`"),
        (["--user", "olga@docks.example"], "the export has no user `olga@docks.example`"),
        (["--user", &unknown], "the export has no user `"),
        (["--user", &synthetic], "the export has no user `s:"),
        (["--since", "ms:2"], "the window is empty"),
    ] {
        let until: &[&str] = if args[0] == "--since" { &["--until", "ms:2"] } else { &[] };
        let before = desk.names();
        desk.export("export.jsonl", "out.zip", &[&args, until].concat()).require(2, said);
        assert_eq!(desk.names(), before, "{args:?}");
    }
}

/// What a scope asks for, by position in the lists of the history.
#[derive(Clone, Debug)]
struct Asked {
    since: Option<i64>,
    until: Option<i64>,
    team: Option<&'static str>,
    channel: Option<usize>,
    user: Option<usize>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let window = (prop::option::of(0..3_i64), prop::option::of(3..6_i64));
    let team = prop::option::of(prop::sample::select(vec!["harbour", "docks"]));
    (window, team, prop::option::of(0..3_usize), prop::option::of(0..USERS.len())).prop_map(
        |((since, until), team, channel, user)| Asked {
            since: since.map(|after| START + after),
            until: until.map(|after| START + after),
            team,
            channel,
            user,
        },
    )
}

impl Asked {
    fn args(&self) -> Vec<String> {
        let channel = self.channel.map(|at| format!("{}/{}", CHANNELS[at].0, CHANNELS[at].1));
        let flags = [
            ("--since", self.since.map(|at| format!("ms:{at}"))),
            ("--until", self.until.map(|at| format!("ms:{at}"))),
            ("--team", self.team.map(str::to_owned)),
            ("--channel", channel),
            ("--user", self.user.map(|at| USERS[at].to_owned())),
        ];
        flags.into_iter().filter_map(|(flag, value)| Some([flag.to_owned(), value?])).flatten().collect()
    }

    fn has_event(&self, times: &[i64]) -> bool {
        let open = self.since.is_none() && self.until.is_none();
        let within =
            |at: &i64| self.since.is_none_or(|since| since <= *at) && self.until.is_none_or(|until| *at < until);
        open || times.iter().any(within)
    }

    fn has_place(&self, channel: usize) -> bool {
        let named = self.team.is_some() || self.channel.is_some();
        !named || self.team == Some(CHANNELS[channel].0) || self.channel == Some(channel)
    }

    fn has(&self, channel: usize, user: usize, times: &[i64]) -> bool {
        self.has_place(channel) && self.user.is_none_or(|wanted| wanted == user) && self.has_event(times)
    }

    /// How many posts, files, saved posts and reactions of a history are in scope, told from the history itself.
    fn count(&self, threads: &[Thread]) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::from([("post", 0), ("file", 0), ("saved_post", 0), ("reaction", 0)]);
        for thread in threads {
            let own = |post: &Post| {
                let times: Vec<i64> = [post.at].into_iter().chain(post.edited).collect();
                self.has(thread.channel, post.user, &times)
            };
            let root = own(&thread.root) || thread.replies.iter().any(own);
            let posts = thread.replies.iter().map(|reply| (reply, own(reply))).chain([(&thread.root, root)]);
            for (post, selected) in posts {
                *counts.get_mut("post").unwrap() += usize::from(selected);
                *counts.get_mut("file").unwrap() += usize::from(selected) * usize::from(post.files);
                *counts.get_mut("saved_post").unwrap() += usize::from(selected) * post.saved.len();
                let kept = post.reactions.iter().filter(|(user, at)| self.has(thread.channel, *user, &[*at]));
                *counts.get_mut("reaction").unwrap() += kept.count();
            }
        }
        counts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scope_of_any_history_keeps_what_it_asks_for((threads, asked) in (history(), asked())) {
        let desk = Desk::new();
        desk.write("export.jsonl", history::export(&threads));
        let args = asked.args();
        let archive = sealed(&desk, &args.iter().map(String::as_str).collect::<Vec<_>>());
        for (kind, expected) in asked.count(&threads) {
            prop_assert_eq!(archive.records(kind).len(), expected, "{} {:?}", kind, &args);
        }
        // Whatever a record names is described in the same archive.
        let described: Vec<Value> = ["user", "channel", "team", "post"]
            .iter()
            .flat_map(|kind| archive.records(kind))
            .map(|record| record["id"].clone())
            .collect();
        for line in archive.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            for field in ["user_id", "channel_id", "team_id", "root_id"] {
                let named = &record["data"][field];
                prop_assert!(named.is_null() || named == "" || described.contains(named), "{} {}", field, line);
            }
        }
    }
}
