//! Keys of parties' programs in the database.

use sqlx::{FromRow, types::Json};

use super::{
    key::ApiKey,
    reach::{Role, Scope},
    store::party,
};
use crate::{
    Error, Party, Timestamp,
    id::{ApiKeyId, PersonId},
    store::{Db, Tx, statements},
};

statements! {
    INSERT = "\
        insert into api_keys (id, digest, party, person_id, name, scopes, created_at, expires_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    KEY = "\
        select id, party, person_id, name, scopes, created_at, expires_at, used_at, revoked_at \
        from api_keys where id = $1";
    KEYS = "\
        select id, party, person_id, name, scopes, created_at, expires_at, used_at, revoked_at \
        from api_keys where party = $1 order by id desc limit 1000";
    MADE_BY = "\
        select id, party, person_id, name, scopes, created_at, expires_at, used_at, revoked_at \
        from api_keys where person_id = $1 and revoked_at is null order by id";
    COUNT = "\
        select cast(count(*) as bigint) from api_keys \
        where party = $1 and revoked_at is null and expires_at > $2";
    REVOKE = "update api_keys set revoked_at = $2 where id = $1";
    TOUCH = "\
        update api_keys set used_at = $2 where id = $1 and (used_at is null or used_at < $3)";
    BEARER = "\
        select k.id, k.digest, k.person_id, k.party, k.scopes, k.expires_at, k.used_at, \
        k.revoked_at, p.disabled, m.role, q.disabled as party_disabled \
        from api_keys k join people p on p.id = k.person_id \
        left join memberships m on m.person_id = k.person_id and m.party = k.party \
        left join parties q on q.party = k.party where k.digest = $1";
}

#[derive(FromRow)]
struct KeyRow {
    id: ApiKeyId,
    party: String,
    person_id: PersonId,
    name: String,
    scopes: Json<Vec<Scope>>,
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self, Error> {
        let party = party(&row.party)?;
        let KeyRow { id, person_id, name, created_at, expires_at, used_at, revoked_at, .. } = row;
        let scopes = row.scopes.0;
        Ok(Self { id, party, person_id, name, scopes, created_at, expires_at, used_at, revoked_at })
    }
}

/// What a key leads to.
#[derive(FromRow)]
pub(super) struct KeyBearer {
    pub(super) id: ApiKeyId,
    pub(super) digest: String,
    pub(super) person_id: PersonId,
    pub(super) party: String,
    pub(super) scopes: Json<Vec<Scope>>,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) disabled: bool,
    pub(super) role: Option<Role>,
    pub(super) party_disabled: Option<bool>,
}

impl Tx {
    pub(super) async fn insert_key(&mut self, key: &ApiKey, digest: &str) -> Result<(), Error> {
        self.query(INSERT)
            .bind(key.id)
            .bind(digest)
            .bind(key.party.to_string())
            .bind(key.person_id)
            .bind(&key.name)
            .bind(Json(&key.scopes))
            .bind(key.created_at)
            .bind(key.expires_at)
            .execute()
            .await
            .map(drop)
    }

    /// A key, held until this unit of work ends.
    pub(super) async fn key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
        let query = self.query(KEY).bind(id).pg(" for update");
        query.optional::<KeyRow>().await?.map(ApiKey::try_from).transpose()
    }

    pub(super) async fn keys(&mut self, party: &Party) -> Result<Vec<ApiKey>, Error> {
        let rows: Vec<KeyRow> = self.query(KEYS).bind(party.to_string()).all().await?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// The keys that a person made and nobody revoked, held until this unit of work ends.
    pub(super) async fn keys_made_by(&mut self, person: PersonId) -> Result<Vec<ApiKey>, Error> {
        let query = self.query(MADE_BY).bind(person).pg(" for update");
        let rows: Vec<KeyRow> = query.all().await?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// How many keys of a party are good.
    pub(super) async fn count_keys(&mut self, party: &Party) -> Result<i64, Error> {
        let at = self.at;
        let (count,): (i64,) = self.query(COUNT).bind(party.to_string()).bind(at).one().await?;
        Ok(count)
    }

    pub(super) async fn revoke_key(&mut self, id: ApiKeyId) -> Result<(), Error> {
        let at = self.at;
        self.query(REVOKE).bind(id).bind(at).execute().await.map(drop)
    }

    /// Notes that a key was used, if that was not noted since.
    pub(super) async fn touch_key(&mut self, id: ApiKeyId, since: Timestamp) -> Result<(), Error> {
        let at = self.at;
        self.query(TOUCH).bind(id).bind(at).bind(since).execute().await.map(drop)
    }
}

impl Db {
    pub(super) async fn key_bearer(&self, digest: &str) -> Result<Option<KeyBearer>, Error> {
        self.query(BEARER).bind(digest).optional().await
    }
}
