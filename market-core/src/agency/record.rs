//! How packs bring agencies in and carry them out: rows keyed by the agency's unified social
//! credit code.

use serde::{Deserialize, Serialize};

use super::{
    Admitted, Agency, AgencyNature, AgencyState, Details, Exited, Listing, ListingState,
    NewListing, NewPractitioner, NewQualification, Origin, Practitioner, Profile, Qualification,
    Suspended, Terms, check_details,
};
use crate::{
    Day, Fault, Money, Uscc,
    catalog::QualificationType,
    code::{DepartmentCode, ItemCode, LevelCode, ListingCode, QualificationKind, RegionCode},
    kernel::text::check_text,
    store::text_enum,
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
    pub(crate) attached_to: Option<DepartmentCode>,
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
    /// Whether it was revoked.
    pub(crate) revoked: bool,
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
            attached_to,
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
            attached_to,
        })
    }

    pub(super) fn details(&self) -> Details {
        let profile = Profile {
            nature: self.nature,
            legal_representative: self.legal_representative.clone(),
            address: self.address.clone(),
            phone: self.phone.clone(),
            established_on: self.established_on,
            capital: self.capital,
            scope: self.scope.clone(),
            attached_to: self.attached_to.clone(),
        };
        Details { name: self.name.clone(), region: self.region.clone(), profile }
    }

    /// What is wrong with the row, in itself or beside the agency that is there.
    pub(crate) fn faults(&self, today: Day, before: Option<&Agency>) -> Vec<Fault> {
        let details = self.details();
        let mut faults = at_columns(check_details(&details.name, &details.profile, today));
        match (self.admission(), before) {
            (Err(wrong), _) => faults.extend(wrong),
            (Ok(state), Some(before)) => {
                if before.state.clone().as_of(today) != state.as_of(today) {
                    let is = before.state.name();
                    let message = format!("the agency is {is} here; an import changes no state");
                    faults.push(Fault::new("state", "state", message));
                }
            }
            (Ok(_), None) => {}
        }
        faults
    }

    /// The state, which needs a day or a reason, or must not have any.
    pub(super) fn admission(&self) -> Result<AgencyState, Vec<Fault>> {
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
    /// What is wrong with the row, in itself or as one of its kind.
    pub(crate) fn faults(&self, kind: &QualificationType) -> Vec<Fault> {
        let new = self.to_new();
        let mut faults = new.check();
        faults.extend(new.check_kind(kind));
        at_columns(faults)
    }

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
            revoked: of.revoked,
        }
    }

    pub(super) fn to_new(&self) -> NewQualification {
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
    /// What is wrong with the row.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        at_columns(self.to_new().check())
    }

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

    pub(super) fn to_new(&self) -> NewPractitioner {
        NewPractitioner {
            name: self.name.clone(),
            specialty: self.specialty.clone(),
            certificate: self.certificate.clone(),
            valid_until: self.valid_until,
        }
    }
}

impl ListingRecord {
    /// What is wrong with the row, in itself or beside the listing that is there.
    pub(crate) fn faults(&self, before: Option<&Listing>) -> Vec<Fault> {
        let mut faults = at_columns(self.to_new().terms.check(""));
        if let Some(before) = before.filter(|before| before.item != self.item) {
            let item = &before.item;
            let message = format!("the listing offers {item}; another item is another listing");
            faults.push(Fault::new("item", "immutable", message));
        }
        faults
    }

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

    pub(super) fn to_new(&self) -> NewListing {
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

/// Faults at the columns that have them: `/profile/address` is `address`.
fn at_columns(faults: Vec<Fault>) -> Vec<Fault> {
    let column = |fault: Fault| {
        let path = fault.pointer.trim_start_matches('/');
        let path = path.strip_prefix("profile/").unwrap_or(path);
        let column = path.split('/').next().unwrap_or(path).to_owned();
        Fault { pointer: column, ..fault }
    };
    faults.into_iter().map(column).collect()
}
