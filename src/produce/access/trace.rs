//! What shows that somebody dealt with a record: an answer, a reaction, an acknowledgement, a request in the audit log.
//!
//! A trace proves more than a grant and is rarer: who only read leaves none. It is found by the record's id in other
//! records, and believed only in the field that means it.

use super::Statement;
use crate::produce::Post;
use crate::produce::incident::RecordId;
use crate::record::fields::{Head, characters, integer, plain};
use crate::record::time::Millis;

/// Somebody dealt with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// When; 0 if nobody wrote it down.
    pub at: Millis,
    /// Who.
    pub user_id: Box<str>,
    /// What he did, in words.
    pub what: String,
    /// What shows it.
    pub record: RecordId,
}

/// How another record names the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    Dealt(Trace),
    /// It is an earlier version of it.
    Version(RecordId),
    /// It lets in people whom no record names.
    Doubt(Statement),
    /// Somebody made a public link of it.
    Link(Trace),
}

/// Whoever made a record dealt with it, whatever else is known of him.
pub(super) fn maker(kind: &str, head: &Head<'_>, record: &RecordId) -> Option<Trace> {
    let what = match kind {
        "post" | "finding_purged" => "wrote it",
        "file" => "uploaded it",
        "reaction" => "reacted so",
        _ => return None,
    };
    let [user] = head.pick(["user_id"]);
    let user_id = Some(plain(user)).filter(|id| !id.is_empty())?;
    Some(Trace { at: head.at(), user_id: user_id.into(), what: what.to_owned(), record: record.clone() })
}

/// How this line names `id`; `None` if it does so in no way that matters.
pub(super) fn mention(kind: &str, line: &[u8], id: &str) -> Option<Mention> {
    let head = Head::of(line, kind);
    let record = RecordId::new(kind, head.id);
    let names = |field: &str| plain(head.pick([field])[0]) == id;
    let dealt = |at: Millis, what: String| {
        let [user] = head.pick(["user_id"]);
        Some(Mention::Dealt(Trace { at, user_id: plain(user).into(), what, record: record.clone() }))
    };
    let time = |field: &str| integer(head.pick([field])[0]).unwrap_or_default();
    match kind {
        "post" => post(line, id, record),
        "reaction" if names("post_id") => {
            let emoji = head.pick(["emoji_name"])[0].map(characters).unwrap_or_default().into_owned();
            let taken_back = if time("delete_at") > 0 { ", and took it back" } else { "" };
            dealt(head.at(), format!("reacted with :{emoji}:{taken_back}"))
        }
        "post_acknowledgement" if names("post_id") && time("acknowledged_at") > 0 => {
            dealt(time("acknowledged_at"), "acknowledged it".into())
        }
        "read_receipt" if names("post_id") => dealt(0, "revealed it".into()),
        "saved_post" if names("post_id") => dealt(0, "kept it for later".into()),
        "thread_membership" if names("post_id") && time("last_view_timestamp") > 0 => {
            dealt(time("last_view_timestamp"), "looked into its thread for the last time".into())
        }
        "shared_channel_attachment" if names("file_id") => {
            let what = "another server was given the file; who reads there is not known here".into();
            Some(Mention::Doubt(Statement { at: head.at(), what, records: vec![record] }))
        }
        "audit_log" => request(&head, id, record),
        _ => None,
    }
}

fn post(line: &[u8], id: &str, record: RecordId) -> Option<Mention> {
    let post = Post::read(line);
    if post.original_id == id {
        return Some(Mention::Version(record));
    }
    let is_link = || post.prop_text("previewed_post").as_deref() == Some(id);
    let what = if post.root_id == id && post.original_id.is_empty() {
        "replied"
    } else if post.original_id.is_empty() && is_link() {
        "linked to it"
    } else {
        return None;
    };
    let is_said = !post.is_system();
    let trace = || Trace { at: post.create_at, user_id: post.user_id.into(), what: what.to_owned(), record };
    is_said.then(|| Mention::Dealt(trace()))
}

