//! What one search reads: a commit of the index with its columns.

use std::sync::Arc;

use tantivy::{Searcher, index::SegmentId, query::EnableScoring};

use super::{
    columns::{AllCodes, Columns},
    common::Common,
    crowds::Crowds,
};

/// A commit of the index, with the columns of each of its segments.
pub(super) struct View {
    pub(super) searcher: Searcher,
    pub(super) columns: Vec<Arc<Columns>>,
    pub(super) codes: Arc<AllCodes>,
    /// How common words are is taken from here: an earlier commit, so that scores, and with them
    /// the places of hits on pages, do not move with every commit.
    common: Arc<Common>,
    /// The documents of common words.
    pub(super) crowds: Arc<Crowds>,
    segments: Vec<SegmentId>,
}

/// How common words are is looked up anew when the documents have become so many times more.
const GROWN: u64 = 2;

impl View {
    /// The view of a commit; what an earlier view has unpacked is taken over.
    pub(super) fn new(
        searcher: Searcher,
        codes: &Arc<AllCodes>,
        before: Option<&Self>,
    ) -> tantivy::Result<Self> {
        let mut columns = Vec::new();
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            let id = reader.segment_id();
            let known = before.and_then(|view| view.columns_of(id));
            columns.push(match known {
                Some(known) => known,
                None => Arc::new(Columns::read(reader, codes)?),
            });
            segments.push(id);
        }
        let settled = |view: &&Self| {
            let (now, then) = (searcher.num_docs(), view.common.num_docs());
            now <= then * GROWN && then <= now * GROWN
        };
        let common = match before.filter(settled) {
            Some(before) => before.common.clone(),
            None => Arc::new(Common::of(searcher.clone())),
        };
        let crowds = before.map_or_else(Crowds::default, |before| before.crowds.only(&segments));
        let (codes, crowds) = (codes.clone(), Arc::new(crowds));
        Ok(Self { searcher, columns, codes, common, crowds, segments })
    }

    fn columns_of(&self, id: SegmentId) -> Option<Arc<Columns>> {
        let at = self.segments.iter().position(|known| *known == id)?;
        self.columns.get(at).cloned()
    }

    /// How queries are weighed.
    pub(super) fn scoring(&self) -> EnableScoring<'_> {
        EnableScoring::enabled_from_statistics_provider(&*self.common, &self.searcher)
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("segments", &self.segments).finish_non_exhaustive()
    }
}
