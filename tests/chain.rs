//! What a series of archives says of each record, held against a map that is kept in memory; and what becomes of a cache
//! that somebody damaged, exchanged or left half written.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chatseal::chain::{Index, IndexError, Link, State};
use chatseal::progress::Progress;
use chatseal::record::kind;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bag::{Spec, line, sha};

const KINDS: [&str; 3] = ["draft", "post", "server"];

/// A key as archives order it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(String, i64, String);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        kind::compare(&self.0, &other.0).then_with(|| (self.1, &self.2).cmp(&(other.1, &other.2)))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What one archive says of a record.
#[derive(Clone, Debug)]
enum Says {
    /// Messages of its lines, and whether they carry a decision.
    Lines(Vec<u8>, bool),
    Vanished,
    Withheld,
}

/// What is known of a record: the archive, and of each line its index, version, clock and deletion, or a word.
type Known = (u32, Vec<(u64, String)>);

fn archive() -> impl Strategy<Value = Vec<(usize, i64, u8, Says)>> {
    let says = prop_oneof![
        6 => (vec(0..3_u8, 1..3), any::<bool>()).prop_map(|(lines, judged)| Says::Lines(lines, judged)),
        1 => Just(Says::Vanished),
        1 => Just(Says::Withheld),
    ];
    vec((0..KINDS.len(), 0..2_i64, 0..4_u8, says), 0..9)
}

