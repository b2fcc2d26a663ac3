//! What search reads from the store.

use std::collections::BTreeSet;

use super::{
    catalogue::{Catalogue, Parts},
    published::Published,
};
use crate::{
    Day, Error,
    code::ItemCode,
    id::{AgencyId, ListingId},
    order::Standing,
    store::{Db, statements},
    vocabulary::SynonymKind,
};

statements! {
    COUNT_AGENCIES = "select cast(count(*) as bigint) from agencies";
    OF_LISTINGS = "select distinct agency_id from listings where true";
}

impl Db {
    /// An agency with all that is published about it.
    pub(super) async fn published(
        &self,
        id: AgencyId,
        standing: Standing,
    ) -> Result<Published, Error> {
        let (agency, qualifications, _, listings) = self.agency_documents(id).await?;
        Ok(Published { agency, qualifications, listings, standing })
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

    /// Regions, the catalogue and whatever else is named, as search uses them.
    pub(super) async fn searched_catalogue(&self, today: Day) -> Result<Catalogue, Error> {
        let synonyms = self.all_synonyms().await?;
        let aliases = synonyms.iter().filter(|synonym| synonym.kind == SynonymKind::Alias);
        let parts = Parts {
            aliases: aliases.map(|one| (one.phrase.clone(), one.names.clone())).collect(),
            regions: self.regions().await?,
            categories: self.categories().await?,
            items: self.all_service_items().await?,
            qualifications: self.qualification_types().await?,
            matters: self.all_matters().await?,
            synonyms: synonyms.into_iter().map(|synonym| (synonym.phrase, synonym.names)).collect(),
            policies: self.policies().await?,
        };
        Ok(Catalogue::new(parts, today))
    }
}
