//! How much there is of everything.

use axum::{Json, extract::State};
use market_core::{Market, statistics::Statistics};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(statistics))
}

/// How much there is of everything
#[utoipa::path(get, path = "/statistics", tag = "facts",
    responses((status = 200, body = Statistics)))]
async fn statistics(State(market): State<Market>) -> Result<Json<Statistics>, Problem> {
    Ok(Json(market.statistics().await?))
}
