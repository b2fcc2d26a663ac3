//! Where qualifications and practitioners are kept.

use sqlx::{FromRow, types::Json};

use super::{Practitioner, Qualification};
use crate::{
    Day, Error, Refusal,
    code::{LevelCode, QualificationKind},
    id::{AgencyId, ListingId, PractitionerId, QualificationId},
    store::{Asked, Db, OnDuplicate, Query, Tx, statements},
};

statements! {
    INSERT_QUALIFICATION = "\
        insert into agency_qualifications (id, agency_id, kind, level, majors, number, issuer, \
        valid_from, valid_until, revoked) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE_QUALIFICATION = "\
        update agency_qualifications set level = $2, majors = $3, issuer = $4, valid_from = $5, \
        valid_until = $6, revoked = $7 where id = $1";
    QUALIFICATIONS = "\
        select id, agency_id, kind, level, majors, number, issuer, valid_from, valid_until, \
        revoked from agency_qualifications where agency_id = $1";
    OF_SELLER = "\
        select id, agency_id, kind, level, majors, number, issuer, valid_from, valid_until, \
        revoked from agency_qualifications \
        where agency_id = (select agency_id from listings where id = $1)";
    ALL_QUALIFICATIONS = "\
        select id, agency_id, kind, level, majors, number, issuer, valid_from, valid_until, \
        revoked from agency_qualifications";
    INSERT_PRACTITIONER = "\
        insert into practitioners (id, agency_id, name, specialty, certificate, valid_until) \
        values ($1, $2, $3, $4, $5, $6)";
    UPDATE_PRACTITIONER = "\
        update practitioners set name = $2, specialty = $3, valid_until = $4 where id = $1";
    DELETE_PRACTITIONER = "delete from practitioners where id = $1";
    PRACTITIONERS = "\
        select id, agency_id, name, specialty, certificate, valid_until from practitioners \
        where agency_id = $1";
    ALL_PRACTITIONERS = "\
        select id, agency_id, name, specialty, certificate, valid_until from practitioners";
}

#[derive(FromRow)]
struct QualificationRow {
    id: QualificationId,
    agency_id: AgencyId,
    kind: QualificationKind,
    level: LevelCode,
    majors: Json<Vec<String>>,
    number: String,
    issuer: String,
    valid_from: Day,
    valid_until: Day,
    revoked: bool,
}

impl From<QualificationRow> for Qualification {
    fn from(row: QualificationRow) -> Self {
        Self {
            id: row.id,
            agency_id: row.agency_id,
            kind: row.kind,
            level: row.level,
            majors: row.majors.0,
            number: row.number,
            issuer: row.issuer,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            revoked: row.revoked,
        }
    }
}

#[derive(FromRow)]
struct PractitionerRow {
    id: PractitionerId,
    agency_id: AgencyId,
    name: String,
    specialty: QualificationKind,
    certificate: String,
    valid_until: Day,
}

impl From<PractitionerRow> for Practitioner {
    fn from(row: PractitionerRow) -> Self {
        Self {
            id: row.id,
            agency_id: row.agency_id,
            name: row.name,
            specialty: row.specialty,
            certificate: row.certificate,
            valid_until: row.valid_until,
        }
    }
}

/// Certificates that were asked for.
#[must_use]
pub(super) struct AskedQualifications(Asked<QualificationRow>);

/// Certificates of each agency by kind and number: by bytes, which is not how every database
/// sorts texts.
async fn qualifications(query: Query<'_>) -> Result<Vec<Qualification>, Error> {
    Ok(sorted(query.all().await?))
}

fn sorted(rows: Vec<QualificationRow>) -> Vec<Qualification> {
    let mut found: Vec<Qualification> = rows.into_iter().map(Qualification::from).collect();
    found.sort_unstable_by(|one, other| {
        (one.agency_id, &one.kind, &one.number).cmp(&(other.agency_id, &other.kind, &other.number))
    });
    found
}

/// Practitioners of each agency by certificate.
async fn practitioners(query: Query<'_>) -> Result<Vec<Practitioner>, Error> {
    let rows: Vec<PractitionerRow> = query.all().await?;
    let mut found: Vec<Practitioner> = rows.into_iter().map(Practitioner::from).collect();
    found.sort_unstable_by(|one, other| {
        (one.agency_id, &one.certificate).cmp(&(other.agency_id, &other.certificate))
    });
    Ok(found)
}

impl Tx {
    /// The certificates of an agency, by kind and number.
    pub(crate) async fn qualifications(
        &mut self,
        id: AgencyId,
    ) -> Result<Vec<Qualification>, Error> {
        qualifications(self.query(QUALIFICATIONS).bind(id)).await
    }