/// A request that was granted and whose parameters or outcome name the record.
fn request(head: &Head<'_>, id: &str, record: RecordId) -> Option<Mention> {
    let [event, status, parameters, result] = head.pick(["event_name", "status", "parameters", "resulting_state"]);
    let quoted = format!("\"{id}\"");
    let names = |value: Option<&[u8]>| value.is_some_and(|value| characters(value).contains(&quoted));
    if plain(status) != "success" || !(names(parameters) || names(result)) {
        return None;
    }
    let event = characters(event?);
    let trace = logged(head, record, &format!("asked the server for `{event}`"));
    Some(if event == "getFileLink" { Mention::Link(trace) } else { Mention::Dealt(trace) })
}

/// A line of the audit log as a trace, with the address that it came from.
pub(super) fn logged(head: &Head<'_>, record: RecordId, what: &str) -> Trace {
    let [user, ip] = head.pick(["user_id", "ip_address"]);
    let from = Some(plain(ip)).filter(|ip| !ip.is_empty()).map(|ip| format!(", from {ip}")).unwrap_or_default();
    Trace { at: head.at(), user_id: plain(user).into(), what: format!("{what}{from}"), record }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, data: &str) -> Option<String> {
        let line = format!(r#"{{"kind":"{kind}","id":"x","at":7,"data":{{{data}}}}}"#);
        Some(match mention(kind, line.as_bytes(), "p1")? {
            Mention::Dealt(trace) => format!("{} {} {}", trace.at, trace.user_id, trace.what),
            Mention::Version(_) => "version".into(),
            Mention::Doubt(doubt) => doubt.what,
            Mention::Link(trace) => format!("link {}", trace.what),
        })
    }

    #[test]
    fn only_the_field_that_means_it_is_a_trace() {
        let post = |rest: &str| told("post", &format!(r#""create_at":7,"user_id":"u",{rest}"#));
        assert_eq!(post(r#""root_id":"p1""#).as_deref(), Some("7 u replied"));
        assert_eq!(post(r#""root_id":"p1","type":"system_generic""#), None);
        assert_eq!(post(r#""root_id":"p1","original_id":"p2""#), None, "an earlier version of a reply");
        assert_eq!(post(r#""original_id":"p1""#).as_deref(), Some("version"));
        assert_eq!(post(r#""props":{"previewed_post":"p1"}"#).as_deref(), Some("7 u linked to it"));
        assert_eq!(post(r#""message":"see p1""#), None);
        let reaction = r#""user_id":"u","post_id":"p1","emoji_name":"eyes","delete_at":9"#;
        assert_eq!(told("reaction", reaction).as_deref(), Some("7 u reacted with :eyes:, and took it back"));
        assert_eq!(told("reaction", r#""user_id":"p1","post_id":"p2","emoji_name":"eyes""#), None);
        assert_eq!(told("post_acknowledgement", r#""user_id":"u","post_id":"p1","acknowledged_at":0"#), None);
    }

    #[test]
    fn only_a_request_that_was_granted_is_a_trace() {
        let log = |event: &str, status: &str, parameters: &str| {
            told(
                "audit_log",
                &format!(
                    r#""event_name":"{event}","status":"{status}","user_id":"u","ip_address":"::1","parameters":{parameters}"#
                ),
            )
        };
        let asked = r#"{"file_id":"p1"}"#;
        assert_eq!(log("getFile", "success", asked).as_deref(), Some("7 u asked the server for `getFile`, from ::1"));
        assert_eq!(log("getFile", "fail", asked), None);
        assert_eq!(log("getFile", "success", r#"{"file_id":"p11"}"#), None);
        assert_eq!(
            log("getFileLink", "success", asked).as_deref(),
            Some("link asked the server for `getFileLink`, from ::1")
        );
    }
}
