//! Sets of holds: what a record line says instead of many ids, and the line that says what it stands for.
//!
//! ```text
//! "holds":["2026-17","collision"]                                     at most four: their ids
//! "holds":"set:0f9c41a2d7b35e68c1a4f07d92b8e356"                      more: the name of the set
//! {"set":"set:0f9c41a2d7b35e68c1a4f07d92b8e356","holds":["…","…"]}    its line in `data/policy/hold-sets.jsonl`
//! ```
//!
//! In a firm with hundreds of holds a post of the town square is covered by most of them, and so is the next one. A name
//! is made from what it names: the first 32 hex digits of SHA-256 of the array of ids as the set's line has it. So a
//! record line stays a function of its own sources, and one record with one line of the table still proves which holds
//! covered it. Which of the two spellings a set has depends on its size alone.

use std::fmt;

use ring::digest::{SHA256, digest};

use super::id::{hex, unhex};
use super::json::Cursor;
use super::line::{LineError, broken, push_string, rule};
use super::retention::{Ids, ids};

/// Most holds of a record that its line names one by one.
pub const FEW: usize = 4;

/// Longest line of a set in bytes, with its line feed.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most sets of an archive: a verifier keeps the name of each.
pub const MOST: usize = 1 << 24;

/// How the name of a set begins.
const PREFIX: &str = "set:";

/// The name of a set of more than [`FEW`] holds, made from its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetName([u8; 16]);

impl SetName {
    /// The name of the set that has this JSON array of ids.
    pub fn of(array: &[u8]) -> Self {
        let (mut name, hash) = ([0; 16], digest(&SHA256, array));
        name.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        Self(name)
    }

    /// Reads `set:` and 32 lower-case hex digits.
    pub fn parse(name: &str) -> Option<Self> {
        unhex(name.strip_prefix(PREFIX)?).map(Self)
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", hex(&self.0))
    }
}

/// A set of more than [`FEW`] holds, by name and in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldSet<'a> {
    /// Its name as the line states it; [`Self::is_named_rightly`] says whether it is its own.
    pub name: SetName,
    /// Its ids, sorted, each once.
    pub ids: Ids<'a>,
    array: &'a str,
}

impl<'a> HoldSet<'a> {
    /// Reads a line of the table (with its line feed), accepting only what [`push`] writes, whatever its name.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        Self::parse_text(std::str::from_utf8(line).ok()?.strip_suffix('\n')?).ok()
    }

    fn parse_text(text: &'a str) -> Result<Self, LineError> {
        rule(text.len() < MAX_BYTES, "holds", "a line of at most 16,777,216 bytes")?;
        let mut cursor = Cursor::new(text);
        cursor.literal("{\"set\":\"")?;
        let name = cursor.take_bytes(PREFIX.len() + 32).and_then(SetName::parse);
        let name = name.ok_or_else(|| broken("set", "`set:` and 32 hex digits"))?;
        cursor.literal("\",\"holds\":")?;
        let start = cursor.offset();
        cursor.literal("[")?;
        let ids = ids(&mut cursor)?;
        let array = text.get(start..cursor.offset()).unwrap_or_default();
        rule(ids.count() > FEW, "holds", "more than four ids: fewer stand in the records")?;
        cursor.literal("}")?;
        rule(cursor.offset() == text.len(), "set", "the end of the line")?;
        Ok(Self { name, ids, array })
    }

    /// Whether its name is the one that its ids make.
    pub fn is_named_rightly(&self) -> bool {
        SetName::of(self.array.as_bytes()) == self.name
    }

    /// Its ids as a JSON array.
    pub fn array(&self) -> &'a str {
        self.array
    }
}

