//! How many threads do the work.

use super::exit::Exit;
use super::failure::Failure;
use std::num::NonZeroUsize;

/// `--threads`, for commands whose work is spread over all cores.
#[derive(Debug, clap::Args)]
pub(super) struct Threads {
    /// Number of threads that work; the result never depends on it
    #[arg(long, value_name = "N", help_heading = "Work")]
    threads: Option<NonZeroUsize>,
}

impl Threads {
    /// This number of threads, or one for each core.
    pub(super) fn of(number: Option<u64>) -> Self {
        Self { threads: number.and_then(|number| NonZeroUsize::new(usize::try_from(number).ok()?)) }
    }

    /// Runs `work` with this many threads, or one for each core.
    pub(super) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, NonZeroUsize::get))
            .thread_name(|index| format!("chatseal-{index}"))
            .build()
            .map_err(|error| Failure::of(Exit::Unavailable, error).context("cannot start threads"))?;
        Ok(pool.install(work))
    }
}
