//! `POST /api/v1/listings/import`: an agency's listings from its own spreadsheet.

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Fault, Market,
    file::Received,
    import::{BadRow, ImportOptions, MAX_OWN_ROWS, Report, Sheet},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Binary;
use crate::{
    App,
    body::received::{Parts, receive},
    call::{Key, OnceWith},
    problem::{AsItIs, Code, Problem},
};

/// The largest spreadsheet that is taken, in bytes.
pub(crate) const MAX_FILE: u64 = 8 << 20;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import))
}

/// How rows are taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HowToImport {
    /// Whether the good rows are written even if there are bad ones.
    #[serde(default)]
    #[param(required = false, default = false)]
    partial: bool,
}

/// A spreadsheet as a form sends it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only described; the form is read part by part")]
pub(crate) struct ImportForm {
    /// The file, `.csv` or `.xlsx`.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// What came of a spreadsheet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Listings that are new.
    created: u64,
    /// Listings that were there, but different.
    changed: u64,
    /// Listings that were there, just so.
    unchanged: u64,
    /// Everything that is wrong with rows that were left out; only with `partial=true`.
    bad: Vec<BadRow>,
}

/// What the caller likes best of what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Report,
    Csv,
    Xlsx,
}

/// Import the listings of your agency from a spreadsheet, all of it or nothing
///
/// The columns are those of `listings.csv` (`data/README.md`), by their English or Chinese names;
/// `uscc` may be left out. A row whose `code` you have already changes that listing, and a row that
/// is just so changes nothing. No row does what you could not do step by step. Of the file, 8 MiB
/// and 2000 rows at most are taken. With `validate_only=true` nothing is written: what is wrong is
/// told, or what would be written.
///
/// If any row is wrong, nothing is written and the answer is 422 `bad-rows` with every wrong cell;
/// with `partial=true` the good rows are written. Who accepts `text/csv` or a workbook is answered
/// with the spreadsheet itself and a column `error`: all of its rows, or of a partial import those
/// that were left out.
#[utoipa::path(post, path = "/listings/import", tag = "listings", security(("token" = [])),
    params(Key, HowToImport),
    request_body(content(
        (String = "text/csv"),
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ImportForm = "multipart/form-data"),
    )),
    responses((status = 200, content(
        (Imported = "application/json"),
        (String = "text/csv"),
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
async fn import(
    OnceWith(call, how): OnceWith<HowToImport>,
    State(market): State<Market>,
    request: Request,
) -> Result<Response, Problem> {
    // Before the file is read: whoever may not import need not send it.
    if !matches!(call.actor.party, market_core::Party::Agency(_)) {
        return Err(market_core::Refusal::AgenciesOnly.into());
    }
    let form = Form::of(request.headers());
    let bytes = file(&market, request).await?;
    // What it is, its content says: a name could only mislead.
    let read =
        tokio::task::spawn_blocking(move || Sheet::read_rows("listings.csv", &bytes, MAX_OWN_ROWS));
    let sheet = read.await.map_err(|_| Error::Inconsistent("spreadsheet"))??;
    let annotate = form != Form::Report;
    let options = ImportOptions { skip_bad: how.partial, annotate, ..ImportOptions::default() };
    let report = market.import_own_listings(&call, &sheet, &options).await?;
    answer(report, &sheet, form, how.partial)
}

fn answer(report: Report, sheet: &Sheet, form: Form, partial: bool) -> Result<Response, Problem> {
    let is_refused = !report.bad.is_empty() && !partial;
    let Report { created, changed, unchanged, bad, bad_sheet } = report;
    let (kind, name, bytes) = match form {
        Form::Report if is_refused => return Err(Problem::bad_rows(bad)),
        Form::Report => {
            return Ok(Json(Imported { created, changed, unchanged, bad }).into_response());
        }
        Form::Csv => {
            // Spreadsheets take a file without this mark for one of another encoding.
            let text = format!("\u{feff}{}", left(bad_sheet, sheet).to_csv());
            ("text/csv; charset=utf-8", "listings.csv", text.into_bytes())
        }
        Form::Xlsx => (XLSX, "listings.xlsx", left(bad_sheet, sheet).to_xlsx()?),
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = format!("attachment; filename={name}");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    if is_refused {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        response.extensions_mut().insert(AsItIs);
    }
    Ok(response)
}

/// The rows to be corrected; none, where all were good.
fn left(bad: Option<Sheet>, sheet: &Sheet) -> Sheet {
    bad.unwrap_or_else(|| Sheet { header: sheet.header.clone(), rows: Vec::new() })
}

impl Form {
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let mut ranges = accepted
            .unwrap_or_default()
            .split(',')
            .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let named = ranges.find_map(|range| match range.as_str() {
            CSV => Some(Self::Csv),
            XLSX => Some(Self::Xlsx),
            "application/json" | "application/*" | "*/*" => Some(Self::Report),
            _ => None,
        });
        named.unwrap_or(Self::Report)
    }
}

/// The file of a request, as its body or as the part `file` of a form.
async fn file(market: &Market, request: Request) -> Result<Bytes, Problem> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let received = match kind.trim().to_ascii_lowercase().as_str() {
        CSV | XLSX => receive(market, request, MAX_FILE).await?,
        "multipart/form-data" => part(market, request).await?,
        _ => {
            let detail = format!("the body must be {CSV}, {XLSX} or multipart/form-data");
            return Err(Problem::new(Code::MEDIA_TYPE, detail));
        }
    };
    Ok(received.content().await?)
}

async fn part(market: &Market, request: Request) -> Result<Received, Problem> {
    let mut parts = Parts::of(request).await?;
    let mut found = None;
    while let Some(part) = parts.next().await? {
        let fault = match (part.name(), &found) {
            ("file", None) => {
                found = Some(part.file(market, MAX_FILE).await??);
                continue;
            }
            ("file", Some(_)) => Fault::new("file", "duplicate", "is given more than once"),
            (name, _) => Fault::new(name, "unknown", "there is no such part"),
        };
        return Err(Problem::invalid(vec![fault]));
    }
    let missing = || Problem::invalid(vec![Fault::new("file", "missing", "the form has no file")]);
    found.ok_or_else(missing)
}
