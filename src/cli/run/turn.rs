//! One run, from the lock to the published archive.
//!
//! ```text
//! lock ─▶ finish what was left ─▶ which archives there are ─▶ index ─▶ window ─▶ export ─▶ seal into the ledger
//! ```
//!
//! Nothing is remembered but archives and ledger: the index of what they hold is a cache beside them, and what a run
//! needs to know of the last one stands in its seal and its `source.json`. So there is no state that could be lost, or be
//! of another history.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::archives::{self, Origins};
use super::config::Config;
use super::news::News;
use super::series::{Look, Series, Share, Why};
use crate::archive::seal::{Clock, Seal};
use crate::archive::writer::{Sealed, in_force};
use crate::chain::{Index, IndexError, Link, index};
use crate::cli::clock;
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::export::ledger::Chain;
use crate::cli::export::options::Options;
use crate::cli::export::sealing::{self, AGENT, Exported, SealingError};
use crate::cli::export::source::Access;
use crate::cli::export::{self, account, failures, judging};
use crate::cli::failure::Failure;
use crate::cli::ledger::memory;
use crate::cli::printer::{Printer, count};
use crate::cli::progress::watch;
use crate::cli::reading::Reading;
use crate::cli::threads::Threads;
use crate::ledger::Said;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::time::{self, Millis, Window};
use crate::select::Source;
use crate::source::Work;
use crate::source::catalogue;
use crate::source::postgres::Patience;

/// Seals what changed. The lock is held by the caller.
pub(super) fn turn(config: &Config, full: bool, printer: &Printer) -> Result<(Exit, Exported), Failure> {
    let args = args(config, clock::now());
    let mut options = reaching(config, |access| Options::new(&args, access, printer.stop()))?;
    let time = options.time();
    let chain = Chain::open(&config.ledger, &options.signer, time, &Progress::silent());
    for recovered in &chain.map_err(|error| failures::of_sealing(&config.source, error))?.recovered {
        printer.warn(account::recovery(recovered));
    }
    let unusable = |error| {
        let context = format!("cannot write into `{}`", config.archives.display());
        Failure::of(Exit::Unavailable, error).context(context)
    };
    let left = archives::clear(&config.archives, &config.name).map_err(unusable)?;
    if left > 0 {
        printer.note(format!("removed {} half-written archives of runs that were killed", count(left)));
    }
    let series = args.reading.threads.run(|| watch(printer, |progress| series(config, full, &options, progress)))??;
    printer.note(options.understood());
    printer.note(understood(&series));
    match series.look {
        Look::Whole(why @ (Why::Asked | Why::Dump)) => printer.note(why.sentence()),
        Look::Whole(why) => printer.warn(why.sentence()),
        Look::First | Look::Changed => {}
    }
    options.series = Some(series);
    let sealed = args.reading.threads.run(|| {
        watch(printer, |progress| {
            let job = options.job(progress);
            sealing::seal(&job).map(|exported| (exported, job.series))
        })
    })?;
    let (exported, series) = sealed.map_err(|error| failures::of_sealing(&config.source, error))?;
    if let Some(Series { mut index, .. }) = series {
        let Sealed { seal_digest: seal, ref published, .. } = exported.sealed;
        let link = Link { seal, archive: published.path.clone() };
        let follow = |progress: &Progress| {
            progress.phase("indexing");
            index.follow(&link, &clock_of, progress)
        };
        if let Err(error) = args.reading.threads.run(|| watch(printer, follow))? {
            // It is a cache: the next run makes it.
            printer.warn(Failure::from(error).account().message);
        }
    }
    for unknown in &exported.unknown {
        printer.warn(judging::sentence(unknown));
    }
    if exported.sealed.summary.records == 0 {
        printer.note("nothing changed since the last run; an empty archive was sealed, so that this can be proven");
    }
    let exit = if exported.sealed.summary.exceptions > 0 { Exit::Exceptions } else { Exit::Ok };
    account::show("run", &exported, exit, printer);
    Ok((exit, exported))
}

