//! The two secrets of a purchase: the owner's opening code and the platform's half.

use std::{
    fmt::{self, Formatter},
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::kernel::{env::Env, id::PurchaseId, secret::hex};

/// How many bytes a secret has.
const BYTES: usize = 32;

/// Why a text is not an opening code or a platform's half. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// It has another length.
    #[error("must have 64 hexadecimal digits, has {0} characters")]
    Length(usize),
    /// It has a character that is no hexadecimal digit.
    #[error("must have only hexadecimal digits, character {0} is none")]
    Digit(usize),
}

/// Why an opening code would be guessed. It never repeats the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakCode {
    /// One digit, over and over.
    #[error("is one digit over and over: make 64 random ones (openssl rand -hex 32)")]
    OneDigit,
    /// It is repeated.
    #[error("repeats itself after {0} digits: make 64 random ones (openssl rand -hex 32)")]
    Repeated(usize),
    /// Each digit, or each byte, follows from the one before.
    #[error("is a sequence: make 64 random digits (openssl rand -hex 32)")]
    Sequence,
    /// Few different bytes.
    #[error("has only {0} different pairs of digits: make 64 random ones (openssl rand -hex 32)")]
    Uniform(usize),
}

/// Random bytes have fewer different ones among 32 less often than once in 2^80 codes.
const LEAST_DIFFERENT: usize = 12;

/// Whether numbers go up or down by the same step throughout.
fn is_sequence(numbers: &[u8], modulus: u8) -> bool {
    let step = |pair: &[u8]| {
        let step = pair[1].wrapping_sub(pair[0]);
        if modulus == 0 { step } else { step % modulus }
    };
    let mut steps = numbers.windows(2).map(step);
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

/// Reads 64 hexadecimal digits.
fn parse(text: &str) -> Result<Zeroizing<[u8; BYTES]>, NotASecret> {
    if let Some(place) = text.chars().position(|c| !c.is_ascii_hexdigit()) {
        return Err(NotASecret::Digit(place + 1));
    }
    if text.len() != 2 * BYTES {
        return Err(NotASecret::Length(text.len()));
    }
    let mut bytes = Zeroizing::new([0; BYTES]);
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        // Both are digits, as was asked above.
        *byte = pair.iter().fold(0, |value, digit| {
            (value << 4) | char::from(*digit).to_digit(16).map_or(0, |digit| digit.to_le_bytes()[0])
        });
    }
    Ok(bytes)
}

/// What a secret gives for one use in one purchase; nothing leads back from it, nor to what it
/// gives for another use.
fn derived(label: &str, purchase: PurchaseId, secret: &[u8; BYTES]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(label);
    digest.update([0]);
    digest.update(purchase.0);
    digest.update(secret);
    digest.finalize().into()
}

/// Reads a text, and repeats nothing of what is none: a code that was sent as a number is a secret,
/// too.
struct Digits;

/// Says what was expected, in serde's words, without what came.
fn not_text<E: serde::de::Error>() -> E {
    E::custom("invalid type: expected a text of 64 hexadecimal digits")
}

impl<'de> Visitor<'de> for Digits {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a text of 64 hexadecimal digits")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(not_text())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(not_text())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(not_text())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(not_text())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Err(not_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(not_text())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(not_text())
    }
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident, draws $draw:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<[u8; BYTES]>);

        impl $name {
            /// A fresh one.
            pub fn new(env: &Env) -> Self {
                Self(Zeroizing::new(env.secret()))
            }

            /// The secret itself, in 64 hexadecimal digits: for nobody but who may have it.
            pub fn reveal(&self) -> Zeroizing<String> {
                Zeroizing::new(hex(self.bytes()))
            }

            /// What it contributes to the draw of a purchase.
            pub fn draw_value(&self, purchase: PurchaseId) -> [u8; 32] {
                derived($draw, purchase, self.bytes())
            }

            pub(super) fn from_bytes(bytes: [u8; BYTES]) -> Self {
                Self(Zeroizing::new(bytes))
            }

            pub(super) fn bytes(&self) -> &[u8; BYTES] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl FromStr for $name {
            type Err = NotASecret;

            fn from_str(text: &str) -> Result<Self, NotASecret> {
                parse(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Digits)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

secrets! {
    /// The opening code of a purchase (开标码): 32 random bytes that its owner keeps until quotes
    /// are opened. It is kept nowhere and shown nowhere.
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9a-fA-F]{64}$"))]
    OpeningCode, draws "market draw owner v1";
    /// The platform's half of a purchase's private key, kept with the purchase, sealed to the
    /// server's own key where it has one. It opens nothing without the opening code.
    PlatformHalf, draws "market draw platform v1";
}

impl OpeningCode {
    /// What is kept of the code of a purchase, to know it again.
    pub fn check(&self, purchase: PurchaseId) -> String {
        hex(&derived("market opening code check v1", purchase, self.bytes()))
    }

    /// Whether it may have come by chance. The marketplace cannot know that it did, and what is told
    /// apart here no random code ever is.
    pub fn is_hard_to_guess(&self) -> Result<(), WeakCode> {
        let bytes = self.bytes().as_slice();
        let digits: Zeroizing<Vec<u8>> =
            Zeroizing::new(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect());
        let repeats = |period: &usize| digits.iter().zip(&digits[*period..]).all(|(a, b)| a == b);
        match (1..=digits.len() / 2).find(repeats) {
            Some(1) => return Err(WeakCode::OneDigit),
            Some(period) => return Err(WeakCode::Repeated(period)),
            None => {}
        }
        if is_sequence(bytes, 0) || is_sequence(&digits, 16) {
            return Err(WeakCode::Sequence);
        }
        let mut seen = Zeroizing::new([false; 256]);
        for byte in bytes {
            seen[usize::from(*byte)] = true;
        }
        match seen.iter().filter(|seen| **seen).count() {
            few @ ..LEAST_DIFFERENT => Err(WeakCode::Uniform(few)),
            _ => Ok(()),
        }
    }
}
