//! In which zone people are shown times.

use crate::produce::Zone;

/// `--zone`, for commands that show times.
#[derive(Debug, clap::Args)]
pub(super) struct Zoning {
    /// Zone in which people are shown times, by its IANA name; what programs read stays in UTC
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = Zone::named, help_heading = "Form")]
    pub(super) zone: Zone,
}
