//! How things are written for people: days, money, and the words of the trade.

use market_core::{
    Day, Money, Timestamp,
    account::{Role, Scope},
    agency::{AgencyNature, Standing},
    case::Fund,
    catalog::{
        DeliverableKind, Nature, PriceMode, QualificationType, Requirement, Rule, ServiceItem,
    },
    draw::Beacon,
    evaluation::Rater,
    matter::Source,
    purchase::Price,
    selection::Quote,
};

/// A day: `2026年11月24日`.
pub(super) fn day(day: Day) -> String {
    let date = day.date();
    format!("{}年{}月{}日", date.year(), u8::from(date.month()), date.day())
}

/// An instant: `2026年11月24日17时30分`, in China.
pub(super) fn instant(at: Timestamp) -> String {
    let (hour, minute) = at.clock();
    format!("{}{hour}时{minute:02}分", day(at.day()))
}

/// What is said to who writes a public number down.
pub(super) const BEACON: &str = "公共数参与抽取，请照公布的原样登记。业主、运营机构、办件的审批部门中\
    有两方登记的一致，才算数；在那以前，登记错的可以重新登记。各方登记的数都会公开。";

/// A public number: which, when it is known, and how it is written.
pub(super) fn beacon(beacon: &Beacon) -> String {
    match beacon {
        Beacon::Words(words) => words.clone(),
        Beacon::Number(number) => {
            format!("{}，{}公布，{} 位小数", number.name, instant(number.known_at), number.decimals)
        }
    }
}

/// Until when: the last day, where that is an end of one.
pub(super) fn until(at: Timestamp) -> String {
    match at.clock() {
        (0, 0) => day(at.plus_seconds(-1).day()),
        _ => instant(at),
    }
}

/// A number with its thousands apart: `1,127`.
pub(super) fn number(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount: `￥12,000.00`.
pub(super) fn yuan(money: Money) -> String {
    format!("￥{}.{:02}", number(money.fen() / 100), money.fen() % 100)
}

/// An amount as letters state it: `人民币壹万贰仟元整（￥12,000.00）`.
pub(super) fn capital(money: Money) -> String {
    format!("人民币{}（{}）", money.capital(), yuan(money))
}

/// What a price is for, after the price: `/项` for `元/项`.
pub(super) fn per(unit: &str) -> String {
    match unit.strip_prefix('元') {
        Some(per) => per.to_owned(),
        None => format!("（{unit}）"),
    }
}

/// Whose money pays.
pub(super) const fn fund(fund: Fund) -> &'static str {
    match fund {
        Fund::Fiscal => "财政性资金",
        Fund::Social => "社会资金",
    }
}

/// What a purchase pays, and what may be quoted.
pub(super) fn purchase_price(price: &Price) -> String {
    match price {
        Price::Fixed { amount } => format!("固定价格 {}", yuan(*amount)),
        Price::Amount { low, high } => {
            format!("最高限价 {}，最低限价 {}", yuan(*high), yuan(*low))
        }
        Price::Discount { ceiling, low, high } => {
            format!("最高限价 {}，报下浮率，{low}% 至 {high}%", yuan(*ceiling))
        }
    }
}

/// What an agency asks.
pub(super) fn quote(quote: Quote) -> String {
    match quote {
        Quote::Amount(amount) => yuan(amount),
        Quote::Discount(rate) => format!("下浮率 {rate}%"),
    }
}

/// Where a purchase stands, by the name of its state.
pub(super) fn stage(name: &str) -> &'static str {
    match name {
        "draft" => "草稿",
        "in_review" => "形式审查中",
        "open" => "报名中",
        "opening" => "待开标",
        "rounds" => "报价轮次中",
        "choosing" => "待业主选定",
        "publicity" => "中选公示中",
        "suspended" => "因投诉暂停",
        "awarded" => "待中选机构确认",
        "ordered" => "已成交",
        "failed" => "流标",
        "voided" => "已终止",
        _ => "状态未知",
    }
}

/// Why a service is bought.
pub(super) const fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Statutory => "法定前置（审批依法要求）",
        Nature::Technical => "技术性服务（为审批委托）",
        Nature::Voluntary => "自愿委托",
    }
}

/// As what somebody evaluates.
pub(super) const fn rater(rater: Rater) -> &'static str {
    match rater {
        Rater::Applicant => "委托人",
        Rater::Department => "使用成果的审批部门",
        Rater::Agency => "中介机构",
    }
}

/// How a price is made.
pub(super) const fn price_mode(mode: PriceMode) -> &'static str {
    match mode {
        PriceMode::Market => "市场调节价",
        PriceMode::Guided => "政府指导价",
        PriceMode::Fixed => "政府定价",
    }
}

/// How the price of an item is made, and what it may not exceed.
pub(super) fn pricing(item: &ServiceItem) -> String {
    let mode = price_mode(item.price_mode);
    match item.price_cap {
        Some(cap) => format!("{mode}，最高限价 {}{}", yuan(cap), per(&item.price_unit)),
        None => mode.to_owned(),
    }
}

