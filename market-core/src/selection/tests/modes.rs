//! What each mode does.

use super::*;
use crate::{
    Error, Mode,
    selection::{Facts, OffLimits, QuoteKind, Tickets, Total},
};

#[test]
fn a_random_draw_takes_the_winner_and_the_alternates_at_once() {
    let rule = selection(Rule::Random { alternates: 2 }, 3);
    let bids = credited(&[0, 500, 1000, 700, 700]);
    let mut lottery = Seeded::new(7);
    let outcome = decide(&rule, &bids, &mut lottery);
    assert_eq!(lottery.labels(), ["winner"]);
    assert_eq!(lottery.drawn[0].take, 3);
    assert!(lottery.drawn[0].lots.iter().all(|lot| lot.tickets == 1), "credit gives no ticket");
    assert_eq!(ranking(&outcome).len(), 3);
    assert!(matches!(outcome, Outcome::Winner { facts: Facts::Lot {}, .. }));
    assert_eq!(winners(&rule, &bids).len(), 5, "the last one listed can win as well");
}

#[test]
fn a_registrant_without_a_quote_is_drawn_where_none_is_asked_for() {
    let rule = selection(Rule::Random { alternates: 0 }, 1);
    assert_eq!(ranking(&decided(&rule, &[bid(4, None)])), [4]);
}

#[test]
fn two_of_three_are_too_few() {
    let random = selection(Rule::Random { alternates: 0 }, 3);
    let lowest = selection(Rule::LowestPrice {}, 3);
    let two = asking(&["90", "91"]);
    for rule in [&random, &lowest, &best_price(&[95])] {
        let mut lottery = Seeded::new(1);
        let outcome = decide(rule, &two, &mut lottery);
        assert_eq!(failure(&outcome), Some(FailureReason::TooFewRegistrants));
        assert_eq!(lottery.labels(), [""; 0], "nothing is drawn for nothing");
    }
}

#[test]
fn a_failure_says_what_was_missing() {
    let mut rule = selection(Rule::LowestPrice {}, 3);
    rule.limits = Some(Limits::Amount { low: money("50"), high: money("100") });
    let failed = |quotes: [Option<&str>; 3]| {
        let bids = (1..).zip(quotes).map(|(number, quote)| bid(number, quote.map(amount)));
        failure(&decided(&rule, &bids.collect::<Vec<_>>()))
    };
    assert_eq!(failed([Some("50"), Some("60"), Some("100")]), None);
    assert_eq!(failed([Some("50"), Some("60"), None]), Some(FailureReason::TooFewQuotes));
    assert_eq!(failed([Some("50"), Some("60"), Some("49")]), Some(FailureReason::TooFewQuotes));
    assert_eq!(failed([Some("10"), None, Some("101")]), Some(FailureReason::NoValidQuote));
    assert_eq!(failed([None, None, None]), Some(FailureReason::TooFewQuotes));
    assert_eq!(failure(&decided(&rule, &[])), Some(FailureReason::TooFewRegistrants));
}

#[test]
fn without_anybody_nobody_wins_whatever_the_minimum() {
    for rule in [Rule::Random { alternates: 0 }, Rule::LowestPrice {}] {
        let selection = Selection { rule, minimum: 0, limits: Some(ANY_AMOUNT) };
        assert_eq!(failure(&decided(&selection, &[])), Some(FailureReason::TooFewRegistrants));
    }
}

#[test]
fn a_quote_of_the_other_kind_is_none() {
    let rule = selection(Rule::LowestPrice {}, 1);
    let bids = quoting([discount("99.99"), amount("100")]);
    assert_eq!(ranking(&decided(&rule, &bids)), [2]);
    assert_eq!(discount("1").check(&ANY_AMOUNT), Err(OffLimits::OtherKind(QuoteKind::Amount)));
}

#[test]
fn a_later_bid_replaces_an_earlier_one() {
    let rule = selection(Rule::LowestPrice {}, 2);
    let mut bids = asking(&["100", "90"]);
    let mut later = bid(1, Some(amount("80")));
    later.quoted_at = later.quoted_at.next();
    bids.insert(0, later);
    assert_eq!(ranking(&decided(&rule, &bids)), [1, 2]);
    bids.retain(|bid| bid.registration == registration(1));
    assert_eq!(failure(&decided(&rule, &bids)), Some(FailureReason::TooFewRegistrants));
}

