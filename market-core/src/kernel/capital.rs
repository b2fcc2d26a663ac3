//! Amounts in capital Chinese numerals (中文大写金额), as letters and contracts state them.

use super::money::Money;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
/// What a digit counts, by its place among four.
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
/// What four digits count, from the lowest four.
const FOURS: [&str; 3] = ["", "万", "亿"];
/// Amounts have at most twelve digits of yuan.
const YUAN_DIGITS: u32 = 12;

impl Money {
    /// The amount in capital numerals: `壹万贰仟元整`.
    ///
    /// As the rules for payment documents (支付结算办法, annex 1) have it: zeros between digits are
    /// said once, none is said before 角, and what ends in yuan or 角 ends in 整.
    pub fn capital(self) -> String {
        let fen = self.fen().unsigned_abs();
        let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
        let mut text = String::new();
        if yuan > 0 {
            push_yuan(yuan, &mut text);
        }
        match (jiao, fen) {
            (0, 0) if yuan == 0 => text.push_str("零元整"),
            (0, 0) => text.push('整'),
            (0, fen) => {
                if yuan > 0 {
                    text.push('零');
                }
                push_digit(fen, "分", &mut text);
            }
            (jiao, 0) => push_digit(jiao, "角整", &mut text),
            (jiao, fen) => {
                push_digit(jiao, "角", &mut text);
                push_digit(fen, "分", &mut text);
            }
        }
        text
    }
}

fn push_yuan(yuan: u64, text: &mut String) {
    let mut zero = false;
    let mut of_four = false;
    for place in (0..YUAN_DIGITS).rev() {
        let digit = yuan / 10_u64.pow(place) % 10;
        let (four, within) = (place as usize / 4, place as usize % 4);
        if digit == 0 {
            zero = !text.is_empty();
        } else {
            if zero {
                text.push('零');
            }
            push_digit(digit, PLACES[within], text);
            zero = false;
            of_four = true;
        }
        if within == 0 && of_four {
            text.push_str(FOURS[four]);
            of_four = false;
        }
    }
    text.push('元');
}

fn push_digit(digit: u64, counts: &str, text: &mut String) {
    text.extend(usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit)));
    text.push_str(counts);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn capital(yuan: &str) -> String {
        yuan.parse::<Money>().unwrap().capital()
    }

    #[test]
    fn whole_yuan_end_in_whole() {
        for (yuan, capitals) in [
            ("0", "零元整"),
            ("1", "壹元整"),
            ("10", "壹拾元整"),
            ("20.00", "贰拾元整"),
            ("12000", "壹万贰仟元整"),
            ("100000", "壹拾万元整"),
            ("1000000", "壹佰万元整"),
            ("50000000", "伍仟万元整"),
            ("100000000", "壹亿元整"),
            ("1000000000", "壹拾亿元整"),
            ("100000000000", "壹仟亿元整"),
        ] {
            assert_eq!(capital(yuan), capitals, "{yuan}");
        }
    }

    #[test]
    fn zeros_between_digits_are_said_once() {
        for (yuan, capitals) in [
            ("101", "壹佰零壹元整"),
            ("1001", "壹仟零壹元整"),
            ("1010", "壹仟零壹拾元整"),
            ("10001", "壹万零壹元整"),
            ("10010", "壹万零壹拾元整"),
            ("100100", "壹拾万零壹佰元整"),
            ("107000", "壹拾万零柒仟元整"),
            ("10001000", "壹仟万零壹仟元整"),
            ("10100000", "壹仟零壹拾万元整"),
            ("100000001", "壹亿零壹元整"),
            ("100010000", "壹亿零壹万元整"),
            ("101000000", "壹亿零壹佰万元整"),
            ("200300040", "贰亿零叁拾万零肆拾元整"),
            ("100100000001", "壹仟零壹亿零壹元整"),
        ] {
            assert_eq!(capital(yuan), capitals, "{yuan}");
        }
    }

    #[test]
    fn jiao_and_fen_follow() {
        for (yuan, capitals) in [
            ("0.01", "壹分"),
            ("0.10", "壹角整"),
            ("0.99", "玖角玖分"),
            ("1.05", "壹元零伍分"),
            ("10.50", "壹拾元伍角整"),
            ("10.05", "壹拾元零伍分"),
            ("1409.50", "壹仟肆佰零玖元伍角整"),
            ("6007.14", "陆仟零柒元壹角肆分"),
            ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
            ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
            ("325.04", "叁佰贰拾伍元零肆分"),
            ("999999999999.99", "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ] {
            assert_eq!(capital(yuan), capitals, "{yuan}");
        }
    }

    /// Reads capitals as a clerk does, without knowing how they were written.
    fn read(capitals: &str) -> i64 {
        let (mut fen, mut whole, mut four, mut digit) = (0, 0, 0, 0);
        for c in capitals.chars() {
            match c {
                '拾' => four += std::mem::take(&mut digit) * 10,
                '佰' => four += std::mem::take(&mut digit) * 100,
                '仟' => four += std::mem::take(&mut digit) * 1000,
                '万' => whole += (std::mem::take(&mut four) + std::mem::take(&mut digit)) * 10_000,
                '亿' => {
                    whole += (std::mem::take(&mut four) + std::mem::take(&mut digit)) * 100_000_000;
                }
                '元' => {
                    fen += (whole + std::mem::take(&mut four) + std::mem::take(&mut digit)) * 100;
                }
                '角' => fen += std::mem::take(&mut digit) * 10,
                '分' => fen += std::mem::take(&mut digit),
                '整' => {}
                other => {
                    let known = DIGITS.iter().position(|known| *known == other).unwrap();
                    digit = i64::try_from(known).unwrap();
                }
            }
        }
        fen
    }

    proptest! {
        #[test]
        fn capitals_read_back_as_the_amount(fen in 0..99_999_999_999_999_i64, zeros in 0..13_u32) {
            let fen = fen / 10_i64.pow(zeros) * 10_i64.pow(zeros);
            let capitals = Money::from_fen(fen).unwrap().capital();
            prop_assert_eq!(read(&capitals), fen, "{}", &capitals);
            prop_assert!(!capitals.contains("零零") && !capitals.contains("零万"), "{}", capitals);
        }
    }
}
