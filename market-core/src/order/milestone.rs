//! Milestones (里程碑): parts of a contract that are reached, confirmed and paid one by one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Contract, Order, Orders, dealing::Dealing};
use crate::{
    Call, Day, Error, Fault, Money, Refusal, Timestamp,
    id::OrderId,
    kernel::text::check_text,
    store::{begin, retry, text_enum},
};

/// A part of a contract with a day and a share of the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Its key within the contract: 1 to 32 of a to z, 0 to 9 and -.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9-]{1,32}$"))]
    pub key: String,
    /// What is reached with it, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// The day by which it is reached.
    pub due_on: Day,
    /// Its share of the contract's amount, in percent; those of all milestones make 100.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub share_percent: u32,
}

/// The most milestones of one contract.
const MOST: usize = 20;

impl Contract {
    /// Finds fault with the milestones.
    pub(super) fn check_milestones(&self, faults: &mut Vec<Fault>) {
        let mut keys = BTreeSet::new();
        for (place, one) in self.milestones.iter().enumerate() {
            let at = |field: &str| format!("/milestones/{place}/{field}");
            let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            if !(1..=32).contains(&one.key.len()) || !one.key.bytes().all(is_plain) {
                faults.push(Fault::new(at("key"), "format", "1 to 32 of a to z, 0 to 9 and -"));
            }
            if !keys.insert(&one.key) {
                faults.push(Fault::new(at("key"), "duplicate", "another milestone has this key"));
            }
            check_text(&at("name"), &one.name, 1, 100, faults);
            if one.due_on < self.starts_on || one.due_on > self.ends_on {
                faults.push(Fault::new(at("due_on"), "range", "must be a day of the service"));
            }
            if !(1..=100).contains(&one.share_percent) {
                faults.push(Fault::new(at("share_percent"), "range", "must be between 1 and 100"));
            }
        }
        if self.milestones.len() > MOST {
            let message = format!("must be {MOST} at most");
            faults.push(Fault::new("/milestones", "length", message));
        }
        let shares: u64 = self.milestones.iter().map(|one| u64::from(one.share_percent)).sum();
        if !self.milestones.is_empty() && shares != 100 {
            let message = format!("their shares make {shares} percent, not 100");
            faults.push(Fault::new("/milestones", "sum", message));
        }
    }
}

text_enum! {
    /// Where a milestone stands.
    pub enum MilestoneState {
        /// Not reached yet (未达成).
        Planned = "planned",
        /// The agency says that it is reached (待确认).
        Reached = "reached",
        /// The applicant agrees; its share is due (已确认).
        Confirmed = "confirmed",
    }
}

/// A milestone, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MilestoneProgress {
    /// The milestone, as agreed.
    pub milestone: Milestone,
    /// Where it stands.
    pub state: MilestoneState,
    /// What the agency says of it.
    pub note: Option<String>,
    /// When the agency said so.
    pub reached_at: Option<Timestamp>,
    /// When the applicant confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// What became due with it.
    pub earned: Option<Money>,
}

impl MilestoneProgress {
    /// Whether its day passed before it was reached, or has passed by a day without that.
    pub fn is_overdue(&self, day: Day) -> bool {
        self.reached_at.map_or(day, |at| at.day().min(day)) > self.milestone.due_on
    }
}

/// What an agency says of a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MilestoneReached {
    /// What was done, 1 to 1000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub note: String,
}

impl Orders<'_> {
    /// The agency says that a milestone is reached.
    pub async fn reach_milestone(
        &self,
        call: &Call,
        id: OrderId,
        key: &str,
        reached: MilestoneReached,
    ) -> Result<Order, Error> {
        let mut faults = Vec::new();
        check_text("/note", &reached.note, 1, 1000, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.reach-milestone", &(id, key, &reached));
            let (held, _, done) = tx.deal(call, id, Dealing::ReachMilestone).await?;
            let found = done.milestones.iter().find(|one| one.milestone.key == key);
            if found.ok_or(Error::NotFound("milestone"))?.state != MilestoneState::Planned {
                return Err(Refusal::MilestoneReached.into());
            }
            let order = held.order.clone().dealt(&held.clock);
            tx.insert_milestone(id, key, &reached.note, order.updated_at).await?;
            let data = json!({ "milestone": key });
            tx.save_dealing(&order, &held, "milestone_reached", data).await?;
            tx.finish(order).await
        })
        .await
    }

    /// The applicant confirms that a milestone is reached: its share is due.
    pub async fn confirm_milestone(
        &self,
        call: &Call,
        id: OrderId,
        key: &str,
    ) -> Result<Order, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.confirm-milestone", &(id, key));
            let (held, _, done) = tx.deal(call, id, Dealing::ConfirmMilestone).await?;
            let found = done.milestones.iter().find(|one| one.milestone.key == key);
            let found = found.ok_or(Error::NotFound("milestone"))?;
            if found.state != MilestoneState::Reached {
                return Err(Refusal::MilestoneNotReached.into());
            }
            let contract = held.order.check_contract()?;
            let earned = found.milestone.earns(contract.amount, done.earned());
            let order = held.order.clone().dealt(&held.clock);
            tx.confirm_milestone(id, key, earned, order.updated_at).await?;
            let data = json!({ "milestone": key, "amount": earned });
            tx.save_dealing(&order, &held, "milestone_confirmed", data).await?;
            tx.finish(order).await
        })
        .await
    }
}

impl Milestone {
    /// Its share of an amount, rounded half up to the fen, but never more than is left of it.
    pub(super) fn earns(&self, amount: Money, earned_before: i64) -> Money {
        let share = (i128::from(amount.fen()) * i128::from(self.share_percent) + 50) / 100;
        let left = i128::from(amount.fen() - earned_before).max(0);
        let fen = i64::try_from(share.min(left)).unwrap_or(0);
        Money::from_fen(fen).unwrap_or(Money::ZERO)
    }
}
