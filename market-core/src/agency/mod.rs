//! Agencies (中介服务机构): their admission, qualifications, practitioners and listings.

use serde::{Deserialize, Serialize};

pub use self::state::{Admitted, AgencyState, Applying, Exited, Rejected, Suspended};
use crate::{
    Day, Money, Timestamp, Uscc,
    code::{ItemCode, LevelCode, ListingCode, QualificationKind, RegionCode},
    id::{AgencyId, ListingId, PractitionerId, QualificationId},
    store::text_enum,
};

mod state;

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
    pub legal_representative: String,
    /// The registered address.
    pub address: String,
    /// The telephone for customers.
    pub phone: String,
    /// When it was founded.
    pub established_on: Day,
    /// The registered capital.
    pub capital: Money,
    /// The scope of business (经营范围).
    pub scope: String,
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

/// A qualification certificate (资质证书).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Qualification {
    /// Its id.
    pub id: QualificationId,
    /// Whose it is.
    pub agency_id: AgencyId,
    /// Its kind.
    pub kind: QualificationKind,
    /// Its level.
    pub level: LevelCode,
    /// The majors that it carries.
    pub majors: Vec<String>,
    /// The certificate's number.
    pub number: String,
    /// Who issued it.
    pub issuer: String,
    /// The first day it is valid.
    pub valid_from: Day,
    /// The last day it is valid.
    pub valid_until: Day,
    /// Withdrawn by its issuer.
    pub revoked: bool,
}

impl Qualification {
    /// Whether it counts on a day.
    pub fn is_valid_on(&self, day: Day) -> bool {
        !self.revoked && self.valid_from <= day && day <= self.valid_until
    }
}

/// A practitioner (执业人员).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Practitioner {
    /// Their id.
    pub id: PractitionerId,
    /// Where they work.
    pub agency_id: AgencyId,
    /// Their name.
    pub name: String,
    /// What they are certified for.
    pub specialty: QualificationKind,
    /// The certificate's number.
    pub certificate: String,
    /// The last day it is valid.
    pub valid_until: Day,
}

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

/// What a listing offers; a change makes a new version, and orders keep the one they saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Its title.
    pub title: String,
    /// What is done for the price.
    pub summary: String,
    /// The price.
    pub price: Money,
    /// What the price is for, such as 元/项.
    pub unit: String,
    /// The regions served, each with all that is below it.
    pub regions: Vec<RegionCode>,
    /// The promised turnaround, in working days.
    pub days: u32,
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

/// A listing with everything that decides whether it may be bought now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) listing: Listing,
    pub(crate) agency: Agency,
    pub(crate) qualifications: Vec<Qualification>,
}
