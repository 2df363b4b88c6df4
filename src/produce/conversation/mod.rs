//! What was said in one channel on one UTC day: the unit that reviewers load, and that mails and documents are made of.
//!
//! Posts stand in an archive in the order in which they were written, so a day comes in one piece; it is sorted by
//! channel in memory and handed on before the next begins. Earlier versions of a post have its time and stand with it.
//! A day with very much text, or a conversation with very many posts, comes in several parts.
//!
//! Invariant: every post in the scope is handed on exactly once, as itself or as an earlier version of one; slices come
//! in the order of days, then channels, for any number of threads. Memory: one day of text (at most `MOST_BYTES` and
//! one segment), and for the whole archive its reactions, memberships and files.

mod membership;
mod reactions;
mod text;

pub use membership::{Memberships, Move};
pub use reactions::{Reaction, Reactions};
pub use text::Text;
pub(super) use text::{is_harmful, moment};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::files::Attachment;
use super::labels::Labels;
use super::post::{self, Post, State};
use super::{Files, ProduceError, Work};
use crate::archive::walk::{SegmentText, Walk};
use crate::record::time::{self, Millis};

/// Most posts, versions included, in one part of a conversation: what review platforms recommend.
pub const MOST_POSTS: usize = 10_000;

/// Most bytes of attachments in one part of a conversation, unless a single one has more.
pub const MOST_ATTACHED: u64 = 512 << 20;

/// Most bytes of a day's records that are held before they are handed on.
const MOST_BYTES: usize = 64 << 20;

/// Milliseconds of a day.
const DAY: Millis = 86_400_000;

/// What belongs to posts, for a whole archive.
#[derive(Debug)]
pub struct Belongings<'w> {
    /// Attachments.
    pub files: &'w Files,
    /// Reactions that stand.
    pub reactions: Reactions,
    /// Who was in which channel, and when.
    pub memberships: Memberships,
    /// Names.
    pub labels: Labels<'w>,
}

impl<'w> Belongings<'w> {
    /// Reads them.
    pub fn read(work: &Work<'w>, files: &'w Files) -> Result<Self, ProduceError> {
        let labels = Labels::of(work.directory);
        Ok(Self { files, reactions: Reactions::read(work)?, memberships: Memberships::read(work)?, labels })
    }
}

/// A conversation on a day, or a part of it.
#[derive(Debug)]
pub struct Slice<'s> {
    /// The channel.
    pub channel_id: &'s str,
    /// First millisecond of the day, UTC.
    pub day: Millis,
    /// From 1; more than 1 only where a day comes in several parts.
    pub part: u32,
    /// Its posts, by time and id.
    pub posts: Vec<Told<'s>>,
}

/// A post with what belongs to it.
#[derive(Clone, Debug)]
pub struct Told<'s> {
    /// Its index in the archive.
    pub index: u64,
    /// The post; of one that is gone, the last of its earlier versions.
    pub post: Post<'s>,
    /// Its earlier versions, oldest first.
    pub earlier: Vec<Post<'s>>,
    /// Its attachments.
    pub files: &'s [Attachment],
}

impl Told<'_> {
    /// The id of the post, also where only an earlier version is left.
    pub fn id(&self) -> &str {
        match self.post.state() {
            State::Earlier(of) => of,
            _ => self.post.id,
        }
    }

    /// Whether the post itself is gone.
    pub fn is_gone(&self) -> bool {
        matches!(self.post.state(), State::Earlier(_))
    }
}

