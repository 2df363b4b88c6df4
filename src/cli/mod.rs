//! The command line: arguments become options of the core, what the core returns becomes a report and an exit code.
//!
//! Only here are the terminal, the environment, the clock and signals known; the core gets `now`, keys, paths and
//! progress as arguments. One file holds one command. Errors of the core are rendered once, at the edge ([`main`]).
//!
//! Invariant: no path through this module exits well without having done what was asked.

mod access;
mod clock;
mod compare;
mod completions;
mod crash;
mod custody;
mod demo;
mod environment;
pub mod exit;
mod export;
mod extract;
pub mod failure;
mod grants;
mod hold;
mod interrupt;
mod keygen;
mod keys;
mod ledger;
pub mod manual;
pub mod metrics;
mod opening;
mod plan;
pub mod policy;
pub mod printer;
mod produce;
mod progress;
mod reading;
mod report;
pub mod run;
mod scoping;
mod search;
mod show;
mod standing;
mod threads;
mod timeline;
mod trust;
mod usage;
mod verify;
mod zoning;

use clap::{CommandFactory, Parser, Subcommand};
use exit::Exit;
use failure::Failure;
use manual::Manual;
use printer::{LogFormat, Printer, Product};
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use usage::Unparsed;

/// Seal Mattermost exports into archives that a stranger can verify offline
///
/// chatseal turns an export of a Mattermost server into one signed zip file. Whoever holds that file, your public key
/// and nothing else can check, on a machine without a network, that no byte was changed, removed, added or reordered
/// after it was sealed, and read what could not be collected.
///
/// Begin with `chatseal demo`: it shows the whole life of an archive on built-in data.
#[derive(Debug, Parser)]
#[command(name = "chatseal", version, max_term_width = 100, after_long_help = MANUAL.after_help())]
pub struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
struct Output {
    /// Say nothing but data, warnings and errors
    #[arg(long, global = true, help_heading = "Output")]
    quiet: bool,
    /// Answer with exactly one JSON document on stdout, also for failures
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    /// How to say things on stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Keygen(keygen::Args),
    Keys(keys::Args),
    Grants(grants::Args),
    Export(Box<export::Args>),
    Plan(Box<plan::Args>),
    Run(run::Args),
    Policy(Box<policy::Args>),
    Compare(Box<compare::Args>),
    Verify(verify::Args),
    Show(show::Args),
    Access(Box<access::Args>),
    Search(Box<search::Args>),
    Extract(extract::Args),
    Produce(Box<produce::Args>),
    Report(report::Args),
    Timeline(Box<timeline::Args>),
    Ledger(ledger::Args),
    Hold(hold::Args),
    Custody(custody::Args),
    Completions(completions::Args),
}

/// What the page of the program itself says beyond its flags.
const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, Exit::Ok.meaning()),
        (Exit::FailedCheck, Exit::FailedCheck.meaning()),
        (Exit::Exceptions, Exit::Exceptions.meaning()),
        (Exit::Untrusted, Exit::Untrusted.meaning()),
        (Exit::Incomplete, Exit::Incomplete.meaning()),
        (Exit::Unavailable, Exit::Unavailable.meaning()),
        (Exit::Locked, Exit::Locked.meaning()),
        (Exit::Refused, Exit::Refused.meaning()),
    ],
    files: &[],
    examples: &[("See the whole life of an archive on built-in data", "chatseal demo")],
    see_also: &["chatseal-archive(5)"],
};

/// Runs the program on the process's own arguments, streams and signals.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub fn main() -> Exit {
    crash::stay_silent();
    let args: Vec<OsString> = std::env::args_os().collect();
    let parsed = Cli::try_parse_from(&args).map_err(|error| Unparsed::new(&error, &args));
    let (quiet, json, log) = match &parsed {
        Ok(cli) => (cli.output.quiet, cli.is_json(), cli.output.log_format),
        Err(_) => (false, usage::wants_json(&args), LogFormat::Text),
    };
    let (stop, listening) = match interrupt::listen() {
        Ok(stop) => (stop, Ok(())),
        Err(failure) => (Arc::default(), Err(failure)),
    };
    let printer = Printer::terminal(quiet, json, stop).logging(log);
    let product = parsed.as_ref().map_or(Product::Answer, Cli::product);
    edge(&printer, product, || {
        listening?;
        match parsed {
            Ok(cli) => cli.run(&printer),
            Err(Unparsed::Asked(text)) => {
                printer.data(text);
                Ok(Exit::Ok)
            }
            Err(Unparsed::Wrong(failure)) => Err(failure),
        }
    })
}

