//! How a value is written: one field of a row, by the shape that the catalogue gives it.
//!
//! The common cases copy bytes: COPY text spells line feeds, tabs and backslashes just as JSON does, so that a message
//! is one `memcpy` unless it holds quotation marks. Nothing is lost: a value that does not have the shape of its column
//! (no integer, no boolean) is written as the text that it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::copy::unescape;
use super::fault::RowFault;
use super::instant::Instant;
use super::{buttons, redact};
use crate::record::json::{Cursor, special};
use crate::record::line::{push_escape, push_string, push_text};
use crate::record::time::{MAX_EXACT, Millis};
use crate::source::catalogue::Shape;

/// What the line has to say about a value, besides the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Nothing.
    None,
    /// It would be embedded JSON, but had to become a string.
    AsText,
    /// It is a time or count beyond what JSON readers hold exactly, or no number at all.
    Far,
}

/// Appends a value, as it lies in the row, in its shape. `is_json` says that the source declares the column as JSON.
pub fn push(
    out: &mut Vec<u8>,
    field: &str,
    shape: Shape,
    is_json: bool,
    scratch: &mut Vec<u8>,
) -> Result<Remark, RowFault> {
    match shape {
        Shape::Text => copied(out, field, scratch)?,
        Shape::Integer | Shape::Millis | Shape::Seconds if exact(field).is_none() => {
            copied(out, field, scratch)?;
            return Ok(Remark::Far);
        }
        // Nanoseconds since 1970 are always beyond, and durations may be: no reason to remark on them.
        Shape::Nanos if exact(field).is_none() => copied(out, field, scratch)?,
        Shape::Integer | Shape::Millis | Shape::Seconds | Shape::Nanos => out.extend_from_slice(field.as_bytes()),
        Shape::Bool => match field {
            "t" | "true" | "1" => out.extend_from_slice(b"true"),
            "f" | "false" | "0" => out.extend_from_slice(b"false"),
            _ => copied(out, field, scratch)?,
        },
        Shape::Timestamp => match Instant::parse(field) {
            Some(instant) => push_string(out, &instant.text()),
            None => copied(out, field, scratch)?,
        },
        // What most of these columns hold most of the time.
        Shape::Json | Shape::Buttons if matches!(field, "{}" | "[]") => out.extend_from_slice(field.as_bytes()),
        Shape::Json => return Ok(json(out, unescape(field, scratch)?, is_json)),
        Shape::Buttons => return Ok(json(out, &buttons::redacted(unescape(field, scratch)?), is_json)),
        // A database without arrays keeps JSON instead.
        Shape::Array if field.starts_with("[\"") || field == "[]" => {
            return Ok(json(out, unescape(field, scratch)?, true));
        }
        Shape::Array => return Ok(array(out, unescape(field, scratch)?)),
        Shape::Bytes => base64(out, unescape(field, scratch)?),
        Shape::Tokens => push_string(out, &redact::tokens(unescape(field, scratch)?)),
        Shape::Hosts => return Ok(json(out, &redact::hosts(unescape(field, scratch)?), is_json)),
        Shape::Guarded => {
            let text = unescape(field, scratch)?;
            if text.starts_with('\\') { guarded_bytes(out, text) } else { guarded(out, text) }
        }
        Shape::GuardedBytes => guarded_bytes(out, unescape(field, scratch)?),
    }
    Ok(Remark::None)
}

