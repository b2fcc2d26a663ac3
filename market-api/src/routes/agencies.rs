//! Agencies: their admission, qualifications and practitioners.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Cursor, Market, Page,
    agency::{
        Agency, AgencyFilter, Details, Leaving, NewAgency, NewPractitioner, NewQualification,
        Practitioner, Qualification, Rejection, Standing, Suspension,
    },
    id::{AgencyId, PractitionerId, QualificationId},
    order::PublishedStanding,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards, Key, Once},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Created, Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, apply))
        .routes(routes!(show, change))
        .routes(routes!(admit))
        .routes(routes!(reject))
        .routes(routes!(reapply))
        .routes(routes!(suspend))
        .routes(routes!(reinstate))
        .routes(routes!(leave))
        .routes(routes!(standing))
        .routes(routes!(qualifications, add_qualification))
        .routes(routes!(revoke_qualification))
        .routes(routes!(practitioners, add_practitioner))
        .routes(routes!(remove_practitioner))
}

/// Which agencies.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AgenciesQuery {
    /// Only those whose admission stands so.
    state: Option<Standing>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn tagged(agency: Agency) -> Tagged<Agency> {
    Tagged(agency.version, agency)
}

/// Agencies that the caller may know of, the latest first
#[utoipa::path(get, path = "/agencies", tag = "agencies", security((), ("token" = [])),
    params(AgenciesQuery), responses((status = 200, body = Page<Agency>)))]
async fn list(
    State(market): State<Market>,
    caller: Option<Caller>,
    Parameters(query): Parameters<AgenciesQuery>,
) -> Result<Json<Page<Agency>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    let filter = AgencyFilter { state: query.state };
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.agencies().list(actor, &filter, &paging).await?))
}

/// Apply for admission; the caller may act for the new agency from then on
#[utoipa::path(post, path = "/agencies", tag = "agencies", security(("token" = [])),
    params(Key), request_body = NewAgency, responses((status = 201, body = Agency)))]
async fn apply(
    State(market): State<Market>,
    Once(call): Once,
    Input(new): Input<NewAgency>,
) -> Result<Created<Agency>, Problem> {
    let agency = market.agencies().apply(&call, new).await?;
    Ok(Created(format!("/api/v1/agencies/{}", agency.id), agency.version, agency))
}

/// An agency, and what the caller may do to it
#[utoipa::path(get, path = "/agencies/{id}", tag = "agencies", security((), ("token" = [])),
    params(("id" = AgencyId, Path)), responses((status = 200, body = WithActions<Agency>)))]
async fn show(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<AgencyId>,
    language: Language,
) -> Result<Living<WithActions<Agency>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    let agency = market.agencies().get(actor, id).await?;
    let actions = actor.map(|actor| agency.actions(actor));
    Ok(Living(agency.version, WithActions::told(agency, actions, language)))
}

/// What its orders say of an agency, and its credit
#[utoipa::path(get, path = "/agencies/{id}/standing", tag = "agencies",
    security((), ("token" = [])), params(("id" = AgencyId, Path)),
    responses((status = 200, body = PublishedStanding)))]
async fn standing(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<AgencyId>,
) -> Result<Json<PublishedStanding>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    Ok(Json(market.orders().standing(actor, id).await?))
}

/// Correct what an agency says of itself
#[utoipa::path(put, path = "/agencies/{id}", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), request_body = Details,
    responses((status = 200, body = Agency)))]
async fn change(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(details): Input<Details>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().change(&call, id, details).await?))
}

/// Pass the formal check of an application
#[utoipa::path(post, path = "/agencies/{id}/admit", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), responses((status = 200, body = Agency)))]
async fn admit(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().admit(&call, id).await?))
}

/// Return an application with reasons
#[utoipa::path(post, path = "/agencies/{id}/reject", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), request_body = Rejection,
    responses((status = 200, body = Agency)))]
async fn reject(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(rejection): Input<Rejection>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().reject(&call, id, rejection).await?))
}

/// Apply again after a rejection
#[utoipa::path(post, path = "/agencies/{id}/reapply", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), request_body = Details,
    responses((status = 200, body = Agency)))]
