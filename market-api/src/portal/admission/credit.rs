//! `/agency/credit`: what its orders say of an agency, and which orders those are.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Paging,
    order::{Order, OrderFilter, PublishedStanding},
};

use super::{
    super::{
        Frame, Link, Page, names, said,
        signed::{Signed, private},
        words,
    },
    own, trail,
};
use crate::problem::Problem;

/// So many orders of each end, and so many evaluations, are shown.
const LATEST: u32 = 10;

/// The states of orders that count.
const COUNTED: [&str; 3] = ["completed", "declined", "terminated"];

#[derive(Debug, Template)]
#[template(path = "credit.html")]
struct CreditPage {
    frame: Frame,
    trail: Vec<Link>,
    facts: Vec<(&'static str, String)>,
    rules: String,
    events: Vec<Event>,
    evaluations: Vec<(String, String, Option<&'static str>)>,
}

/// An order that counts.
#[derive(Debug)]
struct Event {
    href: String,
    name: String,
    at: String,
    state: &'static str,
}

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let agency = own(&market, &signed).await?;
    let actor = &signed.actor;
    let standing = market.orders().standing(Some(actor), agency.id).await?;
    let policy = market.rules().policy(&agency.region, market.env().now().day()).await?;
    let ranking = &policy.ranking;
    let paging = Paging { after: None, limit: LATEST };
    let items = names::items(&market).await?;
    let mut counted: Vec<Order> = Vec::new();
    for state in COUNTED {
        let filter = OrderFilter { state: Some(state.to_owned()), case_id: None };
        counted.extend(market.orders().list(actor, &filter, &paging).await?.items);
    }
    counted.sort_by_key(|order| std::cmp::Reverse(order.updated_at));
    let event = |order: &Order| Event {
        href: format!("/orders/{}", order.id),
        name: names::item(&items, &order.terms.item),
        at: words::day(order.updated_at.day()),
        state: said::order_state(order.state.name()),
    };
    let evaluations = market.evaluations().of_agency(Some(actor), agency.id, &paging).await?;
    let said_of_it = |one: market_core::evaluation::PublicEvaluation| {
        let marks = one.marks.iter().map(|mark| format!("{} {}", mark.name, mark.mark));
        let marks = marks.collect::<Vec<_>>().join("，");
        let day = words::day(one.created_at.day());
        let about = format!("{}，{day}：{marks}", words::rater(one.role));
        (about, one.comment, one.appealed.then_some("申诉中，暂不计入"))
    };
    let page = Page::of(&CreditPage {
        frame: Frame::signed(&market, "信用记录", &signed).await?,
        trail: trail(),
        facts: facts(&standing),
        rules: format!(
            "满分 1000 分，按完成的订单和评价计算。返工一次扣该订单 {} 分，逾期交付一次扣 {} 分，不接单一次扣 {} 分；由机构终止的订单得 0 分。",
            ranking.return_penalty, ranking.late_penalty, ranking.decline_penalty
        ),
        events: counted.iter().map(event).collect(),
        evaluations: evaluations.items.into_iter().map(said_of_it).collect(),
    })?;
    Ok(private(page.into_response()))
}

fn facts(standing: &PublishedStanding) -> Vec<(&'static str, String)> {
    let grade = standing.grade.map_or_else(|| "尚无".to_owned(), |grade| grade.to_string());
    let mut facts = vec![
        ("信用分", standing.credit.to_string()),
        ("信用等级", grade),
        ("完成的订单", standing.completed.to_string()),
        ("返工次数", standing.returned.to_string()),
        ("逾期交付次数", standing.late.to_string()),
        ("由机构终止的订单", standing.terminated.to_string()),
        ("没有接的订单", standing.declined.to_string()),
        ("有评价的订单", standing.evaluated.to_string()),
    ];
    let mean = standing.evaluation.map(|mean| format!("{mean} 分（满分 1000）"));
    facts.extend(mean.map(|mean| ("评价均分", mean)));
    facts.extend(standing.admitted_on.map(|day| ("入驻日期", words::day(day))));
    facts.extend(standing.newcomer_until.map(|day| ("新入驻扶持至", words::day(day))));
    facts
}
