//! Agencies (中介服务机构): their admission, qualifications, practitioners and listings.
//!
//! Read `state` for what may happen to an agency, `admission` for who may make it happen,
//! `qualification` and `listing` for what an agency has, `record` for how packs bring agencies in,
//! and the `store` files for where everything is kept.

use serde::{Deserialize, Serialize};

pub(crate) use self::listing::{Offer, sellable};
pub use self::{
    admission::{Leaving, Rejection, Suspension},
    listing::{Listing, ListingFilter, ListingState, ListingTerms, Listings, NewListing},
    qualification::{NewPractitioner, NewQualification, Practitioner, Qualification},
    state::{Admitted, AgencyState, Applying, Exited, Rejected, Standing, Suspended},
    terms::Terms,
};
use crate::{
    Action, Actor, Call, Day, Error, Fault, Market, Money, Page, Paging, Party, Refusal, Timestamp,
    Uscc,
    code::{DepartmentCode, RegionCode},
    id::AgencyId,
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::text_enum,
};

mod admission;
mod listing;
pub(crate) mod listing_store;
mod qualification;
pub(crate) mod qualification_store;
pub(crate) mod record;
mod record_store;
mod state;
pub(crate) mod store;
mod terms;
#[cfg(test)]
mod tests;

text_enum! {
    /// What an agency is in law (机构性质).
    pub enum AgencyNature {
        /// A company or other enterprise (企业).
        Enterprise = "enterprise",
        /// A public institution (事业单位).
        Institution = "institution",
        /// A social organisation (社会组织).
        Social = "social",
        /// A sole trader (个体工商户).
        SoleTrader = "sole_trader",
    }
}

text_enum! {
    /// Whether an agency is real.
    pub enum Origin {
        /// It registered, or a city imported it.
        Registered = "registered",
        /// Made up, to show how the marketplace works.
        Demonstration = "demonstration",
    }
}

/// What an agency says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What it is in law.
    pub nature: AgencyNature,
    /// The legal representative (法定代表人).
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub legal_representative: String,
    /// The registered address.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub address: String,
    /// The telephone for customers.
    #[cfg_attr(feature = "openapi", schema(min_length = 5, max_length = 40))]
    pub phone: String,
    /// When it was founded.
    pub established_on: Day,
    /// The registered capital.
    pub capital: Money,
    /// The scope of business (经营范围).
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub scope: String,
    /// The department that it is attached to (挂靠部门), if any: it serves no case in which that
    /// department decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<DepartmentCode>,
}

/// An agency in state `S`; straight from the store it may be in any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agency<S = AgencyState> {
    /// Its id.
    pub id: AgencyId,
    /// Its unified social credit code.
    pub uscc: Uscc,
    /// Its registered name.
    pub name: String,
    /// The region of its registration.
    pub region: RegionCode,
    /// What it says of itself.
    pub profile: Profile,
    /// Whether it is real.
    pub origin: Origin,
    /// Where its admission stands.
    pub state: S,
    /// Grows by one with every change.
    pub version: i64,
    /// When it applied or was imported.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What an agency may correct later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AgencyDetails))]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// Its registered name.
    #[cfg_attr(feature = "openapi", schema(min_length = 2, max_length = 200))]
    pub name: String,
    /// The region of its registration.
    pub region: RegionCode,
    /// What it says of itself.
    pub profile: Profile,
}

/// An agency that wants to be admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAgency {
    /// Its unified social credit code.
    pub uscc: Uscc,
    /// Its registered name.
    #[cfg_attr(feature = "openapi", schema(min_length = 2, max_length = 200))]
    pub name: String,
    /// The region of its registration.
    pub region: RegionCode,
    /// What it says of itself.
    pub profile: Profile,
}

/// Which agencies a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgencyFilter {
    /// Only those whose admission stands so.
    pub state: Option<Standing>,
}

impl Profile {
    fn check(&self, today: Day, faults: &mut Vec<Fault>) {
        let person = &self.legal_representative;
        check_text("/profile/legal_representative", person, 1, 100, faults);
        check_text("/profile/address", &self.address, 1, 200, faults);
        check_text("/profile/phone", &self.phone, 5, 40, faults);
        check_text("/profile/scope", &self.scope, 1, 4000, faults);
        if self.established_on > today {
            let message = "an agency was founded today or before";
            faults.push(Fault::new("/profile/established_on", "future", message));
        }
    }
}

impl Details {
    fn check(&self, today: Day) -> Vec<Fault> {
        check_details(&self.name, &self.profile, today)
    }
}

impl NewAgency {
    fn check(&self, today: Day) -> Vec<Fault> {
        check_details(&self.name, &self.profile, today)
    }
}

