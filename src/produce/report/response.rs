//! How the response went, in figures: each with its formula and the records that it was computed from.

use super::document::{Line, Section};
use super::telling::Telling;
use crate::produce::incident::RecordId;
use crate::produce::incident::figures::{OfOne, Value, deeds_in_words};
use crate::produce::mail::one_line;
use crate::record::time::Millis;

/// The section. `figures` are those of the run.
pub(super) fn section(telling: &Telling<'_>, figures: Option<&OfOne>) -> Section {
    let mut section = Section::new("figures", "Response figures");
    let Some(figures) = figures else {
        section.missing(Line::of("No figure could be computed for this run.").cited([telling.run.record()]));
        return section;
    };
    section.text(Line::of(
        "Computed from the times of sealed records, as they stand; clocks are not corrected. A figure for which a record is \
         missing has no value.",
    ));
    let rows = figures.figures.iter().map(|figure| {
        let value = match &figure.value {
            Value::Unknown(why) => Line::of("cannot be said: ").said(one_line(why)),
            value => Line::of(value.in_words()),
        };
        let value = if figure.note.is_empty() { value } else { value.words("; ").said(one_line(&figure.note)) };
        // The run itself says when it began, whatever else is missing.
        let records = figure.records.clone();
        let records = if records.is_empty() { vec![telling.run.record()] } else { records };
        vec![Line::of(figure.title), value.cited(records), Line::of(figure.formula)]
    });
    section.table(&["figure", "value", "how it was computed"], rows.collect());
    if !figures.people.is_empty() {
        section.heading(Line::of("Who did what"));
        if telling.shares_channel() {
            section.text(Line::of("Several runs share the channel; only what names the run is counted."));
        }
        let rows = figures.people.iter().map(|person| {
            let name = telling.person(&person.user_id);
            let name = if person.shown_as.is_empty() {
                name
            } else {
                Line::said_by_people(one_line(&person.shown_as)).words(", a program, under the account of ").then(name)
            };
            let deeds = &person.deeds;
            let moment = |(at, record): &(Millis, RecordId)| Line::default().at(*at).cited([record.clone()]);
            vec![name, Line::of(deeds_in_words(&deeds.counts)), moment(&deeds.first), moment(&deeds.last)]
        });
        section.table(&["who", "what", "first", "last"], rows.collect());
    }
    section
}
