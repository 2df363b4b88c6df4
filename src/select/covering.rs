//! What lines say of the holds that cover their records, made once for each set of holds and counted.
//!
//! One post is covered by the holds of whoever could see it, and so are its neighbours: there are fewer sets than
//! records, and spelling one out takes longer than deciding. All threads share what was made. Memory is bounded: what
//! finds no room is made anew for each record.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::policy::decision::Held;
use crate::record::hold_set;

/// Sets that are kept, about 150 bytes each.
const KEPT: u32 = 1 << 19;

/// Parts of what is kept, so that threads seldom wait for one another.
const PARTS: usize = 64;

/// Sets of holds, as lines state them.
#[derive(Debug)]
pub(super) struct Covering<'e> {
    parts: Vec<RwLock<Known<'e>>>,
    hasher: RandomState,
    made: AtomicU32,
}

type Known<'e> = HashMap<Held<'e>, Spelling>;

/// How lines state a set of holds.
#[derive(Debug)]
struct Spelling {
    number: u32,
    value: Box<[u8]>,
}

/// The set that was stated last.
#[derive(Debug)]
pub(super) struct Stated {
    /// Its number; `None` if it found no room.
    number: Option<u32>,
    /// Its own line, if it has one and was made just now.
    line: Option<Vec<u8>>,
}

/// What one thread stated.
#[derive(Debug, Default)]
pub(super) struct Covered<'e> {
    /// The number of the set of each record that stays.
    numbers: Vec<u32>,
    /// Sets that were made, by number, with their lines.
    made: Vec<(u32, Vec<u8>)>,
    /// Lines of sets without a number, which records that stay name.
    lines: Vec<Vec<u8>>,
    /// Records by hold, of sets without a number.
    beyond: HashMap<&'e str, u64>,
}

impl<'e> Covered<'e> {
    /// Notes what was stated of a record, and whether the record stays.
    pub(super) fn add(&mut self, held: &Held<'e>, stated: Stated, stays: bool) {
        let Stated { number, line } = stated;
        match number {
            Some(number) => {
                self.made.extend(line.map(|line| (number, line)));
                self.numbers.extend(stays.then_some(number));
            }
            None if stays => {
                self.lines.extend(line);
                held.iter().for_each(|hold| *self.beyond.entry(hold).or_default() += 1);
            }
            None => {}
        }
    }
}

/// What all threads stated.
#[derive(Debug, Default)]
pub(super) struct Sum<'e> {
    /// Records by number of their set.
    records: Vec<u64>,
    /// Lines of sets that no record names so far.
    waiting: Vec<(u32, Vec<u8>)>,
    beyond: HashMap<&'e str, u64>,
}

impl<'e> Sum<'e> {
    /// Adds what one thread stated. Lines of sets that records name by now go to `lines`.
    pub(super) fn add(&mut self, covered: &mut Covered<'e>, lines: &mut Vec<Vec<u8>>) {
        for number in covered.numbers.drain(..) {
            let at = number as usize;
            if at >= self.records.len() {
                self.records.resize(at + 1, 0);
            }
            self.records[at] += 1;
        }
        self.waiting.append(&mut covered.made);
        let named = |number: u32| self.records.get(number as usize).is_some_and(|records| *records > 0);
        lines.extend(self.waiting.extract_if(.., |(number, _)| named(*number)).map(|(_, line)| line));
        lines.append(&mut covered.lines);
        for (hold, records) in covered.beyond.drain() {
            *self.beyond.entry(hold).or_default() += records;
        }
    }

    /// Records by hold.
    pub(super) fn by_hold(self, covering: &Covering<'e>) -> BTreeMap<&'e str, u64> {
        let mut holds: BTreeMap<&str, u64> = self.beyond.into_iter().collect();
        covering.each(|held, number| {
            let records = self.records.get(number as usize).copied().unwrap_or_default();
            for hold in held.iter().filter(|_| records > 0) {
                *holds.entry(hold).or_default() += records;
            }
        });
        holds
    }
}

impl<'e> Covering<'e> {
    pub(super) fn new() -> Self {
        Self {
            parts: std::iter::repeat_with(RwLock::default).take(PARTS).collect(),
            hasher: RandomState::new(),
            made: AtomicU32::new(0),
        }
    }

