//! Patterns in the quotes of a purchase (报价规律): prices that were made up together are often
//! evenly spaced.

use crate::{purchase::Registration, selection::Quote, store::text_enum};

text_enum! {
    /// What is regular about quotes.
    pub(super) enum Pattern {
        /// All are the same.
        Equal = "equal",
        /// Each is the same amount above the one before.
        EvenSteps = "even_steps",
        /// Each is the same part above the one before, as near as rounding lets it be.
        EvenRatios = "even_ratios",
    }
}

/// The pattern of values, if they have one and are enough of them.
pub(super) fn pattern(values: &[u64], least: usize) -> Option<Pattern> {
    if values.len() < least.max(3) {
        return None;
    }
    let mut values: Vec<i128> = values.iter().map(|value| i128::from(*value)).collect();
    values.sort_unstable();
    let middles = || values.windows(3).map(|three| (three[0], three[1], three[2]));
    if values.first() == values.last() {
        Some(Pattern::Equal)
    } else if middles().all(|(low, middle, high)| middle - low == high - middle) {
        Some(Pattern::EvenSteps)
    } else if middles().all(|(low, middle, high)| is_mean(low, middle, high)) {
        Some(Pattern::EvenRatios)
    } else {
        None
    }
}

/// Whether a value is the geometric mean of its neighbours, to within one of the smallest unit.
fn is_mean(low: i128, middle: i128, high: i128) -> bool {
    let product = low * high;
    low > 0 && (middle - 1).pow(2) <= product && product <= (middle + 1).pow(2)
}

/// The quotes from before the close, in their smallest unit, as they were opened.
pub(super) fn values(registrations: &[Registration]) -> Vec<(&Registration, u64)> {
    let mut values: Vec<_> = registrations
        .iter()
        .filter_map(|one| {
            let first = one.quotes.iter().find(|quote| quote.round == 0)?;
            let value = match first.quote? {
                Quote::Amount(money) => u64::try_from(money.fen()).ok()?,
                Quote::Discount(rate) => u64::from(rate.hundredths()),
            };
            Some((one, value))
        })
        .collect();
    values.sort_by_key(|(one, value)| (*value, one.id));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_quotes_are_found_and_others_are_not() {
        for (values, found) in [
            (&[9_000_000, 9_500_000, 10_000_000, 10_500_000][..], Some(Pattern::EvenSteps)),
            (&[10_500_000, 9_000_000, 10_000_000, 9_500_000], Some(Pattern::EvenSteps)),
            (&[8_000_000, 8_000_000, 8_000_000, 8_000_000], Some(Pattern::Equal)),
            (&[10_000_000, 10_300_000, 10_609_000, 10_927_270], Some(Pattern::EvenRatios)),
            (&[9_000_000, 9_500_000, 10_000_000, 10_500_001], None),
            (&[8_000_000, 8_000_000, 8_000_000, 8_000_100], None),
            (&[8_712_300, 9_120_000, 9_955_000, 10_431_500], None),
            (&[9_000_000, 9_500_000, 10_000_000], None),
            (&[0, 0, 1, 5], None),
            (&[], None),
        ] {
            assert_eq!(pattern(values, 4), found, "{values:?}");
        }
        assert_eq!(pattern(&[1, 2, 3], 3), Some(Pattern::EvenSteps));
        assert_eq!(pattern(&[1, 2], 0), None, "two are always evenly spaced");
    }
}
