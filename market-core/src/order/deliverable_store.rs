//! Where deliverables are recorded; their content is in the file store.

use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{Deliverable, HandedOver, Order};
use crate::{
    Error, Kind, Timestamp,
    file::ScanState,
    id::{DeliverableId, OrderId, PersonId},
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into deliverables (id, order_id, number, name, media_type, size, sha256, \
        uploaded_by, uploaded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    OF_ORDER = "\
        select d.id, d.order_id, d.number, d.name, d.media_type, d.size, d.sha256, d.uploaded_by, \
        d.uploaded_at, d.handed_over, s.state as scan \
        from deliverables d left join file_scans s on s.sha256 = d.sha256 \
        where d.order_id = $1 order by d.number";
    OF_CONTENT = "\
        select order_id, number from deliverables where sha256 = $1 order by order_id, number";
    AWAIT_OLDER = "\
        insert into file_scans (sha256, state, tries, due_at) \
        select sha256, 'waiting', 0, min(uploaded_at) from deliverables where not exists \
        (select 1 from file_scans s where s.sha256 = deliverables.sha256) group by sha256 \
        on conflict do nothing";
    LAST = "select coalesce(max(number), 0) from deliverables where order_id = $1";
    SHA256 = "select sha256 from deliverables where order_id = $1 and number = $2";
    HAND_OVER = "\
        update deliverables set handed_over = $3 where order_id = $1 and number = $2";
    TOUCH_ORDER = "\
        update orders set version = $2, updated_at = $3 where id = $1 and version = $2 - 1";
}

#[derive(FromRow)]
struct DeliverableRow {
    id: DeliverableId,
    order_id: OrderId,
    number: i64,
    name: String,
    media_type: String,
    size: i64,
    sha256: String,
    uploaded_by: PersonId,
    uploaded_at: Timestamp,
    handed_over: Option<Json<HandedOver>>,
    scan: Option<ScanState>,
}

impl From<DeliverableRow> for Deliverable {
    fn from(row: DeliverableRow) -> Self {
        let DeliverableRow { id, order_id, number, name, media_type, size, .. } = row;
        let DeliverableRow { sha256, uploaded_by, uploaded_at, handed_over, scan, .. } = row;
        Self {
            id,
            order_id,
            number,
            name,
            media_type,
            size,
            sha256,
            uploaded_by,
            uploaded_at,
            handed_over: handed_over.map(|Json(handed_over)| handed_over),
            scan,
        }
    }
}

impl Db {
    pub(super) async fn deliverables(&self, order: OrderId) -> Result<Vec<Deliverable>, Error> {
        let rows: Vec<DeliverableRow> = self.query(OF_ORDER).bind(order).all().await?;
        Ok(rows.into_iter().map(Deliverable::from).collect())
    }
}

impl Tx {
    pub(super) async fn last_deliverable(&mut self, order: OrderId) -> Result<i64, Error> {
        self.query(LAST).bind(order).one::<(i64,)>().await.map(|(last,)| last)
    }

    /// The digest of what was uploaded under a number.
    pub(super) async fn deliverable_sha256(
        &mut self,
        order: OrderId,
        number: i64,
    ) -> Result<Option<String>, Error> {
        let found: Option<(String,)> =
            self.query(SHA256).bind(order).bind(number).optional().await?;
        Ok(found.map(|(sha256,)| sha256))
    }

    /// Has every file wait for its scan that came in before there was a scanner.
    pub(super) async fn await_scans_of_older(&mut self) -> Result<(), Error> {
        self.query(AWAIT_OLDER).execute().await.map(drop)
    }

    /// Records that a file is withheld, as a change of every order that it was uploaded to.
    pub(super) async fn withhold(&mut self, sha256: &str, found: &str) -> Result<(), Error> {
        let all: Vec<(OrderId, i64)> = self.query(OF_CONTENT).bind(sha256).all().await?;
        for (id, number) in all {
            let order = self.hold_order_still(id).await?;
            let data = json!({ "number": number, "sha256": sha256, "found": found });
            self.touch_order(&order, "deliverable_withheld", data).await?;
        }
        Ok(())
    }

    /// Keeps who handed a deliverable over.
    pub(super) async fn keep_handed_over(
        &mut self,
        order: OrderId,
        number: i64,
        by: &HandedOver,
    ) -> Result<(), Error> {
        let query = self.query(HAND_OVER).bind(order).bind(number).bind(Json(by));
        query.execute().await.map(drop)
    }

    /// Records a deliverable as a change of its order.
    pub(super) async fn insert_deliverable(
        &mut self,
        deliverable: &Deliverable,
        order: &Order,
    ) -> Result<(), Error> {
        self.query(INSERT)
            .bind(deliverable.id)
            .bind(deliverable.order_id)
            .bind(deliverable.number)
            .bind(&deliverable.name)
            .bind(&deliverable.media_type)
            .bind(deliverable.size)
            .bind(&deliverable.sha256)
            .bind(deliverable.uploaded_by)
            .bind(deliverable.uploaded_at)
            .execute()
            .await?;
        let data = json!({ "number": deliverable.number, "sha256": deliverable.sha256 });
        self.touch_order(order, "deliverable_uploaded", data).await
    }

    /// Records what happens to an order's files as a change of the order.
    async fn touch_order(
        &mut self,
        order: &Order,
        event: &'static str,
        data: Value,
    ) -> Result<(), Error> {
        let (version, at) = (order.version + 1, self.at_after(order.updated_at));
        let touched = self.query(TOUCH_ORDER).bind(order.id).bind(version).bind(at);
        if touched.execute().await? != 1 {
            return Err(Error::Stale("order"));
        }
        let entry = Entry::new(Kind::Order, &order.id, version, event)
            .case(order.terms.case_id)
            .moved(Some(order.state.name()), order.state.name())
            .data(data);
        self.record(entry, at).await
    }
}
