//! Search over agencies and listings.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Day, Market, Money,
    code::{CategoryCode, ItemCode, RegionCode},
    search::{Hits, SearchQuery, Sort, Subject},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, page::paging, parameters::Parameters, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is searched for. Every filter must hold.
#[derive(Debug, Deserialize, IntoParams)]
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
    fn query(self) -> Result<SearchQuery, Problem> {
        let paging = paging(self.after, self.limit)?;
        Ok(SearchQuery {
            kind: self.kind,
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
    Ok(Json(market.search().find(&wanted.query()?).await?))
}
