//! Posts: one line for each thread, in no order of time, as the server writes them (it sorts by random ids).

use std::fmt::Write;
use std::io;

use crate::attachments::Attachment;
use crate::dice::Dice;
use crate::speech::{Speech, push_json};
use crate::town::Town;

// Measured, as (share of a thousand below, number); one more than measured where a fraction is cut off.
const REPLIES: [(u64, u64); 8] = [(0, 1), (250, 1), (500, 2), (750, 5), (900, 9), (990, 16), (999, 23), (1000, 28)];
const REACTIONS: [(u64, u64); 8] = [(0, 1), (250, 1), (500, 2), (750, 4), (900, 7), (990, 12), (999, 17), (1000, 18)];

/// Roots that have replies, posts that have reactions and posts that have props, in a million; measured.
const WITH_REPLIES: u64 = 114_800;
const WITH_REACTIONS: u64 = 99_100;
const WITH_PROPS: u64 = 14_900;

/// One root in so many is followed, much later, by another of the same author in the same place and millisecond.
const TWINS: u64 = 50_000;

/// Posts at the end among which a twin is written that is not due yet: more than a thread has.
const LAST: u64 = 50;

/// Where long lines are wanted, one root in so many has one.
const LONG: u64 = 4000;

const EMOJI_NAMES: [&str; 8] = ["+1", "tada", "rocket", "white_check_mark", "joy", "fire", "heart", "eyes"];

/// The parts of a post that make its key.
#[derive(Clone, Copy, Debug)]
struct Head {
    place: usize,
    user: usize,
    at: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) posts: u64,
    pub(crate) lines: u64,
    pub(crate) equal_keys: u64,
    pub(crate) longest: usize,
    pub(crate) bytes: u64,
}

/// Writes posts.
#[derive(Debug)]
pub(crate) struct Talk<'t> {
    pub(crate) town: &'t Town,
    pub(crate) speech: &'t Speech,
    pub(crate) dice: Dice,
    /// Bytes that a long line may have; 0 for none.
    pub(crate) long: usize,
    /// Given out one by one, the last first.
    pub(crate) attachments: Vec<&'t Attachment>,
    pub(crate) written: Written,
}

