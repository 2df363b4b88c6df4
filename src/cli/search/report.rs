//! What was found, for people and for programs.

use super::super::exit::Exit;
use super::super::printer::{Mark, Printer, count, harmless};
use super::Format;
use crate::produce::directory::Directory;
use crate::produce::formula::{self, Guarded};
use crate::record::time;
use crate::search::{Hit, Part, Place};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// Columns of the table.
const COLUMNS: [&str; 15] = [
    "archive",
    "index",
    "kind",
    "id",
    "at",
    "user_id",
    "user",
    "channel_id",
    "team",
    "channel",
    "field",
    "matches",
    "before",
    "text",
    "after",
];

/// Where names of an archive come from.
pub(super) struct Names<'a> {
    pub(super) archive: &'a Path,
    pub(super) directory: &'a Directory,
}

/// Shows what is found as it is found, and counts.
pub(super) struct Report<'p> {
    printer: &'p Printer,
    format: Format,
    limit: u64,
    /// Whether lines for people say which archive they are from.
    several: bool,
    said: Option<String>,
    has_header: bool,
    searched: u64,
    found: u64,
    document: Vec<Shown>,
    is_cut: bool,
}

/// A record as programs read it.
#[derive(Serialize)]
struct Shown {
    archive: String,
    index: u64,
    kind: Box<str>,
    id: Box<str>,
    at: Option<String>,
    user: Option<Named>,
    channel: Option<Where>,
    matches: Vec<Match>,
}

#[derive(Serialize)]
struct Named {
    id: Box<str>,
    name: String,
}

#[derive(Serialize)]
struct Where {
    id: Box<str>,
    team: String,
    name: String,
}

#[derive(Serialize)]
struct Match {
    field: String,
    count: u64,
    before: String,
    text: String,
    after: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    verified: bool,
    searched: u64,
    found: u64,
    /// Whether the search ended at its limit.
    limited: bool,
    records: &'a [Shown],
}

impl<'p> Report<'p> {
    pub(super) fn new(printer: &'p Printer, format: Format, limit: u64, several: bool) -> Self {
        Self {
            printer,
            format,
            limit,
            several,
            said: None,
            has_header: false,
            searched: 0,
            found: 0,
            document: Vec::new(),
            is_cut: false,
        }
    }

    /// Shows what a segment holds; false if no more is wanted.
    pub(super) fn add(&mut self, names: &Names<'_>, part: Part) -> bool {
        self.searched = self.searched.saturating_add(part.records);
        let mut out = Vec::new();
        for hit in part.hits {
            if self.found >= self.limit {
                self.is_cut = true;
                break;
            }
            self.found += 1;
            self.show(&mut out, shown(names, hit));
        }
        if !out.is_empty() {
            self.printer.data(out);
        }
        !self.is_cut
    }

    fn show(&mut self, out: &mut Vec<u8>, shown: Shown) {
        match self.format {
            Format::Text => {
                if self.several && self.said.as_deref() != Some(&shown.archive) {
                    out.extend_from_slice(format!("{}\n", harmless(&shown.archive)).as_bytes());
                    self.said = Some(shown.archive.clone());
                }
                out.extend_from_slice(self.text(&shown).as_bytes());
            }
            Format::Json => self.document.push(shown),
            Format::Jsonl => {
                // Writing to memory cannot fail.
                let _ = serde_json::to_writer(&mut *out, &shown);
                out.push(b'\n');
            }
            Format::Csv => {
                if !std::mem::replace(&mut self.has_header, true) {
                    formula::header(out, &COLUMNS);
                }
                rows(out, &shown);
            }
        }
    }

