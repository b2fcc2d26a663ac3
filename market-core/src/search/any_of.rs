//! "Any of these clauses, and what those add", scored only where it is asked.
//!
//! tantivy's own union scores every document that it passes, block by block, and looks for phrases
//! in all of them. Most documents that match are narrowed away or only counted, so here a clause
//! is asked about a document when its score is wanted, and about no other.

use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

/// Finds documents that any of some clauses finds, but none of others. Everything that finds a
/// document adds to its score.
#[derive(Debug)]
pub(super) struct AnyOf {
    pub(super) any: Vec<Box<dyn Query>>,
    /// What these find is left out.
    pub(super) without: Vec<Box<dyn Query>>,
    /// These find nothing by themselves.
    pub(super) beside: Vec<Box<dyn Query>>,
}

impl Clone for AnyOf {
    fn clone(&self) -> Self {
        let cloned = |queries: &[Box<dyn Query>]| {
            queries.iter().map(|query| query.box_clone()).collect::<Vec<_>>()
        };
        let (any, without) = (cloned(&self.any), cloned(&self.without));
        Self { any, without, beside: cloned(&self.beside) }
    }
}

impl Query for AnyOf {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weigh = |queries: &[Box<dyn Query>], scoring: EnableScoring<'_>| {
            queries.iter().map(|query| query.weight(scoring)).collect::<tantivy::Result<Vec<_>>>()
        };
        Ok(Box::new(AnyOfWeight {
            any: weigh(&self.any, scoring)?,
            without: weigh(&self.without, scoring)?,
            beside: weigh(&self.beside, scoring)?,
        }))
    }
}

struct AnyOfWeight {
    any: Vec<Box<dyn Weight>>,
    without: Vec<Box<dyn Weight>>,
    beside: Vec<Box<dyn Weight>>,
}

impl Weight for AnyOfWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut any = Vec::with_capacity(self.any.len());
        for weight in &self.any {
            any.extend(Clause::new(weight.scorer(reader, boost)?));
        }
        if any.is_empty() {
            return Ok(Box::new(EmptyScorer));
        }
        let asides = |weights: &[Box<dyn Weight>]| {
            let asides = weights.iter().map(|weight| Ok(Aside::new(weight.scorer(reader, boost)?)));
            asides.collect::<tantivy::Result<Vec<_>>>()
        };
        let (without, beside) = (asides(&self.without)?, asides(&self.beside)?);
        let mut scorer = AnyOfScorer { any, without, beside, doc: 0 };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!("document {doc} does not match")));
        }
        Ok(Explanation::new("any of the clauses", scorer.score()))
    }
}

/// A clause that finds documents, and the one that it is at.
struct Clause {
    scorer: Box<dyn Scorer>,
    doc: DocId,
}

impl Clause {
    /// Nothing for one that finds nothing.
    fn new(scorer: Box<dyn Scorer>) -> Option<Self> {
        let doc = scorer.doc();
        (doc != TERMINATED).then_some(Self { scorer, doc })
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            let next = self.doc + 1 == target;
            self.doc = if next { self.scorer.advance() } else { self.scorer.seek(target) };
        }
        self.doc
    }
}

/// A clause that is only asked whether it finds a document.
struct Aside {
    scorer: Box<dyn Scorer>,
    /// It finds nothing from the last document that it was asked about up to here.
    next: DocId,
    /// Whether it finds the document there.
    found: bool,
}

impl Aside {
    fn new(scorer: Box<dyn Scorer>) -> Self {
        let next = scorer.doc();
        Self { scorer, next, found: next != TERMINATED }
    }

    /// Whether it finds a document; to be asked in the order of documents.
    fn finds(&mut self, doc: DocId) -> bool {
        if self.next < doc || (self.next == doc && !self.found) {
            (self.next, self.found) = match self.scorer.seek_danger(doc) {
                SeekDangerResult::Found => (doc, true),
                SeekDangerResult::SeekLowerBound(next) => (next, false),
            };
        }
        self.found && self.next == doc
    }
}

struct AnyOfScorer {
    any: Vec<Clause>,
    without: Vec<Aside>,
    beside: Vec<Aside>,
    doc: DocId,
}

impl AnyOfScorer {
    fn find(&mut self, mut target: DocId) -> DocId {
        loop {
            let first = self.any.iter_mut().map(|clause| clause.seek(target)).min();
            let doc = first.unwrap_or(TERMINATED);
            if doc == TERMINATED || !self.without.iter_mut().any(|aside| aside.finds(doc)) {
                self.doc = doc;
                return doc;
            }
            target = doc + 1;
        }
    }
}

impl DocSet for AnyOfScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.find(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target { self.doc } else { self.find(target) }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.any.iter().map(|clause| clause.scorer.size_hint()).max().unwrap_or(0)
    }

    fn cost(&self) -> u64 {
        self.any.iter().map(|clause| clause.scorer.cost()).sum()
    }
}

impl Scorer for AnyOfScorer {
    fn score(&mut self) -> Score {
        let mut score = 0.0;
        for clause in self.any.iter_mut().filter(|clause| clause.doc == self.doc) {
            score += clause.scorer.score();
        }
        for aside in &mut self.beside {
            if aside.finds(self.doc) {
                score += aside.scorer.score();
            }
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::{
        Term,
        collector::TopDocs,
        query::{BooleanQuery, Occur, PhraseQuery, TermQuery},
        schema::{Field, IndexRecordOption},
    };

    use super::{super::at_least::tests::index, *};

    /// A word, or two side by side.
    fn clause(field: Field, words: &[u8]) -> Box<dyn Query> {
        let term = |word: &u8| Term::from_field_text(field, &format!("w{word}"));
        match words {
            [one] => Box::new(TermQuery::new(term(one), IndexRecordOption::WithFreqs)),
            more => Box::new(PhraseQuery::new(more.iter().map(term).collect())),
        }
    }

    fn clauses(least: usize, longest: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(0u8..8, 1..=longest), least..4)
    }

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..8, 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_finds_and_scores_as_the_stock_query_does(
            docs in prop::collection::vec((letters(), letters()), 1..40),
            gone in prop::collection::vec(prop::bool::weighted(0.2), 40),
            any in clauses(1, 2),
            // The stock query asks phrases that it leaves out about documents before where they are.
            without in clauses(0, 1),
            beside in clauses(0, 2),
        ) {
            let (index, [field, _], _) = index(&docs, &gone);
            let all = |words: &[Vec<u8>]| -> Vec<_> {
                words.iter().map(|words| clause(field, words)).collect()
            };
            let own = AnyOf { any: all(&any), without: all(&without), beside: all(&beside) };
            let mut stock: Vec<(Occur, Box<dyn Query>)> =
                vec![(Occur::Must, Box::new(BooleanQuery::union(all(&any))))];
            stock.extend(all(&without).into_iter().map(|query| (Occur::MustNot, query)));
            stock.extend(all(&beside).into_iter().map(|query| (Occur::Should, query)));

            let searcher = index.reader().unwrap().searcher();
            let found = [Box::new(own) as Box<dyn Query>, Box::new(BooleanQuery::new(stock))];
            let [own, stock] = found.map(|query| {
                let top = TopDocs::with_limit(100).order_by_score();
                let mut hits = searcher.search(&query, &top).unwrap();
                hits.sort_by_key(|hit| hit.1);
                hits
            });
            prop_assert_eq!(own.len(), stock.len());
            for (own, stock) in own.iter().zip(&stock) {
                prop_assert_eq!(own.1, stock.1);
                prop_assert!((own.0 - stock.0).abs() < 1e-4, "{own:?} {stock:?}");
            }
        }
    }
}
