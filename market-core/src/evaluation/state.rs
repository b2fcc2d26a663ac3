//! Where a window and an evaluation stand.
//!
//! ```text
//! window:      Open ─close─▶ Closed          by the last evaluation, or once its last day is over
//!
//! evaluation:  Sealed ─publish─▶ Published ─appeal─▶ Appealed ─keep─▶ Kept
//!                                   │ hide              │ hide          │ hide
//!                                   └───────────────────┴───────────────┴─▶ Hidden
//! ```
//!
//! An evaluation is published when its window closes, never before. While it is appealed against it
//! does not count, but no longer than its appeal may be decided: it is kept after that.

use serde::{Deserialize, Serialize};

use super::{Evaluation, EvaluationWindow, marks};
use crate::{Day, Party, Refusal, Timestamp, Unrated, rules::Clock};

/// Where a window stands (评价窗口状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WindowState {
    /// Evaluations are given, and nobody sees those of others (评价中).
    Open {
        /// The last day.
        due: Day,
    },
    /// All evaluations are published (已截止).
    Closed {
        /// When it closed.
        at: Timestamp,
        /// Whether the order is deemed evaluated, since nobody evaluated it (视为默认评价).
        deemed: bool,
    },
}

impl WindowState {
    /// The state's name, as stored and shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Closed { .. } => "closed",
        }
    }

    /// The last day on which evaluations are given.
    pub const fn due(&self) -> Option<Day> {
        match self {
            Self::Open { due } => Some(*due),
            Self::Closed { .. } => None,
        }
    }
}

/// Where an evaluation stands (评价状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EvaluationState {
    /// Given; nobody else sees it before the window closes (未公布).
    Sealed {},
    /// Seen by the order's parties, and if it is about the agency by everybody (已公布).
    Published {
        /// The last day of the agency's appeal; none if it may not appeal.
        appeal_until: Option<Day>,
    },
    /// The agency appeals against it; meanwhile it does not count (申诉中).
    Appealed {
        /// Why.
        appeal: String,
        /// The last day of the decision.
        due: Day,
    },
    /// It stands (维持).
    Kept {
        /// Why the agency appealed.
        appeal: String,
        /// Why it stands; nothing, if nobody decided in time.
        decision: Option<String>,
    },
    /// It counts no more, and the public does not see it (已隐藏).
    Hidden {
        /// Why the agency appealed, if it did.
        appeal: Option<String>,
        /// Why it is hidden.
        decision: String,
    },
}

impl EvaluationState {
    /// The name of the state in which nobody but who evaluates knows of it.
    pub(crate) const SEALED: &'static str = "sealed";

    /// The state's name, as stored and shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sealed {} => Self::SEALED,
            Self::Published { .. } => "published",
            Self::Appealed { .. } => "appealed",
            Self::Kept { .. } => "kept",
            Self::Hidden { .. } => "hidden",
        }
    }

    /// Whether it says something of whom it is about.
    pub const fn counts(&self) -> bool {
        matches!(self, Self::Published { .. } | Self::Kept { .. })
    }

    /// Whether anybody may see it, if it is about an agency.
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Published { .. } | Self::Appealed { .. } | Self::Kept { .. })
    }

    /// The last day of a decision that is asked for.
    pub const fn due(&self) -> Option<Day> {
        match self {
            Self::Appealed { due, .. } => Some(*due),
            Self::Sealed {} | Self::Published { .. } | Self::Kept { .. } | Self::Hidden { .. } => {
                None
            }
        }
    }
}

/// A move of a window or an evaluation, with the event that tells of it: the only thing that the
/// store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved<T> {
    pub(super) thing: T,
    pub(super) from: Option<&'static str>,
    pub(super) event: &'static str,
}

impl EvaluationWindow {
    /// Whether evaluations are given today.
    pub(super) fn check_open(&self, today: Day) -> Result<(), Refusal> {
        match self.state {
            WindowState::Open { due } if today <= due => Ok(()),
            WindowState::Open { .. } | WindowState::Closed { .. } => Err(Refusal::EvaluationClosed),
        }
    }

    /// Whether it has to close: everybody has evaluated, or its last day is over.
    fn is_due(&self, given: &[Evaluation], today: Day) -> bool {
        let has_given = |party: &Party| given.iter().any(|one| one.rater == *party);
        self.state.due().is_some_and(|due| due < today || self.raters.iter().all(has_given))
    }

    /// Closes it and publishes what was given; nothing, while it stays open.
    pub(super) fn close(
        self,
        given: Vec<Evaluation>,
        clock: &Clock,
    ) -> Option<(Moved<Self>, Vec<Moved<Evaluation>>)> {
        if !self.is_due(&given, clock.today()) {
            return None;
        }
        let at = clock.now.max(self.updated_at.next());
        let given: Vec<_> =
            given.into_iter().map(|one| one.publish(self.rules.appeal_days, clock)).collect();
        let points = marks::of_order(&self.rules, given.iter().map(|moved| &moved.thing));
        let deemed = points.is_none()
            && given.iter().all(|moved| !moved.thing.is_about_agency())
            && self.rules.unrated == Unrated::Deemed;
        let points = if deemed { Some(self.rules.deemed_points) } else { points };
        let state = WindowState::Closed { at, deemed };
        let version = self.version + 1;
        let from = Some(self.state.name());
        let thing = Self { state, points, version, updated_at: at, ..self };
        Some((Moved { thing, from, event: "evaluation_closed" }, given))
    }

