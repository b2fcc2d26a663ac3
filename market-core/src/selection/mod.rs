//! The rules by which an agency is chosen when a purchase is open to all (选取规则).
//!
//! Nothing here reads a clock, a database or chance: who registered, what they quoted, and a
//! [`Lottery`] come in, an [`Outcome`] comes out. So whoever has the sealed list, the opened quotes
//! and the entropy can choose again, and must come to the same. `docs/selection.md` says the rules
//! in words.
//!
//! Read [`Selection`] for what a notice fixes, this file for what all modes have in common, then
//! `price`, `credit` and `scored` for what each does with it.

mod credit;
mod outcome;
mod price;
mod quote;
mod rate;
mod rule;
mod scored;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

pub use self::{
    outcome::{Facts, FailureReason, Outcome, Tickets, Total, Trimmed},
    quote::{Limits, OffLimits, Quote, QuoteKind},
    rate::{NotARate, Rate},
    rule::{Criterion, Rule, Selection},
    scored::{Score, choose},
};
use crate::{
    Timestamp,
    draw::{Lot, Lottery},
    id::RegistrationId,
};

/// What one registrant, eligible when the list was sealed, brings to the selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bid {
    /// The registration.
    pub registration: RegistrationId,
    /// What it quotes; nothing if it did not, or if its quote could not be opened.
    pub quote: Option<Quote>,
    /// When it quoted, or registered if it does not quote.
    pub quoted_at: Timestamp,
    /// The agency's points of credit, 0 to 1000.
    pub credit: u32,
}

/// Chooses by the rule of the notice: the winner, or whom the owner has to choose from, or why the
/// purchase fails.
///
/// The selection is one without faults (see [`Selection::validate`]). The order of the bids does
/// not matter. If a registration bids twice, its latest bid counts.
pub fn decide(selection: &Selection, bids: &[Bid], lottery: &mut dyn Lottery) -> Outcome {
    match decide_or_fail(selection, bids, lottery) {
        Ok(outcome) => outcome,
        Err(reason) => Outcome::Failed { reason },
    }
}

fn decide_or_fail(
    selection: &Selection,
    bids: &[Bid],
    lottery: &mut dyn Lottery,
) -> Result<Outcome, FailureReason> {
    Ok(match &selection.rule {
        Rule::Random { alternates } => {
            let entrants = selection.registrants(bids)?;
            let lots = entrants.iter().map(|bid| (bid.registration, 1));
            let ranking = draw(lottery, "winner", lots, alternates.saturating_add(1));
            Outcome::Winner { ranking, facts: Facts::Lot {} }
        }
        Rule::LowestPrice {} | Rule::MultiRound { .. } => {
            price::lowest(selection.priced(bids)?, |_| (), lottery)
        }
        Rule::Negotiation { .. } => {
            price::lowest(selection.priced(bids)?, |bid| bid.quoted_at, lottery)
        }
        Rule::BestPrice { bases, trim_from } => {
            price::best(selection.priced(bids)?, bases, *trim_from, lottery)
        }
        Rule::CreditPreferred { long_list, short_list, points_per_ticket } => {
            let entrants = selection.registrants(bids)?;
            let long = credit::long_list(entrants, *long_list);
            credit::short_list(&long, *short_list, *points_per_ticket, lottery)
        }
        Rule::PlanPreferred { .. } | Rule::Inquiry { .. } => {
            let candidates = selection.priced(bids)?;
            let candidates = candidates.iter().map(|bid| bid.registration).collect();
            Outcome::ToChoose { candidates }
        }
    })
}

/// A bid with a valid quote.
#[derive(Debug, Clone, Copy)]
struct Priced {
    registration: RegistrationId,
    quote: Quote,
    quoted_at: Timestamp,
}

impl Selection {
    /// One bid for each registration, sorted by it, if they are enough.
    fn registrants<'b>(&self, bids: &'b [Bid]) -> Result<Vec<&'b Bid>, FailureReason> {
        let mut bids: Vec<_> = bids.iter().collect();
        bids.sort_by_key(|bid| (bid.registration, Reverse((bid.quoted_at, bid.quote, bid.credit))));
        bids.dedup_by_key(|bid| bid.registration);
        if bids.len() < self.at_least() {
            return Err(FailureReason::TooFewRegistrants);
        }
        Ok(bids)
    }

    /// The bids whose quotes keep the limits, sorted by registration, if they are enough. A quote
    /// that no limits admit is none.
    fn priced(&self, bids: &[Bid]) -> Result<Vec<Priced>, FailureReason> {
        let registrants = self.registrants(bids)?;
        let is_valid =
            |quote: Quote| self.limits.is_some_and(|limits| quote.check(&limits).is_ok());
        let quoted = registrants.iter().filter(|bid| bid.quote.is_some()).count();
        let valid: Vec<_> = registrants
            .into_iter()
            .filter_map(|bid| {
                let quote = bid.quote.filter(|quote| is_valid(*quote))?;
                Some(Priced { registration: bid.registration, quote, quoted_at: bid.quoted_at })
            })
            .collect();
        match valid.len() {
            0 if quoted > 0 => Err(FailureReason::NoValidQuote),
            few if few < self.at_least() => Err(FailureReason::TooFewQuotes),
            _ => Ok(valid),
        }
    }

    /// The minimum; without anybody no mode can choose.
    fn at_least(&self) -> usize {
        self.minimum.max(1)
    }
}

/// Draws registrations, each with its tickets.
fn draw(
    lottery: &mut dyn Lottery,
    label: &str,
    entrants: impl Iterator<Item = (RegistrationId, u64)>,
    take: usize,
) -> Vec<RegistrationId> {
    let lots: Vec<_> =
        entrants.map(|(entrant, tickets)| Lot { key: entrant.to_string(), tickets }).collect();
    let drawn = lottery.draw(label, &lots, take);
    drawn.iter().filter_map(|key| key.parse().ok()).collect()
}

/// Ranks by what is before each registration, the smallest first. Whoever is equal is drawn by
/// lot, under the label `tie-N` for the first place N that they share.
fn rank<K: Ord>(
    mut entrants: Vec<(K, RegistrationId)>,
    lottery: &mut dyn Lottery,
) -> Vec<RegistrationId> {
    entrants.sort_unstable();
    let mut ranking = Vec::with_capacity(entrants.len());
    for equals in entrants.chunk_by(|(one, _), (other, _)| one == other) {
        let registrations = equals.iter().map(|(_, registration)| *registration);
        if equals.len() == 1 {
            ranking.extend(registrations);
        } else {
            let label = format!("tie-{}", ranking.len() + 1);
            let lots = registrations.map(|registration| (registration, 1));
            ranking.extend(draw(lottery, &label, lots, equals.len()));
        }
    }
    ranking
}
