//! Who could see a record, and what a person could see: on the incidents, against SQL of our own; on what is broken, gone,
//! out of scope or not there.

mod asked;
mod bad;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::incidents::{BREACH, ESCALATION, Incident, OUTAGE};
use crate::sealed::{Desk, Ended};
use crate::tables::Source;

/// Asks `chatseal access`.
fn ask(desk: &Desk, args: &[&str]) -> Ended {
    Ended::of(desk.chatseal(&[&["access"], args].concat()).output().unwrap())
}

/// The answer of a question that can be answered.
fn answer(desk: &Desk, archive: &str, question: &[&str]) -> Value {
    let ended = ask(desk, &[&[archive, "--signers", "signers", "--json"], question].concat());
    assert_eq!(ended.code, 0, "{question:?}: {}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// An incident, sealed, beside the database that it was sealed from.
struct Asked {
    desk: Desk,
    archive: String,
    source: Source,
}

impl Asked {
    fn of(incident: Incident) -> Self {
        let (desk, _) = incident.sealed();
        Self { desk, archive: format!("{}.zip", incident.story), source: incident.source() }
    }

    /// The id of a row.
    fn id(&self, query: &str) -> String {
        let id = self.source.ask(query);
        assert!(!id.is_empty() && !id.contains('\n'), "{query}: {id}");
        id
    }

    /// The one place of a record.
    fn place(&self, id: &str, more: &[&str]) -> Value {
        let answer = answer(&self.desk, &self.archive, &[&["--record", id], more].concat());
        let places = answer["places"].as_array().unwrap();
        assert_eq!(places.len(), 1, "{answer}");
        places[0].clone()
    }

    /// What a user could see.
    fn user(&self, name: &str, more: &[&str]) -> Value {
        answer(&self.desk, &self.archive, &[&["--user", name], more].concat())["user"].clone()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// `username way certainty from until end` of each grant.
fn grants(place: &Value) -> BTreeSet<String> {
    let one = |grant: &Value| {
        let user = match text(&grant["user"]["username"]) {
            "" => text(&grant["user"]["id"]),
            name => name,
        };
        let parts = ["way", "certainty", "from", "until", "end"].map(|name| text(&grant[name]));
        format!("{user} {}", parts.join(" "))
    };
    place["grants"].as_array().unwrap().iter().map(one).collect()
}

/// Those of one way.
fn by(place: &Value, way: &str) -> BTreeSet<String> {
    grants(place).into_iter().filter(|grant| grant.split(' ').nth(1) == Some(way)).collect()
}

/// What each of a list of statements says.
fn said(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| text(&one["what"])).collect()
}

fn set<const N: usize>(lines: [&str; N]) -> BTreeSet<String> {
    lines.map(str::to_owned).into()
}
