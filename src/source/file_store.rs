//! Mattermost's file store: what lies where below its folder, and which of it no row names.
//!
//! ```text
//! 20261121/teams/…/channels/…/users/…/ID/NAME    attachments; `NAME_thumb`, `NAME_preview` beside them
//! bookmark/teams/…/ID/NAME                       files of bookmarks
//! users/ID/profile.png   teams/ID/teamIcon.png   emoji/ID/image   brand/image.png
//! export/ import/ plugins/ legal_hold/           the server's own
//! ```
//!
//! Only a file that could be somebody's attachment is a gap when no row names it: it is what a purge leaves behind. The
//! rest is counted by its place.
//!
//! Paths of rows are hostile; how they are opened is the business of [`super::contents`]. A backslash is an ordinary
//! character here: names such as `..\..\evil.txt` exist, and lead nowhere.

use std::collections::{BTreeMap, HashSet};

use super::contents::{Contents, Gap};
use crate::record::exception::{Class, Exception};
use crate::record::id::is_row;

/// What lies at a place of the file store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An attachment of a post or bookmark, also as servers before 3.5 kept them.
    Attachment,
    /// A smaller picture of an attachment.
    Preview,
    /// A picture of a user.
    ProfilePicture,
    /// A picture of a team.
    TeamIcon,
    /// A custom emoji.
    Emoji,
    /// The server's own picture.
    Brand,
    /// What the server exported.
    Export,
    /// What the server imports, or was given to import.
    Import,
    /// Programs.
    Plugin,
    /// What the legal-hold plugin collected.
    LegalHold,
    /// Nothing that Mattermost puts there.
    Other,
}

impl Place {
    /// Its word in counts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Preview => "preview",
            Self::ProfilePicture => "profile_picture",
            Self::TeamIcon => "team_icon",
            Self::Emoji => "emoji",
            Self::Brand => "brand",
            Self::Export => "export",
            Self::Import => "import",
            Self::Plugin => "plugin",
            Self::LegalHold => "legal_hold",
            Self::Other => "other",
        }
    }

    /// The place that a path leads to. That a picture is a preview shows only the attachment beside it ([`survey`]).
    pub fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["users", _, name] if name.starts_with("profile") => Self::ProfilePicture,
            ["teams", _, "teamIcon.png"] => Self::TeamIcon,
            ["teams", _, "channels", ..] | ["bookmark", ..] => Self::Attachment,
            ["emoji", _, "image"] => Self::Emoji,
            ["brand", ..] => Self::Brand,
            ["export", ..] => Self::Export,
            ["import", ..] => Self::Import,
            ["plugins", ..] => Self::Plugin,
            ["legal_hold", ..] => Self::LegalHold,
            [day, _, ..] if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) => Self::Attachment,
            _ => Self::Other,
        }
    }
}

/// Where the image of an emoji lies.
pub fn emoji_image(id: &str) -> String {
    format!("emoji/{id}/image")
}

/// Users that have a picture, and where it lies, in order of their ids.
pub fn profile_pictures(contents: &Contents) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = contents
        .paths()
        .filter_map(|(path, _)| {
            let path = std::str::from_utf8(path).ok()?;
            let id = path.strip_prefix("users/")?.strip_suffix("/profile.png")?;
            is_row(id).then(|| (id.to_owned(), path.to_owned()))
        })
        .collect();
    found.sort_unstable();
    found
}

/// What no row names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files that could be attachments, sorted.
    pub attachments: Vec<String>,
    /// How many other files lie at which place.
    pub others: BTreeMap<Place, u64>,
}

/// Looks through everything that was listed; to be called when all rows were seen.
pub fn survey(contents: &Contents) -> Survey {
    let named: HashSet<&[u8]> =
        contents.paths().filter(|(_, is_named)| *is_named).map(|(path, _)| without_extension(path)).collect();
    let mut survey = Survey::default();
    for (path, _) in contents.paths().filter(|(_, is_named)| !is_named) {
        let text = String::from_utf8_lossy(path).into_owned();
        let is_preview = || {
            let stem = without_extension(path);
            let original = stem.strip_suffix(b"_thumb").or_else(|| stem.strip_suffix(b"_preview"));
            original.is_some_and(|original| named.contains(original))
        };
        match Place::of(&text) {
            Place::Attachment if is_preview() => *survey.others.entry(Place::Preview).or_default() += 1,
            Place::Attachment => survey.attachments.push(text),
            place => *survey.others.entry(place).or_default() += 1,
        }
    }
    survey.attachments.sort_unstable();
    survey
}

