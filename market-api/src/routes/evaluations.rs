//! Evaluations after orders: `/api/v1/orders/{id}/evaluations`, `/api/v1/evaluations` and
//! `/api/v1/agencies/{id}/evaluations`.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Market,
    evaluation::{AgencyEvaluations, Decision, Evaluation, NewEvaluation, OrderEvaluations},
    id::{AgencyId, EvaluationId, OrderId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards},
    caller::Caller,
    page::paging,
    parameters::{At, Parameters},
    problem::Problem,
    tagged::{Created, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_order, give))
        .routes(routes!(show))
        .routes(routes!(appeal))
        .routes(routes!(decide))
        .routes(routes!(of_agency))
}

/// Why the agency appeals.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appeal {
    /// Why, 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// What the supervisor decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideEvaluation {
    /// Whether it stands or is hidden.
    decision: Decision,
    /// Why, 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EvaluationsQuery {
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The evaluations of an order that the caller is party to, what it may mark, and until when.
/// Before everybody has evaluated, or the time for it is over, nobody sees more than their own.
#[utoipa::path(get, path = "/orders/{id}/evaluations", tag = "evaluations",
    security(("token" = [])), params(("id" = OrderId, Path)),
    responses((status = 200, body = OrderEvaluations)))]
async fn of_order(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Json<OrderEvaluations>, Problem> {
    Ok(Json(market.evaluations().of_order(&actor, id).await?))
}

/// Evaluate an order that has ended, once: the applicant and departments that used the
/// deliverable evaluate the agency, the agency evaluates the applicant
#[utoipa::path(post, path = "/orders/{id}/evaluations", tag = "evaluations",
    security(("token" = [])), params(("id" = OrderId, Path), Guards),
    request_body = NewEvaluation, responses((status = 201, body = Evaluation)))]
async fn give(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(new): Input<NewEvaluation>,
) -> Result<Created<Evaluation>, Problem> {
    let given = market.evaluations().give(&call, id, new).await?;
    Ok(Created(format!("/api/v1/evaluations/{}", given.id), given.version, given))
}

/// An evaluation of an order that the caller is party to, and what the caller may do with it
#[utoipa::path(get, path = "/evaluations/{id}", tag = "evaluations", security(("token" = [])),
    params(("id" = EvaluationId, Path)),
    responses((status = 200, body = WithActions<Evaluation>)))]
async fn show(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<EvaluationId>,
) -> Result<Tagged<WithActions<Evaluation>>, Problem> {
    let evaluation = market.evaluations().get(&actor, id).await?;
    let actions = Some(evaluation.actions(&actor, market.env().now()));
    Ok(Tagged(evaluation.version, WithActions { thing: evaluation, actions }))
}

/// Appeal against an evaluation of your agency, once; it does not count until it is decided
#[utoipa::path(post, path = "/evaluations/{id}/appeal", tag = "evaluations",
    security(("token" = [])), params(("id" = EvaluationId, Path), Guards),
    request_body = Appeal, responses((status = 200, body = Evaluation)))]
async fn appeal(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<EvaluationId>,
    Input(appeal): Input<Appeal>,
) -> Result<Tagged<Evaluation>, Problem> {
    Ok(tagged(market.evaluations().appeal(&call, id, &appeal.reason).await?))
}

/// Decide on an appeal, or hide an evaluation: the department that leads the matter, or the
/// operator where that department evaluated itself
#[utoipa::path(post, path = "/evaluations/{id}/decide", tag = "evaluations",
    security(("token" = [])), params(("id" = EvaluationId, Path), Guards),
    request_body = DecideEvaluation, responses((status = 200, body = Evaluation)))]
async fn decide(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<EvaluationId>,
    Input(decided): Input<DecideEvaluation>,
) -> Result<Tagged<Evaluation>, Problem> {
    let DecideEvaluation { decision, reason } = decided;
    Ok(tagged(market.evaluations().decide(&call, id, decision, &reason).await?))
}

/// What everybody may see of the evaluations of an agency: figures for each dimension, and the
/// evaluations without who gave them, the newest first
#[utoipa::path(get, path = "/agencies/{id}/evaluations", tag = "evaluations",
    security((), ("token" = [])),
    params(("id" = AgencyId, Path), EvaluationsQuery),
    responses((status = 200, body = AgencyEvaluations)))]
async fn of_agency(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<AgencyId>,
    Parameters(query): Parameters<EvaluationsQuery>,
) -> Result<Json<AgencyEvaluations>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.evaluations().of_agency(actor, id, &paging).await?))
}

fn tagged(evaluation: Evaluation) -> Tagged<Evaluation> {
    Tagged(evaluation.version, evaluation)
}
