//! "At least so many of these words, each in any of these fields", as a query that can skip.
//!
//! A document that has `need` of n words has one of the n - need + 1 rarest, so only those lead;
//! the others are asked about candidates alone. Filters beside the query therefore make it
//! cheaper, which tantivy's own union with a minimum cannot offer. A word counts with its best
//! field and a share (`tie`) of its other fields.

use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError, Term,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

use super::word_list::{Scales, WeighedTerm, WordList};

/// Finds documents with at least `need` of the words.
#[derive(Debug, Clone)]
pub(super) struct AtLeast {
    /// For each word the terms that stand for it, one for each field, with their weights.
    pub(super) words: Vec<Vec<(Term, Score)>>,
    /// How many words a document must have, at least one.
    pub(super) need: usize,
    /// Which words count towards that; all, if nothing is said. The others only add to the score.
    pub(super) asked: Option<Vec<bool>>,
    /// What the other fields of a word add to its best one.
    pub(super) tie: Score,
}

impl Query for AtLeast {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut scales = Scales::new(scoring);
        let mut weigh = |(term, worth): &(Term, Score)| WeighedTerm::new(term, *worth, &mut scales);
        let words = self.words.iter().map(|word| word.iter().map(&mut weigh).collect());
        let words = words.collect::<tantivy::Result<_>>()?;
        let asked = self.asked.clone().unwrap_or_else(|| vec![true; self.words.len()]);
        Ok(Box::new(AtLeastWeight { words, need: self.need.max(1), asked, tie: self.tie }))
    }
}

struct AtLeastWeight {
    words: Vec<Vec<WeighedTerm>>,
    need: usize,
    asked: Vec<bool>,
    tie: Score,
}

impl AtLeastWeight {
    fn word(
        &self,
        place: usize,
        reader: &SegmentReader,
        boost: Score,
    ) -> tantivy::Result<Option<OneWord>> {
        let terms = &self.words[place];
        let fields = Vec::with_capacity(terms.len());
        let mut word = OneWord { place, fields, first: TERMINATED, cost: 0 };
        for term in terms {
            let Some(list) = term.list(reader, boost)? else { continue };
            let doc = list.doc();
            word.cost += list.len();
            word.first = word.first.min(doc);
            word.fields.push((list, doc));
        }
        Ok(if word.fields.is_empty() { None } else { Some(word) })
    }

    fn is_asked(&self, word: &OneWord) -> bool {
        self.asked.get(word.place).copied().unwrap_or(true)
    }
}

impl Weight for AtLeastWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut words = Vec::with_capacity(self.words.len());
        for place in 0..self.words.len() {
            words.extend(self.word(place, reader, boost)?);
        }
        let asked = words.iter().filter(|word| self.is_asked(word)).count();
        if asked < self.need {
            return Ok(Box::new(EmptyScorer));
        }
        words.sort_by_key(|word| (!self.is_asked(word), word.cost));
        let lead = asked - self.need + 1;
        let cost = words[..lead].iter().map(|word| word.cost).sum();
        let parts = vec![0.0; self.words.len()];
        let (need, tie) = (self.need, self.tie);
        let mut scorer = AtLeastScorer { words, lead, asked, need, tie, doc: 0, cost, parts };
        scorer.find(0);
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!("document {doc} does not match")));
        }
        Ok(Explanation::new("at least so many of the words", scorer.score()))
    }
}

/// A word: a list of documents for each field that has it.
struct OneWord {
    /// Its place in the query.
    place: usize,
    fields: Vec<(WordList, DocId)>,
    /// The first of the documents that its lists are at.
    first: DocId,
    cost: u64,
}

impl OneWord {
    /// The first document at or after the target that has the word.
    fn seek(&mut self, target: DocId) -> DocId {
        if self.first >= target {
            return self.first;
        }
        self.first = TERMINATED;
        for (list, doc) in &mut self.fields {
            if *doc < target {
                *doc = list.seek(target);
            }
            self.first = self.first.min(*doc);
        }
        self.first
    }

    fn score(&mut self, doc: DocId, tie: Score) -> Score {
        let (mut best, mut sum) = (0.0, 0.0);
        for (list, _) in self.fields.iter_mut().filter(|field| field.1 == doc) {
            let score = list.score();
            sum += score;
            best = Score::max(best, score);
        }
        best + tie * (sum - best)
    }
}

struct AtLeastScorer {
    /// Those that are asked before those that only add to the score, the rarest first.
    words: Vec<OneWord>,
    /// So many of them lead.
    lead: usize,
    /// So many of them are asked.
    asked: usize,
    need: usize,
    tie: Score,
    doc: DocId,
    cost: u64,
    /// Each word's score by its place in the query, so that a sum does not depend on the segment.
    parts: Vec<Score>,
}

impl AtLeastScorer {
    /// Moves the leading words, and gives the first document at or after the target that has one.
    fn candidate(&mut self, target: DocId) -> DocId {
        let lead = self.words[..self.lead].iter_mut().map(|word| word.seek(target));
        lead.min().unwrap_or(TERMINATED)
    }

    /// Whether a candidate has enough of the words.
    fn has_enough(&mut self, doc: DocId) -> bool {
        let mut found = self.words[..self.lead].iter().filter(|word| word.first == doc).count();
        let mut left = self.asked - self.lead;
        for word in &mut self.words[self.lead..self.asked] {
            if found >= self.need || found + left < self.need {
                break;
            }
            left -= 1;
            found += usize::from(word.seek(doc) == doc);
        }
        found >= self.need
    }

