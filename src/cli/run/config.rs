//! The configuration of a run: one TOML file, read strictly. What is wrong with it is found with line, column and advice,
//! all of it in one go; a key that is not known is refused, because a misspelled one would silently do nothing.
//!
//! Paths are relative to the folder of the file, so that nothing depends on where a timer starts the run. Nothing is
//! opened here.

mod reader;

use std::path::{Path, PathBuf};

use self::reader::{Reader, Table};
use crate::cli::metrics::check_name;
use crate::record::time::Millis;

/// Largest configuration that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// The schema that this version reads.
const SCHEMA: &str = "chatseal-run/v1";

/// Longest span of time that can be set: ten years.
const MOST: Millis = 3650 * 86_400_000;

/// One thing wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub advice: String,
}

/// What a run is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// URL of a database, or a path of a dump.
    pub source: PathBuf,
    /// Password file for PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// Folder of the server's files.
    pub files: Option<PathBuf>,
    /// Audit logs.
    pub audit_logs: Vec<PathBuf>,
    /// How long the database may work on one question.
    pub statement_timeout: Option<Millis>,
    /// Team names.
    pub teams: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
    /// Users.
    pub users: Vec<String>,
    /// Policies.
    pub policies: Vec<PathBuf>,
    /// Holds files.
    pub holds: Vec<PathBuf>,
    /// The key that signs.
    pub key: PathBuf,
    /// Folder of the archives.
    pub archives: PathBuf,
    /// Folder of the ledger.
    pub ledger: PathBuf,
    /// What names of archives begin with.
    pub name: String,
    /// Rows that changed later than this before the run wait for the next one.
    pub settle: Millis,
    /// How far a run looks back behind the end of the last one.
    pub overlap: Millis,
    /// One part in so many is looked at again.
    pub rescan: Option<u64>,
    /// Threads that work.
    pub threads: Option<u64>,
    /// File of metrics.
    pub metrics: Option<PathBuf>,
}

/// Tables and keys, with what each says: the advice of findings.
const TOP: Table = Table {
    what: "a configuration",
    keys: &[
        ("schema", "`schema = \"chatseal-run/v1\"`"),
        ("source", "`[source]`, what is read"),
        ("scope", "`[scope]`, which part of it"),
        ("policy", "`[policy]`, what decides over records"),
        ("seal", "`[seal]`, where archives go and who signs them"),
        ("changes", "`[changes]`, what counts as new"),
        ("work", "`[work]`, how the work is done"),
    ],
};
const SOURCE: Table = Table {
    what: "`[source]`",
    keys: &[
        ("url", "URL of the database"),
        ("dump", "a plain pg_dump file instead"),
        ("password_file", "password file of PostgreSQL, instead of `PGPASSFILE`"),
        ("files", "folder of the server's files, or `false` to leave them out"),
        ("audit_logs", "a list of audit logs"),
        ("statement_timeout", "how long the database may work on one question, such as \"6h\""),
    ],
};
const SCOPE: Table = Table {
    what: "`[scope]`",
    keys: &[
        ("teams", "a list of team names"),
        ("channels", "a list of TEAM/NAME or ids"),
        ("users", "a list of users"),
    ],
};
const POLICY: Table =
    Table { what: "`[policy]`", keys: &[("policies", "a list of policy files"), ("holds", "a list of holds files")] };
const SEAL: Table = Table {
    what: "`[seal]`",
    keys: &[
        ("key", "the private key that signs, or the public key of one that an ssh-agent holds"),
        ("archives", "the folder of the archives"),
        ("ledger", "the folder of the ledger"),
        ("name", "what the names of archives begin with"),
    ],
};
const CHANGES: Table = Table {
    what: "`[changes]`",
    keys: &[
        ("settle", "rows that changed later than this before the run wait for the next one, such as \"5m\""),
        ("overlap", "how far each run looks back behind the end of the last, such as \"1h\""),
        ("rescan", "the share of all records that is looked at again by each run, such as \"1/30\""),
    ],
};
const WORK: Table = Table {
    what: "`[work]`",
    keys: &[("threads", "number of threads"), ("metrics", "file for node_exporter, ending in .prom")],
};

