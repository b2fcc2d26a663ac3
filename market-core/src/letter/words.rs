//! How documents write days, times and amounts.

use crate::{Day, Money, Timestamp};

/// `2026年11月24日`.
pub(super) fn day(day: Day) -> String {
    let date = day.date();
    format!("{}年{}月{}日", date.year(), u8::from(date.month()), date.day())
}

/// `2026年11月24日至2026年11月30日`.
pub(super) fn days(from: Day, to: Day) -> String {
    format!("{}至{}", day(from), day(to))
}

/// `2026年11月24日17时30分`, in China.
pub(super) fn instant(at: Timestamp) -> String {
    let (hour, minute) = at.clock();
    format!("{}{hour}时{minute:02}分", day(at.day()))
}

/// `人民币壹万贰仟元整（¥12,000.00）`.
pub(super) fn money(amount: Money) -> String {
    format!("人民币{}（¥{}）", amount.capital(), grouped(amount))
}

/// `12,000.00`.
fn grouped(amount: Money) -> String {
    let yuan = (amount.fen() / 100).to_string();
    let mut text = String::new();
    for (at, digit) in yuan.chars().enumerate() {
        if at > 0 && (yuan.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{:02}", amount.fen() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_twice() {
        let written = |yuan: &str| money(yuan.parse().unwrap());
        assert_eq!(written("12000"), "人民币壹万贰仟元整（¥12,000.00）");
        assert_eq!(written("0.05"), "人民币伍分（¥0.05）");
        assert_eq!(written("999"), "人民币玖佰玖拾玖元整（¥999.00）");
        assert_eq!(grouped("123456789.1".parse().unwrap()), "123,456,789.10");
        assert_eq!(grouped("1234.5".parse().unwrap()), "1,234.50");
    }

    #[test]
    fn times_are_those_of_china() {
        let at: Timestamp = "2026-11-24T16:05:59Z".parse().unwrap();
        assert_eq!(instant(at), "2026年11月25日0时05分");
    }
}
