//! Holds of the legal-hold plugin, as they stand in the database: honoured like those of a holds file.

use serde_json::Value;

use crate::policy::hold::{Act, Hold, HoldOrigin};
use crate::record::time::{Millis, Window};

/// How the ids of such holds begin, so that none is taken for one of a holds file.
const PREFIX: &str = "plugin:";

/// The hold that the value of a `legal_hold` row is; `None` for a value that is none, which stays in its record.
///
/// The plugin deletes the key when it releases a hold, so one that is there is in force from its creation on.
pub(super) fn hold(values: &[Option<&str>]) -> Option<Hold> {
    let value: Value = serde_json::from_str(values.first().copied().flatten()?).ok()?;
    // A value that is kept as text holds the object as text.
    let value = value.as_str().map_or_else(|| Some(value.clone()), |text| serde_json::from_str(text).ok())?;
    let text = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = |member: &str| value.get(member).and_then(Value::as_i64).filter(|at| *at != 0);
    let list = |member: &str| -> Vec<String> {
        let ids = value.get(member).and_then(Value::as_array).into_iter().flatten();
        ids.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let id = text("id");
    if id.is_empty() || id.len() > 90 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        return None;
    }
    let (name, title) = (text("name"), text("display_name"));
    let begun: Millis = time("create_at").unwrap_or(0);
    Some(Hold {
        id: format!("{PREFIX}{id}"),
        matter: if title.is_empty() { name } else { title },
        origin: HoldOrigin::Plugin,
        everything: false,
        users: list("user_ids"),
        groups: list("group_ids"),
        channels: Vec::new(),
        teams: Vec::new(),
        keywords: Vec::new(),
        includes_open_channels: value.get("include_public_channels").and_then(Value::as_bool).unwrap_or(false),
        window: Window { from: time("starts_at"), until: time("ends_at") },
        issued: Act {
            by: "the legal-hold plugin".to_owned(),
            at: begun,
            why: "it stands in the database".to_owned(),
            approved_by: Vec::new(),
        },
        released: None,
    })
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
    fn another_value_is_none() {
        for value in ["", "{}", "[]", "\"redacted\"", r#"{"id":5}"#, r#"{"id":"a/b"}"#] {
            assert_eq!(hold(&[Some(value)]), None, "{value}");
        }
        assert_eq!(hold(&[None]), None);
    }
}
