//! The two secrets of a purchase: the owner's opening code and the platform's half.

use std::{
    fmt::{self, Formatter},
    str::FromStr,
};

use serde::Deserialize;
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

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident, draws $draw:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
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

        impl TryFrom<String> for $name {
            type Error = NotASecret;

            fn try_from(text: String) -> Result<Self, NotASecret> {
                Zeroizing::new(text).parse()
            }
        }
    )*};
}

secrets! {
    /// The opening code of a purchase (开标码): 32 random bytes that its owner keeps until quotes
    /// are opened. It is kept nowhere and shown nowhere.
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9a-fA-F]{64}$"))]
    OpeningCode, draws "market draw owner v1";
    /// The platform's half of a purchase's private key, kept with the purchase. It opens nothing
    /// without the opening code.
    PlatformHalf, draws "market draw platform v1";
}

impl OpeningCode {
    /// What is kept of the code of a purchase, to know it again.
    pub fn check(&self, purchase: PurchaseId) -> String {
        hex(&derived("market opening code check v1", purchase, self.bytes()))
    }

    pub(super) fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}
