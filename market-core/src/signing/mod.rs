//! The market's own keys (Ed25519): what it signs, anybody can check with their public parts. They
//! are kept in the database, so that every node signs the same, and sealed there to the server's
//! key: whoever has the database alone signs nothing.

mod servers;
pub(crate) mod store;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::store::KeyRow;
use crate::{
    Error, Market, Timestamp,
    kernel::sealing::{is_sealed, open_signing, seal_signing},
    store::retry,
};

const PUBLIC_PREFIX: &str = "whpk_";

/// A key that the server signs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookKey))]
pub struct PublishedKey {
    /// Its number.
    pub number: i64,
    /// What signatures are checked with: `whpk_` and 32 bytes (Ed25519).
    pub public_key: String,
    /// Since when it signs.
    pub created_at: Timestamp,
    /// Until when, if another one follows it.
    pub retires_at: Option<Timestamp>,
}

impl TryFrom<KeyRow> for PublishedKey {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self, Error> {
        let public_key = SigningKey::of_seed(&row.seed)?.public();
        let KeyRow { number, created_at, retires_at, .. } = row;
        Ok(Self { number, public_key, created_at, retires_at })
    }
}

/// A key with its secret part, which nobody is shown.
#[derive(Debug)]
pub(crate) struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of a seed.
    pub(crate) fn of_seed(seed: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(seed).map_err(|_| Error::Inconsistent("signing key"))?;
        let key = Ed25519KeyPair::from_seed_unchecked(&bytes);
        key.map(Self).map_err(|_| Error::Inconsistent("signing key"))
    }

    /// What others check signatures with.
    pub(crate) fn public(&self) -> String {
        format!("{PUBLIC_PREFIX}{}", STANDARD.encode(self.0.public_key()))
    }

    /// The signature of something, in base64.
    pub(crate) fn sign(&self, content: &[u8]) -> String {
        STANDARD.encode(self.0.sign(content))
    }
}

/// Whether a signature of something was made with the key of this public part.
pub(crate) fn is_signed(content: &[u8], signature: &str, public_key: &str) -> bool {
    let key = public_key.strip_prefix(PUBLIC_PREFIX).and_then(|key| STANDARD.decode(key).ok());
    let (Some(key), Ok(signature)) = (key, STANDARD.decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(content, &signature).is_ok()
}

/// Under which name the seed of a key is kept.
pub(crate) fn key_name(number: i64) -> String {
    format!("key {number}")
}

/// The keys of a market.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'m>(pub(crate) &'m Market);

impl Signing<'_> {
    /// Every key that ever signed, the newest first: what was signed stays to be checked.
    pub async fn keys(&self) -> Result<Vec<PublishedKey>, Error> {
        self.rows().await?;
        let rows = self.opened(self.0.db.every_signing_key().await?)?;
        rows.into_iter().map(PublishedKey::try_from).collect()
    }

    /// The key that signs what is signed by one key alone.
    pub(crate) async fn newest(&self) -> Result<SigningKey, Error> {
        let rows = self.rows().await?;
        SigningKey::of_seed(&rows.first().ok_or(Error::Inconsistent("signing key"))?.seed)
    }

    /// The keys that sign now, the newest first; the first is made when it is first asked for.
    pub(crate) async fn rows(&self) -> Result<Vec<KeyRow>, Error> {
        let rows = self.0.db.signing_keys(self.0.env.now()).await?;
        if !rows.is_empty() {
            return self.opened(rows);
        }
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.insert_signing_key(1, &self.new_seed(1)?).await?;
            tx.finish(()).await
        })
        .await?;
        self.opened(self.0.db.signing_keys(self.0.env.now()).await?)
    }

    /// A fresh seed for the key of a number, as it is kept.
    pub(crate) fn new_seed(self, number: i64) -> Result<String, Error> {
        self.to_keep(&key_name(number), &STANDARD.encode(self.0.env.secret::<32>()))
    }

    /// Keys with their seeds, as they were kept.
    pub(crate) fn opened(self, mut rows: Vec<KeyRow>) -> Result<Vec<KeyRow>, Error> {
        for row in &mut rows {
            row.seed = self.kept(&key_name(row.number), &row.seed)?.to_string();
        }
        Ok(rows)
    }

    /// Something to sign with, as it is kept under a name: sealed, where the server has a key.
    pub(crate) fn to_keep(self, name: &str, secret: &str) -> Result<String, Error> {
        match &self.0.identity.server_key {
            Some(key) => seal_signing(key, name, secret, &self.0.env)
                .map_err(|_| Error::Inconsistent("server key")),
            None => Ok(secret.to_owned()),
        }
    }

    /// What was kept under a name.
    pub(crate) fn kept(self, name: &str, kept: &str) -> Result<Zeroizing<String>, Error> {
        if !is_sealed(kept) {
            return Ok(Zeroizing::new(kept.to_owned()));
        }
        let key = self.0.identity.server_key.as_ref();
        let key = key.ok_or(Error::Inconsistent("server key"))?;
        open_signing(key, name, kept).map_err(|_| Error::Inconsistent("server key"))
    }
}
