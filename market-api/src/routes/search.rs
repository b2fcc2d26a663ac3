//! Search over listings, agencies, service items and matters.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Day, Market, Money, Page, Point,
    asked::{AskedText, Hot},
    code::{CategoryCode, ItemCode, RegionCode},
    id::CaseId,
    order::Grade,
    search::{Hits, PriceBand, SearchQuery, SelectionMode, Sort, Subject, Turnaround},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    caller::Caller,
    page::paging,
    parameters::{Parameters, Several},
    problem::{Code, Problem},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search)).routes(routes!(hot)).routes(routes!(misses))
}

/// What is searched for. Filters by different things must all hold; of several values of one,
/// separated by commas, any.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Listings, if nothing is said.
    #[serde(default = "listings")]
    #[param(required = false, default = "listings")]
    kind: Subject,
    /// Words that people use, in characters or pinyin; none finds everything. May be called `q`,
    /// as on the portal.
    #[serde(alias = "q")]
    #[param(max_length = 200, example = "环评 餐饮")]
    text: Option<String>,
    /// Categories of the service item.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    category: Several<CategoryCode>,
    /// Service items.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    item: Several<ItemCode>,
    /// Where the service is needed.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "330282")]
    region: Several<RegionCode>,
    /// Price bands, as the facet gives them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "0-1000,1000-5000")]
    price: Several<PriceBand>,
    /// Turnaround bands in working days, as the facet gives them.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "1-5,6-10")]
    turnaround: Several<Turnaround>,
    /// Kinds of qualification that the agency holds, or levels as `kind:level`.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "surveying:grade-a")]
    qualification: Several<String>,
    /// Grades of the agency's credit.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "A,B")]
    grade: Several<Grade>,
    /// How it may be bought.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "direct")]
    mode: Several<SelectionMode>,
    /// The lowest price.
    min_price: Option<Money>,
    /// The highest price.
    max_price: Option<Money>,
    /// A case of the caller's: only what may be bought for it, for services that it still needs.
    case: Option<CaseId>,
    /// The day on which it is to be bought; today, if none is given.
    eligible_on: Option<Day>,
    /// Where to measure distances from: latitude and longitude in degrees.
    #[param(
        value_type = Option<String>,
        pattern = r"^-?([0-8]?[0-9](\.[0-9]{1,6})?|90(\.0{1,6})?),-?((1[0-7]|[0-9])?[0-9](\.[0-9]{1,6})?|180(\.0{1,6})?)$",
        example = "30.17,121.24"
    )]
    near: Option<Point>,
    /// The order of hits: by relevance, if nothing is said.
    #[serde(default = "relevance")]
    #[param(required = false, default = "relevance")]
    sort: Sort,
    /// Whether to count what hits can be narrowed by.
    #[serde(default)]
    #[param(required = false, default = false)]
    facets: bool,
    /// Whether to tell the parts of each hit's score.
    #[serde(default)]
    #[param(required = false, default = false)]
    explain: bool,
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
            text: self.text,
            categories: self.category.0,
            items: self.item.0,
            regions: self.region.0,
            prices: self.price.0,
            turnarounds: self.turnaround.0,
            qualifications: self.qualification.0,
            grades: self.grade.0,
            modes: self.mode.0,
            min_price: self.min_price,
            max_price: self.max_price,
            eligible_on: self.eligible_on,
            within: None,
            near: self.near,
            sort: self.sort,
            facets: self.facets,
            explain: self.explain,
            after: paging.after,
            limit: paging.limit,
            ..SearchQuery::new(self.kind)
        })
    }
}

/// Find listings that can be bought, agencies to buy from, service items and matters
///
/// Hits are ordered by a published formula: what the words fit, what they name, the place, the
/// agency's credit, and a share for newcomers. With `case`, only what may be bought for it is
/// found.
#[utoipa::path(get, path = "/search", tag = "search", params(Wanted),
    responses((status = 200, body = Hits)))]
async fn search(
    State(market): State<Market>,
    caller: Option<Caller>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Hits>, Problem> {
    let search = market.search();
    let case = wanted.case;
    let mut query = wanted.query()?;
    if let Some(case) = case {
        let Caller(actor) = caller.ok_or(Code::ANONYMOUS)?;
        query = search.for_case(&actor, case, query).await?;
    }
    let hits = search.find(&query).await?;
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
