//! Search without a server: an index in small script files that pages load when they need them.
//!
//! A page opened from disk may not read files, but it may add `<script src>`: so each part of the index is a script
//! that hands one value to `search.js`. Nothing is larger than a few hundred kilobytes, and a search loads only the
//! parts that its words fall into, so an archive of millions of posts stays usable.
//!
//! | file | holds |
//! |---|---|
//! | `search/meta.js` | channels, people, and where each of the following begins |
//! | `search/words/NNN/NNN.js` | words in order, each with the numbers of the posts that hold it |
//! | `search/columns/NNN/NNN.js` | time, author and flags of 16,384 posts |
//! | `search/texts/NNN/NNN.js` | id and text of posts, about 64 KiB of them |
//! | `search/ids/NNN/NNN.js` | ids in order, each with the number of its post |
//!
//! Posts are numbered from 0 in the order of the transcript: by channel, page and place. Numbers are spelled as in
//! `search/number.rs`, words as in `search/tokens.rs`.

mod number;
mod page;
mod postings;
mod tokens;

use std::io;

use serde_json::{Value, json};

pub(super) use page::{Flags, PageIndex, Said};

use super::naming::Naming;
use crate::produce::ProduceError;
use crate::produce::folder::{Folder, FolderError};
use crate::produce::spool::{Row, Spool};
use crate::record::time::Millis;
use postings::{Part, Postings};

/// Posts in a file of columns.
const COLUMN: u64 = 1 << 14;

/// Bytes of a file of texts, words or ids, about.
const SHARD: usize = 64 << 10;

/// A row of files of one sort, each handing one value to `search.js`.
#[derive(Debug)]
struct Shards<'f> {
    folder: &'f Folder,
    sort: &'static str,
    written: u64,
}

impl<'f> Shards<'f> {
    fn new(folder: &'f Folder, sort: &'static str) -> Self {
        Self { folder, sort, written: 0 }
    }

    /// Writes the next file: `value` is an expression of JavaScript.
    fn write(&mut self, value: &str) -> Result<(), FolderError> {
        let (sort, number) = (self.sort, self.written);
        let path = format!("search/{sort}/{:03}/{:03}.js", number / 1000, number % 1000);
        self.folder.write(&path, format!("chatseal.{sort}({number},{value});\n").as_bytes())?;
        self.written = number.saturating_add(1);
        Ok(())
    }
}

/// The index while it is being made.
#[derive(Debug)]
pub(super) struct Index<'f> {
    words: Shards<'f>,
    ids: Shards<'f>,
    columns: Shards<'f>,
    texts: Shards<'f>,
    postings: Postings,
    ids_in_order: Spool,
    /// Posts so far.
    posts: u64,
    column: Vec<u8>,
    column_at: Millis,
    text: String,
    /// How many posts each file of texts and each page holds.
    text_posts: u64,
    text_counts: Vec<u8>,
    page_counts: Vec<u8>,
}

impl<'f> Index<'f> {
    /// An empty index.
    pub(super) fn new(folder: &'f Folder) -> Self {
        let temporary = folder.temporary();
        Self {
            words: Shards::new(folder, "words"),
            ids: Shards::new(folder, "ids"),
            columns: Shards::new(folder, "columns"),
            texts: Shards::new(folder, "texts"),
            postings: Postings::new(temporary),
            ids_in_order: Spool::new(temporary, 16 << 20),
            posts: 0,
            column: Vec::new(),
            column_at: 0,
            text: String::new(),
            text_posts: 0,
            text_counts: Vec::new(),
            page_counts: Vec::new(),
        }
    }

    /// Adds the posts of the next page.
    pub(super) fn add(&mut self, page: &PageIndex) -> Result<(), ProduceError> {
        let first = self.posts;
        number::push(&mut self.page_counts, page.entries.len() as u64);
        for entry in &page.entries {
            let post = self.posts;
            let added = self.ids_in_order.push(0, entry.id.as_bytes(), &[&[0], &post.to_le_bytes()]);
            added.map_err(|error| self.failed(error))?;
            number::push_signed(&mut self.column, entry.at.wrapping_sub(self.column_at));
            number::push(&mut self.column, entry.person as u64);
            number::push(&mut self.column, u64::from(entry.flags.0));
            self.column_at = entry.at;
            self.text.push_str(if self.text.is_empty() { "[" } else { ",\n" });
            self.text.push_str(&entry.text);
            self.text_posts = self.text_posts.saturating_add(1);
            self.posts = post.saturating_add(1);
            if self.posts.is_multiple_of(COLUMN) {
                self.end_column()?;
            }
            if self.text.len() > SHARD {
                self.end_texts()?;
            }
        }
        for (word, posts) in &page.words {
            self.postings.add(word, posts.iter().map(|post| first.saturating_add(u64::from(*post))));
        }
        let settled = self.postings.settle();
        settled.map_err(|error| self.failed(error).into())
    }

    fn end_column(&mut self) -> Result<(), FolderError> {
        let column = std::mem::take(&mut self.column);
        self.column_at = 0;
        self.columns.write(&format!("\"{}\"", String::from_utf8_lossy(&column)))
    }