/// Where every run ends: a failure is shown once, a panic is one, and an answer that did not arrive is not a good end.
fn edge(printer: &Printer, product: Product, work: impl FnOnce() -> Result<Exit, Failure>) -> Exit {
    let exit = crash::catch(work).unwrap_or_else(|failure| {
        let stopped = printer.stop().load(Ordering::Relaxed);
        printer.failure(&if stopped { failure.stopped() } else { failure })
    });
    printer.settle(exit, product)
}

impl Cli {
    /// Whether the answer is to be one JSON document: `--json`, or `--format json` of a command that has it.
    fn is_json(&self) -> bool {
        self.output.json
            || match &self.command {
                Command::Verify(args) => args.is_json(),
                Command::Plan(args) => args.is_json(),
                Command::Compare(args) => args.is_json(),
                Command::Search(args) => args.is_json(),
                Command::Access(args) => args.is_json(),
                _ => false,
            }
    }

    /// What the user wants of the command.
    fn product(&self) -> Product {
        match self.command {
            Command::Export(_)
            | Command::Extract(_)
            | Command::Keygen(_)
            | Command::Produce(_)
            | Command::Report(_)
            | Command::Run(_) => Product::Files,
            Command::Demo(_)
            | Command::Keys(_)
            | Command::Grants(_)
            | Command::Policy(_)
            | Command::Plan(_)
            | Command::Compare(_)
            | Command::Verify(_)
            | Command::Show(_)
            | Command::Access(_)
            | Command::Search(_)
            | Command::Timeline(_)
            | Command::Ledger(_)
            | Command::Hold(_)
            | Command::Custody(_)
            | Command::Completions(_) => Product::Answer,
        }
    }

    /// Does what was asked.
    fn run(self, printer: &Printer) -> Result<Exit, Failure> {
        match self.command {
            Command::Demo(args) => demo::run(&args, printer),
            Command::Keygen(args) => keygen::run(&args, printer),
            Command::Keys(args) => keys::run(&args, printer),
            Command::Grants(args) => Ok(grants::run(&args, printer)),
            Command::Export(args) => export::run(&args, printer),
            Command::Plan(args) => plan::run(&args, printer),
            Command::Run(args) => run::run(&args, printer),
            Command::Policy(args) => policy::run(&args, printer),
            Command::Compare(args) => compare::run(&args, printer),
            Command::Verify(args) => verify::run(&args, printer),
            Command::Show(args) => show::run(&args, printer),
            Command::Access(args) => access::run(&args, printer),
            Command::Search(args) => search::run(&args, printer),
            Command::Extract(args) => extract::run(&args, printer),
            Command::Produce(args) => produce::run(&args, printer),
            Command::Report(args) => report::run(&args, printer),
            Command::Timeline(args) => timeline::run(&args, printer),
            Command::Ledger(args) => ledger::run(&args, printer),
            Command::Hold(args) => hold::run(&args, printer),
            Command::Custody(args) => custody::run(&args, printer),
            Command::Completions(args) => Ok(completions::run(&args, printer)),
        }
    }

    /// The definition of all commands and flags, for completions, man pages and tests.
    pub fn definition() -> clap::Command {
        Self::command()
    }

