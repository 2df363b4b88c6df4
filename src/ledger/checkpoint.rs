//! A checkpoint: how many leaves a ledger has, and the root over them, as a C2SP tlog-checkpoint.
//!
//! ```text
//! chat.example.org/audit
//! 43
//! pONViJ9vFrBnJCDflX49rLkEv2jIMy2nnVPtSlaQXsU=
//! ```
//!
//! Its first line is the origin exactly, which no seal has; so a seal can never be passed off as a checkpoint, though
//! one key signs both. It has no further lines, and one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::head::Head;
use crate::archive::seal::Origin;
use crate::merkle::Hash;

/// Size and root of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger.
    pub origin: Origin,
    /// Leaves.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin.as_str(), self.size, STANDARD.encode(self.root))
    }

    /// Reads exactly what [`Self::text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let origin = Origin::new(lines.next()?).ok()?;
        let size = lines.next()?.parse().ok()?;
        let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        Some(Self { origin, size, root }).filter(|checkpoint| checkpoint.text() == text)
    }

    /// What stands for it on paper.
    pub fn head(&self) -> Head {
        Head { size: self.size, digest: super::sha256(self.text().as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_checkpoint_has_one_spelling() {
        let checkpoint = Checkpoint { origin: Origin::new("a.example/b").unwrap(), size: 10, root: [7; 32] };
        let text = checkpoint.text();
        assert_eq!(Checkpoint::parse(&text).as_ref(), Some(&checkpoint));
        for other in [
            text.replace("10", "010"),
            text.replace("10", "+10"),
            text.clone() + "\n",
            text.trim_end().to_owned(),
            text.replace('\n', "\r\n"),
            text.replace('=', ""),
            text.replace("a.example", "A.example"),
        ] {
            assert_eq!(Checkpoint::parse(&other), None, "{other}");
        }
        let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
        assert_eq!((theirs.origin(), theirs.size()), ("a.example/b", 10));
    }
}
