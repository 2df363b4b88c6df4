//! What has to be known before a row can be judged: who is called what, and which posts, runs and boards are in scope.

use std::collections::HashMap;

use super::collect::rows;
use super::feed::origin_column;
use super::scope::{Ids, Places, Scope};
use super::{Tables, TablesError};
use crate::record::time::Window;
use crate::source::Work;
use crate::source::catalogue::{BOARD, CHANNEL, PLAYBOOK, PLAYBOOK_RUN, POST, Rank, TEAM, To, USER, Windowing, table};
use crate::source::postgres::Condition;
use crate::source::rows::TableFound;
use crate::source::rows::encode::{Encoder, Row};
use crate::source::scope::Asked;

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

    fn learn(&mut self, rank: Rank, row: &Row<'_>) -> Option<()> {
        let text = |field| row.named(field).ok().flatten().map(std::borrow::Cow::into_owned);
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

    fn channel(&self, name: &str) -> Result<&String, TablesError> {
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
        let mut scope = Scope { window: asked.window, ..Scope::default() };
        if !(asked.teams.is_empty() && asked.channels.is_empty() && asked.users.is_empty()) {
            let fields = ["name", "team_id", "username", "email"];
            self.visit(&[TEAM, CHANNEL, USER], &fields, &|_, _| Vec::new(), work.progress, &mut |plan, batch| {
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
        if !scope.is_everything() {
            (scope.within, scope.placed) = self.within(&scope, work)?;
        }
        Ok((scope, facts))
    }

    /// Posts, runs, playbooks and boards in scope, and those that are merely in its teams and channels. Posts bring the
    /// roots of their threads along, and earlier versions the post that they are of: files name only that.
    fn within(&self, scope: &Scope, work: &Work<'_>) -> Result<(Things, Things), TablesError> {
        let kinds = [(POST, To::Post), (PLAYBOOK_RUN, To::Run), (PLAYBOOK, To::Playbook), (BOARD, To::Board)];
        let ranks = kinds.map(|(rank, _)| rank);
        let mut fields: Vec<&str> = vec!["root_id", "original_id"];
        for rank in ranks {
            let table = table(rank);
            fields.extend(table.origin.iter().chain(table.events));
            fields.extend(table.path.iter().map(|reach| reach.field));
        }
        let (mut within, mut placed) = (Things::new(), Things::new());
        self.visit(
            &ranks,
            &fields,
            &|found, rank| conditions(scope, found, rank),
            work.progress,
            &mut |plan, batch| {
                let Some((rank, to)) = kinds.into_iter().find(|(rank, _)| *rank == plan.rank()) else { return };
                let mut encoder = Encoder::new(plan);
                for row in rows(&batch.text) {
                    let Ok(row) = encoder.row(row) else { continue };
                    let bytes = |field| row.named(field).ok().flatten().map(|text| text.into_owned().into_bytes());
                    let described = table(rank);
                    let field = |field| bytes(field).map(std::borrow::Cow::Owned);
                    if scope.selects(described, &field) {
                        let ids = within.entry(to).or_default();
                        let others = ["root_id", "original_id"].into_iter().filter(|_| to == To::Post);
                        let others = others.filter_map(bytes).filter(|id| !id.is_empty());
                        ids.extend(bytes("id").into_iter().chain(others).map(Box::from));
                    } else if scope.places.is_some() && scope.has_place(described, &field) {
                        placed.entry(to).or_default().extend(bytes("id").map(Box::from));
                    }
                }
            },
        )?;
        Ok((within, placed))
    }
}

/// What a database can already tell about a scope by its indexes; the exact decision is made on the rows.
fn conditions<'f>(scope: &Scope, found: &'f TableFound, rank: Rank) -> Vec<Vec<Condition<'f>>> {
    let table = table(rank);
    let column = |field: &str| {
        let known = table.column(field)?;
        found.columns.iter().find(|column| known.is(&column.name)).map(|column| column.name.as_str())
    };
    let mut all_of = Vec::new();
    let Window { from, until } = scope.window;
    // Where teams or channels restrict, everything in them is wanted.
    let is_placed = scope.places.is_some();
    if !scope.window.is_open() && table.window == Windowing::Own && !is_placed {
        let times = std::iter::once(origin_column(found, rank)).filter(|name| !name.is_empty());
        let times = times.chain(table.events.iter().filter_map(|field| column(field)));
        all_of.push(times.map(|name| Condition::Within(name, from, until)).collect());
    }
    let mut restrict = |to, ids: Option<&Ids>| {
        let Some(ids) = ids.filter(|ids| ids.len() <= LONGEST_LIST) else { return };
        let mut list: Vec<String> = ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect();
        list.sort_unstable();
        let columns: Vec<&str> = table.reach(to).filter_map(column).collect();
        if !columns.is_empty() {
            all_of.push(columns.into_iter().map(|name| Condition::In(name, list.clone())).collect());
        }
    };
    if rank == POST {
        restrict(To::Channel, scope.places.as_ref().map(|places| &places.channels));
        restrict(To::User, scope.users.as_ref().filter(|_| !is_placed));
    }
    all_of
}
