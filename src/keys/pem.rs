//! PEM (RFC 7468): the armour around keys and signatures.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::secret::Secret;

/// One decoded PEM block.
#[derive(Debug)]
pub(super) struct Pem {
    /// What the block calls itself, `PRIVATE KEY` for instance.
    pub(super) label: String,
    /// Whether it carries the headers of an encrypted traditional key (RFC 1421), which base64 alone cannot tell.
    pub(super) encrypted: bool,
    /// The bytes inside.
    pub(super) body: Secret,
}

/// Decodes a text that is one PEM block and nothing else but white space around it.
///
/// Lines may end in CR LF and be of any length; the base64 must be canonical.
pub(super) fn decode(text: &str) -> Option<Pem> {
    let (first, rest) = text.trim().split_once('\n')?;
    let label = first.trim_end().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
    let rest = rest.strip_suffix("-----")?.strip_suffix(label)?.strip_suffix("-----END ")?;
    let (mut encrypted, mut base64) = (false, Secret(Vec::with_capacity(rest.len())));
    for line in rest.lines().map(str::trim_end) {
        if line.contains(':') {
            encrypted |= line.contains("ENCRYPTED");
        } else {
            base64.0.extend_from_slice(line.as_bytes());
        }
    }
    let body = STANDARD.decode(&base64.0).ok().map(Secret)?;
    Some(Pem { label: label.to_owned(), encrypted, body })
}

/// Encodes `body` under `label`, in lines of `width` characters, with a final line feed.
pub(super) fn encode(label: &str, body: &[u8], width: usize) -> String {
    let base64 = Secret(STANDARD.encode(body).into_bytes());
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64.0.chunks(width) {
        text.extend(line.iter().map(|&byte| char::from(byte)));
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_and_nothing_else() {
        let text = encode("TEST", b"some bytes that need more than one line of base64 in this block", 64);
        let pem = decode(&text).unwrap();
        assert_eq!((pem.label.as_str(), pem.encrypted), ("TEST", false));
        assert_eq!(pem.body.0, b"some bytes that need more than one line of base64 in this block");
        assert!(decode(&text.replace('\n', "\r\n")).is_some());
        for bad in [
            format!("{text}{text}"),
            format!("note\n{text}"),
            text.replace("END TEST", "END BEST"),
            text.replace("IG", "I"),
            text.replace("-----END TEST-----", ""),
            String::new(),
            "-----BEGIN TEST-----".to_owned(),
        ] {
            assert!(decode(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(format!("{:?}", Secret(b"seed".to_vec())), "Secret(..)");
    }
}
