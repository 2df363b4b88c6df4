//! Where a record stands, and from when until when it could be seen there.
//!
//! A post stands in its channel, a reaction where its post does, an event of a run in the run, a session with its owner.
//! What names another record that the archive does not hold stands nowhere that anybody knows, and that is said.

use memchr::memmem::Finder;

use super::Statement;
use super::trace::{self, Mention, Trace};
use crate::archive::walk::Walk;
use crate::produce::incident::RecordId;
use crate::produce::{Post, ProduceError, Work, post};
use crate::record::fields::{Head, characters, integer, plain};
use crate::record::id::Name;
use crate::record::time::Millis;

/// Kinds that only their owner sees.
const PERSONAL: [&str; 12] = [
    "access_token",
    "audit",
    "draft",
    "oauth_grant",
    "post_reminder",
    "recap",
    "saved_post",
    "scheduled_post",
    "session",
    "terms_acceptance",
    "thread_membership",
    "upload_session",
];

/// Kinds that everybody sees who may log in.
const PUBLIC: [&str; 6] = ["bot", "emoji", "profile_picture", "terms_of_service", "user", "user_status"];

/// Kinds that name a channel and are seen by those who run it or the server, not by its members.
const ADMINISTRATIVE: [&str; 10] = [
    "audit_log",
    "channel_action",
    "command_webhook",
    "deletion_queue",
    "group_channel",
    "incoming_webhook",
    "outgoing_webhook",
    "retention_policy_channel",
    "shared_channel",
    "shared_channel_remote",
];

/// Fields that name another record, and its kind: where that stands, this one does.
const CHAINS: [(&str, &str); 4] =
    [("call_id", "call"), ("file_id", "file"), ("post_id", "post"), ("recap_id", "recap")];

/// How far a record is followed over others to its place.
const FARTHEST: usize = 3;

/// Where records stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// In a channel.
    Channel(Box<str>),
    /// In a run of a playbook.
    Run(Box<str>),
    /// In a playbook.
    Playbook(Box<str>),
    /// On a board.
    Board(Box<str>),
    /// In a team.
    Team(Box<str>),
    /// With a person alone.
    Person(Box<str>),
    /// With everybody who may log in.
    Everybody,
    /// With those who run the server.
    Administrators,
    /// Nobody knows: it names this record, which the archive does not hold.
    Lost(RecordId),
}

/// From when until when it could be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Since when; `None` if it has no time.
    pub from: Option<Millis>,
    /// Until before when; `None` for what was still there when the archive was sealed.
    pub until: Option<Millis>,
}

impl Life {
    /// Whether a time lies in it.
    pub fn contains(self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where it stands.
    pub place: Where,
    /// Its records, the one that its life is taken from first.
    pub records: Vec<RecordId>,
    /// When it could be seen.
    pub life: Life,
    /// What is to be known of it.
    pub facts: Vec<Statement>,
    pub(super) doubts: Vec<Statement>,
    pub(super) traces: Vec<Trace>,
}

/// A record with the id that was asked for.
struct Own {
    record: RecordId,
    place: Place,
    life: Life,
    facts: Vec<Statement>,
    /// Whoever made it.
    maker: Option<Trace>,
}

/// Where one line says that it stands.
enum Place {
    Here(Where),
    /// Where this record stands, whose life it shares if it has no time of its own; else, if the archive does not hold
    /// that, there.
    With(RecordId, Option<Where>),
}

/// Finds the records of this name, by the places at which they stand.
pub(super) fn find(work: &Work<'_>, name: Name<'_>) -> Result<Vec<Subject>, ProduceError> {
    let id = name.id();
    if id.is_empty() {
        return Ok(Vec::new());
    }
    let finder = Finder::new(id.as_bytes());
    let (mut own, mut mentions) = (Vec::new(), Vec::new());
    Walk::new(work.sealed.archive, work.progress)?.for_each_segment(
        |segment| {
            let kind = segment.kind();
            let (mut own, mut mentions) = (Vec::new(), Vec::new());
            // Few segments hold the id at all.
            let may_hold = finder.find(segment.bytes).is_some();
            let lines = segment.lines().filter(|_| may_hold);
            for (_, line) in lines.filter(|(_, line)| finder.find(line).is_some()) {
                if name.is(kind, Head::of(line, kind).id) {
                    own.push(read(kind, line));
                } else {
                    mentions.extend(trace::mention(kind, line, id));
                }
            }
            (own, mentions)
        },
        |(some, more)| {
            own.extend(some);
            mentions.extend(more);
            Ok::<_, ProduceError>(())
        },
    )?;
    let mut subjects: Vec<Subject> = Vec::new();
    for own in own {
        let Own { record, place, mut life, facts, maker } = own;
        let place = follow(work, place, &mut life)?;
        if let Some(subject) = subjects.iter_mut().find(|subject| subject.place == place) {
            // The first that has a time stands for all.
            if subject.life.from.is_none() && life.from.is_some() {
                subject.life = life;
                subject.records.insert(0, record);
            } else {
                subject.records.push(record);
            }
            subject.facts.extend(facts);
            subject.traces.extend(maker);
        } else {
            let (doubts, traces) = (Vec::new(), Vec::from_iter(maker));
            subjects.push(Subject { place, records: vec![record], life, facts, doubts, traces });
        }
    }
    for mention in mentions {
        for subject in &mut subjects {
            subject.note(&mention);
        }
    }
    Ok(subjects)
}

impl Subject {
    /// Whether its row is gone, so that not even those who run the server can read it.
    pub(super) fn is_purged(&self) -> bool {
        self.records.first().is_some_and(|record| &*record.kind == "finding_purged")
    }

