//! Making a key: three files, or none.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ring::rand::SecureRandom;

use super::{
    private::{KeyPair, pkcs8_pem},
    public::PublicKey,
    secret::Secret,
};

/// A key that was just made, and where it lies.
#[derive(Debug)]
pub struct GeneratedKey {
    /// Its public half.
    pub public_key: PublicKey,
    /// The three files: private key, OpenSSH public line, public PEM.
    pub files: [PathBuf; 3],
}

/// Why no key was made; then none of the three files is left behind.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The generator of random numbers failed.
    #[error("the system gave no random numbers")]
    Random,
    /// One of the three files is there already.
    #[error("`{}` exists; a key is never overwritten", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be written.
    #[error("cannot write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Makes a key and writes `PATH` (PKCS#8 v1 PEM, mode 0600), `PATH.pub` and `PATH.pub.pem`; never overwrites.
///
/// The private key comes last and whole: as long as it is not there, nothing secret was written.
pub fn generate(rng: &dyn SecureRandom, path: &Path, comment: &str) -> Result<GeneratedKey, GenerateError> {
    let mut seed = Secret(vec![0; 32]);
    rng.fill(&mut seed.0).map_err(|_| GenerateError::Random)?;
    let seed: &[u8; 32] = seed.0.as_slice().try_into().map_err(|_| GenerateError::Random)?;
    let public_key = KeyPair::from_seed(seed).ok_or(GenerateError::Random)?.public_key();

    let files = [path.to_owned(), with_suffix(path, ".pub"), with_suffix(path, ".pub.pem")];
    let line = format!("{}\n", public_key.openssh_line(comment));
    let contents = [
        (&files[1], 0o644, Secret(line.into_bytes())),
        (&files[2], 0o644, Secret(public_key.spki_pem().into_bytes())),
        (&files[0], 0o600, pkcs8_pem(seed)),
    ];
    if let Some(path) = files.iter().find(|path| fs::symlink_metadata(path).is_ok()) {
        return Err(GenerateError::Exists { path: path.clone() });
    }
    let mut written = Written(Vec::new());
    for (path, mode, content) in contents {
        written.create(path, mode, &content.0)?;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| GenerateError::Write { path: folder.to_owned(), source })?;
    written.0.clear();
    Ok(GeneratedKey { public_key, files })
}

/// `path` with `suffix` after its last character, whatever characters it has.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// Files that are ours; dropped before all are written, it removes them again.
struct Written(Vec<PathBuf>);

impl Written {
    fn create(&mut self, path: &Path, mode: u32, content: &[u8]) -> Result<(), GenerateError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => GenerateError::Exists { path: path.to_owned() },
            _ => GenerateError::Write { path: path.to_owned(), source },
        };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
        self.0.push(path.to_owned());
        file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            // Nothing more can be done about a file that cannot be removed; the error already names the cause.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use ring::rand::SystemRandom;

    use super::*;
    use crate::keys::KeyFile;

    #[test]
    fn three_files_of_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let made = generate(&SystemRandom::new(), &path, "seal@harbour").unwrap();
        let modes = made.files.clone().map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
        assert_eq!((modes[0], modes[1] & 0o600, modes[2] & 0o600), (0o600, 0o600, 0o600));
        for file in &made.files {
            assert_eq!(KeyFile::read(file).unwrap().public_key(), made.public_key, "{}", file.display());
        }
        assert!(fs::read_to_string(&made.files[1]).unwrap().ends_with(" seal@harbour\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_left_behind() {
        for occupied in ["seal.key", "seal.key.pub", "seal.key.pub.pem"] {
            let folder = tempfile::tempdir().unwrap();
            // A dangling link is a name that is taken, too.
            std::os::unix::fs::symlink("nowhere", folder.path().join(occupied)).unwrap();
            let error = generate(&SystemRandom::new(), &folder.path().join("seal.key"), "").unwrap_err();
            assert!(matches!(error, GenerateError::Exists { path } if path.ends_with(occupied)));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_failure_midway_removes_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = Written(Vec::new());
        written.create(&folder.path().join("a"), 0o600, b"a").unwrap();
        assert!(matches!(written.create(&folder.path().join("x/b"), 0o600, b""), Err(GenerateError::Write { .. })));
        drop(written);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // The longest of the three names is one that the file system refuses, after the first was written.
        let path = folder.path().join("k".repeat(250));
        assert!(matches!(generate(&SystemRandom::new(), &path, ""), Err(GenerateError::Write { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
