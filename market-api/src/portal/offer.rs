//! A published listing, as lists on several pages show it.

use market_core::{
    Error, Market,
    agency::{Listing, ListingState},
    search::{self, Hits, ListingFound, NamedBy, SearchQuery},
};

use super::{Link, names::Regions, words};

/// A published listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) title: String,
    pub(super) price: String,
    pub(super) per: String,
    pub(super) days: u32,
    pub(super) regions: Vec<String>,
    pub(super) summary: String,
    /// Its agency, where the page is not the agency's own.
    pub(super) agency: Option<Link>,
    /// Its service item, where the page is not the item's own.
    pub(super) item: Option<Link>,
}

/// A page of what can be bought today, and where the next one begins.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offers: Vec<Offer>,
    pub(super) next: Option<market_core::Cursor>,
    pub(super) total: u64,
    pub(super) relaxed: bool,
    /// What the words were taken for, where they do not say it themselves.
    pub(super) taken_for: Vec<String>,
}

impl Offer {
    pub(super) async fn of(listing: Listing, regions: &mut Regions<'_>) -> Result<Self, Error> {
        let terms = listing.terms;
        Ok(Self {
            title: terms.title,
            price: words::yuan(terms.price),
            per: words::per(&terms.unit),
            days: terms.days,
            regions: regions.names(&terms.regions).await?,
            summary: terms.summary,
            agency: None,
            item: None,
        })
    }

    /// The offer behind a hit; none of one that was taken off since the index saw it.
    async fn behind(
        hit: ListingFound,
        market: &Market,
        regions: &mut Regions<'_>,
    ) -> Result<Option<Self>, Error> {
        let listing = market.listings().get(None, hit.id).await?;
        if listing.state != ListingState::Published {
            return Ok(None);
        }
        let href = format!("/agencies/{}", hit.agency_id);
        let agency = Some(Link { href, name: hit.agency_name });
        Ok(Some(Self { agency, ..Self::of(listing, regions).await? }))
    }
}

impl Found {
    /// What a search of listings finds.
    pub(super) async fn by(market: &Market, query: &SearchQuery) -> Result<Self, Error> {
        Self::of(market, market.search().find(query).await?).await
    }

    /// What hits of listings are.
    pub(super) async fn of(market: &Market, hits: Hits) -> Result<Self, Error> {
        let mut regions = Regions::new(market);
        let mut offers = Vec::new();
        for hit in hits.items {
            if let search::Found::Listing(listing) = hit.found {
                offers.extend(Offer::behind(listing, market, &mut regions).await?);
            }
        }
        let guessed = hits.understood.into_iter().filter(|named| named.by != NamedBy::Name);
        let mut taken_for: Vec<String> = guessed.map(|named| named.name).collect();
        taken_for.dedup();
        Ok(Self { offers, next: hits.next, total: hits.total, relaxed: hits.relaxed, taken_for })
    }
}
