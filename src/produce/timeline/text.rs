//! One line for people: when, what sort, what happened, and the record that says so.

use std::fmt::Write as _;

use crate::produce::Zone;
use crate::produce::conversation::is_harmful;
use crate::produce::incident::{Event, Runs};
use crate::record::time;

/// Characters of a message that a line shows; the record holds the rest.
const LONGEST: usize = 240;

/// Appends the line of an event. A `*` marks milestones.
pub(super) fn push(out: &mut Vec<u8>, event: &Event<'_>, runs: &Runs, zone: Zone) {
    let exact = |_| if zone.is_utc() { time::format(event.at) } else { Some(zone.exact(event.at)) };
    let width = if zone.is_utc() { 24 } else { 30 };
    let shown = time::format(event.at).and_then(exact);
    let when = shown.unwrap_or_else(|| format!("{:>width$}", format!("ms:{}", event.at)));
    let mark = if event.is_milestone { '*' } else { ' ' };
    let mut line = format!("{when} {mark} {:<15} ", event.sort.word());
    push_message(&mut line, &event.message);
    if let Some(run) = runs.get(event.run).filter(|run| runs.all().len() > 1 && !event.message.contains(&*run.name)) {
        line.push_str(" {");
        push_message(&mut line, &run.name);
        line.push('}');
    }
    line.push_str(" [");
    line.push_str(event.kind);
    line.push('/');
    line.push_str(event.id);
    line.push_str("]\n");
    out.extend_from_slice(line.as_bytes());
}

/// The text on one line, with what no terminal should be told spelled out, and what is too long counted.
fn push_message(line: &mut String, text: &str) {
    let (mut shown, mut is_space) = (0, false);
    for (at, letter) in text.char_indices() {
        if shown >= LONGEST {
            let left = text.get(at..).unwrap_or_default().chars().count();
            let _ = write!(line, "… ({left} more characters)");
            return;
        }
        shown += 1;
        match letter {
            '\n' | '\r' | '\t' | ' ' => {
                if !is_space {
                    line.push(' ');
                }
            }
            _ if is_harmful(letter) => line.extend(letter.escape_unicode()),
            _ => line.push(letter),
        }
        is_space = letter.is_whitespace();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_was_written() {
        let mut line = String::new();
        push_message(&mut line, "a\r\n\n b\u{1b}[31m\u{202e}c\td");
        assert_eq!(line, "a b\\u{1b}[31m\\u{202e}c d");
        let mut line = String::new();
        push_message(&mut line, &"é".repeat(300));
        assert!(line.ends_with("é… (60 more characters)"), "{line}");
    }
}
