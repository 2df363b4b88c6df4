//! The rows of each table, as COPY text.

use std::io::{self, Write};

use crate::place::{BEGIN, Of, Place, STEP};
use crate::speech::Speech;
use crate::talk::{Post, threads};

/// Writes rows of one table.
pub(crate) type Rows = fn(&Place, &Speech, &mut Row<'_>) -> io::Result<()>;

/// Tables that get rows, and what writes them; all others stay empty.
pub(crate) const FILLED: [(&str, Rows); 15] = [
    ("audits", audits),
    ("channelmemberhistory", channel_member_history),
    ("channelmembers", channel_members),
    ("channels", channels),
    ("fileinfo", files),
    ("posts", posts),
    ("reactions", reactions),
    ("roles", roles),
    ("status", status),
    ("systems", systems),
    ("teammembers", team_members),
    ("teams", teams),
    ("threadmemberships", thread_memberships),
    ("threads", all_threads),
    ("users", users),
];

/// A row that is being written: field by field, then its end.
pub(crate) struct Row<'o> {
    pub(crate) out: &'o mut dyn Write,
    pub(crate) line: Vec<u8>,
    pub(crate) rows: u64,
}

impl Row<'_> {
    /// A field whose bytes need no escape.
    fn raw(&mut self, field: &[u8]) -> &mut Self {
        self.line.extend_from_slice(field);
        self.line.push(b'\t');
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        let _ = write!(self.line, "{number}\t");
        self
    }

    fn null(&mut self) -> &mut Self {
        self.raw(b"\\N")
    }

    fn empty(&mut self) -> &mut Self {
        self.raw(b"")
    }

    fn bool(&mut self, truth: bool) -> &mut Self {
        self.raw(if truth { b"t" } else { b"f" })
    }

    fn text(&mut self, text: &str) -> &mut Self {
        let mut copied = 0;
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            let escape: &[u8] = match byte {
                b'\n' => b"\\n",
                b'\t' => b"\\t",
                b'\\' => b"\\\\",
                _ => continue,
            };
            self.line.extend_from_slice(&bytes[copied..at]);
            self.line.extend_from_slice(escape);
            copied = at + 1;
        }
        self.line.extend_from_slice(&bytes[copied..]);
        self.line.push(b'\t');
        self
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(last) = self.line.last_mut() {
            *last = b'\n';
        }
        self.rows += 1;
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

fn posts(place: &Place, speech: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    let mut text = String::new();
    for number in 0..place.posts {
        let mut post = Post::new(place, number);
        let mut dice = post.dice.apart(1);
        let tagged = dice.once_in(60);
        text.clear();
        speech.message(&mut dice, &mut text);
        push_post(row, place, &mut post, None, &text, tagged)?;
        if let Some(edited) = post.edited {
            text.push_str(" (sic)");
            push_post(row, place, &mut post, Some(edited), &text, tagged)?;
        }
    }
    Ok(())
}

