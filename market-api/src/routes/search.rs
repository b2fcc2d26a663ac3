//! Search over agencies and listings.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Day, Market, Money, Page,
    asked::{AskedText, Hot},
    code::{CategoryCode, ItemCode, RegionCode},
    search::{Hits, SearchQuery, Sort, Subject},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, caller::Caller, page::paging, parameters::Parameters, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search)).routes(routes!(hot)).routes(routes!(misses))
}

/// What is searched for. Every filter must hold.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Listings, if nothing is said.
    #[serde(default = "listings")]
    #[param(required = false, default = "listings")]
    kind: Subject,
    /// Words that people use; none finds everything. May be called `q`, as on the portal.
    #[serde(alias = "q")]
    #[param(max_length = 200, example = "环评 餐饮")]
    text: Option<String>,
    /// The category of the service item.
    category: Option<CategoryCode>,
    /// The service item.
    item: Option<ItemCode>,
    /// Where the service is needed.
    region: Option<RegionCode>,
    /// The lowest price.
    min_price: Option<Money>,
    /// The highest price.
    max_price: Option<Money>,
    /// The day on which it is to be bought; today, if none is given.
    eligible_on: Option<Day>,
    /// The order of hits: by relevance, if nothing is said.
    #[serde(default = "relevance")]
    #[param(required = false, default = "relevance")]
    sort: Sort,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

const fn listings() -> Subject {
    Subject::Listings
}

const fn relevance() -> Sort {
    Sort::Relevance
}

impl Wanted {
    pub(crate) fn query(self) -> Result<SearchQuery, Problem> {
        let paging = paging(self.after, self.limit)?;
        Ok(SearchQuery {
            text: self.text,
            category: self.category,
            item: self.item,
            region: self.region,
            min_price: self.min_price,
            max_price: self.max_price,
            eligible_on: self.eligible_on,
            sort: self.sort,
            after: paging.after,
            limit: paging.limit,
            ..SearchQuery::new(self.kind)
        })
    }
}

/// Find agencies or listings that can be bought from
#[utoipa::path(get, path = "/search", tag = "search", params(Wanted),
    responses((status = 200, body = Hits)))]
async fn search(
    State(market): State<Market>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Hits>, Problem> {
    let query = wanted.query()?;
    let hits = market.search().find(&query).await?;
    market.asked().count_search(&query, &hits);
    Ok(Json(hits))
}

/// Which window is looked back on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HotQuery {
    /// How many days back.
    #[serde(default = "week")]
    #[param(required = false, default = 7, minimum = 1, maximum = 90)]
    days: u32,
    /// How many of each at most; 10, if nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Which texts that found nothing.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MissesQuery {
    /// How many days back.
    #[serde(default = "week")]
    #[param(required = false, default = 7, minimum = 1, maximum = 90)]
    days: u32,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

const fn week() -> u32 {
    7
}

/// What is asked for and bought most, up to a minute old; only texts that were asked three times
#[utoipa::path(get, path = "/search/hot", tag = "search", params(HotQuery),
    responses((status = 200, body = Hot)))]
async fn hot(
    State(market): State<Market>,
    Parameters(query): Parameters<HotQuery>,
) -> Result<Json<Hot>, Problem> {
    let limit = paging(None, query.limit.or(Some(10)))?.limit;
    Ok(Json(market.asked().overview(query.days, limit).await?))
}

/// Texts that never found anything, for the operator, who can make synonyms of them
#[utoipa::path(get, path = "/search/misses", tag = "search", security(("token" = [])),
    params(MissesQuery), responses((status = 200, body = Page<AskedText>)))]
async fn misses(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<MissesQuery>,
) -> Result<Json<Page<AskedText>>, Problem> {
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.asked().misses(&actor, query.days, &paging).await?))
}
