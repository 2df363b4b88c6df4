//! A private PostgreSQL for the tests: made in a temporary folder, listening on a socket there and on a random port of
//! this machine, gone with the test process however that ends. What is missing fails the test that needs it; see
//! `tools.rs` for how to leave it out on purpose.

mod mariadb;

pub(crate) use mariadb::{MariaDb, mariadb};

use crate::tools;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// A running server.
pub(crate) struct Postgres {
    bin: PathBuf,
    /// Holds the socket, and for servers with TLS the keys and certificates.
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// The watchman; he stops the server once his standard input ends, which is when we do.
    _watchman: Mutex<Child>,
}

/// Superuser of the server.
pub(crate) const OWNER: &str = "owner";

/// Reads a line, which never comes, beside the server; then stops the server and removes its folder.
const WATCHMAN: &str = r#"
"$1"/postgres -D "$2/data" -k "$2" -p "$3" > "$2/log" 2>&1 < /dev/null & server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$2"
"#;

/// The server that most tests share.
pub(crate) fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start("", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"))
}

impl Postgres {
    /// Starts a server with lines added to `postgresql.conf` and with this `pg_hba.conf`.
    pub(crate) fn start(settings: &str, access: &str) -> Self {
        Self::start_with(settings, access, |_| {})
    }

    /// The same, with files that `prepare` puts into its folder.
    pub(crate) fn start_with(settings: &str, access: &str, prepare: impl FnOnce(&Path)) -> Self {
        let bin = binaries();
        let folder = tempfile::Builder::new().prefix("chatseal-postgres-").tempdir().unwrap().keep();
        prepare(&folder);
        give_away(&folder);
        let data = folder.join("data");
        let initdb = as_server(&bin.join("initdb"))
            .args(["--username", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output();
        let initdb = initdb.unwrap_or_else(|error| panic!("{}", tools::missing("postgres", &error)));
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        let mut conf = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        conf.push_str("\nlisten_addresses = '127.0.0.1'\nfsync = off\nmax_connections = 60\nshared_buffers = 32MB\n");
        conf.push_str(settings);
        fs::write(data.join("postgresql.conf"), conf).unwrap();
        fs::write(data.join("pg_hba.conf"), access).unwrap();
        Self::run(bin, folder)
    }

    /// Starts the server whose `data` lies in `folder`.
    fn run(bin: PathBuf, folder: PathBuf) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let watchman = as_server(Path::new("/bin/sh"))
            .args(["-c", WATCHMAN, "watchman"])
            .arg(&bin)
            .arg(&folder)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { bin, folder, port, _watchman: Mutex::new(watchman) };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let ready = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            let mut ready = Command::new(self.bin.join("pg_isready"));
            ready.arg("-q").arg("-h").arg(&self.folder).args(["-p", &self.port.to_string()]);
            ready.status().unwrap().success()
        });
        assert!(ready, "{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    /// A replica of this server, following it.
    pub(crate) fn replica(&self, settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("chatseal-replica-").tempdir().unwrap().keep();
        give_away(&folder);
        let backup = as_server(&self.bin.join("pg_basebackup"))
            .args(["-h".as_ref(), self.folder.as_os_str()])
            .args(["-p", &self.port.to_string(), "-U", OWNER])
            .args(["--write-recovery-conf", "--checkpoint=fast", "-X", "stream"])
            .arg("-D")
            .arg(folder.join("data"))
            .output()
            .unwrap();
        assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
        let mut conf = fs::OpenOptions::new().append(true).open(folder.join("data/postgresql.conf")).unwrap();
        conf.write_all(settings.as_bytes()).unwrap();
        Self::run(self.bin.clone(), folder)
    }

    /// A URL of `database` through the socket, as `role`.
    pub(crate) fn url(&self, database: &str, role: &str) -> String {
        format!("postgres:///{database}?host={}&port={}&user={role}", self.folder.display(), self.port)
    }

    /// A fresh database holding what `sql` makes; returns its name, which begins with `name`.
    pub(crate) fn database(&self, name: &str, sql: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.sql(&name, sql);
        name
    }

    /// Runs statements as the superuser; returns what they print, fields parted by `|`.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let answer = tools::feed("psql", self.psql(database), sql.as_bytes());
        String::from_utf8(answer.expect_success()).unwrap().trim_end().to_owned()
    }

    /// What `pg_dump` writes, with these flags.
    pub(crate) fn dump(&self, database: &str, flags: &[&str]) -> String {
        let mut dump = Command::new(self.bin.join("pg_dump"));
        dump.args(["-h".as_ref(), self.folder.as_os_str()]);
        dump.args(["-p", &self.port.to_string(), "-U", OWNER, "-d", database]).args(flags);
        String::from_utf8(tools::feed("pg_dump", dump, b"").expect_success()).unwrap()
    }

    /// `psql` as the superuser, quiet, stopping at the first error.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["-h".as_ref(), self.folder.as_os_str()])
            .args(["-p", &self.port.to_string(), "-U", OWNER, "-d", database]);
        psql
    }
}

/// The folder of the newest server's programs.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let debian = versions.map(|version| version.path().join("bin"));
    let mut found: Vec<PathBuf> = debian.filter(|bin| bin.join("initdb").exists()).collect();
    let number = |bin: &PathBuf| bin.iter().rev().nth(1).and_then(|version| version.to_str()?.parse::<u32>().ok());
    found.sort_by_key(number);
    let on_path = || std::env::split_paths(&std::env::var_os("PATH").unwrap()).find(|bin| bin.join("initdb").exists());
    found
        .pop()
        .or_else(on_path)
        .unwrap_or_else(|| panic!("{}", tools::missing("postgres", &ErrorKind::NotFound.into())))
}

/// Whether we are root, whom the server refuses to serve.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
}

/// A user that owns nothing, on every Linux.
const NOBODY: u32 = 65534;

/// A command as a user whom the server accepts.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

/// Makes the server the owner of everything in `folder`.
fn give_away(folder: &Path) {
    if is_root() {
        for entry in fs::read_dir(folder).unwrap() {
            std::os::unix::fs::chown(entry.unwrap().path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}
