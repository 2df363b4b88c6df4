//! Which files of a folder are checked together, and which are passed over: never silently, because an archive that
//! nobody looked at is not a good archive.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::chain::index;

/// Something in a folder that is not checked.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct PassedOver {
    /// Where it is.
    pub(in crate::cli) path: PathBuf,
    /// Why it is not checked.
    pub(in crate::cli) why: &'static str,
}

/// What is checked, and what is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Chosen {
    /// Archives, in order.
    pub(in crate::cli) archives: Vec<PathBuf>,
    /// What lies beside them.
    pub(in crate::cli) passed_over: Vec<PassedOver>,
}

impl Chosen {
    /// The files to check: each path given, and the `.zip` files of each folder given.
    pub(in crate::cli) fn of(given: &[PathBuf]) -> Result<Self, Failure> {
        let mut chosen = Self::default();
        for path in given {
            if path.is_dir() {
                chosen.add_folder(path)?;
            } else {
                chosen.archives.push(path.clone());
            }
        }
        Ok(chosen)
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        let unreadable = |error: io::Error| {
            Failure::of(Exit::Unavailable, error).context(format!("cannot read the folder `{}`", folder.display()))
        };
        let entries = fs::read_dir(folder).map_err(unreadable)?;
        let mut inside: Vec<PathBuf> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
        inside.sort();
        let before = self.archives.len();
        for path in inside {
            match why_not(&path) {
                None => self.archives.push(path),
                Some(why) => self.passed_over.push(PassedOver { path, why }),
            }
        }
        if self.archives.len() == before {
            let message = format!("no `.zip` file in the folder `{}`", folder.display());
            return Err(Failure::new(Exit::Unavailable, message).hint("nothing to check is not a good result"));
        }
        Ok(())
    }
}

/// Why an entry of a folder is not checked; `None` if it is. A link counts as what it leads to.
fn why_not(path: &Path) -> Option<&'static str> {
    let ends = |what: &str| path.extension().is_some_and(|found: &OsStr| found.eq_ignore_ascii_case(what));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() && is_index(path) => Some("the index that `chatseal run` keeps; it proves nothing"),
        Ok(found) if found.is_dir() => Some("a folder; name it too to have its archives checked"),
        Ok(found) if !found.is_file() => Some("neither a file nor a folder"),
        // What is named like an archive and cannot be looked at is not passed over: it is an archive that is unreadable.
        _ if ends("zip") => None,
        Err(_) => Some("a link that leads nowhere, or it may not be looked at"),
        Ok(_) if ends("partial") => Some("an export that was broken off, or is still at work"),
        Ok(_) => Some("its name does not end in `.zip`"),
    }
}

/// Whether a folder is the index of scheduled runs and holds nothing else.
fn is_index(folder: &Path) -> bool {
    let is_volume = |entry: io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| entry.path().extension().is_some_and(|found| found == "index"))
    };
    folder.file_name().is_some_and(|name| name == index::FOLDER)
        && fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_volume))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn whatever_is_not_checked_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["b.zip", "A.ZIP", "c.zip.partial", "notes.txt", "zip", "d.zip.damaged"] {
            fs::write(at(name), "").unwrap();
        }
        for name in ["old", "index", "old/index"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("index/00000000-00000003.index"), "").unwrap();
        fs::create_dir(at("folder.zip")).unwrap();
        symlink("b.zip", at("link.zip")).unwrap();
        symlink("old", at("link-to-folder.zip")).unwrap();
        symlink("gone", at("dangling.zip")).unwrap();
        symlink("gone", at("dangling")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(at("socket.zip")).unwrap();
        let chosen = Chosen::of(&[folder.path().to_owned(), at("notes.txt")]).unwrap();
        drop(socket);
        let archives = ["A.ZIP", "b.zip", "dangling.zip", "link.zip", "notes.txt"].map(at);
        assert_eq!(chosen.archives, archives);
        let passed: Vec<(&str, &str)> = chosen
            .passed_over
            .iter()
            .map(|passed| {
                (passed.path.file_name().unwrap().to_str().unwrap(), passed.why.split(&[' ', ';'][..]).nth(1).unwrap())
            })
            .collect();
        let expected = [
            ("c.zip.partial", "export"),
            ("d.zip.damaged", "name"),
            ("dangling", "link"),
            ("folder.zip", "folder"),
            ("index", "index"),
            ("link-to-folder.zip", "folder"),
            ("notes.txt", "name"),
            ("old", "folder"),
            ("socket.zip", "a"),
            ("zip", "name"),
        ];
        assert_eq!(passed, expected);
        fs::write(at("index/e.zip"), "").unwrap();
        assert!(why_not(&at("index")).unwrap().starts_with("a folder"), "an archive may lie in it");
    }

    #[test]
    fn a_folder_without_archives_is_no_good_result() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert!(Chosen::of(&[folder.path().to_owned()]).is_err());
    }
}
