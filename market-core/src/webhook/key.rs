//! The market's own keys: messages are signed with them beside the secret, and anybody can check
//! that with the public part.

use super::{ROTATE_KEY, Webhooks};
use crate::{
    Call, Error,
    signing::{PublishedKey, SigningKey, key_name},
    store::{begin, retry},
};

/// How long a key signs beside the one that follows it.
const OVERLAP_SECONDS: i64 = 7 * 24 * 3600;

impl Webhooks<'_> {
    /// The keys that sign now, the newest first.
    pub async fn keys(&self) -> Result<Vec<PublishedKey>, Error> {
        self.0.signing().rows().await?.into_iter().map(PublishedKey::try_from).collect()
    }

    pub(super) async fn server_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let rows = self.0.signing().rows().await?;
        rows.iter().map(|row| SigningKey::of_seed(&row.seed)).collect()
    }

    /// Makes the next key; the one before signs too for a week. The operator does.
    pub async fn rotate_key(&self, call: &Call) -> Result<Vec<PublishedKey>, Error> {
        ROTATE_KEY.admits(&call.actor)?;
        retry(|| self.rotate_key_once(call)).await
    }

    async fn rotate_key_once(&self, call: &Call) -> Result<Vec<PublishedKey>, Error> {
        let signing = self.0.signing();
        let mut tx = begin!(self.0, call, "webhooks.rotate_key", &());
        let last = if let Some(last) = tx.last_signing_key_for_update().await? {
            last
        } else {
            tx.insert_signing_key(1, &signing.new_seed(1)?).await?;
            1
        };
        if call.expected.is_some_and(|expected| expected != last) {
            return Err(Error::Stale("webhook key"));
        }
        let until = tx.at.plus_seconds(OVERLAP_SECONDS);
        // It may have been made before the server had a key to seal it to.
        let rows = signing.opened(tx.signing_keys().await?)?;
        let row = rows.iter().find(|row| row.number == last);
        let row = row.ok_or(Error::Inconsistent("signing key"))?;
        let seed = signing.to_keep(&key_name(last), &row.seed)?;
        tx.retire_signing_key(last, &seed, until).await?;
        // Of many at once, who waited for the lock reads the last key as it was before.
        if !tx.insert_signing_key(last + 1, &signing.new_seed(last + 1)?).await? {
            return Err(Error::Stale("webhook key"));
        }
        tx.record_webhook_key(last + 1).await?;
        let keys = signing.opened(tx.signing_keys().await?)?;
        let keys: Result<Vec<_>, _> = keys.into_iter().map(PublishedKey::try_from).collect();
        tx.finish(keys?).await
    }
}
