//! Keys: to whom something is sealed, and who opens it.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hpke::{Deserializable, Kem as _, Serializable, kem::X25519HkdfSha256 as Kem};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{OpeningCode, PlatformHalf, seal::can_seal};
use crate::kernel::{env::Env, id::PurchaseId};

/// How many bytes a key has.
const BYTES: usize = 32;
/// How the text of a public key begins, so that none is taken for something else.
const PUBLIC: &str = "x25519:";
/// How the text of a private key begins, so that nobody publishes one by mistake.
const PRIVATE: &str = "x25519-private:";
/// How the text of a server's key begins.
const SERVER: &str = "market-server:";

pub(super) type Private = <Kem as hpke::Kem>::PrivateKey;
pub(super) type Public = <Kem as hpke::Kem>::PublicKey;

/// Why a text is not a key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// It begins otherwise.
    #[error("must begin with {0}")]
    Prefix(&'static str),
    /// What follows is not 32 bytes in base64url.
    #[error("must have 43 characters of base64url (A-Z a-z 0-9 - _) after its first word")]
    Shape,
    /// Whatever was sealed to it, anybody could read.
    #[error("is a weak key: make another")]
    Weak,
}

/// A public key: what is sealed to it, only its private key opens. Written `x25519:` and 43
/// characters of base64url.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^x25519:[A-Za-z0-9_-]{43}$", example = "x25519:QxDul9iMwfCIpVdsd6sM9cOseX89lROcbIS1QpxZZio"))]
pub struct PublicKey(String);

impl PublicKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(private: &Private) -> Self {
        Self(text(PUBLIC, &Kem::sk_to_pk(private).to_bytes()))
    }

    pub(super) fn key(&self) -> Result<Public, NotAKey> {
        let bytes = bytes(PUBLIC, &self.0)?;
        Public::from_bytes(&bytes[..]).map_err(|_| NotAKey::Shape)
    }

    #[cfg(test)]
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(text(PUBLIC, bytes))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        let key = Self(text);
        if can_seal(&key.key()?) { Ok(key) } else { Err(NotAKey::Weak) }
    }
}

impl FromStr for PublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        text.to_owned().try_into()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

impl Display for PublicKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The private key of a purchase: opens its quotes. Made of two secrets when it is needed, and
/// kept nowhere.
#[derive(Clone)]
pub struct OpeningKey(Private);

impl OpeningKey {
    /// The key of a purchase, of the owner's code and the platform's half: `DeriveKeyPair` of
    /// RFC 9180, which is HKDF-SHA-256.
    pub fn derive(code: &OpeningCode, half: &PlatformHalf, purchase: PurchaseId) -> Self {
        let label: &[u8] = b"market opening key v1";
        let parts = [label, purchase.0.as_bytes(), code.bytes(), half.bytes()];
        // Reserved at once: a buffer that grew would leave its beginning behind.
        let mut material = Zeroizing::new(Vec::with_capacity(parts.iter().map(|p| p.len()).sum()));
        for part in parts {
            material.extend_from_slice(part);
        }
        Self(Kem::derive_keypair(&material).0)
    }

    /// To what quotes are sealed.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    pub(super) const fn private(&self) -> &Private {
        &self.0
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(…)")
    }
}

/// The private key of a supervising department (监管部门): opens the codes deposited with it. The
/// department keeps it away from the platform.
#[derive(Clone)]
pub struct SupervisorKey(Private);

impl SupervisorKey {
    /// A fresh one.
    pub fn new(env: &Env) -> Self {
        Self(Kem::derive_keypair(&*Zeroizing::new(env.secret::<BYTES>())).0)
    }

    /// What the department registers.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    /// The key itself, as text: for the department's own file.
    pub fn reveal(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(<[u8; BYTES]>::from(self.0.to_bytes()));
        Zeroizing::new(text(PRIVATE, &bytes[..]))
    }

    pub(super) const fn private(&self) -> &Private {
        &self.0
    }
}

impl fmt::Debug for SupervisorKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SupervisorKey(…)")
    }
}

impl FromStr for SupervisorKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let bytes = bytes(PRIVATE, text)?;
        Private::from_bytes(&bytes[..]).map(Self).map_err(|_| NotAKey::Shape)
    }
}

/// The key of the servers of one market: opens what only they may read, such as the secrets of
/// second factors. It is kept in a file beside the database, never in it.
#[derive(Clone)]
pub struct ServerKey(Private);

impl ServerKey {
    /// A fresh one.
    pub fn new(env: &Env) -> Self {
        Self(Kem::derive_keypair(&*Zeroizing::new(env.secret::<BYTES>())).0)
    }

    /// The key itself, as text: for its file.
    pub fn reveal(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(<[u8; BYTES]>::from(self.0.to_bytes()));
        Zeroizing::new(text(SERVER, &bytes[..]))
    }

    /// What can be sealed to it, but not opened.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(&self.0)
    }

    pub(super) const fn private(&self) -> &Private {
        &self.0
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

impl FromStr for ServerKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let bytes = bytes(SERVER, text)?;
        Private::from_bytes(&bytes[..]).map(Self).map_err(|_| NotAKey::Shape)
    }
}

fn text(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn bytes(prefix: &'static str, text: &str) -> Result<Zeroizing<[u8; BYTES]>, NotAKey> {
    let rest = text.strip_prefix(prefix).ok_or(NotAKey::Prefix(prefix))?;
    let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(rest).map_err(|_| NotAKey::Shape)?);
    <[u8; BYTES]>::try_from(&decoded[..]).map(Zeroizing::new).map_err(|_| NotAKey::Shape)
}
