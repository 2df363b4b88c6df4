//! Counts rows of kinds that take only some of a table's rows: a preference that marks a post, a setting that is no
//! secret.
//!
//! Invariant: shares no code with the decoder, so that a mistake of the decoder cannot hide here. A row that does not
//! tell plainly that it is another counts: the decoder must make a record of it, or state why it cannot.

use crate::source::catalogue::{Rank, of_table, table};
use crate::source::rows::ColumnFound;

/// The kinds of one table that take only some of its rows.
#[derive(Debug, Default)]
pub(super) struct Only {
    /// Columns of the table.
    width: usize,
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    rank: Rank,
    /// The column that decides.
    position: usize,
    /// What it must hold, or with a star begin with.
    values: &'static [&'static str],
    rows: u64,
}

impl Only {
    /// What is to be counted in rows of the table `name` with these columns.
    pub(super) fn new(name: &str, columns: &[ColumnFound]) -> Self {
        let kind = |rank| {
            let (decides, values) = table(rank).only?;
            let position = columns.iter().position(|column| column.name.eq_ignore_ascii_case(decides))?;
            Some(Kind { rank, position, values, rows: 0 })
        };
        Self { width: columns.len(), kinds: of_table(name).filter_map(kind).collect() }
    }

    /// Counts rows, each with its line feed.
    pub(super) fn count(&mut self, rows: &[u8]) {
        if self.kinds.is_empty() {
            return;
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', rows) {
            let row = &rows[std::mem::replace(&mut start, end + 1)..end];
            let fields = plain_fields(row, self.width);
            for kind in &mut self.kinds {
                let field = fields.as_ref().and_then(|fields| fields.get(kind.position));
                kind.rows += u64::from(!field.is_some_and(|field| is_none_of(field, kind.values)));
            }
        }
    }

    /// Counts a row that is too long to be looked at.
    pub(super) fn count_unseen(&mut self) {
        self.kinds.iter_mut().for_each(|kind| kind.rows += 1);
    }

    /// How many rows each kind has.
    pub(super) fn finish(self) -> Vec<(Rank, u64)> {
        self.kinds.into_iter().map(|kind| (kind.rank, kind.rows)).collect()
    }
}

/// The fields of a row, if it is plainly one of so many.
fn plain_fields(row: &[u8], width: usize) -> Option<Vec<&[u8]>> {
    let ends_well = |field: &[u8]| field.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
    // No more than needed are kept, however many tabs a row has.
    let fields: Vec<&[u8]> = row.split(|byte| *byte == b'\t').take(width + 1).collect();
    let is_plain = fields.len() == width && fields.iter().all(|field| ends_well(field));
    (is_plain && std::str::from_utf8(row).is_ok()).then_some(fields)
}

/// Whether a field plainly holds something else, or nothing.
fn is_none_of(field: &[u8], values: &[&str]) -> bool {
    if field == b"\\N" {
        return true;
    }
    let Some(text) = meant(field) else { return false };
    !values.iter().any(|value| match value.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == *value,
    })
}

/// The characters that a field of COPY text means; `None` if that is no text.
fn meant(field: &[u8]) -> Option<String> {
    let mut bytes = field.iter().copied().peekable();
    let mut out = Vec::with_capacity(field.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let escape = bytes.next()?;
        let mut number = 0_u8;
        match escape {
            b'0'..=b'7' => {
                number = escape - b'0';
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|byte| matches!(byte, b'0'..=b'7')) else { break };
                    number = number.wrapping_mul(8).wrapping_add(digit - b'0');
                }
            }
            b'x' if bytes.peek().is_some_and(u8::is_ascii_hexdigit) => {
                for _ in 0..2 {
                    let digit = bytes.peek().and_then(|byte| char::from(*byte).to_digit(16));
                    let Some(digit) = digit.and_then(|digit| u8::try_from(digit).ok()) else { break };
                    number = number.wrapping_mul(16).wrapping_add(digit);
                    bytes.next();
                }
            }
            b'b' => number = 8,
            b't' => number = 9,
            b'n' => number = 10,
            b'v' => number = 11,
            b'f' => number = 12,
            b'r' => number = 13,
            other => number = other,
        }
        out.push(number);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::catalogue::SAVED_POST;
    use crate::source::rows::encode::Encoder;
    use crate::source::rows::plan::Plan;

    fn columns() -> [ColumnFound; 4] {
        ["userid", "category", "name", "value"]
            .map(|name| ColumnFound { name: name.to_owned(), declared: String::new() })
    }

    fn counted(row: &[u8]) -> u64 {
        let mut only = Only::new("Preferences", &columns());
        only.count(&[row, b"\n"].concat());
        only.finish().into_iter().map(|(_, rows)| rows).sum()
    }

    /// Whether the decoder makes something of the row, be it a fault.
    fn decoded(row: &[u8]) -> u64 {
        let plan = Plan::new(SAVED_POST, &columns()).unwrap();
        let mut encoder = Encoder::new(&plan);
        let other = encoder.row(row).is_ok_and(|row| row.matches_only() == Ok(false));
        u64::from(!other)
    }

    #[test]
    fn a_row_counts_unless_it_plainly_is_another() {
        for (row, counts) in [
            ("u\tflagged_post\tp\ttrue", 1),
            ("u\t\\x66lagged_\\160ost\tp\ttrue", 1),
            ("u\ttheme\tp\tflagged_post", 0),
            ("u\t\\N\tp\tx", 0),
            ("u\tflagged_posts\tp\tx", 0),
            ("u\t\tp\tx", 0),
            ("u\tthe\\qme\tp\tx", 0),
            ("u\ttheme\tp", 1),
            ("u\ttheme\tp\tx\ty", 1),
            ("u\ttheme\\\tp\tx", 1),
            ("u\ttheme\tp\tx\\", 1),
            ("u\t\\377\tp\tx", 1),
            ("", 1),
        ] {
            assert_eq!((counted(row.as_bytes()), decoded(row.as_bytes())), (counts, counts), "{row}");
        }
        assert_eq!((counted(b"u\ttheme\tp\t\xff"), decoded(b"u\ttheme\tp\t\xff")), (1, 1));
        let mut only = Only::new("posts", &columns());
        only.count(b"a\nb\n");
        assert_eq!(only.finish(), []);
        let mut only = Only::new("preferences", &columns());
        only.count(b"u\tflagged_post\tp\ttrue\nu\ttheme\tp\ttrue\nu\tflagged_post\tq\ttrue\n");
        only.count_unseen();
        assert_eq!(only.finish(), [(SAVED_POST, 3)]);
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_is_decoded(fields in prop::collection::vec(r"(flagged_post|[a-z_\\0-7xNbtf]{0,12}|\\x6[0-9]?|\\146lagged_post)", 1..6)) {
            let row = fields.join("\t");
            prop_assert_eq!(counted(row.as_bytes()), decoded(row.as_bytes()), "{}", row);
        }
    }
}
