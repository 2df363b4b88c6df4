//! What must be kept, what may go, what is frozen, and why: for each record, provable later.
//!
//! ```text
//! document ── policy files and hold files, checked ──▶ rule, hold ─┐
//!                                                                   ├──▶ evaluator ── subject ──▶ decision
//! world ───── facts of a source, read before its records ───────────┘
//! ```
//!
//! [`evaluator::Evaluator::new`] works out once what depends on a place or a person alone: which scopes cover it (`masks`),
//! which holds cover it when (`custody`, `timeline`). A record then becomes a `case`: its post, thread, place and author;
//! `profile` leaves out rules that others decide before, `clocks` says when the periods of the rest end, `weigh` what they
//! come to, `mattermost` what the server's way makes of it. `explain` and `reasons` ask the same questions and keep the answers.
//!
//! Precedence, in one sentence: **hold > longest required minimum > shortest allowed maximum.** A record that any active
//! hold covers is kept. Else it is kept until the latest of the minimum periods of all rules that cover it. Else the
//! earliest of their maximum periods says when it is due. What then happens is the most careful of what these rules say:
//! it is disposed of only if every rule that sets it a maximum says so; review goes before transfer. A record that no
//! rule covers is kept. Adding a hold or lengthening a period never makes anything disposable, and no order of rules,
//! holds or files decides anything.
//!
//! What belongs to a post (its reactions, files, earlier versions …) is decided as the post is, so that nothing of it is
//! parted from it; a rule may set files periods of their own, and a hold may cover more than the post.
//!
//! [`rule::Precedence::Mattermost`] is the server's own way instead (channel > team > global, strict comparisons), so
//! that an officer can reproduce what the server would delete.
//!
//! Invariant: deciding is pure and total. It cannot fail, and reads no clock, file or environment: the time of the
//! decision is an argument. Periods are calendar-true in UTC and half-open: a record is kept while `now < end`.
//!
//! It refuses to guess: a policy with an unknown key, a clash or a period that overflows is findings, not a default.

mod case;
mod clocks;
mod custody;
pub mod decision;
mod details;
pub mod document;
pub mod evaluator;
mod explain;
pub mod explanation;
pub mod hold;
mod masks;
mod mattermost;
pub mod near;
mod pattern;
pub mod period;
mod profile;
mod reasons;
pub mod rule;
mod scope;
pub mod server;
pub mod set;
mod sets;
pub mod subject;
mod timeline;
pub mod unknown;
mod weigh;
mod words;
pub mod world;
