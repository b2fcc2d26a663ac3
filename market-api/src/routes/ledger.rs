//! `/api/v1/orders/{id}/…`: changes of the contract, milestones, payments and the ledger.

use axum::{Json, extract::State};
use market_core::{
    Day, Market, Page,
    id::{OrderId, PaymentId},
    order::{Ledger, MilestoneReached, NewChange, NewPayment, Order, OrderChange, Payment},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::cases::Why;
use crate::{
    App,
    body::{Body, Input},
    call::{Guarded, Guards},
    caller::Caller,
    page::whole,
    parameters::{At, Parameters},
    problem::Problem,
    tagged::{Created, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(propose_change, list_changes))
        .routes(routes!(approve_change))
        .routes(routes!(refuse_change))
        .routes(routes!(withdraw_change))
        .routes(routes!(reach_milestone))
        .routes(routes!(confirm_milestone))
        .routes(routes!(pay))
        .routes(routes!(confirm_payment))
        .routes(routes!(dispute_payment))
        .routes(routes!(ledger))
}

/// Up to which day the ledger is reckoned.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// The day; today, if none is given.
    #[param(value_type = Option<String>, format = Date)]
    as_of: Option<Day>,
}

fn tagged(order: Order) -> Tagged<Order> {
    Tagged(order.version, order)
}

/// Either side proposes a change of the contract, or an extension of the service; one at a time.
#[utoipa::path(post, path = "/orders/{id}/changes", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = NewChange,
    responses((status = 201, body = OrderChange)))]
async fn propose_change(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(new): Input<NewChange>,
) -> Result<Created<OrderChange>, Problem> {
    let change = market.orders().propose_change(&call, id, new).await?;
    let place = format!("/api/v1/orders/{id}/changes");
    Ok(Created(place, change.number, change))
}

/// Every change that was proposed for an order's contract, oldest first.
#[utoipa::path(get, path = "/orders/{id}/changes", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path)), responses((status = 200, body = Page<OrderChange>)))]
async fn list_changes(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Json<Page<OrderChange>>, Problem> {
    Ok(whole(market.orders().changes(&actor, id).await?))
}

/// The other side agrees to a change: the contract is changed.
#[utoipa::path(post, path = "/orders/{id}/changes/{number}/approve", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Order)))]
async fn approve_change(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().approve_change(&call, id, number).await?))
}

/// The other side does not agree to a change, with a reason.
#[utoipa::path(post, path = "/orders/{id}/changes/{number}/refuse", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("number" = i64, Path)),
    request_body = Why, responses((status = 200, body = Order)))]
async fn refuse_change(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, number)): At<(OrderId, i64)>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().refuse_change(&call, id, number, &why.reason).await?))
}

/// The side that proposed a change takes it back.
#[utoipa::path(post, path = "/orders/{id}/changes/{number}/withdraw", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Order)))]
async fn withdraw_change(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().withdraw_change(&call, id, number).await?))
}

/// The agency says that a milestone of the contract is reached.
#[utoipa::path(post, path = "/orders/{id}/milestones/{key}/reach", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("key" = String, Path, pattern = "^[a-z0-9-]{1,32}$")),
    request_body = MilestoneReached, responses((status = 200, body = Order)))]
async fn reach_milestone(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, key)): At<(OrderId, String)>,
    Input(reached): Input<MilestoneReached>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().reach_milestone(&call, id, &key, reached).await?))
}

/// The applicant confirms that a milestone is reached: its share of the amount is due.
#[utoipa::path(post, path = "/orders/{id}/milestones/{key}/confirm", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("key" = String, Path, pattern = "^[a-z0-9-]{1,32}$")),
    responses((status = 200, body = Order)))]
async fn confirm_milestone(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, key)): At<(OrderId, String)>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().confirm_milestone(&call, id, &key).await?))
}

/// The applicant records what it has paid. All payments together never exceed the contract's
/// amount.
#[utoipa::path(post, path = "/orders/{id}/payments", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path)), request_body = NewPayment,
    responses((status = 201, body = Payment)))]
async fn pay(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Input(new): Input<NewPayment>,
) -> Result<Created<Payment>, Problem> {
    let payment = market.orders().pay(&call, id, new).await?;
    let place = format!("/api/v1/orders/{id}/ledger");
    Ok(Created(place, payment.number, payment))
}

/// The agency has received a payment, also one that it disputed before.
#[utoipa::path(post, path = "/orders/{id}/payments/{payment}/confirm", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("payment" = PaymentId, Path)),
    responses((status = 200, body = Order)))]
async fn confirm_payment(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, payment)): At<(OrderId, PaymentId)>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().confirm_payment(&call, id, payment).await?))
}

/// The agency has not received a payment as it was recorded, with a reason.
#[utoipa::path(post, path = "/orders/{id}/payments/{payment}/dispute", tag = "orders",
    security(("token" = [])), params(Guards, ("id" = OrderId, Path), ("payment" = PaymentId, Path)),
    request_body = Why, responses((status = 200, body = Order)))]
async fn dispute_payment(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, payment)): At<(OrderId, PaymentId)>,
    Body(why): Body<Why>,
) -> Result<Tagged<Order>, Problem> {
    Ok(tagged(market.orders().dispute_payment(&call, id, payment, &why.reason).await?))
}

/// What is due when, what is paid, and the interest on what is late, up to a day.
#[utoipa::path(get, path = "/orders/{id}/ledger", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path), AsOf), responses((status = 200, body = Ledger)))]
async fn ledger(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Parameters(asked): Parameters<AsOf>,
) -> Result<Json<Ledger>, Problem> {
    Ok(Json(market.orders().ledger(&actor, id, asked.as_of).await?))
}
