//! What policies and holds decided, counted: by rule, by hold, by what is to be done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{grouped, push_line};

/// Counts of decisions. Every rule and every hold in force is named, also one that covers nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// Records by the rule that decided, `POLICY/RULE`.
    pub rules: BTreeMap<String, Ruled>,
    /// Records that no rule covers; they are kept.
    pub no_rule: u64,
    /// Records by the hold that covers them; one may be covered by several.
    pub holds: BTreeMap<String, u64>,
    /// Records and withheld rows by what is to be done with them.
    pub dispositions: Dispositions,
}

/// Counts of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruled {
    /// Record lines that name it.
    pub records: u64,
    /// Rows that it withheld.
    pub withheld: u64,
}

/// What is to be done, counted: the first four are record lines, the last are lines of `data/withheld.jsonl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispositions {
    /// Kept: no rule, or a period that still runs.
    pub keep: u64,
    /// Frozen by a hold.
    pub held: u64,
    /// Due, and a person is to decide.
    pub review: u64,
    /// Due, and to be handed to another keeper.
    pub transfer: u64,
    /// Due, and withheld.
    pub dispose: u64,
}

impl Decided {
    /// The part of `summary.txt` that tells these counts.
    pub(super) fn push_text(&self, out: &mut String) {
        let Dispositions { keep, held, review, transfer, dispose } = self.dispositions;
        out.push_str("\nRetention: what is to be done\n\n");
        let words = [
            (keep, "kept"),
            (held, "frozen by a hold"),
            (review, "due for review"),
            (transfer, "due for transfer"),
            (dispose, "due for disposal, withheld from this archive (data/withheld.jsonl)"),
        ];
        for (number, meaning) in words {
            push_line(out, &format!("{:>20}  {meaning}", grouped(number)));
        }
        out.push_str("\nRetention: by rule, records + withheld\n\n");
        for (rule, Ruled { records, withheld }) in &self.rules {
            push_line(out, &format!("{:>20}  {rule}", format!("{} + {}", grouped(*records), grouped(*withheld))));
        }
        push_line(out, &format!("{:>20}  no rule", grouped(self.no_rule)));
        if !self.holds.is_empty() {
            out.push_str("\nRetention: records by hold; one may be covered by several\n\n");
            for (hold, records) in &self.holds {
                push_line(out, &format!("{:>20}  {hold}", grouped(*records)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kinds, Summary, text};
    use super::*;
    use crate::archive::names::BagName;
    use crate::archive::summary::FORMAT;

    fn summary() -> Summary {
        let retention = Decided {
            rules: BTreeMap::from([
                ("p/chat".to_owned(), Ruled { records: 1100, withheld: 9 }),
                ("p/never".to_owned(), Ruled::default()),
            ]),
            no_rule: 3,
            holds: BTreeMap::from([("2026-17".to_owned(), 4)]),
            dispositions: Dispositions { keep: 1096, held: 4, review: 3, transfer: 0, dispose: 9 },
        };
        Summary {
            format: FORMAT.into(),
            records: 1103,
            files: 0,
            file_bytes: 0,
            exceptions: 0,
            notes: 0,
            kinds: Kinds::default(),
            purged_posts: None,
            retention: Some(retention),
        }
    }

    #[test]
    fn json_has_one_spelling() {
        let json = summary().json().unwrap();
        let expected = concat!(
            r#""kinds":{},"retention":{"rules":{"p/chat":{"records":1100,"withheld":9},"p/never":{"records":0,"withheld":0}},"#,
            r#""no_rule":3,"holds":{"2026-17":4},"#,
            r#""dispositions":{"keep":1096,"held":4,"review":3,"transfer":0,"dispose":9}}}"#,
            "\n"
        );
        assert!(json.ends_with(expected), "{json}");
        assert_eq!(Summary::parse(json.as_bytes()).unwrap(), summary());
        for (from, to) in [
            ("\"p/chat\"", "\"p/zebra\""),
            ("\"no_rule\":3,", ""),
            ("\"holds\":{\"2026-17\":4}", "\"holds\":{\"2026-17\":4,\"2026-17\":4}"),
            ("\"keep\":1096", "\"keep\":-1"),
            ("\"dispose\":9", "\"dispose\":9,\"other\":1"),
        ] {
            let changed = json.replacen(from, to, 1);
            assert_ne!(changed, json);
            assert!(Summary::parse(changed.as_bytes()).is_err(), "{changed}");
        }
    }

    #[test]
    fn reads_as_plain_words() {
        let expected = "
Retention: what is to be done

               1,096  kept
                   4  frozen by a hold
                   3  due for review
                   0  due for transfer
                   9  due for disposal, withheld from this archive (data/withheld.jsonl)

Retention: by rule, records + withheld

           1,100 + 9  p/chat
               0 + 0  p/never
                   3  no rule

Retention: records by hold; one may be covered by several

                   4  2026-17
";
        let words = text(&BagName::new("a").unwrap(), &summary(), &BTreeMap::new());
        assert!(words.ends_with(expected), "{words}");
    }
}
