//! Who acts for a party: members, invitations, and parties that are disabled.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Intent, Market, Page, Party,
    account::{
        Invitation, Invited, Member, NewInvitation, NewPerson, PartyState, Password, Person, Role,
    },
    id::{InvitationId, PersonId},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::PartyText;
use crate::{
    App,
    body::{Body, Input},
    call::{AlwaysMeant, Guarded, Guards, Key, Meant, Once, Unguarded},
    caller::{Caller, Client},
    page::whole,
    parameters::At,
    problem::{Code, Problem},
    tagged::{Created, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(set_role, remove))
        .routes(routes!(invitations, invite))
        .routes(routes!(revoke_invitation))
        .routes(routes!(look))
        .routes(routes!(accept))
        .routes(routes!(decline))
        .routes(routes!(join))
        .routes(routes!(disable))
        .routes(routes!(enable))
}

/// What a person may do for a party.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetRole {
    role: Role,
}

/// The code of an invitation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationCode {
    /// The code, as the party gave it.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128)]
    code: String,
}

/// Somebody new, with the code of an invitation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    /// The code, as the party gave it.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128)]
    code: String,
    /// What to sign in with.
    #[validate(length(min = 2, max = 64))]
    #[schema(min_length = 2, max_length = 64, pattern = "^[a-z0-9._@-]+$", example = "li.m")]
    login: String,
    /// The person's name.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "李明")]
    name: String,
    /// The person's password.
    password: Password,
}

/// Why a party is disabled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disabling {
    /// The reason, for the record.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// A party of a path. What names none is nothing that there is.
fn party(text: &str) -> Result<Party, Problem> {
    text.parse().map_err(|_| Code::NOT_FOUND.into())
}

/// Who acts for a party, in the order in which they came
#[utoipa::path(get, path = "/parties/{party}/members", tag = "members", security(("token" = [])),
    params(("party" = PartyText, Path, example = "department:fire-rescue",
        description = "`operator`, or `applicant`, `agency` or `department`, a colon and an id")),
    responses((status = 200, body = Page<Member>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(of): At<String>,
) -> Result<Json<Page<Member>>, Problem> {
    Ok(whole(market.accounts().members(&actor, &party(&of)?).await?))
}

/// Give a member another role; a party keeps an admin
#[utoipa::path(put, path = "/parties/{party}/members/{person}", tag = "members",
    security(("token" = [])),
    params(("party" = PartyText, Path), ("person" = PersonId, Path), Key),
    request_body = SetRole, responses((status = 204)))]
async fn set_role(
    State(market): State<Market>,
    Once(call): Once,
    At((of, person)): At<(String, PersonId)>,
    Input(body): Input<SetRole>,
) -> Result<StatusCode, Problem> {
    market.accounts().set_role(&call, &party(&of)?, person, body.role).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a person no longer act for a party; oneself: leave. A party keeps an admin
#[utoipa::path(delete, path = "/parties/{party}/members/{person}", tag = "members",
    security(("token" = [])),
    params(("party" = PartyText, Path), ("person" = PersonId, Path), Key),
    responses((status = 204)))]
async fn remove(
    State(market): State<Market>,
    Once(call): Once,
    At((of, person)): At<(String, PersonId)>,
) -> Result<StatusCode, Problem> {
    market.accounts().remove_member(&call, &party(&of)?, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The invitations of a party, newest first
#[utoipa::path(get, path = "/parties/{party}/invitations", tag = "members",
    security(("token" = [])), params(("party" = PartyText, Path)),
    responses((status = 200, body = Page<Invitation>)))]
async fn invitations(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(of): At<String>,
) -> Result<Json<Page<Invitation>>, Problem> {
    Ok(whole(market.accounts().invitations(&actor, &party(&of)?).await?))
}

/// Invite somebody to act for a party; the code is shown only in this answer
#[utoipa::path(post, path = "/parties/{party}/invitations", tag = "members",
    security(("token" = [])), params(("party" = PartyText, Path)), request_body = NewInvitation,
    responses((status = 201, body = Invited)))]
