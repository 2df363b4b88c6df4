//! The `retention` member of a record line: what a policy and the holds decided about the record, and nothing else.
//!
//! ```text
//! {"rule":"POLICY/RULE","keep_until":1893456000000,"dispose_after":"forever","holds":["2026-17"]}
//! ```
//!
//! Members stand in this order; one that says nothing is left out, so a record that no rule and no hold covers has `{}`.
//! Times are epoch milliseconds or `"forever"`, and stand there only together with the rule that says so. Holds are
//! sorted, each once; of more than four the name of their set stands there ([`hold_set`](super::hold_set)).
//! `Retention::read` accepts exactly what [`push`] writes.

use super::hold_set::{FEW, SetName};
use super::json::{Cursor, Fault};
use super::line::{LineError, broken, canonical_integer, push_integer, push_string, rule as require, tight};
use super::time::Millis;

/// When a period ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// At this time: before it the period runs.
    At(Millis),
    /// Never.
    Forever,
}

/// What was decided about one record, taken from its line without copying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention<'a> {
    /// The rule that decided, `POLICY/RULE`; `None` where no rule covers the record.
    pub rule: Option<&'a str>,
    /// Until when it must be kept.
    pub keep_until: Option<Until>,
    /// From when on it is past its maximum.
    pub dispose_after: Option<Until>,
    /// The holds that cover it.
    pub holds: Holds<'a>,
}

/// Holds that cover a record, as its line states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds<'a> {
    /// None, or few.
    Few(Ids<'a>),
    /// Many: the name of their set.
    Set(SetName),
}

/// Ids of holds, taken from between the brackets of their array without copying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids<'a>(&'a str);

impl<'a> Ids<'a> {
    /// The ids, sorted, each once.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.split(',').filter_map(|quoted| quoted.strip_prefix('"')?.strip_suffix('"'))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.iter().count()
    }
}

impl Default for Holds<'_> {
    fn default() -> Self {
        Self::Few(Ids::default())
    }
}

impl Holds<'_> {
    /// Whether no hold covers the record.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Few(Ids("")))
    }
}

impl<'a> Retention<'a> {
    /// Reads the member's value, which must begin right here.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, LineError> {
        let mut found = Self::default();
        let mut first = true;
        cursor.literal("{")?;
        if takes(cursor, &mut first, "\"rule\":", ",\"rule\":") {
            let rule = plain(cursor)?;
            require(is_rule(rule), "rule", "the name of a rule: POLICY/RULE")?;
            found.rule = Some(rule);
        }
        if takes(cursor, &mut first, "\"keep_until\":", ",\"keep_until\":") {
            found.keep_until = Some(until(cursor, "keep_until")?);
        }
        if takes(cursor, &mut first, "\"dispose_after\":", ",\"dispose_after\":") {
            found.dispose_after = Some(until(cursor, "dispose_after")?);
        }
        let is_timed = found.keep_until.is_some() || found.dispose_after.is_some();
        require(found.rule.is_some() || !is_timed, "rule", "there, though a period is")?;
        if takes(cursor, &mut first, "\"holds\":", ",\"holds\":") {
            found.holds = holds(cursor)?;
        }
        cursor.literal("}")?;
        Ok(found)
    }

    /// From when on the record is due, if nothing else speaks against it; `None` if never.
    pub fn due(&self) -> Option<Millis> {
        let Some(Until::At(maximum)) = self.dispose_after else { return None };
        match self.keep_until {
            Some(Until::Forever) => None,
            Some(Until::At(minimum)) => Some(maximum.max(minimum)),
            None => Some(maximum),
        }
    }
}

/// Takes the name of a member if it comes next: without a comma if it is the first.
fn takes(cursor: &mut Cursor<'_>, first: &mut bool, leading: &'static str, following: &'static str) -> bool {
    let found = cursor.take_literal(if *first { leading } else { following });
    *first &= !found;
    found
}

