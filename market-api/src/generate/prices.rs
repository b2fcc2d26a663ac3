//! What items usually cost, so that prices differ from item to item as they do in the trade.

use super::catalog::Item;
use super::draw::Draw;
use super::packages::Package;

/// An item's usual price from and to, in fen, and the words for what is handed over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usual {
    low: i64,
    high: i64,
    pub(crate) product: Option<&'static str>,
}

type Band = (&'static str, i64, i64, &'static str);

/// Item, lowest and highest usual price in yuan, what is handed over.
const BANDS: [Band; 40] = [
    ("agricultural-product-testing", 300, 3_000, "检测报告"),
    ("asset-appraisal", 5_000, 60_000, "资产评估报告"),
    ("bidding-agency", 5_000, 80_000, "招标成果文件"),
    ("capital-verification", 1_000, 7_000, "验资报告"),
    ("completion-joint-survey", 8_000, 80_000, "联合测绘成果"),
    ("construction-drawing-review", 10_000, 150_000, "审查意见"),
    ("construction-quality-testing", 8_000, 200_000, "检测报告"),
    ("construction-supervision", 50_000, 900_000, "监理成果文件"),
    ("cost-consulting", 5_000, 150_000, "造价咨询成果文件"),
    ("drainage-water-testing", 600, 2_800, "水质检测报告"),
    ("eia-form", 8_000, 35_000, "报告表"),
    ("eia-report", 50_000, 280_000, "报告书"),
    ("energy-saving-report", 15_000, 80_000, "节能报告"),
    ("environmental-acceptance-monitoring", 8_000, 50_000, "验收监测报告"),
    ("environmental-monitoring", 1_000, 15_000, "监测报告"),
    ("feasibility-study-report", 15_000, 120_000, "可行性研究报告"),
    ("financial-audit", 3_000, 40_000, "审计报告"),
    ("fire-acceptance-testing", 5_000, 60_000, "消防检测报告"),
    ("fire-facility-inspection", 2_000, 18_000, "消防检测报告"),
    ("flood-impact-assessment", 25_000, 150_000, "洪水影响评价报告"),
    ("food-inspection", 300, 5_000, "检验报告"),
    ("geological-hazard-assessment", 12_000, 60_000, "评估报告"),
    ("geotechnical-investigation", 20_000, 200_000, "勘察报告"),
    ("highway-safety-assessment", 20_000, 100_000, "安全技术评价报告"),
    ("house-safety-appraisal", 3_000, 28_000, "鉴定报告"),
    ("land-boundary-survey", 3_000, 40_000, "勘测定界成果"),
    ("lightning-protection-testing", 800, 14_000, "检测报告"),
    ("occupational-hazard-control-evaluation", 15_000, 60_000, "控制效果评价报告"),
    ("occupational-hazard-pre-evaluation", 15_000, 60_000, "预评价报告"),
    ("public-place-hygiene-testing", 500, 4_800, "检测报告"),
    ("radiation-protection-evaluation", 5_000, 30_000, "放射防护评价报告"),
    ("real-estate-appraisal", 2_000, 30_000, "估价报告"),
    ("safety-acceptance-evaluation", 20_000, 90_000, "安全验收评价报告"),
    ("safety-facility-design", 30_000, 150_000, "安全设施设计专篇"),
    ("safety-pre-evaluation", 20_000, 90_000, "安全预评价报告"),
    ("safety-status-evaluation", 15_000, 70_000, "安全现状评价报告"),
    ("social-stability-risk-assessment", 15_000, 70_000, "风险评估报告"),
    ("soil-water-conservation-plan", 10_000, 60_000, "水土保持方案"),
    ("special-equipment-inspection", 300, 1_000, "检验报告"),
    ("traffic-impact-assessment", 20_000, 100_000, "交通影响评价报告"),
];

/// What an item usually costs; an item the table does not know follows its cap.
pub(crate) fn usual(item: &Item) -> Usual {
    if let Some((_, low, high, product)) = BANDS.iter().find(|(code, ..)| *code == item.code) {
        return Usual { low: low * 100, high: high * 100, product: Some(product) };
    }
    let high = item.price_cap.unwrap_or(5_000_000);
    Usual { low: high / 3, high, product: None }
}

/// The price of a listing in fen, which keeps to the item's cap.
pub(crate) fn price(item: &Item, package: Package, draw: &mut Draw) -> i64 {
    let usual = usual(item);
    let lot = draw.between(0, 1000);
    let percent = if item.price_unit == "元/项" { package.price } else { 100 };
    let free = (usual.low + (usual.high - usual.low) * lot * lot / 1_000_000) * percent / 100;
    let Some(cap) = item.price_cap else {
        return rounded(free);
    };
    match item.price_mode.as_str() {
        "fixed" => cap,
        "guided" => rounded(cap * draw.between(60, 100) / 100),
        _ => rounded(free.min(cap)),
    }
}

/// Prices are quoted in round figures, rounded down.
fn rounded(fen: i64) -> i64 {
    let step = step(fen);
    (fen / step * step).max(step)
}

fn step(fen: i64) -> i64 {
    match fen {
        2_000_000.. => 50_000,
        500_000.. => 10_000,
        100_000.. => 5_000,
        10_000.. => 1_000,
        1_000.. => 100,
        _ => 5,
    }
}

/// Fen as yuan with two decimals.
pub(crate) fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_round_and_written_with_two_decimals() {
        assert_eq!(yuan(rounded(1_234_567)), "12300.00");
        assert_eq!(yuan(rounded(187)), "1.85");
        assert_eq!(yuan(rounded(1)), "0.05");
    }
}
