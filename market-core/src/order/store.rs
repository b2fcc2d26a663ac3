//! Where orders are kept.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{AnyState, Contract, Order, OrderFilter, OrderTerms, standing::Mark, steps::Moved};
use crate::{
    Call, Error, Kind, Money, Paging, Party, Refusal, Timestamp,
    case::Case,
    code::ItemCode,
    id::{AgencyId, ApplicantId, CaseId, ListingId, OrderId, PurchaseId},
    matter::Matter,
    rules::Clock,
    store::{Db, Meaning, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into orders (id, case_id, item, item_version, listing_id, listing_number, \
        agency_id, applicant_id, amount_fen, service_days, policy_version, state, detail, since, \
        due_on, live, version, placed_at, updated_at, purchase_id, lapses) values ($1, $2, $3, $4, $5, \
        $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    MOVE = "\
        update orders set state = $2, detail = $3, since = $4, due_on = $5, live = $6, \
        version = $7, updated_at = $8, times_returned = times_returned + $9, \
        times_late = times_late + $10, failed = $11, lapses = $12 where id = $1 and version = $7 - 1";
    BY_ID = "\
        select id, case_id, item, item_version, listing_id, listing_number, purchase_id, \
        agency_id, applicant_id, amount_fen, service_days, policy_version, detail, since, \
        version, placed_at, updated_at from orders where id = $1";
    LIST = "\
        select id, case_id, item, item_version, listing_id, listing_number, purchase_id, \
        agency_id, applicant_id, amount_fen, service_days, policy_version, detail, since, \
        version, placed_at, updated_at from orders where true";
    CASE_OF = "select case_id from orders where id = $1";
    DUE = "\
        select id from orders where lapses and due_on < $1 order by due_on, id limit $2";
    TOTALS = "select state, cast(count(*) as bigint) from orders group by state";
}

/// How many orders are in each state, by the state's name.
pub type OrderTotals = BTreeMap<String, i64>;

#[derive(FromRow)]
struct OrderRow {
    id: OrderId,
    case_id: CaseId,
    item: ItemCode,
    item_version: i64,
    listing_id: Option<ListingId>,
    listing_number: Option<i64>,
    purchase_id: Option<PurchaseId>,
    agency_id: AgencyId,
    applicant_id: ApplicantId,
    amount_fen: Money,
    service_days: i64,
    policy_version: i64,
    detail: Json<AnyState>,
    since: Timestamp,
    version: i64,
    placed_at: Timestamp,
    updated_at: Timestamp,
}

impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        let terms = OrderTerms {
            case_id: row.case_id,
            item: row.item,
            item_version: row.item_version,
            listing_id: row.listing_id,
            listing_number: row.listing_number,
            purchase_id: row.purchase_id,
            agency_id: row.agency_id,
            applicant_id: row.applicant_id,
            amount: row.amount_fen,
            service_days: u32::try_from(row.service_days).unwrap_or(0),
            policy_version: row.policy_version,
        };
        Self {
            id: row.id,
            terms,
            state: row.detail.0,
            since: row.since,
            version: row.version,
            placed_at: row.placed_at,
            updated_at: row.updated_at,
        }
    }
}

/// An order about to take a step, with its case held until the step is done.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) order: Order,
    pub(crate) case: Case,
    pub(crate) matter: Matter,
    pub(crate) clock: Clock,
}

