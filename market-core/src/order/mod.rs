//! Orders: one agency's service, bought for one requirement of one case.
//!
//! Read [`state`] for the states of an order and `steps` for how they follow one another,
//! `eligibility` for which listings may be bought, this file for buying one, `awarded` for what a
//! purchase awards, `sides` and `departments` for who takes which step, `lapse` for what time does,
//! `deliverable` for the files, `handing` for who hands them over, `quarantine` for how they are scanned, `dealing` for what the two sides may deal with after the contract,
//! with `change`, `milestone`, `payment` and the `ledger` that follows from them, `standing` for what its orders say of an agency, and `store` for where all is kept.

mod awarded;
mod change;
mod contract;
mod dealing;
pub(crate) mod dealing_store;
pub(crate) mod deliverable;
pub(crate) mod deliverable_store;
mod departments;
pub(crate) mod eligibility;
mod handing;
mod lapse;
mod ledger;
mod milestone;
mod payment;
mod quarantine;
mod sides;
mod standing;
pub(crate) mod standing_store;
pub mod state;
mod steps;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use self::eligibility::Wanted;
pub use self::{
    change::{ChangeKind, ChangeState, NewChange, OrderChange},
    contract::{Contract, NewReturn, ReturnCode, Returned, Side, Use, UseState},
    deliverable::{Deliverable, Deliverables, NewDeliverable},
    handing::{CertificateThen, HandedOver, NewHandOver, Signatory},
    ledger::{Due, Ledger, LedgerMilestone},
    milestone::{Milestone, MilestoneProgress, MilestoneReached, MilestoneState},
    payment::{NewPayment, Payment, PaymentState},
    standing::{Credit, Grade, Outcomes, PublishedStanding, Standing, changes_standing},
    state::{AnyState, Holder},
    store::OrderTotals,
};
use crate::{
    Actor, Call, Error, Kind, Market, Money, Page, Paging, Party, Reason, Recorded, Refusal,
    Timestamp,
    agency::Offer,
    case::Case,
    code::ItemCode,
    id::{AgencyId, ApplicantId, CaseId, ListingId, OrderId, PurchaseId},
    kernel::{
        action::Action,
        authority::{Act, Relation, act},
    },
    matter::Matter,
    rules::{Clock, Region},
    store::{begin, retry},
};

/// An order in state `S`; straight from the store it may be in any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order<S = AnyState> {
    /// Its id.
    pub id: OrderId,
    /// What was agreed when it was placed.
    pub terms: OrderTerms,
    /// Where it stands.
    pub state: S,
    /// Since when.
    pub since: Timestamp,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What was agreed when an order was placed; it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderTerms {
    /// The case that it serves.
    pub case_id: CaseId,
    /// The requirement that it satisfies: the service item …
    pub item: ItemCode,
    /// … as of this version.
    pub item_version: i64,
    /// The listing that was bought, unless a purchase awarded it …
    pub listing_id: Option<ListingId>,
    /// … as of this number of its terms.
    pub listing_number: Option<i64>,
    /// The purchase that awarded it, unless a listing was bought.
    pub purchase_id: Option<PurchaseId>,
    /// Who sells.
    pub agency_id: AgencyId,
    /// Who buys.
    pub applicant_id: ApplicantId,
    /// The price.
    pub amount: Money,
    /// The promised turnaround, in working days from the confirmed contract.
    pub service_days: u32,
    /// The version of the policy profile under which it was placed.
    pub policy_version: i64,
}

/// What an applicant buys, exactly as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The case to serve.
    pub case_id: CaseId,
    /// The requirement to satisfy.
    pub item: ItemCode,
    /// The listing to buy.
    pub listing_id: ListingId,
    /// The number of the listing's terms that was seen.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub listing_number: i64,
    /// The price that was seen.
    pub price: Money,
}

/// Which orders to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those in the state of this name.
    pub state: Option<String>,
    /// Only those of this case.
    pub case_id: Option<CaseId>,
}

/// Whether a listing may be bought for a case, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Eligibility {
    /// The listing.
    pub listing_id: ListingId,
    /// The requirement of the case.
    pub item: ItemCode,
    /// Whether it may be bought.
    pub eligible: bool,
    /// Every reason why not.
    pub reasons: Vec<Reason>,
}

