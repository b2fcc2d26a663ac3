//! What search reads from the store.

use std::collections::{BTreeSet, HashMap};

use super::{
    catalogue::{Catalogue, Parts},
    published::Published,
};
use crate::{
    Day, Error,
    agency::Agency,
    code::ItemCode,
    id::{AgencyId, ListingId},
    store::{Db, statements},
    vocabulary::SynonymKind,
};

statements! {
    COUNT_AGENCIES = "select cast(count(*) as bigint) from agencies";
    OF_LISTINGS = "select distinct agency_id from listings where true";
}

impl Db {
    /// Agencies with all that is published about them: one query for each table, for all of them.
    pub(super) async fn published(&self, ids: &[AgencyId]) -> Result<Vec<Published>, Error> {
        let mut qualifications =
            by_agency(self.qualifications_of(ids).await?, |held| held.agency_id);
        let mut listings = by_agency(self.listings_of(ids).await?, |listing| listing.agency_id);
        let mut standings = self.standings(ids).await?;
        let whole = |agency: Agency| Published {
            qualifications: qualifications.remove(&agency.id).unwrap_or_default(),
            listings: listings.remove(&agency.id).unwrap_or_default(),
            standing: standings.remove(&agency.id).unwrap_or_default(),
            agency,
        };
        Ok(self.agencies_by_id(ids).await?.into_iter().map(whole).collect())
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
            items: self.listed_service_items().await?,
            qualifications: self.qualification_types().await?,
            matters: self.all_matters().await?,
            synonyms: synonyms.into_iter().map(|synonym| (synonym.phrase, synonym.names)).collect(),
            policies: self.policies().await?,
        };
        Ok(Catalogue::new(parts, today))
    }
}

/// What belongs to each agency, in the order in which it was.
fn by_agency<T>(all: Vec<T>, owner: impl Fn(&T) -> AgencyId) -> HashMap<AgencyId, Vec<T>> {
    let mut each: HashMap<_, Vec<T>> = HashMap::new();
    for one in all {
        each.entry(owner(&one)).or_default().push(one);
    }
    each
}
