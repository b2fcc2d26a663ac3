//! `/search`: matters, service items, what is offered and who offers it, by the words that people
//! use, with filters that tell how many results each leaves.
//!
//! `asked` is the form and the addresses of searches, `filters` what stands beside the results.
//! The page is whole without a script; with one, a filter takes effect when it is ticked.

mod asked;
mod filters;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use market_core::{
    Market,
    code::ItemCode,
    search::{
        self, AgencyFound, Found, Hit, Hits, Named, NamedBy, Part, SearchQuery, Sort, Subject,
    },
};
use serde::Deserialize;

use self::{
    asked::Asked,
    filters::{Chip, Filter, filters},
};
use super::{
    Frame, Link, Page, Pager, form,
    names::{self, Regions},
    offer::{self, Offer},
};
use crate::{
    parameters::{Filled, Parameters},
    problem::Problem,
};

/// So many things of each other kind are shown above what is offered.
const ABOVE: u32 = 6;
/// So many services of an agency are named.
const NAMED: usize = 4;

#[derive(Debug, Template)]
#[template(path = "search.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the page says or does not say")]
struct SearchPage {
    frame: Frame,
    text: String,
    agencies: bool,
    corrections: Vec<Link>,
    /// What the words were taken for, where they do not say it themselves.
    taken_for: Vec<String>,
    matters: Vec<Link>,
    items: Vec<Link>,
    tabs: Vec<Tab>,
    filters: Vec<Filter>,
    chips: Vec<Chip>,
    unfiltered: String,
    total: u64,
    sorts: Vec<Order>,
    relaxed: bool,
    complete: bool,
    offers: Vec<Offer>,
    found_agencies: Vec<Card>,
    pager: Pager,
    nothing: bool,
    nearest: Vec<Link>,
}

/// One of the two lists that a search has.
#[derive(Debug)]
struct Tab {
    name: &'static str,
    href: String,
    count: u64,
    here: bool,
}

/// An order of results.
#[derive(Debug)]
struct Order {
    value: Sort,
    label: &'static str,
    chosen: bool,
}

/// An agency that was found.
#[derive(Debug)]
struct Card {
    href: String,
    name: Vec<Part>,
    offers: usize,
    items: Vec<String>,
    more: usize,
    regions: Vec<String>,
    credit: u32,
    completed: u32,
}

const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "最符合的在前",
        Sort::Price => "价格低的在前",
        Sort::Days => "时限短的在前",
        Sort::Credit => "信用高的在前",
        Sort::Completed => "完成多的在前",
        Sort::Distance => "距离近的在前",
        Sort::Newest => "最新的在前",
    }
}

pub(super) async fn show(
    State(market): State<Market>,
    Filled(asked): Filled<Asked>,
) -> Result<Page, Problem> {
    let query = asked.query();
    let hits = market.search().find(&query).await?;
    market.asked().count_search(&query, &hits);
    let first = query.after.is_none();
    let other = if asked.agencies() { Subject::Listings } else { Subject::Agencies };
    let other = SearchQuery { facets: false, limit: 1, ..asked.of(other).query() };
    let other = market.search().find(&other).await?.total;
    let (offered, offering) =
        if asked.agencies() { (other, hits.total) } else { (hits.total, other) };
    let tab = |name, kind, count| Tab {
        name,
        href: asked.of(kind).address(),
        count,
        here: asked.agencies() == (kind == Subject::Agencies),
    };
    let item_names: BTreeMap<ItemCode, String> =
        names::items(&market).await?.into_iter().map(|item| (item.code, item.name)).collect();
    let nearby = form::nearby(&market, None).await?;
    let nearby: Vec<_> =
        nearby.into_iter().map(|region| (region.code.to_string(), region.name)).collect();
    let (filters, chips) = filters(&asked, hits.facets.clone(), &nearby);
    let above = async |kind| {
        if !first || query.text.is_none() {
            return Ok(Vec::new());
        }
        let query =
            SearchQuery { text: query.text.clone(), limit: ABOVE, ..SearchQuery::new(kind) };
        Ok::<_, market_core::Error>(links(market.search().find(&query).await?))
    };
    let (matters, items) = (above(Subject::Matters).await?, above(Subject::Items).await?);
    let corrections = hits
        .corrections
        .iter()
        .map(|one| Link { href: asked.with_text(&one.text).address(), name: one.text.clone() });
    let mut page = SearchPage {
        frame: Frame::new(&market, "搜索").await?,
        text: asked.text().unwrap_or_default().to_owned(),
        agencies: asked.agencies(),
        corrections: corrections.collect(),
        taken_for: taken_for(&hits.understood),
        nothing: hits.items.is_empty() && matters.is_empty() && items.is_empty(),
        matters,
        items,
        tabs: vec![
            tab("服务", Subject::Listings, offered),
            tab("机构", Subject::Agencies, offering),
        ],
        filters,
        chips,
        unfiltered: asked.without_filters().address(),
        total: hits.total,
        sorts: asked
            .sorts()
            .iter()
            .map(|&sort| Order { value: sort, label: order(sort), chosen: sort == query.sort })
            .collect(),
        relaxed: hits.relaxed,
        complete: hits.complete,
        offers: Vec::new(),
        found_agencies: Vec::new(),
        pager: Pager::new(
            &format!("{}&", asked.address()),
            query.after.as_ref(),
            hits.next.as_ref(),
        ),
        nearest: hits.nearest.iter().filter_map(nearest).collect(),
    };
    let mut regions = Regions::new(&market);
    for hit in hits.items {
        match hit.found {
            Found::Listing(listing) => {
                let item = item_names.get(&listing.item).map(|name| Link {
                    href: format!("/items/{}", listing.item),
                    name: name.clone(),
                });
                let offer = Offer::behind(listing, hit.highlights, &market, &mut regions).await?;
                page.offers.extend(offer.map(|offer| Offer { item, ..offer }));
            }
            Found::Agency(agency) => {
                let title = hit.highlights.map(|found| found.title);
                page.found_agencies.push(Card {
                    regions: regions.names(&agency.regions).await?,
                    ..card(agency, title, &item_names)
                });
            }
            Found::ServiceItem(_) | Found::Matter(_) => {}
        }
    }
    Page::of(&page)
}

