//! The steps of an order: each is a method of the state it starts from, so that a step out of turn
//! does not compile, and gives the only thing that the store saves.

use super::{
    Order, OrderTerms,
    contract::{Contract, Returned, Side, Use, UseState},
    state::{
        Accepted, AnyState, Cancelled, Completed, Contracted, Declined, Delivered, InService,
        Placed, Reworking, SignedOff, Terminated,
    },
};
use crate::{Refusal, code::DepartmentCode, id::OrderId, rules::Clock};

/// An order's move to state `S`, with the event that tells of it: the only thing the store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved<S> {
    pub(super) order: Order<S>,
    pub(super) from: Option<&'static str>,
    pub(super) event: &'static str,
}

impl<S> Order<S> {
    pub(super) fn moved<T>(
        self,
        from: &'static str,
        event: &'static str,
        clock: &Clock,
        step: impl FnOnce(S) -> T,
    ) -> Moved<T> {
        let Self { id, terms, state, since: _, version, placed_at, updated_at } = self;
        let since = clock.now.max(updated_at.next());
        let state = step(state);
        let order =
            Order { id, terms, state, since, version: version + 1, placed_at, updated_at: since };
        Moved { order, from: Some(from), event }
    }
}

impl Order<Placed> {
    pub(super) fn place(id: OrderId, terms: OrderTerms, clock: &Clock) -> Moved<Placed> {
        let state = Placed { due: clock.within(clock.policy.accept_days) };
        let now = clock.now;
        let order =
            Order { id, terms, state, since: now, version: 1, placed_at: now, updated_at: now };
        Moved { order, from: None, event: "order_placed" }
    }

    pub(super) fn accept(self, clock: &Clock) -> Moved<Accepted> {
        let due = clock.within(clock.policy.contract_days);
        self.moved("placed", "order_accepted", clock, |_| Accepted { due, rejected: None })
    }

    pub(super) fn decline(self, reason: String, clock: &Clock) -> Moved<Declined> {
        self.moved("placed", "order_declined", clock, |_| Declined { reason })
    }

    pub(super) fn cancel(self, by: Side, reason: String, clock: &Clock) -> Moved<Cancelled> {
        let by = Some(by);
        self.moved("placed", "order_cancelled", clock, |_| Cancelled { by, reason })
    }
}

impl Order<Accepted> {
    /// What a purchase awards needs no answer: the agency has offered it, and confirmed it there.
    pub(super) fn award(id: OrderId, terms: OrderTerms, clock: &Clock) -> Moved<Accepted> {
        let due = clock.within(clock.policy.contract_days);
        let state = Accepted { due, rejected: None };
        let now = clock.now;
        let order =
            Order { id, terms, state, since: now, version: 1, placed_at: now, updated_at: now };
        Moved { order, from: None, event: "order_awarded" }
    }

    /// The contract's amount is the order's, and the period of an award no longer than that of its
    /// notice: other terms are a recorded change that both sides agree to later. What it does not
    /// agree of payment is as the policy says today.
    pub(super) fn record_contract(
        self,
        mut contract: Contract,
        recorded_by: Side,
        clock: &Clock,
    ) -> Result<Moved<Contracted>, Refusal> {
        if contract.amount != self.terms.amount {
            return Err(Refusal::AmountDiffers);
        }
        let longest = clock.calendar.after(contract.starts_on, self.terms.service_days);
        if self.terms.purchase_id.is_some() && contract.ends_on > longest {
            return Err(Refusal::PeriodTooLong);
        }
        contract.agree(&clock.policy.contract)?;
        let due = clock.within(clock.policy.confirm_contract_days);
        Ok(self.moved("accepted", "contract_recorded", clock, |_| Contracted {
            contract,
            recorded_by,
            due,
        }))
    }

    pub(super) fn cancel(self, by: Side, reason: String, clock: &Clock) -> Moved<Cancelled> {
        let by = Some(by);
        self.moved("accepted", "order_cancelled", clock, |_| Cancelled { by, reason })
    }
}

impl Order<Contracted> {
    /// Only the side that did not record it confirms or rejects it.
    pub(super) fn check_confirms(&self, side: Side) -> Result<(), Refusal> {
        if self.state.recorded_by == side { Err(Refusal::OwnContract) } else { Ok(()) }
    }

