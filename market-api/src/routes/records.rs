//! `/api/v1/service-records`: the national record of services in approvals.

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_TYPE, LINK, VARY},
    },
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Page,
    record::{Completeness, FieldNames, ServiceRecords, csv},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::registrations::WhichPage;
use crate::{
    App,
    caller::Caller,
    offered::liked_best,
    page::{paging, whole},
    parameters::Parameters,
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(check)).routes(routes!(fields))
}

const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// The rows of the cases that have changed, in the order of their changes
///
/// A row is a service that a step of a case needs. `after` is the `next` of the answer before; who
/// keeps it can go on from it on another day, and gets every row again that has changed since. Of
/// two rows with the same `key`, the later one counts. `limit` is the number of cases, each of
/// which comes with all of its rows. As `text/csv`, `next` is in the `Link` header, and there until
/// nothing is left; the columns have the Chinese names of the fields.
#[utoipa::path(get, path = "/service-records", tag = "records", security(("token" = [])),
    params(WhichPage), responses((status = 200, description = "The rows", content(
        (ServiceRecords = "application/json"), (String = "text/csv")))))]
async fn list(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<WhichPage>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    let found = market.records().changed(&actor, &paging).await?;
    let vary = (VARY, HeaderValue::from_static("accept"));
    if liked_best(&headers, &[JSON, CSV]) == JSON {
        return Ok(([vary], Json(found)).into_response());
    }
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let mut response = ([vary, kind], csv(&found.items)?).into_response();
    let (next, limit) = (found.next.as_str(), paging.limit);
    let rel = if found.more { "next" } else { "monitor" };
    let link = format!("</api/v1/service-records?after={next}&limit={limit}>; rel=\"{rel}\"");
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// Which fields are missing in which rows, of a page of cases
///
/// Only fields that should be there by now are counted: none of a contract before there is one.
#[utoipa::path(get, path = "/service-records/check", tag = "records", security(("token" = [])),
    params(WhichPage), responses((status = 200, body = Completeness)))]
async fn check(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<WhichPage>,
) -> Result<Json<Completeness>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    Ok(Json(market.records().check(&actor, &paging).await?))
}

/// Every field that a row may have: its column in the national exchange, its names, and from when
/// on it should be there
#[utoipa::path(get, path = "/service-records/fields", tag = "records",
    responses((status = 200, body = Page<FieldNames>)))]
async fn fields(State(market): State<Market>) -> Json<Page<FieldNames>> {
    whole(market.records().fields())
}
