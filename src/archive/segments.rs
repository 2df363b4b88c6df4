//! `data/segments.csv`: the table of segments, so that a reader can find a record without reading all.
//!
//! It also pins each compressed stream as it lies in the zip, because DEFLATE is malleable: bits can flip without
//! changing what comes out. Everything in it is recomputed by `verify`.
//!
//! One spelling: RFC 4180 with LF, no quotes, canonical integers. [`parse`] accepts only what [`text`] writes.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::names::Member;
use crate::merkle::Hash;
use crate::record::id::{hex, unhex};
use crate::record::time::Millis;

/// Most bytes of record lines in a segment, line feeds included, unless it holds one longer line.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The first line.
pub const HEADER: [&str; 9] =
    ["path", "kind", "first_index", "records", "bytes", "first_at", "last_at", "deflated_bytes", "deflated_sha256"];

/// Why bytes are not a table of segments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentsError {
    /// A row does not hold what its columns say, or is spelled in another way.
    #[error("row {row} is not {expected}")]
    Row {
        /// From 1; the header is row 0.
        row: usize,
        /// What the format wants.
        expected: &'static str,
    },
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// From 1, without gaps.
    pub number: u32,
    /// The one kind of all its records.
    pub kind: Box<str>,
    /// Index in the archive of its first record.
    pub first_index: u64,
    /// Its records.
    pub records: u64,
    /// Its bytes, line feeds included.
    pub bytes: u64,
    /// `at` of its first record.
    pub first_at: Millis,
    /// `at` of its last record.
    pub last_at: Millis,
    /// The compressed stream; `None` when the member is STORED.
    pub deflated: Option<Deflated>,
}

/// A compressed stream as it lies in the zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflated {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Hash,
}

impl SegmentRow {
    /// The member that holds the segment.
    pub fn member(&self) -> Member {
        Member::Records { number: self.number, kind: self.kind.clone() }
    }

    fn fields(&self) -> [String; 9] {
        let deflated = |text: fn(&Deflated) -> String| self.deflated.as_ref().map(text).unwrap_or_default();
        [
            self.member().to_string(),
            self.kind.to_string(),
            self.first_index.to_string(),
            self.records.to_string(),
            self.bytes.to_string(),
            self.first_at.to_string(),
            self.last_at.to_string(),
            deflated(|stream| stream.bytes.to_string()),
            deflated(|stream| hex(&stream.sha256)),
        ]
    }

    fn from_fields(fields: &StringRecord) -> Option<Self> {
        let Member::Records { number, kind } = Member::parse(fields.get(0)?).ok()? else { return None };
        let unsigned = |column: usize| fields.get(column)?.parse().ok();
        let signed = |column: usize| fields.get(column)?.parse().ok();
        let deflated = match fields.get(7)? {
            "" => None,
            _ => Some(Deflated { bytes: unsigned(7)?, sha256: unhex(fields.get(8)?)? }),
        };
        Some(Self {
            number,
            kind,
            first_index: unsigned(2)?,
            records: unsigned(3)?,
            bytes: unsigned(4)?,
            first_at: signed(5)?,
            last_at: signed(6)?,
            deflated,
        })
    }
}

/// The bytes of `data/segments.csv`.
pub fn text(rows: &[SegmentRow]) -> Vec<u8> {
    let mut out = line(HEADER);
    for row in rows {
        out.extend(line(row.fields()));
    }
    out
}

fn line(fields: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    // Writing to memory cannot fail; an empty line would be caught by whoever reads it back.
    let written = writer.write_record(fields);
    debug_assert!(written.is_ok());
    writer.into_inner().unwrap_or_default()
}

/// Reads `data/segments.csv`. The rows are syntax only: whether they are true is for `verify` to find out.
pub fn parse(bytes: &[u8]) -> Result<Vec<SegmentRow>, SegmentsError> {
    let wrong = |row, expected| SegmentsError::Row { row, expected };
    let mut rest = bytes.strip_prefix(line(HEADER).as_slice()).ok_or(wrong(0, "the nine column names"))?;
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).terminator(Terminator::Any(b'\n')).from_reader(rest);
    let (mut rows, mut fields) = (Vec::new(), StringRecord::new());
    loop {
        let number = rows.len() + 1;
        let expected = "nine columns of the format";
        if !reader.read_record(&mut fields).map_err(|_| wrong(number, "UTF-8"))? {
            break;
        }
        let row = SegmentRow::from_fields(&fields).ok_or(wrong(number, expected))?;
        let spelling = line(row.fields());
        rest = rest.strip_prefix(spelling.as_slice()).ok_or(wrong(number, "spelled as the format writes it"))?;
        rows.push(row);
    }
    if rest.is_empty() { Ok(rows) } else { Err(wrong(rows.len() + 1, "the end of the table")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<SegmentRow> {
        let deflated = Some(Deflated { bytes: 812, sha256: [0xcd; 32] });
        let first = SegmentRow {
            number: 1,
            kind: "server".into(),
            first_index: 0,
            records: 2,
            bytes: 90,
            first_at: 0,
            last_at: -5,
            deflated: None,
        };
        let second = SegmentRow {
            number: 2,
            kind: "post".into(),
            first_index: 2,
            records: 40,
            bytes: 9000,
            first_at: 1,
            last_at: 1_700_000_000_123,
            deflated,
        };
        vec![first, second]
    }

    #[test]
    fn has_one_spelling() {
        let bytes = text(&rows());
        let expected = format!(
            "path,kind,first_index,records,bytes,first_at,last_at,deflated_bytes,deflated_sha256\n\
             data/records/000001-server.jsonl,server,0,2,90,0,-5,,\n\
             data/records/000002-post.jsonl,post,2,40,9000,1,1700000000123,812,{}\n",
            "cd".repeat(32)
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        assert_eq!(parse(&bytes), Ok(rows()));
        assert_eq!(parse(&text(&[])), Ok(Vec::new()));
    }

    #[test]
    fn refuses_every_other_spelling() {
        let good = String::from_utf8(text(&rows())).unwrap();
        for (row, from, to) in [
            (0, "path,", "Path,"),
            (0, "path,", "\u{feff}path,"),
            (1, ",server,", ",\"server\","),
            (1, ",server,", ",team,"),
            (1, ",90,", ",090,"),
            (1, ",90,", ",+90,"),
            (1, ",90,", ", 90,"),
            (1, ",90,", ",,"),
            (1, ",-5,,", ",-0,,"),
            (1, ",-5,,", ",-5,"),
            (1, ",-5,,", ",-5,,aa"),
            (1, "000001-server", "1-server"),
            (1, "data/records/000001-server.jsonl", "data/custody.jsonl"),
            (2, "cdcd", "CDcd"),
            (2, "812,", "812,0"),
            (1, "-5,,\n", "-5,,\r\n"),
            (2, "-5,,\n", "-5,,\n\n"),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good);
            match parse(changed.as_bytes()) {
                Err(SegmentsError::Row { row: found, .. }) => assert_eq!(found, row, "{from} -> {to}"),
                Ok(_) => panic!("accepted {from} -> {to}"),
            }
        }
        assert!(parse(good.trim_end().as_bytes()).is_err());
        assert!(parse(format!("{good}\n").as_bytes()).is_err());
        assert!(parse(b"\xff").is_err());
    }
}
