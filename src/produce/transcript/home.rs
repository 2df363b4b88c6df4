//! The first page of a transcript: where it comes from, its channels, and its people.

use std::fmt::Write as _;

use super::frame::{self, Depth};
use super::naming::{Channel, Section};
use super::pages::{Making, Written};
use super::{escape, face, post};
use crate::produce::{ProduceError, zone};

/// Channels, or people, on one page.
const ROWS: usize = 2000;

/// What a channel holds, for the list of channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) pages: u64,
    pub(super) posts: u64,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Extent {
    /// What these pages of one channel hold.
    pub(super) fn of(pages: &[Written]) -> Self {
        Self {
            pages: pages.len() as u64,
            posts: pages.iter().map(|page| page.posts as u64).sum(),
            first: pages.iter().map(|page| page.first).min().unwrap_or_default(),
            last: pages.iter().map(|page| page.last).max().unwrap_or_default(),
        }
    }
}

/// What the first page tells of the whole.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) rows: Vec<(&'static str, String)>,
}

/// Writes `index.html` and, for very many channels, further pages of the list.
pub(super) fn write(making: &Making<'_>, extents: &[Extent], facts: &Facts) -> Result<(), ProduceError> {
    let rows: Vec<(&Channel, &Extent)> = making.naming.channels().iter().zip(extents).collect();
    let chunks: Vec<&[(&Channel, &Extent)]> = if rows.is_empty() { vec![&[]] } else { rows.chunks(ROWS).collect() };
    for (place, chunk) in chunks.iter().enumerate() {
        let mut out = String::new();
        frame::begin(&mut out, making.origin, Depth::Top, "Transcript", &[]);
        frame::bar(&mut out, making.origin, Depth::Top, "");
        out.push_str("<main id=\"main\" class=\"start\">\n<h1><bdi>");
        escape::name(&mut out, &making.origin.case);
        out.push_str("</bdi></h1>\n");
        if place == 0 {
            write_facts(&mut out, facts);
            out.push_str(
                "<p class=\"ways\"><a href=\"search.html\">Search everything</a> <a href=\"people.html\">People</a></p>\n\
                 <p class=\"only-script\"><label for=\"narrow\">Channels whose name contains</label> \
                 <input id=\"narrow\" type=\"search\" autocomplete=\"off\" dir=\"auto\"></p>\n",
            );
        }
        list(&mut out, making, chunk);
        more(&mut out, "index", place, chunks.len());
        out.push_str("</main>\n");
        frame::end(&mut out, making.origin);
        making.folder.write(&name("index", place), out.as_bytes())?;
    }
    Ok(())
}

fn write_facts(out: &mut String, facts: &Facts) {
    out.push_str("<dl class=\"origin-facts\">\n");
    for (word, value) in &facts.rows {
        let _ = write!(out, "<div><dt>{word}</dt><dd>");
        escape::name(out, value);
        out.push_str("</dd></div>\n");
    }
    out.push_str("</dl>\n");
}

/// The channels, one table for each team and for direct and group messages.
fn list(out: &mut String, making: &Making<'_>, rows: &[(&Channel, &Extent)]) {
    if rows.is_empty() {
        out.push_str("<p class=\"notice\">The archive holds no channels.</p>\n");
    }
    for (number, group) in
        rows.chunk_by(|(a, _), (b, _)| (a.section, &a.team_id) == (b.section, &b.team_id)).enumerate()
    {
        let Some((first, _)) = group.first() else { continue };
        let _ = write!(
            out,
            "<section class=\"channels\" aria-labelledby=\"s{number}\">\n<h2 id=\"s{number}\" dir=\"auto\">"
        );
        match first.section {
            Section::Team if first.team.is_empty() => out.push_str("(no team)"),
            Section::Team => escape::name(out, &first.team),
            Section::Direct => out.push_str("Direct messages"),
            Section::Group => out.push_str("Group messages"),
            Section::Unknown => out.push_str("Channels that the archive does not describe"),
        }
        out.push_str(
            "</h2>\n<table>\n<thead><tr><th scope=\"col\">channel</th><th scope=\"col\" class=\"right\">posts</th>\
             <th scope=\"col\">first</th><th scope=\"col\">last</th><th scope=\"col\"><span class=\"aside\">more</span></th></tr></thead>\n<tbody>\n",
        );
        for (channel, extent) in group {
            row(out, making, channel, extent);
        }
        out.push_str("</tbody>\n</table>\n</section>\n");
    }
}

