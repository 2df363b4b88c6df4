//! What a scheduled run costs when one post in a hundred changed, beside the first one, which exports everything.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::ensure;

use crate::server::psql;

/// Runs so often after the first.
const NIGHTS: u64 = 3;

/// Measures runs on the database of `url`, whose posts it edits, in a fresh folder.
pub(crate) fn measure(binary: &Path, key: &Path, url: &str, folder: &Path) -> anyhow::Result<()> {
    println!("scheduled runs, one post in a hundred edited before each but the first");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join("archives"))?;
    let ledger = folder.join("ledger");
    let mut init = Command::new(binary);
    init.args(["ledger", "init"]).arg(&ledger).args(["--origin", "bench.invalid", "--key"]).arg(key);
    ensure!(init.output()?.status.success(), "the ledger could not be begun");
    let config = format!(
        "schema = \"chatseal-run/v1\"\n[source]\nurl = \"{url}\"\nfiles = false\n[seal]\nkey = \"{}\"\narchives = \"archives\"\nledger = \"ledger\"\n[changes]\nsettle = \"0s\"\noverlap = \"0s\"\n",
        key.display()
    );
    fs::write(folder.join("run.toml"), config)?;
    for night in 0..=NIGHTS {
        if night > 0 {
            let edit = format!(
                "UPDATE posts SET message = message || '!', updateat = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE abs(hashtext(id)) % 100 = {night}"
            );
            ensure!(psql(url).args(["-c", &edit]).output()?.status.success(), "posts could not be edited");
        }
        let begin = Instant::now();
        let ran = Command::new(binary).args(["run", "--json"]).arg(folder.join("run.toml")).output()?;
        let seconds = begin.elapsed().as_secs_f64();
        ensure!(matches!(ran.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&ran.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&ran.stdout)?;
        println!("  run {night:<48} {seconds:>9.2} s {:>12} records", answer["summary"]["records"]);
    }
    println!();
    Ok(())
}
