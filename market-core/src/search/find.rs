//! Answering a search.

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use tantivy::{DocAddress, Searcher, query::BooleanQuery, schema::Value};
use uuid::Uuid;

use super::{
    Search, blocking,
    catalogue::Catalogue,
    documents::Document,
    index::Opened,
    plan::{Plan, offered},
    query::{SearchQuery, Sort, Subject},
    schema::{Fields, column},
    top::{AgencyIds, Key, Rank, Top},
};
use crate::{
    Cursor, Day, Error, Kind, Money, Paging,
    code::{CategoryCode, ItemCode, RegionCode},
    id::AgencyId,
};

/// With fewer hits than this, a search is repeated more loosely.
const ENOUGH: u64 = 10;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hits {
    /// The hits of this page, in order.
    pub items: Vec<Hit>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
    /// How many hits there are on all pages.
    pub total: u64,
    /// Whether too little had most of the words, so that what has only some of them follows.
    pub relaxed: bool,
}

/// An agency or a listing that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// `agency` or `listing`.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's name.
    pub agency_name: String,
    /// A listing's title, or the agency's name.
    pub title: String,
    /// A listing's service item.
    pub item: Option<ItemCode>,
    /// The category of a listing's service item.
    pub category: Option<CategoryCode>,
    /// A listing's price.
    pub price: Option<Money>,
    /// A listing's promised turnaround, in working days.
    pub days: Option<u32>,
    /// The regions served, each with all that is in it.
    pub regions: Vec<RegionCode>,
    /// The service items that an agency offers.
    pub offers: Vec<ItemCode>,
    /// How well it fits the text; none where there is no text or another order.
    pub score: Option<f32>,
}

impl Search<'_> {
    /// Finds agencies or listings that may be bought from on the day of the search.
    pub async fn find(&self, query: &SearchQuery) -> Result<Hits, Error> {
        let catalogue = self.catalogue().await?;
        query.check(&catalogue)?;
        let paging = Paging { after: query.after.clone(), limit: query.limit };
        let after = paging.key::<Place>()?.filter(|place| place.sort == query.sort);
        if query.after.is_some() && after.is_none() {
            return Err(Error::invalid("after", "cursor", "not a cursor of this order"));
        }
        let day = query.eligible_on.unwrap_or_else(|| self.0.env.now().day());
        let opened = self.0.index.serving();
        let query = query.clone();
        blocking(move || {
            let searcher = opened.searcher();
            let mut plan = Plan::new(&query, opened.fields, &catalogue, day);
            if query.kind == Subject::Agencies && query.narrows_offers() {
                let offers =
                    BooleanQuery::intersection(offered(&query, opened.fields, &catalogue, day));
                plan.only(searcher.search(&offers, &AgencyIds)?);
            }
            Page { searcher, fields: opened.fields, plan, sort: query.sort, paging, after }.read()
        })
        .await
    }
}

/// The first page of a search for listings in an index that stands by itself.
pub(super) fn first_page(
    opened: &Opened,
    catalogue: &Catalogue,
    query: &SearchQuery,
    day: Day,
) -> Result<Hits, Error> {
    let (searcher, fields) = (opened.searcher(), opened.fields);
    let plan = Plan::new(query, fields, catalogue, day);
    let paging = Paging { after: None, limit: query.limit };
    Page { searcher, fields, plan, sort: query.sort, paging, after: None }.read()
}

/// One page of a search.
struct Page {
    searcher: Searcher,
    fields: Fields,
    plan: Plan,
    sort: Sort,
    paging: Paging,
    after: Option<Place>,
}

impl Page {
    fn read(self) -> Result<Hits, Error> {
        let wanted = usize::try_from(self.paging.fetch()).unwrap_or_default();
        let in_loose = self.after.as_ref().is_some_and(|after| after.loose);
        let limit = if in_loose { 0 } else { wanted };
        let strict = self.searcher.search(&self.plan.strict(), &self.top(false, limit))?;
        let (mut total, mut relaxed) = (strict.total, false);
        let mut found: Vec<_> = strict.hits.into_iter().map(|hit| (false, hit)).collect();
        if strict.total < ENOUGH
            && let Some(loose) = self.plan.loose()
        {
            let loose = self.searcher.search(&loose, &self.top(true, wanted - found.len()))?;
            found.extend(loose.hits.into_iter().map(|hit| (true, hit)));
            total += loose.total;
            relaxed = loose.total > 0;
        }
        let page = self.paging.page(found, |(loose, (key, _))| {
            Place { sort: self.sort, loose: *loose, key: *key }.to_string()
        });
        let hits = page.items.iter().map(|(_, (key, address))| self.hit(*key, *address));
        Ok(Hits { items: hits.collect::<Result<_, _>>()?, next: page.next, total, relaxed })
    }

    /// The first hits of one part of the answer.
    fn top(&self, loose: bool, limit: usize) -> Top {
        let after = self.after.as_ref().filter(|after| after.loose == loose);
        Top { rank: self.rank(), after: after.map(|after| after.key), limit }
    }

    fn rank(&self) -> Rank {
        match self.sort {
            Sort::Relevance if self.plan.has_text() => Rank::Score,
            Sort::Relevance => Rank::Newest,
            Sort::Price => Rank::Column(column::PRICE),
            Sort::Days => Rank::Column(column::DAYS),
        }
    }

    fn hit(&self, key: Key, address: DocAddress) -> Result<Hit, Error> {
        let document = stored(&self.searcher, &self.fields, address)?;
        let score = (self.rank() == Rank::Score).then(|| key.score());
        Ok(Hit { score, ..Hit::from(document) })
    }
}

/// The document at an address, as it was indexed.
pub(super) fn stored(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Document, Error> {
    let doc: tantivy::TantivyDocument = searcher.doc(address)?;
    let source = doc.get_first(fields.source).and_then(|value| value.as_bytes());
    Document::from_source(source.unwrap_or_default())
}

impl From<Document> for Hit {
    fn from(document: Document) -> Self {
        let (kind, id) = (document.kind(), document.id());
        match document {
            Document::Agency(agency) => Self {
                kind,
                id,
                agency_id: agency.id,
                title: agency.name.clone(),
                agency_name: agency.name,
                item: None,
                category: None,
                price: None,
                days: None,
                regions: agency.regions,
                offers: agency.items,
                score: None,
            },
            Document::Listing(listing) => Self {
                kind,
                id,
                agency_id: listing.agency_id,
                agency_name: listing.agency_name,
                title: listing.title,
                item: Some(listing.item),
                category: Some(listing.category),
                price: Some(listing.price),
                days: Some(listing.days),
                regions: listing.regions,
                offers: Vec::new(),
                score: None,
            },
        }
    }
}

/// The place of a hit in an answer; a cursor holds one.
struct Place {
    sort: Sort,
    /// It has only some of the words: such hits follow those that have most.
    loose: bool,
    key: Key,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { rank, id: Reverse(id) } = self.key;
        write!(f, "{} {} {rank} {id}", self.sort, u8::from(self.loose))
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(' ');
        let mut part = || parts.next().ok_or(());
        let sort = part()?.parse().map_err(drop)?;
        let loose = match part()? {
            "0" => false,
            "1" => true,
            _ => return Err(()),
        };
        let rank = part()?.parse().map_err(drop)?;
        let id = Reverse(part()?.parse().map_err(drop)?);
        Ok(Self { sort, loose, key: Key { rank, id } })
    }
}
