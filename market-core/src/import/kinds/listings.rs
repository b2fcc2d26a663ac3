//! `listings.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    UNKNOWN_ITEM, UNKNOWN_REGION,
    agencies::{USCC, agency_of, by_uscc, written},
    region_codes,
};
use crate::{
    Change, Env, Error, Uscc,
    agency::{Agency, Listing, ListingState, record::ListingRecord},
    catalog::ServiceItem,
    code::{ItemCode, ListingCode, RegionCode},
    id::{AgencyId, ListingId},
    import::{
        columns::{Column, required},
        row::Row,
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
};

/// Agencies' listings.
pub(in crate::import) struct Listings;

/// What rows name, and the listings that are there.
pub(in crate::import) struct Known {
    agencies: BTreeMap<Uscc, Agency>,
    items: BTreeMap<ItemCode, ServiceItem>,
    regions: BTreeSet<RegionCode>,
    listings: BTreeMap<(AgencyId, ListingCode), Listing>,
}

impl Pack for Listings {
    const COLUMNS: &'static [Column] = &[
        required("uscc", USCC),
        required("code", &["编号", "服务编号"]),
        required("item", &["事项", "事项代码", "服务事项"]),
        required("title", &["标题", "服务名称"]),
        required("summary", &["简介", "服务内容"]),
        required("price", &["价格", "报价"]),
        required("unit", &["计价单位", "单位"]),
        required("regions", &["服务地区", "服务区域"]),
        required("days", &["时限", "承诺时限", "服务时限"]),
        required("state", &["状态", "上架状态"]),
    ];
    type Known = Known;
    type Thing = ListingRecord;

    async fn known(tx: &mut Tx) -> Result<Known, Error> {
        let agencies = by_uscc(tx).await?;
        let regions = region_codes(tx).await?;
        let items = tx.every_service_item().await?;
        let listings = tx.all_listings().await?;
        let key = |of: &Listing| (of.agency_id, of.code.clone());
        Ok(Known {
            agencies,
            items: items.into_iter().map(|item| (item.code.clone(), item)).collect(),
            regions,
            listings: listings.into_iter().map(|of| (key(&of), of)).collect(),
        })
    }

    fn read(table: &mut Table<'_>, known: &Known) -> Vec<Block<ListingRecord>> {
        table.each(|row| {
            let (record, agency) = read_row(row, known)?;
            let before = known.listings.get(&(agency.id, record.code.clone()));
            row.faults(record.faults(before));
            check_cap(row, &record, known.items.get(&record.item));
            Some(record)
        })
    }

    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Known,
        record: &ListingRecord,
    ) -> Result<Change, Error> {
        let agency = known.agencies.get(&record.uscc).ok_or(Error::NotFound("agency"))?;
        let before = known.listings.get(&(agency.id, record.code.clone()));
        let (_, change) = tx.put_listing(record, agency.id, before, ListingId(env.id())).await?;
        Ok(change)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let uscc = written(db).await?;
        let listings = db.all_listings().await?;
        let mut records: Vec<_> = listings
            .iter()
            .filter_map(|of| Some(ListingRecord::of(uscc.get(&of.agency_id)?, of)))
            .collect();
        records.sort_by(|one, other| (&one.uscc, &one.code).cmp(&(&other.uscc, &other.code)));
        Ok(file(Self::COLUMNS, records.into_iter().map(cells)))
    }
}

fn read_row<'k>(row: &mut Row, known: &'k Known) -> Option<(ListingRecord, &'k Agency)> {
    let agency = agency_of(row, &known.agencies);
    let code: Option<ListingCode> = row.code("code");
    if let Some((agency, code)) = agency.zip(code.as_ref()) {
        row.alone("code", format!("{} {code}", agency.uscc));
    }
    let item = row.known("item", |code| known.items.contains_key(code), UNKNOWN_ITEM);
    let price = row.money("price");
    let regions = row.codes("regions", |code| known.regions.contains(code), UNKNOWN_REGION);
    let days = row.number("days", 1..=1000);
    let state = row.word("state");
    let agency = agency?;
    let record = ListingRecord {
        uscc: agency.uscc.clone(),
        code: code?,
        item: item?,
        title: row.raw("title").to_owned(),
        summary: row.raw("summary").to_owned(),
        price: price?,
        unit: row.raw("unit").to_owned(),
        regions,
        days: days?,
        state: state?,
    };
    Some((record, agency))
}

/// Tells if a listing is sold over its item's cap.
fn check_cap(row: &mut Row, record: &ListingRecord, item: Option<&ServiceItem>) {
    let cap = item.and_then(|item| item.price_cap);
    if let Some(cap) = cap.filter(|cap| record.price > *cap)
        && record.state == ListingState::Published
    {
        let en = format!("the price is over the item's cap of {cap}");
        row.wrong("price", "price-over-cap", &en, &format!("价格超过该事项的最高限价 {cap}"));
    }
}

fn cells(of: ListingRecord) -> Vec<String> {
    vec![
        of.uscc.to_string(),
        of.code.to_string(),
        of.item.to_string(),
        of.title,
        of.summary,
        of.price.to_string(),
        of.unit,
        super::joined(&of.regions),
        of.days.to_string(),
        of.state.to_string(),
    ]
}