const PLACE: Act = act("order.place");
const SHOW: Act = act("order.show");

/// The orders of a market.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'m>(pub(crate) &'m Market);

impl Orders<'_> {
    /// Buys a listing for a requirement of the applicant's case.
    pub async fn place(&self, call: &Call, new: NewOrder) -> Result<Order, Error> {
        retry(|| self.place_once(call, &new)).await
    }

    async fn place_once(&self, call: &Call, new: &NewOrder) -> Result<Order, Error> {
        PLACE.admits(&call.actor)?;
        let mut tx = begin!(self.0, call, "orders.place", new);
        let case = tx.ask_case_for_update(new.case_id).await?;
        let offer = tx.ask_offer(new.listing_id).await?;
        let owner = tx.ask_owner_code(new.case_id).await?;
        let case = tx.asked_case(case).await?;
        PLACE.permits_of("case", &call.actor, case.owned_by(&call.actor), case.state.as_str())?;
        let item_version = case.admits(&new.item)?.item_version;
        let offer = tx.asked_offer(offer).await?;
        if offer.listing.number != new.listing_number || offer.listing.terms.price != new.price {
            return Err(Refusal::ListingChanged.into());
        }
        let reference = tx.reference().await?;
        let region = reference.region(&case.region)?;
        let clock = reference.clock(region, tx.at)?;
        let types = reference.qualification_types();
        let former;
        let item = if let Some(item) = reference.item_version(&new.item, item_version) {
            item
        } else {
            former = tx.service_item_version(&new.item, item_version).await?;
            &former
        };
        let wanted = Wanted { item, types, region, fund: case.fund, clock: &clock };
        let mut reasons = eligibility::reasons(&offer, &wanted);
        let matter = match offer.agency.profile.attached_to {
            Some(_) => Some(tx.matter_version(&case.matter, case.matter_version).await?),
            None => None,
        };
        let owner = tx.optional(owner).await?.and_then(|(code,)| code);
        reasons.extend(eligibility::conflicts(&offer.agency, owner.as_ref(), matter.as_ref()));
        if !reasons.is_empty() {
            return Err(Error::Ineligible(reasons));
        }

        let terms = terms(&case, &offer, &new.item, item_version, &clock);
        let moved = Order::place(OrderId(self.0.env.id()), terms, &clock);
        let order = tx.insert_order(moved.any(), &clock).await?;
        let ordered = case.clone().ordered(&new.item, order.id, None)?;
        let data = serde_json::json!({ "item": new.item, "order": order.id });
        tx.save_case(&case, ordered, "requirement_ordered", data, Some(&clock)).await?;
        tx.finish(order).await
    }

    /// Whether a listing may be bought for a case of the actor, and every reason why not. It is
    /// asked again when the order is placed.
    pub async fn eligibility(
        &self,
        actor: &Actor,
        case: CaseId,
        listing: ListingId,
    ) -> Result<Eligibility, Error> {
        let case = self.0.cases().get(actor, case).await?;
        let offer = self.0.listings().offer_of(listing).await?;
        let item_code = offer.listing.item.clone();
        let refused = case.admits(&item_code).err();
        let region = self.0.db.region(&case.region).await?;
        let clock = self.clock(&region).await?;
        let required = case.requirements.iter().find(|one| one.item == item_code);
        let item = match required {
            Some(required) => {
                self.0.db.service_item_version(&item_code, required.item_version).await?
            }
            None => self.0.db.service_item(&item_code).await?,
        };
        let types = self.0.db.qualification_types().await?;
        let wanted =
            Wanted { item: &item, types: &types, region: &region, fund: case.fund, clock: &clock };
        let matter = self.0.db.matter_version(&case.matter, case.matter_version).await?;
        let owner = self.0.db.applicant(case.applicant_id).await?.and_then(|one| one.uscc);
        let conflicts = eligibility::conflicts(&offer.agency, owner.as_ref(), Some(&matter));
        let of_case = refused.map(|refusal| Reason { refusal, detail: item.name.clone() });
        let reasons: Vec<_> = of_case
            .into_iter()
            .chain(eligibility::reasons(&offer, &wanted))
            .chain(conflicts)
            .collect();
        let eligible = reasons.is_empty();
        Ok(Eligibility { listing_id: listing, item: item_code, eligible, reasons })
    }

    async fn clock(&self, region: &Region) -> Result<Clock, Error> {
        self.0.db.clock(region, self.0.env.now()).await
    }

    /// Reads an order that the actor is party to.
    pub async fn get(&self, actor: &Actor, id: OrderId) -> Result<Order, Error> {
        let order = self.0.db.order(id).await?;
        let matter = self.matter_of(&order).await?;
        let relation = match order.relation(actor, &matter) {
            Relation::Stranger => Relation::party_if(self.serves(&actor.party, id).await?),
            relation => relation,
        };
        SHOW.permits(actor, relation, order.state.name())?;
        Ok(order)
    }

    /// Whether an order was linked to a case of a department.
    async fn serves(&self, party: &Party, id: OrderId) -> Result<bool, Error> {
        let Party::Department(code) = party else { return Ok(false) };
        for (matter, version) in self.0.db.matters_served(id).await? {
            if self.0.db.matter_version(&matter, version).await?.involves(code) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What happened to an order that the actor is party to, oldest first.
    pub async fn timeline(&self, actor: &Actor, id: OrderId) -> Result<Vec<Recorded>, Error> {
        let order = self.get(actor, id).await?;
        self.0.db.journal_of(Kind::Order, &order.id.to_string()).await
    }

    async fn matter_of(&self, order: &Order) -> Result<Matter, Error> {
        let case = self.0.db.case(order.terms.case_id).await?;
        self.0.db.matter_version(&case.matter, case.matter_version).await
    }

    /// The orders that the actor is party to, newest first; the operator sees all.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &OrderFilter,
        paging: &Paging,
    ) -> Result<Page<Order>, Error> {
        if let Some(state) = &filter.state
            && !AnyState::NAMES.contains(&state.as_str())
        {
            return Err(Error::invalid("state", "unknown", "no such state"));
        }
        let orders = self.0.db.orders(&actor.party, filter, paging).await?;
        Ok(paging.page(orders, |order| order.id.to_string()))
    }

    /// What the actor may do with an order, and why not the rest.
    pub async fn actions(&self, actor: &Actor, id: OrderId) -> Result<Vec<Action>, Error> {
        let order = self.get(actor, id).await?;
        let done = self.0.db.dealings(&order).await?;
        let steps = order.actions(actor).into_iter();
        Ok(steps.chain(order.dealing_actions(actor, &done)).collect())
    }

    /// How many orders are in each state, in the order of the states.
    pub async fn totals(&self) -> Result<OrderTotals, Error> {
        self.0.db.order_totals().await
    }
}

