//! Counting, for each dimension, how many hits every value would leave.

mod named;

use std::sync::Arc;

use super::{
    catalogue::Catalogue,
    columns::{AllCodes, Columns, HeldSpan, NONE, Sets},
    documents::Subject as Is,
    facets::{DIMENSIONS, Dimension, PRICES, SelectionMode, TURNAROUNDS},
    narrow::Narrow,
    numbered::Numbered,
};
use crate::order::Grade;

/// Counts by the number of a value; of one owner's documents, each value once where owners are
/// counted.
#[derive(Debug)]
struct Counts {
    counts: Vec<u64>,
    /// The owner that each value was last counted for.
    last: Option<Vec<u64>>,
}

impl Counts {
    fn new(values: usize, by_owner: bool) -> Self {
        Self { counts: vec![0; values], last: by_owner.then(|| vec![u64::MAX; values]) }
    }

    fn add(&mut self, value: usize, owner: u64) {
        let Some(count) = self.counts.get_mut(value) else { return };
        if let Some(last) = &mut self.last {
            if last[value] == owner {
                return;
            }
            last[value] = owner;
        }
        *count += 1;
    }

    fn add_times(&mut self, value: u32, times: u64) {
        if let Some(count) = self.counts.get_mut(value as usize) {
            *count += times;
        }
    }
}

/// A segment in which many documents have the same lists of values: how often each list was met.
#[derive(Debug)]
struct Entered {
    columns: Arc<Columns>,
    held: Arc<Sets>,
    by_regions: Vec<u64>,
    by_held: Vec<u64>,
}

/// The counts of all dimensions.
#[derive(Debug)]
pub(in crate::search) struct Tally {
    items: Counts,
    categories: Counts,
    /// By the region that is named as served; what lies in it is added at the end.
    regions: Counts,
    prices: Counts,
    turnarounds: Counts,
    held: Counts,
    kinds: Counts,
    grades: Counts,
    modes: Counts,
    numbered: Arc<Numbered>,
    /// The regions that the owner at hand serves.
    serves: (u64, Vec<u32>),
    by_owner: bool,
    /// The segment at hand, where documents are counted.
    entered: Option<Entered>,
    /// How many things of the catalogue each dimension leaves whatever is chosen, by its place.
    everywhere: [u64; DIMENSIONS],
}

impl Tally {
    /// Counts of documents, or of the owners of documents.
    pub(in crate::search) fn new(
        codes: &AllCodes,
        numbered: &Arc<Numbered>,
        catalogue: &Catalogue,
        by_owner: bool,
    ) -> Self {
        let counts = |values| Counts::new(values, by_owner);
        Self {
            items: counts(codes.items.len()),
            categories: counts(catalogue.categories().len()),
            // Owners are told apart by region when all that an owner serves is known.
            regions: Counts::new(codes.regions.len(), false),
            prices: counts(PRICES),
            turnarounds: counts(TURNAROUNDS),
            held: counts(codes.held.len()),
            kinds: counts(numbered.kinds.len()),
            grades: counts(Grade::ALL.len()),
            modes: counts(SelectionMode::ALL.len()),
            numbered: numbered.clone(),
            serves: (u64::MAX, Vec::new()),
            by_owner,
            entered: None,
            everywhere: [0; DIMENSIONS],
        }
    }

    /// Begins with a segment, as it is on a day.
    pub(in crate::search) fn enter(&mut self, columns: &Arc<Columns>, day: i32) {
        self.leave();
        if self.by_owner {
            return;
        }
        let held = columns.held_on(day);
        self.entered = Some(Entered {
            columns: columns.clone(),
            by_regions: vec![0; columns.regions.len() as usize],
            by_held: vec![0; held.len() as usize],
            held,
        });
    }

    /// Counts every value of the lists that were met.
    fn leave(&mut self) {
        let Some(entered) = self.entered.take() else { return };
        let Entered { columns, held, by_regions, by_held } = entered;
        for (list, times) in (0..).zip(by_regions).filter(|(_, times)| *times > 0) {
            for region in columns.regions.lists.of(list) {
                self.regions.add_times(*region, times);
            }
        }
        let kind = |what: u32| self.numbered.kind_of.get(what as usize).copied();
        for (list, times) in (0..).zip(by_held).filter(|(_, times)| *times > 0) {
            let list = held.lists.of(list);
            for (at, what) in list.iter().enumerate() {
                self.held.add_times(*what, times);
                if list[..at].iter().all(|other| kind(*other) != kind(*what)) {
                    self.kinds.add_times(kind(*what).unwrap_or(NONE), times);
                }
            }
        }
    }

