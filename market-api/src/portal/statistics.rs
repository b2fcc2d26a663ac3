//! `/statistics`: what purchases add up to, for everybody: prices, what was saved, how long it took,
//! and who has how much; as tables with bars, and as a file for a spreadsheet.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use market_core::{
    Day, Market, Mode, Money,
    code::{ItemCode, RegionCode},
    plain_cell,
    publicity::{FiguresFilter, PurchaseFigures},
};
use serde::Deserialize;

use super::{
    Frame, Page,
    chart::Chart,
    form::{Choice, Select, nearby},
    names::{self, Regions},
    typed, words,
};
use crate::{
    parameters::Parameters,
    problem::{Code, Problem},
};

#[derive(Debug, Template)]
#[template(path = "statistics.html")]
struct StatisticsPage {
    frame: Frame,
    selects: Vec<Select>,
    since: String,
    until: String,
    numbers: Vec<(&'static str, String)>,
    modes: Vec<(&'static str, i64, Chart)>,
    groups: Vec<Group>,
    k: u32,
    withheld: i64,
    /// Where the same is as a file.
    file: String,
}

/// What the orders of a service in a region add up to.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) item: ItemCode,
    pub(super) item_name: String,
    pub(super) region: RegionCode,
    pub(super) region_name: String,
    pub(super) orders: i64,
    pub(super) budget: Money,
    pub(super) paid: Money,
    /// In ten-thousandths.
    pub(super) saved: i64,
    pub(super) prices: [Money; 3],
    /// Where the middle half of the prices lies, beside those of all groups.
    range: Chart,
    pub(super) agencies: i64,
    /// In ten-thousandths.
    pub(super) top_four: i64,
    pub(super) hhi: i64,
}

impl Group {
    fn price(&self, at: usize) -> String {
        self.prices.get(at).copied().map(words::yuan).unwrap_or_default()
    }

    fn saved_chart(&self) -> Chart {
        Chart::bar(self.saved, WHOLE)
    }

    pub(super) fn concentration(&self) -> Chart {
        Chart::bar(self.hhi, WHOLE)
    }

    fn budgeted(&self) -> String {
        words::yuan(self.budget)
    }

    fn cost(&self) -> String {
        words::yuan(self.paid)
    }

    fn saved_share(&self) -> String {
        share(self.saved)
    }

    pub(super) fn share_of_four(&self) -> String {
        share(self.top_four)
    }
}

/// The whole, of which shares are ten-thousandths.
const WHOLE: i64 = 10_000;

/// A share in ten-thousandths: `62.50%`.
pub(super) fn share(of: i64) -> String {
    let sign = if of < 0 { "-" } else { "" };
    let of = of.unsigned_abs();
    format!("{sign}{}.{:02}%", of / 100, of % 100)
}

/// What the form sends; what is left empty is not asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    region: Option<RegionCode>,
    #[serde(default, deserialize_with = "typed")]
    item: Option<ItemCode>,
    #[serde(default, deserialize_with = "typed")]
    since: Option<Day>,
    #[serde(default, deserialize_with = "typed")]
    until: Option<Day>,
}

impl From<Asked> for FiguresFilter {
    fn from(Asked { region, item, since, until }: Asked) -> Self {
        Self { since, until, region, item }
    }
}

