//! Holds of the legal-hold plugin, as they stand in the database: honoured like those of a holds file.

use serde_json::Value;

use crate::policy::hold::{Act, Hold, HoldOrigin};
use crate::record::time::{Millis, Window};

/// How the ids of such holds begin, so that none is taken for one of a holds file.
const PREFIX: &str = "plugin:";

/// Stands for the id of a hold that cannot be understood.
const UNREADABLE: &str = "unreadable";

/// The hold that the value of a `legal_hold` row is.
///
/// The plugin deletes the key when it releases a hold, so one that is there is in force from its creation on. A value
/// that cannot be understood freezes everything: somebody ordered a hold, and nobody can say what it leaves out.
/// Only NULL is none, as it is to the plugin.
pub(super) fn hold(values: &[Option<&str>]) -> Option<Hold> {
    let value = values.first().copied().flatten()?;
    Some(understood(value).unwrap_or_else(unreadable))
}

fn understood(value: &str) -> Option<Hold> {
    let value: Value = serde_json::from_str(value).ok()?;
    // A value that is kept as text holds the object as text.
    let value = value.as_str().map_or_else(|| Some(value.clone()), |text| serde_json::from_str(text).ok())?;
    let text = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = |member: &str| match value.get(member) {
        None | Some(Value::Null) => Some(None),
        Some(at) => at.as_i64().map(|at| (at != 0).then_some(at)),
    };
    let list = |member: &str| match value.get(member) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(ids) => ids.as_array()?.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>(),
    };
    let id = text("id");
    if id.is_empty() || id.len() > 90 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        return None;
    }
    let (users, groups) = (list("user_ids")?, list("group_ids")?);
    if users.is_empty() && groups.is_empty() {
        return None;
    }
    let includes_open_channels = match value.get("include_public_channels") {
        None | Some(Value::Null) => false,
        Some(includes) => includes.as_bool()?,
    };
    let (name, title) = (text("name"), text("display_name"));
    Some(Hold {
        users,
        groups,
        includes_open_channels,
        window: Window { from: time("starts_at")?, until: time("ends_at")? },
        ..blank(&id, if title.is_empty() { name } else { title }, time("create_at")?.unwrap_or(0))
    })
}

fn unreadable() -> Hold {
    let matter = "an entry of the legal-hold plugin that cannot be understood; it freezes everything".to_owned();
    Hold { everything: true, ..blank(UNREADABLE, matter, 0) }
}

fn blank(id: &str, matter: String, at: Millis) -> Hold {
    Hold {
        id: format!("{PREFIX}{id}"),
        matter,
        origin: HoldOrigin::Plugin,
        everything: false,
        users: Vec::new(),
        groups: Vec::new(),
        channels: Vec::new(),
        teams: Vec::new(),
        keywords: Vec::new(),
        includes_open_channels: false,
        window: Window::default(),
        issued: Act {
            by: "the legal-hold plugin".to_owned(),
            at,
            why: "it stands in the database".to_owned(),
            approved_by: Vec::new(),
        },
        released: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"id":"h1","name":"collision","display_name":"Kollision","create_at":5,"update_at":6,"user_ids":["u1","u2"],"group_ids":[],"starts_at":10,"ends_at":0,"include_public_channels":true,"secret":"redacted"}"#;

    #[test]
    fn a_value_is_a_hold() {
        let hold = hold(&[Some(VALUE)]).unwrap();
        assert_eq!((hold.id.as_str(), hold.matter.as_str()), ("plugin:h1", "Kollision"));
        assert_eq!(hold.users, ["u1", "u2"]);
        assert_eq!(hold.window, Window { from: Some(10), until: None });
        assert!(hold.is_active(5) && !hold.is_active(4) && hold.includes_open_channels && !hold.everything);
        let as_text = serde_json::to_string(VALUE).unwrap();
        assert_eq!(super::hold(&[Some(&as_text)]), Some(hold));
    }

    #[test]
    fn what_cannot_be_understood_freezes_everything() {
        let with = |member: &str| format!(r#"{{"id":"h","user_ids":["u"]{member}}}"#);
        let mut values = ["", "{}", "[]", "\"redacted\"", r#"{"id":5}"#, r#"{"id":"a/b","user_ids":["u"]}"#]
            .map(str::to_owned)
            .to_vec();
        values.push(r#"{"id":"h"}"#.to_owned());
        values.push(r#"{"id":"h","user_ids":[5]}"#.to_owned());
        values.push(r#"{"id":"h","user_ids":"u"}"#.to_owned());
        values.extend([r#","starts_at":"2026""#, r#","ends_at":1.5"#, r#","include_public_channels":"yes""#].map(with));
        for value in &values {
            let hold = hold(&[Some(value)]).unwrap();
            assert!(hold.everything && hold.is_active(0) && hold.window == Window::default(), "{value}");
            assert_eq!(hold.id, "plugin:unreadable");
        }
        assert!(!hold(&[Some(&with(""))]).unwrap().everything);
        assert_eq!(hold(&[None]), None);
    }
}