/// What is handed over.
pub(super) const fn deliverable(kind: DeliverableKind) -> &'static str {
    match kind {
        DeliverableKind::Report => "报告书",
        DeliverableKind::Form => "报告表",
        DeliverableKind::Plan => "方案",
        DeliverableKind::DrawingReview => "审图意见",
        DeliverableKind::SurveyResult => "测绘成果",
        DeliverableKind::TestReport => "检测报告",
        DeliverableKind::Opinion => "意见书",
        DeliverableKind::Certificate => "证明",
        DeliverableKind::AuditReport => "审计报告",
    }
}

/// How many of the qualifications below are needed.
pub(super) const fn rule(rule: Rule, requirements: usize) -> &'static str {
    match (requirements, rule) {
        (0, _) => "不要求资质",
        (1, _) => "应当具备",
        (_, Rule::Any) => "具备下列之一",
        (_, Rule::All) => "同时具备下列各项",
    }
}

/// A required qualification: `工程勘察资质乙级及以上（专业：岩土工程）`.
pub(super) fn requirement(kinds: &[QualificationType], requirement: &Requirement) -> String {
    let known = kinds.iter().find(|kind| kind.kind == requirement.kind);
    let mut text = known.map_or_else(|| requirement.kind.to_string(), |kind| kind.name.clone());
    if let Some(kind) = known
        && kind.levels.len() > 1
        && let Some(level) = kind.level(&requirement.level)
    {
        text.push_str(&level.name);
        if level.rank > 1 {
            text.push_str("及以上");
        }
    }
    if let Some(major) = &requirement.major {
        text = format!("{text}（专业：{major}）");
    }
    text
}

/// Where a material comes from.
pub(super) const fn source(source: Source) -> &'static str {
    match source {
        Source::Applicant => "申请人自备",
        Source::Shared => "部门数据共享，免交",
        Source::Market => "可在超市委托",
    }
}

/// What an agency is in law.
pub(super) const fn agency_nature(nature: AgencyNature) -> &'static str {
    match nature {
        AgencyNature::Enterprise => "企业",
        AgencyNature::Institution => "事业单位",
        AgencyNature::Social => "社会组织",
        AgencyNature::SoleTrader => "个体工商户",
    }
}

/// Where an agency's admission stands.
pub(super) const fn standing(of: Standing) -> &'static str {
    match of {
        Standing::Applying => "核验中",
        Standing::Admitted => "已入驻",
        Standing::Rejected => "已退回",
        Standing::Suspended => "已暂停",
        Standing::Exited => "已退出",
    }
}

/// What a key may be good for.
pub(super) const fn scope(of: Scope) -> &'static str {
    match of {
        Scope::Read => "查看本单位能看的",
        Scope::Cases => "办理办件",
        Scope::Orders => "办理订单",
        Scope::Purchases => "办理采购、报名和报价",
        Scope::Listings => "管理上架的服务",
        Scope::Agencies => "管理机构资料",
        Scope::Complaints => "办理投诉和预警",
        Scope::Catalogue => "维护近义词和开标公钥",
        Scope::Searches => "管理订阅的搜索",
    }
}

/// What a person may do for a party.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "管理员",
        Role::Member => "经办人",
        Role::Viewer => "查看人",
    }
}

#[cfg(test)]
mod tests {
    use market_core::purchase::PurchaseState;

    use super::*;

    #[test]
    fn every_state_of_a_purchase_has_a_name() {
        for name in PurchaseState::NAMES {
            assert_ne!(stage(name), "状态未知", "{name}");
        }
    }

    #[test]
    fn days_and_money_are_written_in_chinese() {
        assert_eq!(day("2026-11-04".parse().unwrap()), "2026年11月4日");
        for (amount, text) in [
            ("0", "￥0.00"),
            ("0.05", "￥0.05"),
            ("999.9", "￥999.90"),
            ("12000", "￥12,000.00"),
            ("1234567.89", "￥1,234,567.89"),
        ] {
            assert_eq!(yuan(amount.parse().unwrap()), text);
        }
    }

    #[test]
    fn a_unit_follows_its_price() {
        assert_eq!(per("元/平方米"), "/平方米");
        assert_eq!(per("每台"), "（每台）");
    }

    #[test]
    fn a_requirement_names_the_lowest_level_that_will_do() {
        let level = |level: &str, name: &str, rank| market_core::catalog::Level {
            level: level.parse().unwrap(),
            name: name.to_owned(),
            rank,
        };
        let kind = QualificationType {
            kind: "survey".parse().unwrap(),
            name: "测绘资质".to_owned(),
            issuer: String::new(),
            majors: vec!["工程测量".to_owned()],
            levels: vec![level("a", "甲级", 1), level("b", "乙级", 2)],
        };
        let of = |level: &str, major: Option<&str>| {
            let (kind_code, major) = (kind.kind.clone(), major.map(str::to_owned));
            let need = Requirement { kind: kind_code, level: level.parse().unwrap(), major };
            requirement(std::slice::from_ref(&kind), &need)
        };
        assert_eq!(of("a", None), "测绘资质甲级");
        assert_eq!(of("b", Some("工程测量")), "测绘资质乙级及以上（专业：工程测量）");
    }
}
