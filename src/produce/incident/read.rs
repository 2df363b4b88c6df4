//! Reading the runs of an archive: one pass over the kinds of playbooks, one over the posts that runs name.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::checklist;
use super::details::{Details, names};
use super::run::{Capacity, Entry, Gap, Metric, Participant, Playbook, RecordId, Run, Runs, Said, StatusPost};
use crate::archive::exceptions::Exception;
use crate::archive::reader::Archive;
use crate::archive::walk::{SegmentText, Walk};
use crate::produce::{Directory, Post, ProduceError, Sealed, State, cards};
use crate::progress::Progress;
use crate::record::exception::Class;
use crate::record::fields::{Head, characters, integer, is_true, plain};
use crate::record::time::Millis;

/// The kinds that are read, apart from posts.
const KINDS: [&str; 7] =
    ["playbook", "playbook_metric", "playbook_run", "run_event", "run_metric", "run_participant", "run_status_post"];

/// What a record says.
enum Row {
    Playbook(Box<str>, Playbook),
    /// The playbook or run that it belongs to, its place, and what is measured.
    Config(Box<str>, i64, Metric),
    Run(Box<Run>),
    /// The run that it belongs to.
    Entry(Box<str>, Entry),
    Measured(Box<str>, Metric),
    Participant(Box<str>, Listed),
    StatusPost(Box<str>, StatusPost),
}

/// A row of the list of participants.
struct Listed {
    user_id: Box<str>,
    capacities: Vec<Capacity>,
    record: RecordId,
}

impl Runs {
    /// Reads the runs of an archive. An archive without any, such as one of a bulk export, has none.
    pub fn read(sealed: &Sealed<'_>, directory: &Directory, progress: &Progress) -> Result<Self, ProduceError> {
        let archive = sealed.archive;
        let walk = Walk::new(archive, progress)?.kinds(|kind| KINDS.contains(&kind));
        let mut rows = Vec::new();
        walk.for_each_segment(segment_rows, |found| {
            rows.extend(found);
            Ok::<_, ProduceError>(())
        })?;
        let (mut runs, strays) = joined(rows, &by_username(directory));
        add_posts(&mut runs, archive, progress)?;
        sealed.for_each_exception(|exception| add_sharing(&mut runs, &exception))?;
        for run in runs.values_mut() {
            finish(run);
        }
        Ok(Self::new(runs.into_values().collect(), strays))
    }

    /// The run that an entry of a timeline belongs to, and the entry.
    pub(super) fn entry(head: &Head<'_>) -> (Box<str>, Entry) {
        (plain(head.pick(["playbook_run_id"])[0]).into(), entry(head))
    }
}

/// Ids of accounts by username.
fn by_username(directory: &Directory) -> HashMap<&str, &str> {
    directory.users().into_iter().map(|(id, user)| (&*user.username, id)).collect()
}

fn segment_rows(segment: SegmentText<'_>) -> Vec<Row> {
    let kind = segment.kind();
    segment.lines().map(|(_, line)| row(kind, &Head::of(line, kind))).collect()
}

fn text(value: Option<&[u8]>) -> Box<str> {
    value.map(|value| characters(value).into()).unwrap_or_default()
}

fn time(value: Option<&[u8]>) -> Millis {
    integer(value).unwrap_or_default()
}

fn row(kind: &str, head: &Head<'_>) -> Row {
    let run = || Box::from(plain(head.pick(["playbook_run_id"])[0]));
    match kind {
        "playbook" => {
            let [title, update_at, delete_at] = head.pick(["title", "update_at", "delete_at"]);
            let playbook = Playbook { title: text(title), update_at: time(update_at), delete_at: time(delete_at) };
            Row::Playbook(head.id.into(), playbook)
        }
        "playbook_metric" => {
            let fields = ["playbook_id", "run_id", "title", "type", "target", "ordering"];
            let [playbook, run, title, kind, target, ordering] = head.pick(fields);
            let metric = Metric {
                config_id: head.id.into(),
                title: text(title),
                kind: text(kind),
                target: integer(target),
                ..Metric::default()
            };
            let of = Some(plain(run)).filter(|run| !run.is_empty()).unwrap_or(plain(playbook));
            Row::Config(of.into(), time(ordering), metric)
        }
        "playbook_run" => Row::Run(Box::new(self::run(head))),
        "run_event" => {
            let (run, entry) = Runs::entry(head);
            Row::Entry(run, entry)
        }
        "run_metric" => {
            let [config, value, published] = head.pick(["metric_config_id", "value", "published"]);
            let metric = Metric {
                id: head.id.into(),
                config_id: text(config),
                value: integer(value),
                is_published: is_true(published),
                ..Metric::default()
            };
            Row::Measured(run(), metric)
        }
        "run_participant" => {
            let [user, follower, participant] = head.pick(["user_id", "is_follower", "is_participant"]);
            // Before there was a column for participants, every row was a follower's.
            let capacities = [(Capacity::Participant, is_true(participant)), (Capacity::Follower, is_true(follower))];
            let capacities = capacities.into_iter();
            let listed = Listed {
                user_id: text(user),
                capacities: capacities.filter(|(_, is_so)| *is_so).map(|(capacity, _)| capacity).collect(),
                record: RecordId::new(kind, head.id),
            };
            Row::Participant(run(), listed)
        }
        _ => {
            let post = StatusPost { id: head.id.into(), post_id: text(head.pick(["post_id"])[0]), post: None };
            Row::StatusPost(run(), post)
        }
    }
}

