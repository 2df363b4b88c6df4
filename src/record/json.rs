//! A strict JSON reader that borrows and never builds a tree.
//!
//! Why our own: evidence must not depend on how a reader resolves what RFC 8259 leaves open. General readers keep the
//! last of two equal keys, mend or reject lone surrogates, and turn numbers into floats. This one tells apart what is
//! not JSON at all (a [`Fault`]) from what is JSON but cannot be embedded in a record line byte for byte
//! ([`Value::strict`] is false): duplicate keys, lone surrogates, bytes below 0x20, or more than 64 levels.
//!
//! Invariant: no input panics, recursion ends at [`MAX_DEPTH`], and nothing is allocated for a plain string.

mod decode;
mod special;

use std::borrow::Cow;

pub use decode::has_spelled_surrogate;
pub use special::special;

/// Deepest nesting of an embedded value.
pub const MAX_DEPTH: u32 = 64;

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset}")]
pub struct Fault {
    /// Byte offset into the text given to [`Cursor::new`].
    pub offset: usize,
    /// What the grammar wants there.
    pub expected: &'static str,
}

/// A string as it lies in the text, between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes, escapes included.
    pub raw: &'a str,
    /// Whether `raw` holds a backslash.
    pub escaped: bool,
}

/// Shape of a value, known from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number token.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// A complete value as it lies in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its bytes.
    pub text: &'a str,
    /// Its shape.
    pub shape: Shape,
    /// Whether it may be embedded byte for byte (see the module).
    pub strict: bool,
}

/// Reads JSON from left to right.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    pos: usize,
    keys: Vec<Cow<'a, str>>,
}

