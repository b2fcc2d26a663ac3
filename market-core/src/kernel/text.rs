//! What any text that people write must keep to.

use super::error::{Error, Fault};

/// Characters that turn the direction of writing, so that a text reads as another one.
const TURNS: [char; 9] = [
    '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}',
    '\u{2069}',
];

/// Finds fault with a text that is too short without the blanks around it, too long, or holds
/// characters that cannot be seen: control characters and turns of direction.
pub(crate) fn check_text(
    pointer: &str,
    text: &str,
    min: usize,
    max: usize,
    faults: &mut Vec<Fault>,
) {
    if text.trim().chars().count() < min || text.chars().count() > max {
        let message = format!("must have {min} to {max} characters");
        faults.push(Fault::new(pointer, "length", message));
    }
    if text.chars().any(|c| c.is_control() || TURNS.contains(&c)) {
        faults.push(Fault::new(pointer, "characters", "must hold no control characters"));
    }
}

/// The same for a text that may have several lines.
pub(crate) fn check_lines(
    pointer: &str,
    text: &str,
    min: usize,
    max: usize,
    faults: &mut Vec<Fault>,
) {
    check_text(pointer, &text.replace("\r\n", " ").replace(['\n', '\t'], " "), min, max, faults);
}

/// A text as a cell that a spreadsheet shows as it is, and does not take for a formula: with an
/// apostrophe before it where it might, which is taken off again when a sheet is read.
pub fn plain_cell(text: &str) -> String {
    if may_reckon(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell, of which [`plain_cell`] or a person who knows spreadsheets has made sure that
/// it is taken for none but a text.
pub(crate) fn cell_text(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| may_reckon(text)).unwrap_or(cell)
}

/// Whether a text, without apostrophes before it, begins as formulas do and is no number.
fn may_reckon(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match text.strip_prefix(['+', '-']) {
        Some(rest) => !number(rest),
        None => text.starts_with(['=', '@']),
    }
}

/// Refuses a reason that is not one: it has 1 to 500 characters.
pub(crate) fn check_reason(reason: &str) -> Result<(), Error> {
    let mut faults = Vec::new();
    check_text("/reason", reason, 1, 500, &mut faults);
    Error::unless_faultless(faults)
}

/// Reasons, as the API describes them: 1 to 20, each as [`check_reason`] has it.
#[cfg(feature = "openapi")]
pub(crate) fn reasons() -> utoipa::openapi::Array {
    let reason = utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .min_length(Some(1))
        .max_length(Some(500));
    let reasons = utoipa::openapi::ArrayBuilder::new().items(reason);
    reasons.min_items(Some(1)).max_items(Some(20)).build()
}

/// Whether a text holds what may be a telephone or identity number: seven digits in a row, or
/// eleven with no more than single blanks and hyphens between them.
pub(crate) fn holds_numbers_of_people(text: &str) -> bool {
    let (mut in_a_row, mut in_all, mut gap) = (0, 0, 0);
    for c in text.chars() {
        if c.is_numeric() {
            (in_a_row, in_all) = (in_a_row + 1, in_all + 1);
            gap = 0;
        } else if matches!(c, ' ' | '-' | '\u{a0}' | '\u{3000}' | '－') && gap == 0 {
            (in_a_row, gap) = (0, 1);
        } else {
            (in_a_row, in_all, gap) = (0, 0, 0);
        }
        if in_a_row >= 7 || in_all >= 11 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        check_text("/name", text, 2, 4, &mut faults);
        faults.into_iter().map(|fault| fault.code.into_owned()).collect()
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(codes("测绘中心"), [""; 0]);
        assert_eq!(codes("测绘中心院"), ["length"]);
    }

    #[test]
    fn blanks_alone_are_no_text() {
        assert_eq!(codes("   "), ["length"]);
        assert_eq!(codes(" a "), ["length"]);
    }

    #[test]
    fn lines_may_be_several() {
        let mut faults = Vec::new();
        check_lines("/content", "a\n\tb\r\nc", 1, 10, &mut faults);
        assert_eq!(faults, []);
        check_lines("/content", "a\u{0}", 1, 10, &mut faults);
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+a", "-1+1", "@SUM(A1)", "'=1", "''@"] {
            let cell = plain_cell(text);
            assert_eq!(cell, format!("'{text}"));
            assert_eq!(cell_text(&cell), text);
        }
        for text in ["消防=检测", "-", "-1", "+86.5", "'", "'tis", "", "''"] {
            assert_eq!(plain_cell(text), text);
            assert_eq!(cell_text(text), text);
        }
    }

    #[test]
    fn numbers_of_people_are_told_from_days_and_amounts() {
        for number in [
            "电话13800000000",
            "138 0000 0000",
            "138-0000-0000",
            "0574-0000000",
            "33028219900101123X",
            "１３８００００００００",
        ] {
            assert!(holds_numbers_of_people(number), "{number}");
        }
        for text in ["2026-11-24 交付", "共 120000 元", "第 3 版，2026 年 11 月 24 日", "1 2 3", ""]
        {
            assert!(!holds_numbers_of_people(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for text in ["a\u{0}b", "a\nb", "a\u{202e}b", "a\u{7f}b"] {
            assert_eq!(codes(text), ["characters"], "{text:?}");
        }
        assert_eq!(codes("\u{0}"), ["length", "characters"]);
    }
}
