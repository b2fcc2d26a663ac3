//! Identities, and browsers on their way to providers and back, in the database.

use sqlx::FromRow;

use super::identity::LinkedIdentity;
use crate::{
    Error, Timestamp,
    id::{IdentityId, PersonId},
    store::{Db, Tx, statements, text_enum},
};

statements! {
    INSERT_VISIT = "\
        insert into provider_visits (digest, provider, person_id, next, stage, expires_at) \
        values ($1, $2, $3, $4, 'away', $5) \
        on conflict (digest) do update set provider = excluded.provider, \
        person_id = excluded.person_id, next = excluded.next, stage = excluded.stage, \
        identity = null, name = null, expires_at = excluded.expires_at";
    VISIT = "\
        select digest, provider, person_id, next, stage, identity, name, has_factor \
        from provider_visits where digest = $1 and stage = $2 and expires_at > $3";
    MOVE_VISIT = "update provider_visits set stage = $2 where digest = $1";
    PROVE_VISIT = "\
        update provider_visits set stage = $2, identity = $3, name = $4, has_factor = $5, \
        expires_at = $6 where digest = $1";
    END_VISIT = "delete from provider_visits where digest = $1";
    FORGET_VISITS = "delete from provider_visits where expires_at <= $1";

    INSERT = "\
        insert into identities (id, digest, person_id, issuer, name, linked_at) \
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
    OF_PERSON = "\
        select id, issuer, name, linked_at, used_at from identities \
        where person_id = $1 order by id";
    WHOSE = "select person_id from identities where digest = $1";
    USE = "update identities set used_at = $2 where digest = $1";
    DELETE = "delete from identities where id = $1";
    DELETE_ALL = "delete from identities where person_id = $1";
    END_SESSIONS = "\
        update sessions set ended_at = $3, ended_by = 'identity' \
        where person_id = $1 and provider = $2 and ended_at is null";
}

text_enum! {
    /// How far a browser has come.
    pub(super) enum Stage {
        /// It was sent to the provider.
        Away = "away",
        /// It came back.
        Back = "back",
        /// It is known for whom the provider vouches.
        Proved = "proved",
    }
}

/// A browser on its way to a provider and back.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Visit {
    pub(super) digest: String,
    pub(super) provider: String,
    /// Who links an identity.
    pub(super) person_id: Option<PersonId>,
    pub(super) next: String,
    pub(super) stage: Stage,
    /// What is kept of the identity, and what its person is called there.
    pub(super) identity: Option<String>,
    pub(super) name: Option<String>,
    /// Whether the provider asked for what is as good as our second factor.
    pub(super) has_factor: bool,
}

#[derive(FromRow)]
struct IdentityRow {
    id: IdentityId,
    issuer: String,
    name: String,
    linked_at: Timestamp,
    used_at: Option<Timestamp>,
}

impl From<IdentityRow> for LinkedIdentity {
    fn from(row: IdentityRow) -> Self {
        let IdentityRow { id, issuer, name, linked_at, used_at } = row;
        Self { id, issuer, name, linked_at, used_at }
    }
}

impl Tx {
    pub(super) async fn insert_visit(
        &mut self,
        visit: &Visit,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let insert = self.query(INSERT_VISIT).bind(&visit.digest).bind(&visit.provider);
        let insert = insert.bind(visit.person_id).bind(&visit.next).bind(expires_at);
        insert.execute().await.map(drop)
    }

    /// A visit that has come so far and is not over, held until this unit of work ends.
    pub(super) async fn visit(
        &mut self,
        digest: &str,
        stage: Stage,
    ) -> Result<Option<Visit>, Error> {
        let now = self.at;
        let visit = self.query(VISIT).bind(digest).bind(stage).bind(now);
        visit.pg(" for update").optional().await
    }

    pub(super) async fn move_visit(&mut self, digest: &str, stage: Stage) -> Result<(), Error> {
        self.query(MOVE_VISIT).bind(digest).bind(stage).execute().await.map(drop)
    }

    /// Notes for whom the provider vouches.
    pub(super) async fn prove_visit(
        &mut self,
        visit: &Visit,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let prove = self.query(PROVE_VISIT).bind(&visit.digest).bind(visit.stage);
        let prove = prove.bind(visit.identity.as_deref()).bind(visit.name.as_deref());
        prove.bind(visit.has_factor).bind(expires_at).execute().await.map(drop)
    }

    /// Ends a visit, and says whether there was one.
    pub(super) async fn end_visit(&mut self, digest: &str) -> Result<bool, Error> {
        Ok(self.query(END_VISIT).bind(digest).execute().await? == 1)
    }

    pub(super) async fn forget_visits(&mut self) -> Result<(), Error> {
        let now = self.at;
        self.query(FORGET_VISITS).bind(now).execute().await.map(drop)
    }

    /// Links an identity to a person, unless it is linked to somebody already; whether it did.
    pub(super) async fn insert_identity(
        &mut self,
        person: PersonId,
        digest: &str,
        identity: &LinkedIdentity,
    ) -> Result<bool, Error> {
        let insert = self.query(INSERT).bind(identity.id).bind(digest).bind(person);
        let insert = insert.bind(&identity.issuer).bind(&identity.name).bind(identity.linked_at);
        Ok(insert.execute().await? == 1)
    }

    pub(super) async fn identities(
        &mut self,
        person: PersonId,
    ) -> Result<Vec<LinkedIdentity>, Error> {
        let rows: Vec<IdentityRow> = self.query(OF_PERSON).bind(person).all().await?;
        Ok(rows.into_iter().map(LinkedIdentity::from).collect())
    }

    /// Notes that an identity signs a person in; whether it is theirs.
    pub(super) async fn use_identity(
        &mut self,
        digest: &str,
        person: PersonId,
    ) -> Result<bool, Error> {
        let whose = self.query(WHOSE).bind(digest).pg(" for update").optional().await?;
        if whose != Some((person,)) {
            return Ok(false);
        }
        let at = self.at;
        self.query(USE).bind(digest).bind(at).execute().await.map(|_| true)
    }

    pub(super) async fn delete_identity(&mut self, id: IdentityId) -> Result<(), Error> {
        self.query(DELETE).bind(id).execute().await.map(drop)
    }

    pub(super) async fn delete_identities(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(DELETE_ALL).bind(person).execute().await.map(drop)
    }

    /// Ends a person's sessions that began by a provider.
    pub(super) async fn end_sessions_by(
        &mut self,
        person: PersonId,
        provider: &str,
    ) -> Result<(), Error> {
        let at = self.at;
        self.query(END_SESSIONS).bind(person).bind(provider).bind(at).execute().await.map(drop)
    }
}

impl Db {
    /// Whose an identity is.
    pub(super) async fn person_identified(&self, digest: &str) -> Result<Option<PersonId>, Error> {
        let found: Option<(PersonId,)> = self.query(WHOSE).bind(digest).optional().await?;
        Ok(found.map(|(person,)| person))
    }

    pub(super) async fn identities(&self, person: PersonId) -> Result<Vec<LinkedIdentity>, Error> {
        let rows: Vec<IdentityRow> = self.query(OF_PERSON).bind(person).all().await?;
        Ok(rows.into_iter().map(LinkedIdentity::from).collect())
    }
}
