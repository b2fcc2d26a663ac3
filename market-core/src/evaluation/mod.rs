//! Evaluations after orders (评价): who took part in one says how it went.
//!
//! Once an order is completed, or terminated after its contract, a window opens for it: the
//! applicant and every department that used the deliverable evaluate the agency, the agency
//! evaluates the applicant, each once. Nobody sees what others say before the window closes.
//!
//! Read [`state`] for where windows and evaluations stand, `marks` for how marks become points,
//! this file for who may do what, `seen` for what the parties to an order see, `closing` for what
//! opens and closes by itself, `public` for what everybody may see, and `store` for where all is
//! kept.

mod closing;
mod marks;
pub(crate) mod public;
mod rows;
mod seen;
pub mod state;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    public::{AgencyEvaluations, DimensionFigures, MarkCount, PublicEvaluation},
    seen::{AskedDimension, OrderEvaluations, RaterStatus, SeenEvaluation},
    state::{EvaluationState, WindowState},
};
use self::{state::Moved, store::HeldEvaluation};
use crate::{
    Call, Day, Error, EvaluationRules, Fault, Market, Party, Refusal, Timestamp,
    applicant::ApplicantKind,
    code::{DepartmentCode, ItemCode},
    id::{AgencyId, ApplicantId, CaseId, EvaluationId, OrderId},
    kernel::text::{check_lines, holds_numbers_of_people},
    rules::Clock,
    store::{Tx, begin, retry, text_enum},
};

text_enum! {
    /// As what somebody evaluates.
    pub enum Rater {
        /// The applicant, who bought; it evaluates the agency.
        Applicant = "applicant",
        /// The agency, which sold; it evaluates the applicant.
        Agency = "agency",
        /// A department that used the deliverable; it evaluates the agency.
        Department = "department",
    }
}

/// The window in which an order is evaluated (评价窗口).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationWindow {
    /// The order.
    pub order_id: OrderId,
    /// Its case.
    pub case_id: CaseId,
    /// Who sold.
    pub agency_id: AgencyId,
    /// Who bought.
    pub applicant_id: ApplicantId,
    /// What was bought.
    pub item: ItemCode,
    /// The department that decides on appeals: the one that leads the matter.
    pub supervisor: DepartmentCode,
    /// Who evaluates.
    pub raters: Vec<Party>,
    /// The rules of the day on which it opened.
    pub rules: EvaluationRules,
    /// The version of the policy profile that they are of.
    pub policy_version: i64,
    /// Where it stands.
    pub state: WindowState,
    /// What the order says of its agency: from 0 to 1000, or nothing.
    pub points: Option<u32>,
    /// Grows by one when it closes.
    pub version: i64,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How something was marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mark {
    /// What was marked, as a code …
    pub code: String,
    /// … and for people.
    pub name: String,
    /// Its part in the whole, in percent.
    pub weight: u32,
    /// The mark, from 1.
    pub mark: u32,
}

/// An evaluation of one side of an order by somebody who took part (评价).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evaluation {
    /// Its id.
    pub id: EvaluationId,
    /// The order.
    pub order_id: OrderId,
    /// Who evaluates …
    pub rater: Party,
    /// … as what …
    pub role: Rater,
    /// … and whom.
    pub about: Party,
    /// What was marked, and how.
    pub marks: Vec<Mark>,
    /// The best mark that there is.
    pub scale: u32,
    /// What the marks add up to, from 0 to 1000.
    pub points: u32,
    /// What else there is to say.
    pub comment: String,
    /// Who decides on appeals: the department that leads the matter, unless it evaluates itself;
    /// then the operator.
    pub supervisor: Party,
    /// Where it stands.
    pub state: EvaluationState,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What somebody who took part in an order says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewEvaluation {
    /// A mark for each dimension, by its code.
    pub marks: BTreeMap<String, u32>,
    /// What else there is to say, up to 500 characters; without anybody's telephone or identity
    /// number.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 500))]
    pub comment: String,
}

