//! Changes of a contract (合同变更) and extensions of a service (服务延期): one side proposes, the
//! other approves.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    AnyState, Contract, Order, Orders, Side,
    contract::{check_content, check_near},
    dealing::{Dealing, Dealings},
    sides::side_of,
    store::Held,
};
use crate::{
    Actor, Call, Day, Error, Fault, Money, Refusal, Timestamp,
    case::Fund,
    id::OrderId,
    kernel::text::{check_reason, check_text},
    rules::Clock,
    store::{Tx, begin, retry, text_enum},
};

text_enum! {
    /// Where a proposed change stands.
    pub enum ChangeState {
        /// The other side has not answered (待确认).
        Proposed = "proposed",
        /// Agreed; the contract is changed (已变更).
        Approved = "approved",
        /// The other side does not agree (已拒绝).
        Refused = "refused",
        /// Taken back by the side that proposed it (已撤回).
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// What kind of change it is.
    pub enum ChangeKind {
        /// Of the amount or the scope, with or without the time (变更).
        Change = "change",
        /// Of the time only (延期).
        Extension = "extension",
    }
}

/// What a side wants changed; what is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// The contract's amount; all changes together raise what was agreed at first by no more than
    /// the policy allows.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The last day of the service.
    #[serde(default)]
    pub ends_on: Option<Day>,
    /// The turnaround, in working days from the confirmed contract, while the agency works.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub service_days: Option<u32>,
    /// What was agreed, up to 2000 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub scope: Option<String>,
    /// Why, 1 to 500 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

impl NewChange {
    fn check(&self, today: Day) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_text("/reason", &self.reason, 1, 500, &mut faults);
        if let Some(scope) = &self.scope {
            check_content("/scope", scope, &mut faults);
        }
        if let Some(ends_on) = self.ends_on {
            check_near("/ends_on", ends_on, today, &mut faults);
        }
        if self.amount == Some(Money::ZERO) {
            faults.push(Fault::new("/amount", "range", "must be above 0"));
        }
        if self.service_days.is_some_and(|days| !(1..=3650).contains(&days)) {
            faults.push(Fault::new("/service_days", "range", "must be between 1 and 3650"));
        }
        let Self { amount, ends_on, service_days, scope, reason: _ } = self;
        if (amount, ends_on, service_days, scope) == (&None, &None, &None, &None) {
            let message = "changes nothing: give amount, ends_on, service_days or scope";
            faults.push(Fault::new("", "empty", message));
        }
        Error::unless_faultless(faults)
    }

    /// Whether it changes more than the time.
    pub const fn kind(&self) -> ChangeKind {
        if self.amount.is_none() && self.scope.is_none() {
            ChangeKind::Extension
        } else {
            ChangeKind::Change
        }
    }
}

/// A proposed change of an order's contract, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderChange {
    /// The order whose contract it would change.
    pub order_id: OrderId,
    /// Its number within the order, from 1.
    pub number: i64,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// What is to change.
    pub change: NewChange,
    /// The side that proposed it.
    pub proposed_by: Side,
    /// When.
    pub proposed_at: Timestamp,
    /// Where it stands.
    pub state: ChangeState,
    /// When it was approved, refused or withdrawn.
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    pub refusal: Option<String>,
}

impl Orders<'_> {
    /// Either side proposes a change of the contract; one at a time.
    pub async fn propose_change(
        &self,
        call: &Call,
        id: OrderId,
        new: NewChange,
    ) -> Result<OrderChange, Error> {
        new.check(self.0.env.now().day())?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.propose-change", &(id, &new));
            let (held, side, done) = tx.deal(call, id, Dealing::ProposeChange).await?;
            tx.check_change(&held, &new, &done).await?;
            let last = done.changes.last().map_or(0, |change| change.number);
            if last >= MAX_CHANGES {
                return Err(Refusal::TooManyChanges.into());
            }
            let order = held.order.clone().dealt(&held.clock);
            let change = OrderChange {
                order_id: id,
                number: last + 1,
                kind: new.kind(),
                change: new.clone(),
                proposed_by: side,
                proposed_at: order.updated_at,
                state: ChangeState::Proposed,
                decided_at: None,
                refusal: None,
            };
            tx.insert_change(&change).await?;
            tx.save_dealing(
                &order,
                &held,
                "contract_change_proposed",
                json!({ "change": change.number }),
            )
            .await?;
            tx.finish(change).await
        })
        .await
    }

    /// The other side agrees: the contract is changed from now on.
    pub async fn approve_change(
        &self,
        call: &Call,
        id: OrderId,
        number: i64,
    ) -> Result<Order, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.approve-change", &(id, number));
            let (held, change) = tx.decide(call, id, number, Dealing::ApproveChange).await?;
            let order = held.order.clone().changed(&change.change, &held.clock)?;
            let order = order.dealt(&held.clock);
            let at = order.updated_at;
            tx.decide_change(&change, ChangeState::Approved, None, at).await?;
            let event = match change.kind {
                ChangeKind::Change => "contract_changed",
                ChangeKind::Extension => "service_extended",
            };
            let data = json!({
                "item": order.terms.item,
                "agency": order.terms.agency_id,
                "purchase": order.terms.purchase_id,
                "change": number,
                "amount": change.change.amount,
                "ends_on": change.change.ends_on,
                "contract": order.state.contract().map(Contract::told),
            });
            tx.save_dealing(&order, &held, event, data).await?;
            tx.finish(order).await
        })
        .await
    }

    /// The other side does not agree: the contract stays as it is.
    pub async fn refuse_change(
        &self,
        call: &Call,
        id: OrderId,
        number: i64,
        reason: &str,
    ) -> Result<Order, Error> {
        check_reason(reason)?;
        let (dealing, action) = (Dealing::RefuseChange, "orders.refuse-change");
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, number, reason));
            let (held, change) = tx.decide(call, id, number, dealing).await?;
            let order = held.order.clone().dealt(&held.clock);
            let at = order.updated_at;
            tx.decide_change(&change, ChangeState::Refused, Some(reason), at).await?;
            let event = "contract_change_refused";
            tx.save_dealing(&order, &held, event, json!({ "change": number })).await?;
            tx.finish(order).await
        })
        .await
    }

    /// The side that proposed a change takes it back.
    pub async fn withdraw_change(
        &self,
        call: &Call,
        id: OrderId,
        number: i64,
    ) -> Result<Order, Error> {
        let (dealing, action) = (Dealing::WithdrawChange, "orders.withdraw-change");
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, number));
            let (held, change) = tx.decide(call, id, number, dealing).await?;
            let order = held.order.clone().dealt(&held.clock);
            tx.decide_change(&change, ChangeState::Withdrawn, None, order.updated_at).await?;
            let event = "contract_change_withdrawn";
            tx.save_dealing(&order, &held, event, json!({ "change": number })).await?;
            tx.finish(order).await
        })
        .await
    }

    /// Every change that was proposed for an order that the actor is party to, oldest first.
    pub async fn changes(&self, actor: &Actor, id: OrderId) -> Result<Vec<OrderChange>, Error> {
        let order = self.get(actor, id).await?;
        Ok(self.0.db.dealings(&order).await?.changes)
    }
}

