//! Members of a source object: the known ones read once, the unknown ones kept.

use super::data::{Data, Moment};
use super::emit::Emitter;
use crate::record::json::{Cursor, Fault, Shape, Text, Value};
use crate::record::time::is_exact;

/// Reads the members of an object; `null` is how a bulk export writes what is absent.
///
/// A name that stands twice, once with `null`, is refused like one that has two values ([`set`]). Real objects name
/// no member twice, so names are compared only where a few bits of two of them agree.
#[derive(Debug)]
pub struct Members<'a> {
    /// The object from its first member on.
    start: Cursor<'a>,
    first: bool,
    seen: u64,
    seen_null: bool,
}

impl<'a> Members<'a> {
    /// Opens an object.
    pub fn open(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        cursor.open_object()?;
        Ok(Self { start: cursor.here(), first: true, seen: 0, seen_null: false })
    }

    /// The name of the next member that has a value, leaving the cursor at it; `None` at the end of the object.
    pub fn next(&mut self, cursor: &mut Cursor<'a>) -> Result<Option<Text<'a>>, Fault> {
        while let Some(key) = cursor.member(&mut self.first)? {
            let offset = cursor.offset();
            let is_null = cursor.peek() == Some(b'n');
            self.seen_null |= is_null;
            let bit = 1 << (bits_of(key.raw) % 64);
            if self.seen & bit != 0 && self.seen_null && self.stands_before(key.raw, is_null, offset)? {
                return Err(Fault { offset, expected: "each member once" });
            }
            self.seen |= bit;
            if !is_null {
                return Ok(Some(key));
            }
            cursor.literal("null")?;
        }
        Ok(None)
    }

    /// Whether a member of this name stands before `offset`, where one of the two is `null`.
    fn stands_before(&self, name: &str, is_null: bool, offset: usize) -> Result<bool, Fault> {
        let (mut cursor, mut first) = (self.start.here(), true);
        while let Some(key) = cursor.member(&mut first)?
            && cursor.offset() < offset
        {
            let other_is_null = cursor.peek() == Some(b'n');
            if key.raw == name && (is_null || other_is_null) {
                return Ok(true);
            }
            cursor.value()?;
        }
        Ok(false)
    }
}

/// A number that differs for most names.
fn bits_of(name: &str) -> usize {
    let byte = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    let bytes = name.as_bytes();
    name.len() + byte(bytes.first()) + 5 * byte(bytes.get(1)) + 2 * byte(bytes.last())
}

/// Stores a member's value; a member that comes twice is refused, or two readers could see two objects.
pub fn set<T>(slot: &mut Option<T>, value: Result<T, Fault>, cursor: &Cursor<'_>) -> Result<(), Fault> {
    if slot.replace(value?).is_some() {
        return Err(Fault { offset: cursor.offset(), expected: "each member once" });
    }
    Ok(())
}

/// Reads an array.
pub fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let (mut items, mut first) = (Vec::new(), true);
    cursor.open_array()?;
    while cursor.element(&mut first)? {
        items.push(item(cursor)?);
    }
    Ok(items)
}

/// Reads an integer as a time, or as a count that may be out of range.
pub fn moment<'a>(cursor: &mut Cursor<'a>) -> Result<Moment<'a>, Fault> {
    let value = cursor.value()?;
    moment_of(&value).ok_or(Fault { offset: cursor.offset() - value.text.len(), expected: "an integer" })
}

/// A value as a time.
pub fn moment_of<'a>(value: &Value<'a>) -> Option<Moment<'a>> {
    if value.shape != Shape::Number || value.text.contains(['.', 'e', 'E']) {
        return None;
    }
    match value.text.parse::<i64>() {
        Ok(at) if is_exact(at) => Some(Moment::At(at)),
        _ if value.text.len() <= 100 => Some(Moment::Far(value.text)),
        _ => None,
    }
}

/// Members that the catalogue has no field for; nothing of them is lost.
#[derive(Debug, Default)]
pub struct Extra<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Extra<'a> {
    /// Keeps a member.
    pub fn push(&mut self, key: Text<'a>, value: Value<'a>) {
        self.0.push((key, value));
    }

    /// Writes the members as the field `extra`.
    pub fn write(&self, data: &mut Data<'_>) {
        write_object("extra", &self.0, data);
    }

    /// Notes the unknown members by name.
    pub fn report(&self, of: &str, out: &mut Emitter<'_>) {
        for (key, _) in &self.0 {
            let spelled = key.raw.len() <= 64 && key.raw.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            out.unknown_field(format!("{of}.{}", if spelled { key.raw } else { "(oddly named)" }));
        }
    }
}

/// Writes members of a source object as one field: embedded if together they are strict JSON, else as text.
pub fn write_object(field: &'static str, members: &[(Text<'_>, Value<'_>)], data: &mut Data<'_>) {
    if members.is_empty() {
        return;
    }
    let member = |(key, value): &(Text<'_>, Value<'_>)| format!("\"{}\":{}", key.raw, value.text);
    let text = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","));
    let strict = Cursor::new(&text).value().is_ok_and(|value| value.strict);
    data.json(field, &Value { text: &text, shape: Shape::Object, strict });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> Result<Vec<&str>, Fault> {
        let mut cursor = Cursor::new(json);
        let mut members = Members::open(&mut cursor)?;
        let mut names = Vec::new();
        while let Some(key) = members.next(&mut cursor)? {
            names.push(key.raw);
            cursor.value()?;
        }
        cursor.end().map(|()| names)
    }

    #[test]
    fn null_is_absent_but_its_name_stands() {
        assert_eq!(names(r#" { "a":1, "b":null, "c" : {"a":null,"b":2} } "#).unwrap(), ["a", "c"]);
        assert_eq!(names("{}").unwrap(), [""; 0]);
        for twice in [r#"{"a":null,"b":[{"b":null}],"a":1}"#, r#"{"a":1,"b":2,"a":null}"#, r#"{"a":null,"a":null}"#] {
            assert_eq!(names(twice).unwrap_err().expected, "each member once", "{twice}");
        }
        // Two values are for `set` to refuse, or are both kept where nobody knows the name.
        assert_eq!(names(r#"{"n":null,"a":1,"a":2}"#).unwrap(), ["a", "a"]);
        assert!(names(r#"{"a":nul}"#).is_err());
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let alike: Vec<String> = (0..200).map(|n| format!("m{n}")).collect();
        assert!(alike.iter().map(|name| bits_of(name) % 64).collect::<std::collections::HashSet<_>>().len() < 200);
        let json = |more: &str| {
            format!(
                "{{\"z\":null,{}{more}}}",
                alike.iter().map(|name| format!("\"{name}\":1")).collect::<Vec<_>>().join(",")
            )
        };
        assert_eq!(names(&json("")).unwrap(), alike);
        assert!(names(&json(",\"m77\":null")).is_err());
    }

    #[test]
    fn the_members_of_a_post_are_told_apart_at_once() {
        let known = "user type message props create_at edit_at is_pinned attachments reactions replies flagged_by thread_followers team channel channel_members";
        let bits: std::collections::HashSet<_> = known.split(' ').map(|name| bits_of(name) % 64).collect();
        assert_eq!(bits.len(), known.split(' ').count());
    }
}
