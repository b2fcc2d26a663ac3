//! What a text is understood as.

use std::collections::{BTreeMap, BTreeSet};

use super::text::is_chinese;
use crate::code::{CategoryCode, ItemCode, MatterCode, QualificationKind, RegionCode};

/// From this share on, a text is a name, and nothing else.
pub(super) const WHOLE: f32 = 0.9;
/// The force of a name in a long text, at most, and the length that it grows with.
const BY_LENGTH: f32 = 0.5;
const LONG_NAME: f32 = 8.0;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    Item(ItemCode),
    Matter(MatterCode),
    Category(CategoryCode),
    Qualification(QualificationKind),
    Place(RegionCode),
}

/// How a text came to a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// It holds the name.
    Named,
    /// It is the name in letters.
    Sounded,
    /// It sounds like the name, or is a slip away from it.
    Slipped,
    /// It is like what people say of it.
    Like,
}

/// A name that was found in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    /// The name, as it is written.
    pub(super) name: String,
    pub(super) way: Way,
    pub(super) means: Vec<Meaning>,
    /// The share of the text that it covers, of what is no place.
    pub(super) share: f32,
}

/// What a text is understood as.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Understood {
    pub(super) read: Vec<Read>,
    /// Which characters of the normalized text belong to a place's name.
    pub(super) in_place: Vec<bool>,
    /// Which characters say nothing of what is looked for.
    pub(super) filler: Vec<bool>,
}

impl Read {
    /// How firmly something is meant: by how much of the text names it, and where the text holds
    /// its name, by how long that is.
    #[expect(clippy::cast_precision_loss, reason = "names are short")]
    fn force(&self) -> f32 {
        let by_length = match self.way {
            Way::Named => (self.name.chars().count() as f32 / LONG_NAME).min(BY_LENGTH),
            Way::Sounded | Way::Slipped | Way::Like => 0.0,
        };
        by_length.max(self.share * self.share)
    }

    /// Whether it is nothing but a place.
    pub(super) fn is_place(&self) -> bool {
        self.means.iter().all(|meaning| matches!(meaning, Meaning::Place(_)))
    }
}

impl Understood {
    /// The largest share of the text that names something other than a place.
    pub(super) fn largest_share(&self) -> f32 {
        let named = self.read.iter().filter(|read| !read.is_place());
        named.map(|read| read.share).fold(0.0, f32::max)
    }

    /// Whether something other than a place is named.
    pub(super) fn names_something(&self) -> bool {
        !self.read.iter().all(Read::is_place)
    }

    /// How many characters are neither a place's nor said for nothing.
    pub(super) fn free(&self, text: &[char]) -> usize {
        let says = |at: usize| !self.in_place[at] && !self.filler[at];
        (0..text.len()).filter(|at| says(*at) && is_word(text[*at])).count()
    }

    /// What is meant, each with the largest force with which something means it.
    fn meant<'a, T: Ord>(
        &'a self,
        of: impl Fn(&'a Meaning) -> Option<&'a T>,
    ) -> BTreeMap<&'a T, f32> {
        let mut meant = BTreeMap::new();
        for read in &self.read {
            for code in read.means.iter().filter_map(&of) {
                let force = meant.entry(code).or_insert(0.0_f32);
                *force = force.max(read.force());
            }
        }
        meant
    }

    /// The service items that are meant.
    pub(super) fn items(&self) -> BTreeMap<&ItemCode, f32> {
        self.meant(|meaning| match meaning {
            Meaning::Item(code) => Some(code),
            _ => None,
        })
    }

    /// The matters that are meant.
    pub(super) fn matters(&self) -> BTreeMap<&MatterCode, f32> {
        self.meant(|meaning| match meaning {
            Meaning::Matter(code) => Some(code),
            _ => None,
        })
    }

    /// The categories that are meant.
    pub(super) fn categories(&self) -> BTreeMap<&CategoryCode, f32> {
        self.meant(|meaning| match meaning {
            Meaning::Category(code) => Some(code),
            _ => None,
        })
    }

    pub(super) fn places(&self) -> BTreeSet<&RegionCode> {
        let all = self.read.iter().flat_map(|read| &read.means);
        all.filter_map(|meaning| match meaning {
            Meaning::Place(code) => Some(code),
            _ => None,
        })
        .collect()
    }

    pub(super) fn qualifications(&self) -> BTreeSet<&QualificationKind> {
        let all = self.read.iter().flat_map(|read| &read.means);
        all.filter_map(|meaning| match meaning {
            Meaning::Qualification(kind) => Some(kind),
            _ => None,
        })
        .collect()
    }
}

fn is_word(c: char) -> bool {
    is_chinese(c) || c.is_alphanumeric()
}
