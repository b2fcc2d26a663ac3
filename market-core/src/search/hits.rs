//! What a search answers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    documents::Subject,
    facets::Facet,
    ranking::Explanation,
    suggest::Correction,
    text::{Part, Wanted, excerpt, mark},
};
use crate::{
    Cursor, Error, Kind, Money,
    code::{CategoryCode, ItemCode, MatterCode, RegionCode},
    id::{AgencyId, ListingId},
    store::text_enum,
};

/// So many characters around the first hit are shown of a summary.
const EXCERPT: usize = 60;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hits {
    /// The hits of this page, in order.
    pub items: Vec<Hit>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
    /// How many hits there are on all pages.
    pub total: u64,
    /// Whether too little had most of the words, so that what has only some of them follows.
    pub relaxed: bool,
    /// Whether everything was looked at. If not, the time that a search may take ran out, and
    /// there may be more and better hits.
    pub complete: bool,
    /// What the text was understood to name.
    pub understood: Vec<Named>,
    /// What was meant, where the text as it was typed names nothing, nor an agency: texts to
    /// search for instead, the likeliest first.
    pub corrections: Vec<Correction>,
    /// The service items and categories that are nearest to what was asked; only where nothing
    /// was found.
    pub nearest: Vec<Named>,
    /// What hits can be narrowed by; empty unless asked for.
    pub facets: Vec<Facet>,
}

text_enum! {
    /// How a text came to name something.
    pub enum NamedBy {
        /// It holds a name of it, or what people say of it.
        Name = "name",
        /// It is a name of it in letters.
        Pinyin = "pinyin",
        /// It is a name of it, but for a slip.
        Slip = "slip",
        /// It is like what people say of it.
        Likeness = "likeness",
    }
}

/// Something that a text names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Named {
    /// What kind of thing: `service_item`, `matter`, `category`, `qualification` or `region`.
    pub kind: String,
    /// Its code.
    pub code: String,
    /// Its official name.
    pub name: String,
    /// The words that name it.
    pub words: String,
    /// How.
    pub by: NamedBy,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// What it is.
    #[serde(flatten)]
    pub found: Found,
    /// What it is ordered by; none where hits have another order than relevance.
    pub score: Option<f32>,
    /// How far its agency is from the point that was given, in metres.
    pub distance: Option<u32>,
    /// Its title and what is said of it, with what the words hit; only where there were words.
    pub highlights: Option<Highlights>,
    /// The parts of its score; none unless asked for.
    pub explanation: Option<Explanation>,
}

/// Text with what the words hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Highlights {
    /// The title or name.
    pub title: Vec<Part>,
    /// The agency's name.
    pub agency_name: Vec<Part>,
    /// The part of the summary around what was hit.
    pub summary: Vec<Part>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Found {
    /// A listing.
    Listing(ListingFound),
    /// An agency.
    Agency(AgencyFound),
    /// A service item.
    ServiceItem(ItemFound),
    /// A matter.
    Matter(MatterFound),
}

/// A listing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListingFound {
    /// Its id.
    pub id: ListingId,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's name.
    pub agency_name: String,
    /// Its title.
    pub title: String,
    /// What is said of it.
    pub summary: String,
    /// The service item.
    pub item: ItemCode,
    /// The category of the service item.
    pub category: CategoryCode,
    /// The price.
    pub price: Money,
    /// The promised turnaround, in working days.
    pub days: u32,
    /// The regions served, each with all that is in it.
    pub regions: Vec<RegionCode>,
    /// The agency's credit, in points of 1,000.
    pub credit: u32,
    /// How many orders the agency has completed.
    pub completed: u32,
}

/// An agency that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgencyFound {
    /// Its id.
    pub id: AgencyId,
    /// Its name.
    pub name: String,
    /// The service items that it offers.
    pub offers: Vec<ItemCode>,
    /// The regions served, each with all that is in it.
    pub regions: Vec<RegionCode>,
    /// Its credit, in points of 1,000.
    pub credit: u32,
    /// How many orders it has completed.
    pub completed: u32,
}

/// A service item that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemFound {
    /// Its code.
    pub code: ItemCode,
    /// Its official name.
    pub name: String,
    /// Its category.
    pub category: CategoryCode,
}

/// A matter that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatterFound {
    /// Its code.
    pub code: MatterCode,
    /// What an applicant wants done.
    pub name: String,
    /// The service items that it needs.
    pub needs: Vec<ItemCode>,
}

