//! What the market trades, who decides, and for what: all of it public.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Market, Page,
    catalog::{Category, ItemFilter, QualificationType, ServiceItem},
    code::{CategoryCode, DepartmentCode, ItemCode, MatterCode, RegionCode},
    department::Department,
    matter::Matter,
    rules::Region,
    sealing::PublicKey,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{WithActions, cases::Why};
use crate::{
    App,
    body::{Body, Input},
    call::{Guarded, Guards},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(categories))
        .routes(routes!(qualification_types))
        .routes(routes!(items))
        .routes(routes!(item))
        .routes(routes!(withdraw_item))
        .routes(routes!(restore_item))
        .routes(routes!(item_version))
        .routes(routes!(departments))
        .routes(routes!(department))
        .routes(routes!(put_opening_key, clear_opening_key))
        .routes(routes!(matters))
        .routes(routes!(matter))
        .routes(routes!(withdraw_matter))
        .routes(routes!(restore_matter))
        .routes(routes!(matter_version))
        .routes(routes!(regions))
        .routes(routes!(region))
}

/// Which service items.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemsQuery {
    /// Only those of a category.
    category: Option<CategoryCode>,
    /// Only those that a department's approvals ask for.
    department: Option<DepartmentCode>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Which matters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MattersQuery {
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Which regions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegionsQuery {
    /// What lies directly in this region; without one, the country.
    parent: Option<RegionCode>,
}

/// A department's opening key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutOpeningKey {
    /// The public key that `market deposit key` prints.
    opening_key: PublicKey,
}

/// The categories of services, in the order of display
#[utoipa::path(get, path = "/categories", tag = "catalogue",
    responses((status = 200, body = Page<Category>)))]
async fn categories(State(market): State<Market>) -> Result<Json<Page<Category>>, Problem> {
    Ok(whole(market.catalog().categories().await?))
}

/// The kinds of qualifications that agencies are certified for
#[utoipa::path(get, path = "/qualification-types", tag = "catalogue",
    responses((status = 200, body = Page<QualificationType>)))]
async fn qualification_types(
    State(market): State<Market>,
) -> Result<Json<Page<QualificationType>>, Problem> {
    Ok(whole(market.catalog().qualification_types().await?))
}

/// Service items, by code
#[utoipa::path(get, path = "/service-items", tag = "catalogue", params(ItemsQuery),
    responses((status = 200, body = Page<ServiceItem>)))]
async fn items(
    State(market): State<Market>,
    Parameters(query): Parameters<ItemsQuery>,
) -> Result<Json<Page<ServiceItem>>, Problem> {
    let ItemsQuery { category, department, after, limit } = query;
    let filter = ItemFilter { category, department };
    Ok(Json(market.catalog().items(&filter, &paging(after, limit)?).await?))
}

/// A service item
#[utoipa::path(get, path = "/service-items/{code}", tag = "catalogue",
    params(("code" = ItemCode, Path)), responses((status = 200, body = ServiceItem)))]
async fn item(
    State(market): State<Market>,
    At(code): At<ItemCode>,
) -> Result<Tagged<ServiceItem>, Problem> {
    let item = market.catalog().item(&code).await?;
    Ok(Tagged(item.version, item))
}

/// Take a service item off the list, unless a matter on the list needs it; cases and orders that run
/// keep their version of it
#[utoipa::path(post, path = "/service-items/{code}/withdraw", tag = "catalogue",
    security(("token" = [])), params(("code" = ItemCode, Path), Guards), request_body = Why,
    responses((status = 200, body = ServiceItem)))]
async fn withdraw_item(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<ItemCode>,
    Body(Why { reason }): Body<Why>,
) -> Result<Tagged<ServiceItem>, Problem> {
    let item = market.withdrawals().withdraw_item(&call, &code, &reason).await?;
    Ok(Tagged(item.version, item))
}

/// Put a service item back on the list
#[utoipa::path(post, path = "/service-items/{code}/restore", tag = "catalogue",
    security(("token" = [])), params(("code" = ItemCode, Path), Guards), request_body = Why,
    responses((status = 200, body = ServiceItem)))]
async fn restore_item(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<ItemCode>,
    Body(Why { reason }): Body<Why>,
) -> Result<Tagged<ServiceItem>, Problem> {
    let item = market.withdrawals().restore_item(&call, &code, &reason).await?;
    Ok(Tagged(item.version, item))
}

/// A service item as it was in one of its versions
#[utoipa::path(get, path = "/service-items/{code}/versions/{version}", tag = "catalogue",
    params(("code" = ItemCode, Path), ("version" = i64, Path)),
    responses((status = 200, body = ServiceItem)))]
async fn item_version(
    State(market): State<Market>,
    At((code, version)): At<(ItemCode, i64)>,
) -> Result<Tagged<ServiceItem>, Problem> {
    Ok(Tagged(version, market.catalog().item_version(&code, version).await?))
}

/// The approval departments, by code
#[utoipa::path(get, path = "/departments", tag = "catalogue",
    responses((status = 200, body = Page<Department>)))]
async fn departments(State(market): State<Market>) -> Result<Json<Page<Department>>, Problem> {
    Ok(whole(market.departments().list().await?))
}

