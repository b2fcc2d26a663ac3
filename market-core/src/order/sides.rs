//! The steps of an order's two sides, the applicant and the agency.

use serde::Serialize;

use super::{
    AnyState, Contract, NewReturn, Order, Orders, Side,
    departments::USE,
    steps::{Moved, Step},
};
use crate::{
    Actor, Call, Error, Party, Refusal,
    id::OrderId,
    kernel::{
        action::Action,
        authority::{Act, Relation, Role, act},
        text::check_reason,
    },
    matter::Matter,
    rules::Clock,
    store::{begin, retry},
};

/// Every step of the two sides, by its name.
const STEPS: &[(&str, Step)] = &[
    ("accept", Step::Accept),
    ("decline", Step::Decline),
    ("cancel", Step::Cancel),
    ("record-contract", Step::RecordContract),
    ("confirm-contract", Step::ConfirmContract),
    ("reject-contract", Step::RejectContract),
    ("upload", Step::Upload),
    ("deliver", Step::Deliver),
    ("return-for-rework", Step::ReturnForRework),
    ("sign-off", Step::SignOff),
    ("terminate", Step::Terminate),
];

impl Orders<'_> {
    /// The agency takes the order on.
    pub async fn accept(&self, call: &Call, id: OrderId) -> Result<Order, Error> {
        self.step(call, id, "orders.accept", &(), Step::Accept, |order, ask| {
            Ok(order.placed()?.accept(ask.clock).any())
        })
        .await
    }

    /// The agency does not take the order on; the requirement may be ordered elsewhere.
    pub async fn decline(&self, call: &Call, id: OrderId, reason: &str) -> Result<Order, Error> {
        check_reason(reason)?;
        self.step(call, id, "orders.decline", &reason, Step::Decline, |order, ask| {
            Ok(order.placed()?.decline(reason.to_owned(), ask.clock).any())
        })
        .await
    }

    /// The applicant gives the order up before a contract.
    pub async fn cancel(&self, call: &Call, id: OrderId, reason: &str) -> Result<Order, Error> {
        check_reason(reason)?;
        self.step(call, id, "orders.cancel", &reason, Step::Cancel, |order, ask| {
            order.cancel(ask.side, reason.to_owned(), ask.clock)
        })
        .await
    }

    /// Either side records the contract.
    pub async fn record_contract(
        &self,
        call: &Call,
        id: OrderId,
        contract: Contract,
    ) -> Result<Order, Error> {
        contract.check(self.0.env.now().day())?;
        self.step(
            call,
            id,
            "orders.record-contract",
            &contract,
            Step::RecordContract,
            |order, ask| {
                let order = order.accepted()?;
                Ok(order.record_contract(contract.clone(), ask.side, ask.clock)?.any())
            },
        )
        .await
    }

    /// The other side confirms the contract; the service begins.
    pub async fn confirm_contract(&self, call: &Call, id: OrderId) -> Result<Order, Error> {
        self.step(call, id, "orders.confirm-contract", &(), Step::ConfirmContract, |order, ask| {
            Ok(order.contracted()?.confirm_contract(ask.side, ask.clock)?.any())
        })
        .await
    }

    /// The other side does not agree with what was recorded.
    pub async fn reject_contract(
        &self,
        call: &Call,
        id: OrderId,
        reason: &str,
    ) -> Result<Order, Error> {
        check_reason(reason)?;
        self.step(
            call,
            id,
            "orders.reject-contract",
            &reason,
            Step::RejectContract,
            |order, ask| {
                let reason = reason.to_owned();
                Ok(order.contracted()?.reject_contract(ask.side, reason, ask.clock)?.any())
            },
        )
        .await
    }

    /// The applicant returns the deliverable to be mended.
    pub async fn return_for_rework(
        &self,
        call: &Call,
        id: OrderId,
        new: NewReturn,
    ) -> Result<Order, Error> {
        new.check()?;
        let step = Step::ReturnForRework;
        self.step(call, id, "orders.return-for-rework", &new, step, |order, ask| {
            let returned = new.by(&call.actor.party, ask.clock.now);
            Ok(order.delivered()?.return_for_rework(returned, ask.clock).any())
        })
        .await
    }

    /// The applicant accepts the deliverable (验收): the departments may use it.
    pub async fn sign_off(&self, call: &Call, id: OrderId) -> Result<Order, Error> {
        self.step(call, id, "orders.sign-off", &(), Step::SignOff, |order, ask| {
            let consumers = ask.matter.consumers(&order.terms.item);
            Ok(order.delivered()?.sign_off(consumers, ask.clock))
        })
        .await
    }

    /// Either side ends the order after its contract; the requirement may be ordered again.
    pub async fn terminate(&self, call: &Call, id: OrderId, reason: &str) -> Result<Order, Error> {
        check_reason(reason)?;
        self.step(call, id, "orders.terminate", &reason, Step::Terminate, |order, ask| {
            order.terminate(ask.side, reason.to_owned(), ask.clock)
        })
        .await
    }

    /// Loads, narrows, moves and saves: the path of every step of a side.
    async fn step(
        &self,
        call: &Call,
        id: OrderId,
        action: &'static str,
        input: &impl Serialize,
        step: Step,
        by: impl Fn(Order, &Ask<'_>) -> Result<Moved<AnyState>, Refusal>,
    ) -> Result<Order, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, input));
            let held = tx.hold_order(call, id).await?;
            let side = side_of(&call.actor, &held.order)?;
            step.check_side(side)?;
            let ask = Ask { side, clock: &held.clock, matter: &held.matter };
            let moved = by(held.order.clone(), &ask)?;
            let order = tx.save_move(moved, held).await?;
            tx.finish(order).await
        })
        .await
    }
}

