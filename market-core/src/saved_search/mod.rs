//! Saved searches (订阅), and telling people of what is new and found by one.
//!
//! A saved search belongs to a person acting for a party, and only they see it. The `matcher`
//! follows the journal: what is published or admitted for the first time after a search was saved,
//! and found by it, is told of once, however many nodes follow; `purchases` says which purchases
//! are found. What people read is a notice.

mod matcher;
mod purchases;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::purchases::PurchaseQuery;
use crate::{
    Action, Actor, Call, Error, Fault, Intent, Market, Refusal, Timestamp,
    id::SavedSearchId,
    kernel::{page::MAX_LIMIT, text::check_text},
    search::{SearchQuery, Subject},
    store::{begin, retry},
};

/// The most searches that a person saves.
pub const MAX_SAVED: i64 = 50;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Agencies or listings; pages are of no account.
    Query(SearchQuery),
    /// Open purchases.
    Purchases(PurchaseQuery),
}

/// A search to be saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSavedSearch {
    /// What the person calls it: 1 to 64 characters.
    pub name: String,
    /// What is searched for.
    pub wanted: Wanted,
}

/// A saved search (订阅的搜索).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSearch {
    /// Its id.
    pub id: SavedSearchId,
    /// What the person calls it.
    pub name: String,
    /// What is searched for: `query`, or `purchases`.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// When it was saved.
    pub created_at: Timestamp,
}

impl SavedSearch {
    /// The version of every saved search: it is removed, but never changed.
    pub const VERSION: i64 = 1;

    /// What whoever saved it may do with it.
    pub fn actions(&self) -> Vec<Action> {
        vec![Action::of("remove", Ok(()))]
    }
}

/// The searches that people saved.
#[derive(Debug, Clone, Copy)]
pub struct SavedSearches<'a>(pub(crate) &'a Market);

impl SavedSearches<'_> {
    /// Saves a search; from now on its owner is told of what is new and found by it.
    pub async fn save(&self, call: &Call, new: NewSavedSearch) -> Result<SavedSearch, Error> {
        let mut faults = Vec::new();
        check_text("/name", &new.name, 1, 64, &mut faults);
        let wanted = match new.wanted {
            Wanted::Query(query) => Wanted::Query(self.asked_once(query, faults).await?),
            Wanted::Purchases(query) => {
                faults.extend(query.faults(self.0).await?);
                Error::unless_faultless(faults)?;
                Wanted::Purchases(query)
            }
        };
        let new = NewSavedSearch { name: new.name.trim().to_owned(), wanted };
        // Whatever happened before is not new.
        if call.intent == Intent::Do {
            self.0.number().await?;
        }
        let since = self.0.db.journal_last().await?;
        retry(|| self.save_once(call, &new, since)).await
    }

    /// A search over agencies or listings as it is kept; whatever is wrong with it is told.
    async fn asked_once(
        &self,
        query: SearchQuery,
        mut faults: Vec<Fault>,
    ) -> Result<SearchQuery, Error> {
        if !matches!(query.kind, Subject::Agencies | Subject::Listings) {
            let message = "must be agencies or listings: nothing else is told of";
            faults.push(Fault::new("/query/kind", "choice", message));
        }
        if !(1..=MAX_LIMIT).contains(&query.limit) {
            faults.push(Fault::new("/query/limit", "range", "must be from 1 to 100"));
        }
        if query.within.is_some() {
            faults.push(Fault::new("/query/within", "unknown", "is not for saved searches"));
        }
        Error::unless_faultless(faults)?;
        let query = SearchQuery {
            after: None,
            limit: 1,
            within: None,
            facets: false,
            explain: false,
            ..query
        };
        // Asked once, to hear what is wrong with it.
        self.0.search().find(&query).await.map_err(of_query)?;
        Ok(SearchQuery { limit: SearchQuery::new(query.kind).limit, ..query })
    }

    async fn save_once(
        &self,
        call: &Call,
        new: &NewSavedSearch,
        since: i64,
    ) -> Result<SavedSearch, Error> {
        let mut tx = begin!(self.0, call, "saved_searches.save", new);
        if tx.count_saved_for_update().await? >= MAX_SAVED {
            return Err(Refusal::TooManySavedSearches.into());
        }
        let saved = SavedSearch {
            id: SavedSearchId(self.0.env.id()),
            name: new.name.clone(),
            wanted: new.wanted.clone(),
            created_at: tx.at,
        };
        tx.insert_saved(&saved, since).await?;
        tx.finish(saved).await
    }

    /// The actor's saved searches, newest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<SavedSearch>, Error> {
        self.0.db.saved_of(actor).await
    }

    /// A saved search of the actor's.
    pub async fn get(&self, actor: &Actor, id: SavedSearchId) -> Result<SavedSearch, Error> {
        self.0.db.saved(actor, id).await?.ok_or(Error::NotFound("saved search"))
    }

    /// Removes a saved search of the actor, with its notices.
    pub async fn remove(&self, call: &Call, id: SavedSearchId) -> Result<(), Error> {
        retry(|| self.remove_once(call, id)).await
    }

    async fn remove_once(&self, call: &Call, id: SavedSearchId) -> Result<(), Error> {
        let mut tx = begin!(self.0, call, "saved_searches.remove", &id);
        if !tx.delete_saved(id).await? {
            return Err(Error::NotFound("saved search"));
        }
        if call.expected.is_some_and(|expected| expected != SavedSearch::VERSION) {
            return Err(Error::Stale("saved search"));
        }
        tx.finish(()).await
    }
}

/// Says where in what was to be saved something is wrong with the query.
fn of_query(why: Error) -> Error {
    match why {
        Error::Invalid(mut faults) => {
            for fault in &mut faults {
                fault.pointer.insert_str(0, "/query/");
            }
            Error::Invalid(faults)
        }
        other => other,
    }
}
