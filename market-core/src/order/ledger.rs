//! The payment ledger (付款台账) of an order: what is due when, what is paid, and the interest on
//! what is late.
//!
//! With a confirmed milestone its share is due, and with the accepted deliverable what is left of
//! the contract's amount; each is to be paid within the contract's days of that. What is returned
//! after its acceptance is due no more until it is accepted again. Payments count from the day on
//! which they were made until they are disputed, and go to what is due first.
//!
//! Interest is `unpaid × days late × rate`, summed over the days on which the unpaid part changed
//! in whole numbers, and rounded half up to the fen once for each amount that is due. The day on
//! which it is paid is a late day, the last day for payment is not.

use serde::{Deserialize, Serialize};

use super::{
    AnyState, Contract, Order, Orders,
    dealing::Dealings,
    milestone::MilestoneProgress,
    payment::{Payment, PaymentState},
    sides::side_of,
};
use crate::{
    Actor, Day, Error, Money, Party,
    id::OrderId,
    kernel::authority::{Act, Relation, act},
};

/// The payment ledger of an order, as of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ledger {
    /// The order.
    pub order_id: OrderId,
    /// The day up to which payments and interest are reckoned.
    pub as_of: Day,
    /// The contract's amount, with its approved changes.
    pub amount: Money,
    /// Within how many calendar days what is due is paid.
    pub payment_days: u32,
    /// Interest for each day late, in ten-thousandths of what is unpaid.
    pub interest_per_myriad_day: u32,
    /// What has become due, by its last day for payment.
    pub dues: Vec<Due>,
    /// The contract's milestones.
    pub milestones: Vec<LedgerMilestone>,
    /// The payments up to the day, oldest first.
    pub payments: Vec<Payment>,
    /// What is paid and not disputed.
    pub paid: Money,
    /// What of that the agency has confirmed.
    pub confirmed: Money,
    /// What is due and unpaid.
    pub unpaid: Money,
    /// What of that is late.
    pub overdue: Money,
    /// What is left of the contract's amount, due or not.
    pub open: Money,
    /// The interest on what was or is late.
    pub interest: Money,
    /// Who is to act: the applicant pays, the agency confirms.
    pub waits_for: Vec<Party>,
    /// The last day for the next payment.
    pub until: Option<Day>,
}

/// A milestone of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerMilestone {
    /// The milestone, and where it stands.
    #[serde(flatten)]
    pub progress: MilestoneProgress,
    /// Whether it was reached late, or is late.
    pub overdue: bool,
}

/// An amount that is due (应付款项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Due {
    /// The key of the milestone that it is for; the accepted deliverable's, if there is none.
    pub milestone: Option<String>,
    /// How much.
    pub amount: Money,
    /// The day of the confirmation or acceptance.
    pub since: Day,
    /// The last day for payment.
    pub due_on: Day,
    /// What is paid of it.
    pub paid: Money,
    /// What is unpaid of it.
    pub unpaid: Money,
    /// How many days it is late, or was when its last part was paid.
    pub days_late: i64,
    /// The interest on it.
    pub interest: Money,
}

const LEDGER: Act = act("order.ledger");

/// How far ahead a ledger is reckoned, in days.
const FARTHEST: i64 = 3650;

impl Orders<'_> {
    /// The payment ledger of an order as of a day, today if none is given; for its two sides and
    /// the operator.
    pub async fn ledger(
        &self,
        actor: &Actor,
        id: OrderId,
        as_of: Option<Day>,
    ) -> Result<Ledger, Error> {
        let order = self.get(actor, id).await?;
        let relation = Relation::party_if(side_of(actor, &order).is_ok());
        LEDGER.permits_of("ledger", actor, relation, order.state.name())?;
        let today = self.0.env.now().day();
        let as_of = as_of.unwrap_or(today);
        if as_of > today.plus(FARTHEST) {
            let message = format!("must be within {FARTHEST} days");
            return Err(Error::invalid("as_of", "range", message));
        }
        let contract = order.check_contract()?;
        if as_of < contract.signed_on {
            let message = format!("must not be before the contract of {}", contract.signed_on);
            return Err(Error::invalid("as_of", "range", message));
        }
        let done = self.0.db.dealings(&order).await?;
        Ok(order.ledger(contract, done, as_of))
    }
}

