//! A record made ready to be decided on: the post that it is or belongs to, where that is, whose, and in which thread.

use super::custody::{Custody, Event};
use super::masks::{Mask, Masks};
use super::scope::Place;
use super::sets::{Bits, bits};
use super::subject::{Post, PostOf, Subject, Times};
use super::world::{At, Moment, PostAt, PostFacts, Thread, World};
use crate::record::time::Millis;

/// A record with what the world knows of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'c> {
    pub(super) subject: &'c Subject<'c>,
    pub(super) world: &'c World,
    /// The post, as a row or as facts.
    pub(super) post: Shown<'c>,
    /// Its position among known posts; of one that is only named too.
    pub(super) named: Option<PostAt>,
    pub(super) thread: Option<&'c Thread>,
    /// The team of the channel, if the channel is described; else the one that a record without a post names.
    pub(super) team: Option<At>,
    pub(super) channel: Option<At>,
    /// Empty for a record in no channel.
    pub(super) channel_id: &'c str,
    /// Whether the channel is more than an id.
    pub(super) is_described: bool,
    pub(super) run: Option<At>,
    /// Who wrote the post, if the world knows them.
    pub(super) author: Option<At>,
}

/// What is there of the post that a record is or belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'c> {
    /// The row, of a post about which nothing else is known.
    Row(&'c Post<'c>),
    /// Facts about the post itself.
    Facts(&'c PostFacts),
    /// No post: the record has none, or it is gone.
    Nothing,
}

fn stated(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !id.is_empty())
}

