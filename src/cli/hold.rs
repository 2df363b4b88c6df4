//! `chatseal hold`: legal holds, as signed statements in the ledger.

pub(super) mod frozen;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};
use serde::Serialize;

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::ledger::failures::of_ledger;
use super::ledger::waiting::Wait;
use super::ledger::{memory, said, signer};
use super::manual::Manual;
use super::policy::load_with;
use super::printer::{Printer, harmless};
use crate::ledger::{Act, Freeze, Said, is_hold_id, unwatched};
use crate::policy::hold::Hold;
use crate::record::time::{self, Millis, Window};

/// Issue, release and list legal holds
///
/// A hold is a signed statement in the ledger: who issued it, when, why, and what it freezes. It is in force from its
/// place in the ledger on until a release stands behind it; neither is ever changed or removed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with holds.
#[derive(Debug, Subcommand)]
enum Command {
    Add(AddArgs),
    Release(ReleaseArgs),
    List(ListArgs),
}

/// Whose act it is.
#[derive(Debug, clap::Args)]
struct ByArgs {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    ledger: PathBuf,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
    /// Who decides
    #[arg(long, value_name = "WHO", help_heading = "Act")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", help_heading = "Act")]
    why: String,
    /// Who agreed; may be given several times
    #[arg(long, value_name = "WHO", help_heading = "Act")]
    approved_by: Vec<String>,
    #[command(flatten)]
    wait: Wait,
}

/// Issue a hold
///
/// It covers what its custodians could see or did, and everything in its channels and teams; with keywords only the posts
/// that hold one of them, and what belongs to those; all within its window.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_ADD.after_help())]
struct AddArgs {
    /// Id of the hold: letters, digits, `.`, `_`, `:`, `-`
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    by: ByArgs,
    /// The case or inquiry
    #[arg(long, value_name = "TEXT")]
    matter: String,
    /// Hold everything in the window
    #[arg(long, conflicts_with_all = ["user", "group", "channel", "team"], help_heading = "Covers")]
    everything: bool,
    /// Hold what this user wrote, did or could see: name, e-mail address or id; may be given several times
    #[arg(long = "user", value_name = "CUSTODIAN", help_heading = "Covers")]
    user: Vec<String>,
    /// Hold what members of this group wrote, did or could see; may be given several times
    #[arg(long, value_name = "GROUP", help_heading = "Covers")]
    group: Vec<String>,
    /// Hold what belongs to this channel, with `*`; may be given several times
    #[arg(long = "channel", value_name = "CHANNEL", help_heading = "Covers")]
    channel: Vec<String>,
    /// Hold what belongs to this team, with `*`; may be given several times
    #[arg(long = "team", value_name = "TEAM", help_heading = "Covers")]
    team: Vec<String>,
    /// Of that, hold the posts that hold this word or phrase; may be given several times
    #[arg(long, value_name = "TEXT", help_heading = "Covers")]
    keyword: Vec<String>,
    /// Hold what happened at or after this time
    #[arg(long = "since", value_name = "WHEN", value_parser = time::parse, help_heading = "Covers", allow_hyphen_values = true)]
    since: Option<Millis>,
    /// Hold what happened before this time
    #[arg(long = "until", value_name = "WHEN", value_parser = time::parse, help_heading = "Covers", allow_hyphen_values = true)]
    until: Option<Millis>,
}

/// Release a hold
///
/// The hold stays in the ledger, and behind it stands who released it and why. What it froze is free for the policy to
/// judge from then on; what another hold covers stays frozen.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_RELEASE.after_help())]
struct ReleaseArgs {
    /// Id of the hold
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    by: ByArgs,
}

/// List the holds of a ledger, or write them as a holds file
///
/// Lists every hold that was ever issued, in order, what it covers, and whether it is in force. With `--toml` it prints
/// them as the file that an export takes by `--holds`, and that is sealed with the archive.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_LIST.after_help())]
struct ListArgs {
    /// Folder of the ledger
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    ledger: PathBuf,
    /// Print a holds file, as `--holds` of an export takes it
    #[arg(long)]
    toml: bool,
}

