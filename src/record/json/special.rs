//! Finding the end of a string at memory speed: most bytes of an archive lie inside strings.

/// Offset of the first `"`, `\` or byte below 0x20 at or after `from`; `bytes.len()` if there is none.
///
/// Eight bytes at a time: the lowest set high bit of `hits` marks the first such byte exactly, because borrows only
/// travel upwards.
pub fn special(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hits = control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] >= 0x20 && bytes[at] != b'"' && bytes[at] != b'\\' {
        at += 1;
    }
    at
}
