//! The names of everything that may happen to what parties and the public are told of. A journal
//! entry of such a kind with another name fails in debug builds, so that the table is complete.

use super::journal::Kind;

/// The kinds of things that others are told of; accounts, alarms, applicants and what people
/// search for are nobody else's business.
pub const KINDS: &[Kind] = &[
    Kind::Case,
    Kind::Order,
    Kind::EvaluationWindow,
    Kind::Evaluation,
    Kind::Purchase,
    Kind::Registration,
    Kind::Complaint,
    Kind::Document,
    Kind::Agency,
    Kind::Listing,
    Kind::Webhook,
    Kind::Rules,
    Kind::Category,
    Kind::QualificationKind,
    Kind::ServiceItem,
    Kind::Department,
    Kind::Matter,
    Kind::Synonym,
];

/// Something that may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// To what kind of thing.
    pub kind: Kind,
    /// What, as the journal has it.
    pub name: &'static str,
    /// The same for people, in Chinese.
    pub zh: &'static str,
    /// The same for people, in English.
    pub en: &'static str,
}

impl Event {
    /// The event of a name.
    pub fn named(kind: Kind, name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|event| event.kind == kind && event.name == name)
    }
}

macro_rules! events {
    ($($kind:ident: $($name:literal $zh:literal $en:literal;)*)*) => {
        /// Everything that may happen, by kind.
        pub const EVENTS: &[Event] = &[$($(
            Event { kind: Kind::$kind, name: $name, zh: $zh, en: $en },
        )*)*];
    };
}