impl Survey {
    /// One exception for each file that could be an attachment, and one for all that nobody can explain.
    pub fn exceptions(&self) -> impl Iterator<Item = Exception> {
        let exception = |object: String, found: String| Exception {
            class: Class::FileUnreferenced,
            object,
            expected: "a record that names it",
            found,
            records: 0,
        };
        let strange = self.others.get(&Place::Other).copied().unwrap_or(0);
        self.attachments.iter().map(move |path| exception(path.clone(), "none; not collected".to_owned())).chain(
            (strange > 0).then(|| {
                exception("(file store)".to_owned(), format!("{strange} files at places that Mattermost does not use"))
            }),
        )
    }
}

/// A path up to the last `.` of its last part.
fn without_extension(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| matches!(byte, b'.' | b'/')) {
        Some(at) if path.get(at) == Some(&b'.') => path.get(..at).unwrap_or(path),
        _ => path,
    }
}

/// What is to be said when a file has another length than its row states. The bytes on the disk are evidence all the
/// same and are collected.
pub fn size_mismatch(stated: i64, found: u64) -> Option<Gap> {
    let differs = u64::try_from(stated) != Ok(found);
    differs.then(|| Gap {
        class: Class::FileSizeMismatch,
        found: format!("{found} bytes, which are collected; its row states {stated}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "kffzxabdqpdjzqhgoimfsnz6cr";

    fn store(paths: &[&str]) -> (tempfile::TempDir, Contents) {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let contents = Contents::folder(dir.path()).unwrap();
        (dir, contents)
    }

    #[test]
    fn what_a_purge_left_behind_is_told_from_what_belongs() {
        let day = "20261121/teams/noteam/channels/c/users/u";
        let path = |rest: &str| format!("{day}/{rest}");
        let (named, thumb, preview) = (path("f/a.b.png"), path("f/a.b_thumb.jpg"), path("f/a.b_preview.jpg"));
        let (left, alone) = (path("g/left.txt"), path("h/gone_thumb.jpg"));
        let picture = format!("users/{ID}/profile.png");
        let legacy = "teams/t/channels/c/users/u/x/old.doc";
        let (_dir, contents) = store(&[
            &named,
            &thumb,
            &preview,
            &left,
            &alone,
            &picture,
            legacy,
            "emoji/e/image",
            "brand/image.png",
            "export/2026/a.zip",
            "import/b.zip",
            "plugins/p.tar.gz",
            "legal_hold/x",
            "teams/t/teamIcon.png",
            "readme",
        ]);
        contents.mark_named(&named);
        let survey = survey(&contents);
        assert_eq!(survey.attachments, [left, alone, legacy.to_owned()]);
        let counts: Vec<_> = survey.others.iter().map(|(place, count)| (place.word(), *count)).collect();
        let expected = [
            ("preview", 2),
            ("profile_picture", 1),
            ("team_icon", 1),
            ("emoji", 1),
            ("brand", 1),
            ("export", 1),
            ("import", 1),
            ("plugin", 1),
            ("legal_hold", 1),
            ("other", 1),
        ];
        assert_eq!(counts, expected);
        assert_eq!(survey.exceptions().count(), 4);
        assert_eq!(profile_pictures(&contents), [(ID.to_owned(), picture)]);
    }

    #[test]
    fn a_length_is_compared_with_what_the_row_states() {
        assert_eq!(size_mismatch(5, 5), None);
        for (stated, found) in [(5, 6), (-1, u64::MAX), (0, 1)] {
            assert_eq!(size_mismatch(stated, found).unwrap().class, Class::FileSizeMismatch);
        }
    }
}
