//! Cuts SQL text into statements by psql's rules, so that no text inside one passes for another.
//!
//! A semicolon ends a statement only outside strings, dollar quotes, quoted names, comments, parentheses and the
//! `BEGIN ATOMIC … END` of a function. Invariant: memory does not grow with the length of a statement; one of more than
//! [`MAX_STATEMENT`] bytes is read past, and says that it is not whole. Refuses to understand any SQL.

use std::io::{self, Read};

use super::window::Window;

/// Longest statement that is kept, in bytes. Those of a whole Mattermost schema are shorter altogether.
pub const MAX_STATEMENT: usize = 1 << 20;

/// Longest line of a comment or of a psql command that is kept, in bytes.
const MAX_LINE: usize = 1000;

/// Longest word that is taken at once, in bytes; PostgreSQL cuts names at 63.
const MAX_WORD: usize = 4096;

/// What stands between two rows' ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A statement.
    Statement(Statement),
    /// A line `-- …` outside statements, without its dashes and line feed, cut at 1,000 bytes.
    Comment(Vec<u8>),
    /// A line of psql, as `\connect …`, without its backslash and line feed, cut at 1,000 bytes.
    Command(Vec<u8>),
    /// The stream ended inside a statement.
    Unfinished,
}

/// A statement without its semicolon and without comments.
///
/// A string keeps its content without quotes and escapes inside, one in dollars is empty, so that a string is what
/// stands between two apostrophes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text.
    pub text: Vec<u8>,
    /// Line on which it begins.
    pub line: u64,
    /// Whether all of it was kept.
    pub whole: bool,
}

/// The next item; `None` at the end of the stream. `escapes`: whether a backslash escapes in every string.
pub fn next<R: Read>(window: &mut Window<R>, escapes: bool) -> io::Result<Option<Item>> {
    let line = window.line;
    let statement = Statement { text: Vec::new(), line, whole: true };
    Lexer { window, escapes, statement, words: 0, start: [0; 4], parens: 0, begins: 0 }.next()
}

struct Lexer<'w, R> {
    window: &'w mut Window<R>,
    escapes: bool,
    statement: Statement,
    /// Words so far, and what of `create or replace function procedure` the first four are, by initials.
    words: usize,
    start: [u8; 4],
    parens: usize,
    /// `BEGIN` and `CASE` without their `END`, in a function.
    begins: usize,
}

