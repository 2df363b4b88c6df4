//! Derived ids for what a bulk export only names.
//!
//! A bulk export has no ids: a team is its name, a channel its team and name (or its members), a user a username.
//! Each becomes a derived id (`record::id::synthetic`), the same in every export of the same server, whatever else the
//! export holds. Ids that attachment paths reveal are recorded beside, never instead: otherwise one new attachment
//! would rename its author in every record.

use std::collections::{BTreeMap, HashMap};

use crate::record::exception::bounded;
use crate::record::id::{Synthetic, is_mattermost, synthetic};
use crate::record::json::has_spelled_surrogate;
use crate::record::line::push_string;

/// A real Mattermost id.
pub type RealId = [u8; 26];

/// Starts or continues a compact JSON key: appends `{"name":` or `,"name":`.
pub fn key_name(key: &mut Vec<u8>, name: &str) {
    key.push(if key.is_empty() { b'{' } else { b',' });
    push_string(key, name);
    key.push(b':');
}

/// Compact JSON of text fields: `{"team":"…","name":"…"}`.
pub fn key_of(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut key = Vec::with_capacity(96);
    for (name, value) in fields {
        key_name(&mut key, name);
        push_string(&mut key, value);
    }
    key.push(b'}');
    key
}

/// The key of a direct or group channel: its members sorted, each once.
pub fn members_key(members: &mut Vec<String>) -> Vec<u8> {
    members.sort_unstable();
    members.dedup();
    let mut key = Vec::with_capacity(64);
    key_name(&mut key, "members");
    push_names(&mut key, members);
    key.push(b'}');
    key
}

/// Appends a compact JSON array of strings.
pub fn push_names(out: &mut Vec<u8>, names: &[String]) {
    out.push(b'[');
    for (position, name) in names.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        push_string(out, name);
    }
    out.push(b']');
}

/// One team, channel or user that was met, by position in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ref(u32);

/// How a team, channel or user was met.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its derived id.
    pub id: Synthetic,
    /// Its kind and key, for messages: `user {"username":"x"}`.
    pub label: Box<str>,
    /// Its name holds a lone surrogate.
    pub lossy: bool,
    /// A line of the export describes it.
    pub described: bool,
    /// Records in scope that name it, and 1 if the scope itself does.
    pub references: u64,
    /// The real id found in attachment paths.
    pub real: Real,
    /// The team of a channel.
    pub team: Option<Synthetic>,
    /// Lines that describe a channel; each names the team, if the channel is in scope.
    pub lines: u64,
}

impl Known {
    /// Whether it is a `team`, `channel` or `user`.
    pub fn is(&self, what: &str) -> bool {
        self.label.split(' ').next() == Some(what)
    }
}

/// What attachment paths say about a real id.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Real {
    /// Nothing.
    #[default]
    Unknown,
    /// One id, always the same.
    Id(RealId),
    /// More than one.
    Ambiguous,
}

impl Real {
    /// Adds what another path says.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, x) | (x, Self::Unknown) => x,
            (a, b) if a == b => a,
            _ => Self::Ambiguous,
        }
    }

    /// What a path says: an id of Mattermost's spelling.
    pub fn of(id: &str) -> Self {
        if is_mattermost(id) { id.as_bytes().try_into().map_or(Self::Unknown, Self::Id) } else { Self::Unknown }
    }
}

/// What one thread of work knows about teams, channels and users. Grows with the directory, not with the posts.
#[derive(Debug, Default)]
pub struct Names {
    /// Members of source objects that the catalogue does not know, by `OBJECT.MEMBER`.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Users by e-mail address, in lower case; nobody where several have it.
    pub emails: HashMap<String, Option<Synthetic>>,
    known: Vec<Known>,
    /// What the current source line adds once it turns out to be whole.
    referred: Vec<Ref>,
    /// Described by the line being decoded.
    described: Vec<Ref>,
    unknown: Vec<String>,
    teams: HashMap<Box<str>, Ref>,
    users: HashMap<Box<str>, Ref>,
    channels: HashMap<Ref, HashMap<Box<str>, Ref>>,
    direct: HashMap<Box<[u8]>, Ref>,
}

impl std::hash::Hash for Ref {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Names {
    /// Notes the e-mail address of a user.
    pub fn email(&mut self, address: &str, user: Synthetic) {
        note_email(&mut self.emails, address.to_lowercase(), Some(user));
    }

