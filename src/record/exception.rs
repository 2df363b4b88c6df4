//! Exceptions: gaps in what could be collected, sealed as data.
//!
//! An exception is neither an error (we could go on) nor a finding (nothing is judged): it says that something which
//! an examiner would expect is not there, or not as it was. Words come from fixed vocabularies; the varying parts are
//! ids, digests, numbers and names of objects, never message bodies and never texts of the operating system.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use super::id::hex;
use super::line::push_string;

/// What kind of gap; the spelling never changes once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A file that a record names is not in the source.
    FileMissing,
    /// A file is there, but its bytes could not be read or do not match their checksum.
    FileUnreadable,
    /// A file's length is not the length that the source states.
    FileSizeMismatch,
    /// The source's name for a file could lead out of its folder, so nothing was opened.
    FilePathUnsafe,
    /// A file in the source that no record names; its bytes are not collected.
    FileUnreferenced,
    /// A line of the source that cannot be decoded.
    LineUndecodable,
    /// The last line of the source ends in mid-air: the export may be cut short.
    LineTruncated,
    /// A line of the source that is longer than 64 MiB.
    LineTooLong,
    /// A line of a type that this version does not know.
    LineTypeUnknown,
    /// A record whose line would be longer than 16 MiB.
    RecordTooLong,
    /// Two record lines are byte for byte the same; both are kept.
    DuplicateRow,
    /// A time beyond ±(2^53−1) milliseconds; `at` is 0 and the original stays in `data`.
    TimeOutOfRange,
    /// A lone surrogate in a text became U+FFFD.
    LossyText,
    /// Records name a team, channel or user that the source does not describe.
    ReferenceUnresolved,
    /// A row of a table that cannot be taken apart: too few or too many fields, no UTF-8, a broken escape.
    RowUndecodable,
    /// A table or column that is evidence but may not be read, or a table that lacks the columns that name its rows.
    TableUnreadable,
    /// Rows describe files, but nobody said where the files lie.
    FilesNotCollected,
    /// The server itself says that it dropped records of its audit log.
    AuditLogGap,
    /// A post that was created according to the audit log and is no longer in the database.
    PurgedPost,
    /// Rows name a post, channel, user or team that the same database no longer holds.
    OrphanRow,
    /// Records that an earlier archive holds are gone from the source, although the server keeps what is deleted.
    Vanished,
    /// Records say something else than when they were sealed, although their change clock stands where it stood.
    Altered,
    /// One rule requires records to be kept that another does not allow to be kept so long; they are kept.
    RetentionClash,
    /// Something that an incident names is gone: a channel, a post, an account, a playbook.
    IncidentGone,
    /// The checklists of a run cannot be understood; they are kept as they are.
    IncidentUnreadable,
    /// File paths give more than one real id for the same team, channel or user, so none is recorded.
    NoteIdAmbiguous,
    /// A member of a source line that the catalogue does not know; kept in `extra`.
    NoteFieldUnknown,
    /// A member of the source zip that is no part of an export.
    NoteMemberUnknown,
    /// The server itself reported warnings in its export.
    NoteServerWarnings,
    /// A table of the source that the catalogue does not know; not read.
    NoteTableUnknown,
    /// A column of the source that the catalogue does not know; not read.
    NoteColumnUnknown,
    /// The database role could have written, although this program did not.
    NoteRoleCanWrite,
    /// The database shows a role only the tables that it was granted, so that others may be hidden from it.
    NoteTablesHidden,
    /// What a custodian of a hold could see is taken from current membership, because history has nothing.
    NoteCustodyFromMembers,
    /// A rule in force decided about no record in scope.
    NoteRuleUnused,
    /// A hold in force covers no record in scope.
    NoteHoldUnused,
    /// Two clocks, or a clock and the newest record, are further apart than five minutes.
    NoteClocksDisagree,
    /// Rows that an earlier archive holds were removed, which is how rows of their kind end.
    NoteRemoved,
    /// Records that an earlier archive holds were not looked at again by this run.
    NoteNotLookedAt,
    /// A run's channel is archived.
    NoteIncidentChannel,
    /// A run did not go from its beginning to its end: not finished, restarted, deleted, or clocks out of order.
    NoteIncidentLife,
    /// A post of an incident links to a direct or group channel that was left out.
    NoteIncidentLink,
    /// Entries were taken off a run's timeline.
    NoteIncidentRemoved,
    /// Other runs share the channel of an incident.
    NoteIncidentShared,
}

