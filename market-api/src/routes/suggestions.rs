//! What to type next.

use axum::{Json, extract::State};
use market_core::{
    Market, Page,
    search::{Suggestion, SuggestionKind},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    page::whole,
    parameters::{Parameters, Several},
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(suggest))
}

/// What was typed so far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Typed {
    /// The beginning of a name, or of a part of it: in characters, in pinyin, in initials, or in
    /// a mixture.
    #[param(min_length = 1, max_length = 40, example = "huanp")]
    text: String,
    /// How many at most.
    #[serde(default = "ten")]
    #[param(required = false, default = 10, minimum = 1, maximum = 20)]
    limit: u32,
    /// Only these kinds, separated by commas: `service_item`, `matter`, `region`, `agency`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "service_item,matter")]
    kind: Several<SuggestionKind>,
}

const fn ten() -> u32 {
    10
}

/// Service items, matters, places and agencies whose names begin with what was typed
///
/// Names are official ones, aliases, and what the trade says. Items and matters come first, then
/// places, then agencies; of each, that of which most can be bought. What happened in the last
/// seconds may be missing.
#[utoipa::path(get, path = "/suggestions", tag = "search", params(Typed),
    responses((status = 200, body = Page<Suggestion>)))]
async fn suggest(
    State(market): State<Market>,
    Parameters(Typed { text, limit, kind }): Parameters<Typed>,
) -> Result<Json<Page<Suggestion>>, Problem> {
    Ok(whole(market.search().suggest(&text, limit, &kind.0).await?))
}