impl<'a> Cursor<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, pos: 0, keys: Vec::new() }
    }

    /// Another cursor at the same place.
    #[must_use]
    pub fn here(&self) -> Self {
        Self { text: self.text, pos: self.pos, keys: Vec::new() }
    }

    /// Byte offset of what comes next.
    pub fn offset(&self) -> usize {
        self.pos
    }

    fn fault<T>(&self, expected: &'static str) -> Result<T, Fault> {
        Err(Fault { offset: self.pos, expected })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Skips white space and shows the next byte.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.pos += 1;
        }
        None
    }

    /// Takes `byte` if it comes next after white space.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    /// Takes exactly `literal`, with no white space before it.
    pub fn literal(&mut self, literal: &'static str) -> Result<(), Fault> {
        if self.text.as_bytes()[self.pos..].starts_with(literal.as_bytes()) {
            self.pos += literal.len();
            return Ok(());
        }
        self.fault(literal)
    }

    /// Takes `literal` if it comes next, with no white space before it.
    pub fn take_literal(&mut self, literal: &'static str) -> bool {
        self.literal(literal).is_ok()
    }

    /// Takes the next `length` bytes, whatever they are, if they end where a character does.
    pub fn take_bytes(&mut self, length: usize) -> Option<&'a str> {
        let end = self.pos.checked_add(length)?;
        let taken = self.text.get(self.pos..end)?;
        self.pos = end;
        Some(taken)
    }

    /// Whether `byte` comes next, with no white space before it.
    pub fn next_is(&self, byte: u8) -> bool {
        self.byte() == Some(byte)
    }

    /// Takes a string of `[a-z0-9_]+` that comes next, with no white space before it; `None` leaves the cursor.
    pub fn take_name(&mut self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.pos..)?.strip_prefix(b"\"")?;
        let name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
        let length = rest.iter().position(|byte| !name(byte)).filter(|length| *length > 0)?;
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let start = self.pos + 1;
        self.pos = start + length + 1;
        self.text.get(start..start + length)
    }

    /// Requires that nothing but white space is left.
    pub fn end(&mut self) -> Result<(), Fault> {
        if self.peek().is_none() { Ok(()) } else { self.fault("the end of the text") }
    }

    /// Opens an object; then call [`Self::member`] until it returns `None`.
    pub fn open_object(&mut self) -> Result<(), Fault> {
        if self.take(b'{') { Ok(()) } else { self.fault("`{`") }
    }

    /// The next key of the open object, leaving the cursor at its value; `None` at the end of the object.
    ///
    /// `first` is true for the first call and is cleared.
    pub fn member(&mut self, first: &mut bool) -> Result<Option<Text<'a>>, Fault> {
        if self.take(b'}') {
            return Ok(None);
        }
        if !std::mem::take(first) && !self.take(b',') {
            return self.fault("`,` or `}`");
        }
        let key = self.string()?;
        if !self.take(b':') {
            return self.fault("`:`");
        }
        Ok(Some(key))
    }

    /// Opens an array; then call [`Self::element`] until it returns false.
    pub fn open_array(&mut self) -> Result<(), Fault> {
        if self.take(b'[') { Ok(()) } else { self.fault("`[`") }
    }

    /// Whether another element of the open array comes next; false at the end of the array.
    pub fn element(&mut self, first: &mut bool) -> Result<bool, Fault> {
        if self.take(b']') {
            return Ok(false);
        }
        if !std::mem::take(first) && !self.take(b',') {
            return self.fault("`,` or `]`");
        }
        if self.peek() == Some(b']') { self.fault("a value after `,`") } else { Ok(true) }
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Text<'a>, Fault> {
        if !self.take(b'"') {
            return self.fault("a string");
        }
        let start = self.pos;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        loop {
            self.pos = special(bytes, self.pos);
            match bytes.get(self.pos) {
                Some(b'"') => {
                    let raw = &self.text[start..self.pos];
                    self.pos += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.fault("no control character in a string"),
                None => return self.fault("the end of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        match bytes.get(self.pos + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.pos += 2,
            Some(b'u')
                if bytes.get(self.pos + 2..self.pos + 6).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)) =>
            {
                self.pos += 6;
            }
            _ => return self.fault("an escape of RFC 8259"),
        }
        Ok(())
    }

    /// Reads an integer that fits in 64 bits; a fraction or exponent is a fault.
    pub fn integer(&mut self) -> Result<i64, Fault> {
        let value = self.value()?;
        if value.shape == Shape::Number
            && let Ok(number) = value.text.parse()
        {
            return Ok(number);
        }
        Err(Fault { offset: self.pos - value.text.len(), expected: "an integer of 64 bits" })
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        match self.value()? {
            Value { text: "true", .. } => Ok(true),
            Value { text: "false", .. } => Ok(false),
            other => Err(Fault { offset: self.pos - other.text.len(), expected: "true or false" }),
        }
    }

    /// Reads any value, checking the grammar to its end, and tells whether it may be embedded.
    pub fn value(&mut self) -> Result<Value<'a>, Fault> {
        let first = self.peek();
        let start = self.pos;
        let mut strict = true;
        let shape = match first {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::String,
            Some(b't' | b'f') => Shape::Bool,
            Some(b'n') => Shape::Null,
            _ => Shape::Number,
        };
        self.any(1, &mut strict)?;
        let text = &self.text[start..self.pos];
        if matches!(shape, Shape::Object | Shape::Array) && strict {
            strict = !text.bytes().any(|b| b < 0x20);
        }
        Ok(Value { text, shape, strict })
    }

    fn any(&mut self, depth: u32, strict: &mut bool) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{' | b'[') if depth > MAX_DEPTH => {
                *strict = false;
                self.skip_deep()
            }
            Some(b'{') => self.object(depth, strict),
            Some(b'[') => {
                self.pos += 1;
                let mut first = true;
                while self.element(&mut first)? {
                    self.any(depth + 1, strict)?;
                }
                Ok(())
            }
            Some(b'"') => {
                let text = self.string()?;
                *strict &= !text.escaped || !text.decode().1;
                Ok(())
            }
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u32, strict: &mut bool) -> Result<(), Fault> {
        self.pos += 1;
        let base = self.keys.len();
        let mut first = true;
        while let Some(key) = self.member(&mut first)? {
            let (decoded, lossy) = key.decode();
            *strict &= !lossy;
            self.keys.push(decoded);
            self.any(depth + 1, strict)?;
        }
        *strict &= all_different(&mut self.keys[base..]);
        self.keys.truncate(base);
        Ok(())
    }

    /// Skips a value nested too deeply to embed, without recursion.
    fn skip_deep(&mut self) -> Result<(), Fault> {
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.pos += 1;
                    open.push((bracket, true));
                }
                Some(b'"') => self.string().map(drop)?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => self.number()?,
            }
            // Close what ends here; stop at the next value.
            loop {
                let Some((bracket, first)) = open.last_mut() else { return Ok(()) };
                let more = match bracket {
                    b'{' => self.member(first)?.is_some(),
                    _ => self.element(first)?,
                };
                if more {
                    break;
                }
                open.pop();
            }
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let whole = self.pos + usize::from(self.byte() == Some(b'-'));
        let mut end = digits(whole);
        let leading_zero = bytes.get(whole) == Some(&b'0') && end > whole + 1;
        if end == whole || leading_zero {
            return self.fault("a value");
        }
        if bytes.get(end) == Some(&b'.') {
            let fraction = end + 1;
            end = digits(fraction);
            if end == fraction {
                return self.fault("a value");
            }
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            end = digits(exponent);
            if end == exponent {
                return self.fault("a value");
            }
        }
        self.pos = end;
        Ok(())
    }
}

