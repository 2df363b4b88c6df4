//! Holds, asked one after the other and custodian by custodian.

use super::super::chance::DAY;
use super::super::story::{Row, When};
use super::{Naive, Thing, any};
use chatseal::policy::hold::{Hold, HoldOrigin};
use chatseal::policy::rule::ChannelType;
use chatseal::record::time::Millis;

impl<'s> Naive<'s> {
    pub(crate) fn holds(&self, thing: Thing<'s>) -> Vec<String> {
        let is_active = |hold: &&Hold| {
            hold.issued.at <= self.now && hold.released.as_ref().is_none_or(|released| self.now < released.at)
        };
        let holding = self.set.holds.iter().filter(is_active).filter(|hold| self.holds_it(thing, hold));
        let mut ids: Vec<String> = holding.map(|hold| hold.id.clone()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn holds_it(&self, thing: Thing<'s>, hold: &Hold) -> bool {
        if !hold.keywords.is_empty() && !self.has_word(thing, &hold.keywords) {
            return false;
        }
        let channel = self.channel(thing);
        let times = |row: &Row| -> Vec<Millis> {
            [row.create_at, row.edit_at, row.delete_at].into_iter().filter(|at| *at != 0).collect()
        };
        let post = self.post(thing).filter(|post| post.original.is_empty());
        if let Some(post) = post {
            let rows = self.story.posts.iter().filter(|row| row.id == post.id || row.original == post.id);
            let all = When::At(rows.flat_map(times).collect());
            if self.holds_event(hold, thing, &channel, &all, std::slice::from_ref(&post.user)) {
                return true;
            }
        }
        match thing {
            // All versions were asked together.
            Thing::Post(row) if row.original.is_empty() => false,
            Thing::Post(row) => {
                let user = post.map_or(&row.user, |post| &post.user);
                self.holds_event(hold, thing, &channel, &When::At(times(row)), std::slice::from_ref(user))
            }
            Thing::Other(record) => {
                let own = match (&record.times, post) {
                    (When::Always, Some(post)) => When::At(times(post)),
                    (When::At(none), Some(post)) if none.is_empty() => When::At(times(post)),
                    (own, _) => own.clone(),
                };
                self.holds_event(hold, thing, &channel, &own, &record.users)
            }
        }
    }

    fn holds_event(&self, hold: &Hold, thing: Thing<'s>, channel: &str, times: &When, users: &[String]) -> bool {
        let custodians = self.custodians(hold);
        let in_place = hold.everything
            || any(&hold.channels, &self.channel_names(thing))
            || any(&hold.teams, &self.team(thing))
            || users.iter().any(|user| custodians.contains(user));
        if in_place && happened(times, hold.window.from, hold.window.until) {
            return true;
        }
        let known = self.story.channels.iter().find(|known| known.id == channel);
        if known.is_some_and(|known| known.kind == ChannelType::Open) && !hold.includes_open_channels {
            return false;
        }
        let more = if hold.origin == HoldOrigin::Plugin { DAY } else { 0 };
        custodians.iter().any(|user| {
            let history: Vec<_> =
                self.story.memberships.iter().filter(|(of, who, ..)| of == channel && who == user).collect();
            let is_member = self.story.members.iter().any(|(of, who)| of == channel && who == user);
            let ends: Option<Vec<_>> = history.iter().map(|(.., until)| *until).collect();
            if let Some(ends) = ends.filter(|_| is_member) {
                let from = ends.into_iter().max().map(|end| end - more).into_iter().chain(hold.window.from).max();
                if happened(times, from, hold.window.until) {
                    return true;
                }
            }
            history.into_iter().any(|(_, _, from, until)| {
                // A stay that ends before it begins lasted in between, and every stay a millisecond.
                let (from, until) = match *until {
                    Some(until) if until <= *from => (until, Some((*from).max(until + 1))),
                    _ => (*from, *until),
                };
                let from = hold.window.from.map_or(from - more, |other| other.max(from - more));
                let until = [until.map(|until| until + more), hold.window.until].into_iter().flatten().min();
                happened(times, Some(from), until)
            })
        })
    }

    fn custodians(&self, hold: &Hold) -> Vec<String> {
        let mut ids = Vec::new();
        for name in &hold.users {
            let users = self.story.users.iter().filter(|user| {
                let email = format!("{}@example.org", user.name);
                user.id == *name || user.name == *name || email == name.to_lowercase()
            });
            let found: Vec<String> = users.map(|user| user.id.clone()).collect();
            ids.extend(if found.is_empty() { vec![name.clone()] } else { found });
        }
        for (id, name, members) in &self.story.groups {
            if hold.groups.contains(id) || hold.groups.contains(name) {
                ids.extend(members.iter().cloned());
            }
        }
        ids
    }

    fn has_word(&self, thing: Thing<'s>, keywords: &[String]) -> bool {
        let id = match thing {
            Thing::Post(row) if row.original.is_empty() => &row.id,
            Thing::Post(row) => &row.original,
            Thing::Other(record) => &record.post,
        };
        let rows = self
            .story
            .posts
            .iter()
            .filter(|row| !id.is_empty() && (row.id == *id && row.original.is_empty() || row.original == *id));
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let texts: Vec<String> = rows.flat_map(|row| [plain(&row.message), plain(&unescaped(&row.props))]).collect();
        keywords.iter().any(|word| texts.iter().any(|text| text.contains(&plain(word))))
    }
}

/// Whether anything happened in the span; what has no time always does.
fn happened(times: &When, from: Option<Millis>, until: Option<Millis>) -> bool {
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return false;
    }
    let inside = |at: Millis| from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until);
    match times {
        When::Always => true,
        When::At(times) => times.is_empty() || times.iter().any(|at| inside(*at)),
        When::Span(first, last) => {
            let last = last.map(|last| last.max(first + 1));
            last.is_none_or(|last| from.is_none_or(|from| from < last)) && until.is_none_or(|until| *first < until)
        }
    }
}

/// What the texts in an object say, one after the other.
fn unescaped(props: &str) -> String {
    let props: serde_json::Value = serde_json::from_str(props).unwrap();
    props.as_object().unwrap().iter().map(|(key, value)| format!("{key} {value} ")).collect()
}