    /// A team.
    pub fn team(&mut self, name: &str) -> Ref {
        if let Some(found) = self.teams.get(name) {
            return *found;
        }
        let found = meet(&mut self.known, "team", &key_of(&[("name", name)]));
        self.teams.insert(name.into(), found);
        found
    }

    /// A user or bot.
    pub fn user(&mut self, name: &str) -> Ref {
        if let Some(found) = self.users.get(name) {
            return *found;
        }
        let found = meet(&mut self.known, "user", &key_of(&[("username", name)]));
        self.users.insert(name.into(), found);
        found
    }

    /// A channel of a team.
    pub fn channel(&mut self, team: &str, name: &str) -> (Ref, Ref) {
        let team_ref = self.team(team);
        let of_team = self.channels.entry(team_ref).or_default();
        if let Some(found) = of_team.get(name) {
            return (team_ref, *found);
        }
        let team_id = self.known[team_ref.0 as usize].id;
        let found = meet(&mut self.known, "channel", &key_of(&[("team", team), ("name", name)]));
        self.known[found.0 as usize].team = Some(team_id);
        of_team.insert(name.into(), found);
        (team_ref, found)
    }

    /// The direct or group channel of these members (see [`members_key`]).
    pub fn direct(&mut self, members_key: &[u8]) -> Ref {
        if let Some(found) = self.direct.get(members_key) {
            return *found;
        }
        let found = meet(&mut self.known, "channel", members_key);
        self.direct.insert(members_key.into(), found);
        found
    }

    /// The derived id.
    pub fn id(&self, of: Ref) -> Synthetic {
        self.known[of.0 as usize].id
    }

    /// What is known, to be changed.
    pub fn known(&mut self, of: Ref) -> &mut Known {
        &mut self.known[of.0 as usize]
    }

    /// Takes note that the line being decoded describes it.
    pub fn describe(&mut self, of: Ref) {
        self.described.push(of);
    }

    /// Counts a record in scope that names it.
    pub fn refer(&mut self, to: Ref) {
        self.referred.push(to);
    }

    /// Counts a member of a source object that the catalogue does not know, as `OBJECT.MEMBER`.
    pub fn unknown_field(&mut self, name: String) {
        self.unknown.push(name);
    }

    /// The current source line is whole: what it refers to counts.
    pub fn keep_line(&mut self) {
        for of in self.described.drain(..) {
            self.known[of.0 as usize].described = true;
        }
        for to in self.referred.drain(..) {
            self.known[to.0 as usize].references += 1;
        }
        for name in self.unknown.drain(..) {
            *self.unknown_fields.entry(name).or_default() += 1;
        }
    }

    /// The current source line is broken, or will be decoded again: what it refers to does not count.
    pub fn drop_line(&mut self) {
        self.referred.clear();
        self.described.clear();
        self.unknown.clear();
    }
}

fn meet(known: &mut Vec<Known>, kind: &str, key: &[u8]) -> Ref {
    let name = String::from_utf8_lossy(key);
    let (label, lossy) = (format!("{kind} {}", bounded(&name)).into(), has_spelled_surrogate(&name));
    let at = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let id = synthetic(kind, key, 0);
    known.push(Known { id, label, lossy, described: false, references: 0, real: Real::Unknown, team: None, lines: 0 });
    Ref(at)
}

/// An address that two users have names neither.
fn note_email(emails: &mut HashMap<String, Option<Synthetic>>, address: String, user: Option<Synthetic>) {
    let noted = emails.entry(address).or_insert(user);
    if *noted != user {
        *noted = None;
    }
}

/// Everything that all threads of work know.
#[derive(Debug, Default)]
pub struct Directory {
    /// Teams, channels and users by derived id.
    pub known: HashMap<Synthetic, Known>,
    /// Members of source objects that the catalogue does not know.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Users by e-mail address, in lower case; nobody where several have it.
    pub emails: HashMap<String, Option<Synthetic>>,
}

impl Directory {
    /// Takes over what one thread of work knows.
    pub fn absorb(&mut self, mut names: Names) {
        names.keep_line();
        for (name, count) in names.unknown_fields {
            *self.unknown_fields.entry(name).or_default() += count;
        }
        for (email, user) in names.emails {
            note_email(&mut self.emails, email, user);
        }
        for theirs in names.known {
            match self.known.entry(theirs.id) {
                std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(theirs)),
                std::collections::hash_map::Entry::Occupied(mut entry) => {
                    let ours = entry.get_mut();
                    ours.described |= theirs.described;
                    ours.references += theirs.references;
                    ours.lines += theirs.lines;
                    ours.real = ours.real.merge(theirs.real);
                }
            }
        }
    }
}

