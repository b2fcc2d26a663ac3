//! Where a complaint stands.
//!
//! ```text
//! Filed ─accept─▶ Investigating ─uphold──▶ Upheld
//!   │ │             │         └──dismiss─▶ Dismissed
//!   │ └─withdraw────┴─▶ Withdrawn
//!   └─refuse─▶ NotAccepted
//! ```

use serde::{Deserialize, Serialize};

use super::Complaint;
use crate::{Day, Refusal, Timestamp, rules::Clock};

/// Where a complaint stands (投诉状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ComplaintState {
    /// Waits for its acceptance (待受理).
    Filed {
        /// The last day of the answer.
        due: Day,
    },
    /// Not accepted (不予受理).
    NotAccepted {
        /// Why.
        reason: String,
    },
    /// Accepted, and investigated (调查处理中).
    Investigating {
        /// The last day of the decision.
        due: Day,
    },
    /// Decided for the complainant (投诉成立).
    Upheld {
        /// The decision.
        decision: String,
    },
    /// Decided against the complainant (投诉不成立).
    Dismissed {
        /// The decision.
        decision: String,
    },
    /// Withdrawn by the complainant (已撤回).
    Withdrawn {},
}

impl ComplaintState {
    /// The names of all states, in the order of the table.
    pub const NAMES: &[&str] =
        &["filed", "not_accepted", "investigating", "upheld", "dismissed", "withdrawn"];

    /// The names of the states in which the owner of the purchase hears of it.
    pub(crate) const NAMES_TOLD_TO_OWNER: &[&str] = &["investigating", "upheld", "dismissed"];

    /// The state's name, as stored and shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::NotAccepted { .. } => "not_accepted",
            Self::Investigating { .. } => "investigating",
            Self::Upheld { .. } => "upheld",
            Self::Dismissed { .. } => "dismissed",
            Self::Withdrawn {} => "withdrawn",
        }
    }

    /// It is not decided yet.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Filed { .. } | Self::Investigating { .. })
    }

    /// It was accepted and not withdrawn, so that the owner of the purchase hears of it.
    pub fn is_told_to_owner(&self) -> bool {
        Self::NAMES_TOLD_TO_OWNER.contains(&self.name())
    }

    /// Until when the handler has something to do.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Filed { due } | Self::Investigating { due } => Some(due.end()),
            Self::NotAccepted { .. }
            | Self::Upheld { .. }
            | Self::Dismissed { .. }
            | Self::Withdrawn {} => None,
        }
    }
}

/// A complaint's move, with the event that tells of it: the only thing the store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) complaint: Complaint,
    pub(super) from: Option<&'static str>,
    pub(super) event: &'static str,
}

impl Complaint {
    fn moved(mut self, event: &'static str, now: Timestamp, to: ComplaintState) -> Moved {
        let from = Some(self.state.name());
        let at = now.max(self.updated_at.next());
        self.state = to;
        (self.since, self.updated_at) = (at, at);
        self.version += 1;
        Moved { complaint: self, from, event }
    }

    /// It waits for its acceptance.
    pub(super) const fn filed(&self) -> Result<(), Refusal> {
        match self.state {
            ComplaintState::Filed { .. } => Ok(()),
            ComplaintState::Investigating { .. } => Err(Refusal::ComplaintNotFiled),
            _ => Err(Refusal::ComplaintOver),
        }
    }

    /// It is investigated.
    pub(super) const fn investigating(&self) -> Result<(), Refusal> {
        match self.state {
            ComplaintState::Investigating { .. } => Ok(()),
            ComplaintState::Filed { .. } => Err(Refusal::ComplaintNotInvestigating),
            _ => Err(Refusal::ComplaintOver),
        }
    }

    /// It is not decided yet.
    pub(super) const fn live(&self) -> Result<(), Refusal> {
        if self.state.is_live() { Ok(()) } else { Err(Refusal::ComplaintOver) }
    }

    /// The handler accepts it, and begins to investigate.
    pub(super) fn accept(self, clock: &Clock) -> Result<Moved, Refusal> {
        self.filed()?;
        let due = clock.within(clock.policy.selection.complaint_decision_days);
        Ok(self.moved("complaint_accepted", clock.now, ComplaintState::Investigating { due }))
    }

    /// The handler does not accept it.
    pub(super) fn refuse(self, reason: String, now: Timestamp) -> Result<Moved, Refusal> {
        self.filed()?;
        Ok(self.moved("complaint_not_accepted", now, ComplaintState::NotAccepted { reason }))
    }

    /// The handler decides for the complainant.
    pub(super) fn uphold(self, decision: String, now: Timestamp) -> Result<Moved, Refusal> {
        self.investigating()?;
        Ok(self.moved("complaint_upheld", now, ComplaintState::Upheld { decision }))
    }

    /// The handler decides against the complainant.
    pub(super) fn dismiss(self, decision: String, now: Timestamp) -> Result<Moved, Refusal> {
        self.investigating()?;
        Ok(self.moved("complaint_dismissed", now, ComplaintState::Dismissed { decision }))
    }

    /// The complainant withdraws it.
    pub(super) fn withdraw(self, now: Timestamp) -> Result<Moved, Refusal> {
        self.live()?;
        Ok(self.moved("complaint_withdrawn", now, ComplaintState::Withdrawn {}))
    }
}
