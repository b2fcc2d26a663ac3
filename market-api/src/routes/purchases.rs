//! `/api/v1/purchases`: what owners do, and what anybody may read. What agencies do is in
//! `registrations`, how quotes are opened in `openings`.

use axum::{Json, extract::State};
use market_core::{
    Action, Actor, Cursor, Market, Mode, Page, Recorded,
    code::ItemCode,
    id::{CaseId, PurchaseId},
    purchase::{
        Choice, NewPurchase, NewReply, Notice, Purchase, PurchaseFilter, Reply, Submission,
    },
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

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
        .routes(routes!(create, list))
        .routes(routes!(show))
        .routes(routes!(notice_at))
        .routes(routes!(actions))
        .routes(routes!(timeline))
        .routes(routes!(revise))
        .routes(routes!(submit))
        .routes(routes!(approve))
        .routes(routes!(send_back))
        .routes(routes!(correct))
        .routes(routes!(void))
        .routes(routes!(repurchase))
        .routes(routes!(choose))
        .routes(routes!(reply))
        .routes(routes!(replies))
}

/// Which page of which purchases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPurchases {
    /// Only those in the state of this name.
    #[param(example = "open")]
    state: Option<String>,
    /// Only those of this service item.
    item: Option<ItemCode>,
    /// Only those whose agency is chosen so.
    mode: Option<Mode>,
    /// Only those of this case.
    case_id: Option<CaseId>,
    /// Only those that repeat this one.
    predecessor: Option<PurchaseId>,
    /// Only the caller's own: what an applicant buys, what an agency registered for.
    own: Option<bool>,
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A purchase, tagged with its version.
pub(super) fn tagged(purchase: Purchase) -> Tagged<Purchase> {
    Tagged(purchase.version, purchase)
}

/// Who asks, if anybody says so.
pub(super) fn asker(caller: Option<&Caller>) -> Option<&Actor> {
    caller.map(|Caller(actor)| actor)
}

/// Drafts a purchase for a requirement of the caller's case.
#[utoipa::path(post, path = "/purchases", tag = "purchases", security(("token" = [])), params(Key),
    request_body = NewPurchase, responses((status = 201, body = Purchase)))]
async fn create(
    Once(call): Once,
    State(market): State<Market>,
    Input(new): Input<NewPurchase>,
) -> Result<Created<Purchase>, Problem> {
    let purchase = market.purchases().create(&call, new).await?;
    Ok(Created(format!("/api/v1/purchases/{}", purchase.id), purchase.version, purchase))
}

/// Purchases that the caller may know of, newest first; published ones anybody may.
#[utoipa::path(get, path = "/purchases", tag = "purchases", security((), ("token" = [])),
    params(ListPurchases), responses((status = 200, body = Page<Purchase>)))]
async fn list(
    caller: Option<Caller>,
    State(market): State<Market>,
    Parameters(asked): Parameters<ListPurchases>,
) -> Result<Json<Page<Purchase>>, Problem> {
    let ListPurchases { state, item, mode, case_id, predecessor, own, after, limit } = asked;
    let paging = paging(after, limit)?;
    let own = own.unwrap_or(false);
    let filter = PurchaseFilter { state, item, mode, case_id, predecessor, own };
    Ok(Json(market.purchases().list(asker(caller.as_ref()), &filter, &paging).await?))
}

/// A purchase. Whom it avoids and who watches its draw, only its owner and the operator see.
#[utoipa::path(get, path = "/purchases/{id}", tag = "purchases", security((), ("token" = [])),
    params(("id" = PurchaseId, Path)),
    responses((status = 200, body = WithActions<Purchase>)))]
async fn show(
    caller: Option<Caller>,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    language: Language,
) -> Result<Living<WithActions<Purchase>>, Problem> {
    let asker = asker(caller.as_ref());
    let purchase = market.purchases().get(asker, id).await?;
    let actions = match asker {
        Some(actor) => Some(market.purchases().actions(actor, id).await?),
        None => None,
    };
    Ok(Living(purchase.version, WithActions::told(purchase, actions, language)))
}

/// The notice of a purchase as it once was, by its number.
#[utoipa::path(get, path = "/purchases/{id}/notices/{number}", tag = "purchases",
    security((), ("token" = [])), params(("id" = PurchaseId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Notice)))]
