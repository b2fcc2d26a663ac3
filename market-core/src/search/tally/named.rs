//! Facets, from what was counted.

use std::collections::BTreeSet;

use super::{
    super::{
        catalogue::{COUNTRY, Catalogue},
        columns::AllCodes,
        facets::{
            Dimension, Facet, FacetValue, PriceBand, SelectionMode, Turnaround, day_name,
            price_name,
        },
        query::SearchQuery,
    },
    Counts, Tally,
};
use crate::{code::RegionCode, order::Grade};

impl Tally {
    /// The facets, with the names of their values.
    pub(in crate::search) fn facets(
        mut self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<Facet> {
        self.leave();
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
        let chosen = query.regions.iter().filter_map(|code| catalogue.region(code));
        let around = chosen.flat_map(|region| &region.path);
        let listed = around.flat_map(|code| std::iter::once(code).chain(catalogue.parts_of(code)));
        let listed: BTreeSet<_> = listed.chain(catalogue.provinces()).collect();
        let listed = listed.into_iter().filter(|code| code.as_str() != COUNTRY);
        let values = listed.filter_map(|code| catalogue.region(code)).map(|region| FacetValue {
            value: region.code.to_string(),
            name: region.name.clone(),
            parent: region.path.iter().rev().nth(1).map(ToString::to_string),
            count: region.path.iter().map(raw).sum(),
            chosen: query.regions.contains(&region.code),
        });
        values.filter(FacetValue::is_shown).collect()
    }

    fn of_qualifications(
        &self,
        query: &SearchQuery,
        codes: &AllCodes,
        catalogue: &Catalogue,
    ) -> Vec<FacetValue> {
        let mut values = Vec::new();
        for kind in catalogue.qualifications() {
            let at = self.numbered.kinds.iter().position(|name| name == kind.kind.as_str());
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
                let at = codes.held.find(&code);
                values.push(FacetValue {
                    name: level.name.clone(),
                    parent: Some(kind.kind.to_string()),
                    count: at
                        .and_then(|at| self.held.counts.get(at as usize))
                        .copied()
                        .unwrap_or(0),
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