/// Appends a text that lies in COPY's spelling as a JSON string.
fn copied(out: &mut Vec<u8>, field: &str, scratch: &mut Vec<u8>) -> Result<(), RowFault> {
    let bytes = field.as_bytes();
    let start = out.len();
    out.push(b'"');
    let (mut from, mut at) = (0, 0);
    loop {
        let stop = special(bytes, at);
        let (used, escape) = match (bytes.get(stop), bytes.get(stop + 1)) {
            (None, _) => break,
            // JSON spells these the same way.
            (Some(b'\\'), Some(b'n' | b't' | b'r' | b'b' | b'f' | b'\\')) => {
                at = stop + 2;
                continue;
            }
            (Some(b'\\'), Some(b'v')) => (2, 11),
            (Some(b'\\'), _) => {
                // Numbers of bytes and needless escapes: no server writes them, but a reader has to know them.
                out.truncate(start);
                push_string(out, unescape(field, scratch)?);
                return Ok(());
            }
            (Some(byte), _) => (1, *byte),
        };
        out.extend_from_slice(bytes.get(from..stop).unwrap_or_default());
        push_escape(out, escape);
        at = stop + used;
        from = at;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out.push(b'"');
    Ok(())
}

/// The integer that a text spells in its one way, if every JSON reader holds it exactly.
pub fn exact(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let canonical = match digits {
        b"0" => digits.len() == text.len(),
        [first, ..] => *first != b'0' && digits.len() <= 16,
        [] => false,
    };
    let mut value = 0_i64;
    for byte in digits.iter().take(16) {
        if !byte.is_ascii_digit() {
            return None;
        }
        // Sixteen digits have room.
        value = value.wrapping_mul(10).wrapping_add(i64::from(*byte & 15));
    }
    let value = if digits.len() < text.len() { -value } else { value };
    (canonical && (-MAX_EXACT..=MAX_EXACT).contains(&value)).then_some(value)
}

/// A time in milliseconds, floored; `None` if it is none, or beyond what JSON readers hold exactly.
pub fn millis(text: &str, shape: Shape) -> Option<Millis> {
    let at = match shape {
        Shape::Seconds => exact(text)?.checked_mul(1000)?,
        Shape::Nanos => text.parse::<i64>().ok()?.div_euclid(1_000_000),
        Shape::Timestamp => Instant::parse(text)?.millis(),
        _ => exact(text)?,
    };
    (-MAX_EXACT..=MAX_EXACT).contains(&at).then_some(at)
}

/// Appends JSON byte for byte if it may stand in a line, else its text as a string.
fn json(out: &mut Vec<u8>, text: &str, is_json: bool) -> Remark {
    // In a column of texts only objects and arrays are JSON: everything else is the text that it is.
    if !is_json && !matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[')) {
        push_string(out, text);
        return Remark::None;
    }
    let mut cursor = Cursor::new(text);
    let whole = cursor.value().ok().filter(|value| value.strict && value.text.len() == text.len());
    match whole {
        // Strings have one spelling in a line.
        Some(_) if text.starts_with('"') => match Cursor::new(text).string() {
            Ok(string) => {
                push_text(out, string);
            }
            Err(_) => push_string(out, text),
        },
        Some(value) => out.extend_from_slice(value.text.as_bytes()),
        None => {
            push_string(out, text);
            return Remark::AsText;
        }
    }
    Remark::None
}

/// Appends a one-dimensional array (PostgreSQL, "Array Input and Output Syntax"), or its text as a string.
fn array(out: &mut Vec<u8>, text: &str) -> Remark {
    let start = out.len();
    if elements(out, text).is_some() {
        return Remark::None;
    }
    out.truncate(start);
    push_string(out, text);
    Remark::AsText
}

fn elements(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    out.push(b'[');
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut element = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next()? {
                    (at, '"') => break at + 1,
                    (_, '\\') => element.push(chars.next()?.1),
                    (_, other) => element.push(other),
                }
            };
            push_string(out, &element);
            rest = quoted.get(end..)?;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (element, tail) = rest.split_at(end);
            if element.is_empty() || element.contains(['{', '}', '"', '\\']) {
                return None;
            }
            match element {
                "NULL" => out.extend_from_slice(b"null"),
                _ => push_string(out, element),
            }
            rest = tail;
        }
        if let Some(tail) = rest.strip_prefix(',').filter(|tail| !tail.is_empty()) {
            out.push(b',');
            rest = tail;
        } else if !rest.is_empty() {
            return None;
        }
    }
    out.push(b']');
    Some(())
}

/// Appends bytes in base64.
fn base64(out: &mut Vec<u8>, text: &str) {
    push_string(out, &STANDARD.encode(bytes_of(text)));
}

