//! Bytes that must not outlive their use.

/// Secret bytes: overwritten when dropped, never printed.
///
/// The overwriting is best effort: the key pair inside `ring` and pages already swapped out are beyond its reach.
pub(super) struct Secret(pub(super) Vec<u8>);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without an observer the compiler may drop a store into memory that is about to be freed.
        let _ = std::hint::black_box(&self.0);
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
