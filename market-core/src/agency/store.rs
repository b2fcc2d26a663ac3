//! Where agencies are kept.

use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    Agency, AgencyFilter, AgencyState, Origin, Profile, Standing,
    state::{Moved, Suspended},
};
use crate::{
    Actor, Day, Error, Kind, Page, Paging, Refusal, Timestamp, Uscc,
    code::RegionCode,
    id::{AgencyId, OrderId},
    store::{Db, OnDuplicate, Query, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into agencies (id, uscc, name, region, profile, origin, state, suspended_until, \
        detail, version, created_at, updated_at, due_on) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    MOVE = "\
        update agencies set version = $2, name = $3, region = $4, profile = $5, origin = $6, \
        state = $7, suspended_until = $8, detail = $9, updated_at = $10, due_on = $11 \
        where id = $1 and version = $2 - 1";
    BY_ID = "\
        select id, uscc, name, region, profile, origin, detail, version, created_at, updated_at \
        from agencies where id = $1";
    ALL = "\
        select id, uscc, name, region, profile, origin, detail, version, created_at, updated_at \
        from agencies";
    SEEN_BY = "\
        select id, uscc, name, region, profile, origin, detail, version, created_at, updated_at \
        from agencies where (state in ('admitted', 'suspended', 'exited') or id = $1 or $2)";
    IDS = "select id from agencies where id > $1 order by id limit $2";
    DEMONSTRATION = "select id from agencies where origin = 'demonstration' limit 1";
    OPEN_ORDER = "\
        select id from orders where agency_id = $1 and live and state <> 'completed' limit 1";
}

#[derive(FromRow)]
struct AgencyRow {
    id: AgencyId,
    uscc: Uscc,
    name: String,
    region: RegionCode,
    profile: Json<Profile>,
    origin: Origin,
    detail: Json<AgencyState>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<AgencyRow> for Agency {
    fn from(row: AgencyRow) -> Self {
        Self {
            id: row.id,
            uscc: row.uscc,
            name: row.name,
            region: row.region,
            profile: row.profile.0,
            origin: row.origin,
            state: row.detail.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

async fn agency(query: Query<'_>) -> Result<Agency, Error> {
    let row: Option<AgencyRow> = query.optional().await?;
    row.map(Agency::from).ok_or(Error::NotFound("agency"))
}

/// Every agency, in the order of their codes.
async fn all(query: Query<'_>) -> Result<Vec<Agency>, Error> {
    let rows: Vec<AgencyRow> = query.all().await?;
    let mut agencies: Vec<Agency> = rows.into_iter().map(Agency::from).collect();
    agencies.sort_unstable_by(|one, other| one.uscc.cmp(&other.uscc));
    Ok(agencies)
}

const fn suspended_until(state: &AgencyState) -> Option<Day> {
    match state {
        AgencyState::Suspended(Suspended { until, .. }) => Some(*until),
        _ => None,
    }
}

impl Tx {
    /// An agency that this unit of work changes, as of today.
    pub(crate) async fn agency(&mut self, id: AgencyId) -> Result<Agency, Error> {
        let today = self.at.day();
        let query = self.query(BY_ID).bind(id).pg(" for update");
        Ok(agency(query).await?.as_of(today))
    }

    /// An agency that must stay as it is until this unit of work is done, as of today.
    pub(crate) async fn agency_shared(&mut self, id: AgencyId) -> Result<Agency, Error> {
        let today = self.at.day();
        let query = self.query(BY_ID).bind(id).pg(" for share");
        Ok(agency(query).await?.as_of(today))
    }

    /// Every agency in every state as it is stored, in the order of their codes.
    pub(crate) async fn all_agencies(&mut self) -> Result<Vec<Agency>, Error> {
        all(self.query(ALL)).await
    }

    /// Saves a new agency.
    pub(super) async fn insert_agency(
        &mut self,
        moved: Moved<impl Into<AgencyState>>,
    ) -> Result<Agency, Error> {
        let moved = moved.any();
        let agency = &moved.agency;
        self.query(INSERT)
            .bind(agency.id)
            .bind(&agency.uscc)
            .bind(&agency.name)
            .bind(&agency.region)
            .bind(Json(&agency.profile))
            .bind(agency.origin)
            .bind(agency.state.name())
            .bind(suspended_until(&agency.state))
            .bind(Json(&agency.state))
            .bind(agency.version)
            .bind(agency.created_at)
            .bind(agency.updated_at)
            .bind(agency.state.check_due())
            .execute()
            .await
            .on_duplicate(Refusal::AgencyExists)?;
        self.record_agency(moved).await
    }

    /// Saves a move, unless the agency has moved since it was read.
    pub(super) async fn save_agency(
        &mut self,
        moved: Moved<impl Into<AgencyState>>,
    ) -> Result<Agency, Error> {
        let mut moved = moved.any();
        moved.agency.updated_at = self.at_after(moved.agency.updated_at);
        let agency = &moved.agency;
        let saved = self
            .query(MOVE)
            .bind(agency.id)
            .bind(agency.version)
            .bind(&agency.name)
            .bind(&agency.region)
            .bind(Json(&agency.profile))
            .bind(agency.origin)
            .bind(agency.state.name())
            .bind(suspended_until(&agency.state))
            .bind(Json(&agency.state))
            .bind(agency.updated_at)
            .bind(agency.state.check_due())
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("agency"));
        }
        self.record_agency(moved).await
    }

    async fn record_agency(&mut self, moved: Moved<AgencyState>) -> Result<Agency, Error> {
        let Moved { agency, old, event, policy, data } = moved;
        let standing = agency.state.standing();
        let mut entry = Entry::new(Kind::Agency, &agency.id, agency.version, event)
            .moved(old, standing.as_str())
            .data(data);
        if let Some(version) = policy {
            entry = entry.policy(version);
        }
        if standing.is_public() {
            entry = entry.public();
        }
        self.record(entry, agency.updated_at).await?;
        Ok(agency)
    }

    /// Whether an order of an agency is still open.
    pub(super) async fn has_open_orders(&mut self, id: AgencyId) -> Result<bool, Error> {
        let open: Option<(OrderId,)> = self.query(OPEN_ORDER).bind(id).optional().await?;
        Ok(open.is_some())
    }
}

impl Db {
    /// An agency as it is stored: a suspension may be over.
    pub(super) async fn agency(&self, id: AgencyId) -> Result<Agency, Error> {
        agency(self.query(BY_ID).bind(id)).await
    }

    /// Every agency in every state as it is stored, in the order of their codes.
    pub(crate) async fn all_agencies(&self) -> Result<Vec<Agency>, Error> {
        all(self.query(ALL)).await
    }

    /// Whether any agency is made up.
    pub(super) async fn any_demonstration(&self) -> Result<bool, Error> {
        let made_up: Option<(AgencyId,)> = self.query(DEMONSTRATION).optional().await?;
        Ok(made_up.is_some())
    }

    /// A page of the agencies that an actor may know of, as they are stored, the latest first.
    pub(super) async fn agencies(
        &self,
        actor: Option<&Actor>,
        filter: &AgencyFilter,
        paging: &Paging,
        today: Day,
    ) -> Result<Page<Agency>, Error> {
        let own = actor.and_then(|actor| actor.agency().ok());
        let everything = actor.is_some_and(|actor| actor.operator().is_ok());
        let query = self.query(SEEN_BY).bind(own).bind(everything);
        let query = match filter.state {
            None => query,
            Some(Standing::Suspended) => query.with(" and suspended_until >= ", today),
            Some(Standing::Admitted) => {
                query.with(" and (state = 'admitted' or suspended_until < ", today).push(")")
            }
            Some(standing) => query.with(" and state = ", standing),
        };
        let query = query.when(" and id < ", paging.key::<AgencyId>()?);
        let rows: Vec<AgencyRow> =
            query.with(" order by id desc limit ", paging.fetch()).all().await?;
        let agencies = rows.into_iter().map(Agency::from).collect();
        Ok(paging.page(agencies, |agency: &Agency| agency.id.to_string()))
    }

    /// Agencies as they are stored, in the order of their codes: a suspension may be over
    /// ([`Agency::trades_on`]).
    pub(crate) async fn agencies_by_id(&self, ids: &[AgencyId]) -> Result<Vec<Agency>, Error> {
        all(self.query(ALL).within(" where id in", ids)).await
    }

    /// The agencies after one, in the order of their ids.
    pub(crate) async fn agency_ids(
        &self,
        after: Option<AgencyId>,
        limit: i64,
    ) -> Result<Vec<AgencyId>, Error> {
        let after = after.unwrap_or(AgencyId(Uuid::nil()));
        let ids: Vec<(AgencyId,)> = self.query(IDS).bind(after).bind(limit).all().await?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }
}
