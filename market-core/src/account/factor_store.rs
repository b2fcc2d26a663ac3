//! Second factors and recovery codes in the database.

use sqlx::FromRow;

use super::factor::{Kept, SecondFactor};
use crate::{
    Error, Timestamp,
    id::PersonId,
    store::{Db, Tx, statements},
};

statements! {
    PUT = "\
        insert into second_factors (person_id, sealed, step) values ($1, $2, 0) \
        on conflict (person_id) do update set sealed = excluded.sealed, step = 0, \
        confirmed_at = null";
    FACTOR = "select sealed, confirmed_at, step from second_factors where person_id = $1";
    CONFIRM = "update second_factors set confirmed_at = $2 where person_id = $1";
    TAKE = "update second_factors set step = $2 where person_id = $1";
    DELETE = "delete from second_factors where person_id = $1";
    INSERT_CODE = "insert into recovery_codes (digest, person_id) values ($1, $2)";
    USE_CODE = "update recovery_codes set used_at = $2 where digest = $1 and used_at is null";
    DELETE_CODES = "delete from recovery_codes where person_id = $1";
    CODES_LEFT = "\
        select cast(count(*) as bigint) from recovery_codes \
        where person_id = $1 and used_at is null";
}

#[derive(FromRow)]
struct FactorRow {
    sealed: String,
    confirmed_at: Option<Timestamp>,
    step: i64,
}

impl Tx {
    /// Keeps the secret of a second factor that is not confirmed yet.
    pub(super) async fn put_factor(&mut self, person: PersonId, sealed: &str) -> Result<(), Error> {
        self.query(PUT).bind(person).bind(sealed).execute().await.map(drop)
    }

    /// A person's second factor, held until this unit of work ends.
    pub(super) async fn kept_factor(&mut self, person: PersonId) -> Result<Option<Kept>, Error> {
        let query = self.query(FACTOR).bind(person).pg(" for update");
        let row: Option<FactorRow> = query.optional().await?;
        Ok(row.map(|FactorRow { sealed, confirmed_at, step }| Kept { sealed, confirmed_at, step }))
    }

    /// Whether codes are asked of a person, who is held.
    pub(super) async fn has_second_factor(&mut self, person: PersonId) -> Result<bool, Error> {
        Ok(self.kept_factor(person).await?.is_some_and(|kept| kept.confirmed_at.is_some()))
    }

    pub(super) async fn confirm_factor(&mut self, person: PersonId) -> Result<(), Error> {
        let at = self.at;
        self.query(CONFIRM).bind(person).bind(at).execute().await.map(drop)
    }

    /// Takes a step of the clock: no code of it, or of one before, is taken again.
    pub(super) async fn take_step(&mut self, person: PersonId, step: i64) -> Result<(), Error> {
        self.query(TAKE).bind(person).bind(step).execute().await.map(drop)
    }

    pub(super) async fn delete_factor(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(DELETE_CODES).bind(person).execute().await?;
        self.query(DELETE).bind(person).execute().await.map(drop)
    }

    pub(super) async fn insert_recovery_code(
        &mut self,
        person: PersonId,
        digest: &str,
    ) -> Result<(), Error> {
        self.query(INSERT_CODE).bind(digest).bind(person).execute().await.map(drop)
    }

    /// Whether there was such a code that was not used yet; it is used.
    pub(super) async fn use_recovery_code(&mut self, digest: &str) -> Result<bool, Error> {
        let at = self.at;
        Ok(self.query(USE_CODE).bind(digest).bind(at).execute().await? == 1)
    }
}

impl Db {
    /// Whether codes are asked of a person.
    pub(super) async fn has_second_factor(&self, person: PersonId) -> Result<bool, Error> {
        let row: Option<FactorRow> = self.query(FACTOR).bind(person).optional().await?;
        Ok(row.is_some_and(|row| row.confirmed_at.is_some()))
    }

    pub(super) async fn second_factor(&self, person: PersonId) -> Result<SecondFactor, Error> {
        let row: Option<FactorRow> = self.query(FACTOR).bind(person).optional().await?;
        let (left,): (i64,) = self.query(CODES_LEFT).bind(person).one().await?;
        let confirmed_at = row.and_then(|row| row.confirmed_at);
        Ok(SecondFactor { confirmed_at, recovery_codes_left: left })
    }
}
