//! The worked examples and the boundary cases of the rules' sources.

use super::*;
use crate::selection::{Facts, Trimmed};

const SIX: [&str; 6] = ["100000", "95000", "92000", "90000", "88000", "80000"];

/// The base and the reference of a best price, and who was trimmed by number.
fn facts(outcome: &Outcome) -> (u32, Quote, Option<(u128, u128)>) {
    let Outcome::Winner { facts: Facts::BestPrice { base, reference, trimmed }, .. } = outcome
    else {
        panic!("no best price: {outcome:?}");
    };
    let number = |id: RegistrationId| id.0.as_u128();
    let trimmed = trimmed.map(|Trimmed { highest, lowest }| (number(highest), number(lowest)));
    (*base, *reference, trimmed)
}

#[test]
fn of_six_the_ends_are_dropped_and_97_percent_of_the_mean_is_the_reference() {
    let outcome = decided(&best_price(&[97]), &asking(&SIX));
    assert_eq!(facts(&outcome), (97, amount("88512.50"), Some((1, 6))));
    assert_eq!(ranking(&outcome), [5, 4, 3, 2], "88000, off by 512.50, then as the others are");
}

#[test]
fn of_six_with_95_percent_the_same_wins_from_above() {
    let outcome = decided(&best_price(&[95]), &asking(&SIX));
    assert_eq!(facts(&outcome), (95, amount("86687.50"), Some((1, 6))));
    assert_eq!(ranking(&outcome)[0], 5);
}

#[test]
fn of_three_nothing_is_dropped() {
    let outcome = decided(&best_price(&[96]), &asking(&["100000", "95000", "90000"]));
    assert_eq!(facts(&outcome), (96, amount("91200.00"), None));
    assert_eq!(ranking(&outcome), [3, 2, 1]);
}

#[test]
fn equally_near_equal_quotes_are_drawn() {
    let bids = asking(&["10000", "9500", "9500", "9400", "9400", "9000"]);
    let rule = best_price(&[98]);
    let mut lottery = Seeded::new(1);
    let outcome = decide(&rule, &bids, &mut lottery);
    assert_eq!(facts(&outcome), (98, amount("9261.00"), Some((1, 6))));
    assert_eq!(lottery.labels(), ["base", "tie-1", "tie-3"]);
    assert_eq!(lottery.drawn[1].lots.len(), 2);
    assert_eq!(winners(&rule, &bids), BTreeSet::from([4, 5]), "both can win, and nobody else");
}

#[test]
fn of_six_equal_quotes_four_are_left_and_one_of_them_is_drawn() {
    let bids = asking(&["9000"; 6]);
    let rule = best_price(&[95]);
    let outcome = decided(&rule, &bids);
    assert_eq!(facts(&outcome), (95, amount("8550.00"), Some((6, 5))));
    assert_eq!(winners(&rule, &bids), BTreeSet::from([1, 2, 3, 4]));
}

#[test]
fn of_two_equal_highest_exactly_one_is_dropped() {
    let outcome = decided(&best_price(&[98]), &asking(&["100", "100", "90", "90", "80", "80"]));
    let (_, reference, trimmed) = facts(&outcome);
    assert_eq!(trimmed, Some((2, 6)), "the one with the larger registration of either side");
    assert_eq!(reference, amount("88.20"), "98 % of the mean of 100, 90, 90 and 80");
    assert_eq!(ranking(&outcome).len(), 4);
}

#[test]
fn a_dropped_quote_cannot_win_though_it_were_nearest() {
    // Of 101 101 101 101 101 96 the lowest is dropped; 95 % of 101 is 95.95.
    let bids = asking(&["101", "101", "101", "101", "101", "96"]);
    let outcome = decided(&best_price(&[95]), &bids);
    assert_eq!(facts(&outcome).1, amount("95.95"));
    assert!(!ranking(&outcome).contains(&6));
    assert!(!winners(&best_price(&[95]), &bids).contains(&6));
}

#[test]
fn of_five_none_is_dropped_and_of_six_two() {
    let five = asking(&SIX[..5]);
    assert_eq!(facts(&decided(&best_price(&[97]), &five)).2, None);
    assert!(facts(&decided(&best_price(&[97]), &asking(&SIX))).2.is_some());
}

