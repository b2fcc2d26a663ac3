//! Applicants in the database.

use sqlx::FromRow;

use super::{Applicant, ApplicantKind};
use crate::{
    Error, Refusal, Timestamp, Uscc,
    id::{AgencyId, ApplicantId},
    store::{Db, OnDuplicate, Tx, statements},
};

statements! {
    INSERT = "\
        insert into applicants (id, kind, name, uscc, phone, version, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    BY_ID = "select id, kind, name, uscc, phone, version, created_at from applicants where id = $1";
    ASKED_FOR = "\
        select state from orders \
        where applicant_id = $1 and agency_id = $2 and state not in ('declined', 'cancelled') \
        order by case when state = 'placed' then 1 else 0 end limit 1";
    BY_IDS = "select id, kind, name, uscc, phone, version, created_at from applicants where true";
}

/// What an agency has had to do with an applicant.
pub(super) enum Acquaintance {
    /// Nothing, or it declined, or was asked no more.
    None,
    /// It has an order that it has not answered.
    Asked,
    /// It took on an order.
    Served,
}

#[derive(FromRow)]
struct ApplicantRow {
    id: ApplicantId,
    kind: ApplicantKind,
    name: String,
    uscc: Option<Uscc>,
    phone: String,
    version: i64,
    created_at: Timestamp,
}

impl From<ApplicantRow> for Applicant {
    fn from(row: ApplicantRow) -> Self {
        let ApplicantRow { id, kind, name, uscc, phone, version, created_at } = row;
        Self { id, kind, name, uscc, phone, version, created_at }
    }
}

impl Tx {
    /// Writes a new applicant.
    pub(super) async fn insert_applicant(&mut self, applicant: &Applicant) -> Result<(), Error> {
        self.query(INSERT)
            .bind(applicant.id)
            .bind(applicant.kind)
            .bind(&applicant.name)
            .bind(applicant.uscc.as_ref().map(Uscc::as_str))
            .bind(&applicant.phone)
            .bind(applicant.version)
            .bind(applicant.created_at)
            .execute()
            .await
            .map(drop)
            .on_duplicate(Refusal::ApplicantExists)
    }

    /// An applicant.
    pub(crate) async fn applicant(&mut self, id: ApplicantId) -> Result<Applicant, Error> {
        let row: Option<ApplicantRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Applicant::from).ok_or(Error::NotFound("applicant"))
    }
}

impl Db {
    /// An applicant, with its telephone.
    pub(crate) async fn applicant(&self, id: ApplicantId) -> Result<Option<Applicant>, Error> {
        let row: Option<ApplicantRow> = self.query(BY_ID).bind(id).optional().await?;
        Ok(row.map(Applicant::from))
    }

    /// What an agency has had to do with an applicant.
    pub(super) async fn acquaintance(
        &self,
        applicant: ApplicantId,
        agency: AgencyId,
    ) -> Result<Acquaintance, Error> {
        let query = self.query(ASKED_FOR).bind(applicant).bind(agency);
        let state: Option<(String,)> = query.optional().await?;
        Ok(match state {
            None => Acquaintance::None,
            Some((state,)) if state == "placed" => Acquaintance::Asked,
            Some(_) => Acquaintance::Served,
        })
    }

    /// Applicants by their ids, with their telephones.
    pub(crate) async fn applicants_by_id(
        &self,
        ids: impl IntoIterator<Item = ApplicantId>,
    ) -> Result<Vec<Applicant>, Error> {
        let rows: Vec<ApplicantRow> = self.query(BY_IDS).within(" and id in", ids).all().await?;
        Ok(rows.into_iter().map(Applicant::from).collect())
    }
}
