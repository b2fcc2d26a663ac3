//! What happens to purchases by itself, when its stored time has come.
//!
//! Any number of nodes may run this at once, and any may stop in the middle: a step is taken in one
//! unit of work that holds the purchase, asks the database for the time, and looks once more
//! whether the step is due. Whoever comes second finds it taken.

use std::{convert::Infallible, time::Duration};

use super::{Failure, PurchaseState, Purchases, steps::Moved};
use crate::{
    Error,
    id::PurchaseId,
    rules::Clock,
    store::{Tx, retry},
};

/// How many due purchases are looked up at once.
const BATCH: i64 = 100;
/// How long to sleep while nothing is due; another node may publish something meanwhile.
const LOOK: Duration = Duration::from_secs(1);

impl Purchases<'_> {
    /// Takes every step that is due, and says how many it took. A purchase whose step fails is
    /// passed over, told of in the log, and tried again the next time.
    pub async fn run_due(&self) -> Result<u64, Error> {
        let mut taken = 0;
        loop {
            let due = self.0.db.due_purchases(self.0.env.now(), BATCH).await?;
            let mut progress = false;
            for id in &due {
                match self.take_due(*id).await {
                    Ok(true) => (taken, progress) = (taken + 1, true),
                    Ok(false) => {}
                    Err(why) => tracing::error!(purchase = %id, %why, "a due step failed"),
                }
            }
            if !progress {
                return Ok(taken);
            }
        }
    }

    /// Takes the steps of purchases as they fall due, for ever.
    pub async fn follow(&self) -> Infallible {
        loop {
            if let Err(why) = self.run_due().await {
                tracing::warn!("due steps of purchases are not taken: {why}");
            }
            tokio::time::sleep(self.until_next().await).await;
        }
    }

    /// How long nothing is due, but no longer than [`LOOK`].
    async fn until_next(&self) -> Duration {
        let Ok(Some(next)) = self.0.db.next_due_purchase().await else { return LOOK };
        let micros = next.micros().saturating_sub(self.0.env.now().micros());
        let left = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        left.clamp(Duration::from_millis(10), LOOK)
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
            PurchaseState::Publicity(_) => Ok(purchase.stand(clock)?),
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