fn row(out: &mut String, making: &Making<'_>, channel: &Channel, extent: &Extent) {
    out.push_str(if extent.posts == 0 { "<tr class=\"empty\"><td>" } else { "<tr><td>" });
    let _ = write!(out, "<a href=\"{}\"><bdi>", channel.first_page());
    escape::name(out, &channel.title);
    out.push_str("</bdi></a>");
    if channel.section == Section::Team && channel.sort_of_place() == "private channel" {
        out.push_str(" <span class=\"badge\">private</span>");
    }
    if channel.archived_at > 0 {
        out.push_str(" <span class=\"badge\">archived</span>");
    }
    let _ = write!(out, "</td><td class=\"right\">{}</td>", grouped(extent.posts));
    for at in [extent.first, extent.last] {
        out.push_str("<td class=\"date\">");
        if extent.posts > 0 {
            let (day, _) = making.origin.zone.day(at);
            out.push_str("<time title=\"");
            zone::push_utc(out, at);
            let _ = write!(out, "\">{day}</time>");
        }
        out.push_str("</td>");
    }
    let _ = write!(out, "<td><a class=\"small\" href=\"{}\" aria-label=\"Pages and members of ", channel.about());
    escape::attribute(out, &channel.title);
    out.push_str("\">pages, members</a></td></tr>\n");
}

/// Writes `people.html` and further pages: everybody who is named in the archive, with how many posts are theirs.
pub(super) fn write_people(making: &Making<'_>, posts: &[u64]) -> Result<(), ProduceError> {
    let people: Vec<_> = making.naming.people().iter().zip(posts.iter().copied().chain(std::iter::repeat(0))).collect();
    let chunks: Vec<_> = if people.is_empty() { vec![people.as_slice()] } else { people.chunks(ROWS).collect() };
    for (place, chunk) in chunks.iter().enumerate() {
        let mut out = String::new();
        frame::begin(&mut out, making.origin, Depth::Top, "People", &[]);
        frame::bar(&mut out, making.origin, Depth::Top, "");
        out.push_str(
            "<main id=\"main\">\n<h1>People</h1>\n<p class=\"facts\">Names and addresses are those of the time of the export; the \
             server keeps no earlier ones.</p>\n<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"People\"><table>\n\
             <thead><tr><th scope=\"col\">name</th><th scope=\"col\">username</th><th scope=\"col\">address</th>\
             <th scope=\"col\" class=\"right\">posts</th><th scope=\"col\">id</th></tr></thead>\n<tbody>\n",
        );
        for (person, posts) in *chunk {
            out.push_str("<tr><td>");
            face::name(&mut out, person);
            face::badges(&mut out, person);
            if person.deactivated_at > 0 {
                out.push(' ');
                post::time(&mut out, person.deactivated_at, "", making.origin.zone);
            }
            out.push_str("</td><td><bdi>");
            escape::name(&mut out, &person.username);
            out.push_str("</bdi></td><td><bdi>");
            escape::name(&mut out, &person.email);
            out.push_str("</bdi></td><td class=\"right\">");
            if *posts > 0 {
                out.push_str("<a href=\"search.html#from=");
                escape::fragment(&mut out, &person.id);
                let _ = write!(out, "\">{}</a>", grouped(*posts));
            } else {
                out.push('0');
            }
            out.push_str("</td><td><code>");
            escape::name(&mut out, &person.id);
            out.push_str("</code></td></tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
        more(&mut out, "people", place, chunks.len());
        out.push_str("</main>\n");
        frame::end(&mut out, making.origin);
        making.folder.write(&name("people", place), out.as_bytes())?;
    }
    Ok(())
}

fn name(stem: &str, place: usize) -> String {
    if place == 0 { format!("{stem}.html") } else { format!("{stem}-{}.html", place.saturating_add(1)) }
}

fn more(out: &mut String, stem: &str, place: usize, of: usize) {
    if of < 2 {
        return;
    }
    out.push_str("<nav class=\"steps\" aria-label=\"Further pages of the list\">");
    for other in 0..of {
        let number = other.saturating_add(1);
        let _ = if other == place {
            write!(out, "<span>{number}</span>")
        } else {
            write!(out, "<a href=\"{}\">{number}</a>", name(stem, other))
        };
    }
    out.push_str("</nav>\n");
}

/// A number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
