//! Counts records in export lines without decoding them: the left side of the completeness equation.
//!
//! Invariant: shares no code with the decoder. It looks only at brackets, commas and key names outside strings, so a
//! mistake of the decoder cannot hide here. A broken line is counted as far as it can be read. A line that is too long to
//! be held is counted by [`passing`], on its way past.

pub mod passing;

use crate::source::catalogue::{self as kinds, Rank};
use crate::source::tally::Counts;

/// Deepest level at which anything is counted.
const LEVELS: usize = 8;

/// Which kind an element (of an array) or a member's value counts for, at a path of keys.
///
/// A path names the keys from the line's type downwards; array levels carry the key of their array.
fn counted(path: &[&[u8]], element: bool) -> Option<Rank> {
    let post = |key: &[u8]| match key {
        b"reactions" => Some(kinds::REACTION),
        b"attachments" => Some(kinds::FILE),
        b"flagged_by" => Some(kinds::SAVED_POST),
        b"thread_followers" => Some(kinds::THREAD_MEMBERSHIP),
        b"replies" => Some(kinds::POST),
        _ => None,
    };
    match (path, element) {
        ([b"version"], false) => Some(kinds::SERVER),
        ([b"team"], false) => Some(kinds::TEAM),
        ([b"channel" | b"direct_channel"], false) => Some(kinds::CHANNEL),
        ([b"user"], false) => Some(kinds::USER),
        ([b"bot"], false) => Some(kinds::BOT),
        ([b"role"], false) => Some(kinds::ROLE),
        ([b"scheme"], false) => Some(kinds::SCHEME),
        ([b"emoji"], false) => Some(kinds::EMOJI),
        ([b"post" | b"direct_post"], false) => Some(kinds::POST),
        ([b"user" | b"bot", b"profile_image"], false) => Some(kinds::PROFILE_PICTURE),
        ([b"scheme", member], false) => role_of_a_scheme(member).then_some(kinds::ROLE),
        ([b"user", b"teams"], true) => Some(kinds::TEAM_MEMBER),
        ([b"user", b"teams", b"channels"] | [b"direct_channel", b"participants"], true) => Some(kinds::CHANNEL_MEMBER),
        ([b"post" | b"direct_post", key], true) => post(key),
        ([b"post" | b"direct_post", b"replies", key], true) if *key != b"replies" => post(key),
        _ => None,
    }
}

/// Whether a member of a scheme holds a role: `default_team_admin_role` and so on.
fn role_of_a_scheme(member: &[u8]) -> bool {
    let role = member.strip_prefix(b"default_").and_then(|rest| rest.strip_suffix(b"_role")).unwrap_or_default();
    let words: Vec<&[u8]> = role.split(|b| *b == b'_').collect();
    matches!(
        words[..],
        [b"team" | b"channel", b"admin" | b"user" | b"guest"] | [b"playbook" | b"run", b"admin" | b"member"]
    )
}

#[derive(Clone, Copy)]
struct Level<'a> {
    key: &'a [u8],
    array: bool,
    /// A value may begin here: after `[`, `:`, or a comma in an array.
    expects_value: bool,
}

/// Adds what `line` holds to `counts`.
pub fn count(line: &[u8], counts: &mut Counts) {
    let kind = line_type(line);
    // Nearly all lines are posts, and of a post only the line itself and the elements of its arrays count.
    let is_post = matches!(kind, b"post" | b"direct_post");
    let mut levels: Vec<Level<'_>> = Vec::with_capacity(LEVELS);
    let mut deeper = 0_usize;
    let mut at = 0;
    let mut last_string: &[u8] = &[];
    let (participants, mut plain_members) = (counts[usize::from(kinds::CHANNEL_MEMBER)], 0);
    while let Some(&byte) = line.get(at) {
        if deeper > 0 {
            // Nothing is counted down here; only find the way back.
            match byte {
                b'"' => at = string_end(line, at),
                b'{' | b'[' => deeper += 1,
                b'}' | b']' => deeper -= 1,
                _ => {}
            }
            at += 1;
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b':' => {
                if let Some(level) = levels.last_mut() {
                    level.key = last_string;
                    level.expects_value = true;
                }
            }
            b',' => {
                if let Some(level) = levels.last_mut() {
                    level.expects_value = level.array;
                }
            }
            b'}' | b']' => {
                levels.pop();
            }
            _ => {
                let value = levels.last_mut().is_some_and(|level| std::mem::take(&mut level.expects_value));
                let end = if byte == b'"' { string_end(line, at) } else { at };
                let may_count = !is_post || levels.len() == 1 || levels.last().is_some_and(|level| level.array);
                let element = levels.last().is_some_and(|level| level.array);
                let empty = byte == b'n' || (!element && line.get(at..=end) == Some(b"\"\""));
                if value && may_count && !empty {
                    tally(&levels, kind, counts, &mut plain_members);
                }
                if matches!(byte, b'{' | b'[') {
                    let useful = levels.len() < LEVELS && (levels.len() < 2 || interesting(&levels));
                    if useful {
                        let key = levels
                            .last()
                            .filter(|level| byte == b'[' || level.array)
                            .map_or(&b""[..], |level| level.key);
                        levels.push(Level { key, array: byte == b'[', expects_value: byte == b'[' });
                    } else {
                        deeper = 1;
                    }
                } else if byte == b'"' {
                    last_string = line.get(at + 1..end).unwrap_or_default();
                    at = end;
                } else {
                    // The rest of a number, `true`, `false` or `null` begins nothing.
                    let rest = line.get(at + 1..).unwrap_or_default();
                    at += rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                }
            }
        }
        at += 1;
    }
    // Participants say more than members; where a direct channel has both, they are the members once more.
    if counts[usize::from(kinds::CHANNEL_MEMBER)] == participants {
        counts[usize::from(kinds::CHANNEL_MEMBER)] += plain_members;
    }
}

