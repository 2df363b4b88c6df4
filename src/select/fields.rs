//! A few fields of a record line, found without decoding the rest.
//!
//! Fields stand in the order of the catalogue, so a line is read from left to right and only as far as the last field
//! that is wanted. The lines come from our own encoder; on any other bytes fields are missed, never misread as others,
//! because a quotation mark inside of a value is always escaped.

use std::borrow::Cow;

use crate::record::json::Text;
use crate::source::catalogue::Table;

/// What stands before the kind, the id and the time of a line, and before its fields.
const BEFORE_KIND: &[u8] = b"{\"kind\":\"";
const BEFORE_ID: &[u8] = b"\",\"id\":\"";
const BEFORE_AT: &[u8] = b"\",\"at\":";
const DATA: &[u8] = b",\"data\":{";

/// Puts field names into the order in which lines hold them, each once.
pub(super) fn in_order(table: &Table, names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let known = table.columns.iter().map(|column| column.field).chain(table.bulk_only.iter().copied());
    let wanted: Vec<&str> = names.into_iter().collect();
    known.filter(|field| wanted.contains(field)).collect()
}

/// A line, taken apart as far as its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'l> {
    /// The record's id.
    pub(super) id: &'l str,
    /// The rest of the line, from its first field on.
    fields: &'l [u8],
}

impl<'l> Head<'l> {
    /// The head of a line of a kind.
    pub(super) fn of(line: &'l [u8], kind: &str) -> Self {
        let rest = line.get(BEFORE_KIND.len() + kind.len() + BEFORE_ID.len()..).unwrap_or_default();
        let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        // Nearly always the fields follow the time at once.
        let digits = rest.get(BEFORE_AT.len()..).unwrap_or_default();
        let time = digits.iter().position(|byte| *byte == b',').unwrap_or(digits.len());
        let fields = digits.get(time..).and_then(|rest| rest.strip_prefix(DATA));
        let found = || memchr::memmem::find(rest, DATA).and_then(|at| rest.get(at + DATA.len()..));
        Self { id: text(id), fields: fields.or_else(found).unwrap_or_default() }
    }

    /// The values of `wanted`, which stand in the order of the catalogue; `None` for NULL.
    pub(super) fn scan(&self, wanted: &[&str], found: &mut Vec<Option<&'l [u8]>>) {
        found.clear();
        found.resize(wanted.len(), None);
        let (mut rest, mut next) = (self.fields, 0);
        while next < wanted.len() {
            let Some(named) = rest.strip_prefix(b"\"") else { return };
            let Some(length) = memchr::memchr(b'"', named) else { return };
            let Some(value) = named.get(length + 2..) else { return };
            let end = value_end(value);
            if let Some(offset) = wanted[next..].iter().position(|wanted| wanted.as_bytes() == &named[..length]) {
                next += offset;
                found[next] = value.get(..end).filter(|value| *value != b"null");
                next += 1;
            }
            rest = value.get(end + 1..).unwrap_or_default();
        }
    }
}

/// Where a value ends that begins at the start of `rest`.
fn value_end(rest: &[u8]) -> usize {
    match rest.first() {
        Some(b'"') => string_end(rest, 0),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = rest.get(at) {
                match byte {
                    b'"' => at = string_end(rest, at) - 1,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    break;
                }
            }
            at.min(rest.len())
        }
        _ => rest.iter().position(|byte| matches!(byte, b',' | b'}')).unwrap_or(rest.len()),
    }
}

/// Where a string ends whose first quotation mark stands at `from`: behind its last, which is at least one byte on.
fn string_end(rest: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if rest[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    rest.len().max(from + 1)
}

/// The characters of a value: of a string without its quotation marks and escapes, of anything else its JSON.
pub(super) fn characters(value: &[u8]) -> Cow<'_, str> {
    match value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) {
        None => Cow::Borrowed(text(value)),
        Some(raw) if !raw.contains(&b'\\') => Cow::Borrowed(text(raw)),
        Some(raw) => Text { raw: text(raw), escaped: true }.decode().0,
    }
}

/// The characters of a value that has no escapes: an id, a number.
pub(super) fn plain(value: Option<&[u8]>) -> &str {
    let value = value.unwrap_or_default();
    text(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::{FILE, POST, table};

    const LINE: &str = r##"{"kind":"post","id":"p1","at":5,"text":["props"],"data":{"create_at":5,"is_pinned":true,"user_id":"u","root_id":"","message":"a\"b\\","type":null,"props":{"x":["}\"",{"y":"]"}]},"hashtags":"\"#a","extra":[]}}"##;

    fn found<'l>(kind: &str, line: &'l str, wanted: &[&str]) -> Vec<Option<Cow<'l, str>>> {
        let mut values = Vec::new();
        Head::of(line.as_bytes(), kind).scan(wanted, &mut values);
        values.into_iter().map(|value| value.map(characters)).collect()
    }

    #[test]
    fn values_of_every_shape_are_found_by_name() {
        let wanted =
            ["create_at", "is_pinned", "user_id", "channel_id", "root_id", "message", "type", "props", "hashtags"];
        let expected = [
            Some("5"),
            Some("true"),
            Some("u"),
            None,
            Some(""),
            Some("a\"b\\"),
            None,
            Some(r#"{"x":["}\"",{"y":"]"}]}"#),
            Some("\"#a"),
        ];
        let found = found("post", LINE, &wanted);
        assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
        assert_eq!(Head::of(LINE.as_bytes(), "post").id, "p1");
    }

    #[test]
    fn wanted_fields_come_in_the_order_of_the_catalogue() {
        let wanted = in_order(table(POST), ["type", "create_at", "extra", "root_id", "type"]);
        assert_eq!(wanted, ["create_at", "root_id", "type", "extra"]);
        assert_eq!(in_order(table(FILE), ["post_id", "user_id"]), ["user_id", "post_id"]);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for end in 0..LINE.len() {
            found("post", &LINE[..end], &["create_at", "props", "hashtags", "nothing"]);
        }
        // A line that is still open, as those of files are.
        let open = r#"{"kind":"file","id":"f","at":5,"data":{"post_id":"p"#;
        assert_eq!(found("file", &format!("{open}\""), &["post_id"])[0].as_deref(), Some("p"));
    }
}
