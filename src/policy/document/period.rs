//! Periods as they are written: a number and a unit, or `forever`.

use super::code::Code;
use crate::policy::period::LONGEST_YEARS;
use crate::policy::rule::Period;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Why a text is no period: code, what it is, and what was probably meant.
pub type Refused = (Code, String, Option<String>);

/// Reads `36h`, `90d`, `2w`, `6mo`, `3y` and `forever`.
pub fn parse(text: &str) -> Result<Period, Refused> {
    if text == "forever" {
        return Ok(Period::Forever);
    }
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let malformed = |advice: Option<String>| (Code::PeriodMalformed, "is not a period".to_owned(), advice);
    if digits.is_empty() || !matches!(unit, "h" | "d" | "w" | "mo" | "y") {
        return Err(malformed(meant(text).map(|meant| format!("write `{meant}`"))));
    }
    if digits.starts_with('0') && digits.bytes().any(|digit| digit != b'0') {
        return Err(malformed(Some(format!("write `{}{unit}`", digits.trim_start_matches('0')))));
    }
    let overflow = || (Code::PeriodOverflow, format!("is longer than {LONGEST_YEARS} years"), None);
    let number: u32 = digits.parse().map_err(|_| overflow())?;
    if number == 0 {
        return Err((Code::PeriodZero, "is a period of nothing".to_owned(), None));
    }
    let checked = |period: Option<Period>| period.and_then(|period| period.checked().ok()).ok_or_else(overflow);
    let millis = |unit: i64| checked(i64::from(number).checked_mul(unit).map(Period::Millis));
    let months = |unit: u32| checked(number.checked_mul(unit).map(Period::Months));
    match unit {
        "h" => millis(HOUR),
        "d" => millis(DAY),
        "w" => millis(7 * DAY),
        "mo" => months(1),
        _ => months(12),
    }
}

/// `90 days` is `90d`, `1M` is `1mo`, `Forever` is `forever`.
fn meant(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    if matches!(lower.as_str(), "forever" | "infinite" | "indefinite" | "permanent" | "never" | "-1") {
        return Some("forever".to_owned());
    }
    let (digits, unit) = lower.split_at(lower.find(|c: char| !c.is_ascii_digit())?);
    let number = digits.trim_start_matches('0');
    let unit = match unit.trim() {
        "h" | "hour" | "hours" | "hr" | "hrs" => "h",
        "d" | "day" | "days" => "d",
        "w" | "week" | "weeks" | "wk" => "w",
        "mo" | "mon" | "month" | "months" => "mo",
        "y" | "yr" | "yrs" | "year" | "years" | "a" => "y",
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{unit}"))
}

/// A period as it would be written.
pub fn written(period: Period) -> String {
    match period {
        Period::Forever => "forever".to_owned(),
        Period::Months(months) if months % 12 == 0 => format!("{}y", months / 12),
        Period::Months(months) => format!("{months}mo"),
        Period::Millis(span) if span % DAY == 0 => format!("{}d", span / DAY),
        Period::Millis(span) => format!("{}h", span / HOUR),
    }
}

/// A period with the least and the greatest time that it lasts, wherever it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    period: Period,
    least: i64,
    greatest: i64,
}

impl Span {
    pub(super) fn of(period: Period) -> Self {
        let (least, greatest) = match period {
            Period::Forever => (i64::MAX, i64::MAX),
            Period::Millis(span) => (span, span),
            Period::Months(months) => {
                let (least, greatest) = days(months);
                (least.saturating_mul(DAY), greatest.saturating_mul(DAY))
            }
        };
        Self { period, least, greatest }
    }

    /// Whether it lasts longer than `other` from some moment on: a year has 365 days or 366.
    pub(super) fn may_exceed(self, other: Self) -> bool {
        match (self.period, other.period) {
            (Period::Months(left), Period::Months(right)) => left > right,
            _ => self.greatest > other.least,
        }
    }
}

/// The least and the greatest number of days that so many months have, wherever they begin.
fn days(months: u32) -> (i64, i64) {
    // The calendar repeats after 400 years; every beginning of a month in them is tried.
    let day = |month: i64| {
        // Days from civil, with March as the first month of a year.
        let (year, month) = ((month - 2).div_euclid(12), (month - 2).rem_euclid(12));
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5
    };
    let spans = (0..4_800).map(|begin| day(begin + i64::from(months)) - day(begin));
    spans.fold((i64::MAX, 0), |(least, greatest), span| (least.min(span), greatest.max(span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, expected) in [
            ("1h", Period::Millis(HOUR)),
            ("36h", Period::Millis(36 * HOUR)),
            ("90d", Period::Millis(90 * DAY)),
            ("2w", Period::Millis(14 * DAY)),
            ("6mo", Period::Months(6)),
            ("3y", Period::Months(36)),
            ("10000y", Period::Months(120_000)),
            ("forever", Period::Forever),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
            assert_eq!(parse(&written(expected)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_refused_and_what_was_meant() {
        for (text, code, meant) in [
            ("", Code::PeriodMalformed, None),
            ("90", Code::PeriodMalformed, None),
            ("d", Code::PeriodMalformed, None),
            ("90 days", Code::PeriodMalformed, Some("write `90d`")),
            ("1M", Code::PeriodMalformed, None),
            ("6 Months", Code::PeriodMalformed, Some("write `6mo`")),
            ("090d", Code::PeriodMalformed, Some("write `90d`")),
            ("3m", Code::PeriodMalformed, None),
            ("1.5y", Code::PeriodMalformed, None),
            ("-1", Code::PeriodMalformed, Some("write `forever`")),
            ("-1d", Code::PeriodMalformed, None),
            ("٣y", Code::PeriodMalformed, None),
            ("1y6mo", Code::PeriodMalformed, None),
            ("Forever", Code::PeriodMalformed, Some("write `forever`")),
            ("0d", Code::PeriodZero, None),
            ("00y", Code::PeriodZero, None),
            ("10001y", Code::PeriodOverflow, None),
            ("120001mo", Code::PeriodOverflow, None),
            ("4294967296d", Code::PeriodOverflow, None),
            ("99999999999999999999999y", Code::PeriodOverflow, None),
            ("3660001d", Code::PeriodOverflow, None),
        ] {
            let (found, _, advice) = parse(text).unwrap_err();
            assert_eq!((found, advice.as_deref()), (code, meant), "{text}");
        }
    }

    #[test]
    fn months_have_the_days_of_the_calendar() {
        assert_eq!(
            [days(1), days(2), days(12), days(24), days(48), days(4_800)],
            [(28, 31), (59, 62), (365, 366), (730, 731), (1_460, 1_461), (146_097, 146_097)]
        );
        let period = |text| parse(text).unwrap();
        for (left, right, expected) in [
            ("1y", "365d", true),
            ("1y", "366d", false),
            ("365d", "1y", false),
            ("366d", "1y", true),
            ("30d", "1mo", true),
            ("28d", "1mo", false),
            ("3y", "3y", false),
            ("37mo", "3y", true),
            ("forever", "10000y", true),
            ("forever", "forever", false),
            ("3y", "forever", false),
            ("49h", "2d", true),
        ] {
            assert_eq!(Span::of(period(left)).may_exceed(Span::of(period(right))), expected, "{left} {right}");
        }
    }
}
