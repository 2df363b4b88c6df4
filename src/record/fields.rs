//! A few fields of a record line, found without decoding the rest.
//!
//! A line is read from left to right and only as far as the last field that is wanted, so that millions of lines cost
//! little. The lines come from our own encoder, or from an archive that was checked; on any other bytes fields are
//! missed, never misread as others, because a quotation mark inside of a value is always escaped.
//!
//! Invariant: no bytes make it panic, and nothing is copied but text that holds escapes.

use std::borrow::Cow;

use super::json::Text;
use super::time::Millis;

/// What stands before the kind, the id and the time of a line, and before its fields.
const BEFORE_KIND: &[u8] = b"{\"kind\":\"";
const BEFORE_ID: &[u8] = b"\",\"id\":\"";
const BEFORE_AT: &[u8] = b"\",\"at\":";
const DATA: &[u8] = b",\"data\":{";

/// A line, taken apart as far as its head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'l> {
    /// The record's id.
    pub id: &'l str,
    /// The rest of the line, from the end of the id on.
    rest: &'l [u8],
    /// The rest of the line, from its first field on.
    fields: &'l [u8],
}

impl<'l> Head<'l> {
    /// The head of a line of a kind.
    pub fn of(line: &'l [u8], kind: &str) -> Self {
        let rest = line.get(BEFORE_KIND.len() + kind.len() + BEFORE_ID.len()..).unwrap_or_default();
        let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
        let (id, rest) = rest.split_at(end);
        // Nearly always the fields follow the time at once.
        let digits = rest.get(BEFORE_AT.len()..).unwrap_or_default();
        let time = digits.iter().position(|byte| *byte == b',').unwrap_or(digits.len());
        let fields = digits.get(time..).and_then(|rest| rest.strip_prefix(DATA));
        let found = || memchr::memmem::find(rest, DATA).and_then(|at| rest.get(at + DATA.len()..));
        Self { id: text(id), rest, fields: fields.or_else(found).unwrap_or_default() }
    }

    /// The record's origin time; 0 where it has none.
    pub fn at(&self) -> Millis {
        let digits = self.rest.strip_prefix(BEFORE_AT).unwrap_or_default();
        let end = digits.iter().position(|byte| *byte == b',').unwrap_or(digits.len());
        text(&digits[..end]).parse().unwrap_or_default()
    }

    /// All fields of `data` with their values as stored, in the order of the line.
    pub fn fields(&self) -> Fields<'l> {
        Fields { rest: self.fields }
    }

    /// The values of `wanted`, as stored; `None` for what is not there or null. It is fastest when `wanted` stands in
    /// the order of the catalogue, as lines do, but the order does not matter.
    pub fn scan(&self, wanted: &[&str], found: &mut Vec<Option<&'l [u8]>>) {
        found.clear();
        found.resize(wanted.len(), None);
        self.find(wanted, found);
    }

    /// The values of `wanted`; see [`Self::scan`].
    pub fn pick<const N: usize>(&self, wanted: [&str; N]) -> [Option<&'l [u8]>; N] {
        let mut found = [None; N];
        self.find(&wanted, &mut found);
        found
    }

    fn find(&self, wanted: &[&str], found: &mut [Option<&'l [u8]>]) {
        let (mut next, mut left) = (0, wanted.len());
        let mut fields = self.fields();
        while left > 0 {
            // Nearly always the next field of the line is the next one wanted.
            if let Some(value) = wanted.get(next).and_then(|name| fields.next_named(name)) {
                found[next] = Some(value).filter(|value| *value != b"null");
                (next, left) = (next + 1, left - 1);
                continue;
            }
            let Some((name, value)) = fields.next() else { return };
            let ahead = wanted[next..].iter().position(|wanted| wanted.as_bytes() == name).map(|offset| next + offset);
            let behind = || wanted[..next].iter().position(|wanted| wanted.as_bytes() == name);
            if let Some(place) = ahead.or_else(behind) {
                found[place] = Some(value).filter(|value| *value != b"null");
                (next, left) = (place + 1, left - 1);
            }
        }
    }
}

/// Fields of a line, as names and values in JSON; see [`Head::fields`].
#[derive(Clone, Debug)]
pub struct Fields<'l> {
    rest: &'l [u8],
}

impl<'l> Fields<'l> {
    /// The value of the next field if it has this name, which holds no quotation mark; else it stays the next.
    fn next_named(&mut self, name: &str) -> Option<&'l [u8]> {
        let value = self.rest.strip_prefix(b"\"")?.strip_prefix(name.as_bytes())?.strip_prefix(b"\":")?;
        let (value, rest) = value.split_at_checked(value_end(value))?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some(value)
    }
}

