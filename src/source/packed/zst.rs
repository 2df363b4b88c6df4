//! Zstandard, frame by frame: the decoder that we use knows single frames only.
//!
//! Invariant: a frame's content has the length and the checksum that the frame states, or reading ends in an error. A
//! window above [`MAX_WINDOW`] is refused before memory is asked for it.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Largest window that a frame may ask for, in bytes. `zstd -1` to `-19` stay under 8 MiB, `--ultra -20` needs this.
pub const MAX_WINDOW: u64 = 32 << 20;

/// All frames of a stream, one behind the other.
pub struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    /// Whether a frame has begun and not been handed out to its end.
    inside: bool,
    /// Bytes handed out of this frame.
    length: u64,
    /// What the frame's header says of them.
    stated: Option<u64>,
}

impl<R> Frames<R> {
    /// What the frames came from.
    pub fn into_inner(self) -> R {
        self.input
    }
}

impl<R: BufRead> Frames<R> {
    /// The frames of `input`.
    pub fn new(input: R) -> Self {
        Self { input, decoder: FrameDecoder::new(), inside: false, length: 0, stated: None }
    }

    /// Begins the next frame that holds something; `false` at the end of the input.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let mut header = Header::default();
            header.take(&mut self.input, 4)?;
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = header.bytes[..4] {
                let mut length = [0; 4];
                self.input.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                if io::copy(&mut (&mut self.input).take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            self.stated = header.read(&mut self.input)?;
            self.decoder.reset(header.bytes().chain(&mut self.input)).map_err(io::Error::other)?;
            (self.inside, self.length) = (true, 0);
            return Ok(true);
        }
    }

    /// Holds a finished frame against what it says of itself.
    fn end(&mut self) -> io::Result<()> {
        self.inside = false;
        let wrong = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame's {what} is wrong")));
        if self.stated.is_some_and(|stated| stated != self.length) {
            return wrong("length");
        }
        let stated = self.decoder.get_checksum_from_data();
        if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
            return wrong("checksum");
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let more = BlockDecodingStrategy::UptoBytes(out.len());
                self.decoder.decode_blocks(&mut self.input, more).map_err(io::Error::other)?;
            }
            let count = self.decoder.read(out)?;
            self.length += count as u64;
            if count > 0 {
                return Ok(count);
            }
            self.end()?;
        }
    }
}

/// The header of a frame, read ahead of the decoder, which would ask for any amount of memory.
#[derive(Default)]
struct Header {
    bytes: [u8; 18],
    length: usize,
}

