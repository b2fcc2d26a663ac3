//! What every request passes on its way in, and every response on its way out.
//!
//! A request is turned away at the door where that is cheapest: first for what its head says, then
//! for how often its address asked (`rates`, `client`), then for how its body comes (`pace`), then
//! for how much is under way (`admission`). What its actor may ask is known only after that.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

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
use market_core::{Error, Outcome, Went, document::MAX_VERIFIED};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use tracing::Instrument;

use self::{
    admission::Admission,
    class::Class,
    client::{NOWHERE, Peer, Whence},
    pace::{Pace, Paced, Room, Slow},
    rates::{Buckets, Meter},
};
use crate::{
    App,
    limits::Limits,
    portal::Reading,
    problem::{self, Code, Language, Problem, Reader},
    tagged,
    telemetry::{self, Answered},
};

mod admission;
pub(crate) mod class;
pub(crate) mod client;
mod pace;
pub(crate) mod rates;
#[cfg(test)]
mod tests;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as its answer and our logs have it.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Says of an answer that it was given before, to the first call under the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Says of an answer that it is a rehearsal's: nothing of it was kept.
const REHEARSED: HeaderName = HeaderName::from_static("validate-only");

/// What all requests of a server share.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) limits: Limits,
    buckets: Option<Arc<Buckets>>,
    admission: Admission,
    room: Room,
}

impl Door {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            buckets: Buckets::of(&limits).map(Arc::new),
            admission: Admission::new(&limits.at_once),
            room: Room::new(&limits.requests),
            limits,
        }
    }

    /// How many of a class are under way, and how many wait.
    pub(crate) fn load(&self, class: Class) -> (u32, u32) {
        self.admission.load(class)
    }

    /// The longest that a request may take.
    pub(crate) const fn patience(&self, class: Class) -> Duration {
        Duration::from_secs(match class {
            Class::Upload => self.limits.requests.upload_seconds,
            _ => self.limits.requests.seconds,
        })
    }
}

/// Puts the edge around a router.
pub(crate) fn around(router: Router, app: App) -> Router {
    router
        .layer(DefaultBodyLimit::max(app.door().limits.requests.body_bytes))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app, pass))
        .layer(CompressionLayer::new())
}

/// A path without a secret: whoever has the link in a mail may end mail.
fn loggable(path: &str) -> &str {
    if path.starts_with("/mail/stop/") { "/mail/stop/…" } else { path }
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Problem::from(Code::INTERNAL).into_response()
}

async fn pass(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let outcome = Outcome::default();
    request.extensions_mut().insert(outcome.clone());
    let id = request_id(request.headers()).unwrap_or_else(|| app.market().env().id().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let language = Language::of(request.headers());
    let reader = Reader::of(request.uri().path(), request.headers());
    let reading = (reader == Reader::Person).then(|| Reading::of(&request));
    let known = tagged::known(request.headers()).filter(|_| request.method() == Method::GET);
    let class = Class::of(request.method(), request.uri().path(), request.headers());
    let answered = app.is_measured().then(|| Answered::new(&request)).flatten();
    let span = tracing::info_span!(
        "request", %id, method = %request.method(), path = loggable(request.uri().path())
    );
    if app.is_traced() {
        telemetry::continue_trace(&span, request.headers());
    }

    let mut meter = None;
    let handled = handle(app.door(), class, request, next, &mut meter);
    let handled = handled.instrument(span.clone()).await;
    let is_turned_away = handled.is_err();
    let response = handled.unwrap_or_else(IntoResponse::into_response);
    let rendered = || problem::render(response, &id, language, reader);
    let response = match reading {
        Some(reading) => reading.within(rendered),
        None => rendered(),
    };
    let response = tagged::unless_known(known.as_ref(), response);
    let mut response = told(outcome.went(), response);
    add_headers(response.headers_mut(), &id);
    if let Some(meter) = meter {
        meter.standing().tell(response.headers_mut());
    }

    let (took, status) = (began.elapsed(), response.status().as_u16());
    if let Some(answered) = answered {
        answered.count(status, took);
    }
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    // Turning away must stay cheap, and a flood must not fill the disk.
    span.in_scope(|| {
        if is_turned_away {
            tracing::debug!(status, micros, "turned away");
        } else {
            tracing::info!(status, micros, "answered");
        }
    });
    response
}

/// Gives failures their bodies, and nothing more: for requests that no limit holds up.
pub(crate) async fn plainly(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| app.market().env().id().to_string());
    let language = Language::of(request.headers());
    let response = next.run(request).await;
    let mut response = problem::render(response, &id, language, Reader::Program);
    add_headers(response.headers_mut(), &id);
    response
}

