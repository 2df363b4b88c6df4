//! Who talks where: teams, channels, users and direct channels, as many as a server of that size has.
//!
//! They grow with the square root of the posts: a server that has a hundred times the posts has ten times the people,
//! for ten times as long.

use std::fmt::Write;
use std::io;

use crate::dice::Dice;
use crate::speech::{Speech, push_json};

/// Posts, users, channels, direct channels, teams and days of the export that was measured.
const MEASURED: (u64, u64, u64, u64, u64, u64) = (27_479, 90, 54, 175, 5, 180);

/// First instant of an export, in milliseconds since 1970: 2025-12-01.
const BEGIN: u64 = 1_764_547_200_000;

/// A channel of a team.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) team: usize,
    pub(crate) name: String,
}

/// Everybody and every place.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) teams: Vec<String>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) users: Vec<String>,
    /// Users of each direct channel.
    pub(crate) direct: Vec<Vec<usize>>,
    days: u64,
}

impl Town {
    pub(crate) fn new(posts: u64, speech: &Speech, dice: &mut Dice) -> Self {
        let (measured, users, channels, direct, teams, days) = MEASURED;
        let grown = |count: u64| (count * count * posts.max(1) / measured).isqrt().max(4);
        let name = |dice: &mut Dice, at: u64| format!("{}-{at}", speech.word(dice));
        let person = |dice: &mut Dice, at: u64| format!("{}.{}{at}", speech.word(dice), speech.word(dice));
        let teams: Vec<String> =
            (0..(teams * teams * grown(users) / users).isqrt().max(2)).map(|at| name(dice, at)).collect();
        let channels = 0..grown(channels);
        let channels = channels.map(|at| Channel { team: dice.index(teams.len()), name: name(dice, at) }).collect();
        let users: Vec<String> = (0..grown(users)).map(|at| person(dice, at)).collect();
        let mut town = Self { teams, channels, users, direct: Vec::new(), days: grown(days) };
        let mut met = std::collections::HashSet::new();
        for _ in 0..grown(direct) {
            // Two of three are between two people, the rest are groups of up to five.
            let size = if dice.once_in(3) { 3 + dice.index(3) } else { 2 };
            let mut members: Vec<usize> = (0..size).map(|_| dice.index(town.users.len())).collect();
            members.sort_unstable();
            members.dedup();
            if members.len() > 1 && met.insert(members.clone()) {
                town.direct.push(members);
            }
        }
        town
    }

    /// Some instant of the time that the export covers.
    pub(crate) fn moment(&self, dice: &mut Dice) -> u64 {
        BEGIN + dice.below(self.days * 86_400_000)
    }

    /// Writes the lines that stand before the posts.
    pub(crate) fn write_before(&self, speech: &Speech, dice: &mut Dice, out: &mut dyn io::Write) -> io::Result<()> {
        let mut line = String::from("{\"type\":\"version\",\"version\":1}\n");
        let describe = |dice: &mut Dice, length, line: &mut String| {
            let mut text = String::new();
            speech.text(dice, length, &mut text);
            push_json(&text, line);
        };
        for (at, team) in self.teams.iter().enumerate() {
            let kind = if at % 2 == 0 { 'O' } else { 'I' };
            let _ = write!(
                line,
                r#"{{"type":"team","team":{{"name":"{team}","display_name":"{team}","type":"{kind}","description":"#
            );
            describe(dice, 160, &mut line);
            line.push_str(",\"allow_open_invite\":false}}\n");
        }
        for channel in &self.channels {
            let (team, name) = (&self.teams[channel.team], &channel.name);
            let kind = if dice.once_in(3) { 'P' } else { 'O' };
            let _ = write!(
                line,
                r#"{{"type":"channel","channel":{{"team":"{team}","name":"{name}","display_name":"{name}","type":"{kind}","header":"#
            );
            describe(dice, 120, &mut line);
            line.push_str(",\"purpose\":");
            describe(dice, 100, &mut line);
            line.push_str("}}\n");
        }
        out.write_all(line.as_bytes())?;
        for at in 0..self.users.len() {
            line.clear();
            self.push_user(at, speech, dice, &mut line);
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn push_user(&self, at: usize, speech: &Speech, dice: &mut Dice, line: &mut String) {
        let user = &self.users[at];
        let (first, last) = user.split_once('.').unwrap_or((user, ""));
        let _ = write!(
            line,
            r#"{{"type":"user","user":{{"username":"{user}","email":"user-{at}@sample.example","auth_service":null,"nickname":"","first_name":"{first}","last_name":"{last}","position":"{} {}","roles":"system_user","locale":"en","delete_at":0,"teams":["#,
            speech.word(dice),
            speech.word(dice),
        );
        let mut joined: Vec<usize> = (0..20).map(|_| dice.early(self.channels.len())).collect();
        joined.sort_unstable_by_key(|channel| (self.channels[*channel].team, *channel));
        joined.dedup();
        let by_team = joined.chunk_by(|a, b| self.channels[*a].team == self.channels[*b].team);
        for (position, channels) in by_team.enumerate() {
            let comma = if position > 0 { "," } else { "" };
            let team = &self.teams[self.channels[channels[0]].team];
            let _ = write!(line, r#"{comma}{{"name":"{team}","roles":"team_user","channels":["#);
            for (position, channel) in channels.iter().enumerate() {
                let comma = if position > 0 { "," } else { "" };
                let favorite = dice.once_in(5);
                let _ = write!(
                    line,
                    r#"{comma}{{"name":"{}","roles":"channel_user","notify_props":{{"desktop":"default","mobile":"default","mark_unread":"all"}},"favorite":{favorite}}}"#,
                    self.channels[*channel].name
                );
            }
            line.push_str("]}");
        }
        line.push_str(concat!(
            r#"],"military_time":"true","link_previews":"false","message_display":"clean","#,
            r#""channel_display_mode":"full","tutorial_step":"999","notify_props":{"desktop":"mention","#,
            r#""desktop_sound":"true","email":"true","mobile":"mention","mobile_push_status":"away","#,
            r#""channel":"true","comments":"never","mention_keys":""}}}"#,
            "\n"
        ));
    }

    /// Appends a JSON array of the usernames of a direct channel.
    pub(crate) fn push_members(&self, members: &[usize], line: &mut String) {
        line.push('[');
        for (position, member) in members.iter().enumerate() {
            line.push_str(if position > 0 { ",\"" } else { "\"" });
            line.push_str(&self.users[*member]);
            line.push('"');
        }
        line.push(']');
    }

    /// Writes the lines of direct channels.
    pub(crate) fn write_direct(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut line = String::new();
        for members in &self.direct {
            line.clear();
            line.push_str(r#"{"type":"direct_channel","direct_channel":{"members":"#);
            self.push_members(members, &mut line);
            line.push_str(",\"favorited_by\":null,\"header\":\"\"}}\n");
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}
