//! What clap says about wrong arguments, in our words and on our streams.
//!
//! clap knows what is wrong and what was probably meant; how an error looks, where it goes and what the program exits
//! with is decided here as for every other failure, with `--json` too.

use super::Cli;
use super::exit::Exit;
use super::failure::Failure;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// What parsing ended with, other than a command to run.
pub(super) enum Unparsed {
    /// Help or version: data for stdout.
    Asked(String),
    /// Arguments that mean nothing.
    Wrong(Failure),
}

impl Unparsed {
    /// Takes `error` apart, which clap returned for `args`.
    pub(super) fn new(error: &clap::Error, args: &[OsString]) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Asked(error.to_string()),
            _ => Self::Wrong(failure(error, &command(args))),
        }
    }
}

/// Whether the arguments ask for JSON, as far as that can be told when they cannot be parsed.
pub(super) fn wants_json(args: &[OsString]) -> bool {
    let flags: Vec<&str> = args.iter().take_while(|arg| *arg != "--").filter_map(|arg| arg.to_str()).collect();
    flags.iter().any(|flag| matches!(*flag, "--json" | "--format=json"))
        || flags.windows(2).any(|pair| pair == ["--format", "json"])
}

/// clap writes paragraphs: `error: …`, tips, usage, where to get help. The first is the message, tips are hints.
fn failure(error: &clap::Error, command: &str) -> Failure {
    let text = error.to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            "a command is missing".to_owned()
        }
        _ => one_line(first.strip_prefix("error: ").unwrap_or(first)),
    };
    let mut failure = Failure::new(Exit::Usage, message);
    let tip = paragraphs.flat_map(str::lines).find_map(|line| line.trim_start().strip_prefix("tip: "));
    if let Some(tip) = tip {
        failure = failure.hint(tip.replace('\'', "`"));
    }
    failure.hint(format!("see `{command} --help`"))
}

/// A list below the message becomes part of it: `not provided:\n  --key <FILE>\n  --output <FILE.zip>`.
fn one_line(paragraph: &str) -> String {
    let mut lines = paragraph.lines().map(str::trim).filter(|line| !line.is_empty());
    let head = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    let line = match (rest.is_empty(), head.ends_with(':')) {
        (true, _) => head.to_owned(),
        (false, true) => format!("{head} {}", rest.join(", ")),
        (false, false) => format!("{head} {}", rest.join(" ")),
    };
    match line.replace('\'', "`").strip_suffix(']').and_then(|line| line.split_once(" [possible values: ")) {
        Some((wrong, values)) => format!("{wrong}; possible values: {values}"),
        None => line.replace('\'', "`"),
    }
}

/// The command that `args` name, as far as they do: `chatseal keys show`.
fn command(args: &[OsString]) -> String {
    let mut definition = Cli::definition();
    let mut typed = definition.get_name().to_owned();
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        let Some(child) = definition.find_subcommand(word).cloned() else { continue };
        typed = format!("{typed} {word}");
        definition = child;
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn wrong(args: &[&str]) -> (String, Vec<String>) {
        let error = Cli::try_parse_from(args).unwrap_err();
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let Unparsed::Wrong(failure) = Unparsed::new(&error, &args) else { panic!("{args:?} is help") };
        assert_eq!(failure.exit(), Exit::Usage);
        let account = failure.account();
        assert_eq!(account.causes, Vec::<String>::new());
        (account.message, account.hints.to_vec())
    }

    #[test]
    fn messages_are_one_line_and_point_to_the_help_of_the_command() {
        let (message, hints) = wrong(&["chatseal", "export", "x.zip"]);
        assert_eq!(message, "the following required arguments were not provided: --key <FILE>, --output <FILE.zip>");
        assert_eq!(hints, ["see `chatseal export --help`"]);
        let (message, hints) = wrong(&["chatseal", "verfy", "x.zip"]);
        assert_eq!(message, "unrecognized subcommand `verfy`");
        assert_eq!(hints, ["a similar subcommand exists: `verify`", "see `chatseal --help`"]);
        let (message, hints) = wrong(&["chatseal"]);
        assert_eq!((message.as_str(), hints.len()), ("a command is missing", 1));
        let (message, _) = wrong(&["chatseal", "keys"]);
        assert_eq!(message, "a command is missing");
    }

    #[test]
    fn a_bare_number_is_not_a_time() {
        let args = ["chatseal", "export", "x", "--key", "k", "--output", "o.zip", "--since", "1700000000"];
        let (message, _) = wrong(&args);
        assert!(message.contains("`1700000000` is a bare number; write `ms:1700000000`"), "{message}");
        let (message, hints) = wrong(&["chatseal", "--quiet", "verify", "a.zip", "--format", "xml"]);
        assert_eq!(message, "invalid value `xml` for `--format <FORMAT>`; possible values: text, json, junit, github");
        assert_eq!(hints, ["see `chatseal verify --help`"]);
    }

    #[test]
    fn json_is_seen_before_the_arguments_are_understood() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&args("chatseal verify --json --nonsense")));
        assert!(wants_json(&args("chatseal verify --format json")));
        assert!(wants_json(&args("chatseal verify --format=json")));
        assert!(!wants_json(&args("chatseal verify --format text")));
        assert!(!wants_json(&args("chatseal verify -- --json")));
    }
}
