//! What is asked: hot queries and hot services (热点查询), and what finds nothing.
//!
//! Texts are counted by the hour, in memory, and added to the database now and then. Who asked is
//! neither counted nor kept, and a text that looks like personal data is not counted at all.
//! Read `text` for what is counted, `waiting` for what waits in memory, `store` for its tables.

pub(crate) mod store;
#[cfg(test)]
mod tests;
mod text;
mod waiting;

use std::{collections::BTreeMap, convert::Infallible, sync::Mutex, time::Duration};

use serde::{Deserialize, Serialize};

use self::{
    text::counted,
    waiting::{MOST, Waiting, locked},
};
use crate::{
    Actor, Error, Market, Page, Paging, Timestamp,
    code::ItemCode,
    kernel::authority::act,
    search::{Hits, SearchQuery},
    store::retry,
};

/// The longest window that is looked back on, in days.
pub const MAX_DAYS: u32 = 90;

/// How often what was counted is written.
const FLUSH: Duration = Duration::from_secs(30);
/// So many counts are written in one unit of work.
const BATCH: usize = 500;
/// For so long an overview is shown again before it is made anew.
const OVERVIEW_SECONDS: i64 = 60;
/// So many of each an overview holds.
const OVERVIEW: u32 = 100;

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_SECONDS: i64 = 86_400;

/// A text that is often asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedText {
    /// The text, in lower case.
    pub text: String,
    /// How often it was asked.
    pub times: i64,
}

/// A service item that is often ordered or asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HotItem {
    /// The service item.
    pub item: ItemCode,
    /// Its name.
    pub name: String,
    /// How many orders were placed.
    pub orders: i64,
    /// How many searches were for it.
    pub searches: i64,
}

/// What is hot (热点查询).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hot {
    /// Texts that are often asked, the most frequent first.
    pub queries: Vec<AskedText>,
    /// Service items that are often ordered or asked for, the most frequent first.
    pub items: Vec<HotItem>,
}

/// What was asked of this process, as far as it is kept in memory.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Counted, and not written yet.
    waiting: Mutex<Waiting>,
    /// Whose turn it is to write.
    writing: tokio::sync::Mutex<()>,
    /// Overviews that were made, by window, and when.
    overviews: Mutex<BTreeMap<u32, (Timestamp, Hot)>>,
    /// How many days counts are kept.
    keep_days: u32,
}

impl Asking {
    /// Nothing was asked yet; counts are kept so many days.
    pub(crate) fn new(keep_days: u32) -> Self {
        Self {
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            overviews: Mutex::default(),
            keep_days,
        }
    }
}

impl Asking {
    /// How many counts wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        let waiting = locked(&self.waiting);
        waiting.texts.len() + waiting.items.len()
    }
}

/// What is asked of a market.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a>(pub(crate) &'a Market);