fn card(
    agency: AgencyFound,
    marked: Option<Vec<Part>>,
    items: &BTreeMap<ItemCode, String>,
) -> Card {
    let named = agency.offers.iter().filter_map(|code| items.get(code).cloned());
    Card {
        href: format!("/agencies/{}", agency.id),
        name: marked.unwrap_or_else(|| offer::plain(agency.name)),
        offers: agency.offers.len(),
        items: named.take(NAMED).collect(),
        more: agency.offers.len().saturating_sub(NAMED),
        regions: Vec::new(),
        credit: agency.credit,
        completed: agency.completed,
    }
}

/// What the words were taken for, where they do not say it themselves.
fn taken_for(understood: &[Named]) -> Vec<String> {
    let guessed = understood.iter().filter(|named| named.by != NamedBy::Name);
    let mut names: Vec<String> = guessed.map(|named| named.name.clone()).collect();
    names.dedup();
    names
}

/// Where the nearest thing to what was asked is.
fn nearest(named: &Named) -> Option<Link> {
    let href = match named.kind.as_str() {
        "service_item" => format!("/items/{}", named.code),
        "category" => format!("/search?category={}", named.code),
        _ => return None,
    };
    Some(Link { href, name: named.name.clone() })
}

fn links(hits: Hits) -> Vec<Link> {
    hits.items.into_iter().filter_map(link).collect()
}

/// Where a hit leads; nowhere of its own, if it is a listing.
fn link(hit: Hit) -> Option<Link> {
    let (href, name) = match hit.found {
        Found::Listing(_) => return None,
        Found::Agency(agency) => (format!("/agencies/{}", agency.id), agency.name),
        Found::ServiceItem(item) => (format!("/items/{}", item.code), item.name),
        Found::Matter(matter) => (format!("/matters/{}", matter.code), matter.name),
    };
    Some(Link { href, name })
}

/// What is typed into the search box.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    q: String,
}

/// What to type next.
#[derive(Debug, Template)]
#[template(path = "suggested.html")]
struct Suggested {
    names: Vec<(String, String)>,
}

pub(super) async fn suggest(
    State(market): State<Market>,
    Parameters(Typed { q }): Parameters<Typed>,
) -> Result<Page, Problem> {
    let text: String = q.trim().chars().take(search::MAX_SUGGESTED_TEXT).collect();
    let mut names = Vec::new();
    if !text.is_empty() {
        for one in market.search().suggest(&text, 8, &[]).await? {
            let unit = match one.kind {
                search::SuggestionKind::Matter => "一件事，要用",
                search::SuggestionKind::ServiceItem => "中介服务，在售",
                search::SuggestionKind::Region => "地区，在售",
                search::SuggestionKind::Agency => "机构，在售",
            };
            if names.iter().all(|(name, _)| *name != one.name) {
                names.push((one.name, format!("{unit} {} 项", one.count)));
            }
        }
    }
    Page::of(&Suggested { names })
}
