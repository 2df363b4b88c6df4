//! Times as people read them: UTC, and beside it a zone that the reader chose.
//!
//! Zones and their rules are part of the program, so the same archive shows the same times on every host. Invariant: a time
//! of another zone is never shown without its offset, or without UTC beside it.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::record::time::{self, Millis};

/// The zone in which people are shown times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

/// A zone that the IANA data does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is named `{0}`; write an IANA name such as `Europe/Berlin`, or `UTC`")]
pub struct UnknownZone(String);

impl Zone {
    /// The years that a calendar has, in any zone.
    const CALENDAR: (Millis, Millis) = (-62_167_000_000_000, 253_402_000_000_000);

    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of an IANA name, spelled exactly: `Europe/Berlin`.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether it is UTC itself, so that one time says all.
    pub fn is_utc(self) -> bool {
        self == Self::UTC
    }

    /// The local calendar at a time; `None` beyond the years that a calendar has.
    fn local(self, at: Millis) -> Option<(NaiveDateTime, i32)> {
        let utc = DateTime::from_timestamp_millis(at)?.naive_utc();
        let offset = self.0.offset_from_utc_datetime(&utc).fix();
        let local = utc.checked_add_offset(offset)?;
        (0..=9999).contains(&local.year()).then_some((local, offset.local_minus_utc()))
    }

    /// A time to the millisecond, with its offset: `2026-11-21 10:04:05.000 +01:00`; the bare number where no calendar
    /// reaches.
    pub fn exact(self, at: Millis) -> String {
        let mut out = String::new();
        self.push_whole(&mut out, at);
        if let Some(place) = out.rfind(' ').filter(|_| self.local(at).is_some()) {
            out.insert_str(place, &format!(".{:03}", at.rem_euclid(1000)));
        }
        out
    }

    /// Where the offset from UTC changes between two times: from when on it is how many milliseconds, at first at `from`.
    pub fn offsets(self, from: Millis, until: Millis) -> Vec<(Millis, Millis)> {
        const STEP: Millis = 5 * 86_400_000;
        let first = from.max(Self::CALENDAR.0);
        let offset = |at| self.local(at).map_or(0, |(_, seconds)| Millis::from(seconds).saturating_mul(1000));
        let mut known = (first, offset(first));
        let mut found = vec![known];
        let mut low = first;
        while low < until.min(Self::CALENDAR.1) {
            let high = low.saturating_add(STEP);
            let (mut before, mut behind) = (low, high);
            // Not more than one change lies in a few days.
            while offset(high) != known.1 && behind.saturating_sub(before) > 1 {
                let middle = before.midpoint(behind);
                if offset(middle) == known.1 { before = middle } else { behind = middle }
            }
            if offset(high) != known.1 {
                known = (behind, offset(behind));
                found.push(known);
            }
            low = high;
        }
        found
    }

    /// The day of a time, `2026-11-21`, and its name, `Saturday`; the bare number where no calendar reaches.
    pub(in crate::produce) fn day(self, at: Millis) -> (String, &'static str) {
        const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let Some((local, _)) = self.local(at) else { return (format!("{at} ms"), "") };
        let day = format!("{:04}-{:02}-{:02}", local.year(), local.month(), local.day());
        (day, NAMES[local.weekday().num_days_from_monday() as usize % 7])
    }

    /// Appends the time of day: `10:04:05`.
    pub(in crate::produce) fn push_clock(self, out: &mut String, at: Millis) {
        let Some((local, _)) = self.local(at) else { return };
        push_two(out, local.hour());
        out.push(':');
        push_two(out, local.minute());
        out.push(':');
        push_two(out, local.second());
    }

    /// Appends date, time and offset: `2026-11-21 10:04:05 +01:00`.
    pub(in crate::produce) fn push_whole(self, out: &mut String, at: Millis) {
        let Some((local, offset)) = self.local(at) else {
            let _ = write!(out, "{at} ms");
            return;
        };
        let _ = write!(out, "{:04}-{:02}-{:02} ", local.year(), local.month(), local.day());
        self.push_clock(out, at);
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
        let _ = if self.is_utc() {
            write!(out, " UTC")
        } else {
            write!(out, " {sign}{:02}:{:02}", minutes / 60, minutes % 60)
        };
    }
}

/// Appends UTC to the millisecond as RFC 3339 writes it, or the bare number where no calendar reaches.
pub(in crate::produce) fn push_utc(out: &mut String, at: Millis) {
    match time::format(at) {
        Some(text) => out.push_str(&text),
        None => {
            let _ = write!(out, "{at} ms");
        }
    }
}

fn push_two(out: &mut String, number: u32) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(zone: Zone, at: Millis) -> String {
        let mut out = String::new();
        zone.push_whole(&mut out, at);
        out
    }

    #[test]
    fn summer_time_changes_the_offset() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(whole(berlin, 1_774_745_999_000), "2026-03-29 01:59:59 +01:00");
        assert_eq!(whole(berlin, 1_774_746_000_000), "2026-03-29 03:00:00 +02:00");
        assert_eq!(whole(Zone::UTC, 1_774_746_000_000), "2026-03-29 01:00:00 UTC");
        assert_eq!(whole(Zone::named("America/St_Johns").unwrap(), 0), "1969-12-31 20:30:00 -03:30");
    }

    #[test]
    fn a_time_is_exact_and_changes_of_the_offset_are_found() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(berlin.exact(1_774_746_000_007), "2026-03-29 03:00:00.007 +02:00");
        assert_eq!(berlin.exact(-1), "1970-01-01 00:59:59.999 +01:00");
        assert_eq!(Zone::UTC.exact(5), "1970-01-01 00:00:00.005 UTC");
        assert_eq!(berlin.exact(Millis::MAX), "9223372036854775807 ms");
        let (hour, year) = (3_600_000, 365 * 86_400_000);
        let begin = 1_767_225_600_000;
        let changes = [(begin, hour), (1_774_746_000_000, 2 * hour), (1_792_890_000_000, hour)];
        assert_eq!(berlin.offsets(begin, begin + year), changes);
        assert_eq!(Zone::UTC.offsets(0, year), [(0, 0)]);
        assert_eq!(berlin.offsets(5, 5), [(5, hour)]);
        let all = berlin.offsets(Millis::MIN, Millis::MAX);
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1), "{}", all.len());
    }

    #[test]
    fn a_day_is_the_day_of_the_zone() {
        let at = 1_795_304_400_000; // 2026-11-21T23:40:00Z
        assert_eq!(Zone::UTC.day(at), ("2026-11-21".to_owned(), "Saturday"));
        assert_eq!(Zone::named("Asia/Tokyo").unwrap().day(at), ("2026-11-22".to_owned(), "Sunday"));
    }

    #[test]
    fn times_beyond_the_calendar_are_numbers() {
        for at in [i64::MAX, i64::MIN, 9_007_199_254_740_991, -9_007_199_254_740_991] {
            assert_eq!(whole(Zone::named("Asia/Kolkata").unwrap(), at), format!("{at} ms"));
            assert_eq!(Zone::UTC.day(at).0, format!("{at} ms"));
        }
    }

    #[test]
    fn an_unknown_zone_is_named() {
        let error = Zone::named("Europe/Atlantis").unwrap_err();
        assert!(error.to_string().contains("`Europe/Atlantis`"));
    }
}
