//! Values of a configuration, each taken if it can be used, else told why not.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Finding;
use crate::policy::near::near;
use crate::record::time::Millis;

/// A table and the keys that it may have, each with what it says.
pub(super) struct Table {
    pub(super) what: &'static str,
    pub(super) keys: &'static [(&'static str, &'static str)],
}

/// A table of the file.
#[derive(Clone, Copy)]
pub(super) struct Found<'t, 'i> {
    described: &'static Table,
    table: &'t DeTable<'i>,
    at: usize,
}

impl Found<'_, '_> {
    /// Whether a key is there, usable or not.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where the value of a key stands.
    pub(super) fn place(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at, |value| value.span().start)
    }
}

/// Reads one file.
pub(super) struct Reader<'f> {
    text: &'f str,
    folder: &'f Path,
    findings: Vec<(usize, Finding)>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(text: &'f str, folder: &'f Path) -> Self {
        Self { text, folder, findings: Vec::new() }
    }

    /// Reads the text as TOML, as far as it is.
    pub(super) fn document(&mut self) -> Spanned<DeTable<'f>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(self.text.len(), |span| span.start);
            let detail = error.message().lines().next().unwrap_or_default().to_owned();
            self.find(at, detail, "write it as TOML has it");
        }
        table
    }

    /// What was found, in the order of the file.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|(at, _)| *at);
        self.findings.into_iter().map(|(_, finding)| finding).collect()
    }

    /// Adds a finding at an offset.
    pub(super) fn find(&mut self, at: usize, detail: impl Into<String>, advice: impl Into<String>) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.findings.push((at, Finding { line, column, detail: detail.into(), advice: advice.into() }));
    }

    /// A key that must be there and is not.
    pub(super) fn need(&mut self, found: Found<'_, '_>, key: &str) {
        let advice = format!("add `{key}`: {}", meaning(found.described, key));
        self.find(found.at, format!("{} has no `{key}`", found.described.what), advice);
    }

    /// The whole file.
    pub(super) fn top<'t, 'i>(&mut self, described: &'static Table, table: &'t DeTable<'i>) -> Found<'t, 'i> {
        self.check(described, table);
        Found { described, table, at: 0 }
    }

    /// A table of the file.
    pub(super) fn table<'t, 'i>(
        &mut self,
        top: Found<'t, 'i>,
        key: &str,
        described: &'static Table,
        needed: bool,
    ) -> Option<Found<'t, 'i>> {
        let Some((name, value)) = top.table.get_key_value(key) else {
            if needed {
                self.need(top, key);
            }
            return None;
        };
        let at = name.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            self.find(at, format!("`{key}` is not a table"), format!("write `[{key}]` above its keys"));
            return None;
        };
        self.check(described, table);
        Some(Found { described, table, at })
    }

    fn check(&mut self, described: &'static Table, table: &DeTable<'_>) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if described.keys.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let known = || described.keys.iter().map(|(known, _)| *known);
            let advice = if let Some(meant) = near(name, known()).first() {
                format!("write `{meant}`")
            } else {
                let known: Vec<String> = known().map(|known| format!("`{known}`")).collect();
                format!("its keys are {}", known.join(", "))
            };
            self.find(key.span().start, format!("`{name}` is not a key of {}", described.what), advice);
        }
    }

    /// A text that is not empty, and where it stands.
    pub(super) fn text<'t>(&mut self, found: Found<'t, '_>, key: &str) -> Option<(&'t str, usize)> {
        let value = found.table.get(key)?;
        self.string(found, key, value).map(|text| (text, value.span().start))
    }

    fn string<'t>(&mut self, found: Found<'_, '_>, key: &str, value: &'t Spanned<DeValue<'_>>) -> Option<&'t str> {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            let advice = format!("`{key}` is {}", meaning(found.described, key));
            self.find(value.span().start, format!("`{key}` is not a text"), advice);
        }
        text
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, found: Found<'_, '_>, key: &str) -> Vec<String> {
        let Some(value) = found.table.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            let advice = format!("`{key}` is {}, in brackets", meaning(found.described, key));
            self.find(value.span().start, format!("`{key}` is not a list"), advice);
            return Vec::new();
        };
        list.iter().filter_map(|value| self.string(found, key, value).map(str::to_owned)).collect()
    }

    /// A path, from the folder of the file.
    pub(super) fn path(&mut self, found: Found<'_, '_>, key: &str) -> Option<PathBuf> {
        self.text(found, key).map(|(text, _)| self.folder.join(text))
    }

    /// A list of paths.
    pub(super) fn paths(&mut self, found: Found<'_, '_>, key: &str) -> Vec<PathBuf> {
        self.texts(found, key).into_iter().map(|text| self.folder.join(text)).collect()
    }

    /// A path, or `false`, which is an empty one.
    pub(super) fn path_or_false(&mut self, found: Found<'_, '_>, key: &str) -> Option<PathBuf> {
        let is_false = found.table.get(key).is_some_and(|value| value.get_ref().as_bool() == Some(false));
        if is_false { Some(PathBuf::new()) } else { self.path(found, key) }
    }

    /// A span of time: a number with `s`, `m`, `h` or `d`.
    pub(super) fn duration(&mut self, found: Found<'_, '_>, key: &str) -> Option<Millis> {
        let (text, at) = self.text(found, key)?;
        let duration = super::span(text);
        if duration.is_none() {
            self.find(at, format!("`{text}` is not a span of time"), "write \"90s\", \"5m\", \"1h\" or \"2d\"");
        }
        duration
    }

    /// A whole number.
    pub(super) fn number(&mut self, found: Found<'_, '_>, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = found.table.get(key)?;
        let number = value.get_ref().as_integer();
        let number = number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let detail = format!("`{key}` is not a number from {least} to {most}");
            self.find(value.span().start, detail, "write a whole number");
        }
        number
    }
}

/// Milliseconds of a number with a unit.
pub(super) fn duration(text: &str) -> Option<Millis> {
    let unit: Millis = match text.chars().last()? {
        's' => 1000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<Millis>().ok()?.checked_mul(unit)
}

fn meaning(table: &Table, key: &str) -> &'static str {
    table.keys.iter().find(|(known, _)| *known == key).map_or("", |(_, meaning)| meaning)
}
