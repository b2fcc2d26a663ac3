//! One pass over what matches: counted, tallied by facet, and the first of it kept in order.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use tantivy::{
    DocAddress, DocId, Score, SegmentReader, TERMINATED,
    query::{Query, Scorer, Weight},
};

use super::{
    columns::{Columns, NONE},
    documents::Subject as Is,
    narrow::{Narrow, Verdict},
    query::Sort,
    ranking::{self, Formula},
    tally::Tally,
    view::View,
};

/// After so many documents the time is looked at.
const LOOK_AT_TIME: u32 = 2048;

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

    fn rank(&self, narrow: &Narrow, columns: &Columns, doc: DocId, words: Score) -> u64 {
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

/// The first hits after a key.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) after: Option<Key>,
    pub(super) limit: usize,
}

/// With fewer than this that match, a search is repeated more loosely.
pub(super) const ENOUGH: u64 = 10;

/// How many documents match, and the first of them in order.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) total: u64,
    /// How many match what is sought, whatever narrows; no more than [`ENOUGH`] are counted.
    pub(super) meant: u64,
    pub(super) hits: Vec<(Key, DocAddress)>,
    /// Whether the time ran out before all was seen.
    pub(super) cut_short: bool,
}

/// The hits that are kept so far.
struct Kept {
    after: Option<Key>,
    limit: usize,
    /// The largest on top.
    heap: BinaryHeap<(Key, DocAddress)>,
}

impl Kept {
    fn new(page: &Page) -> Self {
        let heap = BinaryHeap::with_capacity(page.limit + 1);
        Self { after: page.after, limit: page.limit, heap }
    }

    fn push(&mut self, rank: u64, id: u128, address: DocAddress) {
        let full = self.heap.len() == self.limit;
        if full && self.heap.peek().is_none_or(|(last, _)| last.rank < rank) {
            return;
        }
        let key = Key { rank, id: Reverse(id) };
        if self.after.is_some_and(|after| key <= after) {
            return;
        }
        self.heap.push((key, address));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }
}

/// A search of a view.
pub(super) struct Visit<'a> {
    pub(super) view: &'a View,
    pub(super) narrow: &'a Narrow,
    pub(super) ranked: &'a Ranked,
    /// Until when it may take.
    pub(super) until: Instant,
}

/// Says now and then whether the time is up.
struct Watch {
    until: Instant,
    seen: u32,
}

impl Watch {
    fn is_up(&mut self) -> bool {
        self.seen += 1;
        self.seen.is_multiple_of(LOOK_AT_TIME) && now() >= self.until
    }
}

/// The time until which something that begins now may take.
pub(super) fn until(limit: Duration) -> Instant {
    now() + limit
}

fn now() -> Instant {
    Instant::now()
}

