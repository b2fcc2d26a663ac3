//! Where purchases and their notices are kept.

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{Notice, Purchase, PurchaseFilter, PurchaseState, SHOW, steps::Moved};
use crate::{
    Call, Error, Kind, Paging, Party, Refusal, Timestamp,
    code::{ItemCode, RegionCode},
    id::{ApplicantId, CaseId, PurchaseId},
    kernel::fund::Fund,
    rules::Clock,
    selection::Selection,
    store::{Db, OnDuplicate, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into purchases (id, case_id, item, item_version, applicant_id, region, fund, mode, \
        notice, selection, notice_number, predecessor, state, detail, since, due_at, live, \
        version, created_at, updated_at, due_on) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
        $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    MOVE = "\
        update purchases set mode = $2, notice = $3, selection = $4, notice_number = $5, \
        state = $6, detail = $7, since = $8, due_at = $9, live = $10, version = $11, \
        updated_at = $12, due_on = $13 where id = $1 and version = $11 - 1";
    BY_ID = "\
        select id, case_id, item, item_version, applicant_id, region, fund, notice, selection, \
        notice_number, predecessor, detail, since, version, created_at, updated_at \
        from purchases where id = $1";
    LIST = "\
        select id, case_id, item, item_version, applicant_id, region, fund, notice, selection, \
        notice_number, predecessor, detail, since, version, created_at, updated_at \
        from purchases where true";
    REPETITION = "\
        select id from purchases where predecessor = $1 and (live or state = 'draft')";
    DUE = "\
        select id from purchases where due_at <= $1 order by due_at, id limit $2";
    NEXT_DUE = "select min(due_at) from purchases where due_at is not null";
    INSERT_NOTICE = "\
        insert into purchase_notices (purchase_id, number, body, at) values ($1, $2, $3, $4)";
    NOTICE = "select body from purchase_notices where purchase_id = $1 and number = $2";
}

#[derive(FromRow)]
struct PurchaseRow {
    id: PurchaseId,
    case_id: CaseId,
    item: ItemCode,
    item_version: i64,
    applicant_id: ApplicantId,
    region: RegionCode,
    fund: Fund,
    notice: Json<Notice>,
    selection: Option<Json<Selection>>,
    notice_number: i64,
    predecessor: Option<PurchaseId>,
    detail: Json<PurchaseState>,
    since: Timestamp,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<PurchaseRow> for Purchase {
    fn from(row: PurchaseRow) -> Self {
        Self {
            id: row.id,
            case_id: row.case_id,
            item: row.item,
            item_version: row.item_version,
            applicant_id: row.applicant_id,
            region: row.region,
            fund: row.fund,
            notice: row.notice.0,
            selection: row.selection.map(|selection| selection.0),
            notice_number: row.notice_number,
            predecessor: row.predecessor,
            state: row.detail.0,
            since: row.since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Db {
    /// A purchase, whoever may know of it.
    pub(crate) async fn purchase(&self, id: PurchaseId) -> Result<Purchase, Error> {
        let row: Option<PurchaseRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Purchase::from).ok_or(Error::NotFound("purchase"))
    }

    /// A notice by its number.
    pub(super) async fn purchase_notice(
        &self,
        id: PurchaseId,
        number: i64,
    ) -> Result<Notice, Error> {
        let found: Option<(Json<Notice>,)> =
            self.query(NOTICE).bind(id).bind(number).optional().await?;
        found.map(|(body,)| body.0).ok_or(Error::NotFound("notice"))
    }

    /// Purchases that a party may know of, newest first, one more than a page holds.
    pub(super) async fn purchases(
        &self,
        party: Option<&Party>,
        filter: &PurchaseFilter,
        paging: &Paging,
    ) -> Result<Vec<Purchase>, Error> {
        let after: Option<PurchaseId> = paging.key()?;
        let list = self.query(LIST);
        let list = match (party, filter.own) {
            (Some(Party::Applicant(id)), true) => list.with(" and applicant_id = ", *id),
            (Some(Party::Agency(id)), true) => {
                let registered = " and id in (select purchase_id from registrations \
                                  where agency_id = ";
                list.with(registered, *id).push(")")
            }
            (Some(Party::Operator), _) => list.push(" and state <> 'draft'"),
            (Some(Party::Applicant(id)), false) => list
                .with(" and (state not in ('draft', 'in_review') or applicant_id = ", *id)
                .push(")"),
            _ => list.push(" and state not in ('draft', 'in_review')"),
        };
        let rows: Vec<PurchaseRow> = list
            .when(" and state = ", filter.state.as_deref())
            .when(" and item = ", filter.item.as_ref())
            .when(" and mode = ", filter.mode)
            .when(" and case_id = ", filter.case_id)
            .when(" and predecessor = ", filter.predecessor)
            .when(" and id < ", after)
            .with(" order by id desc limit ", paging.fetch())
            .all()
            .await?;
        Ok(rows.into_iter().map(Purchase::from).collect())
    }

    /// So many purchases that were drafted from an instant on, after one, by their ids.
    pub(crate) async fn purchases_since(
        &self,
        since: Timestamp,
        after: Option<PurchaseId>,
        limit: i64,
    ) -> Result<Vec<Purchase>, Error> {
        let list = self.query(LIST).with(" and created_at >= ", since).when(" and id > ", after);
        let rows: Vec<PurchaseRow> = list.with(" order by id limit ", limit).all().await?;
        Ok(rows.into_iter().map(Purchase::from).collect())
    }

    /// What repeats a purchase now.
    pub(super) async fn repetition(&self, of: PurchaseId) -> Result<Option<PurchaseId>, Error> {
        let found: Option<(PurchaseId,)> = self.query(REPETITION).bind(of).optional().await?;
        Ok(found.map(|(id,)| id))
    }

    /// Every purchase of some ids.
    pub(crate) async fn purchases_by_id(
        &self,
        ids: Vec<PurchaseId>,
    ) -> Result<Vec<Purchase>, Error> {
        let rows: Vec<PurchaseRow> = self.query(LIST).within(" and id in", ids).all().await?;
        Ok(rows.into_iter().map(Purchase::from).collect())
    }

    /// The purchases for which something is due at a time, the longest due first.
    pub(super) async fn due_purchases(
        &self,
        at: Timestamp,
        limit: i64,
    ) -> Result<Vec<PurchaseId>, Error> {
        let due: Vec<(PurchaseId,)> = self.query(DUE).bind(at).bind(limit).all().await?;
        Ok(due.into_iter().map(|(id,)| id).collect())
    }

    /// When the next purchase is due, if any is.
    pub(crate) async fn next_due_purchase(&self) -> Result<Option<Timestamp>, Error> {
        let (next,): (Option<Timestamp>,) = self.query(NEXT_DUE).one().await?;
        Ok(next)
    }
}

impl Tx {
    /// A purchase, as it is now.
    pub(crate) async fn purchase(&mut self, id: PurchaseId) -> Result<Purchase, Error> {
        let row: Option<PurchaseRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Purchase::from).ok_or(Error::NotFound("purchase"))
    }

    /// A purchase held until the change is done. From here on the unit of work happens at the
    /// time that the database says, so that no node's clock lets anything in late.
    pub(crate) async fn hold_purchase(&mut self, id: PurchaseId) -> Result<Purchase, Error> {
        let query = self.query(BY_ID).bind(id).pg(" for update");
        let row: Option<PurchaseRow> = query.optional().await?;
        let purchase = row.map(Purchase::from).ok_or(Error::NotFound("purchase"))?;
        self.settle_time().await?;
        Ok(purchase)
    }

    /// A purchase about to take a step by a call, with the clock of its region.
    pub(crate) async fn purchase_of(
        &mut self,
        call: &Call,
        id: PurchaseId,
    ) -> Result<(Purchase, Clock), Error> {
        let purchase = self.hold_purchase(id).await?;
        // Not even by its version is told that there is one.
        purchase.permits(SHOW, &call.actor)?;
        let purchase = purchase.expected(call)?;
        let clock = self.clock_of_purchase(&purchase).await?;
        Ok((purchase, clock))
    }

    /// The same, with the case held before it: wherever both are held, the case comes first.
    pub(crate) async fn purchase_with_case(
        &mut self,
        call: &Call,
        id: PurchaseId,
    ) -> Result<(Purchase, Clock), Error> {
        let case = self.purchase(id).await?.case_id;
        self.case_for_update(case).await?;
        self.purchase_of(call, id).await
    }

    /// The rules' clock where a purchase is.
    pub(crate) async fn clock_of_purchase(&mut self, of: &Purchase) -> Result<Clock, Error> {
        let region = self.region(&of.region).await?;
        self.clock(&region).await
    }

    /// Whether a purchase may be repeated, while its case is held.
    pub(super) async fn check_repeatable(&mut self, purchase: &Purchase) -> Result<(), Error> {
        purchase.check_repeatable()?;
        let found: Option<(PurchaseId,)> =
            self.query(REPETITION).bind(purchase.id).optional().await?;
        if found.is_some() { Err(Refusal::PurchaseRepeated.into()) } else { Ok(()) }
    }

    /// Saves a new purchase. The unique index on live repetitions keeps one from being repeated
    /// twice.
    pub(super) async fn insert_purchase(
        &mut self,
        moved: Moved,
        clock: &Clock,
    ) -> Result<Purchase, Error> {
        let Moved { purchase, from, event, reason, .. } = moved;
        self.query(INSERT)
            .bind(purchase.id)
            .bind(purchase.case_id)
            .bind(&purchase.item)
            .bind(purchase.item_version)
            .bind(purchase.applicant_id)
            .bind(&purchase.region)
            .bind(purchase.fund)
            .bind(purchase.notice.mode)
            .bind(Json(&purchase.notice))
            .bind(purchase.selection.as_ref().map(Json))
            .bind(purchase.notice_number)
            .bind(purchase.predecessor)
            .bind(purchase.state.name())
            .bind(Json(&purchase.state))
            .bind(purchase.since)
            .bind(purchase.state.due_at())
            .bind(purchase.state.is_live())
            .bind(purchase.version)
            .bind(purchase.created_at)
            .bind(purchase.updated_at)
            .bind(purchase.state.review_due())
            .execute()
            .await
            .on_duplicate(Refusal::PurchaseRepeated)?;
        self.insert_purchase_notice(&purchase).await?;
        self.record_purchase(&purchase, (from, event), reason, clock).await?;
        Ok(purchase)
    }

    /// Saves a step of a purchase with its journal entry. The unique index on live purchases keeps
    /// a requirement from being bought twice.
    pub(super) async fn save_purchase(
        &mut self,
        moved: Moved,
        clock: &Clock,
    ) -> Result<Purchase, Error> {
        let Moved { purchase, from, event, new_notice, reason } = moved;
        let saved = self
            .query(MOVE)
            .bind(purchase.id)
            .bind(purchase.notice.mode)
            .bind(Json(&purchase.notice))
            .bind(purchase.selection.as_ref().map(Json))
            .bind(purchase.notice_number)
            .bind(purchase.state.name())
            .bind(Json(&purchase.state))
            .bind(purchase.since)
            .bind(purchase.state.due_at())
            .bind(purchase.state.is_live())
            .bind(purchase.version)
            .bind(purchase.updated_at)
            .bind(purchase.state.review_due())
            .execute()
            .await
            .on_duplicate(Refusal::PurchaseUnderWay)?;
        if saved != 1 {
            return Err(Error::Stale("purchase"));
        }
        if new_notice {
            self.insert_purchase_notice(&purchase).await?;
        }
        self.record_purchase(&purchase, (from, event), reason, clock).await?;
        Ok(purchase)
    }

    async fn insert_purchase_notice(&mut self, purchase: &Purchase) -> Result<(), Error> {
        self.query(INSERT_NOTICE)
            .bind(purchase.id)
            .bind(purchase.notice_number)
            .bind(Json(&purchase.notice))
            .bind(purchase.updated_at)
            .execute()
            .await
            .map(drop)
    }

    async fn record_purchase(
        &mut self,
        purchase: &Purchase,
        (from, event): (Option<&'static str>, &'static str),
        reason: Option<String>,
        clock: &Clock,
    ) -> Result<(), Error> {
        let award = purchase.state.award();
        let (until, failure, reason) = match &purchase.state {
            PurchaseState::Publicity(state) => (Some(state.until), None, reason),
            PurchaseState::Failed(state) => (None, Some(state.failure), reason),
            PurchaseState::Voided(state) => (None, None, Some(state.reason.clone())),
            _ => (None, None, reason),
        };
        let data = json!({
            "item": purchase.item,
            "region": purchase.region,
            "title": purchase.notice.title,
            "mode": purchase.notice.mode,
            "notice": purchase.notice_number,
            "predecessor": purchase.predecessor,
            "agency": award.map(|award| award.agency_id),
            "amount": award.map(|award| award.amount),
            "place": award.map(|award| award.place),
            "until": until,
            "failure": failure,
            "reason": reason,
        });
        let entry = Entry::new(Kind::Purchase, &purchase.id, purchase.version, event)
            .case(purchase.case_id)
            .moved(from, purchase.state.name())
            .policy(clock.policy.version)
            .data(data);
        let entry = if purchase.state.is_public() { entry.public() } else { entry };
        self.record(entry, purchase.updated_at).await
    }
}
