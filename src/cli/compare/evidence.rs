//! The words for what became of a record, the same in every form of the answer.

use crate::chain::compare::{Class, Reason};

/// The class as it stands in JSON and CSV.
pub(super) fn code(class: Class) -> &'static str {
    match class {
        Class::Altered => "altered",
        Class::Vanished => "vanished",
        Class::Inserted => "inserted",
        Class::Undated => "changed-undated",
        Class::Changed => "changed",
    }
}

/// What may account for a record that vanished, in JSON and CSV.
pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Deleted => "deleted-when-sealed",
        Reason::Due => "retention-due",
        Reason::ServerRetention => "server-retention-ran",
    }
}

/// The same for people.
pub(super) fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Deleted => "was marked as deleted when it was sealed",
        Reason::Due => "the policy sealed with it lets it go by now",
        Reason::ServerRetention => "the server's own retention has run since",
    }
}
