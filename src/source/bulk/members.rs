//! Members of a source object: the known ones read once, the unknown ones kept.

use super::data::{Data, Moment};
use super::emit::Emitter;
use crate::record::json::{Cursor, Fault, Shape, Text, Value};
use crate::record::time::is_exact;

/// Takes a `null` if it comes next: a bulk export writes what is absent as `null`.
pub fn null(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    if cursor.peek() == Some(b'n') { cursor.literal("null").map(|()| true) } else { Ok(false) }
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
