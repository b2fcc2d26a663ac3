//! Saved searches (订阅), and telling people of what is new and found by one.
//!
//! A saved search belongs to a person acting for a party, and only they see it. The `matcher`
//! follows the journal: what is published or admitted for the first time after a search was saved,
//! and found by it, is told of once, however many nodes follow, as a notice.

mod matcher;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Call, Error, Fault, Market, Refusal, Timestamp,
    id::SavedSearchId,
    kernel::text::check_text,
    search::{SearchQuery, Subject},
    store::{begin, retry},
};

/// The most searches that a person saves.
pub const MAX_SAVED: i64 = 50;

/// A search to be saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSavedSearch {
    /// What the person calls it: 1 to 64 characters.
    pub name: String,
    /// What is searched for; pages are of no account.
    pub query: SearchQuery,
}

/// A saved search (订阅的搜索).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SavedSearch {
    /// Its id.
    pub id: SavedSearchId,
    /// What the person calls it.
    pub name: String,
    /// What is searched for.
    pub query: SearchQuery,
    /// When it was saved.
    pub created_at: Timestamp,
}

/// The searches that people saved.
#[derive(Debug, Clone, Copy)]
pub struct SavedSearches<'a>(pub(crate) &'a Market);

impl SavedSearches<'_> {
    /// Saves a search; from now on its owner is told of what is new and found by it.
    pub async fn save(&self, call: &Call, new: NewSavedSearch) -> Result<SavedSearch, Error> {
        let mut faults = Vec::new();
        check_text("/name", &new.name, 1, 64, &mut faults);
        if !matches!(new.query.kind, Subject::Agencies | Subject::Listings) {
            let message = "must be agencies or listings: nothing else is told of";
            faults.push(Fault::new("/query/kind", "choice", message));
        }
        if new.query.within.is_some() {
            faults.push(Fault::new("/query/within", "unknown", "is not for saved searches"));
        }
        Error::unless_faultless(faults)?;
        let query = SearchQuery {
            after: None,
            limit: 1,
            within: None,
            facets: false,
            explain: false,
            ..new.query
        };
        // Asked once, to hear what is wrong with it.
        self.0.search().find(&query).await.map_err(of_query)?;
        let query = SearchQuery { limit: SearchQuery::new(query.kind).limit, ..query };
        let new = NewSavedSearch { name: new.name.trim().to_owned(), query };
        // Whatever happened before is not new.
        self.0.number().await?;
        let since = self.0.db.journal_last().await?;
        retry(|| self.save_once(call, &new, since)).await
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
            query: new.query.clone(),
            created_at: tx.at,
        };
        tx.insert_saved(&saved, since).await?;
        tx.finish(saved).await
    }

    /// The actor's saved searches, newest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<SavedSearch>, Error> {
        self.0.db.saved_of(actor).await
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
