//! Telling people of what is new.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use uuid::Uuid;

use super::{SavedSearches, Wanted, purchases::Published};
use crate::{
    Error, Kind, Market, Recorded,
    followers::{self, Follower},
    id::{AgencyId, ListingId, PurchaseId, SavedSearchId},
    search::{MAX_WITHIN, SearchQuery, Subject},
    store::Tx,
};

/// So many saved searches are read at once.
const SEARCHES: i64 = 200;

/// Something that is found by a saved search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(super) search: SavedSearchId,
    pub(super) kind: Kind,
    pub(super) object: Uuid,
}

/// A saved search, as it is asked again.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) id: SavedSearchId,
    /// None if what was kept cannot be asked any more.
    pub(super) wanted: Option<Wanted>,
    /// The position of the journal when it was saved.
    pub(super) since: i64,
}

impl SavedSearches<'_> {
    /// Tells people of what is new until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        followers::follow(self).await
    }

    /// Tells people of everything new that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        followers::catch_up(self).await
    }

    /// What was touched and is found by a search that was saved before it was new.
    async fn found(&self, touched: &Touched, pos: i64) -> Result<Vec<Found>, Error> {
        let news = self.news(touched).await?;
        if touched.is_indexed() {
            self.until_searchable(pos).await?;
        }
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let some = self.0.db.standing_after(after, SEARCHES).await?;
            for standing in &some {
                found.extend(self.found_by(standing, &news).await?);
            }
            match some.last() {
                Some(last) if some.len() as u64 == SEARCHES.unsigned_abs() => after = Some(last.id),
                _ => return Ok(found),
            }
        }
    }

    async fn found_by(&self, standing: &Standing, news: &News) -> Result<Vec<Found>, Error> {
        match &standing.wanted {
            Some(Wanted::Query(query)) => self.found_by_query(standing, query, news).await,
            Some(Wanted::Purchases(query)) => {
                let new = news.purchases.iter().filter(|(_, born)| *born > standing.since);
                let found = new.filter(|(published, _)| query.finds(published));
                let found = found.map(|(published, _)| published.purchase.id.0);
                let search = standing.id;
                Ok(found.map(|object| Found { search, kind: Kind::Purchase, object }).collect())
            }
            None => Ok(Vec::new()),
        }
    }

    async fn found_by_query(
        &self,
        standing: &Standing,
        query: &SearchQuery,
        news: &News,
    ) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        let ids = news.of(query.kind).iter().filter(|(_, born)| **born > standing.since);
        let ids: Vec<Uuid> = ids.map(|(id, _)| *id).collect();
        for some in ids.chunks(MAX_WITHIN) {
            let query = SearchQuery { within: Some(some.to_vec()), limit: 100, ..query.clone() };
            match self.0.search().find(&query).await {
                Ok(hits) => found.extend(hits.items.into_iter().filter_map(|hit| {
                    let (kind, object) = (hit.found.kind(), hit.found.id()?);
                    Some(Found { search: standing.id, kind, object })
                })),
                // The catalogue no longer has what it asks for.
                Err(Error::Invalid(_)) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(found)
    }

    /// Waits until searches of this node see the journal up to a position.
    async fn until_searchable(&self, pos: i64) -> Result<(), Error> {
        let search = self.0.search();
        if search.position()? < pos {
            search.catch_up().await?;
        }
        if search.position()? < pos {
            return Err(Error::Busy);
        }
        Ok(())
    }

    /// Everything that was touched, and since when it is there to be found.
    async fn news(&self, touched: &Touched) -> Result<News, Error> {
        let db = &self.0.db;
        let mut agencies = touched.agencies.clone();
        let mut listings = touched.listings.clone();
        for (listing, agency) in db.sellers(&touched.listings, &touched.qualified).await? {
            listings.insert(listing);
            agencies.insert(agency);
        }
        agencies.extend(&touched.qualified);
        let agencies = agencies.iter().map(ToString::to_string);
        let listings = listings.iter().map(ToString::to_string);
        let mut purchases = Vec::new();
        for (id, pos) in &touched.purchases {
            let published = Published::of(self.0, db.purchase(*id).await?).await?;
            purchases.extend(published.map(|published| (published, *pos)));
        }
        Ok(News {
            purchases,
            agencies: db.births(Kind::Agency, "admitted", agencies).await?,
            listings: db.births(Kind::Listing, "published", listings).await?,
        })
    }
}

impl Follower for SavedSearches<'_> {
    const NAME: &'static str = "saved_searches";
    type Made = Vec<Found>;

    fn market(&self) -> &Market {
        self.0
    }

    async fn make(&self, entries: &[Recorded]) -> Result<Option<Vec<Found>>, Error> {
        let touched = Touched::by(entries);
        match entries.last() {
            Some(last) if !touched.is_nothing() => self.found(&touched, last.pos).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn write(&self, tx: &mut Tx, found: &Vec<Found>) -> Result<(), Error> {
        for one in found {
            tx.insert_notice(self.0.env.id(), *one).await?;
        }
        Ok(())
    }
}

/// Agencies and listings, each with the position at which it was admitted or published first.
#[derive(Debug)]
struct News {
    agencies: BTreeMap<Uuid, i64>,
    listings: BTreeMap<Uuid, i64>,
    /// Purchases that are still open, each with the position at which it was published.
    purchases: Vec<(Published, i64)>,
}

impl News {
    const fn of(&self, subject: Subject) -> &BTreeMap<Uuid, i64> {
        match subject {
            Subject::Agencies => &self.agencies,
            Subject::Listings | Subject::All | Subject::Items | Subject::Matters => &self.listings,
        }
    }
}

/// What journal entries may have made new.
#[derive(Debug, Default)]
struct Touched {
    /// Admitted.
    agencies: BTreeSet<AgencyId>,
    /// Published.
    listings: BTreeSet<ListingId>,
    /// Agencies with a new certificate, which may let all that they offer be found.
    qualified: BTreeSet<AgencyId>,
    /// Purchases that were published, and where: that happens to each once.
    purchases: BTreeMap<PurchaseId, i64>,
}

impl Touched {
    fn by(entries: &[Recorded]) -> Self {
        let mut touched = Self::default();
        for entry in entries {
            let became = |state| {
                let new = entry.new_state.as_deref() == Some(state);
                new && entry.old_state.as_deref() != Some(state)
            };
            let certified = entry.event.starts_with("qualification_");
            let object = &entry.object;
            match entry.kind {
                Kind::Agency if certified => touched.qualified.extend(object.parse::<AgencyId>()),
                Kind::Agency if became("admitted") => {
                    touched.agencies.extend(object.parse::<AgencyId>());
                }
                Kind::Listing if became("published") => {
                    touched.listings.extend(object.parse::<ListingId>());
                }
                Kind::Purchase if became("open") => {
                    touched
                        .purchases
                        .extend(object.parse::<PurchaseId>().map(|id| (id, entry.pos)));
                }
                _ => {}
            }
        }
        touched
    }

    fn is_nothing(&self) -> bool {
        !self.is_indexed() && self.purchases.is_empty()
    }

    /// Whether the index has to know of it before searches find it.
    fn is_indexed(&self) -> bool {
        !(self.agencies.is_empty() && self.listings.is_empty() && self.qualified.is_empty())
    }
}
