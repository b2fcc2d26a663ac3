//! What the index knows of a text besides its words: how it sounds, and parts of codes.

use tantivy::tokenizer::Tokenizer;

use super::{
    normal::Normal,
    pairs::{Sort, runs},
    pinyin::{MOST_INITIALS, initial_at, reading_at, syllables},
    stream::{Source, Stream},
};

/// The name by which the schema knows [`Syllables`].
pub(in crate::search) const SYLLABLES: &str = "syllables";
/// The name by which the schema knows [`Initials`].
pub(in crate::search) const INITIALS: &str = "initials";
/// The name by which the schema knows [`Runs`].
pub(in crate::search) const RUNS: &str = "runs";

/// So many ways to read a pair of characters are kept, the most common first.
const MOST_READINGS: usize = 4;
/// The shortest and the longest part of a run that is kept.
const SHORTEST: usize = 2;
const LONGEST: usize = 24;

/// Two neighbouring Chinese characters as they sound, in every way: `huan'jing`.
#[derive(Debug, Clone)]
pub(in crate::search) struct Syllables;

impl Tokenizer for Syllables {
    type TokenStream<'a> = Stream<SyllablePairs>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        Stream::of(SyllablePairs { chars: Normal::of(text).chars, at: 0, given: 0 })
    }
}

/// The pairs of syllables of a text.
#[derive(Debug)]
pub(in crate::search) struct SyllablePairs {
    chars: Vec<char>,
    at: usize,
    /// So many ways to read the pair at this place were given.
    given: usize,
}

impl Source for SyllablePairs {
    fn next(&mut self, word: &mut String) -> Option<usize> {
        loop {
            if self.at + 1 >= self.chars.len() {
                return None;
            }
            if let Some([first, second]) = way(&self.chars, self.at, self.given) {
                self.given += 1;
                word.extend([first, "'", second]);
                return Some(self.at);
            }
            self.at += 1;
            self.given = 0;
        }
    }
}

/// One of the ways to read two characters: as they are read here, then by how common they are.
fn way(chars: &[char], at: usize, number: usize) -> Option<[&'static str; 2]> {
    let here = [reading_at(chars, at)?, reading_at(chars, at + 1)?];
    if number == 0 {
        return Some(here);
    }
    let (first, second) = (syllables(chars[at]), syllables(chars[at + 1]));
    let ranks = 0..first.len() + second.len();
    let ways = ranks.flat_map(|rank| (0..=rank).map(move |of_first| (of_first, rank - of_first)));
    let known = ways.filter_map(|(a, b)| Some([*first.get(a)?, *second.get(b)?]));
    known.filter(|way| *way != here).take(MOST_READINGS - 1).nth(number - 1)
}

/// From every Chinese character on, the initials of what follows: `hjyx`, `jyx`, `yx`.
#[derive(Debug, Clone)]
pub(in crate::search) struct Initials;

impl Tokenizer for Initials {
    type TokenStream<'a> = Stream<InitialRuns>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        let chars = Normal::of(text).chars;
        let initials = |at| Some((at, initial_at(&chars, at)?));
        Stream::of(InitialRuns { initials: (0..chars.len()).filter_map(initials).collect(), at: 0 })
    }
}

/// The initials of a text, each with its place.
#[derive(Debug)]
pub(in crate::search) struct InitialRuns {
    initials: Vec<(usize, char)>,
    at: usize,
}

impl Source for InitialRuns {
    fn next(&mut self, word: &mut String) -> Option<usize> {
        let rest = self.initials.get(self.at..)?;
        let [(place, _), _, ..] = rest else { return None };
        self.at += 1;
        word.extend(rest.iter().take(MOST_INITIALS).map(|(_, initial)| initial));
        Some(*place)
    }
}

/// Every run of letters and digits from each of its characters on, so that what begins with a
/// part of a code or of a Latin name finds it.
#[derive(Debug, Clone)]
pub(in crate::search) struct Runs;

