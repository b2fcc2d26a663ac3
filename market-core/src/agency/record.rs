//! How packs bring agencies in and carry them out: rows keyed by the agency's unified social
//! credit code, and what putting each one does.
//!
//! Whoever puts rows has looked up before what they name (agencies, kinds, items, regions), so
//! that a row costs no more than the statements that write it.

use serde::{Deserialize, Serialize};

use super::{
    Admitted, Agency, AgencyNature, AgencyState, Details, Exited, Listing, ListingState,
    NewListing, NewPractitioner, NewQualification, Origin, Practitioner, Profile, Qualification,
    Suspended, Terms, check_details, flawless, listing::ListingMoved,
};
use crate::{
    Change, Day, Error, Fault, Money, Uscc,
    catalog::QualificationType,
    code::{ItemCode, LevelCode, ListingCode, QualificationKind, RegionCode},
    id::{AgencyId, ListingId, PractitionerId, QualificationId},
    kernel::text::check_text,
    store::{Tx, text_enum},
};

text_enum! {
    /// The states of admission that packs carry: those that anybody may know of.
    pub(crate) enum RecordState {
        /// Admitted.
        Admitted = "admitted",
        /// Takes no new orders for a time.
        Suspended = "suspended",
        /// Left the market.
        Exited = "exited",
    }
}

/// A row of `agencies.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgencyRecord {
    pub(crate) uscc: Uscc,
    pub(crate) name: String,
    pub(crate) nature: AgencyNature,
    pub(crate) legal_representative: String,
    pub(crate) region: RegionCode,
    pub(crate) address: String,
    pub(crate) phone: String,
    pub(crate) established_on: Day,
    pub(crate) capital: Money,
    pub(crate) scope: String,
    pub(crate) origin: Origin,
    pub(crate) state: RecordState,
    pub(crate) suspended_until: Option<Day>,
    pub(crate) state_reason: Option<String>,
}

/// A row of `agency-qualifications.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QualificationRecord {
    pub(crate) uscc: Uscc,
    pub(crate) kind: QualificationKind,
    pub(crate) level: LevelCode,
    pub(crate) majors: Vec<String>,
    pub(crate) number: String,
    pub(crate) issuer: String,
    pub(crate) valid_from: Day,
    pub(crate) valid_until: Day,
}

/// A row of `practitioners.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PractitionerRecord {
    pub(crate) uscc: Uscc,
    pub(crate) name: String,
    pub(crate) specialty: QualificationKind,
    pub(crate) certificate: String,
    pub(crate) valid_until: Day,
}

/// A row of `listings.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListingRecord {
    pub(crate) uscc: Uscc,
    pub(crate) code: ListingCode,
    pub(crate) item: ItemCode,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) price: Money,
    pub(crate) unit: String,
    pub(crate) regions: Vec<RegionCode>,
    pub(crate) days: u32,
    pub(crate) state: ListingState,
}

impl AgencyRecord {
    /// The row of an agency; none of one that nobody may know of.
    pub(crate) fn of(agency: &Agency) -> Option<Self> {
        let (state, suspended_until, state_reason) = match agency.state.clone() {
            AgencyState::Admitted(Admitted {}) => (RecordState::Admitted, None, None),
            AgencyState::Suspended(Suspended { until, reason }) => {
                (RecordState::Suspended, Some(until), Some(reason))
            }
            AgencyState::Exited(Exited { reason }) => (RecordState::Exited, None, Some(reason)),
            AgencyState::Applying(_) | AgencyState::Rejected(_) => return None,
        };
        let Profile {
            nature,
            legal_representative,
            address,
            phone,
            established_on,
            capital,
            scope,
        } = agency.profile.clone();
        Some(Self {
            uscc: agency.uscc.clone(),
            name: agency.name.clone(),
            nature,
            legal_representative,
            region: agency.region.clone(),
            address,
            phone,
            established_on,
            capital,
            scope,
            origin: agency.origin,
            state,
            suspended_until,
            state_reason,
        })
    }

    fn details(&self) -> Details {
        let profile = Profile {
            nature: self.nature,
            legal_representative: self.legal_representative.clone(),
            address: self.address.clone(),
            phone: self.phone.clone(),
            established_on: self.established_on,
            capital: self.capital,
            scope: self.scope.clone(),
        };
        Details { name: self.name.clone(), region: self.region.clone(), profile }
    }

