//! Two commands side by side: in turn, in the same run, so that a machine that slows down slows both.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// A command that is run again and again.
pub(crate) struct Contender<'a> {
    /// As it is printed.
    pub(crate) label: &'a str,
    pub(crate) command: &'a dyn Fn() -> Command,
    /// Removed before each run, outside the time taken.
    pub(crate) output: Option<&'a Path>,
}

impl Contender<'_> {
    fn start(&self) -> anyhow::Result<Child> {
        if let Some(output) = self.output
            && output.exists()
        {
            fs::remove_file(output)?;
        }
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().with_context(|| format!("cannot run `{}`", self.label))
    }

    fn finish(&self, child: Child) -> anyhow::Result<()> {
        let ended = child.wait_with_output()?;
        if !ended.status.success() {
            bail!("`{}` ended with {}: {}", self.label, ended.status, String::from_utf8_lossy(&ended.stderr));
        }
        Ok(())
    }

    fn time(&self) -> anyhow::Result<Duration> {
        let child = self.start()?;
        let begin = Instant::now();
        self.finish(child)?;
        Ok(begin.elapsed())
    }

    /// Peak resident memory of one run, in bytes.
    ///
    /// Linux keeps the high-water mark of a living process in `/proc/PID/status`; it is looked at every two
    /// milliseconds, in runs whose time is not taken.
    pub(crate) fn peak(&self) -> anyhow::Result<u64> {
        let mut child = self.start()?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait()?.is_none() {
            peak = peak.max(high_water_mark(&status).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(2));
        }
        self.finish(child)?;
        Ok(peak)
    }
}

fn high_water_mark(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// Runs both in turn, once without counting and then `rounds` times; returns a table.
pub(crate) fn compare(rounds: usize, ours: &Contender<'_>, theirs: &Contender<'_>) -> anyhow::Result<String> {
    // What an earlier step still has to write would be written at the cost of one of them.
    Command::new("sync").status().context("cannot run `sync`")?;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for (contender, times) in [ours, theirs].into_iter().zip(&mut times) {
            let time = contender.time()?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    let mut text = String::new();
    writeln!(text, "  {:<52} {:>9} {:>9} {:>9}", "seconds", "min", "median", "max")?;
    let mut medians = Vec::new();
    for (contender, mut times) in [ours, theirs].into_iter().zip(times) {
        times.sort_unstable();
        let median = median(&times);
        let seconds = [times.first().copied(), Some(median), times.last().copied()];
        let [min, median, max] = seconds.map(|time| time.unwrap_or_default().as_secs_f64());
        medians.push(median);
        writeln!(text, "  {:<52} {min:>9.3} {median:>9.3} {max:>9.3}", contender.label)?;
    }
    writeln!(text, "  {:<52} {:>9} {:>9.2}", "ratio of medians", "", medians[0] / medians[1])?;
    Ok(text)
}

/// The middle one; of an even number the mean of the middle two.
fn median(sorted: &[Duration]) -> Duration {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2 } else { sorted[middle] }
}
