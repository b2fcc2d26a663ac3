//! What agencies do in purchases: ask, register, quote, confirm.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Cursor, Market, Page,
    id::{PurchaseId, QuestionId},
    purchase::{
        NewQuote, NewRegistration, Purchase, Question, QuoteReceipt, Registration,
        RegistrationEligibility,
    },
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    WithActions,
    cases::Why,
    purchases::{asker, tagged},
};
use crate::{
    App,
    body::{Body, Input},
    call::{Guarded, Guards, Key, Once},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(questions, ask))
        .routes(routes!(answer))
        .routes(routes!(eligibility))
        .routes(routes!(register, own, withdraw))
        .routes(routes!(quote))
        .routes(routes!(registrations))
        .routes(routes!(own_registrations))
        .routes(routes!(confirm))
        .routes(routes!(decline))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichPage {
    /// Where the page begins.
    #[param(value_type = Option<String>)]
    pub(super) after: Option<Cursor>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u32>,
}

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = QuestionText)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The question, 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AnswerText)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    /// The answer, 1 to 2000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// A registration, tagged with its version.
fn registered(registration: Registration) -> Tagged<Registration> {
    Tagged(registration.version, registration)
}

/// The questions about a purchase, the latest first; who asked is never shown.
#[utoipa::path(get, path = "/purchases/{id}/questions", tag = "purchases",
    security((), ("token" = [])), params(("id" = PurchaseId, Path), WhichPage),
    responses((status = 200, body = Page<Question>)))]
async fn questions(
    caller: Option<Caller>,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Parameters(asked): Parameters<WhichPage>,
) -> Result<Json<Page<Question>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    Ok(Json(market.purchases().questions(asker(caller.as_ref()), id, &paging).await?))
}

/// An agency asks about a purchase while registration is open.
#[utoipa::path(post, path = "/purchases/{id}/questions", tag = "purchases", security(("token" = [])),
    params(Key, ("id" = PurchaseId, Path)), request_body = Asked,
    responses((status = 201, body = Question)))]
async fn ask(
    Once(call): Once,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(asked): Input<Asked>,
) -> Result<(StatusCode, Json<Question>), Problem> {
    let question = market.purchases().ask(&call, id, &asked.text).await?;
    Ok((StatusCode::CREATED, Json(question)))
}

/// The owner answers a question, once, for all to read.
#[utoipa::path(post, path = "/purchases/{id}/questions/{question}/answer", tag = "purchases",
    security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path), ("question" = QuestionId, Path)),
    request_body = Answered, responses((status = 200, body = Question)))]
async fn answer(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At((id, question)): At<(PurchaseId, QuestionId)>,
    Input(answered): Input<Answered>,
) -> Result<Json<Question>, Problem> {
    Ok(Json(market.purchases().answer(&call, id, question, &answered.text).await?))
}

/// Whether the caller's agency may take part in a purchase, with every reason why not.
#[utoipa::path(get, path = "/purchases/{id}/eligibility", tag = "purchases",
    security(("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = RegistrationEligibility)))]
async fn eligibility(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<RegistrationEligibility>, Problem> {
    Ok(Json(market.purchases().eligibility(&actor, id).await?))
}

/// Registers the caller's agency, or changes whom it names, while registration is open.
#[utoipa::path(put, path = "/purchases/{id}/registration", tag = "purchases",
    security(("token" = [])), params(Guards, ("id" = PurchaseId, Path)),
    request_body = NewRegistration, responses((status = 200, body = Registration)))]
async fn register(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<NewRegistration>,
) -> Result<Tagged<Registration>, Problem> {
    Ok(registered(market.purchases().register(&call, id, new).await?))
}

/// The registration of the caller's agency.
#[utoipa::path(get, path = "/purchases/{id}/registration", tag = "purchases",
    security(("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = WithActions<Registration>)))]
async fn own(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    language: Language,
) -> Result<Living<WithActions<Registration>>, Problem> {
    let registration = market.purchases().own_registration(&actor, id).await?;
    let actions = market.purchases().registration_actions(&actor, id).await?;
    Ok(Living(registration.version, WithActions::told(registration, Some(actions), language)))
}

/// Withdraws the registration of the caller's agency; its quote is never opened.
#[utoipa::path(delete, path = "/purchases/{id}/registration", tag = "purchases",
    security(("token" = [])), params(Guards, ("id" = PurchaseId, Path)),
    responses((status = 200, body = Registration)))]
async fn withdraw(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Tagged<Registration>, Problem> {
    Ok(registered(market.purchases().withdraw(&call, id).await?))
}

/// Quotes, or replaces the quote, until the close; in a round, quotes lower. The quote is sealed as
/// it arrives, and the receipt does not say it: keep quote and nonce.
#[utoipa::path(post, path = "/purchases/{id}/quote", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = NewQuote,
    responses((status = 200, body = QuoteReceipt)))]
async fn quote(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<NewQuote>,
) -> Result<Json<QuoteReceipt>, Problem> {
    Ok(Json(market.purchases().quote(&call, id, new).await?))
}

/// Who registered, with their quotes: to owner, operator and departments of the case once the
/// quotes are open; to an agency its own alone.
#[utoipa::path(get, path = "/purchases/{id}/registrations", tag = "purchases",
    security(("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = Page<Registration>)))]
async fn registrations(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Page<Registration>>, Problem> {
    Ok(whole(market.purchases().registrations(&actor, id).await?))
}

/// The registrations of the caller's agency, newest first.
#[utoipa::path(get, path = "/registrations", tag = "purchases", security(("token" = [])),
    params(WhichPage), responses((status = 200, body = Page<Registration>)))]
async fn own_registrations(
    Caller(actor): Caller,
    State(market): State<Market>,
    Parameters(asked): Parameters<WhichPage>,
) -> Result<Json<Page<Registration>>, Problem> {
    let paging = paging(asked.after, asked.limit)?;
    Ok(Json(market.purchases().own_registrations(&actor, &paging).await?))
}

/// The winner confirms the award; its order waits for the contract.
#[utoipa::path(post, path = "/purchases/{id}/confirm", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), responses((status = 200, body = Purchase)))]
async fn confirm(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().confirm(&call, id).await?))
}

/// The winner declines the award; the next in line follows.
#[utoipa::path(post, path = "/purchases/{id}/decline", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Why,
    responses((status = 200, body = Purchase)))]
async fn decline(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Body(why): Body<Why>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().decline(&call, id, &why.reason).await?))
}
