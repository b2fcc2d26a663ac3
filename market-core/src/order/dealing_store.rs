//! Where changes of contracts, milestones and payments are kept.

use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{
    AnyState, Order, Side,
    change::{ChangeState, NewChange, OrderChange},
    dealing::{Dealing, Dealings},
    milestone::{Milestone, MilestoneProgress, MilestoneState},
    payment::{Payment, PaymentState},
    sides::side_of,
    store::Held,
};
use crate::{
    Call, Day, Error, Kind, Money, Refusal, Timestamp,
    id::{OrderId, PaymentId},
    store::{Db, OnDuplicate, Query, Tx, journal::Entry, statements},
};

statements! {
    CHANGES = "\
        select number, body, proposed_by, proposed_at, state, decided_at, refusal \
        from order_changes where order_id = $1 order by number";
    INSERT_CHANGE = "\
        insert into order_changes (order_id, number, body, proposed_by, proposed_at, state) \
        values ($1, $2, $3, $4, $5, $6)";
    DECIDE_CHANGE = "\
        update order_changes set state = $3, refusal = $4, decided_at = $5 \
        where order_id = $1 and number = $2 and state = 'proposed'";
    MILESTONES = "\
        select milestone, note, reached_at, confirmed_at, earned_fen \
        from order_milestones where order_id = $1";
    INSERT_MILESTONE = "\
        insert into order_milestones (order_id, milestone, note, reached_at) \
        values ($1, $2, $3, $4)";
    CONFIRM_MILESTONE = "\
        update order_milestones set earned_fen = $3, confirmed_at = $4 \
        where order_id = $1 and milestone = $2 and confirmed_at is null";
    PAYMENTS = "\
        select id, order_id, number, amount_fen, paid_on, reference, note, state, recorded_at, \
        decided_at, dispute from payments where order_id = $1 order by number";
    INSERT_PAYMENT = "\
        insert into payments (id, order_id, number, amount_fen, paid_on, reference, note, state, \
        recorded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DECIDE_PAYMENT = "\
        update payments set state = $2, dispute = $3, decided_at = $4 where id = $1";
    AMEND = "\
        update orders set detail = $2, due_on = $3, version = $4, updated_at = $5 \
        where id = $1 and version = $4 - 1";
}

#[derive(FromRow)]
struct ChangeRow {
    number: i64,
    body: Json<NewChange>,
    proposed_by: Side,
    proposed_at: Timestamp,
    state: ChangeState,
    decided_at: Option<Timestamp>,
    refusal: Option<String>,
}

impl ChangeRow {
    fn of(self, order_id: OrderId) -> OrderChange {
        let Self { number, body, proposed_by, proposed_at, state, decided_at, refusal } = self;
        let (kind, change) = (body.kind(), body.0);
        OrderChange {
            order_id,
            number,
            kind,
            change,
            proposed_by,
            proposed_at,
            state,
            decided_at,
            refusal,
        }
    }
}

#[derive(FromRow)]
struct MilestoneRow {
    milestone: String,
    note: String,
    reached_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    earned_fen: Option<Money>,
}

#[derive(FromRow)]
struct PaymentRow {
    id: PaymentId,
    order_id: OrderId,
    number: i64,
    amount_fen: Money,
    paid_on: Day,
    reference: String,
    note: String,
    state: PaymentState,
    recorded_at: Timestamp,
    decided_at: Option<Timestamp>,
    dispute: Option<String>,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        let PaymentRow { id, order_id, number, amount_fen: amount, paid_on, .. } = row;
        let PaymentRow { reference, note, state, recorded_at, decided_at, dispute, .. } = row;
        Self {
            id,
            order_id,
            number,
            amount,
            paid_on,
            reference,
            note,
            state,
            recorded_at,
            decided_at,
            dispute,
        }
    }
}

/// The milestones of a contract, each with what is kept of it.
fn progress(milestones: &[Milestone], mut rows: Vec<MilestoneRow>) -> Vec<MilestoneProgress> {
    let one = |milestone: &Milestone| {
        let place = rows.iter().position(|row| row.milestone == milestone.key);
        let row = place.map(|place| rows.swap_remove(place));
        let state = match &row {
            None => MilestoneState::Planned,
            Some(MilestoneRow { confirmed_at: None, .. }) => MilestoneState::Reached,
            Some(_) => MilestoneState::Confirmed,
        };
        MilestoneProgress {
            milestone: milestone.clone(),
            state,
            reached_at: row.as_ref().map(|row| row.reached_at),
            confirmed_at: row.as_ref().and_then(|row| row.confirmed_at),
            earned: row.as_ref().and_then(|row| row.earned_fen),
            note: row.map(|row| row.note),
        }
    };
    milestones.iter().map(one).collect()
}

async fn changes(query: Query<'_>, order: OrderId) -> Result<Vec<OrderChange>, Error> {
    let rows: Vec<ChangeRow> = query.bind(order).all().await?;
    Ok(rows.into_iter().map(|row| row.of(order)).collect())
}

