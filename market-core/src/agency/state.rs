//! Where an agency's admission stands, and what may happen to it next.
//!
//! ```text
//! apply ─▶ Applying ─admit──▶ Admitted ─suspend─▶ Suspended ─reinstate─▶ Admitted
//!             │                   └──leave──▶ Exited ◀──leave──┘
//!             └─────reject──▶ Rejected ─reapply─▶ Applying
//! ```
//!
//! Each state is a type that carries what is known by then, and each step is a method of the
//! state it starts from. An agency from the store may be in any state: narrowing it
//! ([`Agency::applying`] and its like) is the one place that can refuse. A suspension that is over
//! has ended by itself: [`Agency::as_of`] a later day, the agency is admitted.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Agency, Details, NewAgency, Origin};
use crate::{Day, Refusal, Timestamp, id::AgencyId, store::text_enum};

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

text_enum! {
    /// Where an agency's admission stands, without what is known of it.
    pub enum Standing {
        /// Waits for the formal check (核验中).
        Applying = "applying",
        /// Admitted (已入驻).
        Admitted = "admitted",
        /// Returned with reasons (已退回).
        Rejected = "rejected",
        /// Takes no new orders for a time (已暂停).
        Suspended = "suspended",
        /// Left the market (已退出).
        Exited = "exited",
    }
}

impl Standing {
    /// Whether anybody may know of an agency that stands so.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Admitted | Self::Suspended | Self::Exited)
    }
}

impl AgencyState {
    /// The state without its details.
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Applying(_) => Standing::Applying,
            Self::Admitted(_) => Standing::Admitted,
            Self::Rejected(_) => Standing::Rejected,
            Self::Suspended(_) => Standing::Suspended,
            Self::Exited(_) => Standing::Exited,
        }
    }

    /// The state's name, as stored and shown.
    pub const fn name(&self) -> &'static str {
        self.standing().as_str()
    }

    /// The last day of the formal check that it waits for.
    pub(crate) const fn check_due(&self) -> Option<Day> {
        match self {
            Self::Applying(state) => Some(state.due),
            _ => None,
        }
    }

    /// The state on a day: a suspension that is over has ended by itself.
    #[must_use]
    pub fn as_of(self, day: Day) -> Self {
        match self {
            Self::Suspended(Suspended { until, .. }) if until < day => Self::Admitted(Admitted {}),
            other => other,
        }
    }
}

/// Admitted or suspended: joined the market, and has not left it.
#[derive(Debug, Clone)]
pub(super) struct Joined(AgencyState);

/// In any state but exited.
#[derive(Debug, Clone)]
pub(super) struct Present(AgencyState);

/// In whatever state a pack brings it.
#[derive(Debug, Clone)]
pub(super) struct Imported(AgencyState);

/// An agency's move to state `S`, with the event that tells of it: the only thing the store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved<S> {
    pub(super) agency: Agency<S>,
    pub(super) old: Option<&'static str>,
    pub(super) event: &'static str,
    pub(super) policy: Option<i64>,
    pub(super) data: Value,
}

impl Agency<Applying> {
    /// A new agency, whose formal check is due on a day.
    pub(super) fn apply(id: AgencyId, new: &NewAgency, due: Day, at: Timestamp) -> Moved<Applying> {
        let agency = Agency {
            id,
            uscc: new.uscc.clone(),
            name: new.name.clone(),
            region: new.region.clone(),
            profile: new.profile.clone(),
            origin: Origin::Registered,
            state: Applying { due },
            version: 1,
            created_at: at,
            updated_at: at,
        };
        Moved::of(agency, None, "agency_applied", json!({ "due": due }))
    }

    pub(super) fn admit(self) -> Moved<Admitted> {
        self.step("agency_admitted", json!({}), |Applying { .. }| Admitted {})
    }

    pub(super) fn reject(self, reasons: Vec<String>) -> Moved<Rejected> {
        let data = json!({ "reasons": reasons });
        self.step("agency_rejected", data, |Applying { .. }| Rejected { reasons })
    }
}

impl Agency<Rejected> {
    /// Applies again, with other details if need be.
    pub(super) fn reapply(self, details: Details, due: Day) -> Moved<Applying> {
        let data = json!({ "due": due });
        self.detailed(details).step("agency_reapplied", data, |Rejected { .. }| Applying { due })
    }
}

impl Agency<Admitted> {
    pub(super) fn suspend(self, until: Day, reason: String) -> Moved<Suspended> {
        let data = json!({ "until": until, "reason": reason });
        self.step("agency_suspended", data, |Admitted {}| Suspended { until, reason })
    }
}

impl Agency<Suspended> {
    pub(super) fn reinstate(self) -> Moved<Admitted> {
        self.step("agency_reinstated", json!({}), |Suspended { .. }| Admitted {})
    }
}

impl Agency<Joined> {
    pub(super) fn leave(self, reason: String) -> Moved<Exited> {
        let data = json!({ "reason": reason });
        self.step("agency_exited", data, |Joined(_)| Exited { reason })
    }
}

impl Agency<Present> {
    /// Corrects what the agency says of itself.
    pub(super) fn change(self, details: Details) -> Moved<Present> {
        self.detailed(details).note("agency_changed", json!({}))
    }
}

impl Agency<Imported> {
    /// A new agency of a pack.
    pub(super) fn arrive(self) -> Moved<Imported> {
        Moved::of(self, None, IMPORTED, json!({}))
    }

