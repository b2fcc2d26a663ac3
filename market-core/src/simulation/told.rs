//! What is told of other policy.

use serde::{Deserialize, Serialize};

use crate::{
    Day, Mode, Money, Timestamp,
    code::RegionCode,
    id::{OrderId, PurchaseId, RegistrationId},
    selection::Outcome,
};

/// What a profile would have decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// Where the profile applies.
    pub region: RegionCode,
    /// Its version.
    pub version: i64,
    /// From which day on purchases and orders were looked at.
    pub since: Day,
    /// How many purchases were.
    pub purchases: i64,
    /// How many direct orders were.
    pub orders: i64,
    /// Whether those are all; otherwise the earliest were looked at, and later ones were not.
    pub is_whole: bool,
    /// Those for which something would have been otherwise.
    pub otherwise: Vec<Simulated>,
}

/// What of the market would have been otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// A purchase.
    Purchase(PurchaseId),
    /// A direct order of a listing.
    Order(OrderId),
}

/// A purchase or order for which something would have been otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulated {
    /// Which.
    #[serde(flatten)]
    pub subject: Subject,
    /// What it is about: the title of the notice, or the service item.
    pub title: String,
    /// How its agency was chosen; nothing of a direct order.
    pub mode: Option<Mode>,
    /// Where it stands.
    pub state: String,
    /// What would have been otherwise.
    pub differences: Vec<Difference>,
}

/// One thing that would have been otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// It would not have been admitted.
    Refused {
        /// The code of the refusal.
        code: String,
    },
    /// Its notice would have been wrong.
    Invalid {
        /// Where, and how.
        faults: Vec<String>,
    },
    /// Its price reaches the limit of a direct order.
    OverLimit {
        /// The limit.
        limit: Money,
        /// The price.
        amount: Money,
    },
    /// It would have been reviewed before publication, or would not.
    Review {
        /// Whether it was.
        was: bool,
        /// Whether it would have been.
        would_be: bool,
    },
    /// Enough took part, or would have, by one of the two only.
    Minimum {
        /// How many took part.
        had: u32,
        /// How many must.
        minimum: u32,
    },
    /// The same quotes, scores and seed would have come to something else.
    Outcome {
        /// What they came to.
        was: Came,
        /// What they would have come to.
        would_be: Came,
    },
    /// A deadline would have been another.
    Deadline {
        /// The step that it begins with.
        event: String,
        /// When it was.
        was: Timestamp,
        /// When it would have been.
        would_be: Timestamp,
    },
}

/// What a selection came to, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Came {
    /// Somebody was chosen.
    Winner {
        /// Who.
        registration_id: RegistrationId,
    },
    /// The owner picks one of these.
    Candidates {
        /// Who.
        registrations: Vec<RegistrationId>,
    },
    /// Nobody can be chosen.
    Failed {
        /// Why.
        reason: String,
    },
}

impl From<Outcome> for Came {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Winner { ranking, .. } => match ranking.first() {
                Some(first) => Self::Winner { registration_id: *first },
                None => Self::Candidates { registrations: Vec::new() },
            },
            Outcome::ShortList { candidates, .. } | Outcome::ToChoose { candidates } => {
                Self::Candidates { registrations: candidates }
            }
            Outcome::Failed { reason } => Self::Failed { reason: reason.to_string() },
        }
    }
}