/// Appends what a line says of the holds that cover its record, which come sorted, each once: their array, or the name of
/// their set. Of a set that has a name, its line (without line feed) is returned.
pub fn push<'h>(out: &mut Vec<u8>, holds: impl IntoIterator<Item = &'h str>) -> Option<Vec<u8>> {
    let start = out.len();
    let mut number = 0;
    for hold in holds {
        out.push(if number == 0 { b'[' } else { b',' });
        push_string(out, hold);
        number += 1;
    }
    out.extend_from_slice(if number == 0 { b"[]" } else { b"]" });
    if number <= FEW {
        return None;
    }
    let array = out.split_off(start);
    let name = SetName::of(&array).to_string();
    push_string(out, &name);
    let mut line = Vec::with_capacity(array.len() + 64);
    line.extend_from_slice(b"{\"set\":");
    push_string(&mut line, &name);
    line.extend_from_slice(b",\"holds\":");
    line.extend_from_slice(&array);
    line.push(b'}');
    Some(line)
}

/// Parts what a line says in `retention` before the name of a set of holds; `None` if it names none.
pub fn named(retention: &str) -> Option<(&str, SetName)> {
    let (before, name) = retention.strip_suffix("\"}")?.rsplit_once('"')?;
    before.ends_with("\"holds\":").then(|| SetName::parse(name)).flatten().map(|name| (before, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(holds: &[&str]) -> (String, Option<String>) {
        let mut out = b"before ".to_vec();
        let line = push(&mut out, holds.iter().copied());
        (String::from_utf8(out).unwrap(), line.map(|line| String::from_utf8(line).unwrap()))
    }

    #[test]
    fn few_holds_are_spelled_out_and_many_have_the_name_of_their_digest() {
        assert_eq!(pushed(&[]), ("before []".to_owned(), None));
        assert_eq!(pushed(&["a", "b", "c", "d"]), (r#"before ["a","b","c","d"]"#.to_owned(), None));
        // printf '["a","b","c","d","e"]' | sha256sum
        let name = "set:af3a47788c1cbf3a62256dcf244bdd4d";
        let line = format!(r#"{{"set":"{name}","holds":["a","b","c","d","e"]}}"#);
        assert_eq!(pushed(&["a", "b", "c", "d", "e"]), (format!("before \"{name}\""), Some(line.clone())));
        let line = line + "\n";
        let read = HoldSet::parse(line.as_bytes()).unwrap();
        assert!(read.is_named_rightly());
        assert_eq!(read.ids.iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
        assert_eq!((read.array(), read.name.to_string().as_str()), (r#"["a","b","c","d","e"]"#, name));
        assert_eq!(SetName::parse(name), Some(read.name));
        let said = format!(r#"{{"rule":"p/r","holds":"{name}"}}"#);
        assert_eq!(named(&said), Some((r#"{"rule":"p/r","holds":"#, read.name)));
        for other in ["", "{}", r#"{"rule":"p/r"}"#, r#"{"holds":["a"]}"#, r#"{"holds":"set:"}"#] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn a_line_has_one_spelling() {
        let line = pushed(&["a", "b", "c", "d", "e"]).1.unwrap() + "\n";
        for (from, to) in [
            ("\n", ""),
            ("\n", "\r\n"),
            ("\n", " \n"),
            ("{", "{ "),
            ("set:", "Set:"),
            ("set:a", "set:A"),
            ("set:af", "set:a"),
            ("set:af", "set:aff"),
            (",\"e\"", ""),
            ("\"e\"", "\"d\""),
            ("\"e\"", "\"c5\""),
            ("\"e\"", "\"\\u0065\""),
            ("\"e\"", "\"e,\""),
            ("\"e\"", "5"),
            ("[\"a\"", "[ \"a\""),
            ("]}", "],\"more\":1}"),
            ("\"holds\":", "\"ids\":"),
        ] {
            let changed = line.replacen(from, to, 1);
            assert_ne!(changed, line);
            assert!(HoldSet::parse(changed.as_bytes()).is_none(), "{changed}");
        }
        let other = line.replacen("\"e\"", "\"f\"", 1);
        assert!(!HoldSet::parse(other.as_bytes()).unwrap().is_named_rightly());
    }
}
