//! Which rows of each kind belong to an incident, and why.
//!
//! Invariant: a row is judged by ids that were found beforehand and by its own fields, whatever else was handed over. A
//! kind that is not spoken of here is out of scope and counted so.

use std::borrow::Cow;

use super::Incident;
use super::because::{Because, Reason};
use crate::record::time::Millis;
use crate::source::catalogue::{
    ACCESS_POLICY, ACCESS_POLICY_REVISION, ACCESS_TOKEN, AUDIT, BLOCK, BLOCK_HISTORY, BOARD, BOARD_FILE, BOARD_HISTORY,
    BOARD_MEMBER, BOARD_MEMBER_HISTORY, BOARD_SHARING, BOOKMARK, BOT, CALL, CALL_CHANNEL, CALL_JOB, CALL_SESSION,
    CHANNEL, CHANNEL_ACTION, CHANNEL_MEMBER, CHANNEL_MEMBERSHIP, COMMAND, COMMAND_WEBHOOK, COMPLIANCE_REPORT,
    CONFIGURATION, CONFIGURATION_FILE, CONTENT_FLAGGING_REVIEWER, CONTENT_FLAGGING_TEAM_REVIEWER,
    CONTENT_FLAGGING_TEAM_SETTING, DELETION_QUEUE, DRAFT, FILE, GROUP, GROUP_CHANNEL, GROUP_MEMBER, GROUP_TEAM,
    INCOMING_WEBHOOK, JOB, LEGAL_HOLD, LICENSE, OAUTH_APP, OAUTH_CONNECTION, OAUTH_GRANT, OUTGOING_WEBHOOK,
    PERSISTENT_NOTIFICATION, PLAYBOOK, PLAYBOOK_CONDITION, PLAYBOOK_FOLLOWER, PLAYBOOK_MEMBER, PLAYBOOK_METRIC,
    PLAYBOOK_RUN, POST, POST_ACKNOWLEDGEMENT, POST_PRIORITY, POST_REMINDER, PROFILE_PICTURE, PROPERTY_FIELD,
    PROPERTY_GROUP, PROPERTY_VALUE, REACTION, READ_RECEIPT, RECAP, RECAP_CHANNEL, REMOTE_CLUSTER, RETENTION_POLICY,
    RETENTION_POLICY_CHANNEL, RETENTION_POLICY_TEAM, ROLE, RUN_EVENT, RUN_METRIC, RUN_PARTICIPANT, RUN_STATUS_POST,
    Rank, SAVED_POST, SCHEDULED_POST, SCHEMA_MIGRATION, SCHEME, SERVER, SERVER_MIGRATION, SESSION, SHARED_CHANNEL,
    SHARED_CHANNEL_REMOTE, SHARED_CHANNEL_USER, TEAM_MEMBER, TEMPORARY_POST, TERMS_ACCEPTANCE, TERMS_OF_SERVICE,
    THREAD, THREAD_MEMBERSHIP, Table, UPLOAD_SESSION, USER, USER_STATUS, table,
};
use crate::source::tables::scope::{Field, Ids, millis};

