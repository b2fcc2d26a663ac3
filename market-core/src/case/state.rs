//! How a case moves on.
//!
//! ```text
//! step:  Waiting ──everything before is done, every deliverable used──▶ InReview ─approve─▶ Approved
//!           ▲                                                            │   ▲
//!           └────────a deliverable was returned by the department────────┤   │ resubmit
//!                                                                  return └─▶ Returned
//! case:  Open ──every step approved──▶ Completed          Open ─withdraw─▶ Withdrawn
//! ```

use serde::{Deserialize, Serialize};

use super::{Case, NewCase};
use crate::{
    Day, Refusal, Timestamp,
    code::{DepartmentCode, ItemCode, StepKey},
    id::{ApplicantId, CaseId, OrderId, PurchaseId},
    matter::Matter,
    rules::Clock,
    store::text_enum,
};

text_enum! {
    /// Where a case stands (办件状态).
    pub enum CaseState {
        /// Being run (办理中).
        Open = "open",
        /// Every step is approved (已办结).
        Completed = "completed",
        /// Given up by the applicant (已撤回).
        Withdrawn = "withdrawn",
    }
}

text_enum! {
    /// Where a step of a case stands (环节状态).
    pub enum StepState {
        /// For earlier steps, or for deliverables (待办).
        Waiting = "waiting",
        /// With its department (审查中).
        InReview = "in_review",
        /// With the applicant, to be mended (已退回).
        Returned = "returned",
        /// Decided (已通过).
        Approved = "approved",
    }
}

/// A step of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseStep {
    /// Its key in the matter.
    pub step: StepKey,
    /// Who decides.
    pub department: DepartmentCode,
    /// Where it stands.
    pub state: StepState,
    /// Since when.
    pub since: Timestamp,
    /// Until when its department has promised to decide.
    pub due_on: Option<Day>,
    /// Why it was returned.
    pub reason: Option<String>,
}

/// A service that a case needs, and what satisfies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseRequirement {
    /// The service item.
    pub item: ItemCode,
    /// The version of the item when the case was opened.
    pub item_version: i64,
    /// The order that satisfies it, or is about to.
    pub order_id: Option<OrderId>,
    /// The purchase under way that will find an agency for it.
    pub purchase_id: Option<PurchaseId>,
    /// The department that linked an order of another case.
    pub linked_by: Option<DepartmentCode>,
    /// The departments that have used the deliverable.
    pub used_by: Vec<DepartmentCode>,
}

impl Case {
    /// A new case, with the steps that need nothing already in review.
    pub(super) fn open(
        id: CaseId,
        applicant_id: ApplicantId,
        new: &NewCase,
        matter: &Matter,
        needs: Vec<(ItemCode, i64)>,
        clock: &Clock,
    ) -> Self {
        let steps = matter.steps.iter().map(|step| CaseStep {
            step: step.key.clone(),
            department: step.department.clone(),
            state: StepState::Waiting,
            since: clock.now,
            due_on: None,
            reason: None,
        });
        let requirements = needs.into_iter().map(|(item, item_version)| CaseRequirement {
            item,
            item_version,
            order_id: None,
            purchase_id: None,
            linked_by: None,
            used_by: Vec::new(),
        });
        Self {
            id,
            applicant_id,
            matter: matter.code.clone(),
            matter_version: matter.version,
            title: new.title.clone(),
            region: new.region.clone(),
            fund: new.fund,
            state: CaseState::Open,
            steps: steps.collect(),
            requirements: requirements.collect(),
            version: 1,
            created_at: clock.now,
            updated_at: clock.now,
        }
        .advanced(matter, clock)
    }

    /// Whether anything may still happen in the case.
    pub(crate) fn is_open(&self) -> Result<(), Refusal> {
        if self.state == CaseState::Open { Ok(()) } else { Err(Refusal::CaseClosed) }
    }

