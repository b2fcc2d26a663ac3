//! One's own second factor.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Market,
    account::{Enrolment, Password, Person, Proof, RecoveryCodes, SecondFactor},
    id::PersonId,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    App,
    body::{Body, Input},
    call::{AlwaysMeant, Guarded, Guards, Unguarded},
    caller::{Caller, Holder},
    parameters::At,
    problem::Problem,
    tagged::Tagged,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(second_factor, enrol_second_factor))
        .routes(routes!(confirm_second_factor))
        .routes(routes!(give_up_second_factor))
        .routes(routes!(reset_second_factor))
}

/// One's password, once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proving {
    /// The password.
    password: Password,
}

/// A code.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// The code that an authenticator shows, or where one is lost, a recovery code.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "492039")]
    code: String,
}

/// How one's second factor stands
#[utoipa::path(get, path = "/me/second-factor", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = SecondFactor)))]
async fn second_factor(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<SecondFactor>, Problem> {
    Ok(Json(market.accounts().second_factor(&actor).await?))
}

/// Begin to set up a second factor; its secret is shown only in this answer
#[utoipa::path(post, path = "/me/second-factor", tag = "accounts", security(("token" = [])),
    request_body = Proving, responses((status = 201, body = Enrolment)))]
async fn enrol_second_factor(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    Input(body): Input<Proving>,
) -> Result<(StatusCode, Json<Enrolment>), Problem> {
    let enrolment = market.accounts().enrol(&call, body.password).await?;
    Ok((StatusCode::CREATED, Json(enrolment)))
}

/// Confirm the second factor by a code: from now on it is asked for; other sessions and tokens end
#[utoipa::path(post, path = "/me/second-factor/confirm", tag = "accounts",
    security(("token" = [])), request_body = Code, responses((status = 200, body = RecoveryCodes)))]
async fn confirm_second_factor(
    State(market): State<Market>,
    holder: Holder,
    _: AlwaysMeant,
    Body(body): Body<Code>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let session = match holder.bearer.proof {
        Proof::Session(id, _) => Some(id),
        Proof::Token | Proof::Key(_) => None,
    };
    let actor = &holder.bearer.actor;
    Ok(Json(market.accounts().confirm_second_factor(actor, &body.code, session).await?))
}

/// Give the second factor up, by a code
#[utoipa::path(post, path = "/me/second-factor/give-up", tag = "accounts",
    security(("token" = [])), request_body = Code, responses((status = 204)))]
async fn give_up_second_factor(
    State(market): State<Market>,
    Caller(actor): Caller,
    _: AlwaysMeant,
    Body(body): Body<Code>,
) -> Result<StatusCode, Problem> {
    market.accounts().drop_second_factor(&actor, &body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take away the second factor of a person who lost it; their sessions end
#[utoipa::path(post, path = "/people/{id}/reset-second-factor", tag = "people",
    security(("token" = [])), params(("id" = PersonId, Path), Guards),
    responses((status = 200, body = Person)))]
async fn reset_second_factor(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<PersonId>,
) -> Result<Tagged<Person>, Problem> {
    let person = market.accounts().reset_second_factor(&call, id).await?;
    Ok(Tagged(person.version, person))
}
