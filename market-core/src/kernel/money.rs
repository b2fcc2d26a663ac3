//! Money in fen.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// An amount in fen (1/100 yuan), never negative; a decimal string of yuan at the edges.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = r"^[0-9]{1,12}(\.[0-9]{1,2})?$", example = "12000.00"))]
pub struct Money(i64);

/// Why a number of yuan is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMoney {
    /// It is finer than a fen.
    #[error("money has at most two decimals")]
    TooFine,
    /// It is below zero, or above 999,999,999,999.99 yuan.
    #[error("money is between 0.00 and 999999999999.99")]
    OutOfRange,
    /// It is no decimal number.
    #[error("not a decimal number such as 12000.00")]
    NotANumber,
}

/// The largest amount, in fen: under a quadrillion, so that a sum of millions stays exact.
const MAX_FEN: i64 = 99_999_999_999_999;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount.
    pub const MOST: Self = Self(MAX_FEN);

    /// An amount of so many fen.
    pub const fn from_fen(fen: i64) -> Option<Self> {
        if fen >= 0 && fen <= MAX_FEN { Some(Self(fen)) } else { None }
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }
}

impl TryFrom<Decimal> for Money {
    type Error = NotMoney;

    fn try_from(yuan: Decimal) -> Result<Self, NotMoney> {
        let fen = yuan.checked_mul(Decimal::ONE_HUNDRED).ok_or(NotMoney::OutOfRange)?;
        if !fen.is_integer() {
            return Err(NotMoney::TooFine);
        }
        fen.to_i64().and_then(Self::from_fen).ok_or(NotMoney::OutOfRange)
    }
}

impl TryFrom<String> for Money {
    type Error = NotMoney;

    fn try_from(text: String) -> Result<Self, NotMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

impl std::str::FromStr for Money {
    type Err = NotMoney;

    /// Reads plain yuan such as `12000.00`.
    fn from_str(text: &str) -> Result<Self, NotMoney> {
        Decimal::from_str_exact(text).map_err(|_| NotMoney::NotANumber)?.try_into()
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Decimal::new(money.0, 2)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Decimal::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_are_exact() {
        assert_eq!("0.29".parse(), Ok(Money(29)));
        assert_eq!("12000".parse(), Ok(Money(1_200_000)));
        assert_eq!(Money(1_200_000).to_string(), "12000.00");
        assert_eq!(serde_json::to_string(&Money(5)).unwrap(), r#""0.05""#);
        assert!(serde_json::from_str::<Money>("12.5").is_err(), "a JSON number is a float");
        assert_eq!("1.234".parse::<Money>(), Err(NotMoney::TooFine));
        assert_eq!("-1".parse::<Money>(), Err(NotMoney::OutOfRange));
        assert_eq!("1e3".parse::<Money>(), Err(NotMoney::NotANumber));
        assert_eq!("1000000000000".parse::<Money>(), Err(NotMoney::OutOfRange));
        assert_eq!("79228162514264337593543950335".parse::<Money>(), Err(NotMoney::OutOfRange));
    }
}
