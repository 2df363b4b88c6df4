//! Attachments: paths as the server makes them, sizes from 2 KB to 20 MB, bytes that do not compress.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::dice::Dice;

const SMALLEST: u64 = 2 << 10;
const LARGEST: u64 = 20 << 20;

/// Letters of Mattermost's ids.
const LETTERS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// A file that a post names.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// Below `data/`.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    content: Dice,
}

/// Files of `total` bytes; each size between the bounds is as likely as its double.
pub(crate) fn plan(total: u64, dice: &mut Dice) -> Vec<Attachment> {
    let mut planned = Vec::new();
    let mut left = total;
    while left > 0 {
        let octave = dice.below(u64::from((LARGEST / SMALLEST).ilog2()) + 1);
        let bytes = ((SMALLEST << octave) + dice.below(SMALLEST << octave)).min(LARGEST).min(left);
        let [channel, user, file] = [(); 3].map(|()| id(dice));
        let ending = ["png", "pdf", "docx", "txt", "jpg", "log"][dice.index(6)];
        let day = 1 + dice.below(28);
        let path = format!("202601{day:02}/teams/noteam/channels/{channel}/users/{user}/{file}/berth_{left}.{ending}");
        planned.push(Attachment { path, bytes, content: dice.apart(left) });
        left -= bytes;
    }
    planned
}

fn id(dice: &mut Dice) -> String {
    (0..26).map(|_| char::from(LETTERS[dice.index(LETTERS.len())])).collect()
}

impl Attachment {
    /// Writes the bytes: the same each time.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut dice = self.content.clone();
        let mut buffer = vec![0; 64 << 10];
        let mut left = self.bytes;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            dice.fill(&mut buffer[..count]);
            out.write_all(&buffer[..count])?;
            left -= count as u64;
        }
        Ok(())
    }

    /// Writes the file below `folder`.
    pub(crate) fn lay_out(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join(&self.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        self.write(&mut File::create(path)?)
    }
}
