//! The verifiable draw (随机抽取): chance that nobody can steer and that anybody can check.
//!
//! Pure: no database, no clock, no randomness of its own. What decides is committed to in the
//! notice, revealed after the list is sealed, and hashed together into a seed; from the seed, each
//! draw follows. `docs/draw.md` gives every byte, for those who write a verifier of their own.
//!
//! Reading order: [`Draws`] (from a seed to lots), [`Commitment`], [`Sealed`] (what was fixed before
//! chance came in), [`Proof`] (the published file), and what a verifier finds wrong, [`Flaw`].

mod beacon;
mod bytes;
mod canonical;
mod commitment;
mod draws;
mod flaw;
mod proof;
mod sealed;
#[cfg(test)]
mod tests;
mod verify;

use serde::{Deserialize, Serialize};

pub(crate) use self::beacon::MOST_DECIMALS;
pub(crate) use self::canonical::canonical;
pub use self::{
    beacon::{Beacon, PublicNumber},
    bytes::{Bytes32, NotHex, Seed},
    canonical::NotCanonical,
    commitment::{Commitment, quote_commitment},
    draws::{Drawn, Draws, NotDrawn},
    flaw::{Flaw, FlawKind},
    proof::{Entropy, NotAProof, Opened, Proof, Reveal},
    sealed::{Candidate, Excluded, Sealed},
    verify::Verified,
};

/// The algorithm of this module, named in every sealed list.
pub const ALGORITHM: &str = "market-draw-v1";

/// The most tickets of one draw together: 2^53 − 1, the largest whole number that every reader of
/// JSON keeps exactly.
pub const MAX_TICKETS: u64 = canonical::LARGEST;

/// One lot: who, and with how many tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Who or what is drawn, such as a registration's id.
    pub key: String,
    /// How many tickets it has: at least one.
    pub tickets: u64,
}

/// Draws lots, and keeps what was drawn so that anybody can draw it again.
pub trait Lottery {
    /// Draws without replacement, weighted by tickets; fewer lots than `take`: all, in drawn order.
    fn draw(&mut self, label: &str, lots: &[Lot], take: usize) -> Vec<String>;
}
