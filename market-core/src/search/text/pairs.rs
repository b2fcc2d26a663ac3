//! How text becomes words: Chinese characters in pairs, letters and digits whole.
//!
//! Pairs need no dictionary, find any part of a name, and one wrong character spoils only two of
//! them. Every run of Chinese characters also gives its last character alone, so that a search
//! for one character, which looks for pairs that begin with it, finds it at the end of a run too.

use std::ops::Range;

use tantivy::tokenizer::Tokenizer;

use super::{
    normal::Normal,
    stream::{Source, Stream},
};

/// The name by which the schema knows [`Pairs`].
pub(in crate::search) const PAIRS: &str = "pairs";

/// Whether a character is Chinese.
pub(in crate::search) fn is_chinese(c: char) -> bool {
    matches!(
        c,
        '\u{3007}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3134f}'
    )
}

/// Something to find a text by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::search) enum Word {
    /// Two Chinese characters side by side, or a run of letters and digits.
    Whole(String),
    /// The last Chinese character of a run of several.
    Last(char),
    /// A Chinese character with no other beside it.
    Lone(char),
}

/// The words of a text with their places, counted in characters of the one spelling.
pub(in crate::search) fn words(text: &str) -> Vec<(usize, Word)> {
    let chars = Normal::of(text).chars;
    let mut words = Vec::new();
    let mut next = 0;
    while let Some(place) = next_word(&chars, &mut next) {
        let word = match chars[place.clone()] {
            [c] if is_chinese(c) && place.start > 0 && is_chinese(chars[place.start - 1]) => {
                Word::Last(c)
            }
            [c] if is_chinese(c) => Word::Lone(c),
            ref several => Word::Whole(several.iter().collect()),
        };
        words.push((place.start, word));
    }
    words
}

/// Where the next word stands, from a place on that moves along.
fn next_word(chars: &[char], next: &mut usize) -> Option<Range<usize>> {
    *next += chars[*next..].iter().position(|c| sort(*c) != Sort::Other)?;
    let from = *next;
    let is = |at: usize, what| chars.get(at).is_some_and(|c| sort(*c) == what);
    if is(from, Sort::Chinese) {
        *next += 1;
        return Some(from..from + 1 + usize::from(is(from + 1, Sort::Chinese)));
    }
    while is(*next, Sort::Letter) {
        *next += 1;
    }
    Some(from..*next)
}

/// What the characters of a run have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// They are Chinese.
    Chinese,
    /// They are letters or digits.
    Letter,
    /// They are neither.
    Other,
}

/// What a character is.
pub(super) fn sort(c: char) -> Sort {
    match c {
        'a'..='z' | '0'..='9' => Sort::Letter,
        c if is_chinese(c) => Sort::Chinese,
        c if c.is_alphanumeric() => Sort::Letter,
        _ => Sort::Other,
    }
}

/// The runs of Chinese characters and of letters and digits, each with its place.
pub(super) fn runs(chars: &[char]) -> impl Iterator<Item = (usize, Sort, &[char])> {
    let mut next = 0;
    chars.chunk_by(|a, b| sort(*a) == sort(*b)).filter_map(move |run| {
        let at = next;
        next += run.len();
        let sort = sort(run[0]);
        (sort != Sort::Other).then_some((at, sort, run))
    })
}

/// The words of a text, for the index.
#[derive(Debug, Clone)]
pub(in crate::search) struct Pairs;

impl Tokenizer for Pairs {
    type TokenStream<'a> = Stream<PairWords>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        Stream::of(PairWords { chars: Normal::of(text).chars, next: 0 })
    }
}

/// The words of a text.
#[derive(Debug)]
pub(in crate::search) struct PairWords {
    chars: Vec<char>,
    next: usize,
}

impl Source for PairWords {
    fn next(&mut self, word: &mut String) -> Option<usize> {
        let place = next_word(&self.chars, &mut self.next)?;
        word.extend(&self.chars[place.clone()]);
        Some(place.start)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::stream::texts, *};

    #[test]
    fn chinese_goes_in_pairs_and_the_rest_in_words() {
        for (text, expected) in [
            ("", &[][..]),
            ("环评", &["0环评", "1评"]),
            ("环境影响", &["0环境", "1境影", "2影响", "3响"]),
            ("环", &["0环"]),
            ("环 评", &["0环", "2评"]),
            ("GIS测绘", &["0gis", "3测绘", "4绘"]),
            ("3D 打印-B2", &["03d", "3打印", "4印", "6b2"]),
            ("ＧＩＳ（环评）", &["0gis", "4环评", "5评"]),
            ("，。！\u{3000}", &[]),
            ("㎡ Ⅱ级", &["0m2", "3ii", "5级"]),
            ("〇二〇号", &["0〇二", "1二〇", "2〇号", "3号"]),
            ("𠮷祥", &["0𠮷祥", "1祥"]),
            ("環評", &["0环评", "1评"]),
        ] {
            assert_eq!(texts(Pairs, text), expected, "{text}");
        }
    }

    #[test]
    fn a_lone_character_is_told_from_the_last_of_several() {
        let found: Vec<_> = words("环 测绘").into_iter().map(|(_, word)| word).collect();
        assert_eq!(found, [Word::Lone('环'), Word::Whole("测绘".into()), Word::Last('绘')]);
    }

    /// What people missed elsewhere: parts of words that a dictionary does not cut there.
    #[test]
    fn any_part_of_a_name_is_found() {
        for (name, part) in [
            ("待处理", "处理"),
            ("在建工程", "工程"),
            ("安装简单", "简单"),
            ("招商银行招商局集团有限公司", "招商"),
            ("浙江大学建筑设计研究院", "大学"),
            ("山西省长治市", "长治"),
        ] {
            let name = words(name);
            let wanted = words(part).into_iter().filter(|(_, word)| matches!(word, Word::Whole(_)));
            for (_, word) in wanted {
                assert!(name.iter().any(|(_, have)| *have == word), "{part}");
            }
        }
        // The same sound is not the same word.
        assert_ne!(words("景点"), words("经典"));
    }

    proptest! {
        #[test]
        fn full_width_is_half_width(text in "[a-zA-Z0-9 （）(),环境测绘]{0,20}") {
            let wide: String = text
                .chars()
                .map(|c| match c {
                    ' ' => '\u{3000}',
                    '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
                    other => other,
                })
                .collect();
            prop_assert_eq!(words(&text), words(&wide));
        }

        #[test]
        fn any_text_is_cut(text in any::<String>()) {
            let places: Vec<_> = words(&text).into_iter().map(|(at, _)| at).collect();
            prop_assert!(places.is_sorted());
            let of_words: Vec<_> = words(&text)
                .into_iter()
                .map(|(at, word)| match word {
                    Word::Whole(text) => format!("{at}{text}"),
                    Word::Last(c) | Word::Lone(c) => format!("{at}{c}"),
                })
                .collect();
            prop_assert_eq!(texts(Pairs, &text), of_words);
        }
    }
}
