//! Which documents a search's filters let through.

use std::{collections::HashSet, sync::Arc};

use super::{
    catalogue::Catalogue,
    columns::{AllCodes, Codes, Columns, HeldSpan},
    days::number,
    documents::Subject as Is,
    facets::{DIMENSIONS, Dimension, SelectionMode},
    numbered::Numbered,
    query::{SearchQuery, Subject},
};
use crate::{
    Day,
    code::{ItemCode, RegionCode},
};

/// The filters of a search, ready to be held against columns.
#[derive(Debug, Clone)]
pub(super) struct Narrow {
    kind: Option<u64>,
    pub(super) day: i32,
    prices: Option<(u64, u64)>,
    within: Option<HashSet<u128>>,
    by: Vec<(Dimension, Allowed)>,
    /// From this price on, in fen, fiscal money needs an open selection.
    pub(super) direct_limit: u64,
    /// What is known of the codes.
    numbered: Arc<Numbered>,
}

/// The values of one dimension that are let through, by their numbers.
#[derive(Debug, Clone)]
struct Allowed(Vec<bool>);

impl Allowed {
    fn has(&self, number: u32) -> bool {
        self.0.get(number as usize).copied().unwrap_or(false)
    }

    /// Some codes and no others.
    fn only<'c>(some: impl Iterator<Item = &'c str>, codes: &Codes) -> Self {
        let mut allowed = vec![false; codes.len()];
        for number in some.filter_map(|code| codes.find(code)) {
            // One that has come since they were counted is in no segment at hand.
            if let Some(allowed) = allowed.get_mut(number as usize) {
                *allowed = true;
            }
        }
        Self(allowed)
    }
}

/// What the filters come to in one segment.
#[derive(Debug)]
pub(super) struct Here {
    /// What is open on the day.
    pub(super) open: Arc<Vec<bool>>,
    /// Whether regions that documents serve are let through, by the number of their list; empty
    /// where regions are not filtered.
    serving: Vec<bool>,
}

/// What the filters say of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    In,
    /// All but the filter of one dimension let it through.
    AllBut(Dimension),
    Out,
}

impl Narrow {
    pub(super) fn new(
        query: &SearchQuery,
        codes: &AllCodes,
        numbered: &Arc<Numbered>,
        catalogue: &Catalogue,
        day: Day,
    ) -> Self {
        let kind = match query.kind {
            Subject::All => None,
            Subject::Listings => Some(Is::LISTING),
            Subject::Agencies => Some(Is::AGENCY),
            Subject::Items => Some(Is::ITEM),
            Subject::Matters => Some(Is::MATTER),
        };
        let fen = |price: crate::Money| u64::try_from(price.fen()).unwrap_or_default();
        let bounded = query.min_price.is_some() || query.max_price.is_some();
        let lowest = query.min_price.map_or(0, fen);
        let highest = query.max_price.map_or(u64::MAX, fen);
        let limit = catalogue.direct_limit(query.regions.first(), day);
        let within = query.within.as_ref();
        Self {
            kind,
            day: number(day),
            prices: bounded.then_some((lowest, highest)),
            within: within.map(|ids| ids.iter().map(uuid::Uuid::as_u128).collect()),
            by: filters(query, codes, numbered, catalogue),
            direct_limit: limit.map_or(u64::MAX, fen),
            numbered: numbered.clone(),
        }
    }

    /// The number of the category of an item.
    pub(super) fn category(&self, item: u32) -> Option<u32> {
        self.numbered.categories.get(item as usize).copied().flatten()
    }

    /// What the filters come to in a segment.
    pub(super) fn here(&self, columns: &Columns) -> Here {
        let regions = self.by.iter().find(|(by, _)| *by == Dimension::Region);
        let serving = regions.map_or_else(Vec::new, |(_, allowed)| {
            let serves = |list: &[u32]| list.iter().any(|region| allowed.has(*region));
            (0..columns.regions.len()).map(|n| serves(columns.regions.lists.of(n))).collect()
        });
        Here { open: columns.open_on(self.day), serving }
    }

    /// The same filters for the offers of agencies.
    pub(super) fn for_listings(mut self) -> Self {
        self.kind = Some(Is::LISTING);
        self.within = None;
        self
    }

    /// Whether anything but the kind narrows.
    pub(super) fn narrows_offers(&self) -> bool {
        self.prices.is_some() || !self.by.is_empty()
    }

    /// Forgets every filter but the kind, the day and the ids.
    pub(super) fn only_what_it_is(&mut self) {
        self.prices = None;
        self.by.clear();
    }

    /// Whether a document is of the kind, for sale, and within the prices and ids.
    fn admits(&self, columns: &Columns, open: &[bool], doc: usize) -> bool {
        self.is_sought(columns, open, doc)
            && self.prices.is_none_or(|(low, high)| {
                u64::from(columns.kind[doc]) == Is::LISTING
                    && (low..=high).contains(&columns.price[doc])
            })
    }