    /// The state, which needs a day or a reason, or must not have any.
    fn admission(&self) -> Result<AgencyState, Vec<Fault>> {
        let mut faults = Vec::new();
        let is_suspended = self.state == RecordState::Suspended;
        if self.suspended_until.is_some() != is_suspended {
            let message = "a suspended agency has its last day here, and no other";
            faults.push(Fault::new("suspended_until", "state", message));
        }
        let reason = self.state_reason.clone().unwrap_or_default();
        let min = usize::from(self.state != RecordState::Admitted);
        check_text("state_reason", &reason, min, min * 500, &mut faults);
        let state = match (self.state, self.suspended_until) {
            (RecordState::Admitted, _) => Some(Admitted {}.into()),
            (RecordState::Suspended, until) => {
                until.map(|until| Suspended { until, reason }.into())
            }
            (RecordState::Exited, _) => Some(Exited { reason }.into()),
        };
        state.filter(|_| faults.is_empty()).ok_or(faults)
    }
}

impl QualificationRecord {
    /// The row of a certificate of an agency.
    pub(crate) fn of(uscc: &Uscc, of: &Qualification) -> Self {
        let of = of.clone();
        Self {
            uscc: uscc.clone(),
            kind: of.kind,
            level: of.level,
            majors: of.majors,
            number: of.number,
            issuer: of.issuer,
            valid_from: of.valid_from,
            valid_until: of.valid_until,
        }
    }

    fn to_new(&self) -> NewQualification {
        NewQualification {
            kind: self.kind.clone(),
            level: self.level.clone(),
            majors: self.majors.clone(),
            number: self.number.clone(),
            issuer: self.issuer.clone(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }
}

impl PractitionerRecord {
    /// The row of a practitioner of an agency.
    pub(crate) fn of(uscc: &Uscc, of: &Practitioner) -> Self {
        let of = of.clone();
        Self {
            uscc: uscc.clone(),
            name: of.name,
            specialty: of.specialty,
            certificate: of.certificate,
            valid_until: of.valid_until,
        }
    }

    fn to_new(&self) -> NewPractitioner {
        NewPractitioner {
            name: self.name.clone(),
            specialty: self.specialty.clone(),
            certificate: self.certificate.clone(),
            valid_until: self.valid_until,
        }
    }
}

impl ListingRecord {
    /// The row of a listing of an agency.
    pub(crate) fn of(uscc: &Uscc, of: &Listing) -> Self {
        let terms = of.terms.clone();
        Self {
            uscc: uscc.clone(),
            code: of.code.clone(),
            item: of.item.clone(),
            title: terms.title,
            summary: terms.summary,
            price: terms.price,
            unit: terms.unit,
            regions: terms.regions,
            days: terms.days,
            state: of.state,
        }
    }

    fn to_new(&self) -> NewListing {
        let terms = Terms {
            title: self.title.clone(),
            summary: self.summary.clone(),
            price: self.price,
            unit: self.unit.clone(),
            regions: self.regions.clone(),
            days: self.days,
        };
        NewListing { code: self.code.clone(), item: self.item.clone(), terms }
    }
}

/// Refuses what has faults, each at the column that has it: `/profile/address` is `address`.
fn flawless_row(faults: Vec<Fault>) -> Result<(), Error> {
    let column = |fault: Fault| {
        let path = fault.pointer.trim_start_matches('/');
        let path = path.strip_prefix("profile/").unwrap_or(path);
        let column = path.split('/').next().unwrap_or(path).to_owned();
        Fault { pointer: column, ..fault }
    };
    flawless(faults.into_iter().map(column).collect())
}

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
        flawless_row(check_details(&details.name, &details.profile, today))?;
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
        if before.state.clone().as_of(today) != state.as_of(today) {
            let message =
                format!("the agency is {} here; an import changes no state", before.state.name());
            return Err(Error::invalid("state", "state", message));
        }
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
        let mut faults = new.check();
        faults.extend(new.check_kind(kind));
        flawless_row(faults)?;
        let after = Qualification {
            revoked: before.is_some_and(|before| before.revoked),
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
        flawless_row(new.check())?;
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
        flawless_row(new.terms.check(""))?;
        let Some(before) = before.cloned() else {
            let created = Listing::create(id, agency, &new, self.at);
            let listing = Listing { state: row.state, ..created.listing };
            let moved = ListingMoved { listing, event: "listing_imported", ..created };
            return Ok((self.insert_listing(moved).await?, Change::Created));
        };
        if before.item != row.item {
            let message =
                format!("the listing offers {}; another item is another listing", before.item);
            return Err(Error::invalid("item", "immutable", message));
        }
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
