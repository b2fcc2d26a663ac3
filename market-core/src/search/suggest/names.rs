//! Where in a name one may begin to type it.
//!
//! At its beginning, after the places that it begins with, and wherever something of the
//! catalogue is named in it: 宁波北仑溯润环境检测中心 is found by 北仑, 溯润 and 环境检测 too.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use crate::search::text::{Normal, Part, reading_at};

/// What begins later in a name is not typed.
const LATEST: usize = 24;
/// One may begin at so many places of a name.
const MOST_STARTS: usize = 6;

/// A name as it is typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelt {
    /// Its letters, digits and Chinese characters.
    pub(super) chars: Vec<char>,
    /// A letter for each Chinese character; the others as they are.
    pub(super) initials: Vec<char>,
    /// How many letters of `letters` come before each character.
    pub(super) letters_before: Vec<usize>,
    /// All in full pinyin.
    pub(super) letters: String,
}

impl Spelt {
    pub(super) fn of(name: &str) -> Self {
        let chars = counted(name);
        let (mut initials, mut letters_before) = (Vec::new(), Vec::new());
        let mut letters = String::new();
        for (at, c) in chars.iter().enumerate() {
            letters_before.push(letters.len());
            let reading = reading_at(&chars, at);
            initials.push(reading.and_then(|reading| reading.chars().next()).unwrap_or(*c));
            match reading {
                Some(reading) => letters.push_str(reading),
                None => letters.push(*c),
            }
        }
        Self { chars, initials, letters_before, letters }
    }
}

/// What counts of a name.
pub(super) fn counted(name: &str) -> Vec<char> {
    Normal::of(name).chars.into_iter().filter(|c| c.is_alphanumeric()).collect()
}

/// Names that stand in other names.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By their first characters, the longest first.
    names: HashMap<[char; 2], Vec<Vec<char>>>,
}

impl Known {
    pub(super) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self::default();
        for name in names {
            let name = counted(name);
            if let [a, b, ..] = *name {
                known.names.entry([a, b]).or_default().push(name);
            }
        }
        for names in known.names.values_mut() {
            names.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            names.dedup();
        }
        known
    }

    /// How long the longest name is with which a text begins.
    fn length_at(&self, text: &[char]) -> Option<usize> {
        let first = [*text.first()?, *text.get(1)?];
        let names = self.names.get(&first)?.iter();
        names.map(Vec::as_slice).find(|name| text.starts_with(name)).map(<[char]>::len)
    }
}

/// Where one may begin in a name, in order; first of all at its beginning.
pub(super) fn starts(name: &[char], places: &Known, catalogue: &Known) -> Vec<usize> {
    let mut starts = BTreeSet::from([0]);
    let mut at = 0;
    while let Some(length) = places.length_at(&name[at..]) {
        at += length;
        starts.insert(at);
    }
    while at < name.len() {
        match catalogue.length_at(&name[at..]) {
            Some(length) => {
                starts.insert(at);
                at += length;
            }
            None => at += 1,
        }
    }
    let can_begin = |at: &usize| *at == 0 || (*at < LATEST && at + 2 <= name.len());
    starts.into_iter().filter(can_begin).take(MOST_STARTS).collect()
}

/// A name in parts, with the counted characters of a range marked.
pub(super) fn mark(text: &str, range: Range<usize>) -> Vec<Part> {
    let normal = Normal::of(text);
    let counted = normal.chars.iter().zip(&normal.origin).filter(|(c, _)| c.is_alphanumeric());
    let hits: Vec<usize> =
        counted.skip(range.start).take(range.len()).map(|(_, origin)| *origin).collect();
    let mut parts: Vec<Part> = Vec::new();
    for (at, c) in text.chars().enumerate() {
        let hit = hits.binary_search(&at).is_ok();
        match parts.last_mut() {
            Some(part) if part.hit == hit => part.text.push(c),
            _ => parts.push(Part { text: c.to_string(), hit }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_at_what_people_know_of_it() {
        let places = Known::new(["宁波市", "宁波", "北仑", "慈溪"]);
        let catalogue = Known::new(["环境检测", "检测", "环境"]);
        for (name, expected) in [
            ("宁波北仑溯润环境检测中心", &["宁波", "北仑", "溯润", "环境检测"][..]),
            ("宁波市溯润（环境）检测", &["宁波", "溯润", "环境检测"]),
            ("溯润宁波所", &["溯润"]),
            ("慈溪", &["慈溪"]),
            ("环境检测", &["环境检测"]),
            ("所", &["所"]),
        ] {
            let name = counted(name);
            let begins = starts(&name, &places, &catalogue);
            let begins: Vec<String> =
                begins.iter().map(|at| name[*at..].iter().collect()).collect();
            assert_eq!(begins.len(), expected.len(), "{begins:?}");
            for (begin, expected) in begins.iter().zip(expected) {
                assert!(begin.starts_with(expected), "{begin} {expected}");
            }
        }
    }

    #[test]
    fn a_name_is_spelt_in_letters_too() {
        let spelt = Spelt::of("重庆ＧＩＳ（審圖）");
        assert_eq!(spelt.chars.iter().collect::<String>(), "重庆gis审图");
        assert_eq!(spelt.initials.iter().collect::<String>(), "cqgisst");
        assert_eq!(spelt.letters, "chongqinggisshentu");
        assert_eq!(spelt.letters_before, [0, 5, 9, 10, 11, 12, 16]);
    }
}
