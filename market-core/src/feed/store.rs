//! Whose registrations, listings and documents are: asked of their tables.

use std::collections::BTreeMap;

use crate::{
    Error, Party,
    id::{AgencyId, CaseId, DocumentId, ListingId, PurchaseId, RegistrationId},
    store::{Db, statements},
};

statements! {
    REGISTRANTS = "\
        select purchase_id, agency_id from registrations where state <> 'withdrawn'";
    REGISTERED = "select id, agency_id from registrations where true";
    LISTED = "select id, agency_id from listings where true";
    NAMED = "select id, case_id, agency_id from documents where true";
}

impl Db {
    /// The agencies that registered for some purchases and did not withdraw.
    pub(super) async fn registrants(
        &self,
        purchases: &[PurchaseId],
    ) -> Result<Vec<(PurchaseId, Party)>, Error> {
        let query = self.query(REGISTRANTS).within(" and purchase_id in", purchases.to_vec());
        let rows: Vec<(PurchaseId, AgencyId)> = query.all().await?;
        Ok(rows.into_iter().map(|(purchase, agency)| (purchase, Party::Agency(agency))).collect())
    }

    /// Whose some registrations are.
    pub(super) async fn agencies_registered(
        &self,
        registrations: impl Iterator<Item = RegistrationId>,
    ) -> Result<BTreeMap<String, Party>, Error> {
        let query = self.query(REGISTERED).within(" and id in", registrations);
        let rows: Vec<(RegistrationId, AgencyId)> = query.all().await?;
        Ok(rows.into_iter().map(|(id, agency)| (id.to_string(), Party::Agency(agency))).collect())
    }

    /// Of which case some documents are, and which agency they name.
    pub(super) async fn documents_naming(
        &self,
        documents: impl Iterator<Item = DocumentId>,
    ) -> Result<BTreeMap<String, (CaseId, Party)>, Error> {
        let query = self.query(NAMED).within(" and id in", documents);
        let rows: Vec<(DocumentId, CaseId, AgencyId)> = query.all().await?;
        let named = rows.into_iter();
        Ok(named.map(|(id, case, of)| (id.to_string(), (case, Party::Agency(of)))).collect())
    }

    /// Whose some listings are.
    pub(super) async fn agencies_listing(
        &self,
        listings: impl Iterator<Item = ListingId>,
    ) -> Result<BTreeMap<String, Party>, Error> {
        let query = self.query(LISTED).within(" and id in", listings);
        let rows: Vec<(ListingId, AgencyId)> = query.all().await?;
        Ok(rows.into_iter().map(|(id, agency)| (id.to_string(), Party::Agency(agency))).collect())
    }
}
