//! Just enough DER (ITU-T X.690) to read a PKCS#8 key and to name a key of another type.

/// Takes one element off the front: its tag and its content.
pub(super) fn element<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(d, _)| matches!(d.len(), 1..=3))?;
        (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((tag, content))
}

/// Takes one element of the given tag off the front.
pub(super) fn expect<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    element(bytes).filter(|(found, _)| *found == tag).map(|(_, content)| content)
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;

/// The object identifier of Ed25519, 1.3.101.112 (RFC 8410, section 3).
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The algorithm's object identifier from an `AlgorithmIdentifier`.
pub(super) fn algorithm<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    expect(&mut expect(bytes, SEQUENCE)?, OID)
}

/// Names the algorithm of a `SubjectPublicKeyInfo`.
pub(super) fn spki_algorithm(mut der: &[u8]) -> Option<String> {
    let mut info = expect(&mut der, SEQUENCE)?;
    algorithm(&mut info).map(algorithm_name)
}

/// A name for an object identifier that people know it by.
pub(super) fn algorithm_name(oid: &[u8]) -> String {
    let known = match oid {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] => "RSA",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] => "RSA-PSS",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] => "elliptic curve (ECDSA)",
        [0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01] => "DSA",
        [0x2b, 0x65, 0x6e] => "X25519",
        [0x2b, 0x65, 0x6f] => "X448",
        ED25519 => "Ed25519",
        [0x2b, 0x65, 0x71] => "Ed448",
        _ => return format!("object identifier {}", dotted(oid)),
    };
    known.to_owned()
}

fn dotted(oid: &[u8]) -> String {
    let (mut text, mut arc) = (String::new(), 0_u64);
    for &byte in oid.iter().take(30) {
        arc = (arc & (u64::MAX >> 7)) << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            let first = (arc / 40).min(2);
            text = if text.is_empty() { format!("{first}.{}", arc - first * 40) } else { format!("{text}.{arc}") };
            arc = 0;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_end_where_they_say() {
        let mut bytes = [0x04, 0x02, 1, 2, 0x02, 0x81, 0x01, 9].as_slice();
        assert_eq!(element(&mut bytes), Some((4, [1, 2].as_slice())));
        assert_eq!(expect(&mut bytes, INTEGER), Some([9].as_slice()));
        assert_eq!(element(&mut bytes), None);
        for bad in [[0x04, 0x80].as_slice(), &[0x04, 0x05, 1], &[0x04, 0x84, 0, 0, 0, 1, 7], &[0x04], &[4, 0x82, 0xff]]
        {
            assert_eq!(element(&mut &*bad), None, "{bad:02x?}");
        }
    }

    #[test]
    fn other_algorithms_are_named() {
        assert_eq!(algorithm_name(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), "RSA");
        assert_eq!(
            algorithm_name(&[0x60, 0x86, 0x48, 1, 101, 3, 4, 3, 18]),
            "object identifier 2.16.840.1.101.3.4.3.18"
        );
        assert_eq!(algorithm_name(&[0xff; 40]), "object identifier ");
    }
}
