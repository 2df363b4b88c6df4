//! Rows gathered into chunks: a message a row is too small to hand from thread to thread.
//!
//! Invariant: a chunk holds whole rows, however the server or a proxy cut its messages. In COPY text a line feed ends a
//! row and stands nowhere else, so rows can be counted by it.

use super::BATCH_BYTES;

/// Rows on their way into chunks.
#[derive(Default)]
pub(in crate::source) struct Chunks {
    gathered: Vec<u8>,
}

impl Chunks {
    /// Takes a message; gives back what was gathered before it once the two together would be more than
    /// [`BATCH_BYTES`].
    pub(in crate::source) fn push(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let full = self.gathered.len().saturating_add(message.len()) > BATCH_BYTES;
        let chunk = (full && !self.gathered.is_empty() && self.is_whole()).then(|| self.rest());
        if self.gathered.capacity() == 0 {
            self.gathered.reserve(BATCH_BYTES.max(message.len()));
        }
        self.gathered.extend_from_slice(message);
        chunk
    }

    /// Whether what is gathered ends with a row.
    fn is_whole(&self) -> bool {
        self.gathered.last().is_none_or(|byte| *byte == b'\n')
    }

    /// What is gathered.
    pub(in crate::source) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gathered)
    }

    /// Whole rows among what is gathered.
    pub(in crate::source) fn rows(&self) -> u64 {
        rows(&self.gathered)
    }
}

/// Rows in COPY text.
pub(in crate::source) fn rows(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).fold(0, |rows, _| rows + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunked(messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut chunks = Chunks::default();
        let mut found: Vec<_> = messages.iter().filter_map(|message| chunks.push(message)).collect();
        found.push(chunks.rest());
        found
    }

    #[test]
    fn a_giant_row_is_a_chunk_of_its_own() {
        let mut giant = vec![b'x'; BATCH_BYTES + 5];
        giant.push(b'\n');
        assert_eq!(chunked(&[b"a\n", b"b\n", &giant, b"c\n"]), [b"a\nb\n".to_vec(), giant, b"c\n".to_vec()]);
    }

    proptest! {
        #[test]
        fn chunks_hold_whole_rows_however_messages_are_cut(
            lengths in prop::collection::vec(0_usize..BATCH_BYTES / 3, 1..24),
            cuts in prop::collection::vec(1_usize..BATCH_BYTES, 1..24),
        ) {
            let text: Vec<u8> = lengths.iter().flat_map(|length| [vec![b'x'; *length], vec![b'\n']].concat()).collect();
            let (mut rest, mut messages) = (&text[..], Vec::new());
            for cut in cuts {
                let (message, tail) = rest.split_at(cut.min(rest.len()));
                messages.push(message);
                rest = tail;
            }
            messages.push(rest);
            let found = chunked(&messages);
            prop_assert!(found.iter().all(|chunk| chunk.is_empty() || chunk.ends_with(b"\n")));
            prop_assert_eq!(found.iter().map(|chunk| rows(chunk)).sum::<u64>(), lengths.len() as u64);
            prop_assert_eq!(found.concat(), text);
        }
    }
}
