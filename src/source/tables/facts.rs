//! What has to be known before a row can be judged: who is called what, and which posts, runs and boards are in scope.

use std::borrow::Cow;
use std::collections::HashMap;

use super::census::is_all;
use super::collect::rows;
use super::scope::{Ids, Places, Scope};
use super::{Tables, TablesError};
use crate::record::time::{MAX_EXACT, Window};
use crate::source::Work;
use crate::source::catalogue::{
    BOARD, CHANNEL, Column, PLAYBOOK, PLAYBOOK_RUN, POST, Rank, Shape, TEAM, To, USER, Windowing, table,
};
use crate::source::rows::TableFound;
use crate::source::rows::encode::{Encoder, Row};
use crate::source::rows::query::Condition;
use crate::source::scope::{Asked, Changes};

/// Longest list of ids that a database is asked with; a longer one is applied here.
const LONGEST_LIST: usize = 1000;

/// Ids of things.
type Things = HashMap<To, Ids>;

/// Names and places. Ids are told apart from names by what the tables hold, not by how they look.
#[derive(Debug, Default)]
pub struct Facts {
    /// Id of each team, by its name and by its id.
    teams: HashMap<String, String>,
    /// Id of each channel, by `TEAM ID/NAME` and by its id.
    channels: HashMap<String, String>,
    /// Team of each channel.
    teams_of: HashMap<Box<[u8]>, Box<[u8]>>,
    /// Id of each user, by username, lower-case e-mail address and id.
    users: HashMap<String, String>,
}

impl Facts {
    /// Team of a channel.
    pub(super) fn team_of(&self, channel: &[u8]) -> Option<&[u8]> {
        self.teams_of.get(channel).map(AsRef::as_ref).filter(|team| !team.is_empty())
    }

    /// A channel as `TEAM/NAME`; `None` if its team is not known.
    pub(super) fn spelled(&self, channel: &[u8], name: &str) -> Option<String> {
        let of = self.team_of(channel)?;
        let team = self.teams.iter().find(|(called, id)| id.as_bytes() == of && called != id)?.0;
        Some(format!("{team}/{name}"))
    }

    pub(super) fn learn(&mut self, rank: Rank, row: &Row<'_>) -> Option<()> {
        let text = |field| row.named(field).ok().flatten().map(Cow::into_owned);
        let id = text("id")?;
        match rank {
            TEAM => call(&mut self.teams, id, [text("name")]),
            CHANNEL => {
                let team = text("team_id").unwrap_or_default();
                self.teams_of.insert(Box::from(id.as_bytes()), Box::from(team.as_bytes()));
                call(&mut self.channels, id, [text("name").map(|name| format!("{team}/{name}"))]);
            }
            _ => call(&mut self.users, id, [text("username"), text("email").map(|email| email.to_lowercase())]),
        }
        Some(())
    }

    fn team(&self, name: &str) -> Result<&String, TablesError> {
        self.teams.get(name).ok_or_else(|| TablesError::NotFound { what: "team", name: name.to_owned() })
    }

    pub(super) fn channel(&self, name: &str) -> Result<&String, TablesError> {
        let found = match name.split_once('/') {
            Some((team, channel)) => self.channels.get(&format!("{}/{channel}", self.team(team)?)),
            None => self.channels.get(name),
        };
        found.ok_or_else(|| TablesError::NotFound { what: "channel", name: name.to_owned() })
    }

    fn user(&self, name: &str) -> Result<&String, TablesError> {
        let found = self.users.get(name).or_else(|| self.users.get(&name.to_lowercase()));
        found.ok_or_else(|| TablesError::NotFound { what: "user", name: name.to_owned() })
    }

    fn places(&self, asked: &Asked) -> Result<Option<Places>, TablesError> {
        if asked.teams.is_empty() && asked.channels.is_empty() {
            return Ok(None);
        }
        let mut places = Places::default();
        for name in &asked.teams {
            places.teams.insert(Box::from(self.team(name)?.as_bytes()));
        }
        for (channel, team) in &self.teams_of {
            if places.teams.contains(team) {
                places.channels.insert(channel.clone());
            }
        }
        for name in &asked.channels {
            places.channels.insert(Box::from(self.channel(name)?.as_bytes()));
        }
        Ok(Some(places))
    }
}

/// Remembers by which names an id goes. An id is never taken for another's name, in whatever order rows come.
fn call<const N: usize>(ids: &mut HashMap<String, String>, id: String, names: [Option<String>; N]) {
    for name in names.into_iter().flatten().filter(|name| !name.is_empty()) {
        ids.entry(name).or_insert_with(|| id.clone());
    }
    ids.insert(id.clone(), id);
}