async fn invite(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(of): At<String>,
    Input(new): Input<NewInvitation>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    let invited = market.accounts().invite(&call, &party(&of)?, new).await?;
    Ok((StatusCode::CREATED, Json(invited)))
}

/// Take an invitation back
#[utoipa::path(delete, path = "/invitations/{id}", tag = "members", security(("token" = [])),
    params(("id" = InvitationId, Path)), responses((status = 204)))]
async fn revoke_invitation(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(id): At<InvitationId>,
) -> Result<StatusCode, Problem> {
    market.accounts().revoke_invitation(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation is for, by its code
#[utoipa::path(post, path = "/invitations/look", tag = "members", request_body = InvitationCode,
    responses((status = 200, body = Invitation)))]
async fn look(
    State(market): State<Market>,
    Client(from): Client,
    _: AlwaysMeant,
    Body(body): Body<InvitationCode>,
) -> Result<Json<Invitation>, Problem> {
    Ok(Json(market.accounts().look_at_invitation(&body.code, &from).await?))
}

/// Accept an invitation: act for its party from now on
#[utoipa::path(post, path = "/invitations/accept", tag = "members", security(("token" = [])),
    params(Key), request_body = InvitationCode, responses((status = 200, body = Invitation)))]
async fn accept(
    State(market): State<Market>,
    Once(call): Once,
    Client(from): Client,
    Body(body): Body<InvitationCode>,
) -> Result<Json<Invitation>, Problem> {
    Ok(Json(market.accounts().accept_invitation(&call, &body.code, &from).await?))
}

/// Decline an invitation: its code is no good any more
#[utoipa::path(post, path = "/invitations/decline", tag = "members", security(("token" = [])),
    params(Key), request_body = InvitationCode, responses((status = 200, body = Invitation)))]
async fn decline(
    State(market): State<Market>,
    Once(call): Once,
    Client(from): Client,
    Body(body): Body<InvitationCode>,
) -> Result<Json<Invitation>, Problem> {
    Ok(Json(market.accounts().decline_invitation(&call, &body.code, &from).await?))
}

/// Make an account with the code of an invitation, to act for its party
#[utoipa::path(post, path = "/invitations/join", tag = "members", request_body = Join,
    responses((status = 201, body = Person)))]
async fn join(
    State(market): State<Market>,
    Client(from): Client,
    Meant(intent, outcome): Meant,
    Body(body): Body<Join>,
) -> Result<Created<Person>, Problem> {
    let Join { code, login, name, password } = body;
    let new = NewPerson { login, name, password: Some(password) };
    let accounts = market.accounts();
    let person = match intent {
        Intent::Do => accounts.join(&code, new, &from).await?,
        Intent::Rehearse => accounts.rehearse_join(&code, new, &from, &outcome).await?,
    };
    Ok(Created("/api/v1/me".to_owned(), person.version, person))
}

/// Let nobody act for a party, neither people nor keys
#[utoipa::path(post, path = "/parties/{party}/disable", tag = "members", security(("token" = [])),
    params(("party" = PartyText, Path), Guards), request_body = Disabling,
    responses((status = 200, body = PartyState)))]
async fn disable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(of): At<String>,
    Input(body): Input<Disabling>,
) -> Result<Tagged<PartyState>, Problem> {
    let state = market.accounts().disable_party(&call, &party(&of)?, &body.reason).await?;
    Ok(Tagged(state.version, state))
}

/// Let people act for a disabled party again
#[utoipa::path(post, path = "/parties/{party}/enable", tag = "members", security(("token" = [])),
    params(("party" = PartyText, Path), Guards), responses((status = 200, body = PartyState)))]
async fn enable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(of): At<String>,
) -> Result<Tagged<PartyState>, Problem> {
    let state = market.accounts().enable_party(&call, &party(&of)?).await?;
    Ok(Tagged(state.version, state))
}
