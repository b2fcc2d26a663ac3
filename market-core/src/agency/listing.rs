//! Listings (上架服务): what may happen to one, and who may make it happen.
//!
//! ```text
//! create ─▶ Draft ─publish─▶ Published ─take off─▶ OffShelf ─publish─▶ Published
//! ```
//!
//! In every state the terms may change, which makes a new numbered version of them.

use serde::{Deserialize, Serialize};

use super::{Agency, Qualification, Terms, own};
use crate::{
    Action, Actor, Call, Error, Fault, Market, Money, Page, Paging, Refusal, Timestamp,
    catalog::ServiceItem,
    code::{ItemCode, ListingCode},
    id::{AgencyId, ListingId},
    kernel::{
        authority::{Act, Relation, act},
        error::named_at,
    },
    store::{Tx, begin, retry, text_enum},
};

text_enum! {
    /// Whether a listing can be bought (上架状态).
    pub enum ListingState {
        /// Not shown yet (草稿).
        Draft = "draft",
        /// Shown and sold (已上架).
        Published = "published",
        /// No longer sold (已下架).
        OffShelf = "off_shelf",
    }
}

/// A listing (上架服务): one service item offered by one agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listing {
    /// Its id.
    pub id: ListingId,
    /// Whose it is.
    pub agency_id: AgencyId,
    /// The agency's own number for it.
    pub code: ListingCode,
    /// What is offered.
    pub item: ItemCode,
    /// Whether it can be bought.
    pub state: ListingState,
    /// The number of the current terms, from 1.
    pub number: i64,
    /// The current terms.
    pub terms: Terms,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A listing to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewListing {
    /// The agency's own number for it.
    pub code: ListingCode,
    /// What is offered.
    pub item: ItemCode,
    /// The terms to begin with.
    pub terms: Terms,
}

/// The terms of a listing at one of their numbers; they never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListingTerms {
    /// Of which listing.
    pub listing_id: ListingId,
    /// Their number, from 1.
    pub number: i64,
    /// The terms.
    pub terms: Terms,
    /// Since when.
    pub at: Timestamp,
}

/// Which listings a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingFilter {
    /// Only those of a service item.
    pub item: Option<ItemCode>,
    /// Only those of an agency.
    pub agency: Option<AgencyId>,
    /// Only those in a state.
    pub state: Option<ListingState>,
}

/// A listing with everything that decides whether it may be bought now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) listing: Listing,
    pub(crate) agency: Agency,
    pub(crate) qualifications: Vec<Qualification>,
}

/// A listing's move, with the event that tells of it: the only thing the store saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListingMoved {
    pub(super) listing: Listing,
    pub(super) old: Option<ListingState>,
    pub(super) event: &'static str,
    /// Whether the terms have a new number.
    pub(super) new_terms: bool,
}

/// Whether an item's rules let it be sold at a price.
pub(crate) fn sellable(item: &ServiceItem, price: Money) -> Result<(), Refusal> {
    if item.withdrawn {
        return Err(Refusal::ItemWithdrawn);
    }
    match item.price_cap {
        Some(cap) if price > cap => Err(Refusal::PriceOverCap),
        _ => Ok(()),
    }
}

impl Listing {
    /// A new listing, not shown yet.
    pub(super) fn create(
        id: ListingId,
        agency_id: AgencyId,
        new: &NewListing,
        at: Timestamp,
    ) -> ListingMoved {
        let listing = Self {
            id,
            agency_id,
            code: new.code.clone(),
            item: new.item.clone(),
            state: ListingState::Draft,
            number: 1,
            terms: new.terms.clone(),
            version: 1,
            created_at: at,
            updated_at: at,
        };
        ListingMoved { listing, old: None, event: "listing_created", new_terms: true }
    }

    pub(super) fn change(self, terms: Terms) -> ListingMoved {
        let (state, number) = (self.state, self.number + 1);
        Self { number, terms, ..self }.moved(state, "listing_changed", true)
    }

    pub(super) fn publish(self) -> Result<ListingMoved, Refusal> {
        match self.state {
            ListingState::Published => Err(Refusal::ListingPublished),
            ListingState::Draft | ListingState::OffShelf => {
                Ok(self.moved(ListingState::Published, "listing_published", false))
            }
        }
    }

    pub(super) fn take_off(self) -> Result<ListingMoved, Refusal> {
        match self.state {
            ListingState::Published => {
                Ok(self.moved(ListingState::OffShelf, "listing_taken_off", false))
            }
            ListingState::Draft | ListingState::OffShelf => Err(Refusal::ListingNotPublished),
        }
    }

    pub(super) fn moved(
        self,
        state: ListingState,
        event: &'static str,
        new_terms: bool,
    ) -> ListingMoved {
        let (old, version) = (Some(self.state), self.version + 1);
        ListingMoved { listing: Self { state, version, ..self }, old, event, new_terms }
    }

    /// The listing, unless the call expects it at another version.
    pub(crate) fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("listing")),
            _ => Ok(self),
        }
    }

    /// Whether somebody may know of the listing: anybody, once it was published.
    pub fn is_visible_to(&self, actor: Option<&Actor>) -> bool {
        let relation = actor.map_or(Relation::Stranger, |actor| own(actor, self.agency_id));
        SHOW.permits(actor, relation, self.state.as_str()).is_ok()
    }

    /// What an actor may do to the listing now, and why not the rest. Publishing may still be
    /// refused for what its agency, its item or its price is then.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let may =
            |act: Act| act.allows(actor.role(), own(actor, self.agency_id), self.state.as_str());
        vec![
            Action::of("change", may(SELL)),
            Action::of("publish", may(SELL).and(self.clone().publish().map(drop))),
            Action::of("take_off", may(TAKE_OFF).and(self.clone().take_off().map(drop))),
        ]
    }
}

