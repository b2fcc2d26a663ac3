//! Personal tokens, which last as long as somebody says; and how passwords are checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{Accounts, Person, SHOW, oneself};
use crate::{
    Actor, Call, Error, Party, Refusal, Timestamp,
    id::PersonId,
    kernel::{
        authority::{Act, Relation, act},
        secret::{TokenKind, is_password, new_token, token_digest},
        text::check_text,
    },
    store::{Tx, retry},
};

const ISSUE: Act = act("token.issue");
pub(super) const REVOKE: Act = act("token.revoke");

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

/// Runs something that is slow on purpose where it keeps no request waiting.
pub(super) async fn slowly<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let turn = tokio::time::timeout(PATIENCE, HASHING.acquire()).await;
    let _turn = turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Inconsistent("password check"))
}

/// Whether a text can be a login at all.
pub(super) fn is_login(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._@-".contains(&b);
    (2..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Refuses a password that is not the one kept; takes as long when none is kept.
pub(super) async fn check_password(kept: Option<String>, typed: String) -> Result<(), Error> {
    let known = kept.is_some();
    let hash = kept.unwrap_or_else(|| NOBODYS.to_owned());
    let right = slowly(move || is_password(&hash, &typed)).await?;
    if known && right { Ok(()) } else { Err(Refusal::WrongPassword.into()) }
}

/// Refuses whoever would make a token that is not their own; whoever holds it acts as its person.
pub(super) fn issues(actor: &Actor, is_own: bool) -> Result<(), Refusal> {
    ISSUE.allows(actor.role(), Relation::party_if(is_own), "")?;
    if is_own || *actor == Actor::system() { Ok(()) } else { Err(Refusal::TokensForOneself) }
}

impl Accounts<'_> {
    /// Makes a token with which a person acts for a party that they hold. People do for themselves
    /// alone, for the party that they act for now; for others only the program itself does. Asked
    /// again, it makes another: the first is kept nowhere.
    pub async fn issue_token(
        &self,
        call: &Call,
        person: PersonId,
        party: &Party,
        label: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Issued, Error> {
        issues(&call.actor, call.actor == Actor::new(person, party.clone()))?;
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
        let token = new_token(&self.0.env, TokenKind::Personal);
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
        let Some(token) = self.0.db.token(id).await? else { return Err(missing) };
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

    /// The tokens of a person, newest first; for the operator and the person.
    pub async fn tokens(&self, actor: &Actor, person: PersonId) -> Result<Vec<Token>, Error> {
        SHOW.permits(actor, oneself(actor, person), "")?;
        self.0.db.tokens(person).await
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
