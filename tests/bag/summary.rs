//! `summary.json` and `summary.txt`, counted a second time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Spec, TIME};

/// Decisions, counted from the lines that state them.
#[derive(Default)]
struct Decided {
    /// Records and withheld rows by rule.
    rules: BTreeMap<String, (usize, usize)>,
    no_rule: usize,
    holds: BTreeMap<String, usize>,
    /// keep, held, review, transfer, dispose
    dispositions: [usize; 5],
}

impl Spec {
    /// Records of each kind, in order, and how many of it were withheld.
    fn kinds(&self) -> Vec<(&str, usize, usize)> {
        let mut kinds: Vec<(&str, usize, usize)> = Vec::new();
        for (kind, lines) in &self.segments {
            let withheld =
                self.withheld.iter().filter(|line| line.starts_with(&format!("{{\"kind\":\"{kind}\""))).count();
            match kinds.last_mut() {
                Some((last, records, _)) if last == kind => *records += lines.len(),
                _ => kinds.push((kind, lines.len(), withheld)),
            }
        }
        kinds
    }

    fn notes(&self) -> usize {
        self.exceptions.iter().filter(|line| line.starts_with("{\"class\":\"note-")).count()
    }

    pub(super) fn totals(&self) -> (usize, usize, usize) {
        let records = self.segments.iter().map(|(_, lines)| lines.len()).sum();
        let bytes = self.files.iter().map(Vec::len).sum();
        (records, bytes, self.exceptions.len() - self.notes())
    }

    pub(super) fn summary(&self) -> String {
        let (records, bytes, exceptions) = self.totals();
        let kinds: Vec<String> = self
            .kinds()
            .iter()
            .map(|(kind, records, withheld)| {
                let (out, source) = (self.out_of_scope, *records as u64 + self.out_of_scope + *withheld as u64);
                format!(
                    r#""{kind}":{{"source":{source},"records":{records},"out_of_scope":{out},"withheld":{withheld},"quarantined":0}}"#
                )
            })
            .collect();
        format!(
            r#"{{"format":"chatseal/v1","records":{records},"files":{},"file_bytes":{bytes},"exceptions":{exceptions},"notes":{},"kinds":{{{}}}{}}}"#,
            self.files.len(),
            self.notes(),
            kinds.join(","),
            self.decided().map_or_else(String::new, |decided| decided.json())
        ) + "\n"
    }

    pub(super) fn summary_text(&self) -> String {
        let (records, bytes, exceptions) = self.totals();
        let mut text = format!("What the archive {} holds\n\n", self.name);
        let files = self.files.len();
        let rows = [
            (records, "records"),
            (files, "files"),
            (bytes, "bytes in files"),
            (exceptions, "exceptions"),
            (self.notes(), "notes"),
        ];
        for (count, name) in rows {
            text += &format!("{:>20}  {name}\n", grouped(count));
        }
        text += "\nCompleteness: rows in the source = records + out of scope + withheld by policy + quarantined\n\n";
        for (kind, records, withheld) in self.kinds() {
            let out = usize::try_from(self.out_of_scope).expect("small");
            let [source, records, out, withheld] = [records + out + withheld, records, out, withheld].map(grouped);
            text += &format!("  {kind}: {source} = {records} + {out} + {withheld} + 0\n");
        }
        if self.segments.is_empty() {
            text += "  no rows of any kind\n";
        }
        text += &self.decided().map_or_else(String::new, |decided| decided.text());
        if !self.exceptions.is_empty() {
            text += "\nExceptions and notes, by class (each is a line of data/exceptions.jsonl)\n\n";
            let mut classes: Vec<&str> = self.exceptions.iter().filter_map(|line| line.split('"').nth(3)).collect();
            classes.sort_unstable();
            for class in classes.chunk_by(|a, b| a == b) {
                text += &format!("{:>20}  {}\n", class.len(), class[0]);
            }
        }
        text
    }

    /// The line of the set of holds with this name.
    fn set(&self, name: &str) -> Value {
        let lines = self.hold_sets.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find(|line| line["set"] == name).unwrap_or_default()
    }

    /// What the lines say was decided; nothing without policy and holds. What is due and not held is due for review.
    fn decided(&self) -> Option<Decided> {
        let mut decided = Decided::default();
        for line in self.segments.iter().flat_map(|(_, lines)| lines) {
            let line: Value = serde_json::from_str(line).ok()?;
            let retention = &line["retention"];
            match retention["rule"].as_str() {
                Some(rule) => decided.rules.entry(rule.to_owned()).or_default().0 += 1,
                None => decided.no_rule += 1,
            }
            let holds = match &retention["holds"] {
                Value::String(name) => self.set(name)["holds"].clone(),
                holds => holds.clone(),
            };
            let holds = holds.as_array().cloned().unwrap_or_default();
            for hold in &holds {
                *decided.holds.entry(hold.as_str()?.to_owned()).or_default() += 1;
            }
            let now = chatseal::record::time::parse(TIME).ok()?;
            let is_over = |member: &str| retention[member].as_i64().is_some_and(|end| end <= now);
            let is_due = is_over("dispose_after") && (retention.get("keep_until").is_none() || is_over("keep_until"));
            decided.dispositions[if !is_due {
                0
            } else if holds.is_empty() {
                2
            } else {
                1
            }] += 1;
        }
        for line in &self.withheld {
            if let Some(rule) = line.split("\"rule\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
                decided.rules.entry(rule.to_owned()).or_default().1 += 1;
                decided.dispositions[4] += 1;
            }
        }
        (self.policy.is_some() || self.holds.is_some()).then_some(decided)
    }
}

impl Decided {
    fn json(&self) -> String {
        let rules: Vec<String> = self
            .rules
            .iter()
            .map(|(rule, (records, withheld))| format!(r#""{rule}":{{"records":{records},"withheld":{withheld}}}"#))
            .collect();
        let holds: Vec<String> = self.holds.iter().map(|(hold, records)| format!(r#""{hold}":{records}"#)).collect();
        let [keep, held, review, transfer, dispose] = self.dispositions;
        format!(
            r#","retention":{{"rules":{{{}}},"no_rule":{},"holds":{{{}}},"dispositions":{{"keep":{keep},"held":{held},"review":{review},"transfer":{transfer},"dispose":{dispose}}}}}"#,
            rules.join(","),
            self.no_rule,
            holds.join(",")
        )
    }

    fn text(&self) -> String {
        let words = [
            "kept",
            "frozen by a hold",
            "due for review",
            "due for transfer",
            "due for disposal, withheld from this archive (data/withheld.jsonl)",
        ];
        let mut text = "\nRetention: what is to be done\n\n".to_owned();
        for (number, word) in self.dispositions.into_iter().zip(words) {
            text += &format!("{:>20}  {word}\n", grouped(number));
        }
        text += "\nRetention: by rule, records + withheld\n\n";
        for (rule, (records, withheld)) in &self.rules {
            text += &format!("{:>20}  {rule}\n", format!("{} + {}", grouped(*records), grouped(*withheld)));
        }
        text += &format!("{:>20}  no rule\n", grouped(self.no_rule));
        if !self.holds.is_empty() {
            text += "\nRetention: records by hold; one may be covered by several\n\n";
            for (hold, records) in &self.holds {
                text += &format!("{:>20}  {hold}\n", grouped(*records));
            }
        }
        text
    }
}

/// A number with commas between groups of three digits.
fn grouped(number: usize) -> String {
    let mut text = number.to_string();
    let mut at = text.len();
    while at > 3 {
        at -= 3;
        text.insert(at, ',');
    }
    text
}
