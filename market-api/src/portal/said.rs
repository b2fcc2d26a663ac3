//! What states, events, steps and reasons are called on the pages of those who take part.

use market_core::{
    Kind, Party,
    agency::ListingState,
    case::{CaseState, StepState},
    deadline::{Consequence, Deadline, DeadlineKind},
    evaluation::EvaluationState,
    file::ScanState,
    notice::{Notice, Topic},
    order::{AnyState, ChangeState, MilestoneState, PaymentState, ReturnCode, Side},
    purchase::RegistrationState,
    webhook::event::Event,
};

use super::words;

/// Why a file cannot be downloaded; nothing of one that can.
pub(super) const fn withheld(scan: Option<ScanState>) -> &'static str {
    match scan {
        Some(ScanState::Waiting) => "等待安全扫描",
        Some(ScanState::Infected) => "发现恶意内容，已隔离",
        Some(ScanState::Clean) | None => "",
    }
}

/// Where a case stands.
pub(super) const fn case_state(state: CaseState) -> &'static str {
    match state {
        CaseState::Open => "办理中",
        CaseState::Completed => "已办结",
        CaseState::Withdrawn => "已撤回",
    }
}

/// Where a step of a case stands.
pub(super) const fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "待办",
        StepState::InReview => "审查中",
        StepState::Returned => "已退回，请补正",
        StepState::Approved => "已通过",
    }
}

/// Where an order stands.
pub(super) fn order_state(name: &str) -> &'static str {
    match name {
        "placed" => "待接单",
        "accepted" => "待签合同",
        "contracted" => "待确认合同",
        "in_service" => "服务中",
        "delivered" => "待验收",
        "reworking" => "返工中",
        "signed_off" => "已验收，待部门使用",
        "completed" => "已完成",
        "declined" => "机构未接单",
        "cancelled" => "已取消",
        "terminated" => "已终止",
        _ => "状态未知",
    }
}

/// How far an order has come, as a step of the way that most orders go; none off that way.
pub(super) const fn way(state: &AnyState) -> Option<usize> {
    match state {
        AnyState::Placed(_) => Some(0),
        AnyState::Accepted(_) | AnyState::Contracted(_) => Some(1),
        AnyState::InService(_) | AnyState::Reworking(_) => Some(2),
        AnyState::Delivered(_) => Some(3),
        AnyState::SignedOff(_) => Some(4),
        AnyState::Completed(_) => Some(5),
        AnyState::Declined(_) | AnyState::Cancelled(_) | AnyState::Terminated(_) => None,
    }
}

/// The way that most orders go.
pub(super) const WAY: [&str; 6] =
    ["机构接单", "签订合同", "服务和交付", "委托人验收", "部门使用", "完成"];

/// What may be done with an order, as its buttons say it.
pub(super) fn order_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "sign-off" => "验收成果",
        "return-for-rework" => "退回返工",
        "confirm-contract" => "确认合同",
        "reject-contract" => "不同意合同",
        "record-contract" => "登记合同",
        "cancel" => "取消订单",
        "terminate" => "终止订单",
        "propose-change" => "提出合同变更",
        "approve-change" => "同意变更",
        "refuse-change" => "不同意变更",
        "withdraw-change" => "撤回变更",
        "confirm-milestone" => "确认里程碑",
        "pay" => "登记付款",
        "evaluate" => "评价机构",
        "accept" => "接单",
        "decline" => "不接单",
        "upload" => "上传成果文件",
        "deliver" => "交付成果",
        "reach-milestone" => "报告里程碑达成",
        "confirm-payment" => "确认收款",
        "dispute-payment" => "对付款有异议",
        _ => return None,
    })
}

/// What may be done with a purchase by an agency, as its buttons say it.
pub(super) fn entry_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "register" => "报名",
        "withdraw" => "取消报名",
        "quote" => "报价",
        "ask" => "提问",
        "confirm" => "确认中选",
        "decline" => "放弃中选",
        _ => return None,
    })
}

