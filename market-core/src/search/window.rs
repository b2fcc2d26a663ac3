//! Counting how many of some words documents have, a stretch of a segment at a time.
//!
//! Each word is a row of bits, one for a document. Counts are kept in binary, their digits as rows
//! too, so that one addition counts a word for 64 documents.

use tantivy::DocId;

use super::{crowds::set, word_list::Finder};

/// So many documents are looked at together.
pub(super) const WIDE: DocId = 2048;
/// A row has so many numbers of 64 bits.
const NUMBERS: usize = (WIDE / u64::BITS) as usize;
/// Counts have so many binary digits: no search has more words than they can tell.
const DIGITS: usize = 8;
/// So many words can be counted.
pub(super) const MOST_WORDS: usize = (1 << DIGITS) - 1;

type Row = [u64; NUMBERS];

/// A stretch of documents, with the words that each has.
#[derive(Default)]
pub(super) struct Window {
    from: DocId,
    end: DocId,
    words: Vec<Row>,
    /// Those that have enough of them.
    enough: Row,
}

impl Window {
    /// The first document after it.
    pub(super) const fn end(&self) -> DocId {
        self.end
    }

    /// Begins with the stretch that a document lies in, with no words yet.
    pub(super) fn begin(&mut self, doc: DocId) {
        self.from = doc - doc % WIDE;
        self.end = self.from.saturating_add(WIDE);
        self.words.clear();
    }

    /// Adds a word that has a bit for each document of the segment.
    pub(super) fn add_crowd(&mut self, crowd: &[u64]) {
        let mut row = [0; NUMBERS];
        let rest = crowd.get((self.from / u64::BITS) as usize..).unwrap_or_default();
        row.iter_mut().zip(rest).for_each(|(row, bits)| *row = *bits);
        self.words.push(row);
    }

    /// Adds a word by its list.
    pub(super) fn add(&mut self, word: &mut Finder) {
        let (from, mut row) = (self.from, [0; NUMBERS]);
        word.seek(from);
        word.each_before(self.end, |doc| set(&mut row, doc - from));
        self.words.push(row);
    }

    /// Finds out which documents have at least so many of the words.
    pub(super) fn count(&mut self, need: usize) {
        let mut digits = [[0; NUMBERS]; DIGITS];
        for (before, row) in self.words.iter().enumerate() {
            let mut carry = *row;
            // As many digits as a count may have by now.
            let used = (before + 1).ilog2() as usize + 1;
            for digit in digits.iter_mut().take(used) {
                for (digit, carry) in digit.iter_mut().zip(&mut carry) {
                    (*digit, *carry) = (*digit ^ *carry, *digit & *carry);
                }
            }
        }
        // From the first digit on: so far more, or so far equal.
        let (mut more, mut equal): (Row, Row) = ([0; NUMBERS], [u64::MAX; NUMBERS]);
        for (at, digit) in digits.iter().enumerate().rev() {
            let wanted = need >> at & 1 == 1;
            for ((more, equal), digit) in more.iter_mut().zip(&mut equal).zip(digit) {
                if wanted {
                    *equal &= digit;
                } else {
                    *more |= *equal & digit;
                    *equal &= !digit;
                }
            }
        }
        for ((enough, more), equal) in self.enough.iter_mut().zip(more).zip(equal) {
            *enough = more | equal;
        }
    }

    /// The first document at or after the target that has enough words.
    pub(super) fn next(&self, target: DocId) -> Option<DocId> {
        if target >= self.end {
            return None;
        }
        let begin = target.saturating_sub(self.from);
        let first = (begin / u64::BITS) as usize;
        let mut bits = self.enough[first] & (u64::MAX << (begin % u64::BITS));
        for (at, next) in (first..).zip(self.enough[first + 1..].iter().copied().chain([0])) {
            if bits != 0 {
                let number = DocId::try_from(at).unwrap_or(WIDE);
                return Some(self.from + number * u64::BITS + bits.trailing_zeros());
            }
            bits = next;
        }
        None
    }

    /// Whether a document has a word, by its place.
    pub(super) fn has(&self, doc: DocId, at: usize) -> bool {
        let place = doc.wrapping_sub(self.from);
        let number = self.words.get(at).and_then(|row| row.get((place / u64::BITS) as usize));
        number.is_some_and(|bits| bits >> (place % u64::BITS) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_counts_as_one_counts_by_hand(
            words in prop::collection::vec(prop::collection::btree_set(0..3 * WIDE, 0..600), 1..20),
            need in 1usize..22,
            first in 0u32..3,
        ) {
            let mut window = Window::default();
            window.begin(first * WIDE + 17);
            for word in &words {
                let mut bits = vec![0; (3 * WIDE / u64::BITS) as usize];
                for doc in word {
                    set(&mut bits, *doc);
                }
                window.add_crowd(&bits);
            }
            window.count(need);
            let mut found = Vec::new();
            let mut target = first * WIDE;
            while let Some(doc) = window.next(target) {
                found.push(doc);
                target = doc + 1;
            }
            let here = first * WIDE..(first + 1) * WIDE;
            let expected: Vec<_> = here
                .filter(|doc| words.iter().filter(|word| word.contains(doc)).count() >= need)
                .collect();
            prop_assert_eq!(&found, &expected);
            for doc in found {
                for (at, word) in words.iter().enumerate() {
                    prop_assert_eq!(window.has(doc, at), word.contains(&doc));
                }
            }
        }
    }
}
