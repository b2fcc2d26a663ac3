//! Deadlines (时限): who holds what until when, and what happens by itself then.
//!
//! Nothing is kept here: each deadline is read from the thing that runs, by the day or instant that
//! is stored with it. `list` has the order and the pages, `store` the statements.

mod list;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Cursor, Day, Error, Market, Page, Paging, Party, Timestamp,
    agency::Agency,
    case::{Case, StepState},
    evaluation::{Evaluation, EvaluationWindow},
    order::{AnyState, Order},
    purchase::{Purchase, PurchaseState},
    store::text_enum,
};

text_enum! {
    /// What has a deadline.
    pub enum DeadlineKind {
        /// The operator's formal review of a purchase (采购公告审查).
        Review = "review",
        /// A published purchase (采购项目).
        Purchase = "purchase",
        /// An order (订单).
        Order = "order",
        /// A step of a case, in review (办件环节).
        Step = "step",
        /// The operator's formal check of an agency (形式核验).
        Check = "check",
        /// The evaluation of an order by those who took part (评价).
        Evaluation = "evaluation",
        /// The decision on an appeal against an evaluation (评价申诉处理).
        EvaluationAppeal = "evaluation_appeal",
    }
}

text_enum! {
    /// What happens by itself when a deadline has passed.
    pub enum Consequence {
        /// Registration ends, and the list is sealed.
        RegistrationCloses = "registration_closes",
        /// What was given opens the quotes; without the code the purchase fails.
        OpeningEnds = "opening_ends",
        /// The round of quotes ends.
        RoundEnds = "round_ends",
        /// The purchase fails.
        PurchaseFails = "purchase_fails",
        /// The award stands, and the winner confirms.
        AwardStands = "award_stands",
        /// The award goes to the next in line.
        AwardPassesOn = "award_passes_on",
        /// The order is declined.
        OrderDeclined = "order_declined",
        /// The order is cancelled.
        OrderCancelled = "order_cancelled",
        /// The deliverable is deemed accepted.
        DeliverableAccepted = "deliverable_accepted",
        /// What was given is published; nothing more is.
        EvaluationCloses = "evaluation_closes",
        /// The evaluation is kept.
        EvaluationKept = "evaluation_kept",
    }
}

/// A running deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deadline {
    /// What has it.
    pub kind: DeadlineKind,
    /// The id of the purchase, order, case, agency or evaluation; of a window to evaluate in, the
    /// order's.
    pub id: String,
    /// Of a case, the step; of an order or a window to evaluate it in, the service item.
    pub part: Option<String>,
    /// What it is called: a purchase's title, an agency's name, else what the applicant calls the
    /// case.
    pub title: String,
    /// Who has to act; nobody, where only time passes.
    pub holders: Vec<Party>,
    /// Since when.
    pub since: Timestamp,
    /// Until when: of a last day, its end.
    pub until: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
    /// What happens by itself then, if anything.
    pub then: Option<Consequence>,
}

/// Which time deadlines are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// Any.
    #[default]
    Any,
    /// They have passed.
    Overdue,
    /// They pass within so many hours from now.
    Within(u32),
    /// They pass on one of these days, the first and the last among them.
    Days(Option<Day>, Option<Day>),
}

/// Which deadlines to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeadlineFilter {
    /// Only those of this kind.
    pub kind: Option<DeadlineKind>,
    /// Only those of this time.
    pub window: Window,
}

/// The deadlines of a market.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines<'m>(pub(crate) &'m Market);

impl Deadlines<'_> {
    /// Running deadlines of what the actor's party takes part in, the earliest first; the operator
    /// sees all.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &DeadlineFilter,
        paging: &Paging,
    ) -> Result<Page<Deadline>, Error> {
        let now = self.0.env.now();
        self.0.db.deadlines(&actor.party, filter, paging, now).await
    }
}

/// What happens to a purchase by itself when its time has come.
const fn follows_purchase(state: &PurchaseState) -> Option<Consequence> {
    match state {
        PurchaseState::Open(_) => Some(Consequence::RegistrationCloses),
        PurchaseState::Opening(_) => Some(Consequence::OpeningEnds),
        PurchaseState::Rounds(_) => Some(Consequence::RoundEnds),
        PurchaseState::Choosing(_) => Some(Consequence::PurchaseFails),
        PurchaseState::Publicity(_) => Some(Consequence::AwardStands),
        PurchaseState::Awarded(_) => Some(Consequence::AwardPassesOn),
        PurchaseState::Draft(_)
        | PurchaseState::InReview(_)
        | PurchaseState::Suspended(_)
        | PurchaseState::Ordered(_)
        | PurchaseState::Failed(_)
        | PurchaseState::Voided(_) => None,
    }
}

