//! Answers that were given, kept while nothing changes what they would be.
//!
//! Many people ask the same. An answer depends on the commit of the index, the catalogue and the
//! day; when one of them changes, all answers are forgotten.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use super::{catalogue::Catalogue, hits::Hits, query::SearchQuery, view::View};
use crate::Day;

/// So many answers are kept.
const KEPT: usize = 256;

/// What answers depend on.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    pub(super) view: Arc<View>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) day: Day,
}

impl Basis {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.view, &other.view)
            && Arc::ptr_eq(&self.catalogue, &other.catalogue)
            && self.day == other.day
    }
}

/// Answers by what was asked.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    basis: Option<Basis>,
    answers: HashMap<Vec<u8>, Arc<Hits>>,
    /// What was asked, the oldest first.
    order: VecDeque<Vec<u8>>,
}

impl Answers {
    /// The answer that was given before on the same basis.
    pub(super) fn find(&self, basis: &Basis, query: &SearchQuery) -> Option<Arc<Hits>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.basis.as_ref().filter(|known| known.is(basis))?;
        kept.answers.get(&key(query)?).cloned()
    }

    /// Keeps an answer; the oldest goes when there are too many. One that the time ran out for is
    /// not kept.
    pub(super) fn keep(&self, basis: &Basis, query: &SearchQuery, hits: &Arc<Hits>) {
        let Some(key) = key(query).filter(|_| hits.complete) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.basis.as_ref().is_some_and(|known| known.is(basis)) {
            *kept = Kept { basis: Some(basis.clone()), ..Kept::default() };
        }
        if kept.answers.insert(key.clone(), hits.clone()).is_none() {
            kept.order.push_back(key);
        }
        if kept.order.len() > KEPT
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.answers.remove(&oldest);
        }
    }
}

fn key(query: &SearchQuery) -> Option<Vec<u8>> {
    serde_json::to_vec(query).ok()
}
