//! A conversation as plain text, as reviewers search and read it.
//!
//! ```text
//! 2026-11-21T08:41:02.123Z  Anna Berg (anna)
//! pump 3 has no pressure
//!   [until 2026-11-21T08:41:30.000Z it said: pump 3 has no presure]
//!   [file pump.txt, 4102 bytes, sha256 9f86…]
//!   [:eyes: bob]
//! ```
//!
//! Control characters are spelled out (`\u{1b}`), and so are those that turn the reading direction; the caller is told.

use std::fmt::Write as _;

use super::{Belongings, Slice, Told};
use crate::produce::State;
use crate::produce::cards;
use crate::produce::mail::one_line;
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// A text, and what in it had to be spelled out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text, with LF.
    pub text: String,
    /// Ids of posts with characters that were spelled out.
    pub spelled: Vec<String>,
}

impl Text {
    /// A conversation as text.
    pub fn of(slice: &Slice<'_>, belongings: &Belongings<'_>) -> Self {
        let mut this = Self::default();
        for told in &slice.posts {
            if !this.text.is_empty() {
                this.text.push('\n');
            }
            if this.post(told, belongings) {
                this.spelled.push(told.id().to_owned());
            }
        }
        this
    }

    /// Adds a post; true if something had to be spelled out.
    fn post(&mut self, told: &Told<'_>, belongings: &Belongings<'_>) -> bool {
        let post = &told.post;
        let labels = &belongings.labels;
        let mut out = String::new();
        let _ = write!(out, "{}  {}", moment(post.create_at), one_line(&labels.person(post.user_id)));
        if let Some(name) = post.prop_text("override_username") {
            let _ = write!(out, ", shown as {}", one_line(&name));
        }
        if !post.root_id.is_empty() {
            let _ = write!(out, ", in reply to {}", post.root_id);
        }
        if post.is_system() {
            out.push_str(", by the server");
        }
        out.push('\n');
        out.push_str(&post.message());
        out.push('\n');
        let mut note = |text: String| {
            let _ = writeln!(out, "  [{text}]");
        };
        if told.is_gone() {
            note("an earlier version; the post itself is not in this production".to_owned());
        }
        if let Some(cards) = cards::text(post) {
            note(format!("message attachments: {cards}"));
        }
        let said = cards::said(post);
        for (version, before) in told.earlier.iter().map(|version| (version, cards::said(version))) {
            if before == said {
                continue;
            }
            note(format!("until {} it said: {before}", moment(version.delete_at)));
        }
        if post.edit_at > 0 {
            note(format!("edited {}", moment(post.edit_at)));
        }
        match post.state() {
            State::DeletedBy(by) => {
                note(format!("deleted {} by {}", moment(post.delete_at), one_line(labels.user(&by))));
            }
            State::Deleted => note(format!("deleted {}", moment(post.delete_at))),
            _ => {}
        }
        for file in told.files {
            let digest =
                file.content.map_or_else(|| "not collected".to_owned(), |hash| format!("sha256 {}", hex(&hash)));
            note(format!("file {}, {} bytes, {digest}", one_line(&file.name), file.size));
        }
        let mut reactions: Vec<(&str, Vec<&str>)> = Vec::new();
        for reaction in belongings.reactions.of(told.id()) {
            let user = labels.user(reaction.user_id);
            match reactions.iter_mut().find(|(emoji, _)| *emoji == reaction.emoji) {
                Some((_, users)) => users.push(user),
                None => reactions.push((reaction.emoji, vec![user])),
            }
        }
        for (emoji, users) in reactions {
            note(format!(":{}: {}", one_line(emoji), one_line(&users.join(", "))));
        }
        push_spelled(&mut self.text, &out)
    }
}

/// Appends text; control characters but line breaks and tabs, and those that turn the reading direction, are spelled
/// out, and then it is true. CR LF and a lone CR become LF.
pub(super) fn push_spelled(out: &mut String, text: &str) -> bool {
    let mut is_spelled = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                let _ = characters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\t' => out.push(character),
            _ if is_harmful(character) => {
                is_spelled = true;
                out.extend(character.escape_unicode());
            }
            _ => out.push(character),
        }
    }
    is_spelled
}

/// Control characters, those that turn the reading direction, and those that are none.
pub(in crate::produce) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(character) & 0xfffe == 0xfffe
}

/// A time for people and programs.
pub(in crate::produce) fn moment(at: Millis) -> String {
    time::format(at).unwrap_or_else(|| format!("ms:{at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_are_spelled_out() {
        let mut out = String::new();
        assert!(push_spelled(&mut out, "a\r\nb\rc\td\u{1b}[2J\u{202e}gpj\u{fffe}\u{0}ä😀"));
        assert_eq!(out, "a\nb\nc\td\\u{1b}[2J\\u{202e}gpj\\u{fffe}\\u{0}ä😀");
    }
}
