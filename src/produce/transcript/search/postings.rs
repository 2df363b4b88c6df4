//! Which posts hold which word: an inverted index made in bounded memory.
//!
//! Posts are numbered in the order of the transcript. Their numbers are gathered for each word until the limit is
//! reached, then all words are written to a temporary file in order, and gathering begins anew; at the end the parts
//! are merged. Numbers only grow, so the parts of a word are strung together without being read.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::number;

/// Bytes that gathered words may take.
const LIMIT: usize = 64 << 20;

/// What a word costs beside its numbers: its text, its entry in the table, the parts of an allocation.
const WORD_COST: usize = 120;

/// The numbers of the posts that hold a word, in one part of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) count: u64,
    /// Differences behind the first number.
    pub(super) differences: Vec<u8>,
}

impl Part {
    /// All numbers, rising.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        let some = (self.count > 0).then_some(self.first);
        let mut last = self.first;
        some.into_iter().chain(number::read(&self.differences).map(move |difference| {
            last = last.saturating_add(difference);
            last
        }))
    }

    fn add(&mut self, post: u64) -> usize {
        let before = self.differences.len();
        if self.count == 0 {
            self.first = post;
        } else {
            number::push(&mut self.differences, post.saturating_sub(self.last));
        }
        self.last = post;
        self.count = self.count.saturating_add(1);
        self.differences.len() - before
    }
}

/// Gathers words.
#[derive(Debug)]
pub(super) struct Postings {
    folder: PathBuf,
    words: HashMap<Box<str>, Part>,
    size: usize,
    limit: usize,
    runs: Vec<File>,
}

impl Postings {
    /// An empty index that keeps what memory does not hold in unnamed files in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), words: HashMap::new(), size: 0, limit: LIMIT, runs: Vec::new() }
    }

    /// Adds that each of `posts` (rising, and beyond all added before) holds `word`.
    pub(super) fn add(&mut self, word: &str, posts: impl Iterator<Item = u64>) {
        if !self.words.contains_key(word) {
            self.size += WORD_COST + word.len();
            self.words.insert(word.into(), Part::default());
        }
        let Some(part) = self.words.get_mut(word) else { return };
        for post in posts {
            self.size += part.add(post);
        }
    }

    /// Writes a run if memory is full; to be called between posts.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.size < self.limit {
            return Ok(());
        }
        let mut to = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(&self.folder)?);
        for (word, part) in in_order(std::mem::take(&mut self.words)) {
            let lengths = [word.len() as u64, part.first, part.last, part.count, part.differences.len() as u64];
            for length in lengths {
                to.write_all(&length.to_le_bytes())?;
            }
            to.write_all(word.as_bytes())?;
            to.write_all(&part.differences)?;
        }
        let mut file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        self.size = 0;
        Ok(())
    }

    /// Hands on each word in order of its bytes, with its parts in order; `failed` names errors of temporary files.
    pub(super) fn merge<E>(
        self,
        failed: impl Fn(io::Error) -> E,
        mut each: impl FnMut(&str, &[Part]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut runs: Vec<Run> = Vec::new();
        for file in self.runs {
            runs.push(Run::Disk(BufReader::with_capacity(256 << 10, file)));
        }
        runs.push(Run::Memory(in_order(self.words).into_iter()));
        let mut heap = BinaryHeap::new();
        let mut waiting: Vec<Part> = vec![Part::default(); runs.len()];
        let mut fill = |number: usize, heap: &mut BinaryHeap<Reverse<(Box<str>, usize)>>, waiting: &mut [Part]| {
            if let (Some(run), Some(place)) = (runs.get_mut(number), waiting.get_mut(number))
                && let Some((word, part)) = run.next()?
            {
                *place = part;
                heap.push(Reverse((word, number)));
            }
            Ok::<_, io::Error>(())
        };
        for number in 0..waiting.len() {
            fill(number, &mut heap, &mut waiting).map_err(&failed)?;
        }
        let mut parts = Vec::new();
        while let Some(Reverse((word, number))) = heap.pop() {
            parts.push(waiting.get_mut(number).map(std::mem::take).unwrap_or_default());
            fill(number, &mut heap, &mut waiting).map_err(&failed)?;
            if heap.peek().is_none_or(|Reverse((next, _))| *next != word) {
                each(&word, &parts)?;
                parts.clear();
            }
        }
        Ok(())
    }
}

fn in_order(words: HashMap<Box<str>, Part>) -> Vec<(Box<str>, Part)> {
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    words
}

#[derive(Debug)]
enum Run {
    Disk(BufReader<File>),
    Memory(std::vec::IntoIter<(Box<str>, Part)>),
}

impl Run {
    fn next(&mut self) -> io::Result<Option<(Box<str>, Part)>> {
        let from = match self {
            Self::Memory(words) => return Ok(words.next()),
            Self::Disk(from) => from,
        };
        let mut lengths = [[0; 8]; 5];
        match from.read_exact(lengths[0].as_mut_slice()) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        for length in &mut lengths[1..] {
            from.read_exact(length)?;
        }
        let [word, first, last, count, differences] = lengths.map(u64::from_le_bytes);
        let mut bytes = |length: u64| {
            let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            from.read_exact(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        };
        let word = String::from_utf8(bytes(word)?).map_err(io::Error::other)?;
        let differences = bytes(differences)?;
        Ok(Some((word.into(), Part { first, last, count, differences })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(limit: usize) -> Vec<(String, u64, usize)> {
        let mut postings = Postings::new(&std::env::temp_dir());
        postings.limit = limit;
        for post in 0..500_u64 {
            postings.add("all", std::iter::once(post));
            postings.add(&format!("w{}", post % 7), std::iter::once(post));
            postings.settle().unwrap();
        }
        let mut found = Vec::new();
        postings
            .merge(
                |error| error,
                |word, parts| {
                    let rising = parts.windows(2).all(|pair| pair[0].last < pair[1].first);
                    assert!(rising, "{parts:?}");
                    found.push((word.to_owned(), parts.iter().map(|part| part.count).sum(), parts.len()));
                    Ok::<_, io::Error>(())
                },
            )
            .unwrap();
        found
    }

    #[test]
    fn words_are_merged_in_order_whatever_memory_holds() {
        let whole = all(usize::MAX);
        assert_eq!(whole[0], ("all".to_owned(), 500, 1));
        assert_eq!(whole.len(), 8);
        let parts = all(1000);
        assert!(parts[0].2 > 10);
        let counts =
            |all: Vec<(String, u64, usize)>| all.into_iter().map(|(word, count, _)| (word, count)).collect::<Vec<_>>();
        assert_eq!(counts(parts), counts(whole));
    }
}