impl Directory {
    /// Counts the teams that channels in scope name, once it is known which channels those are.
    pub fn count_teams(&mut self, narrow: bool) {
        let kept = |known: &&Known| known.lines > 0 && (!narrow || known.references > 0);
        let named: Vec<(Synthetic, u64)> =
            self.known.values().filter(kept).filter_map(|known| Some((known.team?, known.lines))).collect();
        for (team, lines) in named {
            if let Some(known) = self.known.get_mut(&team) {
                known.references += lines;
            }
        }
    }
}

/// The ids in an attachment path, `YYYYMMDD/teams/T/channels/C/users/U/F/NAME` (Mattermost `app/file.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathIds<'a> {
    /// The team, unless the path says `noteam`.
    pub team: Option<&'a str>,
    /// The channel.
    pub channel: &'a str,
    /// The user who uploaded.
    pub user: &'a str,
    /// The file.
    pub file: &'a str,
    /// The file's own name.
    pub name: &'a str,
}

impl<'a> PathIds<'a> {
    /// Takes a path apart; `None` if it has another shape.
    pub fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.splitn(9, '/');
        let date = parts.next()?;
        let is_date = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
        let mut after = |label: &str| parts.next().filter(|found| *found == label).and_then(|_| parts.next());
        let (team, channel, user) = (after("teams")?, after("channels")?, after("users")?);
        let (file, name) = (parts.next()?, parts.next()?);
        let ids = [channel, user, file].into_iter().all(is_mattermost);
        let team = match team {
            "noteam" => None,
            id if is_mattermost(id) => Some(id),
            _ => return None,
        };
        (is_date && ids && !name.is_empty()).then_some(Self { team, channel, user, file, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reveal_ids_only_in_their_exact_shape() {
        let id = |c: char| c.to_string().repeat(26);
        let (t, c, u, f) = (id('t'), id('c'), id('u'), id('f'));
        let path = format!("20260802/teams/{t}/channels/{c}/users/{u}/{f}/a/..\\b.png");
        let ids = PathIds::parse(&path).unwrap();
        assert_eq!((ids.team, ids.channel, ids.user, ids.file), (Some(t.as_str()), c.as_str(), u.as_str(), f.as_str()));
        assert_eq!(ids.name, "a/..\\b.png");
        let none = format!("20260802/teams/noteam/channels/{c}/users/{u}/{f}/x");
        assert_eq!(PathIds::parse(&none).unwrap().team, None);
        for bad in [
            "",
            "x",
            "2026080/teams/noteam/channels/c/users/u/f/x",
            &path.replace("teams", "team"),
            &path.replace(&f, "F"),
        ] {
            assert_eq!(PathIds::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn members_are_sorted_and_named_once() {
        let mut members = vec!["b".to_owned(), "a".into(), "b".into()];
        assert_eq!(members_key(&mut members), br#"{"members":["a","b"]}"#);
    }

    #[test]
    fn conflicting_real_ids_are_not_believed() {
        let (a, b) = (Real::Id([b'a'; 26]), Real::Id([b'b'; 26]));
        assert_eq!(Real::Unknown.merge(a), a);
        assert_eq!(a.merge(a), a);
        assert_eq!(a.merge(b).merge(a), Real::Ambiguous);
    }

    #[test]
    fn one_name_is_one_id_in_every_thread_of_work() {
        let (mut left, mut right) = (Names::default(), Names::default());
        right.user("z");
        let (a, b) = (left.channel("t", "c"), right.channel("t", "c"));
        assert_eq!(left.id(a.1), right.id(b.1));
        left.refer(a.1);
        right.refer(b.1);
        right.known(b.1).described = true;
        let id = left.id(a.1);
        let mut all = Directory::default();
        all.absorb(left);
        all.absorb(right);
        assert_eq!((all.known[&id].references, all.known[&id].described), (2, true));
        assert_eq!(&*all.known[&id].label, r#"channel {"team":"t","name":"c"}"#);
    }
}
