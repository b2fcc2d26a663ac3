//! Where the market's keys are kept.

use sqlx::FromRow;

use crate::{
    Error, Timestamp,
    store::{Db, Tx, statements},
};

statements! {
    KEYS = "\
        select number, seed, created_at, retires_at from signing_keys \
        where retires_at is null or retires_at > $1 order by number desc";
    EVERY_KEY = "\
        select number, seed, created_at, retires_at from signing_keys order by number desc";
    INSERT_KEY = "\
        insert into signing_keys (number, seed, created_at, retires_at) \
        values ($1, $2, $3, null) on conflict do nothing";
    LAST_KEY = "select number from signing_keys order by number desc limit 1";
    NOTE_SERVERS = "\
        insert into server_key (one, public_key, noted_at) values (1, $1, $2) on conflict do nothing";
    SERVERS = "select public_key from server_key where one = 1";
    REPLACE_SERVERS = "\
        insert into server_key (one, public_key, noted_at) values (1, $1, $2) \
        on conflict (one) do update set public_key = excluded.public_key, \
        noted_at = excluded.noted_at";
    RETIRE_KEY = "update signing_keys set retires_at = $2, seed = $3 where number = $1";
}

/// A key, as it is kept.
#[derive(FromRow)]
pub(crate) struct KeyRow {
    pub(crate) number: i64,
    pub(crate) seed: String,
    pub(crate) created_at: Timestamp,
    pub(crate) retires_at: Option<Timestamp>,
}

impl Tx {
    /// Keeps a key, if there is none of its number.
    pub(crate) async fn insert_signing_key(
        &mut self,
        number: i64,
        seed: &str,
    ) -> Result<bool, Error> {
        let at = self.at;
        Ok(self.query(INSERT_KEY).bind(number).bind(seed).bind(at).execute().await? == 1)
    }

    /// Notes which key servers share, if that is not known.
    pub(super) async fn note_server_key(&mut self, public: &str) -> Result<(), Error> {
        let at = self.at;
        self.query(NOTE_SERVERS).bind(public).bind(at).execute().await.map(drop)
    }

    /// The public part of the key that servers share.
    pub(super) async fn server_key_noted(&mut self) -> Result<String, Error> {
        self.query(SERVERS).one::<(String,)>().await.map(|(key,)| key)
    }

    /// Notes that servers share another key.
    pub(super) async fn replace_server_key(&mut self, public: &str) -> Result<(), Error> {
        let at = self.at;
        self.query(REPLACE_SERVERS).bind(public).bind(at).execute().await.map(drop)
    }

    pub(crate) async fn last_signing_key_for_update(&mut self) -> Result<Option<i64>, Error> {
        let row: Option<(i64,)> = self.query(LAST_KEY).pg(" for update").optional().await?;
        Ok(row.map(|(number,)| number))
    }

    /// The keys that sign now, the newest first.
    pub(crate) async fn signing_keys(&mut self) -> Result<Vec<KeyRow>, Error> {
        let at = self.at;
        self.query(KEYS).bind(at).all().await
    }

    pub(crate) async fn retire_signing_key(
        &mut self,
        number: i64,
        seed: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        self.query(RETIRE_KEY).bind(number).bind(until).bind(seed).execute().await.map(drop)
    }
}

impl Db {
    /// The keys that sign at a time, the newest first.
    pub(super) async fn signing_keys(&self, now: Timestamp) -> Result<Vec<KeyRow>, Error> {
        self.query(KEYS).bind(now).all().await
    }

    /// Every key that ever signed, the newest first.
    pub(super) async fn every_signing_key(&self) -> Result<Vec<KeyRow>, Error> {
        self.query(EVERY_KEY).all().await
    }
}
