//! Which posts the job takes, and their order: by `update_at`, then id, over the whole job.
//!
//! The vendor walks a cursor over an index; an archive holds posts by the time when they were written. So all posts of
//! the window are sorted outside of memory first.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::job;
use crate::archive::walk::{SegmentText, Walk};
use crate::produce::post::{self, Post};
use crate::produce::{Folder, ProduceError, Tallies, Work};
use crate::record::time::Millis;
use crate::sort::{ARENA_BYTES, Sorter};

/// How lines of posts begin, up to their id.
static HEADS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![br#"{"kind":"post","id":""#.to_vec()]);

/// The posts of the job.
pub(super) struct Selected {
    /// Their lines, by `update_at` and id.
    pub(super) sorters: Vec<Sorter>,
    /// How many.
    pub(super) posts: u64,
    /// Posts of the scope that the server wrote itself, which the vendor leaves out.
    pub(super) by_server: u64,
    /// Posts of the scope that changed again after the window.
    pub(super) changed_later: u64,
    /// Bytes of their lines.
    pub(super) bytes: u64,
    /// The channels that they are in.
    pub(super) channels: BTreeSet<Box<str>>,
    /// The earliest time at which one was written or changed.
    pub(super) first: Option<Millis>,
    /// The latest time at which one was changed.
    pub(super) last: Option<Millis>,
    /// All posts of the scope, whether they are of the job or not.
    pub(super) tallies: Tallies,
}

/// What one segment adds.
#[derive(Default)]
struct Found {
    posts: u64,
    by_server: u64,
    changed_later: u64,
    bytes: u64,
    channels: HashSet<Box<str>>,
    first: Option<Millis>,
    last: Option<Millis>,
    tallies: Tallies,
}

/// Selects the posts of the window and scope, without those that the server wrote itself.
pub(super) fn posts(work: &Work<'_>, folder: &Folder) -> Result<Selected, ProduceError> {
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == post::KIND);
    work.progress.phase("reading");
    work.progress.expect(walk.bytes());
    let pool: Mutex<Vec<Sorter>> = Mutex::default();
    let mut all = Found::default();
    walk.for_each_segment(
        |segment| {
            let taken = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut sorter = taken.unwrap_or_else(|| Sorter::new(ARENA_BYTES).beginning_with(&HEADS));
            let found = take(work, segment, &mut sorter, folder);
            pool.lock().unwrap_or_else(PoisonError::into_inner).push(sorter);
            found
        },
        |found| {
            all.add(found.map_err(|error| folder.temporary_failed(error))?);
            Ok::<_, ProduceError>(())
        },
    )?;
    let Found { posts, by_server, changed_later, bytes, channels, first, last, tallies } = all;
    let sorters = pool.into_inner().unwrap_or_else(PoisonError::into_inner);
    let channels = channels.into_iter().collect();
    Ok(Selected { sorters, posts, by_server, changed_later, bytes, channels, first, last, tallies })
}

fn take(work: &Work<'_>, segment: SegmentText<'_>, sorter: &mut Sorter, folder: &Folder) -> io::Result<Found> {
    let (window, mut found) = (job::window(work), Found::default());
    for (_, line) in segment.lines() {
        let post = Post::read(line);
        found.tallies.see(work, &post);
        if !work.scope.admits_user(post.user_id) || !work.scope.admits_channel(post.channel_id, work.directory) {
            continue;
        }
        let is_of_job = window.contains(post.update_at);
        if post.is_system() || !is_of_job {
            let is_missed = is_of_job || work.scope.admits(&post, work.directory);
            found.by_server += u64::from(post.is_system() && is_missed);
            found.changed_later += u64::from(!post.is_system() && is_missed);
            continue;
        }
        found.posts += 1;
        found.bytes = found.bytes.saturating_add(line.len() as u64);
        let first = post.create_at.min(post.update_at);
        found.first = Some(found.first.map_or(first, |known| known.min(first)));
        found.last = Some(found.last.map_or(post.update_at, |known| known.max(post.update_at)));
        if !found.channels.contains(post.channel_id) {
            found.channels.insert(post.channel_id.into());
        }
        sorter.push(0, post.update_at, 0, |out| out.extend_from_slice(line));
        sorter.settle(folder.temporary())?;
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, other: Self) {
        self.posts = self.posts.saturating_add(other.posts);
        self.by_server = self.by_server.saturating_add(other.by_server);
        self.changed_later = self.changed_later.saturating_add(other.changed_later);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.channels.extend(other.channels);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.tallies.merge(other.tallies);
    }
}
