//! What is called how at a desk: steps and alarms.

use market_core::alarm::{AlarmRule, Severity};

/// What a department does with an order, as its buttons say it.
pub(super) fn order_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "use" => "使用成果",
        "return" => "退回成果",
        "evaluate" => "评价机构",
        _ => return None,
    })
}

/// What is done with a purchase.
pub(super) fn purchase_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "approve" => "审查通过，发布公告",
        "send-back" => "退回业主修改",
        "open" => "开标",
        "beacon" => "登记公共数",
        _ => return None,
    })
}

/// What a handler does with a complaint.
pub(super) fn complaint_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "accept" => "受理",
        "refuse" => "不予受理",
        "uphold" => "认定投诉成立",
        "dismiss" => "认定投诉不成立",
        _ => return None,
    })
}

/// What the operator does with an agency.
pub(super) fn agency_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "admit" => "核验通过，准予入驻",
        "reject" => "退回申请",
        "suspend" => "暂停机构",
        "reinstate" => "恢复机构",
        _ => return None,
    })
}

/// What an alarm is about.
pub(super) const fn rule(rule: AlarmRule) -> &'static str {
    match rule {
        AlarmRule::Splitting => "疑似化整为零",
        AlarmRule::Voided => "报名后撤销采购",
        AlarmRule::CodeWithheld => "逾期未交开标码",
        AlarmRule::SecretWithheld => "抽取参与方未揭示",
        AlarmRule::SameWinner => "流标重采仍由同一机构中选",
        AlarmRule::SameGroup => "关联机构同时报名",
        AlarmRule::LentCertificate => "疑似挂证",
        AlarmRule::Concentration => "中选集中于一家机构",
        AlarmRule::QuotePattern => "报价呈规律性",
    }
}

/// How grave an alarm is, and how that looks.
pub(super) const fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Notice => ("提示", ""),
        Severity::Warning => ("警示", "warn"),
        Severity::Serious => ("严重", "bad"),
    }
}

/// What a piece of evidence is called.
pub(super) fn evidence(name: &str) -> &str {
    match name {
        "owner" => "业主",
        "item" => "服务事项",
        "limit" => "依据的限额",
        "limit_amount" => "限额",
        "sum" => "合计",
        "days" => "统计天数",
        "bought" => "各次采购",
        "kind" => "种类",
        "id" => "编号",
        "amount" => "金额",
        "at" => "时间",
        "excluded" => "关联的报名",
        "registration" => "报名编号",
        "agency" => "机构",
        "group_of" => "与之关联",
        "certificate" => "证书编号",
        "name" => "姓名",
        "agencies" => "所在机构",
        "failed" => "流标的采购",
        "winner_then" => "上次中选",
        "winner" => "这次中选",
        "won" => "中选的采购",
        "of" => "采购总数",
        "window" => "统计的采购数",
        "registered" => "已报名家数",
        "reason" => "理由",
        "withheld_by" => "未给出的一方",
        "pattern" => "规律",
        "quotes" | "quote" => "报价",
        other => other,
    }
}

/// What a code in evidence stands for.
pub(super) fn piece(code: &str) -> Option<&'static str> {
    Some(match code {
        "direct_limit_fiscal" => "直接选取限额",
        "selection.random_limit" => "随机抽取限额",
        "equal" => "全部相同",
        "even_steps" => "等差",
        "even_ratios" => "等比",
        "order" => "直接下单",
        "purchase" => "公开选取",
        _ => return None,
    })
}
