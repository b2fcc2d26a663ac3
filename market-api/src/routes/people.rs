//! Accounts and tokens, as the operator manages them.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Cursor, Market, Page, Party, Timestamp,
    account::{Account, Issued, NewPerson, Password, Person, Role, Throttle, ThrottleRule, Token},
    id::PersonId,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::{PartyText, WithActions};
use crate::{
    App,
    body::{Body, Input},
    call::{Guarded, Guards, Key, Once, Unguarded},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Code, Language, Problem},
    tagged::{Created, Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(set_password))
        .routes(routes!(grant))
        .routes(routes!(revoke))
        .routes(routes!(tokens, issue))
        .routes(routes!(revoke_token))
        .routes(routes!(throttles))
        .routes(routes!(set_throttle))
}

/// Which people.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleQuery {
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A party to be acted for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    party: Party,
    /// As what; as an admin, if nothing is said.
    role: Option<Role>,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPassword {
    password: Password,
}

/// How often something may be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetThrottle {
    /// How many tries at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    burst: i64,
    /// Seconds until there is one more.
    #[schema(minimum = 1, maximum = 1_000_000)]
    seconds: i64,
}

/// A token to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// For whom it acts.
    party: Party,
    /// What it is for.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "nightly import")]
    label: String,
    /// When it stops being good; never, if no time is given.
    expires_at: Option<Timestamp>,
}

/// Everybody with an account, by login
#[utoipa::path(get, path = "/people", tag = "people", security(("token" = [])),
    params(PeopleQuery), responses((status = 200, body = Page<Person>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PeopleQuery>,
) -> Result<Json<Page<Person>>, Problem> {
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.accounts().list(&actor, &paging).await?))
}

/// Give a person an account
#[utoipa::path(post, path = "/people", tag = "people", security(("token" = [])),
    params(Key), request_body = NewPerson, responses((status = 201, body = Person)))]
async fn create(
    State(market): State<Market>,
    Once(call): Once,
    Input(new): Input<NewPerson>,
) -> Result<Created<Person>, Problem> {
    let person = market.accounts().create_person(&call, new).await?;
    Ok(Created(format!("/api/v1/people/{}", person.id), person.version, person))
}

/// A person with their parties
#[utoipa::path(get, path = "/people/{id}", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path)), responses((status = 200, body = WithActions<Account>)))]
async fn show(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<PersonId>,
    language: Language,
) -> Result<Living<WithActions<Account>>, Problem> {
    let account = market.accounts().get(&actor, id).await?;
    let actions = Some(account.person.actions(&actor));
    Ok(Living(account.person.version, WithActions::told(account, actions, language)))
}

/// Let nobody sign in as the person
#[utoipa::path(post, path = "/people/{id}/disable", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path), Guards), responses((status = 200, body = Person)))]
async fn disable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<PersonId>,
) -> Result<Tagged<Person>, Problem> {
    let person = market.accounts().disable(&call, id).await?;
    Ok(Tagged(person.version, person))
}

/// Let the person sign in again
#[utoipa::path(post, path = "/people/{id}/enable", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path), Guards), responses((status = 200, body = Person)))]
async fn enable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<PersonId>,
) -> Result<Tagged<Person>, Problem> {
    let person = market.accounts().enable(&call, id).await?;
    Ok(Tagged(person.version, person))
}

/// Set a person's password; their tokens are no good any more
#[utoipa::path(put, path = "/people/{id}/password", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path), Guards), request_body = SetPassword,
    responses((status = 200, body = Person)))]
async fn set_password(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<PersonId>,
    Input(body): Input<SetPassword>,
) -> Result<Tagged<Person>, Problem> {
    let person = market.accounts().set_password(&call, id, body.password).await?;
    Ok(Tagged(person.version, person))
}

/// Let a person act for a party
#[utoipa::path(post, path = "/people/{id}/parties", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path), Guards), request_body = Grant, responses((status = 204)))]
async fn grant(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<PersonId>,
    Input(body): Input<Grant>,
) -> Result<StatusCode, Problem> {
    let role = body.role.unwrap_or(Role::Admin);
    market.accounts().grant_as(&call, id, body.party, role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a person no longer act for a party
#[utoipa::path(delete, path = "/people/{id}/parties/{party}", tag = "people",
    security(("token" = [])),
    params(
        ("id" = PersonId, Path),
        ("party" = PartyText, Path, example = "department:fire-rescue",
            description = "`operator`, or `applicant`, `agency` or `department`, a colon and an id"),
        Guards,
    ),
    responses((status = 204)))]
async fn revoke(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At((id, party)): At<(PersonId, String)>,
) -> Result<StatusCode, Problem> {
    let party: Party = party.parse().map_err(|_| Code::NOT_FOUND)?;
    market.accounts().revoke(&call, id, party).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens of a person, newest first
#[utoipa::path(get, path = "/people/{id}/tokens", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path)), responses((status = 200, body = Page<Token>)))]
async fn tokens(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<PersonId>,
) -> Result<Json<Page<Token>>, Problem> {
    Ok(whole(market.accounts().tokens(&actor, id).await?))
}

/// Make a token for oneself, which is shown only in this answer; repeated, another one
#[utoipa::path(post, path = "/people/{id}/tokens", tag = "people", security(("token" = [])),
    params(("id" = PersonId, Path)), request_body = NewToken,
    responses((status = 201, body = Issued)))]
async fn issue(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(id): At<PersonId>,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<Issued>), Problem> {
    let NewToken { party, label, expires_at } = new;
    let issued = market.accounts().issue_token(&call, id, &party, &label, expires_at).await?;
    Ok((StatusCode::CREATED, Json(issued)))
}

/// Make a token useless
#[utoipa::path(delete, path = "/tokens/{id}", tag = "people", security(("token" = [])),
    params(("id" = String, Path, description = "The token's id, not the token")),
    responses((status = 204)))]
async fn revoke_token(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(id): At<String>,
) -> Result<StatusCode, Problem> {
    market.accounts().revoke_token(&call, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How often may be tried what can be guessed, by rule
#[utoipa::path(get, path = "/throttles", tag = "people", security(("token" = [])),
    responses((status = 200, body = Page<ThrottleRule>)))]
async fn throttles(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<ThrottleRule>>, Problem> {
    Ok(whole(market.accounts().throttles(&actor).await?))
}

/// Give a rule other numbers, from the next try on
#[utoipa::path(put, path = "/throttles/{name}", tag = "people", security(("token" = [])),
    params(("name" = Throttle, Path), Guards), request_body = SetThrottle,
    responses((status = 200, body = ThrottleRule)))]
async fn set_throttle(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(name): At<String>,
    Input(body): Input<SetThrottle>,
) -> Result<Tagged<ThrottleRule>, Problem> {
    let name: Throttle = name.parse().map_err(|_| Code::NOT_FOUND)?;
    let SetThrottle { burst, seconds } = body;
    let rule = market.accounts().set_throttle(&call, name, burst, seconds).await?;
    Ok(Tagged(rule.version, rule))
}
