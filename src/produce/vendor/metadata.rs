//! `metadata.json` of the CSV form, with the vendor's oddities: all channels of the job in each batch, their counts
//! growing from batch to batch, their times those of the job, the names of their teams always null.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::batch::Span;
use super::conversation::Counts;
use super::job::Job;
use crate::produce::Directory;

/// The counts of the batches so far.
pub(super) struct Running<'a> {
    channels: BTreeMap<&'a str, Counted>,
}

/// A channel of the job.
struct Counted {
    /// All of its entry that stands before the counts: put together once, because each batch says it again.
    text: String,
    messages: u64,
    attachments: u64,
}

impl<'a> Running<'a> {
    /// Before the first batch.
    pub(super) fn new(directory: &'a Directory, job: &'a Job) -> Self {
        let counted = |id| Counted { text: channel(directory, job, id), messages: 0, attachments: 0 };
        Self { channels: job.channels.iter().map(|id| (&**id, counted(id))).collect() }
    }

    /// The document of the next batch.
    pub(super) fn after(&mut self, span: &Span, added: &Counts) -> String {
        let mut all = (0, 0);
        for (id, (messages, attachments)) in added {
            all = (all.0 + messages, all.1 + attachments);
            if let Some(counted) = self.channels.get_mut(&**id) {
                counted.messages += messages;
                counted.attachments += attachments;
            }
        }
        let known: usize = self.channels.values().map(|counted| counted.text.len() + 80).sum();
        let mut out = String::with_capacity(known + 200);
        out.push_str("{\n  \"Channels\": {");
        let mut comma = "";
        for Counted { text, messages, attachments } in self.channels.values() {
            out.push_str(comma);
            out.push_str(text);
            let _ = write!(out, "{messages},\n      \"AttachmentsCount\": {attachments}\n    }}");
            comma = ",";
        }
        out.push_str(if self.channels.is_empty() { "}" } else { "\n  }" });
        let _ = write!(
            out,
            ",\n  \"MessagesCount\": {},\n  \"AttachmentsCount\": {},\n  \"StartTime\": {},\n  \"EndTime\": {}\n}}",
            all.0, all.1, span.start, span.end
        );
        out
    }
}

/// The entry of a channel, up to its counts.
fn channel(directory: &Directory, job: &Job, id: &str) -> String {
    let (team, name, display, letter, word) = directory.channel(id).map_or(("", "", "", "", ""), |known| {
        (&*known.team_id, &*known.name, &*known.display_name, known.place.letter(), known.place.word())
    });
    let fields = [
        ("TeamId", quoted(team)),
        ("TeamName", "null".to_owned()),
        ("TeamDisplayName", "null".to_owned()),
        ("ChannelId", quoted(id)),
        ("ChannelName", quoted(name)),
        ("ChannelDisplayName", quoted(display)),
        ("ChannelType", quoted(letter)),
        ("RoomId", quoted(&format!("{word} - {id}"))),
        ("StartTime", job.start.to_string()),
        ("EndTime", job.end.to_string()),
    ];
    let mut out = format!("\n    {}: {{", quoted(id));
    for (name, value) in fields {
        let _ = write!(out, "\n      \"{name}\": {value},");
    }
    out.push_str("\n      \"MessagesCount\": ");
    out
}

/// A string as Go's encoding/json writes it, which escapes what means something in HTML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