impl Class {
    /// Every class, for the manual and its test.
    pub const ALL: [Self; 44] = [
        Self::FileMissing,
        Self::FileUnreadable,
        Self::FileSizeMismatch,
        Self::FilePathUnsafe,
        Self::FileUnreferenced,
        Self::LineUndecodable,
        Self::LineTruncated,
        Self::LineTooLong,
        Self::LineTypeUnknown,
        Self::RecordTooLong,
        Self::DuplicateRow,
        Self::TimeOutOfRange,
        Self::LossyText,
        Self::ReferenceUnresolved,
        Self::RowUndecodable,
        Self::TableUnreadable,
        Self::FilesNotCollected,
        Self::AuditLogGap,
        Self::PurgedPost,
        Self::OrphanRow,
        Self::Vanished,
        Self::Altered,
        Self::RetentionClash,
        Self::IncidentGone,
        Self::IncidentUnreadable,
        Self::NoteIdAmbiguous,
        Self::NoteFieldUnknown,
        Self::NoteMemberUnknown,
        Self::NoteServerWarnings,
        Self::NoteTableUnknown,
        Self::NoteColumnUnknown,
        Self::NoteRoleCanWrite,
        Self::NoteTablesHidden,
        Self::NoteCustodyFromMembers,
        Self::NoteRuleUnused,
        Self::NoteHoldUnused,
        Self::NoteClocksDisagree,
        Self::NoteRemoved,
        Self::NoteNotLookedAt,
        Self::NoteIncidentChannel,
        Self::NoteIncidentLife,
        Self::NoteIncidentLink,
        Self::NoteIncidentRemoved,
        Self::NoteIncidentShared,
    ];

    /// The stable spelling. Classes beginning `note-` do not make an export end with exit code 3.
    pub fn code(self) -> &'static str {
        match self {
            Self::FileMissing => "file-missing",
            Self::FileUnreadable => "file-unreadable",
            Self::FileSizeMismatch => "file-size-mismatch",
            Self::FilePathUnsafe => "file-path-unsafe",
            Self::FileUnreferenced => "file-unreferenced",
            Self::LineUndecodable => "line-undecodable",
            Self::LineTruncated => "line-truncated",
            Self::LineTooLong => "line-too-long",
            Self::LineTypeUnknown => "line-type-unknown",
            Self::RecordTooLong => "record-too-long",
            Self::DuplicateRow => "duplicate-row",
            Self::TimeOutOfRange => "time-out-of-range",
            Self::LossyText => "lossy-text",
            Self::ReferenceUnresolved => "reference-unresolved",
            Self::RowUndecodable => "row-undecodable",
            Self::TableUnreadable => "table-unreadable",
            Self::FilesNotCollected => "files-not-collected",
            Self::AuditLogGap => "audit-log-gap",
            Self::PurgedPost => "purged-post",
            Self::OrphanRow => "orphan-row",
            Self::Vanished => "vanished",
            Self::Altered => "altered",
            Self::RetentionClash => "retention-clash",
            Self::NoteIdAmbiguous => "note-id-ambiguous",
            Self::NoteFieldUnknown => "note-field-unknown",
            Self::NoteMemberUnknown => "note-member-unknown",
            Self::NoteServerWarnings => "note-server-warnings",
            Self::NoteTableUnknown => "note-table-unknown",
            Self::NoteColumnUnknown => "note-column-unknown",
            Self::NoteRoleCanWrite => "note-role-can-write",
            Self::NoteTablesHidden => "note-tables-hidden",
            Self::NoteCustodyFromMembers => "note-custody-from-members",
            Self::NoteRuleUnused => "note-rule-unused",
            Self::NoteHoldUnused => "note-hold-unused",
            Self::NoteClocksDisagree => "note-clocks-disagree",
            Self::NoteRemoved => "note-removed",
            Self::NoteNotLookedAt => "note-not-looked-at",
            Self::IncidentGone => "incident-gone",
            Self::IncidentUnreadable => "incident-unreadable",
            Self::NoteIncidentChannel => "note-incident-channel",
            Self::NoteIncidentLife => "note-incident-life",
            Self::NoteIncidentLink => "note-incident-link",
            Self::NoteIncidentRemoved => "note-incident-removed",
            Self::NoteIncidentShared => "note-incident-shared",
        }
    }

    /// Whether this class is told apart from real gaps.
    pub fn is_note(self) -> bool {
        self.code().starts_with("note-")
    }

    /// One plain sentence for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::FileMissing => "files that records name are not in the source",
            Self::FileUnreadable => "files are in the source but could not be read whole",
            Self::FileSizeMismatch => "files have another length than the source states",
            Self::FilePathUnsafe => "file paths would lead out of their folder; not opened",
            Self::FileUnreferenced => "files in the source that no record names; not collected",
            Self::LineUndecodable => "source lines could not be decoded",
            Self::LineTruncated => "the last source line breaks off; the export may be cut short",
            Self::LineTooLong => "source lines are longer than 64 MiB",
            Self::LineTypeUnknown => "source lines of a type unknown to this version",
            Self::RecordTooLong => "records are longer than 16 MiB",
            Self::DuplicateRow => "records occur twice, byte for byte; both are kept",
            Self::TimeOutOfRange => "times are out of range; the original is kept as text",
            Self::LossyText => "broken characters became U+FFFD",
            Self::ReferenceUnresolved => "records name teams, channels or users that the source does not describe",
            Self::RowUndecodable => "rows of tables could not be decoded",
            Self::TableUnreadable => "tables or columns that are evidence could not be read",
            Self::FilesNotCollected => {
                "files are described, but where they lie was not told; give `--files` or `--no-files`"
            }
            Self::AuditLogGap => "the server says that it dropped records of its audit log",
            Self::PurgedPost => "posts were created according to the audit log but are not in the database",
            Self::Vanished => {
                "records of earlier archives are gone from the source, although the server keeps what is deleted"
            }
            Self::Altered => "records changed since they were sealed, although their change clock did not move",
            Self::OrphanRow => "rows name posts, channels, users or teams that are no longer there",
            Self::RetentionClash => "one rule requires to keep what another does not allow to keep so long; it is kept",
            Self::NoteIdAmbiguous => "file paths disagree about a real id; none is recorded",
            Self::NoteFieldUnknown => "source fields unknown to this version; kept under `extra`",
            Self::NoteMemberUnknown => "members of the export zip that are no part of an export",
            Self::NoteServerWarnings => "the server reported warnings of its own while exporting",
            Self::NoteTableUnknown => "tables unknown to this version; not read",
            Self::NoteColumnUnknown => "columns unknown to this version; not read",
            Self::NoteRoleCanWrite => {
                "the database role may write; a read-only role would be safer (`chatseal grants`)"
            }
            Self::NoteTablesHidden => "the database shows only tables that its role was granted; others may be hidden",
            Self::NoteCustodyFromMembers => {
                "what custodians could see is taken from current membership, because history has nothing"
            }
            Self::NoteRuleUnused => "rules in force that decided about no record in scope",
            Self::NoteHoldUnused => "holds in force that cover no record in scope",
            Self::NoteClocksDisagree => {
                "clocks are apart, or a record is of the future; times are worth that much less"
            }
            Self::NoteRemoved => "rows of earlier archives were removed, as rows of their kinds are",
            Self::NoteNotLookedAt => "records of earlier archives that this run did not look at again",
            Self::IncidentGone => "channels, posts, accounts or playbooks that the incident names are gone",
            Self::IncidentUnreadable => "checklists of runs cannot be understood; they are kept as they are",
            Self::NoteIncidentChannel => "channels of runs are archived",
            Self::NoteIncidentLife => "runs that did not simply begin and end, or whose times are out of order",
            Self::NoteIncidentLink => {
                "direct or group channels that a run or a post names were left out, or are in scope with people who took no part"
            }
            Self::NoteIncidentRemoved => "entries were taken off timelines of runs; they are records all the same",
            Self::NoteIncidentShared => "other runs share the channel",
        }
    }
}