/// The archives before this run, and what it reads.
fn series(config: &Config, full: bool, options: &Options, progress: &Progress) -> Result<Series, Failure> {
    let Source::Tables(tables) = &options.opened else {
        let message = format!("`{}` is a bulk export, which does not tell what changed", config.source.display());
        return Err(
            Failure::new(Exit::Usage, message).hint("run reads a database or its dump; `chatseal export` reads this")
        );
    };
    let reading = memory::read(&config.ledger)?;
    let seals = reading.seals();
    let unpublished = reading.statements_said().filter_map(|statement| match statement.said {
        Said::Unpublished { number, .. } => Some(number),
        _ => None,
    });
    let unpublished: BTreeSet<u64> = unpublished.collect();
    let is_ours = |(number, _, seal): &(u64, Hash, &Seal)| seal.clock == Clock::Change && !unpublished.contains(number);
    let seals: Vec<(u64, Hash, &Seal)> = seals.into_iter().filter(is_ours).collect();
    let found = archives::by_seal(&config.archives)?;
    let link = |(number, seal, _): &(u64, Hash, &Seal)| {
        let missing = || config.archives.join(format!("the archive of seal {number}"));
        Link { seal: *seal, archive: found.get(seal).cloned().unwrap_or_else(missing) }
    };
    let links: Vec<Link> = seals.iter().map(link).collect();
    let now = tables.time();
    let until = now.map(|now| now.saturating_sub(config.settle));
    let last = seals.last().map(|(_, hash, seal)| (*seal, found.get(hash)));
    let look = match last {
        None => Look::First,
        Some((seal, _)) if unpublished.last().copied() > seal.number => Look::Whole(Why::LastLost),
        Some((seal, archive)) => {
            let before = archive.and_then(|path| archives::origins(path));
            let unreadable = |error| Failure::of(Exit::Unavailable, error).context("cannot ask which server this is");
            require_same_server(config, before.as_ref(), tables.installation().map_err(unreadable)?)?;
            why(config, full, options, seal, before, until).map_or(Look::Changed, Look::Whole)
        }
    };
    let from = match (look, last) {
        (Look::Changed, Some((seal, _))) => seal.window.until.map(|until| until.saturating_sub(config.overlap)),
        _ => None,
    };
    let part = seals.len() as u64;
    let share = config.rescan.map(|of| Share { part: part.checked_rem(of).unwrap_or(0), of });
    let seals = seals.iter().map(|(_, hash, _)| *hash).collect();
    let now = now.unwrap_or(Millis::MAX);
    let is_narrow = !(config.teams.is_empty() && config.channels.is_empty() && config.users.is_empty());
    let window = Window { from, until };
    let mut news = News::before_asking(tables, look, is_narrow, window, now);
    let work = Work { threads: rayon::current_num_threads(), temporary: &config.archives, progress };
    let open = || index(config, &links, progress);
    let index = match news.as_mut().filter(|news| !news.is_whole) {
        Some(news) => news.look_again(tables, share, &work, open),
        None => open().map_err(SealingError::from),
    };
    let index = index.map_err(|error| failures::of_sealing(&config.source, error))?;
    Ok(Series { index, seals, window, look, share, news })
}

/// What two servers say would be told as one history, and all records of the first as vanished.
fn require_same_server(config: &Config, before: Option<&Origins>, now: Option<String>) -> Result<(), Failure> {
    let before = before.and_then(|before| before.installation.as_ref());
    let (Some(expected), Some(found)) = (before, now) else { return Ok(()) };
    if *expected == found {
        return Ok(());
    }
    let archives = config.archives.display();
    let message = format!(
        "`{}` is another Mattermost server than the one in `{archives}`: expected the installation `{expected}`, found `{found}`",
        config.source.display()
    );
    let hint = "give each server a ledger and a folder of archives of its own; `systems.DiagnosticId` tells them apart";
    Err(Failure::new(Exit::Refused, message).hint(hint))
}

/// The index of these archives, brought up to date.
fn index(config: &Config, links: &[Link], progress: &Progress) -> Result<Index, IndexError> {
    progress.phase("indexing");
    Index::open(&config.archives.join(index::FOLDER), links, &clock_of, progress).map(|(index, _)| index)
}

