//! Where rows of the record come from, and how it is found which have changed.

use std::{collections::BTreeSet, fmt, str::FromStr};

use sqlx::FromRow;

use crate::{
    Error, Kind, Mode, Money, Paging, Party, Timestamp,
    id::{AgencyId, CaseId, DeliverableId, OrderId, PurchaseId},
    store::{Db, Query, statements},
};

statements! {
    // Of a case only its last entry counts, so that a case comes once however often it changed.
    ENTRIES = "\
        select j.pos, j.kind, j.object, j.case_id from journal j where j.pos > $1 \
        and ((j.case_id is not null and not exists (select 1 from journal later \
        where later.case_id = j.case_id and later.pos > j.pos)) \
        or (j.kind = 'agency' and j.version > 1 \
        and j.event in ('agency_changed', 'agency_reapplied', 'agency_imported')))";
    SERVED = "\
        select distinct o.case_id from orders o where o.agency_id = $1";
    LINKED = "\
        select distinct r.case_id from orders o join case_requirements r on r.order_id = o.id \
        where o.live and r.linked_by is not null and r.case_id <> o.case_id";
    CASES = "select c.id from cases c where true";
    PURCHASES = "\
        select id, mode, state, (notice ->> 'project_code') as project_code from purchases \
        where true";
    FILES = "\
        select d.order_id, d.number, d.id, d.name, d.sha256, d.uploaded_at from deliverables d \
        where true";
    POINTS = "select order_id, points from evaluation_windows where points is not null";
    PAID = "\
        with paid as (select order_id, cast(sum(amount_fen) as bigint) as fen from payments \
        where state <> 'disputed' group by order_id) select order_id, fen from paid where true";
}

/// Where a page of changes ends: after an entry of the journal; or within one that touches many
/// cases, after one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) pos: i64,
    pub(super) told: Option<CaseId>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.told {
            Some(case) => write!(f, "{} {case}", self.pos),
            None => write!(f, "{}", self.pos),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (pos, told) = match text.split_once(' ') {
            Some((pos, case)) => (pos, Some(case.parse().map_err(drop)?)),
            None => (text, None),
        };
        let pos = pos.parse().map_err(drop)?;
        if pos < i64::from(told.is_some()) { Err(()) } else { Ok(Self { pos, told }) }
    }
}

/// An entry that changes rows.
#[derive(Debug, FromRow)]
pub(super) struct EntryRow {
    pub(super) pos: i64,
    kind: Kind,
    object: String,
    pub(super) case_id: Option<CaseId>,
}

impl EntryRow {
    /// The agency whose name or code may have changed, in the rows of every case that it served.
    pub(super) fn agency(&self) -> Result<Option<AgencyId>, Error> {
        if self.kind != Kind::Agency {
            return Ok(None);
        }
        self.object.parse().map(Some).map_err(|_| Error::Inconsistent("journal"))
    }
}

/// What a row tells of a purchase.
#[derive(Debug, FromRow)]
pub(super) struct PurchaseRow {
    pub(super) id: PurchaseId,
    pub(super) mode: Mode,
    pub(super) state: String,
    pub(super) project_code: Option<String>,
}

/// What a row tells of a file that was handed over.
#[derive(Debug, FromRow)]
pub(super) struct FileRow {
    pub(super) order_id: OrderId,
    pub(super) number: i64,
    pub(super) id: DeliverableId,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) uploaded_at: Timestamp,
}

/// Leaves those whose case `c` a party may read rows of: a department decides in it, or leads its
/// matter as the case keeps it. [`crate::case::Case`] says the same of cases that were read.
fn known_to<'c>(query: Query<'c>, party: &Party, [before, after]: [&'static str; 2]) -> Query<'c> {
    let Party::Department(code) = party else { return query };
    let decides = "exists (select 1 from case_steps s where s.case_id = c.id and s.department = ";
    let leads = ") or exists (select 1 from matter_versions v where v.matter = c.matter \
        and v.version = c.matter_version and (v.body ->> 'lead') = ";
    query.push(before).with(decides, code.clone()).with(leads, code.clone()).push(")").push(after)
}

impl Db {
    /// Entries after a place that change rows which a party may read, in order.
    pub(super) async fn record_entries(
        &self,
        party: &Party,
        from: Place,
        limit: usize,
    ) -> Result<Vec<EntryRow>, Error> {
        // An entry that was told in part is read again.
        let after = from.pos - i64::from(from.told.is_some());
        let query = self.query(ENTRIES).bind(after);
        let within = [
            " and (j.case_id is null or exists (select 1 from cases c where c.id = j.case_id and (",
            ")))",
        ];
        let query = known_to(query, party, within);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        query.with(" order by j.pos limit ", limit).all().await
    }

    /// Cases that an agency has or had orders of and whose rows a party may read, after one, in
    /// the order of their ids.
    pub(super) async fn cases_served_by(
        &self,
        party: &Party,
        agency: AgencyId,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<CaseId>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = self.query(SERVED).bind(agency).when(" and o.case_id > ", after);
        let within = [" and exists (select 1 from cases c where c.id = o.case_id and (", "))"];
        let query = known_to(query, party, within);
        let found: Vec<(CaseId,)> = query.with(" order by o.case_id limit ", limit).all().await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// The cases that reuse deliverables of some cases.
    pub(super) async fn cases_linked_to(
        &self,
        cases: &BTreeSet<CaseId>,
    ) -> Result<Vec<CaseId>, Error> {
        let query = self.query(LINKED).within(" and o.case_id in", cases.iter().copied());
        let found: Vec<(CaseId,)> = query.all().await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// A page of the cases whose rows a party may read, the newest first.
    pub(super) async fn record_cases(
        &self,
        party: &Party,
        paging: &Paging,
    ) -> Result<Vec<CaseId>, Error> {
        let query = known_to(self.query(CASES), party, [" and (", ")"]);
        let query = query.when(" and c.id < ", paging.key::<CaseId>()?);
        let query = query.with(" order by c.id desc limit ", paging.fetch());
        let found: Vec<(CaseId,)> = query.all().await?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    pub(super) async fn record_purchases(
        &self,
        ids: Vec<PurchaseId>,
    ) -> Result<Vec<PurchaseRow>, Error> {
        self.query(PURCHASES).within(" and id in", ids).all().await
    }

    pub(super) async fn record_files(&self, orders: &[OrderId]) -> Result<Vec<FileRow>, Error> {
        self.of_orders(FILES, " and d.order_id in", orders).all().await
    }

    pub(super) async fn record_points(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<(OrderId, i64)>, Error> {
        self.of_orders(POINTS, " and order_id in", orders).all().await
    }

    pub(super) async fn record_paid(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<(OrderId, Money)>, Error> {
        self.of_orders(PAID, " and order_id in", orders).all().await
    }

    fn of_orders(&self, sql: &'static str, within: &'static str, orders: &[OrderId]) -> Query<'_> {
        self.query(sql).within(within, orders.iter().copied())
    }
}
