//! Pages that are read and printed: no script, no link that leaves, nothing fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;

/// How all pages look, on the screen and on paper.
const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #8888; overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
th[scope=row] { width: 14rem; font-weight: 600; }
table.lines td { height: 2.4rem; border: 1px solid #888; }
table.lines th { border: 1px solid #888; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
p.look { border-left: .3rem solid #c60; padding-left: .7rem; }
.line { display: inline-block; border-bottom: 1px solid; min-width: 18rem; }
footer { margin-top: 3rem; font-size: .8rem; }
@media print { body { max-width: none; margin: 0; font-size: 10.5pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
";

/// A page being written.
#[derive(Debug)]
pub(in crate::produce) struct Page(String);

impl Page {
    /// Begins a page.
    pub(in crate::produce) fn new(title: &str) -> Self {
        Self::styled(title, "")
    }

    /// Begins a page with a style of its own below the one of all pages.
    pub(in crate::produce) fn styled(title: &str, own: &str) -> Self {
        let all = format!("{STYLE}{own}");
        let (title, style) = (escaped(title), STANDARD.encode(digest(&SHA256, all.as_bytes())));
        // Paper is one file, so its style stands in it; no other one applies.
        Self(format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'sha256-{style}'\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>{title}</title>\n<style>{all}</style>\n<main>\n<h1>{title}</h1>\n"
        ))
    }

    pub(in crate::produce) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "<h2>{}</h2>", escaped(text));
    }

    pub(in crate::produce) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
    }

    /// A paragraph that must not be overlooked.
    pub(in crate::produce) fn look(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p class=\"look\">{}</p>", escaped(text));
    }

    /// Names and what they are.
    pub(in crate::produce) fn facts<'f>(&mut self, facts: impl IntoIterator<Item = (&'f str, String)>) {
        self.0.push_str("<table>\n");
        for (name, value) in facts {
            let value = if value.is_empty() { "<span class=\"line\"></span>".to_owned() } else { escaped(&value) };
            let _ = writeln!(self.0, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escaped(name));
        }
        self.0.push_str("</table>\n");
    }

    /// A table. Cells of digits are set like numbers.
    pub(super) fn table(&mut self, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.0.push_str("<table>\n<tr>");
        for column in columns {
            let _ = write!(self.0, "<th scope=\"col\">{}</th>", escaped(column));
        }
        self.0.push_str("</tr>\n");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                let is_number = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
                let class = if is_number { " class=\"number\"" } else { "" };
                let _ = write!(self.0, "<td{class}>{}</td>", escaped(&cell));
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</table>\n");
    }

    /// A table to be filled in by hand.
    pub(super) fn lines(&mut self, columns: &[&str], rows: usize) {
        self.0.push_str("<table class=\"lines\">\n<tr>");
        for column in columns {
            let _ = write!(self.0, "<th scope=\"col\">{}</th>", escaped(column));
        }
        self.0.push_str("</tr>\n");
        let row = format!("<tr>{}</tr>\n", "<td></td>".repeat(columns.len()));
        self.0.push_str(&row.repeat(rows));
        self.0.push_str("</table>\n");
    }

    /// Appends what is markup already: every text in it must have been escaped.
    pub(in crate::produce) fn markup(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Ends the page.
    pub(in crate::produce) fn end(mut self, footer: &str) -> String {
        let _ = writeln!(self.0, "</main>\n<footer>{}</footer>\n</html>", escaped(footer));
        self.0
    }
}

/// Text that cannot be markup; characters that turn the reading direction or control a terminal are spelled out.
pub(in crate::produce) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            _ if crate::produce::conversation::is_harmful(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let mut page = Page::new("<script>alert(1)</script>");
        page.facts([("a\"b", "</td><img src=x>".to_owned()), ("empty", String::new())]);
        page.table(&["<b>"], [vec!["&amp;\u{202e}".to_owned()], vec!["12".to_owned()]]);
        let page = page.end("'x'");
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&amp;amp;\\u{202e}") && page.contains("<td class=\"number\">12</td>"), "{page}");
    }
}
