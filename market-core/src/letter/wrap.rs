//! Where lines end: between characters of Chinese, between words of other scripts.

use std::ops::Range;

/// What no line begins with.
const CLOSING: &str = "、，。；：！？）》」』】〕〗〉”’…—·％‰℃℉,.;:!?)]}%";
/// What no line ends with.
const OPENING: &str = "（《「『【〔〖〈“‘([{¥￥＄$";
/// Lines may be longer than their limit by what is lost in rounding, in ems.
const ROUNDING: f32 = 0.001;

/// One character of a text that is to be printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// The character.
    pub(super) text: char,
    /// The selector that follows it in the text and chooses among its shapes.
    pub(super) selector: Option<char>,
    /// The font, by its place among the fonts.
    pub(super) face: usize,
    /// The shape in that font.
    pub(super) glyph: u32,
    /// How far it moves on, in ems.
    pub(super) advance: f32,
}

/// The lines of a text, without the blanks at which it was broken.
///
/// `first` is how long the first line may be, `rest` the others, in ems.
pub(super) fn wrap(cells: &[Cell], first: f32, rest: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut limit = first;
    while start < cells.len() {
        let end = start + line_end(&cells[start..], limit);
        let blanks = cells[start..end].iter().rev().take_while(|cell| cell.text == ' ').count();
        lines.push(start..end - blanks);
        start = end + cells[end..].iter().take_while(|cell| cell.text == ' ').count();
        limit = rest;
    }
    lines
}

/// How long a text is, in ems.
pub(super) fn width(cells: &[Cell]) -> f32 {
    cells.iter().map(|cell| cell.advance).sum()
}

/// How many characters go into a line: at least one.
fn line_end(cells: &[Cell], limit: f32) -> usize {
    let mut width = 0.0;
    let mut last = 0;
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 && may_break(cells[at - 1].text, cell.text) {
            last = at;
        }
        width += cell.advance;
        if width > limit + ROUNDING && cell.text != ' ' {
            return if last > 0 { last } else { at.max(1) };
        }
    }
    cells.len()
}

/// Whether a line may end between two characters.
fn may_break(before: char, after: char) -> bool {
    if after == ' ' || CLOSING.contains(after) || OPENING.contains(before) || combines(after) {
        return false;
    }
    before == ' ' || before == '/' || is_wide(before) || is_wide(after)
}

/// Marks that stand on the character before them.
const fn combines(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}')
}

/// Whether a character belongs to a script that is written without blanks between words.
const fn is_wide(c: char) -> bool {
    matches!(c, '\u{2014}' | '\u{2018}'..='\u{201d}' | '\u{2026}' | '\u{2e80}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, ems: f32) -> Vec<String> {
        let cell = |text: char| {
            let advance = if is_wide(text) { 1.0 } else { 0.5 };
            Cell { text, selector: None, face: 0, glyph: 0, advance }
        };
        let cells: Vec<Cell> = text.chars().map(cell).collect();
        let wrapped = wrap(&cells, ems, ems);
        wrapped.into_iter().map(|line| cells[line].iter().map(|cell| cell.text).collect()).collect()
    }

    #[test]
    fn chinese_breaks_between_characters() {
        assert_eq!(lines("中选通知书", 2.0), ["中选", "通知", "书"]);
        assert_eq!(lines("", 2.0), [""; 0]);
    }

    #[test]
    fn words_and_numbers_stay_whole() {
        assert_eq!(lines("按BIM 2026版", 3.0), ["按BIM", "2026版"]);
        assert_eq!(lines("共12000.00元", 3.5), ["共", "12000.0", "0元"]);
        assert_eq!(lines("one two three", 3.5), ["one two", "three"]);
    }

    #[test]
    fn marks_stay_with_what_they_belong_to() {
        assert_eq!(lines("测绘，勘察", 2.0), ["测", "绘，", "勘察"]);
        assert_eq!(lines("测（甲级）", 2.0), ["测", "（甲", "级）"]);
        assert_eq!(lines("共“甲”级", 3.0), ["共", "“甲”", "级"]);
    }

    #[test]
    fn what_fits_nowhere_is_cut() {
        assert_eq!(lines("abcdefgh", 2.0), ["abcd", "efgh"]);
        assert_eq!(lines("。。。。", 2.0), ["。。", "。。"]);
        assert_eq!(lines("字", 0.1), ["字"]);
    }

    #[test]
    fn an_address_breaks_after_a_slash() {
        assert_eq!(lines("http://a/bcd/ef", 6.5), ["http://a/bcd/", "ef"]);
    }
}
