//! The ledger before kills, power cuts, full disks and forgers, with every durable step watched.

use std::cell::RefCell;
mod kills;
mod odd;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::archive::seal::{Clock, Origin, Seal};
use crate::keys::{KeyPair, Signer};
use crate::record::time::{Millis, Window};

const NOW: Millis = 1_795_251_300_000;

pub(super) fn signer(seed: u8) -> Signer {
    Signer::from_key(KeyPair::from_seed(&[seed; 32]).unwrap())
}

fn origin() -> Origin {
    Origin::new("chat.example.org/audit").unwrap()
}

fn act() -> Act {
    Act { by: "Ada".into(), why: "ordered".into(), approved_by: vec!["Kai".into()] }
}

fn hold(id: &str) -> Said {
    Said::Hold(Box::new(Freeze {
        id: id.into(),
        matter: "crane 7".into(),
        users: vec!["kai".into()],
        channels: vec!["ops/*".into()],
        window: Window { from: Some(0), until: None },
        act: act(),
        ..Freeze::default()
    }))
}

fn begin(folder: &Path) -> Committed {
    Ledger::create(folder, &origin(), &signer(1), NOW, "a test", &mut unwatched).unwrap()
}

pub(super) fn open(folder: &Path) -> Ledger {
    Ledger::open(folder, "a test", &mut unwatched).unwrap()
}

fn say(folder: &Path, said: Said, now: Millis) -> Committed {
    open(folder).state(said, &signer(1), &signer(1), now, &mut unwatched).unwrap()
}

fn seal_text(ledger: &Ledger) -> String {
    let seal = Seal {
        origin: origin(),
        number: Some(ledger.next()),
        records: 0,
        root: crate::merkle::empty_root(),
        previous: ledger.previous(),
        tag_manifest: [3; 32],
        clock: Clock::Event,
        window: Window::default(),
        source: [1; 32],
        policy: None,
        holds: None,
        files: 0,
        exceptions: 0,
        time: NOW,
        signer: key_digest(&signer(1).public_key()),
    };
    seal.text().unwrap()
}

/// A run as an export makes it: the archive lies complete beside its name, is committed, and gets its name.
fn export(folder: &Path, archives: &Path, name: &str, watch: &mut Watch<'_>) -> Result<(), LedgerError> {
    let mut ledger = Ledger::open(folder, "a test", watch)?;
    ledger.settle(&signer(1), NOW, watch)?;
    let target = archives.join(format!("{name}.zip"));
    let zip = format!("the bytes of {name}");
    fs::write(archives.join(format!("{name}.zip.partial")), &zip).unwrap();
    let text = seal_text(&ledger);
    let pending = Pending {
        number: ledger.next(),
        seal: sha256(text.as_bytes()),
        archive: sha256(zip.as_bytes()),
        target: target.clone(),
    };
    ledger.seal(&text, &pending, &signer(1), watch)?;
    crate::archive::stage::publish_left_behind(&target)?;
    watch(Event::Named(&target)).unwrap();
    ledger.published(&pending, watch)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found.sort();
    found
}

fn defects(folder: &Path) -> Vec<&'static str> {
    Reading::of(folder).unwrap().defects.iter().map(|defect| defect.flaw.code()).collect()
}

/// A ledger of every kind of statement, in a folder of its own.
pub(super) fn varied() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let (folder, archives) = (place.path().join("ledger"), place.path().join("archives"));
    fs::create_dir(&archives).unwrap();
    begin(&folder);
    say(&folder, hold("h1"), NOW);
    export(&folder, &archives, "one", &mut unwatched).unwrap();
    say(&folder, Said::Release { id: "h1".into(), act: act() }, NOW);
    export(&folder, &archives, "two", &mut unwatched).unwrap();
    (place, folder)
}

