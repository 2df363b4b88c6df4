//! Who took part, in which capacity, and who was present from when until when.

use std::collections::BTreeMap;

use super::document::{Line, Section};
use super::gather::{Stay, Wrote};
use super::telling::{Telling, counted, of_entry};
use crate::produce::incident::details::names;
use crate::produce::incident::figures::in_words;
use crate::produce::incident::{Capacity, Entry, Participant, RecordId};
use crate::record::time::Millis;

/// Members who wrote nothing that are named; more are counted.
const MOST_SILENT: usize = 50;

/// Time for which somebody owned the run.
struct Owned {
    username: Box<str>,
    from: Millis,
    until: Option<Millis>,
    records: Vec<RecordId>,
}

/// The section.
pub(super) fn section(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("participants", "Participants");
    let run = telling.run;
    let end = if telling.until == run.end_at {
        "its end.".to_owned()
    } else {
        format!("the time {}.", telling.work.sealed.as_of().words())
    };
    section.text(
        Line::of(
            "Participants are the owner, who started the run, who is on its list, and whom its timeline names as having \
             come, gone or owned it. Present is who was in the run's channel between its beginning and ",
        )
        .words(end),
    );
    let owned = owned(telling);
    let mut participants: Vec<&Participant> = run.participants.iter().collect();
    let rank = |one: &Participant| (!one.capacities.contains(&Capacity::Owner), telling.labels.person(&one.user_id));
    participants.sort_by_key(|one| rank(one));
    let rows = participants.iter().map(|one| {
        let mut roles = roles(telling, one, &owned);
        roles = roles.cited(one.records.iter().cloned());
        vec![
            described(telling, &one.user_id),
            roles,
            stays(telling, &one.user_id),
            present(telling, &one.user_id),
            wrote(telling.gathered.writers.get(&(one.user_id.clone(), None))),
        ]
    });
    let rows: Vec<Vec<Line>> = rows.collect();
    if rows.is_empty() {
        section.missing(Line::of("The archive names no participant of this run.").cited([run.record()]));
    } else {
        section.table(&["who", "role", "in the channel", "present", "posts"], rows);
    }
    contradictions(telling, &owned, &mut section);
    others(telling, &mut section);
    programs(telling, &mut section);
    section
}

/// Name, position, and what sort of account it is.
fn described(telling: &Telling<'_>, id: &str) -> Line {
    let line = telling.person(id);
    let Some(user) = telling.work.directory.user(id) else { return line };
    let mut line = line;
    if !user.position.trim().is_empty() {
        line = line.words(", ").said(crate::produce::mail::one_line(&user.position));
    }
    let mut roles = user.roles.split(' ');
    if user.is_bot {
        line = line.words("; a program");
    } else if roles.any(|role| role == "system_guest") {
        line = line.words("; a guest");
    }
    if user.delete_at > 0 {
        line = line.words("; account deactivated ").at(user.delete_at);
    }
    line.cited([RecordId::new("user", id)])
}

fn roles(telling: &Telling<'_>, one: &Participant, owned: &[Owned]) -> Line {
    let mut words: Vec<Line> = Vec::new();
    let username = telling.labels.user(&one.user_id);
    let held: Vec<&Owned> = owned.iter().filter(|held| *held.username == *username).collect();
    for held in &held {
        let line = Line::of("owner from ").at(held.from);
        let line = match held.until {
            Some(until) => line.words(" to ").at(until),
            None => line.words(" on"),
        };
        words.push(line.cited(held.records.iter().cloned()));
    }
    for capacity in &one.capacities {
        if *capacity != Capacity::Owner || held.is_empty() {
            words.push(Line::of(capacity.word()));
        }
    }
    if words.is_empty() {
        words.push(Line::of("named by the timeline only"));
    }
    Line::joined(words, ", ")
}

