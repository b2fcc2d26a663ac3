//! `/purchases/mine` and `/purchases/{id}/manage`: what an owner does with its purchases. `draft`
//! writes a notice, `steps` has the forms of the rest, `page` shows one as its owner sees it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market,
    purchase::{PurchaseFilter, PurchaseState},
};
use serde::Deserialize;

pub(super) use self::{
    draft::{begin, begun, owns, revise, revised},
    page::show,
    steps::{answer, answered, done, step},
};
use super::{
    Frame, Link, Page, Pager, names, paging,
    signed::{Signed, private},
    words,
};
use crate::{parameters::Parameters, problem::Problem};

mod draft;
pub(super) mod notice;
mod page;
mod steps;

#[derive(Debug, Template)]
#[template(path = "mine.html")]
struct MinePage {
    frame: Frame,
    purchases: Vec<Line>,
    pager: Pager,
}

/// A purchase on a list.
#[derive(Debug)]
struct Line {
    href: String,
    title: String,
    about: String,
    state: &'static str,
    waits: Option<String>,
    is_own: bool,
}

/// The query of a page with a list.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    after: Option<String>,
}

/// The way to what an owner does with a purchase.
pub(super) fn trail(title: &str, at: &str) -> Vec<Link> {
    vec![
        Link { href: "/purchases/mine".to_owned(), name: "我的采购".to_owned() },
        Link { href: at.to_owned(), name: title.to_owned() },
    ]
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    let paging = paging(place.after.as_deref());
    let filter = PurchaseFilter { own: true, ..PurchaseFilter::default() };
    let page = market.purchases().list(Some(&signed.actor), &filter, &paging).await?;
    let items = names::items(&market).await?;
    let line = |purchase: &market_core::purchase::Purchase| {
        let item = names::item(&items, &purchase.item);
        let waiting = purchase.waiting();
        Line {
            href: format!("/purchases/{}/manage", purchase.id),
            title: purchase.notice.title.clone(),
            about: format!("{item}，{}", purchase.notice.mode.zh()),
            state: words::stage(purchase.state.name()),
            waits: super::purchase::waits(&purchase.state),
            is_own: waiting.is_some_and(|one| one.parties.contains(&signed.actor.party))
                && !matches!(purchase.state, PurchaseState::Ordered(_)),
        }
    };
    let page = Page::of(&MinePage {
        frame: Frame::signed(&market, "我的采购", &signed).await?,
        purchases: page.items.iter().map(line).collect(),
        pager: Pager::of_list("/purchases/mine", None, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}
