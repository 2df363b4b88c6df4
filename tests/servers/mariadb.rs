//! A private MariaDB for the tests, made and gone like the PostgreSQL beside it.

use super::{as_server, give_away};
use crate::tools;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// A running server.
pub(crate) struct MariaDb {
    /// Holds the socket and the data, and for servers with TLS the keys and certificates.
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// The watchman; he stops the server once his standard input ends, which is when we do.
    _watchman: Mutex<Child>,
}

/// Reads a line, which never comes, beside the server; then stops the server and removes its folder.
const WATCHMAN: &str = r#"
folder=$1 port=$2; shift 2
PATH=$PATH:/usr/sbin mariadbd --no-defaults --datadir="$folder/data" --socket="$folder/socket" --port="$port" \
    --pid-file="$folder/pid" --bind-address=127.0.0.1 --skip-name-resolve --character-set-server=utf8mb4 \
    --innodb-flush-log-at-trx-commit=0 --max-allowed-packet=64M "$@" > "$folder/log" 2>&1 < /dev/null & server=$!
read -r _
kill -KILL $server
wait $server
rm -rf "$folder"
"#;

/// The server that most tests share.
pub(crate) fn mariadb() -> &'static MariaDb {
    static SERVER: OnceLock<MariaDb> = OnceLock::new();
    SERVER.get_or_init(|| MariaDb::start(&[], |_| {}))
}

impl MariaDb {
    /// Starts a server with these arguments, and with files that `prepare` puts into its folder; `@` in an argument
    /// stands for the folder.
    pub(crate) fn start(args: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix("chatseal-mariadb-").tempdir().unwrap().keep();
        prepare(&folder);
        give_away(&folder);
        let mut install = as_server(Path::new("mariadb-install-db"));
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.args(["--skip-name-resolve", &format!("--datadir={}", folder.join("data").display())]);
        let install = install.output().unwrap_or_else(|error| panic!("{}", tools::missing("mariadb", &error)));
        assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = format!("{}/", folder.display());
        let watchman = as_server(Path::new("/bin/sh"))
            .args(["-c", WATCHMAN, "watchman"])
            .arg(&folder)
            .arg(port.to_string())
            .args(args.iter().map(|arg| arg.replace('@', &place)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { folder, port, _watchman: Mutex::new(watchman) };
        let ready = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            let mut ping = server.client("");
            ping.args(["-e", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null());
            ping.status().unwrap_or_else(|error| panic!("{}", tools::missing("mariadb", &error))).success()
        });
        assert!(ready, "{}", fs::read_to_string(server.folder.join("log")).unwrap_or_default());
        server
    }

    /// A URL of `database` through the socket, as `role`.
    pub(crate) fn url(&self, database: &str, role: &str) -> String {
        format!("mysql://{role}@/{database}?socket={}/socket", self.folder.display())
    }

    /// A fresh database holding what `sql` makes; returns its name, which begins with `name`.
    pub(crate) fn database(&self, name: &str, sql: &str) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("", &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"));
        self.sql(&name, sql);
        name
    }

    /// Runs statements as the superuser; returns what they print, fields parted by tabs.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let answer = tools::feed("mariadb", self.client(database), sql.as_bytes());
        String::from_utf8(answer.expect_success()).unwrap().trim_end_matches('\n').to_owned()
    }

    /// `mariadb` as the superuser, stopping at the first error.
    pub(crate) fn client(&self, database: &str) -> Command {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--batch", "--raw", "--skip-column-names", "--unbuffered", "--user=root"]);
        client.args(["--default-character-set=utf8mb4", "--max-allowed-packet=64M"]);
        client.arg(format!("--socket={}/socket", self.folder.display())).arg(database);
        client
    }
}
