//! What was produced from which seal: the same for people, for programs and for print.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::Production;
use super::counted::{self, Counted};
use super::page::Page;
use crate::archive::names::Member;
use crate::archive::reader::Body;
use crate::archive::summary::Counts;
use crate::produce::conversation::is_harmful;
use crate::produce::folder::Written;
use crate::produce::labels::Labels;
use crate::produce::replaced::Replaced;
use crate::produce::{ProduceError, Tallies, Work};
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// Rows of a table on the page; the JSON document has them all.
const SHOWN: usize = 200;

/// Most bytes of custody lines that go into the document.
const MOST_CUSTODY: u64 = 1 << 20;

/// All of it.
#[derive(Serialize)]
pub(super) struct Summary {
    pub(super) produced_at: String,
    pub(super) program: String,
    pub(super) form: String,
    pub(super) meaning: String,
    #[serde(skip)]
    pub(super) command: [String; 2],
    pub(super) archive: Archive,
    /// What was established of the archive before anything was produced.
    pub(super) standing: String,
    pub(super) scope: Vec<String>,
    /// For each kind: rows in the source = records + out of scope + withheld + quarantined.
    pub(super) equation: Vec<Equation>,
    /// What the form counted.
    pub(super) made: Vec<(&'static str, u64)>,
    pub(super) remarks: Vec<String>,
    /// What the form says in another way than the record, by class; each stands in `exceptions.csv`.
    pub(super) replaced: BTreeMap<&'static str, u64>,
    /// How many accounts are named that the archive does not describe.
    pub(super) not_described: u64,
    pub(super) posts: u64,
    pub(super) first_post: Option<String>,
    pub(super) last_post: Option<String>,
    pub(super) channels: Vec<Counted>,
    pub(super) participants: Vec<Counted>,
    pub(super) files: usize,
    pub(super) bytes: u64,
    /// What the archive says of its source.
    pub(super) source: Value,
    /// What the archive says of who acquired it.
    pub(super) custody: Vec<Value>,
}

#[derive(Serialize)]
pub(super) struct Archive {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) seal: String,
    pub(super) root: String,
    pub(super) sealed_at: String,
    pub(super) signer: String,
    pub(super) window: String,
    pub(super) records: u64,
    pub(super) attachments: u64,
    pub(super) exceptions: u64,
    pub(super) policy: Option<String>,
    pub(super) holds: Option<String>,
    pub(super) previous: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Equation {
    pub(super) kind: String,
    source: Option<u64>,
    records: u64,
    out_of_scope: u64,
    withheld: u64,
    quarantined: u64,
    pub(super) is_complete: bool,
}

/// Accounts that are named and that the archive does not describe, for people.
pub fn not_described(accounts: u64) -> String {
    let are = if accounts == 1 { "account is" } else { "accounts are" };
    format!("{accounts} {are} named that the archive does not describe")
}

/// A name in a text of lines: nothing in it ends the line, controls a terminal or turns the reading direction.
fn one_line(name: &str) -> Cow<'_, str> {
    if !name.contains(is_harmful) {
        return name.into();
    }
    name.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

impl Summary {
    pub(super) fn gather(
        production: &Production<'_>,
        replaced: &Replaced,
        written: &[Written],
    ) -> Result<Self, ProduceError> {
        let Production { work, form, meaning, command, made, program } = *production;
        let sealed = work.sealed;
        let own = if made.posts.is_none() { Some(Tallies::read(work)?) } else { None };
        let posts = made.posts.as_ref().or(own.as_ref()).cloned().unwrap_or_default();
        let whole = posts.whole();
        let labels = Labels::of(work.directory);
        let seal = &sealed.seal;
        let end = |at: Option<Millis>| at.map_or_else(|| "open".to_owned(), moment);
        let digest = |hash: Option<crate::merkle::Hash>| hash.map(|hash| format!("sha256:{}", hex(&hash)));
        Ok(Self {
            produced_at: moment(work.time),
            program: program.to_owned(),
            form: form.to_owned(),
            meaning: meaning.to_owned(),
            command: command.map(str::to_owned),
            archive: Archive {
                name: sealed.bag().to_owned(),
                origin: seal.archive_origin(),
                seal: sealed.digest(),
                root: format!("sha256:{}", hex(&seal.root)),
                sealed_at: moment(seal.time),
                signer: seal.fingerprint(),
                window: format!("{} {} to {}", seal.clock.word(), end(seal.window.from), end(seal.window.until)),
                records: seal.records,
                attachments: seal.files,
                exceptions: seal.exceptions,
                policy: digest(seal.policy),
                holds: digest(seal.holds),
                previous: digest(seal.previous),
            },
            standing: sealed.standing.words(),
            scope: work.scope.words(),
            equation: sealed.summary.kinds.0.iter().map(|(kind, counts)| equation(kind, *counts)).collect(),
            made: made.counts.clone(),
            remarks: made.remarks.clone(),
            replaced: replaced.counts().clone(),
            not_described: work.directory.unknown(),
            posts: whole.posts,
            first_post: (whole.posts > 0).then(|| moment(whole.first)),
            last_post: (whole.posts > 0).then(|| moment(whole.last)),
            channels: counted::rows(&posts.channels, |id| labels.channel(id).to_owned()),
            participants: counted::rows(&posts.people, |id| labels.person(id)),
            files: written.len(),
            bytes: written.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
            source: sealed.source.clone(),
            custody: custody(work),
        })
    }

