//! One line of an audit log: whatever is understood becomes a record line that verify accepts, in which no member of a
//! secret name has a value of its own; what it tells about posts does not panic.
#![no_main]

use chatseal::record::line::Line;
use chatseal::source::audit_log::{entry, said};
use chatseal::source::reconcile::fact::Facts;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(parsed) = entry::parse(text) else { return };
    let written = entry::write(&parsed, text, "audit_log").expect("what is redacted is read again");
    let line = Line::parse(&written.line).expect("verify accepts what export writes");
    assert_eq!(line.at, parsed.entry.at);
    if let Ok(data) = serde_json::from_str(line.data) {
        tells_nothing(&data);
    }
    let again = entry::numbered(&written.line, "audit_log", 1);
    let again = Line::parse(&again).expect("the number changes only the id");
    assert!(again.data == line.data && again.id != line.id);
    said::tell(&parsed.entry, text, written.sha256, true, &mut Facts::new(1 << 16));
});

fn tells_nothing(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let is_secret = ["password", "token", "client_secret", "mfa_secret"].contains(&name.as_str());
                let is_silent = matches!(value, Value::Null | Value::Bool(_)) || value == "" || value == "redacted";
                assert!(!is_secret || is_silent, "`{name}` is told: {value}");
                tells_nothing(value);
            }
        }
        Value::Array(elements) => elements.iter().for_each(tells_nothing),
        _ => {}
    }
}
