//! Where purchases are counted.

use sqlx::FromRow;

use super::{FiguresFilter, Prices, figures::Share};
use crate::{
    Day, Error, Money, Timestamp,
    code::{ItemCode, RegionCode},
    store::{Db, Query, statements},
};

statements! {
    COUNTS = "\
        with counted as (select state, mode, item, region, count(*) as number from purchases \
        where created_at >= $1 and created_at < $2 and state not in ('draft', 'in_review') \
        and (state <> 'voided' or (detail ->> 'closes_at') is not null) \
        group by state, mode, item, region) \
        select state, mode, cast(number as bigint) from counted where true";
    SHARES = "\
        with shares as (select p.item, p.region, o.agency_id, \
        cast(count(*) as bigint) as orders, cast(sum(o.amount_fen) as bigint) as paid_fen, \
        cast(sum(cast(replace(coalesce(p.notice -> 'price' ->> 'ceiling', \
        p.notice -> 'price' ->> 'amount', p.notice -> 'price' ->> 'high'), '.', '') as bigint)) \
        as bigint) as budget_fen from orders o join purchases p on p.id = o.purchase_id \
        where o.live and p.created_at >= $1 and p.created_at < $2 \
        group by p.item, p.region, o.agency_id) \
        select item, region, agency_id, orders, paid_fen, budget_fen from shares where true";
    PRICES = "\
        with priced as (select p.item, p.region, o.amount_fen, \
        row_number() over (partition by p.item, p.region order by o.amount_fen, o.id) as place, \
        count(*) over (partition by p.item, p.region) as orders \
        from orders o join purchases p on p.id = o.purchase_id \
        where o.live and p.created_at >= $1 and p.created_at < $2), \
        quartiles as (select item, region, cast(orders as bigint) as orders, \
        cast(max(amount_fen) filter (where place <= (orders + 3) / 4) as bigint) as p25, \
        cast(max(amount_fen) filter (where place <= (orders + 1) / 2) as bigint) as p50, \
        cast(max(amount_fen) filter (where place <= (orders * 3 + 3) / 4) as bigint) as p75 \
        from priced group by item, region, orders) \
        select item, region, orders, p25, p50, p75 from quartiles where orders >= $3";
    SPANS = "\
        with spans as (select published.data ->> 'item' as item, c.region, \
        published.at as published_at, awarded.at as awarded_at from journal published \
        join journal awarded on awarded.kind = published.kind \
        and awarded.object = published.object and awarded.event = 'award_published' \
        join cases c on c.id = published.case_id \
        where published.kind = 'purchase' and published.event = 'purchase_published' \
        and published.at >= $1 and published.at < $2) \
        select published_at, awarded_at from spans where true";
}

#[derive(Debug, FromRow)]
struct PriceRow {
    item: ItemCode,
    region: RegionCode,
    orders: i64,
    p25: i64,
    p50: i64,
    p75: i64,
}

/// The first and the last instant that a window without an end of its own has.
const ALWAYS: (Timestamp, Timestamp) =
    (Timestamp::from_micros(0), Timestamp::from_micros(253_402_300_800_000_000));

/// Gives a statement the window of a filter.
fn in_window<'q>(query: Query<'q>, filter: &FiguresFilter) -> Query<'q> {
    let since = filter.since.map_or(ALWAYS.0, |day| day.plus(-1).end());
    query.bind(since).bind(filter.until.map_or(ALWAYS.1, Day::end))
}

/// Keeps to the items and regions of a filter.
fn narrowed<'q>(
    query: Query<'q>,
    filter: &FiguresFilter,
    regions: Option<&[RegionCode]>,
) -> Query<'q> {
    let query = match regions {
        Some(regions) => query.within(" and region in", regions),
        None => query,
    };
    query.when(" and item = ", filter.item.as_ref())
}

impl Db {
    /// How many published purchases there are in each state and mode; several counts may be of one
    /// state and mode.
    pub(super) async fn purchase_counts(
        &self,
        filter: &FiguresFilter,
        regions: Option<&[RegionCode]>,
    ) -> Result<Vec<(String, String, i64)>, Error> {
        let query = in_window(self.query(COUNTS), filter);
        narrowed(query, filter, regions).all().await
    }

    /// What each agency has of the orders of each item in each region.
    pub(super) async fn purchase_shares(
        &self,
        filter: &FiguresFilter,
        regions: Option<&[RegionCode]>,
    ) -> Result<Vec<Share>, Error> {
        let query = in_window(self.query(SHARES), filter);
        narrowed(query, filter, regions).all().await
    }

    /// The quartiles of what is paid for each item in each region that has so many orders.
    pub(super) async fn purchase_prices(
        &self,
        filter: &FiguresFilter,
        regions: Option<&[RegionCode]>,
        least: u32,
    ) -> Result<Vec<Prices>, Error> {
        let query = in_window(self.query(PRICES), filter).bind(i64::from(least));
        let query = narrowed(query, filter, regions).push(" order by item, region");
        let rows: Vec<PriceRow> = query.all().await?;
        rows.into_iter().map(Prices::try_from).collect()
    }

    /// When notices were published, and when their first awards were.
    pub(super) async fn days_to_award(
        &self,
        filter: &FiguresFilter,
        regions: Option<&[RegionCode]>,
    ) -> Result<Vec<(Timestamp, Timestamp)>, Error> {
        let query = in_window(self.query(SPANS), filter);
        narrowed(query, filter, regions).all().await
    }
}

impl TryFrom<PriceRow> for Prices {
    type Error = Error;

    fn try_from(row: PriceRow) -> Result<Self, Error> {
        let money = |fen| Money::from_fen(fen).ok_or(Error::Inconsistent("amount"));
        Ok(Self {
            item: row.item,
            region: row.region,
            orders: row.orders,
            p25: money(row.p25)?,
            p50: money(row.p50)?,
            p75: money(row.p75)?,
        })
    }
}