const EXITS: &[(Exit, &str)] = &[
    (Exit::Ok, "stated in the ledger"),
    (Exit::Usage, "what was given cannot stand in a statement"),
    (Exit::Incomplete, "the ledger does not hold together; nothing was appended"),
    (Exit::Unavailable, "the ledger or the key could not be used"),
    (Exit::Locked, "another process appends"),
    (Exit::Refused, "another key signs this ledger, or the hold stands or does not stand in it"),
];

const EXAMPLES: &[(&str, &str)] = &[
    (
        "Hold what two people could see since June",
        "chatseal hold add crane-7 --ledger ledger --key seal.key --matter berth-4 --user kai --user mia \\\n      --since 2026-06-01 --by mia --why insurance",
    ),
    ("Release it", "chatseal hold release crane-7 --ledger ledger --key seal.key --by mia --why settled"),
    ("Use the holds of a ledger in an export", "chatseal hold list --ledger ledger --toml > holds.toml"),
];

pub(super) const MANUAL: Manual =
    Manual { exits: EXITS, files: &[], examples: EXAMPLES, see_also: &["chatseal-ledger(1)", "chatseal-ledger(5)"] };
const MANUAL_ADD: Manual = MANUAL;
const MANUAL_RELEASE: Manual = MANUAL;
const MANUAL_LIST: Manual = Manual {
    exits: &[
        (Exit::Ok, "listed"),
        (Exit::Incomplete, "the ledger does not hold together"),
        (Exit::Unavailable, "the ledger could not be read"),
    ],
    ..MANUAL
};

/// What the page of a subcommand says.
pub(super) fn manual(word: &str) -> Option<Manual> {
    Some(match word {
        "add" => MANUAL_ADD,
        "release" => MANUAL_RELEASE,
        "list" => MANUAL_LIST,
        _ => return None,
    })
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    match &args.command {
        Command::Add(args) => add(args, printer),
        Command::Release(args) => release(args, printer),
        Command::List(args) => list(args, printer),
    }
}

impl ByArgs {
    fn act(&self) -> Act {
        Act { by: self.by.clone(), why: self.why.clone(), approved_by: self.approved_by.clone() }
    }

    /// Appends what is said, if `allowed` does not object to the holds that stand.
    fn state(
        &self,
        said: Said,
        allowed: impl FnOnce(&[Hold]) -> Result<(), Failure>,
        words: &str,
        kind: &str,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        let signer = signer(&self.key)?;
        let now = clock::now();
        let mut ledger = self.wait.open(&self.ledger, printer)?;
        allowed(&frozen::holds(ledger.reading(), now))?;
        let committed = ledger.state(said, &signer, &signer, now, &mut unwatched).map_err(of_ledger)?;
        said::answer(printer, kind, &committed, words);
        Ok(Exit::Ok)
    }
}

fn add(args: &AddArgs, printer: &Printer) -> Result<Exit, Failure> {
    let nobody = [&args.user, &args.group, &args.channel, &args.team].iter().all(|named| named.is_empty());
    if nobody && !args.everything {
        let message = "the hold covers nothing: name a user, group, channel or team, or give `--everything`";
        return Err(Failure::new(Exit::Usage, message));
    }
    if !is_hold_id(&args.id) {
        let message = format!("`{}` is not the id of a hold: [A-Za-z0-9][A-Za-z0-9._:-]{{0,99}}", harmless(&args.id));
        return Err(Failure::new(Exit::Usage, message));
    }
    if args.since.zip(args.until).is_some_and(|(since, until)| since >= until) {
        return Err(Failure::new(Exit::Usage, "`--since` is not before `--until`, so the window is empty"));
    }
    let freeze = Freeze {
        id: args.id.clone(),
        matter: args.matter.clone(),
        everything: args.everything,
        users: args.user.clone(),
        groups: args.group.clone(),
        channels: args.channel.clone(),
        teams: args.team.clone(),
        keywords: args.keyword.clone(),
        includes_open_channels: true,
        window: Window { from: args.since, until: args.until },
        act: args.by.act(),
    };
    let said = Said::Hold(Box::new(freeze.clone()));
    said.require_text().map_err(|error| Failure::of(Exit::Usage, error))?;
    // What could not be read back as a holds file would stop every later export.
    let now = clock::now();
    let text = frozen::document(&[frozen::hold(&freeze, now, now)]);
    load_with(&[], &[], Some((format!("the hold {}", args.id), text.into_bytes())))?;
    let new = |holds: &[Hold]| {
        let taken = holds.iter().any(|hold| hold.id == args.id);
        let message = format!("the ledger has a hold `{}` already", args.id);
        if taken { Err(Failure::new(Exit::Refused, message).hint("give this one another id")) } else { Ok(()) }
    };
    let words = format!("hold {} is in force", args.id);
    args.by.state(said, new, &words, "hold-add", printer)
}

