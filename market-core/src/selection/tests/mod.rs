//! Tests of the rules of selection. `vectors` holds the examples of the rules' sources, `modes`
//! what each mode does beside them, `notices` what a notice may say, `properties` what holds for
//! all bids.

mod modes;
mod notices;
mod properties;
mod vectors;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Bid, Criterion, FailureReason, Limits, Outcome, Quote, Rate, Rule, Score, Selection, choose,
    decide,
};
use crate::{
    Money, Timestamp,
    draw::{Lot, Lottery},
    id::RegistrationId,
};

/// A lottery from a seed that remembers what was drawn, and that nothing is drawn out of order.
#[derive(Debug, Clone)]
struct Seeded {
    state: u64,
    drawn: Vec<Drawn>,
}

/// A draw: its label, the keys of its lots, and how many were to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    label: String,
    lots: Vec<Lot>,
    take: usize,
}

impl Seeded {
    fn new(seed: u64) -> Self {
        Self { state: seed, drawn: Vec::new() }
    }

    /// The next word of `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn labels(&self) -> Vec<&str> {
        self.drawn.iter().map(|drawn| drawn.label.as_str()).collect()
    }
}

impl Lottery for Seeded {
    fn draw(&mut self, label: &str, lots: &[Lot], take: usize) -> Vec<String> {
        assert!(self.drawn.iter().all(|drawn| drawn.label != label), "{label} is drawn twice");
        assert!(lots.iter().all(|lot| lot.tickets > 0), "a lot without tickets");
        assert!(!lots.is_empty(), "nobody to draw from");
        let mut left = lots.to_vec();
        left.sort_by(|one, other| one.key.cmp(&other.key));
        left.dedup_by(|one, other| one.key == other.key);
        assert_eq!(left.len(), lots.len(), "somebody has two lots");
        self.drawn.push(Drawn { label: label.to_owned(), lots: left.clone(), take });
        let mut taken = Vec::new();
        while taken.len() < take && !left.is_empty() {
            let sum: u64 = left.iter().map(|lot| lot.tickets).sum();
            let mut ticket = self.next() % sum;
            let place = left.iter().position(|lot| {
                let is_drawn = ticket < lot.tickets;
                ticket = ticket.saturating_sub(lot.tickets);
                is_drawn
            });
            taken.push(left.remove(place.unwrap()).key);
        }
        taken
    }
}

fn registration(number: u64) -> RegistrationId {
    RegistrationId(Uuid::from_u128(u128::from(number)))
}

fn money(yuan: &str) -> Money {
    yuan.parse().unwrap()
}

fn amount(yuan: &str) -> Quote {
    Quote::Amount(money(yuan))
}

fn discount(percent: &str) -> Quote {
    Quote::Discount(percent.parse().unwrap())
}

fn bid(number: u64, quote: Option<Quote>) -> Bid {
    let quoted_at = Timestamp::from_micros(1_000_000);
    Bid { registration: registration(number), quote, quoted_at, credit: 700 }
}

/// Bids of these quotes, numbered from 1.
fn quoting(quotes: impl IntoIterator<Item = Quote>) -> Vec<Bid> {
    (1..).zip(quotes).map(|(number, quote)| bid(number, Some(quote))).collect()
}

/// Bids of these amounts, numbered from 1.
fn asking(yuan: &[&str]) -> Vec<Bid> {
    quoting(yuan.iter().map(|yuan| amount(yuan)))
}

/// Bids of agencies with this credit, numbered from 1.
fn credited(credits: &[u32]) -> Vec<Bid> {
    (1..).zip(credits).map(|(number, &credit)| Bid { credit, ..bid(number, None) }).collect()
}

const ANY_AMOUNT: Limits = Limits::Amount { low: Money::ZERO, high: most() };

const fn most() -> Money {
    match Money::from_fen(99_999_999_999_999) {
        Some(most) => most,
        None => Money::ZERO,
    }
}

fn any_discount() -> Limits {
    Limits::Discount { low: Rate::default(), high: "100".parse().unwrap() }
}

/// A selection with any amounts, if it takes quotes.
fn selection(rule: Rule, minimum: usize) -> Selection {
    let limits = rule.mode().wants_quotes().then_some(ANY_AMOUNT);
    let selection = Selection { rule, minimum, limits };
    assert_eq!(selection.validate(""), []);
    selection
}

fn best_price(bases: &[u32]) -> Selection {
    selection(Rule::BestPrice { bases: bases.to_vec(), trim_from: 6 }, 3)
}

fn credit_preferred(long_list: usize, short_list: usize) -> Selection {
    selection(Rule::CreditPreferred { long_list, short_list, points_per_ticket: 100 }, 2)
}

fn criteria() -> Vec<Criterion> {
    [("service", "服务方案", 40), ("people", "人员", 35), ("price", "报价", 25)]
        .map(|(key, name, weight)| Criterion { key: key.to_owned(), name: name.to_owned(), weight })
        .to_vec()
}

/// One score.
fn score(number: u64, criterion: &str, points: u32) -> Score {
    let reason = "方案完整".to_owned();
    Score { registration: registration(number), criterion: criterion.to_owned(), points, reason }
}

fn decided(selection: &Selection, bids: &[Bid]) -> Outcome {
    decide(selection, bids, &mut Seeded::new(2026))
}

fn numbers(ids: &[RegistrationId]) -> Vec<u128> {
    ids.iter().map(|id| id.0.as_u128()).collect()
}

/// The ranking of an outcome that has a winner, by number.
fn ranking(outcome: &Outcome) -> Vec<u128> {
    match outcome {
        Outcome::Winner { ranking, .. } => numbers(ranking),
        other => panic!("no winner: {other:?}"),
    }
}

fn failure(outcome: &Outcome) -> Option<FailureReason> {
    match outcome {
        Outcome::Failed { reason } => Some(*reason),
        _ => None,
    }
}

/// The winners by number that a thousand seeds give.
fn winners(selection: &Selection, bids: &[Bid]) -> BTreeSet<u128> {
    let winner = |seed| decide(selection, bids, &mut Seeded::new(seed)).winner();
    (0..1000).map(|seed| winner(seed).unwrap().0.as_u128()).collect()
}
