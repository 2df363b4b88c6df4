//! A source with rules and holds applied to it: what `explain`, `diff` and `server` begin with.

use std::path::Path;

use crate::cli::environment;
use crate::cli::export::{failures, judging, source};
use crate::cli::failure::Failure;
use crate::cli::printer::Printer;
use crate::cli::progress::watch;
use crate::cli::reading::{Reading, understood};
use crate::policy::set::Set;
use crate::policy::unknown::Unknown;
use crate::record::time::Millis;
use crate::select::judge::Judge;
use crate::select::{Selection, Source, SourceError};
use crate::source::Work;

/// What an answer is made from.
pub(super) struct Applied<'s> {
    /// What `reading` selects of it.
    pub(super) selection: Selection<'s>,
    /// One for each set of rules and holds, in order.
    pub(super) judges: Vec<Judge>,
}

/// Opens `given`, applies each set, and hands everything to `answer`. What was understood is said first.
pub(super) fn apply<T: Send>(
    given: &Path,
    reading: &Reading,
    sets: impl FnOnce(&Source, &Work<'_>) -> Result<Vec<Set>, SourceError> + Send,
    said: &str,
    printer: &Printer,
    answer: impl FnOnce(Applied<'_>, &Work<'_>) -> Result<T, SourceError> + Send,
) -> Result<T, Failure> {
    let (asked, now) = (reading.asked()?, reading.time()?);
    let source = source::open(given, reading, printer.stop())?;
    printer.note(format!("source     {}\n{}{said}", source::described(&source, given), understood(&asked)));
    let temporary = environment::temporary();
    let done = reading.threads.run(|| {
        watch(printer, |progress| {
            let work = Work { threads: rayon::current_num_threads(), temporary: &temporary, progress };
            progress.phase("reading");
            let (judges, unknown) = judges(&source, sets(&source, &work)?, now, &work)?;
            progress.expect(source.size());
            let selection = source.select(&asked, &work)?;
            Ok((answer(Applied { selection, judges }, &work)?, unknown))
        })
    })?;
    let (answer, unknown) = done.map_err(|error| failures::of_source(given, error))?;
    for unknown in &unknown {
        printer.warn(judging::sentence(unknown));
    }
    Ok(answer)
}

fn judges(
    source: &Source,
    sets: Vec<Set>,
    now: Millis,
    work: &Work<'_>,
) -> Result<(Vec<Judge>, Vec<Unknown>), SourceError> {
    let (mut judges, mut unknown) = (Vec::new(), Vec::<Unknown>::new());
    for set in sets {
        let (judge, more) = Judge::new(source, set, now, work)?;
        judges.push(judge);
        unknown.extend(more.into_iter().filter(|name| !unknown.contains(name)).collect::<Vec<_>>());
    }
    Ok((judges, unknown))
}
