//! What people said of the run afterwards: summary, retrospective, measures.

use super::document::{Line, Section};
use super::telling::{Telling, of_post};
use crate::produce::incident::figures::in_words;
use crate::produce::incident::{Metric, RecordId};
use crate::produce::mail::one_line;

/// The section of the summary: what the run is, and what its people wrote on top of it.
pub(super) fn summary(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("summary", "Summary");
    let run = telling.run;
    let record = || [run.record()];
    let number = if run.sequential_id.is_empty() {
        Line::of("none")
    } else {
        Line::said_by_people(one_line(&run.sequential_id))
    };
    let state = match (&*run.status, run.end_at) {
        ("Finished", _) => Line::of("finished"),
        ("InProgress", 0) => Line::of("goes on"),
        ("InProgress", _) => Line::of("goes on, and has an end all the same"),
        ("", 0) => Line::of("not recorded; it has no end"),
        ("", _) => Line::of("not recorded; it has an end"),
        (word, _) => Line::of("the word ").said(one_line(word)),
    };
    let as_of = telling.work.sealed.as_of();
    let ended = match run.end_at {
        0 => Line::of("not finished ").words(as_of.words()),
        at => Line::at_or(at, ""),
    };
    let lasted = match (run.create_at, run.end_at) {
        (0, _) => Line::of("cannot be said: when it began is not recorded"),
        (from, 0) => {
            let lasted = Line::of(format!("{} until ", in_words(as_of.at.saturating_sub(from)))).at(as_of.at);
            lasted.words(", ").words(as_of.words()).words("; it goes on")
        }
        (from, until) if until < from => Line::of("cannot be said: it ended before it began"),
        (from, until) => Line::of(in_words(until.saturating_sub(from))),
    };
    let playbook = match &run.playbook {
        Some(playbook) => {
            let line = Line::said_by_people(one_line(&playbook.title)).words(", as it is now");
            let line = if playbook.delete_at > 0 { line.words("; archived ").at(playbook.delete_at) } else { line };
            line.cited([RecordId::new("playbook", &run.playbook_id)])
        }
        None if run.playbook_id.is_empty() => Line::of("none").cited(record()),
        None => Line::of("not in the archive: ").cited([RecordId::new("playbook", &run.playbook_id)]),
    };
    let broadcast = run.broadcast_channel_ids.iter().map(|id| telling.channel(id));
    let broadcast = Line::joined(broadcast, "; ");
    let others = telling.runs.in_channel(&run.channel_id).filter(|other| other.id != run.id);
    let others = others.map(|other| Line::said_by_people(one_line(&other.name)).cited([other.record()]));
    let absent =
        run.shared_with.iter().map(|id| Line::of("a run that the archive does not hold, ").code(id.to_string()));
    let others = others.chain(absent);
    let others = Line::joined(others, "; ");
    let mut facts = vec![
        ("run", Line::said_by_people(one_line(&run.name)).words(", id ").code(run.id.to_string()).cited(record())),
        ("number", number.cited(record())),
        ("state", state.cited(record())),
        ("began", Line::at_or(run.create_at, "not recorded").cited(record())),
        ("ended", ended.cited(record())),
        ("lasted", lasted.cited(record())),
        ("owner", telling.person(&run.owner_id).cited(record())),
        ("started by", telling.person(&run.reporter_id).cited(record())),
        ("playbook", playbook),
        (
            "channel",
            if run.channel_id.is_empty() { Line::of("none").cited(record()) } else { telling.channel(&run.channel_id) },
        ),
    ];
    if !others.is_empty() {
        facts.push(("shares its channel with", others));
    }
    if !broadcast.is_empty() {
        facts.push(("status updates are copied to", broadcast));
    }
    if !run.post_id.is_empty() {
        let line = match &run.started_from {
            Some(post) => Line::of("a post by ").then(telling.person(&post.user_id)).words(", ").at(post.create_at),
            None => Line::of("a post that is not in the archive: "),
        };
        facts.push(("started from", line.cited([of_post(&run.post_id)])));
    }
    section.facts(facts);
    if run.summary.trim().is_empty() {
        section.missing(Line::of("Nobody wrote a summary.").cited(record()));
    } else {
        section.text(
            Line::of("The summary that people wrote, as of ")
                .then(Line::at_or(run.summary_modified_at, "a time that is not recorded"))
                .words(":")
                .cited(record()),
        );
        section.quote(&run.summary, &run.team_id);
    }
    section
}

/// The section of the retrospective.
pub(super) fn retrospective(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("retrospective", "Retrospective");
    let run = telling.run;
    let record = [run.record()];
    let published = run.retrospective_published_at;
    let is_empty = run.retrospective.trim().is_empty();
    if run.retrospective_was_canceled {
        let line = Line::of("It was decided not to write one");
        let line = if published > 0 { line.words(", ").at(published) } else { line };
        section.text(line.words(".").cited(record));
    } else if is_empty {
        section.missing(Line::of("Nobody wrote one.").cited(record));
    } else if published > 0 {
        section.text(Line::of("Published ").at(published).words(". In the words of its authors:").cited(record));
    } else {
        section.look(Line::of("It was written and never published. In the words of its authors:").cited(record));
    }
    if !is_empty {
        section.quote(&run.retrospective, &run.team_id);
    }
    section
}

/// The section of what was measured.
pub(super) fn metrics(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("metrics", "Metrics");
    let run = telling.run;
    if run.metrics.is_empty() {
        section.missing(Line::of("The playbook asks for no measures, and none was entered.").cited([run.record()]));
        return section;
    }
    section.text(Line::of("Measures are entered by people, in the retrospective; they are not computed from records."));
    let rows = run.metrics.iter().map(|metric| {
        let title = if metric.title.is_empty() {
            Line::of("no longer described")
        } else {
            Line::said_by_people(one_line(&metric.title))
        };
        let title = title.cited([RecordId::new("playbook_metric", &metric.config_id)]);
        let value = match metric.value {
            Some(value) => Line::of(measure(metric, value)),
            None => Line::of("nobody entered a value"),
        };
        let value = if metric.id.is_empty() { value } else { value.cited([RecordId::new("run_metric", &metric.id)]) };
        let target = metric.target.map_or_else(|| Line::of("none"), |target| Line::of(measure(metric, target)));
        let is_published = if metric.is_published { "yes" } else { "no" };
        vec![title, value, target, Line::of(is_published)]
    });
    section.table(&["measure", "value", "target", "published"], rows.collect());
    section
}

/// A value with its unit.
fn measure(metric: &Metric, value: i64) -> String {
    match &*metric.kind {
        "metric_duration" => format!("{} ({value} ms)", in_words(value)),
        _ => value.to_string(),
    }
}