fn all_different(keys: &mut [Cow<'_, str>]) -> bool {
    if keys.len() <= 8 {
        return keys.iter().enumerate().all(|(i, key)| !keys[..i].contains(key));
    }
    keys.sort_unstable();
    keys.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<Value<'_>, Fault> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.end()?;
        Ok(value)
    }

    #[test]
    fn accepts_what_the_grammar_accepts() {
        for good in [
            "0",
            "-0",
            "1.5e+3",
            "true",
            "null",
            "\"\\ud83d\\ude00\"",
            "[]",
            "{}",
            " [ 1 , {\"a\":[ ]} ] ",
            "{\"a\":1,\"b\":{}}",
        ] {
            assert!(whole(good).is_ok_and(|v| v.strict), "{good}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        for bad in [
            "",
            "01",
            "-",
            "1.",
            "1e",
            "+1",
            ".5",
            "tru",
            "nul",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\t\"",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "[",
            "{",
            "1 2",
            "[1}",
            "NaN",
            "\"\\u123\"",
        ] {
            assert!(whole(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tells_what_must_not_be_embedded() {
        for loose in [
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "\"\\ud800\"",
            "[\"\\udc00x\"]",
            "{\"\\ud800\":1}",
            "[\n1]",
        ] {
            assert!(whole(loose).is_ok_and(|v| !v.strict), "{loose}");
        }
        let many: String = (0..20).map(|i| format!("\"k{}\":0,", i % 19)).collect();
        assert!(whole(&format!("{{{}}}", many.trim_end_matches(','))).is_ok_and(|v| !v.strict));
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nest = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(whole(&nest(64)).is_ok_and(|v| v.strict));
        assert!(whole(&nest(65)).is_ok_and(|v| !v.strict));
        assert!(whole(&nest(1_000_000)).is_ok_and(|v| !v.strict));
        let objects = "{\"a\":".repeat(100_000) + "[1,{}]" + &"}".repeat(100_000);
        assert!(whole(&objects).is_ok_and(|v| !v.strict));
        assert!(whole(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn special_bytes_are_found_at_every_offset() {
        for length in 0..40 {
            for at in 0..length {
                for byte in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes = vec![0x7f; length];
                    bytes[at] = byte;
                    assert_eq!(special(&bytes, 0), at);
                }
            }
            assert_eq!(special(&vec![0xff; length], 0), length);
            assert_eq!(special(&vec![0x20; length], 0), length);
        }
    }

    #[test]
    fn decodes_escapes() {
        let text = Cursor::new(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#).string().unwrap();
        assert_eq!(text.decode(), (Cow::Borrowed("a\"\\/\u{8}\u{c}\n\r\té😀z"), false));
        let lone = Cursor::new(r#""\ud800\u0041""#).string().unwrap();
        assert_eq!(lone.decode(), (Cow::Borrowed("\u{fffd}A"), true));
    }

    #[test]
    fn names_that_differ_in_a_lone_surrogate_stay_apart() {
        let spelled = |json| Cursor::new(json).string().unwrap().spelled();
        for (json, expected, told) in [
            (r#""a\uD800""#, "a\u{fffd}d800", true),
            (r#""a\udfffb""#, "a\u{fffd}dfffb", true),
            (r#""\ud83d\ude00\ufffd""#, "\u{1f600}\u{fffd}", false),
            ("\"\u{fffd}d7ff\u{fffd}d80g\u{fffd}dc\"", "\u{fffd}d7ff\u{fffd}d80g\u{fffd}dc", false),
            ("\"\u{fffd}d800\"", "\u{fffd}d800", true),
        ] {
            assert_eq!((spelled(json).as_ref(), has_spelled_surrogate(&spelled(json))), (expected, told), "{json}");
        }
    }
}
