//! What everybody may know of purchases: their notices, open contracting data, figures.

use axum::{
    Json,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use market_core::{
    Cursor, Day, Market, Page, Paging,
    code::{ItemCode, RegionCode},
    id::PurchaseId,
    publicity::{FiguresFilter, NoticeKind, PublicNotice, PublicNoticeFilter, PurchaseFigures},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, atom,
    page::paging,
    parameters::{At, Parameters},
    problem::Problem,
    tagged::Tagged,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(notice))
        .routes(routes!(releases))
        .routes(routes!(records))
        .routes(routes!(figures))
}

/// How many notices the feed holds.
const FED: u32 = 50;

/// Which public notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticesQuery {
    /// Only those of a kind.
    kind: Option<NoticeKind>,
    /// Only those in a region and what lies in it.
    region: Option<RegionCode>,
    /// Only those of a service item.
    item: Option<ItemCode>,
    /// Only those from a day on.
    since: Option<Day>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Public notices of purchases, the latest first
#[utoipa::path(get, path = "/public-notices", tag = "publicity", params(NoticesQuery),
    responses((status = 200, body = Page<PublicNotice>)))]
async fn list(
    State(market): State<Market>,
    Parameters(query): Parameters<NoticesQuery>,
) -> Result<Json<Page<PublicNotice>>, Problem> {
    let NoticesQuery { kind, region, item, since, after, limit } = query;
    let filter = PublicNoticeFilter { kind, region, item, since };
    Ok(Json(market.publicity().notices(&filter, &paging(after, limit)?).await?))
}

/// A public notice
#[utoipa::path(get, path = "/public-notices/{pos}", tag = "publicity",
    params(("pos" = i64, Path)), responses((status = 200, body = PublicNotice)))]
async fn notice(
    State(market): State<Market>,
    At(pos): At<i64>,
) -> Result<Tagged<PublicNotice>, Problem> {
    Ok(Tagged(pos, market.publicity().notice(pos).await?))
}

/// Every release of a purchase, as an OCDS 1.1 release package
#[utoipa::path(get, path = "/ocds/releases/{purchase_id}", tag = "publicity",
    params(("purchase_id" = PurchaseId, Path)),
    responses((status = 200, description = "A release package of OCDS 1.1", body = Value)))]
async fn releases(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(market.publicity().release_package(id).await?))
}

/// The record of a purchase, as an OCDS 1.1 record package
#[utoipa::path(get, path = "/ocds/records/{purchase_id}", tag = "publicity",
    params(("purchase_id" = PurchaseId, Path)),
    responses((status = 200, description = "A record package of OCDS 1.1", body = Value)))]
async fn records(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(market.publicity().record_package(id).await?))
}

/// Over which purchases to count.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FiguresQuery {
    /// Only those drafted from a day on.
    since: Option<Day>,
    /// Only those drafted up to a day.
    until: Option<Day>,
    /// Only those in a region and what lies in it.
    region: Option<RegionCode>,
    /// Only those of a service item.
    item: Option<ItemCode>,
}

/// What purchases add up to: success, time, savings, prices, concentration
///
/// Groups of an item in a region with fewer orders than the policy's `k_anonymity` are left out
/// and counted in `withheld`. Shares are in ten-thousandths.
#[utoipa::path(get, path = "/statistics/purchases", tag = "publicity", params(FiguresQuery),
    responses((status = 200, body = PurchaseFigures)))]
async fn figures(
    State(market): State<Market>,
    Parameters(query): Parameters<FiguresQuery>,
) -> Result<Json<PurchaseFigures>, Problem> {
    let FiguresQuery { since, until, region, item } = query;
    let filter = FiguresFilter { since, until, region, item };
    Ok(Json(market.publicity().figures(&filter).await?))
}

/// The latest public notices, as an Atom feed.
pub(crate) async fn feed(State(market): State<Market>) -> Result<Response, Problem> {
    let paging = Paging { after: None, limit: FED };
    let latest = market.publicity().notices(&PublicNoticeFilter::default(), &paging).await?;
    let text = atom::feed(market.publisher(), &latest.items);
    Ok(([(CONTENT_TYPE, "application/atom+xml; charset=utf-8")], text).into_response())
}
