//! Holds of a ledger as the evaluator of policies takes them, and as a holds file.

use std::fmt::Write as _;

use crate::ledger::{Act as By, Freeze, Reading, Said};
use crate::policy::hold::{Act, Hold, HoldOrigin};
use crate::policy::rule::Pattern;
use crate::record::time::{self, Millis};

/// Every hold of a ledger, in order. Its place in the ledger puts a hold into force, not a clock: one that was stated
/// before the clock stepped back is in force at `now` all the same. It is released when both its place and the time of
/// the release are past: where they disagree, more is kept.
pub(in crate::cli) fn holds(reading: &Reading, now: Millis) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for statement in reading.statements_said() {
        match &statement.said {
            Said::Hold(freeze) => holds.push(hold(freeze, statement.time, now)),
            Said::Release { id, act: said } => {
                for hold in holds.iter_mut().filter(|hold| hold.id == *id && hold.released.is_none()) {
                    // Its place says that it came later, whatever the clock said.
                    let at = statement.time.max(hold.issued.at.saturating_add(1));
                    hold.released = Some(act(said, at));
                }
            }
            _ => {}
        }
    }
    holds
}

/// One hold that was stated at `time`.
pub(super) fn hold(freeze: &Freeze, time: Millis, now: Millis) -> Hold {
    let patterns = |texts: &[String]| texts.iter().cloned().map(Pattern).collect();
    Hold {
        id: freeze.id.clone(),
        matter: freeze.matter.clone(),
        origin: HoldOrigin::File,
        everything: freeze.everything,
        users: freeze.users.clone(),
        groups: freeze.groups.clone(),
        channels: patterns(&freeze.channels),
        teams: patterns(&freeze.teams),
        keywords: freeze.keywords.clone(),
        includes_open_channels: freeze.includes_open_channels,
        window: freeze.window,
        issued: act(&freeze.act, time.min(now)),
        released: None,
    }
}

fn act(said: &By, at: Millis) -> Act {
    Act { by: said.by.clone(), at, why: said.why.clone(), approved_by: said.approved_by.clone() }
}

/// The holds as a file for `--holds`, see chatseal-policy(5).
pub(in crate::cli) fn document(holds: &[Hold]) -> String {
    let mut out = "schema = \"chatseal-holds/v1\"\n".to_owned();
    for hold in holds {
        let _ = write!(out, "\n[[hold]]\nid = {}\nmatter = {}\n", quoted(&hold.id), quoted(&hold.matter));
        if hold.everything {
            out.push_str("everything = true\n");
        }
        let texts = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.0.clone()).collect::<Vec<_>>();
        for (name, values) in [
            ("users", hold.users.clone()),
            ("groups", hold.groups.clone()),
            ("channels", texts(&hold.channels)),
            ("teams", texts(&hold.teams)),
            ("keywords", hold.keywords.clone()),
        ] {
            if !values.is_empty() {
                let _ = writeln!(out, "{name} = {}", array(&values));
            }
        }
        for (name, at) in [("from", hold.window.from), ("until", hold.window.until)] {
            if let Some(at) = at.and_then(time::format) {
                let _ = writeln!(out, "{name} = {at}");
            }
        }
        for (name, act) in [("issued", Some(&hold.issued)), ("released", hold.released.as_ref())] {
            let Some(act) = act else { continue };
            let at = time::format(act.at).unwrap_or_default();
            let _ = write!(out, "{name} = {{ by = {}, at = {at}, why = {}", quoted(&act.by), quoted(&act.why));
            if !act.approved_by.is_empty() {
                let _ = write!(out, ", approved_by = {}", array(&act.approved_by));
            }
            out.push_str(" }\n");
        }
    }
    out
}

fn array(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

/// A basic string of TOML; free text of statements holds no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
