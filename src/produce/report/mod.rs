//! `report`: what happened in an incident, as a document that people read, print and sign, in Markdown and HTML.
//!
//! ```text
//!  run, directory, ──▶ sections ──▶ document ──▶ evidence          ──▶ Markdown, HTML
//!  what happened in    (one file    (lines with   (each record that
//!  its channel         each)        their records) a line names, looked up)
//! ```
//!
//! Why: after an incident somebody must write down what happened, and everybody else must be able to trust it. This report
//! writes down what the sealed records say, and leads from each line to them.
//!
//! Invariants: nothing is invented; a line names the records that say it, and each record that is named was looked up in
//! the archive; what is not there is said to be missing, at the place where it would stand. What people wrote is text: no
//! script, style, link or picture of theirs comes to life. The same archive, run and time give the same bytes.
//!
//! It refuses to judge: it weighs no cause, names nobody responsible, and does not take a post for a decision that people
//! did not mark.

mod basis;
mod course;
mod document;
mod evidence;
mod gather;
mod html;
mod markdown;
mod people;
mod response;
mod review;
mod tasks;
mod telling;

use super::Zone;
use super::incident::figures::{Figures, OfOne};
use super::incident::{Run, Runs};
use super::labels::Labels;
use super::mail::one_line;
use super::replaced::Replacement;
use super::transcript::alone::Reader;
use super::{Files, Folder, Made, ProduceError, Replaced, Work};
use crate::record::time::{self, Millis};
use document::{Document, Line};
use evidence::Evidence;
use gather::Gathered;
use telling::Telling;

/// Word for the form.
pub const WORD: &str = "incident report";

/// What it is, in a few words.
pub const MEANING: &str = "what happened in a playbook run, each line with the records that say it";

/// The report for text editors and wikis.
pub const MARKDOWN: &str = "report.md";

/// The report for browsers and paper.
pub const HTML: &str = "report.html";

/// How a report is written.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// How it names the program that made it.
    pub program: &'a str,
    /// The zone of its times.
    pub zone: Zone,
}

/// Writes the report of a run into `folder`.
pub fn make(
    work: &Work<'_>,
    runs: &Runs,
    run: &Run,
    style: &Style<'_>,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let labels = Labels::of(work.directory);
    let until = telling::life(run, work.sealed.as_of().at);
    let gathered = Gathered::read(work, run, until)?;
    let telling = Telling { work, runs, run, labels: &labels, gathered: &gathered, until };
    let figures = Figures::read(*work, runs)?;
    let document = document(&telling, figures.get(&run.id), style)?;
    let files = Files::read(work.sealed.archive, work.progress)?;
    let evidence = Evidence::find(work, &files, document.cited())?;
    let rows = basis::rows(&telling, &evidence);
    let (text, is_spelled) = markdown::write(&document, &evidence, &rows);
    folder.write(MARKDOWN, text.as_bytes())?;
    let reader = Reader::new(work.directory);
    let page = html::write(&document, &evidence, &rows, &reader, &work.sealed.digest());
    folder.write(HTML, page.as_bytes())?;
    if is_spelled {
        let why = "in a name or text of the report, spelled out as \\u{1b}".to_owned();
        let note = Replacement { kind: "playbook_run", id: run.id.to_string(), what: "control-character", why };
        replaced.push(&note).map_err(|error| folder.temporary_failed(error))?;
    }
    let cited = evidence.exhibits.len() as u64;
    let missing = document.cited().iter().filter(|record| evidence.number(record).is_none()).count() as u64;
    let counts = vec![
        ("participants", run.participants.len() as u64),
        ("tasks", run.tasks().count() as u64),
        ("status updates", run.status_posts.len() as u64),
        ("records cited", cited),
        ("records missing", missing),
        ("gaps of the run", run.gaps.len() as u64),
    ];
    Ok(Made { counts, remarks: Vec::new(), posts: None })
}

fn document(telling: &Telling<'_>, figures: Option<&OfOne>, style: &Style<'_>) -> Result<Document, ProduceError> {
    let (run, sealed) = (telling.run, telling.work.sealed);
    let Style { program, zone } = *style;
    let name = if run.name.trim().is_empty() { run.id.to_string() } else { one_line(&run.name).into_owned() };
    let footer =
        Line::of("Incident report of run ").code(run.id.to_string()).words(", from archive ").said(sealed.bag());
    let footer = footer.words(", seal ").code(sealed.digest()).words(", ").said(sealed.standing.words());
    let footer = footer.words(". Made ").at(telling.work.time).words(format!(" by {program}."));
    Ok(Document {
        name,
        zone,
        opening: basis::opening(telling),
        sections: vec![
            basis::made_from(telling, program, zone),
            review::summary(telling),
            people::section(telling),
            course::milestones(telling),
            course::statements(telling),
            tasks::section(telling),
            response::section(telling, figures),
            review::retrospective(telling),
            review::metrics(telling),
            basis::evidence(),
            basis::exceptions(telling)?,
            basis::custody_section(telling),
        ],
        footer,
    })
}

/// A time as people read it, exact to the millisecond: `2026-05-18 09:05:00Z`, `2026-05-18 09:05:00.123Z`; in another zone
/// `2026-05-18 11:05:00 +02:00`.
fn moment(at: Millis, zone: Zone) -> String {
    if !zone.is_utc() && time::format(at).is_some() {
        return zone.exact(at).replacen(".000 ", " ", 1);
    }
    let Some(text) = time::format(at) else { return format!("ms:{at}") };
    let text = text.replacen('T', " ", 1);
    text.strip_suffix(".000Z").map_or(text.clone(), |whole| format!("{whole}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_exact() {
        for (at, expected) in [
            (0, "1970-01-01 00:00:00Z"),
            (1_779_094_800_123, "2026-05-18 09:00:00.123Z"),
            (i64::MAX, "ms:9223372036854775807"),
        ] {
            assert_eq!(moment(at, Zone::UTC), expected);
        }
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(moment(1_779_094_800_123, berlin), "2026-05-18 11:00:00.123 +02:00");
        assert_eq!(moment(0, berlin), "1970-01-01 01:00:00 +01:00");
    }
}
