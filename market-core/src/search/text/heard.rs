//! Whether letters are a way to type a name: `huanping`, `huanp`, `hp` or `环p` for 环评.

use super::{normal::Normal, pinyin::syllables};

/// How letters stand for a name; the best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::search) enum Fit {
    /// For all of it.
    Whole(Spelt),
    /// For its beginning.
    Prefix(Spelt),
}

/// How the characters of a name are typed. A character that stands for itself is any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::search) enum Spelt {
    /// By full syllables; only the last may be broken off.
    Full,
    /// By initials alone.
    Initials,
    /// By both.
    Mixed,
}

/// What somebody typed, to be met by the characters of names.
#[derive(Debug)]
pub(in crate::search) struct Heard {
    chars: Vec<char>,
    /// A bit for each place before which a syllable must end.
    borders: u64,
}

/// The places of the typed text that have been reached: before anything was spelt, and for each
/// way of spelling. A place is a bit, so that no number of readings makes this larger.
#[derive(Clone, Copy, Default)]
struct Reached {
    unspelt: u64,
    full: u64,
    initials: u64,
    mixed: u64,
}

/// So many characters are heard: one bit is for the end.
const LONGEST: usize = 63;

impl Heard {
    /// What is heard in a text, unless it is nothing or too long.
    pub(in crate::search) fn of(text: &str) -> Option<Self> {
        let mut heard = Self { chars: Vec::new(), borders: 0 };
        for c in Normal::of(text).chars {
            match c {
                'ü' => heard.chars.push('v'),
                c if c.is_alphanumeric() => heard.chars.push(c),
                _ if heard.chars.len() <= LONGEST => heard.borders |= 1 << heard.chars.len(),
                _ => {}
            }
        }
        (1..=LONGEST).contains(&heard.chars.len()).then_some(heard)
    }

    /// What is heard: letters, digits and Chinese characters.
    pub(in crate::search) fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Whether anything parts it, so that a syllable must end there.
    pub(in crate::search) const fn is_parted(&self) -> bool {
        self.borders & !1 != 0
    }

    /// The first character.
    pub(super) fn first(&self) -> Option<char> {
        self.chars.first().copied()
    }

    /// How it stands for a name.
    pub(in crate::search) fn fit(&self, name: &[char]) -> Option<Fit> {
        let end = 1 << self.chars.len();
        let mut best: Option<Fit> = None;
        let mut reached = Reached { unspelt: 1, ..Reached::default() };
        for (at, c) in name.iter().enumerate() {
            let (next, broken_off) = self.meet(*c, reached);
            let whole = at + 1 == name.len();
            let fits = [
                next.spelt_at(end).map(if whole { Fit::Whole } else { Fit::Prefix }),
                broken_off.spelt_at(end).map(Fit::Prefix),
            ];
            best = fits.into_iter().flatten().chain(best).min();
            reached = next.without(end);
            if reached.is_nowhere() {
                break;
            }
        }
        best
    }

    /// Where one more character of a name leads; and where it is only begun when the text ends.
    fn meet(&self, c: char, from: Reached) -> (Reached, Reached) {
        let (mut next, mut broken_off) = (Reached::default(), Reached::default());
        let mut places = from.any();
        while places != 0 {
            let place = places.trailing_zeros() as usize;
            places &= places - 1;
            let here = from.at(1 << place);
            if self.chars[place] == c {
                next.add(here.moved(1));
            }
            for reading in syllables(c) {
                let length = self.common(place, reading);
                if length == 0 {
                    continue;
                }
                next.add(here.by_initials().moved(1));
                if length >= 2 && matches!(&reading[..2], "zh" | "ch" | "sh") {
                    next.add(here.by_initials().moved(2));
                }
                if length == reading.len() {
                    next.add(here.in_full().moved(length));
                } else if place + length == self.chars.len() {
                    broken_off.add(here.in_full().moved(length));
                }
            }
        }
        (next, broken_off)
    }

    /// How many letters of a reading stand at a place, with no border between.
    fn common(&self, place: usize, reading: &str) -> usize {
        let same = |(at, letter): &(usize, u8)| {
            let is_parted = *at > 0 && self.borders & (1 << (place + at)) != 0;
            !is_parted && self.chars.get(place + at) == Some(&char::from(*letter))
        };
        reading.bytes().enumerate().take_while(same).count()
    }
}

impl Reached {
    fn any(self) -> u64 {
        self.unspelt | self.full | self.initials | self.mixed
    }

    fn is_nowhere(self) -> bool {
        self.any() == 0
    }

    fn each(self, change: impl Fn(u64) -> u64) -> Self {
        Self {
            unspelt: change(self.unspelt),
            full: change(self.full),
            initials: change(self.initials),
            mixed: change(self.mixed),
        }
    }

    fn at(self, place: u64) -> Self {
        self.each(|places| places & place)
    }

    fn without(self, place: u64) -> Self {
        self.each(|places| places & !place)
    }

