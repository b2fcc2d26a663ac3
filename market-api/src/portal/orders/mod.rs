//! `/orders`: the orders that somebody takes part in. `page` is one of them, `steps` has the forms
//! of what the two sides do with it, `agency` those of agencies alone, and `contract` those that have
//! more to say.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Party,
    order::{AnyState, OrderFilter},
};
use serde::Deserialize;

pub(super) use self::{
    agency::{upload, uploaded_file},
    evaluations::{appeal, appealed},
    page::show,
    steps::{done, evaluation, marks, returned, step},
};
use super::{
    Frame, Page, Pager,
    form::{Choice, Select},
    names::{self, Parties},
    paging, said,
    signed::{Signed, private},
    words,
};
use crate::{parameters::Parameters, problem::Problem};

mod agency;
mod contract;
mod evaluations;
mod page;
mod steps;

#[derive(Debug, Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    select: Select,
    orders: Vec<OrderLine>,
    narrowed: bool,
    /// Whether they are those of an agency.
    sells: bool,
    pager: Pager,
}

/// An order on a list.
#[derive(Debug)]
struct OrderLine {
    href: String,
    name: String,
    about: String,
    state: &'static str,
    /// Who has it until when.
    until: Option<String>,
    is_own: bool,
}

/// Which page of which orders.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    after: Option<String>,
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let state = asked.state.filter(|state| !state.is_empty());
    let filter = OrderFilter { state: state.clone(), case_id: None };
    let page = market.orders().list(&signed.actor, &filter, &paging).await?;
    let items = names::items(&market).await?;
    let sells = matches!(signed.actor.party, Party::Agency(_));
    let mut parties = Parties::new(&market, &signed.actor);
    let mut orders = Vec::new();
    for order in page.items {
        let other = if sells {
            Party::Applicant(order.terms.applicant_id)
        } else {
            Party::Agency(order.terms.agency_id)
        };
        let other = parties.name(&other).await?;
        let holder = order.holder();
        let until = holder.as_ref().and_then(|holder| holder.until).map(words::day);
        orders.push(OrderLine {
            href: format!("/orders/{}", order.id),
            name: names::item(&items, &order.terms.item),
            about: format!(
                "{other}，{}，{}下单",
                words::yuan(order.terms.amount),
                words::day(order.placed_at.day())
            ),
            state: said::order_state(order.state.name()),
            until,
            is_own: holder.is_some_and(|holder| holder.parties.contains(&signed.actor.party)),
        });
    }
    let chosen = state.as_deref();
    let option = |name: &&str| Choice::of(name, said::order_state(name), chosen);
    let address = chosen.map(|state| format!("state={state}"));
    let page = Page::of(&OrdersPage {
        frame: Frame::signed(&market, "我的订单", &signed).await?,
        select: Select {
            name: "state",
            label: "状态",
            options: AnyState::NAMES.iter().map(option).collect(),
        },
        orders,
        narrowed: chosen.is_some(),
        sells,
        pager: Pager::of_list("/orders", address, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}
