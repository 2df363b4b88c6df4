//! Sets of bits, each kept once: which rules may cover a channel, which holds cover a user, and so on.
//!
//! There are many channels and posts, and few different sets among them.

use std::collections::HashMap;

/// A set that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SetId(u32);

/// Sets of the same number of bits.
#[derive(Debug)]
pub(super) struct Sets {
    words: usize,
    all: Vec<u64>,
    known: HashMap<Box<[u64]>, SetId>,
}

impl Sets {
    /// For sets of at most so many bits. The empty set is there from the beginning.
    pub(super) fn new(bits: usize) -> Self {
        let mut sets = Self { words: bits.div_ceil(64), all: Vec::new(), known: HashMap::new() };
        let empty = sets.empty();
        sets.keep(&empty);
        sets
    }

    /// The set without a bit.
    pub(super) const EMPTY: SetId = SetId(0);

    /// An empty set to be filled.
    pub(super) fn empty(&self) -> Vec<u64> {
        vec![0; self.words]
    }

    pub(super) fn keep(&mut self, set: &[u64]) -> SetId {
        if let Some(id) = self.known.get(set) {
            return *id;
        }
        let id = SetId(u32::try_from(self.known.len()).unwrap_or(u32::MAX));
        self.all.extend_from_slice(set);
        self.known.insert(set.into(), id);
        id
    }

    pub(super) fn get(&self, id: SetId) -> &[u64] {
        let start = id.0 as usize * self.words;
        self.all.get(start..start + self.words).unwrap_or_default()
    }
}

pub(super) fn insert(set: &mut [u64], bit: usize) {
    if let Some(word) = set.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

pub(super) fn contains(set: &[u64], bit: usize) -> bool {
    set.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

pub(super) fn unite(set: &mut [u64], other: &[u64]) {
    for (word, more) in set.iter_mut().zip(other) {
        *word |= more;
    }
}

/// The bits of a set, ascending.
pub(super) fn bits(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(at, word)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = left.trailing_zeros() as usize;
            (left != 0).then(|| {
                left &= left - 1;
                at * 64 + bit
            })
        })
    })
}

/// Bits of one record: the first 256 without an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bits {
    few: [u64; 4],
    more: Vec<u64>,
}

impl Bits {
    pub(super) fn unite(&mut self, set: &[u64]) {
        let (few, more) = set.split_at(set.len().min(4));
        unite(&mut self.few, few);
        if self.more.len() < more.len() {
            self.more.resize(more.len(), 0);
        }
        unite(&mut self.more, more);
    }

    /// Adds what is in both sets; they are of the same number of bits.
    pub(super) fn unite_common(&mut self, one: &[u64], other: &[u64]) {
        for (word, (one, other)) in self.few.iter_mut().zip(one.iter().zip(other)) {
            *word |= one & other;
        }
        if one.len() > self.few.len() {
            self.more.resize(one.len() - self.few.len(), 0);
            for (word, (one, other)) in self.more.iter_mut().zip(one.iter().zip(other).skip(self.few.len())) {
                *word |= one & other;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.few.iter().chain(&self.more).all(|word| *word == 0)
    }

    pub(super) fn contains(&self, bit: usize) -> bool {
        contains(&self.few, bit) || bit >= 256 && contains(&self.more, bit - 256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_go_on_after_the_first_few() {
        let mut set = vec![0; 6];
        insert(&mut set, 3);
        insert(&mut set, 300);
        let mut found = Bits::default();
        assert!(found.is_empty());
        found.unite(&set);
        found.unite(&[8]);
        assert!(found.contains(3) && found.contains(300) && !found.contains(44) && !found.contains(256 + 3));
        let mut both = Bits::default();
        both.unite_common(&set, &[0; 6]);
        assert!(both.is_empty());
        both.unite_common(&set, &[8, 0, 0, 0, 0, 0]);
        assert!(both.contains(3) && !both.contains(300));
        both.unite_common(&set, &[0, 0, 0, 0, u64::MAX, 0]);
        assert!(both.contains(3) && both.contains(300) && !both.contains(301));
    }

    #[test]
    fn equal_sets_are_one() {
        let mut sets = Sets::new(130);
        let mut set = sets.empty();
        assert_eq!(sets.keep(&set), Sets::EMPTY);
        for bit in [0, 63, 64, 129] {
            insert(&mut set, bit);
        }
        let id = sets.keep(&set);
        assert_eq!(sets.keep(&set.clone()), id);
        assert_ne!(id, Sets::EMPTY);
        assert!(bits(sets.get(id)).eq([0, 63, 64, 129]));
        assert!(contains(sets.get(id), 129) && !contains(sets.get(id), 128) && !contains(sets.get(id), 5000));
        assert!(sets.get(Sets::EMPTY).iter().all(|word| *word == 0));
    }
}
