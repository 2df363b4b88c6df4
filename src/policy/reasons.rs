//! Why holds cover a record or do not: worked out for one record from what holds say, without timelines.

use super::case::{Case, Shown};
use super::custody::{Active, sight};
use super::evaluator::Evaluator;
use super::explanation::{Holding, NotHeld, NotHolding, Reason};
use super::hold::Hold;
use super::scope::Place;
use super::sets::Bits;
use super::subject::{PostOf, Subject, Times};
use super::timeline::Span;
use super::words::Words;
use super::world::At;
use crate::record::time::{Millis, Window};

/// Something that happened, by which a hold may cover a record.
struct View {
    channel: Option<At>,
    team: Option<At>,
    times: When,
    users: Vec<At>,
}

/// Times of a view; of no time at all if there are none.
enum When {
    At(Vec<Millis>),
    Span(Millis, Option<Millis>),
}

impl View {
    fn times(&self) -> Times<'_> {
        match &self.times {
            When::At(times) => Times::At(times),
            When::Span(from, until) => Times::Span(*from, *until),
        }
    }
}

impl Evaluator {
    /// Every hold, in order of ids. `bits` are the active ones that cover the record.
    pub(super) fn explain_holds(&self, case: &Case<'_>, bits: &Bits) -> (Vec<Holding<'_>>, Vec<NotHolding<'_>>) {
        let views = self.views(case);
        let (mut holding, mut not_holding) = (Vec::new(), Vec::new());
        for (bit, active) in self.custody.active.iter().enumerate() {
            let Some(hold) = self.world.set.holds.get(active.at) else { continue };
            let reasons = self.reasons(hold, active, &views, true);
            if bits.contains(bit) {
                holding.push(Holding { hold, reasons, keywords: keywords(hold, case.subject) });
                continue;
            }
            let because = if !reasons.is_empty() {
                NotHeld::NoKeyword
            } else if self.reasons(hold, active, &views, false).is_empty() {
                NotHeld::Elsewhere
            } else {
                NotHeld::OutsideWindow
            };
            not_holding.push(NotHolding { hold, because });
        }
        for hold in self.world.set.holds.iter().filter(|hold| !hold.is_active(self.now)) {
            let because = if self.now < hold.issued.at { NotHeld::NotIssued } else { NotHeld::Released };
            not_holding.push(NotHolding { hold, because });
        }
        not_holding.sort_by(|a, b| a.hold.id.cmp(&b.hold.id));
        (holding, not_holding)
    }

    /// The events of its post, and its own.
    fn views(&self, case: &Case<'_>) -> Vec<View> {
        let mut views = Vec::new();
        if let (Shown::Facts(facts), Some(named)) = (case.post, case.named) {
            let versions = self.world.posts.versions.iter().filter(|(at, _)| *at == named).map(|(_, time)| *time);
            let own = [facts.create_at, facts.edit_at, facts.delete_at].into_iter().filter(|time| *time != 0);
            let times = When::At(own.chain(versions).collect());
            views.push(View { channel: Some(facts.channel), team: None, times, users: vec![facts.user] });
        }
        let users = match &case.subject.post {
            PostOf::Itself(post) if !views.is_empty() && post.original.is_empty() => return views,
            PostOf::Itself(_) => case.author.into_iter().collect(),
            _ => case.actors().collect(),
        };
        let mut times = [0; 3];
        let event = case.event(&mut times);
        let times = match event.times {
            Times::Always => When::At(Vec::new()),
            Times::At(times) => When::At(times.to_vec()),
            Times::Span(from, until) => When::Span(from, until),
        };
        views.push(View { channel: event.channel, team: event.team, times, users });
        views
    }

    /// All that a hold covers a record by, whatever its words. `in_time`: only where its window and the stays of its
    /// custodians say so too.
    fn reasons(&self, hold: &Hold, active: &Active, views: &[View], in_time: bool) -> Vec<Reason<'_>> {
        let mut reasons = Vec::new();
        for view in views {
            let meets = |span: Option<Span>| !in_time || span.is_some_and(|span| span.meets(view.times()));
            if meets(hold.span().and(Span::ALWAYS)) {
                self.add_place(hold, view, &mut reasons);
                let custodians = active.custodians.iter().filter(|custodian| view.users.contains(custodian));
                reasons.extend(custodians.map(|custodian| Reason::By(self.user_name(*custodian))));
            }
            let Some(channel) = view.channel else { continue };
            for custodian in &active.custodians {
                let stays = self.custody.stays.of(*custodian).iter().filter(|stay| stay.channel == channel);
                for stay in stays.filter(|stay| meets(sight(&self.world, hold, stay))) {
                    reasons.push(Reason::Seen {
                        user: self.user_name(*custodian),
                        channel: self.channel_name(channel),
                        member: Window { from: stay.span.from, until: stay.span.until },
                        from_current: stay.from_current,
                    });
                }
            }
        }
        let mut each_once = Vec::new();
        for reason in reasons {
            if !each_once.contains(&reason) {
                each_once.push(reason);
            }
        }
        each_once
    }

    fn add_place<'e>(&'e self, hold: &Hold, view: &View, reasons: &mut Vec<Reason<'e>>) {
        if hold.everything {
            reasons.push(Reason::Everything);
        }
        let place = view.channel.map(|channel| Place::of_channel(&self.world, channel)).unwrap_or_default();
        let team = view.team.map(|team| Place::of_team(&self.world, team)).unwrap_or_default().team;
        let place = Place { team: place.team.or(team), ..place };
        if let Some(channel) = view.channel.filter(|_| place.is_in_channel(&hold.channels)) {
            reasons.push(Reason::Channel(self.channel_name(channel)));
        }
        if let Some((id, name)) = place.team.filter(|_| place.is_in_team(&hold.teams)) {
            reasons.push(Reason::Team(if name.is_empty() { id } else { name }));
        }
    }

    fn user_name(&self, at: At) -> &str {
        self.world.users.get(at).map_or("", |user| if user.name.is_empty() { &user.id } else { &user.name })
    }

    fn channel_name(&self, at: At) -> &str {
        self.world
            .channels
            .get(at)
            .map_or("", |channel| if channel.name.is_empty() { &channel.id } else { &channel.name })
    }
}

/// Keywords of a hold that stand in the record's own text.
fn keywords<'e>(hold: &'e Hold, subject: &Subject<'_>) -> Vec<&'e str> {
    let PostOf::Itself(post) = &subject.post else { return Vec::new() };
    let mut words = Words::new(hold.keywords.iter().map(std::slice::from_ref));
    let mut found = vec![false; hold.keywords.len()];
    for text in super::world::texts(post) {
        words.find(&text, |at| found[at] = true);
    }
    hold.keywords.iter().zip(found).filter(|(_, found)| *found).map(|(keyword, _)| keyword.as_str()).collect()
}
