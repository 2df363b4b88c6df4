//! The forms of a production, and the one place where a word becomes what makes it.

use super::transcript;
use super::vendor::{self, Vendor};
use super::{
    Files, Folder, ProduceError, Replaced, Tallies, Work, Zone, concordance, csv_records, eml, jsonl, markdown,
    parquet, rsmf, timesketch,
};

/// A form of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What Mattermost's own compliance export writes.
    Vendor(Vendor),
    /// Pages for people, with search.
    Html,
    /// The record lines as sealed.
    Jsonl,
    /// A table for each kind.
    CsvRecords,
    /// Events for Timesketch and plaso.
    Timesketch,
    /// A mail for each conversation and day.
    Eml,
    /// A document for each month, for reports and wikis.
    Markdown,
    /// A Concordance load file with texts and natives.
    Concordance,
    /// Relativity's short message format.
    Rsmf,
    /// Typed tables for analysis.
    Parquet,
}

impl Form {
    /// Every form, in the order in which they are listed.
    pub const ALL: [Self; 12] = [
        Self::Html,
        Self::Vendor(Vendor::Csv),
        Self::Vendor(Vendor::Actiance),
        Self::Vendor(Vendor::GlobalRelay),
        Self::Jsonl,
        Self::CsvRecords,
        Self::Timesketch,
        Self::Eml,
        Self::Markdown,
        Self::Concordance,
        Self::Rsmf,
        Self::Parquet,
    ];

    /// The word after `--format`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Vendor(Vendor::Csv) => "csv",
            Self::Vendor(Vendor::Actiance) => "actiance",
            Self::Vendor(Vendor::GlobalRelay) => "global-relay",
            Self::Jsonl => "jsonl",
            Self::CsvRecords => "csv-records",
            Self::Timesketch => "timesketch",
            Self::Eml => "eml",
            Self::Markdown => "markdown",
            Self::Concordance => "concordance",
            Self::Rsmf => "rsmf",
            Self::Parquet => "parquet",
        }
    }

    /// What it is, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Html => "a transcript that opens from disk in any browser, with search",
            Self::Vendor(Vendor::Csv) => "Mattermost's own compliance export, CSV",
            Self::Vendor(Vendor::Actiance) => "Mattermost's own compliance export, Actiance XML (Smarsh Vantage)",
            Self::Vendor(Vendor::GlobalRelay) => "Mattermost's own compliance export, Global Relay mail (Proofpoint)",
            Self::Jsonl => "the record lines as sealed, a file for each kind",
            Self::CsvRecords => "a table for each kind, for spreadsheets and databases",
            Self::Timesketch => "events in the order of the archive, for Timesketch and plaso",
            Self::Eml => "a mail for each conversation and day",
            Self::Markdown => "a document for each month, for reports and wikis",
            Self::Concordance => "a Concordance load file with texts and natives, for review platforms",
            Self::Rsmf => "Relativity's short message format 2.0, a file for each conversation and day",
            Self::Parquet => "a typed table for each kind, for DuckDB, pandas, Spark and Trino",
        }
    }

    /// The form of a word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

/// What only some forms ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Posts in a batch of the vendor's forms; at least 1.
    pub batch_size: usize,
    /// Whether what was written is held against the rules of the form, where that can be done.
    pub is_checked: bool,
    /// Zone in which a transcript shows times, beside UTC.
    pub zone: Zone,
    /// Most bytes of a file of `rsmf`; a larger one is listed, and not held against the rules. [`rsmf::LARGEST`] is what
    /// platforms take.
    pub largest_rsmf: u64,
}

/// What was made, in numbers for people and papers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// What was counted, in the order in which it is shown.
    pub counts: Vec<(&'static str, u64)>,
    /// What a reader has to know of how it was made.
    pub remarks: Vec<String>,
    /// The posts of the scope, if all of them were seen on the way; whoever needs them counts them otherwise.
    pub posts: Option<Tallies>,
}

/// Makes the production of this form in `folder`.
pub fn make(
    form: Form,
    settings: &Settings,
    work: &Work<'_>,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let files = || Files::read(work.sealed.archive, work.progress);
    match form {
        Form::Html => transcript::make(settings.zone, work, &files()?, folder, replaced),
        Form::Vendor(vendor) => vendor::make(vendor, settings.batch_size, work, &files()?, folder, replaced),
        Form::Jsonl => jsonl::make(work, folder),
        Form::CsvRecords => csv_records::make(work, folder, replaced),
        Form::Timesketch => timesketch::make(work, folder, replaced),
        Form::Eml => eml::make(work, &files()?, folder, replaced),
        Form::Markdown => markdown::make(work, &files()?, folder, replaced),
        Form::Concordance => concordance::make(work, &files()?, folder, replaced),
        Form::Parquet => parquet::make(work, folder),
        Form::Rsmf => rsmf::make(settings, work, &files()?, folder, replaced),
    }
}
