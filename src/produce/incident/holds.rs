//! Legal holds as the archive has them sealed: the files of `data/policy/`, and what each says was done when.
//!
//! They were read and checked when the archive was made. Here only what is needed for a line of a timeline is taken from
//! them, and what has another shape is passed over: a hold without a time is no event.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::event::{Event, Sort, What};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::archive::walk::WalkError;
use crate::produce::ProduceError;
use crate::record::time::{self, Millis};

const ISSUED: What = What { sort: Sort::Hold, description: "Legal hold issued", data_type: "hold:issued" };
const RELEASED: What = What { sort: Sort::Hold, description: "Legal hold released", data_type: "hold:released" };

/// A sealed file of holds.
#[derive(Debug)]
pub(super) struct File {
    /// Its path in the bag.
    pub(super) member: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    acts: Vec<Act>,
}

/// Something that was done with a hold.
#[derive(Debug)]
struct Act {
    what: What,
    at: Millis,
    hold: String,
    message: String,
}

/// Reads the sealed files.
pub(super) fn read(archive: &Archive) -> Result<Vec<File>, ProduceError> {
    let mut files = Vec::new();
    for entry in archive.entries().iter().filter(|entry| matches!(entry.member, Member::Holds(_))) {
        let member = entry.member.to_string();
        let mut body = Body::default();
        let loaded = archive.load(entry, &mut body);
        loaded
            .map_err(|cause| WalkError::Unreadable { member: member.clone(), cause })?
            .map_err(|flaw| WalkError::Damaged { member: member.clone(), flaw })?;
        let acts = acts(std::str::from_utf8(body.bytes()).unwrap_or_default());
        files.push(File { member, bytes: body.bytes().to_vec(), acts });
    }
    Ok(files)
}

impl File {
    /// What its holds say was done.
    pub(super) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.acts.iter().map(|act| {
            let mut event = Event::new(act.at, &act.what, &self.member, &act.hold);
            event.message.clone_from(&act.message);
            event
        })
    }
}

fn acts(text: &str) -> Vec<Act> {
    let (document, _) = DeTable::parse_recoverable(text);
    let holds = match document.get_ref().get("hold").map(Spanned::get_ref) {
        Some(DeValue::Array(holds)) => holds.iter().filter_map(|hold| table(hold.get_ref())).collect(),
        _ => Vec::new(),
    };
    let mut acts = Vec::new();
    for hold in holds {
        let (id, matter) = (string(hold, "id"), string(hold, "matter"));
        for (name, verb, what) in [("issued", "issued", ISSUED), ("released", "released", RELEASED)] {
            let Some(act) = hold.get(name).and_then(|act| table(act.get_ref())) else { continue };
            let Some(at) = act.get("at").and_then(|at| moment(at.get_ref())) else { continue };
            let message = format!("{} {verb} the hold {id} ({matter}): {}", string(act, "by"), string(act, "why"));
            acts.push(Act { what, at, hold: id.to_owned(), message });
        }
    }
    acts
}

fn table<'t, 'i>(value: &'t DeValue<'i>) -> Option<&'t DeTable<'i>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn string<'t>(table: &'t DeTable<'_>, name: &str) -> &'t str {
    match table.get(name).map(Spanned::get_ref) {
        Some(DeValue::String(text)) => text,
        _ => "",
    }
}

fn moment(value: &DeValue<'_>) -> Option<Millis> {
    match value {
        DeValue::Datetime(at) => time::parse(&at.to_string()).ok(),
        DeValue::String(text) => time::parse(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_with_holds_is_told() {
        let text = r#"
schema = "chatseal-holds/v1"
[[hold]]
id = "h1"
matter = "Case 7"
everything = true
issued = { by = "Anna", at = 2026-01-01, why = "asked for" }
[hold.released]
by = "Bob"
at = 2026-01-02T03:04:05Z
why = "over"
[[hold]]
id = "h2"
issued = { by = "Anna", at = 7 }
"#;
        let acts = acts(text);
        let told: Vec<_> = acts.iter().map(|act| (act.at, act.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (1_767_225_600_000, "Anna issued the hold h1 (Case 7): asked for"),
                (1_767_323_045_000, "Bob released the hold h1 (Case 7): over"),
            ]
        );
        assert!(super::acts("not = [toml").is_empty());
    }
}
