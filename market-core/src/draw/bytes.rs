//! Thirty-two bytes, as lower-case hexadecimal in files.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::kernel::secret::hex;

/// A digest, a party's value or a nonce: 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
#[serde(try_from = "String", into = "String")]
pub struct Bytes32(pub [u8; 32]);

/// Why a text is not 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 digits of 0-9 and a-f")]
pub struct NotHex;

impl std::str::FromStr for Bytes32 {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotHex),
        };
        let pairs = text.as_bytes().chunks(2);
        let bytes = pairs.map(|pair| match pair {
            [high, low] => Ok(digit(*high)? << 4 | digit(*low)?),
            _ => Err(NotHex),
        });
        let bytes: Vec<u8> = bytes.collect::<Result<_, _>>()?;
        bytes.try_into().map(Self).map_err(|_| NotHex)
    }
}

impl TryFrom<String> for Bytes32 {
    type Error = NotHex;

    fn try_from(text: String) -> Result<Self, NotHex> {
        text.parse()
    }
}

impl From<Bytes32> for String {
    fn from(bytes: Bytes32) -> Self {
        bytes.to_string()
    }
}

impl std::fmt::Display for Bytes32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// What all draws of a proof follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub Bytes32);

/// SHA-256 over a tag and fields that cannot run into each other.
#[derive(Debug, Clone)]
pub(super) struct Hash(Sha256);

impl Hash {
    /// Begins with the tag that keeps one use of the digest apart from all others.
    pub(super) fn tagged(tag: &str) -> Self {
        Self(Sha256::new_with_prefix(tag))
    }

    /// Adds bytes whose number is known: the tag says what follows it.
    pub(super) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// Adds bytes of any number, after that number as eight bytes, the highest first.
    pub(super) fn field(self, bytes: &[u8]) -> Self {
        self.fixed(&(bytes.len() as u64).to_be_bytes()).fixed(bytes)
    }

    pub(super) fn done(self) -> Bytes32 {
        Bytes32(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_has_one_spelling() {
        let text = "00ff10a0".repeat(8);
        assert_eq!(text.parse::<Bytes32>().unwrap().to_string(), text);
        let bad = ["", "0", &text[1..], &text[2..], &text.to_uppercase(), &format!("{text}00")];
        for bad in bad.into_iter().chain([&*text.replace('f', "g"), &*text.replace("ff", "环")]) {
            assert_eq!(bad.parse::<Bytes32>(), Err(NotHex), "{bad}");
        }
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let hash = |one: &str, two: &str| {
            Hash::tagged("t").field(one.as_bytes()).field(two.as_bytes()).done()
        };
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }
}
