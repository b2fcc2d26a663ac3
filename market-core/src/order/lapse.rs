//! What time does to an order whose day has passed (逾期自动处理).
//!
//! An order that the agency does not answer is declined; one that a purchase awarded and whose
//! contract nobody records is cancelled, and the purchase moves on; any whose contract the other
//! side does not confirm is cancelled, too; a deliverable that the applicant does not check is
//! deemed accepted, where the policy said so when it was handed over.
//! Whoever watches the time asks [`Orders::due`], and has each order lapse; the step is refused
//! to all but the first, so that any number of nodes may watch.

use super::{
    Order, Orders, Side,
    state::{Accepted, AnyState, Cancelled, Contracted, Declined, Delivered, Placed},
    steps::Moved,
};
use crate::{
    Actor, Call, Day, Error, Refusal, code::DepartmentCode, id::OrderId, rules::Clock,
    store::retry, timers,
};

const NO_ANSWER: &str = "逾期未答复 / no answer in time";
const NO_CONTRACT: &str = "逾期未登记合同 / no contract in time";
const NO_CONFIRMATION: &str = "逾期未确认合同 / contract not confirmed in time";

impl Orders<'_> {
    /// Orders whose day has passed and to which something follows by itself, the longest overdue
    /// first, so many at most.
    pub async fn due(&self, limit: u32) -> Result<Vec<OrderId>, Error> {
        self.0.db.orders_due(self.0.env.now(), limit).await
    }

    /// Has every order lapse that is due, and says how many did.
    pub async fn run_due(&self) -> Result<u64, Error> {
        timers::run("order", |limit| self.due(limit), |id| self.take_due(id)).await
    }

    /// Whether an order that was due lapses now, and did not by somebody else's doing.
    async fn take_due(&self, id: OrderId) -> Result<bool, Error> {
        match self.lapse(id).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(Refusal::OrderNotDue | Refusal::OrderOver)) => Ok(false),
            Err(why) => Err(why),
        }
    }

    /// Does to an order what follows by itself once its day has passed; refused before, and once
    /// it has moved on.
    pub async fn lapse(&self, id: OrderId) -> Result<Order, Error> {
        retry(|| async {
            let mut tx = self.0.work().await?;
            // The time of the database decides, not that of a node.
            tx.settle_time().await?;
            let held = tx.hold_order(&Call::from(Actor::system()), id).await?;
            let consumers = held.matter.consumers(&held.order.terms.item);
            let moved = held.order.clone().lapse(consumers, &held.clock)?;
            let order = tx.save_move(moved, held).await?;
            tx.finish(order).await
        })
        .await
    }
}

impl Order {
    /// Whether something follows by itself once its day has passed.
    pub(crate) fn lapses(&self) -> bool {
        match &self.state {
            AnyState::Placed(_) | AnyState::Contracted(_) => true,
            AnyState::Accepted(_) => self.terms.purchase_id.is_some(),
            AnyState::Delivered(state) => state.deemed,
            _ => false,
        }
    }

    fn check_lapse(&self, today: Day) -> Result<(), Refusal> {
        if self.state.is_over() {
            return Err(Refusal::OrderOver);
        }
        let has_passed = self.state.due().is_some_and(|due| due < today);
        if self.lapses() && has_passed { Ok(()) } else { Err(Refusal::OrderNotDue) }
    }

    /// What follows by itself.
    pub(super) fn lapse(
        self,
        consumers: Vec<DepartmentCode>,
        clock: &Clock,
    ) -> Result<Moved<AnyState>, Refusal> {
        self.check_lapse(clock.today())?;
        match self.state {
            AnyState::Placed(_) => Ok(self.placed()?.lapse(clock).any()),
            AnyState::Accepted(_) => Ok(self.accepted()?.lapse(clock).any()),
            AnyState::Contracted(_) => Ok(self.contracted()?.lapse(clock).any()),
            _ => Ok(self.delivered()?.deem_accepted(consumers, clock)),
        }
    }
}

impl Order<Placed> {
    fn lapse(self, clock: &Clock) -> Moved<Declined> {
        let reason = NO_ANSWER.to_owned();
        self.moved("placed", "order_lapsed", clock, |_| Declined { reason })
    }
}

impl Order<Accepted> {
    fn lapse(self, clock: &Clock) -> Moved<Cancelled> {
        let (by, reason): (Option<Side>, _) = (None, NO_CONTRACT.to_owned());
        self.moved("accepted", "contract_deadline_passed", clock, |_| Cancelled { by, reason })
    }
}

impl Order<Contracted> {
    fn lapse(self, clock: &Clock) -> Moved<Cancelled> {
        let (by, reason): (Option<Side>, _) = (None, NO_CONFIRMATION.to_owned());
        self.moved("contracted", "confirmation_deadline_passed", clock, |_| Cancelled {
            by,
            reason,
        })
    }
}

impl Order<Delivered> {
    fn deem_accepted(self, consumers: Vec<DepartmentCode>, clock: &Clock) -> Moved<AnyState> {
        self.accept_deliverable("deliverable_deemed_accepted", consumers, clock)
    }
}
