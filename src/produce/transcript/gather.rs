//! What belongs to a post, brought together; and posts in the order in which they are read.
//!
//! An archive holds posts in the order of their time, and what belongs to them (earlier versions, reactions, priorities,
//! acknowledgements) apart. Three sorted passes, each in bounded memory, make one stream of it:
//!
//! 1. *places*, by thread: when each thread began, so that a reply knows where it belongs;
//! 2. *pieces*, by post: the post, its place and all that names it;
//! 3. *bundles*, by channel, thread and time: what pages are made of.
//!
//! Invariant: nothing that the scope admits is dropped: a reply whose first post is gone begins a thread of its own, an
//! earlier version whose post is gone or left out stands for it, and what else belongs to no post is counted.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::bundle::{self, Piece};
use super::naming::Naming;
use crate::archive::walk::{SegmentText, Walk};
use crate::produce::spool::{Row, Sorted, Spool};
use crate::produce::{Folder, Post, ProduceError, State, Work};
use crate::record::fields::{Head, plain};
use crate::record::time::Millis;

/// Bytes that each of the sorted passes may hold.
const ARENA: usize = 48 << 20;

/// The kinds that belong to posts.
const KINDS: [&str; 4] = ["post", "reaction", "post_priority", "post_acknowledgement"];

/// Everything that pages are made of.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Bundles by channel, thread and time.
    pub(super) bundles: Sorted,
    /// Reactions and the like whose post is not in the archive.
    pub(super) without_post: u64,
    /// Posts of which only an earlier version is in the archive.
    pub(super) only_earlier: u64,
}

/// What a record gives to the first two passes.
struct Found {
    post: String,
    piece: Piece,
    line: Box<[u8]>,
    /// What has to have a name, because it is wanted.
    described: Option<Described>,
    place: Option<Place>,
}

/// Where a post was written, and by whom.
struct Described {
    channel: Box<str>,
    author: Box<str>,
}

/// Where a post wants to stand: its thread, empty for its own, and its time.
struct Place {
    root: Box<str>,
    at: Millis,
    admitted: bool,
}

