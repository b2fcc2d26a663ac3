//! Signing in, and what a token proves.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{Accounts, Password, Person, SHOW, oneself};
use crate::{
    Actor, Call, Error, Party, Refusal, Timestamp,
    id::PersonId,
    kernel::{
        authority::{Act, Relation, act},
        secret::{is_password, new_token, token_digest},
        text::check_text,
    },
    store::{Tx, retry},
};

pub(super) const ISSUE: Act = act("token.issue");
pub(super) const REVOKE: Act = act("token.revoke");

/// How long a person stays signed in.
const SESSION_SECONDS: i64 = 12 * 60 * 60;

/// The label of tokens that signing in makes.
const SESSION: &str = "session";

/// What an unknown login's password is checked against, so that it takes as long as a known
/// login's. It is the hash of nothing known.
pub(super) const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGtub3dzIGl0Lg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many passwords are hashed at once: each takes some 20 MB and a whole core.
static HASHING: Semaphore = Semaphore::const_new(4);

/// How long a password waits for its turn before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// A token, as everybody may see it who may manage it (访问令牌); the token itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The SHA-256 of the token, by which it is revoked.
    pub id: String,
    /// Who acts with it.
    pub person_id: PersonId,
    /// On whose behalf.
    pub party: Party,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being good; never, if there is none.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token just made: the only time that it is shown.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Issued {
    /// The token, for the `Authorization: Bearer` header.
    pub token: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub about: Token,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("about", &self.about).finish_non_exhaustive()
    }
}

/// What a token's digest leads to.
#[derive(Debug)]
pub(super) struct Bearer {
    pub(super) token: Token,
    pub(super) disabled: bool,
}

/// Runs something that is slow on purpose where it keeps no request waiting.
pub(super) async fn slowly<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let turn = tokio::time::timeout(PATIENCE, HASHING.acquire()).await;
    let _turn = turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Inconsistent("password check"))
}

/// Refuses a password that is not the one kept; takes as long when none is kept.
pub(super) async fn check_password(kept: Option<String>, typed: String) -> Result<(), Error> {
    let known = kept.is_some();
    let hash = kept.unwrap_or_else(|| NOBODYS.to_owned());
    let right = slowly(move || is_password(&hash, &typed)).await?;
    if known && right { Ok(()) } else { Err(Refusal::WrongPassword.into()) }
}

impl Accounts<'_> {
    /// Signs a person in for a party, or for the first one that they were granted: a token for
    /// twelve hours, and the actor that it stands for.
    pub async fn sign_in(
        &self,
        login: &str,
        password: Password,
        party: Option<Party>,
    ) -> Result<(Issued, Actor), Error> {
        let found = self.0.db.login(login).await?.filter(|found| !found.person.disabled);
        let (person, kept) = match found {
            Some(found) => (Some(found.person), found.password),
            None => (None, None),
        };
        check_password(kept, password.0).await?;
        let person = person.ok_or(Refusal::WrongPassword)?.id;
        let held = self.0.db.parties(person).await?;
        let party = match party {
            Some(party) => held.into_iter().find(|one| *one == party),
            None => held.into_iter().next(),
        };
        let actor = Actor::new(person, party.ok_or(Refusal::PartyNotHeld)?);
        let expires_at = Some(self.0.env.now().plus_seconds(SESSION_SECONDS));
        let call = Call::from(&actor);
        let issued = retry(|| self.issue_once(&call, person, &actor.party, SESSION, expires_at));
        Ok((issued.await?, actor))
    }

    /// Makes a token with which a person acts for a party that they hold. The operator does, and
    /// people for themselves, for the party that they act for now. Asked again, it makes another:
    /// the first is kept nowhere.
    pub async fn issue_token(
        &self,
        call: &Call,
        person: PersonId,
        party: &Party,
        label: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Issued, Error> {
        let is_own = call.actor == Actor::new(person, party.clone());
        ISSUE.permits(&call.actor, Relation::party_if(is_own), "")?;
        let mut faults = Vec::new();
        check_text("/label", label, 1, 64, &mut faults);
        Error::unless_faultless(faults)?;
        if expires_at.is_some_and(|end| end <= self.0.env.now()) {
            return Err(Error::invalid("/expires_at", "past", "must be in the future"));
        }
        retry(|| self.issue_once(call, person, party, label, expires_at)).await
    }

    async fn issue_once(
        &self,
        call: &Call,
        person: PersonId,
        party: &Party,
        label: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Issued, Error> {
        // Not under an idempotency key, for the answer that is kept with one holds the token.
        let mut tx = self.0.work_for(call).await?;
        let person = tx.person(person).await?.expected(call)?;
        if !tx.holds(person.id, party).await? {
            return Err(Refusal::PartyNotHeld.into());
        }
        let token = new_token(&self.0.env);
        let about = Token {
            id: token_digest(&token),
            person_id: person.id,
            party: party.clone(),
            label: label.to_owned(),
            created_at: tx.at,
            expires_at,
            revoked_at: None,
        };
        tx.insert_token(&about).await?;
        record(&mut tx, person, "token_issued", &about).await?;
        tx.finish(()).await?;
        Ok(Issued { token, about })
    }

    /// Makes a token useless, at once. The operator does, and people for their own.
    pub async fn revoke_token(&self, call: &Call, id: &str) -> Result<Token, Error> {
        retry(|| self.revoke_token_once(call, id)).await
    }

    async fn revoke_token_once(&self, call: &Call, id: &str) -> Result<Token, Error> {
        let missing = Error::NotFound("token");
        let Some(Bearer { token, .. }) = self.0.db.bearer(id).await? else { return Err(missing) };
        REVOKE.permits(&call.actor, oneself(&call.actor, token.person_id), "")?;
        let mut tx = self.0.work_for(call).await?;
        let person = tx.person(token.person_id).await?;
        if !tx.revoke_token(id).await? {
            return tx.finish(token).await;
        }
        let token = Token { revoked_at: Some(tx.at), ..token };
        record(&mut tx, person, "token_revoked", &token).await?;
        tx.finish(token).await
    }

    /// Makes the token itself useless: signing out.
    pub async fn sign_out(&self, actor: &Actor, token: &str) -> Result<(), Error> {
        self.revoke_token(&actor.into(), &token_digest(token)).await.map(drop)
    }

    /// The tokens of a person, newest first; for the operator and the person.
    pub async fn tokens(&self, actor: &Actor, person: PersonId) -> Result<Vec<Token>, Error> {
        SHOW.permits(actor, oneself(actor, person), "")?;
        self.0.db.tokens(person).await
    }

    /// Who acts with a token. A token is good until it expires or is revoked, the person is
    /// disabled, or may no longer act for its party.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Error> {
        let found = self.0.db.bearer(&token_digest(token)).await?.ok_or(Error::Anonymous)?;
        let Bearer { token, disabled } = found;
        let expired = token.expires_at.is_some_and(|end| end <= self.0.env.now());
        if disabled || expired || token.revoked_at.is_some() {
            return Err(Error::Anonymous);
        }
        if !self.0.db.holds(token.person_id, &token.party).await? {
            return Err(Error::Anonymous);
        }
        Ok(Actor::new(token.person_id, token.party))
    }
}

async fn record(
    tx: &mut Tx,
    person: Person,
    event: &'static str,
    token: &Token,
) -> Result<(), Error> {
    let data = json!({
        "party": token.party, "label": token.label, "expires_at": token.expires_at,
    });
    tx.save_person(person, event, data).await.map(drop)
}
