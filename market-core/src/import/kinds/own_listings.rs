//! An agency's own `listings.csv`: the columns of the operator's, of which the agency's code may be
//! left out, and the rules of its own steps.

use std::collections::{BTreeMap, BTreeSet};

use super::{UNKNOWN_ITEM, UNKNOWN_REGION, agencies::USCC, region_codes};
use crate::{
    Change, Day, Env, Error, Refusal, Uscc,
    agency::{Agency, Listing, ListingState, record::ListingRecord, sellable},
    catalog::ServiceItem,
    code::{ItemCode, ListingCode, RegionCode},
    id::ListingId,
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::Pack,
        table::{Block, Saying, Table},
    },
    store::{Db, Tx},
};

/// The listings of the agency whose sheet it is.
pub(in crate::import) struct OwnListings;

/// The agency, what its rows name, and its listings that are there.
pub(in crate::import) struct Known {
    agency: Agency,
    today: Day,
    items: BTreeMap<ItemCode, ServiceItem>,
    regions: BTreeSet<RegionCode>,
    listings: BTreeMap<ListingCode, Listing>,
}

const OTHER_AGENCY: Saying = ("other-agency", "the row is of another agency", "该行属于其他机构");
const NOT_A_USCC: Saying = ("uscc", "not a unified social credit code", "不是统一社会信用代码");
const NO_SUCH_STEP: Saying = (
    "state",
    "a listing does not come to this state from where it is",
    "服务不能由当前状态变为所填状态",
);

impl Pack for OwnListings {
    const COLUMNS: &'static [Column] = &[
        optional("uscc", USCC),
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
        let agency = tx.actor.agency()?;
        let agency = tx.agency_shared(agency).await?;
        agency.is_present()?;
        let items = tx.every_service_item().await?;
        let listings = tx.listings_of(agency.id).await?;
        Ok(Known {
            today: tx.at.day(),
            items: items.into_iter().map(|item| (item.code.clone(), item)).collect(),
            regions: region_codes(tx).await?,
            listings: listings.into_iter().map(|of| (of.code.clone(), of)).collect(),
            agency,
        })
    }

    fn read(table: &mut Table<'_>, known: &Known) -> Vec<Block<ListingRecord>> {
        table.each(|row| {
            let record = read_row(row, known)?;
            let before = known.listings.get(&record.code);
            row.faults(record.faults(before));
            check_step(row, &record, before, known);
            Some(record)
        })
    }

    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Known,
        record: &ListingRecord,
    ) -> Result<Change, Error> {
        let before = known.listings.get(&record.code);
        let id = ListingId(env.id());
        let (_, change) = tx.put_listing(record, known.agency.id, before, id).await?;
        Ok(change)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        super::listings::Listings::text(db).await
    }
}

fn read_row(row: &mut Row, known: &Known) -> Option<ListingRecord> {
    let uscc: Option<Uscc> = row.if_any("uscc", NOT_A_USCC);
    if uscc.is_some_and(|uscc| uscc != known.agency.uscc) {
        row.say("uscc", OTHER_AGENCY);
    }
    let code: Option<ListingCode> = row.unique("code");
    let item = row.known("item", |code| known.items.contains_key(code), UNKNOWN_ITEM);
    let price = row.money("price");
    let regions = row.codes("regions", |code| known.regions.contains(code), UNKNOWN_REGION);
    let days = row.number("days", 1..=1000);
    let state = row.word("state");
    Some(ListingRecord {
        uscc: known.agency.uscc.clone(),
        code: code?,
        item: item?,
        title: row.raw("title").to_owned(),
        summary: row.raw("summary").to_owned(),
        price: price?,
        unit: row.raw("unit").to_owned(),
        regions,
        days: days?,
        state: state?,
    })
}

/// Tells if the agency could not take the steps that lead to what the row says.
fn check_step(row: &mut Row, record: &ListingRecord, before: Option<&Listing>, known: &Known) {
    use ListingState::{Draft, OffShelf, Published};
    let leads = match (before.map(|before| before.state), record.state) {
        (None | Some(Draft), to) => to != OffShelf,
        (Some(Published | OffShelf), to) => to != Draft,
    };
    if !leads {
        row.say("state", NO_SUCH_STEP);
    }
    if record.state != Published {
        return;
    }
    if before.is_none_or(|before| before.state != Published)
        && let Err(refusal) = known.agency.trades_on(known.today)
    {
        refused(row, "state", refusal);
    }
    if let Some(item) = known.items.get(&record.item)
        && let Err(refusal) = sellable(item, record.price)
    {
        refused(row, "price", refusal);
    }
}

fn refused(row: &mut Row, column: &str, refusal: Refusal) {
    row.wrong(column, refusal.code(), refusal.en(), refusal.zh());
}
