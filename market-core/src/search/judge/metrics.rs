//! The measures of an answer, all from 0 to 1.
//!
//! A document is relevant when its grade is above 0; only nDCG tells the grades apart.

use std::collections::BTreeMap;

use super::DEPTH;

/// The grades of the documents that were judged for a query; all others have grade 0.
pub type Judgements = BTreeMap<u64, u8>;

/// So many hits are looked at first.
const FIRST: usize = 10;

/// How good an answer is, or the mean of many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// What the first ten hits are worth, of what the ten best judged documents are worth: a
    /// grade g is worth 2^g − 1, divided by the binary logarithm of the place plus one.
    pub ndcg_at_10: f64,
    /// One divided by the place of the first relevant hit, of whatever grade above 0, among the
    /// first 50; 0 where there is none.
    pub mrr: f64,
    /// The share of the relevant documents among the first 50 hits; where there are more than 50
    /// relevant ones, 50 are all that can be asked.
    pub recall_at_50: f64,
    /// 1 where nothing at all was found; as a mean, the share of such queries.
    pub zero_hits: f64,
}

impl Figures {
    /// The figures of one answer. A document that is named twice counts once.
    pub fn of(found: &[u64], judgements: &Judgements) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let grades: Vec<u8> = found
            .iter()
            .filter(|id| seen.insert(**id))
            .take(DEPTH)
            .map(|id| judgements.get(id).copied().unwrap_or_default())
            .collect();
        let mut ideal: Vec<u8> = judgements.values().copied().filter(|grade| *grade > 0).collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        let first = grades.iter().position(|grade| *grade > 0);
        let relevant = grades.iter().filter(|grade| **grade > 0).count();
        Self {
            ndcg_at_10: share(gain(&grades), gain(&ideal)),
            mrr: first.map_or(0.0, |place| 1.0 / number(place + 1)),
            recall_at_50: share(number(relevant), number(ideal.len().min(DEPTH))),
            zero_hits: if found.is_empty() { 1.0 } else { 0.0 },
        }
    }

    /// The mean of figures; zeros where there are none.
    pub fn mean(figures: impl IntoIterator<Item = Self>) -> Self {
        let (mut sum, mut count) = (Self::default(), 0);
        for one in figures {
            sum.ndcg_at_10 += one.ndcg_at_10;
            sum.mrr += one.mrr;
            sum.recall_at_50 += one.recall_at_50;
            sum.zero_hits += one.zero_hits;
            count += 1;
        }
        let count = number(count);
        Self {
            ndcg_at_10: share(sum.ndcg_at_10, count),
            mrr: share(sum.mrr, count),
            recall_at_50: share(sum.recall_at_50, count),
            zero_hits: share(sum.zero_hits, count),
        }
    }
}

/// What hits of these grades are worth in this order.
fn gain(grades: &[u8]) -> f64 {
    let worth =
        |(place, grade): (usize, &u8)| (f64::from(*grade).exp2() - 1.0) / number(place + 2).log2();
    grades.iter().take(FIRST).enumerate().map(worth).sum()
}

/// A share of a whole; none of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
