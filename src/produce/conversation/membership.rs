//! Who was in a channel at a time, as far as the archive says.
//!
//! The server's history of memberships is the only source of times; memberships that were imported are not in it. A
//! member of now whom the history of the channel does not name at all is taken to have been there all along, because
//! leaving out somebody who could read is the worse mistake; productions say so.

use std::collections::{BTreeSet, HashMap};

use crate::produce::{Directory, ProduceError, Work, memberships};
use crate::record::time::Millis;

/// Somebody came or left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// When.
    pub at: Millis,
    /// Who.
    pub user_id: String,
    /// Whether he came.
    pub joined: bool,
}

/// A stay in a channel; numbers stand for users.
#[derive(Clone, Copy, Debug)]
struct Stay {
    user: u32,
    from: Millis,
    until: Millis,
}

/// All memberships of an archive.
#[derive(Debug, Default)]
pub struct Memberships {
    users: Vec<Box<str>>,
    stays: HashMap<Box<str>, Vec<Stay>>,
    /// Members of now without a history.
    always: HashMap<Box<str>, Vec<u32>>,
}

impl Memberships {
    /// Reads them.
    pub fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        let mut numbers: HashMap<Box<str>, u32> = HashMap::new();
        let mut now: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        memberships::read(
            work.sealed.archive,
            work.progress,
            |row| Some((Box::<str>::from(row.channel), Box::<str>::from(row.user), row.span)),
            |(channel, user, span)| {
                let next = u32::try_from(this.users.len()).unwrap_or(u32::MAX);
                let user = *numbers.entry(user).or_insert_with_key(|user| {
                    this.users.push(user.clone());
                    next
                });
                match span {
                    Some((from, until)) => this.stays.entry(channel).or_default().push(Stay { user, from, until }),
                    None => now.entry(channel).or_default().push(user),
                }
            },
        )?;
        for (channel, mut members) in now {
            let known: BTreeSet<u32> = this.stays.get(&channel).into_iter().flatten().map(|stay| stay.user).collect();
            members.retain(|user| !known.contains(user));
            this.always.insert(channel, members);
        }
        Ok(this)
    }

    /// Ids of those who were in a channel at a time, sorted; of a direct or group channel its members.
    pub fn at(&self, channel: &str, at: Millis, directory: &Directory) -> Vec<String> {
        let mut found = BTreeSet::new();
        let stays = self.stays.get(channel).into_iter().flatten();
        found.extend(stays.filter(|stay| stay.from <= at && at < stay.until).filter_map(|stay| self.user(stay.user)));
        found.extend(self.always.get(channel).into_iter().flatten().filter_map(|user| self.user(*user)));
        if let Some(channel) = directory.channel(channel).filter(|channel| channel.place.is_personal()) {
            found.extend(channel.members.iter().map(|member| &**member));
        }
        found.into_iter().map(str::to_owned).collect()
    }

    /// Who came and left in `after < at <= until`, in order of time.
    pub fn moves(&self, channel: &str, after: Millis, until: Millis) -> Vec<Move> {
        let mut moves = Vec::new();
        for stay in self.stays.get(channel).into_iter().flatten() {
            for (at, joined) in [(stay.from, true), (stay.until, false)] {
                if after < at
                    && at <= until
                    && let Some(user) = self.user(stay.user)
                {
                    moves.push(Move { at, user_id: user.to_owned(), joined });
                }
            }
        }
        moves.sort_unstable();
        moves
    }

    /// How many memberships of now have no history, so that nobody knows since when.
    pub fn without_history(&self) -> u64 {
        self.always.values().map(|members| members.len() as u64).sum()
    }

    fn user(&self, number: u32) -> Option<&str> {
        self.users.get(number as usize).map(|user| &**user)
    }
}
