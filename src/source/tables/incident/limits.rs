//! What a database need not hand over more than: predicates that its indexes serve, made from what was traced.
//!
//! Each selection is read by itself and no row meets two, so that rows are neither missed nor met twice. Invariant: a row
//! that is in scope meets one of them; the exact decision is made on the rows.

use super::Incident;
use crate::record::time::Window;
use crate::source::catalogue::{
    AUDIT, BLOCK, BLOCK_HISTORY, BOOKMARK, CALL, CALL_CHANNEL, CALL_JOB, CALL_SESSION, CHANNEL_ACTION, CHANNEL_MEMBER,
    CHANNEL_MEMBERSHIP, COMPLIANCE_REPORT, DRAFT, EMOJI, FILE, GROUP_MEMBER, PERSISTENT_NOTIFICATION, POST,
    POST_ACKNOWLEDGEMENT, POST_PRIORITY, POST_REMINDER, REACTION, READ_RECEIPT, RECAP, RECAP_CHANNEL, RUN_EVENT,
    RUN_METRIC, RUN_PARTICIPANT, RUN_STATUS_POST, Rank, SAVED_POST, SCHEDULED_POST, SESSION, SHARED_CHANNEL_ATTACHMENT,
    TEAM_MEMBER, TEMPORARY_POST, TERMS_ACCEPTANCE, THREAD, THREAD_MEMBERSHIP, UPLOAD_SESSION, USER_STATUS,
};
use crate::source::rows::TableFound;
use crate::source::rows::query::Condition;
use crate::source::tables::facts::{AllOf, list};
use crate::source::tables::feed::column;
use crate::source::tables::scope::Ids;

/// Ids that a database is asked for at once.
const AT_ONCE: usize = 10_000;

impl Incident {
    /// What is asked of a table for a kind; an empty condition for all its rows, and nothing if none can be in scope.
    pub fn selections<'f>(&self, found: &'f TableFound, rank: Rank) -> Vec<AllOf<'f>> {
        let all = || vec![AllOf::new()];
        let column = |field| column(found, rank, field);
        match rank {
            POST => self.posts(found).unwrap_or_else(all),
            REACTION
            | SAVED_POST
            | THREAD
            | THREAD_MEMBERSHIP
            | POST_PRIORITY
            | POST_ACKNOWLEDGEMENT
            | PERSISTENT_NOTIFICATION
            | POST_REMINDER
            | READ_RECEIPT
            | TEMPORARY_POST => {
                column("post_id").map_or_else(all, |post| among(post, &self.posts.keys().cloned().collect()))
            }
            FILE => self.files(found).unwrap_or_else(all),
            DRAFT | SCHEDULED_POST | BOOKMARK | UPLOAD_SESSION | RECAP_CHANNEL | CALL | CALL_CHANNEL
            | CHANNEL_ACTION | CHANNEL_MEMBER | CHANNEL_MEMBERSHIP => {
                column("channel_id").map_or_else(all, |channel| among(channel, &self.places()))
            }
            RUN_EVENT | RUN_METRIC | RUN_PARTICIPANT | RUN_STATUS_POST => {
                let runs = self.runs.keys().cloned().collect();
                column("playbook_run_id").map_or_else(all, |run| among(run, &runs))
            }
            BLOCK | BLOCK_HISTORY => column("board_id").map_or_else(all, |board| among(board, &self.boards)),
            CALL_SESSION | CALL_JOB => column("call_id").map_or_else(all, |call| among(call, &self.calls)),
            AUDIT => self.audits(found).unwrap_or_else(all),
            SESSION | USER_STATUS | TERMS_ACCEPTANCE | GROUP_MEMBER | RECAP | COMPLIANCE_REPORT => {
                column("user_id").map_or_else(all, |user| among(user, &self.participants))
            }
            TEAM_MEMBER => {
                let of = [&self.participants, &self.members, &self.authors];
                column("user_id").map_or_else(all, |user| among(user, &of.into_iter().flatten().cloned().collect()))
            }
            // Nothing of these is ever in scope.
            EMOJI | SHARED_CHANNEL_ATTACHMENT => Vec::new(),
            _ => all(),
        }
    }

    fn places(&self) -> Ids {
        self.channels.keys().cloned().collect()
    }

    /// Posts to which something happened in the window, by channel; and the others, by id.
    fn posts<'f>(&self, found: &'f TableFound) -> Option<Vec<AllOf<'f>>> {
        let Window { from, until } = self.window;
        // A time of 0 is no time, which a predicate would not know.
        let from = from.filter(|from| *from > 0);
        let [id, channel] = ["id", "channel_id"].map(|field| column(found, POST, field));
        let [create, update, edit, delete] =
            ["create_at", "update_at", "edit_at", "delete_at"].map(|field| column(found, POST, field));
        let (id, channel, update) = (id?, channel?, update?);
        from?;
        let within = [create?, delete?].map(|at| Condition::Within(at, from, until));
        let either = |edited| within.iter().cloned().chain([edited]).collect::<Vec<_>>();
        let happened = vec![
            vec![Condition::In(channel, list(&self.places()))],
            either(Condition::Within(edit?, from, until)),
            either(Condition::Within(update, from, None)),
        ];
        let is_placed = |reason: &str| ["channel:", "linked:", "direct:"].iter().any(|word| reason.starts_with(word));
        let others = self.posts.iter().filter(|(_, reasons)| !reasons.iter().any(|reason| is_placed(reason)));
        let mut selections = among(id, &others.map(|(id, _)| id.clone()).collect());
        selections.insert(0, happened);
        Some(selections)
    }

    /// Files of posts, and files of the channels that no post has.
    fn files<'f>(&self, found: &'f TableFound) -> Option<Vec<AllOf<'f>>> {
        let (post, channel) = (column(found, FILE, "post_id")?, column(found, FILE, "channel_id"));
        let mut selections = among(post, &self.posts.keys().cloned().collect());
        // Without a column for it a row names no channel.
        if let Some(channel) = channel {
            let unattached = vec![Condition::In(post, vec![String::new()]), Condition::Absent(post)];
            selections.push(vec![vec![Condition::In(channel, list(&self.places()))], unattached]);
        }
        Some(selections)
    }

    fn audits<'f>(&self, found: &'f TableFound) -> Option<Vec<AllOf<'f>>> {
        let (user, at) = (column(found, AUDIT, "user_id")?, column(found, AUDIT, "create_at")?);
        let Window { from, until } = self.window;
        let mut selections = among(user, &self.participants);
        for all_of in &mut selections {
            all_of.push(vec![Condition::Within(at, from, until)]);
        }
        Some(selections)
    }
}

/// Rows whose column is one of these, as many at once as a server takes well.
fn among<'f>(column: &'f str, ids: &Ids) -> Vec<AllOf<'f>> {
    list(ids).chunks(AT_ONCE).map(|some| vec![vec![Condition::In(column, some.to_vec())]]).collect()
}
