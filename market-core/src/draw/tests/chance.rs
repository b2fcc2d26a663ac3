//! Every ticket is as likely as any other.

use super::{
    super::{Lot, Seed, bytes::Bytes32, draws::draw},
    bytes,
};

/// With six degrees of freedom, fair draws exceed this in one run of a thousand. The seeds are
/// fixed, so that the test gives the same figure each time: it is a check of the code, not a bet.
const BOUND: f64 = 22.46;

const DRAWS: u64 = 500_000;

/// How far counts are from what the weights make expected (Pearson's chi-square).
fn distance(counts: [u32; 7], weights: [u64; 7]) -> f64 {
    let draws: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let weights = weights.map(|weight| f64::from(u32::try_from(weight).unwrap()));
    let total: f64 = weights.iter().sum();
    let parts = counts.iter().zip(weights).map(|(count, weight)| {
        let expected = draws * weight / total;
        (f64::from(*count) - expected).powi(2) / expected
    });
    parts.sum()
}

/// How often each of seven lots comes at a place of the draw.
fn counts(weights: [u64; 7], place: usize) -> [u32; 7] {
    let keys = ["0", "1", "2", "3", "4", "5", "6"];
    let lots: Vec<_> = keys
        .iter()
        .zip(weights)
        .map(|(key, tickets)| Lot { key: (*key).into(), tickets })
        .collect();
    let mut counts = [0; 7];
    for number in 0..DRAWS {
        let taken = draw(Seed(bytes(number)), "winner", &lots, place + 1).unwrap();
        counts[taken[place].parse::<usize>().unwrap()] += 1;
    }
    counts
}

#[test]
fn equal_lots_are_equally_likely_at_the_first_place_and_the_third() {
    for place in [0, 2] {
        let distance = distance(counts([1; 7], place), [1; 7]);
        assert!(distance < BOUND, "place {place}: {distance}");
    }
}

#[test]
fn lots_are_as_likely_as_they_have_tickets() {
    let weights = [1, 2, 3, 5, 8, 13, 21];
    let distance = distance(counts(weights, 0), weights);
    assert!(distance < BOUND, "{distance}");
}

/// The control: four bits taken modulo seven favour two lots, and the same test sees it.
#[test]
fn a_remainder_without_rejection_is_found_out() {
    let mut counts = [0; 7];
    for number in 0..DRAWS {
        let Bytes32(word) =
            super::super::bytes::Hash::tagged("").fixed(&number.to_be_bytes()).done();
        counts[usize::from(word[0] & 15) % 7] += 1;
    }
    let distance = distance(counts, [1; 7]);
    assert!(distance > 100.0 * BOUND, "{distance}");
}

/// Two lots, one ticket against two: the heavier comes first in two of three, and the order of a
/// weighted draw without replacement follows.
#[test]
fn a_weighted_draw_goes_on_without_what_was_drawn() {
    let lots =
        [("a", 1), ("b", 1), ("c", 2)].map(|(key, tickets)| Lot { key: key.into(), tickets });
    let mut first_a_then_b = 0_u32;
    for number in 0..DRAWS {
        let taken = draw(Seed(bytes(number)), "order", &lots, 3).unwrap();
        first_a_then_b += u32::from(taken == ["a", "b", "c"]);
    }
    // One of four tickets, then one of the three that are left.
    let (share, draws) = (1.0 / 12.0, f64::from(u32::try_from(DRAWS).unwrap()));
    let deviation = (draws * share * (1.0 - share)).sqrt();
    assert!(
        (f64::from(first_a_then_b) - draws * share).abs() < 3.0 * deviation,
        "{first_a_then_b}"
    );
}
