//! Who an agency is: its name, seat, standing and the day it was founded.

use time::{Date, Duration};

use super::catalog::Region;
use super::draw::Draw;
use super::nature::Nature;
use super::people::person;
use super::places::Places;
use super::prices::yuan;
use super::rows::AgencyRow;
use super::work::Work;

const ROADS: [&str; 24] = [
    "人民路",
    "建设路",
    "文化路",
    "科技路",
    "滨河路",
    "新城大道",
    "创业路",
    "学府路",
    "中山路",
    "青年路",
    "兴业路",
    "工业大道",
    "东环路",
    "南二环路",
    "西城路",
    "北门路",
    "环城南路",
    "商务一路",
    "迎宾路",
    "海天路",
    "明月路",
    "桂花路",
    "香樟路",
    "银杏路",
];

const SUSPENDED: [&str; 7] = [
    "成果文件质量抽查不合格，限期整改",
    "逾期未交付成果且未说明理由，暂停承接业务",
    "接受委托后无正当理由不签订合同",
    "人员资格证书信息与实际不符，待核实",
    "年度信用评价为不合格",
    "投诉核查属实，限期整改",
    "资质证书更新材料逾期未补正",
];

/// The parts of an agency that are drawn before its row is written.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    pub(crate) number: u64,
    pub(crate) uscc: String,
    pub(crate) name: String,
    pub(crate) nature: Nature,
    pub(crate) county: &'a Region,
}

/// Writes the row; `oldest` is the first day of the oldest certificate, before which the agency
/// must have existed. `steady` agencies are never suspended.
pub(crate) fn row(
    seat: Seat<'_>,
    places: &Places<'_>,
    work: &Work<'_>,
    (today, oldest): (Date, Date),
    steady: bool,
    draw: &mut Draw,
) -> AgencyRow {
    let (state, suspended_until, state_reason) = standing(steady, today, draw);
    AgencyRow {
        legal_representative: person(draw),
        region: seat.county.code.clone(),
        address: address(seat.county, places, draw),
        phone: Places::phone(seat.county, seat.number),
        established_on: founded(today, oldest, draw).to_string(),
        capital: yuan(seat.nature.capital(draw) * 100),
        scope: scope(work),
        origin: "demonstration".to_owned(),
        nature: seat.nature.code().to_owned(),
        uscc: seat.uscc,
        name: seat.name,
        state,
        suspended_until,
        state_reason,
        attached_to: String::new(),
    }
}

fn standing(steady: bool, today: Date, draw: &mut Draw) -> (String, String, String) {
    let lot = if steady { 99 } else { draw.below(100) };
    let (state, until, reason) = match lot {
        0..=2 => {
            let until = today.saturating_add(Duration::days(draw.between(3, 330)));
            ("suspended", until.to_string(), draw.word(&SUSPENDED))
        }
        _ => ("admitted", String::new(), ""),
    };
    (state.to_owned(), until, reason.to_owned())
}

fn address(county: &Region, places: &Places<'_>, draw: &mut Draw) -> String {
    let seat = places.address(county);
    let road = draw.word(&ROADS);
    let house = draw.between(1, 899);
    match draw.below(4) {
        0 => format!("{seat}{road}{house}号"),
        1 => format!("{seat}{road}{house}号{}幢{}室", draw.between(1, 9), room(draw)),
        2 => format!("{seat}{road}{house}号{}室", room(draw)),
        _ => format!("{seat}{road}{house}号{}楼", draw.between(2, 12)),
    }
}

fn room(draw: &mut Draw) -> i64 {
    draw.between(1, 18) * 100 + draw.between(1, 12)
}

fn founded(today: Date, oldest: Date, draw: &mut Draw) -> Date {
    let age = draw.weighted(&[(15, 3), (30, 7), (30, 12), (25, 23)]) * 365;
    let day = today.saturating_sub(Duration::days(draw.between(age / 2, age)));
    let before = oldest.saturating_sub(Duration::days(draw.between(60, 900)));
    day.min(before)
}

/// The scopes of all the agency's trades, each phrase once.
fn scope(work: &Work<'_>) -> String {
    let mut phrases: Vec<&str> = Vec::new();
    for phrase in work.trades.iter().flat_map(|trade| trade.scope.split('；')) {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    if !matches!(work.trades[0].key, "appraisal" | "finance-audit") {
        phrases.push("技术服务、技术开发、技术咨询、技术交流");
    }
    format!("{}。", phrases.join("；"))
}
