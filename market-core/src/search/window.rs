//! The documents that have any of some words, a stretch of a segment at a time.

use tantivy::DocId;

use super::word_list::Finder;

/// So many documents are looked at together.
pub(super) const WIDE: DocId = 2048;
/// So many words can be gathered.
pub(super) const MOST_WORDS: usize = 64;

/// A stretch of documents, with the words that each has.
pub(super) struct Window {
    from: DocId,
    end: DocId,
    /// A bit for each word.
    words: [u64; WIDE as usize],
}

impl Default for Window {
    fn default() -> Self {
        Self { from: 0, end: 0, words: [0; WIDE as usize] }
    }
}

impl Window {
    /// The first document after it.
    pub(super) const fn end(&self) -> DocId {
        self.end
    }

    /// Begins at a document, with no words yet.
    pub(super) fn begin(&mut self, from: DocId) {
        (self.from, self.end) = (from, from.saturating_add(WIDE));
        self.words.fill(0);
    }

    /// Adds a word, by its place, of which no document before the window is left.
    pub(super) fn gather(&mut self, at: usize, word: &mut Finder) {
        let bit = 1 << at;
        let (from, words) = (self.from, &mut self.words);
        word.each_before(self.end, |doc| {
            if let Some(words) = words.get_mut((doc - from) as usize) {
                *words |= bit;
            }
        });
    }

    /// The first document at or after the target that has at least so many words, but at least
    /// one, with how many it has.
    pub(super) fn next(&self, target: DocId, least: u32) -> Option<(DocId, usize)> {
        let begin = target.saturating_sub(self.from) as usize;
        let rest = self.words.get(begin..)?;
        let has_enough = |words: &u64| *words != 0 && words.count_ones() >= least;
        let at = rest.iter().position(has_enough)?;
        let doc = self.from + DocId::try_from(begin + at).unwrap_or(WIDE);
        Some((doc, rest[at].count_ones() as usize))
    }

    /// Whether a document has a word, by its place.
    pub(super) fn has(&self, doc: DocId, at: usize) -> bool {
        let words = self.words.get(doc.wrapping_sub(self.from) as usize);
        words.is_some_and(|words| words & (1 << at) != 0)
    }
}