    /// Whether every equation holds.
    pub(super) fn is_complete(&self) -> bool {
        self.equation.iter().all(|equation| equation.is_complete)
    }

    /// What stands at the foot of every page.
    pub(super) fn footer(&self) -> String {
        let scope = if self.scope.is_empty() { "everything".to_owned() } else { self.scope.join("; ") };
        format!(
            "{} {}, seal {}, {}. Scope: {scope}. Made {} by {}.",
            self.form, self.archive.name, self.archive.seal, self.standing, self.produced_at, self.program
        )
    }

    pub(super) fn json(&self) -> String {
        // A document of texts and numbers cannot fail to be written to memory.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Name and value of what the production is.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let archive = &self.archive;
        let none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        vec![
            ("form", format!("{}: {}", self.form, self.meaning)),
            ("made", format!("{} by {}", self.produced_at, self.program)),
            ("files", format!("{}, {} bytes, papers not counted", self.files, self.bytes)),
            ("archive", archive.name.clone()),
            ("origin", archive.origin.clone()),
            ("seal", archive.seal.clone()),
            ("root", archive.root.clone()),
            ("sealed at", archive.sealed_at.clone()),
            ("signer", archive.signer.clone()),
            ("standing", self.standing.clone()),
            ("window of the archive", archive.window.clone()),
            (
                "scope of this production",
                if self.scope.is_empty() { "everything in the archive".to_owned() } else { self.scope.join("; ") },
            ),
            ("policy", none(&archive.policy)),
            ("holds", none(&archive.holds)),
            ("previous archive", none(&archive.previous)),
            ("posts in scope", self.posts.to_string()),
            ("first post", none(&self.first_post)),
            ("last post", none(&self.last_post)),
        ]
    }

    /// What a reader must not overlook.
    fn looks(&self) -> Vec<String> {
        let mut looks = Vec::new();
        if self.standing.starts_with("not verified") {
            looks.push("The archive was not verified before this production was made.".to_owned());
        } else if self.standing.contains("not checked") {
            looks.push("Nobody checked who signed the archive; its bytes are intact.".to_owned());
        }
        if self.archive.exceptions > 0 {
            looks.push(format!(
                "{} things could not be collected when the archive was made; exceptions.csv lists them.",
                self.archive.exceptions
            ));
        }
        if !self.is_complete() {
            looks.push("For at least one kind, the rows of the source are not all accounted for.".to_owned());
        }
        let replaced: u64 = self.replaced.values().sum();
        if replaced > 0 {
            looks.push(format!(
                "{replaced} things are said in another way than in the records; exceptions.csv lists them."
            ));
        }
        if self.not_described > 0 {
            looks.push(format!("{}.", not_described(self.not_described)));
        }
        looks.extend(self.remarks.iter().cloned());
        looks
    }

