//! The Markdown of posts, as Mattermost reads it, turned into HTML of ours.
//!
//! The parser only tells what the text means; every tag is written here from a closed list, and HTML in a post is text.
//! A single line feed breaks the line, as it does in Mattermost.
//!
//! Invariants: pictures are named and never fetched; addresses outside are shown and never linked; what is nested
//! deeper than [`DEEPEST`] is shown flat, so that no post makes a page that a browser cannot lay out.

use std::fmt::Write as _;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::escape;
use super::inline::{self, Surroundings};

/// Containers inside of each other that are still drawn as such.
const DEEPEST: usize = 16;

/// Appends `source` as HTML blocks.
pub(super) fn write(out: &mut String, source: &str, around: &Surroundings<'_>) {
    if is_plain(source) {
        return paragraphs(out, source, around);
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer =
        Writer { out, around, open: Vec::new(), code: false, links: Vec::new(), cells: Vec::new(), cell: 0 };
    for event in TextMergeStream::new(Parser::new_ext(source, options)) {
        writer.event(event);
    }
    writer.close_all();
}

/// Whether nothing in the text is Markdown, so that no parser is needed: more than half of all posts.
fn is_plain(source: &str) -> bool {
    let special = |byte: u8| {
        matches!(
            byte,
            b'*' | b'_' | b'~' | b'[' | b'`' | b'#' | b'>' | b'|' | b'<' | b'\\' | b'&' | b'!' | b'\t' | b'\r'
        )
    };
    let starts = |byte: u8| matches!(byte, b' ' | b'-' | b'+' | b'=' | b'0'..=b'9');
    !source.bytes().any(special) && !source.split('\n').any(|line| line.bytes().next().is_some_and(starts))
}

fn paragraphs(out: &mut String, source: &str, around: &Surroundings<'_>) {
    for paragraph in source.split("\n\n").map(|paragraph| paragraph.trim_matches('\n')) {
        if paragraph.is_empty() {
            continue;
        }
        out.push_str("<p>");
        for (number, line) in paragraph.split('\n').enumerate() {
            if number > 0 {
                out.push_str("<br>\n");
            }
            inline::write(out, line, around);
        }
        out.push_str("</p>\n");
    }
}

/// A link whose text is being written.
#[derive(Debug)]
enum Link {
    /// To a post of this transcript.
    Inside,
    /// To an address outside; where its text began.
    Outside(String, usize),
}

#[derive(Debug)]
struct Writer<'o, 'a> {
    out: &'o mut String,
    around: &'a Surroundings<'a>,
    /// For each element under way what closes it; nothing for one that is not drawn.
    open: Vec<&'static str>,
    code: bool,
    links: Vec<Link>,
    cells: Vec<Alignment>,
    cell: usize,
}

impl Writer<'_, '_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) if self.code => escape::text(self.out, &text),
            Event::Text(text) if self.links.is_empty() => inline::write(self.out, &text, self.around),
            Event::Code(code) => {
                self.out.push_str("<code>");
                escape::text(self.out, &code);
                self.out.push_str("</code>");
            }
            Event::Text(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => escape::text(self.out, &text),
            Event::SoftBreak | Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(done) => self.out.push_str(if done { "☑ " } else { "☐ " }),
        }
    }

    /// Opens an element, drawn only while the nesting is shallow.
    fn open(&mut self, opens: &str, closes: &'static str) {
        if self.open.len() < DEEPEST {
            self.out.push_str(opens);
            self.open.push(closes);
        } else {
            self.open.push("");
        }
    }

    fn close(&mut self) {
        if let Some(closes) = self.open.pop() {
            self.out.push_str(closes);
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.open("<p>", "</p>\n"),
            Tag::Heading { level, .. } => self.open(heading(level), "</p>\n"),
            Tag::BlockQuote(_) => self.open("<blockquote>\n", "</blockquote>\n"),
            Tag::CodeBlock(kind) => self.start_code(&kind),
            Tag::HtmlBlock => self.open("<p class=\"source\">", "</p>\n"),
            Tag::List(None) => self.open("<ul>\n", "</ul>\n"),
            Tag::List(Some(first)) => {
                // Browsers count in 32 bits.
                let first = first.min(999_999_999);
                self.open(&format!("<ol start=\"{first}\">\n"), "</ol>\n");
            }
            Tag::Item => self.open("<li>", "</li>\n"),
            Tag::Table(cells) => {
                self.cells = cells;
                self.open(
                    "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table in a post\"><table>\n",
                    "</tbody></table></div>\n",
                );
            }
            Tag::TableHead => {
                self.cell = 0;
                self.open("<thead><tr>", "</tr></thead><tbody>\n");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.open("<tr>", "</tr>\n");
            }
            Tag::TableCell => {
                let class = match self.cells.get(self.cell) {
                    Some(Alignment::Right) => "<td class=\"right\" dir=\"auto\">",
                    Some(Alignment::Center) => "<td class=\"center\" dir=\"auto\">",
                    _ => "<td dir=\"auto\">",
                };
                self.cell = self.cell.saturating_add(1);
                self.open(class, "</td>");
            }
            Tag::Emphasis => self.open("<em>", "</em>"),
            Tag::Strong => self.open("<strong>", "</strong>"),
            Tag::Strikethrough => self.open("<s>", "</s>"),
            Tag::Link { dest_url, .. } => self.start_link(&dest_url),
            Tag::Image { dest_url, .. } => {
                self.out.push_str("<span class=\"outside\">[picture, not fetched: ");
                self.links.push(Link::Outside(dest_url.into_string(), usize::MAX));
            }
            _ => self.open("", ""),
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::CodeBlock => {
                self.code = false;
                self.close();
            }
            _ => self.close(),
        }
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        let language = match kind {
            CodeBlockKind::Fenced(words) => words.split([' ', ',', '\t']).next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        let mut opens = "<pre class=\"code\" tabindex=\"0\"".to_owned();
        if !language.is_empty() && language.len() <= 20 {
            opens.push_str(" data-language=\"");
            escape::attribute(&mut opens, &language.to_ascii_lowercase());
            opens.push('"');
        }
        opens.push_str("><code>");
        // Drawn at any depth: the text of code is not to run into what stands around it.
        self.out.push_str(&opens);
        self.open.push("</code></pre>\n");
        self.code = true;
    }

    fn start_link(&mut self, address: &str) {
        // Inside of another link, or of the words of a picture, there is none.
        let post = inline::permalink(address).filter(|_| self.links.is_empty());
        if let (Some(post), Some(top)) = (post, self.around.top) {
            inline::open_permalink(self.out, post, top);
            self.links.push(Link::Inside);
        } else {
            self.out.push_str("<span class=\"outside\">");
            self.links.push(Link::Outside(address.to_owned(), self.out.len()));
        }
    }

    fn end_link(&mut self) {
        match self.links.pop() {
            Some(Link::Inside) => self.out.push_str("</a>"),
            Some(Link::Outside(address, start)) => {
                let mut escaped = String::new();
                escape::text(&mut escaped, &address);
                // Where the address is the text, once is enough; `mailto:` says nothing more.
                let text = self.out.get(start..);
                if text.is_none_or(|text| text != escaped && escaped.strip_prefix("mailto:") != Some(text)) {
                    self.out.push(' ');
                    inline::address(self.out, &address);
                }
                self.out.push_str(if start == usize::MAX { "]</span>" } else { "</span>" });
            }
            None => {}
        }
    }
}

