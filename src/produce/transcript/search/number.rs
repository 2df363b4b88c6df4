//! Numbers in the fewest characters that a script file holds without escaping: base 64, five bits and a sign that more
//! follows in each character, the lowest bits first, as source maps write them.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends a number.
pub(super) fn push(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 31) as usize;
        number >>= 5;
        let digit = if number == 0 { low } else { low | 32 };
        out.push(DIGITS[digit & 63]);
        if number == 0 {
            return;
        }
    }
}

/// Appends a number that may be negative: the sign is its lowest bit.
pub(super) fn push_signed(out: &mut Vec<u8>, number: i64) {
    push(out, (number.wrapping_shl(1) ^ (number >> 63)).cast_unsigned());
}

/// The numbers that [`push`] wrote.
pub(super) fn read(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = bytes.iter();
    std::iter::from_fn(move || {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let digit = u64::from(VALUES[usize::from(*rest.next()?)]);
            number |= (digit & 31).checked_shl(shift).unwrap_or_default();
            if digit & 32 == 0 {
                return Some(number);
            }
            shift += 5;
        }
    })
}

/// What each character stands for.
const VALUES: [u8; 256] = {
    let mut values = [0; 256];
    let mut value = 0;
    while value < 64 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_one_character() {
        let text = |number| {
            let mut out = Vec::new();
            push(&mut out, number);
            String::from_utf8(out).unwrap()
        };
        assert_eq!([0, 1, 31, 32, 1023, 1024].map(text), ["A", "B", "f", "gB", "/f", "ggB"]);
        assert_eq!(text(u64::MAX).len(), 13);
        let mut out = Vec::new();
        push_signed(&mut out, -1);
        push_signed(&mut out, 1);
        assert_eq!(out, b"BC");
    }

    #[test]
    fn what_is_written_is_read() {
        let numbers = [0, 5, 31, 32, 99_999, u64::from(u32::MAX), u64::MAX];
        let mut out = Vec::new();
        for number in numbers {
            push(&mut out, number);
        }
        assert_eq!(read(&out).collect::<Vec<_>>(), numbers);
    }
}