/// Lets a request in, unless there is a reason against it, and has it answered.
async fn handle(
    door: &Door,
    class: Class,
    mut request: Request,
    next: Next,
    meter: &mut Option<Meter>,
) -> Result<Response, Problem> {
    let limits = &door.limits;
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > limits.requests.url_bytes {
        let detail = format!("the URL has {url} bytes, of {} at most", limits.requests.url_bytes);
        return Err(Problem::new(Code::URL_TOO_LONG, detail));
    }
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let client = peer.map(|peer| client::client(peer, request.headers(), &limits.trusted_proxies));
    if let Some(client) = client {
        request.extensions_mut().insert(Whence(client));
    }
    if let Some(buckets) = &door.buckets {
        // Requests that this very program makes come from nowhere, and count as one client's.
        ask(buckets, class, &mut request, client.unwrap_or(NOWHERE), meter)?;
    }
    let (request, _room, slow) = take_body(door, class, request).await?;
    // Who waits for what happens has a place of `streams`, and takes none of those who read.
    let _place = if class::waits(request.uri()) {
        None
    } else {
        let admitted = door.admission.enter(class).await;
        Some(admitted.map_err(|_| {
            metrics::counter!("market_http_shed_total", "class" => class.name()).increment(1);
            Problem::from(Code::BUSY)
        })?)
    };
    let answered = tokio::time::timeout(door.patience(class), next.run(request)).await;
    let response = answered.unwrap_or_else(|_| Problem::from(Code::BUSY).into_response());
    // Whoever read the body saw no more than that it broke off.
    if slow.is() { Err(Code::TOO_SLOW.into()) } else { Ok(response) }
}

/// Takes from the bucket of the address that a request comes from.
fn ask(
    buckets: &Arc<Buckets>,
    class: Class,
    request: &mut Request,
    client: IpAddr,
    meter: &mut Option<Meter>,
) -> Result<(), Problem> {
    let Some(standing) = buckets.ask(class, client) else { return Ok(()) };
    if let Some(refused) = standing.refusal() {
        metrics::counter!(
            "market_http_limited_total", "class" => class.name(), "by" => "address"
        )
        .increment(1);
        *meter = Some(Meter::new(buckets.clone(), class, standing));
        return Err(refused);
    }
    let known = Meter::new(buckets.clone(), class, standing);
    request.extensions_mut().insert(known.clone());
    *meter = Some(known);
    Ok(())
}

/// Takes in a body before its request takes anybody's place, so that a slow client holds up nobody
/// but itself: also a file that anybody may send. Of other files, sees to it that they come.
async fn take_body(
    door: &Door,
    class: Class,
    request: Request,
) -> Result<(Request, Option<pace::Received>, Slow), Problem> {
    let requests = &door.limits.requests;
    let (head, body) = request.into_parts();
    let pace = Pace::of(requests);
    let of_anybody = class::taken_of_anybody(head.uri.path());
    let most = match (class, of_anybody) {
        (Class::Write, _) => requests.body_bytes,
        (Class::Upload, Some(most)) => usize::try_from(most).unwrap_or(usize::MAX),
        (Class::Upload, None) => {
            let (paced, slow) = Paced::new(body, pace);
            return Ok((Request::from_parts(head, Body::new(paced)), None, slow));
        }
        (Class::Probe | Class::Read | Class::Search, _) => {
            return Ok((Request::from_parts(head, body), None, Slow::default()));
        }
    };
    let received = tokio::time::timeout(door.patience(class), door.room.receive(body, most, pace));
    let received = received.await.map_err(|_| Problem::from(Code::TOO_SLOW))?;
    let received = received.map_err(|why| match why.status() {
        StatusCode::PAYLOAD_TOO_LARGE if class == Class::Upload => {
            Error::FileTooLarge(MAX_VERIFIED).into()
        }
        _ => why,
    })?;
    let body = Body::from(received.body.clone());
    Ok((Request::from_parts(head, body), Some(received), Slow::default()))
}

/// The response with what it has to say of how its call went.
fn told(went: Went, mut response: Response) -> Response {
    let yes = HeaderValue::from_static("true");
    match went {
        Went::Replayed => drop(response.headers_mut().insert(REPLAYED, yes)),
        Went::Rehearsed if response.status().is_success() => {
            *response.status_mut() = StatusCode::OK;
            let headers = response.headers_mut();
            // Nothing is there, and nothing has this version.
            headers.remove(LOCATION);
            headers.remove(ETAG);
            headers.insert(REHEARSED, yes);
        }
        Went::Plainly | Went::Rehearsed => {}
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