    fn moved(self, by: usize) -> Self {
        self.each(|places| places << by)
    }

    fn add(&mut self, other: Self) {
        self.unspelt |= other.unspelt;
        self.full |= other.full;
        self.initials |= other.initials;
        self.mixed |= other.mixed;
    }

    /// With one more syllable in full.
    fn in_full(self) -> Self {
        let mixed = self.initials | self.mixed;
        Self { full: self.unspelt | self.full, mixed, ..Self::default() }
    }

    /// With one more initial.
    fn by_initials(self) -> Self {
        let mixed = self.full | self.mixed;
        Self { initials: self.unspelt | self.initials, mixed, ..Self::default() }
    }

    /// The best way in which a place was reached.
    fn spelt_at(self, place: u64) -> Option<Spelt> {
        let here = self.at(place);
        match () {
            () if here.unspelt | here.full != 0 => Some(Spelt::Full),
            () if here.initials != 0 => Some(Spelt::Initials),
            () if here.mixed != 0 => Some(Spelt::Mixed),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Fit::*, Spelt::*, *};

    fn fit(typed: &str, name: &str) -> Option<Fit> {
        Heard::of(typed)?.fit(&name.chars().collect::<Vec<_>>())
    }

    #[test]
    fn names_are_met_however_they_are_typed() {
        for (typed, name, expected) in [
            ("huanping", "环评", Some(Whole(Full))),
            ("HUAN PING", "环评", Some(Whole(Full))),
            ("huanpin", "环评", Some(Prefix(Full))),
            ("huanp", "环评", Some(Whole(Mixed))),
            ("huan", "环评", Some(Prefix(Full))),
            ("hua", "环评", Some(Prefix(Full))),
            ("hp", "环评", Some(Whole(Initials))),
            ("h", "环评", Some(Prefix(Full))),
            ("hping", "环评", Some(Whole(Mixed))),
            ("环p", "环评", Some(Whole(Initials))),
            ("环ping", "环评", Some(Whole(Full))),
            ("环评", "环评", Some(Whole(Full))),
            ("環評", "环评", Some(Whole(Full))),
            ("hjyx", "环境影响评价", Some(Prefix(Initials))),
            ("huanjyx", "环境影响评价", Some(Prefix(Mixed))),
            ("huanjingy", "环境影响评价", Some(Prefix(Full))),
            ("shj", "审计", Some(Whole(Initials))),
            ("sj", "审计", Some(Whole(Initials))),
            ("zhangzhi", "长治", Some(Whole(Full))),
            ("changzhi", "长治", Some(Whole(Full))),
            ("cz", "长治", Some(Whole(Initials))),
            ("zz", "长治", Some(Whole(Initials))),
            ("gisch", "gis测绘", Some(Whole(Initials))),
            ("gis", "gis测绘", Some(Prefix(Full))),
            ("xian", "西安", Some(Whole(Full))),
            ("xi'an", "西安", Some(Whole(Full))),
            ("xian", "先", Some(Whole(Full))),
            ("xi'an", "先", None),
            ("lühua", "绿化", Some(Whole(Full))),
            ("lvhua", "绿化", Some(Whole(Full))),
            ("fangan", "方案", Some(Whole(Full))),
            ("fangan", "反感", Some(Whole(Full))),
            ("huanpingx", "环评", None),
            ("ping", "环评", None),
            ("评", "环评", None),
            ("", "环评", None),
            ("huan", "", None),
        ] {
            assert_eq!(fit(typed, name), expected, "{typed} for {name}");
        }
    }

    #[test]
    fn too_much_is_not_heard() {
        assert!(Heard::of(&"h".repeat(LONGEST)).is_some());
        assert!(Heard::of(&"h".repeat(LONGEST + 1)).is_none());
        assert!(Heard::of(&format!("h{}", " ".repeat(1000))).is_some());
        assert!(Heard::of(" ',").is_none());
    }

    proptest! {
        /// However the characters are typed, each in a way of its own, the name is met.
        #[test]
        fn any_mixture_is_met(
            ways in prop::collection::vec((prop::sample::select(NAME.to_vec()), 0..4_usize), 1..9),
        ) {
            let name: String = ways.iter().map(|(c, _)| c).collect();
            let typed: String = ways.iter().map(|(c, way)| match way {
                0 => c.to_string(),
                1 => syllables(*c)[0][..1].to_owned(),
                // Any of the readings.
                way => syllables(*c)[way % syllables(*c).len()].to_owned(),
            }).collect();
            prop_assert!(matches!(fit(&typed, &name), Some(Whole(_))), "{typed} for {name}");
        }

        #[test]
        fn any_text_is_heard(typed in any::<String>(), name in any::<String>()) {
            fit(&typed, &name);
        }
    }

    const NAME: [char; 12] =
        ['环', '境', '影', '响', '长', '行', '重', '和', '安', '审', '绿', '儿'];
}