/// What an agency may do with itself, as its buttons say it.
pub(super) fn agency_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "reapply" => "修改后重新申请",
        "change" => "修改机构资料",
        "add_qualification" => "登记资质证书",
        "add_practitioner" => "登记执业人员",
        "leave" => "退出超市",
        _ => return None,
    })
}

/// What an agency may do with a listing, as its buttons say it.
pub(super) fn listing_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "change" => "修改内容或价格",
        "publish" => "上架",
        "take_off" => "下架",
        _ => return None,
    })
}

/// Where a listing stands.
pub(super) const fn listing(state: ListingState) -> &'static str {
    match state {
        ListingState::Draft => "草稿",
        ListingState::Published => "已上架",
        ListingState::OffShelf => "已下架",
    }
}

/// Where an evaluation stands, where it is more than published.
pub(super) const fn evaluation(state: &EvaluationState) -> Option<&'static str> {
    match state {
        EvaluationState::Sealed {} => Some("未公布"),
        EvaluationState::Published { .. } => None,
        EvaluationState::Appealed { .. } => Some("申诉中，暂不计入"),
        EvaluationState::Kept { .. } => Some("申诉后维持"),
        EvaluationState::Hidden { .. } => Some("已隐藏，不计入"),
    }
}

/// What may be done with a purchase by its owner, as its buttons say it.
pub(super) fn purchase_step(name: &str) -> Option<&'static str> {
    Some(match name {
        "submit" => "提交公告",
        "revise" => "修改草稿",
        "open" => "开标",
        "beacon" => "登记公共数",
        "choose" => "选定机构",
        "reply" => "答复机构",
        "answer" => "答复提问",
        "correct" => "更正公告",
        "void" => "撤销采购",
        "repurchase" => "重新采购",
        _ => return None,
    })
}

/// What happened to a kind of thing, as the market names it.
pub(super) fn event(kind: Kind, name: &str) -> &str {
    Event::named(kind, name).map_or(name, |event| event.zh)
}

/// Why a deliverable is returned.
pub(super) const fn return_code(code: ReturnCode) -> &'static str {
    match code {
        ReturnCode::Incomplete => "内容不完整",
        ReturnCode::Substandard => "不符合标准规范",
        ReturnCode::Wrong => "数据或结论有误",
        ReturnCode::Mismatched => "与项目不符",
        ReturnCode::Unsigned => "签章或资质缺失",
        ReturnCode::Other => "其他（请说明）",
    }
}

/// A side of an order.
pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Applicant => "委托人",
        Side::Agency => "中介机构",
    }
}

/// Where a milestone stands.
pub(super) const fn milestone(state: MilestoneState) -> &'static str {
    match state {
        MilestoneState::Planned => "未达成",
        MilestoneState::Reached => "机构报告已达成，待确认",
        MilestoneState::Confirmed => "已确认",
    }
}

/// Where a payment stands.
pub(super) const fn payment(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Recorded => "待机构确认",
        PaymentState::Confirmed => "机构已确认",
        PaymentState::Disputed => "机构有异议",
    }
}

/// Where a proposed change stands.
pub(super) const fn change(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Proposed => "待对方确认",
        ChangeState::Approved => "已生效",
        ChangeState::Refused => "对方不同意",
        ChangeState::Withdrawn => "已撤回",
    }
}

/// Where a registration stands.
pub(super) const fn registration(state: RegistrationState) -> &'static str {
    match state {
        RegistrationState::Registered => "已报名",
        RegistrationState::Withdrawn => "已取消报名",
        RegistrationState::Ineligible => "不合格",
        RegistrationState::Listed => "在封存名单中",
        RegistrationState::Won => "中选",
        RegistrationState::RunnerUp => "候补",
        RegistrationState::Lost => "未中选",
        RegistrationState::Abandoned => "已放弃",
    }
}

