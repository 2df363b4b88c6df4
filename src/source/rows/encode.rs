//! A row becomes a record line: written once, straight from the row's bytes.
//!
//! ```text
//! {"kind":"post","id":"…","at":1700000000123,"text":["props"],"data":{"create_at":1700000000123,…}}
//! ```
//!
//! There is no value in between, and nothing is allocated for an ordinary row. What comes out is exactly what
//! [`Line::parse`](crate::record::line::Line::parse) accepts, whatever the row holds; a row that has no such line is a
//! [`RowFault`], and then nothing was written.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use super::copy::{Fields, unescape};
use super::fault::RowFault;
use super::instant::Instant;
use super::plan::Plan;
use super::value::{self, Remark};
use crate::record::exception::Class;
use crate::record::id;
use crate::record::line::{MAX_BYTES, push_integer, push_string};
use crate::record::time::Millis;
use crate::source::catalogue::{EMOJI, Shape, Table, table};
use crate::source::file_store::emoji_image;

/// Bytes that the digest, length and member of its content may add to a line.
const CONTENT_BYTES: usize = 512;

/// Takes rows apart and writes their lines; holds the buffers that are used again for each row.
#[derive(Debug)]
pub struct Encoder<'p> {
    plan: &'p Plan,
    table: &'static Table,
    head: Vec<u8>,
    buffers: Buffers,
    ends: Vec<usize>,
}

#[derive(Debug, Default)]
struct Buffers {
    id: Vec<u8>,
    scratch: Vec<u8>,
    as_text: Vec<&'static str>,
}

/// A row, taken apart.
#[derive(Debug)]
pub struct Row<'e> {
    plan: &'e Plan,
    table: &'static Table,
    head: &'e [u8],
    buffers: &'e mut Buffers,
    fields: Fields<'e>,
}

/// What the writer of a line has to tell about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Origin time; 0 where there is none.
    pub at: Millis,
    /// Whether a time or count was beyond ±(2^53−1), or no number at all, and is kept as text.
    pub far: bool,
    /// Whether the line was left open after its last field, without `}}`, because fields about its content follow.
    ///
    /// The row of a file without a path is closed with `"content_missing":"file-missing"`, which is an exception.
    pub open: bool,
}

impl<'p> Encoder<'p> {
    /// An encoder for rows that are laid out as the plan says.
    pub fn new(plan: &'p Plan) -> Self {
        let table = table(plan.rank);
        let head = format!("{{\"kind\":\"{}\",\"id\":\"", table.kind).into_bytes();
        Self { plan, table, head, buffers: Buffers::default(), ends: Vec::new() }
    }

    /// Takes a row (without its line feed) apart.
    pub fn row<'e>(&'e mut self, row: &'e [u8]) -> Result<Row<'e>, RowFault> {
        let fields = Fields::split(row, self.plan.width, &mut self.ends)?;
        Ok(Row { plan: self.plan, table: self.table, head: &self.head, buffers: &mut self.buffers, fields })
    }

    /// What exceptions call the record of a row, `post/ID`; `None` if the row does not tell.
    pub fn object(&mut self, row: &[u8]) -> Option<String> {
        let kind = self.table.kind;
        self.row(row).ok()?.id().ok().map(|id| format!("{kind}/{id}"))
    }

    /// Appends the record line of a row; on a fault `out` is as it was.
    pub fn encode(&mut self, row: &[u8], out: &mut Vec<u8>) -> Result<Encoded, RowFault> {
        self.row(row)?.encode(out)
    }
}

