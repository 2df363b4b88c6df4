//! What decides the order of nearly all records without a look at their lines.
//!
//! Invariant: of two lines of one kind and time, the one that comes first never has the greater key.

/// How lines of each kind begin, up to what tells them apart; nothing for a kind beyond its end.
pub(super) type Heads = &'static [Vec<u8>];

/// What a record is sorted by; only where these are equal do the lines decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) kind: u8,
    pub(super) at: i64,
    /// The first bytes behind the head. A line that begins in another way stands before or behind all that have it.
    id: u64,
}

impl Key {
    #[inline]
    pub(super) fn new(heads: Heads, kind: u8, at: i64, line: &[u8]) -> Self {
        let head = heads.get(usize::from(kind)).map(Vec::as_slice).unwrap_or_default();
        let id = match line.strip_prefix(head) {
            Some(rest) => u64::from_be_bytes(rest.first_chunk().copied().unwrap_or_else(|| padded(rest))),
            None if line < head => 0,
            None => u64::MAX,
        };
        Self { kind, at, id }
    }
}

fn padded(short: &[u8]) -> [u8; 8] {
    std::array::from_fn(|at| short.get(at).copied().unwrap_or(0))
}
