//! What the form of `/search` sends, and the addresses of searches.

use form_urlencoded::Serializer;
use market_core::{
    code::{CategoryCode, ItemCode, RegionCode},
    order::Grade,
    search::{Dimension, PriceBand, SearchQuery, SelectionMode, Sort, Subject, Turnaround},
};
use serde::Deserialize;

use super::super::cursor;
use crate::parameters::Several;

/// What is searched for, and how it is narrowed; what is left empty is not asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::portal) struct Asked {
    pub(super) q: String,
    kind: Several<Subject>,
    pub(super) category: Several<CategoryCode>,
    pub(super) item: Several<ItemCode>,
    pub(super) region: Several<RegionCode>,
    price: Several<PriceBand>,
    turnaround: Several<Turnaround>,
    qualification: Several<String>,
    grade: Several<Grade>,
    mode: Several<SelectionMode>,
    sort: Several<Sort>,
    after: Option<String>,
}

impl Asked {
    /// The words, without spaces around them; none where nothing was typed.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.q.trim()).filter(|text| !text.is_empty())
    }

    /// Whether agencies are looked for, and not what they offer.
    pub(super) fn agencies(&self) -> bool {
        self.kind.0.contains(&Subject::Agencies)
    }

    /// The order that was chosen, or that which fits: the cheapest first where there are no words
    /// to fit.
    pub(super) fn sort(&self) -> Sort {
        let usual = match self.text() {
            Some(_) => Sort::Relevance,
            None if self.agencies() => Sort::Credit,
            None => Sort::Price,
        };
        let chosen = self.sort.0.first().copied().filter(|sort| self.sorts().contains(sort));
        chosen.unwrap_or(usual)
    }

    /// The orders that can be chosen.
    pub(super) fn sorts(&self) -> &'static [Sort] {
        if self.agencies() {
            &[Sort::Relevance, Sort::Credit, Sort::Completed, Sort::Newest]
        } else {
            &[Sort::Relevance, Sort::Price, Sort::Days, Sort::Credit, Sort::Completed, Sort::Newest]
        }
    }

    /// The search that is asked for, with its facets.
    pub(super) fn query(&self) -> SearchQuery {
        let kind = if self.agencies() { Subject::Agencies } else { Subject::Listings };
        SearchQuery {
            text: self.text().map(str::to_owned),
            categories: self.category.0.clone(),
            items: self.item.0.clone(),
            regions: self.region.0.clone(),
            prices: self.price.0.clone(),
            turnarounds: self.turnaround.0.clone(),
            qualifications: self.qualification.0.clone(),
            grades: self.grade.0.clone(),
            modes: self.mode.0.clone(),
            sort: self.sort(),
            facets: true,
            after: cursor(self.after.as_deref()),
            ..SearchQuery::new(kind)
        }
    }

    /// The same search of another kind, from its beginning.
    pub(super) fn of(&self, kind: Subject) -> Self {
        Self { kind: Several(vec![kind]), sort: Several::default(), after: None, ..self.clone() }
    }

    /// The same search with other words, from its beginning.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self { q: text.to_owned(), after: None, ..self.clone() }
    }

    /// The same words and kind, without any filter.
    pub(super) fn without_filters(&self) -> Self {
        let (q, kind, sort) = (self.q.clone(), self.kind.clone(), self.sort.clone());
        Self { q, kind, sort, ..Self::default() }
    }

    /// The same search without one value of a filter, from its beginning.
    pub(super) fn without(&self, by: Dimension, value: &str) -> Self {
        fn drop<T: ToString>(from: &mut Several<T>, value: &str) {
            from.0.retain(|one| one.to_string() != value);
        }
        let mut other = Self { after: None, ..self.clone() };
        match by {
            Dimension::Category => drop(&mut other.category, value),
            Dimension::Item => drop(&mut other.item, value),
            Dimension::Region => drop(&mut other.region, value),
            Dimension::Price => drop(&mut other.price, value),
            Dimension::Turnaround => drop(&mut other.turnaround, value),
            Dimension::Qualification => drop(&mut other.qualification, value),
            Dimension::Grade => drop(&mut other.grade, value),
            Dimension::Mode => drop(&mut other.mode, value),
        }
        other
    }

    /// The address of the search.
    pub(super) fn address(&self) -> String {
        fn several<T: ToString>(into: &mut Serializer<'_, String>, name: &str, from: &Several<T>) {
            for one in &from.0 {
                into.append_pair(name, &one.to_string());
            }
        }
        let mut query = Serializer::new(String::new());
        if let Some(text) = self.text() {
            query.append_pair("q", text);
        }
        several(&mut query, "kind", &self.kind);
        several(&mut query, "category", &self.category);
        several(&mut query, "item", &self.item);
        several(&mut query, "region", &self.region);
        several(&mut query, "price", &self.price);
        several(&mut query, "turnaround", &self.turnaround);
        several(&mut query, "qualification", &self.qualification);
        several(&mut query, "grade", &self.grade);
        several(&mut query, "mode", &self.mode);
        several(&mut query, "sort", &self.sort);
        format!("/search?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Query;

    use super::*;
    use crate::parameters::gathered;

    fn asked(query: &str) -> Asked {
        let uri = format!("/search?{}", gathered(query)).parse().unwrap();
        Query::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn an_address_asks_what_was_asked() {
        let address =
            "/search?q=%E6%B6%88+%26&kind=agencies&region=330282&price=0-1000&price=1000-5000";
        let query = address.split_once('?').unwrap().1;
        assert_eq!(asked(query).address(), address);
        assert_eq!(asked("q=&category=&item=,&after=x").address(), "/search?");
    }

    #[test]
    fn one_value_is_dropped_and_the_page_with_it() {
        let all = asked("price=0-1000&price=1000-5000&after=x&grade=A");
        let fewer = all.without(Dimension::Price, "0-1000");
        assert_eq!(fewer.address(), "/search?price=1000-5000&grade=A");
        assert_eq!(fewer.query().after, None);
        assert_eq!(all.without_filters().address(), "/search?");
    }

    #[test]
    fn an_order_that_does_not_fit_is_not_taken() {
        assert_eq!(asked("kind=agencies&sort=price").sort(), Sort::Credit);
        assert_eq!(asked("q=x&sort=price").sort(), Sort::Price);
        assert_eq!((asked("q=x").sort(), asked("").sort()), (Sort::Relevance, Sort::Price));
    }
}
