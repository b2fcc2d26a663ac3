//! Taking service items and matters off the list (撤销), and putting them back.
//!
//! What runs keeps the version that it began with: a case whose matter was withdrawn goes on, and a
//! service that it needs is bought as it was when the case was opened. Nothing new begins: no case
//! of a withdrawn matter, no listing of a withdrawn item, no matter that needs one.

use crate::{
    Call, Error, Market, Refusal,
    catalog::ServiceItem,
    code::{ItemCode, MatterCode},
    kernel::{
        authority::{Act, act},
        text::check_reason,
    },
    matter::Matter,
    store::{begin, retry},
};

const WITHDRAW: Act = act("catalogue.withdraw");

/// Service items and matters that are withdrawn and restored.
#[derive(Debug, Clone, Copy)]
pub struct Withdrawals<'m>(pub(crate) &'m Market);

impl Withdrawals<'_> {
    /// Takes a service item off the list, unless a matter on the list needs it. Doing so again
    /// changes nothing.
    pub async fn withdraw_item(
        &self,
        call: &Call,
        code: &ItemCode,
        reason: &str,
    ) -> Result<ServiceItem, Error> {
        check_reason(reason)?;
        retry(|| async {
            WITHDRAW.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "items.withdraw", &(code, reason));
            let item = tx.service_item_for_update(code).await?;
            expect(call, "service item", item.version)?;
            let mut matters = tx.every_matter().await?.into_iter();
            if matters.any(|matter| !matter.withdrawn && matter.need(code).is_some()) {
                return Err(Refusal::ItemNeeded.into());
            }
            let withdrawn = ServiceItem { withdrawn: true, ..item };
            tx.put_item_because(&withdrawn, Some(reason)).await?;
            let item = tx.service_item(code).await?;
            tx.finish(item).await
        })
        .await
    }

    /// Puts a service item back on the list.
    pub async fn restore_item(
        &self,
        call: &Call,
        code: &ItemCode,
        reason: &str,
    ) -> Result<ServiceItem, Error> {
        check_reason(reason)?;
        retry(|| async {
            WITHDRAW.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "items.restore", &(code, reason));
            let item = tx.service_item_for_update(code).await?;
            expect(call, "service item", item.version)?;
            let restored = ServiceItem { withdrawn: false, ..item };
            tx.put_item_because(&restored, Some(reason)).await?;
            let item = tx.service_item(code).await?;
            tx.finish(item).await
        })
        .await
    }

    /// Takes a matter off the list: no case of it is opened any more. Doing so again changes
    /// nothing.
    pub async fn withdraw_matter(
        &self,
        call: &Call,
        code: &MatterCode,
        reason: &str,
    ) -> Result<Matter, Error> {
        check_reason(reason)?;
        retry(|| async {
            WITHDRAW.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "matters.withdraw", &(code, reason));
            let matter = tx.matter_for_update(code).await?;
            expect(call, "matter", matter.version)?;
            let withdrawn = Matter { withdrawn: true, ..matter };
            tx.put_matter_because(&withdrawn, Some(reason)).await?;
            let matter = tx.matter(code).await?;
            tx.finish(matter).await
        })
        .await
    }

    /// Puts a matter back on the list, unless it needs what is withdrawn.
    pub async fn restore_matter(
        &self,
        call: &Call,
        code: &MatterCode,
        reason: &str,
    ) -> Result<Matter, Error> {
        check_reason(reason)?;
        retry(|| async {
            WITHDRAW.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "matters.restore", &(code, reason));
            // The items first and in their order, as whoever withdraws one holds it before it looks.
            let needs = tx.matter(code).await?.needs;
            for need in &needs {
                if tx.service_item_for_update(&need.item).await?.withdrawn {
                    return Err(Refusal::ItemWithdrawn.into());
                }
            }
            let matter = tx.matter_for_update(code).await?;
            expect(call, "matter", matter.version)?;
            if matter.needs != needs {
                return Err(Error::Stale("matter"));
            }
            let restored = Matter { withdrawn: false, ..matter };
            tx.put_matter_because(&restored, Some(reason)).await?;
            let matter = tx.matter(code).await?;
            tx.finish(matter).await
        })
        .await
    }
}

/// Refuses a call that expects another version.
fn expect(call: &Call, what: &'static str, version: i64) -> Result<(), Error> {
    let is_seen = call.expected.is_none_or(|expected| expected == version);
    if is_seen { Ok(()) } else { Err(Error::Stale(what)) }
}
