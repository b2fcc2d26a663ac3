//! "Any of these codes, each worth so much": what stands in a document as a whole.
//!
//! tantivy's own query of a term weighs how rare it is, also where nobody wants to know.

use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term,
    postings::SegmentPostings,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

/// Finds documents that have any of some terms; the best of those counts.
#[derive(Debug, Clone)]
pub(super) struct BestOf(pub(super) Vec<(Term, Score)>);

impl Query for BestOf {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(BestOfWeight(self.0.clone())))
    }
}

struct BestOfWeight(Vec<(Term, Score)>);

impl Weight for BestOfWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut lists = Vec::with_capacity(self.0.len());
        for (term, worth) in &self.0 {
            let inverted = reader.inverted_index(term.field())?;
            if let Some(postings) = inverted.read_postings(term, IndexRecordOption::Basic)? {
                lists.push((postings, worth * boost));
            }
        }
        if lists.is_empty() {
            return Ok(Box::new(EmptyScorer));
        }
        let mut scorer = BestOfScorer { lists, doc: 0 };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!("document {doc} does not match")));
        }
        Ok(Explanation::new("the best of the codes", scorer.score()))
    }
}

struct BestOfScorer {
    lists: Vec<(SegmentPostings, Score)>,
    doc: DocId,
}

impl BestOfScorer {
    fn find(&mut self, target: DocId) -> DocId {
        self.doc = TERMINATED;
        for (list, _) in &mut self.lists {
            let at = list.doc();
            let at = if at >= target { at } else { list.seek(target) };
            self.doc = self.doc.min(at);
        }
        self.doc
    }
}

impl DocSet for BestOfScorer {
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
        self.lists.iter().map(|(list, _)| list.size_hint()).max().unwrap_or(0)
    }
}

impl Scorer for BestOfScorer {
    fn score(&mut self) -> Score {
        let here = self.lists.iter().filter(|(list, _)| list.doc() == self.doc);
        here.map(|(_, worth)| *worth).fold(0.0, Score::max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::{
        collector::TopDocs,
        query::{ConstScoreQuery, DisjunctionMaxQuery, TermQuery},
    };

    use super::{super::at_least::tests::index, *};

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..8, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_finds_and_scores_as_the_stock_query_does(
            docs in prop::collection::vec((letters(), letters()), 1..40),
            gone in prop::collection::vec(prop::bool::weighted(0.2), 40),
            terms in prop::collection::btree_map(0u8..10, 0u8..5, 1..5),
        ) {
            let (index, [field, _], _) = index(&docs, &gone);
            let terms: Vec<(Term, Score)> = terms
                .into_iter()
                .map(|(word, worth)| (Term::from_field_text(field, &format!("w{word}")), worth.into()))
                .collect();
            let clauses = terms.iter().map(|(term, worth)| {
                let query = TermQuery::new(term.clone(), IndexRecordOption::Basic);
                Box::new(ConstScoreQuery::new(Box::new(query), *worth)) as Box<dyn Query>
            });
            let stock = DisjunctionMaxQuery::new(clauses.collect());
            let searcher = index.reader().unwrap().searcher();
            let [own, stock] = [Box::new(BestOf(terms)) as Box<dyn Query>, Box::new(stock)].map(|query| {
                let top = TopDocs::with_limit(100).order_by_score();
                let mut hits = searcher.search(&query, &top).unwrap();
                hits.sort_by_key(|hit| hit.1);
                hits
            });
            prop_assert_eq!(own, stock);
        }
    }
}
