//! The lines of a timeline.

use std::io::Write as _;

use ring::digest::{SHA256, digest};

use super::datetime;
use crate::record::id::hex;
use crate::record::line::push_string;
use crate::record::time::Millis;

/// What every event says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'e> {
    /// When it happened.
    pub(super) at: Millis,
    /// What the time means.
    pub(super) description: &'static str,
    /// Its sort, behind `mattermost:`.
    pub(super) data_type: &'static str,
    /// What an examiner reads.
    pub(super) message: &'e str,
    /// Id of the record.
    pub(super) id: &'e str,
}

/// Events of one segment.
#[derive(Debug)]
pub(super) struct Events {
    kind: String,
    lines: Vec<u8>,
    count: u64,
    /// Index and digest of the record that is looked at.
    record: Option<(u64, String)>,
    without_time: Vec<(String, String)>,
    /// Records that the scope leaves out.
    pub(super) left_out: u64,
}

/// An event that can still be added to.
pub(super) struct Open<'e>(&'e mut Vec<u8>);

impl Events {
    pub(super) fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), lines: Vec::new(), count: 0, record: None, without_time: Vec::new(), left_out: 0 }
    }

    /// What follows comes from this record.
    pub(super) fn begin(&mut self, index: u64, line: &[u8]) {
        self.record = Some((index, hex(digest(&SHA256, line).as_ref())));
    }

    /// Begins an event; `None` if its time cannot be shown.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Option<Open<'_>> {
        let (Some(text), Some(micros)) = (datetime(event.at), event.at.checked_mul(1000)) else {
            self.without_time.push((self.kind.clone(), event.id.to_owned()));
            return None;
        };
        self.count += 1;
        self.lines.extend_from_slice(b"{\"message\":");
        push_string(&mut self.lines, event.message);
        let mut open = Open(&mut self.lines);
        open.text("datetime", &text);
        open.integer("timestamp", micros);
        open.text("timestamp_desc", event.description);
        open.0.extend_from_slice(b",\"data_type\":\"mattermost:");
        open.0.extend_from_slice(event.data_type.as_bytes());
        open.0.push(b'"');
        open.text("source_short", "MM");
        open.text("mm_kind", &self.kind);
        open.text("mm_record_id", event.id);
        if let Some((index, hash)) = &self.record {
            open.integer("mm_record_index", i64::try_from(*index).unwrap_or(i64::MAX));
            open.text("mm_record_hash", hash);
        }
        Some(open)
    }

    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Kind and id of records of which a time could not be shown.
    pub(super) fn without_time(&self) -> &[(String, String)] {
        &self.without_time
    }
}

impl Open<'_> {
    /// A text; nothing if it is empty.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            push_string(self.0, text);
        }
    }

    pub(super) fn integer(&mut self, key: &str, number: i64) {
        self.key(key);
        // Writing to memory does not fail.
        let _ = write!(self.0, "{number}");
    }

    /// Nothing if it is not so.
    pub(super) fn flag(&mut self, key: &str, is_set: bool) {
        if is_set {
            self.key(key);
            self.0.extend_from_slice(b"true");
        }
    }

    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    pub(super) fn end(self) {
        self.0.extend_from_slice(b"}\n");
    }
}
