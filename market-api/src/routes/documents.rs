//! Documents: award letters and contract summaries for those who are party to them, verifications
//! for anybody.

use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use market_core::{
    Fault, Market, Page,
    document::{Document, FileVerified, MAX_VERIFIED, VerificationCode, Verified},
    id::{OrderId, PurchaseId},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Binary;
use crate::{
    App,
    body::received::receive,
    caller::Caller,
    download::{Asked, Download},
    page::whole,
    parameters::{At, Parameters},
    problem::Problem,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(award_letter))
        .routes(routes!(award_letters))
        .routes(routes!(contract_summary))
        .routes(routes!(contract_summaries))
        .routes(routes!(verify_file))
        .routes(routes!(verify))
}

/// Which version of a document.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichVersion {
    /// The one that was issued for this version of the purchase or the order; without it, that of
    /// today.
    version: Option<i64>,
}

/// The award letter of a purchase, as a PDF
///
/// For the owner, the winner, the departments of the case and the operator, once the award stands.
/// It is issued once and never changes; its entity tag is the SHA-256 of the file.
#[utoipa::path(get, path = "/purchases/{id}/award-letter", tag = "documents",
    security(("token" = [])), params(("id" = PurchaseId, Path), WhichVersion),
    responses((status = 200, body = Binary, content_type = "application/pdf")))]
async fn award_letter(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Parameters(which): Parameters<WhichVersion>,
) -> Result<Response, Problem> {
    let (document, content) = market.documents().award_letter(&actor, id, which.version).await?;
    Ok(file(&document, content))
}

/// The award letters that were issued for a purchase, the earliest first, and whether each stands
#[utoipa::path(get, path = "/purchases/{id}/award-letters", tag = "documents",
    security(("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = Page<Verified>)))]
async fn award_letters(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Page<Verified>>, Problem> {
    Ok(whole(market.documents().award_letters_of(&actor, id).await?))
}

/// The contract summary of an order, as a PDF
///
/// For those who are party to the order, once both sides have confirmed the contract; issued anew
/// when an approved change changes what it states. Its entity tag is the SHA-256 of the file.
#[utoipa::path(get, path = "/orders/{id}/contract-summary", tag = "documents",
    security(("token" = [])), params(("id" = OrderId, Path), WhichVersion),
    responses((status = 200, body = Binary, content_type = "application/pdf")))]
async fn contract_summary(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
    Parameters(which): Parameters<WhichVersion>,
) -> Result<Response, Problem> {
    let found = market.documents().contract_summary(&actor, id, which.version).await?;
    Ok(file(&found.0, found.1))
}

/// The contract summaries that were issued for an order, the earliest first, and whether each
/// stands
#[utoipa::path(get, path = "/orders/{id}/contract-summaries", tag = "documents",
    security(("token" = [])), params(("id" = OrderId, Path)),
    responses((status = 200, body = Page<Verified>)))]
async fn contract_summaries(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<OrderId>,
) -> Result<Json<Page<Verified>>, Problem> {
    Ok(whole(market.documents().contract_summaries_of(&actor, id).await?))
}

/// What a document is that bears a code, and whether it still stands
///
/// For anybody who has the code. It tells no more than public notices do. Small letters, blanks and
/// hyphens do not matter; a mistyped code is told apart from one that nothing bears.
#[utoipa::path(get, path = "/verifications/{code}", tag = "documents",
    params(("code" = String, Path, pattern = "^([0-9A-Za-z]-?){27}[0-9A-Za-z]$", description = "28 digits and letters, as the document has them")),
    responses((status = 200, body = Verified)))]
async fn verify(
    State(market): State<Market>,
    At(code): At<String>,
) -> Result<Json<Verified>, Problem> {
    let code: VerificationCode = code
        .parse()
        .map_err(|why| Problem::invalid(vec![Fault::new("code", "code", format!("{why}"))]))?;
    Ok(Json(market.documents().verify(code).await?))
}

/// Whether a file is a document that was issued here, byte for byte
///
/// For anybody: the file itself as the body, up to 2 MiB. It is not kept.
#[utoipa::path(post, path = "/verifications", tag = "documents",
    request_body(content = Binary, content_type = "application/pdf"),
    responses((status = 200, body = FileVerified)))]
async fn verify_file(
    State(market): State<Market>,
    request: Request,
) -> Result<Json<FileVerified>, Problem> {
    let file = receive(&market, request, MAX_VERIFIED).await?;
    Ok(Json(market.documents().verify_file(&file).await?))
}

/// The file of a document, as a download.
fn file(document: &Document, content: Bytes) -> Response {
    let name = format!("{}-{}.pdf", document.facts.body.kind().zh(), document.number);
    let file = Download {
        name: &name,
        media_type: "application/pdf",
        sha256: &document.sha256,
        size: content.len() as u64,
    };
    file.response(&Asked::Whole, content.into())
}
