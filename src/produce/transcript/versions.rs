//! Earlier versions of a post: what it said, from when until when.
//!
//! The server keeps a row for every update, also for those that changed nothing that was said (a pin, a no-op). Those
//! are listed as such: they tell that somebody did something, not that a text was changed.

use std::fmt::Write as _;

use super::bundle::Bundle;
use super::markdown;
use super::post::{Setting, time};
use crate::produce::Post;

/// Appends the earlier versions, oldest first, and returns those of their texts that were replaced by others.
pub(super) fn write(out: &mut String, bundle: &Bundle<'_>, post: &Post<'_>, setting: &Setting<'_>) -> String {
    let mut texts = String::new();
    // Where the post is gone, its last version is what is shown.
    let shown = bundle.earlier.len() - usize::from(bundle.post.is_none() && !bundle.earlier.is_empty());
    let Some(earlier) = bundle.earlier.get(..shown).filter(|earlier| !earlier.is_empty()) else { return texts };
    let changed =
        earlier.iter().zip(earlier.iter().skip(1).chain([post])).filter(|(old, new)| old.message() != new.message());
    let changed = changed.count();
    let word = |count: usize| if count == 1 { "" } else { "s" };
    out.push_str("<details class=\"versions\"><summary>");
    let others = earlier.len() - changed;
    if changed > 0 {
        let _ = write!(out, "{changed} earlier text{}", word(changed));
    }
    if others > 0 {
        let comma = if changed > 0 { ", " } else { "" };
        let _ = write!(out, "{comma}{others} change{} without new text", word(others));
    }
    out.push_str("</summary>\n<ol>\n");
    for (old, new) in earlier.iter().zip(earlier.iter().skip(1).chain([post])) {
        out.push_str("<li><p class=\"when\">from ");
        time(out, old.create_at.max(old.edit_at), "", setting.zone);
        out.push_str(" until ");
        // Deleting a thread stamps the versions of its replies; the time of the next edit is not touched by it.
        let until = if new.edit_at > old.edit_at { new.edit_at } else { old.delete_at };
        time(out, until, "", setting.zone);
        let message = old.message();
        if message == new.message() {
            out.push_str(": the same text (pinned, or other fields changed)</p></li>\n");
            continue;
        }
        out.push_str("</p><div class=\"body\" dir=\"auto\">");
        markdown::write(out, &message, &setting.surroundings());
        out.push_str("</div></li>\n");
        texts.push_str(&message);
        texts.push('\n');
    }
    out.push_str("</ol></details>\n");
    texts
}
