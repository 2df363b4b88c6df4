//! One record, readable: its own bytes, with line breaks between members and nothing else changed.

use super::super::printer::{count, harmless};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::record::line::Line;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;

/// A record and where it stands.
#[derive(Serialize)]
pub(super) struct Record {
    index: u64,
    segment: String,
    line_number: u64,
    /// The line as stored: what is hashed and proven.
    line: String,
}

/// All records with this id; kinds have ids of their own, so there may be several.
pub(super) fn find(archive: &Archive, id: &str) -> io::Result<Vec<Record>> {
    let (mut found, mut body, mut index) = (Vec::new(), Body::default(), 0);
    let segments = archive.entries().iter().filter(|entry| matches!(entry.member, Member::Records { .. }));
    for entry in segments {
        if let Err(flaw) = archive.load(entry, &mut body)? {
            let message = format!("`{}`: {}", entry.member, flaw.meaning());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        for (number, line) in (1..).zip(body.bytes().split_inclusive(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if let Ok(parsed) = Line::parse(line)
                && parsed.id == id
            {
                let (segment, line) = (entry.member.to_string(), String::from_utf8_lossy(line).into_owned());
                found.push(Record { index, segment, line_number: number, line });
            }
            index += 1;
        }
    }
    Ok(found)
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