    /// The requirement of a service that may be ordered or linked now.
    pub(crate) fn admits(&self, item: &ItemCode) -> Result<&CaseRequirement, Refusal> {
        self.is_open()?;
        let needed = self.requirements.iter().find(|requirement| requirement.item == *item);
        let requirement = needed.ok_or(Refusal::NotNeeded)?;
        if requirement.order_id.is_some() {
            return Err(Refusal::AlreadyOrdered);
        }
        if requirement.purchase_id.is_some() {
            return Err(Refusal::PurchaseUnderWay);
        }
        Ok(requirement)
    }

    fn requirement_mut(&mut self, item: &ItemCode) -> Option<&mut CaseRequirement> {
        self.requirements.iter_mut().find(|requirement| requirement.item == *item)
    }

    /// The case whose requirement an order is about to satisfy.
    pub(crate) fn ordered(
        mut self,
        item: &ItemCode,
        order: OrderId,
        linked_by: Option<DepartmentCode>,
    ) -> Result<Self, Refusal> {
        self.admits(item)?;
        if let Some(requirement) = self.requirement_mut(item) {
            requirement.order_id = Some(order);
            requirement.linked_by = linked_by;
        }
        Ok(self)
    }

    /// The case for whose requirement a purchase finds an agency.
    pub(crate) fn purchasing(mut self, item: &ItemCode, purchase: PurchaseId) -> Self {
        if let Some(requirement) = self.requirement_mut(item) {
            requirement.purchase_id = Some(purchase);
        }
        self
    }

    /// The case whose purchase has come to an order, or to nothing. A requirement that another
    /// purchase serves stays as it is.
    pub(crate) fn purchased(mut self, item: &ItemCode, purchase: PurchaseId) -> Self {
        let requirement = self.requirement_mut(item);
        if let Some(requirement) = requirement.filter(|one| one.purchase_id == Some(purchase)) {
            requirement.purchase_id = None;
        }
        self
    }

    /// The case whose order came to nothing: the requirement may be ordered again.
    pub(crate) fn released(mut self, item: &ItemCode) -> Self {
        if let Some(requirement) = self.requirement_mut(item) {
            requirement.order_id = None;
            requirement.linked_by = None;
        }
        self
    }

    /// The case in which exactly these departments have used a service's deliverable: steps that
    /// have all they need begin, steps that no longer have it wait again.
    pub(crate) fn used(
        mut self,
        item: &ItemCode,
        used_by: Vec<DepartmentCode>,
        matter: &Matter,
        clock: &Clock,
    ) -> Self {
        if let Some(requirement) = self.requirement_mut(item) {
            requirement.used_by = used_by;
        }
        self.advanced(matter, clock)
    }

    /// Moves every step as far as what it needs allows.
    fn advanced(mut self, matter: &Matter, clock: &Clock) -> Self {
        for at in 0..self.steps.len() {
            let step = &self.steps[at];
            let ready = self.is_ready(&step.step, matter);
            let days = matter.step(&step.step).map_or(0, |step| step.promised_days);
            let (state, due_on) = match (step.state, ready) {
                (StepState::Waiting, true) => (StepState::InReview, Some(clock.within(days))),
                (StepState::InReview | StepState::Returned, false) => (StepState::Waiting, None),
                _ => continue,
            };
            let step = &mut self.steps[at];
            (step.state, step.due_on, step.since, step.reason) = (state, due_on, clock.now, None);
        }
        if self.steps.iter().all(|step| step.state == StepState::Approved) {
            self.state = CaseState::Completed;
        }
        self
    }

    /// Whether a step has all that it needs: earlier steps approved, deliverables used.
    fn is_ready(&self, key: &StepKey, matter: &Matter) -> bool {
        let (steps, items) = self.waits_for(key, matter);
        steps.is_empty() && items.is_empty()
    }

