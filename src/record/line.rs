//! The record line: written once, checked byte by byte, never re-encoded.
//!
//! ```text
//! {"kind":"post","id":"…","at":1700000000123,"data":{…},"retention":{…}}
//! ```
//!
//! Members stand in the order `kind`, `id`, `at`, `synthetic`?, `text`?, `data`, `because`?, `retention`?; anything
//! else is malformed. No white space outside strings; strings outside embedded values escape only `"`, `\` and
//! U+0000–001F. [`Line::parse`] accepts exactly these lines, so that two readers cannot disagree about one.

use super::json::{Cursor, Fault, Shape, Text, special};
use super::retention::Retention;
use super::time::{Millis, is_exact};
use super::{id, kind};

/// Longest line in bytes, without its line feed; a longer record is quarantined.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Field of `data` that names the archive member holding a file's bytes.
pub const CONTENT_MEMBER: &str = "content_member";

/// A record line, taken apart without copying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Kind of the record.
    pub kind: &'a str,
    /// Its id, unique within the kind unless the source repeats it.
    pub id: &'a str,
    /// Its origin time; 0 where the source has none.
    pub at: Millis,
    /// Whether the id is derived because the source has none.
    pub synthetic: bool,
    /// The `data` object, as stored.
    pub data: &'a str,
    /// The value of [`CONTENT_MEMBER`] in `data`: the member holding the file's bytes.
    pub member: Option<&'a str>,
    /// Whether it says why it is in an incident's scope.
    pub has_reasons: bool,
    /// What a policy decided about it; absent where none was applied.
    pub retention: Option<Retention<'a>>,
}

/// Why bytes are not a record line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LineError {
    /// Longer than [`MAX_BYTES`].
    #[error("the line has {0} bytes, more than 16,777,216")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the line is not UTF-8 from byte {0}")]
    NotUtf8(usize),
    /// Breaks the grammar.
    #[error(transparent)]
    Grammar(#[from] Fault),
    /// A member breaks a rule of the format.
    #[error("`{member}` is not {expected}")]
    Member {
        /// Which member of the line, or field of its data.
        member: String,
        /// What the format wants.
        expected: &'static str,
    },
}

impl<'a> Line<'a> {
    /// Takes a line apart (without its line feed), accepting only what the format allows.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LineError> {
        let text = std::str::from_utf8(bytes).map_err(|error| LineError::NotUtf8(error.valid_up_to()))?;
        Self::parse_text(text)
    }

    /// [`Self::parse`] for bytes already known to be UTF-8.
    pub fn parse_text(text: &'a str) -> Result<Self, LineError> {
        if text.len() > MAX_BYTES {
            return Err(LineError::TooLong(text.len()));
        }
        let mut cursor = Cursor::new(text);
        cursor.literal("{\"kind\":")?;
        let kind = tight_string(&mut cursor)?;
        rule(kind::is_valid(kind), "kind", "a kind: [a-z][a-z0-9_]{0,39}")?;
        cursor.literal(",\"id\":")?;
        let id = tight_string(&mut cursor)?;
        rule(id::is_valid(id.as_bytes()), "id", "an id of the alphabet [A-Za-z0-9._:@+%/-]")?;
        cursor.literal(",\"at\":")?;
        let at = tight(&mut cursor)?.1;
        let at = canonical_integer(at).ok_or_else(|| broken("at", "a canonical integer within 2^53 - 1"))?;
        let synthetic = cursor.take_literal(",\"synthetic\":true");
        rule(synthetic == id.starts_with("s:"), "synthetic", "true exactly when the id begins with `s:`")?;
        let mut as_text = if cursor.take_literal(",\"text\":") { names(&mut cursor)? } else { Vec::new() };
        cursor.literal(",\"data\":")?;
        let start = cursor.offset();
        let member = data(&mut cursor, &mut as_text)?;
        let data = &text[start..cursor.offset()];
        if let Some(name) = as_text.first() {
            return Err(broken(name, "a string field of data, though `text` names it"));
        }
        let has_reasons = cursor.take_literal(",\"because\":");
        if has_reasons {
            reasons(&mut cursor)?;
        }
        let is_judged = cursor.take_literal(",\"retention\":");
        let retention = is_judged.then(|| Retention::read(&mut cursor)).transpose()?;
        cursor.literal("}")?;
        if cursor.offset() != text.len() {
            return Err(Fault { offset: cursor.offset(), expected: "the end of the line" }.into());
        }
        Ok(Self { kind, id, at, synthetic, data, member, has_reasons, retention })
    }
}

pub(super) fn broken(member: &str, expected: &'static str) -> LineError {
    LineError::Member { member: member.to_owned(), expected }
}

pub(super) fn rule(holds: bool, member: &str, expected: &'static str) -> Result<(), LineError> {
    if holds { Ok(()) } else { Err(broken(member, expected)) }
}

