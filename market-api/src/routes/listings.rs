//! What agencies offer.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Market, Page,
    agency::{Listing, ListingFilter, ListingState, ListingTerms, NewListing, Terms},
    code::ItemCode,
    id::{AgencyId, ListingId},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards, Key, Once},
    caller::Caller,
    page::paging,
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Created, Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(change))
        .routes(routes!(terms_at))
        .routes(routes!(publish))
        .routes(routes!(take_off_shelf))
}

/// Which listings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListingsQuery {
    /// Only those of a service item.
    item: Option<ItemCode>,
    /// Only those of an agency.
    agency: Option<AgencyId>,
    /// Only those in a state.
    state: Option<ListingState>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

fn tagged(listing: Listing) -> Tagged<Listing> {
    Tagged(listing.version, listing)
}

/// Listings that the caller may know of, the latest first
#[utoipa::path(get, path = "/listings", tag = "listings", security((), ("token" = [])),
    params(ListingsQuery), responses((status = 200, body = Page<Listing>)))]
async fn list(
    State(market): State<Market>,
    caller: Option<Caller>,
    Parameters(query): Parameters<ListingsQuery>,
) -> Result<Json<Page<Listing>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    let ListingsQuery { item, agency, state, after, limit } = query;
    let filter = ListingFilter { item, agency, state };
    Ok(Json(market.listings().list(actor, &filter, &paging(after, limit)?).await?))
}

/// Draft a listing
#[utoipa::path(post, path = "/listings", tag = "listings", security(("token" = [])),
    params(Key), request_body = NewListing, responses((status = 201, body = Listing)))]
async fn create(
    State(market): State<Market>,
    Once(call): Once,
    Input(new): Input<NewListing>,
) -> Result<Created<Listing>, Problem> {
    let listing = market.listings().create(&call, new).await?;
    Ok(Created(format!("/api/v1/listings/{}", listing.id), listing.version, listing))
}

/// A listing, and what the caller may do to it
#[utoipa::path(get, path = "/listings/{id}", tag = "listings", security((), ("token" = [])),
    params(("id" = ListingId, Path)), responses((status = 200, body = WithActions<Listing>)))]
async fn show(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(id): At<ListingId>,
    language: Language,
) -> Result<Living<WithActions<Listing>>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    let listing = market.listings().get(actor, id).await?;
    let actions = actor.map(|actor| listing.actions(actor));
    Ok(Living(listing.version, WithActions::told(listing, actions, language)))
}

/// Change the terms: a new number, while orders keep the one that they saw
#[utoipa::path(put, path = "/listings/{id}/terms", tag = "listings", security(("token" = [])),
    params(("id" = ListingId, Path), Guards), request_body = Terms,
    responses((status = 200, body = Listing)))]
async fn change(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<ListingId>,
    Input(terms): Input<Terms>,
) -> Result<Tagged<Listing>, Problem> {
    Ok(tagged(market.listings().change(&call, id, terms).await?))
}

/// The terms as they were under one of their numbers
#[utoipa::path(get, path = "/listings/{id}/terms/{number}", tag = "listings",
    security((), ("token" = [])), params(("id" = ListingId, Path), ("number" = i64, Path)),
    responses((status = 200, body = ListingTerms)))]
async fn terms_at(
    State(market): State<Market>,
    caller: Option<Caller>,
    At((id, number)): At<(ListingId, i64)>,
) -> Result<Json<ListingTerms>, Problem> {
    let actor = caller.as_ref().map(|Caller(actor)| actor);
    Ok(Json(market.listings().terms_at(actor, id, number).await?))
}

/// Show and sell a listing
#[utoipa::path(post, path = "/listings/{id}/publish", tag = "listings",
    security(("token" = [])), params(("id" = ListingId, Path), Guards),
    responses((status = 200, body = Listing)))]
async fn publish(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<ListingId>,
) -> Result<Tagged<Listing>, Problem> {
    Ok(tagged(market.listings().publish(&call, id).await?))
}

/// No longer sell a listing
#[utoipa::path(post, path = "/listings/{id}/take-off-shelf", tag = "listings",
    security(("token" = [])), params(("id" = ListingId, Path), Guards),
    responses((status = 200, body = Listing)))]
async fn take_off_shelf(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<ListingId>,
) -> Result<Tagged<Listing>, Problem> {
    Ok(tagged(market.listings().take_off(&call, id).await?))
}
