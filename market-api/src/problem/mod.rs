//! The one place where a failure becomes a response: RFC 9457 from every layer.
//!
//! A handler or an extractor gives a [`Problem`]; other layers give no more than a status. The
//! edge has either [`render`]ed, in the caller's language and with the request's id.

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{
            ALLOW, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY,
            WWW_AUTHENTICATE,
        },
    },
    response::{IntoResponse, Response},
};
use market_core::{Error, Fault, Reason, Refusal, import::BadRow};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::portal;

pub(crate) use self::{code::Code, language::Language, reader::Reader};

mod code;
mod language;
mod reader;
pub(crate) mod registry;

/// The media type of a problem.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request was not answered as asked.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    code: Code,
    detail: Option<String>,
    errors: Vec<Fault>,
    reasons: Vec<Reason>,
    /// In how many seconds to try again.
    retry_after: Option<u64>,
    rows: Vec<BadRow>,
}

/// Marks a failure whose body says all that is to be said, in a form that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsItIs;

/// What went wrong, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemView<'a> {
    /// The address of a page about this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid")]
    kind: String,
    /// A sentence for people, in Chinese or English as `Accept-Language` says.
    title: &'a str,
    /// The status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind of problem, as a code that never changes.
    #[schema(example = "invalid")]
    code: &'a str,
    /// What exactly went wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The id of the request, also in the `x-request-id` header and in our logs.
    instance: &'a str,
    /// Every single thing that is wrong in the request.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
    /// Why a listing does not fit a case.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasons: &'a [Reason],
    /// Every single thing that is wrong in the rows of a sheet.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rows: &'a [BadRow],
}

impl Problem {
    /// A problem of a kind, with what exactly went wrong.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Kept { detail: Some(detail.into()), ..Kept::from(code) }))
    }

    /// Whether it is a certain refusal.
    pub(crate) fn is(&self, refusal: Refusal) -> bool {
        self.0.code.code == refusal.code()
    }

    /// The status of its response.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.code.status
    }

    /// What it says, for those who get it inside of another answer.
    pub(crate) fn said(&self, id: &str, language: Language) -> Value {
        serde_json::to_value(self.0.view(id, language)).unwrap_or_default()
    }

    /// In how many seconds to try again, where that may help.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        let usual = self.0.code.passes().then_some(1);
        self.0.retry_after.or(usual)
    }

    /// The same, with when to try again, in seconds.
    pub(crate) fn after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The server is not ready, for these reasons.
    pub(crate) fn not_ready(errors: Vec<Fault>) -> Self {
        Self(Box::new(Kept { errors, ..Kept::from(Code::NOT_READY) }))
    }

    /// Something in the request is wrong, at these places.
    pub(crate) fn invalid(errors: Vec<Fault>) -> Self {
        Self(Box::new(Kept { errors, ..Kept::from(Code::INVALID) }))
    }

    /// Rows of a sheet are wrong.
    pub(crate) fn bad_rows(rows: Vec<BadRow>) -> Self {
        Self(Box::new(Kept { rows, ..Kept::from(Code::BAD_ROWS) }))
    }
}

impl From<Code> for Kept {
    fn from(code: Code) -> Self {
        let (errors, reasons, rows) = (Vec::new(), Vec::new(), Vec::new());
        Self { code, detail: None, errors, reasons, rows, retry_after: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self(Box::new(code.into()))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Code::from(refusal).into()
    }
}

impl From<Error> for Problem {
    fn from(why: Error) -> Self {
        match why {
            Error::Refused(refusal) => refusal.into(),
            Error::Ineligible(reasons) => {
                Self(Box::new(Kept { reasons, ..Kept::from(Code::INELIGIBLE) }))
            }
            Error::Invalid(errors) => Self::invalid(errors),
            Error::NotFound(_) => Self::new(Code::NOT_FOUND, why.to_string()),
            Error::Stale(_) => Self::new(Code::STALE, why.to_string()),
            Error::Anonymous => Code::ANONYMOUS.into(),
            Error::TooOften(seconds) => Self::from(Code::TOO_OFTEN).after(seconds.into()),
            Error::FileTooLarge(_) => Self::new(Refusal::FileTooLarge.into(), why.to_string()),
            Error::Busy => Code::BUSY.into(),
            Error::Unprintable(_) => {
                tracing::error!(%why, "a document waits");
                Self::new(Code::UNPRINTABLE, why.to_string())
            }
            Error::Storage(_) | Error::Files(_) | Error::Search(_) | Error::Inconsistent(_) => {
                tracing::error!(error = ?why, "a request failed on our side");
                Code::INTERNAL.into()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.code.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a failed response its body; other responses stay as they are.
pub(crate) fn render(
    mut response: Response,
    id: &str,
    language: Language,
    reader: Reader,
) -> Response {
    let is_whole = response.extensions().get::<AsItIs>().is_some();
    if is_whole || response.status().is_success() || response.status().is_redirection() {
        return response;
    }
    if reader == Reader::Person && response.extensions().get::<portal::Told>().is_some() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Code::of_status(response.status()).into());
    let mut rendered = match reader {
        Reader::Program => problem.0.response(id, language),
        Reader::Person => problem.0.page(id),
    };
    if let Some(seconds) = problem.retry_after() {
        rendered.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if let Some(allowed) = response.headers_mut().remove(ALLOW) {
        rendered.headers_mut().insert(ALLOW, allowed);
    }
    rendered
}

impl Kept {
    /// The problem as a page of the portal, which is in Chinese.
    fn page(&self, id: &str) -> Response {
        let mut response = match portal::failure_page(self.code.status, self.code.zh, id) {
            Some(page) => (self.code.status, page).into_response(),
            None => self.code.status.into_response(),
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        response
    }

    fn view<'a>(&'a self, id: &'a str, language: Language) -> ProblemView<'a> {
        let Self { code, detail, errors, reasons, rows, .. } = self;
        ProblemView {
            kind: format!("/problems/{}", code.code),
            title: language.pick(code.zh, code.en),
            status: code.status.as_u16(),
            code: code.code,
            detail: detail.as_deref(),
            instance: id,
            errors,
            reasons,
            rows,
        }
    }

    fn response(&self, id: &str, language: Language) -> Response {
        let code = self.code;
        let body = serde_json::to_vec(&self.view(id, language)).unwrap_or_default();
        let mut response = (code.status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        if code.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
