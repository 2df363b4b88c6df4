//! Policies and holds on their way through an export: from the files given to what is sealed of them.

use std::fmt::Write as _;
use std::io;

use crate::archive::summary::{Decided, Dispositions, Ruled};
use crate::archive::withheld::Withheld;
use crate::cli::policy::Loaded;
use crate::cli::printer::{count, harmless};
use crate::policy::decision::Disposition;
use crate::policy::hold::Hold;
use crate::policy::set::Set;
use crate::policy::unknown::{Unknown, UnknownIn};
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::record::line::MAX_BYTES;
use crate::record::time::{self, Millis};
use crate::select::judge::Judge;
use crate::select::judged::{Account, Judged, JudgedLines};
use crate::select::{Lines, Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::table;
use crate::source::sort::{ARENA_BYTES, Item, Merge, Sorter};

/// Judges the records of one export.
pub(super) struct Judging {
    pub(super) judge: Judge,
    /// Names that match nothing and need not.
    pub(super) unknown: Vec<Unknown>,
}

/// What was decided, ready to be sealed.
pub(super) struct Outcome {
    pub(super) account: Account,
    /// Lines of `data/withheld.jsonl`.
    pub(super) withheld: Sorter,
    /// Lines of `data/policy/hold-sets.jsonl`, some more than once.
    pub(super) hold_sets: Sorter,
    /// Records that grew too long.
    too_long: Vec<Exception>,
}

impl Judging {
    /// Learns what deciding needs. Names that somebody wrote out and that match nothing are an error: a typing mistake
    /// must not let go what was meant to be kept. A pattern, and a hold of the plugin, may match nothing any more.
    pub(super) fn new(
        in_force: &Loaded,
        source: &Source,
        now: Millis,
        work: &Work<'_>,
    ) -> Result<Result<Self, Vec<Unknown>>, SourceError> {
        let from_plugin = |unknown: &Unknown| {
            let is_own = |id: &String| in_force.set.holds.iter().any(|hold| hold.id == *id);
            matches!(&unknown.of, UnknownIn::Hold(id) if !is_own(id))
        };
        let (judge, unknown) = Judge::to_decide(source, in_force.set.clone(), now, work)?;
        let (unknown, wrong): (Vec<Unknown>, _) =
            unknown.into_iter().partition(|unknown| unknown.name.contains('*') || from_plugin(unknown));
        Ok(if wrong.is_empty() { Ok(Self { judge, unknown }) } else { Err(wrong) })
    }
}

/// The records of an export, with what was decided about them if anything was.
pub(super) enum Records<'j> {
    /// As they are.
    Plain(Lines<'j>),
    /// Judged.
    Judged(Box<Stream<'j>>),
}

/// Records that stay; what does not is written down on the way.
pub(super) struct Stream<'j> {
    lines: JudgedLines<'j>,
    withheld: Sorter,
    hold_sets: Sorter,
    too_long: Vec<Exception>,
}

impl<'j> Records<'j> {
    /// The records of `lines`.
    pub(super) fn new(lines: Lines<'j>, judging: Option<&'j Judging>, work: &Work<'_>) -> Self {
        match judging {
            None => Self::Plain(lines),
            Some(judging) => Self::Judged(Box::new(Stream {
                lines: JudgedLines::new(lines, &judging.judge, work.threads),
                withheld: Sorter::new(ARENA_BYTES / 8),
                hold_sets: Sorter::new(ARENA_BYTES / 8),
                too_long: Vec::new(),
            })),
        }
    }

    /// Hands the next record that stays to `give`; false at the end.
    pub(super) fn next(&mut self, work: &Work<'_>, give: &mut dyn FnMut(Item<'_>)) -> io::Result<bool> {
        match self {
            Self::Plain(lines) => Ok(lines.advance()?.map(give).is_some()),
            Self::Judged(stream) => stream.next(work, give),
        }
    }

    /// What was decided, if anything was.
    pub(super) fn end(self) -> Option<Outcome> {
        match self {
            Self::Plain(_) => None,
            Self::Judged(stream) => {
                let Stream { lines, withheld, hold_sets, too_long } = *stream;
                Some(Outcome { account: lines.into_account(), withheld, hold_sets, too_long })
            }
        }
    }
}

impl Stream<'_> {
    fn next(&mut self, work: &Work<'_>, give: &mut dyn FnMut(Item<'_>)) -> io::Result<bool> {
        loop {
            match self.lines.advance()? {
                None => return Ok(false),
                Some(Judged::Record(item)) => {
                    give(item);
                    return Ok(true);
                }
                Some(Judged::Withheld { kind, id, at, rule, since }) => {
                    let withheld = Withheld { kind: table(kind).kind, id, at, rule, since };
                    self.withheld.push(0, 0, 0, |out| withheld.push_line(out));
                    self.withheld.settle(work.temporary)?;
                }
                Some(Judged::TooLong(item)) => self.too_long.push(too_long(&item)),
                Some(Judged::Set(line)) => {
                    self.hold_sets.push(0, 0, 0, |out| out.extend_from_slice(line));
                    self.hold_sets.settle(work.temporary)?;
                }
            }
        }
    }
}

/// What is in force, said before the work starts.
pub(in crate::cli) fn understood(set: &Set, now: Millis) -> String {
    let mut said = String::new();
    let policies: Vec<String> = set
        .policies
        .iter()
        .map(|policy| {
            let plural = if policy.rules.len() == 1 { "rule" } else { "rules" };
            format!("{} ({} {plural})", policy.id, count(policy.rules.len() as u64))
        })
        .collect();
    if !policies.is_empty() {
        let _ = write!(said, "\n  policy    {}", policies.join(", "));
    }
    if !set.holds.is_empty() {
        let number = |test: &dyn Fn(&Hold) -> bool| count(set.holds.iter().filter(|hold| test(hold)).count() as u64);
        let in_force = number(&|hold| hold.is_active(now));
        let released = number(&|hold| hold.released.as_ref().is_some_and(|released| released.at <= now));
        let later = number(&|hold| hold.issued.at > now);
        let _ = write!(said, "\n  holds     {in_force} in force, {released} released");
        if later != "0" {
            let _ = write!(said, ", {later} not yet issued");
        }
    }
    said + &format!("\n  decided   as of {}", time::format(now).unwrap_or_default())
}

