//! The report as workflow commands of GitHub Actions: `::error file=…,title=…::…`, one on each line.
//!
//! Everything is a command, even the verdict: an older syntax (`##[…]`) is found anywhere in a plain line, and what an
//! archive says must never be one. In values `%`, carriage return and line feed are escaped, in properties `:` and `,`
//! as well, as the runner expects it.

use std::fmt::Write as _;

use super::super::exit::Exit;
use super::super::printer::harmless;
use super::cases::{Answer, Suite};

/// One command for each finding, for what could not be decided and for what was passed over, and the verdict.
pub(super) fn render(suites: &[Suite], exit: Exit, verdict: &str) -> String {
    let mut out = String::new();
    for suite in suites {
        for case in &suite.cases {
            match &case.answer {
                Answer::LeftOut(why) if suite.name == "passed over" => {
                    command(&mut out, "warning", Some(&case.name), "not checked", &[why]);
                }
                Answer::Passed | Answer::LeftOut(_) => {}
                Answer::Undecided(why) => {
                    let title = format!("{}: not checked", case.name);
                    command(&mut out, "error", Some(&suite.name), &title, &[&case.asks, why]);
                }
                Answer::Failed(faults) => {
                    for fault in faults {
                        command(&mut out, "error", Some(&suite.name), fault.code, &[&fault.detail, &fault.meaning]);
                    }
                }
            }
        }
    }
    let level = if exit == Exit::Ok { "notice" } else { "error" };
    command(&mut out, level, None, "chatseal verify", &[verdict, exit.name()]);
    out
}

/// Each sentence becomes a line of the annotation; a line feed within one is spelled out like any control character.
fn command(out: &mut String, level: &str, file: Option<&str>, title: &str, said: &[&str]) {
    let file = file.map(|file| format!("file={},", property(file))).unwrap_or_default();
    let said: Vec<String> = said.iter().map(|sentence| value(&harmless(sentence))).collect();
    let _ = writeln!(out, "::{level} {file}title={}::{}", property(title), said.join("%0A"));
}

fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A file's name must stay what it is, so nothing is spelled out in it.
fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}
