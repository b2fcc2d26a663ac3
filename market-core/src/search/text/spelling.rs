//! Names by all the ways in which people write them: in letters, by ear, or with a slip.

use std::collections::HashMap;

use super::{
    heard::{Fit, Heard},
    normal::Normal,
    pinyin::syllables,
    slips::{Slips, sound_alike},
};

/// So many characters a name must have for another that sounds the same to mean it.
const SHORTEST_SOUND: usize = 3;

/// Names, each known by its number.
#[derive(Debug, Default)]
pub(in crate::search) struct Spellings {
    /// The letters, digits and Chinese characters of each name.
    names: Vec<Box<[char]>>,
    /// By a letter or character that a text for them may begin with.
    first: HashMap<char, Vec<u32>>,
    /// By their length and a reading of each of the first two characters.
    sounds: HashMap<Sound, Vec<u32>>,
    slips: Slips,
}

type Sound = (usize, &'static str, &'static str);

impl Spellings {
    /// Numbers names in their order.
    pub(in crate::search) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut all = Self::default();
        for (name, number) in names.into_iter().zip(0..) {
            let name = characters(&name);
            if let Some(first) = name.first() {
                let mut firsts = vec![*first];
                firsts
                    .extend(syllables(*first).iter().filter_map(|reading| reading.chars().next()));
                firsts.sort_unstable();
                firsts.dedup();
                for first in firsts {
                    all.first.entry(first).or_default().push(number);
                }
            }
            for sound in sounds(&name) {
                all.sounds.entry(sound).or_default().push(number);
            }
            all.names.push(name);
        }
        all.slips = Slips::of(&all.names);
        all
    }

    /// The names that letters, or letters among Chinese characters, stand for, the best first.
    pub(in crate::search) fn sounded(&self, query: &str) -> Vec<(u32, Fit)> {
        let Some(heard) = Heard::of(query) else { return Vec::new() };
        let candidates = heard.first().and_then(|first| self.first.get(&first));
        let fit = |number: &u32| Some((*number, heard.fit(self.names.get(*number as usize)?)?));
        let mut found: Vec<_> = candidates.into_iter().flatten().filter_map(fit).collect();
        found.sort_unstable_by_key(|(number, fit)| (*fit, *number));
        found
    }

    /// The names that sound like a text of at least three characters and are written otherwise;
    /// those with the fewest other characters first.
    ///
    /// The first two characters must be Chinese.
    pub(in crate::search) fn homophones(&self, chinese: &str) -> Vec<u32> {
        let text = characters(chinese);
        let mut found = Vec::new();
        for sound in sounds(&text) {
            for number in self.sounds.get(&sound).into_iter().flatten() {
                let name = self.names.get(*number as usize).map_or(&[][..], |name| name);
                let others = text.iter().zip(name).filter(|(a, b)| a != b);
                let alike = others.clone().all(|(a, b)| sound_alike(*a, *b));
                let others = others.count();
                if alike && others > 0 {
                    found.push((others, *number));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// The names that a text of at least four characters misses by one slip, the likeliest first.
    pub(in crate::search) fn slips(&self, text: &str) -> Vec<u32> {
        self.slips.near(&characters(text), &self.names)
    }
}

/// What counts of a name.
fn characters(name: &str) -> Box<[char]> {
    Normal::of(name).chars.into_iter().filter(|c| c.is_alphanumeric()).collect()
}

/// What a name is found by when it is written by ear.
fn sounds(name: &[char]) -> Vec<Sound> {
    let [first, second, ..] = *name else { return Vec::new() };
    if name.len() < SHORTEST_SOUND {
        return Vec::new();
    }
    let firsts = syllables(first).iter();
    firsts.flat_map(|a| syllables(second).iter().map(move |b| (name.len(), *a, *b))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::heard::Spelt, *};

    const NAMES: [&str; 8] = [
        "环境影响评价",
        "环评",
        "建设工程消防设计审查",
        "长治市",
        "浙江大学建筑设计研究院",
        "GIS 测绘",
        "工程造价咨询",
        "環境影響評價",
    ];

    fn spellings() -> Spellings {
        Spellings::new(NAMES.map(String::from))
    }

    #[test]
    fn names_are_found_by_letters_the_best_first() {
        let spellings = spellings();
        let full = Fit::Prefix(Spelt::Full);
        assert_eq!(spellings.sounded("huan"), [(0, full), (1, full), (7, full)]);
        assert_eq!(spellings.sounded("hp"), [(1, Fit::Whole(Spelt::Initials))]);
        assert_eq!(spellings.sounded("changzhi"), [(3, full)]);
        assert_eq!(spellings.sounded("zhangzhi"), [(3, full)]);
        assert_eq!(spellings.sounded("gisce"), [(5, full)]);
        // 浙大 leaves characters out: that needs an alias.
        assert_eq!(spellings.sounded("zheda"), []);
        assert_eq!(spellings.sounded(""), []);
    }

    #[test]
    fn names_are_found_by_ear_and_despite_slips() {
        let spellings = spellings();
        assert_eq!(spellings.homophones("环境影响平价"), [0, 7]);
        assert_eq!(spellings.homophones("常治市"), [3]);
        assert_eq!(spellings.homophones("环境影响评价"), [0; 0]);
        assert_eq!(spellings.homophones("还评"), [0; 0], "too short to be sure");
        assert_eq!(spellings.slips("工程造价资询"), [6]);
        assert_eq!(spellings.slips("工造程价咨询"), [6]);
        assert_eq!(spellings.slips("工程造价咨"), [6]);
        assert_eq!(spellings.slips("工程造价咨询"), [0; 0]);
    }

    #[test]
    fn what_sounds_the_same_is_not_the_same_name() {
        let spellings = Spellings::new(["经典".to_owned(), "景点".to_owned()]);
        assert_eq!(spellings.homophones("景点"), [0; 0]);
    }

    /// Characters of many readings must not multiply.
    #[test]
    fn many_readings_cost_little() {
        let name: String = "行和重长".repeat(10);
        let spellings = Spellings::new(std::iter::repeat_n(name.clone(), 200));
        assert_eq!(spellings.sounded(&"h".repeat(40)).len(), 0);
        assert_eq!(spellings.sounded(&"xhzc".repeat(10)).len(), 200);
        assert_eq!(spellings.homophones(&name.replace('长', "常")).len(), 200);
    }

    proptest! {
        #[test]
        fn any_text_may_be_asked(names in prop::collection::vec(any::<String>(), 0..9), text in any::<String>()) {
            let spellings = Spellings::new(names.iter().cloned().chain([text.clone()]));
            spellings.slips(&text);
            spellings.homophones(&text);
            spellings.sounded(&text);
        }
    }
}
