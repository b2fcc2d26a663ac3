//! What the numbers of a profile are called and counted in, and what other policy would have
//! decided, in words.

use std::collections::BTreeMap;

use market_core::{
    Kind, Mode, Money, Refusal,
    id::RegistrationId,
    import::Parameter,
    selection::FailureReason,
    simulation::{Came, Difference, Subject},
};

use super::super::super::{said, words};

/// Periods that are counted in calendar days; all others in working days.
const CALENDAR: [&str; 5] = [
    "expiry_warning_days",
    "contract.payment_days",
    "contract.payment_max_days",
    "ranking.newcomer_days",
    "selection.splitting_days",
];

/// What a number is counted in, by how its name ends; the longer endings first.
const UNITS: [(&str, &str); 32] = [
    ("_days", "个工作日"),
    ("_hours", "小时"),
    ("_minutes", "分钟"),
    ("_months", "个月"),
    ("_bytes", "字节"),
    ("_percent", "%"),
    ("_bases", "%"),
    ("_per_myriad_day", "万分之一/天"),
    ("direct_limit_fiscal", "元"),
    ("random_limit", "元"),
    ("_penalty", "分"),
    ("credit_prior", "分"),
    ("credit_grades", "分"),
    ("deemed_points", "分"),
    ("points_per_ticket", "分"),
    ("scale", "分"),
    ("credit_confidence", "单"),
    ("newcomer_orders", "单"),
    ("k_anonymity", "单"),
    ("applicant_weight", "份"),
    ("department_weight", "份"),
    ("_weight", "千分之一"),
    ("_fiscal", "家"),
    ("_social", "家"),
    ("_compared", "家"),
    ("trim_from", "家"),
    ("alternates", "家"),
    ("pattern_quotes", "家"),
    ("rounds", "轮"),
    ("least_reveals", "方"),
    ("short_list", "家"),
    ("concentration_window", "个项目"),
];

/// What a number is counted in; nothing, of what is no number.
pub(super) fn unit(name: &str) -> &'static str {
    if CALENDAR.contains(&name) {
        return "天";
    }
    if name.contains(".modes_") {
        return "";
    }
    if name.ends_with("concentration_wins") {
        return "次";
    }
    UNITS.iter().find(|(ending, _)| name.ends_with(ending)).map_or("", |(_, unit)| unit)
}

/// One part of a value, in words.
fn part(name: &str, part: &str) -> String {
    if name.ends_with("_dimensions") {
        let words: Vec<&str> = part.split(' ').collect();
        return match words.as_slice() {
            [_, name, weight] => format!("{name} {weight}%"),
            _ => part.to_owned(),
        };
    }
    match part {
        "true" => return "是".to_owned(),
        "false" => return "否".to_owned(),
        "none" => return "不计".to_owned(),
        "deemed" => return "按默认评价分计".to_owned(),
        _ => {}
    }
    if unit(name) == "元"
        && let Ok(amount) = part.parse::<Money>()
    {
        return words::yuan(amount);
    }
    if let Ok(mode) = part.parse::<Mode>() {
        return mode.zh().to_owned();
    }
    match part.parse() {
        Ok(fund) => words::fund(fund).to_owned(),
        Err(_) => part.to_owned(),
    }
}

/// What a number is, in words.
pub(super) fn value(of: &Parameter) -> String {
    let parts: Vec<String> = of.value.split('|').map(|one| part(of.name, one)).collect();
    let text = parts.join("、");
    if text.is_empty() { "（没有）".to_owned() } else { text }
}

/// The same with what it is counted in.
pub(super) fn with_unit(of: &Parameter) -> String {
    match unit(of.name) {
        "" | "元" => value(of),
        unit => format!("{} {unit}", value(of)),
    }
}

/// Who registered, by name.
pub(super) type Names = BTreeMap<RegistrationId, String>;