#[test]
fn equally_near_the_lower_quote_wins() {
    // The mean of 90 and 110 is 100: both are 10 away.
    let rule = selection(Rule::BestPrice { bases: vec![100], trim_from: 6 }, 1);
    let outcome = decided(&rule, &asking(&["110", "90"]));
    assert_eq!(ranking(&outcome), [2, 1]);
}

#[test]
fn a_reference_is_rounded_half_up_and_once() {
    // The mean of the last is two thirds of a fen, which must not be rounded before its share.
    for (quotes, base, reference) in [
        (["0.10", "0.10", "0.10"], 95, "0.10"),
        (["0.05", "0.05", "0.05"], 97, "0.05"),
        (["0.01", "0.01", "0.01"], 50, "0.01"),
        (["0.03", "0.02", "0.02"], 100, "0.02"),
        (["1.00", "1.00", "1.01"], 50, "0.50"),
        (["0.01", "0.01", "0.00"], 70, "0.00"),
    ] {
        let outcome = decided(&best_price(&[base]), &asking(&quotes));
        assert_eq!(facts(&outcome).1, amount(reference), "{base} % of {quotes:?}");
    }
}

#[test]
fn discounts_are_compared_by_what_is_left_to_pay() {
    let mut rule = best_price(&[95]);
    rule.limits = Some(any_discount());
    let bids = quoting(["10.00", "20.00", "30.00"].map(discount));
    let outcome = decided(&rule, &bids);
    // What is left is 90, 80 and 70 %; 95 % of their mean is 76 %.
    assert_eq!(facts(&outcome).1, discount("24.00"));
    assert_eq!(ranking(&outcome), [2, 3, 1]);

    let mut rule = selection(Rule::LowestPrice {}, 3);
    rule.limits = Some(any_discount());
    assert_eq!(ranking(&decided(&rule, &bids)), [3, 2, 1], "the largest discount is the cheapest");
}

#[test]
fn a_quote_on_a_limit_is_valid_and_a_fen_beyond_is_not() {
    let mut rule = selection(Rule::LowestPrice {}, 1);
    rule.limits = Some(Limits::Amount { low: money("90.00"), high: money("100.00") });
    let bids = asking(&["89.99", "90.00", "100.00", "100.01"]);
    assert_eq!(ranking(&decided(&rule, &bids)), [2, 3]);
    rule.limits =
        Some(Limits::Discount { low: "5.00".parse().unwrap(), high: "10.00".parse().unwrap() });
    let bids = quoting(["4.99", "5.00", "10.00", "10.01"].map(discount));
    assert_eq!(ranking(&decided(&rule, &bids)), [3, 2]);
}

#[test]
fn fen_decide() {
    let rule = selection(Rule::LowestPrice {}, 3);
    assert_eq!(ranking(&decided(&rule, &asking(&["9.5", "9.49", "9.51"]))), [2, 1, 3]);
}

#[test]
fn the_base_is_drawn_first_and_from_all_of_the_set_whatever_was_bid() {
    let rule = best_price(&[95, 96, 97, 98]);
    let mut bases = BTreeSet::new();
    for seed in 0..100 {
        let mut lottery = Seeded::new(seed);
        let outcome = decide(&rule, &asking(&SIX), &mut lottery);
        let base = &lottery.drawn[0];
        assert_eq!((base.label.as_str(), base.take), ("base", 1));
        let keys: Vec<_> = base.lots.iter().map(|lot| (lot.key.as_str(), lot.tickets)).collect();
        assert_eq!(keys, [("95", 1), ("96", 1), ("97", 1), ("98", 1)]);
        bases.insert(facts(&outcome).0);
    }
    assert_eq!(bases, BTreeSet::from([95, 96, 97, 98]));
}

#[test]
fn private_money_with_one_quote_takes_it() {
    let rule = Rule::BestPrice { bases: vec![95, 98], trim_from: 6 };
    for rule in [rule, Rule::LowestPrice {}] {
        assert_eq!(ranking(&decided(&selection(rule, 1), &asking(&["500"]))), [1]);
    }
}