impl Slice<'_> {
    /// The day as `2026-11-21`.
    pub fn date(&self) -> String {
        let day = time::format(self.day).unwrap_or_else(|| "0000-00-00".to_owned());
        day.chars().take(10).collect()
    }

    /// The time of its first post.
    pub fn begin(&self) -> Millis {
        self.posts.first().map_or(self.day, |told| told.post.create_at)
    }

    /// The time of its last post.
    pub fn end(&self) -> Millis {
        self.posts.last().map_or(self.day, |told| told.post.create_at)
    }

    /// Ids of those who wrote in it, each once, in order of their first post.
    pub fn authors(&self) -> Vec<&str> {
        let mut authors = Vec::new();
        for told in &self.posts {
            if !authors.contains(&told.post.user_id) {
                authors.push(told.post.user_id);
            }
        }
        authors
    }

    /// Ids of those who were there: authors, and members when it began, sorted.
    pub fn participants(&self, belongings: &Belongings<'_>, work: &Work<'_>) -> Vec<String> {
        let mut all: Vec<String> = belongings.memberships.at(self.channel_id, self.begin(), work.directory);
        all.extend(self.authors().into_iter().map(str::to_owned));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Records of a day, in archive order.
#[derive(Default)]
struct Day {
    number: Option<i64>,
    bytes: Vec<u8>,
    /// Index, start and end of each line.
    lines: Vec<(u64, usize, usize)>,
    /// Part of the day that comes next.
    part: u32,
}

/// Records of one segment that the scope admits, with the day of each.
#[derive(Default)]
struct Admitted {
    bytes: Vec<u8>,
    lines: Vec<(u64, i64, usize, usize)>,
}

/// Goes through all conversations in the scope: `render` makes something of each, on all threads; `next` is handed that
/// in order.
pub fn for_each_slice<T: Send>(
    work: &Work<'_>,
    belongings: &Belongings<'_>,
    render: impl Fn(&Slice<'_>) -> T + Sync,
    mut next: impl FnMut(T) -> Result<(), ProduceError>,
) -> Result<(), ProduceError> {
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == post::KIND);
    work.progress.phase("producing");
    work.progress.expect(walk.bytes());
    let mut day = Day::default();
    walk.for_each_segment(
        |segment| admitted(work, segment),
        |found: Admitted| {
            for (index, of, start, end) in found.lines {
                if day.number != Some(of) {
                    day.hand_on(belongings, &render, &mut next)?;
                    (day.number, day.part) = (Some(of), 1);
                } else if day.bytes.len() > MOST_BYTES {
                    day.hand_on(belongings, &render, &mut next)?;
                    day.part += 1;
                }
                day.push(index, found.bytes.get(start..end).unwrap_or_default());
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    day.hand_on(belongings, &render, &mut next)
}

fn admitted(work: &Work<'_>, segment: SegmentText<'_>) -> Admitted {
    let mut found = Admitted::default();
    for (index, line) in segment.lines() {
        let post = Post::read(line);
        if work.scope.admits(&post, work.directory) {
            let start = found.bytes.len();
            found.bytes.extend_from_slice(line);
            found.lines.push((index, post.create_at.div_euclid(DAY), start, found.bytes.len()));
        }
    }
    found
}

impl Day {
    fn push(&mut self, index: u64, line: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(line);
        self.lines.push((index, start, self.bytes.len()));
    }

    fn hand_on<T: Send>(
        &mut self,
        belongings: &Belongings<'_>,
        render: &(impl Fn(&Slice<'_>) -> T + Sync),
        next: &mut impl FnMut(T) -> Result<(), ProduceError>,
    ) -> Result<(), ProduceError> {
        let bytes = &self.bytes;
        let line = |(index, start, end): &(u64, usize, usize)| (*index, bytes.get(*start..*end).unwrap_or_default());
        let mut posts: Vec<(u64, Post<'_>)> =
            self.lines.iter().map(line).map(|(index, line)| (index, Post::read(line))).collect();
        posts.sort_by(|(_, a), (_, b)| (a.channel_id, a.create_at, a.id).cmp(&(b.channel_id, b.create_at, b.id)));
        let begin = self.number.unwrap_or_default().saturating_mul(DAY);
        let mut slices = Vec::new();
        for channel in posts.chunk_by(|(_, a), (_, b)| a.channel_id == b.channel_id) {
            cut(&mut slices, told(channel, belongings.files), begin, self.part);
        }
        // Rendered a few at a time, because what is made of them may be much longer.
        for few in slices.chunks(64) {
            for rendered in few.par_iter().map(render).collect::<Vec<T>>() {
                next(rendered)?;
            }
        }
        self.bytes.clear();
        self.lines.clear();
        Ok(())
    }
}

/// Puts earlier versions with their posts.
fn told<'s>(rows: &[(u64, Post<'s>)], files: &'s Files) -> Vec<Told<'s>> {
    let mut all: Vec<Told<'s>> = Vec::with_capacity(rows.len());
    let mut earlier: Vec<(u64, Post<'s>)> = Vec::new();
    for (index, post) in rows {
        match post.state() {
            State::Earlier(_) => earlier.push((*index, *post)),
            _ => all.push(Told { index: *index, post: *post, earlier: Vec::new(), files: files.of(post.id) }),
        }
    }
    if earlier.is_empty() {
        return all;
    }
    let place: std::collections::HashMap<&str, usize> =
        all.iter().enumerate().map(|(place, told)| (told.post.id, place)).collect();
    let mut gone: Vec<(u64, Post<'s>)> = Vec::new();
    for (index, version) in earlier {
        match place.get(version.original_id).and_then(|place| all.get_mut(*place)) {
            Some(told) => told.earlier.push(version),
            None => gone.push((index, version)),
        }
    }
    for told in &mut all {
        told.earlier.sort_by_key(|version| (version.edit_at, version.delete_at));
    }
    gone.sort_by_key(|(_, version)| (version.original_id, version.edit_at, version.delete_at));
    for versions in gone.chunk_by(|(_, a), (_, b)| a.original_id == b.original_id) {
        if let Some(((index, last), before)) = versions.split_last() {
            let earlier = before.iter().map(|(_, version)| *version).collect();
            all.push(Told { index: *index, post: *last, earlier, files: files.of(last.original_id) });
        }
    }
    all.sort_by(|a, b| (a.post.create_at, a.id()).cmp(&(b.post.create_at, b.id())));
    all
}

/// Cuts a conversation into parts that are not too large.
fn cut<'s>(slices: &mut Vec<Slice<'s>>, posts: Vec<Told<'s>>, day: Millis, first_part: u32) {
    let (mut open, mut rows, mut attached, mut part) = (Vec::new(), 0, 0_u64, first_part);
    for told in posts {
        let own_rows = 1 + told.earlier.len();
        let own_bytes = told.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
        let is_full = rows + own_rows > MOST_POSTS || attached.saturating_add(own_bytes) > MOST_ATTACHED;
        if is_full && !open.is_empty() {
            push(slices, std::mem::take(&mut open), day, part);
            (rows, attached, part) = (0, 0, part + 1);
        }
        rows += own_rows;
        attached = attached.saturating_add(own_bytes);
        open.push(told);
    }
    push(slices, open, day, part);
}

fn push<'s>(slices: &mut Vec<Slice<'s>>, posts: Vec<Told<'s>>, day: Millis, part: u32) {
    if let Some(first) = posts.first() {
        slices.push(Slice { channel_id: first.post.channel_id, day, part, posts });
    }
}
