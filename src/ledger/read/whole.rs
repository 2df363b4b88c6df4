//! What holds a ledger together: checkpoints over leaves, seals over seals, the list, and nothing left over.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use rayon::prelude::*;

use super::{MAX_FILE, Reading, Text, bytes, follows, name, names, number_of, place};
use crate::keys::{Note, NoteCheck};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::durable::PARTIAL;
use crate::ledger::flaw::Flaw;
use crate::ledger::list;

/// One way in which a checkpoint is wrong, and how.
type Fault = (Flaw, &'static str);

impl Reading {
    /// Every checkpoint there ever was, against the leaves that it counts and the key that was in force.
    pub(super) fn checkpoints(&mut self) -> io::Result<()> {
        let folder = self.folder.join("checkpoints");
        let mut notes = BTreeMap::new();
        for name in names(&folder)?.into_iter().filter(|name| !name.ends_with(PARTIAL)) {
            let read = bytes(&folder.join(&name), MAX_FILE)?.unwrap_or_default();
            let parsed = Note::parse(&read).ok().and_then(|note| Some((Checkpoint::parse(note.text())?, note)));
            match parsed {
                Some((checkpoint, note)) if super::name(checkpoint.size) == name => {
                    notes.insert(checkpoint.size, (checkpoint, note));
                }
                _ => self.found(Flaw::CheckpointMalformed, format!("checkpoints/{name}"), "not the note of that size"),
            }
        }
        let size = self.size();
        for missing in (1..size.min(self.leaves.len() as u64 + 1)).filter(|size| !notes.contains_key(size)) {
            self.found(Flaw::CheckpointMissing, format!("checkpoints/{}", name(missing)), "every checkpoint is kept");
        }
        if let Some((later, _)) = notes.range(size + 1..).next_back() {
            let detail =
                format!("it counts {size} leaves, but there is one of {later}: it was put back to an older one");
            self.found(Flaw::CheckpointMissing, "checkpoint", detail);
        }
        if let (Some(checkpoint), Some(note)) = (self.checkpoint.clone(), self.note.clone()) {
            self.check_note("checkpoint", &checkpoint, &note);
            match notes.get(&size) {
                None => {
                    self.remarks.push("the newest checkpoint is not among those kept; the next append adds it".into());
                }
                Some((_, kept)) if kept.encode() == note.encode() => {}
                // An attachment that was cut short has reached only one of the two.
                Some((_, kept)) if note.is_within(kept) => {
                    self.remarks.push("the newest checkpoint lacks a cosignature that was attached".into());
                }
                Some(_) => {
                    let place = format!("checkpoints/{}", name(size));
                    self.found(Flaw::CheckpointMalformed, place, "it is not the same as `checkpoint`");
                }
            }
        }
        let kept: Vec<(Checkpoint, Note)> = notes.into_values().collect();
        // A signature takes longer than all else that is done for a leaf.
        let faults: Vec<Vec<Fault>> =
            kept.par_iter().map(|(checkpoint, note)| self.faults_of(checkpoint, note)).collect();
        for ((checkpoint, note), faults) in kept.into_iter().zip(faults) {
            for (flaw, detail) in faults {
                self.found(flaw, format!("checkpoints/{}", name(checkpoint.size)), detail);
            }
            self.notes.push((checkpoint.size, note));
        }
        Ok(())
    }

    pub(super) fn check_note(&mut self, place: &str, checkpoint: &Checkpoint, note: &Note) {
        for (flaw, detail) in self.faults_of(checkpoint, note) {
            self.found(flaw, place, detail);
        }
    }

    /// What is wrong with a checkpoint: its root over our leaves, and the signature of the key that was in force.
    fn faults_of(&self, checkpoint: &Checkpoint, note: &Note) -> Vec<Fault> {
        let mut faults = Vec::new();
        match self.checkpoint_at(checkpoint.size) {
            Some(ours) if ours == *checkpoint => {}
            Some(_) => faults.push((Flaw::Root, "these leaves have another root")),
            None => faults.push((Flaw::Root, "the leaves that it counts are not all there")),
        }
        let key = self.keys.at(checkpoint.size).map(|term| term.key);
        if key.is_none_or(|key| note.check(checkpoint.origin.as_str(), &key) != NoteCheck::Verified) {
            faults.push((Flaw::CheckpointSignature, "no signature by the key in force verifies"));
        }
        faults
    }

    /// Whether each seal names the one before.
    pub(super) fn chain(&mut self) {
        let mut last = None;
        let mut found = Vec::new();
        for (number, leaf) in self.texts() {
            if let Some(Text::Seal(seal)) = &leaf.text
                && seal.previous != last
            {
                found.push(number);
            }
            last = follows(leaf).or(last);
        }
        for number in found {
            self.found(Flaw::Previous, place(number), "line 6 is not the digest of the last seal before it");
        }
        let times = self.texts().filter_map(|(_, leaf)| leaf.time());
        let backwards = times.collect::<Vec<_>>().windows(2).filter(|pair| pair[1] < pair[0]).count();
        if backwards > 0 {
            let plural = if backwards == 1 { "statement has" } else { "statements have" };
            self.remarks.push(format!(
                "{backwards} {plural} an earlier time than the one before: a clock stepped back; their order is certain, their times are not"
            ));
        }
    }

    pub(super) fn list(&mut self) -> io::Result<()> {
        match list::parse(&bytes(&self.folder.join("archives.sha256"), MAX_FILE)?.unwrap_or_default()) {
            Ok(list) => self.list = list,
            Err(line) => self.found(Flaw::List, format!("archives.sha256 line {line}"), "expected DIGEST  NAME.zip"),
        }
        Ok(())
    }

    /// Leaves behind the newest checkpoint: one may have been cut short, more were cut off.
    pub(super) fn leftovers(&mut self, present: &BTreeSet<String>) {
        let size = self.size();
        let beyond = |name: &&String| number_of(name).is_some_and(|number| number >= size);
        for left in present.iter().filter(beyond) {
            if self.checkpoint.is_some() && number_of(left) != Some(size) {
                let detail = "it lies beyond the newest checkpoint, which no cut-short append explains";
                self.found(Flaw::CheckpointMissing, format!("statements/{left}"), detail);
            } else {
                self.remarks.push(format!("statements/{left} was not committed; the next append discards it"));
            }
        }
        for pending in &self.pending {
            let target = pending.target.display();
            self.remarks.push(format!("`{target}` was not published to the end; the next append finishes it"));
        }
    }
}
