//! Counting, for each dimension, how many hits every value would leave.

use super::{
    catalogue::{COUNTRY, Catalogue},
    columns::{AllCodes, Columns, NONE},
    documents::Subject as Is,
    facets::{
        DIMENSIONS, Dimension, Facet, FacetValue, PRICES, PriceBand, SelectionMode, TURNAROUNDS,
        Turnaround, day_band, day_name, price_band, price_name,
    },
    narrow::Narrow,
    query::SearchQuery,
};
use crate::{code::RegionCode, order::Grade};

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
}

/// The counts of all dimensions.
#[derive(Debug)]
pub(super) struct Tally {
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
    /// The number of the kind of each certificate.
    kind_of: Vec<u32>,
    kind_names: Vec<String>,
    /// Of each region, the numbers of those that it lies in.
    around: Vec<Vec<u32>>,
    /// The regions that the owner at hand serves.
    serves: (u64, Vec<u32>),
    by_owner: bool,
    /// How many things of the catalogue each dimension leaves whatever is chosen, by its place.
    everywhere: [u64; DIMENSIONS],
}

impl Tally {
    /// Counts of documents, or of the owners of documents.
    pub(super) fn new(codes: &AllCodes, catalogue: &Catalogue, by_owner: bool) -> Self {
        let mut kind_names: Vec<String> = Vec::new();
        let mut kind_of = Vec::new();
        for held in codes.held.all() {
            let kind = held.split(':').next().unwrap_or_default();
            let at = kind_names.iter().position(|known| known == kind).unwrap_or_else(|| {
                kind_names.push(kind.to_owned());
                kind_names.len() - 1
            });
            kind_of.push(u32::try_from(at).unwrap_or(NONE));
        }
        let counts = |values| Counts::new(values, by_owner);
        let regions = codes.regions.all();
        let around = |code: &str| {
            let region = code.parse().ok().and_then(|code| catalogue.region(&code));
            let path = region.map_or(&[][..], |region| &region.path);
            path.iter()
                .filter(|above| above.as_str() != code)
                .filter_map(|above| codes.regions.find(above.as_str()))
                .collect()
        };
        Self {
            items: counts(codes.items.len()),
            categories: counts(catalogue.categories().len()),
            // Owners are told apart by region when all that an owner serves is known.
            regions: Counts::new(regions.len(), false),
            prices: counts(PRICES),
            turnarounds: counts(TURNAROUNDS),
            held: counts(codes.held.len()),
            kinds: counts(kind_names.len()),
            grades: counts(Grade::ALL.len()),
            modes: counts(SelectionMode::ALL.len()),
            kind_of,
            kind_names,
            around: if by_owner { regions.iter().map(|c| around(c)).collect() } else { Vec::new() },
            serves: (u64::MAX, Vec::new()),
            by_owner,
            everywhere: [0; DIMENSIONS],
        }
    }

    /// Counts a document in every dimension.
    pub(super) fn add(&mut self, narrow: &Narrow, columns: &Columns, doc: u32, owner: u64) {
        for dimension in Dimension::ALL {
            self.add_to(*dimension, narrow, columns, doc, owner);
        }
    }