    fn note(&mut self, mention: &Mention) {
        match mention {
            Mention::Dealt(trace) => self.traces.push(trace.clone()),
            Mention::Version(record) => {
                let what = "its text was changed: who looked before saw the earlier version".to_owned();
                self.facts.push(Statement { at: 0, what, records: vec![record.clone()] });
            }
            Mention::Doubt(doubt) => self.doubts.push(doubt.clone()),
            Mention::Link(trace) => {
                let what = "a public link was made: whoever had it could fetch the file without an account, as long as \
                            the server allows such links";
                let records = vec![trace.record.clone()];
                self.doubts.push(Statement { at: trace.at, what: what.to_owned(), records });
                self.traces.push(trace.clone());
            }
        }
    }
}

/// Follows a record over those that it names to where it stands.
fn follow(work: &Work<'_>, mut place: Place, life: &mut Life) -> Result<Where, ProduceError> {
    for _ in 0..FARTHEST {
        let (next, known) = match place {
            Place::Here(found) => return Ok(found),
            Place::With(next, known) => (next, known),
        };
        let mut found = None;
        let kinds = [&*next.kind, "finding_purged"];
        let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kinds.contains(&kind));
        walk.for_each_segment(
            |segment| {
                let kind = segment.kind();
                segment.lines().find(|(_, line)| Head::of(line, kind).id == &*next.id).map(|(_, line)| read(kind, line))
            },
            |own| {
                found = found.take().or(own);
                Ok::<_, ProduceError>(())
            },
        )?;
        let Some(own) = found else { return Ok(known.unwrap_or(Where::Lost(next))) };
        if life.from.is_none() {
            *life = own.life;
        }
        place = own.place;
    }
    Ok(match place {
        Place::Here(found) => found,
        Place::With(next, known) => known.unwrap_or(Where::Lost(next)),
    })
}

fn read(kind: &str, text: &[u8]) -> Own {
    let head = Head::of(text, kind);
    let record = RecordId::new(kind, head.id);
    let [deleted] = head.pick(["delete_at"]);
    let until = integer(deleted).filter(|at| *at > 0);
    let mut life = Life { from: Some(head.at()).filter(|at| *at != 0), until };
    let mut facts = Vec::new();
    let mut fact = |at: Millis, what: &str| {
        facts.push(Statement { at, what: what.to_owned(), records: vec![record.clone()] });
    };
    match kind {
        post::KIND => {
            let post = Post::read(text);
            if !post.original_id.is_empty() && post.delete_at > 0 {
                life.from = Some(post.create_at.max(post.edit_at)).filter(|at| *at != 0);
                fact(post.delete_at, "it is an earlier version, shown until it was replaced");
            } else if let Some(at) = until {
                fact(at, "it was deleted; its row stays, and whoever runs the server may read it");
            }
        }
        "finding_purged" => {
            life.until = purged_at(&head);
            fact(life.until.unwrap_or_default(), "it was purged; the audit log tells that it was there");
        }
        // An archived channel is still there.
        "channel" | "team" => life.until = None,
        _ => {}
    }
    let maker = trace::maker(kind, &head, &record);
    Own { place: place(kind, &head), record, life, facts, maker }
}

/// When the first of the requests was granted that purged a post.
fn purged_at(head: &Head<'_>) -> Option<Millis> {
    let [deletions] = head.pick(["deletions"]);
    let deletions: serde_json::Value = serde_json::from_str(&characters(deletions?)).ok()?;
    deletions.as_array()?.iter().filter_map(|deletion| deletion["at"].as_i64()).filter(|at| *at > 0).min()
}

