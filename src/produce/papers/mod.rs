//! The papers of a production: what it is, what it rests on, what is missing, and how to check it.
//!
//! ```text
//! papers/summary.txt .json .html    what was produced from which seal; the equation of completeness; counts
//! papers/exceptions.csv             every gap of the archive, and everything that this form says in another way
//! papers/custody-form.html          to be printed; lines for signatures by hand
//! papers/certificate-draft.html     a draft for counsel, unsigned (FRE 902(14))
//! papers/verify.txt                 how to check it, also without this program
//! manifest-sha256.txt               SHA-256 of every file, for `sha256sum -c`; signed on request
//! ```
//!
//! Invariant: numbers come from the seal, from what verification established, and from the records that are in
//! the scope, each counted once; nothing is claimed that was not looked at, and what was not checked is said. The manifest lists every
//! other file. No paper fetches anything, and no text of people is markup in it.

mod counted;
mod exceptions;
mod legal;
pub(super) mod page;
pub(super) mod summary;

use crate::produce::replaced::Replaced;
use crate::produce::{Folder, Made, ProduceError, Work};
use crate::record::id::hex;
use summary::Summary;
pub use summary::not_described;

/// Namespace of signatures over manifests.
pub const NAMESPACE: &str = "production@chatseal.v1";

/// The manifest.
pub const MANIFEST: &str = "manifest-sha256.txt";

/// What a production is, as far as its papers have to know.
#[derive(Clone, Copy, Debug)]
pub struct Production<'p> {
    /// What it was made from.
    pub work: &'p Work<'p>,
    /// What was made: the word for its form.
    pub form: &'p str,
    /// What that is, in a few words.
    pub meaning: &'p str,
    /// The command that made it, and what it was told beside archive, time and folder: `produce`, `--format html`.
    pub command: [&'p str; 2],
    /// What was made.
    pub made: &'p Made,
    /// The program that made it, with its version.
    pub program: &'p str,
}

/// Writes the papers into the folder, behind everything else, and returns the manifest, for it to be signed.
/// `is_signed` says whether it will be.
pub fn write(
    production: &Production<'_>,
    replaced: &mut Replaced,
    folder: &Folder,
    is_signed: bool,
) -> Result<String, ProduceError> {
    let produced = folder.written();
    let summary = Summary::gather(production, replaced, &produced)?;
    exceptions::write(production.work, replaced, folder)?;
    folder.write("papers/summary.json", summary.json().as_bytes())?;
    folder.write("papers/summary.txt", summary.text().as_bytes())?;
    folder.write("papers/summary.html", summary.html().as_bytes())?;
    folder.write("papers/custody-form.html", legal::custody_form(&summary).as_bytes())?;
    folder.write("papers/certificate-draft.html", legal::certificate(&summary).as_bytes())?;
    folder.write("papers/verify.txt", legal::instructions(&summary, is_signed).as_bytes())?;
    let lines = folder.written().into_iter().map(|file| format!("{}  {}\n", hex(&file.sha256), file.path));
    let manifest: String = lines.collect();
    folder.write(MANIFEST, manifest.as_bytes())?;
    Ok(manifest)
}