/// The value of the line's `type` member, wherever it stands in the outermost object.
fn line_type(line: &[u8]) -> &[u8] {
    let (mut at, mut depth, mut is_type) = (0, 0_u64, false);
    while let Some(&byte) = line.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => is_type = false,
            b'"' => {
                let end = string_end(line, at);
                let text = line.get(at + 1..end).unwrap_or_default();
                if is_type && depth == 1 {
                    return text;
                }
                is_type = depth == 1 && text == b"type";
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    &[]
}

fn interesting(levels: &[Level<'_>]) -> bool {
    let key = levels.last().map_or(&b""[..], |level| level.key);
    levels.last().is_some_and(|level| level.array)
        || matches!(
            key,
            b"replies"
                | b"reactions"
                | b"attachments"
                | b"flagged_by"
                | b"thread_followers"
                | b"teams"
                | b"channels"
                | b"members"
                | b"participants"
        )
}

fn tally(levels: &[Level<'_>], kind: &[u8], counts: &mut Counts, plain_members: &mut u64) {
    // Objects add the key of the member being read; arrays add nothing to it.
    let mut path: [&[u8]; LEVELS] = [&[]; LEVELS];
    let mut depth = 0;
    for level in levels.iter().filter(|level| !level.array) {
        path[depth] = level.key;
        depth += 1;
    }
    let element = levels.last().is_some_and(|level| level.array);
    if path[0] != kind {
        return;
    }
    if path[..depth] == [&b"direct_channel"[..], b"members"] && element {
        *plain_members += 1;
    } else if let Some(rank) = counted(&path[..depth], element) {
        counts[usize::from(rank)] += 1;
    }
}

fn string_end(line: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    // Most strings are short keys, for which a search function costs more than it saves.
    for _ in 0..12 {
        match line.get(at) {
            Some(b'"') => return at,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return line.len(),
        }
    }
    while let Some(found) = memchr::memchr2(b'"', b'\\', line.get(at..).unwrap_or_default()) {
        at += found;
        if line[at] == b'"' {
            return at;
        }
        at += 2;
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::TABLES;

    fn counts(line: &str) -> Vec<(&'static str, u64)> {
        let mut counts = [0; TABLES.len()];
        count(line.as_bytes(), &mut counts);
        TABLES.iter().zip(counts).filter(|(_, n)| *n > 0).map(|(table, n)| (table.kind, n)).collect()
    }

    #[test]
    fn counts_what_a_thread_holds() {
        let line = r#"{"type":"post","post":{"team":"t","message":"[{\"replies\":[1,2]","props":{"attachments":[{"fields":[1,2]}],"reactions":[1]},
            "reactions":[{"user":"a"},{"user":"b"}],"flagged_by":["x"],"replies":[{"user":"u","reactions":null,"attachments":[{"path":"p"}],"replies":[1]},
            {"reactions":[{"user":"c"}],"flagged_by":[]}],"attachments":[{"path":"p"},{"path":"q"}],"thread_followers":[{"user":"z"}]}}"#;
        assert_eq!(
            counts(line),
            [("file", 3), ("post", 3), ("reaction", 3), ("saved_post", 1), ("thread_membership", 1)]
        );
        assert_eq!(
            counts(r#"{"type":"post","post":{"replies":null,"reactions":[],"attachments":null}}"#),
            [("post", 1)]
        );
        let scalars =
            r#"{"type":"post","post":{"create_at":-1.5e+3,"reactions":[1,true ,-2.5e+3,null,"x",0],"flagged_by":[2]}}"#;
        assert_eq!(counts(scalars), [("post", 1), ("reaction", 5), ("saved_post", 1)]);
    }

    #[test]
    fn counts_the_directory() {
        let user = r#"{"type":"user","user":{"username":"a","profile_image":"x","teams":[{"name":"t","channels":[{"name":"c"},{"name":"d"}]},{"name":"u","channels":null}]}}"#;
        assert_eq!(counts(user), [("channel_member", 2), ("profile_picture", 1), ("team_member", 2), ("user", 1)]);
        assert_eq!(counts(r#"{"type":"user","user":{"profile_image":"","teams":null}}"#), [("user", 1)]);
        assert_eq!(counts(r#"{"type":"version","version":1,"info":{"version":"11"}}"#), [("server", 1)]);
        assert_eq!(
            counts(r#"{"type":"direct_channel","direct_channel":{"members":["a","b"],"header":""}}"#),
            [("channel", 1), ("channel_member", 2)]
        );
        let scheme = r#"{"type":"scheme","scheme":{"name":"s","default_team_admin_role":{"name":"r","permissions":["a"]},"default_team_user_role":null}}"#;
        assert_eq!(counts(scheme), [("role", 1), ("scheme", 1)]);
        assert_eq!(counts(r#"{"bot":{"username":"type"},"type":"bot"}"#), [("bot", 1)]);
    }

    #[test]
    fn broken_and_foreign_lines_do_no_harm() {
        assert_eq!(counts(r#"{"type":"post","post":{"replies":[{"user":"a"},{"user":"b"#), [("post", 3)]);
        assert_eq!(counts(r#"{"type":"poll","poll":{"replies":[1]}}"#), []);
        for line in [
            "",
            "}",
            "]]]]",
            "{{{{{{{{{{{{",
            "[[[[[[[[[[[[1",
            "\"",
            "\\",
            ",,,:::",
            "{\"type\":\"post\",\"post\":[[[[[[[[[[1]]]]]]]]]]}",
        ] {
            counts(line);
        }
    }
}
