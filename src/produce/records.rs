//! Going through an archive kind by kind, for the forms that have a file for each, and what fields a kind has.

use std::collections::BTreeMap;

use super::{Made, ProduceError, Work};
use crate::archive::walk::Walk;
use crate::record::fields::{Head, integer};

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Never anything but NULL.
    Null,
    /// All `true` or `false`.
    Boolean,
    /// All integers of 64 bits.
    Integer,
    /// Text, embedded JSON, or of several shapes.
    Text,
}

impl Shape {
    /// Of one value.
    fn of(value: &[u8]) -> Self {
        match value.first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'-' | b'0'..=b'9') if integer(Some(value)).is_some() => Self::Integer,
            _ => Self::Text,
        }
    }

    /// Of values that are partly this and partly that.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, shape) | (shape, Self::Null) => shape,
            (left, right) if left == right => left,
            _ => Self::Text,
        }
    }
}

/// Records that a production leaves out, by kind.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<String, u64>);

impl LeftOut {
    /// Adds some of a kind.
    pub(super) fn add(&mut self, kind: &str, records: u64) {
        if records > 0 {
            let known = self.0.entry(kind.to_owned()).or_default();
            *known = known.saturating_add(records);
        }
    }

    /// For people: one line that begins with `why`, if there are any.
    pub(super) fn remark(&self, why: &str) -> Option<String> {
        let kinds: Vec<String> = self.0.iter().map(|(kind, records)| format!("{kind} {records}")).collect();
        (!kinds.is_empty()).then(|| format!("{why}, records: {}", kinds.join(", ")))
    }
}

/// Calls `each` with every kind of the archive, in its order, and a walk through its records; it returns how many the
/// form holds.
pub(super) fn each_kind<'a>(
    work: &Work<'a>,
    mut each: impl FnMut(&str, Walk<'a>) -> Result<u64, ProduceError>,
) -> Result<Made, ProduceError> {
    let (archive, progress) = (work.sealed.archive, work.progress);
    let whole = Walk::new(archive, progress)?;
    work.progress.phase("producing");
    work.progress.expect(whole.bytes());
    let mut kinds: Vec<Box<str>> = whole.rows().iter().map(|row| row.kind.clone()).collect();
    kinds.dedup();
    let (mut records, mut files, mut left_out) = (0_u64, 0_u64, LeftOut::default());
    for kind in kinds {
        let count = each(&kind, Walk::new(archive, progress)?.kinds(|other| *other == *kind))?;
        let all = whole.rows().iter().filter(|row| row.kind == kind);
        left_out.add(&kind, all.fold(0_u64, |sum, row| sum.saturating_add(row.records)).saturating_sub(count));
        records = records.saturating_add(count);
        files += u64::from(count > 0);
    }
    let remarks = left_out.remark("left out by the scope").into_iter().collect();
    Ok(Made { counts: vec![("kinds", files), ("records", records)], remarks, posts: None })
}

/// The fields that occur in records of a kind, in the order in which lines hold them, and what their values are.
pub(super) fn fields(kind: &str, walk: &Walk<'_>) -> Result<Vec<(String, Shape)>, ProduceError> {
    let mut fields = Vec::new();
    walk.for_each_segment(
        |segment| {
            let mut seen = Vec::new();
            for (_, line) in segment.lines() {
                merge(&mut seen, Head::of(line, kind).fields().map(|(name, value)| (name, Shape::of(value))));
            }
            seen
        },
        |seen| {
            merge(&mut fields, seen.iter().map(|(name, shape)| (name.as_slice(), *shape)));
            Ok::<_, ProduceError>(())
        },
    )?;
    Ok(fields.into_iter().map(|(name, shape)| (String::from_utf8_lossy(&name).into_owned(), shape)).collect())
}

/// Adds fields that are not there yet, each behind the one that it follows.
fn merge<'n>(all: &mut Vec<(Vec<u8>, Shape)>, fields: impl Iterator<Item = (&'n [u8], Shape)>) {
    let mut next = 0;
    for (name, shape) in fields {
        let here = all.get(next).is_some_and(|(known, _)| known == name).then_some(next);
        let place = here.or_else(|| all.iter().position(|(known, _)| known == name));
        let place = place.unwrap_or_else(|| {
            all.insert(next, (name.to_vec(), Shape::Null));
            next
        });
        if let Some((_, known)) = all.get_mut(place) {
            *known = known.join(shape);
        }
        next = place + 1;
    }
}

/// What was decided about a record, as JSON: the last member of its line.
pub(super) fn retention(line: &[u8]) -> &str {
    const NAME: &[u8] = b",\"retention\":";
    let end = line.len().saturating_sub(1);
    let value = memchr::memmem::rfind(line, NAME).and_then(|at| line.get(at + NAME.len()..end));
    value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_of_lines_with_the_shape_of_all_their_values() {
        let mut all = Vec::new();
        for names in ["a c d", "a b c", "b d e", "e a", "x a"] {
            merge(&mut all, names.split(' ').map(|name| (name.as_bytes(), Shape::Null)));
        }
        assert_eq!(all.iter().flat_map(|(name, _)| name.clone()).collect::<Vec<_>>(), b"xabcde");
        for (values, expected) in [
            (&["1", "null", "-5"][..], Shape::Integer),
            (&["true", "false"], Shape::Boolean),
            (&["1", "\"1\""], Shape::Text),
            (&["1", "true"], Shape::Text),
            (&["1.5"], Shape::Text),
            (&["9223372036854775808"], Shape::Text),
            (&["{}", "null"], Shape::Text),
            (&["null"], Shape::Null),
        ] {
            let shape = values.iter().map(|value| Shape::of(value.as_bytes())).fold(Shape::Null, Shape::join);
            assert_eq!(shape, expected, "{values:?}");
        }
    }

    #[test]
    fn what_the_scope_leaves_out_is_said_by_kind() {
        let mut left_out = LeftOut::default();
        left_out.add("user", 0);
        assert_eq!(left_out.remark("left out by the scope"), None);
        for (kind, records) in [("reaction", 2), ("post", 7), ("post", 1)] {
            left_out.add(kind, records);
        }
        let remark = left_out.remark("left out by the scope");
        assert_eq!(remark.as_deref(), Some("left out by the scope, records: post 8, reaction 2"));
    }

    #[test]
    fn what_was_decided_is_the_last_member() {
        let line = br#"{"kind":"a","id":"b","at":0,"data":{"x":{"y":1,"retention":{}}},"retention":{"rule":"p/r"}}"#;
        assert_eq!(retention(line), r#"{"rule":"p/r"}"#);
        assert_eq!((retention(b"{}"), retention(b"")), ("", ""));
    }
}