impl Tokenizer for Runs {
    type TokenStream<'a> = Stream<RunEnds>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        let chars = Normal::of(text).chars;
        let letters = runs(&chars).filter(|(_, sort, _)| *sort == Sort::Letter);
        let spans = letters.map(|(at, _, run)| (at, at + run.len())).collect();
        Stream::of(RunEnds { chars, spans, span: 0, within: 0 })
    }
}

/// The ends of the runs of a text.
#[derive(Debug)]
pub(in crate::search) struct RunEnds {
    chars: Vec<char>,
    spans: Vec<(usize, usize)>,
    span: usize,
    within: usize,
}

impl Source for RunEnds {
    fn next(&mut self, word: &mut String) -> Option<usize> {
        loop {
            let (from, to) = *self.spans.get(self.span)?;
            let at = from + self.within;
            if at + SHORTEST <= to {
                self.within += 1;
                word.extend(&self.chars[at..to.min(at + LONGEST)]);
                return Some(at);
            }
            self.span += 1;
            self.within = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::stream::texts, *};

    #[test]
    fn pairs_are_indexed_as_they_sound() {
        for (text, expected) in [
            ("环境", &["0huan'jing"][..]),
            ("環評gis测绘", &["0huan'ping", "5ce'hui"]),
            ("环", &[]),
            ("环 境", &[]),
            ("测长", &["0ce'chang", "0ce'zhang"]),
            ("番禺", &["0pan'yu", "0fan'yu", "0bo'yu", "0po'yu"]),
            ("绿测", &["0lv'ce", "0lu'ce"]),
        ] {
            assert_eq!(texts(Syllables, text), expected, "{text}");
        }
        assert!(texts(Syllables, "重庆").contains(&"0chong'qing".into()));
        assert_eq!(texts(Syllables, "行行").len(), MOST_READINGS);
    }

    #[test]
    fn initials_are_indexed_from_every_character_on() {
        for (text, expected) in [
            ("环境影响", &["0hjyx", "1jyx", "2yx"][..]),
            ("环境（影响）3D评价", &["0hjyxpj", "1jyxpj", "3yxpj", "4xpj", "8pj"]),
            ("环", &[]),
            ("重庆长治", &["0cqcz", "1qcz", "2cz"]),
        ] {
            assert_eq!(texts(Initials, text), expected, "{text}");
        }
        assert_eq!(texts(Initials, &"环".repeat(20))[0].len(), 1 + MOST_INITIALS);
    }

    #[test]
    fn any_part_of_a_code_begins_something() {
        for (text, expected) in [
            ("WebGIS", &["0webgis", "1ebgis", "2bgis", "3gis", "4is"][..]),
            ("B2 测绘-A", &["0b2"]),
            ("环评", &[]),
        ] {
            assert_eq!(texts(Runs, text), expected, "{text}");
        }
        assert_eq!(texts(Runs, &"9".repeat(40))[0].len(), 1 + LONGEST);
    }

    proptest! {
        #[test]
        fn any_text_is_indexed(text in prop_oneof![any::<String>(), "[a-c1 行长环，]{0,12}"]) {
            let length = Normal::of(&text).chars.len();
            for word in texts(Syllables, &text).iter().chain(&texts(Initials, &text)) {
                prop_assert!(word.len() > 2);
            }
            prop_assert!(texts(Syllables, &text).len() <= length * MOST_READINGS);
            prop_assert!(texts(Runs, &text).len() <= length);
        }

        /// Whatever part of a code is typed is the beginning of something indexed.
        #[test]
        fn parts_are_found(code in "[0-9A-Z]{2,30}", from in 0..29_usize, length in 2..24_usize) {
            let from = from % (code.len() - 1);
            let part: String = code.to_lowercase().chars().skip(from).take(length).collect();
            let found = texts(Runs, &code).iter().any(|word| {
                word.strip_prefix(&from.to_string()).is_some_and(|word| word.starts_with(&part))
            });
            prop_assert!(found, "{part}");
        }
    }

    #[test]
    fn only_chinese_has_a_sound() {
        assert!(('a'..='z').all(|c| syllables(c).is_empty()));
        assert!(super::super::is_chinese('环') && !syllables('环').is_empty());
    }
}
