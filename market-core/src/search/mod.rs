//! Search over agencies and listings, service items and matters.
//!
//! The database is the only source. A follower of the journal keeps an index of what anybody may
//! find in step with it, and stores in each of the index's commits how far it has come; so an
//! index can be stopped, killed, lost and rebuilt, and never disagrees with its own cursor.
//!
//! Finding: `text` is how text becomes words and sounds, `lexicon` (with `likeness`) what names it
//! holds, `planner` makes a `plan` of what the index is asked, `narrow` has the filters, `visit` is
//! the one pass that counts (`tally`) and orders (`ranking`) what matches, `cursor` where a page
//! ends, `find` all of that together, `answers` what was answered before.
//!
//! A plan is made of `any_of`, `at_least` and `best_of`. `at_least` has `word_list`, `window` and
//! `crowds` to be quick; `common` and `numbered` keep what every search would look up again.
//!
//! Helping: `suggest` is what to type next, and what was meant.
//!
//! Keeping: `published` makes `documents` of what the database holds, `index` keeps them with
//! their `columns`, `follower` keeps the index in step, `rebuild` makes it anew, `verify` checks it.

mod answers;
mod any_of;
mod at_least;
mod best_of;
mod catalogue;
mod columns;
mod common;
mod crowds;
mod cursor;
mod days;
mod documents;
mod facets;
mod find;
mod fitting;
mod follower;
mod hits;
mod index;
pub mod judge;
mod lexicon;
mod likeness;
mod narrow;
mod numbered;
mod plan;
mod planner;
mod published;
mod query;
mod ranked;
mod ranking;
mod rebuild;
mod schema;
pub(crate) mod store;
mod suggest;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod understood;
mod verify;
mod view;
mod visit;
mod window;
mod word_list;
mod words;

use std::{
    fs::File,
    num::NonZero,
    path::PathBuf,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tantivy::TantivyError;
use tokio::sync::{Mutex, Semaphore};

#[cfg(feature = "fuzzing")]
pub use self::text::read_anything;
use self::{
    catalogue::Catalogue,
    index::{Mark, Opened, Place, Writer},
    suggest::Desk,
};
pub use self::{
    facets::{Dimension, Facet, FacetValue, PriceBand, SelectionMode, Turnaround},
    hits::{
        AgencyFound, Found, Highlights, Hit, Hits, ItemFound, ListingFound, MatterFound, Named,
        NamedBy,
    },
    query::{MAX_TEXT, MAX_VALUES, MAX_WITHIN, SearchQuery, Sort, Subject},
    ranking::Explanation,
    rebuild::Progress,
    suggest::{Correction, MAX_SUGGESTED_TEXT, MAX_SUGGESTIONS, Suggestion, SuggestionKind},
    text::Part,
    verify::{Difference, Report, Why},
};
use crate::{Error, Market};

/// What can be done with the search index.
///
/// A program that only searches calls [`Search::catch_up`] before; a server runs
/// [`Search::follow`] beside.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a>(pub(crate) &'a Market);

/// The index of a market, wherever it is kept.
pub(crate) struct Home {
    place: Place,
    /// What searches read.
    serving: RwLock<Arc<Opened>>,
    /// Regions and the catalogue as the index shows them.
    catalogue: RwLock<Option<Arc<Catalogue>>>,
    /// How far the journal was read, if it was: beyond the last commit's mark where the entries
    /// change nothing that is searched.
    read: AtomicI64,
    /// What is suggested while somebody types.
    suggestions: Desk,
    /// Answers that were given.
    answers: answers::Answers,
    /// How long one search may take.
    limit: Duration,
    /// Searches that are under way: those that come when there are too many for the processors
    /// wait their turn, so that all are done sooner.
    searching: Arc<Semaphore>,
    /// Whose turn it is to write; empty until somebody does.
    writing: Arc<Mutex<Option<Writing>>>,
}

/// The writing side of the index.
struct Writing {
    writer: Writer,
    /// How far the journal was read.
    mark: Mark,
    /// The position of the last commit's mark.
    committed: i64,
    /// Keeps other processes from writing.
    lock: Option<File>,
}

impl Home {
    /// Opens the index in a folder, or one in memory. One that is missing or cannot be read is
    /// built by whoever writes first; until then searches find nothing.
    pub(crate) fn open(folder: Option<PathBuf>, limit: Duration) -> Result<Self, Error> {
        let place = folder.map_or(Place::Memory, Place::Folder);
        let serving = match place.current() {
            Some(opened) => opened,
            None => Opened::empty()?,
        };
        Ok(Self {
            place,
            serving: RwLock::new(Arc::new(serving)),
            catalogue: RwLock::default(),
            read: AtomicI64::new(0),
            suggestions: Desk::default(),
            answers: answers::Answers::default(),
            limit,
            searching: Arc::new(Semaphore::new(at_once())),
            writing: Arc::default(),
        })
    }

    /// Ends writing, so that another process may. Nothing is lost: what is not committed yet is
    /// read from the journal again.
    pub(crate) async fn close(&self) {
        *self.writing.lock().await = None;
    }

    fn serving(&self) -> Arc<Opened> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn serve(&self, opened: Arc<Opened>) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = opened;
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Search<'_> {
    /// The position in the journal up to which searches see what happened.
    pub fn position(&self) -> Result<i64, Error> {
        let mark = self.0.index.serving().mark()?;
        let read = self.0.index.read.load(Ordering::Relaxed);
        Ok(mark.map_or(0, |mark| mark.position.max(read)))
    }

    /// How many documents searches see.
    pub(crate) fn documents(self) -> u64 {
        self.0.index.serving().view().searcher.num_docs()
    }

    /// Regions and the catalogue, read when they are first asked for.
    async fn catalogue(&self) -> Result<Arc<Catalogue>, Error> {
        let known = self.0.index.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) if known.day() == self.0.env.now().day() => Ok(known),
            _ => self.reload_catalogue().await,
        }
    }

    async fn reload_catalogue(&self) -> Result<Arc<Catalogue>, Error> {
        let fresh = Arc::new(self.0.db.searched_catalogue(self.0.env.now().day()).await?);
        let known = &self.0.index.catalogue;
        *known.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        Ok(fresh)
    }
}

/// How many searches are under way at once: two for each processor, so that a few that take long
/// do not hold up all others.
fn at_once() -> usize {
    2 * std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs work that computes or waits for the disk where it holds up no other task.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(TantivyError::InternalError(why.to_string()).into()))
}
