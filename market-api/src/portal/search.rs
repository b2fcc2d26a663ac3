//! `/search`: matters, service items and what is offered, by the words that people use.

use askama::Template;
use axum::extract::{RawQuery, State};
use market_core::{
    Market,
    catalog::{Category, ServiceItem},
    code::{CategoryCode, ItemCode, RegionCode},
    rules::Region,
    search::{self, Hit, Hits, SearchQuery, Sort, Subject},
};
use serde::Deserialize;

use super::{Frame, Link, Page, Pager, cursor, names, offer::Found, typed};
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
    /// What the words were taken for, where they do not say it themselves.
    taken_for: Vec<String>,
    nothing: bool,
}

/// A filter that is chosen from a list.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) options: Vec<Choice>,
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// What the form sends; what is left empty is not asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default, deserialize_with = "typed")]
    category: Option<CategoryCode>,
    #[serde(default, deserialize_with = "typed")]
    item: Option<ItemCode>,
    #[serde(default, deserialize_with = "typed")]
    region: Option<RegionCode>,
    after: Option<String>,
}

pub(super) async fn show(
    State(market): State<Market>,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Page, Problem> {
    let all_items = names::items(&market).await?;
    let categories = market.catalog().categories().await?;
    let regions = nearby(&market, asked.region.as_ref()).await?;
    let query = asked.query();
    let hits = market.search().find(&query).await?;
    market.asked().count_search(&query, &hits);
    let found = Found::of(&market, hits).await?;
    let mut page = SearchPage {
        frame: Frame::new(&market, "搜索").await?,
        text: asked.q.trim().to_owned(),
        selects: selects(&asked, &categories, &all_items, &regions),
        narrowed: asked.category.is_some() || asked.item.is_some() || asked.region.is_some(),
        matters: Vec::new(),
        items: Vec::new(),
        agencies: Vec::new(),
        agencies_total: 0,
        taken_for: found.taken_for.clone(),
        nothing: false,
        pager: Pager::new(&list("/search", address), query.after.as_ref(), found.next.as_ref()),
        found,
    };
    if query.after.is_none() && query.text.is_some() {
        let of = async |kind| {
            let query = SearchQuery { kind, sort: Sort::Relevance, limit: 6, ..query.clone() };
            market.search().find(&query).await
        };
        page.matters = links(of(Subject::Matters).await?);
        page.items = links(of(Subject::Items).await?);
        let agencies = of(Subject::Agencies).await?;
        page.agencies_total = agencies.total;
        page.agencies = links(agencies);
    } else if query.after.is_none()
        && let Some(category) = &asked.category
    {
        let of_category = all_items.iter().filter(|item| item.category == *category);
        page.items = of_category.map(Link::item).collect();
    }
    page.nothing = page.matters.is_empty()
        && page.items.is_empty()
        && page.agencies.is_empty()
        && page.found.offers.is_empty();
    Page::of(&page)
}

/// The address of the list, without the page of it.
pub(super) fn list(path: &str, address: Option<String>) -> String {
    let address = address.unwrap_or_default();
    let kept = address.split('&').filter(|part| !part.is_empty() && !part.starts_with("after="));
    kept.fold(format!("{path}?"), |list, part| list + part + "&")
}

fn links(hits: Hits) -> Vec<Link> {
    hits.items.into_iter().filter_map(link).collect()
}

/// Where a hit leads; nowhere of its own, if it is a listing.
fn link(hit: Hit) -> Option<Link> {
    let (href, name) = match hit.found {
        search::Found::Listing(_) => return None,
        search::Found::Agency(agency) => (format!("/agencies/{}", agency.id), agency.name),
        search::Found::ServiceItem(item) => (format!("/items/{}", item.code), item.name),
        search::Found::Matter(matter) => (format!("/matters/{}", matter.code), matter.name),
    };
    Some(Link { href, name })
}

impl Asked {
    /// The search of listings that is asked for: cheapest first, where there are no words to fit.
    fn query(&self) -> SearchQuery {
        let text = Some(self.q.trim().to_owned()).filter(|text| !text.is_empty());
        SearchQuery {
            sort: if text.is_some() { Sort::Relevance } else { Sort::Price },
            text,
            categories: self.category.iter().cloned().collect(),
            items: self.item.iter().cloned().collect(),
            regions: self.region.iter().cloned().collect(),
            after: cursor(self.after.as_deref()),
            ..SearchQuery::new(Subject::Listings)
        }
    }
}

/// The regions that a form offers: where the departments decide, what lies beside it, and what
/// holds both; also the one that is chosen.
pub(super) async fn nearby(market: &Market, chosen: Option<&RegionCode>) -> Result<Vec<Region>, Problem> {
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
    pub(super) fn of(value: &str, label: &str, chosen: Option<&str>) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), chosen: chosen == Some(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let address = "q=%E6%B6%88&region=330282&after=x&category=";
        assert_eq!(list("/search", Some(address.to_owned())), "/search?q=%E6%B6%88&region=330282&category=&");
        assert_eq!(list("/search", None), "/search?");
    }
}