fn terms(
    case: &Case,
    offer: &Offer,
    item: &ItemCode,
    item_version: i64,
    clock: &Clock,
) -> OrderTerms {
    OrderTerms {
        case_id: case.id,
        item: item.clone(),
        item_version,
        listing_id: Some(offer.listing.id),
        listing_number: Some(offer.listing.number),
        purchase_id: None,
        agency_id: offer.agency.id,
        applicant_id: case.applicant_id,
        amount: offer.listing.terms.price,
        service_days: offer.listing.terms.days,
        policy_version: clock.policy.version,
    }
}

impl Order {
    /// How an actor stands to the order: its two sides and the departments that use its
    /// deliverable are party to it, the others of its case supervise it.
    fn relation(&self, actor: &Actor, matter: &Matter) -> Relation {
        match &actor.party {
            Party::Applicant(id) => Relation::party_if(*id == self.terms.applicant_id),
            Party::Agency(id) => Relation::party_if(*id == self.terms.agency_id),
            Party::Department(code) => {
                let is_user = matter.consumers(&self.terms.item).contains(code);
                Relation::of_department(is_user, matter.involves(code))
            }
            Party::Operator => Relation::Stranger,
        }
    }

    /// Whether an actor may know of the order.
    fn check_party(&self, actor: &Actor, matter: &Matter) -> Result<(), Error> {
        SHOW.permits(actor, self.relation(actor, matter), self.state.name()).map(drop)
    }
}
