//! Whether it finds what looking at every document finds.

use proptest::prelude::*;
use tantivy::{
    DocAddress, Index, Searcher, TantivyDocument,
    collector::{DocSetCollector, TopDocs},
    query::{BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, TermQuery},
    schema::{Field, IndexRecordOption, STRING, Schema, TEXT},
};

use super::*;

const TIE: Score = 0.3;

/// An index of documents of two fields, and what is in either, in several segments, some documents
/// deleted.
pub(in crate::search) fn index(
    docs: &[(Vec<u8>, Vec<u8>)],
    gone: &[bool],
) -> (Index, [Field; 2], Field) {
    in_segments(docs, gone, 7)
}

/// The same in segments of so many documents.
fn in_segments(
    docs: &[(Vec<u8>, Vec<u8>)],
    gone: &[bool],
    size: usize,
) -> (Index, [Field; 2], Field) {
    let mut schema = Schema::builder();
    let a = schema.add_text_field("a", TEXT);
    let b = schema.add_text_field("b", TEXT);
    let anywhere = schema.add_text_field("anywhere", TEXT);
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
        doc.add_text(anywhere, text(in_a));
        doc.add_text(anywhere, text(in_b));
        doc.add_text(id, i.to_string());
        writer.add_document(doc).unwrap();
        if i % size == size - 1 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    for (i, _) in gone.iter().enumerate().filter(|gone| *gone.1) {
        writer.delete_term(Term::from_field_text(id, &i.to_string()));
    }
    writer.commit().unwrap();
    (index, [a, b], anywhere)
}

fn terms([a, b]: [Field; 2], anywhere: Field, words: &[u8]) -> Vec<Asked> {
    let term = |field, word: &u8| Term::from_field_text(field, &format!("w{word}"));
    let asked = |word| Asked {
        found_by: term(anywhere, word),
        fields: vec![(term(a, word), 4.0), (term(b, word), 1.0)],
    };
    words.iter().map(asked).collect()
}

/// What tantivy itself has to offer.
fn stock(words: &[Asked], need: usize) -> BooleanQuery {
    let words = words.iter().map(|word| {
        let fields = word.fields.iter().map(|(term, boost)| {
            let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
            Box::new(BoostQuery::new(Box::new(query), *boost)) as Box<dyn Query>
        });
        Box::new(DisjunctionMaxQuery::with_tie_breaker(fields.collect(), TIE)) as Box<dyn Query>
    });
    BooleanQuery::union_with_minimum_required_clauses(words.collect(), need)
}

/// Documents in the order of their addresses, with their scores.
fn scored(searcher: &Searcher, query: &dyn Query) -> Vec<(Score, DocAddress)> {
    let top = TopDocs::with_limit(100).order_by_score();
    let mut hits = searcher.search(query, &top).unwrap();
    hits.sort_by_key(|hit| hit.1);
    hits
}

/// In one large segment with few documents of each word, no window pays.
#[test]
fn rare_words_are_found_one_by_one() {
    let words_of = |doc: usize| {
        (0u8..5).filter(|word| doc.is_multiple_of(100 + 50 * usize::from(*word))).collect()
    };
    let docs: Vec<(Vec<u8>, Vec<u8>)> = (0..3000).map(|doc| (words_of(doc), Vec::new())).collect();
    let (index, fields, anywhere) = in_segments(&docs, &[], docs.len());
    let words = terms(fields, anywhere, &[0, 1, 2, 3, 4]);
    let searcher = index.reader().unwrap().searcher();
    for need in 2..=4 {
        let words = words.clone();
        let stock = scored(&searcher, &stock(&words, need));
        let own = AtLeast { words, need, asked: None, tie: TIE, crowds: Arc::default() };
        let own = scored(&searcher, &own);
        assert!(own.len() >= 5 && own.len() == stock.len(), "{own:?} {stock:?}");
        for (own, stock) in own.iter().zip(&stock) {
            let is_close = (own.0 - stock.0).abs() < 1e-4 * stock.0.max(1.0);
            assert!(own.1 == stock.1 && is_close, "{own:?} {stock:?}");
        }
    }
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
        let (index, [a, b], anywhere) = index(&docs, &gone);
        let words = terms([a, b], anywhere, &words.into_iter().collect::<Vec<_>>());
        let need = need.min(words.len());
        let stock = stock(&words, need);
        let own = AtLeast { words, need, asked: None, tie: TIE, crowds: Arc::default() };
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
        let [own, stock] = [Box::new(own) as Box<dyn Query>, Box::new(stock)]
            .map(|query| scored(&searcher, &beside(query)));
        prop_assert_eq!(own.len(), stock.len());
        for (own, stock) in own.iter().zip(&stock) {
            prop_assert_eq!(own.1, stock.1);
            prop_assert!((own.0 - stock.0).abs() < 1e-4, "{own:?} {stock:?}");
        }
    }
}
