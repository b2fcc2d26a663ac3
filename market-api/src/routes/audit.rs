//! `/api/v1/audit`: who did what to what when, for those who supervise.

use axum::{Json, extract::State};
use market_core::{
    Cursor, Day, Fault, Kind, Market, Page, Party,
    audit::{AuditEntry, AuditFilter},
    id::PersonId,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::PartyText;
use crate::{App, caller::Caller, page::paging, parameters::Parameters, problem::Problem};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only of things of this kind.
    kind: Option<Kind>,
    /// Only of the thing with this id or code, together with its `kind`.
    #[param(min_length = 1, max_length = 100, example = "open-restaurant")]
    object: Option<String>,
    /// Only what this person did; for the operator.
    person: Option<PersonId>,
    /// Only what was done on behalf of this party.
    #[param(value_type = Option<PartyText>)]
    party: Option<String>,
    /// Only from a day on.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-24")]
    since: Option<Day>,
    /// Only up to a day.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-24")]
    until: Option<Day>,
    /// The `next` of the page before.
    after: Option<Cursor>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl AuditQuery {
    fn filter(self) -> Result<AuditFilter, Problem> {
        let Self { kind, object, person, party, since, until, .. } = self;
        let party: Option<Party> = party.map(|party| party.parse()).transpose().map_err(|_| {
            let message = "must be a party such as department:fire-rescue";
            Problem::invalid(vec![Fault::new("party", "format", message)])
        })?;
        Ok(AuditFilter { kind, object, person, party, since, until })
    }
}

/// What happened, newest first, and who did it: to the operator everything that it may read of, to
/// a department what it takes part in and what is public, without persons
///
/// Registrations are left out, and so are details and who complains. A page may be empty and not
/// the last: as long as there is a `next`, ask on.
#[utoipa::path(get, path = "/audit", tag = "facts", security(("token" = [])),
    operation_id = "audit_list", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>)))]
async fn list(
    State(market): State<Market>,
    Caller(actor): Caller,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let paging = paging(query.after.clone(), query.limit)?;
    let filter = query.filter()?;
    Ok(Json(market.audit().list(&actor, &filter, &paging).await?))
}
