//! Counts what matches and keeps the first of it after a key, in one pass.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
};

use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};
use uuid::Uuid;

use super::schema::column;

/// What hits are ordered by; the smallest key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The score turned upside down, the price or the turnaround.
    pub(super) rank: u64,
    /// Of equals, the newest first: later ids are larger.
    pub(super) id: Reverse<Uuid>,
}

impl Key {
    /// The score of a hit that is ranked by score.
    pub(super) fn score(&self) -> Score {
        Score::from_bits(u32::MAX - u32::try_from(self.rank).unwrap_or(u32::MAX))
    }
}

/// What hits are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// By nothing else: the newest first.
    Newest,
    Score,
    /// A column of which the smallest value comes first.
    Column(&'static str),
}

/// The first `limit` hits after a key, and how many there are in all.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) rank: Rank,
    pub(super) after: Option<Key>,
    pub(super) limit: usize,
}

/// How many documents match, and the first of them in order.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) total: u64,
    pub(super) hits: Vec<(Key, DocAddress)>,
}

pub(super) struct SegmentTop {
    segment: SegmentOrdinal,
    ids: [Column<u64>; 2],
    ranks: Option<Column<u64>>,
    after: Option<Key>,
    limit: usize,
    total: u64,
    /// The largest of what is kept on top.
    kept: BinaryHeap<(Key, DocId)>,
}

impl Collector for Top {
    type Fruit = Found;
    type Child = SegmentTop;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentTop> {
        let columns = reader.fast_fields();
        Ok(SegmentTop {
            segment,
            ids: [columns.u64(column::ID_HIGH)?, columns.u64(column::ID_LOW)?],
            ranks: match self.rank {
                Rank::Newest | Rank::Score => None,
                Rank::Column(name) => Some(columns.u64(name)?),
            },
            after: self.after,
            limit: self.limit,
            total: 0,
            kept: BinaryHeap::with_capacity(self.limit + 1),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.rank == Rank::Score
    }

    fn merge_fruits(&self, segments: Vec<Found>) -> tantivy::Result<Found> {
        let total = segments.iter().map(|found| found.total).sum();
        let mut hits: Vec<_> = segments.into_iter().flat_map(|found| found.hits).collect();
        hits.sort_unstable_by_key(|hit| hit.0);
        hits.truncate(self.limit);
        Ok(Found { total, hits })
    }
}

impl SegmentCollector for SegmentTop {
    type Fruit = Found;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        let rank = match &self.ranks {
            // The bits of floats from zero up are in the floats' own order.
            None => u64::from(u32::MAX - score.max(0.0).to_bits()),
            Some(ranks) => ranks.first(doc).unwrap_or(u64::MAX),
        };
        if self.is_full_below(rank) {
            return;
        }
        let key = Key { rank, id: Reverse(id_of(&self.ids, doc)) };
        if self.after.is_some_and(|after| key <= after) {
            return;
        }
        self.kept.push((key, doc));
        if self.kept.len() > self.limit {
            self.kept.pop();
        }
    }

    fn harvest(self) -> Found {
        let segment = self.segment;
        let hits = self.kept.into_iter().map(|(key, doc)| (key, DocAddress::new(segment, doc)));
        Found { total: self.total, hits: hits.collect() }
    }
}

impl SegmentTop {
    /// Whether all that is kept comes before anything of this rank.
    fn is_full_below(&self, rank: u64) -> bool {
        self.kept.len() == self.limit && self.kept.peek().is_none_or(|last| last.0.rank < rank)
    }
}

/// The agencies of what matches.
#[derive(Debug)]
pub(super) struct AgencyIds;

pub(super) struct SegmentAgencyIds {
    ids: [Column<u64>; 2],
    found: HashSet<Uuid>,
}

impl Collector for AgencyIds {
    type Fruit = HashSet<Uuid>;
    type Child = SegmentAgencyIds;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentAgencyIds> {
        let columns = reader.fast_fields();
        let ids = [columns.u64(column::AGENCY_HIGH)?, columns.u64(column::AGENCY_LOW)?];
        Ok(SegmentAgencyIds { ids, found: HashSet::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<HashSet<Uuid>>) -> tantivy::Result<HashSet<Uuid>> {
        Ok(segments.into_iter().flatten().collect())
    }
}

impl SegmentCollector for SegmentAgencyIds {
    type Fruit = HashSet<Uuid>;

    fn collect(&mut self, doc: DocId, _: Score) {
        self.found.insert(id_of(&self.ids, doc));
    }

    fn harvest(self) -> HashSet<Uuid> {
        self.found
    }
}

/// A document's id from the columns of its halves.
pub(super) fn id_of([high, low]: &[Column<u64>; 2], doc: DocId) -> Uuid {
    let half = |column: &Column<u64>| column.first(doc).unwrap_or_default();
    Uuid::from_u64_pair(half(high), half(low))
}
