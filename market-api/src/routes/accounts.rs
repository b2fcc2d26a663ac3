//! Signing up, and oneself.

use axum::{extract::State, http::StatusCode};
use market_core::{
    Intent, Market, Party,
    account::{Account, Membership, NewPerson, Password, Person, SecondFactor},
    applicant::{Applicant, NewApplicant},
    id::ApplicantId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use crate::{
    App,
    body::{Body, Input},
    call::{Key, Meant, Once, Seen, Version},
    caller::{Caller, Client},
    parameters::At,
    problem::Problem,
    tagged::{Created, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(me))
        .routes(routes!(change_password))
        .routes(routes!(register))
        .routes(routes!(applicant))
}

/// Somebody new, with the applicant that they will act for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    /// What to sign in with.
    #[validate(length(min = 2, max = 64))]
    #[schema(min_length = 2, max_length = 64, pattern = "^[a-z0-9._@-]+$", example = "wang.xm")]
    login: String,
    /// The person's name.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "王小明")]
    name: String,
    /// The person's password.
    password: Password,
    /// The applicant.
    applicant: NewApplicant,
}

/// An account just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedUp {
    person: Person,
    applicant: Applicant,
}

/// Oneself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    #[serde(flatten)]
    account: Account,
    /// For whom the caller acts now.
    party: Party,
    /// For whom they may act, and as what.
    memberships: Vec<Membership>,
    /// How their second factor stands.
    second_factor: SecondFactor,
}

/// A change of one's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The password until now.
    current: Password,
    /// The password from now on.
    new: Password,
}

/// Sign up: a person, and the applicant that they act for
#[utoipa::path(post, path = "/sign-up", tag = "accounts", request_body = SignUp,
    responses((status = 201, body = SignedUp)))]
async fn sign_up(
    State(market): State<Market>,
    Client(from): Client,
    Meant(intent, outcome): Meant,
    Body(body): Body<SignUp>,
) -> Result<Created<SignedUp>, Problem> {
    let SignUp { login, name, password, applicant } = body;
    let person = NewPerson { login, name, password: Some(password) };
    let applicants = market.applicants();
    let (person, applicant) = match intent {
        Intent::Do => applicants.sign_up(person, applicant, &from).await?,
        Intent::Rehearse => applicants.rehearse_sign_up(person, applicant, &from, &outcome).await?,
    };
    let version = person.version;
    Ok(Created("/api/v1/me".to_owned(), version, SignedUp { person, applicant }))
}

/// Who the caller is, for whom they act, and for whom they might
#[utoipa::path(get, path = "/me", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Me)))]
async fn me(State(market): State<Market>, Caller(actor): Caller) -> Result<Tagged<Me>, Problem> {
    let account = market.accounts().get(&actor, actor.person).await?;
    let version = account.person.version;
    let memberships = market.accounts().memberships(&actor).await?;
    let second_factor = market.accounts().second_factor(&actor).await?;
    Ok(Tagged(version, Me { account, party: actor.party, memberships, second_factor }))
}

/// Change one's own password; whatever anybody acts by in one's name is no good any more
#[utoipa::path(put, path = "/me/password", tag = "accounts", security(("token" = [])),
    params(Version), request_body = ChangePassword, responses((status = 204)))]
async fn change_password(
    State(market): State<Market>,
    Seen(call): Seen,
    Input(body): Input<ChangePassword>,
) -> Result<StatusCode, Problem> {
    market.accounts().change_password(&call, body.current, body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Register another applicant, for which the caller may act from then on
#[utoipa::path(post, path = "/applicants", tag = "accounts", security(("token" = [])),
    params(Key), request_body = NewApplicant, responses((status = 201, body = Applicant)))]
async fn register(
    State(market): State<Market>,
    Once(call): Once,
    Input(new): Input<NewApplicant>,
) -> Result<Created<Applicant>, Problem> {
    let applicant = market.applicants().register(&call, new).await?;
    let place = format!("/api/v1/applicants/{}", applicant.id);
    Ok(Created(place, applicant.version, applicant))
}

/// An applicant; all but itself see its telephone masked
#[utoipa::path(get, path = "/applicants/{id}", tag = "accounts", security(("token" = [])),
    params(("id" = ApplicantId, Path)), responses((status = 200, body = Applicant)))]
async fn applicant(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<ApplicantId>,
) -> Result<Tagged<Applicant>, Problem> {
    let applicant = market.applicants().get(&actor, id).await?;
    Ok(Tagged(applicant.version, applicant))
}
