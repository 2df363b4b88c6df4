//! What an incident consists of, found step by step: each step asks for what the one before it named.
//!
//! Invariant: a step asks by ids and times that the database's indexes serve, so that the work grows with the incident
//! and not with the server.

use std::collections::HashMap;

use super::because::Reason;
use super::kept::{Kept, ROOM};
use super::posts::{self, Posts};
use super::question::{Question, Test, filled};
use super::run::{self, Run};
use super::{Incident, gaps, people};
use crate::record::time::{Millis, Window};
use crate::source::Work;
use crate::source::catalogue::{
    BOARD, CALL, CHANNEL, CHANNEL_MEMBER, CHANNEL_MEMBERSHIP, GROUP_MEMBER, OAUTH_GRANT, PLAYBOOK, PLAYBOOK_RUN, POST,
    RUN_EVENT, RUN_PARTICIPANT, RUN_STATUS_POST, TEAM, USER, table,
};
use crate::source::rows::encode::Encoder;
use crate::source::scope::AskedIncident;
use crate::source::tables::collect::rows;
use crate::source::tables::facts::Facts;
use crate::source::tables::scope::Ids;
use crate::source::tables::tell::Told;
use crate::source::tables::{Tables, TablesError};

/// A channel of the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) team: Box<[u8]>,
    pub(super) is_private_talk: bool,
    pub(super) deleted: Millis,
}

/// An incident that is being traced.
pub(super) struct Trace<'t> {
    pub(super) tables: &'t Tables,
    pub(super) work: &'t Work<'t>,
    pub(super) incident: Incident,
    pub(super) posts: Posts,
    /// All channels of the server.
    pub(super) channels: HashMap<Box<[u8]>, Channel>,
    /// All runs of the server.
    pub(super) all: Vec<Run>,
    pub(super) gaps: gaps::Gaps,
}

impl Tables {
    /// Finds the incident that is meant, and what it consists of.
    pub(in crate::source::tables) fn trace(
        &self,
        asked: &AskedIncident,
        window: Window,
        facts: &mut Facts,
        work: &Work<'_>,
    ) -> Result<Incident, TablesError> {
        let mut trace = Trace::begin(self, asked, window, facts, work)?;
        trace.people()?;
        trace.links(facts);
        trace.direct()?;
        trace.said()?;
        trace.linked_by_posts()?;
        trace.touched()?;
        trace.threads()?;
        trace.around()?;
        Ok(trace.end())
    }
}

impl<'t> Trace<'t> {
    /// Finds the runs.
    fn begin(
        tables: &'t Tables,
        asked: &AskedIncident,
        window: Window,
        facts: &mut Facts,
        work: &'t Work<'_>,
    ) -> Result<Self, TablesError> {
        let needed = [(PLAYBOOK_RUN, run::FIELDS.to_vec()), (POST, posts::FIELDS.to_vec())];
        tables.require(&needed)?;
        let fields: Vec<&str> = run::FIELDS.into_iter().chain(["type"]).collect();
        let (mut channels, mut all) = (HashMap::new(), Vec::new());
        let ranks = [TEAM, CHANNEL, PLAYBOOK_RUN];
        let not_dumped = tables.visit(&ranks, &fields, None, work.progress, &mut |plan, batch| {
            let mut encoder = Encoder::new(plan);
            for row in rows(&batch.text) {
                // What cannot be taken apart names nothing; it is quarantined when records are read.
                let Ok(row) = encoder.row(row) else { continue };
                let told: &Told<'_> = &|field: &str| row.named(field).ok().flatten();
                match plan.rank() {
                    PLAYBOOK_RUN => all.extend(Run::of(told)),
                    rank => {
                        if let Some((id, channel)) = Channel::of(told).filter(|_| rank == CHANNEL) {
                            channels.insert(id, channel);
                        }
                        facts.learn(rank, &row);
                    }
                }
            }
        })?;
        let is_needed =
            |name: &str| [PLAYBOOK_RUN, POST].iter().any(|rank| table(*rank).table.eq_ignore_ascii_case(name));
        let missing = not_dumped.iter().filter(|found| is_needed(&found.name)).map(|found| format!("`{}`", found.name));
        let missing: Vec<String> = missing.collect();
        if !missing.is_empty() {
            return Err(TablesError::NotDumped(missing));
        }
        let name_of = |id: &[u8]| facts.spelled(id, channels.get(id).map(|channel: &Channel| channel.name.as_str())?);
        let runs = run::meant(&asked.run, &all, &|name| facts.channel(name).ok().cloned(), &name_of)?;
        let window = run::life(&runs.values().collect::<Vec<_>>(), window, asked)?;
        let incident = Incident {
            asked: asked.run.clone(),
            margin: asked.margin,
            with_direct: asked.with_direct,
            window,
            runs,
            // Beside a log every post of the database is read.
            kept: Kept::new(if tables.log.is_none() { ROOM } else { 0 }),
            ..Incident::default()
        };
        let (posts, gaps) = (Posts::default(), gaps::Gaps::default());
        Ok(Self { tables, work, incident, posts, channels, all, gaps })
    }