/// Headings of a post are no headings of the page: they would break its outline.
fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "<p class=\"heading one\">",
        HeadingLevel::H2 => "<p class=\"heading two\">",
        _ => "<p class=\"heading\">",
    }
}

/// Appends the text of a short field (a header, a purpose) on one line: inline elements only.
pub(super) fn write_line(out: &mut String, source: &str, around: &Surroundings<'_>) {
    for (number, line) in source.lines().enumerate() {
        if number > 0 {
            let _ = out.write_str(" · ");
        }
        inline::write(out, line, around);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::naming::sample;
    use super::*;

    fn html(source: &str) -> String {
        let naming = sample();
        let mut out = String::new();
        write(&mut out, source, &Surroundings { naming: &naming, team: "teamid", top: Some(inline::TOP) });
        out
    }

    #[test]
    fn plain_text_keeps_its_lines() {
        assert_eq!(html("one\ntwo\n\n\nthree"), "<p>one<br>\ntwo</p>\n<p>three</p>\n");
        assert_eq!(html(""), "");
    }

    #[test]
    fn both_ways_agree_on_plain_text() {
        for source in ["a b c", "one\ntwo", "one\n\ntwo", "(x) y: z; \"q\" 'r' 1 2", "hello @alice :tada:"] {
            let mut slow = String::new();
            let naming = sample();
            let around = Surroundings { naming: &naming, team: "teamid", top: Some(inline::TOP) };
            let mut writer = Writer {
                out: &mut slow,
                around: &around,
                open: vec![],
                code: false,
                links: vec![],
                cells: vec![],
                cell: 0,
            };
            TextMergeStream::new(Parser::new(source)).for_each(|event| writer.event(event));
            assert_eq!(html(source), slow, "{source}");
        }
    }

    #[test]
    fn markdown_is_drawn() {
        assert_eq!(html("**b** _i_ ~~s~~ `c<`"), "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c&lt;</code></p>\n");
        assert_eq!(html("- a\n- b"), "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n");
        assert_eq!(
            html("```Rust\nlet a = \"<\";\n```"),
            "<pre class=\"code\" tabindex=\"0\" data-language=\"rust\"><code>let a = &quot;&lt;&quot;;\n</code></pre>\n"
        );
        assert!(
            html("|a|b|\n|-|-:|\n|1|2|")
                .contains("<tr><td dir=\"auto\">1</td><td class=\"right\" dir=\"auto\">2</td></tr>")
        );
        assert_eq!(html("# T"), "<p class=\"heading one\">T</p>\n");
    }

    #[test]
    fn html_is_text() {
        assert_eq!(
            html("<script>alert(1)</script>"),
            "<p class=\"source\">&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
        );
        assert_eq!(html("a <b onclick=x>b</b>"), "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n");
    }

    #[test]
    fn nothing_outside_is_linked_or_fetched() {
        for source in
            ["[x](javascript:alert(1))", "![x](http://e/x.png)", "<http://e/>", "[![x](a)](http://b)", "http://e/x"]
        {
            let html = html(source);
            assert!(!html.contains("<a ") && !html.contains("<img") && !html.contains(" href"), "{html}");
        }
        assert_eq!(html("<http://e/>"), "<p><span class=\"outside\">http://e/</span></p>\n");
        assert!(html("[here](https://x.example/t/pl/abcdefghijklmnopqrstuvwxyz)").contains("search.html#post="));
    }

    #[test]
    fn deep_nesting_is_shown_flat() {
        let html = html(&format!("{}x", ">".repeat(5000)));
        assert_eq!((html.matches("<blockquote>").count(), html.matches("</blockquote>").count()), (DEEPEST, DEEPEST));
        assert!(html.contains('x'));
    }

    /// Reads what was written, and panics on any tag that is not of the closed list or not closed in order.
    fn well_formed(html: &str) {
        const TAGS: [&str; 24] = [
            "p",
            "br",
            "hr",
            "em",
            "strong",
            "s",
            "code",
            "pre",
            "ul",
            "ol",
            "li",
            "blockquote",
            "table",
            "thead",
            "tbody",
            "tr",
            "td",
            "div",
            "span",
            "a",
            "img",
            "bdi",
            "th",
            "b",
        ];
        let mut open = Vec::new();
        for part in html.split('<').skip(1) {
            let (tag, rest) = part.split_once('>').expect("an unclosed tag");
            assert!(!rest.contains('>'), "a bare `>`: {html}");
            let name = tag.trim_start_matches('/').split(' ').next().unwrap();
            assert!(TAGS.contains(&name), "<{tag}>");
            match tag.strip_prefix('/') {
                Some(_) => assert_eq!(open.pop(), Some(name), "{html}"),
                None if matches!(name, "br" | "hr" | "img") => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{open:?} in {html}");
    }

    proptest! {
        #[test]
        fn any_text_gives_well_formed_elements(source in "[-a-z0-9<>\"'&*_~`#\\[\\]()!|:@/\\\\\n \u{202e}\u{5d0}.+=]{0,120}") {
            well_formed(&html(&source));
        }

        #[test]
        fn any_characters_give_well_formed_elements(source in "\\PC{0,60}") {
            well_formed(&html(&source));
        }
    }
}