/// Reads a value that must begin right here, without white space.
pub(super) fn tight<'a>(cursor: &mut Cursor<'a>) -> Result<(Shape, &'a str, bool), LineError> {
    let start = cursor.offset();
    let value = cursor.value()?;
    if cursor.offset() - value.text.len() == start {
        Ok((value.shape, value.text, value.strict))
    } else {
        Err(Fault { offset: start, expected: "no white space" }.into())
    }
}

/// Reads a string that must begin right here, without white space.
fn tight_string<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, LineError> {
    if cursor.next_is(b'"') {
        Ok(cursor.string()?.raw)
    } else {
        Err(Fault { offset: cursor.offset(), expected: "a string, without white space before it" }.into())
    }
}

pub(super) fn canonical_integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical =
        digits == "0" && text == "0" || !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    (canonical && is_exact(number)).then_some(number)
}

/// Checks the array of reasons in `because`: sorted, each once, `word` or `word:ID`.
fn reasons(cursor: &mut Cursor<'_>) -> Result<(), LineError> {
    let mut last = "";
    cursor.literal("[")?;
    loop {
        let reason = tight_string(cursor)?;
        let (word, id) = reason.split_once(':').map_or((reason, None), |(word, id)| (word, Some(id)));
        let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_reason = is_word && id.is_none_or(|id| id::is_valid(id.as_bytes()));
        rule(is_reason, "because", "an array of reasons, `word` or `word:ID`")?;
        rule(last < reason, "because", "sorted, each reason once")?;
        last = reason;
        if !cursor.take_literal(",") {
            break;
        }
    }
    cursor.literal("]")?;
    Ok(())
}

/// The array of field names in `text`.
fn names<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<&'a str>, LineError> {
    let mut names = Vec::new();
    cursor.literal("[")?;
    loop {
        names.push(field_name(cursor)?);
        if !cursor.take_literal(",") {
            break;
        }
    }
    cursor.literal("]")?;
    Ok(names)
}

fn field_name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, LineError> {
    if let Some(name) = cursor.take_name() {
        return Ok(name);
    }
    // Only to say what is wrong.
    let name = cursor.string()?.raw;
    Err(broken(name, "a field name: [a-z0-9_]+"))
}

/// Checks the `data` object; strikes string fields from `as_text`; returns the content member if one is named.
fn data<'a>(cursor: &mut Cursor<'a>, as_text: &mut Vec<&'a str>) -> Result<Option<&'a str>, LineError> {
    let mut member = None;
    let mut seen: [&str; 64] = [""; 64];
    let mut fields = 0;
    cursor.literal("{")?;
    if cursor.take_literal("}") {
        return Ok(None);
    }
    loop {
        let name = field_name(cursor)?;
        rule(fields < seen.len(), "data", "an object of at most 64 fields")?;
        rule(!seen[..fields].contains(&name), name, "named once")?;
        seen[fields] = name;
        fields += 1;
        cursor.literal(":")?;
        if cursor.next_is(b'"') {
            let value = cursor.string()?;
            let canonical = !value.escaped || is_canonical(value.raw);
            rule(canonical, name, "a string with only the escapes that the format writes")?;
            as_text.retain(|other| *other != name);
            if name == CONTENT_MEMBER {
                member = Some(value.raw);
            }
        } else {
            let (_, _, strict) = tight(cursor)?;
            rule(strict, name, "strict JSON")?;
        }
        if !cursor.take_literal(",") {
            break;
        }
    }
    cursor.literal("}")?;
    Ok(member)
}

/// Whether the text between quotes escapes exactly what the format escapes, in its one spelling.
fn is_canonical(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        at += found;
        match bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r') => at += 2,
            Some(b'u') => {
                let Some(hex) = raw.get(at + 2..at + 6) else { return false };
                let lower = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                let code = u8::from_str_radix(hex, 16).unwrap_or(0xff);
                if !lower || code >= 0x20 || matches!(code, 8 | 9 | 10 | 12 | 13) {
                    return false;
                }
                at += 6;
            }
            _ => return false,
        }
    }
    true
}

/// Appends `text` as a JSON string, in the format's one spelling.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let stop = special(bytes, at);
        out.extend_from_slice(&bytes[at..stop]);
        let Some(&byte) = bytes.get(stop) else { break };
        push_escape(out, byte);
        at = stop + 1;
    }
    out.push(b'"');
}

