//! Where deliverables are recorded; their content is in the file store.

use serde_json::json;
use sqlx::FromRow;

use super::{Deliverable, Order};
use crate::{
    Error, Kind, Timestamp,
    id::{DeliverableId, OrderId, PersonId},
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into deliverables (id, order_id, number, name, media_type, size, sha256, \
        uploaded_by, uploaded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    OF_ORDER = "\
        select id, order_id, number, name, media_type, size, sha256, uploaded_by, uploaded_at \
        from deliverables where order_id = $1 order by number";
    LAST = "select coalesce(max(number), 0) from deliverables where order_id = $1";
    HAS = "select number from deliverables where order_id = $1 and number = $2";
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
}

impl From<DeliverableRow> for Deliverable {
    fn from(row: DeliverableRow) -> Self {
        let DeliverableRow { id, order_id, number, name, media_type, size, .. } = row;
        let DeliverableRow { sha256, uploaded_by, uploaded_at, .. } = row;
        Self { id, order_id, number, name, media_type, size, sha256, uploaded_by, uploaded_at }
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

    pub(super) async fn has_deliverable(
        &mut self,
        order: OrderId,
        number: i64,
    ) -> Result<bool, Error> {
        let found: Option<(i64,)> = self.query(HAS).bind(order).bind(number).optional().await?;
        Ok(found.is_some())
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
        let (version, at) = (order.version + 1, self.at_after(order.updated_at));
        let touched = self.query(TOUCH_ORDER).bind(order.id).bind(version).bind(at);
        if touched.execute().await? != 1 {
            return Err(Error::Stale("order"));
        }
        let data = json!({ "number": deliverable.number, "sha256": deliverable.sha256 });
        let entry = Entry::new(Kind::Order, &order.id, version, "deliverable_uploaded")
            .case(order.terms.case_id)
            .moved(Some(order.state.name()), order.state.name())
            .data(data);
        self.record(entry, at).await
    }
}
