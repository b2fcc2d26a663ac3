//! `/cases`: one's runs of matters. `page` is one of them at a glance, `start` opens one, and `need`
//! looks for who can do what it needs.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market,
    case::{CaseFilter, CaseState},
};
use serde::Deserialize;

pub(super) use self::{
    need::show as need,
    page::{held, show},
    start::{opened as open, show as start},
    steps::{resubmit, resubmitted, withdraw, withdrawn},
};
use super::{
    Frame, Page, Pager,
    form::{Choice, Select},
    names::Regions,
    paging, said,
    signed::{Signed, private},
    typed, words,
};
use crate::{parameters::Parameters, problem::Problem};

mod need;
mod page;
mod start;
mod steps;

#[derive(Debug, Template)]
#[template(path = "cases.html")]
struct CasesPage {
    frame: Frame,
    select: Select,
    cases: Vec<CaseRow>,
    narrowed: bool,
    pager: Pager,
}

/// A case on a list.
#[derive(Debug)]
pub(super) struct CaseRow {
    pub(super) href: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) state: &'static str,
    pub(super) is_open: bool,
}

/// Which page of which cases.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    state: Option<CaseState>,
    after: Option<String>,
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let filter = CaseFilter { state: asked.state };
    let page = market.cases().list(&signed.actor, &filter, &paging).await?;
    let mut regions = Regions::new(&market);
    let mut cases = Vec::new();
    for case in page.items {
        let matter = market.matters().version(&case.matter, case.matter_version).await?.name;
        let region = regions.name(&case.region).await?;
        cases.push(CaseRow {
            href: format!("/cases/{}", case.id),
            title: case.title,
            about: format!("{matter}，{region}，{}开始", words::day(case.created_at.day())),
            state: said::case_state(case.state),
            is_open: case.state == CaseState::Open,
        });
    }
    let state = asked.state.map(CaseState::as_str);
    let option = |one: &CaseState| Choice::of(one.as_str(), said::case_state(*one), state);
    let address = state.map(|state| format!("state={state}"));
    let page = Page::of(&CasesPage {
        frame: Frame::signed(&market, "我的办件", &signed).await?,
        select: Select {
            name: "state",
            label: "状态",
            options: CaseState::ALL.iter().map(option).collect(),
        },
        cases,
        narrowed: state.is_some(),
        pager: Pager::of_list("/cases", address, &paging, page.next.as_ref()),
    })?;
    Ok(private(page.into_response()))
}