impl NewEvaluation {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_lines("/comment", &self.comment, 0, 500, &mut faults);
        if holds_numbers_of_people(&self.comment) {
            let message = "must hold no telephone or identity number";
            faults.push(Fault::new("/comment", "personal", message));
        }
        Error::unless_faultless(faults)
    }
}

text_enum! {
    /// What a supervisor decides of an evaluation.
    pub enum Decision {
        /// It stands, in spite of the appeal (维持).
        Keep = "keep",
        /// It is hidden, and counts no more (隐藏).
        Hide = "hide",
    }
}

/// The evaluations of a market.
#[derive(Debug, Clone, Copy)]
pub struct Evaluations<'m>(pub(crate) &'m Market);

impl Evaluations<'_> {
    /// Somebody who took part in an order evaluates it, once, while its window is open. The last
    /// of them closes the window.
    pub async fn give(
        &self,
        call: &Call,
        order: OrderId,
        new: NewEvaluation,
    ) -> Result<Evaluation, Error> {
        new.check()?;
        retry(|| self.give_once(call, order, &new)).await
    }

    async fn give_once(
        &self,
        call: &Call,
        order: OrderId,
        new: &NewEvaluation,
    ) -> Result<Evaluation, Error> {
        let mut tx = begin!(self.0, call, "evaluations.give", &(order, new));
        let held = tx.hold_order(call, order).await?;
        // Neither a wait for the order nor the clock of a node lets anything in late.
        tx.settle_time().await?;
        let clock = tx.clock_of(&held.case).await?;
        let window = tx.evaluation_window(order).await?.ok_or(Refusal::EvaluationNotOpen)?;
        let mut given = tx.evaluations_of_order(order).await?;
        window.check_give(&call.actor.party, &given, clock.today())?;
        if tx.names_the_applicant(&window, &new.comment).await? {
            let message = "must not name the applicant, who is a natural person";
            return Err(Error::invalid("/comment", "personal", message));
        }
        let id = EvaluationId(self.0.env.id());
        let evaluation = window.evaluated(id, &call.actor.party, new, &clock)?;
        let moved = Moved { thing: evaluation, from: None, event: "evaluation_given" };
        let evaluation = tx.insert_evaluation(moved, &window).await?;
        given.push(evaluation.clone());
        let closed = tx.close_window(window, given, &clock).await?;
        let own = closed.into_iter().flatten().find(|one| one.id == evaluation.id);
        tx.finish(own.unwrap_or(evaluation)).await
    }

    /// The agency appeals against what is said of it, with a reason of 1 to 1000 characters.
    pub async fn appeal(
        &self,
        call: &Call,
        id: EvaluationId,
        reason: &str,
    ) -> Result<Evaluation, Error> {
        check_reasons(reason)?;
        self.step(call, id, "evaluations.appeal", &reason, |evaluation, window, clock| {
            evaluation.check_appellant(&call.actor.party)?;
            evaluation.appeal(reason.to_owned(), window.rules.decision_days, clock)
        })
        .await
    }

    /// The supervisor decides that an evaluation stands in spite of an appeal, or hides it, with
    /// a reason of 1 to 1000 characters.
    pub async fn decide(
        &self,
        call: &Call,
        id: EvaluationId,
        decision: Decision,
        reason: &str,
    ) -> Result<Evaluation, Error> {
        check_reasons(reason)?;
        let input = (decision, reason);
        self.step(call, id, "evaluations.decide", &input, |evaluation, _, clock| {
            evaluation.check_supervisor(&call.actor.party)?;
            match decision {
                Decision::Keep => evaluation.keep(reason.to_owned(), clock.now),
                Decision::Hide => evaluation.hide(reason.to_owned(), clock.now),
            }
        })
        .await
    }

    async fn step(
        &self,
        call: &Call,
        id: EvaluationId,
        action: &'static str,
        input: &impl Serialize,
        by: impl Fn(Evaluation, &EvaluationWindow, &Clock) -> Result<Moved<Evaluation>, Refusal>,
    ) -> Result<Evaluation, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, input));
            let HeldEvaluation { evaluation, window, clock } =
                tx.hold_evaluation(&call.actor, id).await?;
            if call.expected.is_some_and(|expected| expected != evaluation.version) {
                return Err(Error::Stale("evaluation"));
            }
            let moved = by(evaluation, &window, &clock)?;
            let evaluation = tx.save_evaluation(moved, window).await?;
            tx.finish(evaluation).await
        })
        .await
    }
}