impl Incident {
    /// Why a row is in scope; no reason if it is not. Teams, channels, users, bots and profile pictures are judged at the
    /// end; see [`Self::described`].
    pub fn because(&self, rank: Rank, field: &Field<'_>) -> Because<'_> {
        let row = Row { incident: self, table: table(rank), field };
        let mut because = Because::default();
        let out = &mut because;
        match rank {
            POST => row.post("id", out),
            REACTION
            | SAVED_POST
            | THREAD
            | THREAD_MEMBERSHIP
            | POST_PRIORITY
            | POST_ACKNOWLEDGEMENT
            | PERSISTENT_NOTIFICATION
            | POST_REMINDER
            | READ_RECEIPT
            | TEMPORARY_POST => row.post("post_id", out),
            FILE if row.id("post_id").is_some() => row.post("post_id", out),
            FILE | DRAFT | SCHEDULED_POST | UPLOAD_SESSION | RECAP_CHANNEL | COMMAND_WEBHOOK if row.happened() => {
                row.channel(out);
            }
            BOOKMARK if row.lasted("create_at", "delete_at") => row.channel(out),
            CHANNEL_MEMBERSHIP if row.lasted("join_time", "leave_time") => row.channel(out),
            CHANNEL_MEMBER
            | CHANNEL_ACTION
            | CALL_CHANNEL
            | GROUP_CHANNEL
            | RETENTION_POLICY_CHANNEL
            | SHARED_CHANNEL
            | SHARED_CHANNEL_REMOTE
            | SHARED_CHANNEL_USER => row.channel(out),
            CALL => row.among("id", &self.calls, Reason::Call, out),
            CALL_SESSION | CALL_JOB => row.among("call_id", &self.calls, Reason::Call, out),
            PLAYBOOK_RUN => row.run("id", out),
            RUN_EVENT | RUN_METRIC | RUN_PARTICIPANT | RUN_STATUS_POST => row.run("playbook_run_id", out),
            PLAYBOOK => row.among("id", &self.playbooks, Reason::Playbook, out),
            PLAYBOOK_MEMBER | PLAYBOOK_FOLLOWER => row.among("playbook_id", &self.playbooks, Reason::Playbook, out),
            PLAYBOOK_METRIC | PLAYBOOK_CONDITION => {
                row.run("run_id", out);
                // What belongs to one run belongs to no other of the same playbook.
                if row.id("run_id").is_none() {
                    row.among("playbook_id", &self.playbooks, Reason::Playbook, out);
                }
            }
            PROPERTY_FIELD | PROPERTY_VALUE => row.property(rank, out),
            BOARD | BOARD_SHARING => row.among("id", &self.boards, Reason::Board, out),
            BOARD_MEMBER => row.among("board_id", &self.boards, Reason::Board, out),
            BLOCK if row.lasted("create_at", "delete_at") => row.among("board_id", &self.boards, Reason::Board, out),
            BOARD_HISTORY if row.happened() => row.among("id", &self.boards, Reason::Board, out),
            BOARD_MEMBER_HISTORY | BLOCK_HISTORY if row.happened() => {
                row.among("board_id", &self.boards, Reason::Board, out);
            }
            BOARD_FILE => row.board_file(out),
            AUDIT if row.happened() => row.audit(out),
            RECAP | COMPLIANCE_REPORT if row.happened() => row.participant(out),
            SESSION if row.lasted("create_at", "expires_at") => row.participant(out),
            USER_STATUS | TERMS_ACCEPTANCE | GROUP_MEMBER => row.participant(out),
            TEAM_MEMBER => row.team_member(out),
            ACCESS_TOKEN => {
                row.participant(out);
                row.among("user_id", &self.said.authors, Reason::Integration, out);
            }
            OAUTH_GRANT => {
                row.participant(out);
                if row.is_among("user_id", &self.said.authors) {
                    row.among("client_id", &self.apps, Reason::Integration, out);
                }
            }
            OAUTH_APP => row.among("id", &self.apps, Reason::Integration, out),
            INCOMING_WEBHOOK | OUTGOING_WEBHOOK | COMMAND if row.lasted("create_at", "delete_at") => {
                row.integration(rank, out);
            }
            GROUP => row.among("id", &self.groups, Reason::Named, out),
            GROUP_TEAM | RETENTION_POLICY_TEAM | CONTENT_FLAGGING_TEAM_REVIEWER | CONTENT_FLAGGING_TEAM_SETTING => {
                row.among("team_id", &self.teams, Reason::Named, out);
            }
            JOB if row.happened() => out.stand(),
            _ if stands(rank) => out.stand(),
            _ => {}
        }
        because
    }

    /// Why a team, channel, user, bot or profile picture is in scope that a record in scope names, or that was asked for.
    pub fn described(&self, rank: Rank, id: &[u8]) -> Because<'_> {
        let mut because = Because::default();
        match rank {
            CHANNEL => {
                if let Some(reason) = self.channels.get(id) {
                    because.add(*reason, id);
                }
            }
            USER | BOT | PROFILE_PICTURE => {
                if self.participants.contains(id) {
                    because.add(Reason::Participant, id);
                }
                if rank == BOT && self.said.authors.contains(id) {
                    because.add(Reason::Integration, id);
                }
            }
            _ => {}
        }
        if because.is_empty() {
            because.add(Reason::Named, id);
        }
        because
    }
}

/// Kinds that tell how the server stood, and of which all rows are wanted.
pub(super) fn stands(rank: Rank) -> bool {
    matches!(
        rank,
        SERVER
            | SERVER_MIGRATION
            | SCHEMA_MIGRATION
            | CONFIGURATION
            | CONFIGURATION_FILE
            | LICENSE
            | ROLE
            | SCHEME
            | ACCESS_POLICY
            | ACCESS_POLICY_REVISION
            | RETENTION_POLICY
            | DELETION_QUEUE
            | LEGAL_HOLD
            | CONTENT_FLAGGING_REVIEWER
            | TERMS_OF_SERVICE
            | PROPERTY_GROUP
            | REMOTE_CLUSTER
            | OAUTH_CONNECTION
    )
}

/// A row that is judged.
struct Row<'i, 'f, 'r> {
    incident: &'i Incident,
    table: &'static Table,
    field: &'f Field<'r>,
}

