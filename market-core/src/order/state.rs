//! What may happen to an order, and in what order.
//!
//! ```text
//! place ─▶ Placed ─accept─▶ Accepted ─record_contract─▶ Contracted ─confirm_contract─▶ InService
//!           │ │ decline        │  ▲                        │                             │ deliver
//!           │ └─▶ Declined     │  └────reject_contract─────┘                             ▼
//!           └─────cancel───────┴─▶ Cancelled        Reworking ◀─return_for_rework─── Delivered
//!                                                   │  ▲  deliver again ─────────────────▲ │ sign_off
//!                                                   └──┼─────────────────────────────────┘ ▼
//!                                                      └─return (a department)──────── SignedOff
//!   terminate: from Contracted to Delivered ─▶ Terminated               use (the last) ─▶ Completed
//! ```
//!
//! Each state is a type that carries what is known by then. An order from the store may be in any
//! state: narrowing it (`Order::placed` and its like) is the one place that can refuse. The steps
//! themselves are in `steps`.

use serde::{Deserialize, Serialize};

use super::{
    Order,
    contract::{Contract, Returned, Side, Use, UseState},
};
use crate::{Day, Party, Refusal, Timestamp, code::DepartmentCode};

macro_rules! state {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_doc])* pub $field: $type),* }
    };
}

state! {
    /// Waits for the agency's answer (待接单).
    Placed {
        /// The last day of the agency's answer.
        due: Day,
    }
}
state! {
    /// The agency takes it on; a contract is to be recorded (待签合同).
    Accepted {
        /// The last day of the contract's record.
        due: Day,
        /// Why the other side did not confirm what was recorded last, if anything was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected: Option<String>,
    }
}
state! {
    /// The agency does not take it on (已拒单).
    Declined {
        /// Why.
        reason: String,
    }
}
state! {
    /// One side has recorded the contract; the other confirms it (待确认合同).
    Contracted {
        /// The contract.
        contract: Contract,
        /// The side that recorded it.
        recorded_by: Side,
        /// The last day of the other side's confirmation.
        due: Day,
    }
}
state! {
    /// The agency works (服务中).
    InService {
        /// The contract.
        contract: Contract,
        /// The last day of the promised turnaround.
        due: Day,
    }
}
state! {
    /// Handed over; the applicant checks it (待验收).
    Delivered {
        /// The contract.
        contract: Contract,
        /// The number of the deliverable.
        deliverable: i64,
        /// The last day of the check.
        due: Day,
        /// Whether it is deemed accepted after that day.
        deemed: bool,
    }
}
state! {
    /// Returned; the agency mends it (返工中).
    Reworking {
        /// The contract.
        contract: Contract,
        /// The number of the deliverable that was returned.
        deliverable: i64,
        /// Who returned it, and why.
        returned: Returned,
        /// The last day of the rework.
        due: Day,
    }
}
state! {
    /// Accepted by the applicant; the departments use it (已验收, 待使用).
    SignedOff {
        /// The contract.
        contract: Contract,
        /// The number of the deliverable.
        deliverable: i64,
        /// What each department that needs it has done with it.
        uses: Vec<Use>,
        /// The day of acceptance, from which payment is reckoned: the last day of the check, if
        /// it came later.
        accepted_on: Day,
        /// The last day of the departments' use.
        due: Day,
    }
}
state! {
    /// Used by every department that needs it (已完成).
    Completed {
        /// The contract.
        contract: Contract,
        /// The number of the deliverable.
        deliverable: i64,
        /// What each department that needs it has done with it.
        uses: Vec<Use>,
        /// The day of acceptance, from which payment is reckoned: the last day of the check, if
        /// it came later.
        accepted_on: Day,
    }
}
state! {
    /// Given up before a contract (已取消).
    Cancelled {
        /// The side that gave it up; neither, if the time for its contract passed.
        by: Option<Side>,
        /// Why.
        reason: String,
    }
}
state! {
    /// Ended before completion (已终止).
    Terminated {
        /// The contract, if both sides had confirmed one.
        contract: Option<Contract>,
        /// The number of the last deliverable that was handed over, if any was.
        deliverable: Option<i64>,
        /// The side that ended it.
        by: Side,
        /// Why.
        reason: String,
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $state:ident $name:literal $($narrow:ident or $refusal:ident)?;)*) => {
        /// An order's state when only running the program can tell it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OrderState))]
        #[serde(tag = "state", rename_all = "snake_case")]
        pub enum AnyState { $($(#[$doc])* $state($state)),* }

        impl AnyState {
            /// The names of all states, in the order of the table.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The state's name, as stored and shown.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$state(_) => $name),* }
            }
        }

        impl Order {
            $($(
                #[doc = concat!("The order, if it is in state [`", stringify!($state), "`].")]
                pub(super) fn $narrow(self) -> Result<Order<$state>, Refusal> {
                    let Self { id, terms, state, since, version, placed_at, updated_at } = self;
                    match state {
                        AnyState::$state(state) => {
                            Ok(Order { id, terms, state, since, version, placed_at, updated_at })
                        }
                        state if state.is_over() => Err(Refusal::OrderOver),
                        _ => Err(Refusal::$refusal),
                    }
                }
            )?)*
        }

        $(
            impl From<$state> for AnyState {
                fn from(state: $state) -> Self { Self::$state(state) }
            }
        )*
    };
}

states! {
    /// Waits for the agency's answer.
    Placed "placed" placed or OrderNotPlaced;
    /// A contract is to be recorded.
    Accepted "accepted" accepted or OrderNotAccepted;
    /// The other side confirms the contract.
    Contracted "contracted" contracted or OrderNotContracted;
    /// The agency works.
    InService "in_service" in_service or OrderNotInService;
    /// The applicant checks the deliverable.
    Delivered "delivered" delivered or OrderNotDelivered;
    /// The agency mends the deliverable.
    Reworking "reworking" reworking or OrderNotInService;
    /// The departments use the deliverable.
    SignedOff "signed_off" signed_off or OrderNotSignedOff;
    /// Used by every department that needs it.
    Completed "completed";
    /// The agency did not take it on.
    Declined "declined";
    /// Given up before a contract.
    Cancelled "cancelled";
    /// Ended before completion.
    Terminated "terminated";
}

impl AnyState {
    /// Nothing happens to it any more.
    pub const fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Completed(_) | Self::Declined(_) | Self::Cancelled(_) | Self::Terminated(_)
        )
    }

    /// It satisfies its requirement, or is about to, so that nobody may order it again.
    pub const fn is_live(&self) -> bool {
        !matches!(self, Self::Declined(_) | Self::Cancelled(_) | Self::Terminated(_))
    }

    /// The last day of whoever holds it.
    pub const fn due(&self) -> Option<Day> {
        match self {
            Self::Placed(state) => Some(state.due),
            Self::Accepted(state) => Some(state.due),
            Self::Contracted(state) => Some(state.due),
            Self::InService(state) => Some(state.due),
            Self::Delivered(state) => Some(state.due),
            Self::Reworking(state) => Some(state.due),
            Self::SignedOff(state) => Some(state.due),
            Self::Completed(_) | Self::Declined(_) | Self::Cancelled(_) | Self::Terminated(_) => {
                None
            }
        }
    }

    /// The number of the last deliverable that was handed over.
    pub const fn handed_over(&self) -> Option<i64> {
        match self {
            Self::Delivered(state) => Some(state.deliverable),
            Self::Reworking(state) => Some(state.deliverable),
            Self::SignedOff(state) => Some(state.deliverable),
            Self::Completed(state) => Some(state.deliverable),
            Self::Terminated(state) => state.deliverable,
            _ => None,
        }
    }

    /// The contract that both sides have confirmed.
    pub const fn contract(&self) -> Option<&Contract> {
        match self {
            Self::InService(state) => Some(&state.contract),
            Self::Delivered(state) => Some(&state.contract),
            Self::Reworking(state) => Some(&state.contract),
            Self::SignedOff(state) => Some(&state.contract),
            Self::Completed(state) => Some(&state.contract),
            Self::Terminated(state) => state.contract.as_ref(),
            _ => None,
        }
    }

    /// The contract, as long as it may change.
    pub(super) const fn contract_mut(&mut self) -> Option<&mut Contract> {
        match self {
            Self::InService(state) => Some(&mut state.contract),
            Self::Delivered(state) => Some(&mut state.contract),
            Self::Reworking(state) => Some(&mut state.contract),
            _ => None,
        }
    }

    /// The departments that have used the deliverable.
    pub fn used_by(&self) -> Vec<DepartmentCode> {
        let uses = match self {
            Self::SignedOff(state) => &state.uses,
            Self::Completed(state) => &state.uses,
            _ => return Vec::new(),
        };
        let done = uses.iter().filter(|one| one.state == UseState::Used);
        done.map(|one| one.department.clone()).collect()
    }
}

