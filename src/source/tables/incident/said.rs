//! What was said in an incident: posts of its channels, of the channels that they link to, and of threads that reach out
//! of the window.
//!
//! Invariant: channels are linked by the run's own posts only, so that the search ends after one step.

use std::collections::HashMap;

use super::because::Reason;
use super::posts::{self, permalinks};
use super::question::{Question, Test, filled};
use super::trace::Trace;
use crate::record::time::Window;
use crate::source::catalogue::{FILE, POST, POST_ACKNOWLEDGEMENT, REACTION, Rank, THREAD};
use crate::source::tables::TablesError;
use crate::source::tables::scope::Ids;

impl Trace<'_> {
    /// Posts of the channels so far, and the channels that posts of the run's own link to.
    pub(super) fn said(&mut self) -> Result<(), TablesError> {
        let window = self.incident.window;
        let own = self.places(&[Reason::Channel]);
        let others = self.places(&[Reason::Linked, Reason::Direct]);
        let spoken: Vec<&'static str> = posts::FIELDS.into_iter().chain(["message", "props"]).collect();
        let named: Ids = self.posts.status.keys().cloned().collect();
        let questions = [
            happened(&own, window, &spoken),
            happened(&others, window, &posts::FIELDS),
            Question::naming(POST, "id", &named, &spoken),
        ];
        let (posts, links, kept) = (&mut self.posts, &mut self.gaps.links, &mut self.incident.kept);
        self.tables.ask_and_keep(&questions, kept, self.work.progress, &mut |number, told| {
            posts.meet(told, window);
            if number != 1 {
                for text in ["message", "props"].iter().filter_map(|field| told(field)) {
                    links.extend(permalinks(&text).map(|id| Box::from(id.as_bytes())));
                }
            }
        })?;
        let gone = self.posts.status.keys().filter(|id| !self.posts.has(id)).cloned().collect();
        self.gaps.status = gone;
        Ok(())
    }

    /// Channels of posts that the run's own link to, and what was said there.
    pub(super) fn linked_by_posts(&mut self) -> Result<(), TablesError> {
        let window = self.incident.window;
        let mut places: HashMap<Box<[u8]>, Box<[u8]>> = HashMap::new();
        let unknown: Ids = self.gaps.links.iter().filter(|id| !self.posts.has(id)).cloned().collect();
        let question = Question::naming(POST, "id", &unknown, &["channel_id"]);
        self.ask(&[question], &mut |_, told| {
            if let (Some(id), Some(channel)) = (filled(told, "id"), filled(told, "channel_id")) {
                places.insert(id, channel);
            }
        })?;
        let mut more = Ids::new();
        for (post, channel) in &places {
            self.gaps.links.remove(post);
            let known = self.channels.get(channel);
            if self.incident.channels.contains_key(channel) || known.is_none() {
                continue;
            }
            // What people said among themselves is wanted only if it was asked for.
            if known.is_some_and(|channel| channel.is_private_talk) {
                self.gaps.left_out.insert(channel.clone());
                continue;
            }
            more.insert(channel.clone());
        }
        self.gaps.links.retain(|id| !self.posts.has(id));
        for channel in &more {
            self.incident.channels.insert(channel.clone(), Reason::Linked);
            let team = self.channels.get(channel).map(|channel| channel.team.clone());
            self.incident.teams.extend(team.filter(|team| !team.is_empty()));
        }
        let (posts, kept) = (&mut self.posts, &mut self.incident.kept);
        let questions = [happened(&more, window, &posts::FIELDS)];
        self.tables.ask_and_keep(&questions, kept, self.work.progress, &mut |_, told| {
            posts.meet(told, window);
        })
    }

    /// Posts that somebody answered, acknowledged or attached a file to in the window. Older servers do not say in which
    /// channel that was done; then the post says it.
    pub(super) fn touched(&mut self) -> Result<(), TablesError> {
        let window = self.incident.window;
        let channels = self.places(&[Reason::Channel, Reason::Linked, Reason::Direct]);
        let within = |fields: &[&'static str]| fields.iter().map(|field| Test::Within(field, window)).collect();
        let acts: [(Rank, &[&'static str]); 4] = [
            (REACTION, &["create_at", "delete_at"]),
            (POST_ACKNOWLEDGEMENT, &["acknowledged_at"]),
            (FILE, &["create_at", "delete_at"]),
            (THREAD, &["last_reply_at"]),
        ];
        let question = |(rank, times): (Rank, &[&'static str])| Question {
            rank,
            fields: &["post_id", "channel_id"],
            all_of: vec![vec![Test::In("channel_id", &channels), Test::Empty("channel_id")], within(times)],
            keeps: false,
        };
        let questions = acts.map(question);
        let (mut touched, posts) = (HashMap::<Box<[u8]>, Box<[u8]>>::new(), &self.posts);
        self.ask(&questions, &mut |_, told| {
            let Some(post) = filled(told, "post_id").filter(|id| !posts.happened(id)) else { return };
            // Rows that contradict each other come in any order.
            let place = touched.entry(post).or_default();
            *place = filled(told, "channel_id").unwrap_or_default().max(std::mem::take(place));
        })?;
        let unknown: Ids = touched.keys().cloned().collect();
        let question = [Question::naming(POST, "id", &unknown, &posts::FIELDS)];
        let posts = &mut self.posts;
        self.tables.ask(&question, self.work.progress, &mut |_, told| {
            let is_placed = filled(told, "channel_id").is_some_and(|channel| channels.contains(&channel));
            let is_told = || filled(told, "id").and_then(|id| touched.get(&id)).is_some_and(|place| !place.is_empty());
            if is_placed || is_told() {
                posts.meet(told, window);
            }
        })?;
        touched.retain(|id, place| !place.is_empty() || posts.has(id));
        self.posts.touched = touched;
        Ok(())
    }

    /// The rest of the threads, earlier versions of their posts among them.
    pub(super) fn threads(&mut self) -> Result<(), TablesError> {
        let window = self.incident.window;
        let is_placed = |id: &[u8]| self.incident.channels.contains_key(id);
        let is_wanted = |id: &[u8]| is_placed(id) || !self.is_private_talk(id);
        self.posts.begins = self.posts.threads(&is_placed, &is_wanted);
        let (versions, missing, afar) = (self.posts.versioned(), self.posts.missing(), self.posts.afar(&is_placed));
        let channels = self.places(&[Reason::Channel, Reason::Linked, Reason::Direct]);
        let questions = [
            Question::naming(POST, "id", &missing, &posts::FIELDS),
            Question::naming(POST, "original_id", &versions, &posts::FIELDS),
            // A reply stands in the channel of what it answers.
            Question::naming(POST, "root_id", &afar, &posts::FIELDS),
            Question {
                rank: POST,
                fields: &posts::FIELDS,
                all_of: vec![
                    vec![Test::In("channel_id", &channels)],
                    vec![Test::Filled("root_id")],
                    vec![Test::Outside("create_at", window)],
                ],
                keeps: false,
            },
        ];
        let posts = &mut self.posts;
        self.tables.ask(&questions, self.work.progress, &mut |_, told| {
            let names = |field: &str, holds: &dyn Fn(&[u8]) -> bool| told(field).is_some_and(|id| holds(id.as_bytes()));
            if ["id", "root_id"].into_iter().any(|field| names(field, &|id| posts.begins(id)))
                || names("original_id", &|id| versions.contains(id))
            {
                posts.meet(told, window);
            }
        })?;
        let place = |id: &[u8]| self.incident.channels.get(id).copied();
        let found = self.posts.found(&place);
        self.incident.said = found;
        Ok(())
    }
}

/// Posts of these channels to which something happened in the window. Each change moves the change clock, so that an edit
/// is looked for by it.
fn happened<'q>(channels: &'q Ids, window: Window, fields: &'q [&'static str]) -> Question<'q> {
    let within = |field| Test::Within(field, window);
    let changed = Test::Within("update_at", Window { from: window.from, until: None });
    let all_of = vec![
        vec![Test::In("channel_id", channels)],
        vec![within("create_at"), within("delete_at"), within("edit_at")],
        vec![within("create_at"), within("delete_at"), changed],
    ];
    Question { rank: POST, fields, all_of, keeps: true }
}
