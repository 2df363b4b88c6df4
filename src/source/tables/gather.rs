//! Rows become records, side by side: the reading thread hands out batches, the others encode them and sort.
//!
//! Every thread keeps what it found to itself until the end, so nothing depends on which thread met which batch.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use super::ahead::Ahead;
use super::collect::{Collector, Named, Part};
use super::facts::Facts;
use super::feed::{Feeding, Given};
use super::in_order::InOrder;
use super::scope::Scope;
use super::survey::{Route, Survey};
use super::{Tables, TablesError};
use crate::progress::Interrupted;
use crate::record::time::Window;
use crate::source::audit_log::mentions::Mentions;
use crate::source::audit_log::{FileRead, Wanted};
use crate::source::catalogue::{
    AUDIT_LOG, CHANNEL, FINDING_ORPHAN, FINDING_PURGED, POST, PROFILE_PICTURE, Rank, TEAM, To, USER,
};
use crate::source::contents::{ContentReader, Unfinished};
use crate::source::dump::Account;
use crate::source::original::Hashed;
use crate::source::reconcile::seen::Seen;
use crate::source::scope::Asked;
use crate::source::sort::{ARENA_BYTES, Sorter};
use crate::source::tally::{Counts, Tally};
use crate::source::{Work, file_store, reconcile};

/// Everything that reading found.
#[derive(Debug)]
pub struct Gathered<'t> {
    pub(super) tables: &'t Tables,
    pub(super) scope: Scope,
    pub(super) survey: Survey,
    /// Names and places.
    pub(super) facts: Facts,
    /// Rows of each kind, counted by the database or the scanner: the left side of the completeness equation.
    pub source: Counts,
    /// The right side; final only when all records were streamed.
    pub tally: Tally,
    pub(super) named: Named,
    pub(super) records: Vec<Sorter>,
    pub(super) contents: Vec<Sorter>,
    pub(super) exceptions: Vec<Sorter>,
    /// Posts that come sorted from the database.
    pub(super) in_order: Option<InOrder>,
    pub(super) purged: Option<u64>,
    /// The files of the audit log.
    pub(super) logs: Vec<FileRead>,
    /// What a dump says of itself.
    pub(super) account: Option<Account>,
    pub(super) temporary: PathBuf,
}

/// Reads everything in scope.
fn run<'t>(
    tables: &'t Tables,
    mut scope: Scope,
    facts: Facts,
    ahead: Option<Ahead>,
    work: &Work<'_>,
) -> Result<Gathered<'t>, TablesError> {
    let mut survey = Survey::default();
    let kept = scope.incident.as_mut().map(|incident| std::mem::take(&mut incident.kept)).unwrap_or_default();
    let in_order = tables.in_order(&scope, work)?;
    // What is in memory already waits there, so that more is read meanwhile.
    let (send, receive) = sync_channel::<(Arc<Route>, Given)>(work.threads.max(1) + kept.batches());
    let receive = Mutex::new(Some(receive));
    let (fed, parts) = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..work.threads.max(1))
            .map(|_| {
                let collector = Collector::new(tables, &scope, *work);
                let receive = &receive;
                threads.spawn(move || collector.drain(receive))
            })
            .collect();
        // For a reconciliation every row counts, in scope or not.
        let limits = tables.log.is_none().then_some(&scope);
        let skip_ordered = in_order.is_some();
        let feeding = Feeding { survey: &mut survey, skip_ordered, limits, ahead, kept, progress: work.progress };
        // A worker that fails takes the receiver with it, so that sending ends; its reason is told when it is joined.
        let fed = tables.feed(feeding, &mut |route, given| send.send((route.clone(), given)).map_err(|_| Interrupted));
        drop(send);
        let parts: Vec<Result<Part, TablesError>> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (fed, parts)
    });
    // The worker's own reason comes first: without it the reader would only say that nobody listens.
    let parts: Vec<Part> = parts.into_iter().collect::<Result<_, _>>()?;
    let account = fed?;
    let mut gathered = Gathered { account, ..Gathered::new(tables, scope, facts, survey, in_order, work) };
    gathered.absorb(parts, work)?;
    Ok(gathered)
}

/// What was asked for by name is described even if no record names it.
fn asked_for(scope: &Scope) -> Named {
    if let Some(incident) = &scope.incident {
        let channels = incident.channels.keys().cloned().collect();
        let (teams, people) = (incident.teams().clone(), incident.participants.clone());
        return HashMap::from([(To::Team, teams), (To::Channel, channels), (To::User, people)]);
    }
    let places = scope.places.as_ref();
    let asked = [
        (To::Team, places.map(|places| &places.teams)),
        (To::Channel, places.map(|places| &places.channels)),
        (To::User, scope.users.as_ref()),
    ];
    asked.into_iter().filter_map(|(to, ids)| Some((to, ids?.clone()))).collect()
}

