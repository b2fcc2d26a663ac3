//! `agencies.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::{UNKNOWN_REGION, region_codes};
use crate::{
    Change, Day, Env, Error, Uscc,
    agency::{Agency, record::AgencyRecord},
    code::RegionCode,
    id::AgencyId,
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file},
        table::{Block, Saying, Table},
    },
    kernel::uscc::NotAUscc,
    store::{Db, Tx},
};

/// Agencies.
pub(in crate::import) struct Agencies;

/// The regions, and the agencies that are there.
pub(in crate::import) struct Known {
    today: Day,
    regions: BTreeSet<RegionCode>,
    agencies: BTreeMap<Uscc, Agency>,
}

const UNKNOWN_AGENCY: Saying =
    ("unknown-agency", "no agency has this unified social credit code", "没有此机构");

const NOT_A_DEPARTMENT: Saying = ("code", "not a department's code", "应为部门代码");

/// Other names of the column of the unified social credit code.
pub(super) const USCC: &[&str] = &["统一社会信用代码", "信用代码", "社会信用代码"];

impl Pack for Agencies {
    const COLUMNS: &'static [Column] = &[
        required("uscc", USCC),
        required("name", &["名称", "机构名称", "单位名称"]),
        required("nature", &["性质", "机构性质"]),
        required("legal_representative", &["法定代表人", "法人代表", "负责人"]),
        required("region", &["区划", "行政区划", "区划代码", "行政区划代码"]),
        required("address", &["地址", "住所", "注册地址"]),
        required("phone", &["电话", "联系电话"]),
        required("established_on", &["成立日期"]),
        required("capital", &["注册资本"]),
        required("scope", &["经营范围", "业务范围"]),
        required("origin", &["来源", "数据来源"]),
        required("state", &["状态", "入驻状态"]),
        optional("suspended_until", &["暂停至", "暂停截止日期"]),
        optional("state_reason", &["原因", "状态原因"]),
        optional("attached_to", &["挂靠部门", "所属部门"]),
    ];
    type Known = Known;
    type Thing = AgencyRecord;

    async fn known(tx: &mut Tx) -> Result<Known, Error> {
        let (regions, agencies) = (region_codes(tx).await?, by_uscc(tx).await?);
        Ok(Known { today: tx.at.day(), regions, agencies })
    }

    fn read(table: &mut Table<'_>, known: &Known) -> Vec<Block<AgencyRecord>> {
        table.each(|row| {
            let record = read_row(row, known)?;
            row.faults(record.faults(known.today, known.agencies.get(&record.uscc)));
            Some(record)
        })
    }

    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Known,
        record: &AgencyRecord,
    ) -> Result<Change, Error> {
        let before = known.agencies.get(&record.uscc);
        let (_, change) = tx.put_agency(record, before, AgencyId(env.id())).await?;
        Ok(change)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let agencies = db.all_agencies().await?;
        Ok(file(Self::COLUMNS, agencies.iter().filter_map(AgencyRecord::of).map(cells)))
    }
}

/// The agencies that there are.
pub(super) async fn by_uscc(tx: &mut Tx) -> Result<BTreeMap<Uscc, Agency>, Error> {
    let agencies = tx.all_agencies().await?;
    Ok(agencies.into_iter().map(|agency| (agency.uscc.clone(), agency)).collect())
}

/// The codes of the agencies that are written out: no others may be known of.
pub(super) async fn written(db: &Db) -> Result<BTreeMap<AgencyId, Uscc>, Error> {
    let agencies = db.all_agencies().await?;
    let code = |agency: &Agency| Some((agency.id, AgencyRecord::of(agency)?.uscc));
    Ok(agencies.iter().filter_map(code).collect())
}

/// A unified social credit code with right check digits.
fn uscc(row: &mut Row) -> Option<Uscc> {
    if row.raw("uscc").is_empty() {
        return row.code("uscc");
    }
    match row.raw("uscc").parse() {
        Ok(uscc) => Some(uscc),
        Err(why @ (NotAUscc::Shape | NotAUscc::OrganisationCheck | NotAUscc::Check)) => {
            let zh = match why {
                NotAUscc::Shape => "统一社会信用代码应为 18 位数字或大写字母，不含 I O S V Z",
                NotAUscc::OrganisationCheck => "第 9 至 17 位组织机构代码的校验码不正确",
                NotAUscc::Check => "统一社会信用代码的校验码不正确",
            };
            row.wrong("uscc", "uscc", &why.to_string(), zh);
            None
        }
    }
}

/// The unified social credit code of an agency that there is.
pub(super) fn agency_of<'k>(
    row: &mut Row,
    agencies: &'k BTreeMap<Uscc, Agency>,
) -> Option<&'k Agency> {
    let uscc = uscc(row)?;
    let agency = agencies.get(&uscc);
    if agency.is_none() {
        row.say("uscc", UNKNOWN_AGENCY);
    }
    agency
}

fn read_row(row: &mut Row, known: &Known) -> Option<AgencyRecord> {
    let uscc = uscc(row);
    if let Some(uscc) = &uscc {
        row.alone("uscc", uscc.to_string());
    }
    let nature = row.word("nature");
    let region = row.known("region", |code| known.regions.contains(code), UNKNOWN_REGION);
    let established_on = row.day("established_on");
    let capital = row.money("capital");
    let origin = row.word("origin");
    let state = row.word("state");
    let suspended_until = row.day_if_any("suspended_until");
    let state_reason = Some(row.raw("state_reason").to_owned()).filter(|text| !text.is_empty());
    let attached_to = row.if_any("attached_to", NOT_A_DEPARTMENT);
    Some(AgencyRecord {
        uscc: uscc?,
        name: row.raw("name").to_owned(),
        nature: nature?,
        legal_representative: row.raw("legal_representative").to_owned(),
        region: region?,
        address: row.raw("address").to_owned(),
        phone: row.raw("phone").to_owned(),
        established_on: established_on?,
        capital: capital?,
        scope: row.raw("scope").to_owned(),
        origin: origin?,
        state: state?,
        suspended_until,
        state_reason,
        attached_to,
    })
}

fn cells(agency: AgencyRecord) -> Vec<String> {
    vec![
        agency.uscc.to_string(),
        agency.name,
        agency.nature.to_string(),
        agency.legal_representative,
        agency.region.to_string(),
        agency.address,
        agency.phone,
        agency.established_on.to_string(),
        agency.capital.to_string(),
        agency.scope,
        agency.origin.to_string(),
        agency.state.to_string(),
        super::cell(agency.suspended_until.as_ref()),
        agency.state_reason.unwrap_or_default(),
        super::cell(agency.attached_to.as_ref()),
    ]
}
