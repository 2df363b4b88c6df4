//! The judgement: which posts were purged, which rows are orphans.

use std::collections::VecDeque;
use std::io;

use super::fact::{Facts, Role, head, named_by, push, split, texts, unpack, word};
use super::finding::{Deletion, Orphan, Purged};
use super::seen::Seen;
use crate::progress::Interrupted;
use crate::source::Work;
use crate::source::catalogue::To;
use crate::source::sort::{ARENA_BYTES, Merge, Sorter};

/// Why there is no judgement.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// A temporary file could not be written or read.
    #[error("cannot keep temporary files")]
    Temporary(#[from] io::Error),
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What the reconciliation established.
#[derive(Debug)]
pub struct Judged {
    /// Records of the kinds `finding_orphan` and `finding_purged`.
    pub records: Sorter,
    /// One exception for each of them.
    pub exceptions: Sorter,
    /// Posts that were created according to the log and are not there.
    pub purged: u64,
    /// Things that rows name although they are not there, counted once for each field that names them.
    pub orphans: u64,
}

/// Holds rows and log against each other. `whole` says of which things every row was seen; of others nothing is
/// concluded. Takes about as long as sorting the ids.
pub fn judge(
    seen: Vec<Seen>,
    facts: Vec<Facts>,
    whole: impl Fn(To) -> bool,
    work: &Work<'_>,
) -> Result<Judged, JudgeError> {
    let mut sorters: Vec<Sorter> = seen.into_iter().map(Seen::into_sorter).collect();
    let has_facts = !facts.is_empty();
    sorters.extend(facts.into_iter().map(|facts| facts.sorter));
    let mut judged = Judged { records: small(), exceptions: small(), purged: 0, orphans: 0 };

    let mut comparison =
        Comparison { has_facts, whole: &whole, questions: small(), answers: small(), at: Group::default() };
    each(sorters, work, |about| {
        comparison.look(about, &mut judged);
        settle([&mut comparison.questions, &mut comparison.answers, &mut judged.records, &mut judged.exceptions], work)
    })?;
    comparison.close(&mut judged);

    let Comparison { questions, mut answers, .. } = comparison;
    let (mut exists, mut deletions) = (false, VecDeque::new());
    each(vec![questions], work, |about| {
        if about.is_new {
            exists = false;
            deletions.clear();
        }
        match about.role {
            Role::Exists => exists = true,
            Role::Deleted => {
                // The latest, because what came before the post explains nothing.
                if deletions.len() == Purged::MAX_LISTED {
                    deletions.pop_front();
                }
                deletions.push_back(about.rest.to_vec());
            }
            Role::Asked => answer(about, exists || !whole(about.to), &deletions, &mut answers),
            _ => {}
        }
        settle([&mut answers], work)
    })?;

    let mut purged: Option<Purged> = None;
    each(vec![answers], work, |about| {
        if about.is_new
            && let Some(done) = purged.take()
        {
            judged.purged(&done);
        }
        learn(&mut purged, about);
        settle([&mut judged.records, &mut judged.exceptions], work)
    })?;
    if let Some(done) = purged {
        judged.purged(&done);
    }
    Ok(judged)
}

impl Judged {
    fn purged(&mut self, finding: &Purged) {
        self.purged += 1;
        finding.write(&mut self.records, &mut self.exceptions);
    }

    fn orphan(&mut self, finding: &Orphan<'_>) {
        self.orphans += 1;
        finding.write(&mut self.records, &mut self.exceptions);
    }
}

fn small() -> Sorter {
    Sorter::new(ARENA_BYTES / 8)
}

fn settle<const N: usize>(sorters: [&mut Sorter; N], work: &Work<'_>) -> Result<(), JudgeError> {
    for sorter in sorters {
        sorter.settle(work.temporary)?;
    }
    Ok(())
}

/// One sorted line, taken apart.
struct About<'a> {
    to: To,
    id: &'a str,
    /// Whether it is the first about this id.
    is_new: bool,
    role: Role,
    rest: &'a [u8],
    count: u64,
}

fn each(
    sorters: Vec<Sorter>,
    work: &Work<'_>,
    mut visit: impl FnMut(&About<'_>) -> Result<(), JudgeError>,
) -> Result<(), JudgeError> {
    let mut merge = Merge::new(sorters)?;
    let (mut last, mut lines) = ((u8::MAX, String::new()), 0_u64);
    while let Some(item) = merge.peek() {
        lines += 1;
        if lines.is_multiple_of(4096) {
            work.progress.check()?;
        }
        if let (Some(to), Some((id, role, rest))) = (named_by(item.kind), split(item.line)) {
            let is_new = (last.0, last.1.as_str()) != (item.kind, id);
            if is_new {
                last.0 = item.kind;
                last.1.clear();
                last.1.push_str(id);
            }
            visit(&About { to, id, is_new, role, rest, count: item.tag })?;
        }
        merge.advance()?;
    }
    Ok(())
}

/// The first pass: what is named, or was created, and is not there.
struct Comparison<'w, W> {
    has_facts: bool,
    whole: &'w W,
    /// What purged posts ask about others, and what is known of those.
    questions: Sorter,
    /// What is known of purged posts.
    answers: Sorter,
    at: Group,
}

