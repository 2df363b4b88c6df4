//! Walks through the text of a dump: statements until a COPY header, rows until `\.`, statements again.
//!
//! A row is a line: COPY text escapes every line feed inside a field, and a backslash before anything else, so a line
//! `\.` can only be the end. Rows are counted here by their line feeds, apart from whoever decodes them.

mod end;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memmem, memrchr};
use ring::digest::{Context, SHA256};

use super::account::{Account, TableCount};
use super::declare::{Meaning, Named, understand};
use super::error::DumpError;
use super::only::Only;
use super::partition::{Key, Partitions};
use super::statement::{self, Item, Statement};
use super::window::Window;
use super::{FIRST, LongRow, Piece};
use crate::progress::{Interrupted, Progress};
use crate::source::rows::{BATCH_BYTES, Batch, TableFound};

/// Longest row that is handed over, in bytes without its line feed.
pub const MAX_ROW: usize = 64 << 20;

/// Most bytes of statements that are remembered: every CREATE TABLE and COPY header together.
const MAX_REMEMBERED: usize = 16 << 20;

/// The line that ends a dump, without its dashes.
const LAST: &[u8] = b" PostgreSQL database dump complete";

/// Tables that make a schema Mattermost's.
const CORE: [&str; 3] = ["channels", "posts", "users"];

/// How much is taken at once; the result does not depend on it as long as rows are shorter than `row`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes read at a time.
    pub piece: usize,
    /// Bytes of rows that are collected before they are handed over.
    pub batch: usize,
    /// Longest row that is handed over, in bytes.
    pub row: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { piece: BATCH_BYTES / 4, batch: BATCH_BYTES, row: MAX_ROW }
    }
}

/// Hands over what the text of a dump holds; `object` is its name in errors.
pub fn scan<R: Read>(
    text: R,
    object: &str,
    limits: Limits,
    progress: &Progress,
    on: &mut dyn FnMut(Piece) -> Result<(), Interrupted>,
) -> Result<Account, DumpError> {
    let window = Window::new(text, limits.piece);
    let scan = Scan {
        window,
        object,
        limits,
        progress,
        on,
        account: Account::default(),
        escapes: false,
        path: String::new(),
        declared: BTreeMap::new(),
        remembered: 0,
        copied: BTreeSet::new(),
        partitions: Partitions::default(),
        home: None,
        complete: false,
        only: Only::default(),
    };
    scan.run()
}

struct Scan<'a, R> {
    window: Window<R>,
    object: &'a str,
    limits: Limits,
    progress: &'a Progress,
    on: &'a mut dyn FnMut(Piece) -> Result<(), Interrupted>,
    account: Account,
    /// Whether backslashes escape in every string.
    escapes: bool,
    /// The schema of names without one.
    path: String,
    /// Tables by schema and name, as CREATE TABLE declares them.
    declared: BTreeMap<Key, TableFound>,
    /// Bytes of statements that `declared` and the account are made of.
    remembered: usize,
    /// Tables whose rows were met, by schema and name.
    copied: BTreeSet<Key>,
    partitions: Partitions,
    /// Mattermost's schema, known from the first COPY on.
    home: Option<String>,
    /// Whether the last line was met.
    complete: bool,
    /// Kinds of the current table that take only some of its rows.
    only: Only,
}