#[test]
fn what_is_said_is_read_back_in_order_with_its_heads() {
    let (_place, folder) = varied();
    let reading = Reading::of(&folder).unwrap();
    assert_eq!(
        (reading.defects.as_slice(), reading.remarks.as_slice(), reading.size()),
        ([].as_slice(), [].as_slice(), 5)
    );
    let kinds: Vec<&str> = reading.statements_said().map(|statement| statement.said.kind()).collect();
    assert_eq!(kinds, ["key", "hold", "release"]);
    let seals: Vec<u64> = reading.seals().iter().map(|(number, _, _)| *number).collect();
    assert_eq!((seals, reading.list.len()), (vec![2, 4], 2));
    for size in 0..=5 {
        let head = reading.checkpoint_at(size).unwrap().head();
        assert_eq!(reading.find(&head::Expected::parse(&head.to_string()).unwrap()), Some(size));
        assert_eq!(reading.find(&head::Expected::Full(head.digest)), Some(size));
    }
    assert_eq!(reading.find(&head::Expected::Full([0; 32])), None);
    assert_eq!(reading.checkpoint_at(6), None);
}

#[test]
fn independent_programs_accept_every_checkpoint_and_that_none_was_rewritten() {
    use tlog_tiles::{Hash, check_tree};
    let (_place, folder) = varied();
    let reading = Reading::of(&folder).unwrap();
    let whole = reading.checkpoint.clone().unwrap();
    let vkey = signer(1).public_key().vkey(origin().as_str());
    for size in 1..=reading.size() {
        let bytes = fs::read(folder.join(format!("checkpoints/{size:08}"))).unwrap();
        let theirs = signed_note::StandardVerifier::new(&vkey).unwrap();
        let note = signed_note::Note::from_bytes(&bytes).unwrap();
        let (known, unknown) = note.verify(&signed_note::VerifierList::new(vec![Box::new(theirs)])).unwrap();
        assert_eq!((known.len(), unknown.len()), (1, 0));
        let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((theirs.origin(), theirs.size()), (origin().as_str(), size));
        let old = reading.checkpoint_at(size).unwrap();
        let proof: Vec<Hash> = reading.consistency(size).unwrap().into_iter().map(Hash).collect();
        check_tree(&proof, whole.size, Hash(whole.root), size, Hash(old.root)).unwrap();
        assert_eq!(theirs.hash().0, old.root);
    }
}

#[test]
fn one_flipped_bit_anywhere_is_found() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    begin(&folder);
    say(&folder, hold("h1"), NOW);
    export(&folder, place.path(), "one", &mut unwatched).unwrap();
    for path in files(&folder) {
        let whole = fs::read(&path).unwrap();
        // The list has no signature: `verify` holds it against the archives.
        if path.ends_with("archives.sha256") {
            continue;
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&path, &changed).unwrap();
            assert_ne!(defects(&folder), [""; 0], "{} byte {at}", path.display());
        }
        fs::remove_file(&path).unwrap();
        let missing = Reading::of(&folder).unwrap();
        let newest = path.ends_with("checkpoints/00000003") && missing.remarks.len() == 1;
        assert!(newest || path.ends_with("lock") || !missing.defects.is_empty(), "{} removed", path.display());
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(defects(&folder), [""; 0]);
}

#[test]
fn a_beginning_that_was_cut_short_is_begun_again_and_nothing_else_is() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    for step in 1.. {
        let steps = RefCell::new(0);
        let mut watch = |_: Event<'_>| {
            *steps.borrow_mut() += 1;
            if *steps.borrow() == step { Err(io::Error::other("cut")) } else { Ok(()) }
        };
        let begun = Ledger::create(&folder, &origin(), &signer(1), NOW, "a test", &mut watch);
        let committed = Reading::of(&folder).unwrap().size() == 1;
        if begun.is_ok() {
            break;
        }
        let again = Ledger::create(&folder, &origin(), &signer(1), NOW, "a test", &mut unwatched);
        assert_eq!(again.is_ok(), !committed, "step {step}");
        assert_eq!(defects(&folder), [""; 0], "step {step}");
        fs::remove_dir_all(&folder).unwrap();
    }
    assert!(matches!(
        Ledger::create(&folder, &origin(), &signer(1), NOW, "a test", &mut unwatched),
        Err(LedgerError::Exists(_))
    ));
    fs::create_dir(place.path().join("other")).unwrap();
    fs::write(place.path().join("other/letter"), "").unwrap();
    let other = Ledger::create(&place.path().join("other"), &origin(), &signer(1), NOW, "a test", &mut unwatched);
    assert!(matches!(other, Err(LedgerError::Exists(_))));
    assert!(matches!(Ledger::open(place.path(), "a test", &mut unwatched), Err(LedgerError::Absent(_))));
}

