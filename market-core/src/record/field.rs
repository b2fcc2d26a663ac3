//! What a row may hold, and what the national exchange calls it.

use crate::store::text_enum;

text_enum! {
    /// From when on a field should be there.
    pub enum When {
        /// From the day on which the case is opened.
        Always = "always",
        /// Once an agency was chosen.
        Bought = "bought",
        /// Once both sides have confirmed a contract.
        Contracted = "contracted",
        /// Once a deliverable was handed over.
        Delivered = "delivered",
        /// Once the deliverable was accepted.
        Accepted = "accepted",
        /// Once the step's department has used the deliverable.
        Used = "used",
        /// Once the evaluations were published, if anybody gave one.
        Evaluated = "evaluated",
        /// While somebody has something to do.
        UnderWay = "under_way",
        /// If somebody gave a reason.
        Reasoned = "reasoned",
        /// Once the row counts no more.
        Invalid = "invalid",
        /// Never: the exchange itself fills it in.
        Exchange = "exchange",
    }
}

macro_rules! fields {
    ($($name:ident $word:tt $column:expr, $zh:tt $en:tt $when:ident;)*) => {
        text_enum! {
            /// A field of the national record of a service.
            pub enum Field { $(#[doc = $en] $name = $word),* }
        }

        impl Field {
            /// The column of the national exchange table; none of what only this market tells.
            pub const fn column(self) -> Option<&'static str> {
                match self { $(Self::$name => $column),* }
            }

            /// Its name in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$name => $zh),* }
            }

            /// What it is, in English.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$name => $en),* }
            }

            /// From when on it should be there.
            pub const fn when(self) -> When {
                match self { $(Self::$name => When::$when),* }
            }
        }
    };
}

// The columns are those of the tables 中介服务事项办理信息 and 中介服务事项办理过程信息.
fields! {
    LocalKey "local_key" Some("DFSJZJ"), "地方数据主键" "The key of the row." Always;
    Serial "serial" Some("LSH"), "流水号" "The number that the exchange gives the row." Exchange;
    Region "region" Some("XZQHDM"), "行政区划代码" "The region of the case." Always;
    ProjectCode "project_code" Some("XMDM"), "项目代码" "The code of the investment project, as the purchase's notice has it." Always;
    ItemName "item_name" Some("ZJFWSXMC"), "中介服务事项名称" "The name of the service item." Always;
    Item "item" Some("ZJFWSXBM"), "中介服务事项编码" "The code of the service item." Always;
    StandardItem "standard_item" Some("DYBZZJFWSXBM"), "对应标准中介服务事项编码" "The code of the standard service item that it stands for." Always;
    Instance "instance" Some("ZJFWSXSLBM"), "中介服务事项实例编码" "The order." Bought;
    Approval "approval" Some("SPSXSLBM"), "审批事项实例编码" "The case and its step." Always;
    Limit "limit" Some("BLSX"), "办理时限" "In how many days the service is provided." Bought;
    LimitType "limit_type" Some("SXLX"), "时限类型" "What kind of days: `working_days`." Bought;
    AgencyCode "agency_code" Some("ZJJGDM"), "中介机构代码" "The agency's unified social credit code." Bought;
    AgencyName "agency_name" Some("ZJJGMC"), "中介机构名称" "The agency's name." Bought;
    Client "client" Some("WTR"), "委托人" "The applicant's name." Always;
    ClientCode "client_code" Some("WTRDM"), "委托人代码" "The applicant's unified social credit code." Always;
    Valid "valid" Some("SJYXBS"), "数据有效标识" "Whether the row counts: `valid` or `invalid`." Always;
    InvalidReason "invalid_reason" Some("SJWXYY"), "数据无效原因" "Why it counts no more." Invalid;
    UploadState "upload_state" Some("SJSCZT"), "数据上传状态" "Whether the exchange has taken the row." Exchange;
    UploadFailure "upload_failure" Some("SBYY"), "失败原因" "Why the exchange has not taken it." Exchange;
    State "state" Some("BLZT"), "办理状态" "Where the service stands: `unbought`, `purchasing`, or the state of the order." Always;
    Handler "handler" Some("BLR"), "办理人" "The parties that have something to do." UnderWay;
    Opinion "opinion" Some("BLYJ"), "办理意见" "Why the deliverable or the step was returned, in the words of whoever did it." Reasoned;
    HandledAt "handled_at" Some("BLSJ"), "办理时间" "Since when it stands so." Always;
    AttachmentName "attachment_name" Some("FJMC"), "附件名称" "The file name of the deliverable." Delivered;
    AttachmentId "attachment_id" Some("FJID"), "附件ID" "The id of the deliverable." Delivered;
    Matter "matter" None, "一件事编码" "The code of the matter." Always;
    MatterName "matter_name" None, "一件事名称" "The name of the matter." Always;
    StepName "step_name" None, "审批环节" "What the step decides." Always;
    Department "department" None, "审批部门编码" "The code of the department that decides it." Always;
    StepState "step_state" None, "环节状态" "Where the step stands." Always;
    Mode "mode" None, "选取方式" "How the agency was chosen: `direct`, or the mode of the purchase." Bought;
    Purchase "purchase" None, "采购项目" "The purchase, if there is one." Reasoned;
    PlacedOn "placed_on" None, "下单日期" "When the order was placed." Bought;
    Amount "amount" None, "订单金额" "The price that was ordered for." Bought;
    ContractNumber "contract_number" None, "合同编号" "The number of the contract." Contracted;
    ContractAmount "contract_amount" None, "合同金额" "The amount of the contract, with its changes." Contracted;
    SignedOn "signed_on" None, "合同签订日期" "When the contract was signed." Contracted;
    StartsOn "starts_on" None, "服务开始日期" "The first day of the service." Contracted;
    EndsOn "ends_on" None, "服务结束日期" "The last day of the service." Contracted;
    Paid "paid" None, "已付金额" "What was paid and not disputed." Contracted;
    DeliverableKind "deliverable_kind" None, "成果类型" "What is handed over." Always;
    DeliveredOn "delivered_on" None, "成果上传日期" "When the deliverable was uploaded." Delivered;
    Sha256 "sha256" None, "成果摘要" "The SHA-256 of the deliverable." Delivered;
    AcceptedOn "accepted_on" None, "验收日期" "When the applicant accepted it." Accepted;
    Use "use" None, "使用状态" "What the step's department has done with it: `pending` or `used`." Accepted;
    UsedOn "used_on" None, "使用日期" "When it used it." Used;
    LinkedBy "linked_by" None, "成果共用部门" "The department that reused the deliverable of another case." Reasoned;
    Points "points" None, "评价得分" "What its evaluations add up to, from 0 to 1000." Evaluated;
}

impl When {
    /// Whether a field may be missing: of others it is known whether there is anything to tell.
    #[cfg(test)]
    pub(super) const fn can_be_missing(self) -> bool {
        !matches!(self, Self::Exchange | Self::Reasoned | Self::Evaluated)
    }
}