/// Longest name that is written out, in bytes.
const MAX_NAME: usize = 1000;

/// A name as an exception shows it: a longer one is cut, and told by its length and digest.
pub fn bounded(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME {
        return Cow::Borrowed(name);
    }
    let start: String = name.chars().take(MAX_NAME / 4).collect();
    let sha256 = hex(digest(&SHA256, name.as_bytes()).as_ref());
    Cow::Owned(format!("{start}… ({} bytes, sha256:{sha256})", name.len()))
}

/// One gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What kind of gap.
    pub class: Class,
    /// The object concerned: a record (`post/ID`), a source line (`import.jsonl:8812`), a name.
    pub object: String,
    /// What should have been there.
    pub expected: &'static str,
    /// What was there instead, in codes, digests and numbers.
    pub found: String,
    /// How many records are concerned; 0 when none is.
    pub records: u64,
}

impl Exception {
    /// Appends the exception as one line of `data/exceptions.jsonl`, without line feed.
    pub fn push_line(&self, out: &mut Vec<u8>) {
        push_line(out, self.class.code(), &bounded(&self.object), self.expected, &bounded(&self.found), self.records);
    }
}

/// Appends an exception of any class as a line, without line feed: the one spelling, for writer and verifier.
pub fn push_line(out: &mut Vec<u8>, class: &str, object: &str, expected: &str, found: &str, records: u64) {
    let members =
        [("{\"class\":", class), (",\"object\":", object), (",\"expected\":", expected), (",\"found\":", found)];
    for (name, text) in members {
        out.extend_from_slice(name.as_bytes());
        push_string(out, text);
    }
    out.extend_from_slice(format!(",\"records\":{records}}}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_notes_are_told_apart() {
        let mut codes: Vec<_> = Class::ALL.iter().map(|class| class.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Class::ALL.len());
        assert_eq!(Class::ALL.iter().filter(|class| class.is_note()).count(), 19);
    }

    #[test]
    fn a_name_without_end_is_cut() {
        assert_eq!(bounded(&"é".repeat(500)), "é".repeat(500));
        let cut = bounded(&"é".repeat(501)).into_owned();
        assert!(cut.starts_with("é") && cut.contains("… (1002 bytes, sha256:") && cut.len() < 700);
    }

    #[test]
    fn lines_are_compact_json() {
        let mut out = Vec::new();
        let object = "file/a\"b".to_owned();
        Exception { class: Class::FileMissing, object, expected: "the file", found: "nothing".into(), records: 1 }
            .push_line(&mut out);
        let line =
            r#"{"class":"file-missing","object":"file/a\"b","expected":"the file","found":"nothing","records":1}"#;
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }
}
