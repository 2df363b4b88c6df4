//! What the few statements say that matter: which tables there are, whose rows follow, and how texts are written.
//!
//! Invariant: a statement is understood as a whole or named as broken; of all others only the first words are looked
//! at. Names are folded as PostgreSQL folds them: lower case unless quoted.

use super::statement::is_word;
use crate::source::rows::ColumnFound;

/// Columns that one table may have in PostgreSQL.
const MAX_COLUMNS: usize = 1600;

/// A statement that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// `CREATE TABLE`.
    Table(Named),
    /// `ALTER TABLE … ATTACH PARTITION`: the partition, which names its parent.
    Partition(Named),
    /// `COPY … FROM stdin`: rows follow. Its columns have no types.
    Copy(Named),
    /// `INSERT`.
    Insert,
    /// `SET client_encoding`.
    Encoding(String),
    /// `SET standard_conforming_strings`: whether backslashes escape in every string.
    Escapes(bool),
    /// `SET search_path`: the schema of names without one.
    Path(String),
    /// Anything else.
    Nothing,
}

/// A table as a statement names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its schema, if that is said.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnFound>,
    /// The table that it is a partition of.
    pub parent: Option<Box<Named>>,
    /// Whether its rows lie in partitions.
    pub divided: bool,
}

/// What a statement means; `Err` says what was expected of it.
pub fn understand(text: &[u8], whole: bool) -> Result<Meaning, &'static str> {
    // Only names may hold other bytes, and they are looked at as text below.
    let lossy = String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned();
    let mut words = Tokens::new(&lossy);
    let first: Vec<_> = std::iter::from_fn(|| words.next()).take(3).collect();
    let word = |at: usize| first.get(at).and_then(Token::word).unwrap_or_default().to_ascii_lowercase();
    match (word(0).as_str(), word(1).as_str(), word(2).as_str()) {
        ("insert", "into", _) => Ok(Meaning::Insert),
        ("copy", ..) => full(text, whole).and_then(|text| copy(&mut Tokens::new(text))).map(Meaning::Copy),
        ("create", "table", _) | ("create", "unlogged" | "temporary" | "temp" | "global" | "local", "table") => {
            full(text, whole).and_then(|text| table(&mut Tokens::new(text))).map(Meaning::Table)
        }
        ("alter", "table", _) if whole => partition(text),
        ("set", name @ ("client_encoding" | "standard_conforming_strings" | "search_path"), _) => {
            let mut tokens = Tokens::new(full(text, whole)?);
            tokens.by_ref().take(2).for_each(drop);
            // `=` or `TO`
            tokens.next();
            let value = match tokens.next() {
                Some(Token::Word(value) | Token::Text(value)) => value.to_owned(),
                Some(Token::Quoted(value)) => value,
                _ => return Err("a value"),
            };
            Ok(match name {
                "client_encoding" => Meaning::Encoding(value),
                "search_path" => Meaning::Path(value),
                _ => Meaning::Escapes(!value.eq_ignore_ascii_case("on")),
            })
        }
        ("select", "pg_catalog", _) if lossy.contains("set_config('search_path', ''") => {
            Ok(Meaning::Path(String::new()))
        }
        _ => Ok(Meaning::Nothing),
    }
}

fn full(text: &[u8], whole: bool) -> Result<&str, &'static str> {
    if !whole {
        return Err("at most 1 MiB");
    }
    std::str::from_utf8(text).map_err(|_| "UTF-8")
}

