//! The stable names of everything that can be wrong with policy and hold files.
//!
//! A code is a promise to scripts and to `man/chatseal-policy.5`: it may be added, never renamed and never reused.

macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal, $next:literal;)+) => {
        /// A way in which a file, or files together, can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// What to do about it, where the finding itself does not say.
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next,)+ }
            }
        }
    };
}

codes! {
    FileEmpty = "file-empty", "the file holds nothing", "write a policy, or leave the file out; `policies/baseline-keep-all.toml` is the one that does nothing";
    FileTooLarge = "file-too-large", "the file is larger than any policy that people write", "split it into several policies, or name groups and patterns instead of people and channels";
    ByteOrderMark = "byte-order-mark", "the file begins with a byte order mark, which is no part of its text", "save it as UTF-8 without a byte order mark";
    NotUtf8 = "not-utf-8", "the file is not UTF-8 text", "save it as UTF-8";
    TomlSyntax = "toml-syntax", "the text is not TOML", "correct the line; TOML 1.1 says how tables, keys and values are written";
    SchemaMissing = "schema-missing", "the file does not say what it is", "begin it with `schema = \"chatseal-policy/v1\"` or `schema = \"chatseal-holds/v1\"`";
    SchemaUnknown = "schema-unknown", "the file says that it is something that this program does not know", "correct it, or use a later version of chatseal";
    TooMany = "too-many", "there are more rules, holds or values than the limits allow", "split the file, or name groups and patterns instead of people and channels";

    KeyUnknown = "key-unknown", "a key that the language does not have at this place", "correct it, or take it out";
    KeyMissing = "key-missing", "a key that must be there is not", "add it";
    ValueType = "value-type", "a value is of another type than its key wants", "write it as the page of the language says";
    ValueUnknown = "value-unknown", "a word that its key does not know", "use one of the words that it knows";
    ValueEmpty = "value-empty", "an empty text where something must be said", "say it, or take the key out";
    ValueMalformed = "value-malformed", "a value is not spelled as its key wants", "write it as the page of the language says";
    ValueTooLong = "value-too-long", "a text is longer than its limit", "shorten it";
    ValueTwice = "value-twice", "a list names the same twice", "take one of them out";
    ListEmpty = "list-empty", "a list without values: a condition that nothing meets", "name what is meant, or take the key out";
    PeriodMalformed = "period-malformed", "a period is not a number and a unit", "write it as `36h`, `90d`, `2w`, `6mo`, `3y` or `forever`";
    PeriodZero = "period-zero", "a period of nothing", "state how long, or take the key out";
    PeriodOverflow = "period-overflow", "a period is longer than any calendar", "write `forever`";
    TimeMalformed = "time-malformed", "a value is not a point in time, or does not say in which zone", "write `2026-11-21T08:00:00Z`, or `2026-11-21` for midnight UTC";

    NothingStated = "nothing-stated", "the file holds no rule, or no hold", "state one, or leave the file out";
    RuleIdTwice = "rule-id-twice", "two rules of the policy have one id", "name one of them otherwise: each record's decision says by which rule it was made";
    RuleWithoutPeriod = "rule-without-period", "a rule without any period decides nothing", "give it `keep_for`, `dispose_after` or both";
    RuleThenIdle = "rule-then-idle", "what happens after the maximum is said, but there is no maximum", "add `dispose_after`, or take `then` out: `keep_for` alone never makes anything due";
    RuleYearIdle = "rule-year-idle", "when the year begins is said, but periods do not begin at its end", "add `cutoff = \"year-end\"`, or take `year_begins` out";
    RulePeriodsCross = "rule-periods-cross", "the required minimum of a rule lasts longer than its allowed maximum", "lengthen `dispose_after`, or shorten `keep_for`";
    RuleNeverMatches = "rule-never-matches", "the conditions of a rule contradict each other, so that it covers no record ever", "change its scope, or take the rule out";
    RuleClash = "rule-clash", "one rule requires records to be kept longer than another allows", "make the periods agree, or except the records of one rule from the other";
    MattermostCannot = "mattermost-cannot", "a policy in the server's own precedence states what the server does not know", "take it out, or leave `precedence` out";

    HoldIdTwice = "hold-id-twice", "two holds have one id", "name one of them otherwise: each record's decision says which holds cover it";
    HoldCoversNothing = "hold-covers-nothing", "a hold names neither people nor places", "name them, or write `everything = true`";
    HoldContradicts = "hold-contradicts", "a hold covers everything and yet names people or places", "take one of the two out";
    HoldWindowEmpty = "hold-window-empty", "the window of a hold ends before it begins", "correct `from` or `until`; `until` is the first moment outside";
    HoldReleasedEarly = "hold-released-early", "a hold is released before it is issued, so that it was never in force", "correct the times";
    HoldApprovals = "hold-approvals", "an act on a hold has fewer approvals by others than the file requires", "name in `approved_by` who agreed, each once, and not who acted";

    PolicyIdTwice = "policy-id-twice", "two policies that are to be composed have one id", "name one of them otherwise, or give it once only";
    PrecedenceDiffers = "precedence-differs", "policies that are to be composed weigh their rules in different ways", "apply them apart from each other";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_explained() {
        let mut seen = BTreeSet::new();
        for code in Code::ALL {
            let name = code.code();
            assert!(seen.insert(name), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
            for words in [code.meaning(), code.next_step()] {
                assert!(!words.is_empty() && !words.ends_with('.'), "{name}");
            }
        }
    }
}