/// Appends the escape of a quotation mark, backslash or control character, in the format's one spelling.
pub fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        8 => b'b',
        9 => b't',
        10 => b'n',
        12 => b'f',
        13 => b'r',
        _ => {
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a source string in the format's one spelling; returns whether a lone surrogate became U+FFFD.
pub fn push_text(out: &mut Vec<u8>, text: Text<'_>) -> bool {
    // Most escapes are those of the format, `\n` above all.
    if text.escaped && !is_canonical(text.raw) {
        let (decoded, lossy) = text.decode();
        push_string(out, &decoded);
        return lossy;
    }
    out.push(b'"');
    out.extend_from_slice(text.raw.as_bytes());
    out.push(b'"');
    false
}

/// Appends an integer in decimal.
pub fn push_integer(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = r#"{"kind":"post","id":"s:0a","at":-5,"synthetic":true,"text":["props"],"data":{"message":"a\"\\\u0001é","props":"{\"a\":1,\"a\":2}","n":1.5,"j":{"a": [1]}}}"#;

    #[test]
    fn takes_a_line_apart() {
        let line = Line::parse(POST.as_bytes()).unwrap();
        assert_eq!((line.kind, line.id, line.at, line.synthetic, line.member), ("post", "s:0a", -5, true, None));
        assert!(line.data.starts_with("{\"message\"") && line.data.ends_with("}}"));
        let file = r#"{"kind":"file","id":"x","at":0,"data":{"content_member":"data/files/ab/cd"},"retention":{"rule":"p/r"}}"#;
        assert_eq!(Line::parse(file.as_bytes()).unwrap().member, Some("data/files/ab/cd"));
        let why = POST.replace("}}}", r#"}},"because":["channel:a%20b/c","standing","thread:x"]}"#);
        assert!(Line::parse(why.as_bytes()).unwrap().has_reasons && !line.has_reasons);
    }

    #[test]
    fn refuses_every_other_spelling() {
        for (from, to) in [
            ("{\"kind\"", " {\"kind\""),
            ("\"post\"", " \"post\""),
            ("\"s:0a\"", "\n\"s:0a\""),
            ("\"at\":-5", "\"at\":-05"),
            ("\"at\":-5", "\"at\": -5"),
            ("\"at\":-5", "\"at\":5.0"),
            ("\"at\":-5", "\"at\":-0"),
            ("\"at\":-5", "\"at\":9007199254740992"),
            ("\"at\":-5", "\"at\":-9223372036854775808"),
            ("\"s:0a\"", "\"0a\""),
            ("\"s:0a\"", "\"\""),
            ("\"post\"", "\"Post\""),
            ("\"synthetic\":true", "\"synthetic\":false"),
            ("[\"props\"]", "[\"other\"]"),
            ("[\"props\"]", "[]"),
            ("\\u0001", "\\u0041"),
            ("\\u0001", "\\u000a"),
            ("\\u0001", "\\u001F"),
            ("\\u0001", "\\/"),
            ("\"n\":1.5", "\"n\": 1.5"),
            ("\"n\":1.5", "\"message\":1.5"),
            ("\"n\":1.5", "\"N\":1.5"),
            ("{\"a\": [1]}", "{\"a\":1,\"a\":2}"),
            ("}}}", "}}}\n"),
            ("}}}", "}},\"because\":[\"run:a\"],\"other\":2}"),
            ("}}}", "}},\"retention\":{},\"because\":[\"run:a\"]}"),
            ("}}}", "}},\"because\":1}"),
            ("}}}", "}},\"because\":[]}"),
            ("}}}", "}},\"because\":[\"run:\"]}"),
            ("}}}", "}},\"because\":[\"Run:a\"]}"),
            ("}}}", "}},\"because\":[\"run:a b\"]}"),
            ("}}}", "}},\"because\":[\"run:b\",\"run:a\"]}"),
            ("}}}", "}},\"because\":[\"run:a\",\"run:a\"]}"),
            ("}}}", "}},\"because\":[\"run:a\", \"run:b\"]}"),
        ] {
            let changed = POST.replacen(from, to, 1);
            assert_ne!(changed, POST, "{from}");
            assert!(Line::parse(changed.as_bytes()).is_err(), "{changed}");
        }
        assert!(matches!(Line::parse(b"{\"kind\":\"\xff"), Err(LineError::NotUtf8(9))));
    }

    #[test]
    fn source_strings_get_the_one_spelling_whether_or_not_they_have_it() {
        for (raw, expected, lossy) in [
            ("plain é", "plain é", false),
            (r#"\"\\\b\t\n\f\r\u0001"#, r#"\"\\\b\t\n\f\r\u0001"#, false),
            (r"\n\/", r"\n/", false),
            (r"\u000a", r"\n", false),
            (r"\u001F", r"\u001f", false),
            (r"\n\u003cb\u003e", r"\n<b>", false),
            (r"\u0022\u005c", r#"\"\\"#, false),
            (r"\n\ud83d\ude00", r"\n😀", false),
            (r"\n\ud83d", "\\n\u{fffd}", true),
        ] {
            let json = format!("\"{raw}\"");
            let mut out = Vec::new();
            assert_eq!(push_text(&mut out, Cursor::new(&json).string().unwrap()), lossy, "{raw}");
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{expected}\""), "{raw}");
        }
    }

    #[test]
    fn writes_the_one_spelling() {
        let mut out = Vec::new();
        push_string(&mut out, "a\"\\\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}é\u{2028}<");
        assert_eq!(out, "\"a\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001f\u{7f}é\u{2028}<\"".as_bytes());
        for number in [0, -1, 42, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            push_integer(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