fn release(args: &ReleaseArgs, printer: &Printer) -> Result<Exit, Failure> {
    let stands = |holds: &[Hold]| match holds.iter().rev().find(|hold| hold.id == args.id) {
        Some(hold) if hold.released.is_none() => Ok(()),
        Some(_) => Err(Failure::new(Exit::Refused, format!("the hold `{}` was released before", harmless(&args.id)))),
        None => Err(Failure::new(Exit::Refused, format!("the ledger has no hold `{}`", harmless(&args.id)))
            .hint("chatseal hold list --ledger DIR")),
    };
    let words = format!("hold {} is released", args.id);
    let said = Said::Release { id: args.id.clone(), act: args.by.act() };
    args.by.state(said, stands, &words, "hold-release", printer)
}

/// A hold as it is listed.
#[derive(Serialize)]
struct Listed {
    id: String,
    matter: String,
    active: bool,
    issued_by: String,
    issued_at: Option<String>,
    released_by: Option<String>,
    released_at: Option<String>,
    covers: Vec<String>,
}

impl Listed {
    fn of(hold: &Hold, now: Millis) -> Self {
        let named = |word: &'static str, values: &[String]| -> Vec<String> {
            values.iter().map(|value| format!("{word} {value}")).collect()
        };
        let texts = |patterns: &[crate::policy::rule::Pattern]| -> Vec<String> {
            patterns.iter().map(|pattern| pattern.0.clone()).collect()
        };
        let mut covers = if hold.everything { vec!["everything".to_owned()] } else { Vec::new() };
        covers.extend(named("user", &hold.users));
        covers.extend(named("group", &hold.groups));
        covers.extend(named("channel", &texts(&hold.channels)));
        covers.extend(named("team", &texts(&hold.teams)));
        covers.extend(named("keyword", &hold.keywords));
        covers.extend(hold.window.from.and_then(time::format).map(|at| format!("from {at}")));
        covers.extend(hold.window.until.and_then(time::format).map(|at| format!("before {at}")));
        Self {
            id: hold.id.clone(),
            matter: hold.matter.clone(),
            active: hold.is_active(now),
            issued_by: hold.issued.by.clone(),
            issued_at: time::format(hold.issued.at),
            released_by: hold.released.as_ref().map(|act| act.by.clone()),
            released_at: hold.released.as_ref().and_then(|act| time::format(act.at)),
            covers,
        }
    }
}

#[derive(Serialize)]
struct Holds {
    holds: Vec<Listed>,
}

fn list(args: &ListArgs, printer: &Printer) -> Result<Exit, Failure> {
    let reading = memory::read(&args.ledger)?;
    let folder = args.ledger.display();
    if !reading.defects.is_empty() {
        return Err(Failure::new(Exit::Incomplete, format!("`{folder}` does not hold together"))
            .hint(format!("chatseal ledger status {folder}")));
    }
    let now = clock::now();
    let holds = frozen::holds(&reading, now);
    let listed = Holds { holds: holds.iter().map(|hold| Listed::of(hold, now)).collect() };
    printer.answer("hold-list", Exit::Ok, &listed, || {
        if args.toml {
            return frozen::document(&holds);
        }
        let mut out = String::new();
        for hold in &listed.holds {
            let state = if hold.active { "in force" } else { "released" };
            let _ = writeln!(out, "{} ({state}): {}", hold.id, harmless(&hold.matter));
            let _ = writeln!(out, "  covers {}", harmless(&hold.covers.join(", ")));
            let since = hold.issued_at.as_deref().unwrap_or_default();
            let _ = writeln!(out, "  issued {since} by {}", harmless(&hold.issued_by));
            if let (Some(at), Some(by)) = (&hold.released_at, &hold.released_by) {
                let _ = writeln!(out, "  released {at} by {}", harmless(by));
            }
        }
        if listed.holds.is_empty() { "no holds\n".to_owned() } else { out }
    });
    Ok(Exit::Ok)
}
