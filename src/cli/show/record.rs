//! One record, readable: its own bytes, with line breaks between members and nothing else changed.

use super::super::printer::{count, harmless};
use crate::archive::hold_sets::HoldSets;
use crate::archive::reader::Archive;
use crate::archive::walk::{Walk, WalkError};
use crate::record::fields::Head;
use crate::record::id::Name;
use crate::record::line::Line;
use crate::record::retention::Holds;
use memchr::memmem::Finder;
use serde::Serialize;
use std::fmt::Write as _;

/// A record and where it stands.
#[derive(Serialize)]
pub(super) struct Record {
    index: u64,
    segment: String,
    line_number: u64,
    #[serde(skip)]
    kind: Box<str>,
    /// The line as stored: what is hashed and proven.
    line: String,
    /// Ids of the holds of the set that the line names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holds: Vec<String>,
}

impl Record {
    /// Its kind and its line.
    pub(super) fn line(&self) -> (&str, &[u8]) {
        (&self.kind, self.line.as_bytes())
    }
}

/// All records that are meant; kinds have ids of their own, so there may be several of one id.
pub(super) fn find(walk: &Walk<'_>, name: Name<'_>) -> Result<Vec<Record>, WalkError> {
    let finder = Finder::new(name.id().as_bytes());
    let mut found = Vec::new();
    walk.for_each_segment(
        |segment| {
            // Few segments hold the id at all.
            let may_hold = finder.find(segment.bytes).is_some();
            let lines = segment.lines().filter(|_| may_hold);
            let lines = lines.filter(|(_, line)| name.is(segment.kind(), Head::of(line, segment.kind()).id));
            let record = |(index, line): (u64, &[u8])| Record {
                index,
                segment: segment.row.member().to_string(),
                line_number: (index - segment.row.first_index).saturating_add(1),
                kind: segment.kind().into(),
                line: String::from_utf8_lossy(line).into_owned(),
                holds: Vec::new(),
            };
            lines.map(record).collect::<Vec<_>>()
        },
        |records| {
            found.extend(records);
            Ok::<_, WalkError>(())
        },
    )?;
    Ok(found)
}

/// Finds out which holds are meant where lines name sets of them.
pub(super) fn resolve(found: &mut [Record], archive: &Archive) -> Result<(), WalkError> {
    let set = |record: &Record| match Line::parse(record.line.as_bytes()).ok()?.retention?.holds {
        Holds::Set(name) => Some(name),
        Holds::Few(_) => None,
    };
    if !found.iter().any(|record| set(record).is_some()) {
        return Ok(());
    }
    let sets = HoldSets::read(archive)?;
    for record in found {
        if let Some(name) = set(record) {
            record.holds = sets.ids(name)?;
        }
    }
    Ok(())
}

/// The records for people.
pub(super) fn text(found: &[Record]) -> String {
    let mut out = String::new();
    for record in found {
        let place = format!("{} line {}", record.segment, count(record.line_number));
        let _ = writeln!(out, "record {}, {place}, unverified", count(record.index));
        for line in indented(&record.line).lines() {
            out.push_str(&harmless(line));
            out.push('\n');
        }
        if !record.holds.is_empty() {
            let number = count(record.holds.len() as u64);
            let _ = writeln!(out, "its {number} holds: {}", harmless(&record.holds.join(", ")));
        }
    }
    out
}

/// Breaks compact JSON into lines. Tokens stay as they are: a number or an escape shown is the one that is stored.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut in_string, mut escaped) = (String::new(), 0_usize, false, false);
    let mut characters = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(c) = characters.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                out.push(c);
                if let Some(close) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_breaks_are_added() {
        let json = r#"{"a":1e400,"b":[],"c":{"d":"x,\"y\":{\\","e":[1,{}]}}"#;
        let expected = "{\n  \"a\": 1e400,\n  \"b\": [],\n  \"c\": {\n    \"d\": \"x,\\\"y\\\":{\\\\\",\n    \"e\": [\n      1,\n      {}\n    ]\n  }\n}";
        assert_eq!(indented(json), expected);
    }
}
