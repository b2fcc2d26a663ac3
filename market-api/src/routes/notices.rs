//! What people are told.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Market, Page,
    id::NoticeId,
    notice::{Notice, NoticeFilter, Preference, Unread},
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
    page::{paging, whole},
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(unread))
        .routes(routes!(show))
        .routes(routes!(read))
        .routes(routes!(read_up_to))
        .routes(routes!(preferences, prefer))
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticesQuery {
    /// Only those that were not read yet.
    #[serde(default)]
    #[param(required = false, default = false)]
    unread: bool,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What you are told: by your saved searches, of what happens to your party's things, of deadlines;
/// newest first
#[utoipa::path(get, path = "/notices", tag = "notices", security(("token" = [])),
    params(NoticesQuery), responses((status = 200, body = Page<Notice>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<NoticesQuery>,
) -> Result<Json<Page<Notice>>, Problem> {
    let paging = paging(query.after, query.limit)?;
    let filter = if query.unread { NoticeFilter::Unread } else { NoticeFilter::All };
    Ok(Json(market.notices().list(&actor, filter, &paging).await?))
}

/// One of your notices
#[utoipa::path(get, path = "/notices/{id}", tag = "notices", security(("token" = [])),
    params(("id" = NoticeId, Path)), responses((status = 200, body = WithActions<Notice>)))]
async fn show(
    State(market): State<Market>,
    Caller(actor): Caller,
    At(id): At<NoticeId>,
    language: Language,
) -> Result<Living<WithActions<Notice>>, Problem> {
    let notice = market.notices().get(&actor, id).await?;
    let actions = Some(notice.actions());
    Ok(Living(notice.version(), WithActions::told(notice, actions, language)))
}

/// Note that you have read a notice
#[utoipa::path(post, path = "/notices/{id}/read", tag = "notices",
    security(("token" = [])), params(("id" = NoticeId, Path), Guards),
    responses((status = 200, body = Notice)))]
async fn read(
    State(market): State<Market>,
    Guarded(call): Guarded,
    At(id): At<NoticeId>,
) -> Result<Tagged<Notice>, Problem> {
    let notice = market.notices().read(&call, id).await?;
    Ok(Tagged(notice.version(), notice))
}

/// How many notices you have not read
#[utoipa::path(get, path = "/notices/unread", tag = "notices", security(("token" = [])),
    responses((status = 200, body = Unread)))]
async fn unread(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Unread>, Problem> {
    Ok(Json(market.notices().unread(&actor).await?))
}

/// Note that you have read this notice and all before it
#[utoipa::path(post, path = "/notices/{id}/read-up-to", tag = "notices",
    security(("token" = [])), params(("id" = NoticeId, Path), Key),
    responses((status = 200, body = Unread)))]
async fn read_up_to(
    State(market): State<Market>,
    Once(call): Once,
    At(id): At<NoticeId>,
) -> Result<Json<Unread>, Problem> {
    Ok(Json(market.notices().read_up_to(&call, id).await?))
}

/// Of what kinds of things you are told
#[utoipa::path(get, path = "/notices/preferences", tag = "notices", security(("token" = [])),
    responses((status = 200, body = Page<Preference>)))]
async fn preferences(
    State(market): State<Market>,
    Caller(actor): Caller,
) -> Result<Json<Page<Preference>>, Problem> {
    Ok(whole(market.notices().preferences(&actor).await?))
}

/// Say of what kinds of things you are told; those that are not named stay as they are
#[utoipa::path(put, path = "/notices/preferences", tag = "notices", security(("token" = [])),
    params(Key), request_body = Vec<Preference>,
    responses((status = 200, body = Page<Preference>)))]
async fn prefer(
    State(market): State<Market>,
    Once(call): Once,
    Input(given): Input<Vec<Preference>>,
) -> Result<Json<Page<Preference>>, Problem> {
    Ok(whole(market.notices().prefer(&call, &given).await?))
}
