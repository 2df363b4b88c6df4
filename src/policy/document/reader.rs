//! Tables of TOML read by the tables of keys: every mistake becomes a finding at its place, and reading goes on.
//!
//! Each method takes what a key says if it can be used, and tells why where it cannot. A key that is not in the table
//! of keys is never read.

use super::code::Code;
use super::finding::{Finding, Findings, Place, quote};
use super::keys::{Sort, Word};
use super::text::Text;
use super::{limits, period};
use crate::policy::near::near;
use crate::policy::rule::Period;
use crate::record::time::{self, Millis};
use std::collections::{BTreeSet, HashSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the offset at which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    /// Offset in the text.
    pub(super) at: usize,
    /// The value.
    pub(super) value: T,
}

/// A table that was held against its keys.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t, 'i> {
    /// Where the table begins.
    pub(super) at: usize,
    table: &'t DeTable<'i>,
}

impl<'t, 'i> Fields<'t, 'i> {
    /// What a key says.
    pub(super) fn get(&self, name: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(name)
    }

    /// Whether a key is there, usable or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Whether a key is not there, or lists nothing.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        self.get(name).is_none_or(|value| value.get_ref().as_array().is_some_and(|array| array.is_empty()))
    }

    /// Where a key stands, or its table if it does not.
    pub(super) fn place(&self, name: &str) -> usize {
        self.table.get_key_value(name).map_or(self.at, |(key, _)| key.span().start)
    }
}

/// Reads one file.
pub(super) struct Reader<'f> {
    text: &'f Text,
    findings: &'f mut Findings,
    /// Lines that are not TOML: what they seem to say is not judged.
    broken: BTreeSet<usize>,
    /// Values that lists have had so far.
    values: usize,
}

impl<'f> Reader<'f> {
    /// A reader of `text`.
    pub(super) fn new(text: &'f Text, findings: &'f mut Findings) -> Self {
        Self { text, findings, broken: BTreeSet::new(), values: 0 }
    }