impl Tables {
    /// Reads what `asked` selects.
    pub fn select(&self, asked: &Asked, work: &Work<'_>) -> Result<Gathered<'_>, TablesError> {
        // Only of an incident it takes so long to find out what is wanted.
        let ((scope, facts), ahead) = match asked.incident {
            Some(_) => self.counting_ahead(|| self.resolve(asked, work))?,
            None => (self.resolve(asked, work)?, None),
        };
        run(self, scope, facts, ahead, work)
    }
}

impl<'t> Gathered<'t> {
    fn new(
        tables: &'t Tables,
        scope: Scope,
        facts: Facts,
        survey: Survey,
        in_order: Option<InOrder>,
        work: &Work<'_>,
    ) -> Self {
        let named = asked_for(&scope);
        Self {
            tables,
            scope,
            source: survey.source(),
            survey,
            facts,
            account: None,
            logs: Vec::new(),
            tally: Tally::default(),
            named,
            records: Vec::new(),
            contents: Vec::new(),
            exceptions: Vec::new(),
            in_order,
            purged: None,
            temporary: work.temporary.to_owned(),
        }
    }

    /// Brings together what the threads found, and what only the whole can tell.
    fn absorb(&mut self, parts: Vec<Part>, work: &Work<'_>) -> Result<(), TablesError> {
        for (rank, rows) in &self.survey.passed_by {
            self.tally.out_of_scope[usize::from(*rank)] += rows;
        }
        let mut seen = Vec::new();
        for part in parts {
            self.tally.add(&part.tally);
            self.records.push(part.records);
            self.contents.push(part.contents);
            self.exceptions.push(part.exceptions);
            seen.extend(part.seen);
            for (to, ids) in part.named {
                self.named.entry(to).or_default().extend(ids);
            }
        }
        self.add_profile_pictures(work)?;
        self.hear(seen, work)?;
        self.close_names();
        Ok(())
    }

    /// Profile pictures have no table: they are the files that lie where the server keeps them.
    fn add_profile_pictures(&mut self, work: &Work<'_>) -> Result<(), TablesError> {
        let mut contents = Sorter::new(ARENA_BYTES / 8);
        for (user, path) in file_store::profile_pictures(&self.tables.contents) {
            self.tables.contents.mark_named(&path);
            let rank = usize::from(PROFILE_PICTURE);
            self.source[rank] += 1;
            self.tally.records[rank] += 1;
            contents.push(PROFILE_PICTURE, 0, 0, |out| {
                let line = format!(
                    "{{\"kind\":\"profile_picture\",\"id\":\"{user}\",\"at\":0,\"data\":{{\"user_id\":\"{user}\",\"path\":\"{path}\""
                );
                Unfinished { line: line.as_bytes(), rest: &[], path: &path }.push(out);
            });
            contents.settle(work.temporary).map_err(TablesError::Temporary)?;
        }
        self.contents.push(contents);
        Ok(())
    }

    /// Adds the audit log's records and what it says of the tables.
    fn hear(&mut self, seen: Vec<Seen>, work: &Work<'_>) -> Result<(), TablesError> {
        let Some(log) = &self.tables.log else { return Ok(()) };
        let scope = &self.scope;
        let admits = |mentions: &Mentions<'_>| match &scope.incident {
            Some(incident) => {
                let because = incident.mentioned(&mentions.channels, &mentions.users);
                (!because.is_empty()).then(|| because.into_member())
            }
            None => scope.mentions(&mentions.teams, &mentions.channels, &mentions.users).then(Vec::new),
        };
        let wanted = Wanted { window: scope.window, admits: scope.is_narrow().then_some(&admits) };
        let heard = log.read(&wanted, work)?;
        let rank = usize::from(AUDIT_LOG);
        self.source[rank] += heard.tally.source;
        self.tally.records[rank] += heard.tally.records;
        self.tally.out_of_scope[rank] += heard.tally.out_of_scope;
        self.tally.quarantined[rank] += heard.tally.quarantined;
        self.records.extend(heard.records);
        self.exceptions.extend(heard.exceptions);
        self.logs = heard.files;
        let judged = reconcile::judge::judge(seen, heard.facts, |to| self.is_whole(to), work)?;
        self.tally.records[usize::from(FINDING_PURGED)] += judged.purged;
        self.tally.records[usize::from(FINDING_ORPHAN)] += judged.orphans;
        self.purged = Some(judged.purged);
        self.records.push(judged.records);
        self.exceptions.push(judged.exceptions);
        Ok(())
    }

