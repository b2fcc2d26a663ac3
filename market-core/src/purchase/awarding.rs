//! From the award to the order: the winner confirms or drops out, and who is next in line follows.

use serde_json::json;

use super::{
    Award, Purchase, PurchaseState, Purchases, Registration, RegistrationState, state::Ordered,
    steps::Moved,
};
use crate::{
    Call, Error, Party, Refusal,
    case::Case,
    id::{OrderId, PurchaseId},
    kernel::{
        authority::{Act, Relation, act},
        text::check_reason,
    },
    order::{Order, OrderTerms},
    rules::Clock,
    store::{Tx, begin, retry},
};

pub(super) const TAKE: Act = act("purchase.take");

impl Purchases<'_> {
    /// The winner confirms the award; its order waits for the contract.
    pub async fn confirm(&self, call: &Call, id: PurchaseId) -> Result<Purchase, Error> {
        retry(|| async {
            TAKE.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "purchases.confirm", &id);
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            purchase.won_by(call)?;
            let awarded = purchase.awarded()?;
            if clock.now >= awarded.until {
                return Err(Refusal::PurchaseNotAwarded.into());
            }
            let entrant = tx.entrant(awarded.award.agency_id).await?;
            let reasons = tx.reasons_against(&purchase, &entrant, None, &clock).await?;
            if !reasons.is_empty() {
                return Err(Error::Ineligible(reasons));
            }
            let terms = purchase.terms(&clock)?;
            let order = OrderId(self.0.env.id());
            let moved = purchase.become_order(order, &clock)?;
            let purchase = tx.save_purchase(moved, &clock).await?;
            tx.insert_awarded_order(order, terms, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// The winner declines the award: the next in line has a publicity of its own.
    pub async fn decline(
        &self,
        call: &Call,
        id: PurchaseId,
        reason: &str,
    ) -> Result<Purchase, Error> {
        check_reason(reason)?;
        retry(|| async {
            TAKE.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "purchases.decline", &(id, reason));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            purchase.won_by(call)?;
            purchase.awarded()?;
            let moved = tx.pass_on(purchase, "award_declined", &clock).await?;
            let moved = Moved { reason: Some(reason.to_owned()), ..moved };
            let purchase = tx.save_ended(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }
}

impl Purchase {
    /// Whether the actor's agency has won it.
    fn won_by(&self, call: &Call) -> Result<(), Error> {
        let winner = self.state.award().map(|award| Party::Agency(award.agency_id));
        let relation = Relation::party_if(winner.as_ref() == Some(&call.actor.party));
        TAKE.permits(&call.actor, relation, self.state.stands()).map(drop)
    }

    /// What the order of its award agrees on.
    fn terms(&self, clock: &Clock) -> Result<OrderTerms, Refusal> {
        let award = &self.awarded()?.award;
        Ok(OrderTerms {
            case_id: self.case_id,
            item: self.item.clone(),
            item_version: self.item_version,
            listing_id: None,
            listing_number: None,
            purchase_id: Some(self.id),
            agency_id: award.agency_id,
            applicant_id: self.applicant_id,
            amount: award.amount,
            service_days: self.notice.service_days,
            policy_version: clock.policy.version,
        })
    }
}

impl Tx {
    /// The winner dropped out: the award goes to the next in line, or the purchase fails.
    pub(super) async fn pass_on(
        &mut self,
        purchase: Purchase,
        event: &'static str,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let award = purchase.state.award().cloned().ok_or(Refusal::PurchaseNotAwarded)?;
        let registrations = self.registrations(purchase.id).await?;
        let find = |id| registrations.iter().find(|one: &&Registration| one.id == id).cloned();
        if let Some(gone) = find(award.registration_id) {
            let to = RegistrationState::Abandoned;
            self.move_registration(gone, to, "award_abandoned", clock).await?;
        }
        let Award { ranking, place, reason, .. } = award;
        let next = self.next_award(&purchase, ranking, place + 1, reason, clock).await?;
        if let Some(winner) = next.as_ref().and_then(|next| find(next.registration_id)) {
            let to = RegistrationState::Won;
            self.move_registration(winner, to, "registration_won", clock).await?;
        }
        Ok(purchase.pass_on(event, next, clock)?)
    }

    /// Saves a step after which the purchase may be over: the requirement of the case is then free
    /// again. The case is held already.
    pub(super) async fn save_ended(
        &mut self,
        moved: Moved,
        clock: &Clock,
    ) -> Result<Purchase, Error> {
        let purchase = self.save_purchase(moved, clock).await?;
        if purchase.state.is_live() || matches!(purchase.state, PurchaseState::Ordered(_)) {
            return Ok(purchase);
        }
        let case = self.case_for_update(purchase.case_id).await?;
        let free = case.clone().purchased(&purchase.item, purchase.id);
        if free != case {
            self.save_requirement(&case, free, "requirement_released", &purchase, clock).await?;
        }
        Ok(purchase)
    }

    /// Saves what a purchase changes of its case.
    pub(super) async fn save_requirement(
        &mut self,
        before: &Case,
        case: Case,
        event: &'static str,
        purchase: &Purchase,
        clock: &Clock,
    ) -> Result<Case, Error> {
        let data = json!({ "item": purchase.item, "purchase": purchase.id });
        self.save_case(before, case, event, data, Some(clock)).await
    }

    /// The order of an award came to nothing before its contract: the next in line follows. The
    /// case is held already, and its requirement is free.
    pub(crate) async fn follow_in_purchase(
        &mut self,
        order: &Order,
        clock: &Clock,
    ) -> Result<(), Error> {
        let Some(id) = order.terms.purchase_id else { return Ok(()) };
        let purchase = self.hold_purchase(id).await?;
        let is_its_order = matches!(
            &purchase.state,
            PurchaseState::Ordered(Ordered { order_id, .. }) if *order_id == order.id
        );
        if !is_its_order {
            return Ok(());
        }
        let moved = self.pass_on(purchase, "order_lapsed", clock).await?;
        let purchase = self.save_purchase(moved, clock).await?;
        if purchase.state.is_live() {
            let case = self.case_for_update(purchase.case_id).await?;
            let under_way = case.clone().purchasing(&purchase.item, purchase.id);
            let event = "requirement_purchasing";
            self.save_requirement(&case, under_way, event, &purchase, clock).await?;
        }
        Ok(())
    }
}