impl Visit<'_> {
    /// Documents that match a query, or all.
    pub(super) fn documents(
        &self,
        query: Option<&dyn Query>,
        page: &Page,
        mut tally: Option<&mut Tally>,
    ) -> tantivy::Result<Found> {
        let weight = self.weight(query)?;
        let mut kept = Kept::new(page);
        let mut found = Found::default();
        let mut watch = Watch { until: self.until, seen: 0 };
        'all: for (at, reader) in self.view.searcher.segment_readers().iter().enumerate() {
            let segment = u32::try_from(at).unwrap_or(u32::MAX);
            let columns = &*self.view.columns[at];
            let open = columns.open_on(self.narrow.day);
            let mut documents = Documents::new(reader, weight.as_deref())?;
            while let Some(doc) = documents.next() {
                if watch.is_up() {
                    found.cut_short = true;
                    break 'all;
                }
                if found.meant < ENOUGH && self.narrow.is_sought(columns, &open, doc as usize) {
                    found.meant += 1;
                }
                match self.narrow.judge(columns, &open, doc) {
                    Verdict::Out => {}
                    Verdict::AllBut(by) => {
                        if let Some(tally) = &mut tally {
                            tally.add_to(by, self.narrow, columns, doc, u64::MAX);
                        }
                    }
                    Verdict::In => {
                        found.total += 1;
                        if let Some(tally) = &mut tally {
                            tally.add(self.narrow, columns, doc, u64::MAX);
                        }
                        let words = if self.scores() { documents.score() } else { 0.0 };
                        let rank = self.ranked.rank(self.narrow, columns, doc, words);
                        let address = DocAddress::new(segment, doc);
                        kept.push(rank, columns.id[doc as usize], address);
                    }
                }
            }
        }
        found.hits = kept.heap.into_sorted_vec();
        Ok(found)
    }

    fn scores(&self) -> bool {
        self.ranked.sort == Sort::Relevance
    }

    fn weight(&self, query: Option<&dyn Query>) -> tantivy::Result<Option<Box<dyn Weight>>> {
        query.map(|query| query.weight(self.view.scoring())).transpose()
    }

    /// Agencies that match a query, or all, and have a listing that the filters let through.
    pub(super) fn agencies(
        &self,
        query: Option<&dyn Query>,
        offers: &Narrow,
        page: &Page,
        mut tally: Option<&mut Tally>,
    ) -> tantivy::Result<Found> {
        let weight = self.weight(query)?;
        let mut kept = Kept::new(page);
        let mut found = Found::default();
        let mut watch = Watch { until: self.until, seen: 0 };
        'all: for (at, reader) in self.view.searcher.segment_readers().iter().enumerate() {
            let segment = u32::try_from(at).unwrap_or(u32::MAX);
            let columns = &*self.view.columns[at];
            let open = columns.open_on(self.narrow.day);
            let mut matched: Vec<Option<(DocId, Score)>> = vec![None; columns.owners.len()];
            let mut documents = Documents::new(reader, weight.as_deref())?;
            while let Some(doc) = documents.next() {
                if watch.is_up() {
                    found.cut_short = true;
                    break 'all;
                }
                if self.narrow.judge(columns, &open, doc) == Verdict::In {
                    let words = if self.scores() { documents.score() } else { 0.0 };
                    matched[columns.owner[doc as usize] as usize] = Some((doc, words));
                }
            }
            let mut offering = vec![!offers.narrows_offers(); matched.len()];
            if offers.narrows_offers() || tally.is_some() {
                let mut documents = Documents::new(reader, None)?;
                while let Some(doc) = documents.next() {
                    let owner = columns.owner[doc as usize] as usize;
                    if u64::from(columns.kind[doc as usize]) != Is::LISTING
                        || matched[owner].is_none()
                    {
                        continue;
                    }
                    if watch.is_up() {
                        found.cut_short = true;
                        break 'all;
                    }
                    let counted = u64::from(segment) << 32 | owner as u64;
                    match (offers.judge(columns, &open, doc), &mut tally) {
                        (Verdict::Out, _) | (Verdict::AllBut(_), None) => {}
                        (Verdict::AllBut(by), Some(tally)) => {
                            tally.add_to(by, offers, columns, doc, counted);
                        }
                        (Verdict::In, tally) => {
                            offering[owner] = true;
                            if let Some(tally) = tally {
                                tally.add(offers, columns, doc, counted);
                            }
                        }
                    }
                }
            }
            let met = matched.iter().flatten().count() as u64;
            found.meant = ENOUGH.min(found.meant + met);
            for (owner, matched) in matched.into_iter().enumerate() {
                let Some((doc, words)) = matched.filter(|_| offering[owner]) else { continue };
                found.total += 1;
                let rank = self.ranked.rank(self.narrow, columns, doc, words);
                kept.push(rank, columns.id[doc as usize], DocAddress::new(segment, doc));
            }
        }
        found.hits = kept.heap.into_sorted_vec();
        Ok(found)
    }
}

/// The documents of a segment that match, and are not deleted.
struct Documents<'a> {
    reader: &'a SegmentReader,
    source: Source,
}

enum Source {
    All { next: DocId },
    Matching { scorer: Box<dyn Scorer>, begun: bool },
}

impl<'a> Documents<'a> {
    fn new(reader: &'a SegmentReader, weight: Option<&dyn Weight>) -> tantivy::Result<Self> {
        let source = match weight {
            None => Source::All { next: 0 },
            Some(weight) => Source::Matching { scorer: weight.scorer(reader, 1.0)?, begun: false },
        };
        Ok(Self { reader, source })
    }

    fn next(&mut self) -> Option<DocId> {
        loop {
            let doc = match &mut self.source {
                Source::All { next } => {
                    *next += 1;
                    if *next > self.reader.max_doc() { TERMINATED } else { *next - 1 }
                }
                Source::Matching { scorer, begun } => {
                    if std::mem::replace(begun, true) {
                        scorer.advance()
                    } else {
                        scorer.doc()
                    }
                }
            };
            if doc == TERMINATED {
                return None;
            }
            if self.reader.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) {
                return Some(doc);
            }
        }
    }

    /// What the document that came last fits the words.
    fn score(&mut self) -> Score {
        match &mut self.source {
            Source::All { .. } => ranking::ANYTHING,
            Source::Matching { scorer, .. } => scorer.score(),
        }
    }
}