fn check_details(name: &str, profile: &Profile, today: Day) -> Vec<Fault> {
    let mut faults = Vec::new();
    check_text("/name", name, 2, 200, &mut faults);
    profile.check(today, &mut faults);
    faults
}

impl<S> Agency<S> {
    /// What the agency may correct.
    pub(crate) fn details(&self) -> Details {
        let (name, region) = (self.name.clone(), self.region.clone());
        Details { name, region, profile: self.profile.clone() }
    }

    /// The agency, unless the call expects it at another version.
    pub(crate) fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("agency")),
            _ => Ok(self),
        }
    }
}

const SHOW: Act = act("agency.show");
const REVIEW: Act = act("agency.review");
const DISCIPLINE: Act = act("agency.discipline");
const CHANGE: Act = act("agency.change");
const LEAVE: Act = act("agency.leave");
const RECORD: Act = act("agency.record");
const REVOKE: Act = act("agency.revoke-qualification");

/// Whether an actor acts for an agency.
fn own(actor: &Actor, id: AgencyId) -> Relation {
    Relation::party_if(actor.party == Party::Agency(id))
}

/// Whether an actor may do something to an agency, before it is looked up.
fn check(act: Act, actor: &Actor, id: AgencyId) -> Result<(), Refusal> {
    act.allows(actor.role(), own(actor, id), "")
}

impl Agency {
    /// Whether somebody may know of the agency: anybody, once it is admitted.
    pub fn is_visible_to(&self, actor: Option<&Actor>) -> bool {
        let relation = actor.map_or(Relation::Stranger, |actor| own(actor, self.id));
        SHOW.permits(actor, relation, self.state.name()).is_ok()
    }

    /// What an actor may do to the agency, as it is read, and why not the rest. Leaving may still
    /// be refused while orders are open.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let now = || self.clone();
        let may = |act| check(act, actor, self.id);
        let present = now().present().map(drop);
        vec![
            Action::of("admit", may(REVIEW).and(now().applying().map(drop))),
            Action::of("reject", may(REVIEW).and(now().applying().map(drop))),
            Action::of("reapply", may(CHANGE).and(now().rejected().map(drop))),
            Action::of("change", may(CHANGE).and(present)),
            Action::of("suspend", may(DISCIPLINE).and(now().admitted().map(drop))),
            Action::of("reinstate", may(DISCIPLINE).and(now().suspended().map(drop))),
            Action::of("leave", may(LEAVE).and(now().joined().map(drop))),
            Action::of("add_qualification", may(RECORD).and(present)),
            Action::of("revoke_qualification", may(REVOKE).and(present)),
            Action::of("add_practitioner", may(RECORD).and(present)),
            Action::of("remove_practitioner", may(RECORD).and(present)),
            Action::of("create_listing", may(CHANGE).and(present)),
        ]
    }
}

/// The agencies of a market.
#[derive(Debug, Clone, Copy)]
pub struct Agencies<'a>(pub(crate) &'a Market);

impl Agencies<'_> {
    /// An agency: anybody may read it once it is admitted.
    pub async fn get(&self, actor: Option<&Actor>, id: AgencyId) -> Result<Agency, Error> {
        let agency = self.0.db.agency(id).await?.as_of(self.0.env.now().day());
        if agency.is_visible_to(actor) { Ok(agency) } else { Err(Error::NotFound("agency")) }
    }

    /// Agencies, the latest first, of those that the actor may know of.
    pub async fn list(
        &self,
        actor: Option<&Actor>,
        filter: &AgencyFilter,
        paging: &Paging,
    ) -> Result<Page<Agency>, Error> {
        let today = self.0.env.now().day();
        let page = self.0.db.agencies(actor, filter, paging, today).await?;
        Ok(page.map(|agency| agency.as_of(today)))
    }

    /// Whether any agency is made up, to show how the marketplace works.
    pub async fn any_demonstration(&self) -> Result<bool, Error> {
        self.0.db.any_demonstration().await
    }

    /// The qualification certificates of an agency, by kind and number.
    pub async fn qualifications(
        &self,
        actor: Option<&Actor>,
        id: AgencyId,
    ) -> Result<Vec<Qualification>, Error> {
        self.get(actor, id).await?;
        self.0.db.qualifications(id).await
    }

    /// The practitioners of an agency, by certificate.
    pub async fn practitioners(
        &self,
        actor: Option<&Actor>,
        id: AgencyId,
    ) -> Result<Vec<Practitioner>, Error> {
        self.get(actor, id).await?;
        self.0.db.practitioners(id).await
    }
}
