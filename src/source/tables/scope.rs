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

use crate::record::time::{self, Millis, Window};
use crate::source::catalogue::{
    BOT, CHANNEL, POST, PROFILE_PICTURE, Rank, Shape, TEAM, Table, To, USER, Windowing, table,
};
use crate::source::rows::value;
use crate::source::scope::Changes;
use crate::source::tables::incident::Incident;
use crate::source::tables::incident::because::Because;

/// Ids as the source spells them.
pub type Ids = HashSet<Box<[u8]>>;

/// The value of a field of the row that is judged; `None` for NULL, or where the source lacks the column.
pub type Field<'r> = dyn Fn(&'static str) -> Option<Cow<'r, [u8]>> + 'r;

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
    /// What else lies in the teams and channels in scope, at any time and of any user: a row that names no channel is
    /// where the thing is that it belongs to, and has times and users of its own.
    pub placed: HashMap<To, Ids>,
    /// Posts that are in scope only because another one in scope names them: as its root, or as what it was before.
    pub brought: Ids,
    /// What of it is new; `None` for all of it. Never with teams, channels or users: whether a record names them is told by
    /// the old ones as well.
    pub changes: Option<Changes>,
    /// The incident that is wanted and nothing else; it decides alone.
    pub incident: Option<Box<Incident>>,
    /// Posts that changed, where all rows come and those that `Table::counters` tell of have to be told apart here.
    pub touched: Option<Ids>,
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
        self.is_unrestricted() && self.changes.is_none()
    }

    /// Whether everything is in scope, as far as it is new.
    pub fn is_unrestricted(&self) -> bool {
        self.window.is_open() && !self.is_narrow()
    }

    /// Whether teams, channels or users restrict the scope.
    pub fn is_narrow(&self) -> bool {
        self.places.is_some() || self.users.is_some() || self.incident.is_some()
    }

    /// Whether every row that names a file is met on the way, so that a file which none named is named by none.
    pub fn shows_all_files(&self) -> bool {
        self.incident.is_none() && self.changes.as_ref().is_none_or(|changes| changes.window.is_open())
    }

    /// Whether a row is in scope. Teams, channels, users, bots and profile pictures are judged by whether a record in
    /// scope names them, which is known only at the end: here they pass.
    pub fn admits(&self, rank: Rank, field: &Field<'_>) -> bool {
        if self.changes.as_ref().is_some_and(|changes| !self.takes(changes, rank, field)) {
            return false;
        }
        if self.is_unrestricted() || is_named_kind(rank) {
            return true;
        }
        if let Some(incident) = &self.incident {
            return !incident.because(rank, field).is_empty();
        }
        if rank == POST {
            return self.holds(To::Post, field("id").as_deref());
        }
        let table = table(rank);
        if table.window == Windowing::WithPost {
            let post = table.reach(To::Post).find_map(|name| field(name).filter(|id| !id.is_empty()));
            if let Some(post) = post {
                let own = self.users.is_some() && self.window.is_open() && self.selects(table, field);
                return own || self.holds(To::Post, Some(&post));
            }
        }
        self.selects(table, field)
    }

    /// Why a row is in scope; empty unless an incident is wanted.
    pub fn because(&self, rank: Rank, field: &Field<'_>) -> Because<'_> {
        self.incident.as_ref().map_or_else(Because::default, |incident| incident.because(rank, field))
    }

    /// Whether a row's own times, place and users are in scope, whatever it belongs to.
    pub fn selects(&self, table: &Table, field: &Field<'_>) -> bool {
        self.has_event(table, field) && self.has_place(table, field) && self.has_user(table, field)
    }

    /// Whether something that names these teams, channels and users, as an entry of the audit log does, is in scope.
    pub fn mentions(&self, teams: &[&str], channels: &[&str], users: &[&str]) -> bool {
        let any = |named: &[&str], ids: &Ids| named.iter().any(|id| ids.contains(id.as_bytes()));
        self.places.as_ref().is_none_or(|places| any(teams, &places.teams) || any(channels, &places.channels))
            && self.users.as_ref().is_none_or(|ids| any(users, ids))
    }

    /// Whether a row is new or looked at again, by its change clock, what else tells of changes, and its origin time.
    fn takes(&self, changes: &Changes, rank: Rank, field: &Field<'_>) -> bool {
        let table = table(rank);
        let time = |name: &&'static str| field(name).and_then(|value| millis(&value, table.column(name)?.shape));
        let Some(clock) = table.clock.as_ref() else { return true };
        let at = table.origin.as_ref().and_then(time).filter(|at| time::is_exact(*at)).unwrap_or(0);
        let is_told = |name: &&'static str| match (table.column(name).map(|column| column.shape), &self.touched) {
            (Some(Shape::Millis), _) => time(name).is_some_and(|at| at > 0 && changes.takes(rank, at, at)),
            // The database handed over what it should, or all of it.
            (_, None) => true,
            (_, Some(posts)) => {
                table.reach(To::Post).any(|known| known == *name) && field(name).is_some_and(|id| posts.contains(&*id))
            }
        };
        changes.takes(rank, time(clock).unwrap_or(0), at) || table.counters.iter().any(is_told)
    }

    fn holds(&self, to: To, id: Option<&[u8]>) -> bool {
        id.is_some_and(|id| self.within.get(&to).is_some_and(|ids| ids.contains(id)))
    }

    /// A row is in the window by its origin time, or by another time at which something happened to it. An interval is
    /// when it overlaps; see [`Window::meets`].
    fn has_event(&self, table: &Table, field: &Field<'_>) -> bool {
        if self.window.is_open() {
            return true;
        }
        let time = |name: &&'static str| field(name).and_then(|value| millis(&value, table.column(name)?.shape));
        match table.window {
            Windowing::Directory => true,
            Windowing::Interval => {
                let begin = table.origin.as_ref().and_then(time).unwrap_or(0);
                let end = table.events.iter().find_map(time).unwrap_or(0);
                self.window.meets(begin, end)
            }
            Windowing::Own | Windowing::WithPost => {
                let times = table.origin.iter().chain(table.events).filter_map(time);
                times.into_iter().any(|at| at != 0 && self.window.contains(at))
            }
        }
    }

    /// Whether a row is in the teams and channels in scope, by its own fields or by what it belongs to.
    pub fn has_place(&self, table: &Table, field: &Field<'_>) -> bool {
        let Some(places) = &self.places else { return true };
        let named = |to| table.reach(to).filter_map(|name| field(name).filter(|id| !id.is_empty()));
        let mut channels = named(To::Channel).peekable();
        if channels.peek().is_some() {
            return channels.any(|id| places.channels.contains(&*id));
        }
        let mut teams = named(To::Team).peekable();
        if teams.peek().is_some() {
            return teams.any(|id| places.teams.contains(&*id));
        }
        let belongs = [To::Post, To::Run, To::Board, To::Playbook];
        let is_there = |to, id: &[u8]| self.placed.get(&to).is_some_and(|ids| ids.contains(id));
        // One field may name things of several sorts; their ids are never the same.
        let mut things = belongs.into_iter().flat_map(|to| named(to).map(move |id| (to, id)));
        table.path.is_empty() || things.any(|(to, id)| self.holds(to, Some(&id)) || is_there(to, &id))
    }

    fn has_user(&self, table: &Table, field: &Field<'_>) -> bool {
        let Some(users) = &self.users else { return true };
        let mut named = table.reach(To::User).peekable();
        if named.peek().is_none() {
            return table.path.is_empty();
        }
        named.filter_map(field).any(|id| users.contains(&*id))
    }
}

