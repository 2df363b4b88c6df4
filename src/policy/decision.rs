//! What was decided about a record.

use super::rule::Then;
use super::sets::Bits;
use crate::record::time::Millis;

/// What happens to a record, and by which rule and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'e> {
    /// The rule that the decision rests on. While a minimum keeps the record: the one that requires the longest. Before
    /// the maximum: the one that allows the shortest. After: the one that says what happens. `None`: no rule covers it.
    pub rule: Option<&'e str>,
    /// End of the longest required minimum; `None` where no rule that covers the record requires one.
    pub keep_until: Option<Until>,
    /// End of the shortest allowed maximum; `None` where no rule that covers the record sets one.
    pub dispose_after: Option<Until>,
    /// Active holds that cover the record.
    pub holds: Held<'e>,
    /// What happens to it.
    pub disposition: Disposition,
    /// What would happen to it if no hold covered it; `None` for a record that is not due.
    pub due: Option<Then>,
    /// A minimum that ends after the maximum of another rule.
    pub clash: Option<Clash<'e>>,
}

impl Decision<'_> {
    /// When the record becomes due by its periods, holds aside: after its maximum, and not before its minimum; `None` if
    /// never.
    pub fn due_at(&self) -> Option<Millis> {
        let Until::At(maximum) = self.dispose_after? else { return None };
        match self.keep_until {
            Some(Until::At(minimum)) => Some(maximum.max(minimum)),
            Some(Until::Forever) => None,
            None => Some(maximum),
        }
    }
}

/// The end of a period: the first millisecond after it.
///
/// Ordered by time, with "never" last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// It ends here.
    At(Millis),
    /// It never ends: as stated, or because its clock has not started, or beyond all calendars.
    Forever,
}

impl Until {
    /// Whether the period is over at `now`.
    pub fn is_over(self, now: Millis) -> bool {
        matches!(self, Self::At(end) if end <= now)
    }
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// It is not due.
    Keep,
    /// It is due, and a hold keeps it.
    Held,
    /// It is due: withheld from exports, and may be disposed of.
    Dispose,
    /// It is due, and a person has to decide; it stays in exports.
    Review,
    /// It is due to be handed to another keeper; it stays in exports.
    Transfer,
}

/// Two rules that cannot both be met: what one requires to be kept, the other does not allow to be kept so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clash<'e> {
    /// The rule whose minimum ends later; it prevails.
    pub minimum: &'e str,
    /// The rule whose maximum ends earlier.
    pub maximum: &'e str,
}

/// Holds that cover a record, in order of their ids. Cheap to make, compare and hash: a set of bits.
#[derive(Clone, Default)]
pub struct Held<'e> {
    pub(super) ids: &'e [String],
    pub(super) bits: Bits,
}

impl<'e> Held<'e> {
    /// Whether no hold covers it.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Ids of the holds, each once, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = &'e str> + '_ {
        let (ids, mut last) = (self.ids, None);
        // Two holds of one id, which a source may have, are one to whoever reads a record.
        let each = ids.iter().enumerate().filter(|(at, _)| self.bits.contains(*at)).map(|(_, id)| id.as_str());
        each.filter(move |id| last.replace(*id) != Some(*id))
    }
}

#[cfg(test)]
impl<'e> Held<'e> {
    /// Those of these ids whose bits are set.
    pub(crate) fn of_bits(ids: &'e [String], bits: u64) -> Self {
        let mut held = Self { ids, bits: Bits::default() };
        held.bits.unite(&[bits]);
        held
    }
}

impl PartialEq for Held<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Of one evaluator, the ids are not only equal but the same.
        self.bits == other.bits && (std::ptr::eq(self.ids, other.ids) || self.ids == other.ids)
    }
}

impl Eq for Held<'_> {}

impl std::hash::Hash for Held<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits.hash(state);
    }
}

impl std::fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_of_one_id_are_named_once() {
        let ids = ["a", "a", "b", "c"].map(str::to_owned);
        assert_eq!(Held::of_bits(&ids, 0b1011).iter().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(Held::of_bits(&ids, 0b1111).iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
