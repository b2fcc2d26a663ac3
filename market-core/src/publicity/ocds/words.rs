//! Our words in those of the standard.

use serde_json::{Value, json};

use crate::{Day, Mode, Money};

/// The method of procurement. Everybody who is qualified may register in every mode; where credit
/// is preferred only a short list goes on, and in a negotiation the owner talks to each.
pub(super) const fn method(mode: Mode) -> &'static str {
    match mode {
        Mode::Random
        | Mode::LowestPrice
        | Mode::BestPrice
        | Mode::MultiRound
        | Mode::PlanPreferred
        | Mode::Inquiry => "open",
        Mode::CreditPreferred => "selective",
        Mode::Negotiation => "limited",
    }
}

/// By what the winner is found; the standard has no word for a draw.
pub(super) const fn criteria(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Random => None,
        Mode::LowestPrice | Mode::MultiRound | Mode::Negotiation => Some("priceOnly"),
        Mode::BestPrice | Mode::CreditPreferred | Mode::PlanPreferred | Mode::Inquiry => {
            Some("ratedCriteria")
        }
    }
}

/// An amount. The standard wants a number: JSON keeps every amount that there is to the fen.
pub(super) fn value(amount: Money) -> Value {
    let amount: Value = serde_json::from_str(&amount.to_string()).unwrap_or_default();
    json!({ "amount": amount, "currency": "CNY" })
}

/// The first instant of a day in China.
pub(super) fn instant(day: Day) -> String {
    format!("{day}T00:00:00+08:00")
}

/// The last second of a day in China.
pub(super) fn last_instant(day: Day) -> String {
    format!("{day}T23:59:59+08:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_fen() {
        for (text, number) in
            [("0.29", "0.29"), ("12000", "12000.0"), ("999999999999.99", "999999999999.99")]
        {
            assert_eq!(value(text.parse().unwrap())["amount"].to_string(), number);
        }
    }
}
