//! What tantivy is asked for a search.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Bound,
};

use tantivy::{
    DocId, Score, SegmentReader, Term,
    query::{
        BooleanQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, Query, RangeQuery,
        TermQuery, TermSetQuery,
        doc_predicate_query::{DocPredicateQuery, FunctionPredicate},
    },
    schema::{Field, IndexRecordOption},
};
use uuid::Uuid;

use super::{
    analysis::{Word, words},
    at_least::AtLeast,
    catalogue::Catalogue,
    days::number,
    query::{SearchQuery, Subject},
    schema::{Fields, column},
    top::id_of,
};
use crate::{Day, Kind};

/// The share of the words, in percent, that a hit must have.
const STRICT: usize = 60;
/// The share when that finds too little.
const LOOSE: usize = 25;
/// What a word's other fields add to its best one.
const TIE: Score = 0.3;
/// So many single characters are looked for.
const MAX_CHARACTERS: usize = 8;

/// A search in tantivy's terms.
#[derive(Debug)]
pub(super) struct Plan {
    fields: Fields,
    /// What every hit must meet, whatever the text.
    filters: Vec<Box<dyn Query>>,
    text: Text,
}

/// What is asked of the words.
#[derive(Debug)]
enum Text {
    /// Nothing.
    Any,
    /// Chinese characters with no other beside them: all of them.
    Characters(Vec<char>),
    /// Words, of which a share.
    Words(Vec<String>),
}

impl Plan {
    /// The plan of a search for what is open on a day.
    pub(super) fn new(
        query: &SearchQuery,
        fields: Fields,
        catalogue: &Catalogue,
        day: Day,
    ) -> Self {
        let text = query.text.as_deref().map_or(Text::Any, read);
        let mut filters = match query.kind {
            Subject::Listings => offered(query, fields, catalogue, day),
            Subject::Agencies => vec![is_code(fields.kind, Kind::Agency.as_str()), open_on(day)],
        };
        filters.extend(query.within.as_ref().map(|ids| id_in(ids)));
        Self { fields, filters, text }
    }

    /// Narrows the plan to some agencies.
    pub(super) fn only(&mut self, agencies: HashSet<Uuid>) {
        self.filters.push(agency_in(agencies));
    }

    /// Whether hits are told apart by how well they fit.
    pub(super) const fn has_text(&self) -> bool {
        !matches!(self.text, Text::Any)
    }

    /// What has most of the words.
    pub(super) fn strict(&self) -> BooleanQuery {
        let mut clauses = self.must();
        if let Some(text) = self.text(STRICT) {
            clauses.push((Occur::Must, text));
        }
        BooleanQuery::new(clauses)
    }

    /// What has some of the words, but not most; none where that makes no difference.
    pub(super) fn loose(&self) -> Option<BooleanQuery> {
        let Text::Words(words) = &self.text else { return None };
        if share(words.len(), LOOSE) == share(words.len(), STRICT) {
            return None;
        }
        let mut clauses = self.must();
        clauses.push((Occur::Must, self.text(LOOSE)?));
        clauses.push((Occur::MustNot, self.text(STRICT)?));
        Some(BooleanQuery::new(clauses))
    }

    fn must(&self) -> Vec<(Occur, Box<dyn Query>)> {
        self.filters.iter().map(|filter| (Occur::Must, filter.box_clone())).collect()
    }

    fn text(&self, percent: usize) -> Option<Box<dyn Query>> {
        match &self.text {
            Text::Any => None,
            Text::Characters(characters) if characters.is_empty() => Some(Box::new(EmptyQuery)),
            Text::Characters(characters) => {
                let all = characters.iter().map(|c| self.character(*c));
                Some(Box::new(BooleanQuery::intersection(all.collect())))
            }
            Text::Words(words) => Some(Box::new(AtLeast {
                words: words.iter().map(|word| self.word(word)).collect(),
                need: share(words.len(), percent),
                tie: TIE,
            })),
        }
    }

    /// Where a word may stand, and what it is worth there.
    fn word(&self, word: &str) -> Vec<(Term, Score)> {
        let fields = &self.fields;
        [
            (fields.title, 4.0),
            (fields.item_name, 3.0),
            (fields.agency_name, 3.0),
            (fields.region_name, 2.0),
            (fields.summary, 1.0),
        ]
        .map(|(field, weight)| (Term::from_field_text(field, word), weight))
        .into()
    }

