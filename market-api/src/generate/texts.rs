//! Titles and summaries of listings, as agencies write them.

use super::catalog::Item;
use super::draw::Draw;
use super::packages::Package;
use super::prices;
use super::trades::Trade;

// What a price includes. The first of each list is about work of the usual size.
const REVIEWED: [&str; 4] = [
    "报价为常规规模项目的价格，含一次现场踏勘。",
    "报价含现场踏勘，不含专家评审费。",
    "报价含专家评审费和修改费用。",
    "报价含税，规模特殊的项目另行商定。",
];
const INCLUDED: [&str; 1] = ["报价含专家评审费和修改费用。"];
const TESTED: [&str; 4] = [
    "报价为常规项目价格，增加检测参数另计。",
    "报价含上门和出具报告的费用。",
    "报价含税，多点位、多批次可优惠。",
    "数量较多的，可先沟通再议价。",
];
const PLAIN_FEES: [&str; 4] = [
    "报价为常规规模的价格，以合同约定为准。",
    "报价含税，不另收交通费。",
    "费用在成果交付后结清。",
    "纸质成果一式三份，另附电子版。",
];
const STATED: [&str; 2] = ["收费标准公示，按台计收。", "按政府定价收费，不另收其他费用。"];

/// What a listing's words are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) item: &'a Item,
    pub(crate) trade: &'static Trade,
    pub(crate) package: Package,
    /// The place in a title; empty when the listing serves the whole country.
    pub(crate) place: &'a str,
    /// The regions served in a sentence.
    pub(crate) area: &'a str,
    pub(crate) days: i64,
}

impl Offer<'_> {
    /// The item's name without an explanation in brackets.
    fn name(&self) -> &str {
        self.item.name.split('（').next().unwrap_or(&self.item.name)
    }

    fn product(&self) -> &'static str {
        prices::usual(self.item).product.unwrap_or(match self.item.deliverable.as_str() {
            "form" => "报告表",
            "plan" => "方案",
            "drawing_review" => "审查意见",
            "survey_result" => "测绘成果",
            "test_report" => "检测报告",
            "opinion" => "鉴定意见",
            "certificate" => "证书",
            "audit_report" => "审计报告",
            _ => "成果报告",
        })
    }

    /// An alias made into the name of a service.
    fn alias(&self, draw: &mut Draw) -> String {
        draw.choose(&self.item.aliases).map_or_else(|| self.item.name.clone(), |alias| serve(alias))
    }

    pub(crate) fn title(&self, draw: &mut Draw) -> String {
        let Self { place, days, package, .. } = *self;
        if !package.words.is_empty() {
            let words = package.words;
            return match draw.below(4) {
                0 => format!("{}（{words}）", self.alias(draw)),
                1 => format!("{place}{}（{words}）", self.name()),
                _ => format!("{}（{words}）", self.name()),
            };
        }
        match draw.weighted(&[(26, 0), (16, 1), (22, 2), (16, 3), (8, 4), (6, 5), (6, 6)]) {
            0 => self.item.name.clone(),
            1 => format!("{place}{}", self.name()),
            2 => format!("{place}{}", self.alias(draw)),
            3 => self.alias(draw),
            4 => format!("{}，{days}个工作日出{}", self.name(), self.product()),
            5 => format!("{}｜{}", self.alias(draw), draw.word(self.trade.clients)),
            _ => match self.item.deliverable.as_str() {
                "report" | "form" | "plan" if self.visits() => format!("{}及全程协办", self.name()),
                "test_report" | "opinion" | "survey_result" => format!("{}（可上门）", self.name()),
                _ => format!("{}服务", self.name()),
            },
        }
    }

    pub(crate) fn summary(&self, draw: &mut Draw) -> String {
        let mut text = self.opening(draw);
        let lines = usize::try_from(draw.between(1, 2)).unwrap_or(1);
        for line in draw.some(self.trade.lines, lines) {
            text.push_str(line);
        }
        if draw.percent(75) {
            text.push_str(self.fee(draw));
        }
        text
    }

    fn opening(&self, draw: &mut Draw) -> String {
        let Self { area, days, .. } = *self;
        let (name, product) = (self.name(), self.product());
        let clients = draw.word(self.trade.clients);
        match draw.below(7) {
            0 => format!("面向{area}{clients}提供{name}服务，{days}个工作日内提交{product}。"),
            1 => format!("承接{area}{name}业务，资料收齐后{days}个工作日内提交{product}。"),
            2 => format!("{name}从资料收集到提交{product}由同一项目组负责，服务范围为{area}。"),
            3 => format!(
                "为{clients}提供{}，先核对资料清单，签约后{days}个工作日完成。",
                self.alias(draw)
            ),
            4 => format!("{area}范围内可上门服务，{product}在合同生效后{days}个工作日内交付。"),
            5 => format!("专注{name}，服务{area}{clients}，承诺{days}个工作日办结。"),
            _ => format!(
                "{clients}需要{name}的，可直接下单，两个工作日内安排专人对接，服务区域：{area}。"
            ),
        }
    }

    fn fee(&self, draw: &mut Draw) -> &'static str {
        let lines: &[&'static str] = match self.item.deliverable.as_str() {
            _ if self.item.price_mode == "fixed" => &STATED,
            _ if self.package.words.contains("评审费") => &INCLUDED,
            "report" | "form" | "plan" if self.visits() => &REVIEWED,
            "test_report" => &TESTED,
            _ => &PLAIN_FEES,
        };
        let plain = self.package.words.is_empty() || lines.len() == 1;
        draw.word(if plain { lines } else { &lines[1..] })
    }

    /// Whether experts usually review the work after a visit to the site.
    fn visits(&self) -> bool {
        const OTHERWISE: [&str; 4] = [
            "appraisal",
            "bidding-cost",
            "construction-supervision",
            "investigation-drawing-review",
        ];
        !OTHERWISE.contains(&self.trade.key)
    }
}

/// `环评` is offered as `环评服务`, `环评报告表` as `环评报告表编制`; `消防检测` stays.
fn serve(alias: &str) -> String {
    const WRITTEN: [&str; 6] = ["报告", "报告表", "报告书", "方案", "专篇", "环评表"];
    const WORK: [&str; 24] = [
        "编制", "检测", "评价", "鉴定", "审核", "审查", "测绘", "勘察", "代理", "评估", "检验",
        "审计", "监测", "测量", "估价", "监理", "定界", "验证", "服务", "设计", "送检", "影评",
        "审图", "咨询",
    ];
    if alias.ends_with("证明") || alias == "验资报告" {
        return format!("{alias}出具");
    }
    if WRITTEN.iter().any(|end| alias.ends_with(end)) {
        return format!("{alias}编制");
    }
    if alias.chars().count() > 3 && WORK.iter().any(|end| alias.ends_with(end)) {
        return alias.to_owned();
    }
    format!("{alias}服务")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_become_services() {
        let aliases = ["环评", "环评报告表", "消防检测", "预评价", "资金证明"];
        let services = ["环评服务", "环评报告表编制", "消防检测", "预评价服务", "资金证明出具"];
        assert_eq!(aliases.map(serve), services);
    }
}
