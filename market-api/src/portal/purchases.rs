//! `/purchases`: the public notices of purchases, the latest first.

use askama::Template;
use axum::extract::{RawQuery, State};
use market_core::{
    Day, Market, Paging,
    code::{ItemCode, RegionCode},
    publicity::{NoticeBody, NoticeKind, PublicNotice, PublicNoticeFilter},
};
use serde::Deserialize;

use super::{
    Frame, Page, Pager, cursor,
    form::{Choice, Select, list, nearby},
    names, typed, words,
};
use crate::{parameters::Parameters, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "purchases.html")]
struct PurchasesPage {
    frame: Frame,
    selects: Vec<Select>,
    since: String,
    narrowed: bool,
    notices: Vec<NoticeView>,
    pager: Pager,
}

/// A notice on a list.
#[derive(Debug)]
pub(super) struct NoticeView {
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) href: String,
    pub(super) at: String,
    pub(super) about: Vec<String>,
    pub(super) told: String,
}

/// What the form sends; what is left empty is not asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    kind: Option<NoticeKind>,
    #[serde(default, deserialize_with = "typed")]
    region: Option<RegionCode>,
    #[serde(default, deserialize_with = "typed")]
    item: Option<ItemCode>,
    #[serde(default, deserialize_with = "typed")]
    since: Option<Day>,
    after: Option<String>,
}

pub(super) async fn show(
    State(market): State<Market>,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Page, Problem> {
    let after = cursor(asked.after.as_deref());
    let paging = Paging { after: after.clone(), ..Paging::default() };
    let Asked { kind, region, item, since, .. } = asked;
    let filter = PublicNoticeFilter { kind, region, item, since };
    let page = market.publicity().notices(&filter, &paging).await?;
    let narrowed = filter != PublicNoticeFilter::default();
    Page::of(&PurchasesPage {
        frame: Frame::new(&market, "采购公告").await?,
        selects: selects(&market, &filter).await?,
        since: since.map(|day| day.to_string()).unwrap_or_default(),
        narrowed,
        notices: page.items.iter().map(NoticeView::of).collect(),
        pager: Pager::within(
            &list("/purchases", address),
            "notices",
            after.as_ref(),
            page.next.as_ref(),
        ),
    })
}

async fn selects(market: &Market, asked: &PublicNoticeFilter) -> Result<Vec<Select>, Problem> {
    let kind = asked.kind.map(NoticeKind::as_str);
    let region = asked.region.as_ref().map(RegionCode::as_str);
    let item = asked.item.as_ref().map(ItemCode::as_str);
    let regions = nearby(market, asked.region.as_ref()).await?;
    let items = names::items(market).await?;
    Ok(vec![
        Select {
            name: "kind",
            label: "公告种类",
            options: NoticeKind::ALL
                .iter()
                .map(|one| Choice::of(one.as_str(), one.zh(), kind))
                .collect(),
        },
        Select {
            name: "region",
            label: "项目所在地",
            options: regions
                .iter()
                .map(|one| Choice::of(one.code.as_str(), &one.name, region))
                .collect(),
        },
        Select {
            name: "item",
            label: "服务事项",
            options: items
                .iter()
                .map(|one| Choice::of(one.code.as_str(), &one.name, item))
                .collect(),
        },
    ])
}

impl NoticeView {
    pub(super) fn of(notice: &PublicNotice) -> Self {
        Self {
            kind: notice.kind().zh(),
            title: notice.title.clone(),
            href: format!("/purchases/{}", notice.purchase_id),
            at: words::instant(notice.at),
            about: vec![
                notice.item_name.clone(),
                notice.region_name.clone(),
                notice.owner.name.clone(),
                notice.mode.zh().to_owned(),
            ],
            told: told(&notice.body),
        }
    }
}

/// What a notice tells, in a line.
fn told(body: &NoticeBody) -> String {
    match body {
        NoticeBody::Purchase { notice, .. } => format!(
            "{}；报名截止 {}",
            words::purchase_price(&notice.price),
            words::instant(notice.closes_at)
        ),
        NoticeBody::Correction { number, notice } => {
            format!("第 {number} 号公告；报名截止 {}", words::instant(notice.closes_at))
        }
        NoticeBody::Award { winner, amount, until, .. } => {
            let told = format!("中选机构 {}，中选金额 {}", winner.name, words::yuan(*amount));
            match until {
                Some(until) => format!("{told}；公示至 {}", words::day(*until)),
                None => told,
            }
        }
        NoticeBody::Contract { winner, number, amount, starts_on, ends_on, .. } => format!(
            "与 {} 签订合同（编号 {number}），金额 {}，服务期限 {}至{}",
            winner.name,
            words::yuan(*amount),
            words::day(*starts_on),
            words::day(*ends_on)
        ),
        NoticeBody::Change { winner, number, change, amount, ends_on } => format!(
            "与 {} 的合同（编号 {number}）第 {change} 次变更：金额 {}，服务至{}",
            winner.name,
            words::yuan(*amount),
            words::day(*ends_on)
        ),
        NoticeBody::Failure { failure, reason } => match (failure, reason) {
            (Some(failure), _) => format!("原因：{}", failure.zh()),
            (None, Some(reason)) => format!("业主终止采购：{reason}"),
            (None, None) => "业主终止采购".to_owned(),
        },
    }
}
