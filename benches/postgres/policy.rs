//! Policies and holds of any size, which name what the database has.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::place::{Of, Place};

/// Rules of the policy.
const RULES: u64 = 50;

/// Holds in force.
const HOLDS: u64 = 200;

/// Custodians of each.
const CUSTODIANS: u64 = 20;

/// Writes `policy.toml` and `holds.toml` into a folder. With `words`, rules ask for properties of posts and every tenth
/// hold for keywords, so that the texts of posts have to be looked at.
pub(crate) fn write(posts: u64, seed: u64, words: bool, folder: &Path) -> anyhow::Result<()> {
    let place = Place::new(posts, seed);
    let mut dice = Dice::new(seed).apart(77);
    fs::write(folder.join("policy.toml"), policy(&place, &mut dice, words)?)?;
    fs::write(folder.join("holds.toml"), holds(&place, &mut dice, words)?)?;
    Ok(())
}

fn policy(place: &Place, dice: &mut Dice, words: bool) -> anyhow::Result<String> {
    let mut text = "schema = \"chatseal-policy/v1\"\nid = \"bench\"\ntitle = \"Bench\"\n".to_owned();
    for rule in 0..RULES {
        writeln!(text, "\n[[rule]]\nid = \"rule-{rule}\"\ntitle = \"Rule {rule}\"")?;
        let mut ids = |of: Of, most: u64, number: u64| ids(place, dice, of, most, number);
        let (teams, channels, users) = (place.teams, place.channels, place.users);
        match rule {
            0 => text += "clock = \"created\"\n",
            1..10 => writeln!(text, "scope.teams = [{}]", ids(Of::Team, teams, 1))?,
            10..30 => writeln!(text, "scope.channels = [{}]", ids(Of::Channel, channels, 10))?,
            30..40 => writeln!(text, "scope.users = [{}]", ids(Of::User, users, 10))?,
            40..44 => text += "scope.channel_types = [\"private\", \"direct\"]\nclock = \"last-edit\"\n",
            44 => text += "scope.roles = [\"system_admin\"]\n",
            45 if words => text += "scope.props = [\"from_webhook\"]\n",
            46 if words => text += "scope.tags = [\"incident*\"]\n",
            _ => text += "scope.kinds = [\"user\", \"audit\", \"session\"]\n",
        }
        // Long enough that next to nothing goes: what is kept is what costs.
        writeln!(text, "keep_for = \"{}y\"\ndispose_after = \"{}y\"\nthen = \"review\"", 1 + rule % 7, 8 + rule % 7)?;
    }
    Ok(text)
}

fn holds(place: &Place, dice: &mut Dice, words: bool) -> anyhow::Result<String> {
    let mut text = "schema = \"chatseal-holds/v1\"\ntitle = \"Bench\"\n".to_owned();
    for hold in 0..HOLDS {
        let users = ids(place, dice, Of::User, place.users, CUSTODIANS);
        writeln!(text, "\n[[hold]]\nid = \"hold-{hold:03}\"\nmatter = \"Matter {hold}\"")?;
        writeln!(text, "users = [{users}]")?;
        if words && hold % 10 == 0 {
            writeln!(text, "keywords = [\"word{hold}\", \"berth {hold}\"]")?;
        }
        writeln!(text, "[hold.issued]\nby = \"Counsel\"\nat = 2026-01-01\nwhy = \"Letter\"")?;
    }
    Ok(text)
}

/// So many ids of so many things, from some thing on.
fn ids(place: &Place, dice: &mut Dice, of: Of, most: u64, number: u64) -> String {
    let first = dice.below(most);
    let ids = (0..number.min(most)).map(|at| place.id(of, (first + at) % most));
    ids.map(|id| format!("\"{}\"", String::from_utf8_lossy(&id))).collect::<Vec<_>>().join(", ")
}
