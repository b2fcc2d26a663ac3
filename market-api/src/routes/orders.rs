//! `/api/v1/orders`: one path for each step of an order.

use axum::{Json, extract::State};
use market_core::{
    Action, Cursor, Market, Page, Recorded,
    id::{CaseId, OrderId, PractitionerId},
    order::{Contract, NewHandOver, NewOrder, NewReturn, Order, OrderFilter},
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
        .routes(routes!(place, list))
        .routes(routes!(show))
        .routes(routes!(actions))
        .routes(routes!(timeline))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(cancel))
        .routes(routes!(record_contract))
        .routes(routes!(confirm_contract))
        .routes(routes!(reject_contract))
        .routes(routes!(deliver))
        .routes(routes!(return_for_rework))
        .routes(routes!(sign_off))
        .routes(routes!(use_deliverable))
        .routes(routes!(return_deliverable))
        .routes(routes!(terminate))
}

/// Which page of which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOrders {
    /// Only those in the state of this name.
    #[param(example = "placed")]
    state: Option<String>,
    /// Only those of this case.
    case_id: Option<CaseId>,
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What is handed over.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deliver {
    /// The number of an uploaded deliverable.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    deliverable: i64,
    /// The practitioner of the agency who answers for it, if one does.
    practitioner: Option<PractitionerId>,
}

/// Buys a listing for a requirement of the caller's case. Eligibility is checked again here.
#[utoipa::path(post, path = "/orders", tag = "orders", security(("token" = [])), params(Key), request_body = NewOrder,
    responses((status = 201, body = Order)))]
async fn place(
    Once(call): Once,
    State(market): State<Market>,
    Input(new): Input<NewOrder>,
) -> Result<Created<Order>, Problem> {
    let order = market.orders().place(&call, new).await?;
    Ok(Created(format!("/api/v1/orders/{}", order.id), order.version, order))
}

/// The orders that the caller is party to, newest first.
#[utoipa::path(get, path = "/orders", tag = "orders", security(("token" = [])), params(ListOrders),
    responses((status = 200, body = Page<Order>)))]
async fn list(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<ListOrders>,
) -> Result<Json<Page<Order>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    let filter = OrderFilter { state: asked.state, case_id: asked.case_id };
    Ok(Json(market.orders().list(&actor, &filter, &paging).await?))
}

/// An order.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", security(("token" = [])), params(("id" = OrderId, Path)),
    responses((status = 200, body = WithActions<Order>)))]
async fn show(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
    language: Language,
) -> Result<Living<WithActions<Order>>, Problem> {
    let order = market.orders().get(&actor, id).await?;
    let actions = market.orders().actions(&actor, id).await?;
    Ok(Living(order.version, WithActions::told(order, Some(actions), language)))
}

/// What the caller may do with an order, and why not the rest.
#[utoipa::path(get, path = "/orders/{id}/actions", tag = "orders", security(("token" = [])), params(("id" = OrderId, Path)),
    responses((status = 200, body = Page<Action>)))]
async fn actions(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
    language: Language,
) -> Result<Json<Page<Action>>, Problem> {
    Ok(whole(told(market.orders().actions(&actor, id).await?, language)))
}

/// What happened to an order, oldest first.
#[utoipa::path(get, path = "/orders/{id}/timeline", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path)), responses((status = 200, body = Page<Recorded>)))]
async fn timeline(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Json<Page<Recorded>>, Problem> {
    Ok(whole(market.orders().timeline(&actor, id).await?))
}

fn tagged(order: Order) -> Tagged<Order> {
    Tagged(order.version, order)
}

/// The agency takes the order on.
#[utoipa::path(post, path = "/orders/{id}/accept", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    responses((status = 200, body = Order)))]
async fn accept(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().accept(&call, id).await?))
}

/// The agency does not take the order on.
#[utoipa::path(post, path = "/orders/{id}/decline", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    request_body = Why, responses((status = 200, body = Order)))]
async fn decline(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().decline(&call, id, &why.reason).await?))
}

/// The applicant gives the order up before a contract.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    request_body = Why, responses((status = 200, body = Order)))]
async fn cancel(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().cancel(&call, id, &why.reason).await?))
}

/// Either side records the contract; its amount is the order's.
#[utoipa::path(post, path = "/orders/{id}/record-contract", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = Contract,
    responses((status = 200, body = Order)))]
async fn record_contract(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(contract): Input<Contract>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().record_contract(&call, id, contract).await?))
}

/// The other side confirms the contract; the service begins.
#[utoipa::path(post, path = "/orders/{id}/confirm-contract", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)),
    responses((status = 200, body = Order)))]
async fn confirm_contract(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().confirm_contract(&call, id).await?))
}

/// The other side does not agree with what was recorded.
#[utoipa::path(post, path = "/orders/{id}/reject-contract", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = Why,
    responses((status = 200, body = Order)))]
async fn reject_contract(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().reject_contract(&call, id, &why.reason).await?))
}

/// The agency hands over a deliverable that it has uploaded.
#[utoipa::path(post, path = "/orders/{id}/deliver", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    request_body = Deliver, responses((status = 200, body = Order)))]
async fn deliver(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Body(deliver): Body<Deliver>,
) -> Result<Tagged<Order>, Problem> {
    let Deliver { deliverable, practitioner } = deliver;
    let new = NewHandOver { deliverable, practitioner };
    Ok(tagged(market.orders().hand_over(&call, id, new).await?))
}

/// The applicant returns the deliverable to be mended.
#[utoipa::path(post, path = "/orders/{id}/return-for-rework", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = NewReturn,
    responses((status = 200, body = Order)))]
async fn return_for_rework(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(new): Input<NewReturn>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().return_for_rework(&call, id, new).await?))
}

/// The applicant accepts the deliverable; the departments may use it.
#[utoipa::path(post, path = "/orders/{id}/sign-off", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)),
    responses((status = 200, body = Order)))]
async fn sign_off(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().sign_off(&call, id).await?))
}

/// The caller's department uses the deliverable for its decision.
#[utoipa::path(post, path = "/orders/{id}/use", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    responses((status = 200, body = Order)))]
async fn use_deliverable(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().use_deliverable(&call, id).await?))
}

/// The caller's department returns the deliverable to be mended, with a reason code.
#[utoipa::path(post, path = "/orders/{id}/return", tag = "orders", security(("token" = [])), params(Guards, ("id" = OrderId, Path)),
    request_body = NewReturn, responses((status = 200, body = Order)))]
async fn return_deliverable(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(new): Input<NewReturn>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().return_deliverable(&call, id, new).await?))
}

/// Either side ends the order after its contract, with a reason.
#[utoipa::path(post, path = "/orders/{id}/terminate", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = Why,
    responses((status = 200, body = Order)))]
async fn terminate(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().terminate(&call, id, &why.reason).await?))
}
