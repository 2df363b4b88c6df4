//! A private PostgreSQL with fixed settings: its data lies in a folder and is used again by the next run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

/// A user that owns nothing, on every Linux; the server refuses to run as root.
const NOBODY: u32 = 65534;

/// Room for the table that is measured, and nothing written that need not be.
const SETTINGS: &str =
    "listen_addresses = ''\nfsync = off\nshared_buffers = 1GB\nmax_wal_size = 8GB\nautovacuum = off\n";

/// A running server; stopped when dropped.
pub(crate) struct Server {
    folder: PathBuf,
    child: Child,
}

impl Server {
    /// Starts the server whose data lies in `folder`, and makes it first if there is none.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("data");
        if !data.exists() {
            fs::create_dir_all(folder)?;
            if is_root() {
                std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))?;
            }
            let mut initdb = as_server("initdb");
            initdb.args(["--username=bench", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
            let made = initdb.arg(&data).output().context("cannot run `initdb`; is PostgreSQL on the path?")?;
            ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
            let conf = data.join("postgresql.conf");
            fs::write(&conf, fs::read_to_string(&conf)? + SETTINGS)?;
        }
        let log = fs::File::create(folder.join("log"))?;
        let mut postgres = as_server("postgres");
        postgres.arg("-D").arg(&data).arg("-k").arg(folder);
        let child = postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let server = Self { folder: folder.to_owned(), child };
        let ready =
            || psql(&server.url("postgres")).args(["-c", "SELECT 1"]).output().is_ok_and(|ran| ran.status.success());
        let waited = (0..300).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            ready()
        });
        ensure!(waited, "the server did not start: {}", fs::read_to_string(folder.join("log"))?);
        Ok(server)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=bench", self.folder.display())
    }

    /// The URL of a database that holds `script`, filled now unless it was before.
    pub(crate) fn database(
        &self,
        name: &str,
        script: impl FnOnce() -> anyhow::Result<PathBuf>,
    ) -> anyhow::Result<String> {
        let all = self.url("postgres");
        let known =
            psql(&all).args(["-Atc", &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")]).output()?;
        if known.stdout.is_empty() {
            // Under another name until it is whole.
            let partial = format!("{name}_partial");
            self.create(&partial, "")?;
            run(psql(&self.url(&partial)).arg("-f").arg(script()?))?;
            run(psql(&self.url(&partial)).args(["-c", "VACUUM ANALYZE", "-c", "CHECKPOINT"]))?;
            run(psql(&all).args(["-c", &format!("ALTER DATABASE {partial} RENAME TO {name}")]))?;
        }
        Ok(self.url(name))
    }

    /// The URL of a copy of a database of this server, after `change`; made anew each time.
    pub(crate) fn copy_of(
        &self,
        original: &str,
        change: impl FnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        let name = original.split(['/', '?']).nth(3).context("the URL names no database")?;
        let copy = format!("{name}_copy");
        self.create(&copy, &format!("TEMPLATE {name}"))?;
        let url = self.url(&copy);
        change(&url)?;
        Ok(url)
    }

    fn create(&self, name: &str, like: &str) -> anyhow::Result<()> {
        let [drop, create] = [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} {like}")];
        run(psql(&self.url("postgres")).args(["-c", &drop, "-c", &create]))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// `psql` on a database, quiet, stopping at the first error.
pub(crate) fn psql(url: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "-d", url]).stdin(Stdio::null());
    psql
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let ran = command.output()?;
    ensure!(ran.status.success(), "psql failed: {}", String::from_utf8_lossy(&ran.stderr));
    Ok(())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
}

fn as_server(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups", "--", program]);
    command.current_dir("/");
    command
}
