//! Rows that end with how many they are: a server that counts what it is about to send need not look for it twice.
//!
//! Invariant: the number is the server's own, of the very rows of one statement. Refuses rows that lack it, or that do not
//! agree on it.

/// The number that rows brought along.
#[derive(Debug, Default)]
pub(in crate::source) struct Counted {
    /// The last field with the tab before it and the line feed behind.
    end: Option<Vec<u8>>,
}

impl Counted {
    /// Takes the last field off each row of COPY text; `false` if one has another than the rows before.
    pub(in crate::source) fn take(&mut self, text: &mut Vec<u8>) -> bool {
        let whole = std::mem::take(text);
        text.reserve(whole.len());
        for row in whole.split_inclusive(|byte| *byte == b'\n') {
            let Some(tab) = memchr::memrchr(b'\t', row) else { return false };
            let (fields, end) = row.split_at(tab);
            if self.end.get_or_insert_with(|| end.to_vec()) != end {
                return false;
            }
            text.extend_from_slice(fields);
            text.push(b'\n');
        }
        true
    }

    /// The number; 0 if there were no rows, and `None` if it is none.
    pub(in crate::source) fn rows(&self) -> Option<u64> {
        let Some(end) = &self.end else { return Some(0) };
        std::str::from_utf8(end).ok()?.trim().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_taken_off_and_has_to_be_the_same_everywhere() {
        let mut counted = Counted::default();
        assert_eq!(counted.rows(), Some(0));
        let [mut first, mut second] = [&b"a\tb\t3\n\t\\N\t3\n"[..], b"c\t\\t\t3\n"].map(<[u8]>::to_vec);
        assert!(counted.take(&mut first) && counted.take(&mut second));
        assert_eq!((first.as_slice(), second.as_slice()), (&b"a\tb\n\t\\N\n"[..], &b"c\t\\t\n"[..]));
        assert_eq!(counted.rows(), Some(3));
        for bad in ["d\te\t4\n", "3\n", "\n", "d\t33\n"] {
            assert!(!counted.take(&mut bad.as_bytes().to_vec()), "{bad}");
        }
        let mut counted = Counted::default();
        assert!(counted.take(&mut b"a\tx\n".to_vec()));
        assert_eq!(counted.rows(), None);
    }
}