/// The lines, statements and withheld rows of one archive, and what they add to what is known.
fn spell(said: &[(usize, i64, u8, Says)], position: u32, known: &mut BTreeMap<Key, Known>) -> Spec {
    let mut lines = BTreeMap::<Key, Vec<String>>::new();
    let (mut findings, mut withheld) = (BTreeSet::new(), BTreeSet::new());
    for (kind, at, id, says) in said {
        let (kind, id) = (KINDS[*kind], format!("id{id}"));
        let key = Key(kind.to_owned(), *at, id.clone());
        match says {
            Says::Lines(messages, is_judged) => {
                let judged = if *is_judged { r#","retention":{"rule":"p/r"}}"# } else { "}" };
                let text = |message: &u8| {
                    let data =
                        format!(r#"{{"message":"{message}","update_at":{message},"delete_at":{}}}"#, message % 2);
                    line(kind, &id, *at, &data).strip_suffix('}').unwrap().to_owned() + judged
                };
                let all = lines.entry(key).or_default();
                all.extend(messages.iter().map(text));
                all.sort();
            }
            Says::Vanished => drop(findings.insert(key)),
            Says::Withheld => drop(withheld.insert(key)),
        }
    }
    for (key, word) in withheld.iter().map(|key| (key, "withheld")).chain(findings.iter().map(|key| (key, "vanished")))
    {
        known.insert(key.clone(), (position, vec![(0, word.to_owned())]));
    }
    let mut segments = Vec::<(String, Vec<String>)>::new();
    for (record, (key, line)) in
        (0..).zip(lines.iter().flat_map(|(key, lines)| lines.iter().map(move |line| (key, line))))
    {
        // Sometimes a kind has more than one segment.
        if segments.last().is_none_or(|(kind, lines)| *kind != key.0 || lines.len() > 2) {
            segments.push((key.0.clone(), Vec::new()));
        }
        segments.last_mut().unwrap().1.push(line.clone());
        let counted = line.split(",\"retention\"").next().unwrap();
        let counted = if counted.len() == line.len() { &line[..line.len() - 1] } else { counted };
        let (clock, deleted) = (field(line, "update_at"), field(line, "delete_at") != "0");
        let state = format!("{} {clock} {deleted}", &sha(counted.as_bytes())[..32]);
        let (newest, all) = known.entry(key.clone()).or_default();
        if *newest != position || all.iter().any(|(_, word)| !word.contains(' ')) {
            (*newest, *all) = (position, Vec::new());
        }
        all.push((record, state));
    }
    let finding = |Key(kind, at, id): &Key| {
        let data = format!(r#"{{"record_kind":"{kind}","record_id":"{id}","record_at":{at}}}"#);
        line("finding_vanished", &format!("{kind}/{at}/{id}"), 0, &data)
    };
    let mut findings: Vec<String> = findings.iter().map(finding).collect();
    findings.sort();
    if !findings.is_empty() {
        segments.push(("finding_gap".into(), vec![line("finding_gap", "x", 0, "{}")]));
        segments.push(("finding_vanished".into(), findings));
    }
    let row = |Key(kind, at, id): &Key| {
        format!(
            r#"{{"kind":"{kind}","id":"{id}","at":{at},"rule":"p/r","reason":"due since 2024-11-14T22:13:20.000Z"}}"#
        )
    };
    let mut withheld: Vec<String> = withheld.iter().map(row).collect();
    withheld.sort();
    let number = Some(u64::from(position));
    Spec { segments, withheld, policy: Some("x\n".into()), number, files: Vec::new(), ..Spec::small() }
}

fn field<'l>(line: &'l str, name: &str) -> &'l str {
    line.split(&format!("\"{name}\":")).nth(1).unwrap().split([',', '}']).next().unwrap()
}

/// Writes an archive and says where it is and by which seal.
fn write(folder: &Path, position: u32, spec: Spec) -> Link {
    let bag = spec.bag().tagged().sealed();
    let path = folder.join(format!("{position}.zip"));
    fs::write(&path, bag.zip()).unwrap();
    let seal: Vec<u8> = sha(bag.get("seal.txt"))
        .as_bytes()
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect();
    Link { seal: seal.try_into().unwrap(), archive: path }
}

fn open(folder: &Path, links: &[Link]) -> Result<(Index, u32, Vec<String>), IndexError> {
    let clocks = |kind: &str| (kind != "server").then_some("update_at");
    let (index, account) = Index::open(&folder.join("index"), links, &clocks, &Progress::silent())?;
    Ok((index, account.archives_read, account.dropped))
}

fn read(index: &Index) -> BTreeMap<Key, Known> {
    let (mut found, mut groups) = (BTreeMap::new(), index.groups().unwrap());
    let mut last: Option<Key> = None;
    while let Some(group) = groups.peek() {
        let key = Key(group.kind.to_owned(), group.at, group.id.to_owned());
        assert!(last.as_ref().is_none_or(|last| *last < key), "{last:?} {key:?}");
        let words = group.known.iter().map(|known| {
            let is_sealed = matches!(known.state, State::Sealed { .. });
            (if is_sealed { known.record } else { 0 }, word(known.state))
        });
        assert!(group.known.iter().all(|known| known.archive == group.known[0].archive));
        found.insert(key.clone(), (group.known[0].archive, words.collect()));
        last = Some(key);
        groups.advance().unwrap();
    }
    found
}

fn word(state: State) -> String {
    match state {
        State::Sealed { version, clock, deleted } => format!("{version} {clock} {deleted}"),
        State::Vanished => "vanished".to_owned(),
        State::Withheld => "withheld".to_owned(),
    }
}

/// Goes through the index in leaps, to the record that is so many further on if that is of the same kind.
fn leap(index: &Index, known: &BTreeMap<Key, Known>, leap: usize) {
    let (all, mut groups) = (known.iter().collect::<Vec<_>>(), index.groups().unwrap());
    let mut here = 0;
    while let Some(group) = groups.peek() {
        let Key(kind, at, id) = all[here].0;
        assert_eq!((group.kind, group.at, group.id), (kind.as_str(), *at, id.as_str()));
        let rest = all[here + 1..].iter().take_while(|(key, _)| key.0 == *kind).count();
        let next = here + 1 + rest.min(leap);
        let until = (leap < rest).then(|| all[next].0);
        let (mut passed, mut records) = (Vec::new(), 0);
        let until = until.map(|key| (key.1, key.2.as_str()));
        groups
            .skim(until, &mut |one| {
                records += usize::from(!one.is_repeated);
                passed.push((one.at, word(one.state)));
            })
            .unwrap();
        let between = &all[here + 1..next];
        let words = between.iter().flat_map(|(key, (_, all))| all.iter().map(|(_, word)| (key.1, word.clone())));
        assert_eq!((passed, records), (words.collect(), between.len()), "{kind} {leap}");
        here = next;
    }
    assert_eq!(here, all.len());
}

/// What is expected of kinds whose clock is not told.
fn without_server_clock(known: &BTreeMap<Key, Known>) -> BTreeMap<Key, Known> {
    let mut known = known.clone();
    for (_, (_, all)) in known.iter_mut().filter(|(key, _)| key.0 == "server") {
        for (_, word) in all.iter_mut().filter(|(_, word)| word.contains(' ')) {
            let parts: Vec<&str> = word.split(' ').collect();
            *word = format!("{} 0 {}", parts[0], parts[2]);
        }
    }
    known
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_a_map_in_memory_says(archives in vec(archive(), 1..7), steps in vec(0..7_usize, 0..3)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut known, mut links, mut at) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (position, said) in (0..).zip(&archives) {
            links.push(write(folder.path(), position, spell(said, position, &mut known)));
            at.push(without_server_clock(&known));
        }
        let mut ends: Vec<usize> = steps.iter().map(|step| step % links.len()).chain([links.len() - 1]).collect();
        ends.sort_unstable();
        let mut before = 0;
        for last in ends {
            let (index, archives_read, dropped) = open(folder.path(), &links[..=last]).unwrap();
            prop_assert_eq!(archives_read as usize, last + 1 - before, "each archive is read once");
            prop_assert_eq!(dropped, Vec::<String>::new());
            prop_assert_eq!(read(&index), at[last].clone());
            (0..4).chain([usize::MAX]).for_each(|far| leap(&index, &at[last], far));
            before = last + 1;
        }
        let (index, _, _) = open(folder.path(), &links).unwrap();
        let mut counts = BTreeMap::<(String, i64), u64>::new();
        for (Key(kind, time, id), (_, all)) in at.last().unwrap() {
            let mut groups = index.groups().unwrap();
            let behind = format!("{id}~");
            prop_assert!(groups.find(kind, *time, &behind).unwrap().is_none());
            prop_assert!(groups.find("nonsense", 0, "x").unwrap().is_none());
            let mut groups = index.groups().unwrap();
            let group = groups.find(kind, *time, id).unwrap().unwrap();
            let sealed = all.iter().filter(|(_, word)| word.contains(' ')).count();
            prop_assert_eq!(group.versions().count(), sealed);
            let mut versions: Vec<_> = group.versions().collect();
            versions.reverse();
            prop_assert!(group.is(&versions) && !group.is(&[versions.clone(), versions].concat()) || sealed == 0);
            if sealed > 0 {
                *counts.entry((kind.clone(), time.div_euclid(2))).or_default() += sealed as u64;
            }
        }
        let counted = index.counts(2).unwrap();
        let counted = counted.iter().flat_map(|(kind, all)| all.iter().map(move |(at, n)| ((kind.clone(), *at), *n)));
        prop_assert_eq!(counted.collect::<BTreeMap<_, _>>(), counts);
    }
}

