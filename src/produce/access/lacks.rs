//! Which records the answer would need and the archive may not hold: its scope, its source, a policy.
//!
//! An answer from half of the records looks like one from all of them; so what is missing stands beside it.

use super::Where;
use crate::archive::summary::Counts;
use crate::produce::Sealed;

/// Records that may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Their kind.
    pub kind: &'static str,
    /// How many rows the source has that the archive does not hold; 0 if it holds none of the kind at all.
    pub rows: u64,
    /// In a sentence.
    pub what: String,
}

/// Kinds that an answer rests on, what cannot be said without any, and whether that is worth a word.
const NEEDED: [(&str, &str); 11] = [
    ("channel_membership", "without a history of memberships nobody is certain to have been a member"),
    ("channel_member", "without members of now nobody knows who of the history is still one"),
    ("team_member", "without the members of teams nobody knows who could have joined an open channel"),
    ("role", "without roles nobody knows what members, guests and administrators may read"),
    ("scheme", ""),
    ("audit", "without audits nobody knows who was given other roles, and when"),
    ("audit_log", "without the audit log nobody knows who asked for what, and for whom public links were made"),
    ("shared_channel_remote", ""),
    ("outgoing_webhook", ""),
    ("run_event", ""),
    ("board_member", ""),
];

/// What may be missing for a question about a place.
pub(super) fn of(sealed: &Sealed<'_>, place: &Where) -> Vec<Lack> {
    let is_of_interest = |kind: &str| match place {
        Where::Channel(_) => !matches!(kind, "run_event" | "board_member"),
        Where::Run(_) | Where::Playbook(_) => matches!(kind, "run_event" | "team_member" | "role" | "audit"),
        Where::Board(_) => matches!(kind, "board_member" | "team_member" | "role" | "audit"),
        Where::Team(_) => matches!(kind, "team_member" | "role" | "audit"),
        _ => matches!(kind, "role" | "audit"),
    };
    all(sealed).into_iter().filter(|lack| is_of_interest(lack.kind)).collect()
}

/// What may be missing for any question.
pub(super) fn all(sealed: &Sealed<'_>) -> Vec<Lack> {
    let counts = |kind: &str| sealed.summary.kinds.0.iter().find(|(name, _)| name == kind).map(|(_, counts)| *counts);
    NEEDED.iter().filter_map(|(kind, without)| lack(kind, without, counts(kind))).collect()
}

fn lack(kind: &'static str, without: &str, counts: Option<Counts>) -> Option<Lack> {
    let Some(Counts::Read { source, records, out_of_scope, withheld, quarantined }) =
        counts.filter(|counts| !matches!(counts, Counts::Read { source: 0, .. }))
    else {
        let what = format!("the archive holds no `{kind}`: {without}");
        return (!without.is_empty()).then_some(Lack { kind, rows: 0, what });
    };
    let parts = [
        (out_of_scope, "outside of the scope of the archive"),
        (withheld, "withheld by a policy"),
        (quarantined, "such that they could not become records"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(rows, _)| *rows > 0).map(|(rows, why)| format!("{rows} {why}")).collect();
    let rows = source.saturating_sub(records);
    let what = format!("of {source} rows of `{kind}` the archive holds {records}: {}", parts.join(", "));
    (!parts.is_empty()).then_some(Lack { kind, rows, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_with_its_number_and_reason() {
        let read = |source, records, out_of_scope, withheld| {
            Some(Counts::Read { source, records, out_of_scope, withheld, quarantined: 0 })
        };
        assert_eq!(lack("audit", "x", read(5, 5, 0, 0)), None);
        let some = lack("audit", "x", read(9, 5, 3, 1)).unwrap();
        assert_eq!(
            (some.rows, some.what.as_str()),
            (
                4,
                "of 9 rows of `audit` the archive holds 5: 3 outside of the scope of the archive, 1 withheld by a policy"
            )
        );
        for none in [None, read(0, 0, 0, 0)] {
            assert_eq!(lack("audit", "because", none).unwrap().what, "the archive holds no `audit`: because");
            assert_eq!(lack("scheme", "", none), None, "most servers have none");
        }
    }
}
