//! Sealing and opening: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and ChaCha20-Poly1305.

use std::convert::Infallible;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable,
    aead::ChaCha20Poly1305 as Aead,
    kdf::HkdfSha256 as Kdf,
    kem::X25519HkdfSha256 as Kem,
    rand_core::{CryptoRng, TryCryptoRng, TryRng},
    setup_sender_with_rng, single_shot_open, single_shot_seal_with_rng,
};
use zeroize::Zeroizing;

use super::{
    OpeningCode, OpeningKey, PlatformHalf, PublicKey, ServerKey, SupervisorKey,
    key::{Private, Public},
};
use crate::{
    Error,
    kernel::{
        env::Env,
        id::{PersonId, PurchaseId},
    },
};

/// What a quote is sealed for; a deposit is never opened as a quote, nor the other way round.
const QUOTE: &[u8] = b"market quote v1";
/// What an opening code is deposited for.
const DEPOSIT: &[u8] = b"market deposit v1";
/// What the secret of a second factor is sealed for.
const FACTOR: &[u8] = b"market second factor v1";
/// What is sealed for that mail is sent with: codes, and what ends it.
const MAIL: &[u8] = b"market mail v1";
/// The platform's half of what opens a purchase is sealed for.
const HALF: &[u8] = b"market platform half v1";
/// What the market signs with is sealed for.
const SIGNING: &[u8] = b"market signing v1";
/// How a sealed text begins: a later construction begins otherwise.
const PREFIX: &str = "hpke1.";
/// What is sealed is filled up to so many bytes, or a multiple: the length of a quote tells how
/// much it is.
const FILLED: usize = 256;
/// Where the filling begins.
const FILLING: u8 = 0x80;
/// How many bytes the ephemeral key at the beginning has.
const ENCAPSULATED: usize = 32;

type Encapsulated = <Kem as hpke::Kem>::EncappedKey;

/// A sealed text does not open: it is not one, was changed, or was sealed to another key or in
/// another context. It cannot be told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("does not open: changed, or sealed to another key or in another context")]
pub struct NotSealed;

impl From<NotSealed> for Error {
    fn from(_: NotSealed) -> Self {
        Self::Inconsistent("sealed text")
    }
}

/// Seals a quote to the key of its purchase. The context says whose and for what it is, and must
/// be the same when it is opened. Nothing of the quote is seen from outside, not even how long it
/// is up to 255 bytes.
pub fn seal(
    public: &PublicKey,
    context: &str,
    plaintext: &[u8],
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(QUOTE, public, context, plaintext, env)
}

/// Opens what [`seal`] sealed.
pub fn open(
    key: &OpeningKey,
    context: &str,
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    open_for(QUOTE, key.private(), context, sealed)
}

/// Deposits the opening code of a purchase with a supervising department, which alone opens it.
pub fn deposit(
    code: &OpeningCode,
    supervisor: &PublicKey,
    purchase: PurchaseId,
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(DEPOSIT, supervisor, &purchase.to_string(), code.bytes(), env)
}

/// The opening code of a purchase, from its deposit: the department does it, offline.
pub fn open_deposit(
    key: &SupervisorKey,
    purchase: PurchaseId,
    deposit: &str,
) -> Result<OpeningCode, NotSealed> {
    let code = open_for(DEPOSIT, key.private(), &purchase.to_string(), deposit)?;
    code[..].try_into().map(OpeningCode::from_bytes).map_err(|_| NotSealed)
}

/// Seals the secret of a person's second factor to the server's own key.
pub(crate) fn seal_factor(
    key: &ServerKey,
    person: PersonId,
    secret: &[u8],
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(FACTOR, &key.public(), &person.to_string(), secret, env)
}

/// Opens what [`seal_factor`] sealed for the same person.
pub(crate) fn open_factor(
    key: &ServerKey,
    person: PersonId,
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    open_for(FACTOR, key.private(), &person.to_string(), sealed)
}

/// Seals something that a mail to a person will say to the server's own key.
pub(crate) fn seal_mail(
    key: &ServerKey,
    person: PersonId,
    secret: &str,
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(MAIL, &key.public(), &person.to_string(), secret.as_bytes(), env)
}

/// Opens what [`seal_mail`] sealed for the same person.
pub(crate) fn open_mail(
    key: &ServerKey,
    person: PersonId,
    sealed: &str,
) -> Result<Zeroizing<String>, NotSealed> {
    text(&open_for(MAIL, key.private(), &person.to_string(), sealed)?)
}

/// Seals the platform's half of what opens a purchase to the server's own key.
pub(crate) fn seal_half(
    key: &ServerKey,
    purchase: PurchaseId,
    half: &PlatformHalf,
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(HALF, &key.public(), &purchase.to_string(), half.bytes(), env)
}

