//! Keys with which a party's programs act.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Market, Page, Party,
    account::{ApiKey, IssuedKey, NewApiKey},
    id::ApiKeyId,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::PartyText;
use crate::{
    App,
    body::Input,
    call::Unguarded,
    caller::Caller,
    page::whole,
    parameters::At,
    problem::{Code, Problem},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, make))
        .routes(routes!(of_party))
        .routes(routes!(revoke))
}

/// The keys of the caller's party, newest first
#[utoipa::path(get, path = "/api-keys", tag = "api-keys", security(("token" = [])),
    responses((status = 200, body = Page<ApiKey>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<ApiKey>>, Problem> {
    Ok(whole(market.accounts().keys(&actor, &actor.party).await?))
}

/// Make a key for the caller's party, which is shown only in this answer; repeated, another one
#[utoipa::path(post, path = "/api-keys", tag = "api-keys", security(("token" = [])),
    request_body = NewApiKey, responses((status = 201, body = IssuedKey)))]
async fn make(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    Input(new): Input<NewApiKey>,
) -> Result<(StatusCode, Json<IssuedKey>), Problem> {
    let issued = market.accounts().make_key(&call, new).await?;
    Ok((StatusCode::CREATED, Json(issued)))
}

/// The keys of a party, newest first, for its admins and the operator
#[utoipa::path(get, path = "/parties/{party}/api-keys", tag = "api-keys",
    security(("token" = [])), params(("party" = PartyText, Path)),
    responses((status = 200, body = Page<ApiKey>)))]
async fn of_party(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(party): At<String>,
) -> Result<Json<Page<ApiKey>>, Problem> {
    let party: Party = party.parse().map_err(|_| Code::NOT_FOUND)?;
    Ok(whole(market.accounts().keys(&actor, &party).await?))
}

/// Make a key useless, at once
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api-keys", security(("token" = [])),
    params(("id" = ApiKeyId, Path)), responses((status = 204)))]
async fn revoke(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(id): At<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    market.accounts().revoke_key(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
