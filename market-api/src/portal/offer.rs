//! A published listing, as lists on several pages show it.

use market_core::{
    Error, Market,
    agency::{Listing, ListingState},
    search::{self, Highlights, ListingFound, Part, SearchQuery},
};

use super::{Link, names::Regions, words};

/// A published listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) id: String,
    /// Its title, with what was looked for.
    pub(super) title: Vec<Part>,
    pub(super) price: String,
    pub(super) per: String,
    pub(super) days: u32,
    pub(super) regions: Vec<String>,
    pub(super) summary: Vec<Part>,
    /// Its agency, where the page is not the agency's own.
    pub(super) agency: Option<Link>,
    /// Its service item, where the page is not the item's own.
    pub(super) item: Option<Link>,
    /// Whether it can be chosen to be compared with others of the page.
    pub(super) is_comparable: bool,
}

/// A page of what can be bought today, and where the next one begins.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offers: Vec<Offer>,
    pub(super) next: Option<market_core::Cursor>,
    pub(super) total: u64,
}

impl Offer {
    pub(super) async fn of(listing: Listing, regions: &mut Regions<'_>) -> Result<Self, Error> {
        let terms = listing.terms;
        Ok(Self {
            id: listing.id.to_string(),
            title: plain(terms.title),
            price: words::yuan(terms.price),
            per: words::per(&terms.unit),
            days: terms.days,
            regions: regions.names(&terms.regions).await?,
            summary: plain(terms.summary),
            agency: None,
            item: None,
            is_comparable: false,
        })
    }

    /// The offer behind a hit; none of one that was taken off since the index saw it.
    pub(super) async fn behind(
        hit: ListingFound,
        highlights: Option<Highlights>,
        market: &Market,
        regions: &mut Regions<'_>,
    ) -> Result<Option<Self>, Error> {
        let listing = market.listings().get(None, hit.id).await?;
        if listing.state != ListingState::Published {
            return Ok(None);
        }
        let href = format!("/agencies/{}", hit.agency_id);
        let agency = Some(Link { href, name: hit.agency_name });
        let current = Self::of(listing, regions).await?;
        // What the index saw may have changed since.
        let marks = |parts: Option<Vec<Part>>, current: Vec<Part>| {
            parts.filter(|parts| text(parts) == text(&current)).unwrap_or(current)
        };
        let (title, summary) = highlights.map(|found| (found.title, found.summary)).unzip();
        let (title, summary) = (marks(title, current.title), marks(summary, current.summary));
        Ok(Some(Self { title, summary, agency, ..current }))
    }
}

/// A text in which nothing is marked.
pub(super) fn plain(text: String) -> Vec<Part> {
    vec![Part { text, hit: false }]
}

fn text(parts: &[Part]) -> String {
    parts.iter().map(|part| &*part.text).collect()
}

impl Found {
    /// What a search of listings finds.
    pub(super) async fn by(market: &Market, query: &SearchQuery) -> Result<Self, Error> {
        let hits = market.search().find(query).await?;
        let mut regions = Regions::new(market);
        let mut offers = Vec::new();
        for hit in hits.items {
            if let search::Found::Listing(listing) = hit.found {
                offers.extend(Offer::behind(listing, hit.highlights, market, &mut regions).await?);
            }
        }
        Ok(Self { offers, next: hits.next, total: hits.total })
    }
}
