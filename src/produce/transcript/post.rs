//! One post on a page: who, when, what, and what became of it.

use std::fmt::Write as _;

use super::audience::Audience;
use super::bundle::{Bundle, Root};
use super::inline::Surroundings;
use super::naming::{Channel, Naming, Person};
use super::search::{Flags, PageIndex, Said};
use super::stored::Stored;
use super::{attached, cards, escape, face, inline, markdown, system, versions};
use crate::produce::directory::Place;
use crate::produce::zone::{self, Zone};
use crate::produce::{Files, Post, ProduceError, State};
use crate::record::time::Millis;

/// What all posts of a page share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) naming: &'a Naming,
    pub(super) files: &'a Files,
    pub(super) stored: &'a Stored<'a>,
    pub(super) channel: &'a Channel,
    pub(super) audience: &'a Audience,
    pub(super) zone: Zone,
}

impl<'a> Setting<'a> {
    /// What names in texts of this channel lead to.
    pub(super) fn surroundings(&self) -> Surroundings<'a> {
        Surroundings { naming: self.naming, team: &self.channel.team_id, top: Some(inline::TOP) }
    }

    /// Appends the name of somebody, the id itself where nothing describes it.
    pub(super) fn name(&self, out: &mut String, id: &str) {
        match self.naming.person(id) {
            Some(person) => face::name(out, person),
            None => face::name(out, &Person::unknown(id)),
        }
    }
}

/// Appends a post and adds it to the index of its page. `day` is the day that stands above it.
pub(super) fn write(
    out: &mut String,
    index: &mut PageIndex,
    bundle: &Bundle<'_>,
    day: &str,
    setting: &Setting<'_>,
) -> Result<(), ProduceError> {
    // Where the post is gone, its last version stands for it.
    let Some(post) = bundle.post.as_ref().or(bundle.earlier.last()) else { return Ok(()) };
    let message = post.message();
    let (kind, state) = (post.kind(), post.state());
    let is_gone = bundle.post.is_none();
    let is_deleted = (is_gone && !bundle.is_excluded) || matches!(state, State::Deleted | State::DeletedBy(_));
    let is_system = post.is_system();
    out.push_str("<article class=\"post");
    for (applies, word) in [(bundle.is_reply, " reply"), (is_deleted, " deleted"), (is_system, " system")] {
        out.push_str(if applies { word } else { "" });
    }
    out.push_str("\" id=\"p-");
    escape::attribute(out, bundle.id);
    out.push_str("\">\n");
    byline(out, bundle, post, day, setting);
    notices(out, bundle, post, &state, setting);
    let around = setting.surroundings();
    let mut found = message.to_string();
    if is_system {
        out.push_str("<div class=\"body\" dir=\"auto\">");
        system::write(out, post, &kind, &message, setting);
        out.push_str("</div>\n");
    } else if !message.trim().is_empty() {
        out.push_str("<div class=\"body\" dir=\"auto\">");
        if kind == "me" {
            out.push_str("<p><em>");
            inline::write(out, &message, &around);
            out.push_str("</em></p>");
        } else {
            markdown::write(out, &message, &around);
        }
        out.push_str("</div>\n");
    }
    if let Some(attachments) = crate::produce::cards::json(post) {
        cards::write(out, &attachments, &mut found, &around);
    }
    let files = setting.files.of(bundle.id);
    attached::write(out, files, &mut found, setting)?;
    reactions(out, bundle, setting);
    let also = versions::write(out, bundle, post, setting);
    seen(out, post.create_at, setting);
    out.push_str("</article>\n");
    let mut flags = Flags::default();
    for (bit, applies) in [
        (Flags::EDITED, bundle.earlier.len() > usize::from(is_gone)),
        (Flags::DELETED, is_deleted),
        (Flags::FILES, !files.is_empty()),
        (Flags::REPLY, bundle.is_reply),
        (Flags::SYSTEM, is_system),
        (Flags::PINNED, post.is_pinned),
    ] {
        flags.set(bit, applies);
    }
    let person = setting.naming.number(post.user_id).unwrap_or_default();
    index.add(&Said { id: bundle.id, at: post.create_at, person, flags, shown: &found, also: &also });
    Ok(())
}