impl<'i, 'r> Row<'i, '_, 'r> {
    /// What a field names.
    fn id(&self, field: &'static str) -> Option<Cow<'r, [u8]>> {
        (self.field)(field).filter(|id| !id.is_empty())
    }

    fn time(&self, field: &'static str) -> Millis {
        let shape = self.table.column(field).map(|column| column.shape);
        shape.and_then(|shape| millis(&(self.field)(field)?, shape)).unwrap_or(0)
    }

    /// Whether something happened to it in the window.
    fn happened(&self) -> bool {
        let times = self.table.origin.iter().chain(self.table.events);
        times.map(|field| self.time(field)).any(|at| at != 0 && self.incident.window.contains(at))
    }

    /// Whether it was there in the window.
    fn lasted(&self, begin: &'static str, end: &'static str) -> bool {
        self.incident.window.meets(self.time(begin), self.time(end))
    }

    fn is_among(&self, field: &'static str, ids: &Ids) -> bool {
        self.id(field).is_some_and(|id| ids.contains(&*id))
    }

    fn among(&self, field: &'static str, ids: &Ids, reason: Reason, out: &mut Because<'i>) {
        if let Some(id) = self.id(field).filter(|id| ids.contains(&**id)) {
            out.add(reason, &id);
        }
    }

    fn post(&self, field: &'static str, out: &mut Because<'i>) {
        let said = &self.incident.said;
        let Some(id) = self.id(field) else { return };
        // A row that names another channel than its post is of that channel.
        let is_there = |channel: &[u8]| self.incident.channels.contains_key(channel) || said.elsewhere.contains(&*id);
        if self.table.column("channel_id").is_none() || self.id("channel_id").is_none_or(|channel| is_there(&channel)) {
            said.reasons.get(&*id).into_iter().for_each(|reasons| out.extend(reasons));
        }
    }

    fn run(&self, field: &'static str, out: &mut Because<'i>) {
        if let Some(id) = self.id(field).filter(|id| self.incident.runs.contains_key(&**id)) {
            out.add(Reason::Run, &id);
        }
    }

    fn channel(&self, out: &mut Because<'i>) {
        if let Some(id) = self.id("channel_id")
            && let Some(reason) = self.incident.channels.get(&*id)
        {
            out.add(*reason, &id);
        }
    }

    fn participant(&self, out: &mut Because<'i>) {
        self.among("user_id", &self.incident.participants, Reason::Participant, out);
    }

    /// What a participant did, and what somebody did to a participant or in a channel in scope: an audit names its actor
    /// in a column, and everything else in words.
    fn audit(&self, out: &mut Because<'i>) {
        self.participant(out);
        let incident = self.incident;
        for text in ["action", "extra_info"].iter().filter_map(|field| self.id(field)) {
            for token in text.split(|byte| !byte.is_ascii_alphanumeric()) {
                if incident.participants.contains(token) {
                    out.add(Reason::Participant, token);
                } else if let Some(reason) = incident.channels.get(token) {
                    out.add(*reason, token);
                }
            }
            for word in text.split(u8::is_ascii_whitespace).filter_map(|word| word.strip_prefix(b"login_id=")) {
                if let Some(user) = incident.logins.get(word) {
                    out.add(Reason::Participant, user);
                }
            }
        }
    }

    /// What a property is attached to; one that is attached to nothing says what others may hold.
    fn property(&self, rank: Rank, out: &mut Because<'i>) {
        self.run("target_id", out);
        self.among("target_id", &self.incident.playbooks, Reason::Playbook, out);
        if rank == PROPERTY_FIELD {
            if self.id("target_id").is_none() {
                out.stand();
            }
        } else {
            self.post("target_id", out);
            self.among("target_id", &self.incident.participants, Reason::Participant, out);
        }
    }

    /// A team's member counts if somebody of a channel in scope.
    fn team_member(&self, out: &mut Because<'i>) {
        if !self.is_among("team_id", &self.incident.teams) {
            return;
        }
        self.participant(out);
        if out.is_empty()
            && (self.is_among("user_id", &self.incident.members)
                || self.is_among("user_id", &self.incident.said.authors))
        {
            out.add(Reason::Named, &self.id("user_id").unwrap_or_default());
        }
    }

    /// What may post into a channel in scope, or sends what is said there elsewhere.
    fn integration(&self, rank: Rank, out: &mut Because<'i>) {
        self.channel(out);
        let of_team = self.is_among("team_id", &self.incident.teams);
        match rank {
            // A post through a webhook goes by the name of who made the webhook.
            INCOMING_WEBHOOK => self.among("user_id", &self.incident.said.authors, Reason::Integration, out),
            OUTGOING_WEBHOOK if of_team && self.id("channel_id").is_none() => {
                out.add(Reason::Integration, &self.id("team_id").unwrap_or_default());
            }
            COMMAND if of_team => out.add(Reason::Integration, &self.id("team_id").unwrap_or_default()),
            _ => {}
        }
    }

    /// The rows of files on boards name no board; their paths do.
    fn board_file(&self, out: &mut Because<'i>) {
        let Some(path) = self.id("path") else { return };
        for part in path.split(|byte| *byte == b'/').filter(|part| self.incident.boards.contains(*part)) {
            out.add(Reason::Board, part);
        }
    }
}
