//! Sessions and their tokens in the database.

use sqlx::FromRow;

use super::{
    reach::Role,
    session::{Session, SessionKind, SessionToken},
    store::party,
};
use crate::{
    Error, Party, Timestamp,
    id::{PersonId, SessionId},
    kernel::secret::TokenKind,
    store::{Db, Tx, statements, text_enum},
};

statements! {
    INSERT = "\
        insert into sessions (id, person_id, party, kind, address, agent, created_at, used_at, \
        expires_at, provider, has_factor) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SESSION = "\
        select id, person_id, party, kind, address, agent, created_at, used_at, expires_at, \
        ended_at, ended_by, provider from sessions where id = $1";
    OF_PERSON = "\
        select id, person_id, party, kind, address, agent, created_at, used_at, expires_at, \
        ended_at, ended_by, provider from sessions where person_id = $1 order by id desc limit 100";
    USE = "update sessions set used_at = $2, party = $3 where id = $1";
    TOUCH = "update sessions set used_at = $2 where id = $1 and used_at < $3";
    END = "update sessions set ended_at = $2, ended_by = $3 where id = $1 and ended_at is null";
    END_ALL = "\
        update sessions set ended_at = $2, ended_by = $3 where person_id = $1 and ended_at is null";
    INSERT_TOKEN = "\
        insert into session_tokens (digest, session_id, kind, expires_at) \
        values ($1, $2, $3, $4)";
    TOKEN = "\
        select digest, session_id, kind, expires_at, spent_at from session_tokens where digest = $1";
    SPEND = "\
        update session_tokens set spent_at = $2 \
        where session_id = $1 and kind = 'refresh' and spent_at is null";
    DROP_TOKENS = "delete from session_tokens where session_id = $1 and kind <> 'refresh'";
    BEARER = "\
        select s.id, s.person_id, s.party, s.kind, s.used_at, s.expires_at, s.ended_at, t.digest, \
        t.expires_at as token_expires_at, p.disabled, m.role, q.disabled as party_disabled, \
        f.confirmed_at, s.has_factor \
        from session_tokens t join sessions s on s.id = t.session_id \
        join people p on p.id = s.person_id \
        left join memberships m on m.person_id = s.person_id and m.party = s.party \
        left join parties q on q.party = s.party \
        left join second_factors f on f.person_id = s.person_id \
        where t.digest = $1 and t.kind <> 'refresh'";
    OLD = "select id from sessions where expires_at < $1 order by expires_at, id limit 500";
    FORGET_TOKENS = "delete from session_tokens where 1 = 1";
    FORGET = "delete from sessions where 1 = 1";
}

text_enum! {
    /// The kinds of tokens that sessions have.
    enum Kept {
        /// See [`TokenKind`].
        Access = "access",
        /// See [`TokenKind`].
        Refresh = "refresh",
        /// See [`TokenKind`].
        Browser = "browser",
    }
}

#[derive(FromRow)]
struct SessionRow {
    id: SessionId,
    person_id: PersonId,
    party: String,
    kind: SessionKind,
    address: Option<String>,
    agent: String,
    created_at: Timestamp,
    used_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
    ended_by: Option<String>,
    provider: Option<String>,
}

impl TryFrom<SessionRow> for Session {
    type Error = Error;

    fn try_from(row: SessionRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            person_id: row.person_id,
            party: party(&row.party)?,
            kind: row.kind,
            address: row.address,
            agent: row.agent,
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
            ended_by: row.ended_by,
            provider: row.provider,
        })
    }
}

#[derive(FromRow)]
struct TokenRow {
    session_id: SessionId,
    kind: Kept,
    expires_at: Timestamp,
    spent_at: Option<Timestamp>,
}

/// What a session's token leads to.
#[derive(FromRow)]
pub(super) struct SessionBearer {
    pub(super) id: SessionId,
    pub(super) person_id: PersonId,
    pub(super) party: String,
    pub(super) kind: SessionKind,
    pub(super) used_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) digest: String,
    pub(super) token_expires_at: Timestamp,
    pub(super) disabled: bool,
    pub(super) role: Option<Role>,
    pub(super) party_disabled: Option<bool>,
    pub(super) confirmed_at: Option<Timestamp>,
    /// Whether another provider asked for what is as good as a second factor of ours.
    pub(super) has_factor: bool,
}

impl Tx {
    pub(super) async fn insert_session(
        &mut self,
        session: &Session,
        has_factor: bool,
    ) -> Result<(), Error> {
        self.query(INSERT)
            .bind(session.id)
            .bind(session.person_id)
            .bind(session.party.to_string())
            .bind(session.kind)
            .bind(session.address.as_deref())
            .bind(&session.agent)
            .bind(session.created_at)
            .bind(session.used_at)
            .bind(session.expires_at)
            .bind(session.provider.as_deref())
            .bind(has_factor)
            .execute()
            .await
            .map(drop)
    }

    /// A session, held until this unit of work ends.
    pub(super) async fn session(&mut self, id: SessionId) -> Result<Option<Session>, Error> {
        let query = self.query(SESSION).bind(id).pg(" for update");
        query.optional::<SessionRow>().await?.map(Session::try_from).transpose()
    }

