//! What agencies quote, and within which limits.

use serde::{Deserialize, Serialize};

use super::Rate;
use crate::{Fault, Money, store::text_enum};

text_enum! {
    /// What a quote is given as (报价方式).
    pub enum QuoteKind {
        /// An amount of money (金额报价).
        Amount = "amount",
        /// A discount from the ceiling (下浮率报价).
        Discount = "discount",
    }
}

/// What an agency asks for its service (报价).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// So much money.
    Amount(Money),
    /// So much off the notice's ceiling.
    Discount(Rate),
}

impl Quote {
    /// What it is given as.
    pub const fn kind(self) -> QuoteKind {
        match self {
            Self::Amount(_) => QuoteKind::Amount,
            Self::Discount(_) => QuoteKind::Discount,
        }
    }

    /// By what quotes of one kind are compared, the cheapest the smallest: fen of an amount; of a
    /// discount what is left to pay, in hundredths of a percent.
    pub fn size(self) -> u64 {
        match self {
            Self::Amount(amount) => amount.fen().unsigned_abs(),
            Self::Discount(rate) => u64::from(rate.rest()),
        }
    }

    /// What is paid if it wins: a discount is taken off the ceiling, rounded half up to the fen.
    #[must_use]
    pub fn award_amount(self, ceiling: Money) -> Money {
        match self {
            Self::Amount(amount) => amount,
            Self::Discount(rate) => {
                let whole = i64::from(Rate::WHOLE);
                let fen = (ceiling.fen() * i64::from(rate.rest()) + whole / 2) / whole;
                Money::from_fen(fen).unwrap_or(ceiling)
            }
        }
    }

    /// Says why it may not be made, if it breaks the limits.
    pub fn check(self, limits: &Limits) -> Result<(), OffLimits> {
        let (low, high) = limits.ends();
        if self.kind() != low.kind() {
            return Err(OffLimits::OtherKind(low.kind()));
        }
        // Within one kind, quotes are ordered as their numbers are.
        if self < low {
            Err(OffLimits::TooLow(low))
        } else if self > high {
            Err(OffLimits::TooHigh(high))
        } else {
            Ok(())
        }
    }
}

impl std::fmt::Display for Quote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{amount} yuan"),
            Self::Discount(rate) => write!(f, "{rate} %"),
        }
    }
}

/// Between what quotes must lie, ends included (最低、最高限价或下浮率), and so what they are given
/// as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = QuoteLimits))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Limits {
    /// Of an amount.
    Amount {
        /// The least.
        low: Money,
        /// The most.
        high: Money,
    },
    /// Of a discount.
    Discount {
        /// The least.
        low: Rate,
        /// The most.
        high: Rate,
    },
}

impl Limits {
    /// What quotes are given as.
    pub const fn kind(&self) -> QuoteKind {
        match self {
            Self::Amount { .. } => QuoteKind::Amount,
            Self::Discount { .. } => QuoteKind::Discount,
        }
    }

    fn ends(self) -> (Quote, Quote) {
        match self {
            Self::Amount { low, high } => (Quote::Amount(low), Quote::Amount(high)),
            Self::Discount { low, high } => (Quote::Discount(low), Quote::Discount(high)),
        }
    }

    /// Finds fault with limits that no quote keeps.
    pub(super) fn validate(self, at: &str, faults: &mut Vec<Fault>) {
        let (low, high) = self.ends();
        if low > high {
            let message = format!("must not be over the upper limit of {high}");
            faults.push(Fault::new(format!("{at}/{}/low", self.kind()), "range", message));
        }
    }
}

/// Why a quote breaks the limits of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffLimits {
    /// It is an amount where a discount is asked for, or the other way round.
    #[error("the quote must be given as {0}")]
    OtherKind(QuoteKind),
    /// It is under the lower limit.
    #[error("the quote is under the lower limit of {0}")]
    TooLow(Quote),
    /// It is over the upper limit.
    #[error("the quote is over the upper limit of {0}")]
    TooHigh(Quote),
}

impl OffLimits {
    /// A stable code of what is wrong, for a [`Fault`].
    pub const fn code(self) -> &'static str {
        match self {
            Self::OtherKind(_) => "kind",
            Self::TooLow(_) => "too-low",
            Self::TooHigh(_) => "too-high",
        }
    }
}
