//! Who was in a channel during a batch: joins and leaves as the vendor makes them of the stays.
//!
//! One join for each person, the last one; each leave in the batch; and for whoever was still there a leave at the end
//! of the batch, marked as closed out. Authors without a stay are taken as members from the start of the batch.
//!
//! The vendor tells people apart by their address, and gives a person who left and came back the time of the earlier
//! leave as the end of the later stay. Both are mistakes; here people are told apart by id, and a leave ends only what
//! began before it.
//!
//! Each batch tells again who was there before it: the stays of all its channels are gone through for each batch, so
//! that a channel in which nobody came back, and that is nearly all of them, is told without a look-up for each member.

use std::collections::{HashMap, HashSet};

use super::batch::Span;
use super::conversation::Person;
use super::members::{Members, Stay, Stays};
use crate::record::time::Millis;

/// Somebody was there from this time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Join<'a> {
    /// Who.
    pub(super) person: Person<'a>,
    /// The same as a place in [`Members::people`]; nothing for an author without a stay.
    pub(super) who: Option<u32>,
    /// Since when; may lie before the batch.
    pub(super) at: Millis,
    /// Until when, the end of the batch at the latest.
    pub(super) until: Millis,
}

/// Somebody left, or the batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leave<'a> {
    /// Who.
    pub(super) person: Person<'a>,
    /// When.
    pub(super) at: Millis,
    /// Whether only the batch ended.
    pub(super) closed_out: bool,
}

/// Joins and leaves, each sorted by time, address and id; with `is_closed`, whoever was still there leaves at the end.
pub(super) fn events<'a>(
    span: &Span,
    stays: &Stays,
    authors: impl Iterator<Item = Person<'a>>,
    members: &Members<'a>,
    is_closed: bool,
) -> (Vec<Join<'a>>, Vec<Leave<'a>>) {
    let events = if stays.returned {
        with_returns(span, stays.rows(), authors, members)
    } else {
        without_returns(span, stays, authors, members)
    };
    told_in_order(span, events, is_closed)
}

/// Joins, each with whether the person was there to the end, and leaves.
type Events<'a> = (Vec<(Join<'a>, bool)>, Vec<Leave<'a>>);

fn told_in_order<'a>(
    span: &Span,
    (mut joins, mut leaves): Events<'a>,
    is_closed: bool,
) -> (Vec<Join<'a>>, Vec<Leave<'a>>) {
    if is_closed {
        let closed = |join: &Join<'a>| Leave { person: join.person, at: span.end, closed_out: true };
        leaves.extend(joins.iter().filter(|(_, is_there)| *is_there).map(|(join, _)| closed(join)));
    }
    joins.sort_by(|(a, _), (b, _)| order(a.at, &a.person).cmp(&order(b.at, &b.person)));
    leaves.sort_by(|a, b| {
        order(a.at, &a.person).cmp(&order(b.at, &b.person)).then_with(|| a.closed_out.cmp(&b.closed_out))
    });
    (joins.into_iter().map(|(join, _)| join).collect(), leaves)
}

/// Of a channel in which nobody has two stays.
fn without_returns<'a>(
    span: &Span,
    stays: &Stays,
    authors: impl Iterator<Item = Person<'a>>,
    members: &Members<'a>,
) -> Events<'a> {
    let (mut joins, mut leaves) = (Vec::with_capacity(stays.rows().len()), Vec::new());
    for stay in stays.rows() {
        let Some(person) = present(stay, span, members) else { continue };
        let left = stay.leave.filter(|leave| *leave <= span.end);
        leaves.extend(left.map(|at| Leave { person, at, closed_out: false }));
        // A leave before the join, in a broken history, ends nothing.
        let ended = left.filter(|leave| stay.join <= *leave);
        let join = Join { person, who: Some(stay.who), at: stay.join, until: ended.unwrap_or(span.end) };
        joins.push((join, ended.is_none()));
    }
    let mut others = HashSet::new();
    for person in authors {
        let stay = stays.of(person.id, members);
        if stay.is_none_or(|stay| present(stay, span, members).is_none()) && others.insert(person.id) {
            joins.push((Join { person, who: None, at: span.start, until: span.end }, true));
        }
    }
    (joins, leaves)
}

/// Who it was, if he was there during the batch and had an account.
fn present<'a>(stay: &Stay, span: &Span, members: &Members<'a>) -> Option<Person<'a>> {
    if stay.join > span.end || stay.leave.is_some_and(|leave| leave < span.start) {
        return None;
    }
    let (id, user) = members.person(stay.who);
    let was_deactivated = user.delete_at > 0 && user.delete_at < span.start;
    let person = Person { id, username: &user.username, email: &user.email, is_bot: user.is_bot };
    (!was_deactivated).then_some(person)
}

