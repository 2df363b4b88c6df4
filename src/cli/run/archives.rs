//! The archives of earlier runs, found by their seals, not by their names.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body, Opening};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::merkle::Hash;

/// Where the archive of each seal stands, of those in a folder. What is no archive is passed over.
pub(super) fn by_seal(folder: &Path) -> Result<HashMap<Hash, PathBuf>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot read the folder `{}`", folder.display()))
    };
    let mut found = HashMap::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_none_or(|ending| ending != "zip") {
            continue;
        }
        let Ok(Some(seal)) = opened(&path).map(|archive| member(archive.as_ref()?, &Member::Seal)) else { continue };
        let mut hash = Hash::default();
        hash.copy_from_slice(digest(&SHA256, &seal).as_ref());
        found.insert(hash, path);
    }
    Ok(found)
}

/// What an archive was made of, and by which program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origins {
    /// Program and version.
    pub(super) agent: String,
    /// What was asked for: teams, channels, users, whether files.
    pub(super) scope: [Value; 4],
    /// The installation that was read, if it has an id.
    pub(super) installation: Option<String>,
    /// Digest of the columns that the source had.
    pub(super) columns: Value,
}

/// What an archive says of its making; `None` if it cannot be read.
pub(super) fn origins(path: &Path) -> Option<Origins> {
    let archive = opened(path).ok().flatten()?;
    let info = String::from_utf8(member(&archive, &Member::BagInfo)?).ok()?;
    let agent = info.lines().find_map(|line| line.strip_prefix("Bag-Software-Agent: "))?.to_owned();
    let mut source: Value = serde_json::from_slice(&member(&archive, &Member::Source)?).ok()?;
    let mut scope = source.get_mut("scope")?.take();
    let mut of = |name: &str| scope.get_mut(name).map(Value::take).unwrap_or_default();
    let (teams, channels, users) = (of("teams"), of("channels"), of("users"));
    let mut take = |name: &str| source.get_mut(name).map(Value::take).unwrap_or_default();
    let installation = take("installation").as_str().map(str::to_owned);
    let scope = [teams, channels, users, take("contents_wanted")];
    Some(Origins { agent, scope, installation, columns: take("columns_sha256") })
}

fn opened(path: &Path) -> io::Result<Option<Archive>> {
    Opening::read(path).map(|opening| opening.archive)
}

/// The bytes of a member, if they are whole.
fn member(archive: &Archive, member: &Member) -> Option<Vec<u8>> {
    let mut body = Body::default();
    let is_whole = archive.load(archive.find(member)?, &mut body).ok()?.is_ok();
    is_whole.then(|| body.bytes().to_vec())
}

/// Removes what runs of this name left half written: they were killed before anything was committed.
pub(super) fn clear(folder: &Path, name: &str) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|file| {
            let time = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            time.and_then(|rest| rest.strip_suffix(".zip.partial")).is_some_and(is_stamp)
        });
        if is_ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// A time as names of archives have it: that of a seal without its colons.
pub(super) fn stamp(time: &str) -> String {
    time.replace(':', "")
}

fn is_stamp(text: &str) -> bool {
    text.len() == stamp("2026-11-21T08:55:00.000Z").len()
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-T.Z".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_left_half_written_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = stamp("2026-11-21T08:55:00.000Z");
        let own = format!("mm-{stamp}.zip.partial");
        let others = [
            format!("mm-{stamp}.zip"),
            format!("mm-b-{stamp}.zip.partial"),
            "mm-2026.zip.partial".to_owned(),
            format!("{stamp}.zip.partial"),
        ];
        for name in others.iter().chain([&own]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(clear(folder.path(), "mm").unwrap(), 1);
        assert!(!folder.path().join(own).exists() && others.iter().all(|name| folder.path().join(name).exists()));
    }

    #[test]
    fn what_is_no_archive_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.zip"), "PK").unwrap();
        fs::create_dir(folder.path().join("b.zip")).unwrap();
        assert!(by_seal(folder.path()).unwrap().is_empty() && by_seal(&folder.path().join("gone")).is_err());
        assert_eq!(origins(&folder.path().join("a.zip")), None);
    }
}
