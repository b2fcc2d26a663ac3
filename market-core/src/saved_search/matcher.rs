//! Telling people of what is new: follows the journal with a position of its own, which the
//! database keeps in the same commit as the notices.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    time::Duration,
};

use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::SavedSearches;
use crate::{
    Error, Kind, Recorded,
    id::{AgencyId, ListingId, SavedSearchId},
    search::{MAX_WITHIN, SearchQuery, Subject},
    store::retry,
};

/// How often the journal is read without a sign: other nodes write too.
const POLL: Duration = Duration::from_secs(1);
/// So many entries are read at once.
const ENTRIES: i64 = 100;
/// So many saved searches are read at once.
const SEARCHES: i64 = 200;
/// Entries that nobody is told of are passed over without a commit, but not more of them.
const PASSED_OVER: i64 = 1000;

/// Something that is found by a saved search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) search: SavedSearchId,
    pub(super) kind: Kind,
    pub(super) object: Uuid,
}

/// A saved search, as it is asked again.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) id: SavedSearchId,
    /// None if what was kept cannot be asked any more.
    pub(super) query: Option<SearchQuery>,
    /// The position of the journal when it was saved.
    pub(super) since: i64,
}

impl SavedSearches<'_> {
    /// Tells people of what is new until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        let mut seen = 0;
        loop {
            let changed = self.0.wake.notified();
            let step = async {
                self.0.number().await?;
                self.step(&mut seen).await
            };
            match step.await {
                Ok(0) => drop(timeout(POLL, changed).await),
                Ok(_) => {}
                Err(why) => {
                    tracing::warn!("saved searches do not follow the journal: {why}");
                    sleep(POLL).await;
                }
            }
        }
    }

    /// Tells people of everything new that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.0.number().await?;
        let mut seen = 0;
        while self.step(&mut seen).await? > 0 {}
        Ok(())
    }

    /// Reads some entries after those that were seen, and says how many.
    async fn step(&self, seen: &mut i64) -> Result<usize, Error> {
        let db = &self.0.db;
        let stored = db.follower_position().await?;
        *seen = stored.max(*seen);
        let entries = db.journal_after(*seen, false, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(0) };
        let touched = Touched::by(&entries);
        if touched.is_nothing() && last.pos - stored < PASSED_OVER {
            *seen = last.pos;
            return Ok(entries.len());
        }
        let found = self.found(&touched, last.pos).await?;
        if retry(|| self.tell(stored, last.pos, &found)).await? {
            *seen = last.pos;
        }
        Ok(entries.len())
    }

    /// Writes notices together with the new position, and says whether it did. Where another node
    /// has gone on from the old position, that one has told people.
    async fn tell(&self, from: i64, to: i64, found: &[Found]) -> Result<bool, Error> {
        let mut tx = self.0.work().await?;
        if !tx.advance_follower(from, to).await? {
            return Ok(false);
        }
        for one in found {
            tx.insert_notice(self.0.env.id(), *one).await?;
        }
        tx.finish(true).await
    }

    /// What was touched and is found by a search that was saved before it was new.
    async fn found(&self, touched: &Touched, pos: i64) -> Result<Vec<Found>, Error> {
        if touched.is_nothing() {
            return Ok(Vec::new());
        }
        let news = self.news(touched).await?;
        self.until_searchable(pos).await?;
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
        let mut found = Vec::new();
        let Some(query) = &standing.query else { return Ok(found) };
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
        Ok(News {
            agencies: db.births(Kind::Agency, "admitted", agencies).await?,
            listings: db.births(Kind::Listing, "published", listings).await?,
        })
    }
}

/// Agencies and listings, each with the position at which it was admitted or published first.
#[derive(Debug)]
struct News {
    agencies: BTreeMap<Uuid, i64>,
    listings: BTreeMap<Uuid, i64>,
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
                _ => {}
            }
        }
        touched
    }

    fn is_nothing(&self) -> bool {
        self.agencies.is_empty() && self.listings.is_empty() && self.qualified.is_empty()
    }
}
