//! The job: its window in the vendor's terms, and the channels that it is about.
//!
//! Ours is half-open and the vendor's closed, so `job_end` is one millisecond before our end, everywhere.

use super::members::History;
use super::select::Selected;
use crate::produce::Work;
use crate::record::time::{self, Millis, Window};

/// What the vendor calls a job.
#[derive(Debug)]
pub(super) struct Job {
    /// First millisecond.
    pub(super) start: Millis,
    /// Last millisecond.
    pub(super) end: Millis,
    /// The ends that no window gave: they are those of what the archive holds.
    derived: (bool, bool),
    /// Ids of its channels, sorted: with a post that changed in the window, or somebody who joined or left in it.
    pub(super) channels: Vec<Box<str>>,
}

/// The window of the archive, narrowed by the one that was asked for.
pub(super) fn window(work: &Work<'_>) -> Window {
    let (sealed, asked) = (work.sealed.seal.window, work.scope.window());
    Window { from: sealed.from.max(asked.from), until: [sealed.until, asked.until].into_iter().flatten().min() }
}

impl Job {
    /// The job of these posts and memberships.
    pub(super) fn new(work: &Work<'_>, selected: &Selected, history: &History) -> Self {
        let window = window(work);
        let first = || [selected.first, history.first].into_iter().flatten().min().unwrap_or_default();
        let start = window.from.unwrap_or_else(first);
        let last = || selected.last.max(history.last).unwrap_or(start);
        let end = window.until.map_or_else(last, |until| until.saturating_sub(1));
        let mut job =
            Self { start, end, derived: (window.from.is_none(), window.until.is_none()), channels: Vec::new() };
        let mut channels = selected.channels.clone();
        let admits = |id: &str| work.directory.channel(id).is_some() && work.scope.admits_channel(id, work.directory);
        channels.extend(history.active(&job).filter(|id| admits(id)).map(Box::from));
        job.channels = channels.into_iter().collect();
        job
    }

    /// Whether a moment lies in it.
    pub(super) fn contains(&self, at: Millis) -> bool {
        self.start <= at && at <= self.end
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        let moment = |at: Millis| time::format(at).unwrap_or_else(|| at.to_string());
        let derived = match self.derived {
            (false, false) => "",
            (true, false) => "; the window is open at its start, so the job begins with the first thing in the archive",
            (false, true) => "; the window is open at its end, so the job ends with the last thing in the archive",
            (true, true) => "; the window is open, so the job goes from the first to the last thing in the archive",
        };
        format!("job from {} to {}, both included{derived}", moment(self.start), moment(self.end))
    }
}
