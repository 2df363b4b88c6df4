//! The retention that a server is configured for, as a policy of ours: so that what it deletes can be reproduced, and
//! compared with what should be kept.
//!
//! The server's global periods stand in its configuration (`DataRetentionSettings`), its policies for teams and channels
//! in its tables (`retentionpolicies`, `retentionpoliciesteams`, `retentionpolicieschannels`).
//!
//! It reads one section of the configuration and nothing else of it: the rest holds secrets. It does not know whether the
//! job that deletes runs at all; the `job` records tell.

use serde_json::Value;

use super::rule::{Clock, Cutoff, FilePeriods, Pattern, Period, Policy, Precedence, Rule, Scope, Then, ThreadRule};
use crate::record::time::Millis;

/// Longest configuration in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// The policy that [`policy`] makes, and what stands before its rules' names.
pub const ID: &str = "server";

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// What `DataRetentionSettings` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Age at which messages go; `None` where the server deletes none.
    pub messages: Option<Millis>,
    /// Age at which files go; `None` where the server deletes none.
    pub files: Option<Millis>,
    /// Whether pinned posts stay (10.10 and later).
    pub keeps_pinned: bool,
}

/// Why bytes are not a server's configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Longer than [`MAX_BYTES`].
    #[error("the configuration has {0} bytes, more than 16,777,216")]
    TooLong(usize),
    /// Not JSON.
    #[error("the configuration is not JSON: line {line}, column {column}")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Without the section.
    #[error("the configuration has no `DataRetentionSettings`; is it the `config.json` of a Mattermost server?")]
    NoSection,
    /// A setting that is not what it should be.
    #[error("`DataRetentionSettings.{name}` is not {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

/// A policy of the server for some teams and channels (`retentionpolicies`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custom {
    /// `id`.
    pub id: String,
    /// `displayname`.
    pub name: String,
    /// `postduration` in days; below 0 or NULL keeps for ever, and shields from shorter policies.
    pub days: Option<i64>,
    /// Ids of teams that it is for.
    pub teams: Vec<String>,
    /// Ids of channels that it is for.
    pub channels: Vec<String>,
}

impl Settings {
    /// Reads the one section of a `config.json`; a setting that is absent has the server's default.
    pub fn parse(config: &[u8]) -> Result<Self, SettingsError> {
        if config.len() > MAX_BYTES {
            return Err(SettingsError::TooLong(config.len()));
        }
        let config: Value = serde_json::from_slice(config)
            .map_err(|error| SettingsError::NotJson { line: error.line(), column: error.column() })?;
        let section = config.get("DataRetentionSettings").ok_or(SettingsError::NoSection)?;
        let age = |enable, hours, days| {
            // Both are read in any case: a setting that is wrong is wrong whether or not it is in force.
            let (is_on, hours, days) =
                (switch(section, enable)?, number(section, hours, 0)?, number(section, days, 365)?);
            let age = if hours > 0 { hours.checked_mul(HOUR) } else { days.checked_mul(DAY) };
            // The server takes a period that is not positive for a year.
            Ok(is_on.then(|| age.filter(|age| *age > 0).unwrap_or(365 * DAY)))
        };
        Ok(Self {
            messages: age("EnableMessageDeletion", "MessageRetentionHours", "MessageRetentionDays")?,
            files: age("EnableFileDeletion", "FileRetentionHours", "FileRetentionDays")?,
            keeps_pinned: switch(section, "PreservePinnedPosts")?,
        })
    }
}

fn switch(section: &Value, name: &'static str) -> Result<bool, SettingsError> {
    match section.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or(SettingsError::Setting { name, expected: "`true` or `false`" }),
    }
}

fn number(section: &Value, name: &'static str, default: i64) -> Result<i64, SettingsError> {
    match section.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_i64().ok_or(SettingsError::Setting { name, expected: "a whole number" }),
    }
}

