//! Which runs are meant: by id, by name, or by the channel that they were run in.
//!
//! Invariant: a name that fits several runs is never decided by chance, and one that fits none is an error: a typing
//! mistake must not look like an incident without records.

use std::collections::BTreeMap;

use super::question::{filled, number};
use crate::record::time::{self, Millis, Window};
use crate::source::scope::AskedIncident;
use crate::source::tables::scope::Ids;
use crate::source::tables::tell::Told;

/// Fields of a run that are asked for, besides its id.
pub(super) const FIELDS: [&str; 16] = [
    "name",
    "team_id",
    "channel_id",
    "owner_user_id",
    "reporter_user_id",
    "create_at",
    "end_at",
    "delete_at",
    "current_status",
    "post_id",
    "playbook_id",
    "broadcast_channel_id",
    "broadcast_channel_ids",
    "announcement_channel_id",
    "channel_id_to_root_id",
    "reminder_post_id",
];

/// A run, as far as it decides what is in scope.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Its id.
    pub id: Box<[u8]>,
    /// What it is called.
    pub name: String,
    /// Its state, in the plugin's words.
    pub state: String,
    /// When it began.
    pub begun: Millis,
    /// When it was finished; 0 while it goes on.
    pub ended: Millis,
    /// When it was deleted; 0 if it was not.
    pub deleted: Millis,
    /// Its channel, if it has one.
    pub channel: Option<Box<[u8]>>,
    /// Its team, if it has one.
    pub team: Option<Box<[u8]>>,
    /// Who owned and who reported it.
    pub people: Ids,
    /// The post that it was started from.
    pub post: Option<Box<[u8]>>,
    /// Its playbook.
    pub playbook: Option<Box<[u8]>>,
    /// Channels that it was broadcast or announced to.
    pub linked: Ids,
    /// Ids of channels and of posts in them under which its status updates stand.
    pub answered: Ids,
}

/// A run as a person can tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunNamed {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its state, in the plugin's words.
    pub state: String,
    /// Its channel as `TEAM/NAME`, or the id.
    pub channel: String,
    /// When it began and ended, in RFC 3339.
    pub times: String,
}

impl std::fmt::Display for RunNamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, name, state, channel, times } = self;
        write!(f, "{id} (`{name}`, {state}, in `{channel}`, {times})")
    }
}

/// Why it is not known which incident is meant.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No run goes by that name.
    #[error("the database has no playbook run `{asked}`")]
    NotFound {
        /// As it was asked for.
        asked: String,
        /// The runs that there are.
        known: Vec<RunNamed>,
    },
    /// Several runs are called so.
    #[error("{} playbook runs are called `{asked}`: {}", runs.len(), listed(runs))]
    Several {
        /// As it was asked for.
        asked: String,
        /// The runs that are called so.
        runs: Vec<RunNamed>,
    },
    /// The run has no channel and no times to search by.
    #[error("the playbook run `{asked}` is to be exported from {since} until {until}, which is no time at all")]
    NoTime {
        /// As it was asked for.
        asked: String,
        /// Where the window begins.
        since: String,
        /// Where it ends.
        until: String,
    },
}

