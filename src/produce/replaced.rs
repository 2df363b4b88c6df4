//! What a form could not say as the record says it: replaced or left out, and listed.
//!
//! A control character that XML forbids, a name that a file system cannot hold, an attachment that is not there: the
//! form goes on, and the reader is told. Notes are handed over in the order of the form by one thread, so that the list
//! does not depend on how many there are; it is kept in a temporary file, because there may be as many as there are posts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::path::Path;

/// One thing that a form says in another way than the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement<K = &'static str> {
    /// Kind of the record: `post`, `file`, …
    pub kind: K,
    /// Its id.
    pub id: String,
    /// What, in kebab-case: `control-character`, `file-name`, `file-missing`.
    pub what: &'static str,
    /// Why, and what stands there instead; for people, without text of the record.
    pub why: String,
}

/// The list of all that was replaced or left out.
#[derive(Debug)]
pub struct Replaced {
    spool: BufWriter<File>,
    counts: BTreeMap<&'static str, u64>,
}

impl Replaced {
    /// An empty list, kept in an unnamed file in `temporary`.
    pub fn new(temporary: &Path) -> io::Result<Self> {
        Ok(Self { spool: BufWriter::new(tempfile::tempfile_in(temporary)?), counts: BTreeMap::new() })
    }

    /// Adds one.
    pub fn push<K: AsRef<str>>(&mut self, replacement: &Replacement<K>) -> io::Result<()> {
        let Replacement { kind, id, what, why } = replacement;
        let count = self.counts.entry(what).or_default();
        *count = count.saturating_add(1);
        serde_json::to_writer(&mut self.spool, &[kind.as_ref(), id.as_str(), what, why.as_str()])?;
        self.spool.write_all(b"\n")
    }

    /// How many there are of each sort.
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Hands on each as kind, id, what and why, in the order in which they were added.
    pub fn for_each(&mut self, mut each: impl FnMut([String; 4]) -> io::Result<()>) -> io::Result<()> {
        self.spool.flush()?;
        let file = self.spool.get_mut();
        file.rewind()?;
        for line in BufReader::new(&*file).lines() {
            each(serde_json::from_str(&line?)?)?;
        }
        file.seek(io::SeekFrom::End(0)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_listed_in_order_and_counted() {
        let mut replaced = Replaced::new(&std::env::temp_dir()).unwrap();
        let one = |id: &str, what| Replacement { kind: "post", id: id.into(), what, why: "a \"b\"\n".into() };
        for (id, what) in [("z", "control-character"), ("a", "file-name"), ("m", "control-character")] {
            replaced.push(&one(id, what)).unwrap();
        }
        for _ in 0..2 {
            let mut listed = Vec::new();
            let result = replaced.for_each(|[kind, id, what, why]| {
                assert_eq!((kind.as_str(), why.as_str()), ("post", "a \"b\"\n"));
                listed.push(format!("{id} {what}"));
                Ok(())
            });
            result.unwrap();
            assert_eq!(listed, ["z control-character", "a file-name", "m control-character"]);
        }
        assert_eq!(replaced.counts(), &BTreeMap::from([("control-character", 2), ("file-name", 1)]));
    }
}