/// Who and when, and in a word what is special about it.
fn byline(out: &mut String, bundle: &Bundle<'_>, post: &Post<'_>, day: &str, setting: &Setting<'_>) {
    let stranger = Person::unknown(post.user_id);
    let person = setting.naming.person(post.user_id).unwrap_or(&stranger);
    let is_webhook = post.prop_is_true("from_webhook");
    let shown = post.prop_text("override_username").filter(|_| is_webhook);
    face::avatar(out, shown.as_deref().unwrap_or(&person.display), post.user_id);
    out.push_str("<div class=\"byline\"><h3>");
    if let Some(name) = &shown {
        out.push_str("<bdi>");
        escape::name(out, name);
        out.push_str("</bdi></h3> <span class=\"user\">by ");
        face::name(out, person);
        out.push_str("</span> <span class=\"badge\">webhook</span>");
    } else {
        face::name(out, person);
        out.push_str("</h3>");
        if !person.username.is_empty() && person.username != person.display {
            out.push_str(" <span class=\"user\">@");
            escape::name(out, &person.username);
            out.push_str("</span>");
        }
        face::badges(out, person);
        if is_webhook {
            out.push_str(" <span class=\"badge\">webhook</span>");
        }
    }
    out.push_str(" <a class=\"at\" href=\"#p-");
    escape::fragment(out, bundle.id);
    out.push_str("\">");
    time(out, post.create_at, day, setting.zone);
    out.push_str("</a>");
    let kind = post.kind();
    let special = !(kind.is_empty() || kind == "me" || kind == "slack_attachment");
    if special {
        out.push_str(" <span class=\"badge\">");
        escape::name(out, system::label(&kind));
        out.push_str("</span>");
    }
    if post.is_pinned {
        out.push_str(" <span class=\"badge\">pinned</span>");
    }
    if let Some((priority, asked)) = &bundle.priority {
        if !priority.is_empty() {
            out.push_str(" <span class=\"badge urgent\">");
            escape::name(out, priority);
            out.push_str("</span>");
        }
        out.push_str(if *asked { " <span class=\"badge\">acknowledgement asked for</span>" } else { "" });
    }
    if post.edit_at > 0 {
        out.push_str(" <span class=\"mark\">edited ");
        time(out, post.edit_at, day, setting.zone);
        out.push_str("</span>");
    }
    out.push_str("</div>\n");
}

/// Appends a time: of the day above it only the clock, otherwise the date as well; UTC to the millisecond at hover.
pub(super) fn time(out: &mut String, at: Millis, day: &str, zone: Zone) {
    out.push_str("<time datetime=\"");
    zone::push_utc(out, at);
    out.push_str("\" title=\"");
    zone::push_utc(out, at);
    if !zone.is_utc() {
        out.push_str(" · ");
        zone.push_whole(out, at);
        let _ = write!(out, " {}", zone.name());
    }
    out.push_str("\">");
    let (own, _) = zone.day(at);
    if own != day {
        out.push_str(&own);
        out.push(' ');
    }
    zone.push_clock(out, at);
    out.push_str("</time>");
}

