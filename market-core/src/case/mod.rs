//! Cases (办件): one applicant's run of a matter, decided step by step by its departments.
//!
//! Read [`state`] for how a case moves on, this file for who may make it, and `store` for where
//! it is kept. Which order satisfies a requirement is the order slice's to say.

pub mod state;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::state::{CaseRequirement, CaseState, CaseStep, StepState};
pub use crate::kernel::fund::Fund;
use crate::{
    Actor, Call, Error, Market, Page, Paging, Party, Refusal, Timestamp,
    code::{DepartmentCode, MatterCode, RegionCode, StepKey},
    id::{ApplicantId, CaseId},
    kernel::{
        action::Action,
        authority::{Act, Relation, act},
        error::named_at,
        text::{check_reason, check_text},
    },
    matter::Matter,
    rules::Clock,
    store::{Tx, begin, retry},
};

/// A case (办件).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Whose it is.
    pub applicant_id: ApplicantId,
    /// The matter that it runs.
    pub matter: MatterCode,
    /// The version of the matter that it was opened under, and keeps.
    pub matter_version: i64,
    /// What the applicant calls it.
    pub title: String,
    /// Where the thing is done.
    pub region: RegionCode,
    /// Whose money pays.
    pub fund: Fund,
    /// Where it stands.
    pub state: CaseState,
    /// The decisions that it takes, by key.
    pub steps: Vec<CaseStep>,
    /// The services that it needs, by item.
    pub requirements: Vec<CaseRequirement>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What an applicant opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The matter to run.
    pub matter: MatterCode,
    /// What the applicant calls it, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub title: String,
    /// Where the thing is done.
    pub region: RegionCode,
    /// Whose money pays.
    pub fund: Fund,
}

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only those in this state.
    pub state: Option<CaseState>,
}

const OPEN: Act = act("case.open");
const SHOW: Act = act("case.show");
const RUN: Act = act("case.run");
const DECIDE: Act = act("case.decide");

/// The cases of a market.
#[derive(Debug, Clone, Copy)]
pub struct Cases<'m>(pub(crate) &'m Market);

impl Cases<'_> {
    /// Opens a case of a matter; its first steps wait for what they need.
    pub async fn open(&self, call: &Call, new: NewCase) -> Result<Case, Error> {
        retry(|| self.open_once(call, &new)).await
    }

    async fn open_once(&self, call: &Call, new: &NewCase) -> Result<Case, Error> {
        OPEN.admits(&call.actor)?;
        let applicant = call.actor.applicant()?;
        let mut faults = Vec::new();
        check_text("/title", &new.title, 1, 100, &mut faults);
        Error::unless_faultless(faults)?;
        let mut tx = begin!(self.0, call, "cases.open", new);
        let matter = named_at(tx.matter(&new.matter).await, "/matter")?;
        if matter.withdrawn {
            return Err(Refusal::MatterWithdrawn.into());
        }
        let region = named_at(tx.region(&new.region).await, "/region")?;
        let clock = tx.clock(&region).await?;
        let mut needs = Vec::new();
        for need in &matter.needs {
            needs.push((need.item.clone(), tx.service_item(&need.item).await?.version));
        }
        let case = Case::open(CaseId(self.0.env.id()), applicant, new, &matter, needs, &clock);
        tx.insert_case(&case, &clock).await?;
        tx.finish(case).await
    }

    /// Gives a case up.
    pub async fn withdraw(&self, call: &Call, id: CaseId, reason: &str) -> Result<Case, Error> {
        check_reason(reason)?;
        retry(|| async {
            RUN.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "cases.withdraw", &(id, reason));
            let (before, matter) = tx.case_of(call, id).await?;
            RUN.permits(&call.actor, before.owned_by(&call.actor), before.state.as_str())?;
            let case = before.clone().withdraw(&matter)?;
            let data = serde_json::json!({ "reason": reason });
            let case = tx.save_case(&before, case, "case_withdrawn", data, None).await?;
            tx.finish(case).await
        })
        .await
    }

    /// Approves a step, which lets the steps after it begin; the last one completes the case.
    pub async fn approve(&self, call: &Call, id: CaseId, step: &StepKey) -> Result<Case, Error> {
        retry(|| async {
            DECIDE.admits(&call.actor)?;
            let department = call.actor.department()?;
            let mut tx = begin!(self.0, call, "cases.approve", &(id, step));
            let (before, matter) = tx.case_of(call, id).await?;
            before.check_decider(&call.actor, step, &matter)?;
            let clock = tx.clock_of(&before).await?;
            let case = before.clone().approve(department, step, &matter, &clock)?;
            let data = named_step(step, "");
            let case = tx.save_case(&before, case, "step_approved", data, Some(&clock)).await?;
            tx.finish(case).await
        })
        .await
    }

    /// Returns a step to the applicant, who mends it and hands it in again.
    pub async fn return_step(
        &self,
        call: &Call,
        id: CaseId,
        step: &StepKey,
        reason: &str,
    ) -> Result<Case, Error> {
        check_reason(reason)?;
        retry(|| async {
            DECIDE.admits(&call.actor)?;
            let department = call.actor.department()?;
            let mut tx = begin!(self.0, call, "cases.return", &(id, step, reason));
            let (before, matter) = tx.case_of(call, id).await?;
            before.check_decider(&call.actor, step, &matter)?;
            let clock = tx.clock_of(&before).await?;
            let case = before.clone().return_step(department, step, reason, &clock)?;
            let data = named_step(step, reason);
            let case = tx.save_case(&before, case, "step_returned", data, Some(&clock)).await?;
            tx.finish(case).await
        })
        .await
    }

    /// Hands a returned step in again.
    pub async fn resubmit(&self, call: &Call, id: CaseId, step: &StepKey) -> Result<Case, Error> {
        retry(|| async {
            RUN.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "cases.resubmit", &(id, step));
            let (before, matter) = tx.case_of(call, id).await?;
            RUN.permits(&call.actor, before.owned_by(&call.actor), before.state.as_str())?;
            let clock = tx.clock_of(&before).await?;
            let case = before.clone().resubmit(step, &matter, &clock)?;
            let data = named_step(step, "");
            let case = tx.save_case(&before, case, "step_resubmitted", data, Some(&clock)).await?;
            tx.finish(case).await
        })
        .await
    }

    /// Reads a case that the actor takes part in.
    pub async fn get(&self, actor: &Actor, id: CaseId) -> Result<Case, Error> {
        let case = self.0.db.case(id).await?;
        let matter = self.0.db.matter_version(&case.matter, case.matter_version).await?;
        case.check_party(actor, &matter)?;
        Ok(case)
    }

    /// The cases that the actor takes part in, newest first; the operator sees all.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &CaseFilter,
        paging: &Paging,
    ) -> Result<Page<Case>, Error> {
        let ids = self.0.db.case_ids(&actor.party, filter, paging).await?;
        let page = paging.page(ids, |(id,)| id.to_string());
        let cases = self.0.db.cases(page.items.iter().map(|(id,)| *id)).await?;
        Ok(Page { items: cases, next: page.next })
    }

    /// What the actor may do with a case, and why not the rest.
    pub async fn actions(&self, actor: &Actor, id: CaseId) -> Result<Vec<Action>, Error> {
        let case = self.get(actor, id).await?;
        let matter = self.0.db.matter_version(&case.matter, case.matter_version).await?;
        Ok(case.actions(actor, &matter))
    }
}

