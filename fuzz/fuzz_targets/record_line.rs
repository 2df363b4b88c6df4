//! Record lines as verify reads them: whatever is accepted is JSON to everybody else, and means the same to them.
#![no_main]

use chatseal::record::line::Line;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(line) = Line::parse(bytes) else { return };
    assert!(!bytes.contains(&b'\n'));
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        // A number beyond the range of a double is JSON all the same; only this reader cannot hold it.
        Err(error) if error.to_string().starts_with("number out of range") => return,
        Err(error) => panic!("not JSON to serde_json: {error}"),
    };
    assert_eq!(value["kind"], line.kind);
    assert_eq!(value["id"], line.id);
    assert_eq!(value["at"], line.at);
    assert_eq!(value.get("synthetic").is_some(), line.synthetic);
    // A member's name holds no escape; with one, the name as it stands is the name of nothing.
    if line.member.is_none_or(|member| !member.contains('\\')) {
        assert_eq!(value["data"].get("content_member").and_then(Value::as_str), line.member);
    }
});
