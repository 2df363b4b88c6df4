//! Policies and holds applied to sources: what is decided is the same wherever the rows come from, nothing is lost, and
//! nothing that a hold covers goes.

mod applied;
mod same;
mod sets;

use serde_json::Value;

use crate::sealed::{Archive, Desk, Ended};

/// When everything is decided here: long enough after what the fixtures tell.
const LATER: &str = "2027-06-01T00:00:00Z";

/// Runs an export, decided and sealed on this day.
fn export_on(day: &str, desk: &Desk, source: &str, output: &str, flags: &[&str]) -> Ended {
    let fixed = ["export", source, "--key", "seal.key", "--salt-from", "salt.zip", "--as-of", day, "--output", output];
    Ended::of(desk.chatseal(&[&fixed, flags].concat()).output().unwrap())
}

/// Seals later.
fn seal(desk: &Desk, source: &str, output: &str, flags: &[&str]) -> Archive {
    let ended = export_on(LATER, desk, source, output, flags);
    assert!(matches!(ended.code, 0 | 3), "{source} {flags:?}: {}", ended.stderr);
    desk.archive(output)
}

/// A policy that asks for every sort of fact: threads, details of posts, groups, runs, people.
pub(crate) const POLICY: &str = r#"
schema = "chatseal-policy/v1"
id = "harbour"
title = "Harbour"
about = "For tests."

[[rule]]
id = "talk"
title = "What is said"
clock = "created"
thread = "newest"
keep_for = "30d"
dispose_after = "60d"
keep_pinned = true
then = "dispose"

[[rule]]
id = "hooks"
title = "What programs say"
scope.props = ["from_webhook"]
thread = "per-post"
dispose_after = "300d"
then = "review"

[[rule]]
id = "people"
title = "Who there is"
scope.kinds = ["user", "bot", "channel", "channel_membership", "team", "audit"]
clock = "created"
keep_for = "6y"

[[rule]]
id = "sessions"
title = "Who came in from where"
scope.kinds = ["session"]
dispose_after = "1d"
then = "transfer"
"#;

/// Another policy, which is composed with the first.
pub(crate) const SECOND: &str = r#"
schema = "chatseal-policy/v1"
id = "admins"
title = "Administrators"
about = "For tests."

[[rule]]
id = "admins"
title = "What administrators say"
scope.roles = ["system_admin"]
thread = "per-post"
keep_for = "7y"
"#;

/// Holds on a person, and on a word in a place.
pub(crate) fn holds(user: &str, channel: &str, word: &str) -> String {
    format!(
        r#"
schema = "chatseal-holds/v1"
title = "Holds"

[[hold]]
id = "person"
matter = "Collision"
users = ["{user}"]
[hold.issued]
by = "Counsel"
at = 2026-01-01
why = "Letter of the other side"

[[hold]]
id = "word"
matter = "Oil"
channels = ["{channel}"]
keywords = ["{word}"]
from = 2025-01-01
[hold.issued]
by = "Counsel"
at = 2026-02-01
why = "Order"

[[hold]]
id = "over"
matter = "Settled"
everything = true
[hold.issued]
by = "Counsel"
at = 2025-01-01
why = "Letter"
[hold.released]
by = "Counsel"
at = 2025-06-01
why = "Settlement"
"#
    )
}

/// Lines of `data/withheld.jsonl`.
fn withheld(archive: &Archive) -> Vec<Value> {
    archive.text("data/withheld.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A record line without what was decided.
fn bare(line: &str) -> String {
    let at = line.rfind(",\"retention\":").expect("every line says what was decided");
    line[..at].to_owned() + "}"
}