/// `COPY schema.name (column, …) FROM stdin`
fn copy(tokens: &mut Tokens<'_>) -> Result<Named, &'static str> {
    const FORM: &str = "`COPY table (columns) FROM stdin;`, as pg_dump writes it";
    tokens.next();
    let (mut named, next) = name(tokens).ok_or(FORM)?;
    let mut next = next;
    if next == Some(Token::Mark(b'(')) {
        loop {
            let column = tokens.next().and_then(Token::name).ok_or(FORM)?;
            named.columns.push(ColumnFound { name: column, declared: String::new() });
            if named.columns.len() > MAX_COLUMNS {
                return Err("at most 1,600 columns");
            }
            match tokens.next() {
                Some(Token::Mark(b',')) => {}
                Some(Token::Mark(b')')) => break,
                _ => return Err(FORM),
            }
        }
        next = tokens.next();
    }
    let is = |token: Option<Token<'_>>, word: &str| {
        token.as_ref().and_then(Token::word).is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    if is(next, "from") && is(tokens.next(), "stdin") && tokens.next().is_none() { Ok(named) } else { Err(FORM) }
}

/// `CREATE TABLE schema.name ( column type …, … ) …`
fn table(tokens: &mut Tokens<'_>) -> Result<Named, &'static str> {
    const FORM: &str = "`CREATE TABLE name (columns)`, as pg_dump writes it";
    while !tokens.next().ok_or(FORM)?.is("table") {}
    let ahead = tokens.clone();
    if tokens.next().is_some_and(|token| token.is("if")) {
        tokens.by_ref().take(2).for_each(drop);
    } else {
        *tokens = ahead;
    }
    let (mut named, next) = name(tokens).ok_or(FORM)?;
    if next.as_ref().is_some_and(|token| token.is("partition")) && tokens.next().is_some_and(|token| token.is("of")) {
        named.parent = Some(Box::new(name(tokens).ok_or(FORM)?.0));
    }
    // A partition or a typed table says its columns elsewhere.
    while next == Some(Token::Mark(b'(')) {
        match member(tokens).ok_or(FORM)? {
            Member::Column(column) => named.columns.push(column),
            Member::Constraint => {}
            Member::End => break,
        }
        if named.columns.len() > MAX_COLUMNS {
            return Err("at most 1,600 columns");
        }
    }
    let rest: Vec<Token<'_>> = tokens.collect();
    named.divided = rest.windows(2).any(|pair| pair[0].is("partition") && pair[1].is("by"));
    Ok(named)
}

/// `ALTER TABLE ONLY parent ATTACH PARTITION name FOR VALUES …`; other changes of tables mean nothing here.
fn partition(text: &[u8]) -> Result<Meaning, &'static str> {
    const FORM: &str = "`ALTER TABLE ONLY table ATTACH PARTITION table`, as pg_dump writes it";
    let Ok(text) = std::str::from_utf8(text) else { return Ok(Meaning::Nothing) };
    let mut tokens = Tokens::new(text);
    tokens.by_ref().take(2).for_each(drop);
    for word in ["if", "exists", "only"] {
        let ahead = tokens.clone();
        if !tokens.next().is_some_and(|token| token.is(word)) {
            tokens = ahead;
        }
    }
    let Some((parent, Some(next))) = name(&mut tokens) else { return Ok(Meaning::Nothing) };
    if !next.is("attach") {
        return Ok(Meaning::Nothing);
    }
    let partition = tokens.next().filter(|token| token.is("partition")).and_then(|_| name(&mut tokens));
    let (named, _) = partition.ok_or(FORM)?;
    Ok(Meaning::Partition(Named { parent: Some(Box::new(parent)), ..named }))
}

/// A name with or without its schema, and the token behind it.
fn name<'t>(tokens: &mut Tokens<'t>) -> Option<(Named, Option<Token<'t>>)> {
    let first = tokens.next()?.name()?;
    let next = tokens.next();
    if next != Some(Token::Mark(b'.')) {
        return Some((Named { name: first, ..Named::default() }, next));
    }
    let name = tokens.next()?.name()?;
    Some((Named { schema: Some(first), name, ..Named::default() }, tokens.next()))
}

/// Words that end a column's type. None of them can be part of one.
const BEHIND_TYPE: [&str; 13] = [
    "check",
    "collate",
    "compression",
    "constraint",
    "default",
    "generated",
    "not",
    "null",
    "options",
    "primary",
    "references",
    "storage",
    "unique",
];

/// Words that begin something other than a column; a column of this name is quoted.
const NO_COLUMN: [&str; 7] = ["check", "constraint", "exclude", "foreign", "like", "primary", "unique"];

/// What stands in the parentheses of CREATE TABLE.
enum Member {
    Column(ColumnFound),
    Constraint,
    End,
}

