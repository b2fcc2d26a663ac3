//! `/api/v1/orders/{id}/deliverables`: the files that an agency hands over.

use axum::{
    Json,
    body::Body as Content,
    extract::{Request, State},
    http::{
        HeaderName, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Page,
    id::OrderId,
    order::{Deliverable, NewDeliverable},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    body::received::receive,
    call::{GuardedWith, Guards},
    caller::Caller,
    page::whole,
    parameters::At,
    problem::Problem,
    tagged::Created,
};

/// The digest that an uploaded file must have, and that a downloaded one has.
pub(super) const DIGEST: HeaderName = HeaderName::from_static("x-content-sha256");

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload, list_deliverables)).routes(routes!(download))
}

/// What the file is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The file's name, 1 to 200 characters, without a path.
    #[param(min_length = 1, max_length = 200)]
    name: String,
    /// The file's media type; `application/octet-stream`, if none is given.
    media_type: Option<String>,
}

/// Uploads a deliverable of an order in service: the file itself as the body, its SHA-256 in
/// `X-Content-SHA256`. It counts once it is handed over.
#[utoipa::path(post, path = "/orders/{id}/deliverables", tag = "orders", security(("token" = [])),
    params(Guards, ("id" = OrderId, Path), Named,
        ("X-Content-SHA256" = String, Header, description = "64 lower-case hexadecimal digits")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
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

/// The content of a deliverable, always as a download.
#[utoipa::path(get, path = "/orders/{id}/deliverables/{number}/content", tag = "orders", security(("token" = [])),
    params(("id" = OrderId, Path), ("number" = i64, Path)),
    responses((status = 200, body = Vec<u8>,
        content_type = "application/octet-stream")))]
async fn download(
    Caller(actor): Caller,
    State(market): State<Market>,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Response, Problem> {
    let deliverable = market.deliverables().get(&actor, id, number).await?;
    let content = market.deliverables().content(&deliverable, None).await?;
    let headers = [
        (CONTENT_TYPE, header(&deliverable.media_type)),
        (CONTENT_LENGTH, header(&deliverable.size.to_string())),
        (CONTENT_DISPOSITION, header(&disposition(&deliverable.name))),
        (DIGEST, header(&deliverable.sha256)),
    ];
    Ok((headers, Content::from_stream(content)).into_response())
}

pub(super) fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// RFC 6266 with RFC 8187: the name in percent-encoded UTF-8.
pub(super) fn disposition(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold("attachment; filename*=UTF-8''".to_owned(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(disposition("报告.pdf"), "attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf");
        assert_eq!(disposition("a\"\r\n;b"), "attachment; filename*=UTF-8''a%22%0D%0A%3Bb");
    }
}