/// What a step is told besides the order.
struct Ask<'a> {
    side: Side,
    clock: &'a Clock,
    matter: &'a Matter,
}

/// The side of an order that an actor is on; to others the order is not there.
pub(super) fn side_of(actor: &Actor, order: &Order) -> Result<Side, Error> {
    match &actor.party {
        Party::Applicant(id) if *id == order.terms.applicant_id => Ok(Side::Applicant),
        Party::Agency(id) if *id == order.terms.agency_id => Ok(Side::Agency),
        _ => Err(Error::NotFound("order")),
    }
}

impl Side {
    /// Whether an act belongs to the side.
    pub(super) fn may(self, act: Act) -> Result<(), Refusal> {
        let role = match self {
            Self::Applicant => Role::Applicant,
            Self::Agency => Role::Agency,
        };
        act.allows(role, Relation::Party, "")
    }
}

impl Step {
    const fn act(self) -> Act {
        match self {
            Self::Accept | Self::Decline => const { act("order.accept") },
            Self::Cancel => const { act("order.cancel") },
            Self::RecordContract | Self::ConfirmContract | Self::RejectContract => {
                const { act("order.contract") }
            }
            Self::Upload | Self::Deliver => const { act("order.deliver") },
            Self::ReturnForRework | Self::SignOff => const { act("order.check") },
            Self::Terminate => const { act("order.terminate") },
        }
    }

    /// Whether a step belongs to a side.
    pub(super) fn check_side(self, side: Side) -> Result<(), Refusal> {
        side.may(self.act())
    }
}

impl Order {
    /// What an actor may do with the order, and why not the rest.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let side = side_of(actor, self).ok();
        let may = |step: Step| {
            let side = side.ok_or(Refusal::OtherSide)?;
            step.check_side(side)?;
            self.check_step(step, side)
        };
        let of_sides = STEPS.iter().map(|(name, step)| Action::of(name, may(*step)));
        let of_department = || {
            USE.admits(actor)?;
            self.check_use(actor.department()?)
        };
        let of_departments = ["use", "return"].map(|name| Action::of(name, of_department()));
        of_sides.chain(of_departments).collect()
    }
}
