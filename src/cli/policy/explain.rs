//! `chatseal policy explain`: which rule and hold decided about one record, and why.

mod sentences;

use std::path::PathBuf;

use clap::ValueHint;
use serde::Serialize;

use self::sentences::Told;
use super::applied::{Applied, apply};
use super::load;
use crate::cli::exit::Exit;
use crate::cli::export::judging;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::Printer;
use crate::cli::reading::Reading;
use crate::record::id::Name;
use crate::record::kind::FINDING_PREFIX;
use crate::select::find::find;
use crate::select::{Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::table;

/// Explain what was decided about a record, and why
///
/// Tells in plain sentences which rules cover the record and when their periods end, which of them decides and why the
/// others do not, which rules do not cover it, and which holds do or do not. Reads the source, and writes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    /// Policies to apply
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    policies: Vec<PathBuf>,
    /// File of legal holds to honour; may be given several times
    ///
    /// What a hold in force covers is never withheld. Holds of the legal-hold plugin in the database are honoured as
    /// well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    holds: Vec<PathBuf>,
    /// What to read: a database (`postgres://…`, `mysql://…`), a `pg_dump` file, or a bulk export
    #[arg(long, value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    source: PathBuf,
    /// Record to explain, by its id as it stands in an archive or the database, or as KIND/ID
    #[arg(long, value_name = "ID")]
    record: String,
    #[command(flatten)]
    reading: Reading,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the decision stands on stdout"),
        (Exit::FailedCheck, "the source has no such record in scope"),
        (Exit::Usage, "a policy or a holds file is invalid; the source was not read"),
        (Exit::Unavailable, "the source could not be used"),
    ],
    files: &[],
    examples: &[(
        "Why a post would be withheld",
        "chatseal policy explain retention.toml --holds holds.toml \\\n      --source postgres://chatseal@db.example.org/mattermost --record 8w4k1tfrkpr49czcfyggncyxfo",
    )],
    see_also: &["chatseal-plan(1)", "chatseal-policy(1)", "chatseal-policy(5)"],
};

/// The report.
#[derive(Serialize)]
struct Document {
    record: String,
    found: Vec<Told>,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = load(&args.policies, &args.holds)?;
    let said = judging::understood(&loaded.set, args.reading.time()?);
    let name = Name::new(&args.record);
    let sets = |_: &Source, _: &Work<'_>| Ok(vec![loaded.set]);
    let found = apply(&args.source, &args.reading, sets, &said, printer, |applied: Applied<'_>, work: &Work<'_>| {
        let Applied { selection, judges, .. } = applied;
        let records = find(selection, name, work).map_err(SourceError::Temporary)?;
        // What a comparison established is no row of the source, and nothing is decided about it.
        let rows = records.iter().filter(|record| !table(record.kind).kind.starts_with(FINDING_PREFIX));
        let told = rows.zip(judges.iter().cycle()).filter_map(|(record, judge)| {
            judge.with_subject(record.kind, record.at, &record.line, |subject| {
                Told::new(subject, &judge.evaluator().place(subject), &judge.evaluator().explain(subject))
            })
        });
        Ok(told.collect::<Vec<_>>())
    })?;
    if found.is_empty() {
        let message = format!("the source has no record `{}` in scope", args.record);
        return Err(Failure::new(Exit::FailedCheck, message)
            .hint("ids are spelled as in `chatseal show ARCHIVE`; a post of a bulk export has a derived one (`s:…`)"));
    }
    let document = Document { record: args.record.clone(), found };
    printer.answer("policy-explain", Exit::Ok, &document, || {
        document.found.iter().map(Told::text).collect::<Vec<_>>().join("\n")
    });
    Ok(Exit::Ok)
}