async fn reapply(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(details): Input<Details>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().reapply(&call, id, details).await?))
}

/// Suspend an agency for some months
#[utoipa::path(post, path = "/agencies/{id}/suspend", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), request_body = Suspension,
    responses((status = 200, body = Agency)))]
async fn suspend(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(suspension): Input<Suspension>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().suspend(&call, id, suspension).await?))
}

/// End a suspension early
#[utoipa::path(post, path = "/agencies/{id}/reinstate", tag = "agencies",
    security(("token" = [])), params(("id" = AgencyId, Path), Guards),
    responses((status = 200, body = Agency)))]
async fn reinstate(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().reinstate(&call, id).await?))
}

/// Leave the market
#[utoipa::path(post, path = "/agencies/{id}/leave", tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), Guards), request_body = Leaving,
    responses((status = 200, body = Agency)))]
async fn leave(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(leaving): Input<Leaving>,
) -> Result<Tagged<Agency>, Problem> {
    Ok(tagged(market.agencies().leave(&call, id, leaving).await?))
}

/// The certificates of an agency, by kind and number
#[utoipa::path(get, path = "/agencies/{id}/qualifications", tag = "agencies",
    security((), ("token" = [])), params(("id" = AgencyId, Path)),
    responses((status = 200, body = Page<Qualification>)))]
async fn qualifications(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<AgencyId>,
) -> Result<Json<Page<Qualification>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    Ok(whole(market.agencies().qualifications(actor, id).await?))
}

/// Record a certificate
#[utoipa::path(post, path = "/agencies/{id}/qualifications", tag = "agencies",
    security(("token" = [])), params(("id" = AgencyId, Path), Guards),
    request_body = NewQualification, responses((status = 201, body = Qualification)))]
async fn add_qualification(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(new): Input<NewQualification>,
) -> Result<(StatusCode, Json<Qualification>), Problem> {
    let qualification = market.agencies().add_qualification(&call, id, new).await?;
    Ok((StatusCode::CREATED, Json(qualification)))
}

/// Withdraw a certificate that its issuer has revoked
#[utoipa::path(post, path = "/agencies/{id}/qualifications/{qualification}/revoke",
    tag = "agencies", security(("token" = [])),
    params(("id" = AgencyId, Path), ("qualification" = QualificationId, Path), Guards),
    responses((status = 200, body = Qualification)))]
async fn revoke_qualification(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At((id, qualification)): At<(AgencyId, QualificationId)>,
) -> Result<Json<Qualification>, Problem> {
    Ok(Json(market.agencies().revoke_qualification(&call, id, qualification).await?))
}

/// The practitioners of an agency, by certificate
#[utoipa::path(get, path = "/agencies/{id}/practitioners", tag = "agencies",
    security((), ("token" = [])), params(("id" = AgencyId, Path)),
    responses((status = 200, body = Page<Practitioner>)))]
async fn practitioners(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<AgencyId>,
) -> Result<Json<Page<Practitioner>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    Ok(whole(market.agencies().practitioners(actor, id).await?))
}

/// Record a practitioner
#[utoipa::path(post, path = "/agencies/{id}/practitioners", tag = "agencies",
    security(("token" = [])), params(("id" = AgencyId, Path), Guards),
    request_body = NewPractitioner, responses((status = 201, body = Practitioner)))]
async fn add_practitioner(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<AgencyId>,
    Input(new): Input<NewPractitioner>,
) -> Result<(StatusCode, Json<Practitioner>), Problem> {
    let practitioner = market.agencies().add_practitioner(&call, id, new).await?;
    Ok((StatusCode::CREATED, Json(practitioner)))
}

/// Remove a practitioner who has left
#[utoipa::path(delete, path = "/agencies/{id}/practitioners/{practitioner}", tag = "agencies",
    security(("token" = [])),
    params(("id" = AgencyId, Path), ("practitioner" = PractitionerId, Path), Guards),
    responses((status = 200, body = Practitioner)))]
async fn remove_practitioner(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At((id, practitioner)): At<(AgencyId, PractitionerId)>,
) -> Result<Json<Practitioner>, Problem> {
    Ok(Json(market.agencies().remove_practitioner(&call, id, practitioner).await?))
}
