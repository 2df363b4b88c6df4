//! `markdown`: what was said, day by day, as a text that people paste into reports and wikis.
//!
//! Meant for one channel or an incident. What people wrote is shown as they typed it: every character that Markdown or
//! HTML would take for markup is escaped, so nothing in a message can add a heading, an image, a link or a script.
//! Characters that control a terminal or turn the reading direction are spelled out.

use std::fmt::Write as _;
use std::io::Write as _;

use super::conversation::{Belongings, Slice, Told, for_each_slice, is_harmful, moment};
use super::eml::{note, remarks};
use super::folder::Output;
use super::mail::one_line;
use super::replaced::Replaced;
use super::{Files, Folder, Made, ProduceError, State, Work, cards};
use crate::record::id::hex;

/// What one conversation of a day becomes.
struct Section {
    month: String,
    day: String,
    text: String,
    posts: u64,
    files: u64,
    /// Ids of posts with characters that were spelled out.
    spelled: Vec<String>,
}

/// Writes `YYYY-MM.md` for each month in which something was said.
pub fn make(work: &Work<'_>, files: &Files, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let belongings = Belongings::read(work, files)?;
    let mut open: Option<(String, String, Output<'_>)> = None;
    let (mut documents, mut conversations, mut posts, mut attached) = (0_u64, 0_u64, 0_u64, 0_u64);
    for_each_slice(
        work,
        &belongings,
        |slice| section(slice, &belongings),
        |section| {
            if open.as_ref().is_none_or(|(month, ..)| *month != section.month) {
                if let Some((.., done)) = open.take() {
                    done.finish()?;
                }
                let mut to = folder.create(&format!("{}.md", section.month))?;
                to.write_all(head(work, &section.month).as_bytes()).map_err(|error| to.failed(error))?;
                open = Some((section.month.clone(), String::new(), to));
                documents += 1;
            }
            if let Some((_, day, to)) = &mut open {
                let heading = if *day == section.day { String::new() } else { format!("\n## {}\n", section.day) };
                section.day.clone_into(day);
                let text = heading + &section.text;
                to.write_all(text.as_bytes()).map_err(|error| to.failed(error))?;
            }
            for id in &section.spelled {
                note(replaced, folder, "post", id, "control-character", "spelled out in the text, as \\u{1b}")?;
            }
            conversations += 1;
            posts += section.posts;
            attached += section.files;
            Ok(())
        },
    )?;
    if let Some((.., done)) = open {
        done.finish()?;
    }
    let counts = vec![("documents", documents), ("conversations", conversations), ("posts", posts)];
    Ok(Made { counts, remarks: remarks(work, &belongings, attached), posts: None })
}

fn head(work: &Work<'_>, month: &str) -> String {
    let mut text = format!("# What was said in {month}\n\n");
    let made = moment(work.time);
    for line in [
        format!("Archive {}, seal {}", work.sealed.seal.archive_origin(), work.sealed.digest()),
        format!("Standing: {}", work.sealed.standing.words()),
        format!("Produced {made}; all times are UTC"),
    ] {
        text.push_str("- ");
        push_escaped(&mut text, &line, "");
        text.push('\n');
    }
    for line in work.scope.words() {
        text.push_str("- Scope: ");
        push_escaped(&mut text, &line, "");
        text.push('\n');
    }
    text
}

fn section(slice: &Slice<'_>, belongings: &Belongings<'_>) -> Section {
    let mut section = Section {
        month: slice.date().chars().take(7).collect(),
        day: slice.date(),
        text: String::from("\n### "),
        posts: slice.posts.len() as u64,
        files: slice.posts.iter().map(|told| told.files.len() as u64).sum(),
        spelled: Vec::new(),
    };
    push_escaped(&mut section.text, &one_line(belongings.labels.channel(slice.channel_id)), "");
    section.text.push('\n');
    for told in &slice.posts {
        let before = section.text.len();
        if push_post(&mut section.text, told, belongings) {
            section.spelled.push(told.id().to_owned());
        }
        debug_assert!(section.text.len() > before);
    }
    section
}

/// Appends a post; true if something had to be spelled out.
fn push_post(out: &mut String, told: &Told<'_>, belongings: &Belongings<'_>) -> bool {
    let (post, labels) = (&told.post, &belongings.labels);
    let is_reply = !post.root_id.is_empty();
    let quote = if is_reply { "> > " } else { "> " };
    let mut is_spelled = false;
    out.push_str("\n**");
    is_spelled |= push_escaped(out, &one_line(&labels.person(post.user_id)), "");
    let _ = write!(out, "** {} ", moment(post.create_at));
    if let Some(name) = post.prop_text("override_username") {
        out.push_str("shown as ");
        is_spelled |= push_escaped(out, &one_line(&name), "");
        out.push(' ');
    }
    let _ = write!(out, "`{}`", told.id().replace('`', ""));
    if is_reply {
        let _ = write!(out, " in reply to `{}`", post.root_id.replace('`', ""));
    }
    out.push_str("\n\n");
    out.push_str(quote);
    is_spelled |= push_escaped(out, &post.message(), quote);
    out.push('\n');
    let mut notes: Vec<String> = Vec::new();
    if told.is_gone() {
        notes.push("an earlier version; the post itself is not in this production".into());
    }
    notes.extend(cards::text(post).map(|cards| format!("message attachments: {cards}")));
    let said = cards::said(post);
    for (version, before) in told.earlier.iter().map(|version| (version, cards::said(version))) {
        if before == said {
            continue;
        }
        notes.push(format!("until {} it said: {before}", moment(version.delete_at)));
    }
    if post.edit_at > 0 {
        notes.push(format!("edited {}", moment(post.edit_at)));
    }
    match post.state() {
        State::DeletedBy(by) => {
            notes.push(format!("deleted {} by {}", moment(post.delete_at), one_line(labels.user(&by))));
        }
        State::Deleted => notes.push(format!("deleted {}", moment(post.delete_at))),
        _ => {}
    }
    for file in told.files {
        let digest = file.content.map_or_else(|| "not collected".to_owned(), |hash| format!("sha256 {}", hex(&hash)));
        notes.push(format!("file {}, {} bytes, {digest}", one_line(&file.name), file.size));
    }
    for reaction in belongings.reactions.of(told.id()) {
        notes.push(format!(":{}: {}", reaction.emoji, one_line(labels.user(reaction.user_id))));
    }
    if !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        out.push_str("- ");
        is_spelled |= push_escaped(out, &note, "  ");
        out.push('\n');
    }
    is_spelled
}