impl Asked<'_> {
    /// Counts a search that somebody made, if it has a text and this is its first page.
    ///
    /// It was for the service items that it was narrowed to or names, or for the one that all of
    /// its hits are of.
    pub fn count_search(&self, query: &SearchQuery, hits: &Hits) {
        let Some(text) = query.text.as_deref().filter(|_| query.after.is_none()) else { return };
        if !query.items.is_empty() {
            return self.count(text, hits.total, &query.items);
        }
        let mut named: Vec<ItemCode> = hits.named_items().collect();
        if named.is_empty() {
            let mut found = hits.items.iter().map(|hit| hit.found.item());
            let first = found.next().flatten();
            let resolved = first.filter(|first| found.all(|item| item == Some(*first)));
            named.extend(resolved.cloned());
        }
        self.count(text, hits.total, &named);
    }

    /// Counts a text that was asked, how many hits it had in all, and the service items that it
    /// was for. When too many different texts wait to be written, further ones are not counted.
    pub fn count(&self, text: &str, hits: u64, items: &[ItemCode]) {
        let Some(text) = counted(text) else { return };
        let hour = hour(self.0.env.now());
        locked(&self.0.asking.waiting).count(text, hour, hits == 0, items);
    }

    /// Writes what was counted every half minute, and forgets what is old, until it is dropped.
    /// [`Asked::flush`] writes the rest.
    pub async fn follow(&self) -> Infallible {
        loop {
            tokio::time::sleep(FLUSH).await;
            if let Err(why) = self.flush().await {
                tracing::warn!("what is asked is not written: {why}");
            }
        }
    }

    /// Writes what was counted until now, and forgets what is older than it is to be kept. What
    /// cannot be written waits for the next time.
    pub async fn flush(&self) -> Result<(), Error> {
        let asking = &self.0.asking;
        let _turn = asking.writing.lock().await;
        // What comes meanwhile waits for the next time, lest this never ends.
        for _ in 0..=(2 * MOST / BATCH) {
            let batch = locked(&asking.waiting).first(BATCH);
            if batch.is_empty() {
                break;
            }
            retry(|| self.write(&batch)).await?;
            locked(&asking.waiting).subtract(&batch);
        }
        retry(|| self.forget()).await
    }

    async fn write(&self, batch: &Waiting) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        tx.add_asked(batch).await?;
        tx.finish(()).await
    }

    async fn forget(&self) -> Result<(), Error> {
        let before = self.since(self.0.asking.keep_days);
        let mut tx = self.0.work().await?;
        if tx.forget_asked(before).await? == 0 {
            return Ok(());
        }
        tx.finish(()).await
    }

    /// The texts that were asked most in the last days, of those that were asked at least three
    /// times, so that nobody's single query shows, and that have found something.
    pub async fn hot(&self, days: u32, limit: u32) -> Result<Vec<AskedText>, Error> {
        self.0.db.hot_texts(self.window(days)?, limit).await
    }

    /// The service items that were ordered and asked for most in the last days.
    pub async fn hot_items(&self, days: u32, limit: u32) -> Result<Vec<HotItem>, Error> {
        self.0.db.hot_items(self.window(days)?, limit).await
    }

    /// Hot queries and hot services together, up to a minute old: for a page that many see.
    pub async fn overview(&self, days: u32, limit: u32) -> Result<Hot, Error> {
        let now = self.0.env.now();
        let known = locked(&self.0.asking.overviews).get(&days).cloned();
        let mut hot = match known {
            Some((at, hot)) if now < at.plus_seconds(OVERVIEW_SECONDS) => hot,
            _ => {
                let queries = self.hot(days, OVERVIEW).await?;
                let hot = Hot { queries, items: self.hot_items(days, OVERVIEW).await? };
                locked(&self.0.asking.overviews).insert(days, (now, hot.clone()));
                hot
            }
        };
        let limit = usize::try_from(limit).unwrap_or_default();
        hot.queries.truncate(limit);
        hot.items.truncate(limit);
        Ok(hot)
    }

    /// The texts that never found anything in the last days, the most frequent first; for the
    /// operator, who can give a word that people use as a synonym to the one that the market uses
    /// (`PUT /api/v1/synonyms/{phrase}`).
    pub async fn misses(
        &self,
        actor: &Actor,
        days: u32,
        paging: &Paging,
    ) -> Result<Page<AskedText>, Error> {
        const { act("search.misses") }.admits(actor)?;
        self.0.db.missed_texts(self.window(days)?, paging).await
    }

    /// When a window of so many days begins.
    fn window(self, days: u32) -> Result<Timestamp, Error> {
        if !(1..=MAX_DAYS).contains(&days) {
            let message = format!("must be from 1 to {MAX_DAYS}");
            return Err(Error::invalid("days", "range", message));
        }
        Ok(self.since(days))
    }

    fn since(self, days: u32) -> Timestamp {
        hour(self.0.env.now().plus_seconds(-DAY_SECONDS * i64::from(days)))
    }
}

/// The hour in which something happens.
const fn hour(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(HOUR_MICROS))
}
