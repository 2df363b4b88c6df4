//! The forms of a production, and the one place where a word becomes what makes it.

use super::transcript::{self, Zone};
use super::vendor::{self, Vendor};
use super::{Files, Folder, ProduceError, Replaced, Work};

/// A form of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What Mattermost's own compliance export writes.
    Vendor(Vendor),
    /// Pages for people, with search.
    Html,
}

impl Form {
    /// Every form, in the order in which they are listed.
    pub const ALL: [Self; 4] =
        [Self::Html, Self::Vendor(Vendor::Csv), Self::Vendor(Vendor::Actiance), Self::Vendor(Vendor::GlobalRelay)];

    /// The word after `--format`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Vendor(Vendor::Csv) => "csv",
            Self::Vendor(Vendor::Actiance) => "actiance",
            Self::Vendor(Vendor::GlobalRelay) => "global-relay",
        }
    }

    /// What it is, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Html => "a transcript that opens from disk in any browser, with search",
            Self::Vendor(Vendor::Csv) => "Mattermost's own compliance export, CSV",
            Self::Vendor(Vendor::Actiance) => "Mattermost's own compliance export, Actiance XML (Smarsh Vantage)",
            Self::Vendor(Vendor::GlobalRelay) => "Mattermost's own compliance export, Global Relay mail (Proofpoint)",
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
    /// Zone in which a transcript shows times, beside UTC.
    pub zone: Zone,
}

/// What was made, in numbers for people and papers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// What was counted, in the order in which it is shown.
    pub counts: Vec<(&'static str, u64)>,
    /// What a reader has to know of how it was made.
    pub remarks: Vec<String>,
}

/// Makes the production of this form in `folder`.
pub fn make(
    form: Form,
    settings: &Settings,
    work: &Work<'_>,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let files = Files::read(work.sealed.archive, work.progress)?;
    match form {
        Form::Html => transcript::make(settings.zone, work, &files, folder, replaced),
        Form::Vendor(vendor) => vendor::make(vendor, settings.batch_size, work, &files, folder, replaced),
    }
}
