//! Documents from what the database holds.

use super::{
    catalogue::Catalogue,
    days::Days,
    documents::{
        AgencyDocument, Bundle, Document, Facts, Held, ItemDocument, ListingDocument,
        MatterDocument, id_of_code,
    },
};
use crate::{
    Kind,
    agency::{Agency, AgencyState, Listing, ListingState, Qualification},
    catalog::ServiceItem,
    code::RegionCode,
    matter::Matter,
    order::{Credit, Standing},
};

/// An agency with all that is published about it, as it is in the database.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) agency: Agency,
    pub(super) qualifications: Vec<Qualification>,
    pub(super) listings: Vec<Listing>,
    pub(super) standing: Standing,
}

impl Published {
    /// The agency and its listings; none of it while it is not to be found.
    pub(super) fn bundle(&self, catalogue: &Catalogue) -> Bundle {
        Bundle { owner: self.agency.id.0, documents: self.documents(catalogue) }
    }

    /// The documents of the agency and its listings; none while it is not to be found.
    pub(super) fn documents(&self, catalogue: &Catalogue) -> Vec<Document> {
        let admitted = match &self.agency.state {
            AgencyState::Admitted(_) => Days::always(),
            AgencyState::Suspended(suspended) => Days::after(suspended.until),
            AgencyState::Applying(_) | AgencyState::Rejected(_) | AgencyState::Exited(_) => {
                return Vec::new();
            }
        };
        let facts = self.facts(catalogue);
        let listings =
            self.listings.iter().filter_map(|l| self.listing(l, &admitted, &facts, catalogue));
        let listings: Vec<_> = listings.collect();
        let agency = Document::Agency(self.agency(&listings, admitted, facts.clone(), catalogue));
        std::iter::once(agency).chain(listings.into_iter().map(Document::Listing)).collect()
    }

    fn facts(&self, catalogue: &Catalogue) -> Facts {
        let ranking = catalogue.ranking_at(&self.agency.region);
        let credit = ranking.map(|ranking| Credit::of(&self.standing, ranking));
        let valid = self.qualifications.iter().filter(|certificate| !certificate.revoked);
        let held = valid.map(|certificate| Held {
            what: format!("{}:{}", certificate.kind, certificate.level),
            from: certificate.valid_from,
            until: certificate.valid_until,
        });
        Facts {
            seat: self.agency.region.clone(),
            credit: credit.map_or(0, |credit| credit.points),
            grade: credit.and_then(|credit| credit.grade),
            completed: self.standing.completed(),
            admitted: self.standing.admitted_on.unwrap_or(self.agency.created_at.day()),
            held: held.collect(),
        }
    }

    fn listing(
        &self,
        listing: &Listing,
        admitted: &Days,
        facts: &Facts,
        catalogue: &Catalogue,
    ) -> Option<ListingDocument> {
        let published = listing.state == ListingState::Published;
        let item = catalogue.item(&listing.item).filter(|_| published)?;
        let over_cap = item.price_cap.is_some_and(|cap| listing.terms.price > cap);
        let qualified = catalogue.qualified(item, &self.qualifications);
        let regions = catalogue.outermost(&listing.terms.regions);
        Some(ListingDocument {
            id: listing.id,
            agency_id: self.agency.id,
            agency_name: self.agency.name.clone(),
            title: listing.terms.title.clone(),
            summary: listing.terms.summary.clone(),
            item: listing.item.clone(),
            item_name: item.name.clone(),
            category: item.category.clone(),
            region_names: catalogue.region_names(&regions),
            regions,
            price: listing.terms.price,
            days: listing.terms.days,
            facts: facts.clone(),
            open: if over_cap { Days::never() } else { admitted.and(&qualified) },
            version: listing.version,
        })
    }

    fn agency(
        &self,
        listings: &[ListingDocument],
        open: Days,
        facts: Facts,
        catalogue: &Catalogue,
    ) -> AgencyDocument {
        let served: Vec<RegionCode> = once(listings.iter().flat_map(|listing| &listing.regions));
        let regions = catalogue.outermost(&served);
        AgencyDocument {
            id: self.agency.id,
            uscc: self.agency.uscc.clone(),
            name: self.agency.name.clone(),
            items: once(listings.iter().map(|listing| &listing.item)),
            item_names: once(listings.iter().map(|listing| &listing.item_name)),
            region_names: catalogue.region_names(&regions),
            regions,
            facts,
            open,
            version: self.agency.version,
        }
    }
}

/// Each of many things once, in order.
fn once<'a, T: Clone + Ord + 'a>(things: impl Iterator<Item = &'a T>) -> Vec<T> {
    things.collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
}

/// The document of a service item; none when it is withdrawn.
pub(super) fn item(item: &ServiceItem, catalogue: &Catalogue) -> Bundle {
    let document = Document::ServiceItem(ItemDocument {
        code: item.code.clone(),
        name: item.name.clone(),
        aliases: item.aliases.clone(),
        category: item.category.clone(),
        category_name: catalogue.category_name(&item.category).to_owned(),
        version: item.version,
    });
    Bundle {
        owner: id_of_code(Kind::ServiceItem, item.code.as_str()),
        documents: if item.withdrawn { Vec::new() } else { vec![document] },
    }
}

/// The document of a matter; none when it is withdrawn.
pub(super) fn matter(matter: &Matter, catalogue: &Catalogue) -> Bundle {
    let needed: Vec<_> = matter.needs.iter().map(|need| need.item.clone()).collect();
    let names = needed.iter().filter_map(|code| catalogue.item(code));
    let document = Document::Matter(MatterDocument {
        code: matter.code.clone(),
        name: matter.name.clone(),
        audience: matter.audience.clone(),
        item_names: names.map(|item| item.name.clone()).collect(),
        items: needed,
        version: matter.version,
    });
    Bundle {
        owner: id_of_code(Kind::Matter, matter.code.as_str()),
        documents: if matter.withdrawn { Vec::new() } else { vec![document] },
    }
}

/// The documents of everything that the catalogue names.
pub(super) fn named(catalogue: &Catalogue) -> Vec<Bundle> {
    let items = catalogue.items().map(|one| item(one, catalogue));
    items.chain(catalogue.matters().iter().map(|one| matter(one, catalogue))).collect()
}