/// The server's retention as a policy. Without `settings` nothing is known of its global periods, and nothing is said.
pub fn policy(settings: Option<&Settings>, custom: &[Custom]) -> Policy {
    let keeps_pinned = settings.is_some_and(|settings| settings.keeps_pinned);
    let rule = |id: &str, title: String, scope: Scope, period: Option<Period>, files: Option<Millis>| Rule {
        id: format!("{ID}/{id}"),
        title,
        scope,
        except: None,
        clock: Clock::Created,
        cutoff: Cutoff::Clock,
        keep_for: None,
        dispose_after: period,
        then: Then::Dispose,
        thread: ThreadRule::PerPost,
        keeps_pinned,
        files: files.map(|age| FilePeriods { keep_for: None, dispose_after: Some(Period::Millis(age)) }),
    };
    let patterns = |ids: &[String]| ids.iter().cloned().map(Pattern).collect();
    let mut rules = Vec::new();
    for policy in custom {
        let days = policy.days.filter(|days| *days >= 0).and_then(|days| days.checked_mul(DAY));
        let period = Some(days.map_or(Period::Forever, Period::Millis));
        let places = [
            (
                "channels",
                Scope { channels: patterns(&policy.channels), ..Scope::default() },
                policy.channels.is_empty(),
            ),
            ("teams", Scope { teams: patterns(&policy.teams), ..Scope::default() }, policy.teams.is_empty()),
        ];
        for (what, scope, is_empty) in places {
            if !is_empty {
                rules.push(rule(&format!("{}.{what}", policy.id), policy.name.clone(), scope, period, None));
            }
        }
    }
    if let Some(settings) = settings {
        let period = settings.messages.map_or(Period::Forever, Period::Millis);
        rules.push(rule("global", "global retention".to_owned(), Scope::default(), Some(period), settings.files));
    }
    Policy {
        id: ID.to_owned(),
        title: "what the server is configured for".to_owned(),
        about: String::new(),
        citation: String::new(),
        review: None,
        precedence: Precedence::Mattermost,
        rules,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(section: &str) -> Result<Settings, SettingsError> {
        Settings::parse(format!("{{\"SqlSettings\":{{}},\"DataRetentionSettings\":{section}}}").as_bytes())
    }

    #[test]
    fn hours_win_over_days_and_what_is_off_deletes_nothing() {
        let none = Settings { messages: None, files: None, keeps_pinned: false };
        assert_eq!(settings("{}"), Ok(none));
        let on = r#"{"EnableMessageDeletion":true,"EnableFileDeletion":true,"MessageRetentionDays":30"#;
        assert_eq!(
            settings(&format!("{on}}}")),
            Ok(Settings { messages: Some(30 * DAY), files: Some(365 * DAY), keeps_pinned: false })
        );
        assert_eq!(
            settings(&format!(r#"{on},"MessageRetentionHours":1,"FileRetentionDays":-1,"PreservePinnedPosts":true}}"#)),
            Ok(Settings { messages: Some(HOUR), files: Some(365 * DAY), keeps_pinned: true })
        );
        assert_eq!(settings(r#"{"MessageRetentionDays":30}"#), Ok(none));
    }

    #[test]
    fn what_is_no_configuration_is_refused_without_telling_its_values() {
        assert_eq!(Settings::parse(b"{}"), Err(SettingsError::NoSection));
        assert_eq!(Settings::parse(b"{\n  oops"), Err(SettingsError::NotJson { line: 2, column: 3 }));
        let wrong = settings(r#"{"EnableMessageDeletion":"secret"}"#).unwrap_err();
        assert_eq!(wrong, SettingsError::Setting { name: "EnableMessageDeletion", expected: "`true` or `false`" });
        assert!(!wrong.to_string().contains("secret"));
        assert!(matches!(settings(r#"{"MessageRetentionDays":1.5}"#), Err(SettingsError::Setting { .. })));
    }

    #[test]
    fn policies_of_the_server_become_rules_that_name_their_places() {
        let custom = [
            Custom {
                id: "a".into(),
                days: Some(7),
                teams: vec!["t".into()],
                channels: vec!["c".into()],
                ..Custom::default()
            },
            Custom { id: "b".into(), days: Some(-1), channels: vec!["d".into()], ..Custom::default() },
            Custom { id: "empty".into(), days: Some(1), ..Custom::default() },
        ];
        let settings = Settings { messages: None, files: Some(DAY), keeps_pinned: true };
        let made = policy(Some(&settings), &custom);
        let brief: Vec<_> = made.rules.iter().map(|rule| (rule.id.as_str(), rule.dispose_after)).collect();
        assert_eq!(
            brief,
            [
                ("server/a.channels", Some(Period::Millis(7 * DAY))),
                ("server/a.teams", Some(Period::Millis(7 * DAY))),
                ("server/b.channels", Some(Period::Forever)),
                ("server/global", Some(Period::Forever)),
            ]
        );
        assert!(made.rules.iter().all(|rule| rule.keeps_pinned));
        assert_eq!(policy(None, &[]).rules, []);
    }
}
