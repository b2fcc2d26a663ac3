//! What putting the rows of packs does.
//!
//! Whoever puts rows has looked up before what they name (agencies, kinds, items, regions), so
//! that a row costs no more than the statements that write it.

use super::{
    Agency, Listing, Practitioner, Qualification,
    listing::ListingMoved,
    record::{AgencyRecord, ListingRecord, PractitionerRecord, QualificationRecord},
};
use crate::{
    Change, Error,
    catalog::QualificationType,
    id::{AgencyId, ListingId, PractitionerId, QualificationId},
    store::Tx,
};

impl Tx {
    /// Makes an agency what its row says, under the id given if it is new. The state of one that
    /// is there is not for packs to change.
    pub(crate) async fn put_agency(
        &mut self,
        row: &AgencyRecord,
        before: Option<&Agency>,
        id: AgencyId,
    ) -> Result<(Agency, Change), Error> {
        let today = self.at.day();
        let details = row.details();
        Error::unless_faultless(row.faults(today, before))?;
        let state = row.admission().map_err(Error::Invalid)?;
        let Some(before) = before else {
            let new = Agency {
                id,
                uscc: row.uscc.clone(),
                name: details.name,
                region: details.region,
                profile: details.profile,
                origin: row.origin,
                state,
                version: 1,
                created_at: self.at,
                updated_at: self.at,
            };
            let agency = self.insert_agency(new.imported().arrive()).await?;
            return Ok((agency, Change::Created));
        };
        if before.details() == details && before.origin == row.origin {
            return Ok((before.clone(), Change::Unchanged));
        }
        let moved = before.clone().imported().update(details, row.origin);
        Ok((self.save_agency(moved).await?, Change::Changed))
    }

    /// Makes a certificate of an agency what its row says, under the id given if it is new. The
    /// agency's version grows with it.
    pub(crate) async fn put_qualification(
        &mut self,
        row: &QualificationRecord,
        agency: &mut Agency,
        kind: &QualificationType,
        before: Option<&Qualification>,
        id: QualificationId,
    ) -> Result<(Qualification, Change), Error> {
        let new = row.to_new();
        Error::unless_faultless(row.faults(kind))?;
        let after = Qualification {
            // What was revoked stays so, whatever an older file says.
            revoked: row.revoked || before.is_some_and(|before| before.revoked),
            ..new.of(agency.id, before.map_or(id, |before| before.id))
        };
        let change = match before {
            Some(before) if *before == after => return Ok((after, Change::Unchanged)),
            Some(_) => {
                self.update_qualification(&after).await?;
                Change::Changed
            }
            None => {
                self.insert_qualification(&after).await?;
                Change::Created
            }
        };
        let noted = agency.clone().imported().note("qualification_imported", after.told());
        *agency = self.save_agency(noted).await?;
        Ok((after, change))
    }

    /// Makes a practitioner of an agency what their row says, under the id given if they are new.
    /// The agency's version grows with it.
    pub(crate) async fn put_practitioner(
        &mut self,
        row: &PractitionerRecord,
        agency: &mut Agency,
        before: Option<&Practitioner>,
        id: PractitionerId,
    ) -> Result<(Practitioner, Change), Error> {
        let new = row.to_new();
        Error::unless_faultless(row.faults())?;
        let after = new.of(agency.id, before.map_or(id, |before| before.id));
        let change = match before {
            Some(before) if *before == after => return Ok((after, Change::Unchanged)),
            Some(_) => {
                self.update_practitioner(&after).await?;
                Change::Changed
            }
            None => {
                self.insert_practitioner(&after).await?;
                Change::Created
            }
        };
        let noted = agency.clone().imported().note("practitioner_imported", after.told());
        *agency = self.save_agency(noted).await?;
        Ok((after, change))
    }

    /// Makes a listing of an agency what its row says, under the id given if it is new. Changed
    /// terms make a new number of them.
    pub(crate) async fn put_listing(
        &mut self,
        row: &ListingRecord,
        agency: AgencyId,
        before: Option<&Listing>,
        id: ListingId,
    ) -> Result<(Listing, Change), Error> {
        let new = row.to_new();
        Error::unless_faultless(row.faults(before))?;
        let Some(before) = before.cloned() else {
            let created = Listing::create(id, agency, &new, self.at);
            let listing = Listing { state: row.state, ..created.listing };
            let moved = ListingMoved { listing, event: "listing_imported", ..created };
            return Ok((self.insert_listing(moved).await?, Change::Created));
        };
        let new_terms = before.terms != new.terms;
        if !new_terms && before.state == row.state {
            return Ok((before, Change::Unchanged));
        }
        let number = before.number + i64::from(new_terms);
        let listing = Listing { number, terms: new.terms, ..before };
        let moved = listing.moved(row.state, "listing_imported", new_terms);
        Ok((self.save_listing(moved).await?, Change::Changed))
    }
}