fn check_reasons(reason: &str) -> Result<(), Error> {
    let mut faults = Vec::new();
    check_lines("/reason", reason, 1, 1000, &mut faults);
    Error::unless_faultless(faults)
}

impl EvaluationWindow {
    /// As what a party evaluates, if it does.
    fn role_of(&self, party: &Party) -> Option<Rater> {
        match party {
            _ if !self.raters.contains(party) => None,
            Party::Applicant(_) => Some(Rater::Applicant),
            Party::Agency(_) => Some(Rater::Agency),
            Party::Department(_) => Some(Rater::Department),
            Party::Operator => None,
        }
    }

    /// Whether a party may evaluate today, and as what: each once.
    fn check_give(
        &self,
        party: &Party,
        given: &[Evaluation],
        today: Day,
    ) -> Result<Rater, Refusal> {
        let role = self.role_of(party).ok_or(Refusal::NotARater)?;
        if given.iter().any(|one| one.rater == *party) {
            return Err(Refusal::AlreadyEvaluated);
        }
        self.check_open(today).map(|()| role)
    }

    /// Who has not evaluated yet.
    pub(crate) fn awaited(&self, given: &[Evaluation]) -> Vec<Party> {
        let raters = self.raters.iter();
        raters.filter(|party| given.iter().all(|one| one.rater != **party)).cloned().collect()
    }

    /// What a party evaluates it with.
    fn evaluated(
        &self,
        id: EvaluationId,
        rater: &Party,
        new: &NewEvaluation,
        clock: &Clock,
    ) -> Result<Evaluation, Error> {
        let role = self.role_of(rater).ok_or(Refusal::NotARater)?;
        let marks = marks::read(&new.marks, role, &self.rules)?;
        let about = match role {
            Rater::Applicant | Rater::Department => Party::Agency(self.agency_id),
            Rater::Agency => Party::Applicant(self.applicant_id),
        };
        let lead = Party::Department(self.supervisor.clone());
        Ok(Evaluation {
            id,
            order_id: self.order_id,
            supervisor: if lead == *rater { Party::Operator } else { lead },
            rater: rater.clone(),
            role,
            about,
            points: marks::of_marks(&marks, self.rules.scale),
            marks,
            scale: self.rules.scale,
            comment: new.comment.trim().to_owned(),
            state: EvaluationState::Sealed {},
            version: 1,
            created_at: clock.now,
            updated_at: clock.now,
        })
    }
}

impl Evaluation {
    /// Whether it is about the agency.
    pub(crate) const fn is_about_agency(&self) -> bool {
        matches!(self.about, Party::Agency(_))
    }

    /// Only whom it is about appeals.
    fn check_appellant(&self, party: &Party) -> Result<(), Refusal> {
        if self.about == *party { Ok(()) } else { Err(Refusal::OtherSide) }
    }

    fn check_supervisor(&self, party: &Party) -> Result<(), Refusal> {
        if self.supervisor == *party { Ok(()) } else { Err(Refusal::OtherSide) }
    }
}

impl Tx {
    /// Whether a comment has the name of the applicant, if that is a natural person.
    async fn names_the_applicant(
        &mut self,
        window: &EvaluationWindow,
        comment: &str,
    ) -> Result<bool, Error> {
        let applicant = self.applicant(window.applicant_id).await?;
        Ok(applicant.kind == ApplicantKind::Natural && comment.contains(&*applicant.name))
    }
}
