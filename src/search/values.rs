//! The values of a record, decoded, each with the name of its place.

use crate::record::fields::{Head, characters};
use crate::record::json::{Cursor, Fault, MAX_DEPTH, Shape};

/// Calls `each` with the place and text of every text and number in `data`, in the order of the line.
pub(super) fn each(head: Head<'_>, mut each: impl FnMut(&str, &str)) {
    let mut path = String::new();
    for (name, value) in head.fields() {
        path.clear();
        path.push_str(std::str::from_utf8(name).unwrap_or_default());
        match value.first() {
            Some(b'{' | b'[') => {
                let text = std::str::from_utf8(value).unwrap_or_default();
                // What is no JSON cannot stand in a sound archive; what comes before the fault is still searched.
                let _ = inside(&mut Cursor::new(text), &mut path, 0, &mut each);
            }
            Some(b't' | b'f' | b'n') | None => {}
            Some(_) => each(&path, &characters(value)),
        }
    }
}

/// Goes through the value that comes next.
fn inside(
    cursor: &mut Cursor<'_>,
    path: &mut String,
    depth: u32,
    each: &mut impl FnMut(&str, &str),
) -> Result<(), Fault> {
    let length = path.len();
    let mut first = true;
    match cursor.peek() {
        Some(b'{') if depth < MAX_DEPTH => {
            cursor.open_object()?;
            while let Some(key) = cursor.member(&mut first)? {
                path.push('.');
                path.push_str(&key.decode().0);
                inside(cursor, path, depth + 1, each)?;
                path.truncate(length);
            }
        }
        Some(b'[') if depth < MAX_DEPTH => {
            cursor.open_array()?;
            let mut number = 0_u64;
            while cursor.element(&mut first)? {
                path.push('.');
                path.push_str(&number.to_string());
                inside(cursor, path, depth + 1, each)?;
                path.truncate(length);
                number += 1;
            }
        }
        _ => {
            let value = cursor.value()?;
            match value.shape {
                Shape::Bool | Shape::Null => {}
                _ => each(path, &characters(value.text.as_bytes())),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(data: &str) -> Vec<String> {
        let line = format!(r#"{{"kind":"post","id":"p","at":5,"data":{data},"retention":{{"rule":"r"}}}}"#);
        let mut all = Vec::new();
        each(Head::of(line.as_bytes(), "post"), |place, text| all.push(format!("{place}={text}")));
        all
    }

    #[test]
    fn every_text_and_number_comes_decoded_with_its_place() {
        let data = r#"{"create_at":5,"is_pinned":true,"message":"a\"b\nä","props":{"x":[1,{"y":"\u00e9\/"},null,"z"]},"type":""}"#;
        let expected = ["create_at=5", "message=a\"b\nä", "props.x.0=1", "props.x.1.y=é/", "props.x.3=z", "type="];
        assert_eq!(found(data), expected);
        assert_eq!(found("{}"), Vec::<String>::new());
    }

    #[test]
    fn what_is_too_deep_or_broken_does_no_harm() {
        let deep = format!("{{\"props\":{}{}}}", "[".repeat(70), "]".repeat(70));
        assert_eq!(found(&deep).len(), 1);
        assert_eq!(found(r#"{"props":{"a":"b","c":x}}"#), ["props.a=b"]);
    }
}
