//! What is searched: agencies and their published listings, service items, and matters.
//!
//! Only what anybody may find is indexed. What time decides, the end of a certificate or of a
//! suspension, is kept as the days on which a document is open, so that no write is needed when
//! such a day comes.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tantivy::{TantivyDocument, schema::Field};
use uuid::Uuid;

use super::{
    days::{Days, number},
    schema::Fields,
};
use crate::{
    Day, Error, Kind, Money, Uscc,
    code::{CategoryCode, ItemCode, MatterCode, RegionCode},
    id::{AgencyId, ListingId},
    order::Grade,
};

/// What is searched of an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgencyDocument {
    pub(super) id: AgencyId,
    pub(super) uscc: Uscc,
    pub(super) name: String,
    pub(super) items: Vec<ItemCode>,
    pub(super) item_names: Vec<String>,
    pub(super) regions: Vec<RegionCode>,
    pub(super) region_names: Vec<String>,
    pub(super) facts: Facts,
    pub(super) open: Days,
    pub(super) version: i64,
}

/// What is searched of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListingDocument {
    pub(super) id: ListingId,
    pub(super) agency_id: AgencyId,
    pub(super) agency_name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) item: ItemCode,
    pub(super) item_name: String,
    pub(super) category: CategoryCode,
    pub(super) regions: Vec<RegionCode>,
    pub(super) region_names: Vec<String>,
    pub(super) price: Money,
    pub(super) days: u32,
    pub(super) facts: Facts,
    pub(super) open: Days,
    pub(super) version: i64,
}

/// What a search narrows and ranks agencies and their listings by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Where the agency sits.
    pub(super) seat: RegionCode,
    /// Its credit, in points.
    pub(super) credit: u32,
    /// Its grade; none until an order was graded.
    pub(super) grade: Option<Grade>,
    /// How many orders it has completed.
    pub(super) completed: u32,
    /// The day of its admission.
    pub(super) admitted: Day,
    /// Its certificates.
    pub(super) held: Vec<Held>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    /// Its kind and level, as `kind:level`.
    pub(super) what: String,
    pub(super) from: Day,
    pub(super) until: Day,
}

/// What is searched of a service item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ItemDocument {
    pub(super) code: ItemCode,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) category: CategoryCode,
    pub(super) category_name: String,
    pub(super) version: i64,
}

/// What is searched of a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MatterDocument {
    pub(super) code: MatterCode,
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) items: Vec<ItemCode>,
    pub(super) item_names: Vec<String>,
    pub(super) version: i64,
}

/// What the index holds of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Document {
    Agency(AgencyDocument),
    Listing(ListingDocument),
    ServiceItem(ItemDocument),
    Matter(MatterDocument),
}

/// Everything of one owner, which is written and replaced together.
#[derive(Debug)]
pub(super) struct Bundle {
    /// The agency, or the item or matter itself.
    pub(super) owner: Uuid,
    pub(super) documents: Vec<Document>,
}

/// The id that stands for something that is known by its code.
pub(super) fn id_of_code(kind: Kind, code: &str) -> Uuid {
    let digest = Sha256::digest(format!("{kind}:{code}"));
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(id)
}

impl Document {
    /// The kind of thing that it is about.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Agency(_) => Kind::Agency,
            Self::Listing(_) => Kind::Listing,
            Self::ServiceItem(_) => Kind::ServiceItem,
            Self::Matter(_) => Kind::Matter,
        }
    }

    /// The id of the thing that it is about.
    pub(super) fn id(&self) -> Uuid {
        match self {
            Self::Agency(agency) => agency.id.0,
            Self::Listing(listing) => listing.id.0,
            Self::ServiceItem(item) => id_of_code(Kind::ServiceItem, item.code.as_str()),
            Self::Matter(matter) => id_of_code(Kind::Matter, matter.code.as_str()),
        }
    }

    /// How the thing that it is about is known: by its id or by its code.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Agency(agency) => agency.id.to_string(),
            Self::Listing(listing) => listing.id.to_string(),
            Self::ServiceItem(item) => item.code.to_string(),
            Self::Matter(matter) => matter.code.to_string(),
        }
    }

    /// Whose it is.
    pub(super) fn owner(&self) -> Uuid {
        match self {
            Self::Listing(listing) => listing.agency_id.0,
            Self::Agency(_) | Self::ServiceItem(_) | Self::Matter(_) => self.id(),
        }
    }

    /// The document as the index takes it.
    pub(super) fn indexed(&self, fields: &Fields) -> Result<TantivyDocument, Error> {
        let mut doc = TantivyDocument::new();
        doc.add_bytes(fields.source, &self.source()?);
        doc.add_bytes(fields.owner, self.owner().as_bytes());
        doc.add_u64(fields.kind, Subject::of(self.kind()));
        add_id(&mut doc, fields.id, self.id());
        add_id(&mut doc, fields.owner_id, self.owner());
        match self {
            Self::Agency(agency) => agency.add_to(&mut doc, fields),
            Self::Listing(listing) => listing.add_to(&mut doc, fields),
            Self::ServiceItem(item) => item.add_to(&mut doc, fields),
            Self::Matter(matter) => matter.add_to(&mut doc, fields),
        }
        Ok(doc)
    }

    /// The document as the index keeps it beside the words.
    pub(super) fn source(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|_| Error::Inconsistent("document"))
    }

    /// The document as it was indexed.
    pub(super) fn from_source(source: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(source).map_err(|_| Error::Inconsistent("document"))
    }
}

