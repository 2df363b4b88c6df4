//! A second evaluator, slow and plain: it shares the data types with the first one and no other code. Written from the
//! rules of precedence, not from the program.

mod holds;

use super::story::{Record, Row, Story};
use chatseal::policy::decision::{Disposition, Until};
use chatseal::policy::rule::{Clock, Cutoff, Pattern, Period, Rule, Scope, Then, ThreadRule};
use chatseal::policy::set::Set;
use chatseal::record::time::Millis;
use chrono::{DateTime, Datelike, Months, TimeZone, Utc};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) rule: Option<String>,
    pub(crate) keep_until: Option<Until>,
    pub(crate) dispose_after: Option<Until>,
    pub(crate) holds: Vec<String>,
    pub(crate) disposition: Disposition,
    pub(crate) due: Option<Then>,
    pub(crate) clash: Option<(String, String)>,
}

/// A post, or something else.
#[derive(Clone, Copy)]
pub(crate) enum Thing<'s> {
    Post(&'s Row),
    Other(&'s Record),
}

pub(crate) struct Naive<'s> {
    pub(crate) story: &'s Story,
    pub(crate) set: &'s Set,
    pub(crate) now: Millis,
}

fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|cut| rest.is_char_boundary(cut) && glob(after, &rest[cut..]))),
    }
}

fn any(patterns: &[Pattern], texts: &[String]) -> bool {
    patterns.iter().any(|pattern| texts.iter().any(|text| !text.is_empty() && glob(&pattern.0, text)))
}

fn end(from: Millis, period: Period) -> Until {
    let date: DateTime<Utc> = Utc.timestamp_millis_opt(from).unwrap();
    match period {
        Period::Forever => Until::Forever,
        Period::Millis(length) => Until::At(from + length),
        Period::Months(months) => Until::At((date + Months::new(months)).timestamp_millis()),
    }
}

fn begin(clock: Millis, cutoff: Cutoff) -> Millis {
    let Cutoff::YearEnd { month, day } = cutoff else { return clock };
    let year = Utc.timestamp_millis_opt(clock).unwrap().year();
    let beginnings = (year..=year + 1)
        .map(|year| Utc.with_ymd_and_hms(year, u32::from(month), u32::from(day), 0, 0, 0).unwrap().timestamp_millis());
    beginnings.filter(|at| *at > clock).min().unwrap()
}

fn known(at: Millis) -> Option<Millis> {
    (at != 0).then_some(at)
}

/// What one rule says of one record.
#[derive(Clone, Copy)]
struct Said<'s> {
    rule: &'s Rule,
    min: Option<Until>,
    max: Option<Until>,
}

