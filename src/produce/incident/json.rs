//! Embedded JSON of playbooks, taken apart one level at a time.
//!
//! The columns are text in old releases and edited by people and scripts: whatever stands there is looked at as far as it
//! is JSON, and the byte is told from which on it is not.

use std::borrow::Cow;

use crate::record::json::{Cursor, Fault, Shape, Value};
use crate::record::time::{self, Millis};

/// The values of an array, and where it stops to be one.
pub(super) fn elements(text: &str) -> (Vec<Value<'_>>, Option<Fault>) {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(text);
    let mut read = || {
        cursor.open_array()?;
        let mut first = true;
        while cursor.element(&mut first)? {
            found.push(cursor.value()?);
        }
        cursor.end()
    };
    let fault = read().err();
    (found, fault)
}

/// The members of an object; of equal keys the last, as most readers hold it. `None` if it is no object.
pub(super) fn members(text: &str) -> Option<Members<'_>> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(text);
    cursor.open_object().ok()?;
    let mut first = true;
    while let Some(key) = cursor.member(&mut first).ok()? {
        found.push((key.decode().0, cursor.value().ok()?));
    }
    Some(Members(found))
}

/// The members of an object.
#[derive(Clone, Debug)]
pub(super) struct Members<'t>(Vec<(Cow<'t, str>, Value<'t>)>);

impl<'t> Members<'t> {
    /// The value of a key; `None` where it is not there or null.
    pub(super) fn get(&self, key: &str) -> Option<Value<'t>> {
        let found = self.0.iter().rev().find(|(own, _)| own == key).map(|(_, value)| *value);
        found.filter(|value| value.shape != Shape::Null)
    }

    /// A string or a number as text; empty for anything else.
    pub(super) fn text(&self, key: &str) -> Box<str> {
        self.get(key).map(text).unwrap_or_default()
    }

    /// A time: milliseconds, or RFC 3339, as Go writes its own times; 0 for anything else, and for Go's time of none.
    pub(super) fn time(&self, key: &str) -> Millis {
        const NONE: &str = "0001-01-01T00:00:00Z";
        let text = self.text(key);
        text.parse().unwrap_or_else(|_| if *text == *NONE { 0 } else { time::parse(&text).unwrap_or_default() })
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.text == "true")
    }
}

/// A string or a number as text; empty for anything else.
pub(super) fn text(value: Value<'_>) -> Box<str> {
    match value.shape {
        Shape::String => {
            let string = Cursor::new(value.text).string();
            string.map(|text| text.decode().0.into()).unwrap_or_default()
        }
        Shape::Number => value.text.into(),
        _ => Box::default(),
    }
}
