//! The names that a text holds: of service items, matters, categories, qualifications and places.
//!
//! What people say is looked for in the text itself, longest first, and stands for what it
//! names. Where nothing is named, names that sound the same or are a slip away are tried, and at
//! last the service whose sayings are most like the text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    catalogue::{COUNTRY, Parts},
    likeness::Likeness,
    text::{Fit, Spellings, is_chinese, normalize},
    understood::{Meaning, Read, Understood, WHOLE, Way},
};
use crate::code::{ItemCode, RegionCode};

/// Longer names are not looked for.
const LONGEST: usize = 40;
/// A place name with more meanings than this is left as text.
const PLACE_MEANINGS: usize = 8;
/// What is not part of what is looked for.
const FILLERS: [&str; 48] = [
    "我想办理",
    "我要办理",
    "我想要",
    "我需要",
    "需要办理",
    "请问",
    "我想",
    "我要",
    "想要",
    "需要",
    "办理",
    "找哪家机构",
    "找哪家",
    "哪家机构",
    "哪家公司",
    "哪家好",
    "哪家",
    "哪里有",
    "哪里",
    "哪些",
    "哪个",
    "推荐",
    "多少钱",
    "价格",
    "费用",
    "收费",
    "怎么办理",
    "怎么办",
    "怎么",
    "怎样",
    "如何",
    "靠谱的",
    "便宜的",
    "专业的",
    "附近的",
    "附近",
    "本地",
    "机构",
    "公司",
    "有没有",
    "一下",
    "帮我",
    "帮忙",
    "找人",
    "找个",
    "谁能",
    "可以",
    "什么",
];
/// Endings that people leave out of a place's name.
const PLACE_ENDINGS: [&str; 8] = ["自治县", "自治州", "自治区", "地区", "市", "区", "县", "省"];

/// A name, and what it stands for.
#[derive(Debug)]
struct Name {
    text: String,
    means: Vec<Meaning>,
    /// Whether it is tried by sound and slips too.
    spelled: bool,
}

/// All names.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    names: Vec<Name>,
    by_text: HashMap<String, usize>,
    /// The longest name that begins with a character, in characters.
    longest: HashMap<char, usize>,
    spellings: Spellings,
    /// Of each spelling, the name.
    spelled: Vec<usize>,
    likeness: Likeness,
    items: Vec<ItemCode>,
}

impl Lexicon {
    pub(super) fn new(parts: &Parts) -> Self {
        let mut lexicon = Self::default();
        let mut official: HashMap<String, Vec<Meaning>> = HashMap::new();
        for item in parts.items.iter().filter(|item| !item.withdrawn) {
            let means = Meaning::Item(item.code.clone());
            official.entry(normalize(&item.name)).or_default().push(means.clone());
            lexicon.items.push(item.code.clone());
            for name in std::iter::once(&item.name).chain(&item.aliases) {
                lexicon.add(name, means.clone(), true);
            }
        }
        for matter in parts.matters.iter().filter(|matter| !matter.withdrawn) {
            let means = Meaning::Matter(matter.code.clone());
            official.entry(normalize(&matter.name)).or_default().push(means.clone());
            lexicon.add(&matter.name, means, true);
        }
        for category in &parts.categories {
            let means = Meaning::Category(category.code.clone());
            official.entry(normalize(&category.name)).or_default().push(means.clone());
            lexicon.add(&category.name, means, true);
        }
        for kind in &parts.qualifications {
            lexicon.add(&kind.name, Meaning::Qualification(kind.kind.clone()), false);
        }
        lexicon.add_synonyms(parts, &official);
        lexicon.add_places(parts);
        lexicon.finish(parts, &official);
        lexicon
    }

    fn add(&mut self, name: &str, means: Meaning, spelled: bool) {
        let text = normalize(name.trim());
        let length = text.chars().count();
        if !(2..=LONGEST).contains(&length) {
            return;
        }
        let known = self.by_text.get(&text).copied();
        let at = known.unwrap_or_else(|| {
            self.by_text.insert(text.clone(), self.names.len());
            let longest = self.longest.entry(text.chars().next().unwrap_or_default()).or_default();
            *longest = length.max(*longest);
            self.names.push(Name { text, means: Vec::new(), spelled: false });
            self.names.len() - 1
        });
        if let Some(name) = self.names.get_mut(at) {
            name.spelled |= spelled;
            if !name.means.contains(&means) {
                name.means.push(means);
            }
        }
    }