/// Three archives of a few posts each.
fn series(folder: &Path) -> Vec<Link> {
    let archive = |position: u32| {
        let posts = (0..9).map(|i| {
            let data = format!(r#"{{"update_at":{position},"message":"{}"}}"#, "x".repeat(100));
            line("post", &format!("p{:02}", i + position), 5, &data)
        });
        let segments = vec![("post".to_owned(), posts.collect())];
        Spec { segments, files: Vec::new(), number: Some(position.into()), ..Spec::small() }
    };
    (0..3).map(|position| write(folder, position, archive(position))).collect()
}

fn volumes(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder.join("index")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn a_cache_that_was_touched_is_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let links = series(folder.path());
    let expected = read(&open(folder.path(), &links).unwrap().0);
    let [volume] = volumes(folder.path()).try_into().expect("few archives make one volume");
    let good = fs::read(&volume).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..good.len())
        .step_by(7)
        .chain([0, 17, 21, good.len() - 1, good.len() - 33])
        .map(|at| {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            bytes
        })
        .collect();
    damaged.extend((0..good.len()).step_by(97).map(|end| good[..end].to_vec()));
    damaged.push([&good[..], b"x"].concat());
    for bytes in damaged {
        fs::write(&volume, &bytes).unwrap();
        let (index, archives_read, dropped) = open(folder.path(), &links).unwrap();
        assert_eq!((archives_read, dropped.len()), (3, 1), "{dropped:?}");
        assert_eq!(read(&index), expected);
    }
    assert_eq!(open(folder.path(), &links).unwrap().1, 0, "what was made again is used");
}

