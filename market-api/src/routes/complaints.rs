//! `/api/v1/complaints`: complaints about purchases.

use axum::{Json, extract::State};
use market_core::{
    Action, Cursor, Market, Page,
    complaint::{Complaint, ComplaintFilter, Letter},
    id::{ComplaintId, PurchaseId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{WithActions, cases::Why, told};
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
        .routes(routes!(file))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(actions))
        .routes(routes!(accept))
        .routes(routes!(refuse))
        .routes(routes!(uphold))
        .routes(routes!(dismiss))
        .routes(routes!(withdraw))
}

/// Which page of which complaints.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListComplaints {
    /// Only those in the state of this name.
    #[param(example = "filed")]
    state: Option<String>,
    /// Only those about this purchase.
    purchase_id: Option<PurchaseId>,
    /// Only those whose handler is late.
    #[serde(default)]
    #[param(required = false, default = false)]
    overdue: bool,
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    /// What is decided, and why: 1 to 2000 characters, without who complained.
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    decision: String,
}

/// The owner of a purchase, or an agency that registered for it, complains before the publicity of
/// the award ends. Who complains is known to the handler alone.
#[utoipa::path(post, path = "/purchases/{id}/complaints", tag = "complaints", security(("token" = [])),
    params(Key, ("id" = PurchaseId, Path)), request_body = Letter,
    responses((status = 201, body = Complaint)))]
async fn file(
    Once(call): Once,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(letter): Input<Letter>,
) -> Result<Created<Complaint>, Problem> {
    let filed = market.complaints().file(&call, id, letter).await?;
    Ok(Created(format!("/api/v1/complaints/{}", filed.id), filed.version, filed))
}

/// The complaints that the caller may know of, newest first: its own, those that it handles, the
/// accepted ones about its purchases; the operator sees all, without who complains and why.
#[utoipa::path(get, path = "/complaints", tag = "complaints", security(("token" = [])),
    params(ListComplaints), responses((status = 200, body = Page<Complaint>)))]
async fn list(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<ListComplaints>,
) -> Result<Json<Page<Complaint>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    let ListComplaints { state, purchase_id, overdue, .. } = asked;
    let filter = ComplaintFilter { state, purchase_id, overdue };
    Ok(Json(market.complaints().list(&actor, &filter, &paging).await?))
}

/// A complaint, as far as the caller may know it.
#[utoipa::path(get, path = "/complaints/{id}", tag = "complaints", security(("token" = [])),
    params(("id" = ComplaintId, Path)), responses((status = 200, body = WithActions<Complaint>)))]
async fn show(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    language: Language,
) -> Result<Living<WithActions<Complaint>>, Problem> {
    let complaint = market.complaints().get(&actor, id).await?;
    let actions = market.complaints().actions(&actor, id).await?;
    Ok(Living(complaint.version, WithActions::told(complaint, Some(actions), language)))
}

/// What the caller may do with a complaint, and why not the rest.
#[utoipa::path(get, path = "/complaints/{id}/actions", tag = "complaints", security(("token" = [])),
    params(("id" = ComplaintId, Path)), responses((status = 200, body = Page<Action>)))]
async fn actions(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    language: Language,
) -> Result<Json<Page<Action>>, Problem> {
    Ok(whole(told(market.complaints().actions(&actor, id).await?, language)))
}

/// The department that leads the matter accepts a complaint; the award's clock stops.
#[utoipa::path(post, path = "/complaints/{id}/accept", tag = "complaints", security(("token" = [])),
    params(Guards, ("id" = ComplaintId, Path)), responses((status = 200, body = Complaint)))]
async fn accept(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
) -> Result<Tagged<Complaint>, Problem> {
    Ok(tagged(market.complaints().accept(&call, id).await?))
}

/// The department does not accept a complaint.
#[utoipa::path(post, path = "/complaints/{id}/refuse", tag = "complaints", security(("token" = [])),
    params(Guards, ("id" = ComplaintId, Path)), request_body = Why,
    responses((status = 200, body = Complaint)))]
async fn refuse(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Complaint>, Problem> {
    Ok(tagged(market.complaints().refuse(&call, id, &why.reason).await?))
}

/// The department decides for the complainant; the purchase fails.
#[utoipa::path(post, path = "/complaints/{id}/uphold", tag = "complaints", security(("token" = [])),
    params(Guards, ("id" = ComplaintId, Path)), request_body = Decide,
    responses((status = 200, body = Complaint)))]
async fn uphold(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    Body(body): Body<Decide>,
) -> Result<Tagged<Complaint>, Problem> {
    Ok(tagged(market.complaints().uphold(&call, id, &body.decision).await?))
}

/// The department decides against the complainant; after the last one the award's clock goes on.
#[utoipa::path(post, path = "/complaints/{id}/dismiss", tag = "complaints", security(("token" = [])),
    params(Guards, ("id" = ComplaintId, Path)), request_body = Decide,
    responses((status = 200, body = Complaint)))]
async fn dismiss(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    Body(body): Body<Decide>,
) -> Result<Tagged<Complaint>, Problem> {
    Ok(tagged(market.complaints().dismiss(&call, id, &body.decision).await?))
}

/// The complainant withdraws a complaint.
#[utoipa::path(post, path = "/complaints/{id}/withdraw", tag = "complaints", security(("token" = [])),
    params(Guards, ("id" = ComplaintId, Path)), responses((status = 200, body = Complaint)))]
async fn withdraw(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<ComplaintId>,
) -> Result<Tagged<Complaint>, Problem> {
    Ok(tagged(market.complaints().withdraw(&call, id).await?))
}

fn tagged(complaint: Complaint) -> Tagged<Complaint> {
    Tagged(complaint.version, complaint)
}