    /// What the page of a command says beyond its flags; `words` are those after `chatseal`.
    fn manual(words: &[&str]) -> Option<Manual> {
        Some(match words {
            [] => MANUAL,
            ["demo"] => demo::MANUAL,
            ["keygen"] => keygen::MANUAL,
            ["keys"] => keys::MANUAL,
            ["keys", "show"] => keys::MANUAL_SHOW,
            ["grants"] => grants::MANUAL,
            ["export"] => export::MANUAL,
            ["plan"] => plan::MANUAL,
            ["run"] => run::MANUAL,
            ["policy"] => policy::MANUAL,
            ["policy", "check"] => policy::MANUAL_CHECK,
            ["policy", "explain"] => policy::MANUAL_EXPLAIN,
            ["policy", "diff"] => policy::MANUAL_DIFF,
            ["policy", "server"] => policy::MANUAL_SERVER,
            ["compare"] => compare::MANUAL,
            ["verify"] => verify::MANUAL,
            ["show"] => show::MANUAL,
            ["access"] => access::MANUAL,
            ["search"] => search::MANUAL,
            ["extract"] => extract::MANUAL,
            ["produce"] => produce::MANUAL,
            ["report"] => report::MANUAL,
            ["timeline"] => timeline::MANUAL,
            ["ledger"] => ledger::MANUAL,
            ["ledger", word] => ledger::manual(word)?,
            ["hold"] => hold::MANUAL,
            ["hold", word] => hold::manual(word)?,
            ["custody"] => custody::MANUAL,
            ["custody", word] => custody::manual(word)?,
            ["completions"] => completions::MANUAL,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use printer::Memory;
    use std::io::{self, ErrorKind, Write};

    fn ending(json: bool, out: &Memory, err: &Memory, work: impl FnOnce(&Printer) -> Result<Exit, Failure>) -> Exit {
        let printer = Printer::to(false, json, Arc::default(), Box::new(out.clone()), Box::new(err.clone()));
        edge(&printer, Product::Answer, || work(&printer))
    }

    #[test]
    fn a_failure_is_shown_once_with_causes_and_hints() {
        let (out, err) = (Memory::default(), Memory::default());
        let exit = ending(false, &out, &err, |_| {
            let cause = std::io::Error::other("line 8812 is not valid JSON");
            Err(Failure::of(Exit::Unavailable, cause)
                .context("cannot read `import.jsonl` in `export.zip`")
                .hint("the export may be cut short"))
        });
        assert_eq!((exit, out.text().as_str()), (Exit::Unavailable, ""));
        assert_eq!(
            err.text(),
            "error: cannot read `import.jsonl` in `export.zip`\n  caused by: line 8812 is not valid JSON\n\
             hint: the export may be cut short\n"
        );
    }

    #[test]
    fn a_failure_in_json_is_the_one_document() {
        let (out, err) = (Memory::default(), Memory::default());
        let exit = ending(true, &out, &err, |_| Err(Failure::new(Exit::Refused, "no").hint("try `--files`")));
        let document: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        let expected = serde_json::json!({
            "kind": "error", "exit": {"code": 8, "name": "refused"}, "message": "no", "causes": [],
            "hints": ["try `--files`"]
        });
        assert_eq!((exit, document, err.text().as_str()), (Exit::Refused, expected, ""));
    }

    #[test]
    fn a_failure_after_the_answer_does_not_make_a_second_document() {
        let (out, err) = (Memory::default(), Memory::default());
        let exit = ending(true, &out, &err, |printer| {
            printer.answer("verify", Exit::Ok, &serde_json::json!({"records": 1}), String::new);
            Err(Failure::new(Exit::Unavailable, "late"))
        });
        let document: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!((exit, &document["kind"]), (Exit::Unavailable, &"verify".into()));
        assert_eq!(err.text(), "error: late\n");
    }

    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_answer_that_does_not_arrive_is_not_a_good_end() {
        let full = Some("cannot write to standard output");
        for (kind, message) in [(ErrorKind::BrokenPipe, None), (ErrorKind::StorageFull, full)] {
            for (product, meant, expected) in [
                (Product::Answer, Exit::Ok, Exit::Unavailable),
                (Product::Answer, Exit::FailedCheck, Exit::FailedCheck),
                // What was sealed is sealed, whoever reads the report.
                (Product::Files, Exit::Ok, Exit::Ok),
            ] {
                let err = Memory::default();
                let printer = Printer::to(false, false, Arc::default(), Box::new(Closed(kind)), Box::new(err.clone()));
                let exit = edge(&printer, product, || {
                    printer.line("everything is well");
                    Ok(meant)
                });
                assert_eq!(exit, expected);
                let said = err.text();
                assert_eq!(said.is_empty(), message.is_none(), "{said}");
                assert!(said.contains(message.unwrap_or_default()), "{said}");
                assert_eq!(said.starts_with("warning: "), message.is_some() && product == Product::Files, "{said}");
            }
        }
    }

    #[test]
    fn a_panic_is_shown_as_a_failure() {
        let (out, err) = (Memory::default(), Memory::default());
        let exit = ending(true, &out, &err, |_| panic!("the text of a message"));
        assert_eq!((exit, err.text().as_str()), (Exit::Internal, ""));
        assert!(out.text().contains("\"internal\"") && !out.text().contains("the text of a message"));
    }

    #[test]
    fn quiet_keeps_data_warnings_and_errors() {
        let (out, err) = (Memory::default(), Memory::default());
        let printer = Printer::to(true, false, Arc::default(), Box::new(out.clone()), Box::new(err.clone()));
        printer.note("reading");
        printer.warn("the clock is odd");
        printer.line("42");
        printer.failure(&Failure::new(Exit::Refused, "no"));
        assert_eq!((out.text(), err.text()), ("42\n".to_owned(), "warning: the clock is odd\nerror: no\n".to_owned()));
    }
}
