//! Who acts with a token of any kind, and how far it reaches.

use super::{
    Accounts,
    reach::{Need, Reach, Role, Scope},
    session::SessionKind,
    settings::PartyKind,
    store::party,
};
use crate::{
    Actor, Error, Party, Refusal, Timestamp,
    id::{ApiKeyId, PersonId, SessionId},
    kernel::secret::{TokenKind, is_same_secret, token_digest},
    store::retry,
};

/// How exactly it is noted when something was used last: a write for every read would be too many.
const NOTED_SECONDS: i64 = 60;

/// Who acts with a token (令牌持有人).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The person, and the party that they act for.
    pub actor: Actor,
    /// What the token lets them do.
    pub reach: Reach,
    /// What the token is.
    pub proof: Proof,
}

/// What proves who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A token that lasts as long as somebody said.
    Token,
    /// A session.
    Session(SessionId, SessionKind),
    /// A key of the party's program.
    Key(ApiKeyId),
}

/// What every kind of token is asked.
struct Facts {
    digest: String,
    person: PersonId,
    party: String,
    disabled: bool,
    role: Option<Role>,
    party_disabled: bool,
    proof: Proof,
    scopes: Option<Vec<Scope>>,
    /// Whether the person has a second factor, where that matters.
    has_factor: bool,
    used_at: Option<Timestamp>,
}

impl Accounts<'_> {
    /// Who acts with a token, for a call that needs something of it. This is the one way from a
    /// token to an [`Actor`].
    pub async fn authenticate(&self, token: &str, need: Need) -> Result<Actor, Error> {
        let bearer = self.bearer(token).await?;
        bearer.reach.allows(need)?;
        Ok(bearer.actor)
    }

    /// What a token leads to. It is good until it expires or is revoked, its person is disabled,
    /// or may no longer act for its party.
    pub async fn bearer(&self, token: &str) -> Result<Bearer, Error> {
        let digest = token_digest(token);
        let facts = match TokenKind::of(token) {
            Some(TokenKind::Personal) => self.token_facts(&digest).await?,
            Some(TokenKind::Access | TokenKind::Browser) => self.session_facts(&digest).await?,
            Some(TokenKind::Key) => self.key_facts(&digest).await?,
            Some(TokenKind::Refresh | TokenKind::Invitation | TokenKind::Stop) | None => None,
        };
        let facts = facts.ok_or(Error::Anonymous)?;
        let is_same = is_same_secret(&facts.digest, &digest);
        let Some(role) = facts.role.filter(|_| is_same && !facts.disabled) else {
            return Err(Error::Anonymous);
        };
        if facts.party_disabled {
            return Err(Refusal::PartyDisabled.into());
        }
        let party = party(&facts.party)?;
        self.note_use(&facts).await;
        let reach = self.reach(&facts, &party, role);
        Ok(Bearer { actor: Actor::new(facts.person, party), reach, proof: facts.proof })
    }

    fn reach(self, facts: &Facts, party: &Party, role: Role) -> Reach {
        let asks = self.0.identity.second_factor_for.contains(&PartyKind::of(party));
        match (&facts.scopes, facts.proof) {
            (Some(scopes), _) => Reach::Key(role, scopes.clone()),
            (None, Proof::Session(..)) if asks && !facts.has_factor => Reach::Enrolling,
            _ => Reach::Person(role),
        }
    }

    async fn token_facts(&self, digest: &str) -> Result<Option<Facts>, Error> {
        let Some(row) = self.0.db.token_bearer(digest).await? else { return Ok(None) };
        let expired = row.expires_at.is_some_and(|end| end <= self.0.env.now());
        if expired || row.revoked_at.is_some() {
            return Ok(None);
        }
        Ok(Some(Facts {
            digest: row.digest,
            person: row.person_id,
            party: row.party,
            disabled: row.disabled,
            role: row.role,
            party_disabled: row.party_disabled == Some(true),
            proof: Proof::Token,
            scopes: None,
            has_factor: true,
            used_at: None,
        }))
    }

    async fn session_facts(&self, digest: &str) -> Result<Option<Facts>, Error> {
        let Some(row) = self.0.db.session_bearer(digest).await? else { return Ok(None) };
        let now = self.0.env.now();
        let idle = match row.kind {
            SessionKind::Program => None,
            SessionKind::Browser => {
                Some(row.used_at.plus_seconds(self.0.identity.browser_idle_seconds))
            }
        };
        let ends = [Some(row.expires_at), Some(row.token_expires_at), idle];
        if row.ended_at.is_some() || ends.into_iter().flatten().any(|end| end <= now) {
            return Ok(None);
        }
        Ok(Some(Facts {
            digest: row.digest,
            person: row.person_id,
            party: row.party,
            disabled: row.disabled,
            role: row.role,
            party_disabled: row.party_disabled == Some(true),
            proof: Proof::Session(row.id, row.kind),
            scopes: None,
            has_factor: row.confirmed_at.is_some() || row.has_factor,
            used_at: Some(row.used_at),
        }))
    }

    async fn key_facts(&self, digest: &str) -> Result<Option<Facts>, Error> {
        let Some(row) = self.0.db.key_bearer(digest).await? else { return Ok(None) };
        if row.expires_at <= self.0.env.now() || row.revoked_at.is_some() {
            return Ok(None);
        }
        Ok(Some(Facts {
            digest: row.digest,
            person: row.person_id,
            party: row.party,
            disabled: row.disabled,
            role: row.role,
            party_disabled: row.party_disabled == Some(true),
            proof: Proof::Key(row.id),
            scopes: Some(row.scopes.0),
            has_factor: true,
            used_at: row.used_at,
        }))
    }

    /// Notes that a session or a key is used, to the minute. A call does not fail by it.
    async fn note_use(&self, facts: &Facts) {
        let since = self.0.env.now().plus_seconds(-NOTED_SECONDS);
        let is_noted = facts.used_at.is_some_and(|used| used > since);
        if is_noted || facts.proof == Proof::Token {
            return;
        }
        if let Err(why) = retry(|| self.note_use_once(facts.proof, since)).await {
            tracing::warn!("it is not noted when a token was used last: {why}");
        }
    }

    async fn note_use_once(&self, proof: Proof, since: Timestamp) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        match proof {
            Proof::Token => {}
            Proof::Session(id, _) => tx.touch_session(id, since).await?,
            Proof::Key(id) => tx.touch_key(id, since).await?,
        }
        tx.finish(()).await
    }
}
