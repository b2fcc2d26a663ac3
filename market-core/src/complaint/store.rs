//! Where complaints are kept.

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{Complaint, ComplaintFilter, ComplaintState, Letter, state::Moved};
use crate::{
    Error, Kind, Paging, Party, Refusal, Timestamp,
    code::DepartmentCode,
    id::{ApplicantId, ComplaintId, PurchaseId},
    rules::Clock,
    store::{Db, OnDuplicate, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into complaints (id, number, purchase_id, owner_id, complainant, handler, letter, \
        state, detail, since, due_at, live, version, created_at, updated_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    MOVE = "\
        update complaints set state = $2, detail = $3, since = $4, due_at = $5, live = $6, \
        version = $7, updated_at = $8 where id = $1 and version = $7 - 1";
    BY_ID = "\
        select id, number, purchase_id, owner_id, complainant, handler, letter, detail, since, \
        version, created_at, updated_at from complaints where id = $1";
    INVESTIGATED = "\
        select id, number, purchase_id, owner_id, complainant, handler, letter, detail, since, \
        version, created_at, updated_at from complaints \
        where purchase_id = $1 and state = 'investigating' order by id limit 1";
    UNDECIDED = "\
        select id, number, purchase_id, owner_id, complainant, handler, letter, detail, since, \
        version, created_at, updated_at from complaints \
        where purchase_id = $1 and state in ('filed', 'investigating') order by id limit 1";
    LIST = "\
        select id, number, purchase_id, owner_id, complainant, handler, letter, detail, since, \
        version, created_at, updated_at from complaints where true";
    TO_STOP = "\
        select id from purchases where state in ('publicity', 'awarded') and id in \
        (select purchase_id from complaints where state = 'investigating') order by id limit $1";
}

#[derive(FromRow)]
struct ComplaintRow {
    id: ComplaintId,
    number: String,
    purchase_id: PurchaseId,
    owner_id: ApplicantId,
    complainant: String,
    handler: DepartmentCode,
    letter: Json<Letter>,
    detail: Json<ComplaintState>,
    since: Timestamp,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<ComplaintRow> for Complaint {
    fn from(row: ComplaintRow) -> Self {
        let state = row.detail.0;
        Self {
            id: row.id,
            number: row.number,
            purchase_id: row.purchase_id,
            owner_id: row.owner_id,
            handler: row.handler,
            complainant: row.complainant.parse().ok(),
            letter: Some(row.letter.0),
            due_at: state.due_at(),
            state,
            since: row.since,
            overdue: false,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Db {
    /// A complaint, whoever may know of it.
    pub(crate) async fn complaint(&self, id: ComplaintId) -> Result<Complaint, Error> {
        let row: Option<ComplaintRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Complaint::from).ok_or(Error::NotFound("complaint"))
    }

    /// The complaints that a party may know of, newest first, one more than a page holds.
    pub(super) async fn complaints(
        &self,
        party: &Party,
        filter: &ComplaintFilter,
        now: Timestamp,
        paging: &Paging,
    ) -> Result<Vec<Complaint>, Error> {
        let after: Option<ComplaintId> = paging.key()?;
        let list = self.query(LIST);
        let list = match party {
            Party::Operator => list,
            Party::Department(code) => list.with(" and handler = ", code.clone()),
            Party::Agency(_) => list.with(" and complainant = ", party.to_string()),
            Party::Applicant(id) => list
                .with(" and (complainant = ", party.to_string())
                .with(" or state in ('investigating', 'upheld', 'dismissed') and owner_id = ", *id)
                .push(")"),
        };
        let rows: Vec<ComplaintRow> = list
            .when(" and state = ", filter.state.as_deref())
            .when(" and purchase_id = ", filter.purchase_id)
            .when(" and due_at <= ", filter.overdue.then_some(now))
            .when(" and id < ", after)
            .with(" order by id desc limit ", paging.fetch())
            .all()
            .await?;
        Ok(rows.into_iter().map(Complaint::from).collect())
    }

    /// Purchases with an award that runs on, though a complaint about them is investigated.
    pub(super) async fn purchases_to_stop(&self, limit: i64) -> Result<Vec<PurchaseId>, Error> {
        let found: Vec<(PurchaseId,)> = self.query(TO_STOP).bind(limit).all().await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }
}

impl Tx {
    /// A complaint, as it is now. Whoever changes one holds its purchase.
    pub(super) async fn complaint(&mut self, id: ComplaintId) -> Result<Complaint, Error> {
        let row: Option<ComplaintRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Complaint::from).ok_or(Error::NotFound("complaint"))
    }

    /// The first of the complaints about a purchase that are investigated.
    pub(super) async fn first_investigated(
        &mut self,
        purchase: PurchaseId,
    ) -> Result<Option<Complaint>, Error> {
        let row: Option<ComplaintRow> = self.query(INVESTIGATED).bind(purchase).optional().await?;
        Ok(row.map(Complaint::from))
    }

    /// The first of the complaints about a purchase that nobody has answered or decided.
    pub(crate) async fn first_undecided(
        &mut self,
        purchase: PurchaseId,
    ) -> Result<Option<Complaint>, Error> {
        let row: Option<ComplaintRow> = self.query(UNDECIDED).bind(purchase).optional().await?;
        Ok(row.map(Complaint::from))
    }

    /// Saves a new complaint. The unique index on live complaints keeps a party from having two
    /// about one purchase.
    pub(super) async fn insert_complaint(
        &mut self,
        moved: Moved,
        letter: &Letter,
        clock: &Clock,
    ) -> Result<Complaint, Error> {
        let complaint = &moved.complaint;
        self.query(INSERT)
            .bind(complaint.id)
            .bind(&complaint.number)
            .bind(complaint.purchase_id)
            .bind(complaint.owner_id)
            .bind(complaint.complainant.as_ref().map(ToString::to_string))
            .bind(&complaint.handler)
            .bind(Json(letter))
            .bind(complaint.state.name())
            .bind(Json(&complaint.state))
            .bind(complaint.since)
            .bind(complaint.due_at)
            .bind(complaint.state.is_live())
            .bind(complaint.version)
            .bind(complaint.created_at)
            .bind(complaint.updated_at)
            .execute()
            .await
            .on_duplicate(Refusal::ComplaintExists)?;
        self.record_complaint(moved, clock).await
    }

    /// Saves a step of a complaint with its journal entry.
    pub(super) async fn save_complaint(
        &mut self,
        moved: Moved,
        clock: &Clock,
    ) -> Result<Complaint, Error> {
        let complaint = &moved.complaint;
        let saved = self
            .query(MOVE)
            .bind(complaint.id)
            .bind(complaint.state.name())
            .bind(Json(&complaint.state))
            .bind(complaint.since)
            .bind(complaint.state.due_at())
            .bind(complaint.state.is_live())
            .bind(complaint.version)
            .bind(complaint.updated_at)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("complaint"));
        }
        self.record_complaint(moved, clock).await
    }

    /// The entry names no case, so that nobody who reads a case's history meets a complainant.
    async fn record_complaint(&mut self, moved: Moved, clock: &Clock) -> Result<Complaint, Error> {
        let Moved { complaint, from, event } = moved;
        let data = json!({ "number": complaint.number, "purchase": complaint.purchase_id });
        let entry = Entry::new(Kind::Complaint, &complaint.id, complaint.version, event)
            .moved(from, complaint.state.name())
            .policy(clock.policy.version)
            .data(data);
        self.record(entry, complaint.updated_at).await?;
        let due_at = complaint.state.due_at();
        Ok(Complaint { due_at, ..complaint })
    }
}
