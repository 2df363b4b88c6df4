//! How long something took, in words: rounded to the minute, as the vendor writes it.

use crate::record::time::Millis;

/// Units with their minutes, longest first.
const UNITS: [(&str, i64); 5] =
    [("year", 365 * 24 * 60), ("week", 7 * 24 * 60), ("day", 24 * 60), ("hour", 60), ("minute", 1)];

/// `2 days 3 hours 5 minutes`; `0 seconds` for less than half a minute.
pub(super) fn words(span: Millis) -> String {
    let mut minutes = span.max(0).saturating_add(30_000) / 60_000;
    let mut words = Vec::new();
    for (unit, length) in UNITS {
        let count = minutes / length;
        minutes %= length;
        if count > 0 {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_to_the_minute() {
        let (minute, hour) = (60_000, 3_600_000);
        for (span, expected) in [
            (0, "0 seconds"),
            (29_999, "0 seconds"),
            (30_000, "1 minute"),
            (90 * minute, "1 hour 30 minutes"),
            (51 * hour + 5 * minute, "2 days 3 hours 5 minutes"),
            (8 * 24 * hour, "1 week 1 day"),
            (366 * 24 * hour + 2 * minute, "1 year 1 day 2 minutes"),
            (-5, "0 seconds"),
        ] {
            assert_eq!(words(span), expected, "{span}");
        }
        assert!(words(Millis::MAX).ends_with("minutes"));
    }
}
