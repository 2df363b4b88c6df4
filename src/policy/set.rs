//! All rules and holds that are in force together, and which facts of a source they need.

use super::hold::Hold;
use super::rule::{Clock, Pattern, Period, Policy, Precedence, Rule, Scope, ThreadRule};

/// Policies and holds, composed. Nothing in it is resolved yet: it names teams, channels and people as its files do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// Policies, in the order given. All have the same precedence.
    pub policies: Vec<Policy>,
    /// Holds, released ones too.
    pub holds: Vec<Hold>,
}

/// Which facts of a source a set needs besides its teams, channels and users. What is not needed need not be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one for each pass over a source that can be left out")]
pub struct Needs {
    /// Posts that other records name, so that those are decided as their post is.
    pub posts: bool,
    /// Replies, so that a thread is decided as a whole.
    pub threads: bool,
    /// Texts of posts and their properties, for keywords of holds.
    pub words: bool,
    /// Types, properties and hashtags of posts.
    pub details: bool,
    /// Memberships of channels, former and current.
    pub members: bool,
    /// Groups and who is in them.
    pub groups: bool,
    /// Playbook runs.
    pub runs: bool,
    /// The server's own account of threads (`threads.lastreplyat`), by which its retention goes.
    pub server_threads: bool,
}

impl Set {
    /// All rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.policies.iter().flat_map(|policy| &policy.rules)
    }

    /// How the rules are weighed.
    pub fn precedence(&self) -> Precedence {
        self.policies.first().map_or_else(Precedence::default, |policy| policy.precedence)
    }

    /// Whether all records are decided alike, whatever they are: every rule covers everything and keeps it for ever, or
    /// says no period, and there are no holds. Then nothing has to be known of a record.
    pub fn decides_alike(&self) -> bool {
        let all = Scope { kinds: vec![Pattern("*".to_owned())], ..Scope::default() };
        let is_plain = |rule: &Rule| {
            let covers_all = rule.scope == all;
            let is_for_ever = matches!(rule.keep_for, None | Some(Period::Forever)) && rule.dispose_after.is_none();
            covers_all && is_for_ever && rule.except.is_none() && rule.files.is_none() && !rule.keeps_pinned
        };
        self.holds.is_empty() && self.precedence() != Precedence::Mattermost && self.rules().all(is_plain)
    }

    /// Which facts deciding will need.
    pub fn needs(&self) -> Needs {
        let mattermost = self.precedence() == Precedence::Mattermost;
        let rules = || self.rules();
        let scopes = || rules().flat_map(|rule| std::iter::once(&rule.scope).chain(&rule.except));
        let any = |test: fn(&Scope) -> bool| scopes().any(test);
        let as_a_whole = |rule: &Rule| {
            rule.clock == Clock::ThreadLastReply
                || rule.thread != ThreadRule::PerPost && matches!(rule.clock, Clock::Created | Clock::LastEdit)
        };
        Needs {
            posts: rules().next().is_some() || !self.holds.is_empty(),
            threads: !mattermost && rules().any(as_a_whole),
            words: self.holds.iter().any(|hold| !hold.keywords.is_empty()),
            details: any(|scope| !scope.post_types.is_empty() || !scope.props.is_empty() || !scope.tags.is_empty()),
            members: self.holds.iter().any(|hold| !hold.users.is_empty() || !hold.groups.is_empty()),
            groups: any(|scope| !scope.groups.is_empty()) || self.holds.iter().any(|hold| !hold.groups.is_empty()),
            runs: any(|scope| !scope.runs.is_empty()) || rules().any(|rule| rule.clock == Clock::RunFinished),
            server_threads: mattermost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::document::{Content, Kinds, parse};

    fn set(rule: &str) -> Set {
        let text = format!(
            "schema = \"chatseal-policy/v1\"\nid = \"p\"\ntitle = \"P\"\nabout = \"For tests.\"\n\
             [[rule]]\nid = \"all\"\ntitle = \"All\"\n{rule}\n"
        );
        match parse(text.as_bytes(), Kinds(&["post", "user"])).into_content() {
            Some(Content::Policy(policy)) => Set { policies: vec![policy], holds: Vec::new() },
            other => panic!("{rule}: {other:?}"),
        }
    }

    #[test]
    fn only_what_asks_nothing_of_a_record_decides_alike() {
        let all = "scope.kinds = [\"*\"]\nkeep_for = \"forever\"";
        assert!(set(all).decides_alike() && Set::default().decides_alike());
        for other in [
            "keep_for = \"forever\"".to_owned(),
            "scope.kinds = [\"post\"]\nkeep_for = \"forever\"".to_owned(),
            "scope.kinds = [\"*\"]\nkeep_for = \"6y\"".to_owned(),
            format!("{all}\nscope.users = [\"anna\"]"),
            format!("{all}\nexcept.users = [\"anna\"]"),
            "scope.kinds = [\"*\"]\nkeep_for = \"1d\"\ndispose_after = \"2d\"\nthen = \"review\"".to_owned(),
        ] {
            assert!(!set(&other).decides_alike(), "{other}");
        }
    }
}
