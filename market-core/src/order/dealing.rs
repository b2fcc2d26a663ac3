//! What the two sides deal with between a contract and its last payment: changes of the contract,
//! milestones and payments. They leave an order in its state; this file says which may happen.

use super::{
    AnyState, Contract, Order, Side,
    change::{ChangeState, OrderChange},
    milestone::{MilestoneProgress, MilestoneState},
    payment::{Payment, PaymentState},
    sides::side_of,
};
use crate::{
    Actor, Money, Refusal,
    kernel::{
        action::Action,
        authority::{Act, act},
    },
    rules::Clock,
};

/// A dealing of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dealing {
    ProposeChange,
    ApproveChange,
    RefuseChange,
    WithdrawChange,
    ReachMilestone,
    ConfirmMilestone,
    Pay,
    ConfirmPayment,
    DisputePayment,
}

/// Every dealing, by its name.
const DEALINGS: &[(&str, Dealing)] = &[
    ("propose-change", Dealing::ProposeChange),
    ("approve-change", Dealing::ApproveChange),
    ("refuse-change", Dealing::RefuseChange),
    ("withdraw-change", Dealing::WithdrawChange),
    ("reach-milestone", Dealing::ReachMilestone),
    ("confirm-milestone", Dealing::ConfirmMilestone),
    ("pay", Dealing::Pay),
    ("confirm-payment", Dealing::ConfirmPayment),
    ("dispute-payment", Dealing::DisputePayment),
];

/// All that the two sides have dealt with so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dealings {
    /// Proposed changes of the contract, oldest first.
    pub(super) changes: Vec<OrderChange>,
    /// The contract's milestones, in its order.
    pub(super) milestones: Vec<MilestoneProgress>,
    /// Payments, oldest first.
    pub(super) payments: Vec<Payment>,
}

impl Dealings {
    /// What the applicant says to have paid and the agency does not dispute.
    pub(super) fn paid(&self) -> i64 {
        let counted = self.payments.iter().filter(|one| one.state != PaymentState::Disputed);
        counted.map(|one| one.amount.fen()).sum()
    }

    /// What has become due by milestones.
    pub(super) fn earned(&self) -> i64 {
        self.milestones.iter().filter_map(|one| one.earned).map(Money::fen).sum()
    }

    /// What may still be paid of a contract.
    pub(super) fn room(&self, contract: &Contract) -> Money {
        Money::from_fen(contract.amount.fen() - self.paid()).unwrap_or(Money::ZERO)
    }

    fn open_change(&self) -> Result<&OrderChange, Refusal> {
        let open = self.changes.iter().find(|one| one.state == ChangeState::Proposed);
        open.ok_or(Refusal::NoOpenChange)
    }

    fn some_milestone(&self, state: MilestoneState, otherwise: Refusal) -> Result<(), Refusal> {
        let found = self.milestones.iter().any(|one| one.state == state);
        if found { Ok(()) } else { Err(otherwise) }
    }

    fn some_payment(&self, state: impl Fn(PaymentState) -> bool) -> Result<(), Refusal> {
        let found = self.payments.iter().any(|one| state(one.state));
        if found { Ok(()) } else { Err(Refusal::NoOpenPayment) }
    }
}

impl Dealing {
    /// Whether it belongs to a side.
    pub(super) fn check_side(self, side: Side) -> Result<(), Refusal> {
        side.may(self.act())
    }

    const fn act(self) -> Act {
        match self {
            Self::ProposeChange
            | Self::ApproveChange
            | Self::RefuseChange
            | Self::WithdrawChange => const { act("order.change") },
            Self::ReachMilestone => const { act("order.reach") },
            Self::ConfirmMilestone => const { act("order.confirm-milestone") },
            Self::Pay => const { act("order.pay") },
            Self::ConfirmPayment | Self::DisputePayment => const { act("order.answer-payment") },
        }
    }
}

impl Order {
    /// Whether a side may deal so now.
    pub(super) fn check_dealing(
        &self,
        dealing: Dealing,
        side: Side,
        done: &Dealings,
    ) -> Result<(), Refusal> {
        dealing.check_side(side)?;
        match dealing {
            Dealing::ProposeChange => {
                self.check_in_work()?;
                done.open_change().map_or(Ok(()), |_| Err(Refusal::ChangeOpen))
            }
            Dealing::ApproveChange | Dealing::RefuseChange => {
                self.check_in_work()?;
                let is_own = done.open_change()?.proposed_by == side;
                if is_own { Err(Refusal::OwnChange) } else { Ok(()) }
            }
            Dealing::WithdrawChange => {
                let is_own = done.open_change()?.proposed_by == side;
                if is_own { Ok(()) } else { Err(Refusal::OtherSide) }
            }
            Dealing::ReachMilestone => {
                self.check_in_work()?;
                done.some_milestone(MilestoneState::Planned, Refusal::NoMilestone)
            }
            Dealing::ConfirmMilestone => {
                self.check_in_work()?;
                done.some_milestone(MilestoneState::Reached, Refusal::MilestoneNotReached)
            }
            Dealing::Pay => {
                let room = done.room(self.check_contract()?);
                if room > Money::ZERO { Ok(()) } else { Err(Refusal::Overpaid) }
            }
            Dealing::ConfirmPayment => done.some_payment(|state| state != PaymentState::Confirmed),
            Dealing::DisputePayment => done.some_payment(|state| state == PaymentState::Recorded),
        }
    }

    /// The contract may change, and milestones be reached, until the deliverable is accepted.
    fn check_in_work(&self) -> Result<(), Refusal> {
        match self.state {
            AnyState::InService(_) | AnyState::Delivered(_) | AnyState::Reworking(_) => Ok(()),
            ref state if state.is_over() => Err(Refusal::OrderOver),
            _ => Err(Refusal::OrderNotInService),
        }
    }

    /// The contract that both sides agreed to, by which there is something to pay.
    pub(super) fn check_contract(&self) -> Result<&Contract, Refusal> {
        self.state.contract().ok_or(Refusal::NoContract)
    }

    /// What an actor may deal with, and why not the rest.
    pub(super) fn dealing_actions(&self, actor: &Actor, done: &Dealings) -> Vec<Action> {
        let side = side_of(actor, self).ok();
        let may =
            |dealing: Dealing| self.check_dealing(dealing, side.ok_or(Refusal::OtherSide)?, done);
        DEALINGS.iter().map(|(name, dealing)| Action::of(name, may(*dealing))).collect()
    }

    /// The order one version on, in the state that it was in.
    pub(super) fn dealt(self, clock: &Clock) -> Self {
        let updated_at = clock.now.max(self.updated_at.next());
        Self { version: self.version + 1, updated_at, ..self }
    }
}