    /// Pairs that begin with a character, and runs that end with it.
    fn character(&self, c: char) -> Box<dyn Query> {
        let fields = &self.fields;
        let anywhere = [(fields.title, 2.0), (fields.item_name, 1.5), (fields.agency_name, 1.0)];
        let begins = anywhere.map(|(field, weight)| {
            let term = Term::from_field_text(field, c.encode_utf8(&mut [0; 4]));
            let prefix = FuzzyTermQuery::new_prefix(term, 0, true);
            Box::new(ConstScoreQuery::new(Box::new(prefix), weight)) as Box<dyn Query>
        });
        Box::new(BooleanQuery::union(begins.into()))
    }
}

/// Reads the words of a text, each once.
fn read(text: &str) -> Text {
    if text.trim().is_empty() {
        return Text::Any;
    }
    let (mut whole, mut lone) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (_, word) in words(text) {
        match word {
            Word::Whole(word) if seen.insert(word.clone()) => whole.push(word),
            Word::Lone(c) if !lone.contains(&c) => lone.push(c),
            _ => {}
        }
    }
    if whole.is_empty() {
        lone.truncate(MAX_CHARACTERS);
        return Text::Characters(lone);
    }
    Text::Words(whole)
}

/// A share of so many words, at least one.
fn share(words: usize, percent: usize) -> usize {
    (words * percent / 100).max(1)
}

/// What a listing must meet.
pub(super) fn offered(
    query: &SearchQuery,
    fields: Fields,
    catalogue: &Catalogue,
    day: Day,
) -> Vec<Box<dyn Query>> {
    let mut filters = vec![is_code(fields.kind, Kind::Listing.as_str()), open_on(day)];
    filters.extend(query.category.as_ref().map(|code| is_code(fields.category, code.as_str())));
    filters.extend(query.item.as_ref().map(|code| is_code(fields.item, code.as_str())));
    if let Some(region) = query.region.as_ref().and_then(|code| catalogue.region(code)) {
        // Who serves a region serves all that is in it.
        let within =
            region.path.iter().map(|code| Term::from_field_text(fields.region, code.as_str()));
        filters.push(filter(TermSetQuery::new(within)));
    }
    let fen = |price: crate::Money| {
        Bound::Included(Term::from_field_u64(
            fields.price,
            u64::try_from(price.fen()).unwrap_or_default(),
        ))
    };
    if query.min_price.is_some() || query.max_price.is_some() {
        let lowest = query.min_price.map_or(Bound::Unbounded, fen);
        let highest = query.max_price.map_or(Bound::Unbounded, fen);
        filters.push(filter(RangeQuery::new(lowest, highest)));
    }
    filters
}

/// A query that only says yes or no.
fn filter(query: impl Query) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

fn is_code(field: Field, code: &str) -> Box<dyn Query> {
    filter(TermQuery::new(Term::from_field_text(field, code), IndexRecordOption::Basic))
}

/// What may be bought on a day: one of its spans of days holds it.
fn open_on(day: Day) -> Box<dyn Query> {
    let day = i64::from(number(day));
    let predicate = FunctionPredicate::from(move |reader: &SegmentReader| {
        let columns = reader.fast_fields();
        let first = columns.i64(column::OPEN_FIRST)?;
        let last = columns.i64(column::OPEN_LAST)?;
        Ok(move |doc: DocId| {
            let mut spans = first.values_for_doc(doc).zip(last.values_for_doc(doc));
            spans.any(|(first, last)| first <= day && day <= last)
        })
    });
    filter(DocPredicateQuery::from(predicate))
}

fn agency_in(agencies: HashSet<Uuid>) -> Box<dyn Query> {
    one_of(agencies, [column::AGENCY_HIGH, column::AGENCY_LOW])
}

/// What has one of some ids.
fn id_in(ids: &[Uuid]) -> Box<dyn Query> {
    one_of(ids.iter().copied().collect(), [column::ID_HIGH, column::ID_LOW])
}

/// What has one of some ids in the columns that hold the halves of it.
fn one_of(ids: HashSet<Uuid>, halves: [&'static str; 2]) -> Box<dyn Query> {
    let ids = std::sync::Arc::new(ids);
    let predicate = FunctionPredicate::from(move |reader: &SegmentReader| {
        let columns = reader.fast_fields();
        let [high, low] = halves;
        let halves = [columns.u64(high)?, columns.u64(low)?];
        let ids = ids.clone();
        Ok(move |doc: DocId| ids.contains(&id_of(&halves, doc)))
    });
    filter(DocPredicateQuery::from(predicate))
}
