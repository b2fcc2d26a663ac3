//! What is asked: texts as people type them, drawn with a seed.

use market_api::generate::{Sources, judged};
use market_core::{
    Money,
    code::{CategoryCode, RegionCode},
    search::{
        Dimension, SearchQuery, Sort, Subject,
        judge::{Collection, Judged, JudgedDocument},
    },
};
use pinyin::{Pinyin, ToPinyin};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

use super::documents::data;

const SEED: u64 = 2026;
/// So many texts are drawn of each kind.
const EACH: usize = 29;
/// Kinds of text that the judged set has; names of agencies come beside.
const CLASSES: [&str; 6] = ["official", "alias", "initials", "place", "homophone", "long"];
/// The prices between which a narrowed search looks, in fen.
const PRICES: [i64; 2] = [100_000, 5_000_000];

/// A text, and where and among what the one who types it looks.
pub(crate) struct Typed {
    /// What kind of text it is.
    pub(crate) class: &'static str,
    pub(crate) text: String,
    /// A city of Zhejiang.
    pub(crate) region: RegionCode,
}

struct Draw(ChaCha8Rng);

impl Draw {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.0.next_u32() as usize % from.len()]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.0.next_u32() as usize % (last + 1));
        }
    }
}

/// About two hundred texts, in no order.
pub(crate) fn texts(documents: &[JudgedDocument]) -> Vec<Typed> {
    let spell = |letter: char| letter.to_pinyin().map(Pinyin::plain);
    let folder = tempfile::tempdir().unwrap();
    judged(&Sources::read(&data(), "", spell).unwrap(), SEED).write(folder.path()).unwrap();
    let mut queries = Collection::read(folder.path()).unwrap().queries;
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(SEED));
    draw.shuffle(&mut queries);
    let mut texts: Vec<_> =
        (0..EACH).map(|_| ("agency", draw.pick(documents).agency.clone())).collect();
    for class in CLASSES {
        let some = queries.iter().filter(|query| query.class == class).take(EACH);
        texts.extend(some.map(|query| (class, query.text.clone())));
    }
    draw.shuffle(&mut texts);
    let cities: Vec<RegionCode> =
        (1..=11).map(|city| format!("33{city:02}00").parse().unwrap()).collect();
    let typed = |(class, text)| Typed { class, text, region: draw.pick(&cities).clone() };
    texts.into_iter().map(typed).collect()
}

/// What a search asks for beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Text,
    Narrowed,
    Counted,
    Full,
    Browsed,
}

impl Way {
    pub(crate) const ALL: [Self; 5] =
        [Self::Text, Self::Narrowed, Self::Counted, Self::Full, Self::Browsed];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text, highlights",
            Self::Narrowed => "text, region, price, highlights",
            Self::Counted => "text, all facets, highlights",
            Self::Full => "text, region, price, all facets, highlights",
            Self::Browsed => "category, region, by price, all facets",
        }
    }

    /// One query for each text.
    pub(crate) fn queries(self, typed: &[Typed], categories: &[CategoryCode]) -> Vec<SearchQuery> {
        let query = |(at, typed): (usize, &Typed)| {
            let mut query = SearchQuery::new(Subject::Listings);
            if self == Self::Browsed {
                query.categories = vec![categories[at % categories.len()].clone()];
                query.sort = Sort::Price;
            } else {
                query.text = Some(typed.text.clone());
            }
            if matches!(self, Self::Narrowed | Self::Full | Self::Browsed) {
                query.regions = vec![typed.region.clone()];
            }
            if matches!(self, Self::Narrowed | Self::Full) {
                [query.min_price, query.max_price] = PRICES.map(Money::from_fen);
            }
            query.facets = !matches!(self, Self::Text | Self::Narrowed);
            query
        };
        typed.iter().enumerate().map(query).collect()
    }
}

/// The categories that an index has listings of.
pub(crate) fn categories(engine: &Judged) -> Vec<CategoryCode> {
    let everything = SearchQuery { facets: true, ..SearchQuery::new(Subject::Listings) };
    let facets = engine.answer(&everything).unwrap().facets;
    let facet = facets.iter().find(|facet| facet.by == Dimension::Category).unwrap();
    facet.values.iter().map(|value| value.value.parse().unwrap()).collect()
}