    /// Reads the text as TOML, as far as it is.
    pub(super) fn document(&mut self) -> Spanned<DeTable<'f>> {
        let (table, errors) = DeTable::parse_recoverable(&self.text.text);
        for error in errors {
            let at = error.span().map_or(self.text.text.len(), |span| span.start);
            // The library explains; its second line on are about its grammar.
            let detail = error.message().lines().next().unwrap_or_default().to_owned();
            let place = self.text.place(at);
            if self.broken.insert(place.line) {
                self.findings.push(Finding { code: Code::TomlSyntax, place, detail, advice: None });
            }
        }
        table
    }

    /// Whether some line is not TOML.
    pub(super) fn is_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Whether a line between two offsets is not TOML.
    pub(super) fn is_broken_between(&self, from: usize, until: usize) -> bool {
        let (first, last) = (self.text.place(from).line, self.text.place(until).line);
        self.broken.range(first..=last.max(first)).next().is_some()
    }

    /// How many findings there are.
    pub(super) fn total(&self) -> u64 {
        self.findings.total()
    }

    /// The place of an offset.
    pub(super) fn place(&self, at: usize) -> Place {
        self.text.place(at)
    }

    /// Adds a finding.
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds a finding whose code says what to do.
    pub(super) fn find(&mut self, code: Code, at: usize, detail: impl Into<String>) {
        self.tell(code, at, detail.into(), None);
    }

    /// Adds a finding with what to do.
    pub(super) fn advise(&mut self, code: Code, at: usize, detail: impl Into<String>, advice: impl Into<String>) {
        self.tell(code, at, detail.into(), Some(advice.into()));
    }

    fn tell(&mut self, code: Code, at: usize, detail: String, advice: Option<String>) {
        // What is missing may stand in a line that could not be read.
        let is_absence = matches!(
            code,
            Code::SchemaMissing
                | Code::KeyMissing
                | Code::NothingStated
                | Code::RuleWithoutPeriod
                | Code::RuleThenIdle
                | Code::RuleYearIdle
                | Code::HoldCoversNothing
                | Code::HoldApprovals
        );
        let place = self.text.place(at);
        if self.broken.contains(&place.line) || is_absence && !self.broken.is_empty() {
            return;
        }
        self.findings.push(Finding { code, place, detail, advice });
    }

    /// Holds a table against its keys.
    pub(super) fn fields<'t, 'i>(&mut self, sort: &Sort, table: &'t DeTable<'i>, at: usize) -> Fields<'t, 'i> {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if sort.keys.iter().any(|known| known.name == name) {
                continue;
            }
            let detail = format!("{} is not a key of {}", quote(name), sort.what);
            let advice = if let Some(meant) = near(name, sort.keys.iter().map(|key| key.name)).first() {
                format!("write `{meant}`")
            } else {
                let known: Vec<String> = sort.keys.iter().map(|key| format!("`{}`", key.name)).collect();
                format!("the keys of {} are {}", sort.what, known.join(", "))
            };
            self.advise(Code::KeyUnknown, key.span().start, detail, advice);
        }
        for key in sort.keys.iter().filter(|key| key.needed && !table.contains_key(key.name)) {
            // `schema` and what the file is made of have findings of their own.
            if !matches!(key.name, "schema" | "rule" | "hold") {
                let detail = format!("{} has no `{}`", sort.what, key.name);
                self.advise(Code::KeyMissing, at, detail, format!("add `{}`: {}", key.name, key.meaning));
            }
        }
        Fields { at, table }
    }

    /// A table inside of a table.
    pub(super) fn table<'t, 'i>(&mut self, fields: Fields<'t, 'i>, sort: &Sort, name: &str) -> Option<Fields<'t, 'i>> {
        let value = fields.get(name)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_type(fields, name, "a table", &format!("write `{name} = {{ … }}`"));
            return None;
        };
        Some(self.fields(sort, table, fields.place(name)))
    }

    /// The tables of `[[name]]`.
    pub(super) fn tables<'t, 'i>(
        &mut self,
        fields: Fields<'t, 'i>,
        name: &str,
        most: usize,
    ) -> Vec<At<&'t DeTable<'i>>> {
        let Some(value) = fields.get(name) else { return Vec::new() };
        let mut found = Vec::new();
        let advice = format!("write `[[{name}]]` above the keys of each");
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(fields, name, "tables", &advice);
            return found;
        };
        for (index, value) in array.iter().enumerate() {
            let at = value.span().start;
            if index == most {
                self.find(Code::TooMany, at, format!("more than {most} tables `[[{name}]]`"));
                break;
            }
            match value.get_ref() {
                DeValue::Table(table) => found.push(At { at, value: table }),
                other => {
                    let detail = format!("`{name}` holds {}, not tables", kind(other));
                    self.advise(Code::ValueType, at, detail, advice.clone());
                }
            }
        }
        found
    }

    fn wrong_type(&mut self, fields: Fields<'_, '_>, name: &str, expected: &str, advice: &str) {
        let Some(value) = fields.get(name) else { return };
        let detail = format!("`{name}` is {}, not {expected}", kind(value.get_ref()));
        self.advise(Code::ValueType, value.span().start, detail, advice);
    }

    /// A text of at most `most` characters, perhaps empty.
    pub(super) fn any_text(&mut self, fields: Fields<'_, '_>, name: &str, most: usize) -> Option<At<String>> {
        let value = fields.get(name)?;
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(fields, name, "a text", &format!("write it in quotes: `{name} = \"…\"`"));
            return None;
        };
        let at = value.span().start;
        if text.chars().count() > most {
            self.find(Code::ValueTooLong, at, format!("`{name}` has more than {most} characters"));
            return None;
        }
        Some(At { at, value: text.to_string() })
    }

    /// A text that says something.
    pub(super) fn text(&mut self, fields: Fields<'_, '_>, name: &str, most: usize) -> Option<At<String>> {
        let text = self.any_text(fields, name, most)?;
        if text.value.trim().is_empty() {
            self.find(Code::ValueEmpty, text.at, format!("`{name}` is empty"));
            return None;
        }
        Some(text)
    }

    /// One of the words that a key knows.
    pub(super) fn word<T: Copy>(&mut self, fields: Fields<'_, '_>, name: &str, words: &[Word<T>]) -> Option<T> {
        let text = self.any_text(fields, name, limits::TEXT)?;
        self.known(name, &text, words)
    }

    fn known<T: Copy>(&mut self, name: &str, text: &At<String>, words: &[Word<T>]) -> Option<T> {
        if let Some(word) = words.iter().find(|word| word.word == text.value) {
            return Some(word.value);
        }
        let detail = format!("{} is no word of `{name}`", quote(&text.value));
        let advice = if let Some(meant) = near(&text.value, words.iter().map(|word| word.word)).first() {
            format!("write `\"{meant}\"`")
        } else {
            let known: Vec<String> = words.iter().map(|word| format!("`\"{}\"`", word.word)).collect();
            format!("write {}", known.join(" or "))
        };
        self.advise(Code::ValueUnknown, text.at, detail, advice);
        None
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, fields: Fields<'_, '_>, name: &str) -> Option<bool> {
        let flag = fields.get(name)?.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(fields, name, "true or false", &format!("write `{name} = true`, without quotes"));
        }
        flag
    }

    /// A number from 0 to `most`.
    pub(super) fn number(&mut self, fields: Fields<'_, '_>, name: &str, most: i64) -> Option<i64> {
        let value = fields.get(name)?;
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(fields, name, "a number", &format!("write `{name} = 2`, without quotes"));
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| (0..=most).contains(n));
        if number.is_none() {
            let detail = format!("`{name}` is {}, not a number from 0 to {most}", quote(integer.as_str()));
            self.find(Code::ValueMalformed, value.span().start, detail);
        }
        number
    }

    /// A list of texts, each once; `check` says what is wrong with one of them and what to do.
    pub(super) fn list(
        &mut self,
        fields: Fields<'_, '_>,
        name: &str,
        check: impl Fn(&str) -> Result<(), (String, String)>,
    ) -> Vec<At<String>> {
        let Some(value) = fields.get(name) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            let advice = match value.get_ref() {
                DeValue::String(text) => format!("write `{name} = [{}]`", quote(text).replace('`', "\"")),
                _ => format!("write `{name} = [\"…\"]`"),
            };
            self.wrong_type(fields, name, "a list", &advice);
            return Vec::new();
        };
        if array.is_empty() {
            self.find(Code::ListEmpty, value.span().start, format!("`{name}` is an empty list"));
        }
        let mut found: Vec<At<String>> = Vec::new();
        let mut seen = HashSet::new();
        for value in array {
            let at = value.span().start;
            self.values = self.values.saturating_add(1);
            if self.values == limits::VALUES + 1 {
                self.find(Code::TooMany, at, format!("more than {} values in the file", limits::VALUES));
            }
            let DeValue::String(text) = value.get_ref() else {
                let detail = format!("`{name}` holds {}, not texts", kind(value.get_ref()));
                self.advise(Code::ValueType, at, detail, "write it in quotes");
                continue;
            };
            if text.chars().count() > limits::NAME {
                self.find(
                    Code::ValueTooLong,
                    at,
                    format!("a value of `{name}` has more than {} characters", limits::NAME),
                );
            } else if let Err((detail, advice)) = check(text) {
                self.advise(Code::ValueMalformed, at, format!("{} in `{name}` {detail}", quote(text)), advice);
            } else if !seen.insert(text) {
                self.find(Code::ValueTwice, at, format!("`{name}` names {} twice", quote(text)));
            } else if self.values <= limits::VALUES {
                found.push(At { at, value: text.to_string() });
            }
        }
        found
    }

    /// A list of words that a key knows.
    pub(super) fn words<T: Copy>(&mut self, fields: Fields<'_, '_>, name: &str, words: &[Word<T>]) -> Vec<T> {
        let texts = self.list(fields, name, |_| Ok(()));
        texts.iter().filter_map(|text| self.known(name, text, words)).collect()
    }

    /// A period.
    pub(super) fn period(&mut self, fields: Fields<'_, '_>, name: &str) -> Option<At<Period>> {
        let value = fields.get(name)?;
        let at = value.span().start;
        if let DeValue::Integer(number) = value.get_ref() {
            let advice = format!("write `{name} = \"{}d\"` if days are meant", number.as_str());
            self.wrong_type(fields, name, "a period", &advice);
            return None;
        }
        let text = self.any_text(fields, name, limits::NAME)?;
        match period::parse(&text.value) {
            Ok(value) => Some(At { at, value }),
            Err((code, detail, advice)) => {
                self.tell(code, at, format!("{} {detail}", quote(&text.value)), advice);
                None
            }
        }
    }

    /// A point in time: TOML's own with an offset, TOML's own date (midnight UTC), or a text as flags take it.
    pub(super) fn time(&mut self, fields: Fields<'_, '_>, name: &str) -> Option<At<Millis>> {
        let value = fields.get(name)?;
        let at = value.span().start;
        let text = match value.get_ref() {
            DeValue::Datetime(time) if time.date.is_none() => {
                self.find(Code::TimeMalformed, at, format!("`{name}` is a time of day without a date"));
                return None;
            }
            DeValue::Datetime(time) if time.time.is_some() && time.offset.is_none() => {
                let advice = format!("add the zone: `{time}Z` if it is UTC");
                self.advise(Code::TimeMalformed, at, format!("`{name}` does not say in which zone it is"), advice);
                return None;
            }
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.wrong_type(fields, name, "a point in time", Code::TimeMalformed.next_step());
                return None;
            }
        };
        let time = time::parse(&text).ok().map(|value| At { at, value });
        if time.is_none() {
            self.find(Code::TimeMalformed, at, format!("{} is not a point in time", quote(&text)));
        }
        time
    }
}

/// What a value is, in words.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a point in time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
