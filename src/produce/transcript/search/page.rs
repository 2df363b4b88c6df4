//! What one page adds to the index, made beside the page on any thread.

use std::collections::HashMap;

use super::tokens;
use crate::record::time::Millis;

/// What can be asked of a post apart from its words; `search.js` knows the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(super) u32);

impl Flags {
    pub(crate) const EDITED: u32 = 1;
    pub(crate) const DELETED: u32 = 2;
    pub(crate) const FILES: u32 = 4;
    pub(crate) const REPLY: u32 = 8;
    pub(crate) const SYSTEM: u32 = 16;
    pub(crate) const PINNED: u32 = 32;

    /// Sets a bit if it applies.
    pub(crate) fn set(&mut self, bit: u32, applies: bool) {
        if applies {
            self.0 |= bit;
        }
    }
}

/// A post for the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: Millis,
    /// Number of the author in the list of people.
    pub(crate) person: usize,
    pub(crate) flags: Flags,
    /// What is found, and shown among results.
    pub(crate) shown: &'a str,
    /// What is found as well: earlier versions.
    pub(crate) also: &'a str,
}

/// A post in the index.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(super) id: String,
    pub(super) at: Millis,
    /// Number of the author in the list of people.
    pub(super) person: usize,
    pub(super) flags: Flags,
    /// Id and text as JSON.
    pub(super) text: String,
}

/// The posts of a page and their words.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageIndex {
    pub(super) entries: Vec<Entry>,
    /// Each word with the posts of the page that hold it, counted from 0.
    pub(super) words: Vec<(Box<str>, Vec<u32>)>,
    gathered: HashMap<Box<str>, Vec<u32>>,
}

impl PageIndex {
    /// Adds the next post of the page.
    pub(crate) fn add(&mut self, said: &Said<'_>) {
        let Said { id, at, person, flags, shown, also } = *said;
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        for text in [shown, also] {
            tokens::words(text, |word| {
                if let Some(posts) = self.gathered.get_mut(word) {
                    if posts.last() != Some(&number) {
                        posts.push(number);
                    }
                } else {
                    self.gathered.insert(word.into(), vec![number]);
                }
            });
        }
        let text = if also.is_empty() { serde_json::json!([id, shown]) } else { serde_json::json!([id, shown, also]) };
        self.entries.push(Entry { id: id.to_owned(), at, person, flags, text: text.to_string() });
    }

    /// Ends the page.
    pub(crate) fn finish(mut self) -> Self {
        self.words = std::mem::take(&mut self.gathered).into_iter().collect();
        self
    }

    /// Posts so far.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