    /// What people say; an official name means what it names, whatever else is said of it.
    fn add_synonyms(&mut self, parts: &Parts, official: &HashMap<String, Vec<Meaning>>) {
        for (phrase, names) in &parts.synonyms {
            if official.contains_key(&normalize(phrase)) {
                continue;
            }
            let names = names.iter().filter_map(|name| official.get(&normalize(name)));
            for means in names.flatten() {
                self.add(phrase, means.clone(), true);
            }
        }
    }

    fn add_places(&mut self, parts: &Parts) {
        let mut places: BTreeMap<String, BTreeSet<RegionCode>> = BTreeMap::new();
        for region in parts.regions.iter().filter(|region| region.code.as_str() != COUNTRY) {
            for name in std::iter::once(region.name.as_str()).chain(short_place(&region.name)) {
                places.entry(normalize(name)).or_default().insert(region.code.clone());
            }
        }
        for (name, codes) in places {
            // Where a place is called like a service, the service is meant.
            if codes.len() <= PLACE_MEANINGS && !self.by_text.contains_key(&name) {
                for code in codes {
                    self.add(&name, Meaning::Place(code), false);
                }
            }
        }
    }

    fn finish(&mut self, parts: &Parts, official: &HashMap<String, Vec<Meaning>>) {
        let spelled = self.names.iter().enumerate().filter(|(_, name)| name.spelled);
        self.spelled = spelled.map(|(at, _)| at).collect();
        self.spellings = Spellings::new(self.spelled.iter().map(|at| self.names[*at].text.clone()));
        let mut sayings: Vec<(usize, &str)> = Vec::new();
        let places: HashMap<&ItemCode, usize> =
            self.items.iter().enumerate().map(|(at, code)| (code, at)).collect();
        for item in &parts.items {
            let Some(at) = places.get(&item.code) else { continue };
            sayings.push((*at, &item.name));
            sayings.extend(item.aliases.iter().map(|alias| (*at, alias.as_str())));
        }
        for (phrase, names) in &parts.synonyms {
            let meant = names.iter().filter_map(|name| official.get(&normalize(name)));
            for means in meant.flatten() {
                if let Meaning::Item(code) = means
                    && let Some(at) = places.get(code)
                {
                    sayings.push((*at, phrase));
                }
            }
        }
        self.likeness = Likeness::new(self.items.len(), sayings);
    }

    /// Understands a text.
    pub(super) fn understand(&self, text: &str) -> Understood {
        let text: Vec<char> = normalize(text).chars().collect();
        let mut understood = self.scan(&text);
        if understood.largest_share() < WHOLE {
            self.by_sound(&text, &mut understood);
        }
        if !understood.names_something() {
            self.by_likeness(&text, &mut understood);
        }
        understood
    }

    /// Every name in the text, the longest first from each character on; spaces between Chinese
    /// characters part nothing.
    fn scan(&self, text: &[char]) -> Understood {
        let mut understood = Understood {
            read: Vec::new(),
            in_place: vec![false; text.len()],
            filler: vec![false; text.len()],
        };
        let kept: Vec<usize> = (0..text.len()).filter(|at| !parts_nothing(text, *at)).collect();
        let close: Vec<char> = kept.iter().map(|at| text[*at]).collect();
        let mut found: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at < close.len() {
            let filler = filler(&close[at..]);
            let name = self.longest_at(&close, at).filter(|(_, length)| *length >= filler);
            if let Some((name, length)) = name {
                if self.names[name].means.iter().any(|m| matches!(m, Meaning::Place(_))) {
                    kept[at..at + length].iter().for_each(|at| understood.in_place[*at] = true);
                }
                found.push((name, length));
                at += length;
            } else {
                kept[at..at + filler].iter().for_each(|at| understood.filler[*at] = true);
                at += filler.max(1);
            }
        }
        let free = understood.free(text);
        let read = found.into_iter().map(|(name, l)| self.read(name, Way::Named, l, free));
        understood.read = read.collect();
        understood
    }

