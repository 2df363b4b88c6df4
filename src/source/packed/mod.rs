//! Text that may be packed by gzip or Zstandard: told apart by its first bytes, never by its name.
//!
//! Invariant: what is handed out is the whole text or an error. Every member of a gzip file and every frame of a
//! Zstandard file is unpacked, their lengths and checksums are held, and bytes behind the last are refused. Refuses
//! frames that would need more than [`zst::MAX_WINDOW`] of memory.

pub mod ahead;
pub mod zst;

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use self::zst::Frames;
use super::original::{Original, Span};
use crate::progress::Progress;

/// Bytes that are read from the file at a time.
const PIECE: usize = 256 << 10;

/// What a file is packed by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Nothing: the text itself.
    #[default]
    Plain,
    /// gzip (RFC 1952), any number of members.
    Gzip,
    /// Zstandard (RFC 8878), any number of frames.
    Zstandard,
}

impl Packing {
    /// Tells by the first four bytes of a file.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The second is a frame that readers skip; one may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstandard,
            _ => Self::Plain,
        }
    }

    /// As people call it, and `data/source.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstandard => "zstd",
        }
    }

    /// The text of a file; what is taken from the file is counted in `progress`.
    pub fn unpack<'a>(self, original: &Original, progress: &'a Progress) -> Box<dyn Read + Send + 'a> {
        Box::new(self.over(Counted { span: original.span(), progress }))
    }

    /// The text of `packed`.
    pub fn over<R: Read>(self, packed: R) -> Unpacked<R> {
        let buffered = |packed| BufReader::with_capacity(PIECE, packed);
        match self {
            Self::Plain => Unpacked::Plain(packed),
            Self::Gzip => Unpacked::Gzip(Box::new(MultiGzDecoder::new(buffered(packed)))),
            Self::Zstandard => Unpacked::Zstandard(Box::new(Frames::new(buffered(packed)))),
        }
    }
}

/// Text that is unpacked while it is read.
pub enum Unpacked<R> {
    /// As it comes.
    Plain(R),
    /// Out of gzip.
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    /// Out of Zstandard.
    Zstandard(Box<Frames<BufReader<R>>>),
}

impl<R> Unpacked<R> {
    /// What the text was unpacked from, read as far as the text was.
    pub fn into_inner(self) -> R {
        match self {
            Self::Plain(packed) => packed,
            Self::Gzip(decoder) => decoder.into_inner().into_inner(),
            Self::Zstandard(frames) => frames.into_inner().into_inner(),
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(packed) => packed.read(out),
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zstandard(frames) => frames.read(out),
        }
    }
}

/// Counts what is read, for whoever watches.
struct Counted<'a> {
    span: Span,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.span.read(out)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(bytes)?;
        let original = Original::open(file.path()).unwrap();
        let progress = Progress::silent();
        let mut text = Vec::new();
        Packing::of(bytes).unpack(&original, &progress).read_to_end(&mut text)?;
        assert_eq!(progress.snapshot().done, bytes.len() as u64);
        Ok(text)
    }

    #[test]
    fn the_first_bytes_tell_not_the_name() {
        assert_eq!(Packing::of(&gzip(b"x")), Packing::Gzip);
        assert_eq!(Packing::of(&zst::tests::frame(b"x")), Packing::Zstandard);
        assert_eq!(Packing::of(&zst::tests::skippable(b"x")), Packing::Zstandard);
        assert_eq!(Packing::of(b"--\n-- PostgreSQL"), Packing::Plain);
        assert_eq!(Packing::of(b""), Packing::Plain);
    }

    #[test]
    fn every_member_of_a_gzip_file_is_read() {
        let text: Vec<u8> = (0..900_000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(unpack(&text).unwrap(), text);
        let members = [gzip(&text), gzip(b""), gzip(b"end")].concat();
        assert_eq!(unpack(&members).unwrap(), [&text, &b"end"[..]].concat());
    }

    #[test]
    fn a_gzip_file_that_is_cut_short_damaged_or_followed_by_something_is_an_error() {
        let whole = gzip(&b"some text, ".repeat(100));
        for length in [1, 5, 12, whole.len() - 9, whole.len() - 1] {
            assert!(unpack(&whole[..length.max(2)]).is_err(), "{length}");
        }
        let mut damaged = whole.clone();
        let at = damaged.len() - 6;
        damaged[at] ^= 1;
        assert!(unpack(&damaged).is_err(), "the checksum");
        assert!(unpack(&[&whole, &b"stray"[..]].concat()).is_err());
    }
}