    fn find(&mut self, mut target: DocId) -> DocId {
        loop {
            let doc = self.candidate(target);
            if doc == TERMINATED || self.has_enough(doc) {
                self.doc = doc;
                return doc;
            }
            target = doc + 1;
        }
    }
}

impl DocSet for AtLeastScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.find(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target { self.doc } else { self.find(target) }
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED {
            self.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        let first = self.candidate(target);
        if first > target {
            return SeekDangerResult::SeekLowerBound(first);
        }
        if self.has_enough(target) {
            self.doc = target;
            return SeekDangerResult::Found;
        }
        SeekDangerResult::SeekLowerBound(target + 1)
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.cost / 3).unwrap_or(u32::MAX)
    }

    fn cost(&self) -> u64 {
        self.cost * 2
    }
}

impl Scorer for AtLeastScorer {
    fn score(&mut self) -> Score {
        self.parts.fill(0.0);
        for word in &mut self.words {
            word.seek(self.doc);
            self.parts[word.place] = word.score(self.doc, self.tie);
        }
        self.parts.iter().sum()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use tantivy::{
        Index, TantivyDocument,
        collector::{DocSetCollector, TopDocs},
        query::{BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, TermQuery},
        schema::{Field, IndexRecordOption, STRING, Schema, TEXT},
    };

    use super::*;

    const TIE: Score = 0.3;

    /// An index of documents of two fields, in several segments, some documents deleted.
    pub(in crate::search) fn index(
        docs: &[(Vec<u8>, Vec<u8>)],
        gone: &[bool],
    ) -> (Index, Field, Field, Field) {
        let mut schema = Schema::builder();
        let a = schema.add_text_field("a", TEXT);
        let b = schema.add_text_field("b", TEXT);
        let id = schema.add_text_field("id", STRING);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.set_merge_policy(Box::new(tantivy::merge_policy::NoMergePolicy));
        for (i, (in_a, in_b)) in docs.iter().enumerate() {
            let mut doc = TantivyDocument::new();
            let text = |letters: &[u8]| {
                letters.iter().fold(String::new(), |text, letter| text + &format!("w{letter} "))
            };
            doc.add_text(a, text(in_a));
            doc.add_text(b, text(in_b));
            doc.add_text(id, i.to_string());
            writer.add_document(doc).unwrap();
            if i % 7 == 6 {
                writer.commit().unwrap();
            }
        }
        writer.commit().unwrap();
        for (i, _) in gone.iter().enumerate().filter(|gone| *gone.1) {
            writer.delete_term(Term::from_field_text(id, &i.to_string()));
        }
        writer.commit().unwrap();
        (index, a, b, id)
    }

    fn terms(a: Field, b: Field, words: &[u8]) -> Vec<Vec<(Term, Score)>> {
        let term = |field, word: &u8| Term::from_field_text(field, &format!("w{word}"));
        words.iter().map(|word| vec![(term(a, word), 4.0), (term(b, word), 1.0)]).collect()
    }

    /// What tantivy itself has to offer.
    fn stock(words: &[Vec<(Term, Score)>], need: usize) -> BooleanQuery {
        let words = words.iter().map(|fields| {
            let fields = fields.iter().map(|(term, boost)| {
                let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
                Box::new(BoostQuery::new(Box::new(query), *boost)) as Box<dyn Query>
            });
            Box::new(DisjunctionMaxQuery::with_tie_breaker(fields.collect(), TIE)) as Box<dyn Query>
        });
        BooleanQuery::union_with_minimum_required_clauses(words.collect(), need)
    }

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..8, 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_finds_and_scores_as_the_stock_query_does(
            docs in prop::collection::vec((letters(), letters()), 1..40),
            gone in prop::collection::vec(prop::bool::weighted(0.2), 40),
            words in prop::collection::hash_set(0u8..10, 1..6),
            need in 1usize..6,
            filter in 0u8..8,
        ) {
            let (index, a, b, _) = index(&docs, &gone);
            let words = terms(a, b, &words.into_iter().collect::<Vec<_>>());
            let need = need.min(words.len());
            let stock = stock(&words, need);
            let own = AtLeast { words, need, asked: None, tie: TIE };
            let searcher = index.reader().unwrap().searcher();
            prop_assert_eq!(
                searcher.search(&own, &DocSetCollector).unwrap(),
                searcher.search(&stock, &DocSetCollector).unwrap()
            );

            // Beside a filter, where it is the one that is moved.
            let filter = Term::from_field_text(b, &format!("w{filter}"));
            let filter = TermQuery::new(filter, IndexRecordOption::Basic);
            let beside = |query: Box<dyn Query>| {
                let filter = ConstScoreQuery::new(Box::new(filter.clone()), 0.0);
                BooleanQuery::new(vec![
                    (Occur::Must, query),
                    (Occur::Must, Box::new(filter) as Box<dyn Query>),
                ])
            };
            let found = [Box::new(own) as Box<dyn Query>, Box::new(stock)].map(|query| {
                let top = TopDocs::with_limit(100).order_by_score();
                let mut hits = searcher.search(&beside(query), &top).unwrap();
                hits.sort_by_key(|hit| hit.1);
                hits
            });
            let [own, stock] = found;
            prop_assert_eq!(own.len(), stock.len());
            for (own, stock) in own.iter().zip(&stock) {
                prop_assert_eq!(own.1, stock.1);
                prop_assert!((own.0 - stock.0).abs() < 1e-4, "{own:?} {stock:?}");
            }
        }
    }
}
