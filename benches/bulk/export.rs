//! A whole export: a zip as the server writes it, streamed, with little memory, whatever its size.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::attachments;
use crate::dice::Dice;
use crate::posts::{Talk, Written};
use crate::speech::Speech;
use crate::town::Town;

/// Share of posts that are direct, in a thousand; measured.
const DIRECT: u64 = 196;

/// Level of DEFLATE; Go's default, which the server uses.
const LEVEL: i64 = 6;

/// The shape of an export. Equal shapes give equal bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Roots and replies, direct ones included.
    pub(crate) posts: u64,
    /// Some lines have between half of this and all of it, in MiB.
    pub(crate) line_mib: usize,
    /// Bytes of attachments.
    pub(crate) files: u64,
    pub(crate) seed: u64,
}

impl Shape {
    /// A file name that tells shapes apart.
    pub(crate) fn name(&self) -> String {
        format!("export-{}-{}-{}-{}", self.posts, self.line_mib, self.files, self.seed)
    }

    fn files(&self, dice: &Dice) -> Vec<attachments::Attachment> {
        attachments::plan(self.files, &mut dice.apart(3))
    }

    /// Writes the export to `path`; it appears there when it is complete.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<Written> {
        let partial = PathBuf::from(format!("{}.partial", path.display()));
        let file = File::create(&partial).with_context(|| format!("cannot write `{}`", partial.display()))?;
        let written = self.stream(BufWriter::with_capacity(1 << 20, file))?;
        fs::rename(&partial, path)?;
        Ok(written)
    }

    fn stream(&self, out: impl Write) -> anyhow::Result<Written> {
        let dice = Dice::new(self.seed);
        let files = self.files(&dice);
        // Go's writer never goes back either: sizes stand behind the bytes.
        let mut zip = ZipWriter::new_stream(out);
        let plain = SimpleFileOptions::DEFAULT.large_file(self.posts > 5_000_000);
        let deflated = plain.compression_method(CompressionMethod::Deflated).compression_level(Some(LEVEL));
        zip.start_file("import.jsonl", deflated)?;
        let written = self.lines(&dice, &files, &mut BufWriter::with_capacity(256 << 10, &mut zip))?;
        for file in &files {
            zip.start_file(format!("data/{}", file.path), plain.compression_method(CompressionMethod::Stored))?;
            file.write(&mut zip)?;
        }
        zip.finish()?.into_inner().flush()?;
        Ok(written)
    }

    fn lines(&self, dice: &Dice, files: &[attachments::Attachment], out: &mut dyn Write) -> io::Result<Written> {
        let speech = Speech::new(&mut dice.apart(0));
        let mut places = dice.apart(1);
        let town = Town::new(self.posts, &speech, &mut places);
        town.write_before(&speech, &mut places, out)?;
        let mut talk = Talk {
            town: &town,
            speech: &speech,
            dice: dice.apart(2),
            long: self.line_mib << 20,
            attachments: files.iter().collect(),
            written: Written::default(),
        };
        let direct = self.posts * DIRECT / 1000;
        talk.write(false, self.posts - direct, out)?;
        town.write_direct(out)?;
        talk.write(true, direct, out)?;
        out.flush()?;
        Ok(talk.written)
    }

    /// Lays the attachments out below `folder`, as the server's file store has them.
    pub(crate) fn lay_out_files(&self, folder: &Path) -> anyhow::Result<()> {
        for file in self.files(&Dice::new(self.seed)) {
            file.lay_out(folder)?;
        }
        Ok(())
    }
}
