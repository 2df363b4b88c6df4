//! Incidents: what an archive says of playbook runs, of everything that happened, and of how the response went.
//!
//! ```text
//!  records ──▶ read    ──▶ runs ──┬─▶ events   one list of what happened, ordered by time, kind and id
//!              (a pass over the   └─▶ figures  how long, how many, who: each with its formula and its records
//!               kinds of playbooks)
//! ```
//!
//! Why: playbooks, messages, memberships, calls and the audit log tell one story in a dozen tables. Who answers for an
//! incident needs it told once, in order, and every line of it leading back to a sealed record.
//!
//! Invariants: every event and every figure names the records that it was made of. What is broken, of an older shape, or
//! gone is a [`Gap`], never a panic and never silence. Memory grows with the runs (their rows, tasks and entries) and the
//! directory, not with posts.
//!
//! It refuses to guess: a figure for which a record is missing says which one, and has no value.

pub mod because;
pub mod checklist;
pub mod details;
pub mod event;
pub mod events;
pub mod figures;
mod holds;
mod json;
mod read;
pub mod run;
pub mod seen;
pub mod tell;

pub use checklist::{Checklist, Task, TaskState};
pub use event::{Event, More, Sort};
pub use events::{Record, Story};
pub use figures::Figures;
pub use run::{Capacity, Entry, Gap, Metric, Participant, Playbook, RecordId, Run, Runs, StatusPost};
pub use tell::Teller;