impl Tables {
    /// Turns what was asked for into a scope over ids, and finds what rows without a channel of their own belong to.
    pub(super) fn resolve(&self, asked: &Asked, work: &Work<'_>) -> Result<(Scope, Facts), TablesError> {
        let mut facts = Facts::default();
        let mut scope = Scope { window: asked.window, changes: asked.changes.clone(), ..Scope::default() };
        if let Some(wanted) = &asked.incident {
            let incident = self.trace(wanted, asked.window, &mut facts, work)?;
            (scope.window, scope.changes) = (incident.window, None);
            scope.incident = Some(Box::new(incident));
            return Ok((scope, facts));
        }
        if !(asked.teams.is_empty() && asked.channels.is_empty() && asked.users.is_empty()) {
            let fields = ["name", "team_id", "username", "email"];
            self.visit(&[TEAM, CHANNEL, USER], &fields, None, work.progress, &mut |plan, batch| {
                let mut encoder = Encoder::new(plan);
                for row in rows(&batch.text) {
                    // A row that cannot be taken apart names nobody; it is quarantined when records are read.
                    if let Ok(row) = encoder.row(row) {
                        facts.learn(plan.rank(), &row);
                    }
                }
            })?;
            scope.places = facts.places(asked)?;
            if !asked.users.is_empty() {
                let ids = asked.users.iter().map(|name| facts.user(name).map(|id| Box::from(id.as_bytes())));
                scope.users = Some(ids.collect::<Result<Ids, _>>()?);
            }
        }
        if scope.is_narrow() {
            // Read as a whole each time: what is new in it does not name everything that belongs to it.
            scope.changes = None;
        }
        if self.log.is_some() && scope.changes.as_ref().is_some_and(|changes| !changes.window.is_open()) {
            scope.touched = Some(self.touched(&scope, work)?);
        }
        if !scope.is_unrestricted() {
            (scope.within, scope.placed, scope.brought) = self.within(&scope, work)?;
        }
        Ok((scope, facts))
    }

    /// Posts that changed, for a reading that passes by no rows.
    fn touched(&self, scope: &Scope, work: &Work<'_>) -> Result<Ids, TablesError> {
        let mut posts = Ids::new();
        let fields: Vec<&str> = table(POST).clock.into_iter().chain(table(POST).origin).collect();
        self.visit(&[POST], &fields, Some(scope), work.progress, &mut |plan, batch| {
            let mut encoder = Encoder::new(plan);
            for row in rows(&batch.text) {
                let Ok(row) = encoder.row(row) else { continue };
                if super::collect::is_in_scope(scope, POST, &row) {
                    posts.extend(row.named("id").ok().flatten().map(|id| Box::from(id.as_bytes())));
                }
            }
        })?;
        Ok(posts)
    }

    /// Posts, runs, playbooks and boards in scope; those that are merely in its teams and channels; and posts that are
    /// only brought along: the roots of threads, and the posts of which a row is an earlier version, because files name
    /// only those.
    fn within(&self, scope: &Scope, work: &Work<'_>) -> Result<(Things, Things, Ids), TablesError> {
        let kinds = [(POST, To::Post), (PLAYBOOK_RUN, To::Run), (PLAYBOOK, To::Playbook), (BOARD, To::Board)];
        let ranks = kinds.map(|(rank, _)| rank);
        let mut fields: Vec<&str> = vec!["root_id", "original_id"];
        for rank in ranks {
            let table = table(rank);
            fields.extend(table.origin.iter().chain(table.events));
            fields.extend(table.path.iter().map(|reach| reach.field));
        }
        let (mut within, mut placed, mut brought) = (Things::new(), Things::new(), Ids::new());
        // Where teams or channels restrict, everything in them is wanted.
        let limits = match &scope.places {
            Some(_) => &Scope { places: scope.places.clone(), ..Scope::default() },
            None => scope,
        };
        self.visit(&ranks, &fields, Some(limits), work.progress, &mut |plan, batch| {
            let Some((rank, to)) = kinds.into_iter().find(|(rank, _)| *rank == plan.rank()) else { return };
            let mut encoder = Encoder::new(plan);
            for row in rows(&batch.text) {
                let Ok(row) = encoder.row(row) else { continue };
                let bytes = |field| row.named(field).ok().flatten().map(|text| text.into_owned().into_bytes());
                let described = table(rank);
                let field = |field| bytes(field).map(Cow::Owned);
                if scope.selects(described, &field) {
                    within.entry(to).or_default().extend(bytes("id").map(Box::from));
                    let others = ["root_id", "original_id"].into_iter().filter(|_| to == To::Post);
                    brought.extend(others.filter_map(bytes).filter(|id| !id.is_empty()).map(Box::from));
                } else if scope.places.is_some() && scope.has_place(described, &field) {
                    placed.entry(to).or_default().extend(bytes("id").map(Box::from));
                }
            }
        })?;
        let posts = within.entry(To::Post).or_default();
        brought.retain(|id| !posts.contains(id));
        posts.extend(brought.iter().cloned());
        Ok((within, placed, brought))
    }
}

/// Conditions that must all hold; each holds if one of its alternatives does.
pub(super) type AllOf<'f> = Vec<Vec<Condition<'f>>>;

