//! Purchases (采购项目): an owner publishes what is needed, agencies register, one is chosen by the
//! rule of the notice, the award is published, and an order follows.
//!
//! Read [`state`] for where a purchase stands and `steps` for how it moves, `notice` for what is
//! published, this file and `owner` for what its owner does, `registration` and `registering` for
//! what agencies do, `closing`, `opening`, `deciding`, `rounds` and `awarding` for how the agency is
//! found, `complained` for how complaints stop it, [`receipt`] for what agencies prove, and `timer` for what happens by itself. `store`
//! and its neighbours keep everything.

mod actions;
mod affiliation;
mod awarding;
mod closing;
mod complained;
mod deciding;
mod eligibility;
mod notice;
mod opening;
mod owner;
pub(crate) mod proof;
pub(crate) mod proof_store;
mod question;
pub(crate) mod question_store;
pub mod receipt;
mod registering;
mod registration;
pub(crate) mod registration_store;
mod review;
mod rounds;
pub(crate) mod secret_store;
pub mod state;
mod steps;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod tests;
mod timer;

use serde::{Deserialize, Serialize};

pub use self::{
    notice::{Avoidance, Contact, Notice, Price},
    opening::NewReveal,
    owner::{Choice, Submission},
    proof::{PublishedDraw, verify},
    question::{Answered, Question},
    registering::{NewQuote, NewRegistration, QuoteReceipt},
    registration::{QuoteState, Registration, RegistrationEligibility, RegistrationState},
    rounds::{NewReply, Reply},
    state::{Award, Failure, GivenNumber, PurchaseState, Waiting},
};
use crate::{
    Actor, Call, Error, Kind, Market, Mode, Page, Paging, Party, Recorded, Timestamp,
    code::{ItemCode, RegionCode},
    id::{ApplicantId, CaseId, PurchaseId},
    kernel::{
        action::Action,
        authority::{Act, Relation, act},
        fund::Fund,
    },
    selection::Selection,
    store::{begin, retry},
};

/// A purchase by open selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purchase {
    /// Its id.
    pub id: PurchaseId,
    /// The case that it serves.
    pub case_id: CaseId,
    /// The requirement that it satisfies: the service item …
    pub item: ItemCode,
    /// … as of this version.
    pub item_version: i64,
    /// Who buys.
    pub applicant_id: ApplicantId,
    /// Where the case is.
    pub region: RegionCode,
    /// Whose money pays.
    pub fund: Fund,
    /// What is published now …
    pub notice: Notice,
    /// … and how often it was written; corrections after publication have numbers of their own.
    pub notice_number: i64,
    /// The rule of selection, fixed when it was submitted.
    pub selection: Option<Selection>,
    /// The purchase that this one repeats (重新采购): it failed, or was voided.
    pub predecessor: Option<PurchaseId>,
    /// Where it stands.
    pub state: PurchaseState,
    /// Since when.
    pub since: Timestamp,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A purchase to be drafted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPurchase {
    /// The case to serve.
    pub case_id: CaseId,
    /// The requirement to satisfy.
    pub item: ItemCode,
    /// What to publish.
    pub notice: Notice,
    /// The purchase of the same requirement that this one repeats: it failed, or was voided.
    #[serde(default)]
    pub predecessor: Option<PurchaseId>,
}

/// Which purchases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PurchaseFilter {
    /// Only those in the state of this name.
    pub state: Option<String>,
    /// Only those of this item.
    pub item: Option<ItemCode>,
    /// Only those chosen in this mode.
    pub mode: Option<Mode>,
    /// Only those of this case.
    pub case_id: Option<CaseId>,
    /// Only those that repeat this one.
    pub predecessor: Option<PurchaseId>,
    /// Only the actor's own: of an applicant what it buys, of an agency what it registered for.
    pub own: bool,
}

const CREATE: Act = act("purchase.create");
const SHOW: Act = act("purchase.show");
const OWN: Act = act("purchase.own");
const AVOIDED: Act = act("field.purchase.avoided");
const ACTOR: Act = act("field.purchase.actor");

/// The purchases of a market.
#[derive(Debug, Clone, Copy)]
pub struct Purchases<'m>(pub(crate) &'m Market);

