//! Text that somebody wrote, as HTML that means that text and nothing else.
//!
//! Invariant: what comes out holds no tag, entity or attribute that was not written here. Characters that a reader
//! could not see, or that would turn the order of what follows (control characters, bidirectional overrides), are
//! shown by name: a transcript must not look other than it reads.

use std::fmt::Write as _;

/// Appends `text` as the content of an element.
pub(in crate::produce) fn text(out: &mut String, text: &str) {
    write(out, text, Place::Element);
}

/// Appends `text` as the value of a double-quoted attribute.
pub(in crate::produce) fn attribute(out: &mut String, text: &str) {
    write(out, text, Place::Attribute);
}

/// Appends a name (of a person, channel or file): like [`text`], and line feeds are shown as well.
pub(in crate::produce) fn name(out: &mut String, text: &str) {
    write(out, text, Place::Name);
}

/// Appends `text` as a fragment of an address in an attribute: everything but letters, digits and `-._~` as `%XX`.
pub(in crate::produce) fn fragment(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Where escaped text will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Element,
    Attribute,
    Name,
}

/// Whether a byte ends a stretch that can be copied as it is.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'<' as usize] = true;
    stops[b'>' as usize] = true;
    stops[b'&' as usize] = true;
    stops[b'"' as usize] = true;
    stops[b'\'' as usize] = true;
    stops[0x7F] = true;
    // First bytes of U+0080–U+009F, U+2000–U+2FFF, and U+F000–U+FFFF.
    stops[0xC2] = true;
    stops[0xE2] = true;
    stops[0xEF] = true;
    stops
};

fn write(out: &mut String, text: &str, place: Place) {
    out.reserve(text.len() + text.len() / 16);
    let mut rest = text;
    while let Some(stop) = rest.bytes().position(|byte| STOPS[usize::from(byte)]) {
        let (plain, from) = rest.split_at(stop);
        out.push_str(plain);
        let mut letters = from.chars();
        if let Some(letter) = letters.next() {
            write_letter(out, letter, place);
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}

fn write_letter(out: &mut String, letter: char, place: Place) {
    match letter {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' | '\t' if place != Place::Name => out.push(letter),
        '\r' if place != Place::Name => {}
        _ if is_hidden(letter) => {
            let code = u32::from(letter);
            let _ = match place {
                Place::Attribute => write!(out, "[U+{code:04X}]"),
                Place::Element | Place::Name => write!(out, "<span class=\"hidden\">U+{code:04X}</span>"),
            };
        }
        _ => out.push(letter),
    }
}

/// Characters without a shape of their own that mislead: controls, overrides of direction, noncharacters.
///
/// Marks and isolates that right-to-left text needs (U+200E, U+200F, U+2066–U+2069) are left alone: each text stands
/// in an element that isolates it.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{202D}' | '\u{202E}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(write: impl Fn(&mut String, &str), source: &str) -> String {
        let mut out = String::new();
        write(&mut out, source);
        out
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escaped(text, "<b a='1' c=\"2\">&amp;"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
        assert_eq!(escaped(attribute, "\" onload=x"), "&quot; onload=x");
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        assert_eq!(escaped(text, "a\u{7}b"), "a<span class=\"hidden\">U+0007</span>b");
        assert_eq!(escaped(attribute, "a\u{202E}gnp.exe"), "a[U+202E]gnp.exe");
        assert_eq!(escaped(text, "\u{85}\u{FFFE}\0").matches("hidden").count(), 3);
        assert_eq!(escaped(name, "a\nb"), "a<span class=\"hidden\">U+000A</span>b");
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for same in ["שלום\u{200F} עולם", "漢字 かな", "a – b … “c” ©", "👩‍💻 e\u{301}", "line\nline\ttab"]
        {
            assert_eq!(escaped(text, same), same);
        }
        assert_eq!(escaped(text, "a\r\nb"), "a\nb");
    }

    #[test]
    fn a_fragment_holds_no_syntax() {
        assert_eq!(escaped(fragment, "s:a\"> 1"), "s%3Aa%22%3E%201");
    }
}