    /// Puts into `value` what a line states of these holds: nothing if there are none.
    pub(super) fn state(&self, held: &Held<'e>, value: &mut Vec<u8>) -> Option<Stated> {
        value.clear();
        if held.is_empty() {
            return None;
        }
        let part = usize::try_from(self.hasher.hash_one(held) % PARTS as u64).unwrap_or_default();
        let part = self.parts.get(part)?;
        if let Some(known) = part.read().unwrap_or_else(PoisonError::into_inner).get(held) {
            value.extend_from_slice(&known.value);
            return Some(Stated { number: Some(known.number), line: None });
        }
        let line = hold_set::push(value, held.iter());
        let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = part.get(held) {
            return Some(Stated { number: Some(known.number), line: None });
        }
        if self.made.load(Ordering::Relaxed) >= KEPT {
            return Some(Stated { number: None, line });
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        part.insert(held.clone(), Spelling { number, value: value.as_slice().into() });
        Some(Stated { number: Some(number), line })
    }

    /// Calls `each` with every set that was kept, and its number.
    fn each(&self, mut each: impl FnMut(&Held<'e>, u32)) {
        for part in &self.parts {
            let part = part.read().unwrap_or_else(PoisonError::into_inner);
            part.iter().for_each(|(held, spelling)| each(held, spelling.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::decision::Held;

    #[test]
    fn a_set_is_made_once_and_numbered() {
        let ids: Vec<String> = (0..9).map(|at| format!("h{at}")).collect();
        let held = |bits| Held::of_bits(&ids, bits);
        let (covering, mut value) = (Covering::new(), b"old".to_vec());
        assert!(covering.state(&held(0), &mut value).is_none() && value.is_empty());
        let few = covering.state(&held(0b101), &mut value).unwrap();
        assert_eq!((few.number, few.line), (Some(0), None));
        assert_eq!(value, br#"["h0","h2"]"#);
        let many = covering.state(&held(0b1_1111), &mut value).unwrap();
        let line = String::from_utf8(many.line.unwrap()).unwrap();
        assert!(line.ends_with(r#""holds":["h0","h1","h2","h3","h4"]}"#), "{line}");
        assert!(line.contains(std::str::from_utf8(&value).unwrap()));
        let first = value.clone();
        let again = covering.state(&held(0b1_1111), &mut value).unwrap();
        assert_eq!((again.number, again.line, &value), (many.number, None, &first));
        let mut all = Vec::new();
        covering.each(|held, number| all.push((number, held.iter().count())));
        all.sort_unstable();
        assert_eq!(all, [(0, 2), (1, 5)]);
    }

    /// States one record and adds it up; returns how many lines of sets it made known.
    fn add<'e>(covering: &Covering<'e>, sum: &mut Sum<'e>, held: &Held<'e>, stays: bool) -> usize {
        let (mut covered, mut lines) = (Covered::default(), Vec::new());
        let stated = covering.state(held, &mut Vec::new()).unwrap();
        covered.add(held, stated, stays);
        sum.add(&mut covered, &mut lines);
        lines.len()
    }

    #[test]
    fn the_line_of_a_set_waits_for_a_record_that_stays() {
        let ids: Vec<String> = (0..9).map(|at| format!("h{at}")).collect();
        let (covering, mut sum) = (Covering::new(), Sum::default());
        let mut add = |bits, stays| add(&covering, &mut sum, &Held::of_bits(&ids, bits), stays);
        let all = 0b1_1111;
        assert_eq!([add(all, false), add(all, true), add(all, true)], [0, 1, 0]);
        assert_eq!([add(0b11, true), add(0b11_1110, true)], [0, 1]);
        let counts = sum.by_hold(&covering);
        let expected = [("h0", 3), ("h1", 4), ("h2", 3), ("h3", 3), ("h4", 3), ("h5", 1)];
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    }
}
