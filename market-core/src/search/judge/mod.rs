//! Judging search: what it finds, beside what people said it should find.
//!
//! A [`Collection`] holds documents, queries and judgements. [`judge`] asks anything that
//! [`Finds`] every query, and tells by the measures of `metrics` how good the answers were.
//! `read` has the files' format, `engine` the search engine over a collection's documents.

mod collection;
mod engine;
mod metrics;
mod read;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub use self::{
    collection::{Collection, ItemMark, JudgedDocument, JudgedQuery},
    engine::{Judged, Size, Words},
    metrics::{Figures, Judgements},
};
use crate::Error;

/// So many hits of every query are judged.
pub const DEPTH: usize = 50;

/// What finds documents by a text.
pub trait Finds {
    /// The ids of the documents that fit, the best first, at most `limit` of them.
    fn find(&self, text: &str, limit: usize) -> Result<Vec<u64>, Error>;
}

/// How good the answers to a collection's queries were.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The figures of each class of queries, by its name.
    pub classes: Vec<Class>,
    /// The mean over all queries.
    pub of_queries: Figures,
    /// The mean over the classes, each of the same weight however many queries it has.
    pub of_classes: Figures,
    /// Every query in the collection's order, with what was found.
    pub answers: Vec<Answer>,
    /// How long the queries took.
    pub times: Times,
}

/// A class of queries and its mean figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its name.
    pub class: String,
    /// So many queries are of it.
    pub queries: usize,
    /// The mean over its queries.
    pub figures: Figures,
}

/// What was found for one query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The query's place in the collection.
    pub query: usize,
    /// The documents found, the best first.
    pub found: Vec<u64>,
    /// How good that is.
    pub figures: Figures,
}

/// How long queries took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    /// Half of the queries took no longer.
    pub p50: f64,
    /// Of a hundred queries, 99 took no longer.
    pub p99: f64,
}

/// Asks every query of a collection, and judges what is found.
pub fn judge(collection: &Collection, finds: &impl Finds) -> Result<Verdict, Error> {
    let mut answers = Vec::with_capacity(collection.queries.len());
    let mut took = Vec::with_capacity(collection.queries.len());
    for (place, query) in collection.queries.iter().enumerate() {
        let begun = Instant::now();
        let mut found = finds.find(&query.text, DEPTH)?;
        took.push(begun.elapsed());
        found.truncate(DEPTH);
        let figures = Figures::of(&found, &query.judgements);
        answers.push(Answer { query: place, found, figures });
    }
    let mut by_class: BTreeMap<&str, Vec<Figures>> = BTreeMap::new();
    for (query, answer) in collection.queries.iter().zip(&answers) {
        by_class.entry(&query.class).or_default().push(answer.figures);
    }
    let classes: Vec<_> = by_class
        .into_iter()
        .map(|(class, figures)| Class {
            class: class.to_owned(),
            queries: figures.len(),
            figures: Figures::mean(figures),
        })
        .collect();
    Ok(Verdict {
        of_queries: Figures::mean(answers.iter().map(|answer| answer.figures)),
        of_classes: Figures::mean(classes.iter().map(|class| class.figures)),
        classes,
        answers,
        times: Times::of(took),
    })
}

impl Times {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let place = (took.len() * percent).div_ceil(100).saturating_sub(1);
            took.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self { p50: at(50), p99: at(99) }
    }
}

impl Verdict {
    /// The answers of which the least was made, the worst first.
    pub fn worst(&self) -> Vec<&Answer> {
        let mut answers: Vec<_> = self.answers.iter().collect();
        let merit = |answer: &Answer| answer.figures.ndcg_at_10 + answer.figures.recall_at_50;
        answers.sort_by(|a, b| merit(a).total_cmp(&merit(b)));
        answers
    }
}
