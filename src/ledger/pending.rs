//! An archive between its commit and its name: what the next run needs to finish the work of one that was killed.
//!
//! ```text
//! chatseal-pending/v1
//! seal 42 sha256:<hex>          the leaf
//! archive sha256:<hex>          the whole zip, which lies complete beside its name as NAME.zip.partial
//! target /archives/2026-11.zip
//! ```
//!
//! It is written before the commit and removed when the archive stands under its name and in the list. It is no evidence
//! and does not travel: what it says is used only if the file that it names has exactly that digest.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::archive::names::BagName;
use crate::merkle::Hash;
use crate::record::id::{hex, unhex};

const VERSION: &str = "chatseal-pending/v1";

/// An archive that is being published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Number of the seal.
    pub number: u64,
    /// SHA-256 of `seal.txt`.
    pub seal: Hash,
    /// SHA-256 of the zip.
    pub archive: Hash,
    /// Where it is to stand: an absolute path of UTF-8 without control characters, ending in `/NAME.zip`.
    pub target: PathBuf,
}

impl Pending {
    /// Name of the bag; `None` if the target could not be written down or names no archive.
    pub fn bag(&self) -> Option<BagName> {
        let text = self.target.to_str().filter(|text| text.starts_with('/') && !text.contains(char::is_control))?;
        BagName::new(Path::new(text).file_name()?.to_str()?.strip_suffix(".zip")?).ok()
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!("{VERSION}\nseal {} sha256:{}\n", self.number, hex(&self.seal));
        let _ = writeln!(text, "archive sha256:{}\ntarget {}", hex(&self.archive), self.target.display());
        text
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(bytes).ok()?.strip_prefix(VERSION)?.strip_prefix('\n')?.split('\n');
        let (number, seal) = lines.next()?.strip_prefix("seal ")?.split_once(" sha256:")?;
        let archive = lines.next()?.strip_prefix("archive sha256:")?;
        let target = lines.next()?.strip_prefix("target ")?;
        let pending =
            Self { number: number.parse().ok()?, seal: unhex(seal)?, archive: unhex(archive)?, target: target.into() };
        (pending.text().as_bytes() == bytes && pending.bag().is_some()).then_some(pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let pending = |target: &str| Pending { number: 42, seal: [1; 32], archive: [2; 32], target: target.into() };
        let whole = pending("/archives/2026 11/x.zip");
        assert_eq!(Pending::parse(whole.text().as_bytes()), Some(whole.clone()));
        for cut in 0..whole.text().len() {
            assert_eq!(Pending::parse(&whole.text().as_bytes()[..cut]), None);
        }
        for target in ["x.zip", "/a\n/x.zip", "/x.txt", "/", "/.zip"] {
            assert_eq!(Pending::parse(pending(target).text().as_bytes()), None, "{target}");
        }
    }
}
