//! How many posts of a production stand in which channel and by whom, and when the first and the last were written.
//!
//! Counted in one pass over the posts in the scope; earlier versions are no posts. It says the same for any number of
//! threads: rows stand by their count, then by id.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::summary::moment;
use crate::archive::walk::Walk;
use crate::produce::{Post, ProduceError, Work};
use crate::record::time::Millis;

/// A channel or a person, and the posts there.
#[derive(Serialize)]
pub(super) struct Counted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) posts: u64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// Posts of a channel or a person: how many, first and last.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    pub(super) posts: u64,
    pub(super) first: Millis,
    pub(super) last: Millis,
}

impl Tally {
    const NONE: Self = Self { posts: 0, first: Millis::MAX, last: Millis::MIN };

    fn add(&mut self, other: Self) {
        self.posts = self.posts.saturating_add(other.posts);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// All of them together.
    pub(super) fn sum<'t>(tallies: impl Iterator<Item = &'t Self>) -> Self {
        tallies.fold(Self::NONE, |mut sum, tally| {
            sum.add(*tally);
            sum
        })
    }
}

/// Tallies by id.
type Tallies = HashMap<Box<str>, Tally>;

/// Counts the posts in the scope: by channel, and by person.
pub(super) fn read(work: &Work<'_>) -> Result<[Tallies; 2], ProduceError> {
    let mut all: [Tallies; 2] = Default::default();
    Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == "post").for_each_segment(
        |segment| {
            let mut part: [Tallies; 2] = Default::default();
            for (_, line) in segment.lines() {
                let post = Post::read(line);
                if post.original_id.is_empty() && work.scope.admits(&post, work.directory) {
                    let tally = Tally { posts: 1, first: post.create_at, last: post.create_at };
                    for (map, id) in part.iter_mut().zip([post.channel_id, post.user_id]) {
                        match map.get_mut(id) {
                            Some(known) => known.add(tally),
                            None => drop(map.insert(id.into(), tally)),
                        }
                    }
                }
            }
            part
        },
        |part| {
            for (all, part) in all.iter_mut().zip(part) {
                for (id, tally) in part {
                    all.entry(id).or_insert(Tally::NONE).add(tally);
                }
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    Ok(all)
}

/// Most posts first; of as many, by id.
pub(super) fn rows(tallies: Tallies, name: impl Fn(&str) -> String) -> Vec<Counted> {
    let mut tallies: Vec<_> = tallies.into_iter().collect();
    tallies.sort_unstable_by(|(a, one), (b, other)| (Reverse(one.posts), a).cmp(&(Reverse(other.posts), b)));
    let row = |(id, tally): (Box<str>, Tally)| Counted {
        name: name(&id),
        id: id.into(),
        posts: tally.posts,
        first: Some(moment(tally.first)),
        last: Some(moment(tally.last)),
    };
    tallies.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_by_their_count_then_by_id() {
        let tally = |posts| Tally { posts, first: 0, last: 1000 };
        let tallies: Tallies =
            [("b", 2), ("a", 2), ("c", 9), ("d", 1)].map(|(id, posts)| (id.into(), tally(posts))).into();
        assert_eq!(Tally::sum(tallies.values()).posts, 14);
        let rows = rows(tallies, str::to_uppercase);
        assert_eq!(
            rows.iter().map(|row| (&*row.id, &*row.name)).collect::<Vec<_>>(),
            [("c", "C"), ("a", "A"), ("b", "B"), ("d", "D")]
        );
        assert_eq!(rows[0].last.as_deref(), Some("1970-01-01T00:00:01.000Z"));
    }
}
