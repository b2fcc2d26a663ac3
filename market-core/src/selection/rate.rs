//! Discounts in hundredths of a percent.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// A discount (下浮率) in hundredths of a percent, from 0 to 100 %; a decimal string of percent
/// such as `12.50` at the edges.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = r"^[0-9]{1,3}(\.[0-9]{1,2})?$", example = "12.50"))]
pub struct Rate(u32);

/// Why a number of percent is not a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARate {
    /// It is finer than a hundredth of a percent.
    #[error("a rate has at most two decimals")]
    TooFine,
    /// It is below zero, or above the whole.
    #[error("a rate is between 0.00 and 100.00 percent")]
    OutOfRange,
    /// It is no decimal number.
    #[error("not a decimal number of percent such as 12.50")]
    NotANumber,
}

impl Rate {
    /// 100 %, in hundredths of a percent.
    pub const WHOLE: u32 = 10_000;

    /// A discount of so many hundredths of a percent.
    pub const fn from_hundredths(hundredths: u32) -> Option<Self> {
        if hundredths <= Self::WHOLE { Some(Self(hundredths)) } else { None }
    }

    /// The discount in hundredths of a percent.
    pub const fn hundredths(self) -> u32 {
        self.0
    }

    /// What is left to pay, in hundredths of a percent.
    pub const fn rest(self) -> u32 {
        Self::WHOLE - self.0
    }
}

impl std::str::FromStr for Rate {
    type Err = NotARate;

    /// Reads plain percent such as `12.50`.
    fn from_str(text: &str) -> Result<Self, NotARate> {
        let percent = Decimal::from_str_exact(text).map_err(|_| NotARate::NotANumber)?;
        let hundredths = percent.checked_mul(Decimal::ONE_HUNDRED).ok_or(NotARate::OutOfRange)?;
        if !hundredths.is_integer() {
            return Err(NotARate::TooFine);
        }
        hundredths.to_u32().and_then(Self::from_hundredths).ok_or(NotARate::OutOfRange)
    }
}

impl TryFrom<String> for Rate {
    type Error = NotARate;

    fn try_from(text: String) -> Result<Self, NotARate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Decimal::new(i64::from(self.0), 2).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_exact() {
        assert_eq!("12.5".parse(), Ok(Rate(1250)));
        assert_eq!("0".parse(), Ok(Rate(0)));
        assert_eq!("100.00".parse(), Ok(Rate(10_000)));
        assert_eq!(Rate(1250).to_string(), "12.50");
        assert_eq!(Rate(1250).rest(), 8750);
        assert_eq!(serde_json::to_string(&Rate(5)).unwrap(), r#""0.05""#);
        assert_eq!(serde_json::from_str::<Rate>(r#""0.05""#).unwrap(), Rate(5));
        assert!(serde_json::from_str::<Rate>("12.5").is_err(), "a JSON number is a float");
    }

    #[test]
    fn what_is_no_discount_is_refused_with_its_reason() {
        assert_eq!("12.345".parse::<Rate>(), Err(NotARate::TooFine));
        assert_eq!("100.01".parse::<Rate>(), Err(NotARate::OutOfRange));
        assert_eq!("-0.01".parse::<Rate>(), Err(NotARate::OutOfRange));
        assert_eq!("79228162514264337593543950335".parse::<Rate>(), Err(NotARate::OutOfRange));
        assert_eq!("12%".parse::<Rate>(), Err(NotARate::NotANumber));
        assert_eq!("".parse::<Rate>(), Err(NotARate::NotANumber));
        assert_eq!(Rate::from_hundredths(10_001), None);
    }
}
