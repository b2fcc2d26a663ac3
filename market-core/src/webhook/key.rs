//! The server's own keys: messages are signed with them beside the secret, and anybody can check
//! that with the public part. They are kept in the database, so that every node signs the same.

use serde::{Deserialize, Serialize};

use super::{ROTATE_KEY, Webhooks, signature::ServerKey, store::KeyRow};
use crate::{
    Call, Error, Timestamp,
    store::{begin, retry},
};

/// How long a key signs beside the one that follows it.
const OVERLAP_SECONDS: i64 = 7 * 24 * 3600;

/// A key that the server signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookKey))]
pub struct PublishedKey {
    /// Its number.
    pub number: i64,
    /// What signatures `v1a` are checked with: `whpk_` and 32 bytes (Ed25519).
    pub public_key: String,
    /// Since when it signs.
    pub created_at: Timestamp,
    /// Until when, if another one follows it.
    pub retires_at: Option<Timestamp>,
}

impl TryFrom<KeyRow> for PublishedKey {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self, Error> {
        let public_key = ServerKey::of_seed(&row.seed)?.public();
        let KeyRow { number, created_at, retires_at, .. } = row;
        Ok(Self { number, public_key, created_at, retires_at })
    }
}

impl Webhooks<'_> {
    /// The keys that sign now; the first is made when it is first asked for.
    pub async fn keys(&self) -> Result<Vec<PublishedKey>, Error> {
        self.key_rows().await?.into_iter().map(PublishedKey::try_from).collect()
    }

    pub(super) async fn server_keys(&self) -> Result<Vec<ServerKey>, Error> {
        let rows = self.key_rows().await?;
        rows.iter().map(|row| ServerKey::of_seed(&row.seed)).collect()
    }

    async fn key_rows(&self) -> Result<Vec<KeyRow>, Error> {
        let rows = self.0.db.webhook_keys(self.0.env.now()).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.insert_webhook_key(1, &ServerKey::new_seed(&self.0.env)).await?;
            tx.finish(()).await
        })
        .await?;
        self.0.db.webhook_keys(self.0.env.now()).await
    }

    /// Makes the next key; the one before signs too for a week. The operator does.
    pub async fn rotate_key(&self, call: &Call) -> Result<Vec<PublishedKey>, Error> {
        ROTATE_KEY.admits(&call.actor)?;
        retry(|| self.rotate_key_once(call)).await
    }

    async fn rotate_key_once(&self, call: &Call) -> Result<Vec<PublishedKey>, Error> {
        let mut tx = begin!(self.0, call, "webhooks.rotate_key", &());
        let last = if let Some(last) = tx.last_webhook_key_for_update().await? {
            last
        } else {
            tx.insert_webhook_key(1, &ServerKey::new_seed(&self.0.env)).await?;
            1
        };
        if call.expected.is_some_and(|expected| expected != last) {
            return Err(Error::Stale("webhook key"));
        }
        let until = tx.at.plus_seconds(OVERLAP_SECONDS);
        tx.retire_webhook_key(last, until).await?;
        // Of many at once, who waited for the lock reads the last key as it was before.
        if !tx.insert_webhook_key(last + 1, &ServerKey::new_seed(&self.0.env)).await? {
            return Err(Error::Stale("webhook key"));
        }
        tx.record_webhook_key(last + 1).await?;
        let keys = tx.webhook_keys().await?;
        let keys: Result<Vec<_>, _> = keys.into_iter().map(PublishedKey::try_from).collect();
        tx.finish(keys?).await
    }
}
