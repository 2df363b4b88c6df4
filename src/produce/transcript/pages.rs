//! The pages of all channels: bundles in order become pages, and pages become files and entries of the index.
//!
//! Three things run side by side, each one batch ahead of the next: reading bundles, drawing pages on all threads, and
//! taking drawn pages into the index in order. So memory holds a few batches, and the result does not depend on how
//! many threads there are.

use std::fmt::Write as _;

use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::audience::{Audience, Audiences};
use super::bundle::Bundle;
use super::frame::{self, Depth, Origin};
use super::naming::{Channel, Naming};
use super::post::{self, Setting};
use super::search::{Index, PageIndex};
use super::stored::Stored;
use super::{escape, inline, markdown};
use crate::produce::files::Attachment;
use crate::produce::replaced::Replacement;
use crate::produce::spool::{Row, Sorted};
use crate::produce::{Files, Folder, ProduceError, Replaced, Work};
use crate::record::time::Millis;

/// Posts of a page, if a thread ends there; and in any case.
const POSTS: (usize, usize) = (200, 400);

/// Bytes of the records of a page, likewise. As HTML they are two to three times as many.
const BYTES: (usize, usize) = (256 << 10, 640 << 10);

/// What pages are made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) folder: &'a Folder,
    pub(super) naming: &'a Naming,
    pub(super) files: &'a Files,
    pub(super) stored: &'a Stored<'a>,
    pub(super) audiences: &'a Audiences,
    pub(super) origin: &'a Origin,
}

/// A page that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Rank of its channel.
    pub(super) channel: usize,
    /// Counted from 1 in its channel.
    pub(super) number: usize,
    pub(super) posts: usize,
    /// Earliest and latest time of its posts.
    pub(super) first: Millis,
    pub(super) last: Millis,
}

/// A page to be drawn.
#[derive(Debug)]
struct Job {
    channel: usize,
    number: usize,
    bundles: Vec<u8>,
    ends: Vec<usize>,
    /// The page on which the thread began in which this page begins.
    continues: Option<usize>,
    has_next: bool,
    audience: Arc<Audience>,
}

/// A page that was drawn and written, for the index.
struct Drawn {
    written: Written,
    index: PageIndex,
    /// Number of the author of each post.
    authors: Vec<usize>,
    /// Attachments whose bytes are not in the archive.
    missing: Vec<Replacement>,
}

/// Writes all pages of channels with posts and returns them in order, with the number of posts of each person.
pub(super) fn write(
    making: &Making<'_>,
    bundles: Sorted,
    index: &mut Index<'_>,
    replaced: &mut Replaced,
) -> Result<(Vec<Written>, Vec<u64>), ProduceError> {
    let mut reader = Reader { making, bundles, open: None };
    let (mut pages, mut by_person) = (Vec::new(), vec![0_u64; making.naming.people().len()]);
    let mut jobs = reader.batch()?;
    let mut drawn: Vec<Drawn> = Vec::new();
    while !jobs.is_empty() || !drawn.is_empty() {
        making.work.progress.check()?;
        let take = || {
            for Drawn { written, index: page, authors, missing } in drawn {
                index.add(&page)?;
                for replacement in &missing {
                    let listed = replaced.push(replacement);
                    listed.map_err(|error| making.folder.temporary_failed(error))?;
                }
                pages.push(written);
                for author in authors {
                    if let Some(count) = by_person.get_mut(author) {
                        *count = count.saturating_add(1);
                    }
                }
            }
            Ok::<_, ProduceError>(())
        };
        let draw = || jobs.into_par_iter().map(|job| draw(making, &job)).collect::<Result<Vec<_>, _>>();
        let (taken, (read, finished)) = rayon::join(take, || rayon::join(|| reader.batch(), draw));
        taken?;
        jobs = read?;
        drawn = finished?;
    }
    Ok((pages, by_person))
}

/// Cuts the stream of bundles into pages.
struct Reader<'a> {
    making: &'a Making<'a>,
    bundles: Sorted,
    open: Option<Open>,
}