fn place(kind: &str, head: &Head<'_>) -> Place {
    let [channel, run, of_run, playbook, board, team, user, history_of] =
        head.pick(["channel_id", "playbook_run_id", "run_id", "playbook_id", "board_id", "team_id", "user_id", "id"]);
    let named = |value| Some(plain(value)).filter(|id| !id.is_empty()).map(Box::<str>::from);
    let id = || Box::<str>::from(head.id);
    let here = match kind {
        "channel" => Some(Where::Channel(id())),
        "team" => Some(Where::Team(id())),
        "playbook_run" => Some(Where::Run(id())),
        "playbook" => Some(Where::Playbook(id())),
        "board" => Some(Where::Board(id())),
        "board_history" => named(history_of).map(Where::Board),
        "team_member" => named(team).map(Where::Team),
        "property_value" | "property_field" => {
            let [target, sort] = head.pick(["target_id", "target_type"]);
            match plain(sort) {
                "run" => named(target).map(Where::Run),
                "playbook" => named(target).map(Where::Playbook),
                "channel" => named(target).map(Where::Channel),
                _ => None,
            }
        }
        _ if ADMINISTRATIVE.contains(&kind) => Some(Where::Administrators),
        _ if PERSONAL.contains(&kind) => named(user).map(Where::Person),
        _ if PUBLIC.contains(&kind) => Some(Where::Everybody),
        _ => {
            let of_run = named(run).or_else(|| named(of_run)).map(Where::Run);
            let of_board = || named(board).map(Where::Board);
            let of_playbook = || named(playbook).map(Where::Playbook);
            of_run.or_else(of_board).or_else(of_playbook).or_else(|| named(channel).map(Where::Channel))
        }
    };
    // What has no time of its own has that of what it belongs to: a thread, a file of a bulk export.
    let is_settled = |here: &Where| head.at() != 0 || !matches!(here, Where::Channel(_));
    if let Some(here) = here.as_ref().filter(|here| is_settled(here)) {
        return Place::Here(here.clone());
    }
    for (field, of) in CHAINS {
        if let Some(id) = named(head.pick([field])[0]).filter(|_| kind != of) {
            return Place::With(RecordId::new(of, &id), here);
        }
    }
    Place::Here(here.unwrap_or(Where::Administrators))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(kind: &str, data: &str) -> (String, Life) {
        stands_at(7, kind, data)
    }

    fn stands_at(at: Millis, kind: &str, data: &str) -> (String, Life) {
        let line = format!(r#"{{"kind":"{kind}","id":"x","at":{at},"data":{{{data}}}}}"#);
        let own = read(kind, line.as_bytes());
        let place = match own.place {
            Place::Here(place) => format!("{place:?}"),
            Place::With(record, _) => format!("with {} {}", record.kind, record.id),
        };
        (place, own.life)
    }

    #[test]
    fn every_kind_stands_where_it_can_be_seen() {
        for (kind, data, expected) in [
            ("post", r#""user_id":"u","channel_id":"c""#, "Channel(\"c\")"),
            ("file", r#""post_id":"p","channel_id":"c""#, "Channel(\"c\")"),
            ("file", r#""post_id":"p","channel_id":"""#, "with post p"),
            ("reaction", r#""user_id":"u","post_id":"p""#, "with post p"),
            ("call_job", r#""call_id":"k","creator_id":"u""#, "with call k"),
            ("playbook_run", r#""channel_id":"c","playbook_id":"b""#, "Run(\"x\")"),
            ("run_event", r#""playbook_run_id":"r","post_id":"p""#, "Run(\"r\")"),
            ("playbook_metric", r#""playbook_id":"b","run_id":"""#, "Playbook(\"b\")"),
            ("block", r#""board_id":"b","channel_id":"c""#, "Board(\"b\")"),
            ("session", r#""user_id":"u""#, "Person(\"u\")"),
            ("draft", r#""user_id":"u","channel_id":"c""#, "Person(\"u\")"),
            ("user", r#""username":"ana""#, "Everybody"),
            ("audit_log", r#""user_id":"u""#, "Administrators"),
            ("configuration", "", "Administrators"),
        ] {
            assert_eq!(stands(kind, data).0, expected, "{kind}");
        }
        let thread = r#""post_id":"p","channel_id":"c""#;
        assert_eq!(stands_at(0, "thread", thread).0, "with post p", "it lives as long as its post");
        assert_eq!(stands_at(0, "channel_member", r#""channel_id":"c""#).0, "Channel(\"c\")");
    }

    #[test]
    fn a_record_lives_from_its_beginning_to_its_end() {
        let life = |kind, data| stands(kind, data).1;
        assert_eq!(life("post", r#""create_at":7,"delete_at":0"#), Life { from: Some(7), until: None });
        assert_eq!(life("post", r#""create_at":7,"delete_at":9"#), Life { from: Some(7), until: Some(9) });
        let version = r#""create_at":7,"edit_at":8,"delete_at":9,"original_id":"p""#;
        assert_eq!(life("post", version), Life { from: Some(8), until: Some(9) });
        assert_eq!(life("channel", r#""delete_at":9"#), Life { from: Some(7), until: None }, "it is archived");
        let purged = r#""create_at":7,"deletions":[{"of":"post","at":12},{"of":"post","at":11},{"at":"?"}]"#;
        assert_eq!(life("finding_purged", purged), Life { from: Some(7), until: Some(11) });
        assert_eq!(life("finding_purged", r#""deletions":"no JSON""#).until, None);
        let life = Life { from: Some(7), until: Some(9) };
        assert_eq!([6, 7, 8, 9].map(|at| life.contains(at)), [false, true, true, false]);
    }
}