/// Reads a configuration that lies in `folder`: what it says, or everything that is wrong with it.
///
/// # Errors
/// The findings, in the order of the file.
pub fn parse(bytes: &[u8], folder: &Path) -> Result<Config, Vec<Finding>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let (detail, advice) = ("the file is not UTF-8".to_owned(), "save it as UTF-8".to_owned());
        return Err(vec![Finding { line: 1, column: 1, detail, advice }]);
    };
    let mut reader = Reader::new(text, folder);
    let document = reader.document();
    let config = read(&mut reader, document.get_ref());
    let findings = reader.into_findings();
    if findings.is_empty() { Ok(config) } else { Err(findings) }
}

fn read(reader: &mut Reader<'_>, document: &toml::de::DeTable<'_>) -> Config {
    let top = reader.top(&TOP, document);
    match reader.text(top, "schema") {
        Some((SCHEMA, _)) => {}
        Some((other, at)) => {
            reader.find(at, format!("the schema is `{other}`"), format!("this version reads `{SCHEMA}`"));
        }
        None if !top.has("schema") => reader.need(top, "schema"),
        None => {}
    }
    let mut config =
        Config { name: "mattermost".to_owned(), settle: 5 * 60_000, overlap: 3_600_000, ..Config::default() };
    if let Some(source) = reader.table(top, "source", &SOURCE, true) {
        match (reader.text(source, "url"), reader.path(source, "dump")) {
            (Some((_, at)), Some(_)) => reader.find(at, "both `url` and `dump`", "give one of them"),
            (None, None) if !source.has("url") && !source.has("dump") => reader.need(source, "url"),
            (Some((url, _)), None) => config.source = PathBuf::from(url),
            (None, dump) => config.source = dump.unwrap_or_default(),
        }
        config.password_file = reader.path(source, "password_file");
        config.files = reader.path_or_false(source, "files");
        config.audit_logs = reader.paths(source, "audit_logs");
        config.statement_timeout = reader.duration(source, "statement_timeout");
    }
    if let Some(scope) = reader.table(top, "scope", &SCOPE, false) {
        config.teams = reader.texts(scope, "teams");
        config.channels = reader.texts(scope, "channels");
        config.users = reader.texts(scope, "users");
    }
    if let Some(policy) = reader.table(top, "policy", &POLICY, false) {
        config.policies = reader.paths(policy, "policies");
        config.holds = reader.paths(policy, "holds");
    }
    if let Some(seal) = reader.table(top, "seal", &SEAL, true) {
        for (key, to) in [("key", &mut config.key), ("archives", &mut config.archives), ("ledger", &mut config.ledger)]
        {
            match reader.path(seal, key) {
                Some(path) => *to = path,
                None if !seal.has(key) => reader.need(seal, key),
                None => {}
            }
        }
        if let Some((name, at)) = reader.text(seal, "name") {
            if is_name(name) {
                name.clone_into(&mut config.name);
            } else {
                let advice = "at most 60 of the letters, digits and `._-`, the first a letter or digit";
                reader.find(at, format!("`{name}` cannot begin the name of an archive"), advice);
            }
        }
    }
    if let Some(changes) = reader.table(top, "changes", &CHANGES, false) {
        config.settle = reader.duration(changes, "settle").unwrap_or(config.settle);
        config.overlap = reader.duration(changes, "overlap").unwrap_or(config.overlap);
        if let Some((share, at)) = reader.text(changes, "rescan") {
            config.rescan =
                share.strip_prefix("1/").and_then(|of| of.parse().ok()).filter(|of| (1..=10_000).contains(of));
            if config.rescan.is_none() {
                reader.find(at, format!("`{share}` is not a share"), "write \"1/30\": a part in at most 10,000");
            }
        }
    }
    if let Some(work) = reader.table(top, "work", &WORK, false) {
        config.threads = reader.number(work, "threads", 1, 1024);
        config.metrics = reader.path(work, "metrics");
        if let Some(Err(why)) = config.metrics.as_deref().map(check_name) {
            let at = work.place("metrics");
            reader.find(at, why, "give the file a name that ends in `.prom`");
        }
    }
    config
}

