//! The fields of a record's `data`, written once, in the format's one spelling.

use crate::record::id::Synthetic;
use crate::record::json::{Cursor, Shape, Text, Value};
use crate::record::line::{push_integer, push_string, push_text};
use crate::record::time::Millis;

/// A time as the source gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment<'a> {
    /// Epoch milliseconds within ±(2^53−1).
    At(Millis),
    /// An integer beyond; its digits.
    Far(&'a str),
}

impl Moment<'_> {
    /// The source has no time.
    pub const NONE: Self = Self::At(0);

    /// The time that dates a record: 0 if out of range.
    pub fn at(self) -> Millis {
        match self {
            Self::At(at) => at,
            Self::Far(_) => 0,
        }
    }

    /// Appends its digits, for keys.
    pub fn push(self, out: &mut Vec<u8>) {
        match self {
            Self::At(at) => push_integer(out, at),
            Self::Far(digits) => out.extend_from_slice(digits.as_bytes()),
        }
    }
}

/// What became of fields that could not be written as they were.
#[derive(Debug)]
pub struct Remarks {
    /// Fields whose JSON had to become a string.
    pub as_text: Vec<&'static str>,
    /// Texts in which a lone surrogate became U+FFFD.
    pub lossy: u64,
    /// Whether an integer was out of range.
    pub far: bool,
}

/// Writes the fields of one `data` object, in catalogue order.
#[derive(Debug)]
pub struct Data<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
    as_text: Vec<&'static str>,
    lossy: u64,
    far: bool,
}

impl<'a> Data<'a> {
    /// Begins an object's fields at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, empty: true, as_text: Vec::new(), lossy: 0, far: false }
    }

    /// What the line has to say about its fields.
    pub fn finish(self) -> Remarks {
        Remarks { as_text: self.as_text, lossy: self.lossy, far: self.far }
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(if self.empty { b"\"" } else { b",\"" });
        self.empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A text of the source.
    pub fn text(&mut self, name: &'static str, text: Text<'_>) {
        self.name(name);
        self.lossy += u64::from(push_text(self.out, text));
    }

    /// A text of ours.
    pub fn string(&mut self, name: &'static str, text: &str) {
        self.name(name);
        push_string(self.out, text);
    }

    /// A derived id.
    pub fn id(&mut self, name: &'static str, id: &Synthetic) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(id);
        self.out.push(b'"');
    }

    /// A time or count; out of range it is kept as text.
    pub fn time(&mut self, name: &'static str, time: Moment<'_>) {
        match time {
            Moment::At(at) => {
                self.name(name);
                push_integer(self.out, at);
            }
            Moment::Far(digits) => {
                self.far = true;
                self.string(name, digits);
            }
        }
    }

    /// Raw JSON of ours.
    pub fn raw(&mut self, name: &'static str, json: &[u8]) {
        self.name(name);
        self.out.extend_from_slice(json);
    }

    /// A value of the source: byte for byte if it is strict JSON, else its text as a string.
    ///
    /// A string is written like any other text, because strings have one spelling in a line.
    pub fn json(&mut self, name: &'static str, value: &Value<'_>) {
        match Cursor::new(value.text).string() {
            _ if !value.strict => {
                self.string(name, value.text);
                self.as_text.push(name);
            }
            Ok(text) if value.shape == Shape::String => self.text(name, text),
            _ => self.raw(name, value.text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> (String, Vec<&'static str>) {
        let mut out = Vec::new();
        let mut data = Data::new(&mut out);
        data.json("props", &Cursor::new(json).value().unwrap());
        let as_text = data.finish().as_text;
        (String::from_utf8(out).unwrap(), as_text)
    }

    #[test]
    fn values_are_embedded_and_strings_have_one_spelling() {
        for (json, expected) in [
            (r#"{"a": "\u003c"}"#, r#""props":{"a": "\u003c"}"#),
            ("[1e999]", r#""props":[1e999]"#),
            ("-0.5", r#""props":-0.5"#),
            (r#""\u003cb\/\ud83d\ude00""#, r#""props":"<b/😀""#),
        ] {
            assert_eq!(written(json), (expected.to_owned(), Vec::new()));
        }
        for (json, expected) in
            [(r#"{"a":1,"a":2}"#, r#""props":"{\"a\":1,\"a\":2}""#), (r#""\ud800""#, r#""props":"\"\\ud800\"""#)]
        {
            assert_eq!(written(json), (expected.to_owned(), vec!["props"]));
        }
    }
}
