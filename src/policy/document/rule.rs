//! One `[[rule]]` becomes a [`Rule`].

use super::Kinds;
use super::code::Code;
use super::keys::{self, FILES, RULE, SCOPE};
use super::overlap::never;
use super::period::Span;
use super::reader::{At, Fields, Reader};
use super::{limits, spelling};
use crate::policy::rule::{Cutoff, FilePeriods, Pattern, Period, Rule, Scope};
use toml::de::DeTable;

/// A rule with the places of what clashes with others.
#[derive(Clone, Debug)]
pub(super) struct PlacedRule {
    pub(super) rule: Rule,
    /// Where its id stands.
    pub(super) id: usize,
    /// Where the maximum stands, or the minimum, or the id.
    pub(super) period: usize,
    /// Where the maximum of files stands, or the minimum, or the id.
    pub(super) files: usize,
    /// Whether nothing is wrong with it.
    pub(super) is_whole: bool,
}

/// Reads a rule, which ends before the offset `until`; `None` if it has no usable id, and then there are findings.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: At<&DeTable<'_>>,
    until: usize,
    policy: &str,
    kinds: Kinds<'_>,
) -> Option<PlacedRule> {
    let before = reader.total();
    let fields = reader.fields(&RULE, table.value, table.at);
    let id = reader.text(fields, "id", limits::TEXT);
    if let Some(id) = id.as_ref().filter(|id| !spelling::is_id(&id.value)) {
        reader.find(Code::ValueMalformed, id.at, "the id of a rule is not spelled as `[a-z0-9][a-z0-9._-]{0,63}`");
    }
    let title = reader.any_text(fields, "title", limits::TEXT);
    let before_scope = reader.total();
    let scope = reader.table(fields, &SCOPE, "scope").map(|table| scope(reader, table, kinds)).unwrap_or_default();
    let except = reader.table(fields, &SCOPE, "except").map(|table| self::scope(reader, table, kinds));
    let is_scope_whole = reader.total() == before_scope && !reader.is_broken_between(table.at, until);
    let clock = reader.word(fields, "clock", &keys::CLOCKS).unwrap_or_default();
    let cutoff = cutoff(reader, fields);
    let keep_for = reader.period(fields, "keep_for");
    let dispose_after = reader.period(fields, "dispose_after");
    let then = reader.word(fields, "then", &keys::THENS).unwrap_or_default();
    let thread = reader.word(fields, "thread", &keys::THREADS).unwrap_or_default();
    let keeps_pinned = reader.flag(fields, "keep_pinned").unwrap_or_default();
    let files = reader.table(fields, &FILES, "files").map(|table| {
        let (keep_for, dispose_after) = (reader.period(table, "keep_for"), reader.period(table, "dispose_after"));
        cross(reader, keep_for.as_ref(), dispose_after.as_ref(), "`files`");
        if !table.has("keep_for") && !table.has("dispose_after") {
            reader.find(Code::RuleWithoutPeriod, table.at, "`files` has neither `keep_for` nor `dispose_after`");
        }
        (keep_for, dispose_after)
    });

    let place = fields.place("id");
    cross(reader, keep_for.as_ref(), dispose_after.as_ref(), "the rule");
    let has_files = fields.has("files");
    if !fields.has("keep_for") && !fields.has("dispose_after") && !has_files {
        reader.find(Code::RuleWithoutPeriod, place, "the rule has neither `keep_for` nor `dispose_after`");
    }
    let due = fields.has("dispose_after") || files.as_ref().is_some_and(|(_, after)| after.is_some());
    if !due && (fields.has("then") || fields.has("keep_pinned")) && !has_files {
        let idle = if fields.has("then") { "then" } else { "keep_pinned" };
        reader.find(Code::RuleThenIdle, fields.place(idle), format!("`{idle}` without `dispose_after`"));
    }
    if is_scope_whole && let Some(reason) = never(&scope, except.as_ref(), kinds) {
        let at = if fields.has("scope") { fields.place("scope") } else { place };
        reader.find(Code::RuleNeverMatches, at, reason);
    }

    let is_whole = is_scope_whole && reader.total() == before;
    let first =
        |periods: [&Option<At<Period>>; 2]| periods.into_iter().flatten().next().map_or(place, |period| period.at);
    let places =
        (first([&dispose_after, &keep_for]), files.as_ref().map_or(place, |(keep, after)| first([after, keep])));
    let value = |period: Option<At<Period>>| period.map(|period| period.value);
    let rule = Rule {
        id: format!("{policy}/{}", id?.value),
        title: title.map(|title| title.value).unwrap_or_default(),
        scope,
        except,
        clock,
        cutoff,
        keep_for: value(keep_for),
        dispose_after: value(dispose_after),
        then,
        thread,
        keeps_pinned,
        files: files.map(|(keep, after)| FilePeriods { keep_for: value(keep), dispose_after: value(after) }),
    };
    Some(PlacedRule { rule, id: place, period: places.0, files: places.1, is_whole })
}

