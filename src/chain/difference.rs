//! In what two lines of one record differ, and whether the record says that it was changed.
//!
//! A server that changes a record moves a clock in it (`update_at`). Where the content differs and the clock stands still,
//! somebody went past the server: that is what a comparison is for. Counters that servers keep in a record without
//! moving the clock are not taken for that, nor is what one of the two sources could not have.

use std::collections::BTreeSet;

use crate::record::fields::{Head, integer};

/// How records of a kind change when nobody tampers with them; told by whoever knows the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habit {
    /// Field whose time grows with every change.
    pub clock: Option<&'static str>,
    /// Other fields that hold the time of an event, such as an edit.
    pub events: &'static [&'static str],
    /// Fields that the server changes without moving the clock.
    pub counters: &'static [&'static str],
    /// Whether records of the kind are what was said and done, rather than what the server is like.
    pub is_history: bool,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Judgement {
    /// Nothing that can be compared differs.
    Same,
    /// The record's clock moved, or only counters differ.
    Changed,
    /// It differs and its clock did not move forward.
    Altered,
    /// It differs, and records of this kind do not say when they were changed.
    Undated,
}

/// A field whose value is another one; `None` where the field is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Name of the field.
    pub field: &'a str,
    /// Its value as sealed, in JSON.
    pub sealed: Option<&'a [u8]>,
    /// Its value now.
    pub now: Option<&'a [u8]>,
}

/// Fields that tell of a file's bytes; not compared if one of the two readings was not asked for them.
const CONTENT: &str = "content_";
const MISSING: &str = "content_missing";
const NOT_COLLECTED: &[u8] = b"\"not-collected\"";

/// Compares two lines of a record of `kind`. `absent` are fields that one of the sources does not have at all.
pub fn between<'a>(
    kind: &str,
    sealed: &'a [u8],
    now: &'a [u8],
    habit: &Habit,
    absent: &BTreeSet<String>,
) -> (Judgement, Vec<Change<'a>>) {
    let (before, after) = (Head::of(sealed, kind), Head::of(now, kind));
    let is_uncollected = [&before, &after].iter().any(|head| head.pick([MISSING]) == [Some(NOT_COLLECTED)]);
    let is_compared = |field: &str| !(absent.contains(field) || is_uncollected && field.starts_with(CONTENT));
    let mut changes = Vec::new();
    let mut note = |field: &'a [u8], sealed, now| {
        if let Ok(field) = std::str::from_utf8(field)
            && sealed != now
            && is_compared(field)
        {
            changes.push(Change { field, sealed, now });
        }
    };
    for (field, value) in before.fields() {
        note(field, Some(value), find(&after, field));
    }
    for (field, value) in after.fields().filter(|(field, _)| find(&before, field).is_none()) {
        note(field, None, Some(value));
    }
    if before.at() != after.at() && changes.is_empty() {
        changes.push(Change { field: "at", sealed: None, now: None });
    }
    (judge(&changes, &before, &after, habit), changes)
}

fn find<'l>(head: &Head<'l>, name: &[u8]) -> Option<&'l [u8]> {
    head.fields().find_map(|(field, value)| (field == name).then_some(value))
}