    fn end_texts(&mut self) -> Result<(), FolderError> {
        self.text.push(']');
        let text = std::mem::take(&mut self.text);
        number::push(&mut self.text_counts, std::mem::take(&mut self.text_posts));
        self.texts.write(&text)
    }

    /// Writes what is left. `pages` is how many pages and posts each channel has, by rank.
    pub(super) fn finish(mut self, naming: &Naming, pages: &[(u64, u64)], zone: &str) -> Result<(), ProduceError> {
        if !self.column.is_empty() {
            self.end_column()?;
        }
        if !self.text.is_empty() {
            self.end_texts()?;
        }
        let words = write_words(&mut self.words, self.postings)?;
        let ids = write_ids(&mut self.ids, self.ids_in_order)?;
        let channels = naming.channels().iter().zip(pages).map(|(channel, (pages, posts))| {
            json!([channel.title, channel.team, channel.folder, pages, posts, channel.id])
        });
        let people = naming.people().iter().map(|person| json!([person.display, person.username, person.id]));
        let meta = json!({
            "posts": self.posts,
            "zone": zone,
            "channels": channels.collect::<Value>(),
            "people": people.collect::<Value>(),
            "pages": String::from_utf8_lossy(&self.page_counts),
            "texts": String::from_utf8_lossy(&self.text_counts),
            "words": words,
            "ids": ids,
            "column": COLUMN,
        });
        let folder = self.words.folder;
        folder.write("search/meta.js", format!("chatseal.meta({meta});\n").as_bytes())?;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> FolderError {
        self.words.folder.temporary_failed(source)
    }
}

/// Terms and their numbers, gathered for one file.
#[derive(Debug, Default)]
struct Shard {
    text: String,
    first: String,
}

impl Shard {
    fn begin(&mut self, term: &str) {
        if self.text.is_empty() {
            term.clone_into(&mut self.first);
        } else {
            self.text.push(' ');
        }
        self.text.push_str(term);
        self.text.push(' ');
    }

    /// Writes the file and notes its first term.
    fn end(&mut self, shards: &mut Shards<'_>, firsts: &mut Vec<String>) -> Result<(), FolderError> {
        if self.text.is_empty() {
            return Ok(());
        }
        firsts.push(std::mem::take(&mut self.first));
        // A JSON string is a string of JavaScript; terms of an archive that nobody verified may hold anything.
        shards.write(&Value::String(std::mem::take(&mut self.text)).to_string())
    }
}

/// Writes the words and returns the first of each file.
fn write_words(shards: &mut Shards<'_>, postings: Postings) -> Result<Vec<String>, FolderError> {
    let (mut firsts, mut shard) = (Vec::new(), Shard::default());
    let folder = shards.folder;
    let failed = |source| folder.temporary_failed(source);
    postings.merge(failed, |word, parts| {
        for numbers in lists(parts) {
            if shard.text.len() + word.len() + numbers.len() > SHARD {
                shard.end(shards, &mut firsts)?;
            }
            shard.begin(word);
            shard.text.push_str(&String::from_utf8_lossy(&numbers));
        }
        Ok(())
    })?;
    shard.end(shards, &mut firsts)?;
    Ok(firsts)
}

/// The numbers of a word as lists that each fit into a file: the first number whole, then differences.
fn lists(parts: &[Part]) -> Vec<Vec<u8>> {
    let (mut lists, mut open, mut last) = (Vec::new(), Vec::new(), 0);
    for part in parts {
        for post in part.numbers() {
            if open.len() >= SHARD - 1024 {
                lists.push(std::mem::take(&mut open));
                last = 0;
            }
            number::push(&mut open, post.saturating_sub(last));
            last = post;
        }
    }
    lists.push(open);
    lists
}

/// Writes the ids and returns the first of each file.
fn write_ids(shards: &mut Shards<'_>, ids: Spool) -> Result<Vec<String>, FolderError> {
    let (mut firsts, mut shard) = (Vec::new(), Shard::default());
    let folder = shards.folder;
    let failed = |source| folder.temporary_failed(source);
    let mut sorted = ids.sorted().map_err(failed)?;
    while let Some(Row { key: id, payload: post, .. }) = sorted.next().map_err(failed)? {
        if shard.text.len() > SHARD {
            shard.end(shards, &mut firsts)?;
        }
        shard.begin(&String::from_utf8_lossy(id));
        let mut digits = Vec::new();
        number::push(&mut digits, post.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)));
        shard.text.push_str(&String::from_utf8_lossy(&digits));
    }
    shard.end(shards, &mut firsts)?;
    Ok(firsts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_where_files_end() {
        let mut postings = Postings::new(&std::env::temp_dir());
        postings.add("a", (0..200_000).map(|n| n * 3));
        let mut total = 0;
        let mut check = |_: &str, parts: &[Part]| {
            let lists = lists(parts);
            assert!(lists.len() > 2 && lists.iter().all(|list| list.len() < SHARD));
            total = lists.iter().map(Vec::len).sum();
            Ok::<_, io::Error>(())
        };
        postings.merge(|error| error, &mut check).unwrap();
        assert!((200_000..201_000).contains(&total), "one character for each difference: {total}");
    }
}
