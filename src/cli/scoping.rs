//! Which records of an archive are meant: the flags that commands share which read archives.

use super::exit::Exit;
use super::failure::Failure;
use super::printer::{Printer, harmless};
use super::produce::of_produce;
use crate::produce::scope::Asked;
use crate::produce::{Directory, Scope};
use crate::record::time::{self, Millis, Window};

/// Which records are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Scoping {
    /// Keep what happened at or after this time
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    since: Option<Millis>,
    /// Keep what happened before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    until: Option<Millis>,
    /// Keep what belongs to this team; may be given several times
    #[arg(long, value_name = "NAME", help_heading = "Scope")]
    team: Vec<String>,
    /// Keep what belongs to this channel; may be given several times
    #[arg(long, value_name = "TEAM/NAME|ID", help_heading = "Scope")]
    channel: Vec<String>,
    /// Keep what this user wrote, did or is a member of; may be given several times
    ///
    /// Posts that the user wrote; in forms that list members, all members of the channels that they are in.
    #[arg(long, value_name = "NAME|EMAIL|ID", help_heading = "Scope")]
    user: Vec<String>,
}

impl Scoping {
    /// Which records are asked for.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        if let (Some(from), Some(until)) = (self.since, self.until)
            && from >= until
        {
            return Err(Failure::new(Exit::Usage, "`--since` is not before `--until`, so the window is empty"));
        }
        if [self.since, self.until].into_iter().flatten().any(|at| time::format(at).is_none()) {
            return Err(Failure::new(Exit::Usage, "`--since` or `--until` lies outside the years 0000 to 9999"));
        }
        let window = Window { from: self.since, until: self.until };
        Ok(Asked { window, teams: self.team.clone(), channels: self.channel.clone(), users: self.user.clone() })
    }
}

/// What is asked for, by the ids of the archive; says what it was understood to be.
pub(super) fn told(asked: Asked, directory: &Directory, printer: &Printer) -> Result<Scope, Failure> {
    let scope = Scope::resolve(asked, directory).map_err(|error| of_produce(error.into()))?;
    for line in scope.words() {
        printer.note(format!("  scope     {}", harmless(&line)));
    }
    Ok(scope)
}
