//! How much there is of everything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Market,
    store::{Db, statements},
};

/// How much there is of everything (统计).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statistics {
    /// Agencies in the market, suspended ones included.
    pub agencies: i64,
    /// Service categories.
    pub categories: i64,
    /// Service items on the list.
    pub service_items: i64,
    /// Approval departments.
    pub departments: i64,
    /// One-thing matters.
    pub matters: i64,
    /// Published listings.
    pub listings: i64,
    /// Applicants.
    pub applicants: i64,
    /// Cases, open and closed.
    pub cases: i64,
    /// Orders, live and over.
    pub orders: i64,
    /// Orders by their state.
    pub orders_by_state: BTreeMap<String, i64>,
}

statements! {
    COUNTS = "\
        select 'agencies' as noun, cast(count(*) as bigint) as number from agencies \
        where state in ('admitted', 'suspended') \
        union all select 'categories', cast(count(*) as bigint) from categories \
        union all select 'service_items', cast(count(*) as bigint) from service_items \
        where not withdrawn \
        union all select 'departments', cast(count(*) as bigint) from departments \
        union all select 'matters', cast(count(*) as bigint) from matters where not withdrawn \
        union all select 'listings', cast(count(*) as bigint) from listings \
        where state = 'published' \
        union all select 'applicants', cast(count(*) as bigint) from applicants \
        union all select 'cases', cast(count(*) as bigint) from cases";
}

impl Market {
    /// How much there is of everything.
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        let counts = counted(&self.db, COUNTS).await?;
        let orders_by_state = self.orders().totals().await?;
        let count = |noun: &str| counts.get(noun).copied().unwrap_or(0);
        Ok(Statistics {
            agencies: count("agencies"),
            categories: count("categories"),
            service_items: count("service_items"),
            departments: count("departments"),
            matters: count("matters"),
            listings: count("listings"),
            applicants: count("applicants"),
            cases: count("cases"),
            orders: orders_by_state.values().sum(),
            orders_by_state,
        })
    }
}

async fn counted(db: &Db, sql: &'static str) -> Result<BTreeMap<String, i64>, Error> {
    let rows: Vec<(String, i64)> = db.query(sql).all().await?;
    Ok(rows.into_iter().collect())
}
