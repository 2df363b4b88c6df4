//! Which rows are in scope: the time window, teams, channels and users that were asked for, told from the row itself.
//!
//! A row reaches its team, channel, users, post, run, playbook or board through the fields that the catalogue names
//! (`Table::path`). What has no channel of its own follows the thing that it belongs to: [`Scope::within`] holds the
//! posts, runs, playbooks and boards in scope, found in a pass of their own.
//!
//! Invariant: a decision depends on the row and the scope alone, so the same data gives the same records whether it is
//! read live or from a dump. Refuses nothing; what is out of scope is counted by the caller.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::record::time::{Millis, Window};
use crate::source::catalogue::{BOT, CHANNEL, POST, PROFILE_PICTURE, Rank, TEAM, Table, To, USER, Windowing, table};

/// Ids as the source spells them.
pub type Ids = HashSet<Box<[u8]>>;

/// What a scope asks of a row.
pub struct Judged<'r> {
    /// The characters of a field; `None` for NULL, or where the source lacks the column.
    pub text: &'r dyn Fn(&'static str) -> Option<Cow<'r, [u8]>>,
    /// The time that a field holds, in milliseconds whatever its column counts; 0 for none.
    pub time: &'r dyn Fn(&'static str) -> Millis,
}

impl<'r> Judged<'r> {
    /// A field that is neither NULL nor empty.
    fn named(&self, field: &'static str) -> Option<Cow<'r, [u8]>> {
        (self.text)(field).filter(|id| !id.is_empty())
    }
}

/// A resolved scope over tables.
#[derive(Debug, Default, Clone)]
pub struct Scope {
    /// Event window.
    pub window: Window,
    /// Teams and channels asked for; `None` if neither restricts.
    pub places: Option<Places>,
    /// Users asked for; `None` if they do not restrict.
    pub users: Option<Ids>,
    /// What rows without a channel of their own may belong to; empty as long as nothing restricts.
    pub within: HashMap<To, Ids>,
    /// Posts that are in scope only because a reply in scope names them as its root.
    pub roots: Ids,
}

/// Teams and channels in scope.
#[derive(Debug, Default, Clone)]
pub struct Places {
    /// Teams that were asked for.
    pub teams: Ids,
    /// Channels that were asked for, and those of the teams.
    pub channels: Ids,
}

impl Scope {
    /// Whether everything is in scope.
    pub fn is_everything(&self) -> bool {
        self.window.is_open() && !self.is_narrow()
    }

    /// Whether teams, channels or users restrict the scope.
    pub fn is_narrow(&self) -> bool {
        self.places.is_some() || self.users.is_some()
    }

    /// Whether a row is in scope. Teams, channels, users, bots and profile pictures are judged by whether a record in
    /// scope names them, which is known only at the end: here they pass.
    pub fn admits(&self, rank: Rank, row: &Judged<'_>) -> bool {
        if self.is_everything() || is_named_kind(rank) {
            return true;
        }
        if rank == POST {
            return self.holds(To::Post, (row.text)("id").as_deref());
        }
        let table = table(rank);
        if table.window == Windowing::WithPost {
            let post = table.reach(To::Post).find_map(|field| row.named(field));
            if let Some(post) = post {
                let own = self.users.is_some() && self.window.is_open() && self.selects(table, row);
                return own || self.holds(To::Post, Some(&post));
            }
        }
        self.selects(table, row)
    }

    /// Whether a row's own times, place and users are in scope, whatever it belongs to.
    pub fn selects(&self, table: &Table, row: &Judged<'_>) -> bool {
        self.has_event(table, row) && self.has_place(table, row) && self.has_user(table, row)
    }

    /// Whether something that names these teams, channels and users, as an entry of the audit log does, is in scope.
    pub fn mentions(&self, teams: &[&str], channels: &[&str], users: &[&str]) -> bool {
        let any = |named: &[&str], ids: &Ids| named.iter().any(|id| ids.contains(id.as_bytes()));
        self.places.as_ref().is_none_or(|places| any(teams, &places.teams) || any(channels, &places.channels))
            && self.users.as_ref().is_none_or(|ids| any(users, ids))
    }

    fn holds(&self, to: To, id: Option<&[u8]>) -> bool {
        id.is_some_and(|id| self.within.get(&to).is_some_and(|ids| ids.contains(id)))
    }