fn entry(head: &Head<'_>) -> Entry {
    let fields = [
        "create_at",
        "delete_at",
        "event_at",
        "event_type",
        "summary",
        "details",
        "post_id",
        "subject_user_id",
        "creator_user_id",
    ];
    let [create_at, delete_at, event_at, kind, summary, details, post, subject, creator] = head.pick(fields);
    Entry {
        id: head.id.into(),
        event_at: time(event_at),
        create_at: time(create_at),
        delete_at: time(delete_at),
        kind: text(kind),
        summary: text(summary),
        details: text(details),
        post_id: text(post),
        subject_id: text(subject),
        creator_id: text(creator),
    }
}

fn run(head: &Head<'_>) -> Run {
    let [name, summary, owner, team, channel, create_at, end_at, delete_at, post, playbook] = head.pick([
        "name",
        "summary",
        "owner_user_id",
        "team_id",
        "channel_id",
        "create_at",
        "end_at",
        "delete_at",
        "post_id",
        "playbook_id",
    ]);
    let [checklists, status, reporter, broadcast, retrospective, published, canceled, updated, reminder] = head.pick([
        "checklists",
        "current_status",
        "reporter_user_id",
        "broadcast_channel_ids",
        "retrospective",
        "retrospective_published_at",
        "retrospective_was_canceled",
        "last_status_update_at",
        "reminder_timer_default_seconds",
    ]);
    let [summary_modified, number] = head.pick(["summary_modified_at", "sequential_id"]);
    let (checklists, faults) = checklist::parse(&checklists.map(characters).unwrap_or_default());
    let broadcast = text(broadcast);
    let mut run = Run {
        id: head.id.into(),
        name: text(name),
        sequential_id: text(number),
        summary: text(summary),
        summary_modified_at: time(summary_modified),
        team_id: text(team),
        channel_id: text(channel),
        playbook_id: text(playbook),
        owner_id: text(owner),
        reporter_id: text(reporter),
        create_at: time(create_at),
        end_at: time(end_at),
        delete_at: time(delete_at),
        status: text(status),
        post_id: text(post),
        last_status_update_at: time(updated),
        reminder_seconds: time(reminder),
        broadcast_channel_ids: broadcast.split(',').filter(|id| !id.is_empty()).map(Box::from).collect(),
        retrospective: text(retrospective),
        retrospective_published_at: time(published),
        retrospective_was_canceled: is_true(canceled),
        checklists,
        ..Run::default()
    };
    let record = run.record();
    run.gaps = faults.into_iter().map(|what| Gap { record: record.clone(), what }).collect();
    run
}

