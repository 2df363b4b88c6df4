//! Which holds cover a place or a person at which time: a set for each span between two changes.

use super::sets::{SetId, Sets, insert};
use super::subject::Times;
use crate::record::time::Millis;

/// A half-open span, open at an end that is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Option<Millis>,
    pub(super) until: Option<Millis>,
}

impl Span {
    pub(super) const ALWAYS: Self = Self { from: None, until: None };

    /// Of a stay. One that ends when it begins, or before it by a clock set back, lasted from the earlier time until
    /// the later, and for a millisecond at least: what it shows is too much then, never too little.
    pub(super) fn of_stay(from: Millis, until: Option<Millis>) -> Self {
        let first = until.map_or(from, |until| until.min(from));
        Self { from: Some(first), until: until.map(|until| until.max(from).max(first.saturating_add(1))) }
    }

    /// What lies in both, if anything does.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        let is_empty = from.zip(until).is_some_and(|(from, until)| until <= from);
        (!is_empty).then_some(Self { from, until })
    }

    fn contains(self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// Whether anything that happened at `times` happened in it.
    pub(super) fn meets(self, times: Times<'_>) -> bool {
        match times {
            Times::Always | Times::At([]) => true,
            Times::At(times) => times.iter().any(|at| self.contains(*at)),
            Times::Span(from, until) => Self { from: Some(from), until: end_of(from, until) }.and(self).is_some(),
        }
    }
}

/// Sets over time.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// Sets, each with the time at which it begins; before the first there is none.
    sets: Vec<(Millis, SetId)>,
    ever: SetId,
}

/// Holds with their spans, to be made into a timeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Vec<(Span, usize)>);

impl Spans {
    pub(super) fn add(&mut self, span: Span, hold: usize) {
        self.0.push((span, hold));
    }
}

impl Timeline {
    pub(super) fn new(spans: &Spans, sets: &mut Sets, holds: usize) -> Self {
        let mut timeline = Self { sets: Vec::new(), ever: Sets::EMPTY };
        if spans.0.is_empty() {
            return timeline;
        }
        let mut changes: Vec<(Millis, usize, bool)> = Vec::with_capacity(2 * spans.0.len());
        let mut ever = sets.empty();
        for (span, hold) in &spans.0 {
            changes.push((span.from.unwrap_or(Millis::MIN), *hold, true));
            changes.extend(span.until.map(|until| (until, *hold, false)));
            insert(&mut ever, *hold);
        }
        changes.sort_unstable();
        let mut counts = vec![0_u32; holds];
        let mut current = sets.empty();
        let mut changes = changes.into_iter().peekable();
        while let Some((at, hold, begins)) = changes.next() {
            if let (Some(count), Some(word)) = (counts.get_mut(hold), current.get_mut(hold / 64)) {
                *count = if begins { *count + 1 } else { count.saturating_sub(1) };
                let bit = 1 << (hold % 64);
                *word = if *count > 0 { *word | bit } else { *word & !bit };
            }
            if changes.peek().is_none_or(|(next, ..)| *next != at) {
                let set = sets.keep(&current);
                if timeline.sets.last().is_none_or(|(_, last)| *last != set) {
                    timeline.sets.push((at, set));
                }
            }
        }
        timeline.ever = sets.keep(&ever);
        timeline
    }

    /// Calls `found` with sets that hold what covers `times`; together they hold nothing else.
    pub(super) fn each(&self, times: Times<'_>, mut found: impl FnMut(SetId)) {
        if self.sets.is_empty() {
            return;
        }
        // The last set that begins by then.
        let at = |time: Millis| self.sets.partition_point(|(start, _)| *start <= time).checked_sub(1);
        match times {
            Times::Always | Times::At([]) => found(self.ever),
            Times::At(times) => {
                for (_, set) in times.iter().filter_map(|time| self.sets.get(at(*time)?)) {
                    found(*set);
                }
            }
            Times::Span(from, until) => {
                let until = end_of(from, until);
                for (start, set) in self.sets.iter().skip(at(from).unwrap_or(0)) {
                    if *start <= from || until.is_none_or(|until| *start < until) {
                        found(*set);
                    }
                }
            }
        }
    }
}

/// The end of what lasted from one time until another: at least a millisecond.
fn end_of(from: Millis, until: Option<Millis>) -> Option<Millis> {
    until.map(|until| until.max(from.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::sets::bits;

    fn span(from: Millis, until: Millis) -> Span {
        Span { from: Some(from), until: Some(until) }
    }

    #[test]
    fn spans_are_half_open() {
        assert_eq!(span(1, 5).and(span(5, 9)), None);
        assert_eq!(span(1, 5).and(span(4, 9)), Some(span(4, 5)));
        assert_eq!(Span::ALWAYS.and(span(3, 3)), None);
        assert_eq!(Span::ALWAYS.and(Span::ALWAYS), Some(Span::ALWAYS));
        for (times, expected) in [
            (Times::At(&[9]), false),
            (Times::At(&[10]), true),
            (Times::At(&[19]), true),
            (Times::At(&[20]), false),
            (Times::At(&[9, 20, 15]), true),
            (Times::At(&[]), true),
            (Times::Always, true),
            (Times::Span(0, Some(10)), false),
            (Times::Span(0, Some(11)), true),
            (Times::Span(19, None), true),
            (Times::Span(20, None), false),
            (Times::Span(10, Some(10)), true),
            (Times::Span(9, Some(0)), false),
        ] {
            assert_eq!(span(10, 20).meets(times), expected, "{times:?}");
        }
    }

    #[test]
    fn a_timeline_says_what_its_spans_say() {
        let all = [
            (span(0, 10), 0),
            (span(5, 15), 1),
            (span(10, 12), 0),
            (span(8, 20), 1),
            (Span { from: None, until: Some(-5) }, 2),
            (Span { from: Some(18), until: None }, 3),
            (span(3, 9), 70),
        ];
        let mut sets = Sets::new(71);
        let mut spans = Spans::default();
        for (span, hold) in all {
            spans.add(span, hold);
        }
        let timeline = Timeline::new(&spans, &mut sets, 71);
        let probes: Vec<Millis> = (-8..25).chain([i64::MIN, i64::MAX - 1]).collect();
        for from in &probes {
            let spans = [Some(from.saturating_sub(1)), Some(from.saturating_add(3)), None]
                .map(|until| Times::Span(*from, until));
            for times in [Times::At(&[*from]), Times::At(&[*from, 4]), Times::Always].into_iter().chain(spans) {
                let mut found = sets.empty();
                timeline.each(times, |set| crate::policy::sets::unite(&mut found, sets.get(set)));
                let mut expected: Vec<usize> =
                    all.iter().filter(|(span, _)| span.meets(times)).map(|(_, hold)| *hold).collect();
                expected.sort_unstable();
                expected.dedup();
                assert_eq!(bits(&found).collect::<Vec<_>>(), expected, "{times:?}");
            }
        }
    }
}
