//! What can be wrong with a ledger by itself, before any archive is looked at.

use crate::record::vocabulary::vocabulary;

vocabulary! {
    /// A way in which a ledger does not hold together.
    Flaw:
    Origin = "ledger-origin": "the file `origin` does not name the ledger that the checkpoint is of",
    CheckpointMissing = "ledger-checkpoint-missing": "a checkpoint that must be there is not",
    CheckpointMalformed = "ledger-checkpoint-malformed": "a checkpoint is not a signed note in its one spelling, or not the one its name says",
    CheckpointSignature = "ledger-checkpoint-signature": "a checkpoint is not signed by the key in force at its place",
    Root = "ledger-root": "a checkpoint has another root than the statements that it counts",
    StatementMissing = "ledger-statement-missing": "a statement that a checkpoint counts is not there",
    StatementMalformed = "ledger-statement-malformed": "a statement is not in its one spelling",
    StatementUnsupported = "ledger-statement-unsupported": "a statement is of a version or kind that this program does not know",
    StatementMisplaced = "ledger-statement-misplaced": "a statement names another ledger or another number than its place",
    StatementSignature = "ledger-statement-signature": "the signature beside a statement is missing, malformed or not one of it",
    StatementSigner = "ledger-statement-signer": "a statement or seal was signed by another key than the one in force at its place",
    FirstKey = "ledger-first-key": "the first statement does not say which key signs",
    Previous = "ledger-previous": "a seal names another previous archive than the seal before it in the ledger",
    List = "ledger-list": "archives.sha256 is not a list of digests and names in its one spelling",
}