/// The groups that are large enough to be told of, with their names.
pub(super) async fn groups(
    market: &Market,
    figures: &PurchaseFigures,
) -> Result<Vec<Group>, Problem> {
    let items = names::items(market).await?;
    let mut regions = Regions::new(market);
    let dearest = figures.prices.iter().map(|one| one.p75.fen()).max().unwrap_or(1);
    let mut groups = Vec::new();
    for saved in &figures.savings {
        let prices =
            figures.prices.iter().find(|one| one.item == saved.item && one.region == saved.region);
        let mut shares = figures.concentration.iter();
        let shares = shares.find(|one| one.item == saved.item && one.region == saved.region);
        let (Some(prices), Some(shares)) = (prices, shares) else { continue };
        groups.push(Group {
            item: saved.item.clone(),
            item_name: names::item(&items, &saved.item),
            region: saved.region.clone(),
            region_name: regions.name(&saved.region).await?,
            orders: saved.orders,
            budget: saved.budget,
            paid: saved.paid,
            saved: saved.saved,
            prices: [prices.p25, prices.p50, prices.p75],
            range: Chart::range([prices.p25, prices.p50, prices.p75].map(Money::fen), dearest),
            agencies: shares.agencies,
            top_four: shares.top_four,
            hhi: shares.hhi,
        });
    }
    Ok(groups)
}

pub(super) async fn show(
    State(market): State<Market>,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Page, Problem> {
    let filter = FiguresFilter::from(asked);
    let figures = market.publicity().figures(&filter).await?;
    let groups = groups(&market, &figures).await?;
    let region = filter.region.as_ref().map(RegionCode::as_str);
    let item = filter.item.as_ref().map(ItemCode::as_str);
    let regions = nearby(&market, filter.region.as_ref()).await?;
    let items = names::items(&market).await?;
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let modes: Vec<_> = Mode::ALL
        .iter()
        .filter_map(|mode| Some((mode.zh(), *figures.by_mode.get(mode.as_str())?)))
        .collect();
    let most = modes.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let modes = modes.into_iter().map(|(name, count)| (name, count, Chart::bar(count, most)));
    let unknown = || "还没有".to_owned();
    Page::of(&StatisticsPage {
        frame: Frame::new(&market, "采购统计").await?,
        selects: vec![
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
        ],
        since: day(filter.since),
        until: day(filter.until),
        numbers: vec![
            ("公开选取的项目", words::number(figures.purchases)),
            ("成交率", figures.success.map_or_else(unknown, share)),
            (
                "公告到中选（天，中位数）",
                figures.median_days_to_award.map_or_else(unknown, words::number),
            ),
        ],
        modes: modes.collect(),
        groups,
        k: figures.k_anonymity,
        withheld: figures.withheld,
        file: format!("/statistics.csv?{}", address.unwrap_or_default()),
    })
}

/// The names of the file's columns.
const COLUMNS: [&str; 14] = [
    "事项编码",
    "服务事项",
    "地区编码",
    "地区",
    "订单数",
    "预算合计（元）",
    "成交合计（元）",
    "节约率",
    "四分之一价（元）",
    "中位价（元）",
    "四分之三价（元）",
    "机构数",
    "前四家份额",
    "集中度指数",
];

/// Spreadsheets take a file for UTF-8 by this.
const MARK: &[u8] = "\u{feff}".as_bytes();

pub(super) async fn file(
    State(market): State<Market>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let figures = market.publicity().figures(&asked.into()).await?;
    let mut rows = csv::Writer::from_writer(MARK.to_vec());
    let failed = |_| Problem::from(Code::INTERNAL);
    rows.write_record(COLUMNS).map_err(failed)?;
    for one in groups(&market, &figures).await? {
        rows.write_record([
            one.item.to_string(),
            plain_cell(&one.item_name),
            one.region.to_string(),
            plain_cell(&one.region_name),
            one.orders.to_string(),
            one.budget.to_string(),
            one.paid.to_string(),
            share(one.saved),
            one.prices[0].to_string(),
            one.prices[1].to_string(),
            one.prices[2].to_string(),
            one.agencies.to_string(),
            share(one.top_four),
            one.hhi.to_string(),
        ])
        .map_err(failed)?;
    }
    let bytes = rows.into_inner().map_err(|_| Problem::from(Code::INTERNAL))?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"statistics.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_in_percent() {
        for (of, text) in [(0, "0.00%"), (6250, "62.50%"), (10_000, "100.00%"), (-5, "-0.05%")] {
            assert_eq!(share(of), text);
        }
    }
}
