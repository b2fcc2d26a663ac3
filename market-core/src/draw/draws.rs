//! From a seed to the lots that are drawn.

use serde::{Deserialize, Serialize};

use super::{
    ALGORITHM, Lot, Lottery, MAX_TICKETS,
    bytes::{Bytes32, Hash, Seed},
};

/// One draw as it happened: everything that is needed to draw it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// What was drawn for; no other draw of the same proof has this label.
    pub label: String,
    /// The lots, sorted by key.
    pub lots: Vec<Lot>,
    /// How many were asked for.
    pub take: usize,
    /// The keys of the drawn lots, the first drawn first.
    pub taken: Vec<String>,
}

/// Why a draw cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    /// A draw of this label was held already: it would give the same again.
    #[error("a second draw for {0:?}")]
    LabelTwice(String),
    /// Two lots have the same key.
    #[error("the lot {0:?} is there twice")]
    LotTwice(String),
    /// A lot could never be drawn.
    #[error("the lot {0:?} has no ticket")]
    NoTicket(String),
    /// The tickets together are more than can be counted exactly.
    #[error("more than {MAX_TICKETS} tickets in the draw for {0:?}")]
    TooManyTickets(String),
}

/// The lottery over a seed; it records every draw.
///
/// A draw that cannot be held draws nobody, and [`Draws::finish`] then gives the reason instead of a
/// record: nothing can be proved that was not drawn.
#[derive(Debug)]
pub struct Draws {
    seed: Seed,
    drawn: Vec<Drawn>,
    refused: Option<NotDrawn>,
}

impl Draws {
    /// A lottery that has drawn nothing yet.
    pub const fn over(seed: Seed) -> Self {
        Self { seed, drawn: Vec::new(), refused: None }
    }

    /// The record of all draws, in the order in which they were held.
    pub fn finish(self) -> Result<Vec<Drawn>, NotDrawn> {
        self.refused.map_or(Ok(self.drawn), Err)
    }

    fn hold(&mut self, label: &str, lots: &[Lot], take: usize) -> Result<Vec<String>, NotDrawn> {
        if self.drawn.iter().any(|drawn| drawn.label == label) {
            return Err(NotDrawn::LabelTwice(label.to_owned()));
        }
        let mut lots = lots.to_vec();
        lots.sort_by(|one, other| one.key.cmp(&other.key));
        let taken = draw(self.seed, label, &lots, take)?;
        self.drawn.push(Drawn { label: label.to_owned(), lots, take, taken: taken.clone() });
        Ok(taken)
    }
}

impl Lottery for Draws {
    fn draw(&mut self, label: &str, lots: &[Lot], take: usize) -> Vec<String> {
        self.hold(label, lots, take).unwrap_or_else(|why| {
            self.refused.get_or_insert(why);
            Vec::new()
        })
    }
}

/// Draws from lots that are sorted by key.
pub(super) fn draw(
    seed: Seed,
    label: &str,
    sorted: &[Lot],
    take: usize,
) -> Result<Vec<String>, NotDrawn> {
    let mut total = count(label, sorted)?;
    let mut left: Vec<&Lot> = sorted.iter().collect();
    let mut words = Words::of(seed, label);
    let mut taken = Vec::new();
    while taken.len() < take && !left.is_empty() {
        let mut ticket = words.below(total);
        let holder = left.iter().position(|lot| {
            let holds = ticket < lot.tickets;
            ticket = ticket.saturating_sub(lot.tickets);
            holds
        });
        let lot = left.remove(holder.unwrap_or_default());
        total -= lot.tickets;
        taken.push(lot.key.clone());
    }
    Ok(taken)
}

/// The tickets of all lots together.
fn count(label: &str, sorted: &[Lot]) -> Result<u64, NotDrawn> {
    for pair in sorted.windows(2) {
        if pair[0].key == pair[1].key {
            return Err(NotDrawn::LotTwice(pair[0].key.clone()));
        }
    }
    sorted.iter().try_fold(0_u64, |total, lot| match lot.tickets {
        0 => Err(NotDrawn::NoTicket(lot.key.clone())),
        tickets => total
            .checked_add(tickets)
            .filter(|total| *total <= MAX_TICKETS)
            .ok_or_else(|| NotDrawn::TooManyTickets(label.to_owned())),
    })
}

