//! Who and what there is before anybody speaks; it grows with the square root of the posts.

use crate::dice::Dice;

/// First instant of a database, in milliseconds since 1970: 2025-01-01.
pub(crate) const BEGIN: u64 = 1_735_689_600_000;

/// Milliseconds from one post to the next on average.
pub(crate) const STEP: u64 = 5_000;

/// Letters of Mattermost's ids.
const LETTERS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// An id: equal arguments, equal id.
pub(crate) type Id = [u8; 26];

/// What an id is of, so that two things of the same number have different ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of {
    Team,
    Channel,
    User,
    Post,
    Version,
    File,
    Audit,
}

/// How much of everything there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) seed: u64,
    pub(crate) posts: u64,
    pub(crate) teams: u64,
    pub(crate) channels: u64,
    pub(crate) users: u64,
}

impl Place {
    /// As many as a server of that size has: measured with 28,446 posts of a running one.
    pub(crate) fn new(posts: u64, seed: u64) -> Self {
        let grown = |count: u64| (count * count * posts.max(1) / 28_446).isqrt().max(4);
        Self { seed, posts, teams: grown(5).isqrt().max(2), channels: grown(230), users: grown(90) }
    }

    /// Dice for one thing alone.
    pub(crate) fn dice(&self, of: Of, number: u64) -> Dice {
        Dice::new(self.seed).apart((of as u64 + 1) << 56 | number)
    }

    pub(crate) fn id(&self, of: Of, number: u64) -> Id {
        let mut dice = self.dice(of, number).apart(1);
        let mut id = [0; 26];
        for half in id.chunks_mut(13) {
            let mut bits = dice.next();
            // 64 bits are twelve letters and most of a thirteenth.
            for letter in half {
                *letter = LETTERS[usize::try_from(bits & 31).unwrap_or(0)];
                bits >>= 5;
            }
        }
        id
    }

    /// Team of a channel; `None` for direct and group channels, three of four.
    pub(crate) fn team_of(&self, channel: u64) -> Option<u64> {
        channel.is_multiple_of(4).then(|| channel / 4 % self.teams)
    }

    /// Members of a channel: two or a few of a direct one, up to sixty of others.
    pub(crate) fn members(&self, channel: u64) -> Vec<u64> {
        let mut dice = self.dice(Of::Channel, channel);
        let count = match channel % 4 {
            0 => 5 + dice.below(56),
            1 => 3 + dice.below(4),
            _ => 2,
        };
        let mut members: Vec<u64> = (0..count).map(|_| dice.below(self.users)).collect();
        members.sort_unstable();
        members.dedup();
        members
    }
}