fn judge(changes: &[Change<'_>], before: &Head<'_>, after: &Head<'_>, habit: &Habit) -> Judgement {
    if changes.is_empty() {
        return Judgement::Same;
    }
    // The time at which a record came into being never changes.
    if before.at() != after.at() {
        return Judgement::Altered;
    }
    let time = |head: &Head<'_>, field| integer(head.pick([field])[0]);
    let times = habit.clock.map(|clock| (time(before, clock), time(after, clock)));
    // Bytes that were not there when the record was sealed come without moving it.
    let has_come = before.pick([MISSING])[0].is_some() && after.pick([MISSING])[0].is_none();
    let is_counted = |field: &str| habit.counters.contains(&field) || has_come && field.starts_with(CONTENT);
    let counted = || changes.iter().all(|change| is_counted(change.field));
    if let Some((Some(sealed), Some(now))) = times {
        return if now > sealed || now == sealed && counted() { Judgement::Changed } else { Judgement::Altered };
    }
    let has_moved = habit.events.iter().any(|event| time(after, event).unwrap_or(0) > time(before, event).unwrap_or(0));
    match () {
        () if has_moved || counted() => Judgement::Changed,
        // A bulk export has no clocks; what was said does not change without an edit all the same.
        () if habit.clock.is_some() && habit.is_history => Judgement::Altered,
        () => Judgement::Undated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: Habit =
        Habit { clock: Some("update_at"), events: &["edit_at"], counters: &["views"], is_history: true };

    fn judged(habit: Habit, sealed: &str, now: &str) -> (Judgement, Vec<String>) {
        let line = |data: &str| format!(r#"{{"kind":"post","id":"a","at":5,"data":{{{data}}}}}"#);
        let (sealed, now) = (line(sealed), line(now));
        let absent = BTreeSet::from(["absent".to_owned()]);
        let (judgement, changes) = between("post", sealed.as_bytes(), now.as_bytes(), &habit, &absent);
        (judgement, changes.iter().map(|change| change.field.to_owned()).collect())
    }

    #[test]
    fn a_difference_is_silent_unless_a_clock_moved() {
        let directory = Habit { is_history: false, ..POST };
        let clockless = Habit { clock: None, ..POST };
        for (habit, sealed, now, expected, fields) in [
            (
                POST,
                r#""update_at":5,"message":"x""#,
                r#""update_at":6,"message":"y""#,
                Judgement::Changed,
                "update_at message",
            ),
            (POST, r#""update_at":5,"message":"x""#, r#""update_at":5,"message":"y""#, Judgement::Altered, "message"),
            (POST, r#""update_at":5,"message":"x""#, r#""update_at":4,"message":"x""#, Judgement::Altered, "update_at"),
            (POST, r#""update_at":5,"views":1"#, r#""update_at":5,"views":2"#, Judgement::Changed, "views"),
            (POST, r#""update_at":5,"views":1"#, r#""update_at":4,"views":2"#, Judgement::Altered, "update_at views"),
            (POST, r#""update_at":5,"absent":1"#, r#""update_at":5"#, Judgement::Same, ""),
            (POST, r#""update_at":5,"x":1"#, r#""update_at":5"#, Judgement::Altered, "x"),
            (POST, r#""update_at":5"#, r#""update_at":5,"x":1"#, Judgement::Altered, "x"),
            (POST, r#""message":"x""#, r#""message":"y""#, Judgement::Altered, "message"),
            (POST, r#""message":"x""#, r#""message":"y","edit_at":7"#, Judgement::Changed, "message edit_at"),
            (directory, r#""message":"x""#, r#""message":"y""#, Judgement::Undated, "message"),
            (clockless, r#""message":"x""#, r#""message":"y""#, Judgement::Undated, "message"),
            (
                POST,
                r#""update_at":5,"content_sha256":"ab","content_bytes":1"#,
                r#""update_at":5,"content_missing":"not-collected""#,
                Judgement::Same,
                "",
            ),
            (
                POST,
                r#""update_at":5,"content_missing":"file-missing""#,
                r#""update_at":5,"content_sha256":"ab""#,
                Judgement::Changed,
                "content_missing content_sha256",
            ),
            (
                POST,
                r#""update_at":5,"content_sha256":"ab""#,
                r#""update_at":5,"content_sha256":"cd""#,
                Judgement::Altered,
                "content_sha256",
            ),
        ] {
            let (judgement, found) = judged(habit, sealed, now);
            assert_eq!((judgement, found.join(" ").as_str()), (expected, fields), "{sealed} {now}");
        }
    }

    #[test]
    fn another_time_of_origin_is_never_a_mere_change() {
        let sealed = br#"{"kind":"post","id":"a","at":5,"data":{"create_at":5,"update_at":5}}"#;
        let now = br#"{"kind":"post","id":"a","at":4,"data":{"create_at":4,"update_at":9}}"#;
        let (judgement, changes) = between("post", sealed, now, &POST, &BTreeSet::new());
        assert_eq!((judgement, changes.len()), (Judgement::Altered, 2));
    }
}