/// Reads the archive. Channels and authors that nothing describes are added to `naming`.
pub(super) fn gather(work: &Work<'_>, naming: &mut Naming, folder: &Folder) -> Result<Gathered, ProduceError> {
    let temporary = folder.temporary();
    let failed = |source| folder.temporary_failed(source);
    let (mut places, mut pieces) = (Spool::new(temporary, ARENA / 2), Spool::new(temporary, ARENA));
    let (mut channels, mut authors) = (BTreeSet::new(), BTreeSet::new());
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| KINDS.contains(&kind));
    work.progress.phase("reading");
    work.progress.expect(walk.bytes());
    walk.for_each_segment(
        |segment| rows(segment, work),
        |rows| {
            for Found { post, piece, line, described, place } in rows {
                pieces.push(0, &piece_key(&post, piece), &[&line]).map_err(failed)?;
                if let Some(Described { channel, author }) = described {
                    if naming.rank(&channel).is_none() {
                        channels.insert(channel);
                    }
                    if naming.number(&author).is_none() {
                        authors.insert(author);
                    }
                }
                if let Some(place) = place {
                    push_place(&mut places, &post, &place).map_err(failed)?;
                }
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    for channel in channels {
        naming.add_unknown(&channel);
    }
    for author in authors {
        naming.add_stranger(&author);
    }
    work.progress.phase("sorting");
    add_places(places.sorted().map_err(failed)?, &mut pieces).map_err(failed)?;
    Ok(join(pieces.sorted().map_err(failed)?, naming, temporary).map_err(failed)?)
}

/// What a segment holds, on any thread.
fn rows(segment: SegmentText<'_>, work: &Work<'_>) -> Vec<Found> {
    let kind = segment.kind();
    let lines = segment.lines().map(|(_, line)| line);
    if kind == "post" {
        lines.map(|line| post_row(line, work)).collect()
    } else {
        let piece = match kind {
            "reaction" => Piece::Reaction,
            "post_priority" => Piece::Priority,
            _ => Piece::Acknowledgement,
        };
        let of = |line| plain(Head::of(line, kind).pick(["post_id"])[0]).to_owned();
        lines.map(|line| Found { post: of(line), piece, line: line.into(), described: None, place: None }).collect()
    }
}

fn post_row(line: &[u8], work: &Work<'_>) -> Found {
    let post = Post::read(line);
    let admitted = work.scope.admits(&post, work.directory);
    if let State::Earlier(of) = post.state() {
        // It follows its post if there is one, and otherwise stands for it.
        let described = admitted.then(|| Described { channel: post.channel_id.into(), author: post.user_id.into() });
        let piece = if admitted { Piece::Earlier } else { Piece::Outside };
        return Found { post: of.to_owned(), piece, line: line.into(), described, place: None };
    }
    let described = admitted.then(|| Described { channel: post.channel_id.into(), author: post.user_id.into() });
    let place = Some(Place { root: post.root_id.into(), at: post.create_at, admitted });
    let (piece, line) = if admitted { (Piece::Post, line.into()) } else { (Piece::Excluded, Box::default()) };
    Found { post: post.id.to_owned(), piece, line, described, place }
}

/// Key of a row of the second pass: the post, then what it is.
fn piece_key(post: &str, piece: Piece) -> Vec<u8> {
    let mut key = Vec::with_capacity(post.len() + 2);
    key.extend_from_slice(post.as_bytes());
    key.extend_from_slice(&[0, piece as u8]);
    key
}

/// A time whose bytes sort as the numbers do.
fn sortable(at: Millis) -> [u8; 8] {
    (at.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// Row of the first pass: key is the thread, whether it is its first post, and the time.
fn push_place(places: &mut Spool, post: &str, place: &Place) -> io::Result<()> {
    let Place { root, at, admitted } = place;
    let is_reply = !root.is_empty();
    let mut key = Vec::with_capacity(post.len() + 10);
    key.extend_from_slice(if is_reply { root } else { post }.as_bytes());
    key.extend_from_slice(&[0, u8::from(is_reply)]);
    key.extend_from_slice(&sortable(*at));
    let payload = if is_reply { post.as_bytes() } else { &[] };
    places.push(0, &key, &[&[u8::from(*admitted)], payload])
}

/// Tells each reply when its thread began.
fn add_places(mut places: Sorted, pieces: &mut Spool) -> io::Result<()> {
    let (mut thread, mut began) = (Vec::new(), None);
    while let Some(Row { key, payload, .. }) = places.next()? {
        let (Some((id, rest)), Some((admitted, reply))) =
            (key.split_at_checked(key.len().saturating_sub(10)), payload.split_first())
        else {
            continue;
        };
        let at: [u8; 8] = rest.last_chunk().copied().unwrap_or_default();
        let is_reply = rest.get(1) == Some(&1);
        if thread != id {
            thread = id.to_vec();
            began = None;
        }
        // The first row of a thread is its first post, or the earliest reply where that is gone.
        let known = if is_reply {
            bundle::Root::Missing
        } else if *admitted == 1 {
            bundle::Root::Here
        } else {
            bundle::Root::Excluded
        };
        let (root, at) = *began.get_or_insert((known, at));
        if is_reply {
            let reply = String::from_utf8_lossy(reply);
            pieces.push(0, &piece_key(&reply, Piece::Place), &[&[root as u8], &at])?;
        }
    }
    Ok(())
}

/// Brings the pieces of each post together and sorts the bundles.
fn join(mut pieces: Sorted, naming: &Naming, temporary: &Path) -> io::Result<Gathered> {
    let mut bundles = Spool::new(temporary, ARENA);
    let (mut without_post, mut only_earlier) = (0_u64, 0_u64);
    let mut open = Bundle::default();
    loop {
        let row = pieces.next()?;
        let of = row.as_ref().map(|row| row.key.get(..row.key.len().saturating_sub(2)).unwrap_or_default());
        if of != Some(open.post.as_slice()) {
            match open.close(naming, &mut bundles)? {
                Closed::Nothing | Closed::Whole => {}
                Closed::OnlyEarlier => only_earlier = only_earlier.saturating_add(1),
                Closed::WithoutPost(pieces) => without_post = without_post.saturating_add(pieces),
            }
            open.begin(of.unwrap_or_default());
        }
        let Some(Row { key, payload, .. }) = row else { break };
        open.add(key.last().copied().unwrap_or_default(), payload);
    }
    Ok(Gathered { bundles: bundles.sorted()?, without_post, only_earlier })
}

/// How a bundle ended.
enum Closed {
    Nothing,
    Whole,
    OnlyEarlier,
    WithoutPost(u64),
}

/// The pieces of one post while they come in.
#[derive(Default)]
struct Bundle {
    post: Vec<u8>,
    bytes: Vec<u8>,
    /// The line of the post in `bytes`, and of an earlier version.
    line: Option<(usize, usize)>,
    earlier: Option<(usize, usize)>,
    place: Option<(u8, [u8; 8])>,
    excluded: bool,
    count: u64,
}

impl Bundle {
    fn begin(&mut self, post: &[u8]) {
        self.post.clear();
        self.post.extend_from_slice(post);
        self.bytes.clear();
        (self.line, self.earlier, self.place, self.excluded, self.count) = (None, None, None, false, 0);
    }

    fn add(&mut self, piece: u8, payload: &[u8]) {
        if piece == Piece::Excluded as u8 {
            self.excluded = true;
            bundle::push(&mut self.bytes, piece, &[]);
            return;
        }
        // Versions outside of the scope follow a post that is in it, and no other.
        if piece == Piece::Outside as u8 && self.excluded {
            return;
        }
        if piece == Piece::Place as u8 {
            let at = payload.last_chunk().copied().unwrap_or_default();
            self.place = payload.first().map(|root| (*root, at));
            return;
        }
        let start = self.bytes.len() + bundle::HEADER;
        bundle::push(&mut self.bytes, piece, payload);
        let place = (start, start + payload.len());
        if piece == Piece::Post as u8 {
            self.line = Some(place);
        } else if piece == Piece::Earlier as u8 {
            self.earlier = Some(place);
        }
        self.count = self.count.saturating_add(1);
    }

    /// Hands the bundle to the third pass.
    fn close(&self, naming: &Naming, bundles: &mut Spool) -> io::Result<Closed> {
        if self.post.is_empty() && self.bytes.is_empty() || (self.excluded && self.earlier.is_none()) {
            return Ok(Closed::Nothing);
        }
        let Some((start, end)) = self.line.or(self.earlier) else { return Ok(Closed::WithoutPost(self.count)) };
        let post = Post::read(self.bytes.get(start..end).unwrap_or_default());
        // A version of a channel that is not wanted, whose post is gone.
        let Some(rank) = naming.rank(post.channel_id) else { return Ok(Closed::Nothing) };
        let is_reply = !post.root_id.is_empty();
        let at = sortable(post.create_at);
        let (root, began) = self.place.filter(|_| is_reply).unwrap_or((bundle::Root::Here as u8, at));
        let thread = if is_reply { post.root_id.as_bytes() } else { &self.post };
        let mut key = Vec::with_capacity(thread.len() + self.post.len() + 24);
        key.extend_from_slice(&began);
        key.extend_from_slice(thread);
        key.extend_from_slice(&[0, u8::from(is_reply)]);
        key.extend_from_slice(&at);
        key.extend_from_slice(&self.post);
        let head = bundle::head(thread, &self.post, is_reply, root);
        bundles.push(i64::try_from(rank).unwrap_or(i64::MAX), &key, &[&head, &self.bytes])?;
        Ok(if self.line.is_some() || self.excluded { Closed::Whole } else { Closed::OnlyEarlier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::produce::transcript::naming::sample;

    #[test]
    fn a_version_in_the_scope_stands_for_a_post_outside_of_it() {
        let version = |id: &str| {
            let data = r#""create_at":5,"delete_at":7,"channel_id":"channelid","original_id":"p""#;
            format!(r#"{{"kind":"post","id":"v","at":5,"data":{{{data},"message":"{id}"}}}}"#)
        };
        for (has_admitted, expected) in [(true, Some("admitted")), (false, None)] {
            let mut bundles = Spool::new(&std::env::temp_dir(), ARENA);
            let mut open = Bundle::default();
            open.begin(b"p");
            open.add(Piece::Excluded as u8, &[]);
            if has_admitted {
                open.add(Piece::Earlier as u8, version("admitted").as_bytes());
            }
            open.add(Piece::Outside as u8, version("outside").as_bytes());
            open.close(&sample(), &mut bundles).unwrap();
            let mut sorted = bundles.sorted().unwrap();
            let found = sorted.next().unwrap().map(|row| bundle::Bundle::read(row.payload));
            let said = found.map(|bundle| {
                assert!(bundle.is_excluded && bundle.post.is_none());
                bundle.earlier.iter().map(|post| post.message().into_owned()).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(said.as_deref(), expected);
        }
    }
}