impl<R: Read> Lexer<'_, R> {
    fn next(mut self) -> io::Result<Option<Item>> {
        loop {
            let empty = self.statement.text.is_empty();
            let Some(byte) = self.window.byte(0)? else { return Ok((!empty).then_some(Item::Unfinished)) };
            let second = if matches!(byte, b'-' | b'/') { self.window.byte(1)? } else { None };
            if empty {
                self.statement.line = self.window.line;
            }
            let finished = match byte {
                b'-' if second == Some(b'-') => {
                    let line = self.line(2)?;
                    if empty {
                        return Ok(Some(Item::Comment(line)));
                    }
                    self.push(b"\n");
                    true
                }
                b'/' if second == Some(b'*') => self.block_comment()?,
                b'\\' => {
                    let line = self.line(1)?;
                    if empty {
                        return Ok(Some(Item::Command(line)));
                    }
                    true
                }
                b'\'' => self.string(self.escapes)?,
                b'"' => {
                    self.keep(1);
                    self.through(b"\"", true)?
                }
                b'$' => self.dollars()?,
                b';' if self.parens == 0 && self.begins == 0 => {
                    self.window.skip(1);
                    return Ok(Some(Item::Statement(self.statement)));
                }
                _ if is_word(byte) => self.word()?,
                _ if byte.is_ascii_whitespace() && empty => {
                    self.window.skip(1);
                    true
                }
                _ => {
                    match byte {
                        b'(' => self.parens += 1,
                        b')' => self.parens = self.parens.saturating_sub(1),
                        _ => {}
                    }
                    self.keep(1);
                    true
                }
            };
            if !finished {
                return Ok(Some(Item::Unfinished));
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = MAX_STATEMENT - self.statement.text.len();
        self.statement.whole &= bytes.len() <= room;
        self.statement.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Takes `count` bytes into the statement.
    fn keep(&mut self, count: usize) {
        let room = MAX_STATEMENT - self.statement.text.len();
        self.statement.whole &= count <= room;
        self.statement.text.extend_from_slice(&self.window.rest()[..count.min(room)]);
        self.window.skip(count);
    }

    /// Takes everything through `needle`, into the statement if `keep`; `false` if it never comes.
    fn through(&mut self, needle: &[u8], keep: bool) -> io::Result<bool> {
        loop {
            let found = memchr::memmem::find(self.window.rest(), needle);
            let overlap = needle.len() - 1;
            let count = found.map_or(self.window.rest().len().saturating_sub(overlap), |at| at + needle.len());
            if keep {
                self.keep(count);
            } else {
                self.window.skip(count);
            }
            if found.is_some() {
                return Ok(true);
            }
            if !self.window.more()? {
                return Ok(false);
            }
        }
    }

    /// The rest of the line behind its first `skip` bytes; its line feed is taken too.
    fn line(&mut self, skip: usize) -> io::Result<Vec<u8>> {
        self.window.skip(skip);
        let mut line = Vec::new();
        loop {
            let rest = self.window.rest();
            let end = memchr::memchr(b'\n', rest);
            let part = &rest[..end.unwrap_or(rest.len())];
            line.extend_from_slice(&part[..part.len().min(MAX_LINE - line.len())]);
            let count = end.map_or(rest.len(), |at| at + 1);
            self.window.skip(count);
            if end.is_some() || !self.window.more()? {
                return Ok(line);
            }
        }
    }

    /// Comments nest, unlike in C.
    fn block_comment(&mut self) -> io::Result<bool> {
        if !self.statement.text.is_empty() {
            self.push(b" ");
        }
        let mut depth = 0_usize;
        loop {
            let rest = self.window.rest();
            let near = memchr::memchr2(b'*', b'/', rest).unwrap_or(rest.len());
            self.window.skip(near);
            let (Some(first), second) = (self.window.byte(0)?, self.window.byte(1)?) else { return Ok(false) };
            match (first, second) {
                (b'/', Some(b'*')) => depth += 1,
                (b'*', Some(b'/')) => depth -= 1,
                _ => {
                    self.window.skip(1);
                    continue;
                }
            }
            self.window.skip(2);
            if depth == 0 {
                return Ok(true);
            }
        }
    }

    fn string(&mut self, escapes: bool) -> io::Result<bool> {
        self.keep(1);
        if !escapes {
            // A doubled apostrophe ends one string and begins another: to us that is the same.
            return self.through(b"'", true);
        }
        loop {
            let rest = self.window.rest();
            let near = memchr::memchr2(b'\'', b'\\', rest).unwrap_or(rest.len());
            self.keep(near);
            match (self.window.byte(0)?, self.window.byte(1)?) {
                (None, _) | (Some(b'\\'), None) => return Ok(false),
                (Some(b'\\'), _) | (Some(b'\''), Some(b'\'')) => self.window.skip(2),
                (Some(b'\''), _) => {
                    self.keep(1);
                    return Ok(true);
                }
                // The byte arrived only now.
                _ => {}
            }
        }
    }

    /// `$tag$ … $tag$`, or a dollar that means nothing to us.
    fn dollars(&mut self) -> io::Result<bool> {
        let mut end = 1;
        loop {
            match self.window.byte(end)? {
                Some(b'$') => break,
                Some(byte) if end < MAX_WORD && is_word(byte) && !(end == 1 && byte.is_ascii_digit()) => end += 1,
                _ => {
                    self.keep(1);
                    return Ok(true);
                }
            }
        }
        let tag = self.window.rest()[..=end].to_vec();
        self.window.skip(tag.len());
        self.push(b"''");
        self.through(&tag, false)
    }

    fn word(&mut self) -> io::Result<bool> {
        let mut end = 0;
        while end < MAX_WORD && self.window.byte(end)?.is_some_and(|byte| is_word(byte) || byte == b'$') {
            end += 1;
        }
        let word = self.window.rest()[..end].to_ascii_lowercase();
        self.keep(end);
        if let Some(place) = self.start.get_mut(self.words)
            && matches!(word.as_slice(), b"create" | b"or" | b"replace" | b"function" | b"procedure")
        {
            *place = word[0];
        }
        self.words += 1;
        if self.parens == 0 && matches!(self.start, [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']) {
            match word.as_slice() {
                b"begin" => self.begins += 1,
                // It ends with END too, but matters only inside.
                b"case" if self.begins > 0 => self.begins += 1,
                b"end" => self.begins = self.begins.saturating_sub(1),
                _ => {}
            }
        }
        if word == b"e" && self.window.byte(0)? == Some(b'\'') {
            return self.string(true);
        }
        Ok(true)
    }
}

/// Whether names, keywords and numbers are made of it; a dollar may follow, but not begin.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<Item> {
        let read = |piece: usize| {
            let mut window = Window::new(text.as_bytes(), piece);
            let mut all = Vec::new();
            while let Some(item) = next(&mut window, false).unwrap() {
                all.push(item);
                if all.last() == Some(&Item::Unfinished) {
                    return all;
                }
            }
            assert_eq!(window.taken, text.len() as u64);
            all
        };
        let all = read(1);
        for piece in [2, 3, 7, 4096] {
            assert_eq!(read(piece), all, "{piece}");
        }
        all
    }

    fn statements(text: &str) -> Vec<String> {
        let text_of = |item| match item {
            Item::Statement(statement) => String::from_utf8(statement.text).unwrap(),
            other => format!("{other:?}"),
        };
        items(text).into_iter().map(text_of).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_in_the_open() {
        assert_eq!(
            statements("SELECT 1;\n\nSELECT ';\n--';SELECT \";\", ';;''';\n"),
            ["SELECT 1", "SELECT ';\n--'", "SELECT \";\", ';;'''"]
        );
        assert_eq!(
            statements("CREATE RULE r AS DO (DELETE FROM a; DELETE FROM b);\nx;"),
            ["CREATE RULE r AS DO (DELETE FROM a; DELETE FROM b)", "x"]
        );
    }

    #[test]
    fn text_in_dollars_is_no_statement() {
        let text = "CREATE FUNCTION f() AS $$\nCOPY x FROM stdin;\n$_$ $ ' -- /*\n$$ LANGUAGE sql;";
        assert_eq!(statements(text), ["CREATE FUNCTION f() AS '' LANGUAGE sql"]);
        let text = "DO $a1_é$ $$ ; $a$ ; $a1_é$; SELECT a$b$c, $1;";
        assert_eq!(statements(text), ["DO ''", "SELECT a$b$c, $1"]);
    }

    #[test]
    fn a_function_of_sql_statements_is_one_statement() {
        let text = "CREATE OR REPLACE FUNCTION f() RETURNS int\n BEGIN ATOMIC\n  INSERT INTO t VALUES (1);\n \
                    SELECT CASE WHEN a THEN 1 ELSE 2 END;\n END;\nCOPY x FROM stdin;";
        let found = statements(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with("END"));
        assert_eq!(statements("create procedure p() begin atomic x; end;y;").len(), 2);
        assert_eq!(statements("BEGIN; CASE; END;").len(), 3, "no function");
    }

    #[test]
    fn comments_are_no_part_of_a_statement() {
        assert_eq!(statements("a -- it's ; \"\n b /* ' ; /* $$ */ -- */ c;\nd - e / f;"), ["a \n b   c", "d - e / f"]);
        assert_eq!(items("\n-- Name: a; Type: b\r\nx;")[0], Item::Comment(b" Name: a; Type: b\r".to_vec()));
    }

    #[test]
    fn escapes_count_where_they_are_declared() {
        assert_eq!(statements(r"SELECT E'a\'b''c;\\';x;"), ["SELECT E'abc;'", "x"]);
        assert_eq!(statements(r"SELECT 'a\';x;"), [r"SELECT 'a\'", "x"]);
        assert_eq!(statements(r"SELECT name'a\';x;"), [r"SELECT name'a\'", "x"]);
        let mut window = Window::new(&br"SELECT 'a\';b';x;"[..], 1);
        let Some(Item::Statement(first)) = next(&mut window, true).unwrap() else { panic!() };
        assert_eq!(first.text, b"SELECT 'a;b'");
    }

    #[test]
    fn lines_of_psql_are_told_apart() {
        let found = items("\\restrict a;b'\n\\connect mattermost\nSELECT 1;");
        assert_eq!(found[0], Item::Command(b"restrict a;b'".to_vec()));
        assert_eq!(found[1], Item::Command(b"connect mattermost".to_vec()));
        let Item::Statement(statement) = &found[2] else { panic!() };
        assert_eq!((statement.line, statement.whole), (3, true));
    }

    #[test]
    fn an_end_inside_something_is_told() {
        for text in [
            "SELECT",
            "SELECT '",
            "SELECT E'\\",
            "x \"",
            "DO $$ ;",
            "/* *",
            "x $a$ $a",
            "(;",
            "CREATE FUNCTION f() BEGIN ;",
        ] {
            assert_eq!(items(text), [Item::Unfinished], "{text}");
        }
        assert_eq!(items(" \n\t"), []);
        assert_eq!(items("-- no line feed"), [Item::Comment(b" no line feed".to_vec())]);
    }

    #[test]
    fn what_has_no_end_takes_no_memory() {
        let long = "x".repeat(MAX_STATEMENT);
        for (text, kept) in [
            (format!("SELECT '{long}';"), MAX_STATEMENT),
            (format!("{long} {long};"), MAX_STATEMENT),
            (format!("SELECT $$ {long} $$;"), "SELECT ''".len()),
        ] {
            let mut window = Window::new(text.as_bytes(), 4096);
            let Some(Item::Statement(statement)) = next(&mut window, false).unwrap() else { panic!() };
            assert_eq!((statement.text.len(), statement.whole), (kept, kept < MAX_STATEMENT));
        }
        let text = format!("--{long}\n\\{long}\n");
        let mut window = Window::new(text.as_bytes(), 4096);
        for _ in 0..2 {
            let (Item::Comment(line) | Item::Command(line)) = next(&mut window, false).unwrap().unwrap() else {
                panic!()
            };
            assert_eq!(line.len(), MAX_LINE);
        }
    }
}
