//! A public number that nobody here can choose.

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::kernel::time::Timestamp;

/// The most decimals that a public number is published with.
pub(crate) const MOST_DECIMALS: u32 = 8;
/// The most digits before the point: no exchange and no lottery publishes more.
const MOST_DIGITS: usize = 18;

/// A public number that a notice names in advance (公共数), born after the close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Beacon {
    /// A number that can be written in one way only.
    Number(PublicNumber),
    /// In words, as the notices of before named it: its value is any text.
    Words(String),
}

/// Which number, from when on everybody knows it, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublicNumber {
    /// What it is and where it is published, such as the closing figure of an exchange on a named
    /// day; 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// When it becomes known: after registration has ended.
    pub known_at: Timestamp,
    /// With how many decimals it is written, 0 to 8.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 8))]
    pub decimals: u32,
}

impl Beacon {
    /// What it is.
    pub fn name(&self) -> &str {
        match self {
            Self::Number(number) => &number.name,
            Self::Words(words) => words,
        }
    }

    /// Whether a value is written as the number is. Whoever may write one number in many ways
    /// chooses among as many draws.
    pub fn admits(&self, value: &str) -> bool {
        match self {
            Self::Number(number) => number.admits(value),
            Self::Words(words) => words.is_empty() == value.is_empty(),
        }
    }
}

impl PublicNumber {
    /// Whether a value is a decimal number with just these decimals, without blanks, a plus, zeros
    /// that say nothing, or a zero below zero.
    pub fn admits(&self, value: &str) -> bool {
        let positive = value.strip_prefix('-').unwrap_or(value);
        let (whole, decimals) = positive.split_once('.').unwrap_or((positive, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_zero = positive.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        (1..=MOST_DIGITS).contains(&whole.len())
            && digits(whole)
            && digits(decimals)
            && (whole == "0" || !whole.starts_with('0'))
            && decimals.len() == self.decimals as usize
            && positive.contains('.') == (self.decimals > 0)
            && (positive.len() == value.len() || !is_zero)
    }
}

impl std::fmt::Display for Beacon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Number(PublicNumber { name, known_at, decimals }) => {
                write!(f, "{name}, known at {known_at}, {decimals} decimals")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Beacon {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Beacon;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a public number with name, known_at and decimals")
            }

            fn visit_str<E>(self, words: &str) -> Result<Beacon, E> {
                Ok(Beacon::Words(words.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Beacon, A::Error> {
                PublicNumber::deserialize(MapAccessDeserializer::new(map)).map(Beacon::Number)
            }
        }
        from.deserialize_any(Either)
    }
}
