//! The public journal, and how much there is of everything.

use axum::{Json, extract::State};
use market_core::{Market, feed::Entries, statistics::Statistics};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, page::paging, parameters::Parameters, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(feed)).routes(routes!(statistics))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// The `next` of the answer before; 0 for the beginning.
    #[serde(default)]
    #[param(minimum = 0)]
    after: u32,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What happened in public, in order, without gaps or repeats
#[utoipa::path(get, path = "/feed", tag = "facts", params(FeedQuery),
    responses((status = 200, body = Entries)))]
async fn feed(
    State(market): State<Market>,
    Parameters(query): Parameters<FeedQuery>,
) -> Result<Json<Entries>, Problem> {
    let limit = paging(None, query.limit)?.limit;
    market.feed().catch_up().await?;
    Ok(Json(market.feed().public_after(query.after.into(), limit).await?))
}

/// How much there is of everything
#[utoipa::path(get, path = "/statistics", tag = "facts",
    responses((status = 200, body = Statistics)))]
async fn statistics(State(market): State<Market>) -> Result<Json<Statistics>, Problem> {
    Ok(Json(market.statistics().await?))
}