    async fn session_token(&mut self, digest: &str) -> Result<Option<SessionToken>, Error> {
        let row: Option<TokenRow> = self.query(TOKEN).bind(digest).optional().await?;
        Ok(row.map(|row| SessionToken {
            session: row.session_id,
            kind: match row.kind {
                Kept::Access => TokenKind::Access,
                Kept::Refresh => TokenKind::Refresh,
                Kept::Browser => TokenKind::Browser,
            },
            expires_at: row.expires_at,
            is_spent: row.spent_at.is_some(),
        }))
    }

    /// The session of a token and the token, both held until this unit of work ends, at the time
    /// that the database says.
    pub(super) async fn held_session(
        &mut self,
        digest: &str,
    ) -> Result<Option<(Session, SessionToken)>, Error> {
        let Some(token) = self.session_token(digest).await? else { return Ok(None) };
        let Some(session) = self.session(token.session).await? else { return Ok(None) };
        self.settle_time().await?;
        // Read again: whoever held the session may have used the token meanwhile.
        Ok(self.session_token(digest).await?.map(|token| (session, token)))
    }

    pub(super) async fn insert_session_token(
        &mut self,
        session: SessionId,
        kind: TokenKind,
        digest: &str,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let kind = match kind {
            TokenKind::Access => Kept::Access,
            TokenKind::Refresh => Kept::Refresh,
            TokenKind::Browser => Kept::Browser,
            TokenKind::Personal | TokenKind::Key | TokenKind::Invitation | TokenKind::Stop => {
                return Err(Error::Inconsistent("kind of token"));
            }
        };
        let insert = self.query(INSERT_TOKEN).bind(digest).bind(session).bind(kind);
        insert.bind(expires_at).execute().await.map(drop)
    }

    /// Makes all tokens of a session useless.
    pub(super) async fn replace_tokens(&mut self, session: SessionId) -> Result<(), Error> {
        let at = self.at;
        self.query(SPEND).bind(session).bind(at).execute().await?;
        self.query(DROP_TOKENS).bind(session).execute().await.map(drop)
    }

    /// Notes that a session was used, for a party.
    pub(super) async fn use_session(
        &mut self,
        session: SessionId,
        party: &Party,
    ) -> Result<(), Error> {
        let at = self.at;
        let used = self.query(USE).bind(session).bind(at).bind(party.to_string());
        used.execute().await.map(drop)
    }

    /// The same, if that was not noted since.
    pub(super) async fn touch_session(
        &mut self,
        session: SessionId,
        since: Timestamp,
    ) -> Result<(), Error> {
        let at = self.at;
        self.query(TOUCH).bind(session).bind(at).bind(since).execute().await.map(drop)
    }

    /// Ends a session, and says whether it had not ended before.
    pub(super) async fn end_session(
        &mut self,
        session: SessionId,
        by: &'static str,
    ) -> Result<bool, Error> {
        let at = self.at;
        Ok(self.query(END).bind(session).bind(at).bind(by).execute().await? == 1)
    }

    /// Ends a person's sessions, of one party or all, perhaps but one.
    pub(super) async fn end_sessions(
        &mut self,
        person: PersonId,
        party: Option<&Party>,
        but: Option<SessionId>,
        by: &'static str,
    ) -> Result<(), Error> {
        let at = self.at;
        let end = self.query(END_ALL).bind(person).bind(at).bind(by);
        let end = end.when(" and party = ", party.map(Party::to_string));
        end.when(" and id <> ", but).execute().await.map(drop)
    }

    /// Lets go of sessions that were over before an instant, some hundred at a time; how many.
    pub(super) async fn forget_sessions(&mut self, before: Timestamp) -> Result<usize, Error> {
        let old: Vec<(SessionId,)> = self.query(OLD).bind(before).all().await?;
        let ids = || old.iter().map(|(id,)| *id);
        if !old.is_empty() {
            self.query(FORGET_TOKENS).within(" and session_id in", ids()).execute().await?;
            self.query(FORGET).within(" and id in", ids()).execute().await?;
        }
        Ok(old.len())
    }
}

impl Db {
    pub(super) async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let row = self.query(SESSION).bind(id).optional::<SessionRow>().await?;
        row.map(Session::try_from).transpose()
    }

    pub(super) async fn sessions(&self, person: PersonId) -> Result<Vec<Session>, Error> {
        let rows: Vec<SessionRow> = self.query(OF_PERSON).bind(person).all().await?;
        rows.into_iter().map(Session::try_from).collect()
    }

    /// The session that a token belongs to.
    pub(super) async fn session_of(&self, digest: &str) -> Result<Option<SessionId>, Error> {
        let row: Option<TokenRow> = self.query(TOKEN).bind(digest).optional().await?;
        Ok(row.map(|row| row.session_id))
    }

    pub(super) async fn session_bearer(
        &self,
        digest: &str,
    ) -> Result<Option<SessionBearer>, Error> {
        self.query(BEARER).bind(digest).optional().await
    }
}