/// Opens what [`seal_half`] sealed for the same purchase.
pub(crate) fn open_half(
    key: &ServerKey,
    purchase: PurchaseId,
    sealed: &str,
) -> Result<PlatformHalf, NotSealed> {
    let half = open_for(HALF, key.private(), &purchase.to_string(), sealed)?;
    half[..].try_into().map(PlatformHalf::from_bytes).map_err(|_| NotSealed)
}

/// Seals something that the market signs with, which is kept under a name.
pub(crate) fn seal_signing(
    key: &ServerKey,
    name: &str,
    secret: &str,
    env: &Env,
) -> Result<String, NotSealed> {
    seal_for(SIGNING, &key.public(), name, secret.as_bytes(), env)
}

/// Opens what [`seal_signing`] sealed under the same name.
pub(crate) fn open_signing(
    key: &ServerKey,
    name: &str,
    sealed: &str,
) -> Result<Zeroizing<String>, NotSealed> {
    text(&open_for(SIGNING, key.private(), name, sealed)?)
}

/// Whether a text is what one of these sealed, and no secret as it is.
pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

fn text(bytes: &[u8]) -> Result<Zeroizing<String>, NotSealed> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotSealed)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn seal_for(
    purpose: &[u8],
    public: &PublicKey,
    context: &str,
    plaintext: &[u8],
    env: &Env,
) -> Result<String, NotSealed> {
    let public = public.key().map_err(|_| NotSealed)?;
    let filled = filled(plaintext);
    let mut random = Random(|bytes: &mut [u8]| fill(bytes, env));
    let sealed = seal_bytes(&public, purpose, context.as_bytes(), &filled, &mut random)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)))
}

fn open_for(
    purpose: &[u8],
    private: &Private,
    context: &str,
    sealed: &str,
) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    let sealed = sealed.strip_prefix(PREFIX).ok_or(NotSealed)?;
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NotSealed)?;
    let mut plaintext = open_bytes(private, purpose, context.as_bytes(), &sealed)?;
    let end = plaintext.iter().rposition(|byte| *byte != 0).ok_or(NotSealed)?;
    if plaintext[end] != FILLING {
        return Err(NotSealed);
    }
    plaintext.truncate(end);
    Ok(plaintext)
}

/// The bytes, a mark, and zeros up to the next multiple of [`FILLED`].
fn filled(plaintext: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = (plaintext.len() / FILLED + 1) * FILLED;
    let mut filled = Zeroizing::new(Vec::with_capacity(length));
    filled.extend_from_slice(plaintext);
    filled.push(FILLING);
    filled.resize(length, 0);
    filled
}

/// `SealBase` of RFC 9180: the encapsulated key, then the ciphertext.
pub(super) fn seal_bytes(
    public: &Public,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    random: &mut impl CryptoRng,
) -> Result<Vec<u8>, NotSealed> {
    let mode = OpModeS::Base;
    let sealed =
        single_shot_seal_with_rng::<Aead, Kdf, Kem>(&mode, public, info, plaintext, aad, random);
    let (encapsulated, ciphertext) = sealed.map_err(|_| NotSealed)?;
    Ok([&encapsulated.to_bytes()[..], &ciphertext[..]].concat())
}

/// `OpenBase` of RFC 9180.
pub(super) fn open_bytes(
    private: &Private,
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotSealed> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED).ok_or(NotSealed)?;
    let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| NotSealed)?;
    let mode = OpModeR::Base;
    single_shot_open::<Aead, Kdf, Kem>(&mode, private, &encapsulated, info, ciphertext, aad)
        .map(Zeroizing::new)
        .map_err(|_| NotSealed)
}

/// Whether anything can be sealed to a key: to a weak one, everybody would have the secret, and
/// HPKE refuses it.
pub(super) fn can_seal(public: &Public) -> bool {
    // Nothing is sealed here, so nothing need be secret.
    let mut known = Random(|bytes: &mut [u8]| bytes.fill(1));
    setup_sender_with_rng::<Aead, Kdf, Kem>(&OpModeS::Base, public, b"", &mut known).is_ok()
}

/// Randomness as HPKE asks for it, from whatever fills bytes.
pub(super) struct Random<F>(pub(super) F);

impl<F: FnMut(&mut [u8])> TryRng for Random<F> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        (self.0)(bytes);
        Ok(())
    }
}

impl<F: FnMut(&mut [u8])> TryCryptoRng for Random<F> {}

/// Fills bytes with the market's randomness.
fn fill(bytes: &mut [u8], env: &Env) {
    for part in bytes.chunks_mut(32) {
        let random = Zeroizing::new(env.secret::<32>());
        part.copy_from_slice(&random[..part.len()]);
    }
}