impl Db {
    /// An order, whoever is party to it.
    pub(crate) async fn order(&self, id: OrderId) -> Result<Order, Error> {
        let row: Option<OrderRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Order::from).ok_or(Error::NotFound("order"))
    }

    /// A party's orders, newest first, one more than a page holds.
    pub(super) async fn orders(
        &self,
        party: &Party,
        filter: &OrderFilter,
        paging: &Paging,
    ) -> Result<Vec<Order>, Error> {
        let after: Option<OrderId> = paging.key()?;
        let list = match party {
            Party::Applicant(id) => self.query(LIST).with(" and applicant_id = ", *id),
            Party::Agency(id) => self.query(LIST).with(" and agency_id = ", *id),
            Party::Department(code) => {
                let cases = " and case_id in (select case_id from case_steps where department = ";
                self.query(LIST).with(cases, code.clone()).push(")")
            }
            Party::Operator => self.query(LIST),
        };
        let rows: Vec<OrderRow> = list
            .when(" and state = ", filter.state.as_deref())
            .when(" and case_id = ", filter.case_id)
            .when(" and id < ", after)
            .with(" order by id desc limit ", paging.fetch())
            .all()
            .await?;
        Ok(rows.into_iter().map(Order::from).collect())
    }

    /// So many orders of listings that were placed from an instant on, after one, by their ids.
    pub(crate) async fn direct_orders_since(
        &self,
        since: Timestamp,
        after: Option<OrderId>,
        limit: i64,
    ) -> Result<Vec<Order>, Error> {
        let list = self.query(LIST).push(" and listing_id is not null");
        let list = list.with(" and placed_at >= ", since).when(" and id > ", after);
        let rows: Vec<OrderRow> = list.with(" order by id limit ", limit).all().await?;
        Ok(rows.into_iter().map(Order::from).collect())
    }

    /// Every order of some ids.
    pub(crate) async fn orders_by_id(&self, ids: Vec<OrderId>) -> Result<Vec<Order>, Error> {
        let rows: Vec<OrderRow> = self.query(LIST).within(" and id in", ids).all().await?;
        Ok(rows.into_iter().map(Order::from).collect())
    }

    /// Orders whose day has passed and to which something follows by itself, the longest overdue
    /// first.
    pub(crate) async fn orders_due(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OrderId>, Error> {
        let due = self.query(DUE).bind(now.day()).bind(i64::from(limit));
        Ok(due.all::<(OrderId,)>().await?.into_iter().map(|(id,)| id).collect())
    }

    pub(super) async fn order_totals(&self) -> Result<OrderTotals, Error> {
        let totals: Vec<(String, i64)> = self.query(TOTALS).all().await?;
        let zeros = AnyState::NAMES.iter().map(|name| ((*name).to_owned(), 0));
        Ok(zeros.chain(totals).collect())
    }
}

impl Tx {
    pub(super) async fn order(&mut self, id: OrderId) -> Result<Order, Error> {
        let row: Option<OrderRow> = self.query(BY_ID).bind(id).optional().await?;
        row.map(Order::from).ok_or(Error::NotFound("order"))
    }

    /// An order about to take a step by a party to it. Its case is locked first, so that steps of
    /// one case follow one another.
    pub(crate) async fn hold_order(&mut self, call: &Call, id: OrderId) -> Result<Held, Error> {
        let case: Option<(CaseId,)> = self.query(CASE_OF).bind(id).optional().await?;
        let (case,) = case.ok_or(Error::NotFound("order"))?;
        let case = self.case_for_update(case).await?;
        let order = self.order(id).await?;
        let matter = self.matter_version(&case.matter, case.matter_version).await?;
        order.check_party(&call.actor, &matter)?;
        if call.expected.is_some_and(|expected| expected != order.version) {
            return Err(Error::Stale("order"));
        }
        let clock = self.clock_of(&case).await?;
        Ok(Held { order, case, matter, clock })
    }

    /// An order held as it is until the unit of work is done, for what rests on it.
    pub(crate) async fn hold_order_still(&mut self, id: OrderId) -> Result<Order, Error> {
        let case: Option<(CaseId,)> = self.query(CASE_OF).bind(id).optional().await?;
        let (case,) = case.ok_or(Error::NotFound("order"))?;
        self.case_for_update(case).await?;
        self.order(id).await
    }

