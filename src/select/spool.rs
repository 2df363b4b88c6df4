//! Rows that have to wait until others are known, in an unnamed temporary file: memory does not grow with their number.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::facts::MOST;
use crate::source::catalogue::Rank;

/// Length that stands for NULL.
const NULL: u32 = u32::MAX;

/// Rows as they were put in.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    rows: u64,
    /// Kind, number of values and their lengths of the row that is put in.
    head: Vec<u8>,
}

impl Spool {
    /// An empty one, whose file lies in `folder` and has no name.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::with_capacity(256 << 10, tempfile::tempfile_in(folder)?),
            rows: 0,
            head: Vec::new(),
        })
    }

    /// Adds a row of at most [`MOST`] values.
    pub(super) fn push(&mut self, rank: Rank, values: &[Option<&str>]) -> io::Result<()> {
        let number = u8::try_from(values.len()).ok().filter(|number| usize::from(*number) <= MOST);
        self.head.clear();
        self.head.extend_from_slice(&[rank, number.ok_or_else(|| io::Error::other("a row of too many values"))?]);
        for value in values {
            let length = value.map_or(Ok(NULL), |value| u32::try_from(value.len()));
            self.head.extend_from_slice(&length.map_err(io::Error::other)?.to_le_bytes());
        }
        self.rows += 1;
        self.file.write_all(&self.head)?;
        values.iter().flatten().try_for_each(|value| self.file.write_all(value.as_bytes()))
    }

    /// Hands over all rows in the order in which they were put in.
    pub(super) fn replay(self, give: &mut dyn FnMut(Rank, &[Option<&str>])) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::with_capacity(256 << 10, file);
        let (mut bytes, mut lengths) = (Vec::new(), [0; 4 * MOST]);
        for _ in 0..self.rows {
            let mut head = [0; 2];
            file.read_exact(&mut head)?;
            let lengths = lengths.get_mut(..4 * usize::from(head[1])).unwrap_or_default();
            file.read_exact(lengths)?;
            let lengths = || lengths.as_chunks().0.iter().map(|length| u32::from_le_bytes(*length));
            let all = lengths().filter(|length| *length != NULL).map(|length| length as usize).sum();
            if bytes.len() < all {
                bytes.resize(all, 0);
            }
            let bytes = bytes.get_mut(..all).unwrap_or_default();
            file.read_exact(bytes)?;
            let mut rest = std::str::from_utf8(bytes).map_err(io::Error::other)?;
            let mut values = [None; MOST];
            for (value, length) in values.iter_mut().zip(lengths()) {
                if length != NULL {
                    let (text, behind) = rest.split_at_checked(length as usize).unwrap_or_default();
                    (*value, rest) = (Some(text), behind);
                }
            }
            give(head[0], values.get(..usize::from(head[1])).unwrap_or_default());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let long = "é".repeat(300_000);
        spool.push(7, &[Some("a"), None, Some("")]).unwrap();
        spool.push(8, &[Some(&long)]).unwrap();
        spool.push(9, &[]).unwrap();
        assert!(spool.push(9, &[None; MOST + 1]).is_err());
        let mut rows = Vec::new();
        spool
            .replay(&mut |rank, values| {
                rows.push((rank, values.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>()));
            })
            .unwrap();
        assert_eq!(rows[0], (7, vec![Some("a".to_owned()), None, Some(String::new())]));
        assert_eq!(rows[1], (8, vec![Some(long)]));
        assert_eq!(rows[2], (9, vec![]));
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
