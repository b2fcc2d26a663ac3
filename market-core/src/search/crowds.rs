//! Words that many documents have, as a bit for each document.
//!
//! Such words are few, and people ask for them all the time: 有限公司 is in every name. Their lists
//! are unpacked once for each segment; whether a document has one is then a bit.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use tantivy::{DocId, SegmentReader, Term, index::SegmentId, schema::IndexRecordOption};

use super::word_list::Finder;

/// One in so many documents makes a crowd.
const ONE_IN: u64 = 16;
/// What all of them may take, in bytes; then no more are kept.
const MOST: usize = 32 << 20;

/// A bit for each document of a segment.
pub(super) type Crowd = Arc<[u64]>;

/// The crowds of an index.
#[derive(Default)]
pub(super) struct Crowds {
    known: RwLock<HashMap<(SegmentId, Term), Crowd>>,
    bytes: AtomicUsize,
}

impl Crowds {
    /// The documents of a word in a segment, if it is a crowd there; its list has so many.
    pub(super) fn of(
        &self,
        reader: &SegmentReader,
        term: &Term,
        count: u64,
    ) -> tantivy::Result<Option<Crowd>> {
        if count * ONE_IN < reader.max_doc().into() {
            return Ok(None);
        }
        let key = (reader.segment_id(), term.clone());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let bytes = reader.max_doc() as usize / 8 + 8;
        if known.is_some() || self.bytes.load(Ordering::Relaxed) + bytes > MOST {
            return Ok(known);
        }
        let Some(mut finder) = Finder::new(term, IndexRecordOption::Basic, reader)? else {
            return Ok(None);
        };
        let mut bits = vec![0; reader.max_doc().div_ceil(u64::BITS) as usize];
        finder.each_before(reader.max_doc(), |doc| set(&mut bits, doc));
        let crowd = Crowd::from(bits);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.insert(key, crowd.clone()).is_none() {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(Some(crowd))
    }

    /// Those of some segments.
    pub(super) fn only(&self, segments: &[SegmentId]) -> Self {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let stay = known.iter().filter(|((segment, _), _)| segments.contains(segment));
        let known: HashMap<_, _> = stay.map(|(key, crowd)| (key.clone(), crowd.clone())).collect();
        let bytes = known.values().map(|crowd| crowd.len() * 8 + 8).sum();
        Self { known: RwLock::new(known), bytes: AtomicUsize::new(bytes) }
    }
}

impl std::fmt::Debug for Crowds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crowds").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Sets the bit of a document.
pub(super) fn set(bits: &mut [u64], doc: DocId) {
    if let Some(bits) = bits.get_mut((doc / u64::BITS) as usize) {
        *bits |= 1 << (doc % u64::BITS);
    }
}
