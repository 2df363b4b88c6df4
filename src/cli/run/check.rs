//! `chatseal run --check`: everything that a run would use is opened, and nothing is written.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::config::Config;
use super::turn::{args, reaching};
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::export::options::Options;
use crate::cli::failure::Failure;
use crate::cli::printer::{Mark, Printer};
use crate::select::Source;
use crate::source::catalogue::of_table;
use crate::source::rows::plan;
use crate::source::tables::{Store, Tables, lock};

#[derive(Serialize)]
struct Answer {
    tables_unreadable: Vec<String>,
    columns_unreadable: Vec<String>,
}

/// Tries a configuration.
pub(super) fn check(config: &Config, printer: &Printer) -> Result<Exit, Failure> {
    writable(config)?;
    let args = args(config, clock::now());
    let options = reaching(config, |access| Options::new(&args, access, printer.stop()))?;
    printer.note(options.understood());
    let Source::Tables(tables) = &options.opened else {
        let message = format!("`{}` is a bulk export, which does not tell what changed", config.source.display());
        return Err(Failure::new(Exit::Usage, message).hint("run reads a database or its dump"));
    };
    let answer = unreadable(tables);
    let exit = if answer.tables_unreadable.is_empty() && answer.columns_unreadable.is_empty() {
        Exit::Ok
    } else {
        Exit::Exceptions
    };
    printer.answer("run-check", exit, &answer, || {
        let mut text = String::new();
        for name in answer.tables_unreadable.iter().chain(&answer.columns_unreadable) {
            let _ = writeln!(text, "may not be read: {name}");
        }
        let verdict = match exit {
            Exit::Ok => printer.mark(Mark::Good, "the configuration can be used"),
            _ => printer.mark(Mark::Look, "the configuration can be used, but what may not be read will be missing"),
        };
        text + &verdict + "; nothing was written\n"
    });
    Ok(exit)
}

/// Whether archives could be written; told by the permissions, because nothing is to be written.
fn writable(config: &Config) -> Result<(), Failure> {
    let metrics = config.metrics.as_deref().and_then(Path::parent);
    for folder in [config.archives.as_path(), config.ledger.as_path()].into_iter().chain(metrics) {
        let shown = folder.display();
        let found = fs::metadata(folder).map_err(|error| {
            let failure = Failure::of(Exit::Unavailable, error).context(format!("cannot use the folder `{shown}`"));
            failure.hint(format!("mkdir {shown}"))
        })?;
        if !found.is_dir() || found.permissions().readonly() {
            return Err(Failure::new(Exit::Unavailable, format!("`{shown}` is no folder that can be written into")));
        }
    }
    Ok(())
}

/// What is evidence, and may not be read.
fn unreadable(tables: &Tables) -> Answer {
    let mut answer = Answer { tables_unreadable: Vec::new(), columns_unreadable: Vec::new() };
    let Store::Live(server) = &tables.store else { return answer };
    let server = lock(server);
    for (found, readable) in server.tables().iter().zip(server.readable()) {
        let mut ranks = of_table(&found.name).peekable();
        if ranks.peek().is_none() {
            continue;
        }
        if readable.columns.is_empty() {
            answer.tables_unreadable.push(found.name.clone());
            continue;
        }
        let wanted = ranks.flat_map(|rank| plan::wanted(rank, found));
        let denied = wanted.filter(|column| !readable.columns.contains(column));
        answer.columns_unreadable.extend(denied.map(|column| format!("{}.{}", found.name, column.name)));
    }
    answer
}
