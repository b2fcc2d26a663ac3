//! What tantivy is asked for a text.

use tantivy::{
    Score, Searcher,
    query::{ConstScoreQuery, Query},
};

use super::{
    any_of::AnyOf,
    at_least::{Asked, AtLeast},
};

/// The share of the words, in percent, that a hit must have.
pub(super) const STRICT: usize = 60;
/// The share when that finds too little.
const LOOSE: usize = 25;
/// One in so many documents makes a word common …
const COMMON: u64 = 10;
/// … but not fewer documents than this: they cost nothing.
const MANY: u64 = 1000;
/// With fewer words that are not common, all of them are asked.
const LEAST_OF_RARE: usize = 2;
/// What a word's other fields add to its best one.
pub(super) const TIE: Score = 0.3;

/// The part of a hit's score that a clause counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Words,
    Names,
}

/// A text in tantivy's terms.
#[derive(Debug)]
pub(super) struct Plan {
    /// Any of them makes a hit.
    pub(super) cores: Vec<(Group, Core)>,
    /// What adds to the score of a hit.
    pub(super) extras: Vec<(Group, Box<dyn Query>)>,
    /// What has all of the text in an agency's name, if it is long enough to be one.
    pub(super) agency: Option<AtLeast>,
}

#[derive(Debug)]
pub(super) enum Core {
    Fixed(Box<dyn Query>),
    /// A share of words, however large.
    Words(AtLeast),
}

impl Plan {
    /// What has most of the words, or is meant by the names.
    pub(super) fn strict(&self) -> AnyOf {
        AnyOf { any: self.any(Core::most), without: Vec::new(), beside: self.beside() }
    }

    /// What has some of the words, but not most; nothing where that makes no difference.
    ///
    /// Words that every tenth document has do not count at first: sharing nothing but 有限公司 is
    /// no hit. What comes next is for when that finds nothing.
    pub(super) fn loose(&self, searcher: &Searcher) -> Vec<AnyOf> {
        let words = self.cores.iter().find_map(|(_, core)| match core {
            Core::Words(all) => Some(&all.words),
            Core::Fixed(_) => None,
        });
        let differs = |words: &&Vec<_>| share(words.len(), LOOSE) != share(words.len(), STRICT);
        let Some(words) = words.filter(differs) else { return Vec::new() };
        let few = (searcher.num_docs() / COMMON).max(MANY);
        let is_rare = |word: &Asked| {
            let mut fields = word.fields.iter();
            fields.all(|(term, _)| searcher.doc_freq(term).is_ok_and(|count| count <= few))
        };
        let rare: Vec<_> = words.iter().map(is_rare).collect();
        let some =
            (LEAST_OF_RARE..words.len()).contains(&rare.iter().filter(|rare| **rare).count());
        some.then_some(rare)
            .into_iter()
            .chain([vec![true; words.len()]])
            .map(|asked| self.some(&asked))
            .collect()
    }

    fn some(&self, asked: &[bool]) -> AnyOf {
        let any = self.any(|core| core.some(asked));
        AnyOf { any, without: self.any(Core::most), beside: self.beside() }
    }

    fn any(&self, query: impl Fn(&Core) -> Box<dyn Query>) -> Vec<Box<dyn Query>> {
        self.cores.iter().map(|(_, core)| query(core)).collect()
    }

    fn beside(&self) -> Vec<Box<dyn Query>> {
        self.extras.iter().map(|(_, extra)| extra.box_clone()).collect()
    }

    /// Every clause that can add to a hit's score, for the share of words it was found with.
    pub(super) fn scored(&self, loose: bool) -> Vec<(Group, Box<dyn Query>)> {
        let query = if loose { Core::any } else { Core::most };
        let cores = self.cores.iter().map(|(group, core)| (*group, query(core)));
        let extras = self.extras.iter().map(|(group, extra)| (*group, extra.box_clone()));
        cores.chain(extras).collect()
    }
}

impl Core {
    /// What has most of the words.
    fn most(&self) -> Box<dyn Query> {
        self.with(|words| share(words.len(), STRICT))
    }

    /// What has any of the words.
    fn any(&self) -> Box<dyn Query> {
        self.with(|_| 1)
    }

    /// What has some of the words that are asked; every word counts.
    fn some(&self, asked: &[bool]) -> Box<dyn Query> {
        match self {
            Self::Fixed(query) => query.box_clone(),
            Self::Words(all) => {
                let need = share(asked.iter().filter(|asked| **asked).count(), LOOSE);
                Box::new(AtLeast { need, asked: Some(asked.to_vec()), ..all.clone() })
            }
        }
    }

    fn with(&self, need: impl Fn(&[Asked]) -> usize) -> Box<dyn Query> {
        match self {
            Self::Fixed(query) => query.box_clone(),
            Self::Words(all) => Box::new(AtLeast { need: need(&all.words), ..all.clone() }),
        }
    }
}

/// A share of so many words, at least one.
pub(super) fn share(words: usize, percent: usize) -> usize {
    (words * percent / 100).max(1)
}

pub(super) fn worth(query: Box<dyn Query>, points: Score) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, points))
}