/// The page that is being filled.
struct Open {
    job: Job,
    thread: Vec<u8>,
    /// The page on which that thread began.
    began: usize,
}

impl Reader<'_> {
    /// The next pages, a few for each thread; none at the end.
    fn batch(&mut self) -> Result<Vec<Job>, ProduceError> {
        let wanted = rayon::current_num_threads().saturating_mul(4);
        let mut jobs = Vec::with_capacity(wanted);
        let failed = |source| self.making.folder.temporary_failed(source);
        while jobs.len() < wanted {
            let Some(Row { number: channel, payload, .. }) = self.bundles.next().map_err(failed)? else {
                jobs.extend(self.open.take().map(|open| open.job));
                break;
            };
            let channel = usize::try_from(channel).unwrap_or(usize::MAX);
            let thread = Bundle::read(payload).thread.as_bytes();
            let same = self.open.as_ref().is_some_and(|open| open.job.channel == channel);
            let (mut number, mut began, mut continues) = (1, 1, None);
            let mut audience = None;
            if let Some(open) = &mut self.open {
                let goes_on = open.thread == thread;
                let (posts, bytes) = (open.job.ends.len(), open.job.bundles.len());
                let is_full = |limit: (usize, usize), now: usize| now >= if goes_on { limit.1 } else { limit.0 };
                if same && !is_full(POSTS, posts) && !is_full(BYTES, bytes) {
                    if !goes_on {
                        open.thread = thread.to_vec();
                        open.began = open.job.number;
                    }
                    open.job.bundles.extend_from_slice(payload);
                    open.job.ends.push(open.job.bundles.len());
                    continue;
                }
                if same {
                    open.job.has_next = true;
                    number = open.job.number.saturating_add(1);
                    (began, continues) = if goes_on { (open.began, Some(open.began)) } else { (number, None) };
                    audience = Some(Arc::clone(&open.job.audience));
                }
            }
            let audience = audience.unwrap_or_else(|| Arc::new(self.making.audiences.of(channel)));
            let (bundles, ends) = (payload.to_vec(), vec![payload.len()]);
            let job = Job { channel, number, bundles, ends, continues, has_next: false, audience };
            let whole = self.open.replace(Open { job, thread: thread.to_vec(), began });
            jobs.extend(whole.map(|open| open.job));
        }
        Ok(jobs)
    }
}

/// Draws and writes one page.
fn draw(making: &Making<'_>, job: &Job) -> Result<Drawn, ProduceError> {
    let Making { naming, files, stored, origin, .. } = *making;
    let channel = naming.channels().get(job.channel);
    let channel =
        channel.ok_or_else(|| ProduceError::Form(format!("posts of channel {}, which has no name", job.channel)))?;
    let setting = Setting { naming, files, stored, channel, audience: &job.audience, zone: origin.zone };
    let mut out = String::with_capacity(job.bundles.len().saturating_mul(2));
    let mut index = PageIndex::default();
    let (mut authors, mut missing) = (Vec::with_capacity(job.ends.len()), Vec::new());
    open_page(&mut out, making, channel, job);
    let (mut day, mut thread, mut in_thread) = (String::new(), "", false);
    let (mut first, mut last) = (Millis::MAX, Millis::MIN);
    let mut start = 0;
    for (place, end) in job.ends.iter().enumerate() {
        let bundle = Bundle::read(job.bundles.get(start..*end).unwrap_or_default());
        start = *end;
        let Some(post) = bundle.post.as_ref().or(bundle.earlier.last()) else { continue };
        let at = post.create_at;
        (first, last) = (first.min(at), last.max(at));
        missing.extend(files.of(bundle.id).iter().filter(|file| file.content.is_none()).map(not_there));
        authors.push(naming.number(post.user_id).unwrap_or_default());
        if place == 0 && job.continues.is_some() {
            thread = bundle.thread;
        }
        if bundle.thread != thread {
            if std::mem::take(&mut in_thread) {
                out.push_str("</div>\n");
            }
            thread = bundle.thread;
            let (today, name) = origin.zone.day(at);
            if today != day {
                let _ = writeln!(out, "<h2 class=\"day\"><span>{today}</span> {name}</h2>");
                day = today;
            }
        }
        if bundle.is_reply && !std::mem::replace(&mut in_thread, bundle.is_reply) {
            out.push_str("<div class=\"thread\" role=\"group\" aria-label=\"Replies\">\n");
        }
        post::write(&mut out, &mut index, &bundle, &day, &setting)?;
    }
    if in_thread {
        out.push_str("</div>\n");
    }
    steps(&mut out, job, "below");
    out.push_str("</main>\n");
    frame::end(&mut out, origin);
    making.folder.write(&channel.page(job.number), out.as_bytes())?;
    let written = Written { channel: job.channel, number: job.number, posts: index.len(), first, last };
    Ok(Drawn { written, index: index.finish(), authors, missing })
}

