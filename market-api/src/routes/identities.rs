//! Other providers by which people sign in, and what is linked to one's account.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{Market, Page, account::LinkedIdentity, id::IdentityId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    call::{Key, Once},
    caller::Caller,
    page::whole,
    parameters::At,
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(providers))
        .routes(routes!(identities))
        .routes(routes!(unlink))
}

/// Another provider by which people sign in, in a browser.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInProvider {
    /// What it is called in addresses.
    #[schema(example = "zwfw")]
    key: String,
    /// What people know it as.
    #[schema(example = "浙江政务服务网")]
    name: String,
    /// The path on this server at which a browser begins; `next` is where it goes afterwards.
    #[schema(example = "/sign-in/with/zwfw")]
    path: String,
}

/// By which other providers one may sign in
#[utoipa::path(get, path = "/sign-in/providers", tag = "accounts",
    responses((status = 200, body = Page<SignInProvider>)))]
async fn providers(State(market): State<Market>) -> Json<Page<SignInProvider>> {
    let accounts = market.accounts();
    let all = accounts.providers().iter().map(|one| SignInProvider {
        key: one.key.clone(),
        name: one.name.clone(),
        path: format!("/sign-in/with/{}", one.key),
    });
    whole(all.collect())
}

/// What other providers vouch for you, and is linked to your account
#[utoipa::path(get, path = "/me/identities", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Page<LinkedIdentity>)))]
async fn identities(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<LinkedIdentity>>, Problem> {
    Ok(whole(market.accounts().identities(&actor).await?))
}

/// Link an identity to your account no more; sessions that began by its provider end
#[utoipa::path(delete, path = "/me/identities/{id}", tag = "accounts", security(("token" = [])),
    params(("id" = IdentityId, Path), Key), responses((status = 204)))]
async fn unlink(
    State(market): State<Market>,
    Once(call): Once,
    At(id): At<IdentityId>,
) -> Result<StatusCode, Problem> {
    market.accounts().unlink(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
