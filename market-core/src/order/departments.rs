//! The steps of the departments of an order's case: using, returning and reusing deliverables.
//!
//! Whether a department may follows from the case's matter, never from what a request says.

use super::{AnyState, NewReturn, Order, Orders, store::Held};
use crate::{
    Call, Error, Refusal,
    case::Case,
    code::ItemCode,
    id::{CaseId, OrderId},
    kernel::authority::{Act, Relation, act},
    store::{begin, retry},
};

pub(super) const USE: Act = act("order.use");
const LINK: Act = act("case.link");

impl Orders<'_> {
    /// The actor's department uses the deliverable for its decision; with the last department
    /// that needs it, the order is complete.
    pub async fn use_deliverable(&self, call: &Call, id: OrderId) -> Result<Order, Error> {
        retry(|| async {
            USE.admits(&call.actor)?;
            let department = call.actor.department()?;
            let mut tx = begin!(self.0, call, "orders.use", &id);
            let held = tx.hold_order(call, id).await?;
            held.check_use_by(call)?;
            let order = held.order.clone().signed_off()?;
            let moved = order.use_deliverable(department, &held.clock)?;
            let order = tx.save_move(moved, held).await?;
            tx.finish(order).await
        })
        .await
    }

    /// The actor's department returns the deliverable to be mended.
    pub async fn return_deliverable(
        &self,
        call: &Call,
        id: OrderId,
        new: NewReturn,
    ) -> Result<Order, Error> {
        new.check()?;
        retry(|| async {
            USE.admits(&call.actor)?;
            let department = call.actor.department()?;
            let mut tx = begin!(self.0, call, "orders.return", &(id, &new));
            let held = tx.hold_order(call, id).await?;
            held.check_use_by(call)?;
            let order = held.order.clone().signed_off()?;
            let returned = new.by(&call.actor.party, held.clock.now);
            let moved = order.return_deliverable(department, returned, &held.clock)?.any();
            let order = tx.save_move(moved, held).await?;
            tx.finish(order).await
        })
        .await
    }

    /// The actor's department reuses the deliverable of a completed order of the same applicant
    /// for a requirement of another case (成果共用), so that it need not be bought again.
    pub async fn link(
        &self,
        call: &Call,
        case: CaseId,
        item: &ItemCode,
        order: OrderId,
    ) -> Result<Case, Error> {
        retry(|| async {
            LINK.admits(&call.actor)?;
            let department = call.actor.department()?;
            let mut tx = begin!(self.0, call, "orders.link", &(case, item, order));
            let (before, matter) = tx.case_of(call, case).await?;
            let is_user = matter.consumers(item).contains(department);
            let relation = Relation::of_department(is_user, matter.involves(department));
            LINK.permits(&call.actor, relation, before.state.as_str())?;
            before.is_open()?;
            let order = tx.order(order).await.map_err(|why| match why {
                Error::NotFound(_) => Refusal::NotReusable.into(),
                why => why,
            })?;
            check_reusable(&order, &before, item)?;
            if tx.case_region(order.terms.case_id).await? != before.region {
                return Err(Refusal::NotReusable.into());
            }
            let clock = tx.clock_of(&before).await?;
            let linked = before.requirements.iter().find(|one| one.item == *item);
            let mut used_by = linked.map_or_else(Vec::new, |one| one.used_by.clone());
            let case = match linked {
                Some(one) if one.linked_by.is_some() && one.order_id == Some(order.id) => {
                    before.clone()
                }
                _ => before.clone().ordered(item, order.id, Some(department.clone()))?,
            };
            if used_by.contains(department) {
                return Err(Refusal::AlreadyUsed.into());
            }
            used_by.push(department.clone());
            let case = case.used(item, used_by, &matter, &clock);
            let data = serde_json::json!({ "item": item, "order": order.id });
            let case = tx.save_case(&before, case, "order_linked", data, Some(&clock)).await?;
            tx.finish(case).await
        })
        .await
    }
}

impl Held {
    /// Whether the actor's department uses the deliverable for a decision of its own.
    fn check_use_by(&self, call: &Call) -> Result<(), Error> {
        let relation = self.order.relation(&call.actor, &self.matter);
        USE.permits(&call.actor, relation, self.order.state.name()).map(drop)
    }
}

/// A deliverable is reused for the same service and applicant (and place) only, and only once
/// every department of its own case has used it.
fn check_reusable(order: &Order, case: &Case, item: &ItemCode) -> Result<(), Refusal> {
    let completed = matches!(order.state, AnyState::Completed(_));
    let same = order.terms.applicant_id == case.applicant_id
        && order.terms.item == *item
        && order.terms.case_id != case.id;
    if completed && same { Ok(()) } else { Err(Refusal::NotReusable) }
}
