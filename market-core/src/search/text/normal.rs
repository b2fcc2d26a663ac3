//! One spelling for all: full width becomes half width, capitals small, traditional simplified.

use std::sync::LazyLock;

use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
    is_nfkc_quick,
};

/// Traditional characters and what is written for them; its head tells where it comes from.
const TRADITIONAL: &str = include_str!("traditional.txt");

/// Where the table of characters begins and ends.
const FIRST: u32 = 0x3400;
const END: u32 = 0xa000;

/// A text in the one spelling.
pub(in crate::search) fn normalize(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    each(text, |_, c| normal.push(c));
    normal
}

/// A text in the one spelling, which remembers where its characters come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::search) struct Normal {
    /// The characters, as [`normalize`] gives them.
    pub(in crate::search) chars: Vec<char>,
    /// For each of them the character of the text, counted in characters, that it comes from.
    pub(in crate::search) origin: Vec<usize>,
}

impl Normal {
    /// The spelling of a text.
    pub(in crate::search) fn of(text: &str) -> Self {
        // Three bytes for most characters.
        let about = text.len() / 3 + 1;
        let mut normal =
            Self { chars: Vec::with_capacity(about), origin: Vec::with_capacity(about) };
        each(text, |at, c| {
            normal.chars.push(c);
            normal.origin.push(at);
        });
        normal
    }
}

/// Gives each character of the one spelling, and the place that it comes from.
///
/// Most characters stand for themselves. The others are spelt together with the marks that
/// follow them, such as an accent of its own.
fn each(text: &str, mut give: impl FnMut(usize, char)) {
    let simplified = &*SIMPLIFIED;
    let mut cluster = String::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let joined = chars.peek().is_some_and(|(_, next)| joins(*next));
        if let Some(spelt) = plain(c)
            && !joined
        {
            give(at, simplified.of(spelt));
            continue;
        }
        cluster.clear();
        cluster.push(c);
        while let Some((_, mark)) = chars.next_if(|(_, next)| joins(*next)) {
            cluster.push(mark);
        }
        for spelt in cluster.nfkc().flat_map(char::to_lowercase) {
            give(at, simplified.of(spelt));
        }
    }
}

/// The spelling of a character that has one of its own, but for its being traditional.
fn plain(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}' => Some(c.to_ascii_lowercase()),
        '\u{3001}'..='\u{3029}' | '\u{3400}'..='\u{9fff}' => Some(c),
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map(|c| c.to_ascii_lowercase())
        }
        _ => None,
    }
}

/// Whether a character may join with the one before it.
fn joins(c: char) -> bool {
    if plain(c).is_some() {
        return false;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    first.is_some_and(|part| {
        canonical_combining_class(part) != 0
            || is_nfkc_quick(std::iter::once(part)) == IsNormalized::Maybe
    })
}

/// What is written for each traditional character.
struct Simplified {
    /// From [`FIRST`] on; zero where a character stands for itself.
    table: Vec<u32>,
}

static SIMPLIFIED: LazyLock<Simplified> = LazyLock::new(|| {
    let mut table = vec![0; (END - FIRST) as usize];
    for line in TRADITIONAL.lines().filter(|line| !line.starts_with('#')) {
        let mut chars = line.chars();
        if let (Some(from), Some(to)) = (chars.next(), chars.next())
            && let Some(place) = table.get_mut(u32::from(from).wrapping_sub(FIRST) as usize)
        {
            *place = u32::from(to);
        }
    }
    Simplified { table }
});

impl Simplified {
    fn of(&self, c: char) -> char {
        match self.table.get(u32::from(c).wrapping_sub(FIRST) as usize) {
            None | Some(0) => c,
            Some(simple) => char::from_u32(*simple).unwrap_or(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_thing_is_spelt_one_way() {
        for (text, expected) in [
            ("", ""),
            ("環境影響評價", "环境影响评价"),
            ("臺灣檯燈颱風", "台湾台灯台风"),
            ("後里裏發鍾於", "后里里发钟于"),
            ("ＧＩＳ（環評）", "gis(环评)"),
            ("\u{3000}，。、", " ,。、"),
            ("㎡ Ⅱ级 ①", "m2 ii级 1"),
            ("Cafe\u{301} CAFÉ", "café café"),
            ("ｶﾞ", "ガ"),
            ("\u{f900}", "岂"),
            // 乾 is also simplified, and in many names: 乾元, 乾坤.
            ("乾坤 著名 瞭望 藉口", "乾坤 著名 瞭望 藉口"),
            ("𠮷祥", "𠮷祥"),
        ] {
            assert_eq!(normalize(text), expected, "{text}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_used_and_final() {
        let lines: Vec<_> = TRADITIONAL.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 3500);
        for line in lines {
            let [from, to] = line.chars().collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert_eq!(normalize(&from.to_string()), to.to_string());
            assert_eq!(normalize(&to.to_string()), to.to_string(), "{line} goes on");
        }
    }

    #[test]
    fn each_character_knows_its_origin() {
        let normal = Normal::of("㎡e\u{301}環");
        assert_eq!(normal.chars, ['m', '2', 'é', '环']);
        assert_eq!(normal.origin, [0, 0, 1, 3]);
    }

    /// Texts of characters that meet in unusual ways.
    fn texts() -> impl Strategy<Value = String> {
        let odd = "[a-cA-CＡ１環境环评乾\u{300}\u{301}\u{327}\u{3099}\u{ff9e}\u{ac00}\u{1100}\
                   \u{1161}\u{11a8}かｶ㎡ⅡİΣßﬁ\u{f900}\u{2f800} ，（]{0,12}";
        prop_oneof![any::<String>(), odd]
    }

    proptest! {
        #[test]
        fn both_spellings_are_the_same(text in texts()) {
            let normal = Normal::of(&text);
            prop_assert_eq!(normalize(&text), normal.chars.iter().collect::<String>());
            prop_assert_eq!(normal.chars.len(), normal.origin.len());
            prop_assert!(normal.origin.is_sorted());
            prop_assert!(normal.origin.iter().all(|at| *at < text.chars().count()));
        }

        #[test]
        fn all_but_the_traditional_is_as_unicode_has_it(text in texts()) {
            let expected: String = text.nfkc().flat_map(char::to_lowercase)
                .map(|c| SIMPLIFIED.of(c)).collect();
            prop_assert_eq!(normalize(&text), expected);
        }
    }
}
