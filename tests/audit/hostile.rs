//! No line of an audit log makes us panic, and none tells a secret.

use chatseal::source::audit_log::{entry, said};
use chatseal::source::reconcile::fact::Facts;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn lines() -> Vec<String> {
    let text = |name| std::fs::read_to_string(fixture(name)).unwrap();
    [text("flat.log"), text("nested.log"), text("odd.log")].concat().lines().map(str::to_owned).collect()
}

/// No member of a secret name has a value of its own, wherever it stands.
fn tells_nothing(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let is_secret = ["password", "token", "client_secret"].contains(&name.as_str());
                let is_silent = matches!(value, Value::Null | Value::Bool(_)) || value == "" || value == "redacted";
                assert!(!is_secret || is_silent, "`{name}` is told: {value}");
                tells_nothing(value);
            }
        }
        Value::Array(elements) => elements.iter().for_each(tells_nothing),
        _ => {}
    }
}

/// Whether a line is understood; if so, its record must be one that verify accepts, and tell no secret.
fn understood(text: &str) -> bool {
    let Ok(parsed) = entry::parse(text) else { return false };
    let written = entry::write(&parsed, text, "audit_log").unwrap();
    let line = Line::parse(&written.line).unwrap();
    tells_nothing(&serde_json::from_str(line.data).unwrap());
    said::tell(&parsed.entry, text, written.sha256, true, &mut Facts::new(1 << 10));
    true
}

fn value() -> impl Strategy<Value = Value> {
    let text =
        prop::sample::select(vec!["", "hunter2", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "http://a/b?token=c", "é\"\\\u{1}"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    let name = prop::sample::select(vec![
        "password",
        "token",
        "client_secret",
        "code",
        "path",
        "base_val",
        "url",
        "callback_urls",
        "hook_id",
        "id",
        "post",
        "event",
        "event_name",
        "actor",
        "meta",
        "error",
        "status",
        "user_id",
        "api_path",
        "timestamp",
        "x",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

#[test]
fn lines_of_the_fixtures_are_understood_often_enough_to_tell() {
    assert_eq!(lines().iter().filter(|line| understood(line)).count(), 18);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_object_is_an_entry_that_tells_no_secret(value in value(), event in "createPost|createIncomingHook|x") {
        let members = value.as_object().cloned().unwrap_or_default();
        let mut line = serde_json::Map::from_iter([("event_name".to_owned(), Value::from(event))]);
        line.extend(members);
        prop_assert!(understood(&Value::Object(line).to_string()) || value.get("actor").is_some() || value.get("event").is_some() || value.get("meta").is_some());
    }

    #[test]
    fn a_changed_line_is_understood_or_refused(line in any::<Index>(), at in any::<Index>(), new in "[\\[\\]{}:,\"0-9a-z\\\\ é]{0,3}", cut in 0..4_usize) {
        let lines = lines();
        let line = line.get(&lines);
        let starts: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
        let start = *at.get(&starts);
        let end = *starts.iter().find(|end| **end >= (start + cut).min(line.len())).unwrap();
        understood(&format!("{}{new}{}", &line[..start], &line[end..]));
    }
}
