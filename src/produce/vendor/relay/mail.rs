//! A mail as bytes: headers, the two bodies, the files.
//!
//! What the vendor draws at random is made from the content's place: boundaries come from the channel, the batch and the
//! number of the mail, and hold what neither encoding of a body can (`=_`).

use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use ring::digest::{SHA256, digest};

use super::{Participant, Slice, headers, page};
use crate::produce::ProduceError;
use crate::produce::files::{Attachment, copy_content};
use crate::produce::replaced::Replacement;
use crate::produce::vendor::Making;
use crate::produce::vendor::conversation::{Conversation, Told};
use crate::record::id::hex;
use crate::record::time::Millis;

/// Longest line of an encoded body.
const WIDTH: usize = 76;

/// All that a mail is made of.
pub(super) struct Letter<'l, 'a> {
    pub(super) told: &'l Told<'a>,
    pub(super) conversation: &'l Conversation<'a>,
    pub(super) slice: &'l Slice<'a>,
    pub(super) participants: Vec<Participant<'a>>,
    pub(super) job_start: Millis,
    /// Which mail of the channel, from 0.
    pub(super) number: usize,
}

impl Letter<'_, '_> {
    /// Writes the mail.
    pub(super) fn write(
        &self,
        making: &Making<'_>,
        to: &mut dyn Write,
        failed: &dyn Fn(io::Error) -> ProduceError,
        replaced: &mut Vec<Replacement>,
    ) -> Result<(), ProduceError> {
        let boundary = self.boundary();
        let has_files = !self.slice.files.is_empty();
        let (mixed, alternative) = (format!("{boundary}-m"), format!("{boundary}-a"));
        let mut head = self.headers(replaced);
        if has_files {
            let _ = write!(head, "Content-Type: multipart/mixed;\r\n boundary=\"{mixed}\"\r\n\r\n--{mixed}\r\n");
        }
        let _ = write!(head, "Content-Type: multipart/alternative;\r\n boundary=\"{alternative}\"\r\n\r\n");
        for (kind, body) in [("plain", page::text(self)), ("html", page::html(self))] {
            let _ = write!(
                head,
                "--{alternative}\r\nContent-Transfer-Encoding: quoted-printable\r\n\
                 Content-Type: text/{kind}; charset=UTF-8\r\n\r\n"
            );
            quoted_printable(&mut head, &body);
            head.push_str("\r\n");
        }
        let _ = write!(head, "--{alternative}--\r\n");
        to.write_all(head.as_bytes()).map_err(failed)?;
        for file in &self.slice.files {
            attach(making, file, &mixed, to, failed)?;
        }
        if has_files {
            to.write_all(format!("--{mixed}--\r\n").as_bytes()).map_err(failed)?;
        }
        Ok(())
    }

    fn boundary(&self) -> String {
        let Conversation { id, start, end, .. } = self.conversation;
        let place = format!("chatseal global-relay\n{id}\n{start}\n{end}\n{}", self.number);
        format!("=_{}", &hex(digest(&SHA256, place.as_bytes()).as_ref())[..40])
    }

    fn headers(&self, replaced: &mut Vec<Replacement>) -> String {
        let mut out = String::from("Mime-Version: 1.0\r\n");
        let mut to = Vec::new();
        for participant in &self.participants {
            let person = participant.join.person;
            let (address, changed) = headers::address(person.email);
            if changed {
                let why = format!("its address is none that a header can hold; the mail has `{address}`");
                replaced.push(Replacement { kind: "user", id: person.id.to_owned(), what: "address", why });
            }
            to.push(address);
        }
        if to.is_empty() {
            to.push(headers::address("").0);
        }
        headers::addresses(&mut out, "From", &to[..1]);
        headers::addresses(&mut out, "To", &to);
        let conversation = self.conversation;
        let display = conversation.channel.map_or("", |channel| &channel.display_name);
        headers::text(&mut out, "Subject", &format!("Mattermost Compliance Export: {display}"));
        let date = DateTime::from_timestamp(conversation.end.div_euclid(1000), 0).unwrap_or_default();
        headers::text(&mut out, "Date", &date.format("%a, %d %b %Y %H:%M:%S +0000").to_string());
        out.push_str("Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\nContent-Transfer-Encoding: 8bit\r\n");
        out.push_str("X-GlobalRelay-MsgType: Mattermost\r\n");
        headers::text(&mut out, "X-Mattermost-ChannelName", display);
        headers::text(&mut out, "X-Mattermost-ChannelID", conversation.id);
        headers::text(&mut out, "X-Mattermost-ChannelType", conversation.place());
        out
    }
}

