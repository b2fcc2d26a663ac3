//! The operator's formal review before publication (形式审查).

use super::{Purchase, Purchases};
use crate::{
    Call, Error,
    id::PurchaseId,
    kernel::{
        authority::{Act, act},
        text::check_reason,
    },
    store::{begin, retry},
};

pub(super) const REVIEW: Act = act("purchase.review");

impl Purchases<'_> {
    /// Publishes a purchase that was handed in.
    pub async fn approve(&self, call: &Call, id: PurchaseId) -> Result<Purchase, Error> {
        self.step(call, id, "purchases.approve", &(), |purchase, clock| {
            purchase.permits(REVIEW, &call.actor)?;
            Ok(purchase.approve(clock)?)
        })
        .await
    }

    /// Sends a purchase back to its owner, who may mend it and hand it in again.
    pub async fn send_back(
        &self,
        call: &Call,
        id: PurchaseId,
        reason: &str,
    ) -> Result<Purchase, Error> {
        check_reason(reason)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.send-back", &(id, reason));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            purchase.permits(REVIEW, &call.actor)?;
            let moved = purchase.send_back(reason.to_owned(), clock.now)?;
            let purchase = tx.save_ended(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }
}
