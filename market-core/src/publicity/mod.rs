//! What everybody may know of purchases (信息公开): their notices, as pages, as a feed and as open
//! contracting data, and what they add up to.
//!
//! A notice is an entry of the journal told in full, so that none can be changed or taken back.
//! Read `notice` for what each kind tells, `ocds` for open contracting data, `figures` for what is
//! counted, and the `store` files for where it comes from.

mod figures;
pub(crate) mod figures_store;
mod notice;
mod ocds;
pub(crate) mod store;
#[cfg(test)]
mod tests;

pub use self::{
    figures::{Concentration, FiguresFilter, Prices, PurchaseFigures, Savings},
    notice::{NoticeBody, NoticeKind, Owner, PublicNotice, PublicNoticeFilter, Winner},
    ocds::Publisher,
};
use crate::{Error, Market, Page, Paging, id::PurchaseId};

/// What is published of a market.
#[derive(Debug, Clone, Copy)]
pub struct Publicity<'m>(pub(crate) &'m Market);

impl Publicity<'_> {
    /// Public notices, the latest first.
    pub async fn notices(
        &self,
        filter: &PublicNoticeFilter,
        paging: &Paging,
    ) -> Result<Page<PublicNotice>, Error> {
        self.0.number().await?;
        let regions = match &filter.region {
            Some(region) => Some(self.0.db.regions_within(region).await?),
            None => None,
        };
        let found = self.0.db.notice_entries(filter, regions.as_deref(), paging).await?;
        let page = paging.page(found, |entry| entry.pos.to_string());
        let items = self.0.db.tell(page.items).await?;
        Ok(Page { items, next: page.next })
    }

    /// A public notice by its position.
    pub async fn notice(&self, pos: i64) -> Result<PublicNotice, Error> {
        self.0.number().await?;
        let entry = self.0.db.notice_entry(pos).await?;
        let told = self.0.db.tell(entry.into_iter().collect()).await?;
        told.into_iter().next().ok_or(Error::NotFound("notice"))
    }

    /// The public notices of one purchase, the earliest first.
    pub async fn notices_of(&self, id: PurchaseId) -> Result<Vec<PublicNotice>, Error> {
        self.0.number().await?;
        let entries = self.0.db.notice_entries_of(id).await?;
        if entries.is_empty() {
            return Err(Error::NotFound("purchase"));
        }
        self.0.db.tell(entries).await
    }
}
