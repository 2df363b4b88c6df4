//! Columns, written as words: `field`, `field:shape`, `field=column`, `field=column:shape`.
//!
//! Mattermost's column names are its field names without the underscores (`create_at`, `createat`, `CreateAt`), so a
//! column is only spelled out where that is not so. Words are taken apart when the program is compiled; a word that
//! cannot be understood does not compile.

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name of the field in `data`.
    pub field: &'static str,
    /// Name of the column where it does not follow from the field, and names it had before, parted by `|`; otherwise
    /// empty.
    pub column: &'static str,
    /// How its values are written.
    pub shape: Shape,
}

/// How the values of a column are written (chatseal-archive(5), "Values").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string. Also enumerations, and numbers with a fraction, as the server prints them.
    Text,
    /// An integer.
    Integer,
    /// Epoch milliseconds.
    Millis,
    /// Epoch seconds.
    Seconds,
    /// Epoch nanoseconds.
    Nanos,
    /// A point in time of the database's own type, in UTC: `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
    Timestamp,
    /// `true` or `false`.
    Bool,
    /// JSON, embedded as it stands; a text that holds an object or array counts too.
    Json,
    /// Bytes, in base64.
    Bytes,
    /// A one-dimensional array of texts, as a JSON array.
    Array,
    /// A text in which values after `token=` are replaced by the word `redacted`.
    Tokens,
    /// URLs, as text or as a JSON array, that end behind their host: the rest of a hook's URL is its credential.
    Hosts,
    /// JSON of a post, in which what its buttons send to integrations is replaced by the word `redacted`.
    Buttons,
    /// JSON, as text or as bytes, in which members that hold credentials have the value `redacted`.
    Guarded,
    /// The same in a column that the source declares as `bytea`, whichever of its two spellings the source uses.
    GuardedBytes,
}

impl Shape {
    /// What is replaced by the word `redacted` in values of this shape; `None` if they are kept as they are.
    pub fn redacts(self) -> Option<&'static str> {
        match self {
            Self::Tokens => Some("values after `token=`"),
            Self::Hosts => Some("what stands behind the host of a URL, and the user before it"),
            Self::Guarded | Self::GuardedBytes => Some("members that hold credentials"),
            Self::Buttons => {
                Some("attachments[].actions[].integration: the context, and the user, query and fragment of the URL")
            }
            _ => None,
        }
    }
}

impl Column {
    /// Whether a column of the source, in any case, is this one.
    pub fn is(&self, name: &str) -> bool {
        if !self.column.is_empty() {
            return self.column.split('|').any(|column| column.eq_ignore_ascii_case(name));
        }
        let bare = self.field.bytes().filter(|b| *b != b'_');
        let lower = || name.bytes().map(|b| b.to_ascii_lowercase());
        lower().eq(bare) || lower().eq(self.field.bytes())
    }
}

/// How many words a text has.
pub(super) const fn count(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut words) = (0, 0);
    while at < bytes.len() {
        if bytes[at] != b' ' && (at == 0 || bytes[at - 1] == b' ') {
            words += 1;
        }
        at += 1;
    }
    words
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("the catalogue is UTF-8"),
    }
}

/// Position of `sought` in `bytes`, or their length.
const fn find(bytes: &[u8], sought: u8) -> usize {
    let mut at = 0;
    while at < bytes.len() && bytes[at] != sought {
        at += 1;
    }
    at
}

/// The words of a text.
pub(super) const fn split<const N: usize>(words: &'static str) -> [&'static str; N] {
    let mut parts = [""; N];
    let mut rest = words.as_bytes();
    let mut part = 0;
    while part < N {
        let end = find(rest, b' ');
        let (word, tail) = rest.split_at(end);
        if !word.is_empty() {
            parts[part] = text(word);
            part += 1;
        }
        rest = if tail.is_empty() { tail } else { tail.split_at(1).1 };
    }
    parts
}

/// The columns that words stand for.
pub(super) const fn parse<const N: usize>(words: &'static str) -> [Column; N] {
    let split: [&'static str; N] = split(words);
    let mut columns = [Column { field: "", column: "", shape: Shape::Text }; N];
    let mut at = 0;
    while at < N {
        columns[at] = column(split[at].as_bytes());
        at += 1;
    }
    columns
}

const fn column(word: &'static [u8]) -> Column {
    let (name, shape) = word.split_at(find(word, b':'));
    let (field, column) = name.split_at(find(name, b'='));
    let column = if column.is_empty() { column } else { column.split_at(1).1 };
    Column { field: text(field), column: text(column), shape: shape_of(shape) }
}

const fn shape_of(word: &[u8]) -> Shape {
    match word {
        b"" => Shape::Text,
        b":int" => Shape::Integer,
        b":ms" => Shape::Millis,
        b":s" => Shape::Seconds,
        b":ns" => Shape::Nanos,
        b":tz" => Shape::Timestamp,
        b":bool" => Shape::Bool,
        b":json" => Shape::Json,
        b":bytes" => Shape::Bytes,
        b":array" => Shape::Array,
        b":tokens" => Shape::Tokens,
        b":hosts" => Shape::Hosts,
        b":guarded" => Shape::Guarded,
        b":buttons" => Shape::Buttons,
        _ => panic!("a shape that the catalogue does not know"),
    }
}

/// `to:field` words as reaches.
pub(super) const fn links<const N: usize>(words: &'static str) -> [super::Reach; N] {
    let split: [&'static str; N] = split(words);
    let mut reaches = [super::Reach { to: super::To::Team, field: "" }; N];
    let mut at = 0;
    while at < N {
        let word = split[at].as_bytes();
        let (to, field) = word.split_at(find(word, b':'));
        reaches[at] = super::Reach { to: target(to), field: text(field.split_at(1).1) };
        at += 1;
    }
    reaches
}

const fn target(word: &[u8]) -> super::To {
    match word {
        b"team" => super::To::Team,
        b"channel" => super::To::Channel,
        b"user" => super::To::User,
        b"post" => super::To::Post,
        b"run" => super::To::Run,
        b"playbook" => super::To::Playbook,
        b"board" => super::To::Board,
        _ => panic!("nothing that a field can name"),
    }
}

/// A list of names.
macro_rules! words {
    ($words:literal) => {
        &$crate::source::catalogue::column::split::<{ $crate::source::catalogue::column::count($words) }>($words)
    };
}
/// A list of columns.
macro_rules! columns {
    ($words:literal) => {
        &$crate::source::catalogue::column::parse::<{ $crate::source::catalogue::column::count($words) }>($words)
    };
}
/// A list of reaches: `channel:channel_id user:creator_id`.
macro_rules! reaches {
    ($words:literal) => {
        &$crate::source::catalogue::column::links::<{ $crate::source::catalogue::column::count($words) }>($words)
    };
}
pub(super) use {columns, reaches, words};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_columns() {
        let found = parse::<4>("create_at:ms description=desc  props:json team_id=threadteamid|teamid");
        assert_eq!(found[0], Column { field: "create_at", column: "", shape: Shape::Millis });
        assert_eq!(found[1], Column { field: "description", column: "desc", shape: Shape::Text });
        assert_eq!(found[2].shape, Shape::Json);
        assert!(found[3].is("ThreadTeamId") && found[3].is("teamid") && !found[3].is("threadteamid|teamid"));
        assert!(found[0].is("createat") && found[0].is("CreateAt") && found[0].is("create_at"));
        assert!(!found[0].is("updateat") && found[1].is("Desc") && !found[1].is("description"));
    }
}
