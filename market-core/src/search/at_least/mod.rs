//! "At least so many of these words, each in any of these fields", as a query that can skip.
//!
//! A document that has `need` of n words has one of the n - need + 1 rarest, so only those lead;
//! the others are asked about candidates alone. Filters beside the query therefore make it
//! cheaper, which tantivy's own union with a minimum cannot offer. A word counts with its best
//! field and a share (`tie`) of its other fields; where it stands is looked up only in documents
//! whose score is asked.
//!
//! Where many documents have one of the leading words, a `Window` counts all words of many
//! documents at once, which costs less than an instruction for a word of a document.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError, Term,
    query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

use super::{
    crowds::{Crowd, Crowds},
    window::{MOST_WORDS, WIDE, Window},
    word_list::{Finder, Scales, WeighedTerm, WordList},
};

/// Windows pay where so many documents of one are candidates, on average.
const PAYS: u64 = 48;

/// A word, and what it is worth where.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What every document has that has the word in one of the fields, and no other.
    pub(super) found_by: Term,
    /// The terms that stand for it, one for each field, with their weights.
    pub(super) fields: Vec<(Term, Score)>,
}

impl Asked {
    /// A word of one field.
    pub(super) fn of_field(term: Term, worth: Score) -> Self {
        Self { found_by: term.clone(), fields: vec![(term, worth)] }
    }
}

/// Finds documents with at least `need` of the words.
#[derive(Debug, Clone)]
pub(super) struct AtLeast {
    pub(super) words: Vec<Asked>,
    /// How many words a document must have, at least one.
    pub(super) need: usize,
    /// Which words count towards that; all, if nothing is said. The others only add to the score.
    pub(super) asked: Option<Vec<bool>>,
    /// What the other fields of a word add to its best one.
    pub(super) tie: Score,
    /// Where the documents of common words are kept.
    pub(super) crowds: Arc<Crowds>,
}

impl Query for AtLeast {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let mut scales = Scales::new(scoring);
        let mut weigh = |(term, worth): &(Term, Score)| WeighedTerm::new(term, *worth, &mut scales);
        let words = self.words.iter().map(|word| {
            let fields = word.fields.iter().map(&mut weigh).collect::<tantivy::Result<_>>()?;
            Ok(Weighed { found_by: word.found_by.clone(), fields })
        });
        let words = words.collect::<tantivy::Result<Vec<_>>>()?.into();
        let asked = self.asked.clone().unwrap_or_else(|| vec![true; self.words.len()]);
        let (need, crowds) = (self.need.max(1), self.crowds.clone());
        Ok(Box::new(AtLeastWeight { words, need, asked, tie: self.tie, crowds }))
    }
}

struct Weighed {
    found_by: Term,
    fields: Vec<WeighedTerm>,
}

struct AtLeastWeight {
    words: Arc<[Weighed]>,
    need: usize,
    asked: Vec<bool>,
    tie: Score,
    crowds: Arc<Crowds>,
}

impl AtLeastWeight {
    fn is_asked(&self, word: &OneWord) -> bool {
        self.asked.get(word.place).copied().unwrap_or(true)
    }
}

impl Weight for AtLeastWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut words = Vec::with_capacity(self.words.len());
        for (place, word) in self.words.iter().enumerate() {
            let found = Finder::new(&word.found_by, IndexRecordOption::Basic, reader)?;
            words.extend(found.map(|finder| OneWord { place, finder, crowd: None, fields: None }));
        }
        let asked = words.iter().filter(|word| self.is_asked(word)).count();
        if asked < self.need {
            return Ok(Box::new(EmptyScorer));
        }
        words.sort_by_key(|word| (!self.is_asked(word), word.finder.len()));
        let lead = asked - self.need + 1;
        let cost = words[..lead].iter().map(|word| word.finder.len()).sum();
        let by_window =
            asked <= MOST_WORDS && cost * u64::from(WIDE) >= PAYS * u64::from(reader.max_doc());
        if by_window {
            for word in &mut words[..asked] {
                let term = &self.words[word.place].found_by;
                word.crowd = self.crowds.of(reader, term, word.finder.len())?;
            }
        }
        let mut scorer = AtLeastScorer {
            weighed: self.words.clone(),
            reader: reader.clone(),
            boost,
            parts: vec![0.0; self.words.len()],
            words,
            lead,
            asked,
            need: self.need,
            tie: self.tie,
            doc: 0,
            cost,
            by_window,
            window: None,
        };
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

