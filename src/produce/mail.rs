//! Mails as RFC 5322 and MIME want them, written part by part, the same bytes for the same input.
//!
//! Names, subjects and file names are data: a line break in one must not begin another header, so control characters
//! become spaces; and no reader shall guess at letters. Header text that is not plain ASCII is encoded as RFC 2047 says, parameters as RFC 2231 says;
//! texts travel as base64, so that no line is too long, no `From ` is stuffed and no byte is changed.
//!
//! Invariant: everything written is ASCII with CRLF, no line is longer than [`LONGEST`] characters without its CRLF, and
//! header lines are folded at `FOLD` where they have a space.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest line, without CRLF (RFC 5322, 2.1.1).
pub const LONGEST: usize = 998;

/// Lines of headers are folded behind this many characters where they can be.
const FOLD: usize = 76;

/// Bytes that make a line of 76 characters in base64.
const LINE: usize = 57;

/// Bytes of text in one encoded word: with its frame it stays within 75 characters.
const WORD: usize = 45;

/// Appends a header. `text` may be anything.
pub fn header(out: &mut Vec<u8>, name: &str, text: &str) {
    let text = &*one_line(text);
    let words =
        if is_plain(text) { text.split(' ').map(str::to_owned).collect::<Vec<_>>() } else { encoded_words(text) };
    fold(out, name, &words);
}

/// Appends a header with addresses: what a person is called, and where mail reaches him.
pub fn addresses<'a>(out: &mut Vec<u8>, name: &str, all: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut words: Vec<String> = Vec::new();
    for (display, address) in all {
        if let Some(last) = words.last_mut() {
            last.push(',');
        }
        let display = &*one_line(display);
        if !display.is_empty() {
            if is_plain(display) {
                let quoted = display.replace('\\', "\\\\").replace('"', "\\\"");
                words.extend(format!("\"{quoted}\"").split(' ').map(str::to_owned));
            } else {
                words.extend(encoded_words(display));
            }
        }
        words.push(format!("<{address}>"));
    }
    fold(out, name, &words);
}

/// Whether text can be sent as an address as it is: `local@domain` of plain characters.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !part.is_empty() && part.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(plain))
    };
    text.len() <= 254 && is_atom(local) && is_atom(domain)
}

/// Appends `Content-Type` and `Content-Disposition` of an attachment.
pub fn attachment(out: &mut Vec<u8>, mime_type: &str, name: &str) {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let known = mime_type.split(';').next().unwrap_or_default().trim();
    let known = known.split_once('/').filter(|(main, sub)| is_token(main) && is_token(sub) && known.len() <= 100);
    // A mail inside of a mail may not be encoded, so it goes as mere bytes.
    let known = known.filter(|(main, _)| !["message", "multipart"].contains(&main.to_ascii_lowercase().as_str()));
    let mime_type = known.map_or("application/octet-stream".to_owned(), |(main, sub)| format!("{main}/{sub}"));
    fold(out, "Content-Type", &[mime_type]);
    let mut words = vec!["attachment;".to_owned()];
    let name = &*one_line(name);
    if is_plain(name) && name.len() <= 60 {
        words.push(format!("filename=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")));
    } else {
        words.extend(continued("filename", name));
    }
    fold(out, "Content-Disposition", &words);
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n");
}

/// A parameter in pieces, as RFC 2231 wants it; each but the last ends with its semicolon.
pub fn continued(parameter: &str, name: &str) -> Vec<String> {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    let (mut pieces, mut rest) = (Vec::new(), encoded.as_str());
    while !rest.is_empty() {
        let mut end = rest.len().min(50);
        // An escape stays in one piece.
        if let Some(at) = rest.get(..end).and_then(|piece| piece.rfind('%')).filter(|at| at + 3 > end) {
            end = at;
        }
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    let last = pieces.len().saturating_sub(1);
    let piece = |(number, piece): (usize, &&str)| {
        let charset = if number == 0 { "UTF-8''" } else { "" };
        let semicolon = if number < last { ";" } else { "" };
        format!("{parameter}*{number}*={charset}{piece}{semicolon}")
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Text in which control characters became spaces: readers decode a header first and trip over them then.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text.into() }
}

/// Whether text may stand in a header as it is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && !text.contains("=?")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() <= FOLD)
}

/// Text as words of RFC 2047, in UTF-8 and base64, none cut within a character.
fn encoded_words(text: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let fits = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= WORD);
        let end = fits.last().unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = behind;
    }
    words
}