fn cross(reader: &mut Reader<'_>, keep: Option<&At<Period>>, after: Option<&At<Period>>, what: &str) {
    if let (Some(keep), Some(after)) = (keep, after)
        && Span::of(keep.value).may_exceed(Span::of(after.value))
    {
        let (keep, max) = (super::period::written(keep.value), super::period::written(after.value));
        let detail = format!("{what} requires `{keep}` and allows `{max}`");
        reader.find(Code::RulePeriodsCross, after.at, detail);
    }
}

fn cutoff(reader: &mut Reader<'_>, fields: Fields<'_, '_>) -> Cutoff {
    let at_year_end = reader.word(fields, "cutoff", &keys::CUTOFFS).unwrap_or_default();
    let begins = reader.any_text(fields, "year_begins", limits::TEXT);
    if !at_year_end {
        if fields.has("year_begins") && !fields.has("cutoff") {
            reader.find(Code::RuleYearIdle, fields.place("year_begins"), "`year_begins` without `cutoff`");
        }
        return Cutoff::Clock;
    }
    let Some(begins) = begins else { return Cutoff::YearEnd { month: 1, day: 1 } };
    let day = |text: &str| {
        let (month, day) = text.split_once('-').filter(|_| text.len() == 5)?;
        let (month, day) = (month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
        ((1..=12).contains(&month) && (1..=28).contains(&day)).then_some(Cutoff::YearEnd { month, day })
    };
    day(&begins.value).unwrap_or_else(|| {
        let advice = "write month and day as `10-01`; the day is at most 28";
        let detail = format!("{} is not a day on which a year begins", super::finding::quote(&begins.value));
        reader.advise(Code::ValueMalformed, begins.at, detail, advice);
        Cutoff::YearEnd { month: 1, day: 1 }
    })
}

fn scope(reader: &mut Reader<'_>, table: Fields<'_, '_>, kinds: Kinds<'_>) -> Scope {
    let mut list = |name: &str, check: &dyn Fn(&str) -> Result<(), spelling::Wrong>| -> Vec<Pattern> {
        reader.list(table, name, check).into_iter().map(|text| Pattern(text.value)).collect()
    };
    let teams = list("teams", &spelling::team);
    let channels = list("channels", &spelling::channel);
    let users = list("users", &spelling::user);
    let roles = list("roles", &spelling::name);
    let groups = list("groups", &spelling::anything);
    let kinds = list("kinds", &|text| spelling::kind(text, kinds));
    let post_types = list("post_types", &spelling::post_type);
    let props = list("props", &spelling::prop);
    let tags = list("tags", &spelling::tag);
    let runs = list("runs", &spelling::anything);
    let channel_types = reader.words(table, "channel_types", &keys::CHANNEL_TYPES);
    Scope { teams, channels, channel_types, users, roles, groups, kinds, post_types, props, tags, runs }
}