/// The live row, or with `replaced` the row of the text that was replaced then.
fn push_post(
    row: &mut Row<'_>,
    place: &Place,
    post: &mut Post,
    replaced: Option<u64>,
    text: &str,
    tagged: bool,
) -> io::Result<()> {
    let id = post.id(place);
    row.raw(&replaced.map_or(id, |_| place.id(Of::Version, post.number)));
    row.number(post.at).number(replaced.unwrap_or(post.updated())).number(replaced.or(post.deleted).unwrap_or(0));
    row.raw(&place.id(Of::User, post.user)).raw(&place.id(Of::Channel, post.channel));
    match post.root {
        Some(root) => row.raw(&place.id(Of::Post, root)),
        None => row.empty(),
    };
    if replaced.is_some() {
        row.raw(&id)
    } else {
        row.empty()
    };
    row.text(text).empty();
    if post.deleted.is_some() && replaced.is_none() {
        let by = place.id(Of::User, post.user);
        let _ = write!(row.line, "{{\"deleteBy\": \"{}\"}}\t", String::from_utf8_lossy(&by));
    } else if post.number.is_multiple_of(67) {
        row.raw(br#"{"from_webhook": "true", "override_username": "deploy", "webhook_display_name": "ci"}"#);
    } else {
        row.raw(b"{}");
    }
    row.raw(if tagged { b"#tide" } else { b"" }).raw(b"[]");
    row.line.push(b'[');
    for which in 0..post.files {
        row.line.extend_from_slice(if which > 0 { b", \"" } else { b"\"" });
        row.line.extend_from_slice(&post.file(place, which));
        row.line.push(b'"');
    }
    row.raw(b"]");
    let edited = if replaced.is_some() { 0 } else { post.edited.unwrap_or(0) };
    row.bool(post.reactions > 0).number(edited).bool(post.number.is_multiple_of(997)).null().end()
}

fn reactions(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    const NAMES: [&str; 8] = ["+1", "tada", "rocket", "white_check_mark", "joy", "fire", "heart", "eyes"];
    for number in 0..place.posts {
        let mut post = Post::new(place, number);
        for which in 0..post.reactions {
            let at = post.at + post.dice.below(3_600_000);
            let removed = if post.dice.once_in(29) { at + post.dice.below(60_000) } else { 0 };
            // One name for each, since a person reacts with it once.
            let name = NAMES[usize::try_from(which).unwrap_or(0) % NAMES.len()];
            row.raw(&place.id(Of::User, post.dice.below(place.users))).raw(&post.id(place)).raw(name.as_bytes());
            row.number(at).number(at.max(removed)).number(removed).empty();
            row.raw(&place.id(Of::Channel, post.channel)).end()?;
        }
    }
    Ok(())
}

fn files(place: &Place, speech: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    let mut content = String::new();
    for number in 0..place.posts {
        let post = Post::new(place, number);
        for which in 0..post.files {
            let mut dice = post.dice.apart(which + 7);
            let (file, user) = (post.file(place, which), place.id(Of::User, post.user));
            row.raw(&file).raw(&user).raw(&post.id(place)).number(post.at).number(post.updated());
            row.number(post.deleted.unwrap_or(0));
            let show = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
            let (channel, user) = (show(&place.id(Of::Channel, post.channel)), show(&user));
            let folder = format!("20250101/teams/noteam/channels/{channel}/users/{user}/{}", show(&file));
            let name = format!("{}_{number}.txt", speech.word(&mut dice));
            row.text(&format!("{folder}/{name}")).empty().empty().text(&name).raw(b"txt");
            row.number(100 + dice.below(200_000)).raw(b"text/plain").number(0).number(0).bool(false).empty();
            content.clear();
            speech.text(&mut dice, 2000, &mut content);
            row.text(&content).empty().bool(false).text(&channel).end()?;
        }
    }
    Ok(())
}

fn all_threads(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    threads(place, |root, thread| {
        let post = Post::new(place, root);
        row.raw(&post.id(place)).number(thread.replies).number(thread.last);
        row.line.push(b'[');
        for (position, user) in thread.participants.iter().enumerate() {
            row.line.extend_from_slice(if position > 0 { b", \"" } else { b"\"" });
            row.line.extend_from_slice(&place.id(Of::User, *user));
            row.line.push(b'"');
        }
        row.raw(b"]").raw(&place.id(Of::Channel, post.channel)).null();
        match place.team_of(post.channel) {
            Some(team) => row.raw(&place.id(Of::Team, team)),
            None => row.empty(),
        };
        row.end()
    })
}

fn thread_memberships(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    threads(place, |root, thread| {
        for user in &thread.participants {
            row.raw(&place.id(Of::Post, root)).raw(&place.id(Of::User, *user)).bool(true);
            row.number(thread.last).number(thread.last).number(0).end()?;
        }
        Ok(())
    })
}

fn teams(place: &Place, speech: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for team in 0..place.teams {
        let mut dice = place.dice(Of::Team, team);
        let name = format!("{}-{team}", speech.word(&mut dice));
        row.raw(&place.id(Of::Team, team)).number(BEGIN).number(BEGIN).number(0).text(&name).text(&name).empty();
        row.raw(b"team@sample.example").raw(b"O").empty().empty().text(&format!("invite{team}")).empty().bool(false);
        row.number(0).bool(false).bool(false).end()?;
    }
    Ok(())
}

fn channels(place: &Place, speech: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for channel in 0..place.channels {
        let mut dice = place.dice(Of::Channel, channel).apart(1);
        let name = format!("{}-{channel}", speech.word(&mut dice));
        row.raw(&place.id(Of::Channel, channel)).number(BEGIN).number(BEGIN).number(0);
        match place.team_of(channel) {
            Some(team) => row.raw(&place.id(Of::Team, team)).raw(if dice.once_in(3) { b"P" } else { b"O" }),
            None => row.empty().raw(if channel % 4 == 1 { b"G" } else { b"D" }),
        };
        let last = BEGIN + place.posts * STEP;
        row.text(&name).text(&name).empty().empty().number(last).number(10).number(0);
        row.raw(&place.id(Of::User, 0)).null().bool(false).bool(false).number(8).number(last).null().empty();
        row.bool(false).end()?;
    }
    Ok(())
}

fn users(place: &Place, speech: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for user in 0..place.users {
        let mut dice = place.dice(Of::User, user);
        let (first, last) = (speech.word(&mut dice).to_owned(), speech.word(&mut dice).to_owned());
        row.raw(&place.id(Of::User, user)).number(BEGIN).number(BEGIN);
        row.number(if dice.once_in(13) { BEGIN + STEP } else { 0 }).text(&format!("{first}.{last}{user}"));
        row.raw(b"SECRET-password").null().empty().text(&format!("user-{user}@sample.example")).bool(true).empty();
        row.text(&first).text(&last).raw(if dice.once_in(18) { b"system_guest" } else { b"system_user" }).bool(false);
        row.raw(b"{}").raw(br#"{"push": "mention", "email": "true", "desktop": "mention"}"#).number(BEGIN).number(0);
        row.number(0).raw(b"en").bool(false).empty().empty();
        row.raw(br#"{"manualTimezone": "", "automaticTimezone": "", "useAutomaticTimezone": "true"}"#);
        row.null().number(BEGIN).null().end()?;
    }
    Ok(())
}

fn team_members(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for user in 0..place.users {
        row.raw(&place.id(Of::Team, user % place.teams)).raw(&place.id(Of::User, user)).empty().number(0);
        row.bool(true).bool(user == 0).bool(false).number(BEGIN).end()?;
    }
    Ok(())
}

fn channel_members(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for channel in 0..place.channels {
        for user in place.members(channel) {
            row.raw(&place.id(Of::Channel, channel)).raw(&place.id(Of::User, user)).empty().number(BEGIN).number(9);
            row.number(0).raw(br#"{"desktop": "default", "mark_unread": "all"}"#).number(BEGIN).bool(true);
            row.bool(false).bool(false).number(0).number(8).number(0).bool(false).bool(false).end()?;
        }
    }
    Ok(())
}

fn channel_member_history(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for channel in 0..place.channels {
        for user in place.members(channel) {
            row.raw(&place.id(Of::Channel, channel)).raw(&place.id(Of::User, user)).number(BEGIN).null().end()?;
        }
    }
    Ok(())
}

fn audits(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for audit in 0..place.posts / 97 {
        let at = BEGIN + audit * 97 * STEP;
        row.raw(&place.id(Of::Audit, audit)).number(at).raw(&place.id(Of::User, audit % place.users));
        row.raw(b"/api/v4/users/login").raw(b"authenticated").raw(b"192.0.2.7").empty().end()?;
    }
    Ok(())
}

fn roles(_: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for (id, name) in [("systemuserxxxxxxxxxxxxxxxx", "system_user"), ("systemguestxxxxxxxxxxxxxxx", "system_guest")] {
        row.raw(id.as_bytes()).raw(name.as_bytes()).raw(name.as_bytes()).empty().number(BEGIN).number(BEGIN).number(0);
        row.raw(b" create_post").bool(true).bool(true).empty().end()?;
    }
    Ok(())
}

fn status(place: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    for user in 0..place.users {
        row.raw(&place.id(Of::User, user)).raw(b"offline").bool(false).number(BEGIN).number(0).empty().end()?;
    }
    Ok(())
}

fn systems(_: &Place, _: &Speech, row: &mut Row<'_>) -> io::Result<()> {
    row.raw(b"Version").raw(b"11.6.0").end()?;
    row.raw(b"InstallationDate").number(BEGIN).end()
}
