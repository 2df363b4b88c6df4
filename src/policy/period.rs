//! Calendar arithmetic of periods, in UTC.
//!
//! The civil calendar is worked out here, because a decision asks for several ends from one beginning: the beginning is
//! taken apart once. The tests hold every day of a thousand years against `chrono`.
//!
//! Invariant: total. A period whose end no 64 bits can hold does not end, which keeps; [`Period::checked`] lets a parser
//! refuse it before.

use super::decision::Until;
use super::rule::{Cutoff, Period};
use crate::record::time::Millis;

/// The longest period that may be stated, in years.
pub const LONGEST_YEARS: u32 = 10_000;

const DAY: Millis = 86_400_000;

/// Why a period cannot be stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It would end before it begins.
    #[error("a period cannot be negative")]
    Negative,
    /// No calendar holds its end.
    #[error("a period is at most {LONGEST_YEARS} years; write `forever` for one without end")]
    TooLong,
}

impl Period {
    /// The period, if it may be stated in a policy: 0 to [`LONGEST_YEARS`], or without end.
    pub fn checked(self) -> Result<Self, PeriodError> {
        match self {
            Self::Millis(length) if length < 0 => Err(PeriodError::Negative),
            Self::Millis(length) if length / DAY >= i64::from(LONGEST_YEARS) * 366 => Err(PeriodError::TooLong),
            Self::Months(months) if months > LONGEST_YEARS * 12 => Err(PeriodError::TooLong),
            other => Ok(other),
        }
    }

    /// Where the period ends that begins at `from`.
    pub fn end(self, from: Millis) -> Until {
        Start::at(from).end(self)
    }
}

impl Cutoff {
    /// Where periods begin for a clock that says `clock`: at the clock, or at the first beginning of a year after it.
    pub fn start(self, clock: Millis) -> Millis {
        self.begin(Start::at(clock)).at
    }

    /// The same, taken apart.
    pub(super) fn begin(self, clock: Start) -> Start {
        match self {
            Self::Clock => clock,
            Self::YearEnd { month, day } => {
                let (month, day) = (i64::from(month), i64::from(day));
                let months = clock.months.div_euclid(12) * 12 + month - 1;
                // A clock that lies before this year's day is in the year that ends on it.
                let is_before = (clock.months, clock.day) < (months, day);
                Start::midnight(if is_before { months } else { months + 12 }, day)
            }
        }
    }
}

/// The beginning of periods, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    at: Millis,
    /// Months since the year 0.
    months: i64,
    /// Day of the month, from 1.
    day: i64,
    /// Milliseconds since midnight.
    time: Millis,
}

impl Start {
    pub(super) fn at(at: Millis) -> Self {
        let (year, month, day) = date(at.div_euclid(DAY));
        Self { at, months: year * 12 + month - 1, day, time: at.rem_euclid(DAY) }
    }

    /// The same; `last` spares taking a time apart again.
    pub(super) fn again(at: Millis, last: &mut Option<Self>) -> Self {
        match *last {
            Some(start) if start.at == at => start,
            _ => *last.insert(Self::at(at)),
        }
    }

    /// The midnight of a day that each month has; the last time of all if it lies beyond.
    fn midnight(months: i64, day: i64) -> Self {
        let number = first_day(months) + day - 1;
        let beyond = || Self::at(if number < 0 { Millis::MIN } else { Millis::MAX });
        number.checked_mul(DAY).map_or_else(beyond, |at| Self { at, months, day, time: 0 })
    }

    pub(super) fn millis(self) -> Millis {
        self.at
    }

    /// The same day of the month so many months on, or the last day of a month that is too short.
    pub(super) fn end(self, period: Period) -> Until {
        let end = match period {
            Period::Millis(length) => self.at.checked_add(length),
            Period::Months(count) => {
                let months = self.months + i64::from(count);
                let last = if self.day > 28 { first_day(months + 1) - 1 } else { Millis::MAX };
                let day = (first_day(months) + self.day - 1).min(last);
                // The first midnight of the least 64 bits lies before them; so the time of the day may have to be taken
                // from the next one.
                match day.checked_mul(DAY) {
                    Some(midnight) => midnight.checked_add(self.time),
                    None => (day + 1).checked_mul(DAY).and_then(|midnight| midnight.checked_add(self.time - DAY)),
                }
            }
            Period::Forever => None,
        };
        end.map_or(Until::Forever, Until::At)
    }
}

/// The first day of the month that is so many months after the beginning of the year 0.
fn first_day(months: i64) -> i64 {
    let near = months.checked_sub(FIRST_NEAR * 12).and_then(|at| usize::try_from(at).ok());
    match near.and_then(|at| NEAR.get(at)) {
        Some(day) => i64::from(*day),
        None => days(months.div_euclid(12), months.rem_euclid(12) + 1, 1),
    }
}

/// First days of the months of the years that nearly all periods begin and end in: looked up, because a decision asks
/// for two or more ends for each rule.
static NEAR: [i32; 12 * 200] = {
    let mut near = [0; 12 * 200];
    let mut at = 0;
    while at < near.len() {
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "200 years have few days")]
        let day = days(FIRST_NEAR + at as i64 / 12, at as i64 % 12 + 1, 1) as i32;
        near[at] = day;
        at += 1;
    }
    near
};
const FIRST_NEAR: i64 = 1970;

