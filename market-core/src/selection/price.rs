//! The modes in which the quote decides.

use super::{Facts, Outcome, Priced, Quote, Rate, Trimmed, rank};
use crate::{
    Money,
    draw::{Lot, Lottery},
};

/// The lowest quote wins; of equals the first by `then`, and of those who are equal in that, too,
/// one by lot.
pub(super) fn lowest<K: Ord>(
    bids: Vec<Priced>,
    then: impl Fn(&Priced) -> K,
    lottery: &mut dyn Lottery,
) -> Outcome {
    let entrants =
        bids.into_iter().map(|bid| ((bid.quote.size(), then(&bid)), bid.registration)).collect();
    Outcome::Winner { ranking: rank(entrants, lottery), facts: Facts::LowestPrice {} }
}

/// The quote nearest to a drawn share of the mean wins; of equally near ones the lower, and of
/// equals one by lot.
pub(super) fn best(
    bids: Vec<Priced>,
    bases: &[u32],
    trim_from: usize,
    lottery: &mut dyn Lottery,
) -> Outcome {
    let base = draw_base(bases, lottery);
    let (bids, trimmed) = trim(bids, trim_from);
    let reference = reference(&bids, base);
    let entrants = bids
        .iter()
        .map(|bid| {
            let size = bid.quote.size();
            ((size.abs_diff(reference.size()), size), bid.registration)
        })
        .collect();
    let ranking = rank(entrants, lottery);
    Outcome::Winner { ranking, facts: Facts::BestPrice { base, reference, trimmed } }
}

/// One of the shares, each as likely as the others; the mean itself, if none is named.
fn draw_base(bases: &[u32], lottery: &mut dyn Lottery) -> u32 {
    if bases.is_empty() {
        return 100;
    }
    let lots: Vec<_> = bases.iter().map(|base| Lot { key: base.to_string(), tickets: 1 }).collect();
    let drawn = lottery.draw("base", &lots, 1);
    drawn.first().and_then(|base| base.parse().ok()).unwrap_or(100)
}

/// Leaves out one highest and one lowest, if there are enough and some are left; of equals the one
/// with the largest registration.
fn trim(mut bids: Vec<Priced>, trim_from: usize) -> (Vec<Priced>, Option<Trimmed>) {
    if bids.len() < trim_from.max(3) {
        return (bids, None);
    }
    let key = |bid: &Priced| (bid.quote.size(), bid.registration);
    bids.sort_by_key(key);
    let Some(highest) = bids.pop() else { return (bids, None) };
    let least = bids.first().map(|bid| bid.quote.size());
    let lows = bids.partition_point(|bid| Some(bid.quote.size()) == least);
    let lowest = bids.remove(lows.saturating_sub(1));
    let trimmed = Trimmed { highest: highest.registration, lowest: lowest.registration };
    (bids, Some(trimmed))
}

/// `base` percent of the mean, rounded half up once: to the fen of amounts; of discounts the mean
/// is of what is left to pay, rounded to a hundredth of a percent.
fn reference(bids: &[Priced], base: u32) -> Quote {
    let sum: u128 = bids.iter().map(|bid| u128::from(bid.quote.size())).sum();
    let parts = 100 * bids.len().max(1) as u128;
    let size = (2 * sum * u128::from(base) + parts) / (2 * parts);
    if let Some(Quote::Discount(_)) = bids.first().map(|bid| bid.quote) {
        let rest = u32::try_from(size).unwrap_or(Rate::WHOLE);
        let rate = Rate::from_hundredths(Rate::WHOLE.saturating_sub(rest));
        Quote::Discount(rate.unwrap_or_default())
    } else {
        let fen = i64::try_from(size).ok().and_then(Money::from_fen);
        Quote::Amount(fen.unwrap_or_default())
    }
}