/// Runs as a person can tell them apart, on one line.
pub fn listed(runs: &[RunNamed]) -> String {
    runs.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Run {
    /// The run of a row; `None` if it has no id.
    pub(super) fn of(told: &Told<'_>) -> Option<Self> {
        let text = |field| told(field).map(std::borrow::Cow::into_owned).unwrap_or_default();
        let lists = ["broadcast_channel_id", "broadcast_channel_ids", "announcement_channel_id"];
        let linked = lists.iter().flat_map(|field| of_list(&text(field)).collect::<Vec<_>>()).collect();
        let answered = ids_in(&text("channel_id_to_root_id")).map(|id| Box::from(id.as_bytes())).collect();
        let people = ["owner_user_id", "reporter_user_id"].into_iter().filter_map(|field| filled(told, field));
        Some(Self {
            id: filled(told, "id")?,
            name: text("name"),
            state: text("current_status"),
            begun: number(told, "create_at"),
            ended: number(told, "end_at"),
            deleted: number(told, "delete_at"),
            channel: filled(told, "channel_id"),
            team: filled(told, "team_id"),
            people: people.collect(),
            post: filled(told, "post_id"),
            playbook: filled(told, "playbook_id"),
            linked,
            answered,
        })
    }

    /// The run with its channel's name, for people.
    pub(super) fn named(&self, channel: Option<&str>) -> RunNamed {
        let spelled = |at: Millis| time::format(at).unwrap_or_else(|| format!("ms:{at}"));
        let end = if self.ended == 0 { "not finished".to_owned() } else { format!("until {}", spelled(self.ended)) };
        let id = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
        RunNamed {
            id: id(&self.id),
            name: self.name.clone(),
            state: if self.state.is_empty() { "of unknown state".to_owned() } else { self.state.clone() },
            channel: channel.map_or_else(|| self.channel.as_deref().map(id).unwrap_or_default(), str::to_owned),
            times: format!("from {}, {end}", spelled(self.begun)),
        }
    }
}

/// The runs that are meant, by id.
pub(super) fn meant(
    asked: &str,
    all: &[Run],
    channel_named: &dyn Fn(&str) -> Option<String>,
    name_of: &dyn Fn(&[u8]) -> Option<String>,
) -> Result<BTreeMap<Box<[u8]>, Run>, RunError> {
    let of = |runs: Vec<&Run>| runs.into_iter().map(|run| (run.id.clone(), run.clone())).collect();
    let named = |run: &&Run| run.named(run.channel.as_deref().and_then(name_of).as_deref());
    let by_id: Vec<&Run> = all.iter().filter(|run| *run.id == *asked.as_bytes()).collect();
    if !by_id.is_empty() {
        return Ok(of(by_id));
    }
    let mut by_name: Vec<&Run> = all.iter().filter(|run| run.name == asked).collect();
    by_name.sort_by(|a, b| (a.begun, &a.id).cmp(&(b.begun, &b.id)));
    match by_name.as_slice() {
        [] => {}
        [_] => return Ok(of(by_name)),
        several => {
            return Err(RunError::Several { asked: asked.to_owned(), runs: several.iter().map(named).collect() });
        }
    }
    let channel = channel_named(asked);
    let by_channel: Vec<&Run> = all
        .iter()
        .filter(|run| channel.as_ref().is_some_and(|id| run.channel.as_deref() == Some(id.as_bytes())))
        .collect();
    if by_channel.is_empty() {
        let mut known: Vec<RunNamed> = all.iter().map(|run| named(&run)).collect();
        known.sort_by(|a, b| a.id.cmp(&b.id));
        return Err(RunError::NotFound { asked: asked.to_owned(), known });
    }
    Ok(of(by_channel))
}

/// The window that was asked for, or else the runs' life with a margin; without an end if one of them goes on.
pub(super) fn life(runs: &[&Run], asked: Window, of: &AskedIncident) -> Result<Window, RunError> {
    let begun = runs.iter().map(|run| run.begun).min().unwrap_or(0);
    let is_over = runs.iter().all(|run| run.ended != 0);
    // An end before the beginning is a clock that went wrong; nothing is cut short by it.
    let ended = runs.iter().map(|run| run.ended.max(run.begun)).max().filter(|_| is_over);
    // A time that no calendar can show bounds nothing.
    let shown = |at: &Millis| time::format(*at).is_some();
    let from = asked.from.or(Some(begun.saturating_sub(of.margin)).filter(shown));
    let until = asked.until.or(ended.map(|ended| ended.saturating_add(of.margin)).filter(shown));
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        let spelled = |at| time::format(at).unwrap_or_else(|| format!("ms:{at}"));
        let (since, until) = (spelled(from), spelled(until));
        return Err(RunError::NoTime { asked: of.run.clone(), since, until });
    }
    Ok(Window { from, until })
}

/// Ids in a list with commas.
fn of_list(text: &str) -> impl Iterator<Item = Box<[u8]>> {
    text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(|id| Box::from(id.as_bytes()))
}

/// Texts between quotation marks that look like ids of rows.
fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|part| crate::record::id::is_row(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, name: &str, channel: &str) -> Run {
        let channel = Some(Box::from(channel.as_bytes()));
        Run { id: Box::from(id.as_bytes()), name: name.to_owned(), channel, ..Run::default() }
    }

    #[test]
    fn runs_are_found_by_id_name_or_channel_and_never_by_chance() {
        let all = [run("a", "Leak", "c"), run("b", "Leak", "c"), run("d", "Fire", "e"), run("f", "a", "e")];
        let channel = |name: &str| (name == "quay/pumps").then(|| "c".to_owned());
        let find = |asked: &str| meant(asked, &all, &channel, &|_| None);
        let ids = |asked: &str| find(asked).unwrap().keys().map(|id| id[0]).collect::<Vec<_>>();
        assert_eq!(ids("a"), b"a", "an id before a name");
        assert_eq!(ids("Fire"), b"d");
        assert_eq!(ids("quay/pumps"), b"ab");
        assert!(matches!(find("Leak"), Err(RunError::Several { runs, .. }) if runs.len() == 2));
        assert!(matches!(find("fire"), Err(RunError::NotFound { known, .. }) if known.len() == 4));
    }

    #[test]
    fn lists_and_maps_of_channels_are_read() {
        let root = "r".repeat(26);
        let map = format!(r#"{{"{}":"{root}"}}"#, "c".repeat(26));
        assert_eq!(ids_in(&map).collect::<Vec<_>>(), ["c".repeat(26), root.clone()]);
        assert_eq!(of_list(" a,,b ").map(|id| id[0]).collect::<Vec<_>>(), b"ab");
    }

    #[test]
    fn the_window_is_the_runs_life_with_a_margin() {
        let run = |begun, ended| Run { begun, ended, ..Run::default() };
        let of = AskedIncident { run: "r".to_owned(), margin: 10, with_direct: false };
        let open = Window::default();
        let find = |runs: &[Run], asked| life(&runs.iter().collect::<Vec<_>>(), asked, &of).unwrap();
        assert_eq!(find(&[run(100, 200)], open), Window { from: Some(90), until: Some(210) });
        assert_eq!(find(&[run(100, 200), run(50, 0)], open), Window { from: Some(40), until: None });
        assert_eq!(find(&[run(100, 20)], open), Window { from: Some(90), until: Some(110) }, "a clock that went wrong");
        let given = Window { from: Some(1), until: Some(2) };
        assert_eq!(find(&[run(100, 200)], given), given);
        let backwards = Window { from: Some(300), until: None };
        assert!(matches!(life(&[&run(100, 200)], backwards, &of), Err(RunError::NoTime { .. })));
    }
}
