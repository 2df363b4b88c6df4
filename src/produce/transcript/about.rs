//! The page about a channel: its pages by date, and who was a member from when until when.

use std::fmt::Write as _;

use super::audience::Span;
use super::frame::{self, Depth};
use super::naming::Person;
use super::pages::{self, Making, Written};
use super::{escape, face, post};
use crate::produce::ProduceError;
use crate::produce::directory::Place;
use crate::record::time::Millis;

/// Members on one page; the rest stand on further ones.
const MEMBERS: usize = 4000;

/// Writes the page about the channel of rank `channel`, whose pages are `written`.
pub(super) fn write(making: &Making<'_>, channel: usize, written: &[Written]) -> Result<(), ProduceError> {
    let Some(described) = making.naming.channels().get(channel) else { return Ok(()) };
    let audience = making.audiences.of(channel);
    let rows: Vec<Row> = audience
        .spans
        .iter()
        .map(|span| Row::Dated(*span))
        .chain(audience.undated.iter().map(|person| Row::Undated(*person)))
        .collect();
    let chunks: Vec<&[Row]> = if rows.is_empty() { vec![&[]] } else { rows.chunks(MEMBERS).collect() };
    for (place, chunk) in chunks.iter().enumerate() {
        let mut out = String::new();
        let title = format!("{} · pages and members", described.title);
        frame::begin(&mut out, making.origin, Depth::Channel, &title, &[]);
        frame::bar(&mut out, making.origin, Depth::Channel, "");
        out.push_str("<main id=\"main\">\n");
        pages::head(&mut out, making, described);
        if place == 0 {
            list_pages(&mut out, making, written);
        }
        members(&mut out, making, chunk, described.place, rows.len());
        more(&mut out, place, chunks.len());
        out.push_str("</main>\n");
        frame::end(&mut out, making.origin);
        let path = if place == 0 { described.about() } else { described.about().replace("about.html", &name(place)) };
        making.folder.write(&path, out.as_bytes())?;
    }
    if written.is_empty() {
        empty(making, channel)?;
    }
    Ok(())
}

/// A membership, or a member of whom nobody knows since when.
#[derive(Clone, Copy, Debug)]
enum Row {
    Dated(Span),
    Undated(usize),
}

fn name(place: usize) -> String {
    if place == 0 { "about.html".to_owned() } else { format!("about-{}.html", place.saturating_add(1)) }
}

/// The first page of a channel without posts, which says so.
fn empty(making: &Making<'_>, channel: usize) -> Result<(), ProduceError> {
    let Some(described) = making.naming.channels().get(channel) else { return Ok(()) };
    let mut out = String::new();
    frame::begin(&mut out, making.origin, Depth::Channel, &described.title, &[]);
    frame::bar(&mut out, making.origin, Depth::Channel, "");
    out.push_str("<main id=\"main\" class=\"channel\">\n");
    pages::head(&mut out, making, described);
    out.push_str("<p class=\"notice\">No posts of this channel are in this transcript. <a href=\"about.html\">Its members</a></p>\n</main>\n");
    frame::end(&mut out, making.origin);
    making.folder.write(&described.first_page(), out.as_bytes())?;
    Ok(())
}

fn list_pages(out: &mut String, making: &Making<'_>, written: &[Written]) {
    out.push_str("<h2>Pages</h2>\n");
    if written.is_empty() {
        out.push_str("<p class=\"notice\">No posts of this channel are in this transcript.</p>\n");
        return;
    }
    out.push_str("<ol class=\"pages\">\n");
    for page in written {
        let (first, _) = making.origin.zone.day(page.first);
        let (last, _) = making.origin.zone.day(page.last);
        let _ = write!(out, "<li><a href=\"{}.html\">page {}</a> {first}", page.number, page.number);
        if first != last {
            let _ = write!(out, " – {last}");
        }
        let _ = writeln!(out, " <span class=\"small\">{} posts</span></li>", page.posts);
    }
    out.push_str("</ol>\n");
}

fn members(out: &mut String, making: &Making<'_>, rows: &[Row], place: Option<Place>, total: usize) {
    out.push_str("<h2 id=\"members\">Who could see it</h2>\n<p class=\"facts\">");
    out.push_str(
        "From the server's history of memberships. Being a member means that one could read, not that one did.",
    );
    if place == Some(Place::Open) {
        out.push_str(" This is a public channel: everybody in the team could join and read it.");
    }
    out.push_str("</p>\n");
    if total == 0 {
        out.push_str("<p class=\"notice\">The archive holds no memberships of this channel.</p>\n");
        return;
    }
    out.push_str("<p id=\"at\" class=\"notice\" hidden></p>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Members\">\
                  <table class=\"members\">\n<thead><tr><th scope=\"col\">member</th><th scope=\"col\">from</th>\
                  <th scope=\"col\">until</th></tr></thead>\n<tbody>\n");
    let zone = making.origin.zone;
    let people = making.naming.people();
    let nobody = Person::default();
    for row in rows {
        let (person, span) = match row {
            Row::Dated(span) => (span.person, Some((span.from, span.until))),
            Row::Undated(person) => (*person, None),
        };
        match span {
            Some((from, Millis::MAX)) => {
                let _ = write!(out, "<tr data-from=\"{from}\"><td>");
            }
            Some((from, until)) => {
                let _ = write!(out, "<tr data-from=\"{from}\" data-until=\"{until}\"><td>");
            }
            None => out.push_str("<tr class=\"undated\"><td>"),
        }
        let person = people.get(person).unwrap_or(&nobody);
        face::name(out, person);
        out.push_str(" <span class=\"user\">");
        escape::name(out, &person.username);
        out.push_str("</span>");
        face::badges(out, person);
        out.push_str("</td><td>");
        match span {
            Some((from, until)) => {
                post::time(out, from, "", zone);
                out.push_str("</td><td>");
                if until == Millis::MAX {
                    out.push_str("member when exported");
                } else {
                    post::time(out, until, "", zone);
                }
            }
            None => out.push_str("<em>not recorded</em></td><td>member when exported"),
        }
        out.push_str("</td></tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let _ = writeln!(out, "<p class=\"small\">Times in {}; UTC at hover.</p>", zone.name());
}

fn more(out: &mut String, place: usize, of: usize) {
    if of < 2 {
        return;
    }
    out.push_str("<nav class=\"steps\" aria-label=\"Further members\">");
    for other in 0..of {
        let number = other.saturating_add(1);
        let _ = if other == place {
            write!(out, "<span>{number}</span>")
        } else {
            write!(out, "<a href=\"{}\">{number}</a>", name(other))
        };
    }
    out.push_str("</nav>\n");
}