impl<'c> Case<'c> {
    pub(super) fn new(world: &'c World, subject: &'c Subject<'c>) -> Self {
        let find = |id: &str| if world.posts.is_empty() || id.is_empty() { None } else { world.posts.find(id) };
        let named = match &subject.post {
            PostOf::Itself(post) => find(if post.original.is_empty() { post.id } else { post.original }),
            PostOf::Of(id) => find(id),
            PostOf::None => None,
        };
        let facts = named.and_then(|at| world.posts.get(at)).filter(|facts| facts.is_seen);
        let post = match (facts, &subject.post) {
            (Some(facts), _) => Shown::Facts(facts),
            (None, PostOf::Itself(post)) => Shown::Row(post),
            (None, _) => Shown::Nothing,
        };
        let thread = match post {
            Shown::Facts(_) => named.and_then(|at| world.posts.thread(at)),
            Shown::Row(post) if !post.root.is_empty() => {
                world.needs().threads.then(|| find(post.root)).flatten().and_then(|at| world.posts.thread_of_root(at))
            }
            Shown::Row(_) => named.and_then(|at| world.posts.thread_of_root(at)),
            Shown::Nothing => None,
        };
        let run = stated(subject.run).and_then(|id| world.runs.find(id));
        let of_run = || run.and_then(|run| world.runs.get(run)?.channel);
        let author = match post {
            Shown::Row(post) => world.users.find(post.user),
            Shown::Facts(facts) => Some(facts.user),
            Shown::Nothing => None,
        };
        let channel_id = match post {
            Shown::Facts(facts) => world.channels.get(facts.channel).map_or("", |channel| &channel.id),
            Shown::Row(post) => post.channel,
            Shown::Nothing => {
                stated(subject.channel).or_else(|| Some(&*world.channels.get(of_run()?)?.id)).unwrap_or_default()
            }
        };
        let channel = match post {
            Shown::Facts(facts) => Some(facts.channel),
            _ => world.channels.find(channel_id),
        };
        let described = channel.filter(|at| world.channels.get(*at).is_some_and(|channel| channel.kind.is_some()));
        let team = match described {
            Some(at) => world.channels.get(at).and_then(|channel| channel.team),
            None if matches!(post, Shown::Nothing) => stated(subject.team).and_then(|id| world.teams.find(id)),
            None => None,
        };
        Self {
            subject,
            world,
            post,
            named,
            thread,
            team,
            channel,
            channel_id,
            is_described: described.is_some(),
            run,
            author,
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place<'c> {
        if let Some(at) = self.channel.filter(|_| self.is_described) {
            return Place::of_channel(self.world, at);
        }
        let team = self.team.map(|team| Place::of_team(self.world, team)).unwrap_or_default().team;
        let channel = (!self.channel_id.is_empty()).then_some((self.channel_id, ""));
        Place { team, channel, channel_type: None }
    }

    /// Whether it is a post, or belongs to one.
    pub(super) fn is_of_post(&self) -> bool {
        !matches!(self.subject.post, PostOf::None)
    }

    /// Creation and last edit of the post.
    pub(super) fn moment(&self) -> Option<Moment> {
        match self.post {
            Shown::Row(post) => Some(Moment::of(post.create_at, post.edit_at)),
            Shown::Facts(facts) => Some(Moment::of(facts.create_at, facts.edit_at)),
            Shown::Nothing => None,
        }
    }

    /// `ispinned` and `deleteat` of the post.
    pub(super) fn pin(&self) -> (Option<bool>, Millis) {
        match self.post {
            Shown::Row(post) => (post.is_pinned, post.delete_at),
            Shown::Facts(facts) => (facts.is_pinned, facts.delete_at),
            Shown::Nothing => (Some(false), 0),
        }
    }

    /// Calls `found` with each rule that covers the record, in order.
    pub(super) fn each_rule(&self, masks: &Masks, mut found: impl FnMut(usize)) {
        let place = masks.place(self);
        let runs = masks.runs(self.world, self.run, self.channel);
        let users = match self.post {
            Shown::Row(post) if self.author.is_none() => masks.users(self.world, &[post.user]),
            Shown::Row(_) | Shown::Facts(_) => masks.user(self.author),
            Shown::Nothing => masks.users(self.world, self.subject.users),
        };
        let kind = if self.is_of_post() { masks.posts() } else { Masks::kind(self.world, self.subject.kind) };
        let all: [&Mask<'_>; 4] = [&place, &runs, &users, &kind];
        let word = |at: usize| all.iter().fold(u64::MAX, |word, mask| word & mask.get(at).copied().unwrap_or(0));
        for at in 0..masks.words {
            let mut covered = word(at);
            let excepted = word(masks.words + at);
            covered = self.meeting(at, covered);
            covered &= !self.meeting(masks.words + at, excepted & covered);
            bits(&[covered]).for_each(|bit| found(at * 64 + bit));
        }
    }

    /// Those of 64 scopes whose conditions on the post are met, or that state none.
    pub(super) fn meeting(&self, word: usize, scopes: u64) -> u64 {
        let details = &self.world.details;
        match self.post {
            Shown::Facts(facts) => details.met(word, scopes, self.world.detail_sets.get(facts.details)),
            Shown::Row(post) => details.meeting(word, scopes, post),
            Shown::Nothing => details.met(word, scopes, &[]),
        }
    }

    /// Users that the record names itself.
    pub(super) fn actors(&self) -> Vec<At> {
        self.subject.users.iter().filter_map(|id| self.world.users.find(id)).collect()
    }

    /// Where and when the record itself happened: without times of its own, when its post did.
    pub(super) fn event<'t>(&'t self, times: &'t mut [Millis; 3]) -> Event<'t> {
        let own = self.subject.times;
        let times = match self.subject.post {
            PostOf::Itself(post) => events(times, post.create_at, post.edit_at, post.delete_at),
            PostOf::Of(_) if matches!(own, Times::Always | Times::At([])) => match self.post {
                Shown::Facts(facts) => events(times, facts.create_at, facts.edit_at, facts.delete_at),
                _ => own,
            },
            _ => own,
        };
        Event { channel: self.channel, team: self.team.filter(|_| !self.is_described), times }
    }

    /// Active holds that cover the record.
    pub(super) fn holds(&self, custody: &Custody) -> Bits {
        let mut held = Bits::default();
        if custody.active.is_empty() {
            return held;
        }
        let mut times = [0; 3];
        if let Some(at) = self.named {
            custody.add_post(at, &mut held);
        }
        match (&self.subject.post, self.post) {
            // All that is known of it was known to `custody`.
            (PostOf::Itself(post), Shown::Facts(_)) if post.original.is_empty() => {}
            (PostOf::Itself(_), _) => {
                custody.add_event(self.event(&mut times), self.author.as_slice(), self.named, &mut held);
            }
            _ => custody.add_event(self.event(&mut times), &self.actors(), self.named, &mut held),
        }
        held
    }
}

/// Times that are not 0; creation always.
fn events(times: &mut [Millis; 3], create_at: Millis, edit_at: Millis, delete_at: Millis) -> Times<'_> {
    let mut length = 0;
    for time in [create_at, edit_at, delete_at] {
        if time != 0 {
            times[length] = time;
            length += 1;
        }
    }
    Times::At(times.get(..length).unwrap_or_default())
}
