//! Why a record is in an incident's scope, as its line says: to be shown, and to tell what happened from what only describes.
//!
//! Invariant: the words are those of chatseal-archive(5); one that is not known is shown as it stands.

use memchr::memmem;

/// Kinds that describe what others name, whatever happened to them.
const DESCRIBING: [&str; 5] = ["bot", "channel", "profile_picture", "team", "user"];

/// The reasons of a line, in its order; none outside of an incident.
pub fn reasons(line: &[u8]) -> impl Iterator<Item = &str> {
    const MEMBER: &[u8] = b",\"because\":[\"";
    // It stands behind everything that anybody wrote; texts in a line have no bare quotation marks.
    let found = memmem::rfind(line, MEMBER).and_then(|at| line.get(at + MEMBER.len()..));
    let list = found.and_then(|rest| rest.get(..memmem::find(rest, b"\"]")?)).unwrap_or_default();
    let list = std::str::from_utf8(list).unwrap_or_default();
    list.split("\",\"").filter(|reason| !reason.is_empty())
}

/// Whether a record only describes what others name, or how the server stood.
pub fn only_describes(kind: &str, line: &[u8]) -> bool {
    let mut reasons = reasons(line).peekable();
    let describes = |reason: &str| matches!(word(reason), "named" | "standing");
    reasons.peek().is_some() && (DESCRIBING.contains(&kind) || reasons.all(describes))
}

/// A reason for people: `channel:ID, in the run's channel`.
pub fn meaning(reason: &str) -> String {
    let meaning = match word(reason) {
        "board" => "on a board of a channel in scope",
        "call" => "of a call in a channel in scope",
        "channel" => "in the run's channel",
        "direct" => "in a direct or group channel among participants",
        "integration" => "posts, or may post, in a channel in scope",
        "linked" => "in a channel linked to the run",
        "named" => "describes what records in scope name",
        "participant" => "what a participant did, or what happened to the account",
        "playbook" => "the run's playbook, and what hangs on it",
        "run" => "the run, and what names it",
        "standing" => "how the server stood",
        "status" => "a status update, or what the run was started from",
        "thread" => "in a thread that touches the window",
        _ => return reason.to_owned(),
    };
    format!("{reason}, {meaning}")
}

fn word(reason: &str) -> &str {
    reason.split_once(':').map_or(reason, |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(reasons: &str) -> Vec<u8> {
        let said = r#""message":",\"because\":[\"named:x\"]""#;
        format!(r#"{{"kind":"post","id":"p","at":0,"data":{{{said}}}{reasons},"retention":{{}}}}"#).into_bytes()
    }

    #[test]
    fn reasons_are_those_of_the_line_and_not_of_its_texts() {
        let told = line(r#","because":["channel:c","thread:t"]"#);
        assert_eq!(reasons(&told).collect::<Vec<_>>(), ["channel:c", "thread:t"]);
        assert_eq!(reasons(&line("")).count(), 0);
        assert_eq!(reasons(b",\"because\":[\"").count() + reasons(b"").count(), 0);
    }

    #[test]
    fn what_only_describes_is_told_from_what_happened() {
        let says = |kind: &str, reasons: &str| only_describes(kind, &line(&format!(",\"because\":[{reasons}]")));
        assert!(says("team", r#""named:t""#) && says("role", r#""standing""#));
        assert!(says("user", r#""participant:u""#), "an account is no deed");
        assert!(!says("session", r#""participant:u""#) && !says("post", r#""named:x","thread:t""#));
        assert!(!only_describes("user", &line("")), "of no incident");
        assert_eq!(meaning("channel:c"), "channel:c, in the run's channel");
        assert_eq!(meaning("other:c"), "other:c");
    }
}
