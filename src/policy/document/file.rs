//! One file: what it is, told by what stands in it, and everything that it says.

use super::code::Code;
use super::finding::{Finding, Findings, Place, quote};
use super::keys::{HOLDS, HOLDS_SCHEMA, POLICY, POLICY_SCHEMA, PRECEDENCES};
use super::mattermost::{self, Stated};
use super::reader::{At, Fields, Reader};
use super::rule::PlacedRule;
use super::text::Text;
use super::together::{Clashing, clashes};
use super::{Kinds, hold, limits, rule, spelling};
use crate::policy::hold::Hold;
use crate::policy::rule::{Policy, Precedence, Review};
use std::collections::HashMap;
use toml::de::{DeTable, DeValue};

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A policy.
    Policy(Policy),
    /// Holds.
    Holds(Holds),
}

/// A holds file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// What it is called; empty where it does not say.
    pub title: String,
    /// What it is and what it is not, in words; empty where it does not say.
    pub about: String,
    /// The law or order that it follows, in words; empty where it follows none.
    pub citation: String,
    /// Who reviewed it; `None` where nobody has.
    pub review: Option<Review>,
    /// Its holds, in order.
    pub holds: Vec<Hold>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it says, as far as that could be understood; `None` where not even its sort is known.
    pub(super) content: Option<Content>,
    /// Everything that is wrong with it.
    pub(super) findings: Findings,
    /// Where the policy's id, its precedence and each rule, or each hold, stand.
    pub(super) places: Places,
}

/// Where things stand that may not agree with other files.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) id: Option<Place>,
    pub(super) precedence: Option<Place>,
    pub(super) rules: Vec<Clashing>,
    pub(super) holds: Vec<Place>,
}