/// Where a complaint stands, by the name of its state.
pub(super) fn complaint(name: &str) -> &'static str {
    match name {
        "filed" => "待受理",
        "not_accepted" => "不予受理",
        "investigating" => "调查处理中",
        "upheld" => "投诉成立",
        "dismissed" => "投诉不成立",
        "withdrawn" => "已撤回",
        _ => "状态未知",
    }
}

/// What a kind of thing is called that people are told of.
pub(super) const fn thing(kind: Kind) -> &'static str {
    match kind {
        Kind::Case => "办件",
        Kind::Order => "订单",
        Kind::Purchase => "采购项目",
        Kind::Registration => "报名",
        Kind::Complaint => "投诉",
        Kind::EvaluationWindow | Kind::Evaluation => "评价",
        Kind::Document => "文书",
        Kind::Agency => "机构",
        Kind::Listing => "服务",
        _ => "其他事项",
    }
}

/// Why somebody is told of something.
pub(super) fn notice(notice: &Notice) -> String {
    let until = notice.until.map(words::until).unwrap_or_default();
    match notice.topic {
        Topic::SavedSearch => {
            format!("订阅“{}”有了新的结果", notice.name.as_deref().unwrap_or_default())
        }
        Topic::Event => event(notice.kind, notice.event.as_deref().unwrap_or_default()).to_owned(),
        Topic::DueSoon => format!("请在{until}前办理"),
        Topic::Overdue => format!("已经逾期，期限是{until}"),
    }
}

/// What has a deadline.
pub(super) const fn deadline(kind: DeadlineKind) -> &'static str {
    match kind {
        DeadlineKind::Review => "采购公告审查",
        DeadlineKind::Purchase => "采购项目",
        DeadlineKind::Order => "订单",
        DeadlineKind::Step => "办件环节",
        DeadlineKind::Check => "机构核验",
        DeadlineKind::Evaluation => "评价",
        DeadlineKind::EvaluationAppeal => "评价申诉处理",
    }
}

/// Where the thing is that has a deadline, for a party without a desk; nowhere, of some.
pub(super) fn deadline_at(deadline: &Deadline, party: &Party) -> Option<String> {
    let id = &deadline.id;
    match deadline.kind {
        DeadlineKind::Purchase if matches!(party, Party::Agency(_)) => {
            Some(format!("/purchases/{id}/registration"))
        }
        DeadlineKind::Review | DeadlineKind::Purchase => Some(format!("/purchases/{id}/manage")),
        DeadlineKind::Order => Some(format!("/orders/{id}")),
        DeadlineKind::Step => Some(format!("/cases/{id}")),
        DeadlineKind::Evaluation => Some(format!("/orders/{id}#evaluation")),
        DeadlineKind::Check | DeadlineKind::EvaluationAppeal => None,
    }
}

/// What happens by itself when a deadline has passed.
pub(super) const fn consequence(then: Consequence) -> &'static str {
    match then {
        Consequence::RegistrationCloses => "报名截止，名单封存",
        Consequence::OpeningEnds => "未交开标码的，流标",
        Consequence::RoundEnds => "本轮报价结束",
        Consequence::PurchaseFails => "流标",
        Consequence::AwardStands => "公示期满，中选结果生效",
        Consequence::AwardPassesOn => "由候补机构递补",
        Consequence::OrderDeclined => "视为机构不接单",
        Consequence::OrderCancelled => "订单自动取消",
        Consequence::DeliverableAccepted => "视为已验收",
        Consequence::EvaluationCloses => "不能再评价",
        Consequence::EvaluationKept => "维持评价",
    }
}

#[cfg(test)]
mod tests {
    use market_core::complaint::ComplaintState;

    use super::*;

    #[test]
    fn every_state_has_a_name() {
        for name in AnyState::NAMES {
            assert_ne!(order_state(name), "状态未知", "{name}");
        }
        for name in ComplaintState::NAMES {
            assert_ne!(complaint(name), "状态未知", "{name}");
        }
    }
}
