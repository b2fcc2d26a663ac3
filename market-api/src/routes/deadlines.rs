//! `/api/v1/deadlines`: who holds what until when.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Day, Fault, Market, Page,
    deadline::{Deadline, DeadlineFilter, DeadlineKind, Window},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, caller::Caller, page::paging, parameters::Parameters, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// The most hours ahead that may be asked for: ten years.
const MOST_HOURS: u32 = 87_600;

/// Which deadlines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadlinesQuery {
    /// Only those of this kind.
    kind: Option<DeadlineKind>,
    /// Only those that have passed.
    #[serde(default)]
    #[param(required = false, default = false)]
    overdue: bool,
    /// Only those that pass within so many hours; not together with `overdue`.
    #[param(minimum = 1, maximum = 87600)]
    within_hours: Option<u32>,
    /// Only those that pass on this day or later; not together with `overdue` or `within_hours`.
    from: Option<Day>,
    /// Only those that pass on this day or earlier; not together with `overdue` or `within_hours`.
    to: Option<Day>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl DeadlinesQuery {
    fn window(&self) -> Result<Window, Problem> {
        let fault = |at, code, message: &str| Problem::invalid(vec![Fault::new(at, code, message)]);
        let wrong = |code, message| fault("within_hours", code, message);
        let days = [("from", self.from), ("to", self.to)];
        if let Some((at, _)) = days.into_iter().find(|(_, day)| day.is_some()) {
            if self.overdue || self.within_hours.is_some() {
                return Err(fault(at, "choice", "not together with overdue or within_hours"));
            }
            if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
                return Err(fault("to", "order", "must not be before from"));
            }
            return Ok(Window::Days(self.from, self.to));
        }
        match (self.overdue, self.within_hours) {
            (true, Some(_)) => Err(wrong("choice", "not together with overdue")),
            (true, None) => Ok(Window::Overdue),
            (false, None) => Ok(Window::Any),
            (false, Some(hours @ 1..=MOST_HOURS)) => Ok(Window::Within(hours)),
            (false, Some(_)) => Err(wrong("range", "must be from 1 to 87600")),
        }
    }
}

/// What your party takes part in and has to be done by a time, the earliest first, with who holds
/// it and what happens by itself then; the operator sees all
#[utoipa::path(get, path = "/deadlines", tag = "facts", security(("token" = [])),
    operation_id = "deadlines_list", params(DeadlinesQuery),
    responses((status = 200, body = Page<Deadline>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<DeadlinesQuery>,
) -> Result<Json<Page<Deadline>>, Problem> {
    let window = query.window()?;
    let paging = paging(query.after, query.limit)?;
    let filter = DeadlineFilter { kind: query.kind, window };
    Ok(Json(market.deadlines().list(&actor, &filter, &paging).await?))
}