/// The most changes that may be proposed for one order, whose list has no pages.
const MAX_CHANGES: i64 = 100;

impl Tx {
    /// An order, and the change that a side of it is about to answer.
    async fn decide(
        &mut self,
        call: &Call,
        id: OrderId,
        number: i64,
        dealing: Dealing,
    ) -> Result<(Held, OrderChange), Error> {
        let held = self.hold_order(call, id).await?;
        let side = side_of(&call.actor, &held.order)?;
        let done = self.dealings(&held.order).await?;
        let found = done.changes.iter().find(|change| change.number == number);
        let change = found.ok_or(Error::NotFound("change"))?.clone();
        if change.state != ChangeState::Proposed {
            return Err(Refusal::ChangeDecided.into());
        }
        held.order.check_dealing(dealing, side, &done)?;
        if dealing == Dealing::ApproveChange {
            self.check_change(&held, &change.change, &done).await?;
        }
        Ok((held, change))
    }

    /// Whether the market's rules allow a change: asked when it is proposed, and again when it is
    /// approved.
    async fn check_change(
        &mut self,
        held: &Held,
        change: &NewChange,
        done: &Dealings,
    ) -> Result<(), Error> {
        let Held { order, case, clock, .. } = held;
        if let Some(amount) = change.amount {
            order.check_amount(amount, done, clock)?;
            let item = self.service_item_version(&order.terms.item, order.terms.item_version);
            if item.await?.price_cap.is_some_and(|cap| amount > cap) {
                return Err(Refusal::PriceOverCap.into());
            }
            let is_direct = order.terms.purchase_id.is_none() && case.fund == Fund::Fiscal;
            if is_direct && amount >= clock.policy.direct_limit_fiscal {
                return Err(Refusal::DirectOverLimit.into());
            }
        }
        order.clone().changed(change, clock).map(drop)
    }
}

impl Order {
    /// All changes together raise what was agreed at first by so many percent at most, and none
    /// goes below what is paid or has become due.
    pub(super) fn check_amount(
        &self,
        amount: Money,
        done: &Dealings,
        clock: &Clock,
    ) -> Result<(), Refusal> {
        let most = i128::from(100 + clock.policy.contract.change_limit_percent);
        if i128::from(amount.fen()) * 100 > i128::from(self.terms.amount.fen()) * most {
            return Err(Refusal::ChangeOverLimit);
        }
        if amount.fen() < done.paid().max(done.earned()) {
            return Err(Refusal::ChangeBelowPaid);
        }
        Ok(())
    }

    /// The order with its contract changed, still in its state.
    pub(super) fn changed(mut self, change: &NewChange, clock: &Clock) -> Result<Self, Error> {
        if let Some(days) = change.service_days {
            let AnyState::InService(state) = &mut self.state else {
                return Err(Refusal::OrderNotInService.into());
            };
            let due = clock.calendar.after(self.since.day(), days);
            if due < clock.today() {
                let message = format!("ends on {due}, which has passed");
                return Err(Error::invalid("/service_days", "passed", message));
            }
            state.due = due;
        }
        let contract = self.state.contract_mut().ok_or(Refusal::NoContract)?;
        if change.ends_on.is_some_and(|day| day < contract.starts_on) {
            return Err(Error::invalid("/ends_on", "order", "ends before it starts"));
        }
        contract.amount = change.amount.unwrap_or(contract.amount);
        contract.ends_on = change.ends_on.unwrap_or(contract.ends_on);
        if let Some(scope) = &change.scope {
            contract.content.clone_from(scope);
        }
        Ok(self)
    }
}