fn came(came: &Came, names: &Names) -> String {
    let name = |id: &RegistrationId| names.get(id).cloned().unwrap_or_else(|| format!("报名 {id}"));
    match came {
        Came::Winner { registration_id } => format!("{}中选", name(registration_id)),
        Came::Candidates { registrations } if registrations.is_empty() => "没有候选机构".to_owned(),
        Came::Candidates { registrations } => {
            let all: Vec<String> = registrations.iter().map(name).collect();
            format!("由业主在{}中选定", all.join("、"))
        }
        Came::Failed { reason } => match reason.parse::<FailureReason>() {
            Ok(reason) => format!("流标（{}）", reason.zh()),
            Err(_) => format!("流标（{reason}）"),
        },
    }
}

/// One thing that would have been otherwise.
pub(super) fn difference(of: &Difference, subject: Subject, names: &Names) -> String {
    match of {
        Difference::Refused { code } => {
            let refusal = Refusal::ALL.iter().find(|one| one.code() == code);
            format!("不会受理：{}", refusal.map_or(code.as_str(), |one| one.zh()))
        }
        Difference::Invalid { faults } => format!("公告不合要求：{}", faults.join("；")),
        Difference::OverLimit { limit, amount } => {
            format!("须公开选取：金额 {} 不低于限额 {}", words::yuan(*amount), words::yuan(*limit))
        }
        Difference::Review { would_be: true, .. } => "须先形式审查".to_owned(),
        Difference::Review { would_be: false, .. } => "不须形式审查".to_owned(),
        Difference::Minimum { had, minimum } if had < minimum => {
            format!("流标：{had} 家，不到最少的 {minimum} 家")
        }
        Difference::Minimum { had, minimum } => {
            format!("不会流标：{had} 家，够最少的 {minimum} 家")
        }
        Difference::Outcome { was, would_be } => {
            format!("会是{}，原来是{}", came(would_be, names), came(was, names))
        }
        Difference::Deadline { event, was, would_be } => {
            let kind = match subject {
                Subject::Purchase(_) => Kind::Purchase,
                Subject::Order(_) => Kind::Order,
            };
            format!(
                "“{}”以后的期限：会是{}，原来是{}",
                said::event(kind, event),
                words::instant(*would_be),
                words::instant(*was)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use market_core::{PolicyFile, import::parameters};

    use super::*;

    #[test]
    fn every_number_is_counted_in_something() {
        let pack: PolicyFile =
            toml::from_str(include_str!("../../../../../data/policy.toml")).unwrap();
        for one in parameters(&pack.profiles[0]).unwrap() {
            let is_number = one.value.split('|').all(|part| part.parse::<f64>().is_ok());
            assert_eq!(is_number, !unit(one.name).is_empty(), "{one:?}");
        }
    }

    #[test]
    fn numbers_are_told_in_words() {
        let of = |name, value: &str| {
            with_unit(&Parameter { name, zh: "", value: value.to_owned(), source: None })
        };
        for (name, value, told) in [
            ("use_days", "5", "5 个工作日"),
            ("contract.payment_days", "30", "30 天"),
            ("direct_limit_fiscal", "100000.00", "￥100,000.00"),
            ("suspension_months", "3|6|12", "3、6、12 个月"),
            ("selection.reviewed", "fiscal", "财政性资金"),
            ("selection.reviewed", "", "（没有）"),
            ("selection.modes_social", "random|inquiry", "直接抽取、询价选取"),
            ("contract.deemed_sign_off", "false", "否"),
            ("evaluation.unrated", "none", "不计"),
            ("evaluation.agency_dimensions", "payment 付款及时 50", "付款及时 50%"),
            ("selection.minimum_drawn_fiscal", "3", "3 家"),
        ] {
            let told = if name == "selection.modes_social" {
                format!("{}、{}", Mode::Random.zh(), Mode::Inquiry.zh())
            } else {
                told.to_owned()
            };
            assert_eq!(of(name, value), told, "{name}");
        }
    }
}
