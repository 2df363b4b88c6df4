//! Tables that are safe to open: RFC 4180, and no cell that a spreadsheet would execute.
//!
//! A message that begins with `=` is evidence, and in a spreadsheet a formula that can send data away. Such a cell gets
//! an apostrophe in front, and the last column, `neutralised`, names the columns in which that was done, so that what
//! was said can be told from what was added. No method is safe for every program; the record lines are never altered.
//!
//! Invariant: every row has as many cells as its header. It refuses nothing: any text becomes a cell, but for NUL, which
//! many readers stop at and which becomes U+FFFD; that is named in the last column too.

use std::borrow::Cow;

/// The last column of every table.
pub const COLUMN: &str = "neutralised";

/// A row while it is being written.
#[derive(Debug)]
pub struct Guarded<'o, C> {
    out: &'o mut Vec<u8>,
    columns: &'o [C],
    at: usize,
    neutralised: Vec<usize>,
}

/// Whether a spreadsheet may take this text for something to execute.
pub fn is_formula(text: &str) -> bool {
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'))
}

/// Writes the header: the columns and [`COLUMN`].
pub fn header<C: AsRef<str>>(out: &mut Vec<u8>, columns: &[C]) {
    for column in columns {
        push_cell(out, column.as_ref());
        out.push(b',');
    }
    out.extend_from_slice(COLUMN.as_bytes());
    out.extend_from_slice(b"\r\n");
}

impl<'o, C: AsRef<str>> Guarded<'o, C> {
    /// Begins a row with these columns.
    pub fn new(out: &'o mut Vec<u8>, columns: &'o [C]) -> Self {
        Self { out, columns, at: 0, neutralised: Vec::new() }
    }

    /// A cell that says nothing: NULL, or not there. Empty text is a quoted cell.
    pub fn nothing(&mut self) {
        self.next();
    }

    /// A cell of our own making or without text of people: a number, a digest, a time.
    pub fn plain(&mut self, text: &str) {
        push_cell(self.out, text);
        self.next();
    }

    /// A cell of text.
    pub fn text(&mut self, text: &str) {
        let mut cell = Cow::Borrowed(text);
        if text.contains('\0') {
            cell = Cow::Owned(text.replace('\0', "\u{fffd}"));
        }
        if is_formula(&cell) {
            cell.to_mut().insert(0, '\'');
        }
        if matches!(cell, Cow::Owned(_)) {
            self.neutralised.push(self.at);
        }
        if cell.is_empty() {
            self.out.extend_from_slice(b"\"\"");
        } else {
            push_cell(self.out, &cell);
        }
        self.next();
    }

    fn next(&mut self) {
        self.out.push(b',');
        self.at += 1;
    }

    /// Ends the row. Columns that were not written say nothing.
    pub fn end(mut self) {
        while self.at < self.columns.len() {
            self.next();
        }
        let names = self.neutralised.iter().filter_map(|at| self.columns.get(*at)).map(AsRef::as_ref);
        push_cell(self.out, &names.collect::<Vec<&str>>().join(" "));
        self.out.extend_from_slice(b"\r\n");
    }
}

/// A cell, quoted where RFC 4180 or a careless reader wants it.
fn push_cell(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let is_bare = memchr::memchr3(b'"', b',', b'\n', bytes).is_none()
        && memchr::memchr(b'\r', bytes).is_none()
        && !text.starts_with([' ', '\'', '#'])
        && !text.ends_with(' ');
    if is_bare {
        return out.extend_from_slice(bytes);
    }
    out.push(b'"');
    for part in bytes.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> String {
        let columns: Vec<String> = (0..cells.len()).map(|column| format!("c{column}")).collect();
        let mut out = Vec::new();
        let mut row = Guarded::new(&mut out, &columns);
        for cell in cells {
            row.text(cell);
        }
        row.end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_wants_it() {
        assert_eq!(row(&["a", "a,b", "a\"b\"", "a\nb", ""]), "a,\"a,b\",\"a\"\"b\"\"\",\"a\nb\",\"\",\r\n");
    }

    #[test]
    fn what_a_spreadsheet_would_execute_is_neutralised_and_named() {
        let cells = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "  =x", "＝x", "- item", "a=b", "1-2", "'x"];
        for cell in cells {
            let guarded = row(&[cell, "x"]);
            let is_neutralised = guarded.ends_with(",x,c0\r\n");
            assert_eq!(is_neutralised, !matches!(cell, "a=b" | "1-2" | "'x"), "{guarded}");
            assert_eq!(guarded.trim_start_matches('"').starts_with(&format!("'{cell}")), is_neutralised, "{guarded}");
        }
        assert_eq!(row(&["=a", "b", "=c"]), "\"'=a\",b,\"'=c\",c0 c2\r\n");
        assert_eq!(row(&["a\0b"]), "a\u{fffd}b,c0\r\n");
    }

    #[test]
    fn rows_are_as_long_as_their_header() {
        let columns = ["a", "b", "c"];
        let mut out = Vec::new();
        header(&mut out, &columns);
        let mut row = Guarded::new(&mut out, &columns);
        row.plain("-5");
        row.nothing();
        row.end();
        assert_eq!(String::from_utf8(out).unwrap(), "a,b,c,neutralised\r\n-5,,,\r\n");
    }
}