/// Brings the rows of each run together; rows of runs that are not there are the second part.
fn joined(rows: Vec<Row>, by_username: &HashMap<&str, &str>) -> (BTreeMap<Box<str>, Run>, Vec<Gap>) {
    let (mut runs, mut playbooks, mut configs) = (BTreeMap::new(), HashMap::new(), Vec::new());
    let (mut rest, mut strays) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Playbook(id, playbook) => drop(playbooks.insert(id, playbook)),
            Row::Config(of, place, metric) => configs.push((of, place, metric)),
            Row::Run(run) => drop(runs.insert(run.id.clone(), *run)),
            other => rest.push(other),
        }
    }
    configs.sort_by(|left, right| (left.1, &left.2.config_id).cmp(&(right.1, &right.2.config_id)));
    for run in runs.values_mut() {
        run.playbook = playbooks.get(&run.playbook_id).cloned();
        if run.playbook.is_none() && !run.playbook_id.is_empty() {
            let what = "its playbook is not in the archive".to_owned();
            run.gaps.push(Gap { record: run.record(), what });
        }
        let own = configs.iter().filter(|(of, ..)| *of == run.id || *of == run.playbook_id);
        run.metrics = own.map(|(_, _, metric)| metric.clone()).collect();
        for (user, capacity) in [(run.owner_id.clone(), Capacity::Owner), (run.reporter_id.clone(), Capacity::Reporter)]
        {
            let record = run.record();
            participant(run, &user, record).capacities.insert(capacity);
        }
    }
    for row in rest {
        let (of, record) = match &row {
            Row::Entry(of, entry) => (of, RecordId::new("run_event", &entry.id)),
            Row::Measured(of, metric) => (of, RecordId::new("run_metric", &metric.id)),
            Row::StatusPost(of, post) => (of, RecordId::new("run_status_post", &post.id)),
            Row::Participant(of, participant) => (of, participant.record.clone()),
            Row::Playbook(..) | Row::Config(..) | Row::Run(_) => continue,
        };
        if let Some(run) = runs.get_mut(of) {
            add(run, row, by_username);
        } else {
            strays.push(Gap { record, what: "it names a run that is not in the archive".to_owned() });
        }
    }
    (runs, strays)
}

/// The participant of this id, who is one because of `record`.
fn participant<'r>(run: &'r mut Run, user: &str, record: RecordId) -> &'r mut Participant {
    let at = run.participants.iter().position(|known| *known.user_id == *user);
    let at = at.unwrap_or_else(|| {
        run.participants.push(Participant { user_id: user.into(), ..Participant::default() });
        run.participants.len() - 1
    });
    let found = &mut run.participants[at];
    if !found.records.contains(&record) {
        found.records.push(record);
    }
    found
}

fn add(run: &mut Run, row: Row, by_username: &HashMap<&str, &str>) {
    match row {
        Row::Entry(_, entry) => add_entry(run, entry, by_username),
        Row::Measured(_, metric) => {
            if let Some(known) = run.metrics.iter_mut().find(|known| known.config_id == metric.config_id) {
                (known.id, known.value, known.is_published) = (metric.id, metric.value, metric.is_published);
            } else {
                let what = "what it measures is no longer described".to_owned();
                run.gaps.push(Gap { record: RecordId::new("run_metric", &metric.id), what });
                run.metrics.push(metric);
            }
        }
        Row::Participant(_, told) => {
            participant(run, &told.user_id, told.record).capacities.extend(told.capacities);
        }
        Row::StatusPost(_, post) => run.status_posts.push(post),
        Row::Playbook(..) | Row::Config(..) | Row::Run(_) => {}
    }
}

/// Adds an entry, and whoever it names as having come, gone or owned the run.
fn add_entry(run: &mut Run, entry: Entry, by_username: &HashMap<&str, &str>) {
    let record = RecordId::new("run_event", &entry.id);
    if matches!(&*entry.kind, "user_joined_left" | "participants_changed" | "owner_changed") {
        let details = Details::parse(&entry.details);
        if details.is_broken {
            let what = "its details are no JSON, so that not everybody whom it names may be known".to_owned();
            run.gaps.push(Gap { record: record.clone(), what });
        }
        let mut named = details.users;
        if *entry.kind == *"owner_changed" {
            named.extend(names(&entry.summary));
        }
        for name in &named {
            if let Some(user) = by_username.get(&**name) {
                participant(run, user, record.clone());
            } else {
                let what = "it names an account that the archive does not describe".to_owned();
                run.gaps.push(Gap { record: record.clone(), what });
            }
        }
        if !entry.subject_id.is_empty() {
            let subject = entry.subject_id.clone();
            participant(run, &subject, record);
        }
    }
    run.timeline.push(entry);
}

/// Adds what the archive notes of a run that shares its channel with one that was not exported.
fn add_sharing(runs: &mut BTreeMap<Box<str>, Run>, noted: &Exception) {
    let of = |text: &str| text.rsplit_once("playbook_run/").map(|(_, id)| Box::<str>::from(id));
    if noted.class != Class::NoteIncidentShared.code() {
        return;
    }
    if let Some((run, other)) = of(&noted.object).and_then(|id| runs.get_mut(&id)).zip(of(&noted.found)) {
        run.shared_with.push(other);
    }
}

