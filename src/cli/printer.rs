//! The one place that writes to the terminal.
//!
//! Message rules, for every command:
//!
//! - Data goes to stdout, talk to stderr. A script reads stdout and the exit code and nothing else.
//! - `--quiet` silences talk and progress, never data, warnings or errors.
//! - `--log-format json` makes each thing said on stderr one JSON object on a line, for journals: `time`, `level`,
//!   `message`, of a failure also `exit`, `causes` and `hints`.
//! - `--json` puts exactly one document on stdout, also for failures: `kind`, `exit` (code and name), then the rest.
//! - A sentence begins in lower case and ends without a period; objects stand in `backticks`; numbers have separators.
//! - Before work starts say what was understood; at the end one screen of counts; never a green word over exceptions.
//! - Colour marks only words that say the same without it, and only on a terminal without `NO_COLOR` or `TERM=dumb`.
//!
//! Invariant: a write that fails is remembered, so that a command whose answer did not arrive cannot exit well (see
//! [`Printer::settle`]).

use super::clock;
use super::exit::Exit;
use super::failure::{Account, Failure};
use crate::record::time;
use indicatif::{HumanBytes, HumanCount, ProgressBar};
use serde::Serialize;
use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a marked word means; the colour follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is as it should be.
    Good,
    /// Look here: exceptions, warnings, things not checked.
    Look,
    /// It is not as it should be.
    Bad,
    /// A heading or something typed.
    Strong,
}

/// What a command is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// What it says on stdout: without that, nothing was done.
    Answer,
    /// The files that it writes, which stand whether or not their account is read.
    Files,
}

/// The form of what is said on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object on each line
    Json,
}

/// How much what is said matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Info,
    Warning,
    Error,
}

/// A line of the log.
#[derive(Serialize)]
struct Entry<'a> {
    time: Option<String>,
    level: Level,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<Ending>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    causes: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hints: &'a [String],
}

/// Decides streams, colour, quiet and JSON for one run of the program.
pub struct Printer {
    quiet: bool,
    json: bool,
    log: LogFormat,
    terminal: Terminal,
    out: Mutex<Sink>,
    err: Mutex<Sink>,
    bar: Mutex<Option<ProgressBar>>,
    stop: Arc<AtomicBool>,
}

/// What the streams can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Terminal {
    colour_out: bool,
    colour_err: bool,
    bars: bool,
}

impl Terminal {
    /// `NO_COLOR` counts unless empty (no-color.org); without `TERM`, or with `dumb`, nothing moves and has colour.
    fn judge(no_color: Option<OsString>, term: Option<OsString>, out: bool, err: bool) -> Self {
        let moves = term.is_some_and(|term| term != "dumb");
        let colour = moves && no_color.is_none_or(|value| value.is_empty());
        Self { colour_out: colour && out, colour_err: colour && err, bars: moves && err }
    }
}

struct Sink {
    to: Box<dyn Write + Send>,
    failed: Option<io::Error>,
    documents: usize,
}

/// The part of every JSON document that is the same.
#[derive(Serialize)]
struct Document<'a, T> {
    kind: &'a str,
    exit: Ending,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Serialize)]
struct Ending {
    code: u8,
    name: &'static str,
}

impl Printer {
    /// A printer for the terminal that the program was started from; `stop` is raised by its signals.
    #[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
    pub fn terminal(quiet: bool, json: bool, stop: Arc<AtomicBool>) -> Self {
        let (no_color, term) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
        let terminal = Terminal::judge(no_color, term, io::stdout().is_terminal(), io::stderr().is_terminal());
        Self { terminal, ..Self::to(quiet, json, stop, Box::new(io::stdout()), Box::new(io::stderr())) }
    }

    /// A printer without colour or bars that writes to `out` and `err`.
    pub fn to(
        quiet: bool,
        json: bool,
        stop: Arc<AtomicBool>,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Self {
        let sink = |to| Mutex::new(Sink { to, failed: None, documents: 0 });
        let (log, terminal) = (LogFormat::Text, Terminal::default());
        Self { quiet, json, log, terminal, out: sink(out), err: sink(err), bar: Mutex::new(None), stop }
    }

    /// The same printer, with another form of what is said on stderr.
    #[must_use]
    pub fn logging(mut self, log: LogFormat) -> Self {
        self.log = log;
        self
    }

    /// Whether the answer is to be one JSON document.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether talk and progress are silenced.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether progress may move on the terminal.
    pub(super) fn has_bars(&self) -> bool {
        self.terminal.bars && self.log == LogFormat::Text
    }

    /// The flag that a signal raises.
    pub(super) fn stop(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    /// Keeps `bar` out of the way of everything that is written, until it is replaced by `None`.
    pub(super) fn show_bar(&self, bar: Option<ProgressBar>) {
        *guard(&self.bar) = bar;
    }

    fn write(&self, sink: &Mutex<Sink>, bytes: &[u8]) {
        let write = || guard(sink).write(bytes);
        match &*guard(&self.bar) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Writes data to stdout as it is.
    pub fn data(&self, bytes: impl AsRef<[u8]>) {
        self.write(&self.out, bytes.as_ref());
    }

    /// Writes a line of data to stdout.
    pub fn line(&self, text: impl AsRef<str>) {
        self.data(format!("{}\n", text.as_ref()));
    }

    /// Says something on stderr, unless quiet.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.say(Level::Info, text.as_ref());
        }
    }

    /// Says on stderr what should not be overlooked, quiet or not.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.say(Level::Warning, text.as_ref());
    }