/// The kinds of document as the column has them.
pub(super) struct Subject;

impl Subject {
    pub(super) const LISTING: u64 = 0;
    pub(super) const AGENCY: u64 = 1;
    pub(super) const ITEM: u64 = 2;
    pub(super) const MATTER: u64 = 3;

    const fn of(kind: Kind) -> u64 {
        match kind {
            Kind::Agency => Self::AGENCY,
            Kind::ServiceItem => Self::ITEM,
            Kind::Matter => Self::MATTER,
            _ => Self::LISTING,
        }
    }
}

impl AgencyDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        add_words(doc, fields, fields.agency_name, &self.name);
        doc.add_text(fields.syllables, &self.name);
        doc.add_text(fields.initials, &self.name);
        doc.add_text(fields.runs, &self.name);
        doc.add_text(fields.runs, self.uscc.as_str());
        self.item_names.iter().for_each(|name| add_words(doc, fields, fields.item_name, name));
        self.items.iter().for_each(|item| doc.add_text(fields.item, item.as_str()));
        add_regions(doc, fields, &self.regions, &self.region_names);
        self.facts.add_to(doc, fields);
        add_days(doc, fields, &self.open);
    }
}

impl ListingDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        add_words(doc, fields, fields.agency_name, &self.agency_name);
        add_words(doc, fields, fields.title, &self.title);
        add_words(doc, fields, fields.summary, &self.summary);
        add_words(doc, fields, fields.item_name, &self.item_name);
        for name in [&self.title, &self.agency_name] {
            doc.add_text(fields.syllables, name);
            doc.add_text(fields.runs, name);
        }
        for name in [&self.item_name, &self.agency_name] {
            doc.add_text(fields.initials, name);
        }
        doc.add_text(fields.item, self.item.as_str());
        doc.add_u64(fields.price, u64::try_from(self.price.fen()).unwrap_or_default());
        doc.add_u64(fields.days, self.days.into());
        add_regions(doc, fields, &self.regions, &self.region_names);
        self.facts.add_to(doc, fields);
        add_days(doc, fields, &self.open);
    }
}

impl Facts {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        doc.add_text(fields.seat, self.seat.as_str());
        doc.add_u64(fields.credit, self.credit.into());
        if let Some(grade) = self.grade {
            doc.add_u64(fields.grade, grade as u64);
        }
        doc.add_u64(fields.completed, self.completed.into());
        doc.add_i64(fields.admitted, number(self.admitted).into());
        let [what, first, last] = fields.held;
        for held in &self.held {
            doc.add_text(what, &held.what);
            doc.add_i64(first, number(held.from).into());
            doc.add_i64(last, number(held.until).into());
        }
    }
}

impl ItemDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        doc.add_text(fields.itself, format!("{}:{}", Kind::ServiceItem, self.code));
        add_words(doc, fields, fields.title, &self.name);
        add_words(doc, fields, fields.item_name, &self.name);
        self.aliases.iter().for_each(|alias| add_words(doc, fields, fields.item_name, alias));
        add_words(doc, fields, fields.summary, &self.category_name);
        add_sounds(doc, fields, &self.name);
        self.aliases.iter().for_each(|alias| add_sounds(doc, fields, alias));
        doc.add_text(fields.item, self.code.as_str());
        add_days(doc, fields, &Days::always());
    }
}

impl MatterDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        doc.add_text(fields.itself, format!("{}:{}", Kind::Matter, self.code));
        add_words(doc, fields, fields.title, &self.name);
        add_words(doc, fields, fields.summary, &self.audience);
        add_sounds(doc, fields, &self.name);
        self.item_names.iter().for_each(|name| add_words(doc, fields, fields.item_name, name));
        self.items.iter().for_each(|item| doc.add_text(fields.item, item.as_str()));
        add_days(doc, fields, &Days::always());
    }
}

fn add_words(doc: &mut TantivyDocument, fields: &Fields, field: Field, text: &str) {
    doc.add_text(field, text);
    doc.add_text(fields.anywhere, text);
}

fn add_sounds(doc: &mut TantivyDocument, fields: &Fields, name: &str) {
    doc.add_text(fields.syllables, name);
    doc.add_text(fields.initials, name);
    doc.add_text(fields.runs, name);
}

fn add_regions(
    doc: &mut TantivyDocument,
    fields: &Fields,
    regions: &[RegionCode],
    names: &[String],
) {
    for region in regions {
        doc.add_text(fields.region, region.as_str());
    }
    for name in names {
        add_words(doc, fields, fields.region_name, name);
    }
}

fn add_days(doc: &mut TantivyDocument, fields: &Fields, days: &Days) {
    let [first, last] = fields.open;
    for span in days.spans() {
        doc.add_i64(first, span.first.into());
        doc.add_i64(last, span.last.into());
    }
}

fn add_id(doc: &mut TantivyDocument, [high, low]: [Field; 2], id: Uuid) {
    let (high_half, low_half) = id.as_u64_pair();
    doc.add_u64(high, high_half);
    doc.add_u64(low, low_half);
}
