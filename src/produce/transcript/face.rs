//! People in pages: their name, and at hover what they are and their id.

use std::fmt::Write as _;

use super::escape;
use super::naming::Person;
use crate::produce::zone;

/// How many colours the style sheet has for people.
const COLOURS: u32 = 12;

/// Appends everything that is known of a person as the text of an attribute.
fn describe(out: &mut String, person: &Person) {
    escape::attribute(out, &person.display);
    if !person.username.is_empty() && person.username != person.display {
        out.push_str(" · @");
        escape::attribute(out, &person.username);
    }
    if !person.email.is_empty() {
        out.push_str(" · ");
        escape::attribute(out, &person.email);
    }
    if !person.position.is_empty() {
        out.push_str(" · ");
        escape::attribute(out, &person.position);
    }
    if person.deactivated_at > 0 {
        out.push_str(" · deactivated ");
        zone::push_utc(out, person.deactivated_at);
    }
    if !person.id.is_empty() && person.id != person.display {
        out.push_str(" · id ");
        escape::attribute(out, &person.id);
    }
}

/// Appends `@name` as it was spelled in a text, with who it is at hover.
pub(super) fn mention(out: &mut String, person: &Person, spelled: &str) {
    out.push_str("<span class=\"mention\" title=\"");
    describe(out, person);
    out.push_str("\">@");
    escape::text(out, spelled);
    out.push_str("</span>");
}

/// Appends the name of a person, with who it is at hover.
pub(super) fn name(out: &mut String, person: &Person) {
    out.push_str("<span class=\"person\" title=\"");
    describe(out, person);
    out.push_str("\"><bdi>");
    escape::name(out, &person.display);
    out.push_str("</bdi></span>");
}

/// Appends the round sign with the first letters of a name, in a colour of the person's own.
pub(super) fn avatar(out: &mut String, display: &str, id: &str) {
    let colour = id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % COLOURS;
    let _ = write!(out, "<span class=\"avatar c{colour}\" aria-hidden=\"true\">");
    let mut initials = String::new();
    for word in
        display.split(|letter: char| letter.is_whitespace() || letter == '.').filter(|word| !word.is_empty()).take(2)
    {
        initials.extend(word.chars().find(|letter| letter.is_alphanumeric()));
    }
    escape::name(out, &initials);
    out.push_str("</span>");
}

/// Appends `bot`, `guest`, `deactivated`, as far as they apply.
pub(super) fn badges(out: &mut String, person: &Person) {
    let all = [(person.is_bot, "bot"), (person.is_guest, "guest"), (person.deactivated_at > 0, "deactivated")];
    for (_, word) in all.into_iter().filter(|(applies, _)| *applies) {
        let _ = write!(out, " <span class=\"badge\">{word}</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_hover_tells_the_rest() {
        let person = Person {
            id: "id1".into(),
            username: "al".into(),
            display: "<Al> \"X\"".into(),
            deactivated_at: 1,
            ..Person::default()
        };
        let mut out = String::new();
        name(&mut out, &person);
        assert_eq!(
            out,
            "<span class=\"person\" title=\"&lt;Al&gt; &quot;X&quot; · @al · deactivated 1970-01-01T00:00:00.001Z · id id1\">\
             <bdi>&lt;Al&gt; &quot;X&quot;</bdi></span>"
        );
    }

    #[test]
    fn avatars_hold_letters_only() {
        let mut out = String::new();
        avatar(&mut out, "<script> \u{202E}evil", "id");
        assert!(out.ends_with(">se</span>"), "{out}");
    }
}