/// Days of the Gregorian calendar come round every 400 years. Years are counted from 1 March, so that the leap day is
/// the last of a year.
const DAYS_OF_400_YEARS: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days since 1970-01-01.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_400_YEARS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

/// Year, month and day of so many days since 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, of_era) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::time::{format, parse};
    use chrono::{DateTime, Datelike, Months, NaiveDate};

    fn at(text: &str) -> Millis {
        parse(text).unwrap()
    }

    fn end(from: &str, period: Period) -> String {
        match period.end(at(from)) {
            Until::At(end) => format(end).unwrap(),
            Until::Forever => "forever".into(),
        }
    }

    #[test]
    fn a_month_is_a_month_of_the_calendar() {
        for (from, months, expected) in [
            ("2023-01-31T23:59:59.999Z", 1, "2023-02-28T23:59:59.999Z"),
            ("2024-01-31T12:00:00Z", 1, "2024-02-29T12:00:00.000Z"),
            ("2024-02-29T00:00:00Z", 12, "2025-02-28T00:00:00.000Z"),
            ("2024-02-29T00:00:00Z", 48, "2028-02-29T00:00:00.000Z"),
            ("1896-02-29T00:00:00Z", 48, "1900-02-28T00:00:00.000Z"),
            ("1996-02-29T00:00:00Z", 48, "2000-02-29T00:00:00.000Z"),
            ("2025-12-31T00:00:00Z", 2, "2026-02-28T00:00:00.000Z"),
            ("2025-03-31T00:00:00Z", 6, "2025-09-30T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", 0, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(end(from, Period::Months(months)), expected, "{from} + {months} months");
        }
    }

    #[test]
    fn days_are_spans_and_know_no_leap_year() {
        assert_eq!(end("2024-01-01", Period::Millis(365 * DAY)), "2024-12-31T00:00:00.000Z");
        assert_eq!(end("2024-01-01", Period::Months(12)), "2025-01-01T00:00:00.000Z");
        assert_eq!(end("2024-01-01", Period::Forever), "forever");
    }

    #[test]
    fn a_year_ends_on_the_day_stated() {
        let calendar = Cutoff::YearEnd { month: 1, day: 1 };
        let fiscal = Cutoff::YearEnd { month: 10, day: 1 };
        for (cutoff, clock, expected) in [
            (Cutoff::Clock, "2024-06-05T07:08:09Z", "2024-06-05T07:08:09Z"),
            (calendar, "2024-01-01", "2025-01-01"),
            (calendar, "2024-12-31T23:59:59.999Z", "2025-01-01"),
            (fiscal, "2024-09-30T23:59:59.999Z", "2024-10-01"),
            (fiscal, "2024-10-01", "2025-10-01"),
            (calendar, "1969-12-31", "1970-01-01"),
        ] {
            assert_eq!(cutoff.start(at(clock)), at(expected), "{clock}");
        }
    }

    #[test]
    fn the_calendar_is_that_of_everybody_else() {
        let first = NaiveDate::from_ymd_opt(1500, 1, 1).unwrap();
        for (number, day) in first.iter_days().take(366_000).enumerate() {
            let millis = day.and_hms_milli_opt(1, 2, 3, 4).unwrap().and_utc().timestamp_millis();
            let (year, month, of_month) = date(millis.div_euclid(DAY));
            let expected = (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()));
            assert_eq!((year, month, of_month), expected);
            assert_eq!(days(year, month, of_month), millis.div_euclid(DAY));
            let months = u32::try_from(number % 300).unwrap();
            let later = day.and_hms_milli_opt(1, 2, 3, 4).unwrap().and_utc() + Months::new(months);
            assert_eq!(Period::Months(months).end(millis), Until::At(later.timestamp_millis()), "{day} + {months}");
        }
    }

    #[test]
    fn no_time_and_no_period_overflows() {
        for clock in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
            for period in [Period::Millis(i64::MAX), Period::Millis(0), Period::Months(u32::MAX), Period::Months(0)] {
                let _ = period.end(clock);
            }
            assert_eq!(Period::Months(0).end(clock), Until::At(clock));
            let start = Cutoff::YearEnd { month: 12, day: 28 }.start(clock);
            assert!(start > clock || start == i64::MAX);
        }
        assert_eq!(Period::Millis(1).end(i64::MAX), Until::Forever);
        assert_eq!(Period::Months(1).end(i64::MAX), Until::Forever);
        assert!(DateTime::from_timestamp_millis(i64::MAX).is_none(), "which is why it is not asked");
    }

    #[test]
    fn what_may_be_stated() {
        assert_eq!(Period::Months(120_000).checked(), Ok(Period::Months(120_000)));
        assert_eq!(Period::Months(120_001).checked(), Err(PeriodError::TooLong));
        assert_eq!(Period::Millis(-1).checked(), Err(PeriodError::Negative));
        assert_eq!(Period::Millis(i64::MAX).checked(), Err(PeriodError::TooLong));
        assert_eq!(Period::Millis(0).checked(), Ok(Period::Millis(0)));
        assert_eq!(Period::Forever.checked(), Ok(Period::Forever));
    }
}