/// Kinds that are in a narrow scope when a record in scope names them.
pub fn is_named_kind(rank: Rank) -> bool {
    matches!(rank, TEAM | CHANNEL | USER | BOT | PROFILE_PICTURE)
}

/// Epoch milliseconds of what a column of this shape holds. Times that are out of range still lie before or after.
pub(super) fn millis(value: &[u8], shape: Shape) -> Option<Millis> {
    let text = std::str::from_utf8(value).ok()?;
    value::millis(text, shape).or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::{
        BLOCK_HISTORY, CALL, CHANNEL_MEMBER, FILE, PROPERTY_VALUE, REACTION, ROLE, RUN_EVENT,
    };

    fn ids(of: &[&str]) -> Ids {
        of.iter().map(|id| Box::from(id.as_bytes())).collect()
    }

    fn judge(scope: &Scope, rank: Rank, row: &[(&'static str, &'static str)]) -> bool {
        let row: Vec<(&'static str, &'static str)> = row.to_vec();
        scope.admits(rank, &move |name| {
            row.iter().find(|(field, _)| *field == name).map(|(_, value)| Cow::Borrowed(value.as_bytes()))
        })
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
    fn an_interval_is_in_the_window_that_it_overlaps_and_lasts_where_its_end_makes_no_sense() {
        let scope = Scope { window: Window { from: Some(100), until: Some(200) }, ..Scope::default() };
        for (begin, end, is) in [
            ("5", "99", false),
            ("5", "100", true),
            ("5", "0", true),
            ("150", "160", true),
            ("200", "0", false),
            ("90", "80", true),
        ] {
            assert_eq!(judge(&scope, CALL, &[("id", "c"), ("start_at", begin), ("end_at", end)]), is, "{begin} {end}");
        }
        assert!(judge(&scope, CALL, &[("id", "c"), ("start_at", "5")]), "an end that is NULL is none");
    }

    #[test]
    fn a_window_knows_times_of_every_shape() {
        let day = |n: Millis| n * 86_400_000;
        let scope = Scope { window: Window { from: Some(day(1)), until: Some(day(2)) }, ..Scope::default() };
        for (text, is) in [
            ("1970-01-02 00:00:00+00", true),
            ("1970-01-03 00:30:00.25+01", true),
            ("1970-01-01 23:59:59.999+00", false),
            ("1970-01-03 00:00:00+00", false),
            ("infinity", false),
        ] {
            assert_eq!(judge(&scope, BLOCK_HISTORY, &[("id", "b"), ("insert_at", text)]), is, "{text}");
        }
        let open = Scope { window: Window { from: Some(1), until: None }, ..Scope::default() };
        assert!(
            judge(&open, REACTION, &[("create_at", "9007199254740993")]),
            "too far for JSON, but after the beginning"
        );
    }

    #[test]
    fn what_names_no_channel_is_where_the_thing_is_that_it_belongs_to() {
        let places = Places { teams: ids(&[]), channels: ids(&["c"]) };
        let scope = Scope {
            window: Window { from: Some(100), until: None },
            places: Some(places),
            users: Some(ids(&["u"])),
            within: HashMap::from([(To::Post, ids(&["new"]))]),
            placed: HashMap::from([(To::Post, ids(&["old"])), (To::Run, ids(&["r"]))]),
            ..Scope::default()
        };
        for post in ["new", "old"] {
            assert!(judge(&scope, REACTION, &[("post_id", post), ("user_id", "u"), ("create_at", "100")]), "{post}");
        }
        assert!(!judge(&scope, REACTION, &[("post_id", "gone"), ("user_id", "u"), ("create_at", "100")]));
        assert!(!judge(&scope, REACTION, &[("post_id", "old"), ("user_id", "u"), ("create_at", "99")]));
        assert!(!judge(&scope, POST, &[("id", "old")]), "another's, or of another time");
        let event = [("playbook_run_id", "r"), ("subject_user_id", "u"), ("event_at", "100"), ("post_id", "gone")];
        assert!(judge(&scope, RUN_EVENT, &event));
        let anybody = Scope { users: None, ..scope };
        for (target, is) in [("new", true), ("r", true), ("x", false), ("", false)] {
            assert_eq!(judge(&anybody, PROPERTY_VALUE, &[("target_id", target)]), is, "{target}");
        }
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