    /// The earlier steps that are not approved, and the services whose deliverables the step's
    /// department has not used.
    pub(crate) fn waits_for(
        &self,
        key: &StepKey,
        matter: &Matter,
    ) -> (Vec<StepKey>, Vec<ItemCode>) {
        let Some(step) = matter.step(key) else { return (Vec::new(), Vec::new()) };
        let approved = |key: &&StepKey| {
            self.steps.iter().any(|one| one.step == **key && one.state == StepState::Approved)
        };
        let used = |item: &ItemCode| {
            self.requirements
                .iter()
                .any(|one| one.item == *item && one.used_by.contains(&step.department))
        };
        let steps = step.after.iter().filter(|key| !approved(key)).cloned().collect();
        let needs = matter.needs.iter().filter(|need| need.steps.contains(key));
        let items = needs.map(|need| &need.item).filter(|item| !used(item)).cloned().collect();
        (steps, items)
    }

    fn step_mut(&mut self, key: &StepKey) -> Option<&mut CaseStep> {
        self.steps.iter_mut().find(|step| step.step == *key)
    }

    /// The step, if a department may decide it now.
    pub(super) fn reviewed(
        &self,
        department: &DepartmentCode,
        key: &StepKey,
    ) -> Result<&CaseStep, Refusal> {
        self.is_open()?;
        let step = self.steps.iter().find(|step| step.step == *key);
        let step = step.ok_or(Refusal::NoSuchStep)?;
        if step.department != *department {
            return Err(Refusal::NotYourStep);
        }
        match step.state {
            StepState::InReview => Ok(step),
            StepState::Approved => Err(Refusal::StepDone),
            StepState::Waiting | StepState::Returned => Err(Refusal::StepNotReady),
        }
    }

    /// The step, if it is with the applicant.
    pub(super) fn returned(&self, key: &StepKey) -> Result<&CaseStep, Refusal> {
        self.is_open()?;
        let step = self.steps.iter().find(|step| step.step == *key);
        match step.ok_or(Refusal::NoSuchStep)? {
            step if step.state == StepState::Returned => Ok(step),
            _ => Err(Refusal::StepNotReturned),
        }
    }

    pub(super) fn approve(
        mut self,
        department: &DepartmentCode,
        key: &StepKey,
        matter: &Matter,
        clock: &Clock,
    ) -> Result<Self, Refusal> {
        self.reviewed(department, key)?;
        if let Some(step) = self.step_mut(key) {
            (step.state, step.since, step.due_on) = (StepState::Approved, clock.now, None);
        }
        Ok(self.advanced(matter, clock))
    }

    pub(super) fn return_step(
        mut self,
        department: &DepartmentCode,
        key: &StepKey,
        reason: &str,
        clock: &Clock,
    ) -> Result<Self, Refusal> {
        self.reviewed(department, key)?;
        if let Some(step) = self.step_mut(key) {
            (step.state, step.since, step.due_on) = (StepState::Returned, clock.now, None);
            step.reason = Some(reason.to_owned());
        }
        Ok(self)
    }

    pub(super) fn resubmit(
        mut self,
        key: &StepKey,
        matter: &Matter,
        clock: &Clock,
    ) -> Result<Self, Refusal> {
        self.returned(key)?;
        let days = matter.step(key).map_or(0, |step| step.promised_days);
        let due_on = clock.within(days);
        if let Some(step) = self.step_mut(key) {
            (step.state, step.since, step.due_on) = (StepState::InReview, clock.now, Some(due_on));
            step.reason = None;
        }
        Ok(self)
    }

    pub(super) fn withdraw(mut self, matter: &Matter) -> Result<Self, Refusal> {
        self.is_open()?;
        let under_way = self.requirements.iter().any(|requirement| {
            requirement.order_id.is_some()
                && requirement.linked_by.is_none()
                && requirement.used_by.len() < matter.consumers(&requirement.item).len()
        });
        if under_way {
            return Err(Refusal::CaseHasOrders);
        }
        if self.requirements.iter().any(|requirement| requirement.purchase_id.is_some()) {
            return Err(Refusal::PurchaseUnderWay);
        }
        self.state = CaseState::Withdrawn;
        Ok(self)
    }
}
