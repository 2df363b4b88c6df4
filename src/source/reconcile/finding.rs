//! Findings as record lines and exceptions.
//!
//! A finding says on what it rests: `basis` holds the SHA-256 of each log line that created the post, `deletions` the
//! entries that may explain why it is gone. Whether one of them does is for the examiner to say.

use crate::record::exception::{Class, Exception};
use crate::record::id::{composite, hex};
use crate::record::line::{push_integer, push_string};
use crate::record::time::{self, Millis};
use crate::source::bulk::data::{Data, Moment};
use crate::source::catalogue::{FINDING_ORPHAN, FINDING_PURGED, Rank, To, table};
use crate::source::reconcile::fact::word;
use crate::source::sort::Sorter;

/// A post that was created and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purged {
    id: String,
    at: Millis,
    /// Author, channel, root, type.
    told: [String; 4],
    basis: Vec<[u8; 32]>,
    deletions: Vec<Deletion>,
    pub(super) user_missing: bool,
    pub(super) channel_missing: bool,
}

/// An entry that deleted the post, its root, its channel or its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deletion {
    at: Millis,
    sha256: [u8; 32],
    /// What was deleted, its id, the event, who did it, whether for good.
    told: [String; 5],
}

impl Deletion {
    pub(super) fn new(at: Millis, sha256: [u8; 32], told: [&str; 5]) -> Self {
        Self { at, sha256, told: told.map(str::to_owned) }
    }

    fn push(&self, out: &mut Vec<u8>) {
        let [of, id, event, user, permanent] = &self.told;
        let mut member = |name: &str, text: &str| {
            out.extend_from_slice(name.as_bytes());
            push_string(out, text);
        };
        member("{\"of\":", of);
        member(",\"id\":", id);
        member(",\"event_name\":", event);
        member(",\"user_id\":", user);
        out.extend_from_slice(b",\"at\":");
        push_integer(out, self.at);
        if !permanent.is_empty() {
            out.extend_from_slice(format!(",\"permanent\":{permanent}").as_bytes());
        }
        out.extend_from_slice(format!(",\"line_sha256\":\"{}\"}}", hex(&self.sha256)).as_bytes());
    }
}

impl Purged {
    /// Log lines, and deletions, that one finding lists at most.
    pub(super) const MAX_LISTED: usize = 16;

    pub(super) fn new(id: &str, at: Millis, sha256: [u8; 32], told: [&str; 4]) -> Self {
        Self {
            id: id.to_owned(),
            at,
            told: told.map(str::to_owned),
            basis: vec![sha256],
            deletions: Vec::new(),
            user_missing: false,
            channel_missing: false,
        }
    }

    /// Another line says the same; equal lines count once.
    pub(super) fn rest_on(&mut self, sha256: [u8; 32]) {
        if self.basis.len() < Self::MAX_LISTED && !self.basis.contains(&sha256) {
            self.basis.push(sha256);
        }
    }

    /// An entry may explain it, unless it is older than the post. They come in order of time.
    pub(super) fn explain(&mut self, deletion: Deletion) {
        let later = self.at == 0 || deletion.at == 0 || deletion.at >= self.at;
        if later && self.deletions.len() < Self::MAX_LISTED && !self.deletions.contains(&deletion) {
            self.deletions.push(deletion);
        }
    }

    pub(super) fn write(&self, records: &mut Sorter, exceptions: &mut Sorter) {
        records.push(FINDING_PURGED, self.at, 0, |out| {
            head(out, FINDING_PURGED, &self.id, self.at);
            let mut data = Data::new(out);
            let [user, channel, root, kind] = &self.told;
            data.time("create_at", Moment::At(self.at));
            for (name, text) in [("user_id", user), ("channel_id", channel), ("root_id", root)] {
                if !text.is_empty() {
                    data.string(name, text);
                }
            }
            data.string("type", kind);
            data.raw("user_missing", bool_of(self.user_missing));
            data.raw("channel_missing", bool_of(self.channel_missing));
            data.raw("deletions", &list(&self.deletions, Deletion::push));
            data.raw("basis", &list(&self.basis, |sha256, out| push_string(out, &hex(sha256))));
            out.extend_from_slice(b"}}");
        });
        let exception = Exception {
            class: Class::PurgedPost,
            object: format!("post/{}", self.id),
            expected: "a row of the database",
            found: self.summary(),
            records: 1,
        };
        exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }

    fn summary(&self) -> String {
        let [user, channel, ..] = &self.told;
        let mut found = "none".to_owned();
        let mut add = |label: &str, text: &str| {
            if !text.is_empty() {
                found.push_str(label);
                found.push_str(text);
            }
        };
        add("; created ", &time::format(self.at).filter(|_| self.at != 0).unwrap_or_default());
        add(" by user ", user);
        add(" in channel ", channel);
        for deletion in &self.deletions {
            let [of, id, event, user, _] = &deletion.told;
            add("; ", &format!("{event} of {of} {id}"));
            add(" by user ", user);
            add(" at ", &time::format(deletion.at).filter(|_| deletion.at != 0).unwrap_or_default());
        }
        found
    }
}

/// Rows of one kind that name, by one field, one thing that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Orphan<'a> {
    pub(super) rank: Rank,
    pub(super) field: &'a str,
    pub(super) to: To,
    pub(super) target: &'a str,
    pub(super) rows: u64,
    /// Whether the log says that it was there once.
    pub(super) purged: bool,
}

impl Orphan<'_> {
    pub(super) fn write(&self, records: &mut Sorter, exceptions: &mut Sorter) {
        let of = table(self.rank).kind;
        let id = composite([of, self.field, self.target].map(str::as_bytes));
        records.push(FINDING_ORPHAN, 0, 0, |out| {
            head(out, FINDING_ORPHAN, &id, 0);
            let mut data = Data::new(out);
            data.string("of", of);
            data.string("field", self.field);
            data.string("target", word(self.to));
            data.string("target_id", self.target);
            data.raw("rows", self.rows.to_string().as_bytes());
            data.raw("purged", bool_of(self.purged));
            out.extend_from_slice(b"}}");
        });
        let exception = Exception {
            class: Class::OrphanRow,
            object: format!("{}/{}", word(self.to), self.target),
            expected: "a row of the database",
            found: format!("none; named by `{}` of {of}", self.field),
            records: self.rows,
        };
        exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }
}

fn head(out: &mut Vec<u8>, rank: Rank, id: &str, at: Millis) {
    out.extend_from_slice(format!("{{\"kind\":\"{}\",\"id\":\"{id}\",\"at\":", table(rank).kind).as_bytes());
    push_integer(out, at);
    out.extend_from_slice(b",\"data\":{");
}

fn bool_of(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

fn list<T>(items: &[T], push: impl Fn(&T, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = b"[".to_vec();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push(item, &mut out);
    }
    out.push(b']');
    out
}
