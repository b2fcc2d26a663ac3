//! One pass over what matches: counted, tallied by facet, and the first of it kept in order.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::Arc,
    time::{Duration, Instant},
};

use tantivy::{
    DocAddress, DocId, Score, SegmentReader, TERMINATED,
    query::{Query, Scorer, Weight},
};

use super::{
    columns::Columns,
    documents::Subject as Is,
    narrow::{Here, Narrow, Verdict},
    query::Sort,
    ranked::{Key, Ranked},
    ranking,
    tally::Tally,
    view::View,
};

/// After so many documents the time is looked at.
const LOOK_AT_TIME: u32 = 2048;

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

/// What a visit has seen so far.
struct Pass {
    kept: Kept,
    found: Found,
    watch: Watch,
}

impl Pass {
    /// Whether the time is up; then the rest is not looked at.
    fn is_cut_short(&mut self) -> bool {
        self.found.cut_short |= self.watch.is_up();
        self.found.cut_short
    }
}

/// A segment with what matches in it.
struct Segment<'a> {
    number: u32,
    reader: &'a SegmentReader,
    columns: &'a Arc<Columns>,
    here: &'a Here,
    documents: Documents<'a>,
}

impl Visit<'_> {
    /// Documents that match a query, or all.
    pub(super) fn documents(
        &self,
        query: Option<&dyn Query>,
        page: &Page,
        mut tally: Option<&mut Tally>,
    ) -> tantivy::Result<Found> {
        self.segments(query, page, |pass, segment| {
            let Segment { number, columns, here, mut documents, .. } = segment;
            if let Some(tally) = &mut tally {
                tally.enter(columns, self.narrow.day);
            }
            while let Some(doc) = documents.next() {
                if pass.is_cut_short() {
                    break;
                }
                let found = &mut pass.found;
                if found.meant < ENOUGH && self.narrow.is_sought(columns, &here.open, doc as usize)
                {
                    found.meant += 1;
                }
                match self.narrow.judge(columns, here, doc) {
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
                        let address = DocAddress::new(number, doc);
                        pass.kept.push(rank, columns.id[doc as usize], address);
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether a query finds anything of what is sought, whatever narrows.
    pub(super) fn finds_any(&self, query: &dyn Query) -> tantivy::Result<bool> {
        let page = Page { after: None, limit: 0 };
        let found = self.segments(Some(query), &page, |pass, segment| {
            let Segment { columns, here, mut documents, .. } = segment;
            while let Some(doc) = documents.next() {
                if pass.found.meant > 0 || pass.is_cut_short() {
                    break;
                }
                pass.found.meant +=
                    u64::from(self.narrow.is_sought(columns, &here.open, doc as usize));
            }
            Ok(())
        })?;
        Ok(found.meant > 0)
    }

    /// Goes through the segments, until the time is up.
    fn segments(
        &self,
        query: Option<&dyn Query>,
        page: &Page,
        mut visit: impl FnMut(&mut Pass, Segment<'_>) -> tantivy::Result<()>,
    ) -> tantivy::Result<Found> {
        let weight = query.map(|query| query.weight(self.view.scoring())).transpose()?;
        let watch = Watch { until: self.until, seen: 0 };
        let mut pass = Pass { kept: Kept::new(page), found: Found::default(), watch };
        for (at, reader) in self.view.searcher.segment_readers().iter().enumerate() {
            let columns = &self.view.columns[at];
            let here = self.narrow.here(columns);
            let segment = Segment {
                number: u32::try_from(at).unwrap_or(u32::MAX),
                reader,
                columns,
                here: &here,
                documents: Documents::new(reader, weight.as_deref())?,
            };
            visit(&mut pass, segment)?;
            if pass.found.cut_short {
                break;
            }
        }
        let Pass { kept, mut found, .. } = pass;
        found.hits = kept.heap.into_sorted_vec();
        Ok(found)
    }

    fn scores(&self) -> bool {
        self.ranked.sort == Sort::Relevance
    }

    /// Agencies that match a query, or all, and have a listing that the filters let through.
    pub(super) fn agencies(
        &self,
        query: Option<&dyn Query>,
        offers: &Narrow,
        page: &Page,
        mut tally: Option<&mut Tally>,
    ) -> tantivy::Result<Found> {
        self.segments(query, page, |pass, segment| {
            let Segment { number, reader, columns, here, mut documents } = segment;
            let mut matched: Vec<Option<(DocId, Score)>> = vec![None; columns.owners.len()];
            while let Some(doc) = documents.next() {
                if pass.is_cut_short() {
                    return Ok(());
                }
                if self.narrow.judge(columns, here, doc) == Verdict::In {
                    let words = if self.scores() { documents.score() } else { 0.0 };
                    matched[columns.owner[doc as usize] as usize] = Some((doc, words));
                }
            }
            let mut offering = vec![!offers.narrows_offers(); matched.len()];
            if offers.narrows_offers() || tally.is_some() {
                let here = offers.here(columns);
                let mut documents = Documents::new(reader, None)?;
                while let Some(doc) = documents.next() {
                    let owner = columns.owner[doc as usize] as usize;
                    if u64::from(columns.kind[doc as usize]) != Is::LISTING
                        || matched[owner].is_none()
                    {
                        continue;
                    }
                    if pass.is_cut_short() {
                        return Ok(());
                    }
                    let counted = u64::from(number) << 32 | owner as u64;
                    match (offers.judge(columns, &here, doc), &mut tally) {
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
            pass.found.meant = ENOUGH.min(pass.found.meant + met);
            for (owner, matched) in matched.into_iter().enumerate() {
                let Some((doc, words)) = matched.filter(|_| offering[owner]) else { continue };
                pass.found.total += 1;
                let rank = self.ranked.rank(self.narrow, columns, doc, words);
                pass.kept.push(rank, columns.id[doc as usize], DocAddress::new(number, doc));
            }
            Ok(())
        })
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