/// A string without escapes, which must begin right here.
fn plain<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, LineError> {
    if !cursor.next_is(b'"') {
        return Err(Fault { offset: cursor.offset(), expected: "a string, without white space before it" }.into());
    }
    Ok(cursor.string()?.raw)
}

fn until(cursor: &mut Cursor<'_>, member: &'static str) -> Result<Until, LineError> {
    if cursor.take_literal("\"forever\"") {
        return Ok(Until::Forever);
    }
    let number = canonical_integer(tight(cursor)?.1);
    number.map(Until::At).ok_or_else(|| broken(member, "a canonical integer within 2^53 - 1, or \"forever\""))
}

fn holds<'a>(cursor: &mut Cursor<'a>) -> Result<Holds<'a>, LineError> {
    if cursor.take_literal("[") {
        let ids = ids(cursor)?;
        require(ids.count() <= FEW, "holds", "at most four ids: more are named by their set")?;
        return Ok(Holds::Few(ids));
    }
    let name = SetName::parse(plain(cursor)?);
    name.map(Holds::Set).ok_or_else(|| broken("holds", "an array of ids, or `set:` and 32 hex digits"))
}

/// The rest of an array of ids of holds, behind its bracket.
pub(super) fn ids<'a>(cursor: &mut Cursor<'a>) -> Result<Ids<'a>, LineError> {
    let mut rest = cursor.here();
    let start = cursor.offset();
    let mut previous = "";
    loop {
        let id = plain(cursor)?;
        require(is_name(id), "holds", "ids of holds: [A-Za-z0-9][A-Za-z0-9._:-]{0,99}")?;
        require(previous < id, "holds", "sorted, each hold once")?;
        previous = id;
        if !cursor.take_literal(",") {
            break;
        }
    }
    let length = cursor.offset() - start;
    cursor.literal("]")?;
    Ok(Ids(rest.take_bytes(length).unwrap_or_default()))
}

/// Whether `name` may identify a policy, a rule of it, or a hold: `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`.
pub fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    (1..=100).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(byte))
}

/// Whether `rule` is `POLICY/RULE`.
pub fn is_rule(rule: &str) -> bool {
    rule.split_once('/').is_some_and(|(policy, rule)| is_name(policy) && is_name(rule))
}

