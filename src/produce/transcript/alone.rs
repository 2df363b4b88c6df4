//! Texts of people on a page that is no transcript, such as a report: drawn as in a transcript, and leading nowhere.

use super::escape;
use super::inline::Surroundings;
use super::markdown;
use super::naming::Naming;
use crate::produce::{Directory, Scope};

/// Draws texts with the names of an archive.
#[derive(Debug)]
pub(in crate::produce) struct Reader(Naming);

impl Reader {
    /// With the names of `directory`.
    pub(in crate::produce) fn new(directory: &Directory) -> Self {
        Self(Naming::new(directory, &Scope::default()))
    }

    /// Appends `source`, which was written in this team, as HTML blocks.
    pub(in crate::produce) fn write(&self, out: &mut String, source: &str, team: &str) {
        markdown::write(out, source, &Surroundings { naming: &self.0, team, top: None });
    }
}

/// Appends a name (of a person, a task, a file) as the content of an element.
pub(in crate::produce) fn name(out: &mut String, text: &str) {
    escape::name(out, text);
}

#[cfg(test)]
mod tests {
    use super::super::naming::sample;
    use super::*;

    #[test]
    fn nothing_leads_anywhere() {
        let reader = Reader(sample());
        for text in [
            "see ~town-square and #outage",
            "https://chat.example.org/team/pl/abcdefghijklmnopqrstuvwxyz",
            "[here](https://chat.example.org/team/pl/abcdefghijklmnopqrstuvwxyz)",
            "<script>alert(1)</script><a href=x>y</a>",
            "![x](http://e/x.png) @alice :tada:",
        ] {
            let mut out = String::new();
            reader.write(&mut out, text, "teamid");
            assert!(!["<a", "href=\"", "<img", "<script"].iter().any(|bad| out.contains(bad)), "{out}");
        }
    }
}