/// What is known of the id at hand.
#[derive(Default)]
struct Group {
    exists: bool,
    created: bool,
    /// Who names it although it is not there: the thing, its id, rank and field, and how many rows.
    orphan: Option<(To, String, Vec<u8>, u64)>,
}

impl<W: Fn(To) -> bool> Comparison<'_, W> {
    fn look(&mut self, about: &About<'_>, judged: &mut Judged) {
        if about.is_new {
            self.close(judged);
            self.at = Group::default();
        }
        let gone = !self.at.exists && (self.whole)(about.to);
        match about.role {
            Role::Exists => {
                self.at.exists = true;
                if self.has_facts && matches!(about.to, To::Channel | To::User) {
                    push(&mut self.questions, about.to, about.id, Role::Exists, 1, |_| {});
                }
            }
            Role::Created if gone => {
                push(&mut self.answers, To::Post, about.id, Role::Created, 1, |out| out.extend_from_slice(about.rest));
                if !std::mem::replace(&mut self.at.created, true) {
                    self.ask(about);
                }
            }
            Role::Named if gone => match &mut self.at.orphan {
                Some((.., who, rows)) if who.as_slice() == about.rest => *rows = rows.saturating_add(about.count),
                _ => {
                    self.close(judged);
                    self.at.orphan = Some((about.to, about.id.to_owned(), about.rest.to_vec(), about.count));
                }
            },
            Role::Deleted => {
                push(&mut self.questions, about.to, about.id, Role::Deleted, 1, |out| {
                    out.extend_from_slice(about.rest);
                });
            }
            _ => {}
        }
    }

    /// States the orphans collected so far.
    fn close(&mut self, judged: &mut Judged) {
        if let Some((to, target, who, rows)) = self.at.orphan.take()
            && let Some((rank, field)) = who.split_first()
        {
            let field = std::str::from_utf8(field).unwrap_or_default();
            judged.orphan(&Orphan { rank: *rank, field, to, target: &target, rows, purged: self.at.created });
        }
    }

    /// What may explain that a post is gone: something that happened to it, its root, its channel, its author.
    fn ask(&mut self, about: &About<'_>) {
        let Some((.., [user, channel, root, _])) = unpack(about.rest) else { return };
        for (to, id) in [(To::Post, about.id), (To::Post, root), (To::Channel, channel), (To::User, user)] {
            if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !id.is_empty() {
                push(&mut self.questions, to, id, Role::Asked, 1, |out| out.extend_from_slice(about.id.as_bytes()));
            }
        }
    }
}

/// Tells a purged post what is known of something it asked about.
fn answer(about: &About<'_>, exists: bool, deletions: &VecDeque<Vec<u8>>, answers: &mut Sorter) {
    let Ok(post) = std::str::from_utf8(about.rest) else { return };
    if !exists && about.to != To::Post {
        push(answers, To::Post, post, Role::Missing, 1, |out| out.extend_from_slice(word(about.to).as_bytes()));
    }
    for deletion in deletions {
        let Some((at, sha256, [event, user, permanent])) = unpack(deletion) else { continue };
        push(answers, To::Post, post, Role::Deleted, 1, |out| {
            head(out, at, sha256);
            texts(out, &[word(about.to), about.id, event, user, permanent]);
        });
    }
}

/// Adds what one line says to the finding about its post.
fn learn(purged: &mut Option<Purged>, about: &About<'_>) {
    match (about.role, purged) {
        (Role::Created, Some(finding)) => {
            if let Some((_, sha256, [_, _, _, _])) = unpack(about.rest) {
                finding.rest_on(*sha256);
            }
        }
        (Role::Created, none) => {
            if let Some((at, sha256, [user, channel, root, kind])) = unpack(about.rest) {
                *none = Some(Purged::new(about.id, at, *sha256, [user, channel, root, kind]));
            }
        }
        (Role::Deleted, Some(finding)) => {
            if let Some((at, sha256, [of, id, event, user, permanent])) = unpack(about.rest) {
                finding.explain(Deletion::new(at, *sha256, [of, id, event, user, permanent]));
            }
        }
        (Role::Missing, Some(finding)) => match about.rest {
            b"user" => finding.user_missing = true,
            b"channel" => finding.channel_missing = true,
            _ => {}
        },
        _ => {}
    }
}
