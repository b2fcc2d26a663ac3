//! What complaints do to a purchase (投诉): an accepted one stops the clock, one that is not accepted
//! yet keeps an award from standing, the last dismissed one lets it go on, an upheld one ends it.

use super::{Failure, Purchase, PurchaseState, Registration, steps::Moved};
use crate::{
    Actor, Error, Party, Refusal, Timestamp,
    code::DepartmentCode,
    id::{ComplaintId, PurchaseId},
    kernel::authority::{Act, Relation, act},
    rules::Clock,
    store::{Db, Tx},
};

const FILE: Act = act("complaint.file");

impl Purchase {
    /// Whether it may be complained about now: from its publication until the publicity of its
    /// award is over.
    pub(crate) fn check_open_to_complaints(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.state {
            PurchaseState::Draft(_) | PurchaseState::InReview(_) => Err(Refusal::PurchaseNotOpen),
            PurchaseState::Open(_)
            | PurchaseState::Opening(_)
            | PurchaseState::Rounds(_)
            | PurchaseState::Choosing(_)
            | PurchaseState::Suspended(_) => Ok(()),
            PurchaseState::Publicity(state) if now < state.until.end() => Ok(()),
            PurchaseState::Publicity(_) | PurchaseState::Awarded(_) | PurchaseState::Ordered(_) => {
                Err(Refusal::ComplaintTooLate)
            }
            PurchaseState::Failed(_) | PurchaseState::Voided(_) => Err(Refusal::PurchaseOver),
        }
    }

    /// Whether the actor may complain about it: its owner, and who registered for it. To others an
    /// unpublished one is not there.
    fn check_party(&self, actor: &Actor, registration: Option<&Registration>) -> Result<(), Error> {
        let relation = match &actor.party {
            Party::Agency(_) => Relation::party_if(registration.is_some()),
            _ => self.owner(Some(actor)),
        };
        FILE.permits_of("purchase", actor, relation, self.state.stands()).map(drop)
    }
}

impl Db {
    /// Whether the actor may complain about a purchase, as far as who they are decides it.
    pub(crate) async fn check_party_to_purchase(
        &self,
        actor: &Actor,
        purchase: &Purchase,
    ) -> Result<(), Error> {
        let registration = match &actor.party {
            Party::Agency(id) => self.registration_of(purchase.id, *id).await?,
            _ => None,
        };
        purchase.check_party(actor, registration.as_ref())
    }
}

impl Tx {
    /// A purchase held with its case until the change is done, and the clock of its region.
    pub(crate) async fn hold_purchase_and_case(
        &mut self,
        id: PurchaseId,
    ) -> Result<(Purchase, Clock), Error> {
        let case = self.purchase(id).await?.case_id;
        self.case_for_update(case).await?;
        let purchase = self.hold_purchase(id).await?;
        let clock = self.clock_of_purchase(&purchase).await?;
        Ok((purchase, clock))
    }

    /// Whether the actor may complain about a purchase, as far as who they are decides it.
    pub(crate) async fn check_party_to_purchase(
        &mut self,
        actor: &Actor,
        purchase: &Purchase,
    ) -> Result<(), Error> {
        let registration = match &actor.party {
            Party::Agency(id) => self.registration_of(purchase.id, *id).await?,
            _ => None,
        };
        purchase.check_party(actor, registration.as_ref())
    }

    /// There is an accepted complaint: the clock of a published award stops, and of one that stands
    /// but was not confirmed yet. Says whether it did.
    pub(crate) async fn stop_purchase(
        &mut self,
        purchase: Purchase,
        complaint: ComplaintId,
        handler: &DepartmentCode,
        clock: &Clock,
    ) -> Result<bool, Error> {
        let stops =
            matches!(purchase.state, PurchaseState::Publicity(_) | PurchaseState::Awarded(_));
        if stops {
            let moved = purchase.suspend(complaint, handler.clone(), clock)?;
            self.save_purchase(moved, clock).await?;
        }
        Ok(stops)
    }

    /// The publicity of an award is over: it stands, unless a complaint that came in time is not
    /// decided yet, or not even accepted. The clock stops until it is.
    pub(super) async fn end_publicity(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let complaint = self.first_undecided(purchase.id).await?;
        Ok(match complaint {
            Some(complaint) => purchase.suspend(complaint.id, complaint.handler, clock)?,
            None => purchase.stand(clock)?,
        })
    }

    /// The last accepted complaint came to nothing: the clock goes on, if it stood.
    pub(crate) async fn let_purchase_go_on(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<(), Error> {
        if matches!(purchase.state, PurchaseState::Suspended(_)) {
            let moved = purchase.resume(clock)?;
            self.save_purchase(moved, clock).await?;
        }
        Ok(())
    }

    /// A complaint was upheld: the purchase comes to nothing, unless it is over or an order has
    /// come of it already. Its case is held.
    pub(crate) async fn fail_purchase_complained_of(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<(), Error> {
        let is_past =
            purchase.state.is_over() || matches!(purchase.state, PurchaseState::Ordered(_));
        if !is_past {
            let moved = purchase.fail(Failure::ComplaintUpheld, clock.now)?;
            self.save_ended(moved, clock).await?;
        }
        Ok(())
    }
}
