//! Which records of a source are meant: the flags that `export`, `plan` and the `policy` commands share.

use std::path::PathBuf;

use clap::ValueHint;

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::ledger::memory::duration;
use super::threads::Threads;
use crate::record::time::{self, Millis, Window};
use crate::source::bulk::container::ContentPlace;
use crate::source::scope::{Asked, AskedIncident};

/// Which records are meant, and as of when.
#[derive(Debug, clap::Args)]
pub(super) struct Reading {
    /// Keep what happened at or after this time
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    pub(super) since: Option<Millis>,
    /// Keep what happened before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    pub(super) until: Option<Millis>,
    /// Keep what belongs to this team; may be given several times
    #[arg(long, value_name = "NAME", help_heading = "Scope")]
    pub(super) team: Vec<String>,
    /// Keep what belongs to this channel; may be given several times
    #[arg(long, value_name = "TEAM/NAME|ID", help_heading = "Scope")]
    pub(super) channel: Vec<String>,
    /// Keep what this user wrote, did or is a member of; may be given several times
    #[arg(long, value_name = "NAME|EMAIL|ID", help_heading = "Scope")]
    pub(super) user: Vec<String>,
    /// Keep what belongs to this playbook run and nothing else, and say of each record why
    ///
    /// A run by its id or name, or all runs of a channel. With it come its playbook, its channel and the channels that it
    /// was broadcast to or that its posts link to, whole threads, calls, boards, what posts there by itself, and what the
    /// audits say of the participants: from the beginning of the run to its end, with `--margin` on both sides, unless
    /// `--since` and `--until` say otherwise. See chatseal-archive(5), "Incidents".
    #[arg(
        long,
        value_name = "RUN-ID|NAME|TEAM/CHANNEL",
        conflicts_with_all = ["team", "channel", "user"],
        help_heading = "Scope"
    )]
    pub(super) incident: Option<String>,
    /// How far an incident reaches beyond the life of its run: `36h`, `2d`, `1w`
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1d", help_heading = "Scope")]
    pub(super) margin: Millis,
    /// Take in the direct and group channels of which all members took part in the incident
    ///
    /// One that the run itself was broadcast to is taken in whoever reads there, as `linked`; a note in the exceptions says
    /// that there are others in it.
    #[arg(long, requires = "incident", help_heading = "Scope")]
    pub(super) include_direct: bool,
    /// Folder in which attachments are looked for: a bulk export's `data`, or the file store of the server
    ///
    /// For a database this is `FileSettings.Directory`, usually `data` below the server. Without it, and without
    /// `--no-files`, the archive states as an exception that files were not collected.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "no_files", help_heading = "Attachments")]
    pub(super) files: Option<PathBuf>,
    /// Leave the bytes of attachments out; what the source says about them stays in
    #[arg(long, help_heading = "Attachments")]
    pub(super) no_files: bool,
    /// Audit log of the server, `audit.log` or a rotated `audit-….log.gz` (or `.zst`); may be given several times
    ///
    /// Each line becomes a record. Posts that were created according to the log but are not in the database are
    /// reported as purged, and so are rows that name what is no longer there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Audit log")]
    pub(super) audit_log: Vec<PathBuf>,
    /// Time to decide and seal as of, instead of the clock's, so that a run can be repeated
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Seal", allow_hyphen_values = true)]
    pub(super) as_of: Option<Millis>,
    #[command(flatten)]
    pub(super) threads: Threads,
}

impl Reading {
    /// Which records are asked for.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        let window = Window { from: self.since, until: self.until };
        if let (Some(from), Some(until)) = (self.since, self.until)
            && from >= until
        {
            return Err(Failure::new(Exit::Usage, "`--since` is not before `--until`, so the window is empty"));
        }
        if [self.since, self.until].into_iter().flatten().any(|at| time::format(at).is_none()) {
            return Err(Failure::new(Exit::Usage, "`--since` or `--until` lies outside the years 0000 to 9999"));
        }
        let (teams, channels, users) = (self.team.clone(), self.channel.clone(), self.user.clone());
        Ok(Asked { window, teams, channels, users, changes: None, incident: self.incident() })
    }

    fn incident(&self) -> Option<AskedIncident> {
        let asked =
            |run: &String| AskedIncident { run: run.clone(), margin: self.margin, with_direct: self.include_direct };
        self.incident.as_ref().map(asked)
    }

    /// As of when to decide and seal.
    pub(super) fn time(&self) -> Result<Millis, Failure> {
        let time = self.as_of.unwrap_or_else(clock::now);
        match time::format(time) {
            Some(_) => Ok(time),
            None => Err(Failure::new(Exit::Usage, "`--as-of` lies outside the years 0000 to 9999")),
        }
    }

    /// Where attachments are.
    pub(super) fn contents(&self) -> ContentPlace {
        match (&self.files, self.no_files) {
            (_, true) => ContentPlace::Nowhere,
            (Some(folder), _) => ContentPlace::Folder(folder.clone()),
            (None, false) => ContentPlace::Usual,
        }
    }
}

/// A scope for people, on lines of its own: window, teams, channels, users.
pub(super) fn understood(asked: &Asked) -> String {
    let end = |at: Option<Millis>| at.and_then(time::format);
    let (open, incident) = match &asked.incident {
        None => ("everything", String::new()),
        Some(AskedIncident { run, with_direct, .. }) => {
            let direct = if *with_direct { ", with direct channels among participants" } else { "" };
            ("the life of the run, with a margin", format!("\n  incident  {run}{direct}"))
        }
    };
    let window = match (end(asked.window.from), end(asked.window.until)) {
        (None, None) => open.to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("before {until}"),
        (Some(from), Some(until)) => format!("from {from}, before {until}"),
    };
    let list = |label: &str, names: &[String]| {
        if names.is_empty() { String::new() } else { format!("\n  {label:<9} {}", names.join(", ")) }
    };
    format!(
        "  window    {window}{incident}{}{}{}",
        list("teams", &asked.teams),
        list("channels", &asked.channels),
        list("users", &asked.users)
    )
}