/// Looks up the posts that runs name: status updates, and what runs were started from.
fn add_posts(runs: &mut BTreeMap<Box<str>, Run>, archive: &Archive, progress: &Progress) -> Result<(), ProduceError> {
    let named = |run: &Run| {
        let updates = run.status_posts.iter().map(|update| update.post_id.clone());
        updates.chain([run.post_id.clone()]).filter(|id| !id.is_empty()).collect::<Vec<_>>()
    };
    let wanted: HashSet<Box<str>> = runs.values().flat_map(named).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut posts: HashMap<Box<str>, Said> = HashMap::new();
    let walk = Walk::new(archive, progress)?.kinds(|kind| kind == crate::produce::post::KIND);
    walk.for_each_segment(
        |segment| {
            let named = |line: &[u8]| wanted.contains(Head::of(line, crate::produce::post::KIND).id);
            segment.lines().filter(|(_, line)| named(line)).filter_map(|(_, line)| said(line)).collect::<Vec<_>>()
        },
        |found| {
            posts.extend(found);
            Ok::<_, ProduceError>(())
        },
    )?;
    for run in runs.values_mut() {
        run.started_from = posts.get(&run.post_id).cloned();
        for update in &mut run.status_posts {
            update.post = posts.get(&update.post_id).cloned();
        }
    }
    Ok(())
}

fn said(line: &[u8]) -> Option<(Box<str>, Said)> {
    let post = Post::read(line);
    if matches!(post.state(), State::Earlier(_)) {
        return None;
    }
    let said = Said {
        create_at: post.create_at,
        edit_at: post.edit_at,
        delete_at: post.delete_at,
        user_id: post.user_id.into(),
        channel_id: post.channel_id.into(),
        text: cards::said(&post).into(),
    };
    Some((post.id.into(), said))
}