    /// What the order says of its agency now, of all evaluations of it.
    pub(super) fn reckoned<'e>(self, given: impl Iterator<Item = &'e Evaluation>) -> Self {
        match self.state {
            WindowState::Closed { deemed: false, .. } => {
                Self { points: marks::of_order(&self.rules, given), ..self }
            }
            _ => self,
        }
    }
}

impl Evaluation {
    fn moved(mut self, event: &'static str, now: Timestamp, to: EvaluationState) -> Moved<Self> {
        let from = Some(self.state.name());
        self.updated_at = now.max(self.updated_at.next());
        self.state = to;
        self.version += 1;
        Moved { thing: self, from, event }
    }

    /// Only the agency appeals, and only against what is said of it.
    fn publish(self, appeal_days: u32, clock: &Clock) -> Moved<Self> {
        let appeal_until = self.is_about_agency().then(|| clock.within(appeal_days));
        let published = EvaluationState::Published { appeal_until };
        self.moved("evaluation_published", clock.now, published)
    }

    /// Whether the agency may appeal against it today.
    pub(super) fn check_appeal(&self, today: Day) -> Result<(), Refusal> {
        match self.state {
            EvaluationState::Published { appeal_until: Some(last) } if today <= last => Ok(()),
            EvaluationState::Published { appeal_until: Some(_) } => Err(Refusal::AppealTooLate),
            EvaluationState::Published { appeal_until: None } => Err(Refusal::NotAppealable),
            EvaluationState::Appealed { .. } | EvaluationState::Kept { .. } => {
                Err(Refusal::AlreadyAppealed)
            }
            EvaluationState::Hidden { .. } => Err(Refusal::EvaluationHidden),
            EvaluationState::Sealed {} => Err(Refusal::EvaluationSealed),
        }
    }

    /// The agency appeals.
    pub(super) fn appeal(
        self,
        appeal: String,
        decision_days: u32,
        clock: &Clock,
    ) -> Result<Moved<Self>, Refusal> {
        self.check_appeal(clock.today())?;
        let due = clock.within(decision_days);
        let appealed = EvaluationState::Appealed { appeal, due };
        Ok(self.moved("evaluation_appealed", clock.now, appealed))
    }

    /// Why the agency appeals, if the appeal is not decided yet.
    pub(super) fn check_keep(&self) -> Result<&str, Refusal> {
        match &self.state {
            EvaluationState::Appealed { appeal, .. } => Ok(appeal),
            EvaluationState::Hidden { .. } => Err(Refusal::EvaluationHidden),
            EvaluationState::Sealed {} => Err(Refusal::EvaluationSealed),
            EvaluationState::Published { .. } | EvaluationState::Kept { .. } => {
                Err(Refusal::EvaluationNotAppealed)
            }
        }
    }

    /// The supervisor decides that it stands.
    pub(super) fn keep(self, decision: String, now: Timestamp) -> Result<Moved<Self>, Refusal> {
        let appeal = self.check_keep()?.to_owned();
        let kept = EvaluationState::Kept { appeal, decision: Some(decision) };
        Ok(self.moved("evaluation_kept", now, kept))
    }

    /// It stands because nobody decided in time; refused before.
    pub(super) fn lapse(self, clock: &Clock) -> Result<Moved<Self>, Refusal> {
        let appeal = self.check_keep()?.to_owned();
        if self.state.due().is_none_or(|due| clock.today() <= due) {
            return Err(Refusal::EvaluationNotDue);
        }
        let kept = EvaluationState::Kept { appeal, decision: None };
        Ok(self.moved("evaluation_appeal_lapsed", clock.now, kept))
    }

    /// Why the agency appealed, if it did, of an evaluation that may be hidden.
    pub(super) fn check_hide(&self) -> Result<Option<&str>, Refusal> {
        match &self.state {
            EvaluationState::Published { .. } => Ok(None),
            EvaluationState::Appealed { appeal, .. } | EvaluationState::Kept { appeal, .. } => {
                Ok(Some(appeal))
            }
            EvaluationState::Hidden { .. } => Err(Refusal::EvaluationHidden),
            EvaluationState::Sealed {} => Err(Refusal::EvaluationSealed),
        }
    }

    /// The supervisor hides it.
    pub(super) fn hide(self, decision: String, now: Timestamp) -> Result<Moved<Self>, Refusal> {
        let appeal = self.check_hide()?.map(ToOwned::to_owned);
        let hidden = EvaluationState::Hidden { appeal, decision };
        Ok(self.moved("evaluation_hidden", now, hidden))
    }
}