    pub(super) fn ask(
        &self,
        questions: &[Question<'_>],
        give: &mut dyn FnMut(usize, &Told<'_>),
    ) -> Result<(), TablesError> {
        self.tables.ask(questions, self.work.progress, give)
    }

    /// Who took part, which posts tell of the state, and what the timeline says.
    fn people(&mut self) -> Result<(), TablesError> {
        let runs: Ids = self.incident.runs.keys().cloned().collect();
        let mut people: Ids = self.incident.runs.values().flat_map(|run| run.people.iter().cloned()).collect();
        self.incident.playbooks = self.incident.runs.values().filter_map(|run| run.playbook.clone()).collect();
        for run in self.incident.runs.values() {
            if let Some(post) = &run.post {
                self.posts.started.insert(post.clone());
                self.posts.status.entry(post.clone()).or_default().push(run.id.clone());
            }
        }
        let of = "playbook_run_id";
        let events = ["playbook_run_id", "event_type", "summary", "details", "subject_user_id", "creator_user_id"];
        let events: Vec<&'static str> =
            events.into_iter().chain(["event_at", "create_at", "delete_at", "post_id"]).collect();
        let questions = [
            Question::naming(RUN_EVENT, of, &runs, &events),
            Question::naming(RUN_PARTICIPANT, of, &runs, &["playbook_run_id", "user_id"]),
            Question::naming(RUN_STATUS_POST, of, &runs, &["playbook_run_id", "post_id"]),
            Question::naming(PLAYBOOK_RUN, "id", &runs, &["checklists"]),
            Question::naming(PLAYBOOK, "id", &self.incident.playbooks, &[]),
        ];
        let (mut names, mut playbooks) = (Ids::new(), Ids::new());
        let (gaps, posts) = (&mut self.gaps, &mut self.posts);
        self.tables.ask(&questions, self.work.progress, &mut |number, told| match number {
            0 => {
                let kind = told("event_type").unwrap_or_default().into_owned();
                if people::EVENTS.contains(&kind.as_str()) {
                    people
                        .extend(["subject_user_id", "creator_user_id"].iter().filter_map(|field| filled(told, field)));
                    names.extend(people::named_in(&told("details").unwrap_or_default()));
                }
                // Who handed over to whom stands in the words of some versions only.
                if kind == "owner_changed" {
                    names.extend(people::named_in(&told("summary").unwrap_or_default()));
                }
                if let (Some(run), Some(post)) = (filled(told, of), filled(told, "post_id")) {
                    posts.status.entry(post).or_default().push(run);
                }
                gaps.hear(told, &kind);
            }
            1 => people.extend(filled(told, "user_id")),
            2 => {
                if let (Some(run), Some(post)) = (filled(told, of), filled(told, "post_id")) {
                    posts.status.entry(post).or_default().push(run);
                }
            }
            3 => gaps.read_checklists(told),
            _ => playbooks.extend(filled(told, "id")),
        })?;
        gaps.playbooks = playbooks;
        let (mut known, mut logins) = (Ids::new(), HashMap::new());
        let either = vec![vec![Test::In("id", &people), Test::In("username", &names)]];
        let question = Question { rank: USER, fields: &["username", "email"], all_of: either, keeps: false };
        self.ask(&[question], &mut |_, told| {
            let Some(id) = filled(told, "id") else { return };
            logins.extend(["username", "email"].iter().filter_map(|name| Some((filled(told, name)?, id.clone()))));
            known.insert(id);
        })?;
        self.incident.logins = logins;
        self.gaps.people = people.iter().filter(|id| !known.contains(*id)).cloned().collect();
        people.extend(known);
        self.incident.participants = people;
        Ok(())
    }

    /// The runs' own channels, and those that they are broadcast and announced to.
    fn links(&mut self, facts: &Facts) {
        for run in self.incident.runs.values() {
            for channel in &run.linked {
                if !self.channels.contains_key(channel) {
                    self.gaps.channels.insert(channel.clone());
                }
            }
            let answered = run.answered.iter().filter(|id| self.channels.contains_key(*id));
            for channel in run.linked.iter().chain(answered) {
                if self.is_private_talk(channel) && !self.incident.with_direct {
                    self.gaps.left_out.insert(channel.clone());
                    continue;
                }
                self.incident.channels.entry(channel.clone()).or_insert(Reason::Linked);
            }
            self.incident.teams.extend(run.team.clone());
        }
        let own: Vec<Box<[u8]>> = self.incident.runs.values().filter_map(|run| run.channel.clone()).collect();
        for channel in own {
            if !self.channels.contains_key(&channel) {
                self.gaps.channels.insert(channel.clone());
            }
            self.gaps.left_out.remove(&channel);
            self.incident.channels.insert(channel, Reason::Channel);
        }
        let teams = self.incident.channels.keys().filter_map(|id| facts.team_of(id)).map(Box::from);
        self.incident.teams.extend(teams.collect::<Vec<_>>());
    }

    /// Whether it is a direct or group channel: what people said among themselves is wanted only if it was asked for.
    pub(super) fn is_private_talk(&self, channel: &[u8]) -> bool {
        self.channels.get(channel).is_some_and(|channel| channel.is_private_talk)
    }

    /// Direct and group channels of which all members took part; and who else is in those that the run itself was broadcast
    /// to, which are linked to it whoever reads there.
    fn direct(&mut self) -> Result<(), TablesError> {
        if !self.incident.with_direct {
            return Ok(());
        }
        let linked: Ids = self.incident.channels.keys().filter(|id| self.is_private_talk(id)).cloned().collect();
        let mut talks = linked.clone();
        let fields = ["channel_id", "user_id"];
        let question = Question::naming(CHANNEL_MEMBER, "user_id", &self.incident.participants, &fields);
        self.ask(&[question], &mut |_, told| {
            let id = filled(told, "channel_id");
            talks.extend(id.filter(|id| self.is_private_talk(id)));
        })?;
        let mut strangers = Ids::new();
        let question = Question::naming(CHANNEL_MEMBER, "channel_id", &talks, &fields);
        self.ask(&[question], &mut |_, told| {
            if !filled(told, "user_id").is_some_and(|user| self.incident.participants.contains(&user)) {
                strangers.extend(filled(told, "channel_id"));
            }
        })?;
        // The name of a direct channel also tells of somebody who is no member any more.
        let is_among = |id: &[u8]| {
            let name = self.channels.get(id).map(|channel| channel.name.as_str()).unwrap_or_default();
            let pair = name.split_once("__").map(|(one, other)| [one, other]);
            pair.into_iter().flatten().all(|user| self.incident.participants.contains(user.as_bytes()))
        };
        let (among, others): (Vec<Box<[u8]>>, Vec<_>) =
            talks.into_iter().partition(|id| !strangers.contains(id) && is_among(id));
        for channel in among {
            self.incident.channels.entry(channel).or_insert(Reason::Direct);
        }
        self.gaps.strangers = others.into_iter().filter(|id| linked.contains(id)).collect();
        Ok(())
    }

    /// Channels with one of these reasons.
    pub(super) fn places(&self, of: &[Reason]) -> Ids {
        let channels = self.incident.channels.iter().filter(|(_, reason)| of.contains(reason));
        channels.map(|(id, _)| id.clone()).collect()
    }

    /// What else there is in the channels and of the people.
    fn around(&mut self) -> Result<(), TablesError> {
        let channels = self.places(&[Reason::Channel, Reason::Linked, Reason::Direct]);
        let window = self.incident.window;
        let people = self.incident.participants.clone();
        let actors: Ids = people.iter().chain(&self.incident.said.authors).cloned().collect();
        let stay = ["user_id", "join_time", "leave_time"];
        let call = ["start_at", "end_at"];
        let questions = [
            Question::naming(CHANNEL_MEMBERSHIP, "channel_id", &channels, &stay),
            Question::naming(CHANNEL_MEMBER, "channel_id", &channels, &["user_id"]),
            Question::naming(CALL, "channel_id", &channels, &call),
            Question::naming(BOARD, "channel_id", &channels, &[]),
            Question::naming(GROUP_MEMBER, "user_id", &people, &["group_id"]),
            Question::naming(OAUTH_GRANT, "user_id", &actors, &["client_id"]),
        ];
        let meets = |told: &Told<'_>, begin, end| {
            window.meets(super::question::number(told, begin), super::question::number(told, end))
        };
        let incident = &mut self.incident;
        self.tables.ask(&questions, self.work.progress, &mut |number, told| match number {
            0 if meets(told, "join_time", "leave_time") => incident.members.extend(filled(told, "user_id")),
            1 => incident.members.extend(filled(told, "user_id")),
            2 if meets(told, "start_at", "end_at") => incident.calls.extend(filled(told, "id")),
            3 => incident.boards.extend(filled(told, "id")),
            4 => incident.groups.extend(filled(told, "group_id")),
            5 => incident.apps.extend(filled(told, "client_id")),
            _ => {}
        })
    }

    fn end(mut self) -> Incident {
        self.incident.gaps = self.exceptions();
        self.incident
    }
}

impl Channel {
    fn of(told: &Told<'_>) -> Option<(Box<[u8]>, Self)> {
        let name = told("name").unwrap_or_default().into_owned();
        let is_private_talk = told("type").is_some_and(|kind| matches!(kind.as_ref(), "D" | "G"));
        let team = filled(told, "team_id").unwrap_or_default();
        let deleted = super::question::number(told, "delete_at");
        Some((filled(told, "id")?, Self { name, team, is_private_talk, deleted }))
    }
}