    /// Counts a document in every dimension.
    pub(in crate::search) fn add(
        &mut self,
        narrow: &Narrow,
        columns: &Columns,
        doc: u32,
        owner: u64,
    ) {
        let Some(entered) = &mut self.entered else {
            for dimension in Dimension::ALL {
                self.add_to(*dimension, narrow, columns, doc, owner);
            }
            return;
        };
        let at = doc as usize;
        entered.by_regions[columns.regions.number[at] as usize] += 1;
        entered.by_held[entered.held.number[at] as usize] += 1;
        if let Some(grade) = columns.grade[at] {
            self.grades.add_times(grade.into(), 1);
        }
        match columns.kind[at].into() {
            Is::LISTING => {
                self.prices.add_times(columns.price_band[at].into(), 1);
                self.turnarounds.add_times(columns.day_band[at].into(), 1);
                self.modes.add_times(narrow.mode(columns.price[at]) as u32, 1);
            }
            Is::ITEM | Is::MATTER => self.everywhere.iter_mut().for_each(|count| *count += 1),
            _ => {}
        }
        for dimension in [Dimension::Item, Dimension::Category] {
            self.add_items(dimension, narrow, columns.items.of(doc), owner);
        }
    }

    /// Counts a document in one dimension.
    pub(in crate::search) fn add_to(
        &mut self,
        by: Dimension,
        narrow: &Narrow,
        columns: &Columns,
        doc: u32,
        owner: u64,
    ) {
        let at = doc as usize;
        let kind = u64::from(columns.kind[at]);
        let listing = kind == Is::LISTING;
        if kind == Is::ITEM || kind == Is::MATTER {
            self.everywhere[by as usize] += 1;
        }
        match by {
            Dimension::Item | Dimension::Category => {
                self.add_items(by, narrow, columns.items.of(doc), owner);
            }
            Dimension::Region => match &mut self.entered {
                Some(entered) => entered.by_regions[columns.regions.number[at] as usize] += 1,
                None => self.add_regions(columns.regions.of(doc), owner),
            },
            Dimension::Price if listing => {
                self.prices.add(columns.price_band[at].into(), owner);
            }
            Dimension::Turnaround if listing => {
                self.turnarounds.add(columns.day_band[at].into(), owner);
            }
            Dimension::Qualification => match &mut self.entered {
                Some(entered) => entered.by_held[entered.held.number[at] as usize] += 1,
                None => self.add_held(narrow, columns, doc, owner),
            },
            Dimension::Grade => {
                if let Some(grade) = columns.grade[at] {
                    self.grades.add(grade.into(), owner);
                }
            }
            Dimension::Mode if listing => {
                self.modes.add(narrow.mode(columns.price[at]) as usize, owner);
            }
            Dimension::Price | Dimension::Turnaround | Dimension::Mode => {}
        }
    }

    fn add_items(&mut self, by: Dimension, narrow: &Narrow, items: &[u32], owner: u64) {
        if by == Dimension::Item {
            for item in items {
                self.items.add(*item as usize, owner);
            }
            return;
        }
        for (at, item) in items.iter().enumerate() {
            let Some(number) = narrow.category(*item) else { continue };
            // An agency or a matter with several items of a category counts once.
            if items[..at].iter().all(|before| narrow.category(*before) != Some(number)) {
                self.categories.add(number as usize, owner);
            }
        }
    }

    fn add_held(&mut self, narrow: &Narrow, columns: &Columns, doc: u32, owner: u64) {
        let all = columns.held.of(doc);
        let kind = |what: u32| self.numbered.kind_of.get(what as usize).copied();
        for (at, held) in all.iter().enumerate() {
            let valid = |held: &HeldSpan| (held.first..=held.last).contains(&narrow.day);
            if !valid(held) {
                continue;
            }
            let mut before = all[..at].iter().filter(|held| valid(held));
            if before.clone().all(|other| other.what != held.what) {
                self.held.add(held.what as usize, owner);
            }
            if before.all(|other| kind(other.what) != kind(held.what))
                && let Some(kind) = kind(held.what)
            {
                self.kinds.add(kind as usize, owner);
            }
        }
    }

    fn add_regions(&mut self, regions: &[u32], owner: u64) {
        if self.serves.0 != owner {
            self.close_owner();
            self.serves.0 = owner;
        }
        let serves = &mut self.serves.1;
        for region in regions {
            if !serves.contains(region) {
                serves.push(*region);
            }
        }
    }

    /// Counts the regions that the owner at hand serves, without those that lie in others.
    fn close_owner(&mut self) {
        let serves = std::mem::take(&mut self.serves.1);
        for region in &serves {
            let place = self.numbered.regions.get(*region as usize).and_then(Option::as_ref);
            let covered =
                place.is_some_and(|place| place.around.iter().any(|above| serves.contains(above)));
            if !covered {
                self.regions.add(*region as usize, self.serves.0);
            }
        }
    }
}
