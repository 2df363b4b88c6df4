//! Decodes one line of an export, whatever its type.

use super::directory;
use super::emit::Emitter;
use super::thread;
use crate::record::json::{Cursor, Fault, Text, Value};
use crate::source::scope::Scope;

/// The version of the format that this reader knows.
const VERSION: &str = "1";

/// Why a line yields no records.
#[derive(Debug, PartialEq, Eq)]
pub enum LineFault {
    /// Not a line of an export.
    Broken(Fault),
    /// A line of a type that this version does not know.
    UnknownType(String),
    /// An export in a version that this reader does not know.
    UnknownVersion(String),
}

impl From<Fault> for LineFault {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

/// Decodes a line: `{"type":T,"T":{…}}`, or `{"type":"version","version":1,"info":{…}}`. Returns its type.
pub fn decode<'a>(text: &'a str, scope: &Scope, out: &mut Emitter<'_>) -> Result<&'a str, LineFault> {
    let mut cursor = Cursor::new(text);
    let (mut kind, mut body, mut info) = (None::<&str>, None::<(&str, Value<'a>)>, None::<Value<'a>>);
    let (mut first, mut decoded) = (true, false);
    cursor.open_object()?;
    while let Some(key) = cursor.member(&mut first)? {
        let offset = cursor.offset();
        match key.raw {
            "type" if kind.is_none() => kind = Some(cursor.string()?.raw),
            // The usual order: the type is known, so the body is decoded where it lies.
            name if kind == Some(name) && name != "version" && body.is_none() && !decoded => {
                decode_body(name, &mut cursor, scope, out)?;
                decoded = true;
            }
            "info" if info.is_none() => info = Some(cursor.value()?),
            _ if body.is_none() && !decoded => body = Some((key.raw, named(key, kind, &mut cursor)?)),
            _ => return Err(Fault { offset, expected: "`type` and one object of that name" }.into()),
        }
    }
    cursor.end()?;
    let kind = kind.ok_or(Fault { offset: 0, expected: "a member `type`" })?;
    let other_name = body.is_some_and(|(name, _)| name != kind && is_known(kind));
    match body {
        _ if other_name || (info.is_some() && kind != "version") => {
            return Err(Fault { offset: text.len(), expected: "just an object named as `type` says" }.into());
        }
        Some((_, version)) if kind == "version" => {
            if version.text != VERSION {
                let shown: String = version.text.chars().take(20).collect();
                return Err(LineFault::UnknownVersion(shown));
            }
            directory::version(&version, info.as_ref(), out);
        }
        Some((_, body)) if !decoded => decode_body(kind, &mut Cursor::new(body.text), scope, out)?,
        _ if decoded => {}
        _ => return Err(Fault { offset: text.len(), expected: "an object named as `type` says" }.into()),
    }
    Ok(kind)
}

/// A member that stands before `type`, or whose name is not what `type` says.
fn named<'a>(key: Text<'a>, kind: Option<&str>, cursor: &mut Cursor<'a>) -> Result<Value<'a>, LineFault> {
    match kind {
        Some(kind) if kind != key.raw && is_known(kind) => {
            Err(Fault { offset: cursor.offset(), expected: "an object named as `type` says" }.into())
        }
        _ => Ok(cursor.value()?),
    }
}

fn is_known(kind: &str) -> bool {
    matches!(
        kind,
        "version"
            | "team"
            | "channel"
            | "user"
            | "bot"
            | "role"
            | "scheme"
            | "post"
            | "emoji"
            | "direct_channel"
            | "direct_post"
    )
}

fn decode_body(kind: &str, cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), LineFault> {
    match kind {
        "post" => thread::decode(cursor, false, scope, out)?,
        "direct_post" => thread::decode(cursor, true, scope, out)?,
        "user" => directory::user(cursor, scope, out)?,
        "channel" => directory::channel(cursor, scope, out)?,
        "direct_channel" => directory::direct_channel(cursor, scope, out)?,
        "team" => directory::team(cursor, scope, out)?,
        "bot" => directory::bot(cursor, scope, out)?,
        "role" => directory::role(cursor, out)?,
        "scheme" => directory::scheme(cursor, out)?,
        "emoji" => directory::emoji(cursor, out)?,
        other => return Err(LineFault::UnknownType(printable(other))),
    }
    Ok(())
}

/// A type name as it may stand in an exception: short and plain, or not at all.
fn printable(kind: &str) -> String {
    let plain = kind.len() <= 40 && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { kind.to_owned() } else { "(oddly named)".to_owned() }
}
