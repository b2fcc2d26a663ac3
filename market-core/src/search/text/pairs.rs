//! How text becomes words: Chinese characters in pairs, letters and digits whole.
//!
//! Pairs need no dictionary, find any part of a name, and one wrong character spoils only two of
//! them. Every run of Chinese characters also gives its last character alone, so that a search
//! for one character, which looks for pairs that begin with it, finds it at the end of a run too.

use tantivy::tokenizer::{BoxTokenStream, Token, TokenStream, Tokenizer};
use unicode_normalization::UnicodeNormalization;

/// The name by which the schema knows [`Pairs`].
pub(in crate::search) const PAIRS: &str = "pairs";

/// One spelling for all: full width becomes half width, capitals become small.
pub(in crate::search) fn normalize(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

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

impl Word {
    fn into_text(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Last(c) | Self::Lone(c) => c.to_string(),
        }
    }
}

/// The words of a text with their places, counted in characters.
pub(in crate::search) fn words(text: &str) -> Vec<(usize, Word)> {
    let text: Vec<char> = normalize(text).chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    for run in text.chunk_by(|a, b| sort(*a) == sort(*b)) {
        match sort(run[0]) {
            Sort::Chinese => push_pairs(at, run, &mut words),
            Sort::Letter => words.push((at, Word::Whole(run.iter().collect()))),
            Sort::Other => {}
        }
        at += run.len();
    }
    words
}

fn push_pairs(at: usize, run: &[char], words: &mut Vec<(usize, Word)>) {
    let pairs = run.windows(2).enumerate();
    words.extend(pairs.map(|(i, pair)| (at + i, Word::Whole(pair.iter().collect()))));
    match run {
        [only] => words.push((at, Word::Lone(*only))),
        [.., last] => words.push((at + run.len() - 1, Word::Last(*last))),
        [] => {}
    }
}

#[derive(PartialEq, Eq)]
enum Sort {
    Chinese,
    Letter,
    Other,
}

fn sort(c: char) -> Sort {
    match c {
        c if is_chinese(c) => Sort::Chinese,
        c if c.is_alphanumeric() => Sort::Letter,
        _ => Sort::Other,
    }
}

/// The words of a text, for the index.
#[derive(Debug, Clone)]
pub(in crate::search) struct Pairs;

impl Tokenizer for Pairs {
    type TokenStream<'a> = BoxTokenStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        BoxTokenStream::new(Stream { words: words(text).into_iter(), token: Token::default() })
    }
}

struct Stream {
    words: std::vec::IntoIter<(usize, Word)>,
    token: Token,
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some((position, word)) = self.words.next() else { return false };
        self.token.position = position;
        self.token.text = word.into_text();
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(at, word)| format!("{at}{}", word.into_text())).collect()
    }

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
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn a_lone_character_is_told_from_the_last_of_several() {
        let found: Vec<_> = words("环 测绘").into_iter().map(|(_, word)| word).collect();
        assert_eq!(found, [Word::Lone('环'), Word::Whole("测绘".into()), Word::Last('绘')]);
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
        }
    }
}
