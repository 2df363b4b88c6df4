//! Time as OpenSSH counts it: whole seconds since 1970.

use chrono::{DateTime, NaiveDate, SecondsFormat};

/// The second in which the instant `at` (epoch milliseconds) lies; before 1970 there is none.
pub(super) fn second(at: i64) -> Option<u64> {
    u64::try_from(at.div_euclid(1000)).ok()
}

/// `2026-11-21T08:55:00Z`, or the bare number of seconds where the calendar ends.
pub(super) fn utc(second: u64) -> String {
    let time = i64::try_from(second).ok().and_then(|second| DateTime::from_timestamp(second, 0));
    time.map_or_else(|| format!("s:{second}"), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// How an OpenSSH time was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// `Z` or `UTC` after the digits.
    Utc,
    /// Nothing after the digits: OpenSSH reads it in the zone of the host that verifies.
    Unstated,
}

/// Parses `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` or `UTC` behind or not, as UTC in any case.
///
/// 1970-01-01T00:00:00 is refused, as OpenSSH does: 0 stands for "no limit" there.
pub(super) fn parse(text: &str) -> Option<(u64, Zone)> {
    let suffix = |name: &str| {
        let (head, tail) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
        tail.eq_ignore_ascii_case(name).then_some(head)
    };
    let (digits, zone) = match suffix("Z").or_else(|| suffix("UTC")) {
        Some(digits) => (digits, Zone::Utc),
        None => (text, Zone::Unstated),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |digits| digits.parse::<u32>().ok());
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(4, 6)?, number(6, 8)?)?;
    let time = date.and_hms_opt(number(8, 10)?, number(10, 12)?, number(12, 14)?)?;
    let second = u64::try_from(time.and_utc().timestamp()).ok().filter(|&second| second > 0)?;
    Some((second, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_openssh() {
        for (text, expected) in [
            ("19700102", Some((86_400, Zone::Unstated))),
            ("197001020000Z", Some((86_400, Zone::Utc))),
            ("19700102000001utc", Some((86_401, Zone::Utc))),
            ("20261121085500z", Some((1_795_251_300, Zone::Utc))),
            ("19700101", None),
            ("19691231", None),
            ("20260230", None),
            ("2026112108", None),
            ("20261121240000", None),
            ("2026-11-21", None),
            ("+2026112", None),
            ("Z", None),
            ("", None),
            ("Ü", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn instants_fall_into_seconds() {
        assert_eq!((second(1999), second(0), second(-1)), (Some(1), Some(0), None));
        assert_eq!((utc(86_400).as_str(), utc(u64::MAX).as_str()), ("1970-01-02T00:00:00Z", "s:18446744073709551615"));
    }
}
