//! Shows a [`Progress`] while the work runs: a bar on a terminal, a plain line now and then elsewhere, nothing when
//! quiet.
//!
//! The work knows nothing of it: a thread of its own looks at the counts and leaves when the work ends, however it ends.

use super::printer::Printer;
use crate::progress::{Progress, Snapshot};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the counts are looked at, and how often a plain line is said.
#[derive(Clone, Copy)]
struct Pace {
    look: Duration,
    line: Duration,
}

const PACE: Pace = Pace { look: Duration::from_millis(100), line: Duration::from_secs(10) };

/// Runs `work` and shows how far it is.
pub(super) fn watch<T>(printer: &Printer, work: impl FnOnce(&Progress) -> T) -> T {
    paced(printer, PACE, work)
}

fn paced<T>(printer: &Printer, pace: Pace, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::new(Arc::clone(printer.stop()));
    if printer.is_quiet() {
        return work(&progress);
    }
    let (working, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let shown = &progress;
        let show = move || {
            if printer.has_bars() { bar(printer, shown, &ended, pace) } else { lines(printer, shown, &ended, pace) }
        };
        // Without a thread to spare the work goes on unseen.
        let _ = thread::Builder::new().name("chatseal-progress".into()).spawn_scoped(scope, show);
        // Dropped when the work returns or unwinds, which ends the thread.
        let _working = working;
        work(&progress)
    })
}

fn goes_on(ended: &Receiver<()>, pace: Pace) -> bool {
    ended.recv_timeout(pace.look) == Err(RecvTimeoutError::Timeout)
}

fn bar(printer: &Printer, progress: &Progress, ended: &Receiver<()>, pace: Pace) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let known = style("{msg:>10} {bar:32} {percent:>3} %  {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    let unknown = style("{msg:>10} {spinner} {bytes}, {bytes_per_sec}");
    printer.show_bar(Some(bar.clone()));
    let mut shown = ("", 0);
    while goes_on(ended, pace) {
        let Snapshot { phase, done, total } = progress.snapshot();
        if shown != (phase, total) {
            shown = (phase, total);
            bar.set_style(if total > 0 { known.clone() } else { unknown.clone() });
            bar.set_length(total);
            bar.set_message(phase);
            bar.reset();
        }
        bar.set_position(done);
        bar.tick();
    }
    printer.show_bar(None);
    bar.finish_and_clear();
}

fn lines(printer: &Printer, progress: &Progress, ended: &Receiver<()>, pace: Pace) {
    let mut said = Instant::now();
    while goes_on(ended, pace) {
        let snapshot = progress.snapshot();
        if said.elapsed() >= pace.line && !snapshot.phase.is_empty() {
            said = Instant::now();
            printer.note(line(snapshot));
        }
    }
}

fn line(Snapshot { phase, done, total }: Snapshot) -> String {
    if total == 0 {
        return format!("{phase}: {}", HumanBytes(done));
    }
    let percent = u128::from(done.min(total)) * 100 / u128::from(total);
    format!("{phase}: {} of {}, {percent} %", HumanBytes(done), HumanBytes(total))
}

#[cfg(test)]
mod tests {
    use super::super::printer::Memory;
    use super::*;

    const QUICK: Pace = Pace { look: Duration::from_millis(1), line: Duration::from_millis(2) };

    fn printer(quiet: bool, err: &Memory) -> Printer {
        Printer::to(quiet, false, Arc::default(), Box::new(Memory::default()), Box::new(err.clone()))
    }

    #[test]
    fn says_a_plain_line_now_and_then() {
        let err = Memory::default();
        let answer = paced(&printer(false, &err), QUICK, |progress| {
            progress.phase("reading");
            progress.expect(4096);
            progress.add(1024);
            let patience = Instant::now();
            while err.text().is_empty() && patience.elapsed() < Duration::from_secs(20) {
                thread::yield_now();
            }
            42
        });
        assert_eq!(answer, 42);
        assert_eq!(err.text().lines().next(), Some("reading: 1.00 KiB of 4.00 KiB, 25 %"));
    }

    #[test]
    fn says_nothing_when_quiet() {
        let err = Memory::default();
        paced(&printer(true, &err), QUICK, |progress| {
            progress.phase("reading");
            thread::sleep(Duration::from_millis(50));
        });
        assert_eq!(err.text(), "");
    }

    #[test]
    fn a_panic_of_the_work_ends_the_watch() {
        let printer = printer(false, &Memory::default());
        let work = std::panic::AssertUnwindSafe(|| paced(&printer, QUICK, |_| panic!("work")));
        assert!(std::panic::catch_unwind(work).is_err());
    }

    #[test]
    fn totals_may_be_unknown_or_wrong() {
        assert_eq!(line(Snapshot { phase: "reading", done: 5, total: 0 }), "reading: 5 B");
        assert_eq!(line(Snapshot { phase: "reading", done: 9, total: 5 }), "reading: 9 B of 5 B, 100 %");
        let huge = line(Snapshot { phase: "reading", done: u64::MAX, total: u64::MAX });
        assert!(huge.ends_with("100 %"), "{huge}");
    }

    #[test]
    fn the_signal_flag_reaches_the_work() {
        let printer = printer(false, &Memory::default());
        printer.stop().store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(paced(&printer, QUICK, Progress::interrupted));
    }
}
