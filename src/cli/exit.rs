//! The exit codes: one table, read by `--help`, the man pages, JSON output and the tests.
//!
//! A code is a promise to scripts. A new one may be added; none changes its meaning.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, nothing to report.
    Ok,
    /// The work was done and the answer is no.
    FailedCheck,
    /// Flags, policy or configuration invalid; nothing was touched.
    Usage,
    /// Sealed and valid, but something could not be collected.
    Exceptions,
    /// Bytes intact, signer not accepted.
    Untrusted,
    /// A gap, rollback or fork in the chain of archives.
    Incomplete,
    /// Source, disk or key could not be used; nothing was sealed.
    Unavailable,
    /// Another run holds the lock.
    Locked,
    /// A hold, a policy or a safety rule forbids it.
    Refused,
    /// A bug.
    Internal,
    /// Stopped by a signal, cleaned up.
    Interrupted,
}

impl Exit {
    /// Every way to end, by code.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::FailedCheck,
        Self::Usage,
        Self::Exceptions,
        Self::Untrusted,
        Self::Incomplete,
        Self::Unavailable,
        Self::Locked,
        Self::Refused,
        Self::Internal,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self.row().0
    }

    /// The name in JSON output.
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// When a command ends like this.
    pub const fn meaning(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::Ok => (0, "ok", "done, nothing to report"),
            Self::FailedCheck => (1, "failed-check", "the work was done and the answer is no"),
            Self::Usage => (2, "usage", "flags, policy or configuration invalid; nothing was touched"),
            Self::Exceptions => (3, "exceptions", "sealed and valid, but something could not be collected"),
            Self::Untrusted => (4, "untrusted", "bytes are intact but the signature or its signer is not accepted"),
            Self::Incomplete => (5, "incomplete", "a gap, rollback or fork in the chain of archives"),
            Self::Unavailable => (6, "unavailable", "source, disk or key could not be used; nothing was sealed"),
            Self::Locked => (7, "locked", "another run holds the lock"),
            Self::Refused => (8, "refused", "a hold, a policy or a safety rule forbids it"),
            Self::Internal => (70, "internal", "a bug in chatseal; the message says where to report it"),
            Self::Interrupted => (130, "interrupted", "stopped by a signal; what was half done is removed"),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_a_promise() {
        let table: Vec<(u8, &str)> = Exit::ALL.iter().map(|exit| (exit.code(), exit.name())).collect();
        let promised = [
            (0, "ok"),
            (1, "failed-check"),
            (2, "usage"),
            (3, "exceptions"),
            (4, "untrusted"),
            (5, "incomplete"),
            (6, "unavailable"),
            (7, "locked"),
            (8, "refused"),
            (70, "internal"),
            (130, "interrupted"),
        ];
        assert_eq!(table, promised);
    }
}