    /// Takes over what a pack says of the agency.
    pub(super) fn update(self, details: Details, origin: Origin) -> Moved<Imported> {
        Self { origin, ..self.detailed(details) }.note(IMPORTED, json!({}))
    }
}

/// What the journal calls it when a pack brings or changes an agency.
const IMPORTED: &str = "agency_imported";

impl<S> Agency<S> {
    fn map<T>(self, state: impl FnOnce(S) -> T) -> Agency<T> {
        Agency {
            id: self.id,
            uscc: self.uscc,
            name: self.name,
            region: self.region,
            profile: self.profile,
            origin: self.origin,
            state: state(self.state),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    fn detailed(self, details: Details) -> Self {
        let Details { name, region, profile } = details;
        Self { name, region, profile, ..self }
    }
}

impl<S: Clone + Into<AgencyState>> Agency<S> {
    /// Something that belongs to the agency changed.
    pub(super) fn note(self, event: &'static str, data: Value) -> Moved<S> {
        self.step(event, data, |state| state)
    }

    fn step<T>(self, event: &'static str, data: Value, step: impl FnOnce(S) -> T) -> Moved<T> {
        let old = self.state.clone().into().name();
        let version = self.version + 1;
        Moved::of(Agency { version, ..self.map(step) }, Some(old), event, data)
    }
}

/// Narrowing: the agency, if it is in the state that a step starts from.
impl Agency {
    /// The agency on a day: a suspension that is over has ended by itself.
    #[must_use]
    pub fn as_of(self, day: Day) -> Self {
        self.map(|state| state.as_of(day))
    }

    /// Whether the agency may sell on a day.
    pub fn trades_on(&self, day: Day) -> Result<(), Refusal> {
        match &self.state {
            AgencyState::Suspended(Suspended { until, .. }) if *until < day => Ok(()),
            AgencyState::Admitted(_) => Ok(()),
            AgencyState::Suspended(_) => Err(Refusal::AgencySuspended),
            AgencyState::Exited(_) => Err(Refusal::AgencyExited),
            AgencyState::Applying(_) | AgencyState::Rejected(_) => Err(Refusal::AgencyNotAdmitted),
        }
    }

    pub(super) fn applying(self) -> Result<Agency<Applying>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Applying(applying) => Ok(applying),
            _ => Err(Refusal::AgencyNotApplying),
        })
    }

    pub(super) fn rejected(self) -> Result<Agency<Rejected>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Rejected(rejected) => Ok(rejected),
            _ => Err(Refusal::AgencyNotRejected),
        })
    }

    pub(super) fn admitted(self) -> Result<Agency<Admitted>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Admitted(admitted) => Ok(admitted),
            AgencyState::Suspended(_) => Err(Refusal::AgencySuspended),
            AgencyState::Exited(_) => Err(Refusal::AgencyExited),
            AgencyState::Applying(_) | AgencyState::Rejected(_) => Err(Refusal::AgencyNotAdmitted),
        })
    }

    pub(super) fn suspended(self) -> Result<Agency<Suspended>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Suspended(suspended) => Ok(suspended),
            _ => Err(Refusal::AgencyNotSuspended),
        })
    }

    pub(super) fn joined(self) -> Result<Agency<Joined>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Admitted(_) | AgencyState::Suspended(_) => Ok(Joined(state)),
            AgencyState::Exited(_) => Err(Refusal::AgencyExited),
            AgencyState::Applying(_) | AgencyState::Rejected(_) => Err(Refusal::AgencyNotAdmitted),
        })
    }

    /// Whether it has not left.
    pub(crate) fn is_present(&self) -> Result<(), Refusal> {
        match self.state {
            AgencyState::Exited(_) => Err(Refusal::AgencyExited),
            _ => Ok(()),
        }
    }

    pub(super) fn present(self) -> Result<Agency<Present>, Refusal> {
        self.narrow(|state| match state {
            AgencyState::Exited(_) => Err(Refusal::AgencyExited),
            _ => Ok(Present(state)),
        })
    }

    pub(super) fn imported(self) -> Agency<Imported> {
        self.map(Imported)
    }

    fn narrow<T>(
        self,
        state: impl FnOnce(AgencyState) -> Result<T, Refusal>,
    ) -> Result<Agency<T>, Refusal> {
        let narrowed = state(self.state.clone())?;
        Ok(self.map(|_| narrowed))
    }
}

impl<S> Moved<S> {
    const fn of(
        agency: Agency<S>,
        old: Option<&'static str>,
        event: &'static str,
        data: Value,
    ) -> Self {
        Self { agency, old, event, policy: None, data }
    }

    /// The version of the policy profile that decided.
    pub(super) fn by_policy(self, version: i64) -> Self {
        Self { policy: Some(version), ..self }
    }
}

impl<S: Into<AgencyState>> Moved<S> {
    pub(super) fn any(self) -> Moved<AgencyState> {
        let Self { agency, old, event, policy, data } = self;
        Moved { agency: agency.map(Into::into), old, event, policy, data }
    }
}

macro_rules! states {
    ($($state:ident)*) => {$(
        impl From<$state> for AgencyState {
            fn from(state: $state) -> Self {
                Self::$state(state)
            }
        }
    )*};
}

states! { Applying Admitted Rejected Suspended Exited }

macro_rules! unions {
    ($($union:ident)*) => {$(
        impl From<$union> for AgencyState {
            fn from(union: $union) -> Self {
                union.0
            }
        }
    )*};
}

unions! { Joined Present Imported }
