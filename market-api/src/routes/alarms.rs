//! `/api/v1/alarms`: what supervisors are alarmed of.

use axum::{Json, extract::State};
use market_core::{
    Action, Cursor, Market, Page,
    alarm::{Alarm, AlarmFilter, AlarmRule},
    id::{AlarmId, PurchaseId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{WithActions, told};
use crate::{
    App,
    body::Body,
    call::{Guarded, Guards},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(actions))
        .routes(routes!(acknowledge))
}

/// Which page of which alarms.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAlarms {
    /// Only those of this rule.
    rule: Option<AlarmRule>,
    /// Only those that this purchase raised.
    purchase_id: Option<PurchaseId>,
    /// Only those that nobody has looked into.
    #[serde(default)]
    #[param(required = false, default = false)]
    open: bool,
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What was found.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledge {
    /// What was found, 1 to 1000 characters.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    note: String,
}

/// The alarms that the caller supervises, newest first: the operator all, a department those of
/// cases that it decides in.
#[utoipa::path(get, path = "/alarms", tag = "alarms", security(("token" = [])), params(ListAlarms),
    responses((status = 200, body = Page<Alarm>)))]
async fn list(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<ListAlarms>,
) -> Result<Json<Page<Alarm>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    let ListAlarms { rule, purchase_id, open, .. } = asked;
    let filter = AlarmFilter { rule, purchase_id, open };
    Ok(Json(market.alarms().list(&actor, &filter, &paging).await?))
}

/// An alarm with its evidence.
#[utoipa::path(get, path = "/alarms/{id}", tag = "alarms", security(("token" = [])),
    params(("id" = AlarmId, Path)), responses((status = 200, body = WithActions<Alarm>)))]
async fn show(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<AlarmId>,
    language: Language,
) -> Result<Living<WithActions<Alarm>>, Problem> {
    let alarm = market.alarms().get(&actor, id).await?;
    let actions = market.alarms().actions(&actor, id).await?;
    Ok(Living(alarm.version, WithActions::told(alarm, Some(actions), language)))
}

/// What the caller may do with an alarm, and why not the rest.
#[utoipa::path(get, path = "/alarms/{id}/actions", tag = "alarms", security(("token" = [])),
    params(("id" = AlarmId, Path)), responses((status = 200, body = Page<Action>)))]
async fn actions(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<AlarmId>,
    language: Language,
) -> Result<Json<Page<Action>>, Problem> {
    Ok(whole(told(market.alarms().actions(&actor, id).await?, language)))
}

/// Notes that the caller has looked into an alarm, and what was found; once.
#[utoipa::path(post, path = "/alarms/{id}/acknowledge", tag = "alarms", security(("token" = [])),
    params(Guards, ("id" = AlarmId, Path)), request_body = Acknowledge,
    responses((status = 200, body = Alarm)))]
async fn acknowledge(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<AlarmId>,
    Body(body): Body<Acknowledge>,
) -> Result<Tagged<Alarm>, Problem> {
    let alarm = market.alarms().acknowledge(&call, id, &body.note).await?;
    Ok(Tagged(alarm.version, alarm))
}