const CREATE: Act = act("listing.create");
const SHOW: Act = act("listing.show");
const SELL: Act = act("listing.sell");
const TAKE_OFF: Act = act("listing.take-off");

/// The listings of a market.
#[derive(Debug, Clone, Copy)]
pub struct Listings<'a>(pub(crate) &'a Market);

impl Listings<'_> {
    /// Makes a draft of a listing of the actor's agency.
    pub async fn create(&self, call: &Call, new: NewListing) -> Result<Listing, Error> {
        CREATE.admits(&call.actor)?;
        let agency = call.actor.agency()?;
        Error::unless_faultless(new.terms.check("/terms"))?;
        retry(|| self.create_once(call, agency, &new)).await
    }

    async fn create_once(
        &self,
        call: &Call,
        agency: AgencyId,
        new: &NewListing,
    ) -> Result<Listing, Error> {
        let mut tx = begin!(self.0, call, "listings.create", new);
        tx.agency_shared(agency).await?.present()?;
        named_at(tx.service_item(&new.item).await, "/item")?;
        check_regions(&mut tx, &new.terms, "/terms").await?;
        let listing = Listing::create(ListingId(self.0.env.id()), agency, new, tx.at);
        let listing = tx.insert_listing(listing).await?;
        tx.finish(listing).await
    }

    /// Changes the terms; the same again changes nothing. Orders keep the terms that they saw.
    pub async fn change(&self, call: &Call, id: ListingId, terms: Terms) -> Result<Listing, Error> {
        SELL.admits(&call.actor)?;
        Error::unless_faultless(terms.check(""))?;
        retry(|| self.change_once(call, id, &terms)).await
    }

    async fn change_once(
        &self,
        call: &Call,
        id: ListingId,
        terms: &Terms,
    ) -> Result<Listing, Error> {
        let mut tx = begin!(self.0, call, "listings.change", &(id, terms));
        let listing = owned(&mut tx, SELL, call, id).await?;
        if listing.terms == *terms {
            return tx.finish(listing).await;
        }
        tx.agency_shared(listing.agency_id).await?.present()?;
        check_regions(&mut tx, terms, "").await?;
        if listing.state == ListingState::Published {
            sellable(&tx.service_item(&listing.item).await?, terms.price)?;
        }
        let listing = tx.save_listing(listing.change(terms.clone())).await?;
        tx.finish(listing).await
    }

    /// Shows and sells a listing.
    pub async fn publish(&self, call: &Call, id: ListingId) -> Result<Listing, Error> {
        SELL.admits(&call.actor)?;
        retry(|| self.publish_once(call, id)).await
    }

    async fn publish_once(&self, call: &Call, id: ListingId) -> Result<Listing, Error> {
        let mut tx = begin!(self.0, call, "listings.publish", &id);
        let listing = owned(&mut tx, SELL, call, id).await?;
        tx.agency_shared(listing.agency_id).await?.trades_on(tx.at.day())?;
        sellable(&tx.service_item(&listing.item).await?, listing.terms.price)?;
        let listing = tx.save_listing(listing.publish()?).await?;
        tx.finish(listing).await
    }

    /// Sells a listing no longer; the operator may do so too.
    pub async fn take_off(&self, call: &Call, id: ListingId) -> Result<Listing, Error> {
        retry(|| self.take_off_once(call, id)).await
    }

    async fn take_off_once(&self, call: &Call, id: ListingId) -> Result<Listing, Error> {
        let mut tx = begin!(self.0, call, "listings.take_off", &id);
        let listing = owned(&mut tx, TAKE_OFF, call, id).await?;
        let listing = tx.save_listing(listing.take_off()?).await?;
        tx.finish(listing).await
    }

    /// A listing: anybody may read it once it was published.
    pub async fn get(&self, actor: Option<&Actor>, id: ListingId) -> Result<Listing, Error> {
        let listing = self.0.db.listing(id).await?;
        if listing.is_visible_to(actor) { Ok(listing) } else { Err(Error::NotFound("listing")) }
    }

    /// The terms that a listing had at a number, such as those that an order saw.
    pub async fn terms_at(
        &self,
        actor: Option<&Actor>,
        id: ListingId,
        number: i64,
    ) -> Result<ListingTerms, Error> {
        self.get(actor, id).await?;
        self.0.db.listing_terms(id, number).await
    }

    /// Listings, the latest first, of those that the actor may know of.
    pub async fn list(
        &self,
        actor: Option<&Actor>,
        filter: &ListingFilter,
        paging: &Paging,
    ) -> Result<Page<Listing>, Error> {
        self.0.db.listings(actor, filter, paging).await
    }

    /// A listing with everything that decides whether it may be bought on a day, for browsing: an
    /// order decides by [`Tx::ask_offer`].
    pub(crate) async fn offer_of(&self, id: ListingId) -> Result<Offer, Error> {
        self.0.db.offer(id, self.0.env.now().day()).await
    }
}

/// The listing that a call changes, if the actor has a say in it.
async fn owned(tx: &mut Tx, act: Act, call: &Call, id: ListingId) -> Result<Listing, Error> {
    let listing = tx.listing(id).await?;
    act.permits(&call.actor, own(&call.actor, listing.agency_id), listing.state.as_str())?;
    listing.expected(call)
}

async fn check_regions(tx: &mut Tx, terms: &Terms, at: &str) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (place, region) in terms.regions.iter().enumerate() {
        match tx.region(region).await {
            Ok(_) => {}
            Err(Error::NotFound(_)) => {
                let pointer = format!("{at}/regions/{place}");
                faults.push(Fault::new(pointer, "unknown", "no such region"));
            }
            Err(other) => return Err(other),
        }
    }
    Error::unless_faultless(faults)
}
