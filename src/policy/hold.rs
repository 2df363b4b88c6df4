//! Legal holds as the evaluator sees them: a matter, whose records and places it freezes, and since when.

use super::rule::Pattern;
use crate::record::time::{Millis, Window};

/// A legal hold. It covers what its custodians could see or did, and everything in its channels and teams; with keywords
/// only the posts that hold one of them in any version, and what belongs to those; all within its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Identifies the hold, in each record's decision too: `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`.
    pub id: String,
    /// The case or inquiry.
    pub matter: String,
    /// Where the hold stands written.
    pub origin: HoldOrigin,
    /// Whether it freezes everything in its window, naming nobody and no place.
    pub everything: bool,
    /// Custodians by username, e-mail address or id.
    pub users: Vec<String>,
    /// Groups whose members are custodians, by name or id.
    pub groups: Vec<String>,
    /// Channels as `TEAM/NAME` or id, with `*`.
    pub channels: Vec<Pattern>,
    /// Teams by name or id, with `*`.
    pub teams: Vec<Pattern>,
    /// Words or phrases, whatever their case; empty: everything.
    pub keywords: Vec<String>,
    /// Whether open channels that a custodian was in count as seen (the plugin lets one choose; ours always do).
    pub includes_open_channels: bool,
    /// Times of events that are frozen.
    pub window: Window,
    /// Who issued it, when, why.
    pub issued: Act,
    /// Who released it; `None` while it is in force.
    pub released: Option<Act>,
}

/// Where a hold stands written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldOrigin {
    /// In a holds file.
    File,
    /// In the database, by the legal-hold plugin (`pluginkeyvaluestore`, `kvstore_legal_hold_*`).
    Plugin,
}

/// An act of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub by: String,
    /// When.
    pub at: Millis,
    /// Why.
    pub why: String,
    /// Who agreed.
    pub approved_by: Vec<String>,
}

impl Hold {
    /// Whether the hold freezes anything at `now`.
    pub fn is_active(&self, now: Millis) -> bool {
        self.issued.at <= now && self.released.as_ref().is_none_or(|released| now < released.at)
    }
}