impl<'l> Iterator for Fields<'l> {
    type Item = (&'l [u8], &'l [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let named = std::mem::take(&mut self.rest).strip_prefix(b"\"")?;
        let length = memchr::memchr(b'"', named)?;
        let value = named.get(length + 2..)?;
        let (value, rest) = value.split_at_checked(value_end(value))?;
        self.rest = rest.get(1..).unwrap_or_default();
        Some((&named[..length], value))
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
pub fn characters(value: &[u8]) -> Cow<'_, str> {
    match value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) {
        None => Cow::Borrowed(text(value)),
        Some(raw) if !raw.contains(&b'\\') => Cow::Borrowed(text(raw)),
        Some(raw) => Text { raw: text(raw), escaped: true }.decode().0,
    }
}

/// The characters of a value that has no escapes, such as an id or a number; empty if there is none.
pub fn plain(value: Option<&[u8]>) -> &str {
    let value = value.unwrap_or_default();
    text(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
}

/// The integer that a value is.
pub fn integer(value: Option<&[u8]>) -> Option<i64> {
    let value = value?;
    // Times have 13 digits, and 18 always fit.
    if !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit) {
        return Some(value.iter().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0')));
    }
    text(value).parse().ok()
}

/// Whether a value is `true`.
pub fn is_true(value: Option<&[u8]>) -> bool {
    value == Some(b"true")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r##"{"kind":"post","id":"p1","at":5,"text":["props"],"data":{"create_at":5,"is_pinned":true,"user_id":"u","root_id":"","message":"a\"b\\","type":null,"props":{"x":["}\"",{"y":"]"}]},"hashtags":"\"#a","extra":[]}}"##;

    fn found<'l>(kind: &str, line: &'l str, wanted: &[&str]) -> Vec<Option<Cow<'l, str>>> {
        let mut values = Vec::new();
        Head::of(line.as_bytes(), kind).scan(wanted, &mut values);
        values.into_iter().map(|value| value.map(characters)).collect()
    }

    #[test]
    fn values_of_every_shape_are_found_by_name_in_any_order() {
        let expected = [
            ("create_at", Some("5")),
            ("is_pinned", Some("true")),
            ("user_id", Some("u")),
            ("channel_id", None),
            ("root_id", Some("")),
            ("message", Some("a\"b\\")),
            ("type", None),
            ("props", Some(r#"{"x":["}\"",{"y":"]"}]}"#)),
            ("hashtags", Some("\"#a")),
        ];
        for turn in 0..expected.len() {
            let mut turned = expected;
            turned.rotate_left(turn);
            let found = found("post", LINE, &turned.map(|(name, _)| name));
            assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), turned.map(|(_, value)| value));
        }
        let head = Head::of(LINE.as_bytes(), "post");
        assert_eq!((head.id, head.at()), ("p1", 5));
        let [message, at, pinned] = head.pick(["message", "create_at", "is_pinned"]);
        assert_eq!(message.map(characters).as_deref(), Some("a\"b\\"));
        assert_eq!((integer(at), is_true(pinned), integer(pinned)), (Some(5), true, None));
    }

    #[test]
    fn all_fields_come_in_the_order_of_the_line() {
        let names: Vec<_> = Head::of(LINE.as_bytes(), "post").fields().map(|(name, _)| text(name)).collect();
        let expected =
            ["create_at", "is_pinned", "user_id", "root_id", "message", "type", "props", "hashtags", "extra"];
        assert_eq!(names, expected);
        assert_eq!(Head::of(br#"{"kind":"a","id":"b","at":-7,"data":{}}"#, "a").fields().count(), 0);
        assert_eq!(Head::of(br#"{"kind":"a","id":"b","at":-7,"data":{}}"#, "a").at(), -7);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for end in 0..LINE.len() {
            found("post", &LINE[..end], &["create_at", "props", "hashtags", "nothing"]);
        }
        let twice = r#"{"kind":"a","id":"b","at":0,"data":{"x":1,"x":2,"x":3}}"#;
        found("a", twice, &["x", "y"]);
        // A line that is still open, as those of files are.
        let open = r#"{"kind":"file","id":"f","at":5,"data":{"post_id":"p"#;
        assert_eq!(found("file", &format!("{open}\""), &["post_id"])[0].as_deref(), Some("p"));
    }
}