    /// Saves a new order. The unique index on live orders keeps a requirement from being ordered
    /// twice, whatever else fails to.
    pub(super) async fn insert_order(
        &mut self,
        moved: Moved<AnyState>,
        clock: &Clock,
    ) -> Result<Order, Error> {
        let Moved { order, from, event } = moved;
        let terms = &order.terms;
        self.query(INSERT)
            .bind(order.id)
            .bind(terms.case_id)
            .bind(&terms.item)
            .bind(terms.item_version)
            .bind(terms.listing_id)
            .bind(terms.listing_number)
            .bind(terms.agency_id)
            .bind(terms.applicant_id)
            .bind(terms.amount)
            .bind(i64::from(terms.service_days))
            .bind(terms.policy_version)
            .bind(order.state.name())
            .bind(Json(&order.state))
            .bind(order.since)
            .bind(order.state.due())
            .bind(order.state.is_live())
            .bind(order.version)
            .bind(order.placed_at)
            .bind(order.updated_at)
            .bind(terms.purchase_id)
            .bind(order.lapses())
            .soon(Meaning::default().on_duplicate(|| Refusal::AlreadyOrdered.into()))
            .await?;
        self.record_order(&order, from, event, clock).await?;
        Ok(order)
    }

    /// Saves a step of an order with its journal entry, and what follows from it for the case.
    pub(super) async fn save_move(
        &mut self,
        moved: Moved<AnyState>,
        held: Held,
    ) -> Result<Order, Error> {
        let Moved { order, from, event } = moved;
        let mark = Mark::of(&held.order, &order.state, held.clock.today());
        self.query(MOVE)
            .bind(order.id)
            .bind(order.state.name())
            .bind(Json(&order.state))
            .bind(order.since)
            .bind(order.state.due())
            .bind(order.state.is_live())
            .bind(order.version)
            .bind(order.updated_at)
            .bind(i64::from(mark.returned))
            .bind(i64::from(mark.late))
            .bind(mark.failed)
            .bind(order.lapses())
            .soon(Meaning::default().unless_one(|| Error::Stale("order")))
            .await?;
        self.record_order(&order, from, event, &held.clock).await?;
        self.follow_in_evaluations(&order, &held.matter.lead, &held.clock).await?;
        let failed = held.order.fails_as_award(&order.state).then(|| held.clock.clone());
        self.follow_in_case(&order, held).await?;
        if let Some(clock) = failed {
            self.follow_in_purchase(&order, &clock).await?;
        }
        Ok(order)
    }

    /// The case's requirement is free again when its order came to nothing, and its steps move
    /// when a deliverable was used or returned.
    async fn follow_in_case(&mut self, order: &Order, held: Held) -> Result<(), Error> {
        let Held { case, matter, clock, order: before } = held;
        let item = &order.terms.item;
        let data = json!({ "item": item, "order": order.id });
        if !order.state.is_live() {
            let released = case.clone().released(item).used(item, Vec::new(), &matter, &clock);
            self.save_case(&case, released, "requirement_released", data, Some(&clock)).await?;
        } else if before.state.used_by() != order.state.used_by() {
            let used = case.clone().used(item, order.state.used_by(), &matter, &clock);
            self.save_case(&case, used, "requirement_used", data, Some(&clock)).await?;
        }
        Ok(())
    }

    async fn record_order(
        &mut self,
        order: &Order,
        from: Option<&'static str>,
        event: &'static str,
        clock: &Clock,
    ) -> Result<(), Error> {
        let confirmed = match &order.state {
            AnyState::InService(state) if from == Some("contracted") => Some(&state.contract),
            _ => None,
        };
        let reason = match &order.state {
            AnyState::Accepted(state) => state.rejected.as_ref(),
            _ => None,
        };
        let data = json!({
            "item": order.terms.item,
            "agency": order.terms.agency_id,
            "listing": order.terms.listing_id,
            "purchase": order.terms.purchase_id,
            "amount": order.terms.amount,
            "contract": confirmed.map(Contract::told),
            "reason": reason,
        });
        let entry = Entry::new(Kind::Order, &order.id, order.version, event)
            .case(order.terms.case_id)
            .moved(from, order.state.name())
            .policy(clock.policy.version)
            .data(data);
        self.record(entry, order.updated_at).await
    }
}
