//! Qualification certificates (资质证书) and practitioners (执业人员) of agencies. Changes to them
//! are changes of their agency, whose version and journal tell of them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Agencies, Agency, RECORD, REVOKE, check, state::Present};
use crate::{
    Call, Day, Error, Fault, Refusal,
    catalog::QualificationType,
    code::{LevelCode, QualificationKind},
    id::{AgencyId, PractitionerId, QualificationId},
    kernel::{error::named_at, text::check_text},
    store::{Tx, begin, retry},
};

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

/// A qualification certificate to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewQualification {
    /// Its kind.
    pub kind: QualificationKind,
    /// Its level.
    pub level: LevelCode,
    /// The majors that it carries.
    pub majors: Vec<String>,
    /// The certificate's number.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub number: String,
    /// Who issued it.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub issuer: String,
    /// The first day it is valid.
    pub valid_from: Day,
    /// The last day it is valid.
    pub valid_until: Day,
}

/// A practitioner to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPractitioner {
    /// Their name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
    /// What they are certified for.
    pub specialty: QualificationKind,
    /// The certificate's number.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub certificate: String,
    /// The last day it is valid.
    pub valid_until: Day,
}

impl NewQualification {
    /// What is wrong with the certificate by itself.
    pub(super) fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_text("/number", &self.number, 1, 100, &mut faults);
        check_text("/issuer", &self.issuer, 1, 100, &mut faults);
        if self.valid_until < self.valid_from {
            let message = "the last day is before the first";
            faults.push(Fault::new("/valid_until", "order", message));
        }
        faults
    }

    /// What is wrong with the certificate as one of its kind.
    pub(super) fn check_kind(&self, kind: &QualificationType) -> Vec<Fault> {
        let mut faults = Vec::new();
        if kind.level(&self.level).is_none() {
            faults.push(Fault::new("/level", "unknown", "no such level of this kind"));
        }
        for (place, major) in self.majors.iter().enumerate() {
            let pointer = format!("/majors/{place}");
            if !kind.majors.contains(major) {
                faults.push(Fault::new(pointer, "unknown", "no such major of this kind"));
            } else if self.majors[..place].contains(major) {
                faults.push(Fault::new(pointer, "duplicate", "the major is named twice"));
            }
        }
        faults
    }

    /// The certificate as one of an agency.
    pub(super) fn of(&self, agency_id: AgencyId, id: QualificationId) -> Qualification {
        Qualification {
            id,
            agency_id,
            kind: self.kind.clone(),
            level: self.level.clone(),
            majors: self.majors.clone(),
            number: self.number.clone(),
            issuer: self.issuer.clone(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            revoked: false,
        }
    }
}

impl NewPractitioner {
    pub(super) fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_text("/name", &self.name, 1, 100, &mut faults);
        check_text("/certificate", &self.certificate, 1, 100, &mut faults);
        faults
    }

    /// The practitioner as one of an agency.
    pub(super) fn of(&self, agency_id: AgencyId, id: PractitionerId) -> Practitioner {
        Practitioner {
            id,
            agency_id,
            name: self.name.clone(),
            specialty: self.specialty.clone(),
            certificate: self.certificate.clone(),
            valid_until: self.valid_until,
        }
    }
}

