//! Keys with which the programs of a party act (接口密钥).
//!
//! A key acts in the name of the admin who made it, within its scopes: it is no good any more when
//! it expires or is revoked, when that person may no longer act for the party or is disabled, or
//! when the party is.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Accounts, Role, Scope, member::MANAGE};
use crate::{
    Actor, Call, Error, Fault, Party, Refusal, Timestamp,
    id::{ApiKeyId, PersonId},
    kernel::{
        authority::{Act, act},
        secret::{TokenKind, new_token, token_digest},
        text::check_text,
    },
    store::{
        Tx,
        journal::{Entry, Kind},
        retry,
    },
};

const REVOKE: Act = act("api-key.revoke");

/// How many keys a party may have that are good.
pub(super) const MOST_KEYS: i64 = 100;

/// How long a key is good at most.
const MOST_DAYS: i64 = 366;

/// A key, as the admins of its party see it; the key itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// For whom it acts.
    pub party: Party,
    /// Who made it, and in whose name it acts.
    pub person_id: PersonId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64, example = "订单同步"))]
    pub name: String,
    /// What it may do; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub scopes: Vec<Scope>,
    /// When it stops being good: within 366 days.
    pub expires_at: Timestamp,
}

/// A key just made: the only time that it is shown.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedKey {
    /// The key, for the `Authorization: Bearer` header.
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub about: ApiKey,
}

impl std::fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedKey").field("about", &self.about).finish_non_exhaustive()
    }
}

impl NewApiKey {
    fn check(&self, now: Timestamp) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_text("/name", &self.name, 1, 64, &mut faults);
        if self.scopes.is_empty() {
            faults.push(Fault::new("/scopes", "length", "must name at least one scope"));
        }
        for (place, scope) in self.scopes.iter().enumerate() {
            if self.scopes[..place].contains(scope) {
                let message = "is named twice";
                faults.push(Fault::new(format!("/scopes/{place}"), "duplicate", message));
            }
        }
        if self.expires_at <= now {
            faults.push(Fault::new("/expires_at", "past", "must be in the future"));
        }
        if self.expires_at > now.plus_seconds(MOST_DAYS * 24 * 60 * 60) {
            let message = format!("must be within {MOST_DAYS} days");
            faults.push(Fault::new("/expires_at", "range", message));
        }
        Error::unless_faultless(faults)
    }
}

impl Accounts<'_> {
    /// Makes a key for the party that the actor acts for; its admins do. Asked again, it makes
    /// another: the first is kept nowhere.
    pub async fn make_key(&self, call: &Call, new: NewApiKey) -> Result<IssuedKey, Error> {
        new.check(self.0.env.now())?;
        retry(|| self.make_key_once(call, &new)).await
    }

    async fn make_key_once(&self, call: &Call, new: &NewApiKey) -> Result<IssuedKey, Error> {
        let mut tx = self.0.work_for(call).await?;
        let Actor { person, party } = &call.actor;
        // Held, so that keys made at once are counted one after the other.
        tx.hold_party(party).await?;
        let person = tx.person(*person).await?;
        if tx.may_act(person.id, party).await? != Role::Admin {
            return Err(Refusal::AdminsOnly.into());
        }
        if tx.count_keys(party).await? >= MOST_KEYS {
            return Err(Refusal::TooManyKeys.into());
        }
        let key = new_token(&self.0.env, TokenKind::Key);
        let about = ApiKey {
            id: ApiKeyId(self.0.env.id()),
            party: party.clone(),
            person_id: person.id,
            name: new.name.clone(),
            scopes: new.scopes.clone(),
            created_at: tx.at,
            expires_at: new.expires_at,
            used_at: None,
            revoked_at: None,
        };
        tx.insert_key(&about, &token_digest(&key)).await?;
        let data = json!({
            "party": party, "name": about.name, "scopes": about.scopes,
            "expires_at": about.expires_at,
        });
        let entry = Entry::new(Kind::ApiKey, &about.id, 1, "api_key_made").data(data);
        let at = tx.at;
        tx.record(entry, at).await?;
        tx.finish(()).await?;
        Ok(IssuedKey { key, about })
    }

    /// The keys of a party, newest first; for its admins and the operator.
    pub async fn keys(&self, actor: &Actor, party: &Party) -> Result<Vec<ApiKey>, Error> {
        let mut tx = self.0.work_as(actor).await?;
        tx.manages(MANAGE, party).await?;
        let keys = tx.keys(party).await?;
        tx.finish(keys).await
    }

    /// Makes a key useless, at once; the admins of its party do, and the operator.
    pub async fn revoke_key(&self, call: &Call, id: ApiKeyId) -> Result<ApiKey, Error> {
        retry(|| self.revoke_key_once(call, id)).await
    }

    async fn revoke_key_once(&self, call: &Call, id: ApiKeyId) -> Result<ApiKey, Error> {
        let mut tx = self.0.work_for(call).await?;
        let mut key = tx.key(id).await?.ok_or(Error::NotFound("api-key"))?;
        tx.manages(REVOKE, &key.party).await?;
        if key.revoked_at.is_none() {
            key = tx.take_key_back(key).await?;
        }
        tx.finish(key).await
    }
}

impl Tx {
    /// Makes a key useless that was not revoked yet.
    pub(super) async fn take_key_back(&mut self, key: ApiKey) -> Result<ApiKey, Error> {
        self.revoke_key(key.id).await?;
        let data = json!({ "party": key.party, "name": key.name });
        let entry = Entry::new(Kind::ApiKey, &key.id, 2, "api_key_revoked").data(data);
        self.record(entry, self.at_after(key.created_at)).await?;
        Ok(ApiKey { revoked_at: Some(self.at), ..key })
    }
}
