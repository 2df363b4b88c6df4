//! Figures, milestones and people of each run, as text: to be read on paper and without scripts.

use std::fmt::Write as _;

use super::{Milestone, actor_name, by_run};
use crate::produce::Work;
use crate::produce::Zone;
use crate::produce::incident::figures::{Figure, OfOne, Value, deeds_in_words};
use crate::produce::incident::{Capacity, Figures, Gap, RecordId, Run, Runs};
use crate::produce::labels::Labels;
use crate::produce::transcript::escape;
use crate::record::time::{self, Millis};

/// Runs whose figures a page shows, records that a figure lists, people and gaps that are listed.
const MOST_RUNS: usize = 40;
const MOST_RECORDS: usize = 24;
const MOST_PEOPLE: usize = 30;
const MOST_GAPS: usize = 50;

/// What sections are made of.
pub(super) struct Sections<'s> {
    pub(super) work: &'s Work<'s>,
    pub(super) labels: &'s Labels<'s>,
    pub(super) figures: &'s Figures,
    pub(super) milestones: &'s [Milestone],
    /// The zone of the times.
    pub(super) zone: Zone,
}

impl Sections<'_> {
    /// A section for each of the runs that are shown.
    pub(super) fn write(&self, shown: &[&Run], runs: &Runs) -> String {
        let mut out = String::new();
        if shown.is_empty() {
            out.push_str("<p class=\"notice\">No playbook run is in what was chosen, so there are no figures.</p>\n");
        }
        let milestones = by_run(self.milestones);
        for run in shown.iter().take(MOST_RUNS) {
            let own = milestones.get(&*run.id).map(Vec::as_slice).unwrap_or_default();
            self.run(&mut out, run, runs, own);
        }
        if let Some(more) = shown.len().checked_sub(MOST_RUNS).filter(|more| *more > 0) {
            let _ = writeln!(
                out,
                "<p class=\"notice\">{more} more runs are on the timeline; choose some with --channel or --team to see their figures.</p>"
            );
        }
        match self.work.directory.unknown() {
            0 => {}
            1 => out.push_str("<p class=\"notice\">One account is named that the archive does not describe; its id stands for it.</p>\n"),
            unknown => {
                let _ = writeln!(
                    out,
                    "<p class=\"notice\">{unknown} accounts are named that the archive does not describe; their ids stand for them.</p>"
                );
            }
        }
        if !runs.strays().is_empty() {
            out.push_str("<h3>Rows of runs that are not in the archive</h3>\n");
            gaps(&mut out, runs.strays());
        }
        out
    }

    fn run(&self, out: &mut String, run: &Run, runs: &Runs, milestones: &[&Milestone]) {
        out.push_str("<section class=\"run\" aria-label=\"");
        escape::attribute(out, &run.name);
        out.push_str("\">\n<header><h2 dir=\"auto\">");
        escape::name(out, if run.name.is_empty() { "A run without a name" } else { &run.name });
        let state = if run.is_finished() { "finished" } else { "not finished" };
        let _ = write!(out, "</h2><span class=\"state\">{state}</span></header>\n<p class=\"facts\">");
        escape::name(out, &self.facts(run));
        out.push_str("</p>\n");
        if runs.shares_channel(run) {
            let sharing = runs.in_channel(&run.channel_id).count() + run.shared_with.len();
            let absent = match run.shared_with.len() {
                0 => String::new(),
                absent => format!(", {absent} of which the archive does not hold"),
            };
            let _ = writeln!(
                out,
                "<p class=\"notice\">{sharing} runs share the channel{absent}. Nothing says to which of them a post belongs, so posts are of none.</p>"
            );
        }
        let Some(own) = self.figures.get(&run.id) else { return };
        out.push_str("<div class=\"figures\">\n");
        for figure in &own.figures {
            figure_card(out, figure);
        }
        out.push_str("</div>\n<div class=\"columns\">\n<div>\n<h3>Milestones</h3>\n");
        list_milestones(out, milestones, self.zone);
        out.push_str("</div>\n<div>\n<h3>Who did what</h3>\n");
        self.people(out, run, own);
        if !run.gaps.is_empty() {
            out.push_str("<h3>What is missing</h3>\n");
            gaps(out, &run.gaps);
        }
        out.push_str("</div>\n</div>\n</section>\n");
    }

    fn facts(&self, run: &Run) -> String {
        let mut facts = Vec::new();
        if !run.sequential_id.is_empty() {
            facts.push(run.sequential_id.to_string());
        }
        facts.push(format!("began {}", moment(run.create_at, self.zone)));
        if run.end_at > 0 {
            facts.push(format!("ended {}", moment(run.end_at, self.zone)));
        }
        for (word, id) in [("started by", &run.reporter_id), ("owned by", &run.owner_id)] {
            if !id.is_empty() {
                facts.push(format!("{word} @{}", self.labels.user(id)));
            }
        }
        facts.push(format!("in {}", self.labels.channel(&run.channel_id)));
        if let Some(playbook) = &run.playbook {
            facts.push(format!("playbook {}", playbook.title));
        }
        facts.join(" · ")
    }

    fn people(&self, out: &mut String, run: &Run, own: &OfOne) {
        out.push_str("<table class=\"people\">\n<thead><tr><th scope=\"col\">who</th><th scope=\"col\">what</th><th scope=\"col\" class=\"number\">first</th><th scope=\"col\" class=\"number\">last</th></tr></thead>\n<tbody>\n");
        let day = |at: Millis| self.zone.day(at).0;
        let days = own.people.iter().flat_map(|person| [day(person.deeds.first.0), day(person.deeds.last.0)]);
        let has_days = days.clone().min() != days.max();
        for person in own.people.iter().take(MOST_PEOPLE) {
            out.push_str("<tr><th scope=\"row\"><bdi>");
            escape::name(out, &actor_name(&person.user_id, &person.shown_as, self.labels));
            out.push_str("</bdi>");
            let capacities = capacities(run, &person.user_id);
            if !capacities.is_empty() && person.shown_as.is_empty() {
                let _ = write!(out, " <span class=\"state\">{capacities}</span>");
            }
            let _ = write!(out, "</th><td>{}</td>", deeds_in_words(&person.deeds.counts));
            for (at, record) in [&person.deeds.first, &person.deeds.last] {
                out.push_str("<td class=\"number\"><a href=\"#r=");
                escape::fragment(out, &record.to_string());
                let _ = write!(out, "\">{}</a></td>", clock(*at, has_days, self.zone));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody>\n</table>\n");
        let silent: Vec<String> = run
            .participants
            .iter()
            .filter(|one| !own.people.iter().any(|person| person.user_id == one.user_id))
            .map(|one| format!("@{}", self.labels.user(&one.user_id)))
            .collect();
        if !silent.is_empty() {
            out.push_str("<p class=\"facts\">Named by the run, and nothing done in it: ");
            escape::name(out, &silent.join(", "));
            out.push_str("</p>\n");
        }
        if let Some(more) = own.people.len().checked_sub(MOST_PEOPLE).filter(|more| *more > 0) {
            let _ = writeln!(out, "<p class=\"facts\">and {more} more</p>");
        }
    }
}

fn list_milestones(out: &mut String, milestones: &[&Milestone], zone: Zone) {
    if milestones.is_empty() {
        return out.push_str("<p class=\"facts\">None is in what was chosen.</p>\n");
    }
    out.push_str("<ol class=\"milestones\">\n");
    for milestone in milestones {
        let _ = write!(out, "<li><time datetime=\"{}\">", time::format(milestone.at).unwrap_or_default());
        out.push_str(moment(milestone.at, zone).trim_end_matches(" UTC"));
        out.push_str("</time><span class=\"what\" dir=\"auto\"><a href=\"#r=");
        escape::fragment(out, &milestone.record.to_string());
        out.push_str("\">");
        escape::name(out, &milestone.message.replace(['\n', '\t'], " "));
        out.push_str("</a></span></li>\n");
    }
    out.push_str("</ol>\n");
}

fn capacities(run: &Run, user: &str) -> String {
    let found = run.participants.iter().find(|one| *one.user_id == *user);
    let main = |capacity: &&Capacity| matches!(capacity, Capacity::Owner | Capacity::Reporter);
    let words = found.into_iter().flat_map(|one| one.capacities.iter().filter(main).map(|capacity| capacity.word()));
    words.collect::<Vec<_>>().join(", ")
}

fn figure_card(out: &mut String, figure: &Figure) {
    let _ = write!(out, "<details class=\"figure\"><summary><h3>{}</h3>", figure.title);
    match &figure.value {
        Value::Unknown(why) => {
            out.push_str("<span class=\"value unknown\">cannot be said: ");
            escape::name(out, why);
        }
        value => {
            out.push_str("<span class=\"value\">");
            escape::name(out, &value.in_words());
        }
    }
    out.push_str("</span>");
    if !figure.note.is_empty() {
        out.push_str("<span class=\"more\" dir=\"auto\">");
        escape::name(out, &figure.note);
        out.push_str("</span>");
    }
    let _ = write!(out, "</summary>\n<div class=\"how\">\n<p>Computed as: {}.</p>\n", figure.formula);
    if figure.records.is_empty() {
        out.push_str("<p>No record says so.</p>\n");
    } else {
        out.push_str("<ul class=\"records\">\n");
        for record in figure.records.iter().take(MOST_RECORDS) {
            out.push_str("<li>");
            link(out, record);
            out.push_str("</li>\n");
        }
        if let Some(more) = figure.records.len().checked_sub(MOST_RECORDS).filter(|more| *more > 0) {
            let _ = writeln!(out, "<li>and {more} more</li>");
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</div>\n</details>\n");
}

/// A record by its name; a click shows it on the timeline.
fn link(out: &mut String, record: &RecordId) {
    let name = record.to_string();
    out.push_str("<a href=\"#r=");
    escape::fragment(out, &name);
    out.push_str("\"><code>");
    escape::name(out, &name);
    out.push_str("</code></a>");
}

fn gaps(out: &mut String, gaps: &[Gap]) {
    out.push_str("<ul class=\"gaps\">\n");
    for gap in gaps.iter().take(MOST_GAPS) {
        out.push_str("<li>");
        escape::name(out, &gap.what);
        out.push_str(" (<code>");
        escape::name(out, &gap.record.to_string());
        out.push_str("</code>)</li>\n");
    }
    if let Some(more) = gaps.len().checked_sub(MOST_GAPS).filter(|more| *more > 0) {
        let _ = writeln!(out, "<li>and {more} more</li>");
    }
    out.push_str("</ul>\n");
}

/// `2026-03-03 02:14:07 UTC`, or with the offset of the zone.
fn moment(at: Millis, zone: Zone) -> String {
    let mut text = String::new();
    zone.push_whole(&mut text, at);
    text
}

/// `02:14`, or `03-03 02:14` where several days are told apart.
fn clock(at: Millis, has_day: bool, zone: Zone) -> String {
    let mut clock = String::new();
    zone.push_clock(&mut clock, at);
    let (day, _) = zone.day(at);
    let Some(clock) = clock.get(..5) else { return day };
    if has_day { format!("{} {clock}", day.get(5..).unwrap_or_default()) } else { clock.to_owned() }
}