impl Talk<'_> {
    /// Writes lines of `post`, or of `direct_post`, until there are `posts` more posts.
    pub(crate) fn write(&mut self, direct: bool, posts: u64, out: &mut dyn io::Write) -> io::Result<()> {
        let end = self.written.posts + posts;
        let mut twin: Option<(u64, Head)> = None;
        let mut line = String::new();
        let mut text = String::new();
        while self.written.posts < end || (!direct && !self.attachments.is_empty()) {
            let due = twin.take_if(|(due, _)| *due <= self.written.lines || self.written.posts + LAST >= end);
            self.written.equal_keys += u64::from(due.is_some());
            let head = due.map_or_else(|| self.head(direct), |(_, head)| head);
            if twin.is_none() && (self.dice.once_in(TWINS) || self.written.lines == 0) {
                twin = Some((self.written.lines + 1 + self.dice.below(TWINS / 2), head));
            }
            line.clear();
            self.push_thread(direct, head, end, &mut line, &mut text);
            out.write_all(line.as_bytes())?;
            self.written.lines += 1;
            self.written.longest = self.written.longest.max(line.len());
            self.written.bytes += line.len() as u64;
        }
        Ok(())
    }

    fn head(&mut self, direct: bool) -> Head {
        let (town, dice) = (self.town, &mut self.dice);
        let at = town.moment(dice);
        if direct {
            let place = dice.early(town.direct.len());
            let members = &town.direct[place];
            return Head { place, user: members[dice.index(members.len())], at };
        }
        Head { place: dice.early(town.channels.len()), user: dice.index(town.users.len()), at }
    }

    fn push_thread(&mut self, direct: bool, head: Head, end: u64, line: &mut String, text: &mut String) {
        let town = self.town;
        if direct {
            line.push_str(r#"{"type":"direct_post","direct_post":{"channel_members":"#);
            town.push_members(&town.direct[head.place], line);
        } else {
            let channel = &town.channels[head.place];
            let (team, name) = (&town.teams[channel.team], &channel.name);
            let _ = write!(line, r#"{{"type":"post","post":{{"team":"{team}","channel":"{name}""#);
        }
        self.push_said(head.user, line, text);
        line.push_str(",\"props\":");
        self.push_props(line, text);
        let _ = write!(line, ",\"create_at\":{}", head.at);
        line.push_str(if direct { r#","flagged_by":null,"reactions":"# } else { ",\"reactions\":" });
        if direct {
            line.push_str("null");
        } else {
            line.push('[');
            self.push_reactions(head.at, line);
            line.push(']');
        }
        self.written.posts += 1;
        line.push_str(",\"replies\":");
        self.push_replies(direct, head, end, line, text);
        self.push_attachments(direct, line);
        line.push_str("}}\n");
    }

    fn push_said(&mut self, user: usize, line: &mut String, text: &mut String) {
        let _ = write!(line, r#","user":"{}","message":"#, self.town.users[user]);
        text.clear();
        self.speech.message(&mut self.dice, text);
        push_json(text, line);
    }

    fn push_props(&mut self, line: &mut String, text: &mut String) {
        if !self.dice.per_million(WITH_PROPS) {
            line.push_str("{}");
            return;
        }
        if self.dice.once_in(2) {
            let user = &self.town.users[self.dice.index(self.town.users.len())];
            let _ = write!(line, r#"{{"username":"{user}","from_webhook":"true","override_icon_url":""}}"#);
            return;
        }
        line.push_str(r#"{"attachments":[{"color":"good","fallback":"","fields":null,"id":0,"text":"#);
        text.clear();
        self.speech.text(&mut self.dice, 180, text);
        push_json(text, line);
        line.push_str(r#","title":"deploy","title_link":"","ts":null}],"from_bot":"true"}"#);
    }

    fn push_reactions(&mut self, after: u64, line: &mut String) {
        if !self.dice.per_million(WITH_REACTIONS) {
            return;
        }
        for position in 0..self.dice.from(&REACTIONS) {
            let user = &self.town.users[self.dice.index(self.town.users.len())];
            let emoji = EMOJI_NAMES[self.dice.early(EMOJI_NAMES.len())];
            let at = after + self.dice.below(3_600_000);
            let comma = if position > 0 { "," } else { "" };
            let _ = write!(line, r#"{comma}{{"user":"{user}","create_at":{at},"emoji_name":"{emoji}"}}"#);
        }
    }

    fn push_replies(&mut self, direct: bool, head: Head, end: u64, line: &mut String, text: &mut String) {
        let long = self.long > 0 && (self.written.lines == 0 || self.dice.once_in(LONG));
        // A reply takes less than this.
        let room = 2000;
        let bytes = if long { self.long - room - self.dice.index(self.long / 2) } else { 0 };
        let mut left = if self.dice.per_million(WITH_REPLIES) { self.dice.from(&REPLIES) } else { 0 };
        if left == 0 && bytes == 0 {
            line.push_str("null");
            return;
        }
        line.push('[');
        let mut first = true;
        while (left > 0 || line.len() < bytes) && self.written.posts < end {
            let user = if direct {
                let members = &self.town.direct[head.place];
                members[self.dice.index(members.len())]
            } else {
                self.dice.index(self.town.users.len())
            };
            let at = head.at + 300 + self.dice.below(100_000);
            let _ =
                write!(line, "{}\"user\":\"{}\",\"message\":", if first { "{" } else { ",{" }, self.town.users[user]);
            text.clear();
            self.speech.message(&mut self.dice, text);
            // A long line ends where it should.
            if long && text.len() > room / 2 {
                text.clear();
            }
            push_json(text, line);
            let _ = write!(line, ",\"create_at\":{at}}}");
            first = false;
            left = left.saturating_sub(1);
            self.written.posts += 1;
        }
        line.push(']');
    }

    fn push_attachments(&mut self, direct: bool, line: &mut String) {
        if direct {
            line.push_str(",\"attachments\":null");
        } else if !self.attachments.is_empty() && self.dice.once_in(8) {
            let some = self.attachments.len().min(1 + self.dice.index(3));
            for position in 0..some {
                line.push_str(if position > 0 { "," } else { ",\"attachments\":[" });
                let Some(attachment) = self.attachments.pop() else { break };
                let _ = write!(line, r#"{{"path":"{}"}}"#, attachment.path);
            }
            line.push(']');
        }
    }
}
