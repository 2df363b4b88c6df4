//! What is answered when something was appended.

use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::printer::{Printer, harmless};
use crate::ledger::Committed;

/// What was appended.
#[derive(Serialize)]
struct Appended<'a> {
    said: &'a str,
    number: u64,
    head: String,
    head_sha256: String,
}

/// Says that a statement was committed, and the new head.
pub(in crate::cli) fn answer(printer: &Printer, kind: &str, committed: &Committed, words: &str) {
    let (head, head_sha256) = (committed.head.to_string(), committed.head.full());
    let appended = Appended { said: words, number: committed.number, head, head_sha256 };
    printer.answer(kind, Exit::Ok, &appended, || format!("{}\nhead  {}\n", harmless(appended.said), appended.head));
}
