//! Our JSON reader against `serde_json`: the same texts are JSON, the same strings mean the same, and what we call
//! strict is what has one meaning only.
#![no_main]

use std::collections::HashSet;
use std::fmt;

use chatseal::record::json::{Cursor, MAX_DEPTH};
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

fuzz_target!(|text: &str| {
    let mut cursor = Cursor::new(text);
    let ours = cursor.value().and_then(|value| cursor.end().map(|()| value));
    let theirs = serde_json::from_str::<IgnoredAny>(text);
    let value = match (ours, theirs) {
        (Ok(value), Ok(_)) => value,
        (Err(_), Err(_)) => return,
        // Their limit is 128 levels; we skip what is nested deeper, without recursion.
        (Ok(value), Err(error)) if error.to_string().starts_with("recursion limit") => return assert!(!value.strict),
        (ours, theirs) => panic!("ours: {ours:?}, theirs: {theirs:?}"),
    };
    let meaning = serde_json::from_str::<Meaning>(text);
    let expected = match &meaning {
        Ok(meaning) => meaning.unique && meaning.depth <= MAX_DEPTH && !value.text.bytes().any(|byte| byte < 0x20),
        // JSON all the same; only their number type cannot hold it.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(_) => false,
    };
    assert_eq!(value.strict, expected, "{meaning:?}");
    if let Ok(string) = serde_json::from_str::<String>(text) {
        assert_eq!(Cursor::new(text).string().expect("a string").decode(), (string.into(), false));
    }
    if let Ok(number) = serde_json::from_str::<i64>(text) {
        assert_eq!(Cursor::new(text).integer(), Ok(number));
    }
});

/// Whether all keys of each object differ, and how deep it goes.
#[derive(Debug)]
struct Meaning {
    unique: bool,
    depth: u32,
}

impl Meaning {
    const SCALAR: Self = Self { unique: true, depth: 0 };

    fn hold(&mut self, inner: &Self) {
        self.unique &= inner.unique;
        self.depth = self.depth.max(inner.depth + 1);
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Meaning;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_str<E>(self, _: &str) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_unit<E>(self) -> Result<Meaning, E> {
        Ok(Meaning::SCALAR)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Meaning, A::Error> {
        let mut whole = Meaning { unique: true, depth: 1 };
        while let Some(item) = items.next_element::<Meaning>()? {
            whole.hold(&item);
        }
        Ok(whole)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Meaning, A::Error> {
        let mut whole = Meaning { unique: true, depth: 1 };
        let mut keys = HashSet::new();
        while let Some((key, value)) = members.next_entry::<String, Meaning>()? {
            whole.unique &= keys.insert(key);
            whole.hold(&value);
        }
        Ok(whole)
    }
}