impl Order {
    /// The ledger as of a day.
    pub(super) fn ledger(&self, contract: &Contract, done: Dealings, as_of: Day) -> Ledger {
        let rate = contract.agreed_interest_per_myriad_day.unwrap_or(0);
        let mut paid: Vec<_> = done.payments.iter().filter(|one| one.paid_on <= as_of).collect();
        paid.sort_by_key(|one| (one.paid_on, one.number));
        let counted = paid.iter().filter(|one| one.state != PaymentState::Disputed);
        let counted: Vec<(Day, i64)> = counted.map(|one| (one.paid_on, one.amount.fen())).collect();
        let mut dues = self.dues(contract, &done, as_of);
        dues.retain(|due| due.since <= as_of);
        settle(&mut dues, &counted, rate, as_of);
        let sum = |amounts: &mut dyn Iterator<Item = Money>| money(amounts.map(wide).sum());
        let late = |due: &&Due| due.due_on < as_of;
        let total: i64 = counted.iter().map(|(_, fen)| fen).sum();
        let is_pending = |one: &&&Payment| one.state == PaymentState::Recorded;
        let applicant = dues.iter().find(|due| due.unpaid > Money::ZERO);
        let agency = paid.iter().find(is_pending);
        let waits_for = applicant.map(|_| Party::Applicant(self.terms.applicant_id));
        let waits_for =
            waits_for.into_iter().chain(agency.map(|_| Party::Agency(self.terms.agency_id)));
        let is_confirmed = |one: &&&Payment| one.state == PaymentState::Confirmed;
        Ledger {
            order_id: self.id,
            as_of,
            amount: contract.amount,
            payment_days: contract.agreed_payment_days.unwrap_or(0),
            interest_per_myriad_day: rate,
            paid: money(total.into()),
            confirmed: sum(&mut paid.iter().filter(is_confirmed).map(|one| one.amount)),
            unpaid: sum(&mut dues.iter().map(|due| due.unpaid)),
            overdue: sum(&mut dues.iter().filter(late).map(|due| due.unpaid)),
            open: money(wide(contract.amount) - i128::from(total)),
            interest: sum(&mut dues.iter().map(|due| due.interest)),
            waits_for: waits_for.collect(),
            until: applicant.map(|due| due.due_on),
            payments: paid.into_iter().cloned().collect(),
            milestones: done.milestones.into_iter().map(|one| one.on(as_of)).collect(),
            dues,
        }
    }

    /// What has become due until a day, by its last day for payment. Whoever does not check what was
    /// handed over within the time for it owes as if it had been accepted on the last day.
    fn dues(&self, contract: &Contract, done: &Dealings, as_of: Day) -> Vec<Due> {
        let days = i64::from(contract.agreed_payment_days.unwrap_or(0));
        let due = |milestone, amount: Money, since: Day| Due {
            milestone,
            amount,
            since,
            due_on: since.plus(days),
            paid: Money::ZERO,
            unpaid: amount,
            days_late: 0,
            interest: Money::ZERO,
        };
        let confirmed = done.milestones.iter().filter_map(|one| {
            let key = one.milestone.key.clone();
            Some(due(Some(key), one.earned?, one.confirmed_at?.day()))
        });
        let accepted_on = match &self.state {
            AnyState::SignedOff(state) => Some(state.accepted_on),
            AnyState::Completed(state) => Some(state.accepted_on),
            AnyState::Delivered(state) => Some(state.due).filter(|due| *due < as_of),
            _ => None,
        };
        let rest = money(wide(contract.amount) - i128::from(done.earned()));
        let rest = accepted_on.filter(|_| rest > Money::ZERO).map(|day| due(None, rest, day));
        let mut dues: Vec<Due> =
            confirmed.filter(|due| due.amount > Money::ZERO).chain(rest).collect();
        dues.sort_by_key(|due| due.due_on);
        dues
    }
}

impl MilestoneProgress {
    fn on(self, day: Day) -> LedgerMilestone {
        let overdue = self.is_overdue(day);
        LedgerMilestone { progress: self, overdue }
    }
}

/// Gives payments, in the order of their days, to what is due first, and reckons what is late.
fn settle(dues: &mut [Due], payments: &[(Day, i64)], rate: u32, as_of: Day) {
    let mut payments = payments.iter().copied();
    let mut next = payments.next();
    for due in dues {
        // Fen times days: the part that was paid, by how late; then what is left, until today.
        let (mut left, mut late) = (due.amount.fen(), 0_i128);
        while let Some((day, fen)) = next.filter(|_| left > 0) {
            let part = fen.min(left);
            let days = day.days_since(due.due_on).max(0);
            late += i128::from(part) * i128::from(days);
            left -= part;
            due.days_late = due.days_late.max(days);
            next = if fen > part { Some((day, fen - part)) } else { payments.next() };
        }
        if left > 0 {
            due.days_late = as_of.days_since(due.due_on).max(0);
            late += i128::from(left) * i128::from(due.days_late);
        }
        due.unpaid = money(left.into());
        due.paid = money(wide(due.amount) - i128::from(left));
        due.interest = money((late * i128::from(rate) + MYRIAD / 2) / MYRIAD);
    }
}

