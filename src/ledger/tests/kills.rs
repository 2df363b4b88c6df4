//! A run that is killed, a power cut, a disk that fails: at every durable step.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::Path;

use super::super::{Event, Ledger, LedgerError, Reading, Recovered, unwatched};
use super::{NOW, copy, defects, export, hold, open, signer, varied};

/// Runs `export` and stops it behind step `stop`; `cut` tears what was not on disk yet. Returns whether it came so far.
fn kill(place: &Path, stop: usize, cut: bool) -> bool {
    let snapshot = place.join("snapshot");
    let live = place.join("live");
    let steps = RefCell::new(0);
    let mut watch = |event: Event<'_>| {
        *steps.borrow_mut() += 1;
        if *steps.borrow() == stop {
            copy(&live, &snapshot);
            if let (Event::Written(path), true) = (event, cut) {
                let torn = snapshot.join(path.strip_prefix(&live).unwrap());
                let bytes = fs::read(&torn).unwrap();
                fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        Ok(())
    };
    export(&live.join("ledger"), &live.join("archives"), "next", &mut watch).unwrap();
    let reached = snapshot.exists();
    if reached {
        fs::remove_dir_all(&live).unwrap();
        fs::rename(&snapshot, &live).unwrap();
    }
    reached
}

#[test]
fn killed_anywhere_the_run_has_happened_or_it_has_not() {
    let mut seen = [0; 3];
    for (step, cut, lose) in (1..).flat_map(|step| [(step, false, false), (step, true, false), (step, false, true)]) {
        let (place, _) = varied();
        let live = place.path().join("live");
        fs::create_dir(&live).unwrap();
        for part in ["ledger", "archives"] {
            fs::rename(place.path().join(part), live.join(part)).unwrap();
        }
        if !kill(place.path(), step, cut) {
            break;
        }
        let (folder, archives) = (live.join("ledger"), live.join("archives"));
        if lose {
            drop(fs::remove_file(archives.join("next.zip.partial")));
            drop(fs::remove_file(archives.join("next.zip")));
        }
        assert_eq!(defects(&folder), [""; 0], "step {step}");
        let committed = Reading::of(&folder).unwrap().size() == 6;
        let mut ledger = open(&folder);
        let recovered = ledger.settle(&signer(1), NOW, &mut unwatched).unwrap();
        let listed = ledger.reading().list.iter().any(|listed| listed.bag.as_str() == "next");
        match recovered.as_slice() {
            [] => assert!(!committed || listed, "step {step}"),
            [Recovered::Published(_)] => assert!(committed && listed && archives.join("next.zip").is_file()),
            [Recovered::Gap { number: 5, .. }] => assert!(committed && lose && !listed, "step {step}"),
            other => panic!("step {step}: {other:?}"),
        }
        seen[usize::from(committed) + usize::from(!recovered.is_empty())] += 1;
        drop(ledger);
        let before = Reading::of(&folder).unwrap();
        assert_eq!((before.remarks.len(), before.pending.len()), (0, 0), "step {step}: {:?}", before.remarks);
        export(&folder, &archives, "after", &mut unwatched).unwrap();
        assert_eq!(defects(&folder), [""; 0], "step {step}");
    }
    // Before the commit, behind it with nothing left to do, behind it with something left to do.
    assert!(seen.iter().all(|times| *times > 3), "{seen:?}");
}

#[test]
fn every_name_is_given_to_bytes_on_disk_and_is_on_disk_before_the_next_step() {
    let (place, folder) = varied();
    let events = RefCell::new(Vec::new());
    let mut watch = |event: Event<'_>| {
        let (word, path) = match event {
            Event::Written(path) => ("written", path),
            Event::Synced(path) => ("synced", path),
            Event::Named(path) => ("named", path),
            Event::Settled(path) => ("settled", path),
            Event::Removed(path) => ("removed", path),
        };
        events.borrow_mut().push((word, path.strip_prefix(place.path()).unwrap().display().to_string()));
        Ok(())
    };
    export(&folder, &place.path().join("archives"), "next", &mut watch).unwrap();
    let events: Vec<(&str, String)> = events.into_inner();
    let names: Vec<&str> = events
        .iter()
        .filter(|event| event.0 == "named" || event.0 == "removed")
        .map(|event| event.1.as_str())
        .collect();
    let order = [
        "ledger/pending/00000005",
        "ledger/statements/00000005.txt",
        "ledger/checkpoint",
        "ledger/checkpoints/00000006",
        "archives/next.zip",
        "ledger/archives.sha256",
        "ledger/pending/00000005",
    ];
    assert_eq!(names, order);
    for (at, (word, path)) in events.iter().enumerate().filter(|(_, event)| !event.1.starts_with("archives/")) {
        let after = events.get(at + 1).map(|event| event.0);
        match *word {
            "written" => assert_eq!(after, Some("synced"), "{path}"),
            "synced" => assert_eq!(after, Some("named"), "{path}"),
            "named" | "removed" => assert_eq!(after, Some("settled"), "{path}"),
            _ => {}
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_step_leaves_a_ledger_that_goes_on() {
    for step in 1.. {
        let (place, folder) = varied();
        let steps = RefCell::new(0);
        let mut watch = |_: Event<'_>| {
            *steps.borrow_mut() += 1;
            if *steps.borrow() == step { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
        };
        let said = Ledger::open(&folder, "a test", &mut watch)
            .and_then(|mut ledger| ledger.state(hold("h2"), &signer(1), &signer(1), NOW, &mut watch));
        let committed = match said {
            Ok(_) => break,
            Err(LedgerError::Unsettled { .. }) => true,
            Err(LedgerError::Io { .. }) => false,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(Reading::of(&folder).unwrap().size(), if committed { 6 } else { 5 }, "step {step}");
        export(&folder, &place.path().join("archives"), "after", &mut unwatched).unwrap();
        assert_eq!(defects(&folder), [""; 0], "step {step}");
    }
}
