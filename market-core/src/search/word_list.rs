//! The documents that have a word in one field, and what it is worth there.
//!
//! What tantivy's own scorer of a term does, but weighed once for all segments, and without what
//! only explanations need.

use tantivy::{
    DocId, Score, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::BlockSegmentPostings,
    query::{Bm25StatisticsProvider, Bm25Weight, EnableScoring},
    schema::{Field, IndexRecordOption},
};

/// So many documents are in a block; in the last of a list there may be fewer.
const BLOCK: usize = 128;

/// Weighs words by how common they are.
pub(super) struct Scales<'a> {
    common: Option<&'a dyn Bm25StatisticsProvider>,
    /// What a word that no document has would be worth in each field that was asked about: others
    /// are worth a share of that, and a share is all that tells words of a field apart.
    rarest: Vec<(Field, Bm25Weight)>,
}

impl<'a> Scales<'a> {
    pub(super) fn new(scoring: EnableScoring<'a>) -> Self {
        let common = match scoring {
            EnableScoring::Enabled { statistics_provider, .. } => Some(statistics_provider),
            EnableScoring::Disabled { .. } => None,
        };
        Self { common, rarest: Vec::new() }
    }

    /// What a word that counts so much is worth; nothing where nobody asks for scores.
    fn weigh(&mut self, term: &Term, worth: Score) -> tantivy::Result<Option<Bm25Weight>> {
        let Some(common) = self.common else { return Ok(None) };
        let (with_it, all) = (common.doc_freq(term)?, common.total_num_docs()?);
        let share = rarity(with_it.min(all), all) / rarity(0, all);
        Ok(Some(self.rarest(common, term.field())?.boost_by(share * worth)))
    }

    #[expect(clippy::cast_precision_loss, reason = "an average need not be exact")]
    fn rarest(
        &mut self,
        common: &dyn Bm25StatisticsProvider,
        field: Field,
    ) -> tantivy::Result<&Bm25Weight> {
        let known = self.rarest.iter().position(|(known, _)| *known == field);
        let at = if let Some(at) = known {
            at
        } else {
            let (tokens, all) = (common.total_num_tokens(field)?, common.total_num_docs()?);
            let length = tokens as Score / all as Score;
            let weight = Bm25Weight::for_one_term_without_explain(0, all, length);
            self.rarest.push((field, weight));
            self.rarest.len() - 1
        };
        Ok(&self.rarest[at].1)
    }
}

/// How rare a word is that so many of all documents have.
#[expect(clippy::cast_precision_loss, reason = "as BM25 has it")]
fn rarity(with_it: u64, all: u64) -> Score {
    let (with_it, without) = (with_it as Score + 0.5, (all - with_it) as Score + 0.5);
    (1.0 + without / with_it).ln()
}

/// A word of a field, weighed.
pub(super) struct WeighedTerm {
    term: Term,
    weight: Option<Bm25Weight>,
    worth: Score,
}

impl WeighedTerm {
    /// A word that counts so much.
    pub(super) fn new(term: &Term, worth: Score, scales: &mut Scales<'_>) -> tantivy::Result<Self> {
        Ok(Self { term: term.clone(), weight: scales.weigh(term, worth)?, worth })
    }

    /// The documents of a segment that have it, if there are any.
    pub(super) fn list(
        &self,
        reader: &SegmentReader,
        boost: Score,
    ) -> tantivy::Result<Option<WordList>> {
        let Some(finder) = Finder::new(&self.term, IndexRecordOption::WithFreqs, reader)? else {
            return Ok(None);
        };
        let lengths = reader.get_fieldnorms_reader(self.term.field())?;
        let weight = self.weight.as_ref().map(|weight| weight.boost_by(boost));
        Ok(Some(WordList { finder, lengths, weight, worth: self.worth * boost }))
    }
}

/// The documents of a segment that have a word in a field, with what it is worth there.
pub(super) struct WordList {
    finder: Finder,
    lengths: FieldNormReader,
    weight: Option<Bm25Weight>,
    worth: Score,
}

impl WordList {
    /// What the word is worth in a document, if that has it; to be asked in the order of documents.
    pub(super) fn score(&mut self, doc: DocId) -> Option<Score> {
        if self.finder.seek(doc) != doc {
            return None;
        }
        let Some(weight) = &self.weight else { return Some(self.worth) };
        Some(weight.score(self.lengths.fieldnorm_id(doc), self.finder.frequency()))
    }
}

/// The documents of a segment that have a word in a field, block by block.
pub(super) struct Finder {
    blocks: BlockSegmentPostings,
    /// The place in the block.
    at: usize,
    doc: DocId,
}

impl Finder {
    /// The documents that have a word, if there are any.
    pub(super) fn new(
        term: &Term,
        option: IndexRecordOption,
        reader: &SegmentReader,
    ) -> tantivy::Result<Option<Self>> {
        let inverted = reader.inverted_index(term.field())?;
        let Some(blocks) = inverted.read_block_postings(term, option)? else { return Ok(None) };
        let doc = blocks.doc(0);
        Ok(Some(Self { blocks, at: 0, doc }))
    }

    /// The document that it is at.
    pub(super) const fn doc(&self) -> DocId {
        self.doc
    }

    /// How many documents it has.
    pub(super) fn len(&self) -> u64 {
        self.blocks.doc_freq().into()
    }

    /// The first document at or after the target.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        // What is sought is often what comes next, and a block is full but for the last.
        let next = (self.at + 1).min(BLOCK - 1);
        self.at = if self.blocks.doc(next) >= target { next } else { self.blocks.seek(target) };
        self.doc = self.blocks.doc(self.at);
        self.doc
    }

    /// How often the document that it is at has the word.
    fn frequency(&self) -> u32 {
        self.blocks.freq(self.at)
    }

    /// Tells of each document before an end, and stands at the first from there on.
    pub(super) fn each_before(&mut self, end: DocId, mut tell: impl FnMut(DocId)) {
        while self.doc < end {
            let docs = self.blocks.docs();
            let rest = &docs[self.at.min(docs.len())..];
            let before = rest.partition_point(|doc| *doc < end);
            rest[..before].iter().for_each(|doc| tell(*doc));
            self.at += before;
            if before < rest.len() {
                self.doc = rest[before];
            } else if docs.len() < BLOCK {
                self.doc = TERMINATED;
            } else {
                self.blocks.advance();
                self.at = 0;
                self.doc = self.blocks.doc(0);
            }
        }
    }
}