    fn longest_at(&self, text: &[char], at: usize) -> Option<(usize, usize)> {
        let longest = *self.longest.get(&text[at])?;
        let longest = longest.min(text.len() - at);
        (2..=longest).rev().find_map(|length| {
            let part: String = text[at..at + length].iter().collect();
            self.by_text.get(&part).map(|name| (*name, length))
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    fn read(&self, name: usize, way: Way, length: usize, free: usize) -> Read {
        let name = &self.names[name];
        let share = (length as f32 / free.max(1) as f32).min(1.0);
        Read { name: name.text.clone(), way, means: name.means.clone(), share }
    }

    /// Names in letters, that sound like the text, or that are a slip away from it.
    fn by_sound(&self, text: &[char], understood: &mut Understood) {
        let kept = text.iter().zip(&understood.in_place).zip(&understood.filler);
        let free: String = kept
            .filter(|((_, place), filler)| !**place && !**filler)
            .map(|((c, _), _)| *c)
            .collect();
        let free = free.trim();
        let (way, found) = if free.chars().any(|c| c.is_ascii_alphabetic()) {
            let sounded = self.spellings.sounded(free);
            let whole: Vec<u32> = sounded
                .iter()
                .filter(|(_, fit)| matches!(fit, Fit::Whole(_)))
                .map(|(name, _)| *name)
                .collect();
            let begun = || sounded.iter().map(|(name, _)| *name).take(SOUNDED).collect();
            (Way::Sounded, if whole.is_empty() { begun() } else { whole })
        } else {
            let by_ear = || self.spellings.homophones(free);
            let by_slip = || self.spellings.slips(free);
            // So few characters sound like too many names.
            let found = if free.chars().count() <= FEW {
                Some(by_slip()).filter(|found| !found.is_empty()).unwrap_or_else(by_ear)
            } else {
                Some(by_ear()).filter(|found| !found.is_empty()).unwrap_or_else(by_slip)
            };
            (Way::Slipped, found)
        };
        let length = free.chars().count();
        let names = found.iter().take(SOUNDED).filter_map(|name| self.spelled.get(*name as usize));
        let names: Vec<_> = names.map(|name| self.read(*name, way, length, length)).collect();
        if !names.is_empty() {
            // The whole text is meant, not the part of it that happens to be a name too.
            understood.read.retain(Read::is_place);
            understood.read.extend(names);
        }
    }

    /// The service items that a text has most in common with, however little that is.
    pub(super) fn nearest(&self, text: &str) -> impl Iterator<Item = &ItemCode> {
        self.likeness.nearest(text).into_iter().filter_map(|item| self.items.get(item))
    }

    fn by_likeness(&self, text: &[char], understood: &mut Understood) {
        let kept = text.iter().zip(&understood.in_place).filter(|(_, place)| !**place);
        let free: String = kept.map(|(c, _)| *c).collect();
        for (item, share) in self.likeness.of(&free) {
            let code = self.items[item].clone();
            let name = free.clone();
            understood.read.push(Read {
                name,
                way: Way::Like,
                means: vec![Meaning::Item(code)],
                share,
            });
        }
    }
}

/// In texts up to this length a missing character is likelier than one written by ear.
const FEW: usize = 3;
/// So many names are taken for one text in letters or with a slip.
const SOUNDED: usize = 8;

/// Whether a character is a space beside a Chinese one.
fn parts_nothing(text: &[char], at: usize) -> bool {
    let beside = |at: Option<usize>| at.and_then(|at| text.get(at)).is_none_or(|c| is_chinese(*c));
    text[at].is_whitespace() && (beside(at.checked_sub(1)) || beside(Some(at + 1)))
}

/// How many characters at the beginning of a text say nothing.
fn filler(text: &[char]) -> usize {
    let begins = |filler: &&str| {
        let mut at = 0;
        filler.chars().all(|c| {
            at += 1;
            text.get(at - 1) == Some(&c)
        })
    };
    let fitting = FILLERS.iter().filter(|filler| begins(filler));
    fitting.map(|filler| filler.chars().count()).max().unwrap_or(0)
}

/// A place's name without its ending.
pub(super) fn short_place(name: &str) -> Option<&str> {
    let short = PLACE_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    (short.chars().count() >= 2).then_some(short)
}