/// Milliseconds of a span of time such as `90s`, `5m`, `1h` or `2d`.
pub(super) fn span(text: &str) -> Option<Millis> {
    reader::duration(text).filter(|span| *span <= MOST)
}

fn is_name(name: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric();
    name.len() <= 60
        && name.bytes().next().is_some_and(is_word)
        && name.bytes().all(|b| is_word(b) || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "schema = \"chatseal-run/v1\"\n[source]\nurl = \"postgres:///mm\"\n[seal]\nkey = \"seal.key\"\narchives = \"archives\"\nledger = \"/ledger\"\n";

    fn findings(text: &str) -> Vec<(usize, usize, String)> {
        let found = parse(text.as_bytes(), Path::new("/etc/chatseal")).unwrap_err();
        assert!(found.iter().all(|finding| !finding.advice.is_empty()), "{found:?}");
        found
            .into_iter()
            .map(|finding| (finding.line, finding.column, finding.detail + "; " + &finding.advice))
            .collect()
    }

    #[test]
    fn paths_are_those_of_its_folder_and_the_rest_has_defaults() {
        let config = parse(LEAST.as_bytes(), Path::new("/etc/chatseal")).unwrap();
        assert_eq!(config.key, Path::new("/etc/chatseal/seal.key"));
        assert_eq!((config.archives, config.ledger), ("/etc/chatseal/archives".into(), "/ledger".into()));
        assert_eq!((config.settle, config.overlap, config.rescan), (300_000, 3_600_000, None));
        assert_eq!((config.source, config.files), ("postgres:///mm".into(), None));
        let more = LEAST.replace("[seal]", "files = \"data\"\n[changes]\nsettle = \"0s\"\noverlap = \"2d\"\nrescan = \"1/30\"\n[seal]\nname = \"chat.a\"");
        let config = parse(more.as_bytes(), Path::new("")).unwrap();
        assert_eq!((config.settle, config.overlap, config.rescan), (0, 172_800_000, Some(30)));
        assert_eq!((config.files, config.name), (Some("data".into()), "chat.a".to_owned()));
        let without = parse(LEAST.replace("[seal]", "files = false\n[seal]").as_bytes(), Path::new("")).unwrap();
        assert_eq!(without.files, Some(PathBuf::new()), "left out on purpose");
    }

    #[test]
    fn everything_wrong_is_found_at_its_place() {
        let found = findings(&LEAST.replace("[seal]", "[seal]\nkye = 1").replace("key = \"seal.key\"\n", ""));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found.iter().any(|(line, column, text)| (*line, *column) == (5, 1) && text.contains("write `key`")),
            "{found:?}"
        );
        let found = findings(
            &(LEAST.to_owned() + "[changes]\nsettle = 5\noverlap = \"5x\"\nrescan = \"30\"\n[work]\nthreads = 0\n"),
        );
        let places: Vec<(usize, usize)> = found.iter().map(|(line, column, _)| (*line, *column)).collect();
        assert_eq!(places, [(9, 10), (10, 11), (11, 10), (13, 11)], "{found:?}");
        assert_eq!(findings("").len(), 3);
        assert_eq!(findings(&LEAST.replace("run/v1", "run/v2"))[0].0, 1);
        assert!(findings(&LEAST.replace("url", "dump = \"x.sql\"\nurl"))[0].2.contains("both"));
        assert!(findings("a = \n[source").iter().all(|(line, ..)| *line <= 2));
        for name in ["", "../x", "-x", "ä"] {
            assert_eq!(findings(&LEAST.replace("key =", &format!("name = \"{name}\"\nkey ="))).len(), 1, "{name}");
        }
        assert!(parse(b"\xff", Path::new("")).is_err());
    }
}
