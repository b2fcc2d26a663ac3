//! Complaints about purchases (投诉): filed by a party to one, handled by the department that leads
//! its matter. An accepted complaint stops the clock of an award.
//!
//! Who complains is known to the complainant and the handler alone. Read [`state`] for where a
//! complaint stands, this file for who may know of it and move it, `stopping` for what it does to
//! its purchase, and `store` for where it is kept.

pub mod state;
mod stopping;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::state::ComplaintState;
use self::state::Moved;
use crate::{
    Action, Actor, Call, Error, Fault, Market, Page, Paging, Party, Timestamp,
    code::DepartmentCode,
    id::{ApplicantId, ComplaintId, PurchaseId},
    kernel::{
        authority::{Act, Relation, act},
        text::{check_lines, check_reason, check_text},
    },
    purchase::Contact,
    rules::Clock,
    store::{begin, retry},
};

/// What a complainant writes (投诉书).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ComplaintLetter))]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// What happened, and which rule it breaks: 1 to 4000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub facts: String,
    /// What is asked for, 1 to 1000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub demand: String,
    /// What proves it, up to 4000 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 4000))]
    pub evidence: String,
    /// Whom the handler may ask.
    pub contact: Contact,
}

impl Letter {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_lines("/facts", &self.facts, 1, 4000, &mut faults);
        check_lines("/demand", &self.demand, 1, 1000, &mut faults);
        check_lines("/evidence", &self.evidence, 0, 4000, &mut faults);
        check_text("/contact/name", &self.contact.name, 1, 50, &mut faults);
        check_text("/contact/phone", &self.contact.phone, 5, 40, &mut faults);
        Error::unless_faultless(faults)
    }
}

/// A complaint about a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Complaint {
    /// Its id.
    pub id: ComplaintId,
    /// The number of its receipt (回执编号).
    pub number: String,
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// Whose purchase it is.
    pub owner_id: ApplicantId,
    /// The department that handles it: the one that leads the matter.
    pub handler: DepartmentCode,
    /// Who complains; shown to the complainant and the handler alone.
    pub complainant: Option<Party>,
    /// What it says; shown to the complainant and the handler alone.
    pub letter: Option<Letter>,
    /// Where it stands.
    pub state: ComplaintState,
    /// Since when.
    pub since: Timestamp,
    /// Until when the handler has something to do.
    pub due_at: Option<Timestamp>,
    /// Whether the handler is late.
    pub overdue: bool,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was filed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which complaints to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComplaintFilter {
    /// Only those in the state of this name.
    pub state: Option<String>,
    /// Only those about this purchase.
    pub purchase_id: Option<PurchaseId>,
    /// Only those whose handler is late.
    pub overdue: bool,
}

const SHOW: Act = act("complaint.show");
const HANDLE: Act = act("complaint.handle");
const WITHDRAW: Act = act("complaint.withdraw");
const COMPLAINANT: Act = act("field.complaint.complainant");

/// The complaints of a market.
#[derive(Debug, Clone, Copy)]
pub struct Complaints<'m>(pub(crate) &'m Market);