events! {
    Case:
        "case_opened" "办件已开启" "The case is opened";
        "case_withdrawn" "办件已撤回" "The case is withdrawn";
        "step_approved" "环节已通过" "A step is approved";
        "step_returned" "环节已退回" "A step is returned";
        "step_resubmitted" "环节已补正重新提交" "A step is handed in again";
        "requirement_ordered" "所需服务已下单" "A needed service is ordered";
        "requirement_purchasing" "所需服务公开选取中" "A needed service is being purchased";
        "requirement_released" "所需服务可重新购买" "A needed service may be bought again";
        "requirement_used" "成果已用于办件" "A needed deliverable is used";
        "order_linked" "已共用另一办件的成果" "A deliverable of another case serves this one";
    Order:
        "order_placed" "新订单待接单" "An order is placed";
        "order_awarded" "中选订单已生成" "An order is awarded";
        "order_accepted" "订单已接单" "The order is accepted";
        "order_declined" "订单已拒单" "The order is declined";
        "order_cancelled" "订单已取消" "The order is cancelled";
        "order_lapsed" "订单逾期自动结束" "The order has lapsed";
        "order_delivered" "成果已交付" "A deliverable is handed over";
        "order_terminated" "订单已终止" "The order is terminated";
        "contract_recorded" "合同已登记" "A contract is recorded";
        "contract_confirmed" "合同已确认" "The contract is confirmed";
        "contract_rejected" "合同未获确认" "The contract is rejected";
        "contract_deadline_passed" "合同签订逾期" "The contract's day has passed";
        "confirmation_deadline_passed" "合同确认逾期" "Nobody confirmed the contract in time";
        "contract_change_proposed" "合同变更待确认" "A change of the contract is proposed";
        "contract_change_refused" "合同变更未获确认" "The change of the contract is refused";
        "contract_change_withdrawn" "合同变更已撤回" "The change of the contract is withdrawn";
        "contract_changed" "合同已变更" "The contract is changed";
        "service_extended" "服务已延期" "The service is extended";
        "deliverable_uploaded" "成果文件已上传" "A deliverable is uploaded";
        "deliverable_withheld" "成果文件已被隔离" "A deliverable is withheld: a scan found something in it";
        "deliverable_signed_off" "成果已验收" "The deliverable is signed off";
        "deliverable_deemed_accepted" "成果逾期视为验收" "The deliverable is deemed accepted";
        "deliverable_returned" "成果已退回" "The deliverable is returned";
        "deliverable_used" "部门已使用成果" "A department uses the deliverable";
        "milestone_reached" "里程碑已达成" "A milestone is reached";
        "milestone_confirmed" "里程碑已确认" "A milestone is confirmed";
        "payment_recorded" "付款已登记" "A payment is recorded";
        "payment_confirmed" "付款已确认" "A payment is confirmed";
        "payment_disputed" "付款有异议" "A payment is disputed";
    EvaluationWindow:
        "evaluation_opened" "订单可以评价" "The order can be evaluated";
        "evaluation_closed" "评价期已结束" "The window for evaluations is closed";
    Evaluation:
        "evaluation_given" "已评价" "An evaluation is given";
        "evaluation_published" "评价已公布" "The evaluation is published";
        "evaluation_appealed" "评价有申诉" "The agency appeals against the evaluation";
        "evaluation_kept" "评价维持" "The evaluation is kept";
        "evaluation_hidden" "评价已隐藏" "The evaluation is hidden";
        "evaluation_appeal_lapsed" "申诉逾期，评价维持" "Nobody decided in time: the evaluation is kept";
    Purchase:
        "purchase_drafted" "采购项目已起草" "The purchase is drafted";
        "purchase_revised" "采购项目草稿已修改" "The draft is revised";
        "purchase_submitted" "采购公告已提交审查" "The notice is submitted for review";
        "purchase_sent_back" "采购公告被退回" "The review sends the notice back";
        "purchase_published" "采购公告已发布" "The notice is published";
        "notice_corrected" "采购公告已更正" "The notice is corrected";
        "registration_closed" "报名已截止" "Registration is closed";
        "secret_revealed" "随机数已揭示" "A secret of the draw is revealed";
        "beacon_given" "公共数已登记" "A party gave the public number";
        "purchase_opened" "已开标" "The quotes are opened";
        "round_begun" "新一轮报价开始" "A round of quotes begins";
        "candidates_found" "候选名单已产生" "The candidates are found";
        "award_published" "中选结果公示" "The award is published";
        "award_stands" "中选公示期满" "The award stands";
        "award_confirmed" "中选已确认" "The award is confirmed";
        "award_declined" "中选机构放弃" "The award is declined";
        "award_lapsed" "中选逾期未确认" "The award has lapsed";
        "order_lapsed" "中选订单逾期" "The awarded order has lapsed";
        "purchase_suspended" "采购项目因投诉暂停" "The purchase is suspended";
        "purchase_resumed" "采购项目恢复" "The purchase goes on";
        "purchase_failed" "采购项目流标" "The purchase has failed";
        "purchase_voided" "采购项目已撤销" "The purchase is voided";
    Registration:
        "agency_registered" "报名成功" "The agency is registered";
        "registration_renewed" "已重新报名" "The registration is renewed";
        "registration_withdrawn" "报名已取消" "The registration is withdrawn";
        "registration_listed" "已列入候选名单" "The registration is on the sealed list";
        "registration_excluded" "报名未通过" "The registration is excluded";
        "registration_won" "已中选" "The registration has won";
        "award_abandoned" "放弃中选" "The agency has given the award up, or lost it";
        "registration_next_in_line" "列为候补" "The registration is next in line";
        "registration_lost" "未中选" "The registration has not won";
    Complaint:
        "complaint_filed" "投诉已提交" "A complaint is filed";
        "complaint_accepted" "投诉已受理" "The complaint is accepted";
        "complaint_not_accepted" "投诉不予受理" "The complaint is not accepted";
        "complaint_upheld" "投诉成立" "The complaint is upheld";
        "complaint_dismissed" "投诉不成立" "The complaint is dismissed";
        "complaint_withdrawn" "投诉已撤回" "The complaint is withdrawn";
    Document:
        "document_issued" "文书已出具" "An award letter or a contract summary is issued";
    Agency:
        "agency_applied" "机构申请入驻" "The agency applies";
        "agency_admitted" "机构已入驻" "The agency is admitted";
        "agency_rejected" "入驻申请被退回" "The application is rejected";
        "agency_reapplied" "机构重新申请入驻" "The agency applies again";
        "agency_changed" "机构信息已变更" "The agency's details are changed";
        "agency_suspended" "机构被暂停" "The agency is suspended";
        "agency_reinstated" "机构已恢复" "The agency is reinstated";
        "agency_exited" "机构已退出" "The agency has left";
        "agency_imported" "机构信息已导入" "The agency is imported";
        "qualification_added" "资质已登记" "A qualification is added";
        "qualification_revoked" "资质已撤销" "A qualification is revoked";
        "qualification_imported" "资质已导入" "A qualification is imported";
        "practitioner_added" "执业人员已登记" "A practitioner is added";
        "practitioner_removed" "执业人员已移除" "A practitioner is removed";
        "practitioner_imported" "执业人员已导入" "A practitioner is imported";
    Listing:
        "listing_created" "服务已创建" "The listing is created";
        "listing_changed" "服务已变更" "The listing is changed";
        "listing_published" "服务已上架" "The listing is published";
        "listing_taken_off" "服务已下架" "The listing is taken off";
        "listing_imported" "服务已导入" "The listing is imported";
    Webhook:
        "webhook_registered" "网络钩子已登记" "The webhook is registered";
        "webhook_changed" "网络钩子已变更" "The webhook is changed";
        "webhook_enabled" "网络钩子已启用" "The webhook is enabled";
        "webhook_disabled" "网络钩子已停用" "The webhook is disabled";
        "webhook_removed" "网络钩子已删除" "The webhook is removed";
        "webhook_replayed" "网络钩子已回放" "The webhook is replayed";
        "webhook_secret_rotated" "网络钩子密钥已更换" "The webhook has a new secret";
        "webhook_key_rotated" "平台签名密钥已更换" "The server has a new key";
        "ping" "测试消息" "A test message, which is in no journal";
    Rules:
        "regions_changed" "行政区划已变更" "Regions are changed";
        "calendar_changed" "工作日历已变更" "The calendar is changed";
        "policy_changed" "政策参数已变更" "Policy profiles are changed";
        "throttle_set" "登录限制已变更" "A limit of tries is changed";
    Category:
        "category_created" "服务种类已创建" "The category is created";
        "category_changed" "服务种类已变更" "The category is changed";
    QualificationKind:
        "qualification_kind_created" "资质类别已创建" "The kind of qualification is created";
        "qualification_kind_changed" "资质类别已变更" "The kind of qualification is changed";
    ServiceItem:
        "service_item_created" "中介服务事项已创建" "The service item is created";
        "service_item_changed" "中介服务事项已变更" "The service item is changed";
        "service_item_withdrawn" "中介服务事项已取消" "The service item is withdrawn";
        "service_item_restored" "中介服务事项已恢复" "The service item is restored";
    Department:
        "department_created" "审批部门已创建" "The department is created";
        "department_changed" "审批部门已变更" "The department is changed";
        "department_opening_key_set" "部门公钥已登记" "The department's opening key is set";
        "department_opening_key_cleared" "部门公钥已收回" "The department's opening key is taken back";
    Matter:
        "matter_created" "一件事已创建" "The matter is created";
        "matter_changed" "一件事已变更" "The matter is changed";
        "matter_withdrawn" "一件事已取消" "The matter is withdrawn";
        "matter_restored" "一件事已恢复" "The matter is restored";
    Synonym:
        "synonym_put" "近义词已登记" "The synonym is put";
        "synonym_removed" "近义词已删除" "The synonym is removed";
}