fn member(tokens: &mut Tokens<'_>) -> Option<Member> {
    let first = tokens.next()?;
    if first == Token::Mark(b')') {
        return Some(Member::End);
    }
    let is_column = !NO_COLUMN.iter().any(|word| first.is(word));
    let name = first.name()?;
    let start = tokens.at;
    let mut end = None;
    let mut depth = 0_usize;
    loop {
        let before = tokens.at;
        let ahead = tokens.clone();
        let token = tokens.next()?;
        let last = match token {
            Token::Mark(b'(' | b'[') => {
                depth += 1;
                false
            }
            Token::Mark(b')') if depth == 0 => {
                // Left for the next call to see.
                *tokens = ahead;
                true
            }
            Token::Mark(b')' | b']') => {
                depth = depth.saturating_sub(1);
                false
            }
            Token::Mark(b',') => depth == 0,
            _ => {
                if depth == 0 && BEHIND_TYPE.iter().any(|word| token.is(word)) {
                    end = end.or(Some(before));
                }
                false
            }
        };
        if last {
            let declared = tokens.text[start..end.unwrap_or(before)].trim().to_owned();
            return Some(if is_column { Member::Column(ColumnFound { name, declared }) } else { Member::Constraint });
        }
    }
}

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// A keyword, a name without quotes or a number, as it is written.
    Word(&'t str),
    /// A quoted name, taken out of its quotes.
    Quoted(String),
    /// A string, taken out of its quotes.
    Text(&'t str),
    /// Anything else, byte by byte.
    Mark(u8),
}

impl Token<'_> {
    fn word(&self) -> Option<&str> {
        if let Token::Word(word) = self { Some(word) } else { None }
    }

    fn is(&self, keyword: &str) -> bool {
        self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    fn name(self) -> Option<String> {
        match self {
            Token::Word(word) => Some(word.to_ascii_lowercase()),
            Token::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The text up to `end`, which is taken, or to the end of it all.
    fn until(&mut self, end: u8) -> &'t str {
        let rest = &self.text[self.at..];
        let length = memchr::memchr(end, rest.as_bytes()).unwrap_or(rest.len());
        self.at = (self.at + length + 1).min(self.text.len());
        &rest[..length]
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let rest = &self.text[self.at..];
        let skipped = rest.len() - rest.trim_ascii_start().len();
        self.at += skipped;
        let rest = &rest[skipped..];
        let first = *rest.as_bytes().first()?;
        if is_word(first) {
            let length = rest.bytes().position(|byte| !is_word(byte) && byte != b'$').unwrap_or(rest.len());
            self.at += length;
            return Some(Token::Word(&rest[..length]));
        }
        self.at += 1;
        Some(match first {
            b'\'' => Token::Text(self.until(b'\'')),
            b'"' => {
                let mut name = self.until(b'"').to_owned();
                while self.text[self.at..].starts_with('"') {
                    self.at += 1;
                    name.push('"');
                    name.push_str(self.until(b'"'));
                }
                Token::Quoted(name)
            }
            mark => Token::Mark(mark),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Result<Meaning, &'static str> {
        understand(text.as_bytes(), true)
    }

    fn shown(named: &Named) -> String {
        let columns: Vec<_> =
            named.columns.iter().map(|column| format!("{}:{}", column.name, column.declared)).collect();
        let parent = named.parent.as_ref().map(|parent| format!(" of {}", shown(parent))).unwrap_or_default();
        let divided = if named.divided { " divided" } else { "" };
        let schema = named.schema.as_deref().unwrap_or("-");
        format!("{schema}.{}({}){divided}{parent}", named.name, columns.join("|"))
    }

    fn copy_of(text: &str) -> String {
        match meaning(text) {
            Ok(Meaning::Copy(named)) => shown(&named),
            other => format!("{other:?}"),
        }
    }

    fn table_of(text: &str) -> String {
        match meaning(text) {
            Ok(Meaning::Table(named)) => shown(&named),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn copy_headers_with_every_kind_of_name() {
        assert_eq!(
            copy_of("COPY public.posts (id, \"desc\", \"a\"\"b, \") FROM stdin"),
            "public.posts(id:|desc:|a\"b, :)"
        );
        assert_eq!(copy_of("COPY \"Old Data\".\"Posts\" (é) FROM stdin"), "Old Data.Posts(é:)");
        assert_eq!(copy_of("copy Posts  FROM STDIN"), "-.posts()");
    }

    #[test]
    fn other_copies_are_refused() {
        for text in [
            "COPY posts (id) TO stdout",
            "COPY posts (id) FROM '/etc/passwd'",
            "COPY posts (id) FROM stdin WITH (FORMAT csv)",
            "COPY (SELECT 1) TO stdout",
            "COPY posts (id FROM stdin",
            "COPY posts () FROM stdin",
            "COPY",
            "COPY a.b.c (id) FROM stdin",
        ] {
            assert!(meaning(text).is_err(), "{text}");
        }
        let many = format!("COPY t ({}) FROM stdin", vec!["a"; 1601].join(","));
        assert_eq!(meaning(&many), Err("at most 1,600 columns"));
        assert_eq!(understand(b"COPY t (a\xff) FROM stdin", true), Err("UTF-8"));
        assert_eq!(understand(b"COPY t (a", false), Err("at most 1 MiB"));
    }

    #[test]
    fn declared_types_are_kept_without_what_follows_them() {
        let text = "CREATE TABLE public.t (\n    id character varying(26) NOT NULL,\n    \"desc\" numeric(10,2) DEFAULT \
                    1.5,\n    type public.channel_type DEFAULT 'O,)'::public.channel_type,\n    ids character \
                    varying(26)[],\n    at timestamp with time zone DEFAULT now() NOT NULL,\n    c text COLLATE \
                    pg_catalog.\"C\",\n    g bigint GENERATED ALWAYS AS ((a + 1)) STORED,\n    CONSTRAINT k CHECK ((a \
                    > 0)),\n    x \"char\"\n)\nPARTITION BY RANGE (a)";
        assert_eq!(
            table_of(text),
            "public.t(id:character varying(26)|desc:numeric(10,2)|type:public.channel_type|ids:character \
             varying(26)[]|at:timestamp with time zone|c:text|g:bigint|x:\"char\") divided"
        );
        assert_eq!(table_of("CREATE UNLOGGED TABLE t (a int)"), "-.t(a:int)");
        assert_eq!(table_of("CREATE TABLE IF NOT EXISTS a.t (a int)"), "a.t(a:int)");
        assert_eq!(table_of("CREATE TABLE a.t ()"), "a.t()");
    }

    #[test]
    fn partitions_name_their_parents() {
        assert_eq!(table_of("CREATE TABLE a.p PARTITION OF a.t FOR VALUES IN (1)"), "a.p() of a.t()");
        assert_eq!(
            table_of(
                "CREATE TABLE p PARTITION OF \"T\" (b DEFAULT 1) FOR VALUES IN ('partition by') PARTITION BY HASH (a)"
            ),
            "-.p() divided of -.T()"
        );
        for (text, expected) in [
            (
                "ALTER TABLE ONLY public.posts ATTACH PARTITION public.\"Old\" FOR VALUES FROM (1) TO (2)",
                "public.Old() of public.posts()",
            ),
            ("alter table if exists posts attach partition p DEFAULT", "-.p() of -.posts()"),
        ] {
            let Ok(Meaning::Partition(named)) = meaning(text) else { panic!("{text}") };
            assert_eq!(shown(&named), expected);
        }
        assert!(meaning("ALTER TABLE ONLY a ATTACH PARTITION").is_err());
        assert_eq!(meaning("ALTER TABLE ONLY a DETACH PARTITION b"), Ok(Meaning::Nothing));
    }

    #[test]
    fn broken_tables_are_refused() {
        for text in [
            "CREATE TABLE",
            "CREATE TABLE t (a int",
            "CREATE TABLE t (a int,",
            "CREATE TABLE 't' (a int)",
            "CREATE TABLE t (,)",
        ] {
            assert!(meaning(text).is_err(), "{text}");
        }
        assert_eq!(understand(b"CREATE TABLE t (", false), Err("at most 1 MiB"));
    }

    #[test]
    fn settings_are_understood() {
        assert_eq!(meaning("SET client_encoding = 'UTF8'"), Ok(Meaning::Encoding("UTF8".into())));
        assert_eq!(meaning("SET standard_conforming_strings = on"), Ok(Meaning::Escapes(false)));
        assert_eq!(meaning("SET standard_conforming_strings = 'off'"), Ok(Meaning::Escapes(true)));
        assert_eq!(meaning("SET search_path = public, pg_catalog"), Ok(Meaning::Path("public".into())));
        assert_eq!(meaning("SET search_path = \"A b\", pg_catalog"), Ok(Meaning::Path("A b".into())));
        let cleared = "SELECT pg_catalog.set_config('search_path', '', false)";
        assert_eq!(meaning(cleared), Ok(Meaning::Path(String::new())));
        assert_eq!(meaning("SET client_encoding"), Err("a value"));
    }

    #[test]
    fn everything_else_means_nothing() {
        for text in [
            "CREATE FOREIGN TABLE t (a int) SERVER s",
            "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA",
            "REFRESH MATERIALIZED VIEW v",
            "ALTER TABLE ONLY public.posts ADD CONSTRAINT posts_pkey PRIMARY KEY (id)",
            "SELECT pg_catalog.setval('s', 1, true)",
            "SET row_security = off",
            "\"copy\" t",
            "",
        ] {
            assert_eq!(meaning(text), Ok(Meaning::Nothing), "{text}");
        }
        assert_eq!(meaning("INSERT INTO public.posts VALUES (1)"), Ok(Meaning::Insert));
    }
}