#[test]
fn the_lowest_price_wins_and_equals_are_drawn() {
    let rule = selection(Rule::LowestPrice {}, 3);
    let bids = asking(&["100", "80", "90", "80", "80", "100"]);
    let mut lottery = Seeded::new(3);
    let outcome = decide(&rule, &bids, &mut lottery);
    assert_eq!(lottery.labels(), ["tie-1", "tie-5"]);
    assert_eq!(ranking(&outcome)[3], 3);
    assert_eq!(winners(&rule, &bids), BTreeSet::from([2, 4, 5]), "the last of equals as well");
}

#[test]
fn rounds_end_in_the_lowest_price_and_equals_are_drawn_though_one_was_earlier() {
    let rule = selection(Rule::MultiRound { rounds: 3 }, 3);
    let mut bids = asking(&["80", "80", "90"]);
    bids[0].quoted_at = bids[0].quoted_at.next();
    assert_eq!(winners(&rule, &bids), BTreeSet::from([1, 2]));
}

#[test]
fn of_equal_quotes_in_a_negotiation_the_earliest_wins() {
    let rule = selection(Rule::Negotiation { rounds: 3 }, 2);
    let mut bids = asking(&["80", "80", "70.01", "80"]);
    bids[0].quoted_at = bids[0].quoted_at.next();
    let mut lottery = Seeded::new(3);
    let outcome = decide(&rule, &bids, &mut lottery);
    assert_eq!(lottery.labels(), ["tie-2"], "two quoted at one instant");
    assert_eq!(lottery.drawn[0].lots.len(), 2);
    assert_eq!((ranking(&outcome)[0], ranking(&outcome)[3]), (3, 1));
}

#[test]
fn the_best_credit_is_drawn_to_a_short_list_with_tickets_by_points() {
    let bids = credited(&[1000, 349, 350, 0, 700, 49]);
    let mut lottery = Seeded::new(5);
    let outcome = decide(&credit_preferred(6, 3), &bids, &mut lottery);
    let Outcome::ShortList { candidates, tickets } = outcome else { panic!("{outcome:?}") };
    assert_eq!(lottery.labels(), ["short-list"]);
    assert_eq!(candidates.len(), 3);
    let tickets: Vec<_> = tickets.iter().map(|one| one.tickets).collect();
    assert_eq!(tickets, [10, 3, 4, 1, 7, 1], "rounded half up, and one at least");
}

