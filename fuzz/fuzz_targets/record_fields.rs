//! Fields of lines that nobody checked: found or missed, never a panic, and of a sound line the same as a parser finds.
#![no_main]

use chatseal::produce::{Post, cards};
use chatseal::record::fields::{Head, characters, integer};
use chatseal::record::line::Line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let head = Head::of(bytes, "post");
    for (_, value) in head.fields() {
        let _ = (characters(value), integer(Some(value)));
    }
    let post = Post::read(bytes);
    let _ = (post.message(), post.kind(), post.props(), post.file_ids(), post.state(), post.fields().count());
    // Message attachments are JSON of any shape inside of JSON.
    let _ = (cards::said(&post), cards::text(&post));
    if let Ok(line) = Line::parse(bytes) {
        let head = Head::of(bytes, line.kind);
        assert_eq!((head.id, head.at()), (line.id, line.at));
        let data: serde_json::Map<String, serde_json::Value> = match serde_json::from_str(line.data) {
            Ok(data) => data,
            Err(_) => return,
        };
        assert_eq!(head.fields().count(), data.len());
        for (name, value) in head.fields() {
            let name = std::str::from_utf8(name).expect("names of fields are ASCII");
            if let Some(text) = data.get(name).and_then(serde_json::Value::as_str) {
                assert_eq!(characters(value), text);
            }
        }
    }
});