/// Of any channel.
fn with_returns<'a>(
    span: &Span,
    stays: &[Stay],
    authors: impl Iterator<Item = Person<'a>>,
    members: &Members<'a>,
) -> Events<'a> {
    // Stays stand in the order that is wanted in the end, so that sorting finds little to do.
    let (mut joins, mut leaves) = (Vec::<(Join<'a>, bool)>::with_capacity(stays.len()), Vec::new());
    let mut places = HashMap::<&str, usize>::with_capacity(stays.len());
    let mut join = |join: Join<'a>, is_newer: bool| {
        let place = *places.entry(join.person.id).or_insert(joins.len());
        match joins.get_mut(place) {
            None => joins.push((join, true)),
            Some(known) if is_newer => *known = (join, true),
            Some(_) => {}
        }
    };
    for stay in stays {
        let Some(person) = present(stay, span, members) else { continue };
        join(Join { person, who: Some(stay.who), at: stay.join, until: span.end }, true);
        if let Some(at) = stay.leave.filter(|leave| *leave <= span.end) {
            leaves.push(Leave { person, at, closed_out: false });
        }
    }
    for person in authors {
        join(Join { person, who: None, at: span.start, until: span.end }, false);
    }
    for leave in &leaves {
        let known = places.get(leave.person.id).and_then(|place| joins.get_mut(*place));
        if let Some((join, is_there)) = known.filter(|(join, _)| join.at <= leave.at) {
            (join.until, *is_there) = (leave.at, false);
        }
    }
    (joins, leaves)
}

fn order<'p>(at: Millis, person: &Person<'p>) -> (Millis, &'p str, &'p str) {
    (at, person.email, person.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::produce::directory::User;

    #[test]
    fn a_channel_in_which_nobody_came_back_is_told_as_any_other() {
        let user = |delete_at| User { delete_at, ..User::default() };
        let (active, gone) = (user(0), user(90));
        let ids: Vec<String> = (10..40).map(|id| format!("u{id}")).collect();
        let people = ids.iter().zip(0..).map(|(id, place)| (id.as_str(), if place % 7 == 0 { &gone } else { &active }));
        let members = Members::nowhere(people.collect());
        let span = Span { number: 1, start: 100, end: 200 };
        let mut state = 1_u32;
        let mut chance = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let mut told = [0_usize; 3];
        for _ in 0..200 {
            let mut rows = Vec::new();
            for who in (0..30).filter(|who| who % 3 > 0) {
                let leave = (chance(3) > 0).then(|| Millis::from(chance(260)));
                rows.extend((chance(4) > 0).then(|| Stay { who, join: Millis::from(chance(260)), leave }));
            }
            rows.sort_by_key(|stay| (stay.join, stay.who));
            let author = |who: u32| Person { id: &ids[who as usize], ..Person::default() };
            let authors: Vec<_> = (0..6).map(|_| author(chance(30))).collect();
            let stays = Stays::new(rows);
            assert!(!stays.returned);
            let (joins, leaves) = events(&span, &stays, authors.iter().copied(), &members, true);
            let any = with_returns(&span, stays.rows(), authors.iter().copied(), &members);
            assert_eq!(told_in_order(&span, any, true), (joins, leaves.clone()));
            let [there, left, closed] = &mut told;
            *there += leaves.len();
            *left += leaves.iter().filter(|leave| !leave.closed_out).count();
            *closed += leaves.iter().filter(|leave| leave.closed_out).count();
        }
        assert!(told.into_iter().all(|count| count > 100), "{told:?}");
    }

    #[test]
    fn who_came_back_is_told_once_and_each_leave_of_his() {
        let user = User::default();
        let members = Members::nowhere(vec![("a", &user)]);
        let span = Span { number: 1, start: 100, end: 200 };
        let stay = |join, leave| Stay { who: 0, join, leave };
        let stays = Stays::new(vec![stay(50, Some(120)), stay(150, None)]);
        assert!(stays.returned);
        let (joins, leaves) = events(&span, &stays, std::iter::empty(), &members, true);
        assert_eq!(joins.iter().map(|join| (join.at, join.until)).collect::<Vec<_>>(), [(150, 200)]);
        let leaves: Vec<_> = leaves.iter().map(|leave| (leave.at, leave.closed_out)).collect();
        assert_eq!(leaves, [(120, false), (200, true)]);
    }
}