/// Appends the member's value in its one spelling. `holds` is what [`hold_set::push`](super::hold_set::push) made of the
/// holds; empty if none covers the record.
pub fn push(
    out: &mut Vec<u8>,
    rule: Option<&str>,
    keep_until: Option<Until>,
    dispose_after: Option<Until>,
    holds: &[u8],
) {
    let start = out.len();
    out.push(b'{');
    let name = |out: &mut Vec<u8>, name: &str| {
        let comma = if out.len() > start + 1 { "," } else { "" };
        out.extend_from_slice(comma.as_bytes());
        out.extend_from_slice(name.as_bytes());
    };
    if let Some(rule) = rule {
        name(out, "\"rule\":");
        push_string(out, rule);
    }
    for (member, until) in [("\"keep_until\":", keep_until), ("\"dispose_after\":", dispose_after)] {
        match until {
            Some(Until::At(at)) => {
                name(out, member);
                push_integer(out, at);
            }
            Some(Until::Forever) => {
                name(out, member);
                out.extend_from_slice(b"\"forever\"");
            }
            None => {}
        }
    }
    if !holds.is_empty() {
        name(out, "\"holds\":");
        out.extend_from_slice(holds);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::hold_set;
    use crate::record::line::Line;

    fn line(retention: &str) -> String {
        format!(r#"{{"kind":"post","id":"a","at":0,"data":{{}},"retention":{retention}}}"#)
    }

    #[test]
    fn what_is_written_is_read_and_what_says_nothing_is_left_out() {
        for (rule, keep, dispose, holds, expected) in [
            (None, None, None, vec![], "{}"),
            (None, None, None, vec!["a", "b:1"], r#"{"holds":["a","b:1"]}"#),
            (Some("p/r"), None, None, vec![], r#"{"rule":"p/r"}"#),
            (
                Some("p/r"),
                Some(Until::At(-5)),
                Some(Until::Forever),
                vec!["h"],
                r#"{"rule":"p/r","keep_until":-5,"dispose_after":"forever","holds":["h"]}"#,
            ),
            (Some("p/r"), None, Some(Until::At(7)), vec![], r#"{"rule":"p/r","dispose_after":7}"#),
            (None, None, None, vec!["a", "b", "c", "d"], r#"{"holds":["a","b","c","d"]}"#),
            (None, None, None, vec!["a", "b", "c", "d", "e"], r#"{"holds":"set:af3a47788c1cbf3a62256dcf244bdd4d"}"#),
        ] {
            let (mut out, mut value) = (Vec::new(), Vec::new());
            if !holds.is_empty() {
                hold_set::push(&mut value, holds.iter().copied());
            }
            push(&mut out, rule, keep, dispose, &value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
            let line = line(expected);
            let read = Line::parse(line.as_bytes()).unwrap().retention.unwrap();
            assert_eq!((read.rule, read.keep_until, read.dispose_after), (rule, keep, dispose));
            match read.holds {
                Holds::Few(ids) => assert_eq!(ids.iter().collect::<Vec<_>>(), holds),
                Holds::Set(name) => assert!(expected.contains(&name.to_string()) && holds.len() > FEW),
            }
            assert_eq!(read.holds.is_empty(), holds.is_empty());
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for bad in [
            "null",
            "[]",
            "{ }",
            r#"{"rule":"r"}"#,
            r#"{"rule":"p/r/s"}"#,
            r#"{"rule":"p/"}"#,
            r#"{"rule":"p/\u0072"}"#,
            r#"{"rule": "p/r"}"#,
            r#"{,"rule":"p/r"}"#,
            r#"{"rule":"p/r","rule":"p/r"}"#,
            r#"{"keep_until":5}"#,
            r#"{"rule":"p/r","keep_until":05}"#,
            r#"{"rule":"p/r","keep_until":"never"}"#,
            r#"{"rule":"p/r","keep_until":null}"#,
            r#"{"rule":"p/r","dispose_after":9007199254740992}"#,
            r#"{"rule":"p/r","dispose_after":5,"keep_until":5}"#,
            r#"{"holds":[]}"#,
            r#"{"holds":["b","a"]}"#,
            r#"{"holds":["a","a"]}"#,
            r#"{"holds":["a" ,"b"]}"#,
            r#"{"holds":["a","b"],"rule":"p/r"}"#,
            r#"{"holds":["a,b"]}"#,
            r#"{"holds":[""]}"#,
            r#"{"holds":["a","b","c","d","e"]}"#,
            r#"{"holds":"af3a47788c1cbf3a62256dcf244bdd4d"}"#,
            r#"{"holds":"set:AF3A47788C1CBF3A62256DCF244BDD4D"}"#,
            r#"{"holds":"set:af3a47788c1cbf3a62256dcf244bdd4"}"#,
            r#"{"holds":"set:af3a47788c1cbf3a62256dcf244bdd4d0"}"#,
            r#"{"holds":"set:"}"#,
            r#"{"holds":null}"#,
            r#"{"then":"dispose"}"#,
        ] {
            assert!(Line::parse(line(bad).as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_record_is_due_when_both_periods_ended() {
        let due = |keep_until, dispose_after| Retention { keep_until, dispose_after, ..Retention::default() }.due();
        assert_eq!(due(None, Some(Until::At(5))), Some(5));
        assert_eq!(due(Some(Until::At(9)), Some(Until::At(5))), Some(9));
        assert_eq!(due(Some(Until::Forever), Some(Until::At(5))), None);
        assert_eq!(due(Some(Until::At(9)), Some(Until::Forever)), None);
        assert_eq!(due(Some(Until::At(9)), None), None);
    }
}
