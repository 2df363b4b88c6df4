//! The integration tests, one binary: every file is named here, with what it holds against the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "plain beats fast in tests")]
/// Who could see a record, and what a person could see.
mod access;
/// Audit logs of both schemas, whole and broken, and what they say about posts that are gone.
mod audit;
/// Support: small archives, whole and damaged, written from the specification.
mod bag;
/// Bulk exports that are odd in one way each, and what becomes of them.
mod bulk;
/// What a series of archives says of each record.
mod chain;
/// What archives say of the clocks behind their times.
mod clocks;
/// A source held against what was sealed of it.
mod compare;
/// Completions know every command and flag, for every shell.
mod completions;
/// Archives that are wrong in one way each.
mod damaged;
/// The demo ends well, and what it prints works when it is typed.
mod demo;
/// Dumps of PostgreSQL, true and lying.
mod dump;
/// Rules and holds: tables of decisions, properties, a second evaluator, the server's own way.
mod evaluator;
/// Productions before the programs that read such forms.
mod forms;
/// Every command and flag explains itself, and the same flag says the same everywhere.
mod help;
/// Support: random histories of a small server.
mod history;
/// No bytes make us panic, and what is accepted is counted as it is read.
mod hostile;
/// The house rules: layers, dependencies, words and files.
mod house;
/// Three incidents as their servers remember them, loaded and sealed; and support for the tests of what is made of them.
mod incidents;
/// Keys, signatures and trust, held against OpenSSH, OpenSSL and an independent library.
mod keys;
/// The chain across runs: kept, attacked, recovered.
mod ledger;
/// The pages in `man/` are what the commands say today.
mod man;
/// No change of an archive goes unseen.
mod mutations;
/// A live MariaDB, as the source of the second class that it is.
mod mysql;
/// Our archives before other people's programs, and a recomputation in another language.
mod outside;
/// What every production says of itself.
mod papers;
/// Reports for build servers, numbers for monitoring, and the kit for leaving it running.
mod pipelines;
/// What is foretold of an export, a policy or the server comes true.
mod plan;
/// The language of policies: its page, its samples, and hostile files.
mod policy;
/// A live PostgreSQL: read from one snapshot, and unharmed.
mod postgres;
/// The README shows what really happens.
mod readme;
/// The same evidence gives the same archive.
mod repeatable;
/// Incident reports, line by line against the records that they name.
mod report;
/// Policies and holds, applied.
mod retention;
/// Scheduled runs: a chain of archives that together hold what one export holds.
mod runs;
/// Whatever happens to a run, nothing is lost and nothing deceives.
mod safety;
/// Scope: what is asked for is kept, and what is left out is counted.
mod scope;
/// Support: runs exports and reads what they sealed.
mod sealed;
/// Searching archives, and showing a post with its thread.
mod search;
/// Support: private database servers.
mod servers;
/// The format's page says what the program does, with a worked example.
mod specification;
/// Data on stdout, talk on stderr, one JSON document, and an exit code that means what the table says.
mod streams;
/// Databases as a source: live, as a dump, restored.
mod tables;
/// Timelines: ordered, whole, and each line leading back to a sealed record.
mod timeline;
/// Programs of other people, as judges of ours.
mod tools;
/// `produce --format html`: pages, search and a browser.
mod transcript;
/// Transcripts: what is typed, what is said.
mod transcripts;
/// Mattermost's own compliance export, held against Python's readers.
mod vendor;
/// Verification: layers, endings, trust, chains.
mod verify;
/// Reading segments side by side.
mod walk;
