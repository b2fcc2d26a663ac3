//! What a complaint does to its purchase, in the same unit of work, and what happens by itself: an
//! award that is published while a complaint is investigated stops too. One that is not accepted yet
//! stops it at the end of the publicity.

use std::{convert::Infallible, time::Duration};

use super::{Complaint, ComplaintState, Complaints};
use crate::{
    Actor, Error,
    id::PurchaseId,
    purchase::Purchase,
    rules::Clock,
    store::{Tx, retry},
    timers,
};

/// How often to look for awards to stop; every one is published for days.
const LOOK: Duration = Duration::from_secs(1);

impl Tx {
    /// What follows for the purchase from where a complaint now stands.
    pub(super) async fn follow_complaint(
        &mut self,
        complaint: &Complaint,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<(), Error> {
        match complaint.state {
            ComplaintState::Filed { .. } => Ok(()),
            ComplaintState::Investigating { .. } => {
                self.stop_purchase(purchase, complaint.id, &complaint.handler, clock).await?;
                Ok(())
            }
            ComplaintState::Upheld { .. } => {
                self.fail_purchase_complained_of(purchase, clock).await
            }
            ComplaintState::NotAccepted { .. }
            | ComplaintState::Dismissed { .. }
            | ComplaintState::Withdrawn {} => {
                if self.first_investigated(complaint.purchase_id).await?.is_some() {
                    return Ok(());
                }
                // Whoever withdraws would be named in the history of the purchase.
                let actor = std::mem::replace(&mut self.actor, Actor::system());
                let gone_on = self.let_purchase_go_on(purchase, clock).await;
                self.actor = actor;
                gone_on
            }
        }
    }
}

impl Complaints<'_> {
    /// Stops every award that was published while a complaint about its purchase is investigated,
    /// and says how many there were. Any number of nodes may do this at once.
    pub async fn run_due(&self) -> Result<u64, Error> {
        let due = |limit: u32| self.0.db.purchases_to_stop(i64::from(limit));
        timers::run("award to stop", due, |id| retry(move || self.stop(id))).await
    }

    /// Does so for ever.
    pub async fn follow(&self) -> Infallible {
        loop {
            if let Err(why) = self.run_due().await {
                tracing::warn!("awards that are complained about are not stopped: {why}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn stop(&self, purchase: PurchaseId) -> Result<bool, Error> {
        let mut tx = self.0.work().await?;
        let (purchase, clock) = tx.hold_purchase_and_case(purchase).await?;
        let Some(complaint) = tx.first_investigated(purchase.id).await? else { return Ok(false) };
        let handler = &complaint.handler;
        let stopped = tx.stop_purchase(purchase, complaint.id, handler, &clock).await?;
        tx.finish(stopped).await
    }
}
