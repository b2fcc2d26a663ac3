//! What a notice fixes of how the agency will be chosen.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Limits;
use crate::{Fault, Mode, kernel::text::check_text};

/// How the agency of a purchase is chosen, as its notice fixes it; the numbers are the policy
/// profile's or the owner's, and never change after the notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The mode, with what it needs to know.
    pub rule: Rule,
    /// The fewest registrants, and where they quote the fewest valid quotes; with fewer the
    /// purchase fails.
    pub minimum: usize,
    /// What quotes must keep to; nothing where none are asked for.
    pub limits: Option<Limits>,
}

/// A mode of selection with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SelectionRule))]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// By lot.
    Random {
        /// How many are drawn to be next in line.
        alternates: usize,
    },
    /// The lowest quote. (Braces, because they refuse unknown fields.)
    LowestPrice {},
    /// The quote nearest to a share of the mean.
    BestPrice {
        /// The shares in percent, of which one is drawn after the close.
        bases: Vec<u32>,
        /// From how many quotes on one highest and one lowest are dropped.
        trim_from: usize,
    },
    /// The owner's pick from a short list that a lottery weighted with credit has drawn.
    CreditPreferred {
        /// How many of the best credit take part in the lottery; whoever equals the last does too.
        long_list: usize,
        /// How many are drawn.
        short_list: usize,
        /// For how many points of credit there is one ticket.
        points_per_ticket: u32,
    },
    /// The owner's scores of plans.
    PlanPreferred {
        /// What is scored.
        criteria: Vec<Criterion>,
    },
    /// The owner's scores of the answers to an inquiry.
    Inquiry {
        /// What is scored.
        criteria: Vec<Criterion>,
    },
    /// The lowest quote after rounds.
    MultiRound {
        /// How many.
        rounds: u32,
    },
    /// The lowest quote after the owner's replies; of equals the earliest.
    Negotiation {
        /// How many times agencies may quote.
        rounds: u32,
    },
}

/// One thing by which the owner scores candidates (评分项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// By what scores name it.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,32}$"))]
    pub key: String,
    /// Its name for people.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// How many percent of the total it makes.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub weight: u32,
}

/// The most of anything that a notice may list or count.
const MOST: usize = 1000;
/// The most criteria of one notice.
const MOST_CRITERIA: usize = 20;
/// The most rounds of quotes.
const MOST_ROUNDS: usize = 10;
/// The longest key of a criterion.
const LONGEST_KEY: usize = 32;

impl Rule {
    /// The mode.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Random { .. } => Mode::Random,
            Self::LowestPrice {} => Mode::LowestPrice,
            Self::BestPrice { .. } => Mode::BestPrice,
            Self::CreditPreferred { .. } => Mode::CreditPreferred,
            Self::PlanPreferred { .. } => Mode::PlanPreferred,
            Self::Inquiry { .. } => Mode::Inquiry,
            Self::MultiRound { .. } => Mode::MultiRound,
            Self::Negotiation { .. } => Mode::Negotiation,
        }
    }

    /// What the owner scores, where scores decide.
    pub fn criteria(&self) -> Option<&[Criterion]> {
        match self {
            Self::PlanPreferred { criteria } | Self::Inquiry { criteria } => Some(criteria),
            _ => None,
        }
    }
}

impl Selection {
    /// Every fault of it, each with its place below `at`, a JSON pointer.
    pub fn validate(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_count(&format!("{at}/minimum"), self.minimum, 1, MOST, &mut faults);
        let limits = format!("{at}/limits");
        match (self.rule.mode().wants_quotes(), self.limits) {
            (true, None) => {
                faults.push(Fault::new(limits, "missing", "this mode needs limits for quotes"));
            }
            (false, Some(_)) => {
                faults.push(Fault::new(limits, "choice", "this mode takes no quotes"));
            }
            (_, Some(given)) => given.validate(&limits, &mut faults),
            (false, None) => {}
        }
        self.rule.validate(&format!("{at}/rule"), &mut faults);
        faults
    }
}

impl Rule {
    fn validate(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut count = |field: &str, count: usize, low: usize, high: usize| {
            check_count(&format!("{at}/{field}"), count, low, high, faults);
        };
        match self {
            Self::Random { alternates } => count("alternates", *alternates, 0, MOST),
            Self::LowestPrice {} => {}
            Self::BestPrice { bases, trim_from } => {
                // Of three, one is left when two are dropped.
                count("trim_from", *trim_from, 3, MOST);
                check_bases(&format!("{at}/bases"), bases, faults);
            }
            Self::CreditPreferred { long_list, short_list, points_per_ticket } => {
                count("long_list", *long_list, 1, MOST);
                count("short_list", *short_list, 1, MOST);
                count("points_per_ticket", *points_per_ticket as usize, 1, MOST);
                if short_list > long_list {
                    let message = "must not be over the long list";
                    faults.push(Fault::new(format!("{at}/short_list"), "range", message));
                }
            }
            Self::PlanPreferred { criteria } | Self::Inquiry { criteria } => {
                check_criteria(&format!("{at}/criteria"), criteria, faults);
            }
            Self::MultiRound { rounds } | Self::Negotiation { rounds } => {
                count("rounds", *rounds as usize, 1, MOST_ROUNDS);
            }
        }
    }
}

fn check_count(at: &str, count: usize, low: usize, high: usize, faults: &mut Vec<Fault>) {
    if !(low..=high).contains(&count) {
        faults.push(Fault::new(at, "range", format!("must be between {low} and {high}")));
    }
}

fn check_bases(at: &str, bases: &[u32], faults: &mut Vec<Fault>) {
    if bases.is_empty() {
        faults.push(Fault::new(at, "missing", "at least one base is needed"));
    }
    let mut seen = BTreeSet::new();
    for (index, base) in bases.iter().enumerate() {
        let place = format!("{at}/{index}");
        if !(50..=100).contains(base) {
            faults.push(Fault::new(place, "range", "must be between 50 and 100 percent"));
        } else if !seen.insert(base) {
            faults.push(Fault::new(place, "duplicate", "this base is named already"));
        }
    }
}

fn check_criteria(at: &str, criteria: &[Criterion], faults: &mut Vec<Fault>) {
    if !(1..=MOST_CRITERIA).contains(&criteria.len()) {
        let message = format!("must be 1 to {MOST_CRITERIA} criteria");
        faults.push(Fault::new(at, "length", message));
    }
    let mut keys = BTreeSet::new();
    for (index, criterion) in criteria.iter().enumerate() {
        let place = |field: &str| format!("{at}/{index}/{field}");
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if !(1..=LONGEST_KEY).contains(&criterion.key.len()) || !criterion.key.bytes().all(plain) {
            let message = format!("must be 1 to {LONGEST_KEY} of a to z, 0 to 9 and _");
            faults.push(Fault::new(place("key"), "format", message));
        } else if !keys.insert(&criterion.key) {
            faults.push(Fault::new(place("key"), "duplicate", "this key is used already"));
        }
        check_text(&place("name"), &criterion.name, 1, 100, faults);
        if !(1..=100).contains(&criterion.weight) {
            faults.push(Fault::new(place("weight"), "range", "must be between 1 and 100 percent"));
        }
    }
    let sum: u64 = criteria.iter().map(|criterion| u64::from(criterion.weight)).sum();
    if !criteria.is_empty() && sum != 100 {
        let message = format!("the weights must sum to 100 percent, not {sum}");
        faults.push(Fault::new(at, "sum", message));
    }
}