impl<'s> Naive<'s> {
    /// The post that decides: the live one of which this is a version or a part; its own row where that is gone.
    fn post(&self, thing: Thing<'s>) -> Option<&'s Row> {
        let live = |id: &str| self.story.posts.iter().find(|row| row.id == id && row.original.is_empty());
        match thing {
            Thing::Post(row) if row.original.is_empty() => Some(row),
            Thing::Post(row) => live(&row.original).or(Some(row)),
            Thing::Other(record) => live(&record.post),
        }
    }

    fn is_message(thing: Thing<'_>) -> bool {
        matches!(thing, Thing::Post(_)) || matches!(thing, Thing::Other(record) if !record.post.is_empty())
    }

    fn channel(&self, thing: Thing<'s>) -> String {
        match (self.post(thing), thing) {
            (Some(post), _) => post.channel.clone(),
            (None, Thing::Other(record)) if !record.channel.is_empty() => record.channel.clone(),
            (None, Thing::Other(record)) => {
                let run = self.story.runs.iter().find(|run| run.id == record.run);
                run.map(|run| run.channel.clone()).unwrap_or_default()
            }
            (None, Thing::Post(_)) => unreachable!("a row is its own post"),
        }
    }

    /// Id and name.
    fn team(&self, thing: Thing<'s>) -> Vec<String> {
        let id = self.channel(thing);
        let of_channel = self.story.channels.iter().find(|channel| channel.id == id).map(|channel| &channel.team);
        let own = match thing {
            Thing::Other(record) if self.post(thing).is_none() => record.team.clone(),
            _ => String::new(),
        };
        let id = of_channel.cloned().unwrap_or(own);
        let known = self.story.teams.iter().find(|(team, _)| *team == id);
        known.map(|(id, name)| vec![id.clone(), name.clone()]).unwrap_or_default()
    }

    fn channel_names(&self, thing: Thing<'s>) -> Vec<String> {
        let id = self.channel(thing);
        let channel = self.story.channels.iter().find(|channel| channel.id == id);
        let team = channel.and_then(|channel| self.story.teams.iter().find(|(team, _)| *team == channel.team));
        let full = channel.zip(team).map(|(channel, (_, team))| format!("{team}/{}", channel.name));
        [Some(id), full].into_iter().flatten().collect()
    }

    fn users(&self, thing: Thing<'s>) -> Vec<String> {
        match (self.post(thing), thing) {
            (Some(post), _) => vec![post.user.clone()],
            (None, Thing::Other(record)) => record.users.clone(),
            (None, Thing::Post(_)) => unreachable!("a row is its own post"),
        }
    }

    fn user_is_in(&self, id: &str, scope: &Scope) -> bool {
        let user = self.story.users.iter().find(|user| user.id == id);
        let names = vec![id.to_owned(), user.map(|user| user.name.clone()).unwrap_or_default()];
        let roles: Vec<String> = user.map(|user| user.roles.split(' ').map(String::from).collect()).unwrap_or_default();
        let groups = self.story.groups.iter().filter(|(_, _, members)| members.iter().any(|member| member == id));
        let groups: Vec<String> = groups.flat_map(|(id, name, _)| [id.clone(), name.clone()]).collect();
        (scope.users.is_empty() || any(&scope.users, &names))
            && (scope.roles.is_empty() || any(&scope.roles, &roles))
            && (scope.groups.is_empty() || any(&scope.groups, &groups))
    }

    fn in_scope(&self, thing: Thing<'s>, scope: &Scope, excepts: bool) -> bool {
        let kind = match thing {
            _ if Self::is_message(thing) => "post",
            Thing::Other(record) => &record.kind,
            Thing::Post(_) => "post",
        };
        let kinds =
            if scope.kinds.is_empty() { excepts || kind == "post" } else { any(&scope.kinds, &[kind.to_owned()]) };
        let channel = self.channel(thing);
        let channel_type = self.story.channels.iter().find(|known| known.id == channel).map(|known| known.kind);
        let types =
            scope.channel_types.is_empty() || channel_type.is_some_and(|kind| scope.channel_types.contains(&kind));
        let users = self.users(thing);
        let no_user = scope.users.is_empty() && scope.roles.is_empty() && scope.groups.is_empty();
        let people = no_user || users.iter().any(|user| self.user_is_in(user, scope));
        let runs = self.story.runs.iter().filter(|run| {
            let own = matches!(thing, Thing::Other(record) if record.run == run.id);
            own || !channel.is_empty() && run.channel == channel
        });
        let runs: Vec<String> = runs.flat_map(|run| [run.id.clone(), run.name.clone()]).collect();
        let post = self.post(thing);
        let types_of_posts = scope.post_types.is_empty()
            || post.is_some_and(|post| scope.post_types.iter().any(|pattern| glob(&pattern.0, &post.post_type)));
        let props: Vec<String> = post.map(|post| true_props(&post.props)).unwrap_or_default();
        let tags: Vec<String> = post
            .map(|post| post.hashtags.split(' ').map(|tag| tag.replace('#', "").to_lowercase()).collect())
            .unwrap_or_default();
        let lower: Vec<Pattern> = scope.tags.iter().map(|tag| Pattern(tag.0.to_lowercase())).collect();
        kinds
            && types
            && people
            && types_of_posts
            && (scope.teams.is_empty() || any(&scope.teams, &self.team(thing)))
            && (scope.channels.is_empty() || any(&scope.channels, &self.channel_names(thing)))
            && (scope.runs.is_empty() || any(&scope.runs, &runs))
            && (scope.props.is_empty() || any(&scope.props, &props))
            && (scope.tags.is_empty() || any(&lower, &tags))
    }

    pub(crate) fn covers(&self, thing: Thing<'s>, rule: &Rule) -> bool {
        let excepted = rule.except.as_ref().is_some_and(|except| self.in_scope(thing, except, true));
        self.in_scope(thing, &rule.scope, false) && !excepted
    }

    /// Creation and last edit of the post that sets the time.
    fn moment(&self, post: &Row, which: ThreadRule) -> (Millis, Millis) {
        let moment = |row: &Row| (row.create_at, row.edit_at.max(row.create_at));
        let first = [&post.root, &post.original, &post.id].into_iter().find(|id| !id.is_empty()).unwrap();
        let root = self.story.posts.iter().find(|row| row.id == *first && row.original.is_empty());
        let replies: Vec<_> = self.story.posts.iter().filter(|row| row.root == *first).map(moment).collect();
        if replies.is_empty() {
            return moment(post);
        }
        match which {
            ThreadRule::PerPost => moment(post),
            ThreadRule::Newest => {
                let all = || replies.iter().copied().chain(root.map(moment)).chain([moment(post)]);
                (all().map(|(created, _)| created).max().unwrap(), all().map(|(_, edited)| edited).max().unwrap())
            }
            ThreadRule::Oldest => match root {
                Some(root) => moment(root),
                None => replies.into_iter().min_by_key(|(created, edited)| (*created, -edited)).unwrap(),
            },
        }
    }

    fn clock(&self, thing: Thing<'s>, rule: &Rule) -> Option<Millis> {
        let post = self.post(thing);
        let own = match thing {
            Thing::Post(row) => row.create_at,
            Thing::Other(record) => record.at,
        };
        let channel = self.channel(thing);
        let left = |id: &String| self.story.users.iter().find(|user| user.id == *id).and_then(|user| user.left_at);
        match (rule.clock, post) {
            (Clock::Created, Some(post)) => known(self.moment(post, rule.thread).0),
            (Clock::LastEdit, Some(post)) => known(self.moment(post, rule.thread).1),
            (Clock::Created | Clock::LastEdit, None) => known(own),
            (Clock::ThreadLastReply, Some(post)) => known(self.moment(post, ThreadRule::Newest).0),
            (Clock::ThreadLastReply, None) => None,
            (Clock::ChannelArchived, _) => {
                self.story.channels.iter().find(|known| known.id == channel).and_then(|channel| channel.archived_at)
            }
            (Clock::UserLeft, _) => {
                let all: Option<Vec<Millis>> = self.users(thing).iter().map(left).collect();
                all.and_then(|all| all.into_iter().max())
            }
            (Clock::RunFinished, _) => {
                let own = |id: &String| matches!(thing, Thing::Other(record) if record.run == *id);
                let has_own = self.story.runs.iter().any(|run| own(&run.id));
                let runs =
                    self.story.runs.iter().filter(|run| {
                        if has_own { own(&run.id) } else { !channel.is_empty() && run.channel == channel }
                    });
                let all: Option<Vec<Millis>> = runs.map(|run| run.finished_at).collect();
                all.and_then(|all| all.into_iter().max())
            }
        }
    }

    fn said(&self, thing: Thing<'s>, rule: &'s Rule) -> Said<'s> {
        let file = matches!(thing, Thing::Other(record) if record.kind == "file");
        let files = rule.files.filter(|_| file);
        let clock = match (files, thing) {
            (Some(_), Thing::Other(record)) => known(record.at),
            _ => self.clock(thing, rule),
        };
        let (min, max) = match files {
            Some(files) => (files.keep_for, files.dispose_after),
            None => (rule.keep_for, rule.dispose_after),
        };
        let until = |period| clock.map_or(Until::Forever, |clock| end(begin(clock, rule.cutoff), period));
        let pinned = self.post(thing).is_some_and(|post| post.is_pinned == Some(true) && post.delete_at == 0);
        let max = max.map(|period| if pinned && rule.keeps_pinned { Until::Forever } else { until(period) });
        Said { rule, min: min.map(until), max }
    }

