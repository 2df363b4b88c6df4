//! `chatseal grants`: the database role that chatseal should read with.

use super::exit::Exit;
use super::manual::Manual;
use super::printer::Printer;
use crate::source::postgres::{grants, is_plain};
use serde::Serialize;

/// Print the SQL of a read-only database role
///
/// Prints a script for psql that makes a PostgreSQL role with just the tables and columns that chatseal reads: no
/// password hash, token or other secret can be read with it, and nothing can be written. What the server does not have
/// is passed over, and the script may be run again after an upgrade of Mattermost or chatseal. It sets no password.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Name of the role
    #[arg(long, value_name = "NAME", default_value = "chatseal", value_parser = plain)]
    role: String,
    /// Schema that holds Mattermost's tables
    #[arg(long, value_name = "NAME", default_value = "public", value_parser = plain)]
    schema: String,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[(Exit::Ok, "printed")],
    files: &[],
    examples: &[
        (
            "Write the script, to be read and then run with `psql --file=grants.sql mattermost`",
            "chatseal grants > grants.sql",
        ),
        ("Under another name", "chatseal grants --role records_reader"),
    ],
    see_also: &["chatseal-export(1)", "psql(1)"],
};

/// The answer with `--json`.
#[derive(Serialize)]
struct Grants<'a> {
    role: &'a str,
    schema: &'a str,
    script: &'a str,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Exit {
    let Args { role, schema } = args;
    let script = grants(role, schema);
    printer.answer("grants", Exit::Ok, &Grants { role, schema, script: &script }, || script.clone());
    Exit::Ok
}

fn plain(text: &str) -> Result<String, &'static str> {
    is_plain(text).then(|| text.to_owned()).ok_or("letters, digits and `_-.@` are expected, at most 63 bytes")
}