/// The stays in the channel, one behind the other.
fn stays(telling: &Telling<'_>, id: &str) -> Line {
    let Some(stays) = telling.gathered.stays.get(id) else {
        return Line::of("no membership is recorded");
    };
    let lines = stays.iter().map(|stay| {
        let line = match (stay.from, stay.until) {
            (None, _) => Line::of("member when sealed; since when is not recorded"),
            (Some(from), None) => Line::of("from ").at(from).words(", still in when sealed"),
            (Some(from), Some(until)) => Line::of("from ").at(from).words(" to ").at(until),
        };
        line.cited([stay.record.clone()])
    });
    Line::joined(lines, "; ")
}

/// How much of the run somebody was in its channel.
fn present(telling: &Telling<'_>, id: &str) -> Line {
    let Some(stays) = telling.gathered.stays.get(id) else { return Line::of("not known") };
    if stays.iter().any(|stay| stay.from.is_none()) {
        return Line::of("not known");
    }
    let (from, until) = (telling.run.create_at, telling.until);
    let all = until.saturating_sub(from).max(0);
    match shared(stays, from, until) {
        0 => Line::of("never"),
        time if time >= all => Line::of("all the time"),
        time => Line::of(format!("{} of {}", in_words(time), in_words(all))),
    }
}

/// Milliseconds that stays have in common with a span; what overlaps counts once.
fn shared(stays: &[Stay], from: Millis, until: Millis) -> i64 {
    let mut reached = from;
    let mut sum: i64 = 0;
    // Sorted by their beginning.
    for stay in stays {
        let begin = stay.from.unwrap_or(from).max(reached);
        let end = stay.until.unwrap_or(Millis::MAX).min(until);
        if end > begin {
            sum = sum.saturating_add(end.saturating_sub(begin));
            reached = end;
        }
    }
    sum
}

fn wrote(wrote: Option<&Wrote>) -> Line {
    let Some(wrote) = wrote else { return Line::of("none") };
    let ends = [&wrote.first, &wrote.last].into_iter().flatten().map(|(_, record)| record.clone());
    let mut ends: Vec<RecordId> = ends.collect();
    ends.dedup();
    let line = Line::of(wrote.posts.to_string());
    if ends.len() == 2 { line.words(", first and last") } else { line }.cited(ends)
}

/// Who owned the run when, as its timeline says; its row knows the last one only.
fn owned(telling: &Telling<'_>) -> Vec<Owned> {
    let run = telling.run;
    let changes: Vec<(&Entry, Vec<Box<str>>)> =
        run.entries(&["owner_changed"]).map(|entry| (entry, names(&entry.summary))).collect();
    let mut all: Vec<Owned> = Vec::new();
    let first = changes.first().and_then(|(_, names)| names.first().filter(|_| names.len() == 2).cloned());
    let begun = first.or_else(|| changes.is_empty().then(|| telling.labels.user(&run.owner_id).into()));
    all.extend(begun.map(|username| Owned { username, from: run.create_at, until: None, records: vec![run.record()] }));
    for (entry, names) in changes {
        if let Some(held) = all.last_mut() {
            held.until = Some(entry.event_at);
            held.records.push(of_entry(entry));
        }
        if let [_, new] = names.as_slice() {
            let records = vec![of_entry(entry)];
            all.push(Owned { username: new.clone(), from: entry.event_at, until: None, records });
        }
    }
    all
}

/// Where the run and its timeline do not agree on who owns it.
fn contradictions(telling: &Telling<'_>, owned: &[Owned], section: &mut Section) {
    let run = telling.run;
    for entry in run.entries(&["owner_changed"]) {
        if names(&entry.summary).len() != 2 {
            section.missing(
                Line::of("At ")
                    .at(entry.event_at)
                    .words(" the run changed hands, and the entry does not say from whom to whom.")
                    .cited([of_entry(entry)]),
            );
        }
    }
    let last = owned.last().map(|held| &*held.username);
    if let Some(last) = last
        && last != telling.labels.user(&run.owner_id)
    {
        let line = Line::of("The run says that ")
            .then(telling.person(&run.owner_id))
            .words(" owns it; its timeline ends with ");
        section.missing(line.then(telling.named(last)).words(".").cited([run.record()]));
    }
}