    pub(crate) fn decide(&self, thing: Thing<'s>) -> Outcome {
        let rules = || self.set.policies.iter().flat_map(|policy| &policy.rules);
        let mut said: Vec<Said<'_>> =
            rules().filter(|rule| self.covers(thing, rule)).map(|rule| self.said(thing, rule)).collect();
        said.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
        let keep_until = said.iter().filter_map(|said| said.min).max();
        let dispose_after = said.iter().filter_map(|said| said.max).min();
        let over = |until: Option<Until>| matches!(until, Some(Until::At(at)) if at <= self.now);
        let keeps = keep_until.is_some() && !over(keep_until);
        let is_due = !keeps && over(dispose_after);
        let longest = said.iter().find(|said| said.min.is_some() && said.min == keep_until);
        let shortest = said.iter().find(|said| said.max.is_some() && said.max == dispose_after);
        let with = |then: Then| {
            let among = || said.iter().filter(move |said| said.max.is_some() && said.rule.then == then);
            let first = among().filter_map(|said| said.max).min();
            among().find(move |said| said.max == first)
        };
        let careful = with(Then::Review).or_else(|| with(Then::Transfer)).or_else(|| with(Then::Dispose));
        let rule = match (keeps, is_due) {
            (true, _) => longest,
            (_, true) => careful,
            _ => shortest.or(longest).or(said.first()),
        };
        let clash = longest.zip(shortest).filter(|(long, short)| long.min > short.max && long.rule.id != short.rule.id);
        let due = careful.filter(|_| is_due).map(|said| said.rule.then);
        let holds = self.holds(thing);
        let disposition = match due {
            None => Disposition::Keep,
            Some(_) if !holds.is_empty() => Disposition::Held,
            Some(Then::Dispose) => Disposition::Dispose,
            Some(Then::Review) => Disposition::Review,
            Some(Then::Transfer) => Disposition::Transfer,
        };
        Outcome {
            rule: rule.map(|said| said.rule.id.clone()),
            keep_until,
            dispose_after,
            holds,
            disposition,
            due,
            clash: clash.map(|(long, short)| (long.rule.id.clone(), short.rule.id.clone())),
        }
    }
}

fn true_props(props: &str) -> Vec<String> {
    let props: serde_json::Value = serde_json::from_str(props).unwrap();
    let is_true = |value: &serde_json::Value| *value == serde_json::json!(true) || *value == serde_json::json!("true");
    props.as_object().unwrap().iter().filter(|(_, value)| is_true(value)).map(|(key, _)| key.clone()).collect()
}
