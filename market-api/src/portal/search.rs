//! `/search`: matters, service items and what is offered, by the words that people use.

use askama::Template;
use axum::extract::{RawQuery, State};
use market_core::{
    Market,
    catalog::{Category, ServiceItem},
    code::{CategoryCode, ItemCode, RegionCode},
    matter::Matter,
    rules::Region,
    search::{Hit, SearchQuery, Sort, Subject},
};
use serde::{Deserialize, Deserializer};

use super::{Frame, Link, Page, Pager, cursor, names, offer::Found};
use crate::{parameters::Parameters, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    text: String,
    selects: Vec<Select>,
    narrowed: bool,
    matters: Vec<Link>,
    items: Vec<Link>,
    agencies: Vec<Link>,
    agencies_total: u64,
    found: Found,
    pager: Pager,
    nothing: bool,
}

/// A filter that is chosen from a list.
#[derive(Debug)]
struct Select {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// What the form sends; what is left empty is not asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default, deserialize_with = "filled")]
    category: Option<CategoryCode>,
    #[serde(default, deserialize_with = "filled")]
    item: Option<ItemCode>,
    #[serde(default, deserialize_with = "filled")]
    region: Option<RegionCode>,
    after: Option<String>,
}

/// A code, or nothing where a form's field was left empty.
fn filled<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error: std::fmt::Display>,
{
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    T::try_from(text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) async fn show(
    State(market): State<Market>,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Page, Problem> {
    let all_items = names::items(&market).await?;
    let categories = market.catalog().categories().await?;
    let regions = nearby(&market, asked.region.as_ref()).await?;
    let words: Vec<String> = asked.q.split_whitespace().map(str::to_lowercase).collect();
    let query = asked.query();
    let hits = market.search().find(&query).await?;
    market.asked().count_search(&query, &hits);
    let found = Found::of(&market, hits).await?;
    let mut page = SearchPage {
        frame: Frame::new(&market, "搜索").await?,
        text: asked.q.trim().to_owned(),
        selects: selects(&asked, &categories, &all_items, &regions),
        narrowed: query.category.is_some() || query.item.is_some() || query.region.is_some(),
        matters: Vec::new(),
        items: Vec::new(),
        agencies: Vec::new(),
        agencies_total: 0,
        nothing: false,
        pager: Pager::new(&list(address), query.after.as_ref(), found.next.as_ref()),
        found,
    };
    if query.after.is_none() {
        page.items = items(&all_items, &words, query.category.as_ref());
    }
    if query.after.is_none() && query.text.is_some() {
        let agencies = SearchQuery { kind: Subject::Agencies, limit: 6, ..query.clone() };
        let agencies = market.search().find(&agencies).await?;
        page.matters = matters(&names::matters(&market).await?, &words);
        page.agencies_total = agencies.total;
        page.agencies = agencies.items.into_iter().map(agency).collect();
    }
    page.nothing = page.matters.is_empty()
        && page.items.is_empty()
        && page.agencies.is_empty()
        && page.found.offers.is_empty();
    Page::of(&page)
}

/// The address of the list, without the page of it.
fn list(address: Option<String>) -> String {
    let address = address.unwrap_or_default();
    let kept = address.split('&').filter(|part| !part.is_empty() && !part.starts_with("after="));
    kept.fold("/search?".to_owned(), |list, part| list + part + "&")
}

fn agency(hit: Hit) -> Link {
    Link { href: format!("/agencies/{}", hit.agency_id), name: hit.agency_name }
}

impl Asked {
    /// The search of listings that is asked for: cheapest first, where there are no words to fit.
    fn query(&self) -> SearchQuery {
        let text = Some(self.q.trim().to_owned()).filter(|text| !text.is_empty());
        SearchQuery {
            sort: if text.is_some() { Sort::Relevance } else { Sort::Price },
            text,
            category: self.category.clone(),
            item: self.item.clone(),
            region: self.region.clone(),
            after: cursor(self.after.as_deref()),
            ..SearchQuery::new(Subject::Listings)
        }
    }
}

/// Matters that are called by all the words.
fn matters(all: &[Matter], words: &[String]) -> Vec<Link> {
    let called = all.iter().filter(|matter| has_all(&[&matter.name], words));
    called.map(Link::matter).collect()
}

/// Service items that are called by all the words, of a category if one is chosen.
fn items(all: &[ServiceItem], words: &[String], category: Option<&CategoryCode>) -> Vec<Link> {
    let called = all.iter().filter(|item| {
        let names: Vec<&str> =
            item.aliases.iter().chain([&item.name]).map(String::as_str).collect();
        match category {
            Some(category) => {
                item.category == *category && (words.is_empty() || has_all(&names, words))
            }
            None => has_all(&names, words),
        }
    });
    called.map(Link::item).collect()
}

/// Whether each of the words, of which there is one at least, stands in one of the names.
fn has_all(names: &[&str], words: &[String]) -> bool {
    let names: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    !words.is_empty() && words.iter().all(|word| names.iter().any(|name| name.contains(word)))
}

/// The regions that a form offers: where the departments decide, what lies beside it, and what
/// holds both; also the one that is chosen.
async fn nearby(market: &Market, chosen: Option<&RegionCode>) -> Result<Vec<Region>, Problem> {
    let rules = market.rules();
    let mut regions = Vec::new();
    if let Some(department) = market.departments().list().await?.first() {
        let home = rules.region(&department.region).await?;
        if let Some(parent) = home.parent {
            regions.push(rules.region(&parent).await?);
            regions.extend(rules.regions(Some(&parent)).await?);
        }
    }
    if let Some(chosen) = chosen
        && !regions.iter().any(|region| region.code == *chosen)
    {
        regions.push(rules.region(chosen).await?);
    }
    Ok(regions)
}

fn selects(
    asked: &Asked,
    categories: &[Category],
    items: &[ServiceItem],
    regions: &[Region],
) -> Vec<Select> {
    let category = asked.category.as_ref().map(CategoryCode::as_str);
    let item = asked.item.as_ref().map(ItemCode::as_str);
    let region = asked.region.as_ref().map(RegionCode::as_str);
    let of_category =
        items.iter().filter(|item| category.is_none_or(|code| item.category.as_str() == code));
    vec![
        Select {
            name: "category",
            label: "服务种类",
            options: categories
                .iter()
                .map(|one| Choice::of(one.code.as_str(), &one.name, category))
                .collect(),
        },
        Select {
            name: "item",
            label: "服务事项",
            options: of_category
                .map(|one| Choice::of(one.code.as_str(), &one.name, item))
                .collect(),
        },
        Select {
            name: "region",
            label: "服务地区",
            options: regions
                .iter()
                .map(|one| Choice::of(one.code.as_str(), &one.name, region))
                .collect(),
        },
    ]
}

impl Choice {
    fn of(value: &str, label: &str, chosen: Option<&str>) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), chosen: chosen == Some(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_stand_in_some_name() {
        let names = ["建筑消防设施检测", "消防检测", "CMA检测"];
        let has = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            has_all(&names, &words)
        };
        assert!(has(&["消防"]));
        assert!(has(&["设施", "cma"]));
        assert!(!has(&["设施", "餐馆"]));
        assert!(!has(&[]));
    }

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let address = "q=%E6%B6%88&region=330282&after=x&category=";
        assert_eq!(list(Some(address.to_owned())), "/search?q=%E6%B6%88&region=330282&category=&");
        assert_eq!(list(None), "/search?");
    }
}
