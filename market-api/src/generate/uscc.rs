//! Unified social credit codes (统一社会信用代码) of agencies that do not exist.

use super::draw::Draw;

/// The 31 symbols of GB 32100-2015; a symbol's value is its position.
const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// How many organisation codes begin with [`RANGE`].
const BODIES: u64 = 31_u64.pow(6);
/// Generated organisation codes begin with these two symbols, which no registrar is known to use.
const RANGE: &str = "MY";

/// Gives every agency number a code of its own, in an order that the seed decides.
#[derive(Debug)]
pub(crate) struct Codes {
    step: u64,
    first: u64,
}

impl Codes {
    pub(crate) fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed, u64::MAX);
        let step = 31 * draw.below(BODIES / 31) + 1 + draw.below(30);
        Self { step, first: draw.below(BODIES) }
    }

    /// The whole code: `authority` is the two leading symbols, `division` the six-digit region.
    /// Numbers below 31^6 get different codes, because the step shares no factor with 31.
    pub(crate) fn code(&self, authority: &str, division: &str, number: u64) -> String {
        let mut left = ((number % BODIES) * self.step + self.first) % BODIES;
        let mut body = [b'0'; 6];
        for place in body.iter_mut().rev() {
            *place = SYMBOLS[usize::try_from(left % 31).unwrap_or_default()];
            left /= 31;
        }
        let mut code = format!("{authority}{division}{RANGE}");
        code.extend(body.map(char::from));
        code.push(organisation_check(&code[8..]));
        code.push(check(&code));
        code
    }
}

/// The check digit of a nine-symbol organisation code, from its first eight (GB 11714).
pub(crate) fn organisation_check(body: &str) -> char {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .chars()
        .zip(WEIGHTS)
        .map(|(symbol, weight)| symbol.to_digit(36).unwrap_or_default() * weight)
        .sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

/// The check digit of a whole code, from its first seventeen symbols (GB 32100-2015).
pub(crate) fn check(code: &str) -> char {
    let mut weight = 1;
    let mut sum = 0;
    for symbol in code.bytes().take(17) {
        sum += SYMBOLS.iter().position(|known| *known == symbol).unwrap_or_default() * weight;
        weight = weight * 3 % 31;
    }
    char::from(SYMBOLS[(31 - sum % 31) % 31])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards() {
        for code in ["91350100M000100Y43", "91512081MA62K0260E", "91310115MA1G4L1WX7"] {
            assert_eq!(Some(check(code)), code.chars().last(), "{code}");
        }
        for code in ["91350100M000100Y43", "91512081MA62K0260E"] {
            assert_eq!(Some(organisation_check(&code[8..16])), code.chars().nth(16), "{code}");
        }
        assert_ne!(check("91350100M000100Y4Z"), 'Z');
    }

    #[test]
    fn numbers_get_different_codes() {
        let codes = Codes::new(3);
        let all: HashSet<_> = (0..5000).map(|n| codes.code("91", "330282", n)).collect();
        assert_eq!(all.len(), 5000);
        assert!(all.iter().all(|code| code.len() == 18 && code.starts_with("91330282MY")));
    }
}
