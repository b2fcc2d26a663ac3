//! What a selection comes to.

use serde::{Deserialize, Serialize};

use super::Quote;
use crate::{Error, id::RegistrationId, store::text_enum};

/// What a selection comes to. What is paid is not part of it: that follows from the winner's
/// quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SelectionOutcome))]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// An agency is chosen (中选).
    Winner {
        /// The winner, then who is next in line, in order.
        ranking: Vec<RegistrationId>,
        /// From what the ranking follows.
        facts: Facts,
    },
    /// The owner picks one of these (入围).
    ShortList {
        /// In drawn order.
        candidates: Vec<RegistrationId>,
        /// Everybody who took part in the lottery.
        tickets: Vec<Tickets>,
    },
    /// The owner scores these.
    ToChoose {
        /// By registration.
        candidates: Vec<RegistrationId>,
    },
    /// Nobody can be chosen (流标).
    Failed {
        /// Why.
        reason: FailureReason,
    },
}

text_enum! {
    /// Why nobody could be chosen (流标原因).
    pub enum FailureReason {
        /// Fewer registered than the minimum (报名机构数量不足).
        TooFewRegistrants = "too_few_registrants",
        /// Fewer valid quotes than the minimum (有效报价数量不足).
        TooFewQuotes = "too_few_quotes",
        /// There are quotes, and every one breaks the limits (无有效报价).
        NoValidQuote = "no_valid_quote",
    }
}

impl FailureReason {
    /// The reason for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::TooFewRegistrants => "报名机构数量不足",
            Self::TooFewQuotes => "有效报价数量不足",
            Self::NoValidQuote => "无有效报价",
        }
    }
}

/// From what a ranking follows, beside the quotes and the draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SelectionFacts))]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Facts {
    /// From the draw alone.
    Lot {},
    /// From the quotes, the lowest first.
    LowestPrice {},
    /// From the distance of the quotes to a reference.
    BestPrice {
        /// The share in percent that was drawn.
        base: u32,
        /// That share of the mean.
        reference: Quote,
        /// What was left out before.
        trimmed: Option<Trimmed>,
    },
    /// From the owner's pick among those whom the weighted lottery drew.
    Credit {
        /// Everybody who took part in the lottery.
        tickets: Vec<Tickets>,
    },
    /// From the owner's scores.
    Scores {
        /// In the order of the ranking.
        totals: Vec<Total>,
    },
}

/// The two quotes that do not count towards a best price, and cannot win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Trimmed {
    /// Who quoted the most.
    pub highest: RegistrationId,
    /// Who quoted the least.
    pub lowest: RegistrationId,
}

/// With how many tickets somebody takes part in a lottery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Tickets {
    /// Who.
    pub registration: RegistrationId,
    /// How many.
    pub tickets: u64,
}

/// What a candidate's scores sum up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ScoreTotal))]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// The candidate.
    pub registration: RegistrationId,
    /// Hundredths of a point, of 100 points.
    pub hundredths: u32,
}

impl Outcome {
    /// Who is chosen, once somebody is.
    pub fn winner(&self) -> Option<RegistrationId> {
        match self {
            Self::Winner { ranking, .. } => ranking.first().copied(),
            _ => None,
        }
    }

    /// The owner's pick from a short list; the others are next in line as they were drawn.
    pub fn pick(self, registration: RegistrationId) -> Result<Self, Error> {
        let Self::ShortList { candidates, tickets } = self else {
            return Err(Error::invalid("/registration", "choice", "there is no short list"));
        };
        if !candidates.contains(&registration) {
            let message = "is not on the short list";
            return Err(Error::invalid("/registration", "unknown", message));
        }
        let others = candidates.into_iter().filter(|candidate| *candidate != registration);
        let ranking = std::iter::once(registration).chain(others).collect();
        Ok(Self::Winner { ranking, facts: Facts::Credit { tickets } })
    }
}
