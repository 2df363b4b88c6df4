//! Rows that have to wait until others are known, in an unnamed temporary file: memory does not grow with their number.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::source::catalogue::Rank;

/// Length that stands for NULL.
const NULL: u32 = u32::MAX;

/// Rows as they were put in.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    rows: u64,
}

impl Spool {
    /// An empty one, whose file lies in `folder` and has no name.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::with_capacity(256 << 10, tempfile::tempfile_in(folder)?), rows: 0 })
    }

    /// Adds a row of at most 255 values.
    pub(super) fn push(&mut self, rank: Rank, values: &[Option<&str>]) -> io::Result<()> {
        self.rows += 1;
        self.file.write_all(&[rank, u8::try_from(values.len()).map_err(io::Error::other)?])?;
        for value in values {
            let length = value.map_or(Ok(NULL), |value| u32::try_from(value.len()));
            self.file.write_all(&length.map_err(io::Error::other)?.to_le_bytes())?;
            self.file.write_all(value.unwrap_or_default().as_bytes())?;
        }
        Ok(())
    }

    /// Hands over all rows in the order in which they were put in.
    pub(super) fn replay(self, give: &mut dyn FnMut(Rank, &[Option<&str>])) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::with_capacity(256 << 10, file);
        let mut bytes = Vec::new();
        for _ in 0..self.rows {
            let mut head = [0; 2];
            file.read_exact(&mut head)?;
            bytes.clear();
            let mut ends = Vec::with_capacity(usize::from(head[1]));
            for _ in 0..head[1] {
                let mut length = [0; 4];
                file.read_exact(&mut length)?;
                let length = u32::from_le_bytes(length);
                if length == NULL {
                    ends.push(None);
                } else {
                    let start = bytes.len();
                    bytes.resize(start + length as usize, 0);
                    file.read_exact(&mut bytes[start..])?;
                    ends.push(Some((start, bytes.len())));
                }
            }
            let text = std::str::from_utf8(&bytes).map_err(io::Error::other)?;
            let values: Vec<Option<&str>> =
                ends.iter().map(|ends| ends.map(|(start, end)| &text[start..end])).collect();
            give(head[0], &values);
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
