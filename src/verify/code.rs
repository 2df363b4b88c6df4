//! The stable names of everything that can be found wrong.
//!
//! A code is a promise to scripts and to `man/chatseal-archive.5`: it may be added, never renamed and never reused.

use super::layer::Layer;
use crate::archive::defect::Flaw;
use crate::ledger::flaw::Flaw as LedgerFlaw;

/// What kind of answer a finding is; decides how the program exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The bytes are not those that were sealed, or never were an archive.
    Integrity,
    /// The bytes are intact, but the signer is not accepted.
    Trust,
    /// Archives are missing, or two histories exist.
    Chain,
}

const OTHER_COPY: &str = "keep this file, get another copy from where it was made, and compare their SHA-256";
const MAKER: &str =
    "if every copy says the same, ask who made the archive: the program that wrote it was not chatseal, or is broken";
const SIGNERS: &str =
    "compare the fingerprint, by telephone or on paper, with the one that the maker of the archive states";

macro_rules! codes {
    ($($name:ident = $code:literal, $layer:ident, $class:ident, $next:ident: $meaning:literal,)+) => {
        /// A way in which an archive can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            /// The zip is not the one that the format allows.
            Zip(Flaw),
            /// The ledger does not hold together.
            Ledger(LedgerFlaw),
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code that is not a flaw of the zip, in the order of the checks.
            const OTHERS: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable name.
            pub const fn code(self) -> &'static str {
                match self { Self::Zip(flaw) => flaw.code(), Self::Ledger(flaw) => flaw.code(), $(Self::$name => $code,)+ }
            }

            /// The layer of the check that finds it.
            pub const fn layer(self) -> Layer {
                match self {
                    Self::Zip(Flaw::DeflateDamaged | Flaw::CrcMismatch) => Layer::Digests,
                    Self::Zip(_) => Layer::Container,
                    Self::Ledger(_) => Layer::Chain,
                    $(Self::$name => Layer::$layer,)+
                }
            }

            /// What kind of answer it is.
            pub const fn class(self) -> Class {
                match self { Self::Zip(_) => Class::Integrity, Self::Ledger(_) => Class::Chain, $(Self::$name => Class::$class,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { Self::Zip(flaw) => flaw.meaning(), Self::Ledger(flaw) => flaw.meaning(), $(Self::$name => $meaning,)+ }
            }

            /// What to do about it.
            pub const fn next_step(self) -> &'static str {
                match self { Self::Zip(_) => OTHER_COPY, Self::Ledger(_) => OTHER_LEDGER, $(Self::$name => $next,)+ }
            }
        }
    };
}

const OTHER_LEDGER: &str =
    "keep this ledger, compare it with its copies, and append nothing until it is clear which one is true";
const REMEMBERED: &str =
    "ask for the ledger that had the remembered head; if there is none, history was rewritten or an old state restored";
const RUN: &str = "find out why nothing was sealed since; if something was, this is an old copy of the ledger";
const WITNESSES: &str = "carry a request to the witnesses and attach what they give back";
const UPGRADE: &str = "use the version of chatseal that made it, or a later one";
const RENEW: &str =
    "decide by `--at` at which time the signer must have been valid, or get the signers file of that time";
const NEVER: &str = "do not rely on this archive; find out what else was signed with that key";
const COLLECT: &str = "give all archives of the series at once, and look for the missing one where archives are kept";
const HISTORIES: &str = "keep all of them; one was made by restoring an old state or by rewriting history";

