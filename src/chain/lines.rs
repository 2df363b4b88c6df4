//! Sealed lines by their place: the evidence behind an entry of the index.
//!
//! Places are asked for in ascending order, so that each segment is inflated once and one archive is open at a time.

use super::index::{IndexError, Link};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body, Opening};
use crate::archive::segments::{self, SegmentRow};

/// Hands out lines of the archives of a series.
#[derive(Debug)]
pub struct SealedLines<'a> {
    links: &'a [Link],
    open: Option<(u32, Archive, Vec<SegmentRow>)>,
    segment: Option<(usize, Body)>,
    /// Record and offset of where the last line began in the segment.
    last: (u64, usize),
}

impl<'a> SealedLines<'a> {
    /// Of these archives, oldest first.
    pub fn new(links: &'a [Link]) -> Self {
        Self { links, open: None, segment: None, last: (0, 0) }
    }

    /// The line of a record of an archive, without its line feed.
    pub fn line(&mut self, archive: u32, record: u64) -> Result<&[u8], IndexError> {
        let link =
            self.links.get(archive as usize).ok_or(IndexError::Changed("it names an archive that is not there"))?;
        let unsound = |place: &str, detail: &str| IndexError::Unsound {
            archive: link.archive.clone(),
            place: place.to_owned(),
            detail: detail.to_owned(),
        };
        let unreadable = |source| IndexError::Archive { archive: link.archive.clone(), source };
        if self.open.as_ref().is_none_or(|(open, ..)| *open != archive) {
            self.segment = None;
            let opened = Opening::read(&link.archive).map_err(unreadable)?.archive;
            let opened = opened.ok_or_else(|| unsound("the file", "it holds no bag"))?;
            let mut body = Body::default();
            let table =
                opened.find(&Member::Segments).ok_or_else(|| unsound("data/segments.csv", "it is not there"))?;
            let loaded = opened.load(table, &mut body).map_err(unreadable)?;
            loaded.map_err(|flaw| unsound("data/segments.csv", flaw.meaning()))?;
            let rows =
                segments::parse(body.bytes()).map_err(|error| unsound("data/segments.csv", &error.to_string()))?;
            self.open = Some((archive, opened, rows));
        }
        let missing = || unsound("data/segments.csv", "it does not have a record that the index has");
        let (_, opened, rows) = self.open.as_ref().ok_or_else(missing)?;
        let number = rows.partition_point(|row| row.first_index <= record).checked_sub(1).ok_or_else(missing)?;
        let row = rows.get(number).ok_or_else(missing)?;
        if self.segment.as_ref().is_none_or(|(open, _)| *open != number) {
            let mut body = self.segment.take().map_or_else(Body::default, |(_, body)| body);
            let member = row.member();
            let entry = opened.find(&member).ok_or_else(missing)?;
            let loaded = opened.load(entry, &mut body).map_err(unreadable)?;
            loaded.map_err(|flaw| unsound(&member.to_string(), flaw.meaning()))?;
            (self.segment, self.last) = (Some((number, body)), (row.first_index, 0));
        }
        let (_, body) = self.segment.as_ref().ok_or_else(missing)?;
        if record < self.last.0 {
            self.last = (row.first_index, 0);
        }
        let (mut at, mut start) = self.last;
        let bytes = body.bytes();
        while at < record {
            let rest = bytes.get(start..).unwrap_or_default();
            start += memchr::memchr(b'\n', rest).ok_or_else(missing)? + 1;
            at += 1;
        }
        self.last = (at, start);
        let rest = bytes.get(start..).unwrap_or_default();
        memchr::memchr(b'\n', rest).and_then(|end| rest.get(..end)).ok_or_else(missing)
    }
}