    /// Counts a document in one dimension.
    pub(super) fn add_to(
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
            Dimension::Item => {
                columns.items.of(doc).iter().for_each(|item| self.items.add(*item as usize, owner));
            }
            Dimension::Category => self.add_categories(narrow, columns.items.of(doc), owner),
            Dimension::Region => self.add_regions(columns.regions.of(doc), owner),
            Dimension::Price if listing => self.prices.add(price_band(columns.price[at]), owner),
            Dimension::Turnaround if listing => {
                self.turnarounds.add(day_band(columns.days[at]), owner);
            }
            Dimension::Qualification => self.add_held(narrow, columns, doc, owner),
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

    fn add_categories(&mut self, narrow: &Narrow, items: &[u32], owner: u64) {
        let category = |item: &u32| narrow.categories.get(*item as usize).copied().flatten();
        for (at, item) in items.iter().enumerate() {
            let Some(number) = category(item) else { continue };
            // An agency or a matter with several items of a category counts once.
            if items[..at].iter().all(|before| category(before) != Some(number)) {
                self.categories.add(number as usize, owner);
            }
        }
    }

    fn add_held(&mut self, narrow: &Narrow, columns: &Columns, doc: u32, owner: u64) {
        let all = columns.held.of(doc);
        let kind = |what: u32| self.kind_of.get(what as usize).copied();
        for (at, held) in all.iter().enumerate() {
            let valid =
                |held: &super::columns::HeldSpan| (held.first..=held.last).contains(&narrow.day);
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
        if !self.by_owner {
            for region in regions {
                self.regions.add(*region as usize, owner);
            }
            return;
        }
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
            let around = self.around.get(*region as usize);
            let covered = around.is_some_and(|all| all.iter().any(|above| serves.contains(above)));
            if !covered {
                self.regions.add(*region as usize, self.serves.0);
            }
        }
    }

    /// The facets, with the names of their values.
    pub(super) fn facets(
        mut self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<Facet> {
        self.close_owner();
        let facets = [
            (Dimension::Category, self.of_categories(query, catalogue)),
            (Dimension::Item, self.of_items(query, codes, catalogue)),
            (Dimension::Region, self.of_regions(query, codes, catalogue)),
            (
                Dimension::Price,
                self.of_bands(PriceBand::ALL, &query.prices, &self.prices, price_name),
            ),
            (
                Dimension::Turnaround,
                self.of_bands(Turnaround::ALL, &query.turnarounds, &self.turnarounds, day_name),
            ),
            (Dimension::Qualification, self.of_qualifications(query, codes, catalogue)),
            (
                Dimension::Grade,
                self.of_bands(Grade::ALL, &query.grades, &self.grades, |grade| grade.to_string()),
            ),
            (
                Dimension::Mode,
                self.of_bands(SelectionMode::ALL, &query.modes, &self.modes, mode_name),
            ),
        ];
        let filled = facets.into_iter().filter(|(_, values)| !values.is_empty());
        let facet = |(by, mut values): (Dimension, Vec<FacetValue>)| {
            if !matches!(by, Dimension::Category | Dimension::Item) {
                for value in &mut values {
                    value.count += self.everywhere[by as usize];
                }
            }
            Facet { by, values }
        };
        filled.map(facet).collect()
    }

    #[expect(clippy::unused_self, reason = "reads as the others do")]
    fn of_bands<T: Copy + PartialEq + std::fmt::Display>(
        &self,
        all: &[T],
        chosen: &[T],
        counts: &Counts,
        name: impl Fn(T) -> String,
    ) -> Vec<FacetValue> {
        let values = all.iter().zip(&counts.counts).map(|(value, count)| FacetValue {
            value: value.to_string(),
            name: name(*value),
            parent: None,
            count: *count,
            chosen: chosen.contains(value),
        });
        values.filter(FacetValue::is_shown).collect()
    }

    fn of_categories(&self, query: &SearchQuery, catalogue: &Catalogue) -> Vec<FacetValue> {
        let all = catalogue.categories().iter().zip(&self.categories.counts);
        let values = all.map(|(category, count)| FacetValue {
            value: category.code.to_string(),
            name: category.name.clone(),
            parent: None,
            count: *count,
            chosen: query.categories.contains(&category.code),
        });
        most_first(values.filter(FacetValue::is_shown).collect())
    }

    fn of_items(
        &self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<FacetValue> {
        let count = |code: &str| {
            let number = codes.items.find(code);
            number.and_then(|number| self.items.counts.get(number as usize)).copied().unwrap_or(0)
        };
        let values = catalogue.items().map(|item| FacetValue {
            value: item.code.to_string(),
            name: item.name.clone(),
            parent: Some(item.category.to_string()),
            count: count(item.code.as_str()),
            chosen: query.items.contains(&item.code),
        });
        most_first(values.filter(FacetValue::is_shown).collect())
    }

    /// The provinces; of each chosen region what it lies in, what lies in it, and itself.
    fn of_regions(
        &self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<FacetValue> {
        let raw = |code: &RegionCode| {
            let number = codes.regions.find(code.as_str());
            number.and_then(|number| self.regions.counts.get(number as usize)).copied().unwrap_or(0)
        };
        let paths: Vec<_> =
            query.regions.iter().filter_map(|code| catalogue.region(code)).collect();
        let is_listed = |code: &RegionCode, parent: Option<&RegionCode>| {
            let of_chosen = |listed: &RegionCode| paths.iter().any(|r| r.path.contains(listed));
            code.as_str() != COUNTRY
                && (of_chosen(code)
                    || parent.is_none_or(|parent| parent.as_str() == COUNTRY || of_chosen(parent)))
        };
        let values = catalogue.regions().filter_map(|region| {
            let parent = region.path.iter().rev().nth(1);
            is_listed(&region.code, parent).then(|| FacetValue {
                value: region.code.to_string(),
                name: region.name.clone(),
                parent: parent.map(ToString::to_string),
                count: region.path.iter().map(raw).sum(),
                chosen: query.regions.contains(&region.code),
            })
        });
        let mut values: Vec<_> = values.filter(FacetValue::is_shown).collect();
        values.sort_unstable_by(|a, b| a.value.cmp(&b.value));
        values
    }

    fn of_qualifications(
        &self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<FacetValue> {
        let all = codes.held.all();
        let mut values = Vec::new();
        for kind in catalogue.qualifications() {
            let at = self.kind_names.iter().position(|name| name == kind.kind.as_str());
            let count = at.and_then(|at| self.kinds.counts.get(at)).copied().unwrap_or(0);
            let code = kind.kind.to_string();
            values.push(FacetValue {
                name: kind.name.clone(),
                parent: None,
                count,
                chosen: query.qualifications.contains(&code),
                value: code,
            });
            for level in kind.levels.iter().filter(|_| kind.levels.len() > 1) {
                let code = format!("{}:{}", kind.kind, level.level);
                let at = all.iter().position(|held| **held == *code);
                values.push(FacetValue {
                    name: level.name.clone(),
                    parent: Some(kind.kind.to_string()),
                    count: at.and_then(|at| self.held.counts.get(at)).copied().unwrap_or(0),
                    chosen: query.qualifications.contains(&code),
                    value: code,
                });
            }
        }
        values.retain(FacetValue::is_shown);
        values
    }
}

impl FacetValue {
    const fn is_shown(&self) -> bool {
        self.count > 0 || self.chosen
    }
}

fn most_first(mut values: Vec<FacetValue>) -> Vec<FacetValue> {
    values.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values
}

fn mode_name(mode: SelectionMode) -> String {
    match mode {
        SelectionMode::Direct => "可直接选取".to_owned(),
        SelectionMode::OpenSelection => "财政资金须公开选取".to_owned(),
    }
}
