//! `/api/v1/orders/{id}/deliverables`: the files that an agency hands over.

use axum::{
    Json,
    body::Body as Content,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Page,
    id::OrderId,
    order::{Deliverable, NewDeliverable},
    passport::Passport,
    signing::PublishedKey,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Binary;
use crate::{
    App,
    body::received::receive,
    call::{GuardedWith, Guards},
    caller::Caller,
    download::{Asked, DIGEST, Download},
    page::whole,
    parameters::At,
    problem::Problem,
    tagged::Created,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload, list_deliverables))
        .routes(routes!(download))
        .routes(routes!(passport))
        .routes(routes!(passport_keys))
}

/// What the file is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The file's name, 1 to 200 characters, without a path.
    #[param(min_length = 1, max_length = 200, pattern = r"^[^./\\][^/\\]*$")]
    name: String,
    /// The file's media type; `application/octet-stream`, if none is given.
    #[param(
        min_length = 3,
        max_length = 100,
        pattern = "^[A-Za-z0-9.+;= -]*/[A-Za-z0-9/.+;= -]*$"
    )]
    media_type: Option<String>,
}

/// Uploads a deliverable of an order in service: the file itself as the body, its SHA-256 in
/// `X-Content-SHA256`. It counts once it is handed over.
#[utoipa::path(post, path = "/orders/{id}/deliverables", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path), Named,
        ("X-Content-SHA256" = String, Header, pattern = "^[0-9a-fA-F]{64}$",
            description = "The SHA-256 of the body, in hexadecimal digits")),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 201, body = Deliverable)))]
async fn upload(
    GuardedWith(call, named): GuardedWith<Named>,
    State(market): State<Market>,
    At(id): At<OrderId>,
    request: Request,
) -> Result<Created<Deliverable>, Problem> {
    let limit = market.deliverables().limit(&call.actor, id).await?;
    let digest = request.headers().get(&DIGEST).and_then(|digest| digest.to_str().ok());
    let new = NewDeliverable {
        name: named.name,
        media_type: named.media_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        sha256: digest.unwrap_or_default().to_ascii_lowercase(),
    };
    let file = receive(&market, request, limit).await?;
    let deliverable = market.deliverables().take(&call, id, new, &file).await?;
    let place = format!("/api/v1/orders/{id}/deliverables/{}/content", deliverable.number);
    Ok(Created(place, deliverable.number, deliverable))
}

/// The deliverables of an order that the caller may see, oldest first.
#[utoipa::path(get, path = "/orders/{id}/deliverables", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path)),
    responses((status = 200, body = Page<Deliverable>)))]
async fn list_deliverables(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Json<Page<Deliverable>>, Problem> {
    Ok(whole(market.deliverables().list(&actor, id).await?))
}

/// The passport of a deliverable: which file it is, in which version, who handed it over with which
/// certificates, for which order, and which departments used it
///
/// For whoever may read the deliverable, and for whomever they give it to: it is signed, and
/// `market passport verify` checks it without the market (`docs/passport.md`). It is canonical JSON;
/// not a byte of it may be changed.
#[utoipa::path(get, path = "/orders/{id}/deliverables/{number}/passport", tag = "orders",
    security(("token" = [])), params(("id" = OrderId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Passport)))]
async fn passport(
    Caller(actor): Caller,
    State(market): State<Market>,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Response, Problem> {
    let passport = market.passports().of(&actor, id, number).await?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(CONTENT_TYPE, json)], passport.to_bytes()?).into_response())
}

/// The public key of every passport, the newest first: those that sign no more, too
#[utoipa::path(get, path = "/passport-keys", tag = "orders",
    responses((status = 200, body = Page<PublishedKey>)))]
async fn passport_keys(State(market): State<Market>) -> Result<Json<Page<PublishedKey>>, Problem> {
    Ok(whole(market.signing().keys().await?))
}

/// The content of a deliverable, always as a download; a part of it, if `Range` asks for one
#[utoipa::path(get, path = "/orders/{id}/deliverables/{number}/content", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Binary, content_type = "*/*"),
        (status = 206, body = Binary, content_type = "*/*")))]
async fn download(
    Caller(actor): Caller,
    State(market): State<Market>,
    headers: HeaderMap,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Response, Problem> {
    let deliverable = market.deliverables().get(&actor, id, number).await?;
    let file = Download {
        name: &deliverable.name,
        media_type: &deliverable.media_type,
        sha256: &deliverable.sha256,
        size: u64::try_from(deliverable.size).unwrap_or(0),
    };
    let asked = file.asked(&headers)?;
    let part = if let Asked::Part(part) = &asked { Some(part.clone()) } else { None };
    let content = market.deliverables().content(&deliverable, part).await?;
    Ok(file.response(&asked, Content::from_stream(content)))
}