impl Header {
    fn take(&mut self, input: &mut impl Read, count: usize) -> io::Result<&[u8]> {
        let start = self.length;
        let end = start + count;
        let place = self.bytes.get_mut(start..end).ok_or(io::ErrorKind::InvalidData)?;
        input.read_exact(place)?;
        self.length = end;
        Ok(place)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Reads what follows the magic number; the length of the content, if it is stated.
    fn read(&mut self, input: &mut impl Read) -> io::Result<Option<u64>> {
        let descriptor = self.take(input, 1)?[0];
        let single = descriptor & 0x20 != 0;
        let window = if single {
            None
        } else {
            let window = self.take(input, 1)?[0];
            let base = 1_u64 << (10 + (window >> 3));
            Some(base + base / 8 * u64::from(window & 7))
        };
        self.take(input, [0, 1, 2, 4][usize::from(descriptor & 3)])?;
        let width = match descriptor >> 6 {
            0 => usize::from(single),
            wide => 1 << wide,
        };
        let mut stated = [0; 8];
        stated[..width].copy_from_slice(self.take(input, width)?);
        let stated = u64::from_le_bytes(stated) + if width == 2 { 256 } else { 0 };
        if window.unwrap_or(stated) > MAX_WINDOW {
            let message = "a frame needs a window of more than 32 MiB; pack it by `zstd -19` or less, without `--long`";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok((width > 0).then_some(stated))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    pub(in crate::source::packed) fn frame(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    pub(in crate::source::packed) fn skippable(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        [&[0x53, 0x2a, 0x4d, 0x18], &length[..], text].concat()
    }

    /// `printf 'abc%.0s' $(seq 100) | zstd -19`: with a checksum, without a length.
    const STREAMED: [u8; 23] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x68, 0x55, 0x00, 0x00, 0x18, 0x61, 0x62, 0x63, 0x01, 0x00, 0x26, 0xaa, 0x6e,
        0x08, 0x2b, 0xac, 0x9d, 0x8f,
    ];

    /// The same text from a file: with a checksum and a length.
    const STATED: [u8; 24] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x64, 0x2c, 0x00, 0x55, 0x00, 0x00, 0x18, 0x61, 0x62, 0x63, 0x01, 0x00, 0x26, 0xaa,
        0x6e, 0x08, 0x2b, 0xac, 0x9d, 0x8f,
    ];

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Frames::new(bytes).read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn every_frame_is_read_and_skippable_ones_are_skipped() {
        let long: Vec<u8> = (0..700_000_u32).flat_map(|n| (n / 3).to_le_bytes()).collect();
        let whole = [skippable(b"pre"), frame(&long), frame(b""), skippable(b""), frame(b"end")].concat();
        assert!(unpack(&whole).unwrap() == [&long, &b"end"[..]].concat());
        assert_eq!(unpack(b"").unwrap(), b"");
    }

    #[test]
    fn what_zstd_itself_makes_is_read() {
        assert_eq!(unpack(&STREAMED).unwrap(), b"abc".repeat(100));
        assert_eq!(unpack(&STATED).unwrap(), b"abc".repeat(100));
        assert_eq!(unpack(&[&STATED[..], &STREAMED].concat()).unwrap(), b"abc".repeat(200));
    }

    #[test]
    fn a_wrong_checksum_or_length_is_an_error() {
        for at in [STREAMED.len() - 1, STREAMED.len() - 4] {
            let mut damaged = STREAMED;
            damaged[at] ^= 1;
            assert!(unpack(&damaged).is_err());
        }
        let mut damaged = STATED;
        damaged[5] ^= 1;
        assert!(unpack(&damaged).is_err());
    }

    #[test]
    fn a_stream_that_is_cut_short_or_followed_by_something_is_an_error() {
        for whole in [&STREAMED[..], &STATED, &skippable(b"pre")] {
            for length in 1..whole.len() {
                assert!(unpack(&whole[..length]).is_err(), "{length}");
            }
            assert!(unpack(&[whole, b"stray"].concat()).is_err());
        }
    }

    #[test]
    fn a_window_that_takes_too_much_memory_is_refused() {
        let window = |byte| unpack(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, byte, 0x01, 0x00, 0x00]);
        assert_eq!(window(15 << 3).unwrap(), b"", "32 MiB");
        assert!(window((15 << 3) + 1).unwrap_err().to_string().contains("window"));
        assert!(window(0xff).unwrap_err().to_string().contains("window"));
        let single = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &u64::MAX.to_le_bytes(), &[0x01, 0x00, 0x00]].concat();
        assert!(unpack(&single).unwrap_err().to_string().contains("window"));
    }

    #[test]
    fn no_bytes_make_us_panic() {
        use proptest::prelude::*;
        let long: Vec<u8> = (0..3000_u32).flat_map(|n| (n * n / 7).to_le_bytes()).collect();
        let mixed = [frame(&long), skippable(b"x"), frame(&b"abcdefg".repeat(90))].concat();
        // Huffman codes and sequences of the real program; ours only makes the simplest blocks.
        let real = include_bytes!("../../../fixtures/postgres/start-of-5.37.sql.zst").to_vec();
        let whole = proptest::sample::select(vec![STREAMED.to_vec(), STATED.to_vec(), mixed, real]);
        let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
        let config = ProptestConfig { cases: 4000, ..ProptestConfig::default() };
        proptest!(config, |(mut bytes in whole, changes in changes)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let mut text = Frames::new(bytes.as_slice()).take(1 << 20);
            let _ = io::copy(&mut text, &mut io::sink());
        });
    }
}
