//! Packs, in and out, on both databases.

use super::*;
use crate::{
    Actor, Call, Error, Fault, Market,
    testing::{market, on_both},
};

mod faults;
mod files;
mod round_trips;

/// The operator's call.
fn operator() -> Call {
    Actor::system().into()
}

/// A file of the demonstration region.
fn data(name: &str) -> String {
    let path = format!("{}/../data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A file's text as a sheet.
fn sheet(name: &str, text: &str) -> Sheet {
    Sheet::read(name, text.as_bytes()).unwrap()
}

async fn load(market: &Market, kind: Kind, text: &str) -> Report {
    let sheet = sheet(&kind.file(), text);
    market.import(&operator(), kind, &sheet, &ImportOptions::default()).await.unwrap()
}

async fn skipping(market: &Market, kind: Kind, sheet: &Sheet) -> Report {
    let options = ImportOptions { skip_bad: true, ..ImportOptions::default() };
    market.import(&operator(), kind, sheet, &options).await.unwrap()
}

/// What is wrong: row, column, value and code.
fn wrong(report: &Report) -> Vec<(u64, &str, &str, &str)> {
    let bad = report.bad.iter();
    bad.map(|bad| (bad.row, &*bad.column, &*bad.value, &*bad.code)).collect()
}

/// How many things were created, changed and unchanged.
fn counts(report: &Report) -> (u64, u64, u64) {
    (report.created, report.changed, report.unchanged)
}

fn faults_of<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<(String, String)> {
    match outcome {
        Err(Error::Invalid(faults)) => faults
            .into_iter()
            .map(|Fault { pointer, code, .. }| (pointer, code.into_owned()))
            .collect(),
        other => panic!("not refused as invalid: {other:?}"),
    }
}

/// A market with every pack of `data/` up to the matters.
async fn loaded(url: &str) -> Market {
    let market = market(url).await;
    for kind in &Kind::ALL[..8] {
        let report = load(&market, *kind, &data(&kind.file())).await;
        assert_eq!(report.bad, [], "{kind}");
    }
    market
}

/// A unified social credit code with right check digits, one of many.
fn uscc(number: u32) -> String {
    const SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let organisation = format!("{number:08}");
    let value = |symbol: u8| SYMBOLS.iter().position(|known| *known == symbol).unwrap();
    let sum: usize =
        organisation.bytes().zip([3, 7, 9, 10, 5, 8, 4, 2]).map(|(b, w)| value(b) * w).sum();
    let check = match 11 - sum % 11 {
        10 => "X".to_owned(),
        11 => "0".to_owned(),
        digit => digit.to_string(),
    };
    let body = format!("91330282{organisation}{check}");
    let mut weight = 1;
    let mut sum = 0;
    for symbol in body.bytes() {
        sum += value(symbol) * weight;
        weight = weight * 3 % 31;
    }
    format!("{body}{}", char::from(SYMBOLS[(31 - sum % 31) % 31]))
}

const AGENCIES: &str = "uscc,name,nature,legal_representative,region,address,phone,established_on,\
    capital,scope,origin,state,suspended_until,state_reason,attached_to\n";
const QUALIFICATIONS: &str = "uscc,kind,level,majors,number,issuer,valid_from,valid_until\n";
const PRACTITIONERS: &str = "uscc,name,specialty,certificate,valid_until\n";
const LISTINGS: &str = "uscc,code,item,title,summary,price,unit,regions,days,state\n";

/// Agency files with so many agencies, each with so many listings; sorted as files are.
fn agency_files(agencies: u32, listings: u32) -> [(Kind, String); 4] {
    use std::fmt::Write;
    let mut codes: Vec<String> = (1..=agencies).map(uscc).collect();
    codes.sort();
    let [mut one, mut two, mut three, mut four] =
        [AGENCIES, QUALIFICATIONS, PRACTITIONERS, LISTINGS].map(str::to_owned);
    for (place, uscc) in codes.iter().enumerate() {
        let state = match place % 10 {
            8 => "suspended,2027-03-31,逾期交付",
            9 => "exited,,自愿退出",
            _ => "admitted,,",
        };
        writeln!(
            one,
            "{uscc},慈溪第{place}测绘有限公司,enterprise,陈某,330282,慈溪市白沙路街道{place}号,\
             0574-0000-0001,2015-05-06,5000000.00,工程测绘,demonstration,{state},"
        )
        .unwrap();
        writeln!(
            two,
            "{uscc},surveying-mapping,grade-b,工程测量|界线与不动产测绘,测绘-{place},浙江省自然资源厅,\
             2024-01-01,2028-12-31"
        )
        .unwrap();
        writeln!(three, "{uscc},李工,surveying-mapping,C-{place},2028-12-31").unwrap();
        for listing in 1..=listings {
            writeln!(
                four,
                "{uscc},l{listing:03},asset-appraisal,资产评估,\"评估, 含\"\"报告\"\"\",\
                 {}.50,元/项,330282|330200,10,published",
                8000 + listing
            )
            .unwrap();
        }
    }
    [
        (Kind::Agencies, one),
        (Kind::AgencyQualifications, two),
        (Kind::Practitioners, three),
        (Kind::Listings, four),
    ]
}
