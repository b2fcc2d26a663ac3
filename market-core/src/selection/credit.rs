//! The short list of credit preferred.

use std::cmp::Reverse;

use super::{Bid, Outcome, Tickets, draw};
use crate::draw::Lottery;

/// The best by credit: so many, and whoever equals the last of them.
pub(super) fn long_list(mut registrants: Vec<&Bid>, length: usize) -> Vec<&Bid> {
    registrants.sort_by_key(|bid| (Reverse(bid.credit), bid.registration));
    let cut = registrants.get(length.saturating_sub(1)).map(|bid| bid.credit);
    if let Some(cut) = cut {
        registrants.retain(|bid| bid.credit >= cut);
    }
    registrants.sort_by_key(|bid| bid.registration);
    registrants
}

/// Draws those whom the owner picks from.
pub(super) fn short_list(
    long_list: &[&Bid],
    length: usize,
    points_per_ticket: u32,
    lottery: &mut dyn Lottery,
) -> Outcome {
    let tickets: Vec<_> = long_list
        .iter()
        .map(|bid| Tickets {
            registration: bid.registration,
            tickets: tickets(bid.credit, points_per_ticket),
        })
        .collect();
    let lots = tickets.iter().map(|one| (one.registration, one.tickets));
    let candidates = draw(lottery, "short-list", lots, length);
    Outcome::ShortList { candidates, tickets }
}

/// One ticket for so many points, rounded half up, and one at least: a newcomer has a chance, too.
fn tickets(credit: u32, points_per_ticket: u32) -> u64 {
    let points = u64::from(points_per_ticket.max(1));
    ((2 * u64::from(credit) + points) / (2 * points)).max(1)
}
