//! What hits are ordered by.

use std::cmp::Reverse;

use tantivy::{DocId, Score};

use super::{
    columns::{Columns, NONE},
    narrow::Narrow,
    query::Sort,
    ranking::{self, Formula},
};

/// What hits are ordered by; the smallest key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The score turned upside down, the price, or whatever hits are sorted by.
    pub(super) rank: u64,
    /// Of equals, the newest first: later ids are larger.
    pub(super) id: Reverse<u128>,
}

impl Key {
    /// The score of a hit that is ranked by score.
    pub(super) fn score(&self) -> Score {
        Score::from_bits(u32::MAX - u32::try_from(self.rank).unwrap_or(u32::MAX))
    }
}

/// What hits are ordered by, and what adds to what they fit.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) sort: Sort,
    pub(super) formula: Formula,
    /// What serving each region adds, by its number; empty where no place is named.
    pub(super) places: Vec<Score>,
    /// What serving the place that is named adds, at most.
    pub(super) everywhere: Score,
    /// Whether each certificate is of a kind that is named; empty where none is.
    pub(super) held: Vec<bool>,
    /// How far each region is, in metres, by its number; empty where no point is given.
    pub(super) distances: Vec<u32>,
}

impl Ranked {
    /// What a document's place and certificates add.
    pub(super) fn beside(&self, narrow: &Narrow, columns: &Columns, doc: DocId) -> (Score, Score) {
        let place = if self.places.is_empty() {
            0.0
        } else if columns.seat[doc as usize] == NONE {
            // The catalogue is the same everywhere.
            self.everywhere
        } else {
            let place = |region: &u32| self.places.get(*region as usize).copied().unwrap_or(0.0);
            columns.regions.of(doc).iter().map(place).fold(0.0, Score::max)
        };
        let is_named = |what: u32| self.held.get(what as usize).copied().unwrap_or(false);
        let named =
            !self.held.is_empty() && narrow.valid(columns, doc).any(|held| is_named(held.what));
        (place, if named { ranking::QUALIFICATION } else { 0.0 })
    }

    /// What credit and being new add to each point of fit.
    pub(super) fn merit(&self, columns: &Columns, doc: DocId) -> (Score, Score) {
        let at = doc as usize;
        if columns.seat[at] == NONE {
            return (0.0, 0.0);
        }
        let newcomer = self.formula.newcomer(columns.admitted[at], columns.completed[at]);
        (self.formula.credit(columns.credit[at]), newcomer)
    }

    /// How far the agency of a document is.
    pub(super) fn distance(&self, columns: &Columns, doc: DocId) -> Option<u32> {
        let distance = self.distances.get(columns.seat[doc as usize] as usize).copied();
        distance.filter(|metres| *metres != u32::MAX)
    }

    /// The place of a document that fits the words so well.
    pub(super) fn rank(&self, narrow: &Narrow, columns: &Columns, doc: DocId, words: Score) -> u64 {
        let at = doc as usize;
        match self.sort {
            Sort::Relevance => {
                let (place, qualification) = self.beside(narrow, columns, doc);
                let fit = words + place + qualification;
                let (credit, newcomer) = self.merit(columns, doc);
                let score = fit * (1.0 + credit + newcomer);
                // The bits of floats from zero up are in the floats' own order.
                u64::from(u32::MAX - score.max(0.0).to_bits())
            }
            Sort::Price => columns.price[at],
            Sort::Days => columns.days[at].into(),
            Sort::Credit => u64::from(u32::MAX - columns.credit[at]),
            Sort::Completed => u64::from(u32::MAX - columns.completed[at]),
            Sort::Distance => self.distance(columns, doc).unwrap_or(u32::MAX).into(),
            Sort::Newest => 0,
        }
    }
}
