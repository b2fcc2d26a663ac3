//! Searches that people saved.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Market, Page,
    id::SavedSearchId,
    saved_search::{NewSavedSearch, SavedSearch},
    search::SearchQuery,
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use validator::Validate;

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards, Key, Once},
    caller::Caller,
    page::whole,
    parameters::At,
    problem::{Language, Problem},
    tagged::{Created, Living},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, save)).routes(routes!(show, remove))
}

/// A search to be saved.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveSearch {
    /// What you call it.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "慈溪环评")]
    name: String,
    /// What is searched for, as it is shown once saved; pages are of no account.
    query: SearchQuery,
}

/// Your saved searches, newest first
#[utoipa::path(get, path = "/saved-searches", tag = "saved-searches", security(("token" = [])),
    responses((status = 200, body = Page<SavedSearch>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<SavedSearch>>, Problem> {
    Ok(whole(market.saved_searches().list(&actor).await?))
}

/// Save a search, and be told of what is new and found by it; 50 at most
#[utoipa::path(post, path = "/saved-searches", tag = "saved-searches", security(("token" = [])),
    params(Key), request_body = SaveSearch, responses((status = 201, body = SavedSearch)))]
async fn save(
    State(market): State<Market>,
    Once(call): Once,
    Input(body): Input<SaveSearch>,
) -> Result<Created<SavedSearch>, Problem> {
    let new = NewSavedSearch { name: body.name, query: body.query };
    let saved = market.saved_searches().save(&call, new).await?;
    let place = format!("/api/v1/saved-searches/{}", saved.id);
    Ok(Created(place, SavedSearch::VERSION, saved))
}

/// One of your saved searches
#[utoipa::path(get, path = "/saved-searches/{id}", tag = "saved-searches",
    security(("token" = [])), params(("id" = SavedSearchId, Path)),
    responses((status = 200, body = WithActions<SavedSearch>)))]
async fn show(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<SavedSearchId>,
    language: Language,
) -> Result<Living<WithActions<SavedSearch>>, Problem> {
    let saved = market.saved_searches().get(&actor, id).await?;
    let actions = Some(saved.actions());
    Ok(Living(SavedSearch::VERSION, WithActions::told(saved, actions, language)))
}

/// Remove a saved search, with what you were told because of it
#[utoipa::path(delete, path = "/saved-searches/{id}", tag = "saved-searches",
    security(("token" = [])), params(("id" = SavedSearchId, Path), Guards),
    responses((status = 204)))]
async fn remove(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<SavedSearchId>,
) -> Result<StatusCode, Problem> {
    market.saved_searches().remove(&call, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