/// Who an order waits for, since when and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// Who; several departments may be waited for at once.
    pub parties: Vec<Party>,
    /// Since when.
    pub since: Timestamp,
    /// The last day.
    pub until: Option<Day>,
}

impl Order {
    /// Who the order waits for; nobody, once it is over.
    pub fn holder(&self) -> Option<Holder> {
        let applicant = Party::Applicant(self.terms.applicant_id);
        let agency = Party::Agency(self.terms.agency_id);
        let parties = match &self.state {
            AnyState::Placed(_) | AnyState::InService(_) | AnyState::Reworking(_) => vec![agency],
            AnyState::Accepted(_) => vec![applicant, agency],
            AnyState::Contracted(state) => match state.recorded_by {
                Side::Agency => vec![applicant],
                Side::Applicant => vec![agency],
            },
            AnyState::Delivered(_) => vec![applicant],
            AnyState::SignedOff(state) => {
                let pending = state.uses.iter().filter(|one| one.state == UseState::Pending);
                pending.map(|one| Party::Department(one.department.clone())).collect()
            }
            AnyState::Completed(_)
            | AnyState::Declined(_)
            | AnyState::Cancelled(_)
            | AnyState::Terminated(_) => return None,
        };
        Some(Holder { parties, since: self.since, until: self.state.due() })
    }
}
