//! Counts records in a line that is too long to be held: the same scanner, fed piece by piece.
//!
//! Invariant: what [`Passing`] counts in the pieces of a line is what [`super::count()`] counts in the whole, wherever it
//! is cut. The line's type may stand behind everything else, so each body that the line may turn out to have is counted
//! apart, and the type decides at the end. Memory is some kilobytes whatever the line holds: of a name only as much
//! is kept as tells it from every name that counts, and of nesting only a number.

use super::{LEVELS, Level, counted, interesting, kinds};
use crate::source::tally::{Counts, NONE, add};

/// Bytes kept of a string; no name that counts is so long.
const WORD: usize = 40;

/// Counts the records of one line.
#[derive(Debug)]
pub struct Passing {
    levels: Vec<Held>,
    /// Brackets open below the levels.
    deeper: u64,
    within: Within,
    /// The beginning of the string being read.
    word: Vec<u8>,
    /// The beginning of the last string in the levels.
    name: Vec<u8>,
    /// The string being read, not yet known to be empty, is a value that counts unless it is.
    undecided: bool,
    /// The string before this one was the name `type`.
    names_type: bool,
    kind: Option<Vec<u8>>,
    bodies: Vec<Body>,
}

/// A level of brackets.
#[derive(Debug)]
struct Held {
    key: Vec<u8>,
    array: bool,
    expects_value: bool,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    Text,
    Escape,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// What one member of the outermost object holds.
#[derive(Debug)]
struct Body {
    name: Vec<u8>,
    counts: Counts,
    plain_members: u64,
}

impl Default for Passing {
    fn default() -> Self {
        Self {
            levels: Vec::with_capacity(LEVELS),
            deeper: 0,
            within: Within::Nothing,
            word: Vec::with_capacity(WORD),
            name: Vec::with_capacity(WORD),
            undecided: false,
            names_type: false,
            kind: None,
            bodies: Vec::new(),
        }
    }
}

impl Passing {
    /// Reads the next bytes of the line.
    pub fn feed(&mut self, part: &[u8]) {
        let mut rest = part;
        while let Some((&byte, after)) = rest.split_first() {
            rest = match self.within {
                Within::Text => self.text(rest),
                Within::Escape => {
                    self.keep(&[byte]);
                    self.within = Within::Text;
                    after
                }
                Within::Scalar if byte.is_ascii_alphanumeric() => after,
                Within::Nothing | Within::Scalar => {
                    self.within = Within::Nothing;
                    self.token(byte);
                    after
                }
            };
        }
    }

    /// What the line holds.
    pub fn finish(mut self) -> Counts {
        if matches!(self.within, Within::Text | Within::Escape) {
            self.string_ends();
        }
        let mut total = NONE;
        for body in self.bodies.iter_mut().filter(|body| self.kind.as_ref() == Some(&body.name)) {
            // Participants say more than members; where a direct channel has both, they are the members once more.
            let members = &mut body.counts[usize::from(kinds::CHANNEL_MEMBER)];
            if *members == 0 {
                *members = body.plain_members;
            }
            add(&mut total, &body.counts);
        }
        total
    }

