//! The data types of the SSH protocol (RFC 4251, section 5): big-endian numbers and length-prefixed strings.
//!
//! Reading never panics and never allocates from a stated length: a string that claims more than is there is `None`.

/// Reads SSH data types from the front of a slice.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn remaining(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, tail) = self.0.split_first()?;
        self.0 = tail;
        Some(first)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(u32::from_be_bytes(*head))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(u64::from_be_bytes(*head))
    }

    /// A `string`: 4 bytes of length, then that many bytes.
    pub(super) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A `string` that holds UTF-8 without NUL, as names and comments do.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.string()?).ok()?;
        (!text.contains('\0')).then_some(text)
    }

    /// A `string` of exactly `N` bytes.
    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.string()?.try_into().ok()
    }
}

/// Appends `bytes` as a `string`.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    // No message here comes near 4 GiB; a length that did would be caught by the reader as too long.
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A name out of hostile bytes, fit to be shown: at most 60 visible ASCII characters.
pub(super) fn printable(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_claims_more_than_is_there_is_refused() {
        let mut wire = Vec::new();
        put_string(&mut wire, b"abc");
        assert_eq!(wire, b"\0\0\0\x03abc");
        assert_eq!(Reader::new(&wire).text(), Some("abc"));
        assert_eq!(Reader::new(&wire[..6]).string(), None);
        assert_eq!(Reader::new(b"\xff\xff\xff\xffabc").string(), None);
        assert_eq!(Reader::new(b"\0\0").u32(), None);
        assert_eq!(Reader::new(&wire).fixed::<2>(), None);
        assert_eq!(Reader::new(b"\0\0\0\x01\0").text(), None);
    }
}
