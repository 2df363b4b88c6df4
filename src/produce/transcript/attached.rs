//! The attachments of a post: pictures inline, all as files with size, type and SHA-256.

use std::fmt::Write as _;

use super::escape;
use super::inline::TOP;
use super::post::{Setting, time};
use crate::produce::ProduceError;
use crate::produce::files::Attachment;
use crate::record::id::hex;

/// Appends the attachments; their names are added to `found`.
pub(super) fn write(
    out: &mut String,
    files: &[Attachment],
    found: &mut String,
    setting: &Setting<'_>,
) -> Result<(), ProduceError> {
    if files.is_empty() {
        return Ok(());
    }
    out.push_str("<ul class=\"files\" aria-label=\"Attachments\">\n");
    for file in files {
        found.push('\n');
        found.push_str(&file.name);
        out.push_str("<li>");
        write_one(out, file, setting)?;
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
    Ok(())
}

fn write_one(out: &mut String, file: &Attachment, setting: &Setting<'_>) -> Result<(), ProduceError> {
    let copied = file.content.as_ref().map(|digest| setting.stored.file(digest, &file.name)).transpose()?;
    if let Some(copied) = &copied {
        let href = format!("{TOP}{}", copied.path);
        if copied.is_picture {
            let _ = write!(out, "<a class=\"picture\" href=\"{href}\"><img src=\"{href}\" loading=\"lazy\"");
            let (width, height) = file.pixels;
            if (1..=20_000).contains(&width) && (1..=20_000).contains(&height) {
                let _ = write!(out, " width=\"{width}\" height=\"{height}\"");
            }
            out.push_str(" alt=\"");
            escape::attribute(out, &file.name);
            out.push_str("\"></a>\n");
        }
        let _ = write!(out, "<a href=\"{href}\" download=\"");
        escape::attribute(out, &file.name);
        out.push_str("\"><bdi>");
        escape::name(out, &file.name);
        out.push_str("</bdi></a>");
    } else {
        out.push_str("<bdi class=\"missing\">");
        escape::name(out, &file.name);
        out.push_str("</bdi>");
    }
    out.push_str(" <span class=\"small\">");
    push_size(out, file.size);
    if !file.mime_type.is_empty() {
        out.push_str(" · ");
        escape::text(out, &file.mime_type);
    }
    if file.delete_at > 0 {
        out.push_str(" · deleted ");
        time(out, file.delete_at, "", setting.zone);
    }
    if let Some(digest) = &file.content {
        let _ = write!(out, " · <code class=\"hash\">sha256:{}</code>", hex(digest));
    } else {
        out.push_str(" · <strong>not in the archive</strong>");
        if !file.missing.is_empty() {
            out.push_str(": ");
            escape::text(out, &file.missing);
        }
    }
    out.push_str("</span>");
    Ok(())
}

/// Appends a size in bytes, KiB, MiB or GiB.
fn push_size(out: &mut String, bytes: u64) {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let _ = match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, word)) => write!(out, "{}.{} {word}", bytes / unit, bytes % unit * 10 / unit),
        None => write!(out, "{bytes} B"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let size = |bytes| {
            let mut out = String::new();
            push_size(&mut out, bytes);
            out
        };
        assert_eq!([0, 1023, 1024, 11_559, 1 << 30].map(size), ["0 B", "1023 B", "1.0 KiB", "11.2 KiB", "1.0 GiB"]);
        assert!(size(u64::MAX).ends_with(" GiB"));
    }
}
