//! `data/withheld.jsonl`: what a policy kept out of the archive, one line for each row.
//!
//! ```text
//! {"kind":"post","id":"…","at":1700000000123,"rule":"POLICY/RULE","reason":"due since 2024-11-14T22:13:20.123Z"}
//! ```
//!
//! Lines are sorted as bytes; equal rows give equal lines. The file is there if and only if a policy is. It says that
//! something was left out, by which rule and since when it was due, and nothing of what it said.

use crate::record::json::Cursor;
use crate::record::line::{push_integer, push_string};
use crate::record::retention::is_rule;
use crate::record::time::{self, Millis};
use crate::record::{id, kind};

/// Longest line in bytes, with its line feed: an id may be as long as a key of the source.
pub const MAX_BYTES: usize = 64 * 1024;

/// How a reason begins.
const DUE_SINCE: &str = "due since ";

/// A row that was withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its origin time.
    pub at: Millis,
    /// The rule that withheld it, `POLICY/RULE`.
    pub rule: &'a str,
    /// Since when nothing required it to be kept and a rule let it go.
    pub since: Millis,
}

impl<'a> Withheld<'a> {
    /// Appends the line, without line feed.
    pub fn push_line(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"kind\":");
        push_string(out, self.kind);
        out.extend_from_slice(b",\"id\":");
        push_string(out, self.id);
        out.extend_from_slice(b",\"at\":");
        push_integer(out, self.at);
        out.extend_from_slice(b",\"rule\":");
        push_string(out, self.rule);
        out.extend_from_slice(b",\"reason\":\"");
        out.extend_from_slice(DUE_SINCE.as_bytes());
        // A time that has no calendar date lies before all of them.
        out.extend_from_slice(time::format(self.since).unwrap_or_else(|| FIRST.to_owned()).as_bytes());
        out.extend_from_slice(b"\"}");
    }

    /// Reads a line (with its line feed), accepting only what [`Self::push_line`] writes.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut cursor = Cursor::new(text);
        cursor.literal("{\"kind\":").ok()?;
        let kind = cursor.string().ok()?.raw;
        cursor.literal(",\"id\":").ok()?;
        let id = cursor.string().ok()?.raw;
        cursor.literal(",\"at\":").ok()?;
        let at = cursor.integer().ok()?;
        cursor.literal(",\"rule\":").ok()?;
        let rule = cursor.string().ok()?.raw;
        cursor.literal(",\"reason\":").ok()?;
        let since = time::parse_exact(cursor.string().ok()?.raw.strip_prefix(DUE_SINCE)?)?;
        let found = Self { kind, id, at, rule, since };
        let mut again = Vec::with_capacity(text.len());
        found.push_line(&mut again);
        let is_known = kind::is_valid(kind) && id::is_valid(id.as_bytes()) && is_rule(rule) && time::is_exact(at);
        (is_known && !kind.starts_with(kind::FINDING_PREFIX) && again == text.as_bytes()).then_some(found)
    }
}

/// The first time that has a calendar date of four digits.
const FIRST: &str = "0000-01-01T00:00:00.000Z";

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"kind":"post","id":"s:0a","at":-5,"rule":"p/r","reason":"due since 2024-11-14T22:13:20.123Z"}"#;

    #[test]
    fn a_line_has_one_spelling() {
        let line = LINE.to_owned() + "\n";
        let withheld = Withheld::parse(line.as_bytes()).unwrap();
        assert_eq!((withheld.kind, withheld.id, withheld.at, withheld.rule), ("post", "s:0a", -5, "p/r"));
        assert_eq!(withheld.since, 1_731_622_400_123);
        let mut out = Vec::new();
        withheld.push_line(&mut out);
        assert_eq!(out, LINE.as_bytes());
        for (from, to) in [
            ("\n", ""),
            ("\n", "\r\n"),
            ("post", "Post"),
            ("post", "finding_purged"),
            ("s:0a", ""),
            ("-5", "-05"),
            ("-5", " -5"),
            ("-5", "9007199254740992"),
            ("p/r", "r"),
            (",\"rule\":\"p/r\"", ""),
            ("due since", "old since"),
            (".123Z", "Z"),
            ("\"}", "\",\"message\":\"x\"}"),
            ("\"id\"", "\"kind\""),
            ("p/r", "p/\\u0072"),
        ] {
            let changed = line.replacen(from, to, 1);
            assert_ne!(changed, line);
            assert!(Withheld::parse(changed.as_bytes()).is_none(), "{changed}");
        }
    }

    #[test]
    fn a_time_before_the_calendar_is_its_first() {
        let mut out = Vec::new();
        Withheld { kind: "post", id: "a", at: 0, rule: "p/r", since: i64::MIN }.push_line(&mut out);
        out.push(b'\n');
        assert!(Withheld::parse(&out).is_some());
    }
}
