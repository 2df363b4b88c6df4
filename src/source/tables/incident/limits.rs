//! What a database need not hand over more than: predicates that its indexes serve, made from what was traced.
//!
//! Each selection is read by itself and no row meets two, so that rows are neither missed nor met twice. Invariant: a row
//! that is in scope meets one of them; the exact decision is made on the rows.

use super::Incident;
use super::question::AT_ONCE;
use crate::record::time::Window;
use crate::source::catalogue::{
    AUDIT, BLOCK, BLOCK_HISTORY, BOOKMARK, CALL, CALL_CHANNEL, CALL_JOB, CALL_SESSION, CHANNEL_ACTION, CHANNEL_MEMBER,
    CHANNEL_MEMBERSHIP, COMPLIANCE_REPORT, DRAFT, EMOJI, FILE, GROUP_MEMBER, PERSISTENT_NOTIFICATION, POST,
    POST_ACKNOWLEDGEMENT, POST_PRIORITY, POST_REMINDER, REACTION, READ_RECEIPT, RECAP, RECAP_CHANNEL, RUN_EVENT,
    RUN_METRIC, RUN_PARTICIPANT, RUN_STATUS_POST, Rank, SAVED_POST, SCHEDULED_POST, SESSION, SHARED_CHANNEL_ATTACHMENT,
    TEAM_MEMBER, TEMPORARY_POST, TERMS_ACCEPTANCE, THREAD, THREAD_MEMBERSHIP, UPLOAD_SESSION, USER_STATUS,
};
use crate::source::rows::TableFound;
use crate::source::rows::query::{Condition, Rows};
use crate::source::tables::facts::{AllOf, list};
use crate::source::tables::feed::column;
use crate::source::tables::scope::Ids;

impl Incident {
    /// What is asked of a table for a kind; an empty condition for all its rows, and nothing if none can be in scope.
    /// `posts` is the table of posts.
    pub fn selections<'f>(&self, found: &'f TableFound, rank: Rank, posts: Option<&'f TableFound>) -> Vec<AllOf<'f>> {
        let all = || vec![AllOf::new()];
        let column = |field| column(found, rank, field);
        match rank {
            POST => self.posts(found).unwrap_or_else(all),
            REACTION | THREAD | POST_ACKNOWLEDGEMENT | POST_PRIORITY | FILE => {
                let placed = self.placed(found, rank).map(|any| vec![vec![any]]);
                placed.or_else(|| self.hanging(found, rank, posts)).unwrap_or_else(all)
            }
            SAVED_POST
            | THREAD_MEMBERSHIP
            | PERSISTENT_NOTIFICATION
            | POST_REMINDER
            | READ_RECEIPT
            | TEMPORARY_POST => self.hanging(found, rank, posts).unwrap_or_else(all),
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
                let of = [&self.participants, &self.members, &self.said.authors];
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
        let mut selections = among(column(found, POST, "id")?, &self.said.by_id);
        selections.insert(0, self.happened(found)?);
        Some(selections)
    }

    /// What posts in the channels meet to which something happened in the window, and only they.
    fn happened<'f>(&self, found: &'f TableFound) -> Option<AllOf<'f>> {
        let Window { from, until } = self.window;
        // A time of 0 is no time, which a predicate would not know.
        from.filter(|from| *from > 0)?;
        let [create, update, edit, delete] =
            ["create_at", "update_at", "edit_at", "delete_at"].map(|field| column(found, POST, field));
        let within = [create?, delete?].map(|at| Condition::Within(at, from, until));
        let either = |edited| within.iter().cloned().chain([edited]).collect::<Vec<_>>();
        Some(vec![
            vec![Condition::In(column(found, POST, "channel_id")?, list(&self.places()))],
            either(Condition::Within(edit?, from, until)),
            either(Condition::Within(update?, from, None)),
        ])
    }

    /// Rows that name a channel of the incident, or none; and what hangs on a post that is elsewhere.
    fn placed<'f>(&self, found: &'f TableFound, rank: Rank) -> Option<Vec<Condition<'f>>> {
        let (channel, post) = (column(found, rank, "channel_id")?, column(found, rank, "post_id")?);
        let places = self.places().into_iter().chain([Box::default()]).collect();
        let elsewhere = Condition::In(post, list(&self.said.elsewhere));
        Some(vec![Condition::In(channel, list(&places)), Condition::Absent(channel), elsewhere])
    }

    /// What hangs on posts in scope, where rows name no channel.
    fn hanging<'f>(&self, found: &'f TableFound, rank: Rank, posts: Option<&'f TableFound>) -> Option<Vec<AllOf<'f>>> {
        let post = column(found, rank, "post_id")?;
        if self.said.reasons.len() <= AT_ONCE {
            return Some(among(post, &self.said.reasons.keys().map(|id| Box::from(id.as_ref())).collect()));
        }
        let posts = posts?;
        let of = Rows { table: &posts.name, key: column(posts, POST, "id")?, all_of: self.happened(posts)? };
        let others = Condition::In(post, list(&self.said.by_id));
        Some(vec![vec![vec![Condition::Held(post, of), others]]])
    }

    fn audits<'f>(&self, found: &'f TableFound) -> Option<Vec<AllOf<'f>>> {
        // What was done to somebody is named in words, which no index serves.
        let Window { from, until } = self.window;
        Some(vec![vec![vec![Condition::Within(column(found, AUDIT, "create_at")?, from, until)]]])
    }
}

/// Rows whose column is one of these, as many at once as a server takes well.
fn among<'f>(column: &'f str, ids: &Ids) -> Vec<AllOf<'f>> {
    list(ids).chunks(AT_ONCE).map(|some| vec![vec![Condition::In(column, some.to_vec())]]).collect()
}
