//! What happens to purchases by itself, when its stored time has come.
//!
//! Any number of nodes may run this at once, and any may stop in the middle: a step is taken in one
//! unit of work that holds the purchase, asks the database for the time, and looks once more
//! whether the step is due. Whoever comes second finds it taken.

use super::{Failure, PurchaseState, Purchases, steps::Moved};
use crate::{
    Error,
    id::PurchaseId,
    rules::Clock,
    store::{Tx, retry},
    timers,
};

impl Purchases<'_> {
    /// Takes every step of a purchase that is due, and says how many it took.
    pub async fn run_due(&self) -> Result<u64, Error> {
        let due = |limit| self.0.db.due_purchases(self.0.env.now(), i64::from(limit));
        timers::run("purchase", due, |id| self.take_due(id)).await
    }

    async fn take_due(&self, id: PurchaseId) -> Result<bool, Error> {
        retry(|| async {
            let mut tx = self.0.work().await?;
            let case = tx.purchase(id).await?.case_id;
            tx.case_for_update(case).await?;
            let purchase = tx.hold_purchase(id).await?;
            if purchase.state.due_at().is_none_or(|due| tx.at < due) {
                return Ok(false);
            }
            let clock = tx.clock_of_purchase(&purchase).await?;
            let moved = tx.due_step(purchase, &clock).await?;
            tx.save_ended(moved, &clock).await?;
            tx.finish(true).await
        })
        .await
    }
}

impl Tx {
    /// What happens to a purchase whose time has come.
    async fn due_step(&mut self, purchase: super::Purchase, clock: &Clock) -> Result<Moved, Error> {
        match &purchase.state {
            PurchaseState::Open(_) => self.close_purchase(purchase, clock).await,
            PurchaseState::Opening(_) => self.end_opening(purchase, clock).await,
            PurchaseState::Rounds(_) => self.end_round(purchase, clock).await,
            PurchaseState::Choosing(_) => Ok(purchase.fail(Failure::NotChosen, clock.now)?),
            PurchaseState::Publicity(_) => self.end_publicity(purchase, clock).await,
            PurchaseState::Awarded(_) => self.pass_on(purchase, "award_lapsed", clock).await,
            PurchaseState::Draft(_)
            | PurchaseState::InReview(_)
            | PurchaseState::Suspended(_)
            | PurchaseState::Ordered(_)
            | PurchaseState::Failed(_)
            | PurchaseState::Voided(_) => Err(Error::Inconsistent("due time")),
        }
    }
}