    pub(super) fn text(&self) -> String {
        let mut out = format!("What was produced from {}\n\n", self.archive.name);
        for (name, value) in self.facts() {
            let _ = writeln!(out, "{name:<26}{value}");
        }
        for (name, count) in &self.made {
            let _ = writeln!(out, "{name:<26}{count}");
        }
        out.push_str("\nPlease note\n");
        let looks = self.looks();
        if looks.is_empty() {
            out.push_str("  nothing\n");
        }
        for look in looks {
            let _ = writeln!(out, "  {look}");
        }
        for (class, count) in &self.replaced {
            let _ = writeln!(out, "  {class:<24}{count}");
        }
        out.push_str(
            "\nIs the archive complete? rows in the source = records + out of scope + withheld + quarantined\n",
        );
        for equation in &self.equation {
            let _ = writeln!(out, "  {:<24}{}", equation.kind, equation.words());
        }
        for (title, rows) in [("Posts by channel", &self.channels), ("Posts by person", &self.participants)] {
            let _ = writeln!(out, "\n{title}");
            for row in rows {
                let _ = writeln!(out, "  {:>10}  {}  ({})", row.posts, one_line(&row.name), one_line(&row.id));
            }
        }
        out
    }

    pub(super) fn html(&self) -> String {
        let mut page = Page::new(&format!("What was produced from {}", self.archive.name));
        self.looks().iter().for_each(|look| page.look(look));
        page.facts(self.facts());
        page.heading("What was made");
        page.table(
            &["what", "how many"],
            self.made.iter().map(|(name, count)| vec![(*name).to_owned(), count.to_string()]),
        );
        page.heading("Is the archive complete?");
        page.paragraph(
            "Every row that the source counted is a record, out of the scope of the export, withheld by a policy, or \
             quarantined because it could not be read.",
        );
        page.table(
            &["kind", "rows in the source = records + out of scope + withheld + quarantined"],
            self.equation.iter().map(|equation| vec![equation.kind.clone(), equation.words()]),
        );
        for (title, rows) in [("Posts by channel", &self.channels), ("Posts by person", &self.participants)] {
            page.heading(title);
            let cell = |text: &Option<String>| text.clone().unwrap_or_default();
            let shown = rows.iter().take(SHOWN);
            let row = |row: &Counted| {
                vec![row.name.clone(), row.id.clone(), row.posts.to_string(), cell(&row.first), cell(&row.last)]
            };
            page.table(&["name", "id", "posts", "first", "last"], shown.map(row));
            if rows.len() > SHOWN {
                page.paragraph(&format!("and {} more in summary.json", rows.len() - SHOWN));
            }
        }
        page.end(&self.footer())
    }
}

impl Equation {
    fn words(&self) -> String {
        let Some(source) = self.source else { return format!("{} found by comparison; no equation", self.records) };
        let Self { records, out_of_scope, withheld, quarantined, is_complete, .. } = self;
        let sign = if *is_complete { "=" } else { "is not" };
        format!("{source} {sign} {records} + {out_of_scope} + {withheld} + {quarantined}")
    }
}

fn equation(kind: &str, counts: Counts) -> Equation {
    let is_complete = counts.is_complete();
    let kind = kind.to_owned();
    match counts {
        Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
            Equation { kind, source: Some(source), records, out_of_scope, withheld, quarantined, is_complete }
        }
        Counts::Finding { records } => {
            Equation { kind, source: None, records, out_of_scope: 0, withheld: 0, quarantined: 0, is_complete }
        }
    }
}

/// What the archive says of who acquired it; nothing if it cannot be read, which verification would have found.
pub(in crate::produce) fn custody(work: &Work<'_>) -> Vec<Value> {
    let archive = work.sealed.archive;
    let Some(entry) = archive.find(&Member::Custody).filter(|entry| entry.size <= MOST_CUSTODY) else {
        return Vec::new();
    };
    let mut body = Body::default();
    if !matches!(archive.load(entry, &mut body), Ok(Ok(()))) {
        return Vec::new();
    }
    body.bytes().split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

pub(super) fn moment(at: Millis) -> String {
    time::format(at).unwrap_or_else(|| format!("ms:{at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_text_of_lines_do_no_harm() {
        assert_eq!(one_line("Anna Berg"), "Anna Berg");
        assert_eq!(one_line("a\u{1b}[31m\r\nb\u{202e}\u{9b}"), "a\u{fffd}[31m\u{fffd}\u{fffd}b\u{fffd}\u{fffd}");
        assert_eq!(not_described(1), "1 account is named that the archive does not describe");
        assert_eq!(not_described(2), "2 accounts are named that the archive does not describe");
    }
}