/// An approval department
#[utoipa::path(get, path = "/departments/{code}", tag = "catalogue",
    security((), ("token" = [])), params(("code" = DepartmentCode, Path)),
    responses((status = 200, body = WithActions<Department>)))]
async fn department(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(code): At<DepartmentCode>,
    language: Language,
) -> Result<Living<WithActions<Department>>, Problem> {
    let department = market.departments().get(&code).await?;
    let actions = caller.map(|Caller(actor)| department.actions(&actor));
    Ok(Living(department.version, WithActions::told(department, actions, language)))
}

/// Set the key to which opening codes are deposited with a department
#[utoipa::path(put, path = "/departments/{code}/opening-key", tag = "catalogue",
    security(("token" = [])), params(("code" = DepartmentCode, Path), Guards),
    request_body = PutOpeningKey, responses((status = 200, body = Department)))]
async fn put_opening_key(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<DepartmentCode>,
    Input(PutOpeningKey { opening_key }): Input<PutOpeningKey>,
) -> Result<Tagged<Department>, Problem> {
    let department = market.departments().set_opening_key(&call, &code, &opening_key).await?;
    Ok(Tagged(department.version, department))
}

/// Take back the key to which opening codes are deposited with a department, unless a purchase that
/// is not opened yet may need its deposit; another key may be set at any time
#[utoipa::path(delete, path = "/departments/{code}/opening-key", tag = "catalogue",
    security(("token" = [])), params(("code" = DepartmentCode, Path), Guards),
    responses((status = 200, body = Department)))]
async fn clear_opening_key(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<DepartmentCode>,
) -> Result<Tagged<Department>, Problem> {
    let department = market.departments().clear_opening_key(&call, &code).await?;
    Ok(Tagged(department.version, department))
}

/// One-thing matters, by code
#[utoipa::path(get, path = "/matters", tag = "catalogue", params(MattersQuery),
    responses((status = 200, body = Page<Matter>)))]
async fn matters(
    State(market): State<Market>,
    Parameters(query): Parameters<MattersQuery>,
) -> Result<Json<Page<Matter>>, Problem> {
    Ok(Json(market.matters().list(&paging(query.after, query.limit)?).await?))
}

/// A one-thing matter: its steps, materials, and the services that it needs
#[utoipa::path(get, path = "/matters/{code}", tag = "catalogue",
    params(("code" = MatterCode, Path)), responses((status = 200, body = Matter)))]
async fn matter(
    State(market): State<Market>,
    At(code): At<MatterCode>,
) -> Result<Tagged<Matter>, Problem> {
    let matter = market.matters().get(&code).await?;
    Ok(Tagged(matter.version, matter))
}

/// Take a matter off the list: no case of it is opened any more, and those that run go on
#[utoipa::path(post, path = "/matters/{code}/withdraw", tag = "catalogue",
    security(("token" = [])), params(("code" = MatterCode, Path), Guards), request_body = Why,
    responses((status = 200, body = Matter)))]
async fn withdraw_matter(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<MatterCode>,
    Body(Why { reason }): Body<Why>,
) -> Result<Tagged<Matter>, Problem> {
    let matter = market.withdrawals().withdraw_matter(&call, &code, &reason).await?;
    Ok(Tagged(matter.version, matter))
}

/// Put a matter back on the list, unless it needs a withdrawn item
#[utoipa::path(post, path = "/matters/{code}/restore", tag = "catalogue",
    security(("token" = [])), params(("code" = MatterCode, Path), Guards), request_body = Why,
    responses((status = 200, body = Matter)))]
async fn restore_matter(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(code): At<MatterCode>,
    Body(Why { reason }): Body<Why>,
) -> Result<Tagged<Matter>, Problem> {
    let matter = market.withdrawals().restore_matter(&call, &code, &reason).await?;
    Ok(Tagged(matter.version, matter))
}

/// A one-thing matter as it was in one of its versions
#[utoipa::path(get, path = "/matters/{code}/versions/{version}", tag = "catalogue",
    params(("code" = MatterCode, Path), ("version" = i64, Path)),
    responses((status = 200, body = Matter)))]
async fn matter_version(
    State(market): State<Market>,
    At((code, version)): At<(MatterCode, i64)>,
) -> Result<Tagged<Matter>, Problem> {
    Ok(Tagged(version, market.matters().version(&code, version).await?))
}

/// The regions directly in a region, by code
#[utoipa::path(get, path = "/regions", tag = "catalogue", params(RegionsQuery),
    responses((status = 200, body = Page<Region>)))]
async fn regions(
    State(market): State<Market>,
    Parameters(query): Parameters<RegionsQuery>,
) -> Result<Json<Page<Region>>, Problem> {
    Ok(whole(market.rules().regions(query.parent.as_ref()).await?))
}

/// A region
#[utoipa::path(get, path = "/regions/{code}", tag = "catalogue",
    params(("code" = RegionCode, Path)), responses((status = 200, body = Region)))]
async fn region(
    State(market): State<Market>,
    At(code): At<RegionCode>,
) -> Result<Json<Region>, Problem> {
    Ok(Json(market.rules().region(&code).await?))
}