    /// Asks for the certificates of the agency that sells a listing.
    pub(super) async fn ask_qualifications_of_seller(
        &mut self,
        listing: ListingId,
    ) -> Result<AskedQualifications, Error> {
        self.query(OF_SELLER).bind(listing).ask().await.map(AskedQualifications)
    }

    /// The certificates that were asked for, by kind and number.
    pub(super) async fn asked_qualifications(
        &mut self,
        asked: AskedQualifications,
    ) -> Result<Vec<Qualification>, Error> {
        self.all(asked.0).await.map(sorted)
    }

    /// Every certificate: each agency's by kind and number.
    pub(crate) async fn all_qualifications(&mut self) -> Result<Vec<Qualification>, Error> {
        qualifications(self.query(ALL_QUALIFICATIONS)).await
    }

    pub(super) async fn insert_qualification(
        &mut self,
        qualification: &Qualification,
    ) -> Result<(), Error> {
        self.query(INSERT_QUALIFICATION)
            .bind(qualification.id)
            .bind(qualification.agency_id)
            .bind(&qualification.kind)
            .bind(&qualification.level)
            .bind(Json(&qualification.majors))
            .bind(&qualification.number)
            .bind(&qualification.issuer)
            .bind(qualification.valid_from)
            .bind(qualification.valid_until)
            .bind(qualification.revoked)
            .execute()
            .await
            .on_duplicate(Refusal::QualificationExists)
            .map(drop)
    }

    /// Saves what may change of a certificate; its agency, kind and number do not.
    pub(super) async fn update_qualification(
        &mut self,
        qualification: &Qualification,
    ) -> Result<(), Error> {
        self.query(UPDATE_QUALIFICATION)
            .bind(qualification.id)
            .bind(&qualification.level)
            .bind(Json(&qualification.majors))
            .bind(&qualification.issuer)
            .bind(qualification.valid_from)
            .bind(qualification.valid_until)
            .bind(qualification.revoked)
            .execute()
            .await
            .map(drop)
    }

    /// The practitioners of an agency, by certificate.
    pub(crate) async fn practitioners(&mut self, id: AgencyId) -> Result<Vec<Practitioner>, Error> {
        practitioners(self.query(PRACTITIONERS).bind(id)).await
    }

    /// Every practitioner: each agency's by certificate.
    pub(crate) async fn all_practitioners(&mut self) -> Result<Vec<Practitioner>, Error> {
        practitioners(self.query(ALL_PRACTITIONERS)).await
    }

    pub(super) async fn insert_practitioner(
        &mut self,
        practitioner: &Practitioner,
    ) -> Result<(), Error> {
        self.query(INSERT_PRACTITIONER)
            .bind(practitioner.id)
            .bind(practitioner.agency_id)
            .bind(&practitioner.name)
            .bind(&practitioner.specialty)
            .bind(&practitioner.certificate)
            .bind(practitioner.valid_until)
            .execute()
            .await
            .on_duplicate(Refusal::PractitionerExists)
            .map(drop)
    }

    /// Saves what may change of a practitioner; their agency and certificate do not.
    pub(super) async fn update_practitioner(
        &mut self,
        practitioner: &Practitioner,
    ) -> Result<(), Error> {
        self.query(UPDATE_PRACTITIONER)
            .bind(practitioner.id)
            .bind(&practitioner.name)
            .bind(&practitioner.specialty)
            .bind(practitioner.valid_until)
            .execute()
            .await
            .map(drop)
    }

    pub(super) async fn delete_practitioner(&mut self, id: PractitionerId) -> Result<(), Error> {
        self.query(DELETE_PRACTITIONER).bind(id).execute().await.map(drop)
    }
}

impl Db {
    /// The certificates of an agency, by kind and number.
    pub(super) async fn qualifications(&self, id: AgencyId) -> Result<Vec<Qualification>, Error> {
        qualifications(self.query(QUALIFICATIONS).bind(id)).await
    }

    /// The certificates of some agencies: each agency's by kind and number.
    pub(crate) async fn qualifications_of(
        &self,
        agencies: &[AgencyId],
    ) -> Result<Vec<Qualification>, Error> {
        qualifications(self.query(ALL_QUALIFICATIONS).within(" where agency_id in", agencies)).await
    }

    /// Every certificate: each agency's by kind and number.
    pub(crate) async fn all_qualifications(&self) -> Result<Vec<Qualification>, Error> {
        qualifications(self.query(ALL_QUALIFICATIONS)).await
    }

    /// The practitioners of an agency, by certificate.
    pub(super) async fn practitioners(&self, id: AgencyId) -> Result<Vec<Practitioner>, Error> {
        practitioners(self.query(PRACTITIONERS).bind(id)).await
    }

    /// Every practitioner: each agency's by certificate.
    pub(crate) async fn all_practitioners(&self) -> Result<Vec<Practitioner>, Error> {
        practitioners(self.query(ALL_PRACTITIONERS)).await
    }
}