impl<R: Read> Scan<'_, R> {
    fn run(mut self) -> Result<Account, DumpError> {
        let mut begun = false;
        loop {
            self.progress.check()?;
            let item = statement::next(&mut self.window, self.escapes).map_err(|source| self.broken(source))?;
            match item {
                None => break,
                Some(Item::Unfinished) => return Err(self.cut_short("the end of a statement")),
                Some(Item::Comment(line)) => {
                    if line == FIRST[2..] && std::mem::replace(&mut begun, true) {
                        return Err(self.several("a second dump behind the first"));
                    }
                    self.comment(&line);
                }
                Some(Item::Command(line)) => {
                    let connects = line.starts_with(b"connect") || line.starts_with(b"c ");
                    if connects && !(self.declared.is_empty() && self.copied.is_empty()) {
                        return Err(self.several("several databases"));
                    }
                }
                Some(Item::Statement(statement)) => self.statement(&statement)?,
            }
        }
        if !self.complete {
            return Err(self.cut_short("the line `-- PostgreSQL database dump complete`"));
        }
        self.close()
    }

    fn comment(&mut self, line: &[u8]) {
        self.complete |= line == LAST;
        let text = String::from_utf8_lossy(line);
        let said = |start: &str| text.strip_prefix(start).map(|rest| rest.chars().take(200).collect());
        if let Some(version) = said(" Dumped from database version ") {
            self.account.server = version;
        } else if let Some(version) = said(" Dumped by pg_dump version ") {
            self.account.dumped_by = version;
        } else if let Some(time) = said(" Started on ") {
            self.account.started = Some(time);
        }
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), DumpError> {
        if self.complete {
            return Err(self.several("statements behind the end of the dump"));
        }
        let line = statement.line;
        let broken = |expected| DumpError::Statement { object: self.object.to_owned(), line, expected };
        match understand(&statement.text, statement.whole).map_err(broken)? {
            Meaning::Table(named) => {
                self.remember(statement)?;
                let divided = named.divided;
                let (key, table) = self.place(named);
                if divided {
                    self.partitions.divide(key.clone());
                }
                self.declared.insert(key, table);
                Ok(())
            }
            Meaning::Partition(named) => {
                self.remember(statement)?;
                let (key, _) = self.place(named);
                if self.copied.contains(&key) { Err(broken("partitions attached before their rows")) } else { Ok(()) }
            }
            Meaning::Copy(named) => {
                self.remember(statement)?;
                self.copy(named)
            }
            Meaning::Insert => Err(DumpError::Inserts { object: self.object.to_owned(), line }),
            Meaning::Encoding(found) => {
                if !matches!(found.as_str(), "UTF8" | "UTF-8" | "UNICODE") {
                    return Err(DumpError::Encoding { object: self.object.to_owned(), found });
                }
                "UTF8".clone_into(&mut self.account.encoding);
                Ok(())
            }
            Meaning::Escapes(escapes) => {
                self.escapes = escapes;
                Ok(())
            }
            Meaning::Path(path) => {
                self.path = path;
                Ok(())
            }
            Meaning::Nothing => Ok(()),
        }
    }

    /// Bounds the memory that statements can take.
    fn remember(&mut self, statement: &Statement) -> Result<(), DumpError> {
        self.remembered += statement.text.len();
        if self.remembered <= MAX_REMEMBERED {
            return Ok(());
        }
        let expected = "at most 16 MiB of CREATE TABLE and COPY statements together";
        Err(DumpError::Statement { object: self.object.to_owned(), line: statement.line, expected })
    }

    /// A table, and which it is; what it is a partition of is noted.
    fn place(&mut self, named: Named) -> (Key, TableFound) {
        let key = (named.schema.unwrap_or_else(|| self.path.clone()), named.name.clone());
        if let Some(parent) = named.parent {
            let parent = (parent.schema.unwrap_or_else(|| self.path.clone()), parent.name);
            self.partitions.attach(key.clone(), parent);
        }
        (key, TableFound { name: named.name, columns: named.columns })
    }

    fn copy(&mut self, named: Named) -> Result<(), DumpError> {
        if self.account.encoding.is_empty() {
            return Err(DumpError::Encoding { object: self.object.to_owned(), found: "(not said)".to_owned() });
        }
        self.end_of_header()?;
        let (own, mut table) = self.place(named);
        let key = self.partitions.root(&own);
        let home = match &self.home {
            Some(home) => home.clone(),
            None => self.find_home(&key.0)?,
        };
        self.home = Some(home.clone());
        let is_home = key.0 == home;
        if !is_home && CORE.contains(&key.1.as_str()) && !self.declared.contains_key(&key) {
            return Err(self.several("a Mattermost in more than one schema"));
        }
        // A partition may leave it to its parent to say its columns.
        let mut declared = [&own, &key].into_iter().filter_map(|key| self.declared.get(key));
        if let Some(declared) = declared.find(|declared| !declared.columns.is_empty()) {
            let prefix = format!("{home}.");
            for column in &mut table.columns {
                let same = declared.columns.iter().find(|declared| declared.name == column.name);
                let declared = same.map_or("", |declared| declared.declared.as_str());
                declared.strip_prefix(&prefix).unwrap_or(declared).clone_into(&mut column.declared);
            }
        }
        // With `--load-via-partition-root` the rows of each partition stand under the parent's name.
        if !self.copied.insert(own.clone()) && !self.partitions.is_divided(&own) {
            return Err(self.several(&format!("the table `{}.{}` twice", own.0, own.1)));
        }
        let name = if own.0 == home { own.1.clone() } else { format!("{}.{}", own.0, own.1) };
        if is_home {
            let index = self.begin(name, TableFound { name: key.1.clone(), ..table })?;
            let before = self.partitions.met(&key);
            let rows = self.rows(Some(index), &key.1, before)?;
            self.partitions.count(&key, rows);
            self.account.tables[index].rows = rows;
        } else {
            let rows = self.rows(None, &key.1, 0)?;
            self.account.elsewhere.push(TableCount { name, rows });
        }
        Ok(())
    }

    /// Announces a table, whose rows stand under `name`; returns its index.
    fn begin(&mut self, name: String, table: TableFound) -> Result<usize, DumpError> {
        let index = self.account.tables.len();
        self.account.tables.push(TableCount { name, rows: 0 });
        self.only = Only::new(&table.name, &table.columns);
        (self.on)(Piece::Table(table))?;
        Ok(index)
    }

    /// Rows begin on the line behind the header.
    fn end_of_header(&mut self) -> Result<(), DumpError> {
        let line = self.window.line;
        let object = self.object.to_owned();
        match self.window.byte(0).map_err(|source| self.broken(source))? {
            Some(b'\n') => {
                self.window.skip(1);
                Ok(())
            }
            Some(b'\r') => Err(DumpError::LineEnds { object, line }),
            Some(_) => Err(DumpError::Statement { object, line, expected: "a line feed behind `FROM stdin;`" }),
            None => Err(self.cut_short("rows behind `FROM stdin;`")),
        }
    }

    /// The schema that holds most of Mattermost's core. A dump of rows only declares nothing: there it is the schema of
    /// the first rows.
    fn find_home(&self, first: &str) -> Result<String, DumpError> {
        if self.declared.is_empty() {
            return Ok(first.to_owned());
        }
        let mut core: BTreeMap<&str, usize> = BTreeMap::new();
        for (schema, table) in self.declared.keys() {
            if CORE.contains(&table.as_str()) {
                *core.entry(schema).or_default() += 1;
            }
        }
        let most = core.values().copied().max().unwrap_or_default();
        let mut best = core.into_iter().filter(|(_, count)| *count == most).map(|(schema, _)| schema);
        match (best.next(), best.next()) {
            (Some(home), None) => Ok(home.to_owned()),
            (Some(one), Some(two)) => {
                Err(self.several(&format!("a Mattermost in the schema `{one}` and one in `{two}`")))
            }
            (None, _) => Err(self.not_mattermost(self.declared.len())),
        }
    }

    /// Reads rows through `\.`, hands them over if they are a table's, and counts them; `before` are numbered already.
    fn rows(&mut self, table: Option<usize>, name: &str, before: u64) -> Result<u64, DumpError> {
        let mut rows = before;
        let mut target = self.limits.batch;
        loop {
            self.window.reach(target + 3).map_err(|source| self.broken(source))?;
            let rest = self.window.rest();
            if rest.starts_with(b"\\.\n") {
                self.window.skip_lines(3, 1);
                let only = std::mem::take(&mut self.only).finish();
                self.account
                    .only
                    .extend(table.into_iter().flat_map(|at| only.iter().map(move |(rank, rows)| ((at, *rank), *rows))));
                return Ok(rows - before);
            }
            let limit = rest.len().min(self.limits.batch).min(self.limits.row);
            let within = &rest[..rest.len().min(limit + 3)];
            let end = memmem::find(within, b"\n\\.\n");
            let last = end.or_else(|| memrchr(b'\n', &rest[..limit]));
            let Some(last) = last.or_else(|| memchr(b'\n', &rest[limit..]).map(|at| limit + at)) else {
                if self.window.ended() {
                    return Err(self.cut_short(&format!("the end `\\.` of the rows of `{name}`")));
                }
                if rest.len() > self.limits.row {
                    self.too_long(table, &mut rows, name)?;
                    target = self.limits.batch;
                } else {
                    target = (rest.len() * 2).min(self.limits.row) + 1;
                }
                continue;
            };
            target = self.limits.batch;
            if last > self.limits.row {
                self.too_long(table, &mut rows, name)?;
                continue;
            }
            let count = memchr_iter(b'\n', &rest[..=last]).count() as u64;
            match table {
                Some(table) => {
                    let text = self.window.take(last + 1, count);
                    self.only.count(&text);
                    (self.on)(Piece::Rows(Batch { table, first: rows + 1, text }))?;
                }
                None => self.window.skip_lines(last + 1, count),
            }
            rows += count;
            self.progress.check()?;
        }
    }

    /// Measures and hashes the next row.
    fn too_long(&mut self, table: Option<usize>, rows: &mut u64, name: &str) -> Result<(), DumpError> {
        let mut hash = Context::new(&SHA256);
        let mut length = 0;
        loop {
            self.progress.check()?;
            let rest = self.window.rest();
            let end = memchr(b'\n', rest);
            let part = &rest[..end.unwrap_or(rest.len())];
            hash.update(part);
            length += part.len() as u64;
            let count = part.len();
            self.window.skip_lines(count, 0);
            if end.is_some() {
                self.window.skip_lines(1, 1);
                break;
            }
            if !self.window.more().map_err(|source| self.broken(source))? {
                return Err(self.cut_short(&format!("the end `\\.` of the rows of `{name}`")));
            }
        }
        *rows += 1;
        if let Some(table) = table {
            self.only.count_unseen();
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(hash.finish().as_ref());
            (self.on)(Piece::TooLong(LongRow { table, row: *rows, length, sha256 }))?;
        }
        Ok(())
    }

    fn broken(&self, source: io::Error) -> DumpError {
        DumpError::Text { object: self.object.to_owned(), source }
    }

    fn cut_short(&self, expected: &str) -> DumpError {
        // What is still in the window is part of the text, too.
        let line = self.window.line + memchr_iter(b'\n', self.window.rest()).count() as u64;
        DumpError::CutShort { object: self.object.to_owned(), line, expected: expected.to_owned() }
    }

    fn several(&self, found: &str) -> DumpError {
        DumpError::Several { object: self.object.to_owned(), found: found.to_owned() }
    }

    fn not_mattermost(&self, tables: usize) -> DumpError {
        let found = if tables == 0 { "no tables at all".to_owned() } else { format!("{tables} other tables") };
        DumpError::NotMattermost { object: self.object.to_owned(), found }
    }
}
