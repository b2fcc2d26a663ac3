//! `/api/v1/cases`: an applicant's runs of matters.

use axum::{Json, extract::State};
use market_core::{
    Action, Cursor, Market, Page, Recorded,
    case::{Case, CaseFilter, CaseState, NewCase},
    code::{ItemCode, StepKey},
    id::{CaseId, ListingId, OrderId},
    order::Eligibility,
    progress::Progress,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::told;
use crate::{
    App,
    body::{Body, Input},
    call::{Guarded, Guards, Key, Once},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Created, Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open, list))
        .routes(routes!(show))
        .routes(routes!(actions))
        .routes(routes!(timeline))
        .routes(routes!(eligibility))
        .routes(routes!(withdraw))
        .routes(routes!(approve))
        .routes(routes!(return_step))
        .routes(routes!(resubmit))
        .routes(routes!(link))
}

/// Which page of which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCases {
    /// Only those in this state.
    state: Option<CaseState>,
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// Why, 1 to 500 characters.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub(crate) reason: String,
}

/// Which listing a case is held against.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Against {
    /// The listing.
    listing: ListingId,
}

/// The order whose deliverable is reused.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// A completed order of the same applicant for the same service item.
    order_id: OrderId,
}

/// Opens a case of a matter.
#[utoipa::path(post, path = "/cases", tag = "cases", security(("token" = [])), params(Key), request_body = NewCase,
    responses((status = 201, body = Case)))]
async fn open(
    Once(call): Once,
    State(market): State<Market>,
    Input(new): Input<NewCase>,
) -> Result<Created<Case>, Problem> {
    let case = market.cases().open(&call, new).await?;
    Ok(Created(format!("/api/v1/cases/{}", case.id), case.version, case))
}

/// The cases that the caller takes part in, newest first.
#[utoipa::path(get, path = "/cases", tag = "cases", security(("token" = [])), params(ListCases),
    responses((status = 200, body = Page<Case>)))]
async fn list(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<ListCases>,
) -> Result<Json<Page<Case>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    let filter = CaseFilter { state: asked.state };
    Ok(Json(market.cases().list(&actor, &filter, &paging).await?))
}

/// A case at a glance: its steps, the services that it needs and why, what satisfies each, who
/// holds what until when, and what the caller may do next.
#[utoipa::path(get, path = "/cases/{id}", tag = "cases", security(("token" = [])), params(("id" = CaseId, Path)),
    responses((status = 200, body = Progress)))]
async fn show(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<CaseId>,
    language: Language,
) -> Result<Living<Progress>, Problem> {
    let mut progress = market.progress().of_case(&actor, id).await?;
    progress.actions = told(progress.actions, language);
    Ok(Living(progress.version, progress))
}

/// What the caller may do with a case, and why not the rest.
#[utoipa::path(get, path = "/cases/{id}/actions", tag = "cases", security(("token" = [])), params(("id" = CaseId, Path)),
    responses((status = 200, body = Page<Action>)))]
async fn actions(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<CaseId>,
    language: Language,
) -> Result<Json<Page<Action>>, Problem> {
    Ok(whole(told(market.cases().actions(&actor, id).await?, language)))
}

/// What happened in a case, oldest first.
#[utoipa::path(get, path = "/cases/{id}/timeline", tag = "cases", security(("token" = [])), params(("id" = CaseId, Path)),
    responses((status = 200, body = Page<Recorded>)))]
async fn timeline(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<CaseId>,
) -> Result<Json<Page<Recorded>>, Problem> {
    Ok(whole(market.progress().timeline(&actor, id).await?))
}

/// Whether a listing may be bought for a case, with every reason why not.
#[utoipa::path(get, path = "/cases/{id}/eligibility", tag = "cases", security(("token" = [])),
    params(("id" = CaseId, Path), Against),
    responses((status = 200, body = Eligibility)))]
async fn eligibility(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<CaseId>,
    Parameters(against): Parameters<Against>,
) -> Result<Json<Eligibility>, Problem> {
    Ok(Json(market.orders().eligibility(&actor, id, against.listing).await?))
}

/// The applicant gives a case up.
#[utoipa::path(post, path = "/cases/{id}/withdraw", tag = "cases", security(("token" = [])), params(Guards, ("id" = CaseId, Path)),
    request_body = Why, responses((status = 200, body = Case)))]
async fn withdraw(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<CaseId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Case>, Problem> {
    let case = market.cases().withdraw(&call, id, &why.reason).await?;
    Ok(Tagged(case.version, case))
}

/// The caller's department approves its step.
#[utoipa::path(post, path = "/cases/{id}/steps/{step}/approve", tag = "cases", security(("token" = [])),
    params(Guards, ("id" = CaseId, Path), ("step" = StepKey, Path)),
    responses((status = 200, body = Case)))]
async fn approve(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, step)): At<(CaseId, StepKey)>,
) -> Result<Tagged<Case>, Problem> {
    let case = market.cases().approve(&call, id, &step).await?;
    Ok(Tagged(case.version, case))
}

/// The caller's department returns its step to the applicant.
#[utoipa::path(post, path = "/cases/{id}/steps/{step}/return", tag = "cases", security(("token" = [])),
    params(Guards, ("id" = CaseId, Path), ("step" = StepKey, Path)), request_body = Why,
    responses((status = 200, body = Case)))]
async fn return_step(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, step)): At<(CaseId, StepKey)>,
    Body(why): Body<Why>,
) -> Result<Tagged<Case>, Problem> {
    let case = market.cases().return_step(&call, id, &step, &why.reason).await?;
    Ok(Tagged(case.version, case))
}

/// The applicant hands a returned step in again.
#[utoipa::path(post, path = "/cases/{id}/steps/{step}/resubmit", tag = "cases", security(("token" = [])),
    params(Guards, ("id" = CaseId, Path), ("step" = StepKey, Path)),
    responses((status = 200, body = Case)))]
async fn resubmit(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, step)): At<(CaseId, StepKey)>,
) -> Result<Tagged<Case>, Problem> {
    let case = market.cases().resubmit(&call, id, &step).await?;
    Ok(Tagged(case.version, case))
}

/// The caller's department reuses the deliverable of another order of the same applicant.
#[utoipa::path(post, path = "/cases/{id}/requirements/{item}/link", tag = "cases", security(("token" = [])),
    params(Guards, ("id" = CaseId, Path), ("item" = ItemCode, Path)), request_body = Link,
    responses((status = 200, body = Case)))]
async fn link(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, item)): At<(CaseId, ItemCode)>,
    Body(link): Body<Link>,
) -> Result<Tagged<Case>, Problem> {
    let case = market.orders().link(&call, id, &item, link.order_id).await?;
    Ok(Tagged(case.version, case))
}
