//! Who could see a post: the members of its channel at that time, from the history of memberships.
//!
//! The history has gaps: memberships that were imported, or are older than the history, have no beginning. Such members
//! are counted apart, never guessed. That somebody could see a post does not say that he read it.

use std::collections::HashSet;

use super::naming::Naming;
use crate::produce::directory::Place;
use crate::produce::{ProduceError, Work, memberships};
use crate::record::time::Millis;

/// Somebody was in a channel from `from` until before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    channel: u32,
    person: u32,
    from: Millis,
    until: Millis,
}

/// All memberships of all channels, 24 bytes each.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    history: Vec<Row>,
    /// Channel and person, of those who are members now.
    now: Vec<(u32, u32)>,
}

impl Audiences {
    /// Reads the memberships of an archive. Persons that nothing describes are added to `naming`.
    pub(super) fn read(work: &Work<'_>, naming: &mut Naming) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        memberships::read(
            work.sealed.archive,
            work.progress,
            |row| Some((Box::<str>::from(row.channel), Box::<str>::from(row.user), row.span)),
            |(channel, user, span)| {
                let Some(channel) = naming.rank(&channel) else { return };
                let person = naming.number(&user).unwrap_or_else(|| naming.add_stranger(&user));
                let (channel, person) = (narrow(channel), narrow(person));
                match span {
                    Some((from, until)) => this.history.push(Row { channel, person, from, until }),
                    None => this.now.push((channel, person)),
                }
            },
        )?;
        for (rank, channel) in naming.channels().iter().enumerate() {
            if channel.place.is_some_and(Place::is_personal) {
                let members = work.directory.channel(&channel.id).map(|channel| channel.members.as_slice());
                let numbers = members.unwrap_or_default().iter().filter_map(|id| naming.number(id));
                this.now.extend(numbers.map(|person| (narrow(rank), narrow(person))));
            }
        }
        this.history.sort_unstable();
        this.now.sort_unstable();
        this.now.dedup();
        Ok(this)
    }

    /// The audience of a channel.
    pub(super) fn of(&self, rank: usize) -> Audience {
        let channel = narrow(rank);
        let start = self.history.partition_point(|row| row.channel < channel);
        let end = self.history.partition_point(|row| row.channel <= channel);
        let mut spans: Vec<Span> = Vec::with_capacity(end - start);
        for row in self.history.get(start..end).unwrap_or_default() {
            match spans.last_mut() {
                // Overlapping rows of one person count once.
                Some(last) if last.person == row.person as usize && row.from <= last.until => {
                    last.until = last.until.max(row.until);
                }
                _ => spans.push(Span { person: row.person as usize, from: row.from, until: row.until }),
            }
        }
        let known: HashSet<usize> = spans.iter().map(|span| span.person).collect();
        let start = self.now.partition_point(|(of, _)| *of < channel);
        let end = self.now.partition_point(|(of, _)| *of <= channel);
        let undated = self.now.get(start..end).unwrap_or_default().iter().map(|(_, person)| *person as usize);
        let undated = undated.filter(|person| !known.contains(person)).collect();
        let mut froms: Vec<Millis> = spans.iter().map(|span| span.from).collect();
        let mut untils: Vec<Millis> = spans.iter().map(|span| span.until).collect();
        froms.sort_unstable();
        untils.sort_unstable();
        Audience { spans, undated, froms, untils }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A membership without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Number of the person in the list of people.
    pub(super) person: usize,
    pub(super) from: Millis,
    /// The largest number for somebody who never left.
    pub(super) until: Millis,
}

/// The memberships of one channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Audience {
    /// By person and time.
    pub(super) spans: Vec<Span>,
    /// Members of now of whom nobody knows since when.
    pub(super) undated: Vec<usize>,
    froms: Vec<Millis>,
    untils: Vec<Millis>,
}

impl Audience {
    /// How many were members at a time.
    pub(super) fn count(&self, at: Millis) -> usize {
        let came = self.froms.partition_point(|from| *from <= at);
        let left = self.untils.partition_point(|until| *until <= at);
        came.saturating_sub(left)
    }

    /// Who was a member at a time, if the channel is small enough to look at everybody.
    pub(super) fn few(&self, at: Millis) -> Option<impl Iterator<Item = usize>> {
        let few = self.spans.len() <= 24;
        few.then(|| self.spans.iter().filter(move |span| span.from <= at && at < span.until).map(|span| span.person))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_at_each_time() {
        let row = |person, from, until| Row { channel: 1, person, from, until };
        let other = Row { channel: 2, person: 1, from: 0, until: 99 };
        let mut history = vec![row(1, 10, 20), row(1, 15, 30), row(1, 40, Millis::MAX), row(2, 0, 12), other];
        history.sort_unstable();
        let audiences = Audiences { history, now: vec![(1, 1), (1, 7)] };
        let audience = audiences.of(1);
        assert_eq!([-1, 0, 9, 10, 11, 12, 29, 30, 40].map(|at| audience.count(at)), [0, 1, 1, 2, 2, 1, 1, 0, 1]);
        assert_eq!(audience.few(11).unwrap().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(audience.undated, [7]);
        assert_eq!(audiences.of(3).count(5), 0);
    }
}
