//! What every page has: head, bars, footer. Paths lead from the page to the top of the folder, never beyond it.
//!
//! The policy of each page allows scripts, styles and pictures from the folder and nothing else: no request, no inline
//! script or style, no form, no frame. It stands in the page itself, because a file has no headers.

use std::fmt::Write as _;

use super::escape;
use crate::produce::Zone;

/// What a page may load. `file:` says the same as `'self'` does where a page is opened from disk, for browsers in which
/// files have no origin.
pub(in crate::produce) const POLICY: &str = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file:; \
                      base-uri 'none'; form-action 'none'";

/// What all pages of a transcript say of where they come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// Name of the archive, as a title.
    pub(super) case: String,
    /// What was chosen of it, in words; empty for everything.
    pub(super) scope: String,
    /// `sha256:…` of the seal.
    pub(super) seal: String,
    /// Root of the records, in base64.
    pub(super) root: String,
    /// `intact, signer not checked` and the like.
    pub(super) standing: String,
    /// When the production was made, UTC.
    pub(super) made: String,
    pub(super) zone: Zone,
}

/// Where a page stands in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Top,
    Channel,
}

impl Depth {
    /// The way to the top.
    pub(super) fn up(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Channel => super::inline::TOP,
        }
    }
}

/// Begins a page; `scripts` are loaded behind `transcript.js`.
pub(super) fn begin(out: &mut String, origin: &Origin, depth: Depth, title: &str, scripts: &[&str]) {
    let up = depth.up();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>"
    );
    escape::attribute(out, title);
    out.push_str(" · ");
    escape::attribute(out, &origin.case);
    let _ = write!(
        out,
        "</title>\n\
         <link rel=\"stylesheet\" href=\"{up}assets/transcript.css\">\n\
         <link rel=\"stylesheet\" href=\"{up}assets/print.css\">\n\
         <script src=\"{up}assets/transcript.js\" defer></script>\n"
    );
    for script in scripts {
        let _ = writeln!(out, "<script src=\"{up}assets/{script}\" defer></script>");
    }
    let _ =
        write!(out, "</head>\n<body data-top=\"{up}\">\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n");
}

/// The bar at the top: the way home, what `inside` adds, and the search box.
pub(super) fn bar(out: &mut String, origin: &Origin, depth: Depth, inside: &str) {
    let up = depth.up();
    let _ = write!(out, "<header class=\"bar\">\n<a class=\"home\" href=\"{up}index.html\"><bdi>");
    escape::name(out, &origin.case);
    let _ = write!(
        out,
        "</bdi></a>\n{inside}<form class=\"find\" role=\"search\"><label class=\"aside\" for=\"find\">Search the transcript</label>\
         <input id=\"find\" type=\"search\" placeholder=\"Search\" autocomplete=\"off\" spellcheck=\"false\" dir=\"auto\">\
         <kbd aria-hidden=\"true\">/</kbd></form>\n</header>\n"
    );
}

/// Ends a page: where it comes from, on screen and on paper.
pub(super) fn end(out: &mut String, origin: &Origin) {
    out.push_str("<footer class=\"origin\">\n<p><strong><bdi>");
    escape::name(out, &origin.case);
    out.push_str("</bdi></strong>");
    for part in [&origin.scope, &origin.standing] {
        if !part.is_empty() {
            out.push_str(" · ");
            escape::name(out, part);
        }
    }
    out.push_str("</p>\n<p>seal <code>");
    escape::name(out, &origin.seal);
    out.push_str("</code> · root <code>");
    escape::name(out, &origin.root);
    let _ = write!(out, "</code></p>\n<p>produced {}", origin.made);
    let zone = origin.zone;
    if !zone.is_utc() {
        let _ = write!(out, " · times in {} with UTC at hover", zone.name());
    }
    out.push_str(" · press <kbd>?</kbd> for keys</p>\n</footer>\n</body>\n</html>\n");
}

/// What is printed at the edges of each sheet, as a style sheet: browsers that print page margins show it there.
pub(super) fn print_style(origin: &Origin) -> String {
    let mut left = origin.case.clone();
    for part in [&origin.scope, &origin.standing] {
        if !part.is_empty() {
            left.push_str(" · ");
            left.push_str(part);
        }
    }
    let seal = format!("seal {}", origin.seal);
    format!(
        "/* Made for this transcript: what stands on each printed sheet. */\n@page {{\n  margin: 16mm 14mm 20mm;\n  \
         @bottom-left {{ content: {} \"\\A \" {}; white-space: pre-line; font: 7.5pt/1.35 ui-monospace, monospace; color: #444; width: 80%; }}\n  \
         @bottom-right {{ content: counter(page) \" / \" counter(pages); font: 7.5pt/1.35 ui-monospace, monospace; color: #444; }}\n}}\n",
        css_string(&left),
        css_string(&seal)
    )
}

/// A string of a style sheet: letters and digits as they are, all else by its number.
fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || " .,:-_/+@()".contains(letter) {
            out.push(letter);
        } else if letter.is_control() {
            out.push(' ');
        } else {
            let _ = write!(out, "\\{:x} ", u32::from(letter));
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_string() {
        assert_eq!(css_string("a\"}b\\\n<é"), "\"a\\22 \\7d b\\5c  \\3c \\e9 \"");
    }

    #[test]
    fn nothing_is_allowed_from_elsewhere() {
        assert!(POLICY.starts_with("default-src 'none'"));
        for word in ["http", "unsafe", "*", "data:", "blob:"] {
            assert!(!POLICY.contains(word), "{word}");
        }
    }
}
