//! What holds for all bids.

use proptest::{collection::vec, option, prelude::*};
use rust_decimal::{Decimal, RoundingStrategy};

use super::*;
use crate::selection::Facts;

/// Everything that one selection needs.
#[derive(Debug, Clone)]
struct Run {
    selection: Selection,
    bids: Vec<Bid>,
    seed: u64,
}

/// Quotes of both kinds, a good part of them equal, and some beyond [`limits`].
fn quotes() -> impl Strategy<Value = Quote> {
    let amounts = prop_oneof![9_000_i64..9_010, 5_000_i64..11_000];
    let amounts = amounts.prop_map(|fen| Quote::Amount(Money::from_fen(fen).unwrap()));
    let rates = prop_oneof![1_000_u32..1_010, 0_u32..4_000];
    let rates = rates.prop_map(|rate| Quote::Discount(Rate::from_hundredths(rate).unwrap()));
    prop_oneof![amounts, rates]
}

fn limits() -> impl Strategy<Value = Limits> {
    let [low, high] = ["60", "100"].map(money);
    let amounts = Limits::Amount { low, high };
    let [low, high] = ["5", "30"].map(|percent| percent.parse().unwrap());
    prop_oneof![Just(amounts), Just(Limits::Discount { low, high })]
}

/// Bids of different registrations, in no order.
fn bids(most: usize) -> impl Strategy<Value = Vec<Bid>> {
    let bid = (any::<u64>(), option::weighted(0.9, quotes()), 0_i64..3, 0_u32..=1000);
    vec(bid, 0..=most).prop_map(|bids| {
        let mut seen = BTreeSet::new();
        let mut bids: Vec<_> = bids
            .into_iter()
            .map(|(number, quote, at, credit)| Bid {
                registration: registration(number),
                quote,
                quoted_at: Timestamp::from_micros(at),
                credit,
            })
            .collect();
        bids.retain(|bid| seen.insert(bid.registration));
        bids
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let scored = |rule: fn(Vec<Criterion>) -> Rule| Just(rule(criteria()));
    prop_oneof![
        (0_usize..4).prop_map(|alternates| Rule::Random { alternates }),
        Just(Rule::LowestPrice {}),
        Just(Rule::BestPrice { bases: vec![95, 96, 97, 98], trim_from: 6 }),
        (1_usize..4, 0_usize..5).prop_map(|(short_list, more)| Rule::CreditPreferred {
            long_list: short_list + more,
            short_list,
            points_per_ticket: 100,
        }),
        scored(|criteria| Rule::PlanPreferred { criteria }),
        scored(|criteria| Rule::Inquiry { criteria }),
        Just(Rule::MultiRound { rounds: 3 }),
        Just(Rule::Negotiation { rounds: 3 }),
    ]
}

fn runs() -> impl Strategy<Value = Run> {
    (rules(), 1_usize..5, limits(), bids(20), any::<u64>()).prop_map(
        |(rule, minimum, limits, bids, seed)| {
            let limits = rule.mode().wants_quotes().then_some(limits);
            Run { selection: Selection { rule, minimum, limits }, bids, seed }
        },
    )
}

impl Run {
    /// Runs to the end: the owner picks the second of a short list, if there is one, and scores
    /// by a fixed formula.
    fn outcome(&self) -> Outcome {
        let mut lottery = Seeded::new(self.seed);
        match decide(&self.selection, &self.bids, &mut lottery) {
            Outcome::ToChoose { candidates } => {
                let scores: Vec<_> = candidates
                    .iter()
                    .flat_map(|id| {
                        let points = u32::try_from(id.0.as_u128() % 3).unwrap() + 70;
                        criteria().into_iter().map(move |criterion| Score {
                            registration: *id,
                            criterion: criterion.key,
                            points,
                            reason: "方案完整".to_owned(),
                        })
                    })
                    .collect();
                choose(&self.selection, &self.bids, &scores, &mut lottery).unwrap()
            }
            list @ Outcome::ShortList { .. } => {
                let Outcome::ShortList { candidates, .. } = &list else { unreachable!() };
                let picked = candidates[1.min(candidates.len() - 1)];
                list.pick(picked).unwrap()
            }
            outcome => outcome,
        }
    }

    fn is_valid(&self, bid: &Bid) -> bool {
        match self.selection.limits {
            None => true,
            Some(limits) => bid.quote.is_some_and(|quote| quote.check(&limits).is_ok()),
        }
    }

    fn valid(&self) -> Vec<&Bid> {
        self.bids.iter().filter(|bid| self.is_valid(bid)).collect()
    }
}

proptest! {
    #[test]
    fn who_is_ranked_is_one_of_the_bids_valid_and_ranked_once(run in runs()) {
        if let Outcome::Winner { ranking, .. } = run.outcome() {
            prop_assert!(!ranking.is_empty());
            let mut seen = BTreeSet::new();
            for registration in &ranking {
                let bid = run.bids.iter().find(|bid| bid.registration == *registration);
                prop_assert!(bid.is_some_and(|bid| run.is_valid(bid)));
                prop_assert!(seen.insert(registration));
            }
        }
    }

    #[test]
    fn nobody_wins_below_the_minimum_and_somebody_from_it_on(run in runs()) {
        let is_enough = run.valid().len() >= run.selection.minimum;
        prop_assert_eq!(run.outcome().winner().is_some(), is_enough);
    }

    #[test]
    fn the_order_of_the_bids_does_not_matter(
        (run, shuffled) in runs().prop_flat_map(|run| {
            let bids = run.bids.clone();
            (Just(run), Just(bids).prop_shuffle())
        })
    ) {
        prop_assert_eq!(Run { bids: shuffled, ..run.clone() }.outcome(), run.outcome());
    }

    #[test]
    fn the_same_lottery_gives_the_same_outcome(run in runs()) {
        prop_assert_eq!(run.clone().outcome(), run.outcome());
    }

    #[test]
    fn whoever_is_not_valid_changes_nothing(run in runs()) {
        let run = Run { selection: Selection { minimum: 1, ..run.selection.clone() }, ..run };
        let valid = run.valid().into_iter().cloned().collect();
        let without = Run { bids: valid, ..run.clone() };
        prop_assert_eq!(without.outcome().winner(), run.outcome().winner());
    }

    #[test]
    fn what_is_paid_lies_within_the_limits(run in runs(), ceiling in 0_i64..=99_999_999_999_999) {
        let ceiling = Money::from_fen(ceiling).unwrap();
        let (Some(winner), Some(limits)) = (run.outcome().winner(), run.selection.limits) else {
            return Ok(());
        };
        let bid = run.bids.iter().find(|bid| bid.registration == winner).unwrap();
        let paid = bid.quote.unwrap().award_amount(ceiling);
        let (least, most) = match limits {
            Limits::Amount { low, high } => (low, high),
            Limits::Discount { low, high } => {
                let after = |rate| Quote::Discount(rate).award_amount(ceiling);
                (after(high), after(low))
            }
        };
        prop_assert!(least <= paid && paid <= most, "{paid} is not between {least} and {most}");
    }

    #[test]
    fn a_discount_is_exact(hundredths in 0_u32..=10_000, ceiling in 0_i64..=99_999_999_999_999) {
        let quote = Quote::Discount(Rate::from_hundredths(hundredths).unwrap());
        let paid = quote.award_amount(Money::from_fen(ceiling).unwrap());
        let exact = Decimal::new(ceiling, 2) * Decimal::new(i64::from(10_000 - hundredths), 4);
        let rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        prop_assert_eq!(Decimal::from(paid), rounded);
    }

    #[test]
    fn the_lowest_price_is_the_lowest(run in runs()) {
        let run = Run { selection: Selection { rule: Rule::LowestPrice {}, ..run.selection }, ..run };
        let sizes = run.valid().into_iter().map(|bid| bid.quote.unwrap().size());
        if let Some(winner) = run.outcome().winner() {
            let won = run.bids.iter().find(|bid| bid.registration == winner).unwrap();
            prop_assert_eq!(Some(won.quote.unwrap().size()), sizes.min());
        }
    }

    #[test]
    fn a_higher_bid_more_never_makes_the_lowest_price_higher(run in runs(), more in 1_i64..1000) {
        let limits = Some(ANY_AMOUNT);
        let rule = Rule::LowestPrice {};
        let run = Run { selection: Selection { rule, limits, ..run.selection }, ..run };
        let Some(winner) = run.outcome().winner() else { return Ok(()) };
        let price = |run: &Run, winner| {
            let won = run.bids.iter().find(|bid| bid.registration == winner).unwrap();
            won.quote.unwrap().size()
        };
        let before = price(&run, winner);
        let fen = i64::try_from(before).unwrap() + more;
        let mut with = run.clone();
        let registration = RegistrationId(Uuid::from_u128(u128::MAX));
        let quote = Some(Quote::Amount(Money::from_fen(fen).unwrap()));
        with.bids.push(Bid { registration, ..bid(0, quote) });
        let after = with.outcome().winner().unwrap();
        prop_assert_ne!(after, registration);
        prop_assert_eq!(price(&with, after), before);
    }

    #[test]
    fn the_best_price_is_the_nearest_of_what_is_left(run in runs()) {
        let rule = Rule::BestPrice { bases: vec![90, 95, 98, 100], trim_from: 6 };
        let limits = Some(run.selection.limits.unwrap_or(ANY_AMOUNT));
        let run = Run { selection: Selection { rule, limits, ..run.selection }, ..run };
        let Outcome::Winner { ranking, facts } = run.outcome() else { return Ok(()) };
        let Facts::BestPrice { base, reference, trimmed } = facts else { panic!("{facts:?}") };
        let mut left = run.valid();
        let all = left.len();
        if let Some(trimmed) = trimmed {
            prop_assert!(all >= 6);
            let size = |id| left.iter().find(|bid| bid.registration == id).unwrap().quote.unwrap();
            let sizes = left.iter().map(|bid| bid.quote.unwrap().size());
            prop_assert_eq!(size(trimmed.highest).size(), sizes.clone().max().unwrap());
            prop_assert_eq!(size(trimmed.lowest).size(), sizes.min().unwrap());
            left.retain(|bid| ![trimmed.highest, trimmed.lowest].contains(&bid.registration));
            prop_assert_eq!(left.len(), all - 2);
        } else {
            prop_assert!(all < 6);
        }
        prop_assert_eq!(ranking.len(), left.len());

        let sum: Decimal = left.iter().map(|bid| Decimal::from(bid.quote.unwrap().size())).sum();
        let share = sum * Decimal::from(base) / Decimal::from(left.len() * 100);
        let share = share.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        prop_assert_eq!(Decimal::from(reference.size()), share);

        let key = |bid: &&Bid| {
            let size = bid.quote.unwrap().size();
            (size.abs_diff(reference.size()), size)
        };
        let place = |bid: &&Bid| ranking.iter().position(|id| *id == bid.registration);
        left.sort_by_key(place);
        prop_assert!(left.is_sorted_by_key(key), "the ranking goes on by the same order");
    }

    #[test]
    fn any_rate_is_read_as_it_is_written(hundredths in 0_u32..=10_000) {
        let rate = Rate::from_hundredths(hundredths).unwrap();
        prop_assert_eq!(rate.to_string().parse(), Ok(rate));
    }

    #[test]
    fn any_text_is_a_rate_or_none(text in r"-?[0-9]{0,30}\.?[0-9]{0,4}") {
        if let Ok(rate) = text.parse::<Rate>() {
            prop_assert!(rate.hundredths() <= Rate::WHOLE);
        }
    }
}

#[test]
fn ten_thousand_bids_near_the_most_money_overflow_nothing() {
    let fen = |under: i64| Quote::Amount(Money::from_fen(most().fen() - under).unwrap());
    let outcome = decided(&best_price(&[100]), &quoting((0..10_000).map(fen)));
    let Outcome::Winner { ranking, facts } = outcome else { panic!("no winner") };
    assert_eq!(ranking.len(), 9_998);
    let Facts::BestPrice { reference, .. } = facts else { panic!("no best price") };
    assert_eq!(reference, fen(4_999), "the mean is half a fen lower");
    assert_eq!(numbers(&ranking[..3]), [5_000, 5_001, 4_999]);
}
