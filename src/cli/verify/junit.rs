//! The report as `JUnit` XML, as Jenkins, GitLab and most other build servers read it.
//!
//! One `testsuite` for each archive and for the ledger, one `testcase` for each layer. A finding is a `failure`; what
//! could not be decided is an `error`; what was not asked for is `skipped`. The form is that of Jenkins's junit-10.xsd.
//!
//! Names of files and details of findings come from outside: XML has no way to write most control characters, so they
//! are spelled out as everywhere else, and what XML could take for markup is escaped.

use std::fmt::Write as _;

use super::super::printer::harmless;
use super::cases::{Answer, Fault, Suite};

/// The document.
pub(super) fn render(suites: &[Suite]) -> String {
    let of = |suite: &Suite, which: fn(&Answer) -> bool| suite.cases.iter().filter(|case| which(&case.answer)).count();
    let counts = |suites: &[Suite]| {
        let sum = |which| suites.iter().map(|suite| of(suite, which)).sum::<usize>();
        let failures = sum(|answer| matches!(answer, Answer::Failed(_)));
        let errors = sum(|answer| matches!(answer, Answer::Undecided(_)));
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", sum(|_| true))
    };
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"chatseal verify\" {}>", counts(suites));
    for suite in suites {
        let skipped = of(suite, |answer| matches!(answer, Answer::LeftOut(_)));
        let (name, counts) = (attribute(&suite.name), counts(std::slice::from_ref(suite)));
        let _ = writeln!(out, "  <testsuite name=\"{name}\" {counts} skipped=\"{skipped}\">");
        for case in &suite.cases {
            let title = attribute(&format!("{}: {}", case.name, case.asks));
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{title}\"");
            match &case.answer {
                Answer::Passed => out.push_str("/>\n"),
                Answer::LeftOut(why) => {
                    let _ = writeln!(out, "><skipped message=\"{}\"/></testcase>", attribute(why));
                }
                Answer::Undecided(why) => {
                    let _ = writeln!(out, "><error type=\"not-checked\" message=\"{}\"/></testcase>", attribute(why));
                }
                Answer::Failed(faults) => {
                    out.push_str(">\n");
                    failures(&mut out, faults);
                    out.push_str("    </testcase>\n");
                }
            }
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// One element for each code: several readers keep the first of a case only, so its text holds every place.
fn failures(out: &mut String, faults: &[Fault]) {
    for group in faults.chunk_by(|left, right| left.code == right.code) {
        let Some(first) = group.first() else { continue };
        let _ = write!(out, "      <failure type=\"{}\" message=\"{}\">", first.code, attribute(&first.meaning));
        for fault in group {
            let _ = writeln!(out, "{}", text(&fault.detail));
        }
        out.push_str("</failure>\n");
    }
}

/// Characters that XML 1.0 can hold, between tags.
fn text(value: &str) -> String {
    let shown = harmless(value);
    let whole = shown.chars().map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c });
    whole.collect::<String>().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The same, between quotation marks.
fn attribute(value: &str) -> String {
    text(value).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::cases::Case;
    use super::*;

    #[test]
    fn what_comes_from_outside_is_never_markup() {
        let hostile = "]]><x a=\"&amp;\u{1b}[2J\u{0}\n\u{202e}\u{ffff}'";
        let faults = vec![Fault { code: "record-order", detail: hostile.to_owned(), meaning: hostile.to_owned() }];
        let case = |answer| Case { name: hostile.to_owned(), asks: hostile.to_owned(), answer };
        let cases = vec![
            case(Answer::Failed(faults)),
            case(Answer::Undecided(hostile.to_owned())),
            case(Answer::LeftOut(hostile.to_owned())),
            case(Answer::Passed),
        ];
        let shown = render(&[Suite { name: hostile.to_owned(), cases }]);
        assert!(!shown.contains("<x") && !shown.contains("]]>") && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""), "{shown}");
        assert!(shown.contains("]]&gt;&lt;x a=&quot;&amp;amp;\\u{1b}[2J\\u{0}\\u{a}\\u{202e}\u{fffd}'"), "{shown}");
    }
}
