//! All events of an archive that are in a scope, part by part: the one way in which timelines, figures and Timesketch
//! read them.
//!
//! Invariant: an event is handed on if its record belongs to the scope ([`Wanted`]) and, where a window was asked for, if
//! the event itself lies in it. Parts come in the order of the archive, whatever the number of threads; who wants another
//! order sorts.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, digest};

use super::because;
use super::event::Event;
use super::tell::{self, Teller};
use super::{holds, run::Runs};
use crate::archive::walk::Walk;
use crate::produce::labels::Labels;
use crate::produce::post::{self, Post};
use crate::produce::wanted::Wanted;
use crate::produce::{ProduceError, Tallies, Work};
use crate::record::id::hex;
use crate::record::time::Window;

/// The record that an event is told from.
#[derive(Debug)]
pub struct Record<'l> {
    /// Its place in the archive; nothing for what stands outside of the records, such as a file of holds.
    pub index: Option<u64>,
    /// Its line, or the bytes of the file.
    line: &'l [u8],
    hash: OnceCell<String>,
}

impl<'l> Record<'l> {
    fn new(index: Option<u64>, line: &'l [u8]) -> Self {
        Self { index, line, hash: OnceCell::new() }
    }

    /// Why it is in the scope of an incident; none outside of one.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        because::reasons(self.line)
    }

    /// SHA-256 of its line, or of the file, in hexadecimal digits.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| hex(digest(&SHA256, self.line).as_ref()))
    }
}

/// Everything that happened, as far as it is wanted.
#[derive(Debug)]
pub struct Story<'a> {
    work: Work<'a>,
    teller: Teller<'a>,
    wanted: Wanted<'a>,
    is_within: bool,
    /// Beyond this window nothing is told that only describes others.
    around: Option<Window>,
    left_out: AtomicU64,
}

impl<'a> Story<'a> {
    /// Prepares to tell what is in the scope of `work`.
    pub fn read(work: Work<'a>, labels: &'a Labels<'a>, runs: &'a Runs) -> Result<Self, ProduceError> {
        let teller = Teller::read(work.sealed.archive, work.directory, labels, runs, work.progress)?;
        Ok(Self {
            work,
            teller,
            wanted: Wanted::find(work)?,
            is_within: false,
            around: None,
            left_out: AtomicU64::new(0),
        })
    }

    /// Only events that lie in the window of the scope themselves. Of an incident's archive, unless a window was asked for,
    /// also without what only describes others and happened before or after the archive's own window: that an account was
    /// made, years ago.
    #[must_use]
    pub fn within_window(mut self) -> Self {
        self.is_within = true;
        let is_incident = self.work.sealed.source["incident"].is_object();
        let sealed = self.work.sealed.seal.window;
        self.around =
            Some(sealed).filter(|window| is_incident && !window.is_open() && self.work.scope.window().is_open());
        self
    }

    /// How many events were left out because they only describe others; once all parts were handed on.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Hands each event to `each`, which adds it to a part, and each part to `next`, in the order of the archive; what
    /// holds say comes last. Returns the posts of the scope.
    pub fn for_each_part<T: Default + Send>(
        &self,
        each: impl Fn(&mut T, &Record<'_>, &Event<'_>) + Sync,
        mut next: impl FnMut(T) -> Result<(), ProduceError>,
    ) -> Result<Tallies, ProduceError> {
        let (archive, window) = (self.work.sealed.archive, self.work.scope.window());
        let is_wanted = |event: &Event<'_>| !self.is_within || window.contains(event.at);
        let walk = Walk::new(archive, self.work.progress)?.kinds(tell::is_event);
        self.work.progress.phase("producing");
        self.work.progress.expect(walk.bytes());
        let mut posts = Tallies::default();
        walk.for_each_segment(
            |segment| {
                let (kind, mut part, mut posts) = (segment.kind(), T::default(), Tallies::default());
                for (index, line) in segment.lines().filter(|(_, line)| self.wanted.admits(kind, line)) {
                    let record = Record::new(Some(index), line);
                    let beside = self.around.filter(|_| because::only_describes(kind, line));
                    let tell = |event: Event<'_>| {
                        if beside.is_some_and(|around| !around.contains(event.at)) {
                            self.left_out.fetch_add(1, Ordering::Relaxed);
                        } else if is_wanted(&event) {
                            each(&mut part, &record, &event);
                        }
                    };
                    if kind == post::KIND {
                        let post = Post::read(line);
                        posts.see(&self.work, &post);
                        self.teller.tell_post(&post, tell);
                    } else {
                        self.teller.tell(kind, line, tell);
                    }
                }
                (part, posts)
            },
            |(part, seen)| {
                posts.merge(seen);
                next(part)
            },
        )?;
        let mut part = T::default();
        for file in holds::read(archive)? {
            let record = Record::new(None, &file.bytes);
            for event in file.events().filter(is_wanted) {
                each(&mut part, &record, &event);
            }
        }
        next(part)?;
        Ok(posts)
    }
}