impl Complaints<'_> {
    /// A party to a purchase complains, before the publicity of the award ends.
    pub async fn file(
        &self,
        call: &Call,
        purchase: PurchaseId,
        letter: Letter,
    ) -> Result<Complaint, Error> {
        letter.check()?;
        retry(|| self.file_once(call, purchase, &letter)).await
    }

    /// Whether the actor may complain about a purchase now; it is decided anew when they do.
    pub async fn may_file(&self, actor: &Actor, purchase: PurchaseId) -> Result<(), Error> {
        let purchase = self.0.db.purchase(purchase).await?;
        self.0.db.check_party_to_purchase(actor, &purchase).await?;
        Ok(purchase.check_open_to_complaints(self.0.env.now())?)
    }

    async fn file_once(
        &self,
        call: &Call,
        purchase: PurchaseId,
        letter: &Letter,
    ) -> Result<Complaint, Error> {
        let mut tx = begin!(self.0, call, "complaints.file", &(purchase, letter));
        let (purchase, clock) = tx.hold_purchase_and_case(purchase).await?;
        tx.check_party_to_purchase(&call.actor, &purchase).await?;
        purchase.check_open_to_complaints(clock.now)?;
        let handler = tx.matter_of_case(purchase.case_id).await?.lead;
        let due = clock.within(clock.policy.selection.complaint_acceptance_days);
        let state = ComplaintState::Filed { due };
        let id = ComplaintId(self.0.env.id());
        let complaint = Complaint {
            id,
            number: receipt(clock.now, id),
            purchase_id: purchase.id,
            owner_id: purchase.applicant_id,
            handler,
            complainant: Some(call.actor.party.clone()),
            letter: Some(letter.clone()),
            due_at: state.due_at(),
            state,
            since: clock.now,
            overdue: false,
            version: 1,
            created_at: clock.now,
            updated_at: clock.now,
        };
        let moved = Moved { complaint, from: None, event: "complaint_filed" };
        let complaint = tx.insert_complaint(moved, letter, &clock).await?;
        tx.finish(complaint).await
    }

    /// The handler accepts a complaint: the clock of its purchase stops.
    pub async fn accept(&self, call: &Call, id: ComplaintId) -> Result<Complaint, Error> {
        self.step(call, id, "complaints.accept", "", |complaint, clock| {
            complaint.handled_by(&call.actor)?;
            Ok(complaint.accept(clock)?)
        })
        .await
    }

    /// The handler does not accept a complaint, and says why.
    pub async fn refuse(
        &self,
        call: &Call,
        id: ComplaintId,
        reason: &str,
    ) -> Result<Complaint, Error> {
        check_reason(reason)?;
        self.step(call, id, "complaints.refuse", reason, |complaint, clock| {
            complaint.handled_by(&call.actor)?;
            Ok(complaint.refuse(reason.to_owned(), clock.now)?)
        })
        .await
    }

    /// The handler decides for the complainant, in 1 to 2000 characters: the purchase fails.
    pub async fn uphold(
        &self,
        call: &Call,
        id: ComplaintId,
        decision: &str,
    ) -> Result<Complaint, Error> {
        check_decision(decision)?;
        self.step(call, id, "complaints.uphold", decision, |complaint, clock| {
            complaint.handled_by(&call.actor)?;
            Ok(complaint.uphold(decision.to_owned(), clock.now)?)
        })
        .await
    }

    /// The handler decides against the complainant, in 1 to 2000 characters. Once no accepted
    /// complaint is left, the clock of the purchase goes on.
    pub async fn dismiss(
        &self,
        call: &Call,
        id: ComplaintId,
        decision: &str,
    ) -> Result<Complaint, Error> {
        check_decision(decision)?;
        self.step(call, id, "complaints.dismiss", decision, |complaint, clock| {
            complaint.handled_by(&call.actor)?;
            Ok(complaint.dismiss(decision.to_owned(), clock.now)?)
        })
        .await
    }

    /// The complainant withdraws a complaint.
    pub async fn withdraw(&self, call: &Call, id: ComplaintId) -> Result<Complaint, Error> {
        self.step(call, id, "complaints.withdraw", "", |complaint, clock| {
            complaint.made_by(&call.actor)?;
            Ok(complaint.withdraw(clock.now)?)
        })
        .await
    }

    async fn step(
        &self,
        call: &Call,
        id: ComplaintId,
        action: &'static str,
        input: &str,
        by: impl Fn(Complaint, &Clock) -> Result<Moved, Error>,
    ) -> Result<Complaint, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, input));
            let purchase = tx.complaint(id).await?.known_to(&call.actor)?.purchase_id;
            let (purchase, clock) = tx.hold_purchase_and_case(purchase).await?;
            let before = tx.complaint(id).await?;
            if call.expected.is_some_and(|expected| expected != before.version) {
                return Err(Error::Stale("complaint"));
            }
            let complaint = tx.save_complaint(by(before, &clock)?, &clock).await?;
            tx.follow_complaint(&complaint, purchase, &clock).await?;
            tx.finish(complaint).await
        })
        .await
    }

    /// Reads a complaint that the actor may know of, as far as it may.
    pub async fn get(&self, actor: &Actor, id: ComplaintId) -> Result<Complaint, Error> {
        let complaint = self.0.db.complaint(id).await?.known_to(actor)?;
        Ok(complaint.shown_to(actor, self.0.env.now()))
    }

    /// The complaints that the actor may know of, newest first: of a party its own and those that
    /// it handles, of an owner the accepted ones about its purchases, of the operator all.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &ComplaintFilter,
        paging: &Paging,
    ) -> Result<Page<Complaint>, Error> {
        if let Some(state) = &filter.state
            && !ComplaintState::NAMES.contains(&state.as_str())
        {
            let message = format!("not one of: {}", ComplaintState::NAMES.join(", "));
            return Err(Error::invalid("state", "unknown", message));
        }
        let now = self.0.env.now();
        let found = self.0.db.complaints(&actor.party, filter, now, paging).await?;
        let page = paging.page(found, |complaint| complaint.id.to_string());
        Ok(page.map(|one| one.shown_to(actor, now)))
    }

    /// What the actor may do with a complaint, and why not the rest.
    pub async fn actions(&self, actor: &Actor, id: ComplaintId) -> Result<Vec<Action>, Error> {
        Ok(self.0.db.complaint(id).await?.known_to(actor)?.actions(actor))
    }
}

