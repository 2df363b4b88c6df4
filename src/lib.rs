//! chatseal takes what was said in a Mattermost server, decides what must be kept, and turns it into archives that a
//! stranger can check without trusting us, the host, or the network.
//!
//! # The house in one picture
//!
//! ```text
//!               rows                  records                 zip
//!  database, dump, ──▶ source ─────▶ select ─────▶ archive ─────▶ verify ─────▶ verdict
//!  bulk export,        reads,        scope,         segments,      reads an archive and public keys,
//!  audit log, files    never         policy,        tree, seal     and shares nothing with what made it
//!                      decides       counts of         │
//!                                    what is out       ├────────▶ ledger ─────▶ chain across archives
//!                                                      └────────▶ search, produce ─────▶ people, review platforms
//! ```
//!
//! Data flows left to right, once. Nothing to the right of the archive opens the source again; nothing to its left
//! knows a key.
//!
//! # Where to begin
//!
//! Run `chatseal demo`, then read [`record::line`] (what is hashed), [`archive`] (what is promised, and what not),
//! [`archive::seal`] (what is signed), `cli/export/sealing.rs` (the whole way of an export on one page),
//! [`policy`] (what decides over a record), and [`verify`] (the whole way back). What belongs to an incident is found in
//! [`source::tables::incident`], and told again, from the sealed records alone, in [`produce::incident`].
//!
//! # Code map
//!
//! | module | what it holds | what it never does |
//! |---|---|---|
//! | [`record`] | kinds, ids, times, the record line, strict JSON, exceptions | depend on anything else here |
//! | [`merkle`] | RFC 6962 leaves, nodes, compact ranges, proofs | know what a leaf means |
//! | [`keys`] | key files, ssh-agent, SSH signatures, C2SP notes, allowed signers, revocation | trust by default |
//! | [`source`] | the catalogue of kinds; databases, dumps, bulk exports, audit logs, file stores | decide, write, follow a path from data |
//! | [`policy`] | retention rules, legal holds, the one evaluator that decides | fail, guess, read a clock |
//! | [`select`] | scope and policy applied to a source; the completeness equation | lose a row silently |
//! | [`archive`] | layout, zip headers, stage, segments, manifests, seal; the one strict reader | write in place, overwrite |
//! | [`ledger`] | the log of seals and statements: append under a lock, recover, read back | judge archives, trust, read a clock |
//! | [`chain`] | what a series of archives says of each record: the index on disk | trust a cache, open a source |
//! | [`search`] | finding records by what they say, by whom, where, when | verify, decode what cannot match |
//! | [`produce`] | the archive in the forms that people and review platforms read; incidents told, and who could see what | open a source, judge a signature, drop in silence |
//! | [`verify`] | every layer in a fixed order, findings, verdict | end well with something unchecked |
//! | [`cli`] | arguments, terminal, environment, clock, exit codes | hold logic that a library user would need |
//! | [`sort`] | sorting more lines than memory holds | know what a line means |
//! | [`progress`] | counts and the stop flag that core code and the terminal share | print |
//!
//! A database and its dump hand over the same text ([`source::rows`]), and [`source::tables`] makes records of it: what is
//! read live, from a dump, or restored gives the same root. Only `source::postgres` knows sqlx and tokio.
//!
//! `tests/house/` keeps these lines: a module that uses another one that it should not, a clock outside `cli`, an HTTP
//! client in the dependency tree, a file that grew too long: each fails a test.
//!
//! # What cuts across
//!
//! - **Errors, findings, exceptions** are three things. An error means that we could not finish or decide; a finding is
//!   something that a check discovered; an exception is a gap in what could be collected, and is sealed as data.
//! - **Bytes, not JSON.** What is hashed is the line as stored; nothing is re-serialised to be checked.
//! - **Determinism.** Same input, salt, key and time: same bytes, for any number of threads. Order is decided by
//!   content, in one place ([`sort`]), and everything parallel is independent of its neighbours.
//! - **Memory** grows with the number of threads and with the directory (teams, channels, users, files), not with the
//!   number of posts; a scope that restricts a database also holds the ids of the posts in it, an incident up to 64 MiB
//!   of their rows, and a policy facts about the posts that other records name. A line of up to 64 MiB is decoded alone.
//! - **Hostile input.** Exports, archives, keys and signer lists are parsed with stated limits and without a panic on any
//!   bytes; `fuzz/` holds a target for each parser.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::format_collect)
)]

pub mod archive;
pub mod chain;
pub mod cli;
pub mod keys;
pub mod ledger;
pub mod merkle;
pub mod policy;
pub mod produce;
pub mod progress;
pub mod record;
pub mod search;
pub mod select;
pub mod sort;
pub mod source;
pub mod verify;