    /// Whether a document is of the kind, for sale, and within the ids, whatever narrows.
    pub(super) fn is_sought(&self, columns: &Columns, open: &[bool], doc: usize) -> bool {
        self.kind.is_none_or(|kind| u64::from(columns.kind[doc]) == kind)
            && open[doc]
            && self.within.as_ref().is_none_or(|ids| ids.contains(&columns.id[doc]))
    }

    /// What the filters say of a document.
    pub(super) fn judge(&self, columns: &Columns, here: &Here, doc: u32) -> Verdict {
        if !self.admits(columns, &here.open, doc as usize) {
            return Verdict::Out;
        }
        let mut verdict = Verdict::In;
        for (dimension, allowed) in &self.by {
            if !self.allows((*dimension, allowed), columns, here, doc) {
                if verdict != Verdict::In {
                    return Verdict::Out;
                }
                verdict = Verdict::AllBut(*dimension);
            }
        }
        verdict
    }

    fn allows(
        &self,
        (by, allowed): (Dimension, &Allowed),
        columns: &Columns,
        here: &Here,
        doc: u32,
    ) -> bool {
        let at = doc as usize;
        let kind = u64::from(columns.kind[at]);
        let listing = kind == Is::LISTING;
        match by {
            Dimension::Category | Dimension::Item => {
                columns.items.of(doc).iter().any(|item| allowed.has(*item))
            }
            // The catalogue itself is everywhere, and has nothing to be narrowed by but what it is.
            _ if kind == Is::ITEM || kind == Is::MATTER => true,
            Dimension::Region => here.serving[columns.regions.number[at] as usize],
            Dimension::Qualification => self.valid(columns, doc).any(|held| allowed.has(held.what)),
            Dimension::Grade => columns.grade[at].is_some_and(|grade| allowed.has(grade.into())),
            Dimension::Price => listing && allowed.has(columns.price_band[at].into()),
            Dimension::Turnaround => listing && allowed.has(columns.day_band[at].into()),
            Dimension::Mode => listing && allowed.0[self.mode(columns.price[at]) as usize],
        }
    }

    /// How a listing at a price may be bought.
    pub(super) const fn mode(&self, fen: u64) -> SelectionMode {
        if fen < self.direct_limit { SelectionMode::Direct } else { SelectionMode::OpenSelection }
    }

    /// The certificates that are valid on the day.
    pub(super) fn valid<'a>(
        &self,
        columns: &'a Columns,
        doc: u32,
    ) -> impl Iterator<Item = &'a HeldSpan> + use<'a> {
        let day = self.day;
        columns.held.of(doc).iter().filter(move |held| (held.first..=held.last).contains(&day))
    }
}

/// What each dimension of a search lets through; none for one that is not filtered.
fn filters(
    query: &SearchQuery,
    codes: &AllCodes,
    numbered: &Numbered,
    catalogue: &Catalogue,
) -> Vec<(Dimension, Allowed)> {
    let mut by = Vec::with_capacity(DIMENSIONS);
    if !query.categories.is_empty() {
        let all = catalogue.categories().iter();
        let chosen: Vec<_> = all.map(|known| query.categories.contains(&known.code)).collect();
        let is_chosen = |category: &Option<u32>| {
            category.is_some_and(|at| chosen.get(at as usize).copied().unwrap_or(false))
        };
        let items = numbered.categories.iter().map(is_chosen);
        by.push((Dimension::Category, Allowed(items.collect())));
    }
    if !query.items.is_empty() {
        let chosen = query.items.iter().map(ItemCode::as_str);
        by.push((Dimension::Item, Allowed::only(chosen, &codes.items)));
    }
    if !query.regions.is_empty() {
        // Who serves a region serves all that is in it.
        let regions = query.regions.iter().filter_map(|code| catalogue.region(code));
        let serving = regions.flat_map(|region| &region.path).map(RegionCode::as_str);
        by.push((Dimension::Region, Allowed::only(serving, &codes.regions)));
    }
    if !query.qualifications.is_empty() {
        let chosen = |held: &str| {
            query.qualifications.iter().any(|asked| {
                asked == held
                    || held.strip_prefix(asked.as_str()).is_some_and(|r| r.starts_with(':'))
            })
        };
        let all = codes.held.all();
        let held = all.iter().map(|held| chosen(held)).collect();
        by.push((Dimension::Qualification, Allowed(held)));
    }
    let mut push = |dimension, chosen: Vec<bool>| {
        if chosen.contains(&true) {
            by.push((dimension, Allowed(chosen)));
        }
    };
    push(Dimension::Price, chosen(&query.prices, super::facets::PriceBand::ALL));
    push(Dimension::Turnaround, chosen(&query.turnarounds, super::facets::Turnaround::ALL));
    push(Dimension::Grade, chosen(&query.grades, crate::order::Grade::ALL));
    push(Dimension::Mode, chosen(&query.modes, SelectionMode::ALL));
    by
}

fn chosen<T: PartialEq>(chosen: &[T], all: &[T]) -> Vec<bool> {
    all.iter().map(|value| chosen.contains(value)).collect()
}
