//! What surrounds figures and events: head, tools, places for what the script draws, footer.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::produce::Work;
use crate::produce::Zone;
use crate::produce::timeline::Told;
use crate::produce::transcript::{POLICY, escape};
use crate::record::time;

/// The tools above the drawing, the drawing, and what is below it.
const LIVE: &str = include_str!("../assets/live.html");

/// The page; `sections` are the figures, and the events stand in so many scripts.
pub(super) fn page(work: &Work<'_>, told: &Told, zone: Zone, scripts: u64, sections: &str) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = write!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Timeline · "
    );
    escape::attribute(&mut out, work.sealed.bag());
    out.push_str("</title>\n<link rel=\"stylesheet\" href=\"assets/timeline.css\">\n");
    out.push_str("<script src=\"data/head.js\" defer></script>\n");
    for number in 1..=scripts {
        let _ = writeln!(out, "<script src=\"data/{number}.js\" defer></script>");
    }
    out.push_str("<script src=\"assets/timeline.js\" defer></script>\n</head>\n<body>\n");
    out.push_str(
        "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header class=\"top\">\n<p class=\"case\"><bdi>",
    );
    escape::name(&mut out, work.sealed.bag());
    out.push_str("</bdi></p>\n<h1>What happened</h1>\n<p class=\"facts\">");
    escape::text(&mut out, &facts(work, told, zone));
    out.push_str("</p>\n</header>\n<main id=\"main\" tabindex=\"-1\">\n");
    if !work.scope.is_everything() {
        out.push_str("<p class=\"notice\">Chosen: ");
        escape::name(&mut out, &work.scope.words().join("; "));
        out.push_str(". Figures are computed from what was chosen, and change with it.</p>\n");
    }
    if told.left_out > 0 {
        let _ = writeln!(
            out,
            "<p class=\"notice\">{} before or after the window of the archive only describe what others name, and are left out; --since tells them.</p>",
            if told.left_out == 1 { "One event".to_owned() } else { format!("{} events", told.left_out) }
        );
    }
    out.push_str(sections);
    out.push_str(LIVE);
    out.push_str("</main>\n<footer>\n<p>");
    escape::name(&mut out, &work.sealed.standing.words());
    out.push_str(" · seal <code>");
    escape::name(&mut out, &work.sealed.digest());
    out.push_str("</code> · root <code>");
    escape::name(&mut out, &STANDARD.encode(work.sealed.seal.root));
    let made = time::format(work.time).unwrap_or_default();
    let times =
        if zone.is_utc() { "all times are UTC".to_owned() } else { format!("times are those of {}", zone.name()) };
    let _ = writeln!(
        out,
        "</code></p>\n<p>made {made} by chatseal; {times}; nothing here is fetched from a network</p>\n</footer>\n\
         </body>\n</html>"
    );
    out
}

fn facts(work: &Work<'_>, told: &Told, zone: Zone) -> String {
    let utc = |at| time::format(at).unwrap_or_else(|| format!("{at} ms"));
    let when = |at| if zone.is_utc() { utc(at) } else { zone.exact(at) };
    let mut facts = format!("{} events", told.events());
    if let Some((from, until)) = told.span {
        let _ = write!(facts, " from {} to {}", when(from), when(until));
    }
    let seal = &work.sealed.seal;
    let _ = write!(facts, " · {} records, sealed {} · {}", seal.records, when(seal.time), work.sealed.standing.words());
    facts
}
