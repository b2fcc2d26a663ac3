//! What is searched: one document for an agency, and one for each of its published listings.
//!
//! Only what anybody may find is indexed. What time decides, the end of a certificate or of a
//! suspension, is kept as the days on which a document is open, so that no write is needed when
//! such a day comes.

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use uuid::Uuid;

use super::{catalogue::Catalogue, days::Days, schema::Fields};
use crate::{
    Error, Kind, Money, Uscc,
    agency::{Agency, AgencyState, Listing, ListingState, Qualification},
    code::{CategoryCode, ItemCode, RegionCode},
    id::{AgencyId, ListingId},
};

/// An agency with all that is published about it, as it is in the database.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) agency: Agency,
    pub(super) qualifications: Vec<Qualification>,
    pub(super) listings: Vec<Listing>,
}

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
    pub(super) open: Days,
    pub(super) version: i64,
}

/// What is searched of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListingDocument {
    pub(super) id: ListingId,
    pub(super) agency_id: AgencyId,
    pub(super) uscc: Uscc,
    pub(super) agency_name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) item: ItemCode,
    pub(super) item_names: Vec<String>,
    pub(super) category: CategoryCode,
    pub(super) regions: Vec<RegionCode>,
    pub(super) region_names: Vec<String>,
    pub(super) price: Money,
    pub(super) days: u32,
    pub(super) open: Days,
    pub(super) version: i64,
}

/// What the index holds of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Document {
    Agency(AgencyDocument),
    Listing(ListingDocument),
}

impl Published {
    /// The documents of the agency and its listings; none while it is not to be found.
    pub(super) fn documents(&self, catalogue: &Catalogue) -> Vec<Document> {
        let admitted = match &self.agency.state {
            AgencyState::Admitted(_) => Days::always(),
            AgencyState::Suspended(suspended) => Days::after(suspended.until),
            AgencyState::Applying(_) | AgencyState::Rejected(_) | AgencyState::Exited(_) => {
                return Vec::new();
            }
        };
        let listings = self.listings.iter().filter_map(|l| self.listing(l, &admitted, catalogue));
        let listings: Vec<_> = listings.collect();
        let agency = Document::Agency(self.agency(&listings, admitted, catalogue));
        std::iter::once(agency).chain(listings.into_iter().map(Document::Listing)).collect()
    }

    fn listing(
        &self,
        listing: &Listing,
        admitted: &Days,
        catalogue: &Catalogue,
    ) -> Option<ListingDocument> {
        let published = listing.state == ListingState::Published;
        let item = catalogue.item(&listing.item).filter(|_| published)?;
        let names = std::iter::once(&item.name).chain(&item.aliases);
        let over_cap = item.price_cap.is_some_and(|cap| listing.terms.price > cap);
        let qualified = catalogue.qualified(item, &self.qualifications);
        Some(ListingDocument {
            id: listing.id,
            agency_id: self.agency.id,
            uscc: self.agency.uscc.clone(),
            agency_name: self.agency.name.clone(),
            title: listing.terms.title.clone(),
            summary: listing.terms.summary.clone(),
            item: listing.item.clone(),
            item_names: names.cloned().collect(),
            category: item.category.clone(),
            regions: listing.terms.regions.clone(),
            region_names: catalogue.region_names(&listing.terms.regions),
            price: listing.terms.price,
            days: listing.terms.days,
            open: if over_cap { Days::never() } else { admitted.and(&qualified) },
            version: listing.version,
        })
    }

    fn agency(
        &self,
        listings: &[ListingDocument],
        open: Days,
        catalogue: &Catalogue,
    ) -> AgencyDocument {
        let regions = once(listings.iter().flat_map(|listing| &listing.regions));
        AgencyDocument {
            id: self.agency.id,
            uscc: self.agency.uscc.clone(),
            name: self.agency.name.clone(),
            items: once(listings.iter().map(|listing| &listing.item)),
            item_names: once(listings.iter().flat_map(|listing| &listing.item_names)),
            region_names: catalogue.region_names(&regions),
            regions,
            open,
            version: self.agency.version,
        }
    }
}

/// Each of many things once, in order.
fn once<'a, T: Clone + Ord + 'a>(things: impl Iterator<Item = &'a T>) -> Vec<T> {
    things.collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
}

impl Document {
    /// The kind of thing that it is about.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Agency(_) => Kind::Agency,
            Self::Listing(_) => Kind::Listing,
        }
    }

    /// The id of the thing that it is about.
    pub(super) const fn id(&self) -> Uuid {
        match self {
            Self::Agency(agency) => agency.id.0,
            Self::Listing(listing) => listing.id.0,
        }
    }

    /// Whose it is.
    pub(super) const fn agency_id(&self) -> AgencyId {
        match self {
            Self::Agency(agency) => agency.id,
            Self::Listing(listing) => listing.agency_id,
        }
    }

    const fn open(&self) -> &Days {
        match self {
            Self::Agency(agency) => &agency.open,
            Self::Listing(listing) => &listing.open,
        }
    }

    /// The document as the index takes it.
    pub(super) fn indexed(&self, fields: &Fields) -> Result<TantivyDocument, Error> {
        let mut doc = TantivyDocument::new();
        doc.add_bytes(fields.source, &self.source()?);
        doc.add_text(fields.kind, self.kind().as_str());
        doc.add_bytes(fields.agency, self.agency_id().0.as_bytes());
        add_id(&mut doc, fields.id, self.id());
        add_id(&mut doc, fields.agency_id, self.agency_id().0);
        for span in self.open().spans() {
            doc.add_i64(fields.open_first, span.first.into());
            doc.add_i64(fields.open_last, span.last.into());
        }
        match self {
            Self::Agency(agency) => agency.add_to(&mut doc, fields),
            Self::Listing(listing) => listing.add_to(&mut doc, fields),
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

impl AgencyDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        doc.add_text(fields.agency_name, &self.name);
        doc.add_text(fields.agency_name, self.uscc.as_str());
        self.item_names.iter().for_each(|name| doc.add_text(fields.item_name, name));
        self.region_names.iter().for_each(|name| doc.add_text(fields.region_name, name));
    }
}

impl ListingDocument {
    fn add_to(&self, doc: &mut TantivyDocument, fields: &Fields) {
        doc.add_text(fields.agency_name, &self.agency_name);
        doc.add_text(fields.agency_name, self.uscc.as_str());
        doc.add_text(fields.title, &self.title);
        doc.add_text(fields.summary, &self.summary);
        self.item_names.iter().for_each(|name| doc.add_text(fields.item_name, name));
        self.region_names.iter().for_each(|name| doc.add_text(fields.region_name, name));
        doc.add_text(fields.item, self.item.as_str());
        doc.add_text(fields.category, self.category.as_str());
        self.regions.iter().for_each(|region| doc.add_text(fields.region, region.as_str()));
        doc.add_u64(fields.price, u64::try_from(self.price.fen()).unwrap_or_default());
        doc.add_u64(fields.days, self.days.into());
    }
}

fn add_id(doc: &mut TantivyDocument, [high, low]: [tantivy::schema::Field; 2], id: Uuid) {
    let (high_half, low_half) = id.as_u64_pair();
    doc.add_u64(high, high_half);
    doc.add_u64(low, low_half);
}
