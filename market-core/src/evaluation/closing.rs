//! What opens and closes by itself: a window with the end of its order, and once its last day is
//! over; an appeal that nobody decides in time.

use super::{
    Evaluation, EvaluationWindow, Evaluations, WindowState, state::Moved, store::HeldEvaluation,
};
use crate::{
    Actor, Call, Error, Party, Refusal,
    code::DepartmentCode,
    id::{EvaluationId, OrderId},
    order::{AnyState, Order},
    rules::Clock,
    store::{Tx, retry},
    timers,
};

impl Evaluations<'_> {
    /// Closes every window whose last day is over, and keeps every evaluation whose appeal nobody
    /// decided in time; says how many there were. Any number of nodes may do this at once.
    pub async fn run_due(&self) -> Result<u64, Error> {
        let db = &self.0.db;
        let now = || self.0.env.now();
        let windows = |limit: u32| db.windows_due(now(), i64::from(limit));
        let closed = timers::run("evaluation window", windows, |id| self.close(id)).await;
        let appeals = |limit: u32| db.appeals_due(now(), i64::from(limit));
        let kept = timers::run("evaluation appeal", appeals, |id| self.lapse(id)).await;
        Ok(closed? + kept?)
    }

    /// Closes the window of an order, unless its last day is not over or somebody else has.
    async fn close(&self, id: OrderId) -> Result<bool, Error> {
        retry(|| async {
            let mut tx = self.0.work().await?;
            let held = tx.hold_order(&Call::from(Actor::system()), id).await?;
            tx.settle_time().await?;
            let clock = tx.clock_of(&held.case).await?;
            let Some(window) = tx.evaluation_window(id).await? else { return Ok(false) };
            let given = tx.evaluations_of_order(id).await?;
            let closed = tx.close_window(window, given, &clock).await?.is_some();
            tx.finish(closed).await
        })
        .await
    }

    /// Keeps an evaluation whose appeal nobody decided in time.
    async fn lapse(&self, id: EvaluationId) -> Result<bool, Error> {
        retry(|| async {
            let mut tx = self.0.work().await?;
            let held = tx.hold_evaluation(&Actor::system(), id).await?;
            let HeldEvaluation { evaluation, window, clock } = held;
            let moved = match evaluation.lapse(&clock) {
                Ok(moved) => moved,
                Err(
                    Refusal::EvaluationNotDue
                    | Refusal::EvaluationNotAppealed
                    | Refusal::EvaluationHidden,
                ) => return Ok(false),
                Err(refusal) => return Err(refusal.into()),
            };
            tx.save_evaluation(moved, window).await?;
            tx.finish(true).await
        })
        .await
    }
}

/// Who evaluates an order in this state: both sides of one that is completed, or terminated after
/// both had confirmed a contract, and the departments that used the deliverable.
fn raters(order: &Order) -> Vec<Party> {
    let has_ended = match &order.state {
        AnyState::Completed(_) => true,
        AnyState::Terminated(state) => state.contract.is_some(),
        _ => false,
    };
    if !has_ended {
        return Vec::new();
    }
    let sides = [Party::Applicant(order.terms.applicant_id), Party::Agency(order.terms.agency_id)];
    let departments = order.state.used_by().into_iter().map(Party::Department);
    sides.into_iter().chain(departments).collect()
}

impl EvaluationWindow {
    /// Opens for an order that has just ended; nothing for one that nobody evaluates.
    pub(super) fn open(
        order: &Order,
        supervisor: &DepartmentCode,
        clock: &Clock,
    ) -> Option<Moved<Self>> {
        let raters = raters(order);
        let rules = &clock.policy.evaluation;
        let at = order.updated_at;
        let due = clock.within(rules.window_days);
        let thing = Self {
            order_id: order.id,
            case_id: order.terms.case_id,
            agency_id: order.terms.agency_id,
            applicant_id: order.terms.applicant_id,
            item: order.terms.item.clone(),
            supervisor: supervisor.clone(),
            rules: rules.clone(),
            policy_version: clock.policy.version,
            state: WindowState::Open { due },
            points: None,
            version: 1,
            opened_at: at,
            updated_at: at,
            raters,
        };
        let opened = Moved { thing, from: None, event: "evaluation_opened" };
        (!opened.thing.raters.is_empty()).then_some(opened)
    }
}

impl Evaluation {
    /// Whether it says something of the agency now.
    pub(super) const fn is_counted(&self) -> bool {
        self.is_about_agency() && self.state.counts()
    }

    /// Whether anybody may see it now.
    pub(super) const fn is_public(&self) -> bool {
        self.is_about_agency() && self.state.is_public()
    }
}

impl Tx {
    /// Opens the window of an order that has just ended, in the unit of work that ends it.
    pub(crate) async fn follow_in_evaluations(
        &mut self,
        order: &Order,
        lead: &DepartmentCode,
        clock: &Clock,
    ) -> Result<(), Error> {
        match EvaluationWindow::open(order, lead, clock) {
            Some(opened) => self.insert_window(opened).await,
            None => Ok(()),
        }
    }
}
