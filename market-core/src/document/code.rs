//! The code on a document by which anybody finds out what it is.

use serde::{Deserialize, Serialize};

use crate::Env;

/// Digits and letters that are not mistaken for one another: Crockford's base 32.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many of them hold the value: 128 bits by fives.
const VALUE: usize = 26;
/// How many there are with the two that check them.
const LENGTH: usize = VALUE + 2;
/// How many stand together when a code is printed.
const GROUP: usize = 4;
/// What the checking symbols are the remainder by: a prime larger than a symbol, so that one wrong
/// symbol, or two neighbours in the wrong order, leave another remainder.
const PRIME: u128 = 1021;

/// A verification code (核验码): 128 bits that nobody can guess, and two symbols that check them.
///
/// It is written in groups, `7Q2K-…`; read, it may have small letters, blanks and hyphens
/// anywhere, full-width characters, and O, I or L for the digits that they resemble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VerificationCode(u128);

/// Why a text is no verification code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACode {
    /// Too short or too long.
    #[error("a verification code has {LENGTH} digits and letters, and there are {0}")]
    Length(usize),
    /// It holds a character that codes never have.
    #[error("a verification code has no {0:?}: it is of digits and letters without U")]
    Character(char),
    /// The checking symbols say that something was mistyped.
    #[error("a digit or letter is mistyped: the last two do not fit the others")]
    Check,
}

impl NotACode {
    /// The same in Chinese.
    pub fn zh(self) -> String {
        match self {
            Self::Length(count) => {
                format!("核验码共 {LENGTH} 个数字和字母，您输入了 {count} 个")
            }
            Self::Character(character) => {
                format!("核验码只有数字和字母（没有字母 U），不含“{character}”")
            }
            Self::Check => "核验码有误：可能输错了一个字符，请对照文书逐字核对".to_owned(),
        }
    }
}

impl VerificationCode {
    /// One that nothing has yet.
    pub(super) fn fresh(env: &Env) -> Self {
        Self(u128::from_be_bytes(env.secret()))
    }

    /// The code without groups, as it stands in addresses and is kept.
    pub fn plain(self) -> String {
        let value = (0..VALUE).rev().map(|place| self.0 >> (5 * place) & 31);
        let check = self.0 % PRIME;
        let symbols = value.chain([check >> 5, check & 31]);
        // Each is below 32.
        symbols.map(|symbol| char::from(SYMBOLS[usize::try_from(symbol).unwrap_or(0)])).collect()
    }
}

impl std::fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, symbol) in self.plain().chars().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                f.write_str("-")?;
            }
            write!(f, "{symbol}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for VerificationCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let typed = text.chars().map(half_width).filter(|c| !c.is_whitespace() && !is_dash(*c));
        let mut symbols = Vec::with_capacity(LENGTH);
        for character in typed {
            symbols.push(value(character).ok_or(NotACode::Character(character))?);
        }
        if symbols.len() != LENGTH {
            return Err(NotACode::Length(symbols.len()));
        }
        let read = |symbols: &[u8]| {
            symbols.iter().fold(0_u128, |read, symbol| read << 5 | u128::from(*symbol))
        };
        let (code, check) = symbols.split_at(VALUE);
        // The first symbol has three bits only.
        if code[0] > 7 || read(code) % PRIME != read(check) {
            return Err(NotACode::Check);
        }
        Ok(Self(read(code)))
    }
}

impl From<VerificationCode> for String {
    fn from(code: VerificationCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for VerificationCode {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

fn value(character: char) -> Option<u8> {
    let symbol = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = SYMBOLS.iter().position(|known| char::from(*known) == symbol)?;
    u8::try_from(place).ok()
}

/// What an input method for Chinese writes for the characters of a keyboard.
fn half_width(character: char) -> char {
    let ascii = u32::from(character).checked_sub(0xfee0).filter(|code| (0x21..0x7f).contains(code));
    ascii.and_then(char::from_u32).unwrap_or(character)
}

const fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(value: u128) -> String {
        VerificationCode(value).to_string()
    }

    #[test]
    fn a_code_is_printed_in_groups() {
        assert_eq!(code(0), "0000-0000-0000-0000-0000-0000-0000");
        assert_eq!(code(1), "0000-0000-0000-0000-0000-0000-0101");
        assert_eq!(code(u128::MAX).split('-').count(), 7);
        assert!(code(u128::MAX).starts_with("7ZZZ-ZZZZ"), "{}", code(u128::MAX));
    }

    #[test]
    fn people_write_codes_in_their_own_way() {
        let right = VerificationCode(1);
        for text in [
            "0000000000000000000000000101",
            "oooo-oooo-oooo-oooo-oooo-oooo-olol",
            " 0000 0000 0000 0000 0000 0000 0I0i ",
            "００００－0000—0000–0000-0000-0000-0101",
        ] {
            assert_eq!(text.parse(), Ok(right), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_says_why() {
        let wrong = |text: &str| text.parse::<VerificationCode>().unwrap_err();
        assert_eq!(wrong(""), NotACode::Length(0));
        assert_eq!(wrong("0000-0000"), NotACode::Length(8));
        assert_eq!(wrong(&"0".repeat(29)), NotACode::Length(29));
        assert_eq!(wrong(&"u".repeat(28)), NotACode::Character('u'));
        assert_eq!(wrong("中"), NotACode::Character('中'));
        assert_eq!(wrong("8000-0000-0000-0000-0000-0000-0000"), NotACode::Check);
        assert_eq!(wrong("0000-0000-0000-0000-0000-0000-0100"), NotACode::Check);
        for why in [NotACode::Length(3), NotACode::Character('u'), NotACode::Check] {
            assert!(why.to_string().is_ascii() && why.zh().contains("核验码"), "{why}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(value: u128) {
            prop_assert_eq!(code(value).parse(), Ok(VerificationCode(value)));
            prop_assert_eq!(code(value).to_lowercase().parse(), Ok(VerificationCode(value)));
        }

        #[test]
        fn one_slip_is_found(value: u128, place in 0..LENGTH, other in 0..32_usize) {
            let plain = VerificationCode(value).plain();
            let mut typed = plain.clone().into_bytes();
            typed[place] = SYMBOLS[other];
            let typed = String::from_utf8(typed).unwrap();
            prop_assume!(typed != plain);
            prop_assert_eq!(typed.parse::<VerificationCode>(), Err(NotACode::Check));
        }

        #[test]
        fn two_neighbours_in_the_wrong_order_are_found(value: u128, place in 0..VALUE - 1) {
            let plain = VerificationCode(value).plain();
            let mut typed = plain.clone().into_bytes();
            typed.swap(place, place + 1);
            let typed = String::from_utf8(typed).unwrap();
            prop_assume!(typed != plain);
            prop_assert_eq!(typed.parse::<VerificationCode>(), Err(NotACode::Check));
        }

        #[test]
        fn anything_may_be_typed(text: String) {
            let _ = text.parse::<VerificationCode>();
        }
    }
}