/// The endless words of 64 bits that follow from a seed and a label.
struct Words {
    start: Hash,
    next: u64,
}

impl Words {
    fn of(seed: Seed, label: &str) -> Self {
        let start = Hash::tagged(ALGORITHM).fixed(&seed.0.0).field(label.as_bytes());
        Self { start, next: 0 }
    }

    fn word(&mut self) -> u64 {
        let Bytes32(digest) = self.start.clone().fixed(&self.next.to_be_bytes()).done();
        self.next += 1;
        digest[..8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// A number below a bound, each as likely as any other: words from the last, incomplete
    /// multiple of the bound are passed over.
    fn below(&mut self, bound: u64) -> u64 {
        let incomplete = (u64::MAX % bound + 1) % bound;
        loop {
            let word = self.word();
            if word <= u64::MAX - incomplete {
                return word % bound;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed(Bytes32([7; 32]));

    fn lot(key: &str, tickets: u64) -> Lot {
        Lot { key: key.to_owned(), tickets }
    }

    #[derive(Deserialize)]
    struct Vectors {
        words: Vector,
    }

    #[derive(Deserialize)]
    struct Vector {
        seed: Seed,
        label: String,
        bound: u64,
        words: Vec<u64>,
        numbers: Vec<u64>,
    }

    #[test]
    fn words_of_the_incomplete_multiple_are_passed_over() {
        let Vectors { words: vector } =
            serde_json::from_str(include_str!("vectors/vectors.json")).unwrap();
        let mut words = Words::of(vector.seed, &vector.label);
        assert_eq!(vector.words, [(); 12].map(|()| words.word()));
        let mut words = Words::of(vector.seed, &vector.label);
        assert_eq!(vector.numbers, [(); 3].map(|()| words.below(vector.bound)));
        assert_eq!(words.below(1), 0, "one ticket has one holder");
        assert_eq!(words.next, 13, "each word is read once");
    }

    #[test]
    fn the_order_in_which_lots_are_given_does_not_matter() {
        let lots = [lot("c", 3), lot("a", 1), lot("b", 2)];
        let mut turned = lots.clone();
        turned.reverse();
        let drawn = |lots: &[Lot]| {
            let mut draws = Draws::over(SEED);
            draws.draw("winner", lots, 3);
            draws.finish().unwrap()
        };
        assert_eq!(drawn(&lots), drawn(&turned));
        assert!(drawn(&lots)[0].lots.is_sorted_by_key(|lot| lot.key.clone()));
    }

    #[test]
    fn a_draw_that_cannot_be_held_leaves_no_record() {
        let cases: [(&[Lot], NotDrawn); 4] = [
            (&[lot("a", 1), lot("b", 1), lot("a", 2)], NotDrawn::LotTwice("a".into())),
            (&[lot("a", 1), lot("b", 0)], NotDrawn::NoTicket("b".into())),
            (&[lot("a", MAX_TICKETS), lot("b", 1)], NotDrawn::TooManyTickets("x".into())),
            (&[lot("a", u64::MAX), lot("b", u64::MAX)], NotDrawn::TooManyTickets("x".into())),
        ];
        for (lots, why) in cases {
            let mut draws = Draws::over(SEED);
            assert_eq!(draws.draw("fine", &[lot("a", MAX_TICKETS)], 1), ["a"]);
            assert!(draws.draw("x", lots, 1).is_empty(), "{why}");
            draws.draw("later", &[lot("a", 1)], 1);
            assert_eq!(draws.finish(), Err(why));
        }
    }

    #[test]
    fn a_label_is_drawn_once() {
        let mut draws = Draws::over(SEED);
        assert_eq!(draws.draw("tie", &[lot("a", 1)], 1), ["a"]);
        assert!(draws.draw("tie", &[lot("a", 1), lot("b", 1)], 1).is_empty());
        assert_eq!(draws.finish(), Err(NotDrawn::LabelTwice("tie".into())));
    }
}