/// Whether an account is a participant of the run.
fn is_participant(telling: &Telling<'_>, id: &str) -> bool {
    telling.run.participants.iter().any(|one| *one.user_id == *id)
}

fn is_program(telling: &Telling<'_>, id: &str) -> bool {
    telling.work.directory.user(id).is_some_and(|user| user.is_bot)
}

/// Who was present and is no participant.
fn others(telling: &Telling<'_>, section: &mut Section) {
    let is_other = |id: &str| !is_participant(telling, id) && !is_program(telling, id);
    let people: BTreeMap<&str, &Wrote> = telling
        .gathered
        .writers
        .iter()
        .filter(|((id, hook), _)| hook.is_none() && is_other(id))
        .map(|((id, _), wrote)| (&**id, wrote))
        .collect();
    if !people.is_empty() {
        section.heading(Line::of("Present, and no participants"));
        if telling.shares_channel() {
            section.text(Line::of("Several runs share the channel; what they wrote may belong to any of them."));
        }
        let rows = people.iter().map(|(id, posts)| {
            vec![described(telling, id), stays(telling, id), present(telling, id), wrote(Some(posts))]
        });
        section.table(&["who wrote", "in the channel", "present", "posts"], rows.collect());
    }
    let silent: Vec<&str> = telling
        .gathered
        .stays
        .iter()
        .filter(|(id, stays)| {
            is_other(id) && !people.contains_key(&***id) && shared(stays, telling.run.create_at, telling.until) > 0
        })
        .map(|(id, _)| &**id)
        .collect();
    if !silent.is_empty() {
        section.heading(Line::of("In the channel without writing"));
        let rows = silent.iter().take(MOST_SILENT);
        let rows = rows.map(|id| vec![described(telling, id), stays(telling, id), present(telling, id)]).collect();
        section.table(&["who could read", "in the channel", "present"], rows);
        if silent.len() > MOST_SILENT {
            let more = (silent.len() - MOST_SILENT) as u64;
            section.text(Line::of(format!("And {}.", counted(more, "account more", "accounts more"))));
        }
    }
}

/// Bots and webhooks that wrote.
fn programs(telling: &Telling<'_>, section: &mut Section) {
    let rows: Vec<Vec<Line>> = telling
        .gathered
        .writers
        .iter()
        .filter(|((id, hook), _)| hook.is_some() || is_program(telling, id))
        .map(|((id, hook), posts)| {
            let name = match hook {
                Some(name) => Line::said_by_people(crate::produce::mail::one_line(name)).words(", a webhook"),
                None => described(telling, id),
            };
            vec![name, telling.person(id).cited([RecordId::new("user", id)]), wrote(Some(posts))]
        })
        .collect();
    if !rows.is_empty() {
        section.heading(Line::of("Programs that wrote"));
        section.table(&["program", "under the account", "posts"], rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_overlaps_counts_once() {
        let stay = |from, until| Stay { from: Some(from), until, record: RecordId::new("channel_membership", "x") };
        for (stays, expected) in [
            (vec![stay(0, Some(100))], 10),
            (vec![stay(0, None)], 10),
            (vec![stay(12, Some(14)), stay(13, Some(16))], 4),
            (vec![stay(12, Some(18)), stay(13, Some(14)), stay(19, None)], 7),
            (vec![stay(0, Some(10)), stay(20, None)], 0),
            (vec![stay(15, Some(3))], 0),
        ] {
            assert_eq!(shared(&stays, 10, 20), expected, "{stays:?}");
        }
        assert_eq!(shared(&[stay(i64::MIN, None)], i64::MIN, i64::MAX), i64::MAX);
    }
}