/// What happens to an order by itself once its day has passed.
fn follows_order(order: &Order) -> Option<Consequence> {
    match &order.state {
        _ if !order.lapses() => None,
        AnyState::Placed(_) => Some(Consequence::OrderDeclined),
        AnyState::Accepted(_) | AnyState::Contracted(_) => Some(Consequence::OrderCancelled),
        AnyState::Delivered(_) => Some(Consequence::DeliverableAccepted),
        _ => None,
    }
}

impl Deadline {
    /// Where a list of deadlines begins that have not passed at an instant.
    pub(crate) fn cursor_at(at: Timestamp) -> Cursor {
        list::Place::first_after(at).cursor()
    }

    /// The day on which it passes: of a last day, that day.
    pub fn day(&self) -> Day {
        Timestamp::from_micros(self.until.micros() - 1).day()
    }

    /// Whether the whole of that day is still time.
    pub fn is_whole_day(&self) -> bool {
        self.until == self.day().end()
    }

    fn of_purchase(purchase: &Purchase, now: Timestamp) -> Option<Self> {
        let waiting = purchase.waiting()?;
        let until = waiting.until?;
        let in_review = matches!(purchase.state, PurchaseState::InReview(_));
        Some(Self {
            kind: if in_review { DeadlineKind::Review } else { DeadlineKind::Purchase },
            id: purchase.id.to_string(),
            part: None,
            title: purchase.notice.title.clone(),
            holders: waiting.parties,
            since: waiting.since,
            until,
            overdue: until <= now,
            then: follows_purchase(&purchase.state),
        })
    }

    fn of_order(order: &Order, title: String, now: Timestamp) -> Option<Self> {
        let holder = order.holder()?;
        let until = holder.until?.end();
        Some(Self {
            kind: DeadlineKind::Order,
            id: order.id.to_string(),
            part: Some(order.terms.item.to_string()),
            title,
            holders: holder.parties,
            since: holder.since,
            until,
            overdue: until <= now,
            then: follows_order(order),
        })
    }

    fn of_step(case: &Case, step: &str, now: Timestamp) -> Option<Self> {
        let step = case.steps.iter().find(|one| one.step.as_str() == step)?;
        let until = step.due_on.filter(|_| step.state == StepState::InReview)?.end();
        Some(Self {
            kind: DeadlineKind::Step,
            id: case.id.to_string(),
            part: Some(step.step.to_string()),
            title: case.title.clone(),
            holders: vec![Party::Department(step.department.clone())],
            since: step.since,
            until,
            overdue: until <= now,
            then: None,
        })
    }

    fn of_agency(agency: &Agency, now: Timestamp) -> Option<Self> {
        let until = agency.state.check_due()?.end();
        Some(Self {
            kind: DeadlineKind::Check,
            id: agency.id.to_string(),
            part: None,
            title: agency.name.clone(),
            holders: vec![Party::Operator],
            since: agency.updated_at,
            until,
            overdue: until <= now,
            then: None,
        })
    }
    fn of_window(
        window: &EvaluationWindow,
        given: &[Evaluation],
        title: String,
        now: Timestamp,
    ) -> Option<Self> {
        let until = window.state.due()?.end();
        Some(Self {
            kind: DeadlineKind::Evaluation,
            id: window.order_id.to_string(),
            part: Some(window.item.to_string()),
            title,
            holders: window.awaited(given),
            since: window.opened_at,
            until,
            overdue: until <= now,
            then: Some(Consequence::EvaluationCloses),
        })
    }

    fn of_appeal(evaluation: &Evaluation, title: String, now: Timestamp) -> Option<Self> {
        let until = evaluation.state.due()?.end();
        Some(Self {
            kind: DeadlineKind::EvaluationAppeal,
            id: evaluation.id.to_string(),
            part: None,
            title,
            holders: vec![evaluation.supervisor.clone()],
            since: evaluation.updated_at,
            until,
            overdue: until <= now,
            then: Some(Consequence::EvaluationKept),
        })
    }
}