#[test]
fn whoever_equals_the_last_of_the_long_list_is_on_it() {
    let bids = credited(&[500, 900, 800, 800, 800, 799]);
    let on_list = |length| match decided(&credit_preferred(length, 1), &bids) {
        Outcome::ShortList { tickets, .. } => {
            numbers(&tickets.iter().map(|one| one.registration).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(on_list(1), [2]);
    assert_eq!(on_list(2), [2, 3, 4, 5]);
    assert_eq!(on_list(4), [2, 3, 4, 5]);
    assert_eq!(on_list(5), [2, 3, 4, 5, 6]);
    assert_eq!(on_list(60), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn fewer_than_the_short_list_are_all_on_it() {
    let outcome = decided(&credit_preferred(10, 5), &credited(&[700, 600]));
    let Outcome::ShortList { candidates, .. } = outcome else { panic!("{outcome:?}") };
    let listed: BTreeSet<_> = numbers(&candidates).into_iter().collect();
    assert_eq!(listed, BTreeSet::from([1, 2]));
}

#[test]
fn one_registrant_is_too_few_for_credit_preferred() {
    let outcome = decided(&credit_preferred(10, 5), &credited(&[900]));
    assert_eq!(failure(&outcome), Some(FailureReason::TooFewRegistrants));
}

#[test]
fn the_owner_picks_from_the_short_list_and_the_others_follow_as_drawn() {
    let [a, b, c] = [registration(3), registration(1), registration(2)];
    let tickets = vec![Tickets { registration: a, tickets: 7 }];
    let list = Outcome::ShortList { candidates: vec![a, b, c], tickets: tickets.clone() };
    assert_eq!(list.winner(), None);
    let picked = list.clone().pick(c).unwrap();
    assert_eq!(ranking(&picked), [2, 3, 1]);
    assert_eq!(picked.winner(), Some(c));
    assert!(matches!(&picked, Outcome::Winner { facts: Facts::Credit { tickets: kept }, .. }
        if *kept == tickets));
    for (outcome, code) in [(list, "unknown"), (picked, "choice")] {
        let Err(Error::Invalid(faults)) = outcome.pick(registration(9)) else { panic!() };
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("/registration", code));
    }
}

fn scored() -> Selection {
    selection(Rule::PlanPreferred { criteria: criteria() }, 2)
}

fn all_scores(points: &[(u64, [u32; 3])]) -> Vec<Score> {
    let keys = ["service", "people", "price"];
    let of = |&(number, points): &(u64, [u32; 3])| {
        keys.into_iter().zip(points).map(move |(key, points)| score(number, key, points))
    };
    points.iter().flat_map(of).collect()
}

#[test]
fn the_highest_weighted_total_wins() {
    let bids = asking(&["100", "90", "80"]);
    for rule in [scored(), selection(Rule::Inquiry { criteria: criteria() }, 2)] {
        let expected = [1, 2, 3].map(registration).to_vec();
        assert_eq!(decided(&rule, &bids), Outcome::ToChoose { candidates: expected });
        let scores = all_scores(&[(1, [90, 80, 70]), (2, [100, 60, 61]), (3, [81, 82, 83])]);
        let mut lottery = Seeded::new(1);
        let outcome = choose(&rule, &bids, &scores, &mut lottery).unwrap();
        assert_eq!(ranking(&outcome), [3, 1, 2]);
        assert_eq!(lottery.labels(), [""; 0]);
        let Outcome::Winner { facts: Facts::Scores { totals }, .. } = outcome else { panic!() };
        let total = |number, hundredths| Total { registration: registration(number), hundredths };
        assert_eq!(totals, [total(3, 8185), total(1, 8150), total(2, 7625)]);
    }
}

#[test]
fn of_equal_totals_the_lower_quote_wins_then_the_lot() {
    let bids = asking(&["100", "90", "100", "90"]);
    let scores = all_scores(&[1, 2, 3, 4].map(|number| (number, [70, 70, 70])));
    let mut lottery = Seeded::new(1);
    let outcome = choose(&scored(), &bids, &scores, &mut lottery).unwrap();
    assert_eq!(lottery.labels(), ["tie-1", "tie-3"]);
    let first: BTreeSet<_> = ranking(&outcome).into_iter().take(2).collect();
    assert_eq!(first, BTreeSet::from([2, 4]));
}

#[test]
fn every_fault_of_the_scores_is_named_with_its_place() {
    let bids = asking(&["100", "90"]);
    let mut scores = all_scores(&[(1, [101, 0, 100])]);
    scores[1].reason = " ".to_owned();
    scores.push(score(1, "price", 50));
    scores.push(score(2, "beauty", 50));
    scores.push(score(7, "price", 50));
    scores.push(score(2, "people", 50));
    let Err(Error::Invalid(faults)) = choose(&scored(), &bids, &scores, &mut Seeded::new(1)) else {
        panic!("accepted")
    };
    let places: Vec<_> =
        faults.iter().map(|fault| (fault.pointer.as_str(), &*fault.code)).collect();
    assert_eq!(
        places,
        [
            ("/scores/0/points", "range"),
            ("/scores/1/reason", "length"),
            ("/scores/3/criterion", "duplicate"),
            ("/scores/4/criterion", "unknown"),
            ("/scores/5/registration", "unknown"),
            ("/scores", "missing"),
        ]
    );
    assert!(
        faults[5].message.ends_with("2 has no score by service, price"),
        "{}",
        faults[5].message
    );
}

#[test]
fn who_has_no_valid_quote_is_no_candidate() {
    let mut bids = asking(&["100", "90"]);
    bids.push(bid(3, None));
    let scores = all_scores(&[(1, [1, 1, 1]), (2, [2, 2, 2]), (3, [100, 100, 100])]);
    let Err(Error::Invalid(faults)) = choose(&scored(), &bids, &scores, &mut Seeded::new(1)) else {
        panic!("accepted")
    };
    assert!(faults.iter().all(|fault| &*fault.code == "unknown"));
    assert_eq!(faults.len(), 3);
}

#[test]
fn scores_decide_nothing_below_the_minimum_nor_in_another_mode() {
    let one = asking(&["100"]);
    let outcome = choose(&scored(), &one, &[], &mut Seeded::new(1)).unwrap();
    assert_eq!(failure(&outcome), Some(FailureReason::TooFewRegistrants));
    let lowest = selection(Rule::LowestPrice {}, 1);
    assert!(choose(&lowest, &one, &[], &mut Seeded::new(1)).is_err());
}

#[test]
fn each_mode_says_who_quotes_and_who_chooses() {
    let modes = |is: fn(Mode) -> bool| -> Vec<_> {
        Mode::ALL.iter().filter(|mode| is(**mode)).map(|mode| mode.as_str()).collect()
    };
    assert_eq!(modes(|mode| !mode.wants_quotes()), ["random", "credit_preferred"]);
    assert_eq!(modes(Mode::owner_chooses), ["credit_preferred", "plan_preferred", "inquiry"]);
    let names: BTreeSet<_> = Mode::ALL.iter().map(|mode| mode.zh()).collect();
    assert_eq!(names.len(), Mode::ALL.len());
}
