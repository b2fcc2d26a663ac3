//! `/listings`: what an agency offers. `terms` has the forms of one listing, `import` takes a
//! spreadsheet of many.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market,
    agency::{ListingFilter, ListingState},
};
use serde::Deserialize;

pub(super) use self::{
    import::{ask as import, taken as imported},
    terms::{begin, begun, done, step},
};
use super::{
    Frame, Link, Page, Pager,
    doing::{Doing, Doings},
    form::{Choice, Select},
    names, paging, said,
    signed::{Signed, private},
    typed, words,
};
use crate::{parameters::Parameters, problem::Problem};

mod import;
mod terms;

#[derive(Debug, Template)]
#[template(path = "listings.html")]
struct ListingsPage {
    frame: Frame,
    select: Select,
    narrowed: bool,
    listings: Vec<Line>,
    pager: Pager,
}

/// A listing on the list of its agency.
#[derive(Debug)]
struct Line {
    title: String,
    about: String,
    state: &'static str,
    is_sold: bool,
    may: Vec<Doing>,
}

/// Which listings.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    state: Option<ListingState>,
    after: Option<String>,
}

/// The way to an agency's listings.
fn trail() -> Vec<Link> {
    vec![Link { href: "/listings".to_owned(), name: "上架的服务".to_owned() }]
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let (agency, state) = (signed.agency()?, asked.state);
    let paging = paging(asked.after.as_deref());
    let filter = ListingFilter { agency: Some(agency), state, ..ListingFilter::default() };
    let page = market.listings().list(Some(&signed.actor), &filter, &paging).await?;
    let items = names::items(&market).await?;
    let line = |one: market_core::agency::Listing| {
        let item = names::item(&items, &one.item);
        let (price, unit) = (words::yuan(one.terms.price), words::per(&one.terms.unit));
        let named = |name: &str| said::listing_step(name).map(str::to_owned);
        let at = |name: &str| format!("/listings/{}/{name}", one.id);
        Line {
            about: format!("{item}，{price}{unit}，{} 个工作日，编号 {}", one.terms.days, one.code),
            state: said::listing(one.state),
            is_sold: one.state == ListingState::Published,
            may: Doings::of(&one.actions(&signed.actor), named, at).may,
            title: one.terms.title,
        }
    };
    let chosen = state.map(ListingState::as_str);
    let option = |one: &ListingState| Choice::of(one.as_str(), said::listing(*one), chosen);
    let address = chosen.map(|state| format!("state={state}"));
    let page = Page::of(&ListingsPage {
        frame: Frame::signed(&market, "上架的服务", &signed).await?,
        select: Select {
            name: "state",
            label: "状态",
            options: ListingState::ALL.iter().map(option).collect(),
        },
        narrowed: chosen.is_some(),
        listings: page.items.into_iter().map(line).collect(),
        pager: Pager::of_list("/listings", address, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}