/// What is to be known before the text is read: deleted, without its post, torn from its thread.
fn notices(out: &mut String, bundle: &Bundle<'_>, post: &Post<'_>, state: &State<'_>, setting: &Setting<'_>) {
    let mut notice = |class: &str, words: &dyn Fn(&mut String)| {
        let _ = write!(out, "<p class=\"notice {class}\">");
        words(out);
        out.push_str("</p>\n");
    };
    match (state, &bundle.post) {
        (_, None) if bundle.is_excluded => notice("torn", &|out| {
            out.push_str("An earlier version of this post; the post itself is outside of the chosen scope.");
        }),
        (_, None) => notice("gone", &|out| {
            let words = "The archive holds only an earlier version of this post; the post itself was removed for good.";
            out.push_str(words);
        }),
        (State::DeletedBy(by), _) => notice("gone", &|out| {
            out.push_str("Deleted by ");
            setting.name(out, by);
            out.push_str(", ");
            time(out, post.delete_at, "", setting.zone);
        }),
        (State::Deleted, _) => notice("gone", &|out| {
            out.push_str("Deleted, the record does not say by whom, ");
            time(out, post.delete_at, "", setting.zone);
        }),
        _ => {}
    }
    if bundle.is_reply && bundle.root != Root::Here {
        notice("torn", &|out| {
            let why =
                if bundle.root == Root::Missing { "is not in the archive" } else { "is outside of the chosen scope" };
            let _ = write!(out, "A reply; the first post of its thread (");
            escape::name(out, bundle.thread);
            let _ = write!(out, ") {why}.");
        });
    }
}

/// Reactions by emoji, those that were taken back shown as such; and acknowledgements.
fn reactions(out: &mut String, bundle: &Bundle<'_>, setting: &Setting<'_>) {
    if !bundle.reactions.is_empty() {
        let mut groups: Vec<(&str, bool, Vec<&str>)> = Vec::new();
        for reaction in &bundle.reactions {
            let removed = reaction.removed_at > 0;
            match groups.iter_mut().find(|(emoji, gone, _)| *emoji == reaction.emoji && *gone == removed) {
                Some((_, _, users)) => users.push(reaction.user),
                None => groups.push((&reaction.emoji, removed, vec![reaction.user])),
            }
        }
        out.push_str("<ul class=\"reactions\" aria-label=\"Reactions\">");
        for (emoji, removed, users) in groups {
            out.push_str(if removed { "<li class=\"removed\" title=\"" } else { "<li title=\"" });
            for (number, user) in users.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                escape::attribute(out, setting.naming.person(user).map_or(user, |person| &person.display));
            }
            out.push_str(if removed { " (taken back)\">" } else { "\">" });
            if !inline::emoji_element(out, emoji, setting.naming) {
                out.push(':');
                escape::name(out, emoji);
                out.push(':');
            }
            let _ = write!(out, " {}</li>", users.len());
        }
        out.push_str("</ul>\n");
    }
    if !bundle.acknowledged.is_empty() {
        out.push_str("<p class=\"acknowledged\">Acknowledged by ");
        for (number, (user, at)) in bundle.acknowledged.iter().enumerate() {
            out.push_str(if number > 0 { ", " } else { "" });
            setting.name(out, user);
            out.push(' ');
            time(out, *at, "", setting.zone);
        }
        out.push_str("</p>\n");
    }
}

/// Who could see it.
fn seen(out: &mut String, at: Millis, setting: &Setting<'_>) {
    let audience = setting.audience;
    let (known, undated) = (audience.count(at), audience.undated.len());
    let _ = write!(out, "<p class=\"seen\"><a href=\"about.html#at={at}\" title=\"");
    match audience.few(at) {
        Some(few) if known > 0 => {
            for (number, person) in few.enumerate() {
                out.push_str(if number > 0 { ", " } else { "Members then: " });
                escape::attribute(out, setting.naming.people().get(person).map_or("", |person| &person.display));
            }
        }
        _ => out.push_str("Members at that time, by the history of memberships"),
    }
    if undated > 0 {
        let _ = write!(out, "; {undated} more are members without a known beginning");
    }
    if setting.channel.place == Some(Place::Open) {
        out.push_str("; a public channel: everybody in the team could join and read");
    }
    let _ = match (known, undated) {
        (0, 0) => write!(out, "\">no members recorded"),
        (_, 0) => write!(out, "\">visible to {known}"),
        (0, _) => write!(out, "\">perhaps visible to {undated}"),
        _ => write!(out, "\">visible to {known}, perhaps {undated} more"),
    };
    out.push_str("</a></p>\n");
}