impl Parsed {
    /// What the file says, as far as that could be understood: for reports. `None` where not even its sort is known.
    pub fn seen(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// Everything that is wrong with it.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What the file says, if nothing is wrong with it.
    pub fn into_content(self) -> Option<Content> {
        if self.findings.is_empty() { self.content } else { None }
    }
}

/// Reads a policy file or a holds file. Never fails: what is wrong with it is among the findings.
pub fn parse(bytes: &[u8], kinds: Kinds<'_>) -> Parsed {
    let mut findings = Findings::default();
    let mut parsed = Parsed { content: None, findings: Findings::default(), places: Places::default() };
    if bytes.len() > limits::FILE_BYTES {
        let place = Place { line: 1, column: 1 };
        let detail = format!("more than {} bytes", limits::FILE_BYTES);
        findings.push(Finding { code: Code::FileTooLarge, place, detail, advice: None });
        return Parsed { findings, ..parsed };
    }
    let text = Text::read(bytes, &mut findings);
    let mut reader = Reader::new(&text, &mut findings);
    let document = reader.document();
    let table = document.get_ref();
    match sort(&mut reader, table) {
        Some(Sort::Policy) => policy(&mut reader, table, kinds, &mut parsed),
        Some(Sort::Holds) => holds(&mut reader, table, &mut parsed),
        None => {}
    }
    parsed.findings = findings;
    parsed
}

enum Sort {
    Policy,
    Holds,
}

/// What the file is, by its schema, else by what stands in it. A later version is not read: its keys are not known.
fn sort(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Sort> {
    if table.is_empty() {
        if !reader.is_broken() {
            reader.find(Code::FileEmpty, 0, "no key stands in it");
        }
        return None;
    }
    let by_content = match (table.contains_key("rule"), table.contains_key("hold")) {
        (true, false) => Some(Sort::Policy),
        (false, true) => Some(Sort::Holds),
        _ => None,
    };
    let Some((key, value)) = table.get_key_value("schema") else {
        let schema = match by_content {
            Some(Sort::Holds) => HOLDS_SCHEMA,
            _ => POLICY_SCHEMA,
        };
        reader.advise(Code::SchemaMissing, 0, "no `schema`", format!("begin the file with `schema = \"{schema}\"`"));
        return by_content;
    };
    match value.get_ref().as_str() {
        Some(POLICY_SCHEMA) => return Some(Sort::Policy),
        Some(HOLDS_SCHEMA) => return Some(Sort::Holds),
        _ => {}
    }
    let (at, known) = (value.span().start, format!("`{POLICY_SCHEMA}` and `{HOLDS_SCHEMA}`"));
    let DeValue::String(text) = value.get_ref() else {
        reader.find(Code::SchemaUnknown, key.span().start, format!("`schema` is no text; it is one of {known}"));
        return by_content;
    };
    reader.find(Code::SchemaUnknown, at, format!("{} is not one of {known}", quote(text)));
    let of = |schema: &str| schema.split_once('/').is_some_and(|(name, _)| text.starts_with(name));
    if of(POLICY_SCHEMA) || of(HOLDS_SCHEMA) { None } else { by_content }
}

/// What both sorts of file say of themselves.
struct Head {
    title: String,
    about: String,
    citation: String,
    review: Option<Review>,
}

fn head(reader: &mut Reader<'_>, fields: Fields<'_, '_>, needs_title: bool) -> Head {
    let value = |text: Option<At<String>>| text.map(|text| text.value).unwrap_or_default();
    let title = if needs_title {
        reader.text(fields, "title", limits::TEXT)
    } else {
        reader.any_text(fields, "title", limits::TEXT)
    };
    let about = reader.any_text(fields, "about", limits::ABOUT);
    let citation = reader.any_text(fields, "citation", limits::TEXT);
    let by = reader.any_text(fields, "reviewed_by", limits::TEXT).filter(|by| !by.value.trim().is_empty());
    let is_blank = fields.get("reviewed_on").is_some_and(|on| on.get_ref().as_str().is_some_and(str::is_empty));
    let on = if is_blank { None } else { reader.time(fields, "reviewed_on") };
    let halves =
        [(by.as_ref().map(|by| by.at), "reviewed_on", is_blank), (on.as_ref().map(|on| on.at), "reviewed_by", true)];
    for (at, other, may_be_blank) in halves {
        if let Some(at) = at
            && (other == "reviewed_on" && on.is_none() || other == "reviewed_by" && by.is_none())
            && (may_be_blank || !fields.has(other))
        {
            reader.find(Code::ValueEmpty, at, format!("a review without `{other}`"));
        }
    }
    let review = by.zip(on).map(|(by, on)| Review { by: by.value, on: on.value });
    Head { title: value(title), about: value(about), citation: value(citation), review }
}

fn policy(reader: &mut Reader<'_>, table: &DeTable<'_>, kinds: Kinds<'_>, parsed: &mut Parsed) {
    let fields = reader.fields(&POLICY, table, 0);
    let id = reader.text(fields, "id", limits::TEXT);
    if let Some(id) = id.as_ref().filter(|id| !spelling::is_id(&id.value)) {
        let advice = "write small letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit";
        reader.advise(Code::ValueMalformed, id.at, format!("{} is not spelled like an id", quote(&id.value)), advice);
    }
    let head = head(reader, fields, true);
    let precedence = reader.word(fields, "precedence", &PRECEDENCES).unwrap_or_default();
    let id = id.map(|id| id.value).unwrap_or_default();
    let tables = reader.tables(fields, "rule", limits::RULES);
    if fields.is_blank("rule") {
        reader.advise(
            Code::NothingStated,
            fields.place("rule"),
            "no `[[rule]]`",
            "state a rule; `policies/baseline-keep-all.toml` has the one that keeps all",
        );
    }
    let mut rules: Vec<(PlacedRule, Stated)> = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let until = tables.get(index + 1).map_or(usize::MAX, |next| next.at);
        let stated = Stated { thread: table.value.contains_key("thread") };
        rules.extend(rule::read(reader, *table, until, &id, kinds).map(|rule| (rule, stated)));
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (placed, _) in &rules {
        if let Some(first) = seen.insert(placed.rule.id.clone(), placed.id) {
            let detail = format!("`{}` is the id of the rule in line {} too", placed.rule.id, reader.place(first).line);
            reader.find(Code::RuleIdTwice, placed.id, detail);
        }
    }
    if precedence == Precedence::Mattermost {
        mattermost::judge(reader, &mut rules, kinds);
    }
    let clashing = |(placed, _): &(PlacedRule, Stated)| Clashing::new(placed, |at| reader.place(at));
    parsed.places = Places {
        id: Some(reader.place(fields.place("id"))),
        precedence: Some(reader.place(fields.place("precedence"))),
        rules: rules.iter().map(clashing).collect(),
        holds: Vec::new(),
    };
    let rules: Vec<_> = rules.into_iter().map(|(placed, _)| placed.rule).collect();
    if precedence != Precedence::Mattermost {
        let own: Vec<_> = rules.iter().zip(&parsed.places.rules).map(|(rule, clashing)| (0, rule, clashing)).collect();
        clashes(&own, kinds, |clash| reader.add(clash.finding(None)));
    }
    let Head { title, about, citation, review } = head;
    parsed.content = Some(Content::Policy(Policy { id, title, about, citation, review, precedence, rules }));
}

fn holds(reader: &mut Reader<'_>, table: &DeTable<'_>, parsed: &mut Parsed) {
    let fields = reader.fields(&HOLDS, table, 0);
    let Head { title, about, citation, review } = head(reader, fields, false);
    let approvals = reader.number(fields, "approvals", limits::APPROVALS).unwrap_or_default();
    let approvals = usize::try_from(approvals).unwrap_or_default();
    let tables = reader.tables(fields, "hold", limits::HOLDS);
    if fields.is_blank("hold") {
        reader.find(Code::NothingStated, fields.place("hold"), "no `[[hold]]`");
    }
    let mut holds: Vec<At<Hold>> = Vec::new();
    for table in tables {
        holds.extend(hold::read(reader, table, approvals));
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for hold in &holds {
        if let Some(first) = seen.insert(hold.value.id.clone(), hold.at) {
            let detail = format!("`{}` is the id of the hold in line {} too", hold.value.id, reader.place(first).line);
            reader.find(Code::HoldIdTwice, hold.at, detail);
        }
    }
    parsed.places.holds = holds.iter().map(|hold| reader.place(hold.at)).collect();
    let holds = holds.into_iter().map(|hold| hold.value).collect();
    parsed.content = Some(Content::Holds(Holds { title, about, citation, review, holds }));
}
