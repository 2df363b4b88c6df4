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
    directory: &'a Directory,
    job: &'a Job,
    counts: BTreeMap<&'a str, (u64, u64)>,
}

impl<'a> Running<'a> {
    /// Before the first batch.
    pub(super) fn new(directory: &'a Directory, job: &'a Job) -> Self {
        Self { directory, job, counts: job.channels.iter().map(|id| (&**id, (0, 0))).collect() }
    }

    /// The document of the next batch.
    pub(super) fn after(&mut self, span: &Span, added: &Counts) -> String {
        let mut all = (0, 0);
        for (id, (messages, attachments)) in added {
            all = (all.0 + messages, all.1 + attachments);
            if let Some(count) = self.counts.get_mut(&**id) {
                *count = (count.0 + messages, count.1 + attachments);
            }
        }
        let mut out = String::from("{\n  \"Channels\": {");
        let mut comma = "";
        for (id, (messages, attachments)) in &self.counts {
            let _ = write!(out, "{comma}\n    {}: {{", quoted(id));
            self.channel(&mut out, id, *messages, *attachments);
            out.push_str("\n    }");
            comma = ",";
        }
        out.push_str(if self.counts.is_empty() { "}" } else { "\n  }" });
        let _ = write!(
            out,
            ",\n  \"MessagesCount\": {},\n  \"AttachmentsCount\": {},\n  \"StartTime\": {},\n  \"EndTime\": {}\n}}",
            all.0, all.1, span.start, span.end
        );
        out
    }

    fn channel(&self, out: &mut String, id: &str, messages: u64, attachments: u64) {
        let channel = self.directory.channel(id);
        let (team, name, display, letter, word) = channel.map_or(("", "", "", "", ""), |known| {
            (&*known.team_id, &*known.name, &*known.display_name, known.place.letter(), known.place.word())
        });
        let room = format!("{word} - {id}");
        let fields = [
            ("TeamId", quoted(team)),
            ("TeamName", "null".to_owned()),
            ("TeamDisplayName", "null".to_owned()),
            ("ChannelId", quoted(id)),
            ("ChannelName", quoted(name)),
            ("ChannelDisplayName", quoted(display)),
            ("ChannelType", quoted(letter)),
            ("RoomId", quoted(&room)),
            ("StartTime", self.job.start.to_string()),
            ("EndTime", self.job.end.to_string()),
            ("MessagesCount", messages.to_string()),
            ("AttachmentsCount", attachments.to_string()),
        ];
        let mut comma = "";
        for (name, value) in fields {
            let _ = write!(out, "{comma}\n      \"{name}\": {value}");
            comma = ",";
        }
    }
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
