//! What people say, and the official names that it means.

use axum::{Json, extract::State, http::StatusCode};
use market_core::{
    Cursor, Market, Page,
    vocabulary::{NewSynonym, Synonym, SynonymKind},
};
use serde::Deserialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{Array, ArrayBuilder, ObjectBuilder, Type},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    body::Input,
    call::{Guarded, Guards},
    caller::Caller,
    page::paging,
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, put, remove))
}

/// Which synonyms.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SynonymsQuery {
    /// Only those whose phrase contains this.
    q: Option<String>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What a phrase is to mean.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutSynonym {
    /// Whether the trade says it, or everybody.
    kind: SynonymKind,
    /// The official names that it means, each of at most 100 characters.
    #[schema(schema_with = names)]
    names: Vec<String>,
}

/// 1 to 20 names of 1 to 100 characters each.
fn names() -> Array {
    let name = ObjectBuilder::new().schema_type(Type::String);
    let name = name.min_length(Some(1)).max_length(Some(100));
    ArrayBuilder::new().items(name).min_items(Some(1)).max_items(Some(20)).build()
}

/// What people say and what it means, by phrase
#[utoipa::path(get, path = "/synonyms", tag = "vocabulary", params(SynonymsQuery),
    responses((status = 200, body = Page<Synonym>)))]
async fn list(
    State(market): State<Market>,
    Parameters(query): Parameters<SynonymsQuery>,
) -> Result<Json<Page<Synonym>>, Problem> {
    let SynonymsQuery { q, after, limit } = query;
    Ok(Json(market.vocabulary().list(q.as_deref(), &paging(after, limit)?).await?))
}

/// What a phrase means
#[utoipa::path(get, path = "/synonyms/{phrase}", tag = "vocabulary",
    security((), ("token" = [])), params(("phrase" = String, Path, min_length = 1, max_length = 40)),
    responses((status = 200, body = WithActions<Synonym>)))]
async fn show(
    State(market): State<Market>,
    caller: Option<Caller>,
    At(phrase): At<String>,
    language: Language,
) -> Result<Living<WithActions<Synonym>>, Problem> {
    let synonym = market.vocabulary().get(&phrase).await?;
    let actions = caller.map(|Caller(actor)| synonym.actions(&actor));
    Ok(Living(synonym.version, WithActions::told(synonym, actions, language)))
}

/// Let a phrase mean something
#[utoipa::path(put, path = "/synonyms/{phrase}", tag = "vocabulary", security(("token" = [])),
    params(("phrase" = String, Path, min_length = 1, max_length = 40), Guards),
    request_body = PutSynonym, responses((status = 200, body = Synonym)))]
async fn put(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(phrase): At<String>,
    Input(PutSynonym { kind, names }): Input<PutSynonym>,
) -> Result<Tagged<Synonym>, Problem> {
    let synonym = market.vocabulary().put(&call, NewSynonym { phrase, kind, names }).await?;
    Ok(Tagged(synonym.version, synonym))
}

/// Let a phrase mean nothing any more
#[utoipa::path(delete, path = "/synonyms/{phrase}", tag = "vocabulary", security(("token" = [])),
    params(("phrase" = String, Path, min_length = 1, max_length = 40), Guards), responses((status = 204)))]
async fn remove(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(phrase): At<String>,
) -> Result<StatusCode, Problem> {
    market.vocabulary().remove(&call, &phrase).await?;
    Ok(StatusCode::NO_CONTENT)
}
