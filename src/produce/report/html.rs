//! The report as one page, for the screen and for paper.
//!
//! The page has one style, which its policy names by its hash, and nothing else: no script, no picture, no request. Links
//! lead to other places of the page only.

use std::fmt::Write as _;

use super::document::{Block, Document, Line, Part, Section};
use super::evidence::Evidence;
use super::moment;
use crate::produce::Zone;
use crate::produce::incident::RecordId;
use crate::produce::papers::page::{Page, escaped};
use crate::produce::transcript::alone::{Reader, name};
use crate::record::time;

/// What a report looks like beyond what all papers do.
const STYLE: &str = include_str!("report.css");

struct Writer<'e> {
    out: String,
    evidence: &'e Evidence,
    rows: &'e [Vec<Line>],
    reader: &'e Reader,
    zone: Zone,
}

/// The page. `seal` stands on each sheet of paper.
pub(super) fn write(
    document: &Document,
    evidence: &Evidence,
    rows: &[Vec<Line>],
    reader: &Reader,
    seal: &str,
) -> String {
    let mut page = Page::styled(&format!("Incident report: {}", document.name), &format!("{STYLE}{}", sheet(seal)));
    let mut writer = Writer { out: String::new(), evidence, rows, reader, zone: document.zone };
    for block in &document.opening {
        writer.block(block);
    }
    writer.contents(&document.sections);
    for (number, section) in (1..).zip(&document.sections) {
        let Section { anchor, title, blocks } = section;
        let _ =
            writeln!(writer.out, "<section aria-labelledby=\"{anchor}\">\n<h2 id=\"{anchor}\">{number}. {title}</h2>");
        for block in blocks {
            writer.block(block);
        }
        writer.out.push_str("</section>\n");
    }
    page.markup(&writer.out);
    page.end(&document.footer.text(document.zone))
}

/// What stands on each sheet of paper. The seal is made of letters, digits and a colon.
fn sheet(seal: &str) -> String {
    let seal: String = seal.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == ':').collect();
    format!(
        "@page {{ margin: 16mm 14mm 20mm; @bottom-left {{ content: \"seal {seal}\"; font: 7pt ui-monospace, monospace; color: #444; \
         width: 80%; }} @bottom-right {{ content: counter(page) \" / \" counter(pages); font: 7pt ui-monospace, monospace; \
         color: #444; }} }}\n"
    )
}

impl Writer<'_> {
    fn contents(&mut self, sections: &[Section]) {
        self.out.push_str("<nav aria-label=\"Contents\"><ol>\n");
        for Section { anchor, title, .. } in sections {
            let _ = writeln!(self.out, "<li><a href=\"#{anchor}\">{title}</a></li>");
        }
        self.out.push_str("</ol></nav>\n");
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(line) => self.element("<h3>", line, "</h3>\n"),
            Block::Text(line) => self.element("<p>", line, "</p>\n"),
            Block::Look(line) => self.element("<p class=\"look\">", line, "</p>\n"),
            Block::Missing(line) => self.element("<p class=\"missing\"><strong>Missing:</strong> ", line, "</p>\n"),
            Block::Facts(facts) => {
                self.out.push_str("<table class=\"facts\"><tbody>\n");
                for (name, line) in facts {
                    let _ = write!(self.out, "<tr><th scope=\"row\">{}</th>", escaped(name));
                    self.element("<td>", line, "</td></tr>\n");
                }
                self.out.push_str("</tbody></table>\n");
            }
            Block::Table(columns, rows) => self.table(columns, rows, false),
            Block::Quote { text, team } => {
                self.out.push_str("<blockquote class=\"said\" dir=\"auto\">\n");
                self.reader.write(&mut self.out, text, team);
                self.out.push_str("</blockquote>\n");
            }
            Block::Evidence => self.table(&["no.", "record", "number", "time", "SHA-256"], self.rows, true),
        }
    }

    fn element(&mut self, opens: &str, line: &Line, closes: &str) {
        self.out.push_str(opens);
        self.line(line);
        self.out.push_str(closes);
    }

    fn table(&mut self, columns: &[&str], rows: &[Vec<Line>], is_numbered: bool) {
        let class = if is_numbered { " class=\"evidence\"" } else { "" };
        let _ = write!(self.out, "<table{class}><thead><tr>");
        for column in columns {
            let _ = write!(self.out, "<th scope=\"col\">{}</th>", escaped(column));
        }
        self.out.push_str("</tr></thead><tbody>\n");
        for (number, row) in (1..).zip(rows) {
            self.out.push_str("<tr>");
            if is_numbered {
                let _ = write!(self.out, "<th scope=\"row\" id=\"e{number}\">E{number}</th>");
            }
            for line in row {
                self.element("<td>", line, "</td>");
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table>\n");
    }

    fn line(&mut self, line: &Line) {
        for part in &line.0 {
            match part {
                Part::Words(words) => self.out.push_str(&escaped(words)),
                Part::Said(text) => {
                    self.out.push_str("<bdi>");
                    name(&mut self.out, text);
                    self.out.push_str("</bdi>");
                }
                Part::Code(code) => {
                    let _ = write!(self.out, "<code>{}</code>", escaped(code));
                }
                Part::Time(at) => match time::format(*at) {
                    Some(exact) => {
                        let _ = write!(self.out, "<time datetime=\"{exact}\">{}</time>", moment(*at, self.zone));
                    }
                    None => self.out.push_str(&moment(*at, self.zone)),
                },
                Part::Cited(records) => self.references(records),
            }
        }
    }

    fn references(&mut self, records: &[RecordId]) {
        for record in records {
            let id = escaped(&record.to_string());
            let _ = match self.evidence.number(record) {
                Some(number) => {
                    write!(self.out, " <a class=\"cited\" href=\"#e{number}\" title=\"{id}\">E{number}</a>")
                }
                None => write!(self.out, " <span class=\"gone\">not in the archive: <code>{id}</code></span>"),
            };
        }
    }
}