    fn say(&self, level: Level, text: &str) {
        let line = match (self.log, level) {
            (LogFormat::Json, _) => return self.log(level, None, text, &[], &[]),
            (LogFormat::Text, Level::Info) => format!("{text}\n"),
            (LogFormat::Text, Level::Warning) => {
                format!("{} {text}\n", paint(self.terminal.colour_err, Mark::Look, "warning:"))
            }
            (LogFormat::Text, Level::Error) => {
                format!("{} {text}\n", paint(self.terminal.colour_err, Mark::Bad, "error:"))
            }
        };
        self.write(&self.err, line.as_bytes());
    }

    fn log(&self, level: Level, exit: Option<Exit>, message: &str, causes: &[String], hints: &[String]) {
        let exit = exit.map(|exit| Ending { code: exit.code(), name: exit.name() });
        let entry = Entry { time: time::format(clock::now()), level, message, exit, causes, hints };
        if let Ok(json) = serde_json::to_string(&entry) {
            self.write(&self.err, format!("{}\n", harmless_json(&json)).as_bytes());
        }
    }

    /// `text`, marked for stdout.
    pub fn mark(&self, mark: Mark, text: &str) -> String {
        paint(self.terminal.colour_out, mark, text)
    }

    /// Answers: with `--json` the document `kind`, `exit` and the members of `body` (a struct or map), else `text`.
    pub fn answer<T: Serialize>(&self, kind: &str, exit: Exit, body: &T, text: impl FnOnce() -> String) {
        if !self.json {
            return self.data(text());
        }
        let document = Document { kind, exit: Ending { code: exit.code(), name: exit.name() }, body };
        match serde_json::to_string_pretty(&document) {
            Ok(json) => {
                guard(&self.out).documents += 1;
                self.line(harmless_json(&json));
            }
            Err(error) => guard(&self.out).fail(error.into()),
        }
    }

    /// Shows a failure, once, and returns how the program exits.
    pub fn failure(&self, failure: &Failure) -> Exit {
        let exit = failure.exit();
        let account = failure.account();
        if self.json && guard(&self.out).documents == 0 {
            self.answer("error", exit, &account, String::new);
        } else {
            self.complain(exit, &account);
        }
        exit
    }

    fn complain(&self, exit: Exit, account: &Account<'_>) {
        if self.log == LogFormat::Json {
            return self.log(Level::Error, Some(exit), &account.message, &account.causes, account.hints);
        }
        self.say(Level::Error, &self.render(account));
    }

    fn render(&self, account: &Account<'_>) -> String {
        let mut text = harmless(&account.message).into_owned();
        for cause in &account.causes {
            let _ = write!(text, "\n  caused by: {}", harmless(cause));
        }
        for hint in account.hints {
            let _ = write!(text, "\n{} {}", paint(self.terminal.colour_err, Mark::Strong, "hint:"), harmless(hint));
        }
        text
    }

    /// The exit that may stand after all writes: where the answer is the product, a good end without it is
    /// [`Exit::Unavailable`]. A reader that went away (a closed pipe) needs no message, everything else gets one.
    pub fn settle(&self, exit: Exit, product: Product) -> Exit {
        let failed = {
            let mut out = guard(&self.out);
            out.flush();
            out.failed.take()
        };
        let Some(error) = failed else { return exit };
        let heard = error.kind() != io::ErrorKind::BrokenPipe;
        match product {
            Product::Files if heard => self.warn(format!("cannot write to standard output: {error}")),
            Product::Answer if heard => {
                let failure = Failure::of(Exit::Unavailable, error).context("cannot write to standard output");
                self.complain(failure.exit(), &failure.account());
            }
            _ => {}
        }
        if exit == Exit::Ok && product == Product::Answer { Exit::Unavailable } else { exit }
    }
}

fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_none()
            && let Err(error) = self.to.write_all(bytes)
        {
            self.fail(error);
        }
    }

    fn flush(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.to.flush()
        {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.failed = Some(error);
    }
}

fn paint(colour: bool, mark: Mark, text: &str) -> String {
    let code = match mark {
        Mark::Good => "32",
        Mark::Look => "33",
        Mark::Bad => "1;31",
        Mark::Strong => "1",
    };
    if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Foreign text as a terminal may show it: control characters and those that turn the reading direction are spelled
/// out (`\u{1b}`), so that a file name cannot move the cursor or read backwards.
pub fn harmless(text: &str) -> Cow<'_, str> {
    spelled(text, is_harmful, |shown, c| shown.extend(c.escape_unicode()))
}