/// A file as a part of the mail.
fn attach(
    making: &Making<'_>,
    file: &Attachment,
    boundary: &str,
    to: &mut dyn Write,
    failed: &dyn Fn(io::Error) -> ProduceError,
) -> Result<(), ProduceError> {
    let Some(digest) = &file.content else { return Ok(()) };
    let head = format!(
        "--{boundary}\r\nContent-Type: {}{}\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment{}\r\n\r\n",
        media_type(file),
        headers::parameter("name", &file.name),
        headers::parameter("filename", &file.name)
    );
    to.write_all(head.as_bytes()).map_err(failed)?;
    let mut encoder = Base64 { to: &mut *to, held: Vec::new() };
    copy_content(making.work.sealed.archive, digest, making.work.progress, &mut encoder, failed)?;
    encoder.end().map_err(failed)
}

/// The type that the server gave the file by its name, if it is one.
fn media_type(file: &Attachment) -> &str {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let kind = file.mime_type.split(';').next().unwrap_or_default().trim();
    match kind.split_once('/') {
        // Base64 may not stand for either (RFC 2045, section 6.4).
        Some((left, right))
            if kind.len() <= 100
                && token(left)
                && token(right)
                && !["multipart", "message"].iter().any(|of| left.eq_ignore_ascii_case(of)) =>
        {
            kind
        }
        _ => "application/octet-stream",
    }
}

/// Base64 in lines of 76 characters.
struct Base64<'t> {
    to: &'t mut dyn Write,
    /// Bytes that do not fill a line yet.
    held: Vec<u8>,
}

/// Bytes of a line.
const LINE: usize = WIDTH / 4 * 3;

impl Base64<'_> {
    fn end(self) -> io::Result<()> {
        if self.held.is_empty() {
            Ok(())
        } else {
            self.to.write_all(format!("{}\r\n", STANDARD.encode(&self.held)).as_bytes())
        }
    }
}

impl Write for Base64<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        let whole = self.held.len() / LINE * LINE;
        let mut lines = String::with_capacity(whole / LINE * (WIDTH + 2));
        for line in self.held[..whole].chunks(LINE) {
            STANDARD.encode_string(line, &mut lines);
            lines.push_str("\r\n");
        }
        self.to.write_all(lines.as_bytes())?;
        self.held.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// RFC 2045, section 6.7: lines end with CR LF, and none is longer than 76 characters.
fn quoted_printable(out: &mut String, text: &str) {
    let mut width = 0;
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix('\r').filter(|_| lines.peek().is_some()).unwrap_or(line).as_bytes();
        for (at, byte) in line.iter().enumerate() {
            let is_last = at + 1 == line.len();
            let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && !is_last);
            let length = if plain { 1 } else { 3 };
            if width + length > WIDTH - 1 {
                out.push_str("=\r\n");
                width = 0;
            }
            if plain {
                out.push(char::from(*byte));
            } else {
                let digits = b"0123456789ABCDEF";
                out.push('=');
                out.push(char::from(digits[usize::from(byte >> 4)]));
                out.push(char::from(digits[usize::from(byte & 15)]));
            }
            width += length;
        }
        if lines.peek().is_some() {
            out.push_str("\r\n");
            width = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_quoted_printable() {
        let mut out = String::new();
        quoted_printable(&mut out, "a=b \nä\ttab\t\r\nend\r");
        assert_eq!(out, "a=3Db=20\r\n=C3=A4\ttab=09\r\nend=0D");
        let mut long = String::new();
        quoted_printable(&mut long, &"ä".repeat(100));
        assert!(long.split("\r\n").all(|line| line.len() <= WIDTH), "{long}");
    }

    #[test]
    fn files_are_base64_in_lines() {
        let mut out = Vec::new();
        let mut encoder = Base64 { to: &mut out, held: Vec::new() };
        for chunk in [1_u8; 130].chunks(7) {
            encoder.write_all(chunk).unwrap();
        }
        encoder.end().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().map(str::len).collect::<Vec<_>>(), [76, 76, 24]);
        assert_eq!(STANDARD.decode(text.replace("\r\n", "")).unwrap(), [1; 130]);
    }
}