/// What a database is asked of a kind, in selections that no row meets two of.
pub(super) fn selections<'f>(
    scope: &'f Scope,
    found: &'f TableFound,
    rank: Rank,
    posts: Option<&'f TableFound>,
) -> Vec<AllOf<'f>> {
    match &scope.incident {
        Some(incident) => incident.selections(found, rank, posts),
        None => vec![conditions(scope, found, rank)],
    }
}

/// What a database can already tell about a scope by its indexes. Rows that are in scope always meet it; the exact
/// decision is made on the rows.
pub(super) fn conditions<'f>(scope: &'f Scope, found: &'f TableFound, rank: Rank) -> AllOf<'f> {
    let table = table(rank);
    if let Some(changes) = &scope.changes {
        return changed(changes, found, rank).into_iter().collect();
    }
    if table.window != Windowing::Own || table.only.is_some() || scope.brought.len() > LONGEST_LIST {
        return Vec::new();
    }
    let name = |known: &Column| found.columns.iter().find(|column| known.is(&column.name)).map(|it| it.name.as_str());
    let mut all_of: Vec<Vec<Condition<'f>>> = Vec::new();
    let Window { from, until } = scope.window;
    let times: Vec<&Column> = table.origin.iter().chain(table.events).filter_map(|field| table.column(field)).collect();
    if !scope.window.is_open() && times.iter().all(|time| time.shape == Shape::Millis) {
        all_of.push(times.into_iter().filter_map(name).map(|at| Condition::Within(at, from, until)).collect());
    }
    let places = scope.places.as_ref().map(|places| &places.channels);
    for (to, ids) in [(To::Channel, places), (To::User, scope.users.as_ref())] {
        // Rows of other kinds may have no channel of their own, and then go by what they belong to.
        let Some(ids) = ids.filter(|ids| rank == POST && ids.len() <= LONGEST_LIST) else { continue };
        let columns = table.reach(to).filter_map(|field| table.column(field)).filter_map(name);
        all_of.push(columns.map(|column| Condition::In(column, list(ids))).collect());
    }
    all_of.retain(|any| !any.is_empty());
    if rank == POST && !scope.brought.is_empty() {
        let id = found.columns.iter().find(|column| column.name.eq_ignore_ascii_case("id"));
        let Some(id) = id else { return Vec::new() };
        for any in &mut all_of {
            any.push(Condition::In(&id.name, list(&scope.brought)));
        }
    }
    all_of
}

/// What a database can tell of rows that are new or looked at again; each alternative goes by one column, so that each
/// can be served by the index on it. `None` where clock or origin time are not plain numbers, or all is wanted: then all
/// rows come.
pub(super) fn changed<'f>(changes: &'f Changes, found: &'f TableFound, rank: Rank) -> Option<Vec<Condition<'f>>> {
    let table = table(rank);
    let column = |field: &str| {
        let known = table.column(field).filter(|known| known.shape == Shape::Millis)?;
        found.columns.iter().find(|column| known.is(&column.name)).map(|it| it.name.as_str())
    };
    let clock = column(table.clock?)?;
    let Window { from, until } = changes.window;
    let ahead = Window { from: Some(changes.now), until: None };
    let spans = changes.again.get(&rank).map_or(&[][..], Vec::as_slice);
    if changes.window.is_open() || is_all(spans) {
        return None;
    }
    let mut any = vec![
        Condition::Within(clock, from, until),
        Condition::Within(clock, None, Some(1)),
        Condition::Within(clock, Some(changes.now), None),
        Condition::Absent(clock),
    ];
    let tells = |field: &&&str| table.column(field).is_some_and(|known| known.shape == Shape::Millis);
    let is_post = |field: &&str| table.reach(To::Post).any(|known| known == *field);
    for field in table.counters.iter().filter(|field| tells(field) || is_post(field)) {
        let known = table.column(field)?;
        let name = found.columns.iter().find(|column| known.is(&column.name))?.name.as_str();
        any.extend(if known.shape == Shape::Millis {
            [changes.window, ahead].map(|span| Condition::Within(name, span.from, span.until))
        } else {
            let posts = changes.posts.as_ref()?;
            [changes.window, ahead].map(|span| Condition::Touched(name, posts, span))
        });
    }
    if !spans.is_empty() {
        let origin = column(table.origin?)?;
        for span in spans {
            any.push(Condition::Within(origin, span.from, span.until));
            if span.contains(0) {
                // Where records have no time.
                let (least, most) = (Some(-MAX_EXACT), Some(MAX_EXACT + 1));
                any.extend([Condition::Absent(origin), Condition::Within(origin, None, least)]);
                any.push(Condition::Within(origin, most, None));
            }
        }
    }
    Some(any)
}

/// Ids in order, as a database is asked for them.
pub(super) fn list(ids: &Ids) -> Vec<String> {
    let mut list: Vec<String> = ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect();
    list.sort_unstable();
    list
}