async fn milestones(query: Query<'_>, order: &Order) -> Result<Vec<MilestoneProgress>, Error> {
    let agreed = order.state.contract().map_or(&[][..], |contract| &contract.milestones);
    if agreed.is_empty() {
        return Ok(Vec::new());
    }
    Ok(progress(agreed, query.bind(order.id).all().await?))
}

async fn payments(query: Query<'_>, order: OrderId) -> Result<Vec<Payment>, Error> {
    let rows: Vec<PaymentRow> = query.bind(order).all().await?;
    Ok(rows.into_iter().map(Payment::from).collect())
}

impl Db {
    /// All that the two sides of an order have dealt with.
    pub(super) async fn dealings(&self, order: &Order) -> Result<Dealings, Error> {
        Ok(Dealings {
            changes: changes(self.query(CHANGES), order.id).await?,
            milestones: milestones(self.query(MILESTONES), order).await?,
            payments: payments(self.query(PAYMENTS), order.id).await?,
        })
    }
}

impl Tx {
    /// All that the two sides of an order have dealt with.
    pub(super) async fn dealings(&mut self, order: &Order) -> Result<Dealings, Error> {
        let changes = changes(self.query(CHANGES), order.id).await?;
        let milestones = milestones(self.query(MILESTONES), order).await?;
        let payments = payments(self.query(PAYMENTS), order.id).await?;
        Ok(Dealings { changes, milestones, payments })
    }

    /// An order whose side is about to deal with something, if it may.
    pub(super) async fn deal(
        &mut self,
        call: &Call,
        id: OrderId,
        dealing: Dealing,
    ) -> Result<(Held, Side, Dealings), Error> {
        let held = self.hold_order(call, id).await?;
        let side = side_of(&call.actor, &held.order)?;
        let done = self.dealings(&held.order).await?;
        held.order.check_dealing(dealing, side, &done)?;
        Ok((held, side, done))
    }

    pub(super) async fn insert_change(&mut self, change: &OrderChange) -> Result<(), Error> {
        let insert = self
            .query(INSERT_CHANGE)
            .bind(change.order_id)
            .bind(change.number)
            .bind(Json(&change.change))
            .bind(change.proposed_by)
            .bind(change.proposed_at)
            .bind(change.state);
        insert.execute().await.on_duplicate(Refusal::ChangeOpen).map(drop)
    }

    pub(super) async fn decide_change(
        &mut self,
        change: &OrderChange,
        state: ChangeState,
        refusal: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let decide = self.query(DECIDE_CHANGE).bind(change.order_id).bind(change.number);
        let decided = decide.bind(state).bind(refusal).bind(at).execute().await?;
        if decided == 1 { Ok(()) } else { Err(Error::Stale("change")) }
    }

    pub(super) async fn insert_milestone(
        &mut self,
        order: OrderId,
        key: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<(), Error> {
        let insert = self.query(INSERT_MILESTONE).bind(order).bind(key).bind(note).bind(at);
        insert.execute().await.on_duplicate(Refusal::MilestoneReached).map(drop)
    }

    pub(super) async fn confirm_milestone(
        &mut self,
        order: OrderId,
        key: &str,
        earned: Money,
        at: Timestamp,
    ) -> Result<(), Error> {
        let confirm = self.query(CONFIRM_MILESTONE).bind(order).bind(key).bind(earned).bind(at);
        let confirmed = confirm.execute().await?;
        if confirmed == 1 { Ok(()) } else { Err(Error::Stale("milestone")) }
    }

    pub(super) async fn insert_payment(&mut self, payment: &Payment) -> Result<(), Error> {
        self.query(INSERT_PAYMENT)
            .bind(payment.id)
            .bind(payment.order_id)
            .bind(payment.number)
            .bind(payment.amount)
            .bind(payment.paid_on)
            .bind(&payment.reference)
            .bind(&payment.note)
            .bind(payment.state)
            .bind(payment.recorded_at)
            .execute()
            .await
            .map(drop)
    }

    pub(super) async fn decide_payment(
        &mut self,
        payment: PaymentId,
        state: PaymentState,
        dispute: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let decide = self.query(DECIDE_PAYMENT).bind(payment).bind(state).bind(dispute).bind(at);
        let decided = decide.execute().await?;
        if decided == 1 { Ok(()) } else { Err(Error::Stale("payment")) }
    }

    /// Saves an order one version on, in the state that it was in, with its journal entry.
    pub(super) async fn save_dealing(
        &mut self,
        order: &Order,
        held: &Held,
        event: &'static str,
        data: Value,
    ) -> Result<(), Error> {
        let amend = self
            .query(AMEND)
            .bind(order.id)
            .bind(Json(&order.state))
            .bind(order.state.due())
            .bind(order.version)
            .bind(order.updated_at);
        if amend.execute().await? != 1 {
            return Err(Error::Stale("order"));
        }
        let state = AnyState::name(&order.state);
        let entry = Entry::new(Kind::Order, &order.id, order.version, event)
            .case(order.terms.case_id)
            .moved(Some(state), state)
            .policy(held.clock.policy.version)
            .data(data);
        self.record(entry, order.updated_at).await
    }
}