    /// A row is in the window by its origin time, or by another time at which something happened to it. An interval is
    /// when it overlaps; without an end it lasts until now.
    fn has_event(&self, table: &Table, row: &Judged<'_>) -> bool {
        if self.window.is_open() {
            return true;
        }
        let time = |field: &&'static str| (row.time)(field);
        match table.window {
            Windowing::Directory => true,
            Windowing::Interval => {
                let begin = table.origin.as_ref().map_or(0, time);
                let end = table.events.iter().map(time).find(|end| *end != 0);
                self.window.until.is_none_or(|until| begin < until)
                    && self.window.from.is_none_or(|from| end.is_none_or(|end| end >= from))
            }
            Windowing::Own | Windowing::WithPost => {
                let times = table.origin.iter().chain(table.events).map(time);
                times.into_iter().any(|at| at != 0 && self.window.contains(at))
            }
        }
    }

    fn has_place(&self, table: &Table, row: &Judged<'_>) -> bool {
        let Some(places) = &self.places else { return true };
        let named = |to| table.reach(to).filter_map(|field| row.named(field));
        let mut channels = named(To::Channel).peekable();
        if channels.peek().is_some() {
            return channels.any(|id| places.channels.contains(&*id));
        }
        let mut teams = named(To::Team).peekable();
        if teams.peek().is_some() {
            return teams.any(|id| places.teams.contains(&*id));
        }
        let belongs = [To::Post, To::Run, To::Board, To::Playbook];
        if let Some((to, id)) = belongs.into_iter().find_map(|to| named(to).next().map(|id| (to, id))) {
            return self.holds(to, Some(&id));
        }
        table.path.is_empty()
    }

    fn has_user(&self, table: &Table, row: &Judged<'_>) -> bool {
        let Some(users) = &self.users else { return true };
        let mut named = table.reach(To::User).peekable();
        if named.peek().is_none() {
            return table.path.is_empty();
        }
        named.filter_map(|field| row.named(field)).any(|id| users.contains(&*id))
    }
}

/// Kinds that are in a narrow scope when a record in scope names them.
pub fn is_named_kind(rank: Rank) -> bool {
    matches!(rank, TEAM | CHANNEL | USER | BOT | PROFILE_PICTURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::{CHANNEL_MEMBER, FILE, REACTION, ROLE};

    fn ids(of: &[&str]) -> Ids {
        of.iter().map(|id| Box::from(id.as_bytes())).collect()
    }

    fn judge(scope: &Scope, rank: Rank, row: &[(&'static str, &'static str)]) -> bool {
        let find = |name| row.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
        let judged = Judged {
            text: &|name| find(name).map(|value| Cow::Borrowed(value.as_bytes())),
            time: &|name| find(name).and_then(|value| value.parse().ok()).unwrap_or(0),
        };
        scope.admits(rank, &judged)
    }

    #[test]
    fn a_window_selects_by_any_event_and_files_with_their_post() {
        let window = Window { from: Some(100), until: Some(200) };
        let scope = Scope { window, within: HashMap::from([(To::Post, ids(&["p"]))]), ..Scope::default() };
        assert!(judge(&scope, REACTION, &[("create_at", "5"), ("delete_at", "150")]));
        assert!(!judge(&scope, REACTION, &[("create_at", "5"), ("delete_at", "200")]));
        assert!(!judge(&scope, REACTION, &[("create_at", "5"), ("delete_at", "0")]));
        assert!(judge(&scope, FILE, &[("create_at", "5"), ("post_id", "p")]));
        assert!(!judge(&scope, FILE, &[("create_at", "150"), ("post_id", "q")]));
        assert!(judge(&scope, FILE, &[("create_at", "150"), ("post_id", "")]), "a file of no post has its own time");
        assert!(judge(&scope, POST, &[("id", "p"), ("create_at", "5")]), "the root of a selected reply");
        assert!(judge(&scope, ROLE, &[]), "what a role may do is not windowed");
    }

    #[test]
    fn places_and_users_both_have_to_agree() {
        let places = Places { teams: ids(&["t"]), channels: ids(&["c"]) };
        let scope = Scope { places: Some(places), users: Some(ids(&["u"])), ..Scope::default() };
        assert!(judge(&scope, CHANNEL_MEMBER, &[("channel_id", "c"), ("user_id", "u")]));
        assert!(!judge(&scope, CHANNEL_MEMBER, &[("channel_id", "c"), ("user_id", "v")]));
        assert!(!judge(&scope, CHANNEL_MEMBER, &[("channel_id", "d"), ("user_id", "u")]));
        assert!(!judge(&scope, POST, &[("id", "p"), ("channel_id", "c"), ("user_id", "u")]), "posts were found before");
        assert!(judge(&scope, USER, &[("id", "v")]), "decided at the end");
    }
}
