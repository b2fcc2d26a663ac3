//! What people are told.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Market, Page,
    id::NoticeId,
    saved_search::{Notice, NoticeFilter},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::WithActions;
use crate::{
    App,
    call::{Guarded, Guards},
    caller::Caller,
    page::paging,
    parameters::{At, Parameters},
    problem::{Language, Problem},
    tagged::{Living, Tagged},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(read))
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

/// What is new and found by your saved searches, newest first
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
