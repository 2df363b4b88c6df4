//! Points in time as databases print them (`2026-01-02 03:04:05.123456+00`), in the format's one spelling.
//!
//! The offset depends on the session that printed the value, so that a dump may say `+02` where a live server says
//! `+00`: both become the same text in UTC. What cannot be read (`infinity`, years before Christ) is no point in time.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use crate::record::time::Millis;

/// A point in time with microseconds, in UTC, between the years 0000 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(NaiveDateTime);

impl Instant {
    /// Reads `YYYY-MM-DD HH:MM:SS[.ffffff][±HH[:MM[:SS]]]`; without an offset it is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Digits(text.as_bytes());
        let (year, month, day) = (rest.number(4)?, rest.after(b'-')?, rest.after(b'-')?);
        rest.take(b' ').or_else(|| rest.take(b'T'))?;
        let (hour, minute, second) = (rest.number(2)?, rest.after(b':')?, rest.after(b':')?);
        let micros = if rest.take(b'.').is_some() { rest.fraction()? } else { 0 };
        let offset = rest.offset()?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let local = date.and_hms_micro_opt(hour, minute, second, micros)?;
        let utc = local.checked_sub_signed(TimeDelta::seconds(offset))?;
        let year_zero = NaiveDate::from_ymd_opt(0, 1, 1)?;
        let beyond = NaiveDate::from_ymd_opt(10_000, 1, 1)?;
        (utc.date() >= year_zero && utc.date() < beyond).then_some(Self(utc))
    }

    /// Milliseconds since 1970, floored.
    pub fn millis(self) -> Millis {
        self.0.and_utc().timestamp_millis()
    }

    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`
    pub fn text(self) -> String {
        self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn take(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        let mut value = 0;
        for digit in number {
            value = value * 10 + char::from(*digit).to_digit(10)?;
        }
        Some(value)
    }

    /// Two digits behind a separator.
    fn after(&mut self, separator: u8) -> Option<u32> {
        self.take(separator)?;
        self.number(2)
    }

    /// One to six digits behind the point, as microseconds.
    fn fraction(&mut self) -> Option<u32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let scale = 10_u32.checked_pow(6_u32.checked_sub(u32::try_from(digits).ok()?)?)?;
        if digits == 0 { None } else { Some(self.number(digits)? * scale) }
    }

    /// Seconds that local time is ahead of UTC; the text must end here.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.0 == b"Z" {
            return Some(0);
        }
        let ahead = self.take(b'+').is_some();
        if !ahead {
            self.take(b'-')?;
        }
        let mut seconds = i64::from(self.number(2)?) * 3600;
        for unit in [60, 1] {
            if !self.0.is_empty() {
                seconds += i64::from(self.after(b':')?) * unit;
            }
        }
        self.0.is_empty().then_some(if ahead { seconds } else { -seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_becomes_utc() {
        for (text, expected) in [
            ("2026-01-02 03:04:05.123456+00", "2026-01-02T03:04:05.123456Z"),
            ("2026-01-02 03:04:05+00", "2026-01-02T03:04:05.000000Z"),
            ("2026-01-02 03:04:05.1", "2026-01-02T03:04:05.100000Z"),
            ("2026-01-01 00:30:00+05:30", "2025-12-31T19:00:00.000000Z"),
            ("2026-12-31 23:00:00-01", "2027-01-01T00:00:00.000000Z"),
            ("1850-01-01 00:00:00+00:19:32", "1849-12-31T23:40:28.000000Z"),
            ("2024-02-29T12:00:00.000001Z", "2024-02-29T12:00:00.000001Z"),
        ] {
            assert_eq!(Instant::parse(text).map(Instant::text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_point_in_time_stays_unread() {
        for text in [
            "",
            "infinity",
            "-infinity",
            "0044-03-15 12:00:00+00 BC",
            "10000-01-01 00:00:00+00",
            "0000-01-01 00:00:00+01",
            "9999-12-31 23:30:00-01",
            "2026-02-29 00:00:00+00",
            "2026-01-01 24:00:00+00",
            "2026-01-01 00:00:00.1234567+00",
            "2026-01-01 00:00:00.+00",
            "2026-01-01 00:00:00+0",
            "2026-01-01 00:00:00+00:",
            "2026-01-01",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn milliseconds_are_floored() {
        assert_eq!(Instant::parse("1970-01-01 00:00:00.0019+00").unwrap().millis(), 1);
        assert_eq!(Instant::parse("1969-12-31 23:59:59.9999+00").unwrap().millis(), -1);
    }
}
