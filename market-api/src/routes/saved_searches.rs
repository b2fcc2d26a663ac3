//! Searches that people saved.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Fault, Market, Page,
    id::SavedSearchId,
    saved_search::{NewSavedSearch, PurchaseQuery, SavedSearch, Wanted},
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
    /// What is searched for among agencies or listings, as it is shown once saved; pages are of no
    /// account. Either this or `purchases`.
    #[serde(default)]
    query: Option<SearchQuery>,
    /// What is searched for among open purchases.
    #[serde(default)]
    purchases: Option<PurchaseQuery>,
}

impl SaveSearch {
    fn wanted(self) -> Result<NewSavedSearch, Problem> {
        let wanted = match (self.query, self.purchases) {
            (Some(query), None) => Wanted::Query(query),
            (None, Some(purchases)) => Wanted::Purchases(purchases),
            (None, None) => {
                let message = "say what is searched for: query, or purchases";
                return Err(Problem::invalid(vec![Fault::new("/query", "missing", message)]));
            }
            (Some(_), Some(_)) => {
                let message = "a search is over query or over purchases, not both";
                return Err(Problem::invalid(vec![Fault::new("/purchases", "choice", message)]));
            }
        };
        Ok(NewSavedSearch { name: self.name, wanted })
    }
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
    let saved = market.saved_searches().save(&call, body.wanted()?).await?;
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