fn fold(out: &mut Vec<u8>, name: &str, words: &[String]) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut column = name.len() + 1;
    for (number, word) in words.iter().enumerate() {
        if number > 0 && column + 1 + word.len() > FOLD && !word.is_empty() {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
        out.push(b' ');
        out.extend_from_slice(word.as_bytes());
        column += 1 + word.len();
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a text part, without its boundary.
pub fn text_part(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    let canonical = text.replace('\n', "\r\n");
    for line in canonical.as_bytes().chunks(LINE) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes what `from` holds as lines of base64.
pub fn base64_lines(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut encoder = Base64::new(to);
    io::copy(from, &mut encoder)?;
    encoder.finish()
}

/// Writes bytes as lines of base64.
#[derive(Debug)]
pub struct Base64<W> {
    to: W,
    held: Vec<u8>,
}

impl<W: Write> Base64<W> {
    /// Writes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, held: Vec::with_capacity(LINE * 1024) }
    }

    fn lines(&mut self, end: usize) -> io::Result<()> {
        let mut out = Vec::with_capacity(end / LINE * 78 + 78);
        for line in self.held.get(..end).unwrap_or_default().chunks(LINE) {
            out.extend_from_slice(STANDARD.encode(line).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        self.held.drain(..end);
        self.to.write_all(&out)
    }

    /// Writes the last line.
    pub fn finish(mut self) -> io::Result<()> {
        self.lines(self.held.len())
    }
}

impl<W: Write> Write for Base64<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= LINE * 1024 {
            let whole = self.held.len() / LINE * LINE;
            self.lines(whole)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        let text = String::from_utf8(out).unwrap();
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= LONGEST && line.is_ascii() && !line.contains(['\r', '\n']), "{line:?}");
        }
        text
    }

    #[test]
    fn no_text_begins_another_header() {
        for evil in ["a\r\nBcc: x@example.org", "a\nb", "ä\rb", "=?utf-8?q?x?=", " lead", "a\0b", &"x".repeat(3000)] {
            let text = headers(|out| header(out, "Subject", evil));
            for (number, line) in text.split_terminator("\r\n").enumerate() {
                assert_eq!(line.starts_with("Subject:"), number == 0, "{text:?}");
                assert!(number == 0 || line.starts_with(' '), "{text:?}");
            }
            assert!(!text.contains("\nBcc"), "{text:?}");
            let text = headers(|out| attachment(out, "text/plain\r\nX: y", evil));
            assert!(text.starts_with("Content-Type: application/octet-stream\r\nContent-Disposition: attachment;"));
            assert_eq!(text.split_terminator("\r\n").filter(|line| !line.starts_with(' ')).count(), 3, "{text}");
        }
    }

    #[test]
    fn plain_text_stays_readable_and_is_folded() {
        assert_eq!(headers(|out| header(out, "Subject", "pumps on 2026-11-21")), "Subject: pumps on 2026-11-21\r\n");
        let long = headers(|out| header(out, "Subject", "word ".repeat(40).trim_end()));
        assert!(long.split_terminator("\r\n").all(|line| line.len() <= FOLD) && long.lines().count() == 3, "{long}");
        let people = [("Anna \"A\" Berg", "anna@example.org"), ("", "bob@example.org"), ("Jürgen", "j@example.org")];
        assert_eq!(
            headers(|out| addresses(out, "To", people.into_iter())),
            "To: \"Anna \\\"A\\\" Berg\" <anna@example.org>, <bob@example.org>,\r\n =?UTF-8?B?SsO8cmdlbg==?= <j@example.org>\r\n"
        );
    }

    #[test]
    fn addresses_are_told_from_other_text() {
        for (text, expected) in [
            ("anna@example.org", true),
            ("a.b+c@example", true),
            ("anna", false),
            ("a b@example.org", false),
            ("a@b>\r\nX: y", false),
            ("ä@example.org", false),
            ("a..b@example.org", false),
            ("@example.org", false),
            ("a@b@example.org", false),
        ] {
            assert_eq!(is_address(text), expected, "{text}");
        }
    }

    #[test]
    fn base64_has_lines_of_76() {
        for length in [0, 1, 56, 57, 58, 57 * 1024, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|i: u32| u8::try_from(i % 251).unwrap()).collect();
            let mut out = Vec::new();
            base64_lines(&mut bytes.as_slice(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.split_terminator("\r\n").all(|line| line.len() <= 76));
            assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), bytes);
        }
    }
}
