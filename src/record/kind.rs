//! Kinds of records: their spelling and the order in which an archive holds them.
//!
//! A kind is the singular, snake-case name of one table (or file) that is evidence. verify accepts kinds that it does
//! not know, so nothing here lists them; the catalogue of the sources does.

use std::cmp::Ordering;

/// The kind that always comes first: facts about the server that was read.
pub const SERVER: &str = "server";

/// Kinds with this prefix are established by a reconciliation, not read from a table; they come last.
pub const FINDING_PREFIX: &str = "finding_";

/// Whether `name` is spelled like a kind: `[a-z][a-z0-9_]{0,39}`.
pub fn is_valid(name: &str) -> bool {
    let bytes = name.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
}

/// Order of kinds in an archive: `server` first, `finding_*` last, all others bytewise.
pub fn compare(left: &str, right: &str) -> Ordering {
    rank(left).cmp(&rank(right)).then_with(|| left.cmp(right))
}

fn rank(kind: &str) -> u8 {
    match kind {
        SERVER => 0,
        other if other.starts_with(FINDING_PREFIX) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_leads_and_findings_close() {
        let mut kinds = ["team", "finding_purged", "audit", "server", "user", "finding_gap"];
        kinds.sort_by(|a, b| compare(a, b));
        assert_eq!(kinds, ["server", "audit", "team", "user", "finding_gap", "finding_purged"]);
    }

    #[test]
    fn spelling() {
        let long = "a".repeat(40);
        for good in ["post", "a", "board_history2", long.as_str()] {
            assert!(is_valid(good), "{good}");
        }
        let longer = "a".repeat(41);
        for bad in ["", "Post", "1post", "_post", "pöst", "post-x", longer.as_str()] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