    /// Whether every row that could hold such a thing was read: nothing is concluded from what was not.
    fn is_whole(&self, to: To) -> bool {
        let rank = match to {
            To::Team => TEAM,
            To::Channel => CHANNEL,
            To::User => USER,
            To::Post => POST,
            _ => return false,
        };
        self.survey.rows.contains_key(&rank) && self.tally.quarantined[usize::from(rank)] == 0
    }

    /// A channel in scope brings its team along.
    fn close_names(&mut self) {
        if !self.scope.is_narrow() {
            return;
        }
        let channels = self.named.get(&To::Channel).into_iter().flatten();
        let teams: Vec<Box<[u8]>> = channels.filter_map(|id| self.facts.team_of(id)).map(Box::from).collect();
        self.named.entry(To::Team).or_default().extend(teams);
    }

    /// Whether the rows of a kind could be read and, so far, decoded.
    pub fn is_readable(&self, rank: Rank) -> bool {
        self.survey.rows.contains_key(&rank) && self.tally.quarantined[usize::from(rank)] == 0
    }

    /// Reads the bytes of files that records name.
    pub fn content_reader(&self) -> ContentReader {
        self.tables.contents.reader()
    }

    /// From when to when what was asked for reaches.
    pub fn window(&self) -> Window {
        self.scope.window
    }

    /// The files of the audit log, as far as they were read.
    pub fn logs(&self) -> Vec<Hashed> {
        let hashed = |file: &FileRead| Hashed { name: file.name.clone(), bytes: file.bytes, sha256: file.sha256 };
        self.logs.iter().map(hashed).collect()
    }

    /// Posts found to be purged; `None` without an audit log to tell.
    pub fn purged_posts(&self) -> Option<u64> {
        self.purged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;
    use crate::source::contents::Contents;
    use crate::source::dump::Dump;
    use crate::source::tables::Store;

    /// A dump of one table of posts with these rows, and tables for the rest of the core.
    fn tables(dir: &std::path::Path, rows: &str) -> Tables {
        let table = |name: &str, rows: &str| {
            format!(
                "CREATE TABLE public.{name} (id text, createat bigint, channelid text);\nCOPY public.{name} (id, createat, channelid) FROM stdin;\n{rows}\\.\n\n"
            )
        };
        let dump = format!(
            "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n{}{}--\n-- PostgreSQL database dump complete\n--\n\n",
            table("channels", "c\t1\t\n"),
            table("posts", rows)
        );
        let path = dir.join("dump.sql");
        std::fs::write(&path, dump).unwrap();
        Tables {
            store: Store::Dump(Box::new(Dump::open(&path).unwrap())),
            contents: Contents::none(),
            is_told: true,
            log: None,
            now: None,
        }
    }

    #[test]
    fn a_full_disk_ends_the_work_although_the_reader_waits_for_room() {
        let dir = tempfile::tempdir().unwrap();
        // Each row is quarantined, and the exceptions would have to go to a folder that is not there.
        let tables = tables(dir.path(), &"x\n".repeat(4 << 20));
        let progress = Progress::silent();
        for threads in [1, 3] {
            let work = Work { threads, temporary: &dir.path().join("gone"), progress: &progress };
            let ended = tables.select(&Asked::default(), &work);
            assert!(matches!(ended, Err(TablesError::Temporary(_))), "{ended:?}");
        }
    }

    #[test]
    fn what_was_asked_for_is_described_even_if_nothing_happened_there() {
        let dir = tempfile::tempdir().unwrap();
        let tables = tables(dir.path(), "p\t5\tother\n");
        let progress = Progress::silent();
        let work = Work { threads: 1, temporary: dir.path(), progress: &progress };
        let asked = Asked { channels: vec!["c".to_owned()], window: Window::default(), ..Asked::default() };
        let mut gathered = tables.select(&asked, &work).unwrap();
        let mut lines = Vec::new();
        let mut stream = gathered.records(Sorter::new(ARENA_BYTES)).unwrap();
        while let Some(item) = stream.advance().unwrap() {
            lines.push(String::from_utf8_lossy(item.line).into_owned());
        }
        drop(stream);
        assert_eq!(lines, [r#"{"kind":"channel","id":"c","at":1,"data":{"create_at":1}}"#]);
        assert_eq!((gathered.source[usize::from(POST)], gathered.tally.out_of_scope[usize::from(POST)]), (1, 1));
    }
}