#[test]
fn a_cache_whose_digest_was_made_to_fit_ends_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let links = series(folder.path());
    let _ = open(folder.path(), &links).unwrap();
    let [volume] = volumes(folder.path()).try_into().expect("one volume");
    let good = fs::read(&volume).unwrap();
    let body = &good[..good.len() - 32];
    let mut refused = 0;
    for at in 0..body.len() {
        for change in [0xff, 0x01, 0x80] {
            let mut bytes = body.to_vec();
            bytes[at] ^= change;
            bytes.extend_from_slice(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
            fs::write(&volume, &bytes).unwrap();
            // Somebody who can write here can make it say anything; it must end, and not take the memory it is told to.
            let (index, archives_read, _) = open(folder.path(), &links).unwrap();
            let mut groups = index.groups();
            let ended = loop {
                match &mut groups {
                    Ok(groups) if groups.peek().is_none() => break Ok(()),
                    Ok(groups) => {
                        if let Err(error) = groups.advance() {
                            break Err(error);
                        }
                    }
                    Err(_) => break Err(IndexError::TooMany),
                }
            };
            refused += usize::from(ended.is_err() || archives_read > 0);
        }
    }
    assert!(refused > body.len(), "what can be seen is seen: {refused}");
}

#[test]
fn what_belongs_to_another_series_or_to_a_killed_run_is_put_away() {
    let folder = tempfile::tempdir().unwrap();
    let links = series(folder.path());
    let expected = read(&open(folder.path(), &links).unwrap().0);
    let [volume] = volumes(folder.path()).try_into().expect("one volume");
    // Left by runs that were killed: half a volume, volumes that were merged already, and another name.
    let index = folder.path().join("index");
    fs::write(index.join("00000003-00000003.index.partial"), "half").unwrap();
    fs::write(index.join("notes.txt"), "not ours").unwrap();
    let lone = tempfile::tempdir().unwrap();
    let _ = open(lone.path(), &links[..1]).unwrap();
    fs::copy(&volumes(lone.path())[0], index.join("00000000-00000000.index")).unwrap();
    let (again, archives_read, dropped) = open(folder.path(), &links).unwrap();
    assert_eq!((archives_read, dropped), (0, Vec::new()));
    assert_eq!(read(&again), expected);
    let mut names: Vec<_> = volumes(folder.path());
    names.retain(|path| !path.ends_with("notes.txt"));
    assert_eq!(names, std::slice::from_ref(&volume));

    fs::copy(&volume, index.join("00000000-00000005.index")).unwrap();
    let (_, archives_read, dropped) = open(folder.path(), &links).unwrap();
    assert_eq!(archives_read, 0);
    assert!(dropped[0].contains("than its name says"), "{dropped:?}");

    // A fork: the third archive is another one.
    let mut other = series(lone.path());
    other[2] = write(lone.path(), 9, Spec { files: Vec::new(), ..Spec::small() });
    let (forked, archives_read, dropped) = open(folder.path(), &other).unwrap();
    assert_eq!(archives_read, 3);
    assert!(dropped[0].contains("of another series"), "{dropped:?}");
    assert_ne!(read(&forked), expected);
    // A shorter series: an index of more than there is says too much.
    let (shorter, archives_read, _) = open(folder.path(), &other[..1]).unwrap();
    assert_eq!((archives_read, read(&shorter).len()), (1, 9));
    assert_eq!(read(&open(folder.path(), &[]).unwrap().0).len(), 0);
}

#[test]
fn an_archive_that_is_not_what_it_should_be_is_no_ground_for_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let links = series(folder.path());
    let refused = |link: Link, expected: &str| {
        let error = open(folder.path(), &[link]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused(Link { seal: [7; 32], ..links[0].clone() }, "not the seal");
    refused(Link { archive: folder.path().join("gone.zip"), ..links[0].clone() }, "cannot read the archive");
    let post = |id: &str| line("post", id, 5, "{}");
    let spec = |segments: Vec<(String, Vec<String>)>| Spec { segments, files: Vec::new(), ..Spec::small() };
    let posts = |lines: Vec<String>| ("post".to_owned(), lines);
    refused(write(folder.path(), 10, spec(vec![posts(vec![post("b"), post("a")])])), "line 2: it precedes");
    let apart = vec![posts(vec![post("b")]), posts(vec![post("a")])];
    refused(write(folder.path(), 11, spec(apart)), "do not ascend");
    refused(write(folder.path(), 12, spec(vec![posts(vec!["{}".to_owned()])])), "line 1");
    refused(write(folder.path(), 13, spec(vec![posts(vec![line("user", "a", 5, "{}")])])), "another kind");
    let bytes = fs::read(&links[0].archive).unwrap();
    let cut = folder.path().join("cut.zip");
    fs::write(&cut, &bytes[..bytes.len() - 9]).unwrap();
    refused(Link { archive: cut, ..links[0].clone() }, "not intact");
    assert!(volumes(folder.path()).is_empty(), "nothing half made is left");
}
