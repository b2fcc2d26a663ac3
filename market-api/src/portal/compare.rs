//! `/compare`: up to four listings side by side. What is compared stands in the address alone.

use askama::Template;
use axum::extract::State;
use market_core::{Market, agency::ListingState, id::ListingId};
use serde::Deserialize;

use super::{
    Frame, Link, Page, known,
    names::{self, Regions},
    words,
};
use crate::{
    parameters::{Filled, Several},
    problem::Problem,
};

/// So many are compared at most.
const MOST: usize = 4;

/// What is compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    listing: Several<ListingId>,
}

#[derive(Debug, Template)]
#[template(path = "compare.html")]
struct ComparePage {
    frame: Frame,
    columns: Vec<Column>,
    rows: Vec<(&'static str, Vec<String>)>,
    /// How many were chosen that do not fit, or that can no longer be bought.
    left_out: usize,
}

/// A listing that is compared.
#[derive(Debug)]
struct Column {
    title: String,
    agency: Link,
    item: Link,
    /// The same comparison without it.
    without: String,
    cells: [String; 4],
}

/// The names of what is compared, in the order of a column's cells.
const ROWS: [&str; 4] = ["价格", "时限", "服务地区", "服务内容"];

pub(super) async fn show(
    State(market): State<Market>,
    Filled(asked): Filled<Asked>,
) -> Result<Page, Problem> {
    let mut chosen = asked.listing.0;
    let mut seen = std::collections::BTreeSet::new();
    chosen.retain(|id| seen.insert(*id));
    let items = names::items(&market).await?;
    let mut regions = Regions::new(&market);
    let mut columns = Vec::new();
    for id in chosen.iter().take(MOST) {
        let Some(listing) = known(market.listings().get(None, *id).await)? else { continue };
        if listing.state != ListingState::Published {
            continue;
        }
        let agency = market.agencies().get(None, listing.agency_id).await?;
        let is_withdrawn = items.iter().any(|item| item.code == listing.item && item.withdrawn);
        if is_withdrawn || agency.trades_on(market.env().now().day()).is_err() {
            continue;
        }
        let terms = listing.terms;
        columns.push(Column {
            title: terms.title,
            agency: Link { href: format!("/agencies/{}", agency.id), name: agency.name },
            item: Link {
                href: format!("/items/{}", listing.item),
                name: names::item(&items, &listing.item),
            },
            without: address(chosen.iter().filter(|other| *other != id)),
            cells: [
                words::yuan(terms.price) + &words::per(&terms.unit),
                format!("{} 个工作日", terms.days),
                regions.names(&terms.regions).await?.join("、"),
                terms.summary,
            ],
        });
    }
    let cells = |at: usize| columns.iter().filter_map(|one| one.cells.get(at).cloned()).collect();
    Page::of(&ComparePage {
        frame: Frame::new(&market, "比较服务").await?,
        rows: ROWS.iter().enumerate().map(|(at, name)| (*name, cells(at))).collect(),
        left_out: chosen.len() - columns.len(),
        columns,
    })
}

/// The address of a comparison.
fn address<'a>(of: impl Iterator<Item = &'a ListingId>) -> String {
    let all: Vec<_> = of.map(|id| format!("listing={id}")).collect();
    format!("/compare?{}", all.join("&"))
}