impl Agencies<'_> {
    /// Records a qualification certificate of an agency.
    pub async fn add_qualification(
        &self,
        call: &Call,
        id: AgencyId,
        new: NewQualification,
    ) -> Result<Qualification, Error> {
        check(RECORD, &call.actor, id)?;
        Error::unless_faultless(new.check())?;
        retry(|| self.add_qualification_once(call, id, &new)).await
    }

    async fn add_qualification_once(
        &self,
        call: &Call,
        id: AgencyId,
        new: &NewQualification,
    ) -> Result<Qualification, Error> {
        let mut tx = begin!(self.0, call, "agencies.add_qualification", &(id, new));
        let agency = present(&mut tx, call, id).await?;
        let kind = named_at(tx.qualification_type(&new.kind).await, "/kind")?;
        Error::unless_faultless(new.check_kind(&kind))?;
        let qualification = new.of(id, QualificationId(self.0.env.id()));
        tx.insert_qualification(&qualification).await?;
        tx.save_agency(agency.note("qualification_added", qualification.told())).await?;
        tx.finish(qualification).await
    }

    /// Records that the issuer has withdrawn a certificate.
    pub async fn revoke_qualification(
        &self,
        call: &Call,
        id: AgencyId,
        qualification: QualificationId,
    ) -> Result<Qualification, Error> {
        REVOKE.admits(&call.actor)?;
        retry(|| self.revoke_qualification_once(call, id, qualification)).await
    }

    async fn revoke_qualification_once(
        &self,
        call: &Call,
        id: AgencyId,
        qualification: QualificationId,
    ) -> Result<Qualification, Error> {
        let mut tx = begin!(self.0, call, "agencies.revoke_qualification", &(id, qualification));
        let agency = present(&mut tx, call, id).await?;
        let known = tx.qualifications(id).await?;
        let before = known.into_iter().find(|known| known.id == qualification);
        let before = before.ok_or(Error::NotFound("qualification"))?;
        if before.revoked {
            return Err(Refusal::QualificationRevoked.into());
        }
        let revoked = Qualification { revoked: true, ..before };
        tx.update_qualification(&revoked).await?;
        tx.save_agency(agency.note("qualification_revoked", revoked.told())).await?;
        tx.finish(revoked).await
    }

    /// Records a practitioner of an agency.
    pub async fn add_practitioner(
        &self,
        call: &Call,
        id: AgencyId,
        new: NewPractitioner,
    ) -> Result<Practitioner, Error> {
        check(RECORD, &call.actor, id)?;
        Error::unless_faultless(new.check())?;
        retry(|| self.add_practitioner_once(call, id, &new)).await
    }

    async fn add_practitioner_once(
        &self,
        call: &Call,
        id: AgencyId,
        new: &NewPractitioner,
    ) -> Result<Practitioner, Error> {
        let mut tx = begin!(self.0, call, "agencies.add_practitioner", &(id, new));
        let agency = present(&mut tx, call, id).await?;
        named_at(tx.qualification_type(&new.specialty).await, "/specialty")?;
        let practitioner = new.of(id, PractitionerId(self.0.env.id()));
        tx.insert_practitioner(&practitioner).await?;
        tx.save_agency(agency.note("practitioner_added", practitioner.told())).await?;
        tx.finish(practitioner).await
    }

    /// Takes a practitioner who has left off the record, and gives what was recorded.
    pub async fn remove_practitioner(
        &self,
        call: &Call,
        id: AgencyId,
        practitioner: PractitionerId,
    ) -> Result<Practitioner, Error> {
        check(RECORD, &call.actor, id)?;
        retry(|| self.remove_practitioner_once(call, id, practitioner)).await
    }

    async fn remove_practitioner_once(
        &self,
        call: &Call,
        id: AgencyId,
        practitioner: PractitionerId,
    ) -> Result<Practitioner, Error> {
        let mut tx = begin!(self.0, call, "agencies.remove_practitioner", &(id, practitioner));
        let agency = present(&mut tx, call, id).await?;
        let known = tx.practitioners(id).await?;
        let removed = known.into_iter().find(|known| known.id == practitioner);
        let removed = removed.ok_or(Error::NotFound("practitioner"))?;
        tx.delete_practitioner(practitioner).await?;
        tx.save_agency(agency.note("practitioner_removed", removed.told())).await?;
        tx.finish(removed).await
    }
}

/// The agency that a call changes, unless it has left.
async fn present(tx: &mut Tx, call: &Call, id: AgencyId) -> Result<Agency<Present>, Error> {
    Ok(tx.agency(id).await?.expected(call)?.present()?)
}

impl Qualification {
    /// What the journal tells of it.
    pub(super) fn told(&self) -> serde_json::Value {
        json!({ "qualification_id": self.id, "kind": self.kind, "level": self.level })
    }
}

impl Practitioner {
    /// What the journal tells of them: not who they are.
    pub(super) fn told(&self) -> serde_json::Value {
        json!({ "practitioner_id": self.id, "specialty": self.specialty })
    }
}
