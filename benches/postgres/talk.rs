//! What is said: a post is a function of its number, so that every table can be written in a pass of its own and none
//! has to be kept in memory.

use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::place::{BEGIN, Id, Of, Place, STEP};

/// In a million, measured on a running server: posts that are replies, edited, deleted, with reactions, with files.
const REPLIES: u64 = 284_000;
const EDITED: u64 = 16_000;
const DELETED: u64 = 6_500;
const WITH_REACTIONS: u64 = 71_000;
const WITH_FILES: u64 = 13_800;

/// Replies come within so many posts.
const NEAR: u64 = 200;

/// One post in so many may have replies, so that threads are as long as measured: 3.4 replies.
const STARTERS: u64 = 9;

/// No thread reaches further than this: a reply to a reply belongs to the root, and so on.
pub(crate) const THREAD: u64 = (NEAR + STARTERS) * 60;

/// One post, without its text.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) root: Option<u64>,
    pub(crate) channel: u64,
    pub(crate) user: u64,
    pub(crate) edited: Option<u64>,
    pub(crate) deleted: Option<u64>,
    pub(crate) reactions: u64,
    pub(crate) files: u64,
    /// For whatever else it needs.
    pub(crate) dice: Dice,
}

impl Post {
    pub(crate) fn new(place: &Place, number: u64) -> Self {
        let root = root_of(place, number);
        let mut dice = place.dice(Of::Post, number).apart(2);
        let at = at(place, number);
        let mut start = place.dice(Of::Post, root.unwrap_or(number)).apart(3);
        let channel = start.below(place.channels);
        // Half of what is said is said in a few places.
        let channel = if start.once_in(2) { start.below(channel + 1) } else { channel };
        // What happened there was talked about in one channel by half of all.
        let channel = if incident(place).contains(&root.unwrap_or(number)) && start.once_in(2) { 0 } else { channel };
        let members = place.members(channel);
        let user = members[dice.index(members.len())];
        let edited = dice.per_million(EDITED).then(|| at + 1000 + dice.below(600_000));
        let deleted = dice.per_million(DELETED).then(|| edited.unwrap_or(at) + 1000 + dice.below(3_600_000));
        let reactions = if dice.per_million(WITH_REACTIONS) { 1 + dice.early(6) as u64 } else { 0 };
        let files = if dice.per_million(WITH_FILES) { 1 + dice.early(4) as u64 } else { 0 };
        Self { number, at, root, channel, user, edited, deleted, reactions, files, dice }
    }

    /// The latest of its changes.
    pub(crate) fn updated(&self) -> u64 {
        self.deleted.or(self.edited).unwrap_or(self.at)
    }

    pub(crate) fn id(&self, place: &Place) -> Id {
        place.id(Of::Post, self.number)
    }

    pub(crate) fn file(&self, place: &Place, which: u64) -> Id {
        place.id(Of::File, self.number * 8 + which)
    }
}

/// The posts of an incident, a twentieth of all; every other thread that begins among them is in the first channel.
pub(crate) fn incident(place: &Place) -> std::ops::Range<u64> {
    place.posts * 2 / 5..place.posts * 9 / 20
}

/// Posts come one after the other, now and then two in one millisecond, and once in a million a whole import.
fn at(place: &Place, number: u64) -> u64 {
    let within = number % 1_000_000;
    let number = if (500_000..505_000).contains(&within) { number - within + 500_000 } else { number };
    let mut dice = place.dice(Of::Post, number).apart(4);
    if number > 0 && dice.once_in(3_500) {
        return at(place, number - 1);
    }
    BEGIN + number * STEP + dice.below(STEP)
}

/// The root that a post replies to: some post shortly before it, or the root of that one.
fn root_of(place: &Place, number: u64) -> Option<u64> {
    let mut at = number;
    loop {
        let mut dice = place.dice(Of::Post, at).apart(5);
        if at == 0 || number - at + NEAR + STARTERS > THREAD || !dice.per_million(REPLIES) {
            return (at != number).then_some(at);
        }
        at -= 1 + dice.early(usize::try_from(NEAR.min(at)).unwrap_or(1)) as u64;
        at -= at % STARTERS;
    }
}

/// What is known of a thread once nobody can add to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread {
    pub(crate) replies: u64,
    pub(crate) last: u64,
    pub(crate) participants: Vec<u64>,
}

/// Hands over every thread, in order of the roots.
pub(crate) fn threads<E>(place: &Place, mut each: impl FnMut(u64, &Thread) -> Result<(), E>) -> Result<(), E> {
    let mut open: BTreeMap<u64, Thread> = BTreeMap::new();
    for number in 0..place.posts {
        while let Some(first) = open.first_entry().filter(|first| first.key() + THREAD < number) {
            let (root, thread) = first.remove_entry();
            each(root, &thread)?;
        }
        if let Some(root) = root_of(place, number) {
            let post = Post::new(place, number);
            let thread = open.entry(root).or_default();
            thread.replies += 1;
            thread.last = post.at;
            if !thread.participants.contains(&post.user) {
                thread.participants.push(post.user);
            }
        }
    }
    open.iter().try_for_each(|(root, thread)| each(*root, thread))
}
