//! `/api/v1/webhooks`: other systems that are told what happens.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header::CACHE_CONTROL},
};
use market_core::{
    Cursor, Market, Page,
    id::WebhookId,
    signing::PublishedKey,
    webhook::{NewWebhook, Try, Webhook, WebhookChange, WithSecret},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards, Key, Once, Seen, Unguarded, Version},
    caller::Caller,
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Created, Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, register))
        .routes(routes!(show, change, remove))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(rotate_secret))
        .routes(routes!(replay))
        .routes(routes!(ping))
        .routes(routes!(tries))
        .routes(routes!(keys))
        .routes(routes!(rotate_key))
}

/// What holds a secret is kept by nobody on the way.
type NotKept = [(HeaderName, &'static str); 1];

fn not_kept() -> NotKept {
    [(CACHE_CONTROL, "no-store")]
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// From where on everything is sent once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// A position of the journal; what stands behind it is sent.
    #[schema(minimum = 0)]
    after: i64,
}

/// A message that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pinged {
    /// Its `webhook-id`.
    message: String,
}

/// Your party's webhooks, newest first; the operator sees everybody's
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", security(("token" = [])),
    params(PageQuery), responses((status = 200, body = Page<Webhook>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Page<Webhook>>, Problem> {
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.webhooks().list(&actor, &paging).await?))
}

/// Register a webhook of your party, and get its secret this once; 10 at most
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", security(("token" = [])),
    request_body = NewWebhook, responses((status = 201, body = WithSecret)))]
async fn register(
    State(market): State<Market>,
    Unguarded(call): Unguarded,
    Input(new): Input<NewWebhook>,
) -> Result<(NotKept, Created<WithSecret>), Problem> {
    let made = market.webhooks().register(&call, new).await?;
    let (path, version) = (format!("/api/v1/webhooks/{}", made.webhook.id), made.webhook.version);
    Ok((not_kept(), Created(path, version, made)))
}

/// A webhook of your party
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path)),
    responses((status = 200, body = WithActions<Webhook>)))]
async fn show(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<WebhookId>,
    language: Language,
) -> Result<Living<WithActions<Webhook>>, Problem> {
    let webhook = market.webhooks().get(&actor, id).await?;
    let (version, actions) = (webhook.version, Some(webhook.actions(&actor)));
    Ok(Living(version, WithActions::told(webhook, actions, language)))
}

/// Change where messages go, or what they tell of from now on
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Guards), request_body = WebhookChange,
    responses((status = 200, body = Webhook)))]
async fn change(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<WebhookId>,
    Input(change): Input<WebhookChange>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(tagged(market.webhooks().change(&call, id, change).await?))
}

/// Remove a webhook, with everything that is kept of its messages
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Guards), responses((status = 204)))]
async fn remove(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<WebhookId>,
) -> Result<StatusCode, Problem> {
    market.webhooks().remove(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Have a disabled webhook tell again, of what happened meanwhile too
#[utoipa::path(post, path = "/webhooks/{id}/enable", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Guards), responses((status = 200, body = Webhook)))]
async fn enable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<WebhookId>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(tagged(market.webhooks().enable(&call, id).await?))
}

/// Have a webhook tell of nothing until it is enabled again; the operator may, too
#[utoipa::path(post, path = "/webhooks/{id}/disable", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Guards), responses((status = 200, body = Webhook)))]
async fn disable(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<WebhookId>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(tagged(market.webhooks().disable(&call, id).await?))
}

/// Get a new secret, this once; the one before signs too for 24 hours
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks",
    security(("token" = [])), params(("id" = WebhookId, Path), Version),
    responses((status = 200, body = WithSecret)))]
async fn rotate_secret(
    State(market): State<Market>,
    Seen(call): Seen,
    At(id): At<WebhookId>,
) -> Result<(NotKept, Tagged<WithSecret>), Problem> {
    let made = market.webhooks().rotate_secret(&call, id).await?;
    Ok((not_kept(), Tagged(made.webhook.version, made)))
}

/// Have everything after a position of the journal sent once more, under the same ids
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Guards), request_body = Replay,
    responses((status = 200, body = Webhook)))]
async fn replay(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<WebhookId>,
    Input(replay): Input<Replay>,
) -> Result<Tagged<Webhook>, Problem> {
    Ok(tagged(market.webhooks().replay(&call, id, replay.after).await?))
}

/// Have a test message sent; what comes of it stands among the tries
#[utoipa::path(post, path = "/webhooks/{id}/ping", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), Key), responses((status = 202, body = Pinged)))]
async fn ping(
    State(market): State<Market>,
    Once(call): Once,
    At(id): At<WebhookId>,
) -> Result<(StatusCode, Json<Pinged>), Problem> {
    let message = market.webhooks().ping(&call, id).await?;
    Ok((StatusCode::ACCEPTED, Json(Pinged { message })))
}

/// What was sent to a webhook and what came back, newest first; kept for 30 days, 1000 at most
#[utoipa::path(get, path = "/webhooks/{id}/tries", tag = "webhooks", security(("token" = [])),
    params(("id" = WebhookId, Path), PageQuery), responses((status = 200, body = Page<Try>)))]
async fn tries(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<WebhookId>,
    Parameters(query): Parameters<PageQuery>,
) -> Result<Json<Page<Try>>, Problem> {
    let paging = paging(query.after, query.limit)?;
    Ok(Json(market.webhooks().tries(&actor, id, &paging).await?))
}

/// The public keys that messages are signed with (v1a), the newest first
#[utoipa::path(get, path = "/webhook-keys", tag = "webhooks",
    responses((status = 200, body = Page<PublishedKey>)))]
pub(crate) async fn keys(
    State(market): State<Market>,
) -> Result<Living<Page<PublishedKey>>, Problem> {
    let (version, keys) = published(market.webhooks().keys().await?);
    Ok(Living(version, keys))
}

/// Have the server sign with a new key; the one before signs too for 7 days. The operator does
#[utoipa::path(post, path = "/webhook-keys/rotate", tag = "webhooks", security(("token" = [])),
    params(Key), responses((status = 200, body = Page<PublishedKey>)))]
async fn rotate_key(
    State(market): State<Market>,
    Once(call): Once,
) -> Result<Tagged<Page<PublishedKey>>, Problem> {
    let (version, keys) = published(market.webhooks().rotate_key(&call).await?);
    Ok(Tagged(version, keys))
}

/// The keys, whose version is the number of the newest.
fn published(keys: Vec<PublishedKey>) -> (i64, Page<PublishedKey>) {
    let version = keys.first().map_or(0, |key| key.number);
    let Json(page) = whole(keys);
    (version, page)
}

const fn tagged(webhook: Webhook) -> Tagged<Webhook> {
    Tagged(webhook.version, webhook)
}
