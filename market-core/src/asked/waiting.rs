//! What was counted and is not written yet.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{Timestamp, code::ItemCode};

/// So many different texts, and so many service items, wait at most.
pub(super) const MOST: usize = 10_000;

/// How often a text was asked in an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) times: i64,
    /// How often nothing was found.
    pub(super) missed: i64,
}

/// Counts by the hour, in the order in which every node writes them.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) texts: BTreeMap<(Timestamp, String), Count>,
    pub(super) items: BTreeMap<(Timestamp, ItemCode), i64>,
}

/// What is behind a lock, also after somebody failed while holding it: counts are whole at any
/// time.
pub(super) fn locked<T>(behind: &Mutex<T>) -> MutexGuard<'_, T> {
    behind.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    pub(super) fn count(
        &mut self,
        text: String,
        hour: Timestamp,
        missed: bool,
        items: &[ItemCode],
    ) {
        if let Some(count) = place(&mut self.texts, (hour, text)) {
            count.times += 1;
            count.missed += i64::from(missed);
        }
        for item in items {
            if let Some(times) = place(&mut self.items, (hour, item.clone())) {
                *times += 1;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.items.is_empty()
    }

    /// The first so many of each.
    pub(super) fn first(&self, most: usize) -> Self {
        let texts = self.texts.iter().take(most).map(|(at, count)| (at.clone(), *count));
        let items = self.items.iter().take(most).map(|(at, times)| (at.clone(), *times));
        Self { texts: texts.collect(), items: items.collect() }
    }

    /// Takes away what was written; what was counted meanwhile stays.
    pub(super) fn subtract(&mut self, written: &Self) {
        for (at, gone) in &written.texts {
            if let Some(count) = self.texts.get_mut(at) {
                count.times -= gone.times;
                count.missed -= gone.missed;
            }
        }
        for (at, gone) in &written.items {
            if let Some(times) = self.items.get_mut(at) {
                *times -= gone;
            }
        }
        self.texts.retain(|_, count| count.times > 0);
        self.items.retain(|_, times| *times > 0);
    }
}

/// The count at a place, if there is one or room for one more.
fn place<K: Ord, V: Default>(counts: &mut BTreeMap<K, V>, at: K) -> Option<&mut V> {
    if counts.len() >= MOST && !counts.contains_key(&at) {
        return None;
    }
    Some(counts.entry(at).or_default())
}