    pub(super) fn confirm_contract(
        self,
        side: Side,
        clock: &Clock,
    ) -> Result<Moved<InService>, Refusal> {
        self.check_confirms(side)?;
        let due = clock.within(self.terms.service_days);
        Ok(self.moved("contracted", "contract_confirmed", clock, |state| InService {
            contract: state.contract,
            due,
        }))
    }

    pub(super) fn reject_contract(
        self,
        side: Side,
        reason: String,
        clock: &Clock,
    ) -> Result<Moved<Accepted>, Refusal> {
        self.check_confirms(side)?;
        let due = clock.within(clock.policy.contract_days);
        let rejected = Some(reason);
        Ok(self.moved("contracted", "contract_rejected", clock, |_| Accepted { due, rejected }))
    }
}

impl Order<InService> {
    pub(super) fn deliver(self, deliverable: i64, clock: &Clock) -> Moved<Delivered> {
        let due = clock.within(clock.policy.sign_off_days);
        let deemed = clock.policy.contract.deemed_sign_off;
        self.moved("in_service", "order_delivered", clock, |state| Delivered {
            contract: state.contract,
            deliverable,
            due,
            deemed,
        })
    }
}

impl Order<Reworking> {
    /// What was returned is not handed over again.
    pub(super) fn deliver(
        self,
        deliverable: i64,
        clock: &Clock,
    ) -> Result<Moved<Delivered>, Refusal> {
        if deliverable <= self.state.deliverable {
            return Err(Refusal::AlreadyDelivered);
        }
        let due = clock.within(clock.policy.sign_off_days);
        let deemed = clock.policy.contract.deemed_sign_off;
        Ok(self.moved("reworking", "order_delivered", clock, |state| Delivered {
            contract: state.contract,
            deliverable,
            due,
            deemed,
        }))
    }
}

impl Order<Delivered> {
    pub(super) fn return_for_rework(self, returned: Returned, clock: &Clock) -> Moved<Reworking> {
        let due = clock.within(clock.policy.rework_days);
        self.moved("delivered", "deliverable_returned", clock, |state| Reworking {
            contract: state.contract,
            deliverable: state.deliverable,
            returned,
            due,
        })
    }

    pub(super) fn sign_off(self, consumers: Vec<DepartmentCode>, clock: &Clock) -> Moved<AnyState> {
        self.accept_deliverable("deliverable_signed_off", consumers, clock)
    }

    /// From now on the departments that need it may use it.
    /// One that no department needs is complete at once. Whoever checks late does not pay later.
    pub(super) fn accept_deliverable(
        self,
        event: &'static str,
        consumers: Vec<DepartmentCode>,
        clock: &Clock,
    ) -> Moved<AnyState> {
        let due = clock.within(clock.policy.use_days);
        let accepted_on = clock.today().min(self.state.due);
        let uses: Vec<Use> = consumers.into_iter().map(Use::pending).collect();
        self.moved("delivered", event, clock, |state| {
            let Delivered { contract, deliverable, due: _, deemed: _ } = state;
            if uses.is_empty() {
                return Completed { contract, deliverable, uses, accepted_on }.into();
            }
            SignedOff { contract, deliverable, uses, accepted_on, due }.into()
        })
    }
}

impl Order<SignedOff> {
    /// Whether a department may use or return the deliverable now.
    pub(super) fn check_consumer(&self, department: &DepartmentCode) -> Result<(), Refusal> {
        let found = self.state.uses.iter().find(|one| one.department == *department);
        match found.ok_or(Refusal::NotAConsumer)?.state {
            UseState::Pending => Ok(()),
            UseState::Used => Err(Refusal::AlreadyUsed),
        }
    }

    /// The department uses the deliverable; with the last one, the order is complete.
    pub(super) fn use_deliverable(
        self,
        department: &DepartmentCode,
        clock: &Clock,
    ) -> Result<Moved<AnyState>, Refusal> {
        self.check_consumer(department)?;
        let at = clock.now.max(self.updated_at.next());
        Ok(self.moved("signed_off", "deliverable_used", clock, |mut state| {
            for one in state.uses.iter_mut().filter(|one| one.department == *department) {
                (one.state, one.at) = (UseState::Used, Some(at));
            }
            if state.uses.iter().any(|one| one.state == UseState::Pending) {
                return state.into();
            }
            let SignedOff { contract, deliverable, uses, accepted_on, due: _ } = state;
            Completed { contract, deliverable, uses, accepted_on }.into()
        }))
    }