#[test]
fn the_lock_names_its_holder_and_ends_with_it() {
    let (_place, folder) = varied();
    let held = Ledger::open(&folder, "process 7 on harbour since noon", &mut unwatched).unwrap();
    match Ledger::open(&folder, "another", &mut unwatched) {
        Err(LedgerError::Locked { holder, .. }) => assert_eq!(holder, "process 7 on harbour since noon"),
        other => panic!("{other:?}"),
    }
    drop(held);
    assert_eq!(fs::read(folder.join("lock")).unwrap(), b"");
    open(&folder);
}

#[test]
fn an_older_checkpoint_does_not_make_us_discard_what_it_does_not_count() {
    let (_place, folder) = varied();
    fs::copy(folder.join("checkpoints/00000002"), folder.join("checkpoint")).unwrap();
    let before = files(&folder);
    assert!(defects(&folder).contains(&"ledger-checkpoint-missing"));
    assert!(matches!(Ledger::open(&folder, "a test", &mut unwatched), Err(LedgerError::Damaged { .. })));
    assert_eq!(files(&folder), before);
}

#[test]
fn keys_follow_one_another_by_position() {
    let (_place, folder) = varied();
    let key = |seed| Said::Key { key: signer(seed).public_key(), compromised_since: None };
    let rotate = |old: u8, new: u8, said: Said| {
        open(&folder).state(said, &signer(old), &signer(new), NOW, &mut unwatched).map(drop)
    };
    assert!(matches!(rotate(2, 2, key(2)), Err(LedgerError::OtherKey { .. })));
    assert!(matches!(rotate(1, 1, key(2)), Err(LedgerError::OtherKey { .. })));
    rotate(1, 2, key(2)).unwrap();
    assert!(matches!(rotate(1, 1, hold("h2")), Err(LedgerError::OtherKey { .. })));
    rotate(2, 2, hold("h2")).unwrap();
    rotate(2, 3, Said::Key { key: signer(3).public_key(), compromised_since: Some(6) }).unwrap();
    let reading = Reading::of(&folder).unwrap();
    assert_eq!(reading.defects, []);
    let at = |number| reading.keys.at(number).unwrap().key;
    assert_eq!((at(0), at(5), at(6), at(7), at(8)), {
        let key = |seed| signer(seed).public_key();
        (key(1), key(1), key(2), key(2), key(3))
    });
    assert_eq!(reading.keys.at(7).unwrap().compromised_since, Some(6));
}

#[test]
fn a_clock_that_steps_back_is_said_and_changes_no_order() {
    let (_place, folder) = varied();
    say(&folder, hold("h2"), NOW - 86_400_000);
    let reading = Reading::of(&folder).unwrap();
    assert_eq!((reading.defects.len(), reading.remarks.len()), (0, 1));
    assert!(reading.remarks[0].contains("stepped back"));
}

#[test]
fn a_seal_must_continue_the_ledger_and_its_archive_have_a_free_name() {
    let (place, folder) = varied();
    let archives = place.path().join("archives");
    assert!(matches!(export(&folder, &archives, "one", &mut unwatched), Err(LedgerError::Named(_))));
    let mut ledger = open(&folder);
    let text = seal_text(&ledger).replace("00000005", "00000006").replace("audit 5", "audit 6");
    let target = archives.join("x.zip");
    let pending = Pending { number: 6, seal: sha256(text.as_bytes()), archive: [0; 32], target };
    assert!(matches!(ledger.seal(&text, &pending, &signer(1), &mut unwatched), Err(LedgerError::NotNext("number"))));
    assert_eq!(ledger.next(), 5);
}