/// The number of a receipt: its day, and the random end of the complaint's id.
fn receipt(at: Timestamp, id: ComplaintId) -> String {
    let day = at.day().to_string().replace('-', "");
    let id = id.0.simple().to_string().to_uppercase();
    format!("TS{day}-{}", &id[20..])
}

fn check_decision(decision: &str) -> Result<(), Error> {
    let mut faults: Vec<Fault> = Vec::new();
    check_lines("/decision", decision, 1, 2000, &mut faults);
    Error::unless_faultless(faults)
}

impl Complaint {
    /// How an actor stands to it: who complains and whose purchase it is about are party to it,
    /// the handler supervises it.
    fn relation(&self, actor: &Actor) -> Relation {
        match &actor.party {
            Party::Applicant(id) if *id == self.owner_id => Relation::Party,
            Party::Department(code) if *code == self.handler => Relation::Supervisor,
            party => Relation::party_if(self.complainant.as_ref() == Some(party)),
        }
    }

    /// In which state who may know of it is decided: a complaint by the owner itself is the
    /// owner's throughout, one by somebody else only once it is accepted.
    fn stands(&self) -> &'static str {
        match &self.complainant {
            Some(Party::Applicant(id)) if *id == self.owner_id => "of_owner",
            _ => self.state.name(),
        }
    }

    fn permits(&self, act: Act, actor: &Actor) -> Result<(), Error> {
        act.permits(actor, self.relation(actor), self.stands()).map(drop)
    }

    /// Whether the actor's department handles it.
    fn handled_by(&self, actor: &Actor) -> Result<(), Error> {
        self.permits(HANDLE, actor)
    }

    /// Whether the actor's party complains.
    fn made_by(&self, actor: &Actor) -> Result<(), Error> {
        self.permits(WITHDRAW, actor)
    }

    /// The complaint, if an actor may know that there is one.
    fn known_to(self, actor: &Actor) -> Result<Self, Error> {
        self.permits(SHOW, actor)?;
        Ok(self)
    }

    /// The complaint as an actor who knows of it may see it: who complains, and what the letter
    /// says, is for the complainant and the handler.
    fn shown_to(mut self, actor: &Actor, now: Timestamp) -> Self {
        self.overdue = self.due_at.is_some_and(|due| due <= now);
        if !COMPLAINANT.shows(actor, self.relation(actor), self.stands()) {
            self.complainant = None;
            self.letter = None;
        }
        self
    }

    /// What an actor may do with it now, from the same checks as the steps themselves.
    fn actions(&self, actor: &Actor) -> Vec<Action> {
        let may = |act: Act| act.allows(actor.role(), self.relation(actor), self.stands());
        let (handler, own) = (may(HANDLE), may(WITHDRAW));
        vec![
            Action::of("accept", handler.and(self.filed())),
            Action::of("refuse", handler.and(self.filed())),
            Action::of("uphold", handler.and(self.investigating())),
            Action::of("dismiss", handler.and(self.investigating())),
            Action::of("withdraw", own.and(self.live())),
        ]
    }
}
