//! Objects of directory lines, read by table.

use crate::record::json::{Cursor, Fault, Shape, Text, Value};
use crate::source::bulk::data::{Data, Moment};
use crate::source::bulk::members::{Extra, list, moment_of};
use crate::source::bulk::post::name;

/// Members that are never read, as `OBJECT.MEMBER`.
pub const SECRETS: [&str; 1] = ["user.password"];

/// Stands in `extra` for the value of an unknown member whose name sounds like a secret.
const WITHHELD: Value<'static> = Value { text: "\"(withheld)\"", shape: Shape::String, strict: true };

/// What a member is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    /// A string.
    Text,
    /// An integer: a time or a count.
    Integer,
    /// `true` or `false`.
    Bool,
    /// Any value, embedded.
    Json,
}

/// Member of the source object, field of the record, what it is; in catalogue order.
pub(super) type Spec = &'static [(&'static str, &'static str, Is)];

/// The members of one source object, `null` ones left out.
pub(super) struct Object<'a> {
    /// Key and value of each, in the order of the source.
    pub members: Vec<(Text<'a>, Value<'a>)>,
    /// Where the object begins, for faults.
    pub offset: usize,
}

impl<'a> Object<'a> {
    /// Reads an object; a member that comes twice is refused.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (mut members, mut first) = (Vec::<(Text<'a>, Value<'a>)>::new(), true);
        let offset = cursor.offset();
        cursor.open_object()?;
        while let Some(key) = cursor.member(&mut first)? {
            let value = cursor.value()?;
            if value.shape != Shape::Null {
                members.push((key, value));
            }
        }
        let mut names: Vec<&str> = members.iter().map(|(key, _)| key.raw).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Fault { offset, expected: "each member once" });
        }
        Ok(Self { members, offset })
    }

    /// A member's value.
    pub(super) fn get(&self, member: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(key, _)| key.raw == member).map(|(_, value)| value)
    }

    /// A member that is a string.
    pub(super) fn text(&self, member: &str) -> Option<Text<'a>> {
        let value = self.get(member).filter(|value| value.shape == Shape::String)?;
        Cursor::new(value.text).string().ok()
    }

    /// A string member that must be there.
    pub(super) fn required(&self, member: &str, expected: &'static str) -> Result<String, Fault> {
        let text = self.text(member).ok_or(Fault { offset: self.offset, expected })?;
        Ok(name(Some(text)).into_owned())
    }

    /// The elements of an array member; none if it is absent.
    pub(super) fn objects(&self, member: &str) -> Result<Vec<Object<'a>>, Fault> {
        let Some(value) = self.get(member) else { return Ok(Vec::new()) };
        let mut cursor = Cursor::new(value.text);
        list(&mut cursor, Object::read).map_err(|fault| Fault { offset: self.offset, ..fault })
    }

    /// Refuses members whose shape is not what the table says.
    pub(super) fn check(&self, spec: Spec) -> Result<(), Fault> {
        let fits = |(member, _, is): &(&str, &str, Is)| {
            self.get(member).is_none_or(|value| match is {
                Is::Text => value.shape == Shape::String,
                Is::Integer => moment_of(value).is_some(),
                Is::Bool => value.shape == Shape::Bool,
                Is::Json => true,
            })
        };
        let expected = "members of the types that Mattermost writes";
        if spec.iter().all(fits) { Ok(()) } else { Err(Fault { offset: self.offset, expected }) }
    }

    /// Writes the fields of a table; `spec` was checked.
    pub(super) fn write(&self, spec: Spec, data: &mut Data<'_>) {
        for (member, field, is) in spec {
            let Some(value) = self.get(member) else { continue };
            match is {
                Is::Text => {
                    data.text(field, Cursor::new(value.text).string().unwrap_or(Text { raw: "", escaped: false }));
                }
                Is::Integer => data.time(field, moment_of(value).unwrap_or(Moment::NONE)),
                Is::Bool => data.raw(field, value.text.as_bytes()),
                Is::Json => data.json(field, value),
            }
        }
    }

    /// The members that neither the table nor `handled` takes, nor a secret.
    pub(super) fn extra(&self, of: &str, spec: Spec, handled: &[&str]) -> Extra<'a> {
        let mut extra = Extra::default();
        for (key, value) in &self.members {
            let known = spec.iter().any(|(member, ..)| *member == key.raw) || handled.contains(&key.raw);
            let name = key.decode().0.to_lowercase();
            if !known && !SECRETS.contains(&format!("{of}.{name}").as_str()) {
                let secret = ["password", "secret", "token"].iter().any(|word| name.contains(word));
                extra.push(*key, if secret { WITHHELD } else { *value });
            }
        }
        extra
    }
}
