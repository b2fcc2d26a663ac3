//! How common words are, which tells what finding one is worth.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use tantivy::{Searcher, Term, query::Bm25StatisticsProvider, schema::Field};

/// So many words are kept; people ask with far fewer different ones.
const KEPT: usize = 1 << 16;

/// How common words are in one commit of the index. Each is looked up once.
pub(super) struct Common {
    searcher: Searcher,
    documents: u64,
    counts: RwLock<HashMap<Term, u64>>,
    /// How many words each field has in all.
    lengths: RwLock<HashMap<Field, u64>>,
}

impl Common {
    pub(super) fn of(searcher: Searcher) -> Self {
        let readers = searcher.segment_readers().iter();
        let documents = readers.map(|reader| u64::from(reader.max_doc())).sum();
        Self { searcher, documents, counts: RwLock::default(), lengths: RwLock::default() }
    }

    /// How many documents there were.
    pub(super) fn num_docs(&self) -> u64 {
        self.searcher.num_docs()
    }
}

impl Bm25StatisticsProvider for Common {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let known =
            self.lengths.read().unwrap_or_else(PoisonError::into_inner).get(&field).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let length = self.searcher.total_num_tokens(field)?;
        self.lengths.write().unwrap_or_else(PoisonError::into_inner).insert(field, length);
        Ok(length)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let known = self.counts.read().unwrap_or_else(PoisonError::into_inner).get(term).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let count = self.searcher.doc_freq(term)?;
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= KEPT {
            counts.clear();
        }
        counts.insert(term.clone(), count);
        Ok(count)
    }
}