    /// The department returns the deliverable: what others have used counts no longer, since a
    /// new version follows.
    pub(super) fn return_deliverable(
        self,
        department: &DepartmentCode,
        returned: Returned,
        clock: &Clock,
    ) -> Result<Moved<Reworking>, Refusal> {
        self.check_consumer(department)?;
        let due = clock.within(clock.policy.rework_days);
        Ok(self.moved("signed_off", "deliverable_returned", clock, |state| Reworking {
            contract: state.contract,
            deliverable: state.deliverable,
            returned,
            due,
        }))
    }
}

impl Order {
    /// Gives the order up before a contract.
    pub(super) fn cancel(
        self,
        by: Side,
        reason: String,
        clock: &Clock,
    ) -> Result<Moved<AnyState>, Refusal> {
        match self.state {
            AnyState::Placed(_) => Ok(self.placed()?.cancel(by, reason, clock).any()),
            AnyState::Accepted(_) => Ok(self.accepted()?.cancel(by, reason, clock).any()),
            ref state if state.is_over() => Err(Refusal::OrderOver),
            _ => Err(Refusal::OrderNotCancellable),
        }
    }

    /// Ends the order between its contract and the departments' use.
    pub(super) fn terminate(
        self,
        by: Side,
        reason: String,
        clock: &Clock,
    ) -> Result<Moved<AnyState>, Refusal> {
        let from = self.check_terminable()?;
        Ok(self.moved(from, "order_terminated", clock, |state| {
            let (contract, deliverable) = (state.contract().cloned(), state.handed_over());
            Terminated { contract, deliverable, by, reason }.into()
        }))
    }

    fn check_terminable(&self) -> Result<&'static str, Refusal> {
        match self.state {
            AnyState::Contracted(_)
            | AnyState::InService(_)
            | AnyState::Delivered(_)
            | AnyState::Reworking(_) => Ok(self.state.name()),
            ref state if state.is_over() => Err(Refusal::OrderOver),
            _ => Err(Refusal::OrderNotTerminable),
        }
    }

    /// Hands a deliverable over, the first time or again.
    pub(super) fn deliver(
        self,
        deliverable: i64,
        clock: &Clock,
    ) -> Result<Moved<AnyState>, Refusal> {
        match self.state {
            AnyState::Reworking(_) => Ok(self.reworking()?.deliver(deliverable, clock)?.any()),
            _ => Ok(self.in_service()?.deliver(deliverable, clock).any()),
        }
    }

    /// Whether the agency may upload a deliverable now.
    pub(super) fn check_uploadable(&self) -> Result<(), Refusal> {
        match self.state {
            AnyState::InService(_) | AnyState::Reworking(_) => Ok(()),
            ref state if state.is_over() => Err(Refusal::OrderOver),
            _ => Err(Refusal::OrderNotInService),
        }
    }

    /// Whether a side may take a step that belongs to it, as far as the order's state goes.
    pub(super) fn check_step(&self, step: Step, side: Side) -> Result<(), Refusal> {
        match step {
            Step::Accept | Step::Decline => self.clone().placed().map(drop),
            Step::RecordContract => self.clone().accepted().map(drop),
            Step::ConfirmContract | Step::RejectContract => {
                self.clone().contracted()?.check_confirms(side)
            }
            Step::Upload | Step::Deliver => self.check_uploadable(),
            Step::ReturnForRework | Step::SignOff => self.clone().delivered().map(drop),
            Step::Cancel => match self.state {
                AnyState::Placed(_) | AnyState::Accepted(_) => Ok(()),
                ref state if state.is_over() => Err(Refusal::OrderOver),
                _ => Err(Refusal::OrderNotCancellable),
            },
            Step::Terminate => self.check_terminable().map(drop),
        }
    }

    /// Whether a department may use or return the deliverable, as far as the order's state goes.
    pub(super) fn check_use(&self, department: &DepartmentCode) -> Result<(), Refusal> {
        self.clone().signed_off()?.check_consumer(department)
    }
}

/// The steps of the two sides of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Accept,
    Decline,
    Cancel,
    RecordContract,
    ConfirmContract,
    RejectContract,
    Upload,
    Deliver,
    ReturnForRework,
    SignOff,
    Terminate,
}

impl<S: Into<AnyState>> Moved<S> {
    pub(super) fn any(self) -> Moved<AnyState> {
        let Order { id, terms, state, since, version, placed_at, updated_at } = self.order;
        let state = state.into();
        let order = Order { id, terms, state, since, version, placed_at, updated_at };
        Moved { order, from: self.from, event: self.event }
    }
}
