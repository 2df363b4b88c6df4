//! Finding records by what they say, by whom, where and when.
//!
//! Archives are read segment by segment on all cores. With a literal pattern a segment is first scanned as a whole at
//! memory speed; only lines that may hold the pattern are looked into. A match is one in *decoded* text: a quotation
//! mark, a line break or an `é` is found however the record spells it.
//!
//! Searched are the values of all fields of `data`, texts and numbers, also those inside embedded JSON, each on its own;
//! not the names of fields, and not what policies decided.
//!
//! Invariant: what the first scan passes over cannot match (a test holds it against looking into every line), results
//! come in archive order for any number of threads, and memory does not grow with the archive. It verifies nothing.

mod pattern;
mod values;

use std::collections::HashSet;

pub use pattern::{Pattern, PatternError};

use crate::archive::walk::{SegmentText, Walk, WalkError};
use crate::produce::scope::owner;
use crate::produce::{Directory, Scope};
use crate::record::fields::{Head, plain};
use crate::record::time::Millis;

/// Characters shown before and behind a match.
const CONTEXT: usize = 60;

/// Longest match shown, in characters; a regular expression can match a whole message.
const SHOWN: usize = 200;

/// What is looked for in one archive.
#[derive(Debug)]
pub struct Query<'q> {
    /// What is to be found in the text; `None` for any record.
    pub pattern: Option<&'q Pattern>,
    /// Kinds to look into; empty for all.
    pub kinds: &'q HashSet<String>,
    /// Users, channels and times.
    pub scope: &'q Scope,
    /// Who and where.
    pub directory: &'q Directory,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its index in the archive.
    pub index: u64,
    /// Its kind.
    pub kind: Box<str>,
    /// Its id.
    pub id: Box<str>,
    /// Its origin time; 0 where it has none.
    pub at: Millis,
    /// Whose it is; empty if it does not say.
    pub user_id: Box<str>,
    /// Where it belongs; empty if it does not say.
    pub channel_id: Box<str>,
    /// Where in it the pattern stands, one for each field; empty without a pattern.
    pub places: Vec<Place>,
}

/// A field in which the pattern stands, and its first match there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The field, with the way into embedded JSON: `props.attachments.0.text`.
    pub field: String,
    /// Matches in it.
    pub matches: u64,
    /// What stands before the first match.
    pub before: String,
    /// The match, cut if it is very long.
    pub text: String,
    /// What stands behind it.
    pub after: String,
}

/// What one segment holds.
#[derive(Debug)]
pub struct Part {
    /// Its records.
    pub records: u64,
    /// Those that were found.
    pub hits: Vec<Hit>,
}

/// Reads the segments of `walk` that can hold what is looked for and hands on what each holds, in archive order.
pub fn search<E: From<WalkError>>(
    walk: Walk<'_>,
    query: &Query<'_>,
    next: impl FnMut(Part) -> Result<(), E>,
) -> Result<(), E> {
    let window = query.scope.window();
    let wanted = |kind: &str| query.kinds.is_empty() || query.kinds.contains(kind);
    walk.kinds(wanted).between(window.from, window.until).for_each_segment(|segment| part(query, segment), next)
}

fn part(query: &Query<'_>, segment: SegmentText<'_>) -> Part {
    let mut hits = Vec::new();
    match query.pattern {
        Some(pattern) => {
            let (mut index, mut counted) = (segment.row.first_index, 0);
            pattern.candidates(segment.bytes, |start, end| {
                let before = segment.bytes.get(counted..start).unwrap_or_default();
                index = index.saturating_add(memchr::memchr_iter(b'\n', before).count() as u64);
                counted = start;
                hits.extend(hit(query, segment.kind(), index, segment.bytes.get(start..end).unwrap_or_default()));
            });
        }
        None => hits.extend(segment.lines().filter_map(|(index, line)| hit(query, segment.kind(), index, line))),
    }
    Part { records: segment.row.records, hits }
}

/// The record of a line, if it is what is looked for.
fn hit(query: &Query<'_>, kind: &str, index: u64, line: &[u8]) -> Option<Hit> {
    let head = Head::of(line, kind);
    let at = head.at();
    let scope = query.scope;
    if !scope.window().is_open() && (at == 0 || !scope.window().contains(at)) {
        return None;
    }
    let [channel_id] = head.pick(["channel_id"]);
    let own = |wanted: &str, id| if kind == wanted { head.id } else { id };
    let user_id = own("user", owner(&head));
    let channel_id = own("channel", plain(channel_id));
    if !scope.admits_user(user_id) || !scope.admits_channel(channel_id, query.directory) {
        return None;
    }
    let mut places = Vec::new();
    if let Some(pattern) = query.pattern {
        values::each(head, |field, text| places.extend(place(pattern, field, text)));
        if places.is_empty() {
            return None;
        }
    }
    let (kind, id) = (kind.into(), head.id.into());
    Some(Hit { index, kind, id, at, user_id: user_id.into(), channel_id: channel_id.into(), places })
}

fn place(pattern: &Pattern, field: &str, text: &str) -> Option<Place> {
    let (first, matches) = pattern.matches(text)?;
    let shown = text.get(first.clone()).unwrap_or_default();
    Some(Place {
        field: field.to_owned(),
        matches,
        before: last(text.get(..first.start).unwrap_or_default(), CONTEXT),
        text: start(shown, SHOWN),
        after: start(text.get(first.end..).unwrap_or_default(), CONTEXT),
    })
}

/// The first characters of a text, with `…` if there are more.
fn start(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The last characters of a text, with `…` if there are more.
fn last(text: &str, characters: usize) -> String {
    match text.char_indices().rev().nth(characters) {
        Some((at, skipped)) => format!("…{}", text.get(at + skipped.len_utf8()..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_cut_between_characters() {
        assert_eq!((start("äöü", 3), start("äöü", 2)), ("äöü".to_owned(), "äö…".to_owned()));
        assert_eq!((last("äöü", 3), last("äöü", 1)), ("äöü".to_owned(), "…ü".to_owned()));
        assert_eq!((start("", 0), last("", 0)), (String::new(), String::new()));
    }
}