fn named_step(step: &StepKey, reason: &str) -> serde_json::Value {
    serde_json::json!({ "step": step, "reason": reason })
}

impl Case {
    /// Whether the actor is the applicant whose case it is.
    pub(crate) fn owned_by(&self, actor: &Actor) -> Relation {
        Relation::party_if(actor.party == Party::Applicant(self.applicant_id))
    }

    /// How an actor stands to the case: its departments are party to it, the one that leads its
    /// matter supervises it.
    fn relation(&self, actor: &Actor, matter: &Matter) -> Relation {
        match &actor.party {
            Party::Department(code) => matter.relation(code),
            _ => self.owned_by(actor),
        }
    }

    /// Whether an actor may know of the case.
    pub(crate) fn check_party(&self, actor: &Actor, matter: &Matter) -> Result<(), Error> {
        SHOW.permits(actor, self.relation(actor, matter), self.state.as_str()).map(drop)
    }

    /// Whether the actor's department decides a step of the case, if there is such a step.
    fn check_decider(&self, actor: &Actor, step: &StepKey, matter: &Matter) -> Result<(), Error> {
        let relation = match &actor.party {
            Party::Department(code) => {
                let decides = |one: &CaseStep| one.step != *step || one.department == *code;
                Relation::of_department(self.steps.iter().all(decides), matter.involves(code))
            }
            _ => Relation::Stranger,
        };
        DECIDE.permits(actor, relation, self.state.as_str()).map(drop)
    }

    /// What an actor may do with the case, and why not the rest.
    pub fn actions(&self, actor: &Actor, matter: &Matter) -> Vec<Action> {
        let mut actions = vec![Action::of(
            "withdraw",
            RUN.admits(actor).and_then(|()| self.clone().withdraw(matter).map(drop)),
        )];
        for step in &self.steps {
            let decides = |code: &DepartmentCode| self.reviewed(code, &step.step).map(drop);
            let outcome = DECIDE.admits(actor).and_then(|()| actor.department());
            let outcome = outcome.and_then(decides);
            actions.push(Action::of(&format!("steps/{}/approve", step.step), outcome));
            actions.push(Action::of(&format!("steps/{}/return", step.step), outcome));
            let outcome = RUN.admits(actor).and_then(|()| self.returned(&step.step).map(drop));
            actions.push(Action::of(&format!("steps/{}/resubmit", step.step), outcome));
        }
        for requirement in &self.requirements {
            let admits = || self.admits(&requirement.item).map(drop);
            let outcome = const { act("order.place") }.admits(actor).and_then(|()| admits());
            actions.push(Action::of(&format!("requirements/{}/order", requirement.item), outcome));
            let outcome = const { act("case.link") }.admits(actor).and_then(|()| admits());
            actions.push(Action::of(&format!("requirements/{}/link", requirement.item), outcome));
        }
        actions
    }
}

impl Tx {
    /// A case for a change by a party to it, held until the change is done, with its matter.
    pub(crate) async fn case_of(
        &mut self,
        call: &Call,
        id: CaseId,
    ) -> Result<(Case, Matter), Error> {
        let case = self.case_for_update(id).await?;
        let matter = self.matter_version(&case.matter, case.matter_version).await?;
        case.check_party(&call.actor, &matter)?;
        if call.expected.is_some_and(|expected| expected != case.version) {
            return Err(Error::Stale("case"));
        }
        Ok((case, matter))
    }

    /// The rules' clock where a case is.
    pub(crate) async fn clock_of(&mut self, case: &Case) -> Result<Clock, Error> {
        let region = self.region(&case.region).await?;
        self.clock(&region).await
    }
}