impl Purchases<'_> {
    /// Drafts a purchase for a requirement of the applicant's case.
    pub async fn create(&self, call: &Call, new: NewPurchase) -> Result<Purchase, Error> {
        new.notice.check("/notice", self.0.env.now())?;
        new.notice.check_number("/notice")?;
        retry(|| self.create_once(call, &new)).await
    }

    async fn create_once(&self, call: &Call, new: &NewPurchase) -> Result<Purchase, Error> {
        CREATE.admits(&call.actor)?;
        let mut tx = begin!(self.0, call, "purchases.create", new);
        let case = tx.case_for_update(new.case_id).await?;
        CREATE.permits_of("case", &call.actor, case.owned_by(&call.actor), "")?;
        let item_version = case.admits(&new.item)?.item_version;
        if let Some(before) = new.predecessor {
            let before = tx.purchase(before).await?;
            if before.case_id != case.id || before.item != new.item {
                let message = "is no purchase of the same requirement";
                return Err(Error::invalid("/predecessor", "other", message));
            }
            tx.check_repeatable(&before).await?;
        }
        let clock = tx.clock_of(&case).await?;
        let id = PurchaseId(self.0.env.id());
        let moved = Purchase::draft_of(id, new, item_version, &case, clock.now);
        let purchase = tx.insert_purchase(moved, &clock).await?;
        tx.finish(purchase).await
    }

    /// Rewrites a draft.
    pub async fn revise(
        &self,
        call: &Call,
        id: PurchaseId,
        notice: Notice,
    ) -> Result<Purchase, Error> {
        notice.check("", self.0.env.now())?;
        notice.check_number("")?;
        self.step(call, id, "purchases.revise", &notice, |purchase, clock| {
            purchase.owned_by(&call.actor)?;
            purchase.check_revisable()?;
            Ok(purchase.revise(notice.clone(), clock.now)?)
        })
        .await
    }

    /// Reads a purchase: anybody may, once it is published.
    pub async fn get(&self, actor: Option<&Actor>, id: PurchaseId) -> Result<Purchase, Error> {
        self.0.db.purchase(id).await?.shown_to(actor)
    }

    /// The notice of a purchase at one of its numbers.
    pub async fn notice_at(
        &self,
        actor: Option<&Actor>,
        id: PurchaseId,
        number: i64,
    ) -> Result<Notice, Error> {
        let purchase = self.get(actor, id).await?;
        let notice = self.0.db.purchase_notice(id, number).await?;
        Ok(if purchase.shows(AVOIDED, actor) { notice } else { notice.published() })
    }

    /// Purchases that the actor may know of, newest first.
    pub async fn list(
        &self,
        actor: Option<&Actor>,
        filter: &PurchaseFilter,
        paging: &Paging,
    ) -> Result<Page<Purchase>, Error> {
        if let Some(state) = &filter.state
            && !PurchaseState::NAMES.contains(&state.as_str())
        {
            let message = format!("not one of: {}", PurchaseState::NAMES.join(", "));
            return Err(Error::invalid("state", "unknown", message));
        }
        let found = self.0.db.purchases(actor.map(|actor| &actor.party), filter, paging).await?;
        let page = paging.page(found, |purchase| purchase.id.to_string());
        let items = page.items.into_iter().filter_map(|one| one.shown_to(actor).ok()).collect();
        Ok(Page { items, next: page.next })
    }

    /// What happened to a purchase, oldest first; who did it is for those who know it whole.
    pub async fn timeline(
        &self,
        actor: Option<&Actor>,
        id: PurchaseId,
    ) -> Result<Vec<Recorded>, Error> {
        let purchase = self.get(actor, id).await?;
        let entries = self.0.db.journal_of(Kind::Purchase, &id.to_string()).await?;
        if purchase.shows(ACTOR, actor) {
            return Ok(entries);
        }
        Ok(entries.into_iter().map(Recorded::anonymous).collect())
    }

    /// What the actor may do with a purchase, and why not the rest.
    pub async fn actions(&self, actor: &Actor, id: PurchaseId) -> Result<Vec<Action>, Error> {
        let purchase = self.get(Some(actor), id).await?;
        let own = match &actor.party {
            Party::Agency(agency) => self.0.db.registration_of(id, *agency).await?,
            _ => None,
        };
        let relation = self.0.db.relation_to(actor, &purchase).await?;
        let repeatable = self.0.db.repeatable(&purchase).await?;
        Ok(purchase.actions(actor, relation, own.as_ref(), repeatable, self.0.env.now()))
    }
}

impl Purchase {
    /// Whether the actor is the owner; who else has a part in it stands elsewhere.
    fn owner(&self, actor: Option<&Actor>) -> Relation {
        let party = actor.map(|actor| &actor.party);
        Relation::party_if(party == Some(&Party::Applicant(self.applicant_id)))
    }

    /// Whether an actor sees a field whole that only an owner and the operator may.
    fn shows(&self, field: Act, actor: Option<&Actor>) -> bool {
        field.shows(actor, self.owner(actor), self.state.stands())
    }

    /// The purchase as an actor may see it; before it is published it is its owner's and the
    /// reviewer's alone.
    fn shown_to(mut self, actor: Option<&Actor>) -> Result<Self, Error> {
        SHOW.permits(actor, self.owner(actor), self.state.stands())?;
        if !self.shows(AVOIDED, actor) {
            self.notice = self.notice.published();
        }
        Ok(self)
    }

    /// Whether an actor may do what is for its owner, its reviewer, or anybody of a role: in the
    /// state that it is in. Others learn nothing that they could not read anyway.
    pub(super) fn permits(&self, act: Act, actor: &Actor) -> Result<(), Error> {
        act.permits_of("purchase", actor, self.owner(Some(actor)), self.state.stands()).map(drop)
    }

    /// Whether the actor is the owner.
    pub(super) fn owned_by(&self, actor: &Actor) -> Result<(), Error> {
        self.permits(OWN, actor)
    }
}