/// Appends text with everything escaped that Markdown or HTML would take for markup; a line break becomes a hard one,
/// followed by `indent`. True if a character had to be spelled out.
pub(super) fn push_escaped(out: &mut String, text: &str, indent: &str) -> bool {
    let mut is_spelled = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let inner = line.trim_start_matches([' ', '\t']);
        for space in line.chars().take(line.len() - inner.len()) {
            out.push_str(if space == '\t' { "&nbsp;&nbsp;&nbsp;&nbsp;" } else { "&nbsp;" });
        }
        let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        for (at, character) in inner.char_indices() {
            match character {
                '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '$' | '^'
                | '@' | ':' => {
                    out.push('\\');
                    out.push(character);
                }
                '#' | '+' | '-' | '=' if at == 0 => {
                    out.push('\\');
                    out.push(character);
                }
                '.' | ')' if digits > 0 && at == digits => {
                    out.push('\\');
                    out.push(character);
                }
                // Many readers make a link of it.
                '.' if ends_with_www(inner.get(..at).unwrap_or_default()) => out.push_str("\\."),
                '\t' => out.push(' '),
                _ if is_harmful(character) => {
                    is_spelled = true;
                    let _ = write!(out, "\\\\u\\{{{:x}\\}}", u32::from(character));
                }
                _ => out.push(character),
            }
        }
        if lines.peek().is_some() {
            // An empty line would end the quotation.
            if inner.is_empty() {
                out.push_str("&nbsp;");
            }
            out.push_str("\\\n");
            out.push_str(indent);
        }
    }
    is_spelled
}

fn ends_with_www(text: &str) -> bool {
    text.as_bytes().last_chunk::<3>().is_some_and(|last| last.eq_ignore_ascii_case(b"www"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> (String, bool) {
        let mut out = String::new();
        let is_spelled = push_escaped(&mut out, text, "> ");
        (out, is_spelled)
    }

    #[test]
    fn nothing_is_taken_for_markup() {
        for (text, expected) in [
            ("# a", "\\# a"),
            ("- a\n1. b\n2) c", "\\- a\\\n> 1\\. b\\\n> 2\\) c"),
            ("<script>a</script>", "\\<script\\>a\\</script\\>"),
            ("![x](http://e/)", "\\!\\[x\\](http\\://e/)"),
            ("a_b*c`d`", "a\\_b\\*c\\`d\\`"),
            ("    code\n\nb", "&nbsp;&nbsp;&nbsp;&nbsp;code\\\n> &nbsp;\\\n> b"),
            ("&lt; \\ | ~~x~~ $y$ @all", "\\&lt; \\\\ \\| \\~\\~x\\~\\~ \\$y\\$ \\@all"),
            ("1.5 and a-b #c", "1\\.5 and a-b #c"),
            ("see www.e.org, (WWW.e.org", "see www\\.e.org, (WWW\\.e.org"),
        ] {
            assert_eq!(escaped(text), (expected.to_owned(), false), "{text}");
        }
        assert_eq!(escaped("a\u{202e}b\u{1b}"), ("a\\\\u\\{202e\\}b\\\\u\\{1b\\}".to_owned(), true));
    }
}
