//! Unified social credit codes.

use serde::{Deserialize, Serialize};

/// A unified social credit code (统一社会信用代码) with right check digits.
///
/// GB 32100-2015: 18 of 31 symbols, of which 9 to 17 are an organisation code with a check digit
/// of its own (GB 11714).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uscc", pattern = "^[0-9A-HJ-NPQRTUWXY]{18}$", example = "91350100M000100Y43"))]
pub struct Uscc(String);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUscc {
    /// It has not 18 symbols, or one that the standard does not use.
    #[error("a unified social credit code has 18 digits and capital letters, none of I O S V Z")]
    Shape,
    /// The organisation code inside does not fit its check digit.
    #[error("the organisation code (9 to 17) does not fit its check digit")]
    OrganisationCheck,
    /// The whole does not fit its check digit.
    #[error("the code does not fit its check digit")]
    Check,
}

const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

impl Uscc {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), NotAUscc> {
        let values: Vec<usize> = text
            .bytes()
            .map(|symbol| SYMBOLS.iter().position(|known| *known == symbol))
            .collect::<Option<_>>()
            .filter(|values: &Vec<usize>| values.len() == 18)
            .ok_or(NotAUscc::Shape)?;
        let organisation = &text.as_bytes()[8..17];
        if organisation_check(organisation) != Some(organisation[8]) {
            return Err(NotAUscc::OrganisationCheck);
        }
        let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        if values[17] == (31 - sum % 31) % 31 { Ok(()) } else { Err(NotAUscc::Check) }
    }
}

/// The check digit of an organisation code, whose letters count from A = 10.
fn organisation_check(code: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (symbol, weight) in code.iter().zip(ORGANISATION_WEIGHTS) {
        sum += char::from(*symbol).to_digit(36)? as usize * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).ok()?,
    })
}

impl TryFrom<String> for Uscc {
    type Error = NotAUscc;

    fn try_from(text: String) -> Result<Self, NotAUscc> {
        Self::check(&text).map(|()| Self(text))
    }
}

impl std::str::FromStr for Uscc {
    type Err = NotAUscc;

    fn from_str(text: &str) -> Result<Self, NotAUscc> {
        text.to_owned().try_into()
    }
}

impl From<Uscc> for String {
    fn from(uscc: Uscc) -> Self {
        uscc.0
    }
}

impl std::fmt::Display for Uscc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        for good in ["91350100M000100Y43", "91512081MA62K0260E"] {
            assert!(good.parse::<Uscc>().is_ok(), "{good}");
        }
        assert_eq!("91310115MA1G4L1WXK".parse::<Uscc>(), Err(NotAUscc::OrganisationCheck));
        assert_eq!("91350100M000100Y4Z".parse::<Uscc>(), Err(NotAUscc::Shape));
        assert_eq!("91350100M000100Y44".parse::<Uscc>(), Err(NotAUscc::Check));
        assert_eq!("91350100M000100Y4".parse::<Uscc>(), Err(NotAUscc::Shape));
        assert_eq!("91350100m000100Y43".parse::<Uscc>(), Err(NotAUscc::Shape));
    }
}