codes! {
    SealMalformed = "seal-malformed", Seal, Integrity, OTHER_COPY: "seal.txt is not a seal in its one spelling",
    VersionUnsupported = "version-unsupported", Seal, Integrity, UPGRADE: "the seal is of a version that this program does not know",

    SignatureMalformed = "signature-malformed", Signature, Integrity, OTHER_COPY: "seal.txt.sig is not an SSH signature in its one spelling",
    SignatureUnsupported = "signature-unsupported", Signature, Trust, UPGRADE: "seal.txt.sig is of a kind that this program does not read",
    SignatureInvalid = "signature-invalid", Signature, Integrity, OTHER_COPY: "the SSH signature is not one of this seal",
    SignatureNamespace = "signature-namespace", Signature, Trust, NEVER: "the SSH signature was made for another purpose",
    SignerDiffers = "signer-differs", Signature, Integrity, NEVER: "the key that signed is not the one that the seal names",
    NoteMalformed = "note-malformed", Signature, Integrity, OTHER_COPY: "seal.note is not a signed note in its one spelling",
    NoteDiffers = "note-differs", Signature, Integrity, OTHER_COPY: "seal.note holds another text or other signature lines than belong to this seal",
    NoteInvalid = "note-invalid", Signature, Integrity, OTHER_COPY: "a signature line of seal.note is not one of this seal by the key that signed it",

    SignerUnknown = "signer-unknown", Trust, Trust, SIGNERS: "no line of the signers file names the key",
    SignerOther = "signer-other", Trust, Trust, SIGNERS: "the key belongs to another signer than the one asked for",
    SignerPurpose = "signer-purpose", Trust, Trust, SIGNERS: "the signers file admits the key for other purposes only",
    SignerNotYetValid = "signer-not-yet-valid", Trust, Trust, RENEW: "the signers file admits the key only from a later time on",
    SignerExpired = "signer-expired", Trust, Trust, RENEW: "the signers file admits the key only until an earlier time",
    CertificateRefused = "certificate-refused", Trust, Trust, SIGNERS: "the certificate of the key does not stand",
    SignerRevoked = "signer-revoked", Trust, Trust, NEVER: "the key, its certificate or its authority was revoked",

    TagManifestMalformed = "tag-manifest-malformed", TagManifest, Integrity, OTHER_COPY: "tagmanifest-sha256.txt does not list exactly the four tag files",
    TagManifestDiffers = "tag-manifest-differs", TagManifest, Integrity, OTHER_COPY: "tagmanifest-sha256.txt is not the one that was sealed",
    TagFileDiffers = "tag-file-differs", TagManifest, Integrity, OTHER_COPY: "a tag file has another digest than the tag manifest says",
    BagitDiffers = "bagit-differs", TagManifest, Integrity, MAKER: "bagit.txt is not the declaration of BagIt 1.0",
    BagInfoMalformed = "bag-info-malformed", TagManifest, Integrity, MAKER: "bag-info.txt is not in its one spelling",
    BagInfoDiffers = "bag-info-differs", TagManifest, Integrity, MAKER: "bag-info.txt states another name or date than bag and seal have",
    SaltMalformed = "salt-malformed", TagManifest, Integrity, OTHER_COPY: "salt.txt is not 64 hex digits",

    ManifestMalformed = "manifest-malformed", Manifest, Integrity, OTHER_COPY: "a line of manifest-sha256.txt is not in its one spelling",
    ManifestOrder = "manifest-order", Manifest, Integrity, MAKER: "the manifest does not list the payload in the order of the zip",
    ManifestRepeats = "manifest-repeats", Manifest, Integrity, MAKER: "the manifest lists a member twice, or lists what is not payload",
    PayloadMissing = "payload-missing", Manifest, Integrity, OTHER_COPY: "a member that the manifest lists is not in the archive",
    PayloadUnlisted = "payload-unlisted", Manifest, Integrity, OTHER_COPY: "a member of the payload is not listed in the manifest",
    OxumDiffers = "oxum-differs", Manifest, Integrity, OTHER_COPY: "the payload has another size or number of files than bag-info.txt says",
    WithheldUnexpected = "withheld-unexpected", Manifest, Integrity, MAKER: "data/withheld.jsonl is there without a policy, or a policy without it",

    DigestDiffers = "digest-differs", Digests, Integrity, OTHER_COPY: "a member has another digest than the manifest, or its own name, says",

    RecordMalformed = "record-malformed", Records, Integrity, MAKER: "a line is not a record in its one spelling",
    RecordKind = "record-kind", Records, Integrity, MAKER: "a record is of another kind than its segment",
    RecordOrder = "record-order", Records, Integrity, MAKER: "records do not stand in the order of time, id and text",
    RetentionUnexpected = "retention-unexpected", Records, Integrity, MAKER: "a record says what was decided about it without policy or hold, or does not say it with one",
    BecauseUnexpected = "because-unexpected", Records, Integrity, MAKER: "records say why they are in an incident's scope without an incident, or do not say it in one",
    RecordUnfinished = "record-unfinished", Records, Integrity, OTHER_COPY: "the last line of a segment does not end in a line feed",
    SegmentEmpty = "segment-empty", Records, Integrity, MAKER: "a segment holds no records",
    SegmentCut = "segment-cut", Records, Integrity, MAKER: "a segment is longer than the format allows, or ends too early",
    KindOrder = "kind-order", Records, Integrity, MAKER: "kinds do not stand in the order of the format, or not together",

    RootDiffers = "root-differs", Root, Integrity, OTHER_COPY: "the root over the record lines is not the one that was sealed",

    SegmentsMalformed = "segments-malformed", Segments, Integrity, OTHER_COPY: "data/segments.csv is not in its one spelling",
    SegmentsDiffer = "segments-differ", Segments, Integrity, OTHER_COPY: "data/segments.csv says other things of a segment than the segment itself",

    SourceMalformed = "source-malformed", Inputs, Integrity, MAKER: "data/source.json is not a JSON object",
    SourceDiffers = "source-differs", Inputs, Integrity, OTHER_COPY: "data/source.json is not the one that was sealed",
    PolicyDiffers = "policy-differs", Inputs, Integrity, OTHER_COPY: "the policies in the archive are not those that the seal names",
    HoldsDiffer = "holds-differ", Inputs, Integrity, OTHER_COPY: "the holds in the archive are not those that the seal names",

    FileMissing = "file-missing", Files, Integrity, OTHER_COPY: "a record names a file that is not in the archive",
    FileNameMalformed = "file-name-malformed", Files, Integrity, MAKER: "a record names a file by a path that the format does not have",
    FileUnreferenced = "file-unreferenced", Files, Integrity, OTHER_COPY: "no record names this file",
    FileOrder = "file-order", Files, Integrity, MAKER: "files do not stand in the order in which records first name them",

    CountsDiffer = "counts-differ", Counts, Integrity, OTHER_COPY: "the archive holds another number of something than the seal says",
    ExceptionMalformed = "exception-malformed", Counts, Integrity, MAKER: "a line of data/exceptions.jsonl is not in its one spelling",
    ExceptionOrder = "exception-order", Counts, Integrity, MAKER: "data/exceptions.jsonl is not sorted",
    WithheldMalformed = "withheld-malformed", Counts, Integrity, MAKER: "a line of data/withheld.jsonl is not in its one spelling",
    WithheldOrder = "withheld-order", Counts, Integrity, MAKER: "data/withheld.jsonl is not sorted",
    WithheldEarly = "withheld-early", Counts, Integrity, MAKER: "a row was withheld that was not yet due at the time of the seal",
    HoldSetMalformed = "hold-set-malformed", Counts, Integrity, MAKER: "a line of data/policy/hold-sets.jsonl is not in its one spelling",
    HoldSetDiffers = "hold-set-differs", Counts, Integrity, OTHER_COPY: "the name of a set of holds is not the one that its holds make",
    HoldSetOrder = "hold-set-order", Counts, Integrity, MAKER: "data/policy/hold-sets.jsonl is not sorted, or repeats a set",
    HoldSetMissing = "hold-set-missing", Counts, Integrity, OTHER_COPY: "records name a set of holds that is not in data/policy/hold-sets.jsonl",
    HoldSetUnused = "hold-set-unused", Counts, Integrity, MAKER: "data/policy/hold-sets.jsonl holds a set that no record names, or nothing",
    CustodyMalformed = "custody-malformed", Counts, Integrity, MAKER: "a line of data/custody.jsonl is not a JSON object",

    SummaryMalformed = "summary-malformed", Completeness, Integrity, MAKER: "data/report/summary.json is not in its one spelling",
    SummaryDiffers = "summary-differs", Completeness, Integrity, MAKER: "data/report/summary.json counts other things than the archive holds",
    SummaryTextDiffers = "summary-text-differs", Completeness, Integrity, MAKER: "data/report/summary.txt does not say what summary.json says",
    EquationBroken = "equation-broken", Completeness, Integrity, MAKER: "rows in the source are not accounted for: the equation of a kind does not hold",

    ChainGap = "chain-gap", Chain, Chain, COLLECT: "an archive names a previous one that was not given",
    ChainFork = "chain-fork", Chain, Chain, HISTORIES: "two archives name the same previous one",
    ChainBackwards = "chain-backwards", Chain, Chain, HISTORIES: "an archive is older, or has a lower number, than the one it follows",

    LedgerUntrusted = "ledger-untrusted", Trust, Trust, SIGNERS: "the first key of the ledger is not one that may sign statements",
    SignerCompromised = "signer-compromised", Trust, Trust, NEVER: "the ledger states that the key had fallen into other hands by then",
    WitnessesMissing = "witnesses-missing", Trust, Trust, WITNESSES: "no checkpoint is cosigned by as many witnesses as the policy wants",
    CosignatureInvalid = "cosignature-invalid", Chain, Chain, OTHER_LEDGER: "a cosignature does not verify with the key of its witness",
    ArchiveMissing = "archive-missing", Chain, Chain, COLLECT: "the ledger holds a seal whose archive was not given",
    ArchiveReplaced = "archive-replaced", Chain, Chain, HISTORIES: "the archive has the number of another seal in the ledger",
    ArchiveUnknown = "archive-unknown", Chain, Chain, HISTORIES: "the archive names the ledger, but the ledger does not hold its seal",
    ArchiveRepeated = "archive-repeated", Chain, Chain, COLLECT: "two files are the same archive",
    ListDiffers = "list-differs", Chain, Chain, OTHER_LEDGER: "archives.sha256 does not list the archive with the digest that it has",
    HeadUnknown = "head-unknown", Chain, Chain, REMEMBERED: "no state of the ledger has the expected head: it was rolled back or rewritten",
    LedgerRollback = "ledger-rollback", Chain, Chain, REMEMBERED: "the ledger is shorter than it was when it was last seen",
    LedgerFork = "ledger-fork", Chain, Chain, REMEMBERED: "the ledger holds other statements than it did when it was last seen",
    LedgerStale = "ledger-stale", Chain, Chain, RUN: "nothing was sealed into the ledger for longer than allowed",
}

impl Code {
    /// Every code, in the order of the checks.
    pub fn all() -> impl Iterator<Item = Self> {
        let flaws = Flaw::ALL.iter().copied().map(Self::Zip);
        flaws.chain(Self::OTHERS.iter().copied()).chain(LedgerFlaw::ALL.iter().copied().map(Self::Ledger))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_explained() {
        let mut seen = BTreeSet::new();
        for code in Code::all() {
            let name = code.code();
            assert!(seen.insert(name), "{name}");
            assert!(crate::archive::exceptions::is_class(name), "{name}");
            assert!(!code.meaning().ends_with('.') && !code.next_step().is_empty(), "{name}");
        }
    }

    #[test]
    fn layers_and_classes_agree() {
        for code in Code::all() {
            let chain = code.layer() == Layer::Chain;
            assert_eq!(chain, code.class() == Class::Chain, "{}", code.code());
            assert!(code.layer() != Layer::Trust || code.class() == Class::Trust, "{}", code.code());
        }
    }
}