/// The field of a kind that is its change clock.
fn clock_of(kind: &str) -> Option<&'static str> {
    catalogue::rank(kind).and_then(|rank| catalogue::table(rank).clock)
}

/// Why everything is to be looked at; `None` if only what changed.
fn why(
    config: &Config,
    full: bool,
    options: &Options,
    last: &Seal,
    before: Option<Origins>,
    until: Option<Millis>,
) -> Option<Why> {
    if full {
        return Some(Why::Asked);
    }
    let Some(until) = until else { return Some(Why::Dump) };
    let Some(end) = last.window.until else { return Some(Why::LastUnknown) };
    if until < end {
        return Some(Why::ClockWentBack);
    }
    let decided = options.in_force.as_ref().map_or((None, None), |loaded| in_force(&loaded.policies, &loaded.holds));
    if decided != (last.policy, last.holds) {
        return Some(Why::OtherPolicy);
    }
    let Some(before) = before else { return Some(Why::LastUnknown) };
    if before.agent != AGENT {
        return Some(Why::OtherProgram);
    }
    let Source::Tables(tables) = &options.opened else { return Some(Why::LastUnknown) };
    let Config { teams, channels, users, .. } = config;
    let files = config.files.as_ref().is_some_and(|files| !files.as_os_str().is_empty());
    if before.scope != [json!(teams), json!(channels), json!(users), json!(files)] {
        return Some(Why::OtherScope);
    }
    (before.columns != Value::from(tables.columns_digest())).then_some(Why::OtherColumns)
}

/// What is read, said before the work starts.
fn understood(series: &Series) -> String {
    let end = |at: Option<Millis>| at.and_then(time::format);
    let before = count(series.seals.len() as u64);
    let read = match (series.look, end(series.window.from)) {
        (Look::Changed, Some(from)) => format!("what changed since {from}"),
        _ => "everything".to_owned(),
    };
    let share = series.share.filter(|_| series.look == Look::Changed);
    let share = share.map_or_else(String::new, |share| format!(", and part {} of {} again", share.part + 1, share.of));
    let until = end(series.window.until).map_or_else(String::new, |until| format!("; complete until {until}"));
    format!("  follows   {before} archives\n  reads     {read}{share}{until}")
}

/// An export as the configuration has it.
pub(super) fn args(config: &Config, now: Millis) -> export::Args {
    let stamp = archives::stamp(&time::format(now).unwrap_or_default());
    let no_files = config.files.as_ref().is_some_and(|files| files.as_os_str().is_empty());
    export::Args {
        source: config.source.clone(),
        key: config.key.clone(),
        output: config.archives.join(format!("{}-{stamp}.zip", config.name)),
        reading: Reading {
            since: None,
            until: None,
            team: config.teams.clone(),
            channel: config.channels.clone(),
            user: config.users.clone(),
            incident: None,
            margin: 0,
            include_direct: false,
            files: config.files.clone().filter(|_| !no_files),
            no_files,
            audit_log: config.audit_logs.clone(),
            as_of: None,
            threads: Threads::of(config.threads),
        },
        policy: config.policies.clone(),
        holds: config.holds.clone(),
        origin: None,
        ledger: Some(config.ledger.clone()),
        previous: None,
        salt_from: None,
    }
}

/// Does something that reaches the database as the configuration has it.
pub(super) fn reaching<T>(config: &Config, work: impl FnOnce(&Access<'_>) -> T) -> T {
    let file = config.password_file.as_ref().map(|path| path.display().to_string());
    let environment = |name: &str| match (name, &file) {
        ("PGPASSFILE", Some(file)) => Some(file.clone()),
        _ => environment::value(name),
    };
    let mut patience = Patience::default();
    if let Some(statement) = config.statement_timeout.and_then(|millis| u64::try_from(millis).ok()) {
        patience.statement = Duration::from_millis(statement);
    }
    work(&Access { environment: &environment, patience })
}
