//! The documents that have a word in one field, and what it is worth there.
//!
//! What tantivy's own scorer of a term does, but weighed once for all segments, and without what
//! only explanations need.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, SegmentReader, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{Bm25StatisticsProvider, Bm25Weight, EnableScoring},
    schema::{Field, IndexRecordOption},
};

/// Weighs words by how common they are.
pub(super) struct Scales<'a> {
    common: Option<&'a dyn Bm25StatisticsProvider>,
    /// The average length of the fields that were asked about.
    lengths: Vec<(Field, Score)>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(scoring: EnableScoring<'a>) -> Self {
        let common = match scoring {
            EnableScoring::Enabled { statistics_provider, .. } => Some(statistics_provider),
            EnableScoring::Disabled { .. } => None,
        };
        Self { common, lengths: Vec::new() }
    }

    /// What a word is worth; nothing where nobody asks for scores.
    fn weigh(&mut self, term: &Term) -> tantivy::Result<Option<Arc<Bm25Weight>>> {
        let Some(common) = self.common else { return Ok(None) };
        let length = self.length(common, term.field())?;
        let (with_it, all) = (common.doc_freq(term)?, common.total_num_docs()?);
        let weight = Bm25Weight::for_one_term_without_explain(with_it.min(all), all, length);
        Ok(Some(Arc::new(weight)))
    }

    #[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
    fn length(
        &mut self,
        common: &dyn Bm25StatisticsProvider,
        field: Field,
    ) -> tantivy::Result<Score> {
        if let Some((_, length)) = self.lengths.iter().find(|(known, _)| *known == field) {
            return Ok(*length);
        }
        let tokens = common.total_num_tokens(field)? as Score;
        let length = tokens / common.total_num_docs()? as Score;
        self.lengths.push((field, length));
        Ok(length)
    }
}

/// A word of a field, weighed.
pub(super) struct WeighedTerm {
    term: Term,
    weight: Option<Arc<Bm25Weight>>,
    worth: Score,
}

impl WeighedTerm {
    /// A word that counts so much.
    pub(super) fn new(term: &Term, worth: Score, scales: &mut Scales<'_>) -> tantivy::Result<Self> {
        Ok(Self { term: term.clone(), weight: scales.weigh(term)?, worth })
    }

    /// The documents of a segment that have it, if there are any.
    pub(super) fn list(
        &self,
        reader: &SegmentReader,
        boost: Score,
    ) -> tantivy::Result<Option<WordList>> {
        let field = self.term.field();
        let inverted = reader.inverted_index(field)?;
        let Some(postings) = inverted.read_postings(&self.term, IndexRecordOption::WithFreqs)?
        else {
            return Ok(None);
        };
        let lengths = reader.get_fieldnorms_reader(field)?;
        let (weight, worth) = (self.weight.clone(), self.worth * boost);
        Ok(Some(WordList { postings, lengths, weight, worth }))
    }
}

/// The documents of a segment that have a word in a field.
pub(super) struct WordList {
    postings: SegmentPostings,
    lengths: FieldNormReader,
    weight: Option<Arc<Bm25Weight>>,
    worth: Score,
}

impl WordList {
    /// The document that it is at.
    pub(super) fn doc(&self) -> DocId {
        self.postings.doc()
    }

    /// The first document at or after the target.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        let doc = self.postings.doc();
        if doc + 1 == target { self.postings.advance() } else { self.postings.seek(target) }
    }

    /// How many documents it has.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.postings.size_hint())
    }

    /// What the word is worth in the document that it is at.
    pub(super) fn score(&mut self) -> Score {
        let Some(weight) = &self.weight else { return self.worth };
        let length = self.lengths.fieldnorm_id(self.postings.doc());
        self.worth * weight.score(length, self.postings.term_freq())
    }
}