/// A JSON document that says the same and that a terminal may show: what is harmful stands only in its strings (white
/// space is not), and is escaped there.
fn harmless_json(json: &str) -> Cow<'_, str> {
    let escaped = |c: char| is_harmful(c) && c != '\n';
    spelled(json, escaped, |shown, c| {
        let _ = write!(shown, "\\u{:04x}", u32::from(c));
    })
}

/// Control characters (C0, DEL and C1) and those that turn the reading direction; none is beyond U+FFFF.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn spelled(text: &str, which: fn(char) -> bool, spell: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(which) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if which(c) { spell(&mut shown, c) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// A number with separators: `1,284,533`.
pub fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// A size as people read it: `4.20 MiB`.
pub fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// A stream into memory, for a command that runs others and for tests.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What was written, as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&guard(&self.0)).into_owned()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        guard(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_and_bars_need_a_terminal_that_wants_them() {
        let judge = |no_color: Option<&str>, term: Option<&str>, out, err| {
            let terminal = Terminal::judge(no_color.map(OsString::from), term.map(OsString::from), out, err);
            (terminal.colour_out, terminal.colour_err, terminal.bars)
        };
        assert_eq!(judge(None, Some("xterm"), true, true), (true, true, true));
        assert_eq!(judge(None, Some("xterm"), false, true), (false, true, true));
        assert_eq!(judge(None, Some("xterm"), true, false), (true, false, false));
        assert_eq!(judge(Some("1"), Some("xterm"), true, true), (false, false, true));
        assert_eq!(judge(Some(""), Some("xterm"), true, true), (true, true, true));
        assert_eq!(judge(None, Some("dumb"), true, true), (false, false, false));
        assert_eq!(judge(None, None, true, true), (false, false, false));
    }

    #[test]
    fn marks_say_the_same_without_colour() {
        assert_eq!(paint(false, Mark::Bad, "error:"), "error:");
        assert_eq!(paint(true, Mark::Bad, "error:"), "\u{1b}[1;31merror:\u{1b}[0m");
    }

    #[test]
    fn a_foreign_name_cannot_touch_the_terminal() {
        assert_eq!(harmless("Störung 船.csv"), "Störung 船.csv");
        assert_eq!(harmless("a\u{1b}[2J\n\u{202e}gpj.exe"), "a\\u{1b}[2J\\u{a}\\u{202e}gpj.exe");
        let err = Memory::default();
        let printer = Printer::to(false, false, Arc::default(), Box::new(io::sink()), Box::new(err.clone()));
        printer.failure(&Failure::new(Exit::FailedCheck, "x\u{9b}").context("y\u{7}").hint("z\u{2066}"));
        assert_eq!(err.text(), "error: y\\u{7}\n  caused by: x\\u{9b}\nhint: z\\u{2066}\n");
    }

    #[test]
    fn a_document_means_the_same_and_cannot_touch_the_terminal() {
        let foreign = "\u{80}\u{9b}2J\u{9f}\u{7f}\u{61c}\u{200f}\u{202e}\u{2069}\u{1b}\n Störung 船";
        let out = Memory::default();
        let printer = Printer::to(false, true, Arc::default(), Box::new(out.clone()), Box::new(io::sink()));
        printer.answer("show", Exit::Ok, &serde_json::json!({ "line": foreign }), String::new);
        let shown = out.text();
        assert!(shown.contains(r"\u0080\u009b2J\u009f\u007f\u061c\u200f\u202e\u2069\u001b\n Störung 船"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()["line"], foreign);
    }

    #[test]
    fn each_thing_said_to_a_journal_is_one_object_on_a_line() {
        let err = Memory::default();
        let printer = Printer::to(false, false, Arc::default(), Box::new(io::sink()), Box::new(err.clone()));
        let printer = printer.logging(LogFormat::Json);
        printer.note("reading\n  window everything");
        printer.warn("the clock is \"odd\"\u{1b}");
        printer.failure(&Failure::new(Exit::Refused, "inner").context("outer").hint("try"));
        let said = err.text();
        let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = [
            serde_json::json!({"level": "info", "message": "reading\n  window everything"}),
            serde_json::json!({"level": "warning", "message": "the clock is \"odd\"\u{1b}"}),
            serde_json::json!({
                "level": "error", "message": "outer", "exit": {"code": 8, "name": "refused"}, "causes": ["inner"],
                "hints": ["try"]
            }),
        ];
        for (mut line, expected) in lines.into_iter().zip(expected) {
            let time = line.as_object_mut().unwrap().remove("time").unwrap();
            assert!(time::parse_exact(time.as_str().unwrap()).is_some());
            assert_eq!(line, expected);
        }
        assert!(!said.contains('\u{1b}'));
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!((count(1_284_533), size(4_404_019)), ("1,284,533".to_owned(), "4.20 MiB".to_owned()));
    }
}
