//! `data/report/summary.json` and `summary.txt`: what was kept, what was left out and why, kind by kind.
//!
//! The equation of completeness: for each kind, rows in the source = records + out of scope + withheld by policy +
//! quarantined. The left side is counted apart from the decoder, so a row lost on the way shows. Kinds established by a
//! reconciliation (`finding_…`) were not read from anywhere and have no equation.
//!
//! Both files have one spelling: [`Summary::parse`] accepts only what [`Summary::json`] writes, and [`text`] is a
//! function of things that stand in the archive, so `verify` renders it again and compares bytes.

mod decided;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::BagName;
use crate::record::kind;
pub use decided::{Decided, Dispositions, Ruled};

/// Version of `summary.json`; the same as the seal's.
pub const FORMAT: &str = super::seal::VERSION;

/// Why bytes are not a summary.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    /// Not JSON of the right shape.
    #[error("not a summary: {0}")]
    Shape(#[from] serde_json::Error),
    /// The right shape in another spelling.
    #[error("not spelled as the format writes it")]
    Spelling,
}

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// [`FORMAT`].
    pub format: String,
    /// Record lines.
    pub records: u64,
    /// Members under `data/files/`.
    pub files: u64,
    /// Bytes of those members.
    pub file_bytes: u64,
    /// Lines of `data/exceptions.jsonl` that are no notes.
    pub exceptions: u64,
    /// Lines of `data/exceptions.jsonl` that are notes.
    pub notes: u64,
    /// Counts of each kind, in archive order.
    pub kinds: Kinds,
    /// Posts found to be purged from the source; absent where that cannot be known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purged_posts: Option<u64>,
    /// What policies and holds decided; absent where none was applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retention: Option<Decided>,
}

/// Kinds in archive order with their counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds(pub Vec<(String, Counts)>);

/// Counts of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Read from a source: the equation must hold.
    Read {
        /// Rows in the source, counted apart from the decoder.
        source: u64,
        /// Record lines.
        records: u64,
        /// Rows outside the scope asked for.
        out_of_scope: u64,
        /// Rows that a policy withheld.
        withheld: u64,
        /// Rows that could not become a line.
        quarantined: u64,
    },
    /// Established by a reconciliation.
    Finding {
        /// Record lines.
        records: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadCounts {
    source: u64,
    records: u64,
    out_of_scope: u64,
    withheld: u64,
    quarantined: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingCounts {
    records: u64,
}

impl Counts {
    /// Record lines.
    pub fn records(&self) -> u64 {
        match self {
            Self::Read { records, .. } | Self::Finding { records } => *records,
        }
    }

    /// Whether the equation holds; true where there is none.
    pub fn is_complete(&self) -> bool {
        match *self {
            Self::Read { source, records, out_of_scope, withheld, quarantined } => {
                let parts = [out_of_scope, withheld, quarantined];
                parts.iter().try_fold(records, |sum, part| sum.checked_add(*part)) == Some(source)
            }
            Self::Finding { .. } => true,
        }
    }
}

impl Serialize for Kinds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (kind, counts) in &self.0 {
            match *counts {
                Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
                    map.serialize_entry(kind, &ReadCounts { source, records, out_of_scope, withheld, quarantined })?;
                }
                Counts::Finding { records } => map.serialize_entry(kind, &FindingCounts { records })?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KindsVisitor)
    }
}

struct KindsVisitor;

impl<'de> Visitor<'de> for KindsVisitor {
    type Value = Kinds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kinds in archive order, each with its counts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kinds, A::Error> {
        let mut kinds: Vec<(String, Counts)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let follows = kinds.last().is_none_or(|(last, _)| kind::compare(last, &name).is_lt());
            if !kind::is_valid(&name) || !follows || kinds.len() == 10_000 {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("a kind is misspelled, repeated or out of order"));
            }
            let counts = if name.starts_with(kind::FINDING_PREFIX) {
                let FindingCounts { records } = map.next_value()?;
                Counts::Finding { records }
            } else {
                let ReadCounts { source, records, out_of_scope, withheld, quarantined } = map.next_value()?;
                Counts::Read { source, records, out_of_scope, withheld, quarantined }
            };
            kinds.push((name, counts));
        }
        Ok(Kinds(kinds))
    }
}

impl Summary {
    /// The bytes of `summary.json`: compact, with a line feed.
    pub fn json(&self) -> Result<String, SummaryError> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// Reads `summary.json`, accepting only what [`Self::json`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SummaryError> {
        let summary: Self = serde_json::from_slice(bytes)?;
        if summary.format == FORMAT && summary.json()?.as_bytes() == bytes {
            Ok(summary)
        } else {
            Err(SummaryError::Spelling)
        }
    }
}