/// A name that matches nothing, for people.
pub(in crate::cli) fn sentence(unknown: &Unknown) -> String {
    let Unknown { of, what, name, near } = unknown;
    let place = match of {
        UnknownIn::Rule(id) => format!("rule `{}`", harmless(id)),
        UnknownIn::Hold(id) => format!("hold `{}`", harmless(id)),
    };
    let near: Vec<String> = near.iter().map(|name| format!("`{}`", harmless(name))).collect();
    let near = if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) };
    format!("{place} names the {what} `{}`, which the source does not have{near}", harmless(name))
}

/// What a hold rests on where there is no history, for people.
pub(in crate::cli) fn custody_sentence(hold: &str, number: u64) -> String {
    let plural = if number == 1 { "membership" } else { "memberships" };
    format!(
        "hold `{}` goes by {} {plural} as they are now, because history does not have them; what a custodian could see \
         before leaving a channel may be missing",
        harmless(hold),
        count(number)
    )
}

fn too_long(item: &Item<'_>) -> Exception {
    let sha256 = hex(ring::digest::digest(&ring::digest::SHA256, item.line).as_ref());
    Exception {
        class: Class::RecordTooLong,
        object: format!("{}/{}", table(item.kind).kind, super::sealing::id_of(item.line)),
        expected: "a line of at most 16,777,216 bytes with what was decided",
        found: format!("{} bytes without, sha256:{sha256}", item.line.len().min(MAX_BYTES)),
        records: 1,
    }
}

impl Outcome {
    /// What is to be stated about the decisions as a whole.
    pub(super) fn exceptions(&self, judging: &Judging) -> Vec<Exception> {
        let clashes = self.account.clashes.iter().map(|((minimum, maximum), records)| Exception {
            class: Class::RetentionClash,
            object: format!("{minimum} and {maximum}"),
            expected: "a maximum that ends with the minimum or after it",
            found: "one that ends before; the minimum prevails".to_owned(),
            records: *records,
        });
        let unused = |class, what: &str, id: &str| Exception {
            class,
            object: format!("{what} {id}"),
            expected: "records that it covers",
            found: "none in scope".to_owned(),
            records: 0,
        };
        let rules = self.account.rules.iter().filter(|(_, counts)| **counts == (0, 0));
        let holds = self.account.holds.iter().filter(|(_, records)| **records == 0);
        let rules = rules.map(|(rule, _)| unused(Class::NoteRuleUnused, "rule", rule));
        let holds = holds.map(|(hold, _)| unused(Class::NoteHoldUnused, "hold", hold));
        let current = judging.judge.evaluator().holds_from_current_members().into_iter();
        let current = current.map(|(hold, places)| Exception {
            class: Class::NoteCustodyFromMembers,
            object: format!("hold {hold}"),
            expected: "a history of who was where when",
            found: format!(
                "current membership alone, {places} times; it counts from the last known leave, or from the beginning"
            ),
            records: 0,
        });
        self.too_long.iter().cloned().chain(clashes).chain(rules).chain(holds).chain(current).collect()
    }

    /// The counts for the summary.
    pub(super) fn decided(&self) -> Decided {
        let Account { rules, no_rule, holds, dispositions, .. } = &self.account;
        let count = |disposition| dispositions.get(&disposition).copied().unwrap_or_default();
        Decided {
            rules: rules
                .iter()
                .map(|(rule, (records, withheld))| (rule.clone(), Ruled { records: *records, withheld: *withheld }))
                .collect(),
            no_rule: *no_rule,
            holds: holds.clone(),
            dispositions: Dispositions {
                keep: count(Disposition::Keep),
                held: count(Disposition::Held),
                review: count(Disposition::Review),
                transfer: count(Disposition::Transfer),
                dispose: count(Disposition::Dispose),
            },
        }
    }
}

/// Lines of a sorter, one after the other.
#[derive(Default)]
pub(super) struct Sorted {
    merge: Option<Merge>,
    has_begun: bool,
    /// The line that was handed out last, if equal ones are passed over.
    last: Option<Vec<u8>>,
}

impl Sorted {
    pub(super) fn new(sorter: Sorter) -> io::Result<Self> {
        Ok(Self { merge: Some(Merge::new(vec![sorter])?), has_begun: false, last: None })
    }

    /// Each line once; `None` if there is none at all.
    pub(super) fn once(sorter: Sorter) -> io::Result<Option<Self>> {
        let lines = Self { last: Some(Vec::new()), ..Self::new(sorter)? };
        Ok(lines.merge.as_ref().is_some_and(|merge| merge.peek().is_some()).then_some(lines))
    }

    /// Hands the next line to `give`; false at the end.
    pub(super) fn next(&mut self, give: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let Some(merge) = &mut self.merge else { return Ok(false) };
        if std::mem::replace(&mut self.has_begun, true) {
            merge.advance()?;
        }
        if let Some(last) = &mut self.last {
            while merge.peek().is_some_and(|item| item.line == last.as_slice()) {
                merge.advance()?;
            }
            last.clear();
            last.extend_from_slice(merge.peek().map_or(&[][..], |item| item.line));
        }
        Ok(merge.peek().map(|item| give(item.line)).is_some())
    }
}
