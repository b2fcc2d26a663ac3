//! What every request passes on its way in, and every response on its way out.

use std::time::{Duration, Instant};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, LOCATION, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use market_core::{Outcome, Went};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    timeout::{TimeoutBody, TimeoutLayer},
};
use tracing::Instrument;

use crate::{
    App,
    body::MAX_BODY,
    problem::{self, Code, Language, Problem, Reader},
    tagged,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Says of an answer that it was given before, to the first call under the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Says of an answer that it is a rehearsal's: nothing of it was kept.
const REHEARSED: HeaderName = HeaderName::from_static("validate-only");

/// The longest that the next part of a request's body may take.
const BODY_PATIENCE: Duration = Duration::from_secs(15);

/// The longest that a request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Puts the edge around a router.
pub(crate) fn around(router: Router, app: App) -> Router {
    router
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app, pass))
        .layer(CompressionLayer::new())
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Problem::from(Code::INTERNAL).into_response()
}

async fn pass(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let outcome = Outcome::default();
    request.extensions_mut().insert(outcome.clone());
    let request = request.map(|body| Body::new(TimeoutBody::new(BODY_PATIENCE, body)));
    let id = request_id(request.headers()).unwrap_or_else(|| app.market().env().id().to_string());
    let language = Language::of(request.headers());
    let reader = Reader::of(request.uri().path(), request.headers());
    let known = tagged::known(request.headers()).filter(|_| request.method() == Method::GET);
    let span = tracing::info_span!(
        "request", %id, method = %request.method(), path = request.uri().path()
    );

    let response = next.run(request).instrument(span.clone()).await;
    let response = problem::render(response, &id, language, reader);
    let response = tagged::unless_known(known.as_ref(), response);
    let mut response = told(outcome.went(), response);
    add_headers(response.headers_mut(), &id);

    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), micros, "answered"));
    response
}

/// The response with what it has to say of how its call went.
fn told(went: Went, mut response: Response) -> Response {
    let yes = HeaderValue::from_static("true");
    match went {
        Went::Plainly => {}
        Went::Replayed => drop(response.headers_mut().insert(REPLAYED, yes)),
        Went::Rehearsed if response.status().is_success() => {
            *response.status_mut() = StatusCode::OK;
            let headers = response.headers_mut();
            // Nothing is there, and nothing has this version.
            headers.remove(LOCATION);
            headers.remove(ETAG);
            headers.insert(REHEARSED, yes);
        }
        Went::Rehearsed => {}
    }
    response
}

/// The caller's own id of the request, if it is one that may stand in our logs.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let mut default = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(REFERRER_POLICY, "no-referrer");
    default(CACHE_CONTROL, "private, no-cache");
    // The pages of this server use nothing from elsewhere; the API's documentation has its styles
    // and its starting script inside the page.
    default(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'; img-src 'self' data:; script-src 'self'; \
         style-src 'self' 'unsafe-inline'",
    );
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use http_body_util::BodyExt;
    use market_core::{Market, Options};
    use tower::ServiceExt;

    use super::*;
    use crate::body::Input;

    async fn panics() -> StatusCode {
        panic!("at market-api/src/secret.rs")
    }

    async fn answer(path: &str) -> (u16, HeaderMap, String) {
        given(Request::get(path).header(REQUEST_ID, "r-1").body(Body::empty()).unwrap()).await
    }

    async fn given(request: Request) -> (u16, HeaderMap, String) {
        let market = Market::open(Options::new("sqlite::memory:")).await.unwrap();
        let router = Router::new()
            .route("/panics", get(panics))
            .route("/body", post(|_: Input<()>| async {}))
            .route("/slow", get(std::future::pending::<()>))
            .route("/late", get(|| async { StatusCode::IM_A_TEAPOT }));
        tokio::time::pause();
        let router = around(router, App::new(market));
        let response = router.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let (status, headers, body) = answer("/panics").await;
        assert_eq!(
            (status, &headers["content-type"]),
            (500, &"application/problem+json".parse().unwrap())
        );
        assert!(body.contains("\"internal\"") && body.contains("\"r-1\""), "{body}");
        assert!(!body.contains("secret"), "{body}");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_to_come_back() {
        let (status, headers, body) = answer("/slow").await;
        assert_eq!((status, &headers["retry-after"]), (503, &"1".parse().unwrap()));
        assert!(body.contains("\"busy\""), "{body}");
    }

    #[tokio::test]
    async fn a_body_that_comes_too_slowly_is_not_waited_for() {
        let slow = Body::from_stream(futures::stream::pending::<Result<&[u8], std::io::Error>>());
        let request = Request::post("/body").header("content-type", "application/json");
        let (status, _, body) = given(request.header(REQUEST_ID, "r-1").body(slow).unwrap()).await;
        assert_eq!(status, 408, "{body}");
        assert!(body.contains("\"request-timeout\""), "{body}");
    }

    #[tokio::test]
    async fn a_bare_status_becomes_a_problem() {
        let (_, headers, body) = answer("/late").await;
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(body.contains("\"malformed\""), "{body}");
    }
}