/// The bytes that a text of type `bytea` stands for, in either of the server's two spellings.
fn bytes_of(text: &str) -> Vec<u8> {
    if let Some(bytes) = text.strip_prefix("\\x").and_then(unhex) {
        return bytes;
    }
    // `bytea_output = escape`: `\\` and `\ooo` only.
    let mut scratch = Vec::new();
    match unescape(text, &mut scratch) {
        Err(RowFault::NotUtf8) => scratch,
        Ok(text) => text.as_bytes().to_vec(),
        Err(_) => text.as_bytes().to_vec(),
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Appends JSON, given as bytes, without the credentials in it.
fn guarded_bytes(out: &mut Vec<u8>, text: &str) {
    match std::str::from_utf8(&bytes_of(text)) {
        Ok(text) => guarded(out, text),
        Err(_) => push_string(out, redact::REDACTED),
    }
}

/// Appends JSON without the credentials in it.
fn guarded(out: &mut Vec<u8>, text: &str) {
    match redact::members(text) {
        Some(object) => out.extend_from_slice(object.as_bytes()),
        None if text.is_empty() => out.extend_from_slice(b"\"\""),
        None if text == "null" => out.extend_from_slice(b"null"),
        None => push_string(out, redact::REDACTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: Shape, is_json: bool, cases: &[(&str, &str, Remark)]) {
        for (field, expected, remark) in cases {
            let mut out = Vec::new();
            let found = push(&mut out, field, shape, is_json, &mut Vec::new());
            assert_eq!((String::from_utf8(out).unwrap().as_str(), found), (*expected, Ok(*remark)), "{field}");
        }
    }

    #[test]
    fn texts_have_one_spelling() {
        let cases = [
            ("", r#""""#, Remark::None),
            ("null", r#""null""#, Remark::None),
            (r"a\nb\tc\\d\r\b\f", r#""a\nb\tc\\d\r\b\f""#, Remark::None),
            ("\\v\u{1}\u{7f}\u{fffe}😀\"", "\"\\u000b\\u0001\u{7f}\u{fffe}😀\\\"\"", Remark::None),
            (r"say \x22\101\/", r#""say \"A/""#, Remark::None),
            ("\r", r#""\r""#, Remark::None),
        ];
        check(Shape::Text, false, &cases);
        let fault = push(&mut Vec::new(), r"\377", Shape::Text, false, &mut Vec::new());
        assert_eq!(fault, Err(RowFault::NotUtf8));
    }

    #[test]
    fn numbers_are_exact_or_texts() {
        let cases = [
            ("0", "0", Remark::None),
            ("-9007199254740991", "-9007199254740991", Remark::None),
            ("9007199254740992", r#""9007199254740992""#, Remark::Far),
            ("99999999999999999999999", r#""99999999999999999999999""#, Remark::Far),
            ("-0", r#""-0""#, Remark::Far),
            ("007", r#""007""#, Remark::Far),
            ("+7", r#""+7""#, Remark::Far),
            ("", r#""""#, Remark::Far),
            ("1.5", r#""1.5""#, Remark::Far),
            ("-", r#""-""#, Remark::Far),
        ];
        check(Shape::Integer, false, &cases);
        check(Shape::Nanos, false, &[("1700000000000000000", r#""1700000000000000000""#, Remark::None)]);
        for (text, shape, expected) in [
            ("-1", Shape::Millis, Some(-1)),
            ("5", Shape::Seconds, Some(5000)),
            ("9007199254740", Shape::Seconds, Some(9_007_199_254_740_000)),
            ("9007199254741", Shape::Seconds, None),
            ("-1", Shape::Nanos, Some(-1)),
            ("1999999", Shape::Nanos, Some(1)),
            ("1970-01-01 00:00:01+00", Shape::Timestamp, Some(1000)),
            ("infinity", Shape::Timestamp, None),
            ("9007199254740992", Shape::Millis, None),
            ("soon", Shape::Millis, None),
        ] {
            assert_eq!(millis(text, shape), expected, "{text}");
        }
    }

    #[test]
    fn other_types_are_what_they_are_whoever_spells_them() {
        let none = Remark::None;
        check(Shape::Bool, false, &[("t", "true", none), ("0", "false", none), ("maybe", r#""maybe""#, none)]);
        let times = [
            ("2026-01-02 03:04:05.5+01", r#""2026-01-02T02:04:05.500000Z""#, none),
            ("infinity", r#""infinity""#, none),
        ];
        check(Shape::Timestamp, false, &times);
        let bytes = [(r"\\x00ff", r#""AP8=""#, none), (r"\\x", r#""""#, none), (r"a\\\\\\377", r#""YVz/""#, none)];
        check(Shape::Bytes, false, &bytes);
        let arrays = [
            ("{}", "[]", none),
            (r#"{a,"b c",NULL,"NULL","q\\"\\\\",""}"#, r#"["a","b c",null,"NULL","q\"\\",""]"#, none),
            ("{{1},{2}}", r#""{{1},{2}}""#, Remark::AsText),
            ("{a,}", r#""{a,}""#, Remark::AsText),
            (r#"{"a"b}"#, r#""{\"a\"b}""#, Remark::AsText),
            ("[0:0]={a}", r#""[0:0]={a}""#, Remark::AsText),
            (r#"["a", "b\\\\"]"#, r#"["a", "b\\"]"#, none),
            ("[]", "[]", none),
            (r#"["a""#, r#""[\"a\"""#, Remark::AsText),
            ("", r#""""#, Remark::AsText),
        ];
        check(Shape::Array, false, &arrays);
    }

    #[test]
    fn json_is_embedded_or_named() {
        let (none, text) = (Remark::None, Remark::AsText);
        let both = [
            ("{}", "{}", none),
            (r#"{"a": "x\\ny"}"#, r#"{"a": "x\ny"}"#, none),
            ("[1e400]", "[1e400]", none),
            (r#"{"a":1,"a":2}"#, r#""{\"a\":1,\"a\":2}""#, text),
            ("{broken", r#""{broken""#, text),
            (r"[\n]", r#""[\n]""#, text),
            (" []", r#"" []""#, text),
        ];
        check(Shape::Json, true, &both);
        check(Shape::Json, false, &both);
        check(Shape::Json, true, &[("1", "1", none), (r#""\\u0041""#, r#""A""#, none), ("", r#""""#, text)]);
        check(Shape::Json, true, &[("null", "null", none), (r#""\\ud800""#, r#""\"\\ud800\"""#, text)]);
        check(Shape::Json, false, &[("1", r#""1""#, none), (r#""A""#, r#""\"A\"""#, none), ("", r#""""#, none)]);
        check(Shape::Json, false, &[("null", r#""null""#, none)]);
    }

    #[test]
    fn credentials_inside_of_values_are_replaced() {
        let none = Remark::None;
        check(Shape::Tokens, false, &[(r"a\ttoken=x\nb", r#""a\ttoken=redacted\nb""#, none)]);
        check(Shape::Hosts, false, &[("https://a/x", r#""https://a/redacted""#, none)]);
        check(Shape::Hosts, false, &[(r#"["https://a/x"]"#, r#"["https://a/redacted"]"#, none)]);
        let guarded = [
            (r#"{"csrf":"x","os":1}"#, r#"{"csrf":"redacted","os":1}"#, none),
            (r"\\x7b22736563726574223a2278227d", r#"{"secret":"redacted"}"#, none),
            ("", r#""""#, none),
            ("null", "null", none),
            (r"\\xff", r#""redacted""#, none),
            (r"\\x", r#""""#, none),
            ("secret", r#""redacted""#, none),
        ];
        check(Shape::Guarded, false, &guarded);
        let buttons = [
            ("{}", "{}", none),
            (
                r#"{"attachments":[{"actions":[{"integration":{"url":"a?k","context":{"k":"a\\"b"}}}]}]}"#,
                r#"{"attachments":[{"actions":[{"integration":{"url":"a?redacted","context":"redacted"}}]}]}"#,
                none,
            ),
            (r#"{"attachments":1,"attachments":2}"#, r#""{\"attachments\":1,\"attachments\":2}""#, Remark::AsText),
        ];
        check(Shape::Buttons, true, &buttons);
        // The same bytes in both spellings of the server.
        let spelled = [
            (r"\\x7b2261223a225c6e227d", r#"{"a":"\n"}"#, none),
            (r#"{"a":"\\\\n"}"#, r#"{"a":"\n"}"#, none),
            (r"\\x6e756c6c", "null", none),
            ("null", "null", none),
            (r"\\x", r#""""#, none),
            ("", r#""""#, none),
            (r"\\377", r#""redacted""#, none),
        ];
        check(Shape::GuardedBytes, false, &spelled);
    }
}