impl Row<'_> {
    /// Whether the row is of the plan's kind: a table may hold others as well.
    ///
    /// A row that does not tell, because the text cannot be decoded, is a fault: it must not pass for another kind.
    pub fn matches_only(&self) -> Result<bool, RowFault> {
        let (Some(position), Some((_, values))) = (self.plan.only(), self.table.only) else { return Ok(true) };
        let Some(found) = self.field(position)? else { return Ok(false) };
        Ok(values.iter().any(|value| match value.strip_suffix('*') {
            Some(beginning) => found.starts_with(beginning),
            None => found == *value,
        }))
    }

    /// The characters of a field ([`Plan::position`]); `None` for NULL.
    pub fn field(&self, position: usize) -> Result<Option<Cow<'_, str>>, RowFault> {
        let Some(raw) = self.fields.raw(position) else { return Ok(None) };
        if !raw.contains('\\') {
            return Ok(Some(Cow::Borrowed(raw)));
        }
        let mut scratch = Vec::new();
        unescape(raw, &mut scratch).map(|text| Some(Cow::Owned(text.to_owned())))
    }

    /// The characters of the column that feeds a field of the kind; `None` for NULL, and if rows have no such column.
    pub fn named(&self, field: &str) -> Result<Option<Cow<'_, str>>, RowFault> {
        self.plan.position(field).map_or(Ok(None), |position| self.field(position))
    }

    /// A field as it stands in the record: JSON, with `redacted` in place of credentials; `None` for NULL.
    pub fn value(&self, field: &str) -> Option<String> {
        let feed = self.plan.feeds.iter().find(|feed| feed.field == field)?;
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        value::push(&mut out, self.fields.raw(feed.position)?, feed.shape, feed.is_json, &mut scratch).ok()?;
        String::from_utf8(out).ok()
    }

    /// A field that holds a time, in milliseconds, floored; 0 for NULL and for what is no time.
    pub fn time(&self, field: &str) -> Millis {
        let Some(feed) = self.plan.feeds.iter().find(|feed| feed.field == field) else { return 0 };
        self.fields.raw(feed.position).and_then(|raw| value::millis(raw, feed.shape)).unwrap_or(0)
    }

    /// The record's id.
    pub fn id(&mut self) -> Result<&str, RowFault> {
        self.write_id()?;
        std::str::from_utf8(&self.buffers.id).map_err(|_| RowFault::Key)
    }

    /// Path in the file store of the bytes that belong to the record; `None` if none do, or the row tells no path.
    pub fn content_path(&mut self) -> Result<Option<Cow<'_, str>>, RowFault> {
        if self.plan.rank == EMOJI {
            let position = self.plan.position("id").unwrap_or(usize::MAX);
            return Ok(self.field(position)?.map(|id| Cow::Owned(emoji_image(&id))));
        }
        if !self.plan.has_content() {
            return Ok(None);
        }
        Ok(self.named("path")?.filter(|path| !path.is_empty()))
    }

    /// Appends the record line; on a fault `out` is as it was.
    pub fn encode(&mut self, out: &mut Vec<u8>) -> Result<Encoded, RowFault> {
        let start = out.len();
        let encoded = self.write(out);
        let bytes = out.len() - start;
        let room = if self.plan.has_content() { CONTENT_BYTES } else { 0 };
        let encoded = encoded.and_then(|encoded| {
            if bytes + room <= MAX_BYTES {
                return Ok(encoded);
            }
            let line = digest(&SHA256, out.get(start..).unwrap_or_default());
            Err(RowFault::TooLong { bytes, sha256: line.as_ref().try_into().unwrap_or_default() })
        });
        if encoded.is_err() {
            out.truncate(start);
        }
        encoded
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<Encoded, RowFault> {
        self.write_id()?;
        let (at, mut far) = self.origin();
        out.extend_from_slice(self.head);
        out.extend_from_slice(&self.buffers.id);
        out.extend_from_slice(b"\",\"at\":");
        push_integer(out, at);
        let before_data = out.len();
        out.extend_from_slice(b",\"data\":{");
        let Buffers { scratch, as_text, .. } = &mut *self.buffers;
        as_text.clear();
        let mut comma = 1;
        for feed in &self.plan.feeds {
            let Some(raw) = self.fields.raw(feed.position) else { continue };
            out.extend_from_slice(feed.prefix.get(comma..).unwrap_or_default());
            comma = 0;
            match value::push(out, raw, feed.shape, feed.is_json, scratch)? {
                Remark::None => {}
                Remark::AsText => as_text.push(feed.field),
                Remark::Far => far = true,
            }
        }
        let open = self.plan.has_content() && self.write_path(out, comma)?;
        if !open {
            out.extend_from_slice(b"}}");
        }
        if !self.buffers.as_text.is_empty() {
            // Rare: only now is it known that `text` has to stand before `data`.
            let text = format!(",\"text\":[\"{}\"]", self.buffers.as_text.join("\",\""));
            out.splice(before_data..before_data, text.into_bytes());
        }
        Ok(Encoded { at, far, open })
    }

    /// Says where the content lies if no column does; returns whether there is any to be looked for.
    fn write_path(&mut self, out: &mut Vec<u8>, comma: usize) -> Result<bool, RowFault> {
        let is_listed = self.table.column("path").is_some();
        let path = self.content_path()?;
        let (name, text) = match &path {
            Some(_) if is_listed => return Ok(true),
            Some(path) => (",\"path\":", path.as_ref()),
            None => (",\"content_missing\":", Class::FileMissing.code()),
        };
        out.extend_from_slice(name.as_bytes().get(comma..).unwrap_or_default());
        push_string(out, text);
        Ok(path.is_some())
    }

    /// When the record began, and whether that was out of range.
    fn origin(&self) -> (Millis, bool) {
        let Some((position, shape)) = self.plan.origin else { return (0, false) };
        let Some(raw) = self.fields.raw(position) else { return (0, false) };
        value::millis(raw, shape).map_or((0, true), |at| (at, false))
    }

    fn write_id(&mut self) -> Result<(), RowFault> {
        let Buffers { id, scratch, .. } = &mut *self.buffers;
        id.clear();
        for (number, (position, shape)) in self.plan.key.iter().enumerate() {
            let raw = self.fields.raw(*position);
            let part = unescape(raw.unwrap_or_default(), scratch)?;
            if self.table.credential {
                if part.is_empty() {
                    return Err(RowFault::Key);
                }
                id.extend_from_slice(id::credential(self.table.kind, part.as_bytes()).as_bytes());
                return Ok(());
            }
            if number > 0 {
                id.push(b'/');
            }
            match Instant::parse(part).filter(|_| *shape == Shape::Timestamp) {
                // Sessions print the same instant in different ways.
                Some(instant) => id::push_part(id, instant.text().as_bytes()),
                None => id::push_part(id, part.as_bytes()),
            }
        }
        if id::is_valid(id) { Ok(()) } else { Err(RowFault::Key) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::ColumnFound;
    use super::super::plan::Feed;
    use super::*;
    use crate::record::line::Line;
    use crate::source::catalogue::{CHANNEL_MEMBER, FILE, POST, Rank, SAVED_POST, SERVER};

    fn plan(rank: Rank, names: &str) -> Plan {
        let column = |name: &str| {
            let declared = if name == "props" { "jsonb" } else { "" }.to_owned();
            ColumnFound { name: name.to_owned(), declared }
        };
        Plan::new(rank, &names.split(' ').map(column).collect::<Vec<_>>()).unwrap()
    }

    /// The line of a row, checked as verify does.
    fn line(plan: &Plan, row: &str) -> Result<(String, Encoded), RowFault> {
        let mut out = b"before".to_vec();
        let encoded = Encoder::new(plan).encode(row.as_bytes(), &mut out);
        let line = String::from_utf8(out).unwrap().split_off(6);
        assert!(encoded.is_ok() || line.is_empty());
        let encoded = encoded?;
        let whole = line.clone() + if encoded.open { "}}" } else { "" };
        assert_eq!(Line::parse(whole.as_bytes()).unwrap().at, encoded.at);
        Ok((line, encoded))
    }

    #[test]
    fn a_row_becomes_a_line() {
        let plan = plan(POST, "id createat deleteat message ispinned props fileids");
        let (found, encoded) = line(&plan, "p1\t1700\t0\tMoin \"Kai\"\\n\tt\t{\"a\": 1}\t[]").unwrap();
        assert_eq!(
            found,
            r#"{"kind":"post","id":"p1","at":1700,"data":{"create_at":1700,"delete_at":0,"is_pinned":true,"message":"Moin \"Kai\"\n","props":{"a": 1},"file_ids":[]}}"#
        );
        assert_eq!(encoded, Encoded { at: 1700, far: false, open: false });
        let (found, encoded) = line(&plan, "p 1\t9007199254740992\t\\N\t\\N\t\\N\t{\t{").unwrap();
        assert_eq!(
            found,
            r#"{"kind":"post","id":"p%201","at":0,"text":["props","file_ids"],"data":{"create_at":"9007199254740992","props":"{","file_ids":"{"}}"#
        );
        assert!(encoded.far);
        let (found, _) = line(&plan, "s:x\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N").unwrap();
        assert_eq!(found, r#"{"kind":"post","id":"s%3Ax","at":0,"data":{}}"#);
    }

    #[test]
    fn rows_without_a_line_leave_nothing_behind() {
        let plan = plan(POST, "id message");
        let long = "x".repeat(2001);
        for (row, fault) in [
            ("a", RowFault::Fields { expected: 2, found: 1 }),
            ("\\N\tx", RowFault::Key),
            ("\tx", RowFault::Key),
            (format!("{long}\tx").as_str(), RowFault::Key),
            ("a\tx\\377", RowFault::NotUtf8),
            ("a\tx\\", RowFault::Escape),
        ] {
            assert_eq!(line(&plan, row).unwrap_err(), fault);
        }
        let around = r#"{"kind":"post","id":"a","at":0,"data":{"message":""}}"#.len();
        let fits = format!("a\t{}", "x".repeat(MAX_BYTES - around));
        assert_eq!(line(&plan, &fits).unwrap().0.len(), MAX_BYTES);
        let fault = line(&plan, &(fits + "x")).unwrap_err();
        assert!(matches!(fault, RowFault::TooLong { bytes, .. } if bytes == MAX_BYTES + 1), "{fault}");
    }

    #[test]
    fn composite_keys_and_other_kinds_of_the_same_table() {
        let members = plan(CHANNEL_MEMBER, "userid channelid roles");
        let (found, _) = line(&members, "u\tc/d\t").unwrap();
        assert!(found.starts_with(r#"{"kind":"channel_member","id":"c%2Fd/u","at":0,"#));
        assert!(line(&members, "\\N\t\t").unwrap().0.contains(r#""id":"/","#));
        let saved = plan(SAVED_POST, "userid category name value");
        let mut encoder = Encoder::new(&saved);
        for (row, is) in [("u\tflagged_post\tp\tx", true), ("u\ttheme\tp\tx", false), ("u\t\\N\tp\tx", false)] {
            assert_eq!(encoder.row(row.as_bytes()).unwrap().matches_only(), Ok(is), "{row}");
        }
        assert_eq!(encoder.row(b"u\t\\377\tp\tx").unwrap().matches_only(), Err(RowFault::NotUtf8));
        let server = plan(SERVER, "name value");
        assert_eq!(Encoder::new(&server).row(b"AsymmetricSigningKey\tx").unwrap().matches_only(), Ok(false));
    }

    #[test]
    fn lines_with_content_are_left_open() {
        let files = plan(FILE, "id postid path");
        let (found, told) = line(&files, "f\tp\t2026/a\\\\b").unwrap();
        assert_eq!(found, r#"{"kind":"file","id":"f","at":0,"data":{"post_id":"p","path":"2026/a\\b""#);
        assert!(told.open);
        let mut encoder = Encoder::new(&files);
        let mut row = encoder.row(b"f\t\\N\ta\\\\b").unwrap();
        assert_eq!(row.content_path().unwrap().as_deref(), Some("a\\b"));
        assert_eq!(row.named("post_id").unwrap(), None);
        assert_eq!(row.id().unwrap(), "f");
        let (found, told) = line(&files, "f\t\\N\t").unwrap();
        assert_eq!(found, r#"{"kind":"file","id":"f","at":0,"data":{"path":"","content_missing":"file-missing"}}"#);
        assert!(!told.open);
        let (found, _) = line(&plan(EMOJI, "id name"), "e\t\\N").unwrap();
        assert_eq!(found, r#"{"kind":"emoji","id":"e","at":0,"data":{"path":"emoji/e/image""#);
    }

    /// What PostgreSQL writes for a text, character by character.
    fn copied(text: &str) -> String {
        text.chars().fold(String::new(), |out, char| match char {
            '\\' => out + r"\\",
            '\u{8}' => out + r"\b",
            '\t' => out + r"\t",
            '\n' => out + r"\n",
            '\u{b}' => out + r"\v",
            '\u{c}' => out + r"\f",
            '\r' => out + r"\r",
            other => out + &other.to_string(),
        })
    }

    /// A plan for a key and columns of these shapes.
    fn shaped(shapes: &[Shape]) -> Plan {
        const NAMES: [&str; 6] = ["f0", "f1", "f2", "f3", "f4", "f5"];
        let feed = |(at, shape): (usize, &Shape)| {
            let prefix = format!(",\"{}\":", NAMES[at]).into_bytes();
            Feed { field: NAMES[at], position: at + 1, shape: *shape, is_json: true, prefix }
        };
        let feeds = shapes.iter().enumerate().map(feed).collect();
        let key = vec![(0, Shape::Text)];
        Plan { rank: POST, width: shapes.len() + 1, feeds, key, origin: None, only: None, absent: Vec::new() }
    }

    /// Any text, rich in what has to be escaped somewhere.
    fn text() -> impl Strategy<Value = String> {
        let special: Vec<char> =
            "\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\"\\N.x0\u{7f}\u{2028}\u{fffe}\u{ffff}😀{},".chars().collect();
        let char = prop_oneof![3 => prop::sample::select(special), 2 => any::<char>()];
        prop::collection::vec(char, 0..40).prop_map(|chars| chars.into_iter().collect())
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let object = prop::collection::btree_map(text(), inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn shape() -> impl Strategy<Value = Shape> {
        use Shape::*;
        prop::sample::select(vec![
            Text,
            Integer,
            Millis,
            Seconds,
            Nanos,
            Timestamp,
            Bool,
            Json,
            Bytes,
            Array,
            Tokens,
            Hosts,
            Buttons,
            Guarded,
            GuardedBytes,
        ])
    }

    /// Bytes rich in what means something in a row.
    fn noise() -> impl Strategy<Value = Vec<u8>> {
        let words = [
            "\t",
            "\t",
            "\\",
            "\\N",
            "\\x",
            "\\\\x",
            "\\377",
            "{",
            "}",
            "\"",
            ",",
            "[",
            ":",
            "token=",
            "https://",
            "csrf",
            "2026-01-02 03:04:05+00",
            "1",
            "é",
            "\u{1}",
            "NULL",
        ];
        let word = prop::sample::select(words.to_vec()).prop_map(|text| text.as_bytes().to_vec());
        let piece = prop_oneof![3 => word, 1 => prop::collection::vec(any::<u8>(), 0..3)];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn values_come_back(
            key in text(),
            message in prop::option::of(text()),
            number in any::<i64>(),
            flag in any::<bool>(),
            tree in tree(),
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            list in prop::collection::vec(prop::option::of(text()), 0..5),
        ) {
            prop_assume!(!key.is_empty());
            let quoted = |text: &String| format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
            let elements = list.iter().map(|one| one.as_ref().map_or("NULL".to_owned(), quoted));
            let elements = elements.collect::<Vec<_>>().join(",");
            let row = [
                copied(&key),
                message.as_deref().map_or("\\N".to_owned(), copied),
                number.to_string(),
                if flag { "t" } else { "f" }.to_owned(),
                copied(&tree.to_string()),
                copied(&format!("\\x{}", id::hex(&bytes))),
                copied(&format!("{{{elements}}}")),
            ]
            .join("\t");
            let plan = shaped(&[Shape::Text, Shape::Integer, Shape::Bool, Shape::Json, Shape::Bytes, Shape::Array]);
            let (found, encoded) = line(&plan, &row).unwrap();
            let found: Value = serde_json::from_str(&found).unwrap();
            let is_exact = number.unsigned_abs() < 1 << 53;
            let mut expected = json!({
                "f1": if is_exact { json!(number) } else { json!(number.to_string()) },
                "f2": flag,
                "f3": tree,
                "f4": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes),
                "f5": list,
            });
            if let Some(message) = &message {
                expected["f0"] = json!(message);
            }
            prop_assert_eq!(&found["data"], &expected);
            prop_assert_eq!(encoded.far, !is_exact);
            prop_assert_eq!(found["id"].as_str().unwrap(), id::composite([key.as_bytes()]));
            let mut encoder = Encoder::new(&plan);
            let row = encoder.row(row.as_bytes()).unwrap();
            let field = row.field(1).unwrap();
            prop_assert_eq!(field.as_deref(), message.as_deref());
        }

        #[test]
        fn no_bytes_panic_and_every_line_is_one(shapes in prop::collection::vec(shape(), 1..4), row in noise()) {
            let mut plan = shaped(&shapes);
            plan.origin = Some((1, shapes[0]));
            let mut out = Vec::new();
            match Encoder::new(&plan).encode(&row, &mut out) {
                Ok(encoded) => prop_assert_eq!(Line::parse(&out).unwrap().at, encoded.at),
                Err(_) => prop_assert!(out.is_empty()),
            }
        }
    }
}
