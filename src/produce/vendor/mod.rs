//! What Mattermost's own compliance export (10.5 and later) would have written for the same data and time.
//!
//! ```text
//!  post segments ──▶ select ──▶ sorted by (update_at, id) ──▶ batches ──▶ conversations ──▶ CSV, XML or mail in a zip
//!   in parallel       cursor      outside of memory           in order      in parallel         batchNNN-START-END.zip
//! ```
//!
//! Why: archives and review platforms take these forms in already. Columns, members, order and classification are the
//! vendor's; where its order is random, ours is by channel id; its known defects are not imitated but listed in
//! chatseal-productions(5).
//!
//! Invariant: every post of the job stands in exactly one batch. Memory grows with the number of threads, the size of a
//! batch and the directory. It refuses to take a name from data for a path: members of the zips are made safe.

mod actiance;
mod batch;
mod conversation;
mod csv;
mod events;
mod job;
mod members;
mod metadata;
mod package;
mod relay;
mod select;
mod side_by_side;

use super::form::Made;
use super::replaced::Replacement;
use super::{Files, Folder, ProduceError, Replaced, Work};
use batch::{Batch, Batches};
use conversation::{Told, Totals};
use job::Job;
use members::{History, Members};
use metadata::Running;
use package::Package;

/// Which of the vendor's forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// `posts.csv`, attachments, `metadata.json`.
    Csv,
    /// `actiance_export.xml`, attachments.
    Actiance,
    /// A mail for each channel.
    GlobalRelay,
}

/// All that making a batch needs.
#[derive(Clone, Copy)]
struct Making<'a> {
    vendor: Vendor,
    work: &'a Work<'a>,
    files: &'a Files,
    job: &'a Job,
    members: &'a Members<'a>,
    /// What the CSV says of each of [`Members::people`] who was there before a batch; nothing for the other forms.
    standing: &'a [csv::Standing],
    folder: &'a Folder,
}

/// A batch that is complete but for what depends on those before it.
struct Part<'a> {
    batch: batch::Span,
    package: Package<'a>,
    counts: conversation::Counts,
    totals: Totals,
    replaced: Vec<Replacement>,
}

/// Makes all batches.
pub(super) fn make(
    vendor: Vendor,
    batch_size: usize,
    work: &Work<'_>,
    files: &Files,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let selected = select::posts(work, folder)?;
    let history = History::read(work)?;
    let job = Job::new(work, &selected, &history);
    let members = Members::new(work, &job, history)?;
    let remarks = remarks(&job, &members, &selected);
    let mut running = Running::new(work.directory, &job);
    let mut totals = Totals::of(selected.posts);
    work.progress.phase("producing");
    work.progress.expect(selected.bytes);
    let mut batches =
        Batches::new(selected.sorters, batch_size, &job).map_err(|error| folder.temporary_failed(error))?;
    let standing = if vendor == Vendor::Csv { csv::standing(&members.people) } else { Vec::new() };
    let making = Making { vendor, work, files, job: &job, members: &members, standing: &standing, folder };
    side_by_side::run(
        || Ok(batches.next().map_err(|error| folder.temporary_failed(error))?),
        |batch| making.part(&batch),
        |part: Part<'_>| {
            totals.add(&part.totals);
            for replacement in &part.replaced {
                replaced.push(replacement).map_err(|error| folder.temporary_failed(error))?;
            }
            let mut package = part.package;
            if vendor == Vendor::Csv {
                package.member("metadata.json", running.after(&part.batch, &part.counts).as_bytes())?;
            }
            package.finish()
        },
    )?;
    Ok(Made { counts: totals.counts(), remarks, posts: Some(selected.tallies) })
}

impl<'a> Making<'a> {
    /// Makes one batch.
    fn part(self, batch: &Batch) -> Result<Part<'a>, ProduceError> {
        self.work.progress.check()?;
        let told = Told::new(&self, batch);
        let span = batch.span;
        let mut package = Package::begin(self.folder, &span.file_name())?;
        let mut replaced = Vec::new();
        match self.vendor {
            Vendor::Csv => csv::write(&self, &told, &mut package, &mut replaced)?,
            Vendor::Actiance => actiance::write(&self, &told, &mut package, &mut replaced)?,
            Vendor::GlobalRelay => relay::write(&self, &told, relay::LIMIT, &mut package, &mut replaced)?,
        }
        let (counts, totals) = (told.counts(), told.totals(&replaced));
        self.work.progress.add(batch.bytes());
        Ok(Part { batch: span, package, counts, totals, replaced })
    }
}

/// What a reader has to know of how it was made.
fn remarks(job: &Job, members: &Members<'_>, selected: &select::Selected) -> Vec<String> {
    let mut remarks = vec![job.words()];
    if selected.by_server > 0 {
        let posts = selected.by_server;
        remarks.push(format!("left out, as the vendor does: posts that the server itself wrote (system_…): {posts}"));
    }
    if selected.changed_later > 0 {
        remarks.push(format!(
            "left out, because they changed again after the job and belong to a later one of the vendor's: posts of the \
             window: {}",
            selected.changed_later
        ));
    }
    if members.are_current {
        remarks.push(
            "the archive holds no membership history from before the window, so current members are listed as members \
             during all of it, as the vendor does"
                .to_owned(),
        );
    }
    if selected.posts == 0 {
        remarks
            .push("no posts changed in the window; the vendor writes no batch then, and neither does this".to_owned());
    }
    remarks
}
