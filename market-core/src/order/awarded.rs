//! Orders that a purchase awards (中选后的订单), and what the purchase hears of them.

use serde_json::json;

use super::{AnyState, Order, OrderTerms};
use crate::{Error, Refusal, id::OrderId, rules::Clock, store::Tx};

impl Tx {
    /// Saves an order that a purchase awards, and has it satisfy the requirement of its case: a
    /// contract is to be recorded next. Whoever calls this has seen to it that the terms are those
    /// of the notice and of the award.
    pub(crate) async fn insert_awarded_order(
        &mut self,
        id: OrderId,
        terms: OrderTerms,
        clock: &Clock,
    ) -> Result<Order, Error> {
        let (Some(purchase), None) = (terms.purchase_id, terms.listing_id) else {
            return Err(Error::Inconsistent("awarded order"));
        };
        let case = self.case_for_update(terms.case_id).await?;
        let free = case.clone().purchased(&terms.item, purchase);
        if free.admits(&terms.item)?.item_version != terms.item_version {
            return Err(Refusal::NotNeeded.into());
        }
        let order = self.insert_order(Order::award(id, terms, clock).any(), clock).await?;
        let item = &order.terms.item;
        let ordered = free.ordered(item, order.id, None)?;
        let data = json!({ "item": item, "order": order.id });
        self.save_case(&case, ordered, "requirement_ordered", data, Some(clock)).await?;
        Ok(order)
    }
}

impl Order {
    /// Whether a step to a state ends an awarded order before its contract is confirmed.
    pub(super) fn fails_as_award(&self, after: &AnyState) -> bool {
        let had_no_contract = matches!(
            self.state,
            AnyState::Placed(_) | AnyState::Accepted(_) | AnyState::Contracted(_)
        );
        self.terms.purchase_id.is_some() && had_no_contract && !after.is_live()
    }
}
