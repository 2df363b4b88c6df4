//! Time as the archive knows it: epoch milliseconds, UTC, and half-open windows.
//!
//! No function here reads a clock; `now` always arrives as an argument.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};

/// Epoch milliseconds, UTC. Negative before 1970.
pub type Millis = i64;

/// The largest magnitude that every JSON reader holds exactly: 2^53 − 1 (RFC 8259, section 6).
pub const MAX_EXACT: i64 = (1 << 53) - 1;

/// Whether every JSON reader holds `number` exactly.
pub fn is_exact(number: i64) -> bool {
    // `abs` of the least integer would overflow.
    number.unsigned_abs() <= MAX_EXACT.unsigned_abs()
}

/// A half-open span of time, `from <= t < until`; an absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First millisecond inside, or open.
    pub from: Option<Millis>,
    /// First millisecond outside, or open.
    pub until: Option<Millis>,
}

impl Window {
    /// Whether `at` lies inside.
    pub fn contains(self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether something that was there from `begin` until `end` was there inside. Without an end (0), or with one that
    /// lies before its beginning, it lasts until now.
    pub fn meets(self, begin: Millis, end: Millis) -> bool {
        self.until.is_none_or(|until| begin < until)
            && self.from.is_none_or(|from| end == 0 || end < begin || end >= from)
    }

    /// Whether both ends are open, so that everything is inside.
    pub fn is_open(self) -> bool {
        self.from.is_none() && self.until.is_none()
    }
}

/// Formats as `YYYY-MM-DDTHH:MM:SS.mmmZ`, the only spelling of a time in a seal.
///
/// Returns `None` outside the years 0000–9999, which that spelling cannot hold.
pub fn format(at: Millis) -> Option<String> {
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(at)?;
    let year = u32::try_from(time.year()).ok().filter(|year| *year <= 9999)?;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let numbers = [
        (3, year),
        (6, time.month()),
        (9, time.day()),
        (12, time.hour()),
        (15, time.minute()),
        (18, time.second()),
        (22, time.timestamp_subsec_millis()),
    ];
    for (mut at, mut number) in numbers {
        while number > 0 {
            text[at] = b"0123456789"[number as usize % 10];
            (number, at) = (number / 10, at.saturating_sub(1));
        }
    }
    std::str::from_utf8(&text).ok().map(str::to_owned)
}

/// Parses exactly what [`format()`] writes; any other spelling is `None`.
pub fn parse_exact(text: &str) -> Option<Millis> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
    (format(at).as_deref() == Some(text)).then_some(at)
}

/// Why a time given by a person was not accepted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TimeError {
    /// A bare number does not say whether it means seconds or milliseconds.
    #[error("`{0}` is a bare number; write `ms:{0}` for milliseconds or `s:{0}` for seconds since 1970")]
    Bare(String),
    /// Not one of the accepted spellings.
    #[error(
        "`{0}` is not a time; write RFC 3339 such as `2026-11-21T08:00:00Z`, a date such as `2026-11-21` (midnight UTC), `ms:…` or `s:…`"
    )]
    Spelling(String),
}

/// Parses a time as people write it: RFC 3339, a bare date (midnight UTC), `ms:N` or `s:N`.
///
/// A finer fraction than milliseconds is floored.
pub fn parse(text: &str) -> Result<Millis, TimeError> {
    let wrong = || TimeError::Spelling(text.to_owned());
    if let Some(number) = text.strip_prefix("ms:") {
        return number.parse().ok().filter(|at| is_exact(*at)).ok_or_else(wrong);
    }
    if let Some(number) = text.strip_prefix("s:") {
        let seconds: i64 = number.parse().map_err(|_| wrong())?;
        return seconds.checked_mul(1000).filter(|at| is_exact(*at)).ok_or_else(wrong);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !text[1..].contains('-') {
        return Err(TimeError::Bare(text.to_owned()));
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(NaiveDateTime::from(date).and_utc().timestamp_millis());
    }
    DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_millis()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seal_spelling_round_trips_and_is_the_only_one() {
        assert_eq!(format(1_795_251_300_000).as_deref(), Some("2026-11-21T08:55:00.000Z"));
        assert_eq!(parse_exact("2026-11-21T08:55:00.000Z"), Some(1_795_251_300_000));
        for other in ["2026-11-21T08:55:00Z", "2026-11-21T08:55:00.000+00:00", "2026-11-21t08:55:00.000z", ""] {
            assert_eq!(parse_exact(other), None, "{other}");
        }
        assert_eq!(format(i64::MAX), None);
        assert_eq!(format(-1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
    }

    #[test]
    fn times_are_spelled_as_rfc_3339_spells_them_and_only_in_four_digits_of_a_year() {
        let ends = [-62_167_219_200_000, 253_402_300_799_999];
        assert_eq!(ends.map(|at| format(at).unwrap()), ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]);
        assert_eq!([ends[0] - 1, ends[1] + 1].map(format), [None, None]);
        for step in 0..2_000 {
            let at = ends[0] + step * 157_862_369_507 + step;
            let expected = DateTime::from_timestamp_millis(at).unwrap();
            assert_eq!(format(at), Some(expected.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)));
        }
    }

    #[test]
    fn people_write_times_in_four_ways() {
        assert_eq!(parse("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Ok(0));
        assert_eq!(parse("1970-01-01T00:00:00.0019Z"), Ok(1));
        assert_eq!(parse("ms:-5"), Ok(-5));
        assert_eq!(parse("s:5"), Ok(5000));
        assert_eq!(parse("1700000000"), Err(TimeError::Bare("1700000000".into())));
        assert_eq!(parse("-5"), Err(TimeError::Bare("-5".into())));
        for bad in [
            "",
            "yesterday",
            "s:",
            "ms:x",
            "s:9007199254740991",
            "ms:-9223372036854775808",
            "2026-13-01",
            "2026-11-21T08:00:00",
        ] {
            assert!(matches!(parse(bad), Err(TimeError::Spelling(_))), "{bad}");
        }
    }

    #[test]
    fn windows_are_half_open() {
        let window = Window { from: Some(10), until: Some(20) };
        assert!(!window.contains(9) && window.contains(10) && window.contains(19) && !window.contains(20));
        assert!(Window::default().contains(i64::MIN) && Window::default().is_open());
    }
}
