//! Header fields of a mail: nothing from data can begin another one.
//!
//! Line ends and control characters are taken out, what is not ASCII becomes encoded words of RFC 2047, and an address
//! is either one address or is made one. Lines are folded below 78 characters where a space or comma allows it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::produce::mail;

/// Characters of a line before it is folded.
const WIDTH: usize = 76;

/// Bytes of text in one encoded word: 75 characters less what frames it, in base64.
const WORD: usize = 45;

/// Bytes of a name that stands in one piece: escaped, and behind what else is on its line, it stays below 998 characters.
const LONG: usize = 255;

/// A field of free text.
pub(super) fn text(out: &mut String, name: &str, value: &str) {
    let clean: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // What looks encoded already would be decoded by who reads it.
    if clean.is_ascii() && !clean.contains("=?") {
        let words: Vec<String> = clean.split(' ').map(str::to_owned).collect();
        return fold(out, name, &words, " ");
    }
    let mut words = Vec::new();
    let mut rest = clean.as_str();
    while !rest.is_empty() {
        let end = (0..=WORD.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(1));
        words.push(format!("=?utf-8?b?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    fold(out, name, &words, " ");
}

/// A field of addresses.
pub(super) fn addresses(out: &mut String, name: &str, addresses: &[String]) {
    fold(out, name, addresses, ",");
}

fn fold(out: &mut String, name: &str, words: &[String], separator: &str) {
    out.push_str(name);
    out.push(':');
    let mut width = name.len() + 1;
    for (at, word) in words.iter().enumerate() {
        let is_last = at + 1 == words.len();
        let length = word.len() + usize::from(!is_last) * separator.trim().len();
        // A line of white space alone would be none, so only in front of a word.
        if at > 0 && width + 1 + length > WIDTH && !word.is_empty() {
            out.push_str("\r\n");
            width = 0;
        }
        if at == 0 || width == 0 || separator == " " {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        if !is_last {
            out.push_str(separator.trim());
        }
        width += length;
    }
    out.push_str("\r\n");
}

/// An address that is one: as it stands if it could be, else with what could end or split it replaced; the second value
/// says whether it was.
pub(super) fn address(email: &str) -> (String, bool) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
    let mut clean: String = email.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let is_one = |text: &str| {
        let (local, domain) = text.rsplit_once('@').unwrap_or_default();
        !local.is_empty() && !domain.is_empty() && !local.contains('@') && text.len() <= 254
    };
    if !is_one(&clean) {
        let local: String = clean.replace('@', "_").chars().take(64).collect();
        clean = format!("{}@chatseal.invalid", if local.is_empty() { "unknown" } else { &local });
    }
    let changed = clean != email;
    (clean, changed)
}

/// A parameter of a field, such as the name of a file: quoted, or encoded as RFC 2231 has it.
pub(super) fn parameter(name: &str, value: &str) -> String {
    let clean: String = value.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    // The vendor writes one piece, which is longer than a line of a mail may be.
    if clean.len() > LONG {
        return format!(";\r\n {}", mail::continued(name, &clean).join("\r\n "));
    }
    if clean.is_ascii() {
        let quoted = clean.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("; {name}=\"{quoted}\"");
    }
    let mut encoded = String::new();
    for byte in clean.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("; {name}*=utf-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> String {
        let mut out = String::new();
        text(&mut out, name, value);
        out
    }

    #[test]
    fn no_value_begins_another_field() {
        assert_eq!(field("Subject", "a\r\nBcc: x@y"), "Subject: a  Bcc: x@y\r\n");
        let (clean, changed) = address("a@b\r\nBcc: x@y");
        assert_eq!((clean.as_str(), changed), ("a_b__Bcc__x_y@chatseal.invalid", true));
        let encoded = field("Subject", "=?utf-8?q?x=0D=0ABcc:_a=40b?=");
        assert!(encoded.starts_with("Subject: =?utf-8?b?") && !encoded.contains("=0D"), "{encoded}");
        assert_eq!(address("x, y@z").0, "x__y@z");
        assert_eq!(address("anna@example.org"), ("anna@example.org".to_owned(), false));
        assert_eq!(address(""), ("unknown@chatseal.invalid".to_owned(), true));
        assert_eq!(parameter("name", "a\"b\r\n.txt"), "; name=\"a\\\"b__.txt\"");
        assert_eq!(parameter("filename", "ü.txt"), "; filename*=utf-8''%C3%BC.txt");
    }

    #[test]
    fn no_name_makes_a_line_too_long_for_a_mail() {
        for name in ["ü".repeat(127), "ü".repeat(128), "\"".repeat(255), "a".repeat(4000), "漢".repeat(9000)] {
            let head = format!("Content-Disposition: attachment{}", parameter("filename", &name));
            assert!(head.split("\r\n").all(|line| line.len() <= mail::LONGEST), "{}", head.len());
            assert!(head.split("\r\n").skip(1).all(|line| line.starts_with(" filename*")), "{head}");
        }
        let long = parameter("name", &"ü".repeat(130));
        assert!(long.starts_with(";\r\n name*0*=UTF-8''%C3%BC"), "{long}");
    }

    #[test]
    fn long_fields_are_folded_and_other_scripts_encoded() {
        let long = field("Subject", &"word ".repeat(40));
        assert!(long.lines().all(|line| line.len() <= WIDTH + 2), "{long}");
        assert_eq!(long.replace("\r\n", "").trim_end(), format!("Subject: {}", "word ".repeat(40)).trim_end());
        let coded = field("Subject", &"日本語".repeat(20));
        assert!(coded.lines().count() > 1 && coded.is_ascii(), "{coded}");
        let mut to = String::new();
        let many: Vec<String> = (0..20).map(|n| format!("person-{n}@example.org")).collect();
        addresses(&mut to, "To", &many);
        assert_eq!(to.replace("\r\n ", "").trim_end(), format!("To: {}", many.join(",")));
        assert!(to.lines().all(|line| line.len() <= WIDTH), "{to}");
    }
}
