//! `/api/v1/draws`: proved selections, for anybody to check.

use axum::{
    Json,
    extract::State,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse, Response},
};
use market_core::{Market, Page, id::PurchaseId, purchase::PublishedDraw, sha256_hex};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::registrations::WhichPage;
use crate::{
    App,
    page::paging,
    parameters::{At, Parameters},
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(proof))
}

/// A proof never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Every proved selection, the latest purchase first.
#[utoipa::path(get, path = "/draws", tag = "draws", params(WhichPage),
    responses((status = 200, body = Page<PublishedDraw>)))]
async fn list(
    State(market): State<Market>,
    Parameters(asked): Parameters<WhichPage>,
) -> Result<Json<Page<PublishedDraw>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    Ok(Json(market.purchases().draws(&paging).await?))
}

/// The proof of a selection, byte for byte, for `market draw verify` or `docs/verify_draw.py`. Its
/// entity tag is the SHA-256 of these bytes.
#[utoipa::path(get, path = "/draws/{purchase}/proof", tag = "draws",
    params(("purchase" = PurchaseId, Path)),
    responses((status = 200, body = Object, content_type = "application/json")))]
async fn proof(
    State(market): State<Market>,
    At(purchase): At<PurchaseId>,
) -> Result<Response, Problem> {
    let proof = market.purchases().proof(purchase).await?;
    let tag = format!("\"{}\"", sha256_hex(proof.as_bytes()));
    let json = HeaderValue::from_static("application/json");
    let mut response = ([(CONTENT_TYPE, json), (CACHE_CONTROL, FOR_EVER)], proof).into_response();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}
