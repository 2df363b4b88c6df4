//! The report as Markdown: for wikis, tickets and version control.
//!
//! Everything that people wrote is escaped, so nothing in it can add a heading, a link, a picture or a script. References lead
//! to the list of evidence, with the record's id at hover.

use std::fmt::Write as _;

use super::document::{Block, Document, Line, Part};
use super::evidence::Evidence;
use super::moment;
use crate::produce::Zone;
use crate::produce::incident::RecordId;
use crate::produce::markdown::push_escaped;

/// A document being written.
#[derive(Debug)]
struct Writer<'e> {
    out: String,
    evidence: &'e Evidence,
    rows: &'e [Vec<Line>],
    is_spelled: bool,
    zone: Zone,
}

/// The document, and whether characters had to be spelled out.
pub(super) fn write(document: &Document, evidence: &Evidence, rows: &[Vec<Line>]) -> (String, bool) {
    let out = String::from("# Incident report: ");
    let mut writer = Writer { out, evidence, rows, is_spelled: false, zone: document.zone };
    writer.escaped(&document.name, "");
    writer.out.push('\n');
    writer.blocks(&document.opening);
    for (number, section) in (1..).zip(&document.sections) {
        let _ = write!(writer.out, "\n## {number}. {}\n", section.title);
        writer.blocks(&section.blocks);
    }
    writer.out.push_str("\n---\n\n");
    writer.line(&document.footer);
    writer.out.push('\n');
    (writer.out, writer.is_spelled)
}

impl Writer<'_> {
    fn escaped(&mut self, text: &str, indent: &str) {
        self.is_spelled |= push_escaped(&mut self.out, text, indent);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.out.push('\n');
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(line) => self.sentence("### ", line),
            Block::Text(line) => self.sentence("", line),
            Block::Look(line) => self.sentence("> **Look:** ", line),
            Block::Missing(line) => self.sentence("*Missing:* ", line),
            Block::Facts(facts) => {
                self.out.push_str("| | |\n|---|---|\n");
                for (name, line) in facts {
                    let _ = write!(self.out, "| **{name}** | ");
                    self.line(line);
                    self.out.push_str(" |\n");
                }
            }
            Block::Table(columns, rows) => self.table(columns, rows, false),
            Block::Quote { text, .. } => {
                self.out.push_str("> ");
                self.escaped(text.trim_end(), "> ");
                self.out.push('\n');
            }
            Block::Evidence => {
                self.table(&["no.", "record", "number in the archive", "time", "SHA-256"], self.rows, true);
            }
        }
    }

    fn sentence(&mut self, before: &str, line: &Line) {
        self.out.push_str(before);
        self.line(line);
        self.out.push('\n');
    }

    fn table(&mut self, columns: &[&str], rows: &[Vec<Line>], is_numbered: bool) {
        let _ = writeln!(self.out, "| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
        for (number, row) in (1..).zip(rows) {
            self.out.push('|');
            if is_numbered {
                let _ = write!(self.out, " <a id=\"e{number}\"></a>E{number} |");
            }
            for line in row {
                self.out.push(' ');
                self.line(line);
                self.out.push_str(" |");
            }
            self.out.push('\n');
        }
    }

    fn line(&mut self, line: &Line) {
        for part in &line.0 {
            match part {
                Part::Words(words) => self.out.push_str(words),
                Part::Said(text) => self.escaped(text, ""),
                Part::Code(code) => self.code(code),
                Part::Time(at) => self.out.push_str(&moment(*at, self.zone)),
                Part::Cited(records) => {
                    for record in records {
                        self.out.push(' ');
                        self.reference(record);
                    }
                }
            }
        }
    }

    /// An id or a digest, where it is made of what ids are made of; anything else is text.
    fn code(&mut self, code: &str) {
        if !code.is_empty() && code.bytes().all(is_plain) {
            let _ = write!(self.out, "`{code}`");
        } else {
            self.escaped(code, "");
        }
    }

    fn reference(&mut self, record: &RecordId) {
        let name = record.to_string();
        match self.evidence.number(record) {
            Some(number) if name.bytes().all(is_plain) => {
                let _ = write!(self.out, "[E{number}](#e{number} \"{name}\")");
            }
            Some(number) => {
                let _ = write!(self.out, "[E{number}](#e{number})");
            }
            None => {
                self.out.push_str("(not in the archive: ");
                self.code(&name);
                self.out.push(')');
            }
        }
    }
}

/// Bytes that mean nothing in Markdown within code and titles.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/:._-+=%@ ".contains(&byte)
}