const MYRIAD: i128 = 10_000;

fn wide(amount: Money) -> i128 {
    amount.fen().into()
}

/// An amount of so many fen; nothing below, and no more than there can be.
fn money(fen: i128) -> Money {
    let fen = i64::try_from(fen.max(0)).unwrap_or(i64::MAX);
    Money::from_fen(fen).unwrap_or(Money::MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Amounts with their last days, as of a day, with payments: unpaid, days late and interest
    /// of each.
    fn settled(
        dues: &[(&str, &str)],
        payments: &[(&str, &str)],
        rate: u32,
        as_of: &str,
    ) -> Vec<String> {
        let amount = |text: &str| text.parse::<Money>().unwrap();
        let due = |(sum, last): &(&str, &str)| Due {
            milestone: None,
            amount: amount(sum),
            since: day(last).plus(-30),
            due_on: day(last),
            paid: Money::ZERO,
            unpaid: amount(sum),
            days_late: 0,
            interest: Money::ZERO,
        };
        let mut dues: Vec<Due> = dues.iter().map(due).collect();
        let payments: Vec<_> =
            payments.iter().map(|(on, sum)| (day(on), amount(sum).fen())).collect();
        settle(&mut dues, &payments, rate, day(as_of));
        let line = |due: &Due| format!("{} {} {}", due.unpaid, due.days_late, due.interest);
        dues.iter().map(line).collect()
    }

    #[test]
    fn interest_is_what_is_unpaid_for_each_day_late() {
        let due = [("10000.00", "2026-12-31")];
        assert_eq!(settled(&due, &[], 5, "2026-12-31"), ["10000.00 0 0.00"], "the last day");
        assert_eq!(settled(&due, &[], 5, "2027-01-01"), ["10000.00 1 5.00"]);
        assert_eq!(settled(&due, &[], 5, "2027-01-31"), ["10000.00 31 155.00"]);
        // 4000 for 10 days, 6000 for 31.
        let half = [("2027-01-10", "4000.00")];
        assert_eq!(settled(&due, &half, 5, "2027-01-31"), ["6000.00 31 113.00"]);
        let all = [("2027-01-10", "4000.00"), ("2027-01-20", "6000.00")];
        assert_eq!(settled(&due, &all, 5, "2027-12-31"), ["0.00 20 80.00"], "it has stopped");
        let early = [("2026-12-01", "10000.00")];
        assert_eq!(settled(&due, &early, 5, "2027-12-31"), ["0.00 0 0.00"]);
    }

    #[test]
    fn interest_is_rounded_half_up_once() {
        // 0.99 yuan at 5 of 10,000 is 0.000495 yuan a day.
        let due = [("0.99", "2026-12-31")];
        assert_eq!(settled(&due, &[], 5, "2027-01-10"), ["0.99 10 0.00"], "0.00495");
        assert_eq!(settled(&due, &[], 5, "2027-01-11"), ["0.99 11 0.01"], "0.005445");
        let due = [("10.00", "2026-12-31")];
        assert_eq!(settled(&due, &[], 5, "2027-01-01"), ["10.00 1 0.01"], "0.005 exactly");
        let due = [("999999999999.99", "2026-12-31")];
        let most = settled(&due, &[], 100, "2036-12-31");
        assert_eq!(most, ["999999999999.99 3653 999999999999.99"], "no amount is larger");
    }

    #[test]
    fn payments_go_to_what_is_due_first() {
        let dues = [("300.00", "2026-12-01"), ("700.00", "2026-12-31")];
        let payments = [("2026-12-11", "500.00")];
        let expected = ["0.00 10 1.50", "500.00 10 2.50"];
        assert_eq!(settled(&dues, &payments, 5, "2027-01-10"), expected);
        // Paid ahead of the first, the second is paid in time.
        let payments = [("2026-11-01", "1000.00")];
        assert_eq!(settled(&dues, &payments, 5, "2027-01-10"), ["0.00 0 0.00", "0.00 0 0.00"]);
    }
}
