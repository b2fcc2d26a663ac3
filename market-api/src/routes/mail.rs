//! `/api/v1/me/mailbox`: where somebody reads mail.

use axum::{extract::State, http::StatusCode};
use market_core::{
    Market,
    mail::{Mailbox, NewMailbox},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    App,
    body::{Body, Input},
    call::{AlwaysMeant, Guarded, Guards, Key, Once},
    caller::Caller,
    problem::Problem,
    tagged::Tagged,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show, put, remove)).routes(routes!(confirm))
}

/// What proves that an address is yours.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// The eight digits of the last mail.
    #[validate(length(min = 8, max = 8))]
    #[schema(min_length = 8, max_length = 8, pattern = "^[0-9]{8}$", example = "01234567")]
    code: String,
}

/// Where you read mail
#[utoipa::path(get, path = "/me/mailbox", tag = "mail", security(("token" = [])),
    responses((status = 200, body = Mailbox)))]
async fn show(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Tagged<Mailbox>, Problem> {
    Ok(tagged(market.mails().mailbox(&actor).await?))
}

/// Read mail at an address, once the code that is sent there is given back; or, with `wanted`
/// false, none. Five codes a day are sent. Whoever has no mailbox yet gives the version 0, or any
#[utoipa::path(put, path = "/me/mailbox", tag = "mail", security(("token" = [])),
    params(Guards), request_body = NewMailbox, responses((status = 200, body = Mailbox)))]
async fn put(
    State(market): State<Market>,
    Guarded(call): Guarded,
    Input(new): Input<NewMailbox>,
) -> Result<Tagged<Mailbox>, Problem> {
    Ok(tagged(market.mails().set(&call, new).await?))
}

/// Prove that the address is yours: from now on you are sent mail
#[utoipa::path(post, path = "/me/mailbox/confirm", tag = "mail", security(("token" = [])),
    params(Key), request_body = Confirm, responses((status = 200, body = Mailbox)))]
async fn confirm(
    State(market): State<Market>,
    _: AlwaysMeant,
    Once(call): Once,
    Body(body): Body<Confirm>,
) -> Result<Tagged<Mailbox>, Problem> {
    Ok(tagged(market.mails().confirm(&call, &body.code).await?))
}

/// Forget where you read mail
#[utoipa::path(delete, path = "/me/mailbox", tag = "mail", security(("token" = [])),
    params(Guards), responses((status = 204)))]
async fn remove(
    State(market): State<Market>,
    Guarded(call): Guarded,
) -> Result<StatusCode, Problem> {
    market.mails().remove(&call).await?;
    Ok(StatusCode::NO_CONTENT)
}

const fn tagged(mailbox: Mailbox) -> Tagged<Mailbox> {
    Tagged(mailbox.version, mailbox)
}
