//! Every path of the server.

use axum::{Extension, Router, middleware, routing::get};
use market_core::{
    agency::{AgencyState, Standing},
    order::AnyState,
    publicity::NoticeKind,
    search::{Sort, Subject},
};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    App, description, edge, health, mcp,
    offered::{Offered, acceptable},
    portal,
    problem::{Code, Problem, registry},
    routes::{self, PartyText},
};

/// Where the API's description is.
pub(crate) const DESCRIPTION: &str = "/api/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Market",
        description = "The API of an intermediary-services marketplace (网上中介服务超市). Lists are \
            `{\"items\": […], \"next\": …}`: pass `next` as `after`. Money is a decimal string of \
            yuan. What makes or changes something needs an `Idempotency-Key`, new for each call that \
            you mean: sent again with the same key, method, path and input, it gives the first \
            answer again (`Idempotent-Replayed: true`) and changes nothing. Answers are kept for 72 \
            hours at least, and their keys expire then. Single things carry an `ETag`; what changes \
            one needs it as `If-Match`, or `*` for whatever version there is. \
            `validate_only=true` rehearses a request: it is done, answered and taken back. Every \
            failure is an RFC 9457 problem with a stable `code`: see /problems."
    ),
    components(schemas(AgencyState, AnyState, NoticeKind, PartyText, Sort, Standing, Subject)),
    tags(
        (name = "accounts", description = "Signing up, signing in, oneself"),
        (name = "people", description = "Accounts and tokens, for the operator"),
        (name = "members", description = "Who acts for a party, and invitations to"),
        (name = "api-keys", description = "Keys with which a party's programs act"),
        (name = "catalogue", description = "Categories, service items, departments, matters, regions"),
        (name = "vocabulary", description = "What people say, and the official names that it means"),
        (name = "agencies", description = "Agencies, their admission and qualifications"),
        (name = "listings", description = "What agencies offer"),
        (name = "cases", description = "Runs of matters, and the services that they need"),
        (name = "orders", description = "Orders, one path for each step, and their deliverables"),
        (name = "evaluations", description = "What those who took part in an order say of it"),
        (name = "purchases", description = "Open selection: notices, registrations, sealed quotes, openings, awards"),
        (name = "draws", description = "Proofs of selections, for anybody to check"),
        (name = "documents", description = "Award letters and contract summaries, and their verification by anybody"),
        (name = "complaints", description = "Complaints about purchases, and their decisions"),
        (name = "alarms", description = "What looks like abuse, for supervisors"),
        (name = "search", description = "Finding agencies and listings"),
        (name = "saved-searches", description = "Searches that people saved"),
        (name = "notices", description = "What people are told: by saved searches, of what happens, of deadlines"),
        (name = "mail", description = "Where people read mail of what they are told"),
        (name = "publicity", description = "Public notices of purchases, open contracting data, figures"),
        (name = "webhooks", description = "Other systems that are told what happens"),
        (name = "facts", description = "The journal as others follow it, and how much there is of everything"),
        (name = "records", description = "The national record of services in approvals"),
    )
)]
struct Description;

/// Everything under `/api/v1`, with its description.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(routes::accounts::router())
        .merge(routes::sessions::router())
        .merge(routes::second_factor::router())
        .merge(routes::identities::router())
        .merge(routes::people::router())
        .merge(routes::members::router())
        .merge(routes::api_keys::router())
        .merge(routes::audit::router())
        .merge(routes::catalogue::router())
        .merge(routes::vocabulary::router())
        .merge(routes::agencies::router())
        .merge(routes::listings::router())
        .merge(routes::listing_import::router())
        .merge(routes::cases::router())
        .merge(routes::orders::router())
        .merge(routes::deliverables::router())
        .merge(routes::ledger::router())
        .merge(routes::evaluations::router())
        .merge(routes::purchases::router())
        .merge(routes::registrations::router())
        .merge(routes::openings::router())
        .merge(routes::draws::router())
        .merge(routes::documents::router())
        .merge(routes::complaints::router())
        .merge(routes::alarms::router())
        .merge(routes::search::router())
        .merge(routes::suggestions::router())
        .merge(routes::saved_searches::router())
        .merge(routes::notices::router())
        .merge(routes::mail::router())
        .merge(routes::public_notices::router())
        .merge(routes::deadlines::router())
        .merge(routes::records::router())
        .merge(routes::facts::router())
        .merge(routes::feeds::router())
        .merge(routes::webhooks::router())
}

/// The router and the description of the API.
fn described() -> (Router<App>, utoipa::openapi::OpenApi) {
    let described = OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", api());
    let (router, mut whole) = described.split_for_parts();
    description::complete(&mut whole);
    (router, whole)
}

/// The description of the API (OpenAPI 3.1).
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().1
}

/// The server of a market.
pub fn router(app: App) -> Router {
    let (api, description) = described();
    let offered = Offered::of(&description);
    let router = api
        .route_layer(middleware::from_fn_with_state(offered, acceptable))
        .merge(SwaggerUi::new("/docs").url(DESCRIPTION, description))
        .merge(portal::routes())
        .merge(mcp::routes())
        .route("/livez", get(health::alive))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/feeds/notices.atom", get(routes::public_notices::feed))
        .route("/.well-known/webhook-keys.json", get(routes::webhooks::keys))
        .route("/problems", get(registry::index))
        .route("/problems/{code}", get(registry::show))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(Extension(app.web()))
        .with_state(app.clone());
    edge::around(router, app)
}

/// Whether the server runs and is ready, and nothing else: for those who ask when there is no room
/// for anybody else, and for the address of metrics.
pub(crate) fn probes(app: App) -> Router {
    Router::new()
        .route("/livez", get(health::alive))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(no_room)
        .with_state(app.clone())
        .layer(middleware::from_fn_with_state(app, edge::plainly))
}

/// Too many connections: nothing is looked at, so that saying so costs little.
async fn no_room() -> Problem {
    Code::BUSY.into()
}

async fn nowhere() -> Problem {
    Code::NO_SUCH_PATH.into()
}

async fn not_so() -> Problem {
    Code::METHOD_NOT_ALLOWED.into()
}
