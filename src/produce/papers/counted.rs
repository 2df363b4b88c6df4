//! The rows of who wrote how much, and where: by their count, then by id, for any number of threads.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::summary::moment;
use crate::produce::tally::Tally;

/// A channel or a person, and the posts there.
#[derive(Serialize)]
pub(super) struct Counted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) posts: u64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// Most posts first; of as many, by id.
pub(super) fn rows(tallies: &HashMap<Box<str>, Tally>, name: impl Fn(&str) -> String) -> Vec<Counted> {
    let mut tallies: Vec<(&str, &Tally)> = tallies.iter().map(|(id, tally)| (&**id, tally)).collect();
    tallies.sort_unstable_by_key(|(id, tally)| (Reverse(tally.posts), *id));
    let row = |(id, tally): (&str, &Tally)| Counted {
        name: name(id),
        id: id.to_owned(),
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
        let tallies: HashMap<Box<str>, Tally> =
            [("b", 2), ("a", 2), ("c", 9), ("d", 1)].map(|(id, posts)| (id.into(), tally(posts))).into();
        let rows = rows(&tallies, str::to_uppercase);
        assert_eq!(
            rows.iter().map(|row| (&*row.id, &*row.name)).collect::<Vec<_>>(),
            [("c", "C"), ("a", "A"), ("b", "B"), ("d", "D")]
        );
        assert_eq!(rows[0].last.as_deref(), Some("1970-01-01T00:00:01.000Z"));
    }
}