/// That the bytes of an attachment are not there.
fn not_there(file: &Attachment) -> Replacement {
    let why = "its bytes are not in the archive; the page says so".to_owned();
    Replacement { kind: "file", id: file.id.to_string(), what: "file-missing", why }
}

fn open_page(out: &mut String, making: &Making<'_>, channel: &Channel, job: &Job) {
    let title = format!("{} · page {}", channel.title, job.number);
    frame::begin(out, making.origin, Depth::Channel, &title, &[]);
    frame::bar(out, making.origin, Depth::Channel, "");
    out.push_str("<main id=\"main\" class=\"channel\">\n");
    head(out, making, channel);
    steps(out, job, "above");
    if let Some(page) = job.continues {
        let id = Bundle::read(&job.bundles).thread;
        out.push_str("<h2 class=\"day\">A thread goes on</h2>\n<p class=\"notice\">It <a href=\"");
        let _ = write!(out, "{page}.html#p-");
        escape::fragment(out, id);
        let _ = writeln!(out, "\">began on page {page}</a>.</p>");
    }
}

/// Appends the head of a channel: its name, what it is, its header and purpose.
pub(super) fn head(out: &mut String, making: &Making<'_>, channel: &Channel) {
    out.push_str("<header class=\"about\">\n<h1 dir=\"auto\">");
    escape::name(out, &channel.title);
    out.push_str("</h1>\n<p class=\"facts\">");
    out.push_str(channel.sort_of_place());
    if !channel.team.is_empty() {
        out.push_str(" · team <bdi>");
        escape::name(out, &channel.team);
        out.push_str("</bdi>");
    }
    if !channel.name.is_empty() && !channel.team_id.is_empty() {
        out.push_str(" · ~<bdi>");
        escape::name(out, &channel.name);
        out.push_str("</bdi>");
    }
    if channel.archived_at > 0 {
        out.push_str(" · archived ");
        post::time(out, channel.archived_at, "", making.origin.zone);
    }
    out.push_str(" · id <code>");
    escape::name(out, &channel.id);
    out.push_str("</code></p>\n");
    let around = inline::Surroundings { naming: making.naming, team: &channel.team_id, top: Some(inline::TOP) };
    for (word, text) in [("Header", &channel.header), ("Purpose", &channel.purpose)] {
        if !text.trim().is_empty() {
            let _ = write!(out, "<p class=\"facts\" dir=\"auto\">{word}: ");
            markdown::write_line(out, text, &around);
            out.push_str("</p>\n");
        }
    }
    out.push_str("</header>\n");
}

/// The way to the pages before and behind.
fn steps(out: &mut String, job: &Job, place: &str) {
    let Job { number, has_next, .. } = job;
    let _ = write!(out, "<nav class=\"steps\" aria-label=\"Pages, {place} the posts\">");
    if let Some(before) = number.checked_sub(1).filter(|before| *before > 0) {
        let _ = write!(out, "<a rel=\"prev\" href=\"{before}.html\">← page {before}</a>");
    }
    let _ = write!(out, "<span>page {number}</span><a href=\"about.html\">all pages and members</a>");
    if *has_next {
        let next = number.saturating_add(1);
        let _ = write!(out, "<a rel=\"next\" href=\"{next}.html\">page {next} →</a>");
    }
    out.push_str("</nav>\n");
}