/// A word of the query in a segment.
struct OneWord {
    /// Its place in the query.
    place: usize,
    finder: Finder,
    /// Its documents, where windows count it and it is common.
    crowd: Option<Crowd>,
    /// Where it stands, once that was asked.
    fields: Option<Vec<WordList>>,
}

struct AtLeastScorer {
    weighed: Arc<[Weighed]>,
    reader: SegmentReader,
    boost: Score,
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
    /// Whether windows count the words that are asked.
    by_window: bool,
    /// The documents at hand, once they are counted.
    window: Option<Box<Window>>,
    /// Each word's score by its place in the query, so that a sum does not depend on the segment.
    parts: Vec<Score>,
}

impl AtLeastScorer {
    /// Moves the leading words, and gives the first document at or after the target that has one.
    fn candidate(&mut self, target: DocId) -> DocId {
        let lead = self.words[..self.lead].iter_mut().map(|word| word.finder.seek(target));
        lead.min().unwrap_or(TERMINATED)
    }

    /// Whether a candidate has enough of the words.
    fn has_enough(&mut self, doc: DocId) -> bool {
        let leads = &self.words[..self.lead];
        let mut found = leads.iter().filter(|word| word.finder.doc() == doc).count();
        let mut left = self.asked - self.lead;
        for word in &mut self.words[self.lead..self.asked] {
            if found >= self.need || found + left < self.need {
                break;
            }
            left -= 1;
            found += usize::from(word.finder.seek(doc) == doc);
        }
        found >= self.need
    }

    /// Word by word.
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

    /// Window by window.
    fn find_by_window(&mut self, target: DocId) -> DocId {
        let mut window = self.window.take().unwrap_or_default();
        self.doc = loop {
            if let Some(doc) = window.next(target) {
                break doc;
            }
            let from = target.max(window.end());
            if from >= self.reader.max_doc() {
                break TERMINATED;
            }
            window.begin(from);
            for word in &mut self.words[..self.asked] {
                match &word.crowd {
                    Some(crowd) => window.add_crowd(crowd),
                    None => window.add(&mut word.finder),
                }
            }
            window.count(self.need);
        };
        self.window = Some(window);
        self.doc
    }

    /// Whether the document at hand has a word, by its place among those of the segment.
    fn has(&mut self, at: usize) -> bool {
        match &self.window {
            Some(window) if at < self.asked => window.has(self.doc, at),
            _ => self.words[at].finder.seek(self.doc) == self.doc,
        }
    }
}

impl OneWord {
    /// What a word is worth in a document that has it.
    fn score(
        &mut self,
        doc: DocId,
        tie: Score,
        open: impl FnOnce(usize) -> Vec<WordList>,
    ) -> Score {
        let place = self.place;
        let fields = self.fields.get_or_insert_with(|| open(place));
        let (mut best, mut sum) = (0.0, 0.0);
        for score in fields.iter_mut().filter_map(|list| list.score(doc)) {
            sum += score;
            best = Score::max(best, score);
        }
        best + tie * (sum - best)
    }
}

impl DocSet for AtLeastScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED { TERMINATED } else { self.seek(self.doc + 1) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            self.doc
        } else if self.by_window {
            self.find_by_window(target)
        } else {
            self.find(target)
        }
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED {
            self.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        if self.window.is_some() {
            let doc = self.seek(target);
            let found = doc == target;
            return if found {
                SeekDangerResult::Found
            } else {
                SeekDangerResult::SeekLowerBound(doc)
            };
        }
        // Who is only asked about candidates of others counts none beside them.
        self.by_window = false;
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
        let doc = self.doc;
        for at in 0..self.words.len() {
            if !self.has(at) {
                continue;
            }
            let Self { words, weighed, reader, boost, tie, parts, .. } = self;
            let word = &mut words[at];
            parts[word.place] =
                word.score(doc, *tie, |place| open(&weighed[place], reader, *boost));
        }
        self.parts.iter().sum()
    }
}

/// Where a word stands in a segment. A field that cannot be read adds nothing.
fn open(word: &Weighed, reader: &SegmentReader, boost: Score) -> Vec<WordList> {
    let lists = word.fields.iter().filter_map(|term| {
        let list = term.list(reader, boost);
        list.inspect_err(|why| tracing::warn!("a word cannot be weighed: {why}")).ok().flatten()
    });
    lists.collect()
}

#[cfg(test)]
pub(super) mod tests;