/// Puts everything in its order, and names what is missing.
fn finish(run: &mut Run) {
    run.timeline.sort_by(|left, right| {
        (left.event_at, left.create_at, &left.id).cmp(&(right.event_at, right.create_at, &right.id))
    });
    let when = |update: &StatusPost| update.post.as_ref().map_or(Millis::MAX, |post| post.create_at);
    run.status_posts.sort_by(|left, right| (when(left), &left.post_id).cmp(&(when(right), &right.post_id)));
    run.participants.retain(|participant| !participant.user_id.is_empty());
    run.participants.sort_by(|left, right| left.user_id.cmp(&right.user_id));
    let record = run.record();
    let mut gaps = Vec::new();
    for update in run.status_posts.iter().filter(|update| update.post.is_none()) {
        let what = "the post of this status update is not in the archive".to_owned();
        gaps.push(Gap { record: RecordId::new("run_status_post", &update.id), what });
    }
    if run.started_from.is_none() && !run.post_id.is_empty() {
        gaps.push(Gap {
            record: record.clone(),
            what: "the post that it was started from is not in the archive".into(),
        });
    }
    if run.end_at > 0 && run.end_at < run.create_at {
        gaps.push(Gap { record: record.clone(), what: "it ended before it began, by its own times".into() });
    }
    if run.status.eq_ignore_ascii_case("finished") && run.end_at == 0 {
        gaps.push(Gap { record, what: "it is finished and does not say when".into() });
    }
    run.gaps.append(&mut gaps);
    run.gaps.sort();
    run.gaps.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&str, &str, &str)]) -> (BTreeMap<Box<str>, Run>, Vec<Gap>) {
        let line =
            |(kind, id, data): &(&str, &str, &str)| format!(r#"{{"kind":"{kind}","id":"{id}","at":0,"data":{data}}}"#);
        let rows = lines.iter().map(|spec| row(spec.0, &Head::of(line(spec).as_bytes(), spec.0))).collect();
        let users = HashMap::from([("anna", "u1"), ("bob", "u2"), ("eve", "u3")]);
        let (mut runs, strays) = joined(rows, &users);
        runs.values_mut().for_each(finish);
        (runs, strays)
    }

    #[test]
    fn the_rows_of_a_run_come_together() {
        let (runs, strays) = read(&[
            ("playbook", "pb", r#"{"title":"Outage","update_at":3}"#),
            ("playbook_metric", "m2", r#"{"playbook_id":"pb","title":"Cost","type":"metric_currency","ordering":2}"#),
            (
                "playbook_metric",
                "m1",
                r#"{"playbook_id":"pb","title":"Down","type":"metric_duration","target":60,"ordering":1}"#,
            ),
            (
                "playbook_run",
                "r1",
                r#"{"name":"DNS","owner_user_id":"u2","channel_id":"c","create_at":100,"end_at":900,"playbook_id":"pb","reporter_user_id":"u1","broadcast_channel_ids":"c1,c2","checklists":[{"title":"A","items":[{"title":"T","state":"closed","state_modified":7}]}]}"#,
            ),
            (
                "run_event",
                "e2",
                r#"{"playbook_run_id":"r1","event_at":200,"event_type":"owner_changed","summary":"@anna to @bob","subject_user_id":"u1"}"#,
            ),
            (
                "run_event",
                "e1",
                r#"{"playbook_run_id":"r1","event_at":150,"event_type":"user_joined_left","details":"{\"action\":\"joined\",\"users\":[\"eve\",\"gone\"]}"}"#,
            ),
            ("run_metric", "r1/m1", r#"{"playbook_run_id":"r1","metric_config_id":"m1","value":61,"published":true}"#),
            (
                "run_participant",
                "r1/u2",
                r#"{"playbook_run_id":"r1","user_id":"u2","is_follower":true,"is_participant":true}"#,
            ),
            ("run_status_post", "r1/p9", r#"{"playbook_run_id":"r1","post_id":"p9"}"#),
            ("run_status_post", "r0/p1", r#"{"playbook_run_id":"r0","post_id":"p1"}"#),
        ]);
        let run = &runs["r1"];
        assert_eq!(run.playbook.as_ref().map(|playbook| &*playbook.title), Some("Outage"));
        assert_eq!(
            run.metrics.iter().map(|metric| (&*metric.title, metric.value)).collect::<Vec<_>>(),
            [("Down", Some(61)), ("Cost", None)]
        );
        assert_eq!(run.timeline.iter().map(|entry| &*entry.id).collect::<Vec<_>>(), ["e1", "e2"]);
        let people: Vec<String> = run
            .participants
            .iter()
            .map(|one| {
                let capacities: Vec<_> = one.capacities.iter().map(|capacity| capacity.word()).collect();
                format!("{} {} {}", one.user_id, capacities.join("+"), one.records.len())
            })
            .collect();
        assert_eq!(people, ["u1 reporter 2", "u2 owner+participant+follower 3", "u3  1"]);
        assert_eq!((run.broadcast_channel_ids.len(), run.tasks().count()), (2, 1));
        let gaps: Vec<_> = run.gaps.iter().map(|gap| format!("{}: {}", gap.record, gap.what)).collect();
        assert_eq!(
            gaps,
            [
                "run_event/e1: it names an account that the archive does not describe",
                "run_status_post/r1/p9: the post of this status update is not in the archive",
            ]
        );
        assert_eq!(strays.iter().map(|gap| gap.record.to_string()).collect::<Vec<_>>(), ["run_status_post/r0/p1"]);
    }

    #[test]
    fn contradictions_and_broken_columns_are_told() {
        let (runs, _) = read(&[
            (
                "playbook_run",
                "r1",
                r#"{"create_at":100,"end_at":50,"playbook_id":"gone","post_id":"p","checklists":"[{\"title\":\"A\"},{"}"#,
            ),
            ("playbook_run", "r2", r#"{"create_at":100,"current_status":"Finished","end_at":0}"#),
            (
                "run_event",
                "e",
                r#"{"playbook_run_id":"r2","event_type":"participants_changed","details":"{\"users\":"}"#,
            ),
        ]);
        let told = |id: &str| runs[id].gaps.iter().map(|gap| gap.what.as_str()).collect::<Vec<_>>().join("; ");
        for words in ["ended before it began", "its playbook is not", "started from is not", "read before that: 1"] {
            assert!(told("r1").contains(words), "{}", told("r1"));
        }
        assert!(told("r2").contains("does not say when") && told("r2").contains("no JSON"), "{}", told("r2"));
        assert_eq!(runs["r1"].checklists.len(), 1);
    }

    #[test]
    fn runs_that_share_a_channel_are_told_apart_only_by_id() {
        let (runs, strays) = read(&[
            ("playbook_run", "r2", r#"{"channel_id":"c","create_at":5}"#),
            ("playbook_run", "r1", r#"{"channel_id":"c","create_at":5}"#),
            ("playbook_run", "r0", r#"{"channel_id":"d","create_at":9}"#),
        ]);
        let runs = Runs::new(runs.into_values().collect(), strays);
        assert_eq!(runs.all().iter().map(|run| &*run.id).collect::<Vec<_>>(), ["r1", "r2", "r0"]);
        assert!(runs.only_in_channel("c").is_none() && runs.in_channel("c").count() == 2);
        assert_eq!(runs.only_in_channel("d").map(|run| &*run.id), Some("r0"));
        assert!(runs.get("r2").is_some() && runs.get("x").is_none());
    }
}
