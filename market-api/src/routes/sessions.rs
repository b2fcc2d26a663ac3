//! Signing in and out, and what follows from it.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Market, Page, Party, Timestamp,
    account::{Credentials, Password, Session, SessionKind, SignedIn},
    id::{PersonId, SessionId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    App,
    body::Body,
    call::{AlwaysMeant, Unguarded},
    caller::{Caller, Client, Holder},
    page::whole,
    parameters::At,
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(refresh))
        .routes(routes!(switch))
        .routes(routes!(sign_out))
        .routes(routes!(sessions, end_sessions))
        .routes(routes!(end_session))
        .routes(routes!(of_person))
}

/// Who signs in, and for whom.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The login.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "wang.xm")]
    login: String,
    /// The password.
    password: Password,
    /// The code of the second factor, or a recovery code; of those who have one.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "492039")]
    code: Option<String>,
    /// For whom to act; the first that was granted, if none is named.
    party: Option<Party>,
}

/// A refresh token, to be used.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshToken {
    /// The token. It is good once.
    #[validate(length(min = 1, max = 128))]
    #[schema(min_length = 1, max_length = 128)]
    refresh_token: String,
}

/// For whom to act from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// A party that the person may act for.
    party: Party,
}

/// A session: its tokens, and whom it stands for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewSession {
    /// The access token, for the `Authorization: Bearer` header. It is shown only now.
    token: String,
    /// When the access token stops being good.
    expires_at: Timestamp,
    /// What the next tokens are had for, once. It is shown only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// When the refresh token stops being good.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_at: Option<Timestamp>,
    /// The session.
    session_id: SessionId,
    /// When the session is over in any case.
    session_expires_at: Timestamp,
    /// Who signed in.
    person_id: PersonId,
    /// For whom they act.
    party: Party,
}

impl From<SignedIn> for NewSession {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { session, token, expires_at, refresh } = signed_in;
        Self {
            token,
            expires_at,
            refresh_expires_at: refresh.as_ref().map(|refresh| refresh.expires_at),
            refresh_token: refresh.map(|refresh| refresh.token),
            session_id: session.id,
            session_expires_at: session.expires_at,
            person_id: session.person_id,
            party: session.party,
        }
    }
}

/// Sign in: an access token for some minutes, and a refresh token for the next
#[utoipa::path(post, path = "/sessions", tag = "accounts", request_body = SignIn,
    responses((status = 201, body = NewSession)))]
async fn sign_in(
    State(market): State<Market>,
    Client(from): Client,
    _: AlwaysMeant,
    Body(body): Body<SignIn>,
) -> Result<(StatusCode, Json<NewSession>), Problem> {
    let SignIn { login, password, code, party } = body;
    let credentials = Credentials { login, password, code, party };
    let signed_in = market.accounts().sign_in(credentials, SessionKind::Program, &from).await?;
    Ok((StatusCode::CREATED, Json(signed_in.into())))
}

/// Get the next tokens of a session; a refresh token that is used twice ends it
#[utoipa::path(post, path = "/sessions/refresh", tag = "accounts", request_body = RefreshToken,
    responses((status = 201, body = NewSession)))]
async fn refresh(
    State(market): State<Market>,
    _: AlwaysMeant,
    Body(body): Body<RefreshToken>,
) -> Result<(StatusCode, Json<NewSession>), Problem> {
    let signed_in = market.accounts().refresh(&body.refresh_token).await?;
    Ok((StatusCode::CREATED, Json(signed_in.into())))
}

/// Act for another party of one's own, with other tokens; those until now are no good any more
#[utoipa::path(post, path = "/sessions/switch", tag = "accounts", security(("token" = [])),
    request_body = Switch, responses((status = 201, body = NewSession)))]
async fn switch(
    State(market): State<Market>,
    holder: Holder,
    _: AlwaysMeant,
    Body(body): Body<Switch>,
) -> Result<(StatusCode, Json<NewSession>), Problem> {
    let signed_in = market.accounts().switch(&holder.token, &body.party).await?;
    Ok((StatusCode::CREATED, Json(signed_in.into())))
}

/// Sign out: the session of this request is over, with all its tokens
#[utoipa::path(delete, path = "/sessions/current", tag = "accounts", security(("token" = [])),
    responses((status = 204)))]
async fn sign_out(
    State(market): State<Market>,
    holder: Holder,
    _: AlwaysMeant,
) -> Result<StatusCode, Problem> {
    market.accounts().sign_out(&holder.bearer.actor, &holder.token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own sessions, newest first
#[utoipa::path(get, path = "/me/sessions", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Page<Session>)))]
async fn sessions(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<Session>>, Problem> {
    Ok(whole(market.accounts().sessions(&actor, actor.person).await?))
}

/// Sign out everywhere: end all of one's own sessions
#[utoipa::path(delete, path = "/me/sessions", tag = "accounts", security(("token" = [])),
    responses((status = 204)))]
async fn end_sessions(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
) -> Result<StatusCode, Problem> {
    market.accounts().end_sessions(&call).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a session: one's own, or as the operator anybody's
#[utoipa::path(delete, path = "/sessions/{id}", tag = "accounts", security(("token" = [])),
    params(("id" = SessionId, Path)), responses((status = 204)))]
async fn end_session(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    At(id): At<SessionId>,
) -> Result<StatusCode, Problem> {
    market.accounts().end_session(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of a person, newest first
#[utoipa::path(get, path = "/people/{id}/sessions", tag = "people", operation_id = "sessions",
    security(("token" = [])), params(("id" = PersonId, Path)), responses((status = 200, body = Page<Session>)))]
async fn of_person(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<PersonId>,
) -> Result<Json<Page<Session>>, Problem> {
    Ok(whole(market.accounts().sessions(&actor, id).await?))
}