/// The text of `summary.txt`: the summary in words.
///
/// `classes` counts the lines of `data/exceptions.jsonl` by class, notes included.
pub fn text(bag: &BagName, summary: &Summary, classes: &BTreeMap<String, u64>) -> String {
    let mut out = format!("What the archive {bag} holds\n\n");
    let facts = [
        ("records", summary.records),
        ("files", summary.files),
        ("bytes in files", summary.file_bytes),
        ("exceptions", summary.exceptions),
        ("notes", summary.notes),
    ];
    for (name, count) in facts {
        push_line(&mut out, &format!("{:>20}  {name}", grouped(count)));
    }
    if let Some(purged) = summary.purged_posts {
        push_line(&mut out, &format!("{:>20}  posts found to be purged from the source", grouped(purged)));
    }
    out.push_str("\nCompleteness: rows in the source = records + out of scope + withheld by policy + quarantined\n\n");
    for (kind, counts) in &summary.kinds.0 {
        push_line(&mut out, &equation(kind, counts));
    }
    if summary.kinds.0.is_empty() {
        out.push_str("  no rows of any kind\n");
    }
    if let Some(decided) = &summary.retention {
        decided.push_text(&mut out);
    }
    if !classes.is_empty() {
        out.push_str("\nExceptions and notes, by class (each is a line of data/exceptions.jsonl)\n\n");
        for (class, count) in classes {
            push_line(&mut out, &format!("{:>20}  {class}", grouped(*count)));
        }
    }
    out
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

fn equation(kind: &str, counts: &Counts) -> String {
    match *counts {
        Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
            let sign = if counts.is_complete() { "=" } else { "≠" };
            let parts = [records, out_of_scope, withheld, quarantined].map(grouped);
            format!("  {kind}: {} {sign} {}", grouped(source), parts.join(" + "))
        }
        Counts::Finding { records } => format!("  {kind}: {} records, established by comparison", grouped(records)),
    }
}

/// A number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let server = Counts::Read { source: 1, records: 1, out_of_scope: 0, withheld: 0, quarantined: 0 };
        let post = Counts::Read { source: 1203, records: 1200, out_of_scope: 1, withheld: 1, quarantined: 1 };
        let purged = Counts::Finding { records: 2 };
        Summary {
            format: FORMAT.into(),
            records: 1203,
            files: 1,
            file_bytes: 2048,
            exceptions: 1,
            notes: 0,
            kinds: Kinds(vec![("server".into(), server), ("post".into(), post), ("finding_purged".into(), purged)]),
            purged_posts: Some(2),
            retention: None,
        }
    }

    #[test]
    fn json_has_one_spelling() {
        let json = summary().json().unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"format":"chatseal/v1","records":1203,"files":1,"file_bytes":2048,"exceptions":1,"notes":0,"kinds":{"#,
                r#""server":{"source":1,"records":1,"out_of_scope":0,"withheld":0,"quarantined":0},"#,
                r#""post":{"source":1203,"records":1200,"out_of_scope":1,"withheld":1,"quarantined":1},"#,
                r#""finding_purged":{"records":2}},"purged_posts":2}"#,
                "\n"
            )
        );
        assert_eq!(Summary::parse(json.as_bytes()).unwrap(), summary());
        for (from, to) in [
            ("chatseal/v1", "chatseal/v2"),
            ("\"files\":1", "\"files\": 1"),
            ("\"files\":1", "\"files\":-1"),
            ("\"files\":1,", ""),
            ("\"notes\":0", "\"notes\":0,\"more\":1"),
            ("\"post\"", "\"server\""),
            ("\"post\"", "\"Post\""),
            ("\"server\":", "\"zebra\":"),
            ("\"purged_posts\":2", "\"purged_posts\":null"),
            ("}\n", "}"),
        ] {
            let changed = json.replacen(from, to, 1);
            assert_ne!(changed, json);
            assert!(Summary::parse(changed.as_bytes()).is_err(), "{changed}");
        }
    }

    #[test]
    fn the_equation_is_checked_without_overflow() {
        let counts = |source, records| Counts::Read { source, records, out_of_scope: 1, withheld: 0, quarantined: 0 };
        assert!(counts(6, 5).is_complete());
        assert!(!counts(5, 5).is_complete());
        assert!(!counts(0, u64::MAX).is_complete());
        assert!(Counts::Finding { records: 9 }.is_complete());
    }

    #[test]
    fn reads_as_plain_words() {
        let classes = BTreeMap::from([("file-missing".to_owned(), 1)]);
        let expected = "\
What the archive audit-1 holds

               1,203  records
                   1  files
               2,048  bytes in files
                   1  exceptions
                   0  notes
                   2  posts found to be purged from the source

Completeness: rows in the source = records + out of scope + withheld by policy + quarantined

  server: 1 = 1 + 0 + 0 + 0
  post: 1,203 = 1,200 + 1 + 1 + 1
  finding_purged: 2 records, established by comparison

Exceptions and notes, by class (each is a line of data/exceptions.jsonl)

                   1  file-missing
";
        assert_eq!(text(&BagName::new("audit-1").unwrap(), &summary(), &classes), expected);
    }
}