impl Highlights {
    /// What the words hit of something that was found.
    pub(super) fn of(found: &Found, wanted: &Wanted) -> Self {
        let (agency_name, summary) = match found {
            Found::Listing(listing) => (&*listing.agency_name, &*listing.summary),
            Found::Agency(agency) => (&*agency.name, ""),
            Found::ServiceItem(_) | Found::Matter(_) => ("", ""),
        };
        Self {
            title: mark(found.title(), wanted),
            agency_name: mark(agency_name, wanted),
            summary: excerpt(mark(summary, wanted), EXCERPT),
        }
    }
}

/// What is shown of an agency's credit.
#[derive(Deserialize)]
struct Merits {
    credit: u32,
    completed: u32,
}

/// What is shown of a listing, as its document holds it.
#[derive(Deserialize)]
struct ListingShown {
    id: ListingId,
    agency_id: AgencyId,
    agency_name: String,
    title: String,
    summary: String,
    item: ItemCode,
    category: CategoryCode,
    price: Money,
    days: u32,
    regions: Vec<RegionCode>,
    facts: Merits,
}

/// What is shown of an agency.
#[derive(Deserialize)]
struct AgencyShown {
    id: AgencyId,
    name: String,
    items: Vec<ItemCode>,
    regions: Vec<RegionCode>,
    facts: Merits,
}

/// What is shown of a matter.
#[derive(Deserialize)]
struct MatterShown {
    code: MatterCode,
    name: String,
    items: Vec<ItemCode>,
}

impl Found {
    /// Reads what is shown out of a document of a kind. Most of a document, such as certificates,
    /// is not; so this is cheaper than reading it whole.
    pub(super) fn read(kind: u64, source: &[u8]) -> Result<Self, Error> {
        let found = match kind {
            Subject::AGENCY => serde_json::from_slice(source).map(AgencyShown::found),
            Subject::ITEM => serde_json::from_slice(source).map(Self::ServiceItem),
            Subject::MATTER => serde_json::from_slice(source).map(MatterShown::found),
            _ => serde_json::from_slice(source).map(ListingShown::found),
        };
        found.map_err(|_| Error::Inconsistent("document"))
    }
}

impl ListingShown {
    fn found(self) -> Found {
        Found::Listing(ListingFound {
            id: self.id,
            agency_id: self.agency_id,
            agency_name: self.agency_name,
            title: self.title,
            summary: self.summary,
            item: self.item,
            category: self.category,
            price: self.price,
            days: self.days,
            regions: self.regions,
            credit: self.facts.credit,
            completed: self.facts.completed,
        })
    }
}

impl AgencyShown {
    fn found(self) -> Found {
        Found::Agency(AgencyFound {
            id: self.id,
            name: self.name,
            offers: self.items,
            regions: self.regions,
            credit: self.facts.credit,
            completed: self.facts.completed,
        })
    }
}

impl MatterShown {
    fn found(self) -> Found {
        Found::Matter(MatterFound { code: self.code, name: self.name, needs: self.items })
    }
}

impl Hits {
    /// The service items that the text names.
    pub fn named_items(&self) -> impl Iterator<Item = ItemCode> {
        let items = self.understood.iter().filter(|named| named.kind == "service_item");
        items.filter_map(|named| named.code.parse().ok())
    }
}

impl Found {
    /// What kind of thing it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Listing(_) => Kind::Listing,
            Self::Agency(_) => Kind::Agency,
            Self::ServiceItem(_) => Kind::ServiceItem,
            Self::Matter(_) => Kind::Matter,
        }
    }

    /// The id of a listing or an agency.
    pub const fn id(&self) -> Option<Uuid> {
        match self {
            Self::Listing(listing) => Some(listing.id.0),
            Self::Agency(agency) => Some(agency.id.0),
            Self::ServiceItem(_) | Self::Matter(_) => None,
        }
    }

    /// The one service item that it is, or is an offer of.
    pub const fn item(&self) -> Option<&ItemCode> {
        match self {
            Self::Listing(listing) => Some(&listing.item),
            Self::ServiceItem(item) => Some(&item.code),
            Self::Agency(_) | Self::Matter(_) => None,
        }
    }

    /// Its title or name.
    pub fn title(&self) -> &str {
        match self {
            Self::Listing(listing) => &listing.title,
            Self::Agency(agency) => &agency.name,
            Self::ServiceItem(item) => &item.name,
            Self::Matter(matter) => &matter.name,
        }
    }

    /// Its id, or its code.
    pub fn key(&self) -> String {
        match self {
            Self::Listing(listing) => listing.id.to_string(),
            Self::Agency(agency) => agency.id.to_string(),
            Self::ServiceItem(item) => item.code.to_string(),
            Self::Matter(matter) => matter.code.to_string(),
        }
    }
}
