//! Where an agency's admission stands.
//!
//! ```text
//! apply ─▶ Applying ─admit──▶ Admitted ─suspend─▶ Suspended ─reinstate─▶ Admitted
//!             │                   └──leave──▶ Exited ◀──leave──┘
//!             └─────reject──▶ Rejected ─reapply─▶ Applying
//! ```

use serde::{Deserialize, Serialize};

use crate::Day;

/// Waits for the operator's formal check (形式核验).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Applying {
    /// The last day of the check.
    pub due: Day,
}

/// Admitted to the market (已入驻).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Admitted {}

/// Returned with reasons (已退回).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejected {
    /// Why, each reason by itself.
    pub reasons: Vec<String>,
}

/// Takes no new orders for a time (已暂停).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suspended {
    /// The last day of the suspension; the day after, the agency is admitted again by itself.
    pub until: Day,
    /// Why.
    pub reason: String,
}

/// Left the market (已退出).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exited {
    /// Why.
    pub reason: String,
}

/// An agency's state when only running the program can tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgencyState {
    /// Waits for the formal check.
    Applying(Applying),
    /// Admitted.
    Admitted(Admitted),
    /// Returned with reasons.
    Rejected(Rejected),
    /// Takes no new orders for a time.
    Suspended(Suspended),
    /// Left the market.
    Exited(Exited),
}

impl AgencyState {
    /// The state's name, as stored and shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applying(_) => "applying",
            Self::Admitted(_) => "admitted",
            Self::Rejected(_) => "rejected",
            Self::Suspended(_) => "suspended",
            Self::Exited(_) => "exited",
        }
    }
}