    /// Reads on in a string.
    fn text<'p>(&mut self, rest: &'p [u8]) -> &'p [u8] {
        let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        self.keep(text);
        let Some((&byte, after)) = after.split_first() else { return after };
        if byte == b'"' {
            // Nothing was kept and nothing escaped: the string is empty, and an empty member counts for nothing.
            self.undecided &= !self.word.is_empty();
            self.string_ends();
            self.within = Within::Nothing;
        } else {
            self.keep(b"\\");
            self.within = Within::Escape;
        }
        after
    }

    fn keep(&mut self, text: &[u8]) {
        let room = WORD.saturating_sub(self.word.len());
        self.word.extend_from_slice(text.get(..room).unwrap_or(text));
    }

    fn string_ends(&mut self) {
        if std::mem::take(&mut self.undecided) {
            self.tally();
        }
        if self.deeper > 0 {
            self.names_type = false;
            return;
        }
        self.name.clone_from(&self.word);
        if self.levels.len() == 1 {
            if self.names_type && self.kind.is_none() {
                self.kind = Some(self.word.clone());
            }
            self.names_type = self.word == b"type";
        } else {
            self.names_type = false;
        }
    }

    /// Reads a byte outside strings and scalars.
    fn token(&mut self, byte: u8) {
        if byte == b',' {
            self.names_type = false;
        }
        if self.deeper > 0 {
            // Nothing is counted down here; only find the way back.
            match byte {
                b'"' => self.begin_string(),
                b'{' | b'[' => self.deeper += 1,
                b'}' | b']' => self.deeper -= 1,
                _ => {}
            }
            return;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b':' => {
                if let Some(level) = self.levels.last_mut() {
                    level.key.clone_from(&self.name);
                    level.expects_value = true;
                }
            }
            b',' => {
                if let Some(level) = self.levels.last_mut() {
                    level.expects_value = level.array;
                }
            }
            b'}' | b']' => {
                self.levels.pop();
            }
            _ => self.value(byte),
        }
    }

    /// Reads the first byte of what may be a value.
    fn value(&mut self, byte: u8) {
        let (expected, element) = self
            .levels
            .last_mut()
            .map_or((false, false), |level| (std::mem::take(&mut level.expects_value), level.array));
        self.undecided = expected && !element && byte == b'"';
        if expected && !self.undecided && byte != b'n' {
            self.tally();
        }
        match byte {
            b'"' => self.begin_string(),
            b'{' | b'[' => self.open(byte == b'['),
            _ => self.within = Within::Scalar,
        }
    }

    fn begin_string(&mut self) {
        self.word.clear();
        self.within = Within::Text;
    }

    fn open(&mut self, array: bool) {
        let last = self.levels.last();
        let is_useful =
            |level: &Held| interesting(&[Level { key: &level.key, array: level.array, expects_value: false }]);
        if self.levels.len() < LEVELS && (self.levels.len() < 2 || last.is_some_and(is_useful)) {
            let key = last.filter(|level| array || level.array).map_or_else(Vec::new, |level| level.key.clone());
            self.levels.push(Held { key, array, expects_value: array });
        } else {
            self.deeper = 1;
        }
    }

    /// A value that is there counts for what its place says.
    fn tally(&mut self) {
        let mut path: [&[u8]; LEVELS] = [&[]; LEVELS];
        let mut depth = 0;
        for level in self.levels.iter().filter(|level| !level.array) {
            path[depth] = &level.key;
            depth += 1;
        }
        let element = self.levels.last().is_some_and(|level| level.array);
        let of_a_post = matches!(path[0], b"post" | b"direct_post");
        if of_a_post && self.levels.len() > 1 && !element {
            return;
        }
        let plain = element && path[..depth] == [&b"direct_channel"[..], b"members"];
        let rank = if plain { Some(kinds::CHANNEL_MEMBER) } else { counted(&path[..depth], element) };
        let Some(rank) = rank else { return };
        // Only a name that counts gets here, so there are no more bodies than such names.
        let at = self.bodies.iter().position(|body| body.name == path[0]).unwrap_or_else(|| {
            self.bodies.push(Body { name: path[0].to_vec(), counts: NONE, plain_members: 0 });
            self.bodies.len() - 1
        });
        let body = &mut self.bodies[at];
        if plain {
            body.plain_members += 1;
        } else {
            body.counts[usize::from(rank)] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::count;
    use super::*;

    fn whole(line: &[u8]) -> Counts {
        let mut counts = NONE;
        count(line, &mut counts);
        counts
    }

    fn in_pieces(line: &[u8], length: usize) -> Counts {
        let mut passing = Passing::default();
        line.chunks(length).for_each(|piece| passing.feed(piece));
        passing.finish()
    }

    #[track_caller]
    fn same(line: &[u8]) {
        let expected = whole(line);
        for length in [1, 2, 3, 7, line.len().max(1)] {
            assert_eq!(in_pieces(line, length), expected, "{length}: {}", String::from_utf8_lossy(line));
        }
    }

    /// Lines that count for something in every way there is.
    const LINES: [&str; 15] = [
        r#"{"type":"post","post":{"team":"t","message":"[{\"replies\":[1,2]","props":{"attachments":[{"fields":[1,2]}],"reactions":[1]},"reactions":[{"user":"a"},{"user":"b"}],"flagged_by":["x",""],"replies":[{"user":"u","reactions":null,"attachments":[{"path":"p"}],"replies":[1]},{"reactions":[{"user":"c"}],"flagged_by":[]}],"thread_followers":[{"user":"z"}]}}"#,
        r#"{"post":{"reactions":[1,true ,-2.5e+3,null,"x",0]},"type":"post"}"#,
        r#"{"direct_post":{"replies":[{},{}]},"post":{"replies":[1]},"type":"direct_post","x":[[[[[[[[[[]]]]]]]]]]}"#,
        r#"{"type":"user","user":{"username":"a","profile_image":"x","teams":[{"channels":[{"name":"c"},{"name":"d"}]},{"name":"u","channels":null}]}}"#,
        r#"{"type":"user","user":{"profile_image":"","teams":null}}"#,
        r#"{"type":"user","user":{"profile_image":"\u0000"}}"#,
        r#"{"type":"bot","bot":{"profile_image":""#,
        r#"{"type":"bot","bot":{"profile_image":"\"#,
        r#"{"type":"direct_channel","direct_channel":{"members":["a","b"],"header":""}}"#,
        r#"{"type":"direct_channel","direct_channel":{"members":["a","b"],"participants":[{},{},{}]}}"#,
        r#"{"type":"scheme","scheme":{"default_team_admin_role":{"permissions":["a"]},"default_team_user_role":null,"default_channel_guest_role":{}}}"#,
        r#"{"bot":{"username":"type"},"type":"bot"}"#,
        r#"{"type":"post","post":{"message""replies":{"post"}}:1}}"#,
        r#"{"type":"version","version":1,"info":{"version":"11"}}"#,
        r#"{"a_name_that_is_longer_than_any_that_means_something":{"type":"x"},"type":"team","team":{}}"#,
    ];

    #[test]
    fn pieces_hold_what_the_whole_holds() {
        for line in LINES {
            assert!(whole(line.as_bytes()).iter().sum::<u64>() > 0, "{line}");
            // Cut short anywhere, too.
            (0..=line.len()).for_each(|end| same(&line.as_bytes()[..end]));
        }
    }

    #[test]
    fn memory_does_not_follow_what_the_line_says() {
        let mut passing = Passing::default();
        passing.feed(br#"{"type":"post","post":{"replies":[{"props":"#);
        (0..100_000).for_each(|_| passing.feed(br#"[{"type":{"#));
        (0..100_000).for_each(|_| passing.feed(b"}}]"));
        (0..100_000).for_each(|at| passing.feed(format!(r#","name{at}":"{at}""#).as_bytes()));
        passing.feed(b"}]");
        (0..100_000).for_each(|_| passing.feed(br#","message":"mmmm""#));
        assert!(passing.word.capacity() <= 2 * WORD && passing.levels.len() <= LEVELS && passing.bodies.len() == 1);
        assert_eq!(passing.finish()[usize::from(kinds::POST)], 2);
    }

    fn bits() -> impl Strategy<Value = String> {
        let words = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "null",
            "1",
            " ",
            "\"type\":",
            "\"post\"",
            "\"post\":{",
            "\"user\"",
            "\"teams\":[{",
            "\"channels\":[",
            "\"replies\":[",
            "\"reactions\":[",
            "\"members\":[",
            "\"participants\":[{",
            "\"direct_channel\":{",
            "\"profile_image\":",
            "\"\"",
            "\"x\"",
            "\"bot\":{",
            "\"default_team_admin_role\":",
            "\"type\":\"user\"",
            "\"user\":{",
            "\"type\":\"direct_channel\"",
            "\"scheme\":{",
        ]);
        prop::collection::vec(words, 0..30).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_of_anything_hold_what_the_whole_holds(text in bits(), line in prop::sample::select(LINES.to_vec()), at in any::<prop::sample::Index>()) {
            same(text.as_bytes());
            same(format!("{{{text}").as_bytes());
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            let (before, after) = line.split_at(*at.get(&places));
            same(format!("{before}{text}{after}").as_bytes());
        }
    }
}
