//! Who could see a board: its members by their history, the members of the channel that it is linked to, and the team of
//! an open one.

use std::collections::{BTreeMap, HashMap};

use super::channel::{found as of_channel, team};
use super::facts::{Facts, Interest};
use super::{Certainty, Found, Grant, Until, Way};
use crate::archive::walk::Walk;
use crate::produce::incident::RecordId;
use crate::produce::{Directory, ProduceError, Work};
use crate::record::fields::{Head, characters, integer, plain};
use crate::record::time::Millis;

/// What is known of somebody on a board.
#[derive(Debug, Default)]
struct Seat {
    now: Option<RecordId>,
    /// When, whether he came, and what says so.
    moves: Vec<(Millis, bool, RecordId)>,
}

/// A board.
#[derive(Debug, Default)]
struct Board {
    create_at: Millis,
    title: Box<str>,
    team: Box<str>,
    channel: Box<str>,
    is_open: bool,
    seats: BTreeMap<Box<str>, Seat>,
}

/// The boards of an archive.
#[derive(Debug, Default)]
pub(super) struct Boards(HashMap<Box<str>, Board>);

/// What a line says of a board and, if it is about one, a member.
struct Row {
    board: Box<str>,
    /// When the board itself was made; its title, team, channel and sort.
    about: Option<(Millis, [Box<str>; 4])>,
    user: Box<str>,
    /// When somebody came or went; `None` for a member of now.
    came: Option<(Millis, bool)>,
    record: RecordId,
}

impl Boards {
    /// Reads them.
    pub(super) fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut boards: HashMap<Box<str>, Board> = HashMap::new();
        let walk = Walk::new(work.sealed.archive, work.progress)?;
        let walk = walk.kinds(|kind| matches!(kind, "board" | "board_member" | "board_member_history"));
        walk.for_each_segment(
            |segment| segment.lines().map(|(_, line)| row(segment.kind(), line)).collect::<Vec<_>>(),
            |rows| {
                for Row { board, about, user, came, record } in rows {
                    let board = boards.entry(board).or_default();
                    if let Some((at, [title, team, channel, sort])) = about {
                        board.create_at = at;
                        (board.title, board.team, board.channel) = (title, team, channel);
                        board.is_open = &*sort == "O";
                        continue;
                    }
                    let seat = board.seats.entry(user).or_default();
                    match came {
                        Some((at, came)) => seat.moves.push((at, came, record)),
                        None => seat.now = Some(record),
                    }
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        boards.values_mut().flat_map(|board| board.seats.values_mut()).for_each(|seat| seat.moves.sort());
        Ok(Self(boards))
    }

    /// Ids of all boards, sorted.
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.0.keys().map(|id| &**id).collect();
        ids.sort_unstable();
        ids
    }

    /// The rows that decide who sees a board.
    pub(super) fn interest(&self, id: &str) -> Interest {
        let board = self.0.get(id);
        let channel = board.map(|board| board.channel.clone()).unwrap_or_default();
        Interest {
            channel: Some(channel),
            team: Some(board.map(|board| board.team.clone()).unwrap_or_default()),
            user: None,
        }
    }

    /// Who could see a board, at any time.
    pub(super) fn of_board(&self, facts: &Facts, directory: &Directory, id: &str) -> Found {
        let mut found = Found::default();
        let record = RecordId::new("board", id);
        let Some(board) = self.0.get(id) else {
            found.doubt(0, "the archive does not hold the board, so that nobody knows who may see it", vec![record]);
            return found;
        };
        (found.name, found.born) = (board.title.clone(), board.create_at);
        found.grants = board.seats.iter().flat_map(|(user, seat)| seat.grants(user)).collect();
        if !board.channel.is_empty() {
            found.rule(
                "members of the channel that the board is linked to see it as well, as it stands",
                vec![record.clone()],
            );
            let members = of_channel(facts, directory, &board.channel).grants.into_iter();
            // Since when it is linked, nobody wrote down.
            found.grants.extend(members.filter(|grant| grant.way == Way::Member).map(|mut grant| {
                grant.certainty = Certainty::Current;
                grant.add_remark("by the channel that the board is linked to");
                grant
            }));
        }
        if board.is_open {
            found.rule("the board is open to everybody in the team, as it stands", vec![record.clone()]);
            found.grants.extend(team(facts, &board.team, &record));
        }
        found
    }
}

impl Seat {
    fn grants(&self, user: &str) -> Vec<Grant> {
        let grant = |certainty, from, until, records| Grant {
            user_id: user.into(),
            way: Way::Board,
            certainty,
            from,
            until,
            records,
            remark: String::new(),
        };
        let (mut grants, mut open) = (Vec::new(), None::<(Millis, RecordId)>);
        for (at, came, record) in &self.moves {
            match (came, open.take()) {
                // Somebody who is let in twice was in all the time.
                (true, held) => open = held.or_else(|| Some((*at, record.clone()))),
                (false, held) => {
                    let from = held.as_ref().map(|(from, _)| *from);
                    let records = held.into_iter().map(|(_, record)| record).chain([record.clone()]).collect();
                    grants.push(grant(Certainty::Certain, from, Until::At(*at), records));
                }
            }
        }
        match (open, &self.now) {
            (Some((from, record)), Some(now)) => {
                grants.push(grant(Certainty::Certain, Some(from), Until::Sealed, vec![record, now.clone()]));
            }
            (Some((from, record)), None) => {
                grants.push(grant(Certainty::Certain, Some(from), Until::Unknown, vec![record]));
            }
            (None, Some(now)) => grants.push(grant(Certainty::Current, None, Until::Sealed, vec![now.clone()])),
            (None, None) => {}
        }
        grants
    }
}

fn row(kind: &str, line: &[u8]) -> Row {
    let head = Head::of(line, kind);
    let wanted = ["board_id", "user_id", "action", "team_id", "channel_id", "type", "title", "create_at"];
    let [board, user, action, team, channel, sort, title, created] = head.pick(wanted);
    let time = |value| integer(value).unwrap_or_default();
    let text = |value: Option<&[u8]>| Box::<str>::from(value.map(characters).unwrap_or_default());
    let is_board = kind == "board";
    Row {
        board: if is_board { head.id.into() } else { plain(board).into() },
        about: is_board.then(|| (time(created), [title, team, channel, sort].map(text))),
        user: plain(user).into(),
        came: (kind == "board_member_history").then(|| (head.at(), plain(action) != "deleted")),
        record: RecordId::new(kind, head.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_dated_by_its_history() {
        let record = |id: &str| RecordId::new("board_member_history", id);
        let told = |moves: &[(Millis, bool)], is_now: bool| {
            let moves = moves.iter().map(|(at, came)| (*at, *came, record("h"))).collect();
            let seat = Seat { now: is_now.then(|| record("n")), moves };
            seat.grants("u")
                .into_iter()
                .map(|grant| (grant.certainty.word(), grant.from, grant.until))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&[(5, true), (7, true)], true), [("certain", Some(5), Until::Sealed)]);
        assert_eq!(told(&[(5, true), (7, false)], false), [("certain", Some(5), Until::At(7))]);
        assert_eq!(told(&[(5, true)], false), [("certain", Some(5), Until::Unknown)]);
        assert_eq!(told(&[(7, false)], false), [("certain", None, Until::At(7))]);
        assert_eq!(told(&[], true), [("current", None, Until::Sealed)]);
    }
}
