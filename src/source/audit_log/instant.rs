//! When an entry was written: the spellings of a time in the server's logs.

use chrono::{DateTime, FixedOffset, NaiveDateTime};

use crate::record::json::{Shape, Value};
use crate::record::time::{Millis, is_exact};

/// Epoch milliseconds of a `timestamp`: `2026-11-21 08:53:45.758 Z` or `… +02:00` as Mattermost writes it, RFC 3339, or
/// a number of seconds as the server log of 5.x has it. `None` for anything else.
pub fn millis(value: &Value<'_>) -> Option<Millis> {
    let at = match value.shape {
        Shape::String => spelled(value.text.strip_prefix('"')?.strip_suffix('"')?)?,
        Shape::Number => seconds(value.text)?,
        _ => return None,
    };
    is_exact(at).then_some(at)
}

fn spelled(text: &str) -> Option<Millis> {
    if let Some((time, zone)) = text.rsplit_once(' ')
        && let Ok(naive) = NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S%.f")
    {
        return Some(naive.and_local_timezone(offset(zone)?).single()?.timestamp_millis());
    }
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// `Z`, or `±HH:MM`.
fn offset(zone: &str) -> Option<FixedOffset> {
    if zone == "Z" {
        return FixedOffset::east_opt(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<u8>().ok()).flatten().map(i32::from);
    let seconds = two(hours)? * 3600 + two(minutes)? * 60;
    match zone.as_bytes().first()? {
        b'+' => FixedOffset::east_opt(seconds),
        b'-' => FixedOffset::west_opt(seconds),
        _ => None,
    }
}

/// Seconds with a fraction, taken apart as digits so that no float rounds them; an exponent is refused.
fn seconds(text: &str) -> Option<Millis> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    if whole < 0 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.get(..3).unwrap_or(fraction);
    let thousandths: i64 = format!("{digits:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::json::Cursor;

    fn at(json: &str) -> Option<Millis> {
        millis(&Cursor::new(json).value().unwrap())
    }

    #[test]
    fn spellings_of_the_server() {
        for (json, expected) in [
            ("\"2026-11-21 08:53:45.758 Z\"", 1_795_251_225_758),
            ("\"2026-11-21 10:53:45.758 +02:00\"", 1_795_251_225_758),
            ("\"2026-11-21 03:23:45.758 -05:30\"", 1_795_251_225_758),
            ("\"2026-11-21T08:53:45.758Z\"", 1_795_251_225_758),
            ("\"2026-11-21 08:53:45 Z\"", 1_795_251_225_000),
            ("\"2026-11-21 08:53:45.7589 Z\"", 1_795_251_225_758),
            ("\"1969-12-31 23:59:59.999 Z\"", -1),
            ("1795251225.7589", 1_795_251_225_758),
            ("1795251225.7", 1_795_251_225_700),
            ("1795251225", 1_795_251_225_000),
        ] {
            assert_eq!(at(json), Some(expected), "{json}");
        }
        for json in [
            "\"\"",
            "\"2026-11-21 08:53:45.758\"",
            "\"2026-11-21 08:53:45.758 CET\"",
            "\"2026-11-21 08:53:45.758 +2:00\"",
            "\"2026-11-21 08:53:45.758 +99:00\"",
            "\"2026-02-30 08:53:45.758 Z\"",
            "\"2026-11-21 08:53:45.758 é\"",
            "null",
            "1e9",
            "-5",
            "9223372036854775807",
            "9223372036854775.5",
        ] {
            assert_eq!(at(json), None, "{json}");
        }
    }
}
