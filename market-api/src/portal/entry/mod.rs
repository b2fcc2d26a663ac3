//! What agencies do in open purchases: `/purchases/open` are those that may be entered, and why not
//! the others; `/registrations` are one's own. `page` is one of them, `steps` has its forms, and
//! `quoting` the one by which a quote is sealed.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Mode,
    code::ItemCode,
    id::PurchaseId,
    purchase::{Purchase, PurchaseFilter, Registration, RegistrationState},
};
use serde::Deserialize;

pub(super) use self::{
    page::show,
    quoting::{quote, quoted},
    steps::{done, step},
};
use super::{
    Frame, Link, Page, Pager,
    form::{Choice, Select},
    names::{self, Regions},
    paging,
    purchase::waits,
    said,
    signed::{Signed, private},
    typed, words, wrong,
};
use crate::{parameters::Parameters, problem::Problem};

mod page;
mod quoting;
mod steps;

#[derive(Debug, Template)]
#[template(path = "open.html")]
struct OpenPage {
    frame: Frame,
    selects: Vec<Select>,
    narrowed: bool,
    purchases: Vec<OpenLine>,
    pager: Pager,
}

/// A purchase that may perhaps be entered.
#[derive(Debug)]
struct OpenLine {
    href: String,
    title: String,
    about: String,
    waits: Option<String>,
    /// Whether it may be entered.
    fits: bool,
    /// Why not.
    reasons: Vec<String>,
}

#[derive(Debug, Template)]
#[template(path = "entries.html")]
struct EntriesPage {
    frame: Frame,
    entries: Vec<EntryLine>,
    pager: Pager,
}

/// A registration on a list.
#[derive(Debug)]
struct EntryLine {
    href: String,
    title: String,
    about: String,
    waits: Option<String>,
    state: &'static str,
    is_won: bool,
}

/// Which open purchases.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    item: Option<ItemCode>,
    #[serde(default, deserialize_with = "typed")]
    mode: Option<Mode>,
    after: Option<String>,
}

/// The query of a page with a list.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    after: Option<String>,
}

/// Where an agency takes part in a purchase.
fn at(id: PurchaseId) -> String {
    format!("/purchases/{id}/registration")
}

/// The way to where an agency takes part in a purchase.
fn trail(purchase: &Purchase) -> Vec<Link> {
    vec![
        Link { href: "/registrations".to_owned(), name: "我的报名".to_owned() },
        Link { href: at(purchase.id), name: purchase.notice.title.clone() },
    ]
}

pub(super) async fn open(
    State(market): State<Market>,
    signed: Signed,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    signed.agency()?;
    let paging = paging(asked.after.as_deref());
    let (item, mode) = (asked.item, asked.mode);
    let filter = PurchaseFilter {
        state: Some("open".to_owned()),
        item: item.clone(),
        mode,
        ..PurchaseFilter::default()
    };
    let page = market.purchases().list(Some(&signed.actor), &filter, &paging).await?;
    let items = names::items(&market).await?;
    let mut regions = Regions::new(&market);
    let mut purchases = Vec::new();
    for purchase in page.items {
        let may = market.purchases().eligibility(&signed.actor, purchase.id).await?;
        let name = names::item(&items, &purchase.item);
        purchases.push(OpenLine {
            href: at(purchase.id),
            about: format!(
                "{name}，{}，{}，{}",
                regions.name(&purchase.region).await?,
                purchase.notice.mode.zh(),
                words::purchase_price(&purchase.notice.price)
            ),
            waits: waits(&purchase.state),
            fits: may.eligible,
            reasons: may.reasons.iter().map(wrong::reason).collect(),
            title: purchase.notice.title,
        });
    }
    let (chosen, of_mode) = (item.as_ref().map(ItemCode::as_str), mode.map(Mode::as_str));
    let select_items = items.iter().map(|one| Choice::of(one.code.as_str(), &one.name, chosen));
    let select_modes = Mode::ALL.iter().map(|one| Choice::of(one.as_str(), one.zh(), of_mode));
    let page = Page::of(&OpenPage {
        frame: Frame::signed(&market, "能报名的采购", &signed).await?,
        selects: vec![
            Select { name: "item", label: "服务事项", options: select_items.collect() },
            Select { name: "mode", label: "选取方式", options: select_modes.collect() },
        ],
        narrowed: item.is_some() || mode.is_some(),
        purchases,
        pager: Pager::of_list("/purchases/open", address, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    let paging = paging(place.after.as_deref());
    let page = market.purchases().own_registrations(&signed.actor, &paging).await?;
    let mut entries = Vec::new();
    for registration in page.items {
        let found = market.purchases().get(Some(&signed.actor), registration.purchase_id).await?;
        entries.push(EntryLine::of(&registration, found));
    }
    let page = Page::of(&EntriesPage {
        frame: Frame::signed(&market, "我的报名", &signed).await?,
        entries,
        pager: Pager::of_list("/registrations", None, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}

impl EntryLine {
    fn of(registration: &Registration, purchase: Purchase) -> Self {
        Self {
            href: at(purchase.id),
            about: format!(
                "{}，{}",
                purchase.notice.mode.zh(),
                words::stage(purchase.state.name())
            ),
            waits: waits(&purchase.state),
            state: said::registration(registration.state),
            is_won: registration.state == RegistrationState::Won,
            title: purchase.notice.title,
        }
    }
}
