//! How the quotes of a purchase are opened: the code, and what parties promise for the draw and
//! reveal after the close.

use axum::{Json, extract::State};
use market_core::{
    Market, Page,
    draw::{Bytes32, Commitment},
    id::PurchaseId,
    purchase::{NewReveal, Purchase},
    sealing::OpeningCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::purchases::{asker, tagged};
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards},
    caller::Caller,
    page::whole,
    parameters::At,
    problem::Problem,
    tagged::Tagged,
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(public_key))
        .routes(routes!(commitments, commit))
        .routes(routes!(open))
        .routes(routes!(reveal))
        .routes(routes!(give_beacon))
        .routes(routes!(deposit))
}

/// What opens the quotes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PurchaseOpeningCode)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    /// The opening code (开标码) that the purchase was handed in with: 64 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-fA-F]{64}$")]
    opening_code: OpeningCode,
}

/// A promise to reveal a value.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewCommitment)]
#[serde(deny_unknown_fields)]
pub(crate) struct Commit {
    /// The digest of purchase, party and value, as docs/draw.md describes it.
    sha256: Bytes32,
}

/// A public number that the notice named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveBeacon {
    /// The number, a decimal number with just the decimals that the notice says; where an earlier
    /// notice names it in words alone, as it was published, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    value: String,
}

/// The key to which the quotes of a purchase are sealed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyOfPurchase {
    /// An X25519 public key.
    #[schema(pattern = "^x25519:[A-Za-z0-9_-]{43}$")]
    public_key: String,
}

/// The opening code, sealed to the key of a supervising department.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CodeDeposit)]
pub(crate) struct Deposit {
    /// What `market deposit open` opens, offline.
    deposit: String,
}

/// The key to which the quotes of a purchase are sealed; nobody has the other half of it before
/// the opening.
#[utoipa::path(get, path = "/purchases/{id}/public-key", tag = "purchases",
    security((), ("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = KeyOfPurchase)))]
async fn public_key(
    caller: Option<Caller>,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<KeyOfPurchase>, Problem> {
    let public_key = market.purchases().public_key(asker(caller.as_ref()), id).await?;
    Ok(Json(KeyOfPurchase { public_key }))
}

/// What parties have promised for the draw of a purchase.
#[utoipa::path(get, path = "/purchases/{id}/commitments", tag = "purchases",
    security((), ("token" = [])), params(("id" = PurchaseId, Path)),
    responses((status = 200, body = Page<Commitment>)))]
async fn commitments(
    caller: Option<Caller>,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Page<Commitment>>, Problem> {
    Ok(whole(market.purchases().commitments(asker(caller.as_ref()), id).await?))
}

/// The witnessing department promises a value of its own, before the close.
#[utoipa::path(post, path = "/purchases/{id}/commitments", tag = "purchases",
    security(("token" = [])), params(Guards, ("id" = PurchaseId, Path)), request_body = Commit,
    responses((status = 200, body = Purchase)))]
async fn commit(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<Commit>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().commit(&call, id, new.sha256).await?))
}

/// The owner, or a department that had the code from its deposit, opens the quotes after the close.
/// The agency is found as soon as every promise is kept.
#[utoipa::path(post, path = "/purchases/{id}/open", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = Open,
    responses((status = 200, body = Purchase)))]
async fn open(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<Open>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().open(&call, id, &new.opening_code).await?))
}

/// The witnessing department reveals what it promised, after the close.
#[utoipa::path(post, path = "/purchases/{id}/reveal", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = NewReveal,
    responses((status = 200, body = Purchase)))]
async fn reveal(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<NewReveal>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().reveal(&call, id, new).await?))
}

/// The public number that the notice named is written down, once it is known. It counts when two
/// parties gave the same; until then each may give another, and what each gave is shown.
#[utoipa::path(post, path = "/purchases/{id}/beacon", tag = "purchases", security(("token" = [])),
    params(Guards, ("id" = PurchaseId, Path)), request_body = GiveBeacon,
    responses((status = 200, body = Purchase)))]
async fn give_beacon(
    Guarded(call): Guarded,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    Input(new): Input<GiveBeacon>,
) -> Result<Tagged<Purchase>, Problem> {
    Ok(tagged(market.purchases().give_beacon(&call, id, &new.value).await?))
}

/// The deposited opening code, for the department to whose key it is sealed.
#[utoipa::path(get, path = "/purchases/{id}/deposit", tag = "purchases", security(("token" = [])),
    params(("id" = PurchaseId, Path)), responses((status = 200, body = Deposit)))]
async fn deposit(
    Caller(actor): Caller,
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Json<Deposit>, Problem> {
    let deposit = market.purchases().deposit(&actor, id).await?;
    Ok(Json(Deposit { deposit }))
}