    fn text(&self, shown: &Shown) -> String {
        let at = shown.at.as_deref().unwrap_or("no time");
        let mut text = format!("{at}  {} {}", harmless(&shown.kind), self.printer.mark(Mark::Strong, &shown.id));
        if let Some(place) = &shown.channel {
            let slash = if place.team.is_empty() { "" } else { "/" };
            let _ = write!(text, "  {}{slash}{}", harmless(&place.team), harmless(&place.name));
        }
        if let Some(user) = &shown.user {
            let _ = write!(text, "  @{}", harmless(&user.name));
        }
        text.push('\n');
        for found in &shown.matches {
            let field = harmless(&found.field);
            let [before, what, after] = [&found.before, &found.text, &found.after].map(|text| one_line(text));
            let _ = write!(text, "  {field}: {before}{}{after}", self.printer.mark(Mark::Look, &what));
            if found.count > 1 {
                let _ = write!(text, "  ({} times)", count(found.count));
            }
            text.push('\n');
        }
        text
    }

    /// Says what came of it.
    pub(super) fn finish(self) -> Exit {
        let exit = if self.found > 0 { Exit::Ok } else { Exit::FailedCheck };
        if self.format == Format::Json {
            let answer = Answer {
                verified: false,
                searched: self.searched,
                found: self.found,
                limited: self.is_cut,
                records: &self.document,
            };
            self.printer.answer("search", exit, &answer, String::new);
        } else if self.is_cut {
            self.printer.note(format!("stopped at {} records; there are more", count(self.found)));
        } else {
            self.printer.note(format!("found {} of {} records searched", count(self.found), count(self.searched)));
        }
        exit
    }
}

fn shown(names: &Names<'_>, hit: Hit) -> Shown {
    let directory = names.directory;
    let user = (!hit.user_id.is_empty())
        .then(|| Named { name: directory.username(&hit.user_id).to_owned(), id: hit.user_id.clone() });
    let channel = (!hit.channel_id.is_empty()).then(|| place(directory, hit.channel_id.clone()));
    let matches = hit.places.into_iter().map(|Place { field, matches, before, text, after }| Match {
        field,
        count: matches,
        before,
        text,
        after,
    });
    Shown {
        archive: names.archive.display().to_string(),
        index: hit.index,
        kind: hit.kind,
        id: hit.id,
        at: Some(hit.at).filter(|at| *at != 0).and_then(time::format),
        user,
        channel,
        matches: matches.collect(),
    }
}

/// A channel by names: of a direct or group channel those of its members.
fn place(directory: &Directory, id: Box<str>) -> Where {
    let Some(channel) = directory.channel(&id) else { return Where { team: String::new(), name: id.to_string(), id } };
    if channel.place.is_personal() {
        let members: Vec<String> =
            channel.members.iter().map(|member| format!("@{}", directory.username(member))).collect();
        let name = if members.is_empty() { id.to_string() } else { members.join(", ") };
        return Where { team: String::new(), name, id };
    }
    let team = directory.team(&channel.team_id).map_or(&*channel.team_id, |team| &team.name);
    Where { team: team.to_owned(), name: channel.name.to_string(), id }
}

fn rows(out: &mut Vec<u8>, shown: &Shown) {
    let (index, at) = (shown.index.to_string(), shown.at.as_deref().unwrap_or_default());
    let user = shown.user.as_ref().map_or(("", ""), |user| (&user.id, &user.name));
    let place = shown.channel.as_ref().map_or(("", "", ""), |place| (&place.id, &place.team, &place.name));
    let mut row = |field: &str, count: &str, parts: [&str; 3]| {
        let [before, text, after] = parts;
        let mut row = Guarded::new(out, &COLUMNS);
        row.text(&shown.archive);
        row.plain(&index);
        for cell in [&shown.kind, &shown.id, at, user.0, user.1, place.0, place.1, place.2, field] {
            row.text(cell);
        }
        row.plain(count);
        for cell in [before, text, after] {
            row.text(cell);
        }
        row.end();
    };
    if shown.matches.is_empty() {
        row("", "", ["", "", ""]);
    }
    for found in &shown.matches {
        row(&found.field, &found.count.to_string(), [&found.before, &found.text, &found.after]);
    }
}

/// A text without line breaks, harmless to a terminal.
fn one_line(text: &str) -> String {
    harmless(&text.replace(['\r', '\n', '\t'], " ")).into_owned()
}