async fn notice_at(
    caller: Option<Caller>,
    State(market): State<Market>,
    At((id, number)): At<(PurchaseId, i64)>,
) -> Result<Json<Notice>, Problem> {
    Ok(Json(market.purchases().notice_at(asker(caller.as_ref()), id, number).await?))
}

/// What the caller may do with a purchase, and why not the rest.
#[utoipa::path(get, path = "/purchases/{id}/actions", tag = "purchases", security(("token" = [])),
    params(("id" = PurchaseId, Path)), responses((status = 200, body = Page<Action>)))]
async fn actions(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    language: Language,
) -> Result<Json<Page<Action>>, Problem> {
    Ok(whole(told(market.purchases().actions(&actor, id).await?, language)))
}

/// What happened to a purchase, oldest first; who did it, only its owner and the operator see.
#[utoipa::path(get, path = "/purchases/{id}/timeline", tag = "purchases",
    security((), ("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = Page<Recorded>)))]
async fn timeline(
    caller: Option<Caller>,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Page<Recorded>>, Problem> {
    Ok(whole(market.purchases().timeline(asker(caller.as_ref()), id).await?))
}

/// The owner rewrites a draft.
#[utoipa::path(post, path = "/purchases/{id}/revise", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Notice,
    responses((status = 200, body = Purchase)))]
async fn revise(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(notice): Input<Notice>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().revise(&call, id, notice).await?))
}

/// The owner hands a draft in, to be reviewed or published, with the opening code that quotes will
/// be sealed by. The code is not kept: only who has it can open the quotes.
#[utoipa::path(post, path = "/purchases/{id}/submit", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Submission,
    responses((status = 200, body = Purchase)))]
async fn submit(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<Submission>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().submit(&call, id, new).await?))
}

/// The operator publishes what was handed in.
#[utoipa::path(post, path = "/purchases/{id}/approve", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), responses((status = 200, body = Purchase)))]
async fn approve(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().approve(&call, id).await?))
}

/// The operator sends what was handed in back to its owner.
#[utoipa::path(post, path = "/purchases/{id}/send-back", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Why,
    responses((status = 200, body = Purchase)))]
async fn send_back(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().send_back(&call, id, &why.reason).await?))
}

/// The owner corrects a published notice, which stays open long enough to be read again. Mode,
/// price and whatever else registrations rest on stay as they are.
#[utoipa::path(post, path = "/purchases/{id}/correct", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Notice,
    responses((status = 200, body = Purchase)))]
async fn correct(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(notice): Input<Notice>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().correct(&call, id, notice).await?))
}

/// The owner gives a purchase up, before its list is sealed.
#[utoipa::path(post, path = "/purchases/{id}/void", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Why,
    responses((status = 200, body = Purchase)))]
async fn void(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().void(&call, id, &why.reason).await?))
}

/// The owner buys again what failed, or was voided after publication: a new draft of the same
/// requirement, with the same notice, that says what it repeats.
#[utoipa::path(post, path = "/purchases/{id}/repurchase", tag = "purchases",
    security(("token" = [])), params(Key, ("id" = PurchaseId, Path)),
    responses((status = 201, body = Purchase)))]
async fn repurchase(
    Once(call): Once,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Created<Purchase>, Problem> {
    let purchase = market.purchases().repurchase(&call, id).await?;
    Ok(Created(format!("/api/v1/purchases/{}", purchase.id), purchase.version, purchase))
}

/// The owner picks one of a short list, or scores every candidate, with reasons that are published.
#[utoipa::path(post, path = "/purchases/{id}/choose", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Choice,
    responses((status = 200, body = Purchase)))]
async fn choose(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(choice): Input<Choice>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().choose(&call, id, choice).await?))
}

/// The owner replies to an agency in a negotiation, which may then quote again.
#[utoipa::path(post, path = "/purchases/{id}/reply", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = NewReply,
    responses((status = 200, body = Purchase)))]
async fn reply(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<NewReply>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().reply(&call, id, new).await?))
}

/// What the owner replied in a negotiation: to itself all, to an agency what it was told.
#[utoipa::path(get, path = "/purchases/{id}/replies", tag = "purchases", security(("token" = [])),
    params(("id" = PurchaseId, Path)), responses((status = 200, body = Page<Reply>)))]
async fn replies(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Page<Reply>>, Problem> {
    Ok(whole(market.purchases().replies(&actor, id).await?))
}
