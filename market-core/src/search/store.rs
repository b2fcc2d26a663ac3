//! What search reads from the store.

use std::collections::BTreeSet;

use super::{catalogue::Catalogue, documents::Published};
use crate::{
    Error,
    code::ItemCode,
    id::{AgencyId, ListingId},
    store::{Db, statements},
};

statements! {
    COUNT_AGENCIES = "select cast(count(*) as bigint) from agencies";
    OF_LISTINGS = "select distinct agency_id from listings where true";
}

impl Db {
    /// An agency with all that is published about it.
    pub(super) async fn published(&self, id: AgencyId) -> Result<Published, Error> {
        let (agency, qualifications, _, listings) = self.agency_documents(id).await?;
        Ok(Published { agency, qualifications, listings })
    }

    /// How many agencies there are.
    pub(super) async fn count_agencies(&self) -> Result<u64, Error> {
        let (count,): (i64,) = self.query(COUNT_AGENCIES).one().await?;
        Ok(count.unsigned_abs())
    }

    /// The agencies whose listings are given.
    pub(super) async fn agencies_of_listings(
        &self,
        listings: &BTreeSet<ListingId>,
    ) -> Result<Vec<AgencyId>, Error> {
        let query = self.query(OF_LISTINGS).within(" and id in", listings);
        let rows: Vec<(AgencyId,)> = query.all().await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// The agencies that have listings of service items.
    pub(super) async fn agencies_offering(
        &self,
        items: BTreeSet<&ItemCode>,
    ) -> Result<Vec<AgencyId>, Error> {
        let query = self.query(OF_LISTINGS).within(" and item in", items);
        let rows: Vec<(AgencyId,)> = query.all().await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Regions and the catalogue, as search uses them.
    pub(super) async fn searched_catalogue(&self) -> Result<Catalogue, Error> {
        let categories = self.categories().await?.into_iter().map(|category| category.code);
        Ok(Catalogue::new(
            self.regions().await?,
            categories,
            self.all_service_items().await?,
            self.qualification_types().await?,
        ))
    }
}
