//! The members of a JSON text, however deep, one after the other.
//!
//! Secrets and names of things may lie anywhere in an entry, so all of it is looked through. The text must already be
//! known to be JSON; what is not is passed over without a panic. No recursion, so depth costs no stack; nor much memory,
//! because a text with more than [`MAX_DEPTH`] levels is not gone through to its end.

use std::borrow::Cow;

use crate::record::json::{Text, special};

/// Deepest nesting that is looked through.
pub const MAX_DEPTH: usize = 1000;

/// Longest key that is remembered for what stands under it; no name that means something is as long.
const MAX_KEY: usize = 64;

/// A member of some object, or a string in an array: that goes by the key under which the array stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key under which the object itself stands, through arrays; empty at the top, or if it is long.
    pub parent: Cow<'a, str>,
    /// The key.
    pub key: Cow<'a, str>,
    /// Number of the object in its text, in order of opening.
    pub object: usize,
    /// Where the value begins.
    pub start: usize,
    /// The value, unless it is an object or array.
    pub scalar: Option<&'a str>,
}

impl<'a> Member<'a> {
    /// The value if it is a string without escapes, without its quotes.
    pub fn plain(&self) -> Option<&'a str> {
        let text = self.scalar?.strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains('\\')).then_some(text)
    }
}

/// An open object or array.
#[derive(Clone, Debug)]
struct Open<'a> {
    /// The key that it stands under.
    key: Cow<'a, str>,
    is_array: bool,
    /// Its number, or that of the object around an array.
    object: usize,
}

/// Goes through a text from left to right.
#[derive(Debug)]
pub struct Walk<'a> {
    text: &'a str,
    pos: usize,
    open: Vec<Open<'a>>,
    /// Key of the value that comes next.
    key: Cow<'a, str>,
    objects: usize,
}

impl<'a> Walk<'a> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, pos: 0, open: Vec::new(), key: Cow::Borrowed(""), objects: 0 }
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Whether the text has too many levels, so that it was not gone through to its end.
    pub fn is_too_deep(&self) -> bool {
        self.open.len() > MAX_DEPTH
    }

    /// The next member.
    pub fn advance(&mut self) -> Option<Member<'a>> {
        while !self.is_too_deep() {
            match self.byte()? {
                b'{' => {
                    let key = std::mem::take(&mut self.key);
                    self.open.push(Open { key, is_array: false, object: self.objects });
                    self.objects += 1;
                    self.pos += 1;
                }
                b'[' => {
                    let object = self.open.last().map_or(0, |open| open.object);
                    // Its elements stand under its own key.
                    self.open.push(Open { key: self.key.clone(), is_array: true, object });
                    self.pos += 1;
                }
                b'}' | b']' => {
                    self.open.pop();
                    self.pos += 1;
                    self.key = match self.open.last() {
                        Some(Open { key, is_array: true, .. }) => key.clone(),
                        _ => Cow::default(),
                    };
                }
                b'"' => {
                    let start = self.pos;
                    let string = self.string();
                    match self.open.last().cloned() {
                        Some(Open { key, is_array: true, object }) => {
                            let scalar = self.text.get(start..self.pos);
                            return Some(Member { parent: Cow::default(), key, object, start, scalar });
                        }
                        Some(Open { key, object, .. }) => return Some(self.member(key, object, string)),
                        None => {}
                    }
                }
                _ => self.pos += 1,
            }
        }
        None
    }

    fn member(&mut self, parent: Cow<'a, str>, object: usize, key: Text<'a>) -> Member<'a> {
        while self.byte().is_some_and(|byte| matches!(byte, b':' | b' ' | b'\t' | b'\n' | b'\r')) {
            self.pos += 1;
        }
        let (start, key) = (self.pos, key.decode().0);
        let scalar = match self.byte() {
            Some(b'{' | b'[') | None => {
                self.key = if key.len() > MAX_KEY { Cow::default() } else { key.clone() };
                None
            }
            Some(b'"') => {
                self.string();
                self.text.get(start..self.pos)
            }
            Some(_) => {
                while self.byte().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
                {
                    self.pos += 1;
                }
                self.text.get(start..self.pos)
            }
        };
        Member { parent, key, object, start, scalar }
    }

    /// Passes over the string that begins here.
    fn string(&mut self) -> Text<'a> {
        let (bytes, start, mut escaped) = (self.text.as_bytes(), self.pos + 1, false);
        self.pos = start;
        loop {
            self.pos = special(bytes, self.pos);
            match bytes.get(self.pos) {
                Some(b'\\') => {
                    escaped = true;
                    self.pos += 2;
                }
                Some(b'"') | None => break,
                Some(_) => self.pos += 1,
            }
        }
        let raw = self.text.get(start..self.pos).unwrap_or_default();
        self.pos += 1;
        Text { raw, escaped }
    }

    /// Passes over the object or array that the last member has as its value; returns where it ends.
    pub fn skip(&mut self) -> usize {
        let mut depth = 0_usize;
        self.key = Cow::default();
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => {
                    self.objects += usize::from(byte == b'{');
                    depth += 1;
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.pos += 1;
            if depth == 0 {
                break;
            }
        }
        self.pos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_member_with_what_it_stands_under() {
        let text = r#"{"a":1,"b":{"c":"x\"y","d":[{"e":null},{"f":[[{"g":true}]]}]},"h" : "z" ,"\u0069":-2.5e1}"#;
        let mut walk = Walk::new(text);
        let mut found = Vec::new();
        while let Some(member) = walk.advance() {
            found.push((member.parent.into_owned(), member.key.into_owned(), member.object, member.scalar));
        }
        let expected = [
            ("", "a", 0, Some("1")),
            ("", "b", 0, None),
            ("b", "c", 1, Some(r#""x\"y""#)),
            ("b", "d", 1, None),
            ("d", "e", 2, Some("null")),
            ("d", "f", 3, None),
            ("f", "g", 4, Some("true")),
            ("", "h", 0, Some("\"z\"")),
            ("", "i", 0, Some("-2.5e1")),
        ]
        .map(|(parent, key, object, value)| (parent.to_owned(), key.to_owned(), object, value));
        assert_eq!(found, expected);
    }

    #[test]
    fn strings_in_arrays_go_by_the_key_of_the_array() {
        let mut walk = Walk::new(r#"{"a":["x",{"b":1},["y"],2],"c":{"d":["z"]}}"#);
        let mut found = Vec::new();
        while let Some(member) = walk.advance() {
            found.push((member.key.into_owned(), member.object, member.scalar.unwrap_or("-")));
        }
        let expected = [
            ("a", 0, "-"),
            ("a", 0, "\"x\""),
            ("b", 1, "1"),
            ("a", 0, "\"y\""),
            ("c", 0, "-"),
            ("d", 2, "-"),
            ("d", 2, "\"z\""),
        ];
        assert_eq!(found, expected.map(|(key, object, value)| (key.to_owned(), object, value)));
    }

    #[test]
    fn skips_a_value_as_a_whole() {
        let text = r#"{"a":{"b":["}",{}]},"c":[1],"d":2}"#;
        let mut walk = Walk::new(text);
        let first = walk.advance().unwrap();
        let end = walk.skip();
        assert_eq!(&text[first.start..end], r#"{"b":["}",{}]}"#);
        let second = walk.advance().unwrap();
        let end = walk.skip();
        assert_eq!((second.key.as_ref(), &text[second.start..end]), ("c", "[1]"));
        assert_eq!(walk.advance().unwrap().scalar, Some("2"));
        assert_eq!(walk.advance(), None);
    }
}
