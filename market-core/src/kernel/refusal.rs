//! What the market's rules say no to: one table of codes and sentences.

use serde::{Deserialize, Serialize};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $code:literal $zh:literal $en:literal;)*) => {
        /// The complete list of the market's refusals.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Refusal { $(
            #[doc = $en]
            #[serde(rename = $code)]
            $name
        ),* }

        impl Refusal {
            /// Every refusal, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Never changes once released.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// The sentence for people, in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$name => $zh),* }
            }

            /// The sentence for people, in English.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$name => $en),* }
            }
        }
    };
}

/// Described as a text: codes never change, but there come to be more of them.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Refusal {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let text = utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .description(Some("A refusal: a code of /problems, of which there come to be more."))
            .examples([Self::OperatorOnly.code()]);
        text.into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.en())
    }
}

impl std::error::Error for Refusal {}

refusals! {
    ApplicantsOnly "applicants-only" "仅申请人可办理" "Only an applicant may do this";
    AgenciesOnly "agencies-only" "仅中介机构可办理" "Only an agency may do this";
    DepartmentsOnly "departments-only" "仅审批部门可办理" "Only an approval department may do this";
    OtherDepartment "other-department" "只能由该部门自己办理" "Only the department itself may do this";
    OperatorOnly "operator-only" "仅运营机构可办理" "Only the operator may do this";
    SupervisorsOnly "supervisors-only" "仅监管部门与运营机构可查看" "Only departments and the operator may see this";
    OtherSide "other-side" "应由对方办理" "This step belongs to the other side";
    KeyInUse "idempotency-key-in-use" "同一幂等键的请求仍在处理中，请稍后再试" "The first request with this idempotency key is still under way: try again shortly";
    KeyReused "idempotency-key-reused" "幂等键已用于另一请求" "The idempotency key was used for another request";

    LoginTaken "login-taken" "登录名已被使用" "The login is taken";
    WrongPassword "wrong-login" "登录名或密码不正确" "Login or password is wrong";
    PartyNotHeld "party-not-held" "您不能代表该主体办事" "You may not act for this party";
    PartyDisabled "party-disabled" "该主体已被停用" "The party is disabled: nobody may act for it";
    SessionOver "session-over" "会话已结束，请重新登录" "The session is over: sign in again";
    SecondFactorNeeded "second-factor-needed" "请输入动态验证码" "Give the code of your second factor, too";
    SecondFactorWrong "second-factor-wrong" "动态验证码不正确或已使用" "The code is wrong, or was used already";
    SecondFactorRequired "second-factor-required" "请先启用动态验证码，再办理业务" "Set up a second factor first: this party asks for one";
    SecondFactorExists "second-factor-exists" "已启用动态验证码" "A second factor is set up already";
    NoSecondFactor "no-second-factor" "尚未启用动态验证码" "There is no second factor to confirm or to give up";
    SecondFactorUnavailable "second-factor-unavailable" "服务器未配置密钥，不能启用动态验证码" "The server has no key to keep second factors with";
    AdminsOnly "admins-only" "仅本单位管理员可办理" "Only an admin of the party may do this";
    TokensForOneself "tokens-for-oneself" "只能为本人、为当前代表的主体签发令牌" "A person makes tokens for themselves alone, for the party that they act for";
    NotForOneself "not-for-oneself" "不能给自己授权" "Nobody lets themselves act for a party: somebody else does";
    OwnAccount "own-account" "自己的密码、第二重验证请凭现有的更改（PUT /me/password、POST /me/second-factor/give-up）" "Change your own password or second factor by the one that you have: PUT /me/password, POST /me/second-factor/give-up";
    ViewersOnlyRead "viewers-only-read" "您只有查看权限" "A viewer may read, and do nothing else";
    ScopeMissing "scope-missing" "接口密钥没有此项权限" "The key's scopes do not allow this";
    PeopleOnly "people-only" "接口密钥不能办理账号事务" "No key may do this: a person does it, signed in";
    LastAdmin "last-admin" "单位至少要有一名管理员" "The party would be without an admin";
    AlreadyMember "already-member" "已是该主体的经办人" "The person may act for the party already";
    InvitationOver "invitation-over" "邀请已被接受、谢绝、撤销或过期" "The invitation was answered, revoked, or has expired";
    TooManyKeys "too-many-keys" "接口密钥数量已达上限" "There are as many keys as a party may have";
    TooManyInvitations "too-many-invitations" "未答复的邀请已达上限" "As many invitations await an answer as a party may have";

    ApplicantExists "applicant-exists" "该统一社会信用代码已注册申请人" "An applicant with this unified social credit code exists";
    AgencyExists "agency-exists" "该统一社会信用代码已入驻" "An agency with this unified social credit code exists";
    AgencyNotApplying "agency-not-applying" "机构不在入驻核验状态" "The agency is not awaiting its formal check";
    AgencyNotRejected "agency-not-rejected" "机构未被退回" "The application was not rejected";
    AgencyNotAdmitted "agency-not-admitted" "机构未入驻" "The agency is not admitted";
    AgencySuspended "agency-suspended" "机构已被暂停" "The agency is suspended";
    AgencyNotSuspended "agency-not-suspended" "机构未被暂停" "The agency is not suspended";
    AgencyExited "agency-exited" "机构已退出" "The agency has left the market";
    AgencyHasOrders "agency-has-orders" "机构尚有在办订单" "The agency has open orders";
    QualificationExists "qualification-exists" "该证书已登记" "This certificate is recorded already";
    QualificationRevoked "qualification-revoked" "证书已撤销" "The certificate is revoked";
    PractitionerExists "practitioner-exists" "该执业人员已登记" "This practitioner is recorded already";

    ListingExists "listing-exists" "该服务编号已存在" "The agency has a listing with this code";
    ListingPublished "listing-published" "服务已上架" "The listing is published already";
    ListingNotPublished "listing-not-published" "服务未上架" "The listing is not published";
    ListingChanged "listing-changed" "服务内容或价格已变更，请重新确认" "The listing has changed since it was seen";
    ItemWithdrawn "item-withdrawn" "该中介服务事项已取消" "The service item is withdrawn";

    QualificationMissing "qualification-missing" "缺少所需资质" "A required qualification is missing";
    LevelTooLow "level-too-low" "资质等级不足" "The qualification's level is too low";
    MajorMissing "major-missing" "资质专业不符" "The qualification does not carry the required major";
    QualificationExpired "qualification-expired" "资质已过期" "The qualification has expired";
    QualificationNotYetValid "qualification-not-yet-valid" "资质尚未生效" "The qualification is not valid yet";
    RegionNotServed "region-not-served" "不服务该地区" "The region of the case is not served";
    PriceOverCap "price-over-cap" "价格超过该事项的最高限价" "The price is over the item's cap";
    OtherItem "other-item" "该服务不是所需事项" "The listing offers another service item";
    ItemNeeded "item-needed" "清单内的一件事仍需要该事项，请先修改或撤销该一件事" "A matter on the list still needs the item: change or withdraw the matter first";
    DirectOverLimit "direct-over-limit" "财政性资金超过直接选取限额，应公开选取" "Fiscal money over the limit of direct purchase needs an open selection";

    MatterWithdrawn "matter-withdrawn" "该事项已停办" "The matter is withdrawn";
    CaseClosed "case-closed" "办件已办结" "The case is closed";
    CaseHasOrders "case-has-orders" "办件尚有在办订单" "The case has open orders";
    NotNeeded "not-needed" "该办件不需要此项中介服务" "The case does not need this service";
    AlreadyOrdered "already-ordered" "该项服务已有在办或已完成的订单" "The service is ordered already";
    NotOfCase "not-of-case" "贵部门不是该办件的参与部门" "The department takes no part in the case";
    NoSuchStep "no-such-step" "该办件没有此环节" "The case has no such step";
    NotYourStep "not-your-step" "该环节由其他部门办理" "Another department decides this step";
    StepNotReady "step-not-ready" "该环节尚未具备办理条件" "The step cannot be decided yet";
    StepDone "step-done" "该环节已办结" "The step is decided already";
    StepNotReturned "step-not-returned" "该环节未被退回" "The step was not returned";
    NotReusable "not-reusable" "该订单的成果不能用于本办件" "The order's deliverable does not fit this case";

    OrderNotPlaced "order-not-placed" "订单不在待接单状态" "The order is not awaiting the agency's answer";
    OrderNotAccepted "order-not-accepted" "订单不在待签合同状态" "The order is not awaiting a contract";
    OrderNotContracted "order-not-contracted" "没有待确认的合同" "There is no contract to confirm";
    OrderNotInService "order-not-in-service" "订单不在服务中状态" "The order is not in service";
    OrderNotDelivered "order-not-delivered" "没有待验收的成果" "There is no deliverable to check";
    OrderNotSignedOff "order-not-signed-off" "成果尚未验收" "The deliverable is not signed off";
    OrderNotCancellable "order-not-cancellable" "合同签订后不能取消，可协商终止" "After the contract an order is terminated, not cancelled";
    OrderNotTerminable "order-not-terminable" "订单当前不能终止" "The order cannot be terminated now";
    OrderOver "order-over" "订单已结束" "The order is over";
    OwnContract "own-contract" "合同应由对方确认" "The other side confirms the contract";
    AmountDiffers "amount-differs" "合同金额与订单金额不一致" "The contract's amount differs from the order's";
    PeriodTooLong "period-too-long" "服务期限超过采购公告规定的期限" "The contract's period is longer than that of the notice";
    PaymentTooLate "payment-too-late" "约定的付款期限超过规定的上限" "The contract agrees more days for payment than allowed";
    InterestTooLow "interest-too-low" "约定的逾期利率低于规定的下限" "The contract agrees less interest on late payment than allowed";
    NoContract "no-contract" "尚无双方确认的合同" "There is no contract that both sides have confirmed";
    OrderNotDue "order-not-due" "订单尚未到期，或到期后不自动处理" "The order's day has not passed, or nothing follows by itself";
    NoSuchUpload "no-such-upload" "该成果文件未上传" "This deliverable was not uploaded to the order";
    TooManyUploads "too-many-uploads" "该订单上传的成果文件过多" "Too many files were uploaded to the order";
    AlreadyDelivered "already-delivered" "该成果文件已提交过" "This deliverable was handed over before";
    NotAConsumer "not-a-consumer" "贵部门不使用该成果" "The department does not use this deliverable";
    AlreadyUsed "already-used" "贵部门已使用该成果" "The department has used the deliverable already";
    ModeNotAllowed "mode-not-allowed" "该资金来源不能采用此选取方式" "This mode may not be used with this money";
    RandomOverLimit "random-over-limit" "财政性资金达到随机选取限额，不能随机选取" "Fiscal money over the limit of a draw needs another mode";
    WindowTooShort "window-too-short" "报名时间少于规定时限" "Registration would be open for less than the rules ask";
    TooManyNotices "too-many-notices" "公告改写次数过多" "The notice was written anew too often";
    NoticeFixed "notice-fixed" "已公告的选取方式、价格、评分标准等不能更正，请撤销后重新采购" "Mode, price, criteria and the like of a published notice stay: void it and purchase again";
    PurchaseUnderWay "purchase-under-way" "该项服务正在公开选取" "A purchase of this service is under way";
    PurchaseNotDraft "purchase-not-draft" "采购项目不是草稿" "The purchase is not a draft";
    PurchaseNotInReview "purchase-not-in-review" "采购项目不在形式审查中" "The purchase is not in its formal review";
    PurchaseNotOpen "purchase-not-open" "采购项目不在报名期" "The purchase is not open for registration";
    PurchaseNotOpening "purchase-not-opening" "采购项目不在开标阶段" "The purchase does not await its opening";
    PurchaseNotInRounds "purchase-not-in-rounds" "采购项目不在报价轮次中" "The purchase has no round under way";
    PurchaseNotChoosing "purchase-not-choosing" "采购项目不在选定阶段" "The purchase does not await its owner's choice";
    PurchaseNotInPublicity "purchase-not-in-publicity" "采购项目不在公示期" "No award of the purchase is being published";
    PurchaseNotSuspended "purchase-not-suspended" "采购项目未因投诉暂停" "The purchase is not suspended by a complaint";
    PurchaseNotAwarded "purchase-not-awarded" "没有待确认的中选结果" "There is no award to confirm";
    PurchaseNotFailed "purchase-not-failed" "采购项目未流标" "The purchase has not failed";
    PurchaseNeverPublished "purchase-never-published" "采购项目未公告过，不能重新采购" "A purchase that was never published cannot be repeated";
    PurchaseRepeated "purchase-repeated" "采购项目已重新采购" "The purchase is already being repeated";
    PurchaseSealed "purchase-sealed" "报名已截止，采购项目不能撤销" "After the close a purchase cannot be voided";
    PurchaseOver "purchase-over" "采购项目已结束" "The purchase is over";
    RegistrationClosed "registration-closed" "报名已截止" "Registration has ended";
    NotRegistered "not-registered" "尚未报名" "The agency is not registered";
    AgencyAvoided "agency-avoided" "业主要求该机构回避" "The owner has this agency avoid the purchase";
    OwnPurchase "own-purchase" "不能参加本单位的采购项目" "An agency may not take part in its own purchase";
    ConflictOfInterest "conflict-of-interest" "机构与该事项的审批部门存在利益关联" "The agency is attached to a department that decides in this case";
    TooFewPractitioners "too-few-practitioners" "执业人员数量不足" "Too few practitioners are named";
    PractitionerUnfit "practitioner-unfit" "执业人员证书过期、专业不符或不属于本机构" "A named practitioner is not the agency's, has expired, or has another specialty";
    SameGroup "same-group" "与其他报名机构存在关联，仅保留最早报名的一家" "Affiliated with another registrant: only the earliest of a group takes part";
    QuoteMissing "quote-missing" "未报价" "There is no quote";
    QuoteNotWanted "quote-not-wanted" "该选取方式不需要报价" "This mode takes no quotes";
    QuoteNotLower "quote-not-lower" "报价应低于本机构上一次报价" "A quote of a round is lower than the agency's quote before";
    NoReplyYet "no-reply-yet" "业主尚未答复，本轮后半段才可再次报价" "The owner has not replied yet, so the agency may quote again only in the second half of the round";
    ReplyTooLate "reply-too-late" "本轮已过半，不能再答复" "Half of the round is over, so the owner may not reply any more";
    AlreadyReplied "already-replied" "本轮已答复" "The owner has replied in this round already";
    WrongOpeningCode "wrong-opening-code" "开标码不正确" "The opening code is wrong";
    OpeningKeyNeeded "opening-key-needed" "尚有采购项目的开标码托管于本部门且未开标，开标公钥暂不能撤销，可以更换" "A purchase that is not opened yet has its code deposited with the department: the key can be replaced, not taken back";
    AlreadyOpened "already-opened" "已开标" "The opening code was given already";
    NotAParticipant "not-a-participant" "不是该采购项目的参与方" "The party takes no part in this opening";
    RevealMismatch "reveal-mismatch" "与已公布的承诺值不一致" "The value does not match its commitment";
    BeaconNotNamed "beacon-not-named" "采购公告未约定公开数值" "The notice names no public number";
    BeaconTooSoon "beacon-too-soon" "公共数在报名截止前就会公布" "The public number would be known before registration ends";
    BeaconNotKnown "beacon-not-known" "公共数尚未到公布时间" "The public number is not known yet";
    BeaconGiven "beacon-given" "公共数已登记" "The public number, or the same value by the same party, was given already";
    NotACandidate "not-a-candidate" "不在候选名单中" "The registration is not among the candidates";

    ChangeOpen "change-open" "已有待确认的变更" "A proposed change awaits its answer already";
    NoOpenChange "no-open-change" "没有待确认的变更" "No proposed change awaits an answer";
    OwnChange "own-change" "变更应由对方确认" "The other side approves or refuses the change";
    ChangeDecided "change-decided" "该变更已处理" "The change is decided already";
    ChangeOverLimit "change-over-limit" "变更后的金额超过规定的增幅" "The change raises the amount by more than allowed";
    ChangeBelowPaid "change-below-paid" "变更后的金额低于已付或应付金额" "The amount would fall below what is paid or due";
    TooManyChanges "too-many-changes" "该订单提出的变更过多" "Too many changes were proposed for the order";
    NoMilestone "no-milestone" "没有未达成的里程碑" "The contract has no milestone that is not reached";
    MilestoneReached "milestone-reached" "该里程碑已达成" "The milestone is reached already";
    MilestoneNotReached "milestone-not-reached" "没有待确认的里程碑" "No such milestone awaits its confirmation";
    Overpaid "overpaid" "付款合计超过合同金额" "The payments would exceed the contract's amount";
    NoOpenPayment "no-open-payment" "没有待确认的付款" "No payment awaits the agency's answer";
    PaymentDecided "payment-decided" "该付款已处理" "The payment is decided already";
    TooManyPayments "too-many-payments" "该订单登记的付款过多" "Too many payments were recorded for the order";

    EvaluationNotOpen "evaluation-not-open" "订单尚未办结，或不需要评价" "The order has not ended, or is not evaluated";
    EvaluationClosed "evaluation-closed" "评价期已结束" "The time to evaluate the order is over";
    NotARater "not-a-rater" "不是该订单的评价方" "Only the two sides, and departments that used the deliverable, evaluate the order";
    AlreadyEvaluated "already-evaluated" "已评价，每单只能评价一次" "The party has evaluated the order already";
    EvaluationSealed "evaluation-sealed" "评价尚未公布" "The evaluation is not published yet";
    EvaluationHidden "evaluation-hidden" "评价已隐藏" "The evaluation is hidden already";
    NotAppealable "not-appealable" "该评价不能申诉" "Only the agency appeals, against an evaluation of itself";
    AppealTooLate "appeal-too-late" "申诉期已过" "The time to appeal against the evaluation is over";
    AlreadyAppealed "already-appealed" "该评价已申诉过" "An appeal against the evaluation was made already";
    EvaluationNotAppealed "evaluation-not-appealed" "没有待处理的申诉" "No appeal against the evaluation awaits a decision";
    EvaluationNotDue "evaluation-not-due" "申诉处理期限未到" "The last day of the decision is not over";

    NotPartyToPurchase "not-party-to-purchase" "不是该采购项目的当事人" "Only the owner and agencies that registered are parties to the purchase";
    ComplaintExists "complaint-exists" "对该采购项目已有未办结的投诉" "The party has a complaint about the purchase that is not decided yet";
    ComplaintTooLate "complaint-too-late" "中选公示期已结束，不再受理投诉" "The publicity of the award is over: a complaint comes too late";
    ComplaintNotFiled "complaint-not-filed" "投诉不在待受理状态" "The complaint is not awaiting its acceptance";
    ComplaintNotInvestigating "complaint-not-investigating" "投诉不在调查处理中" "The complaint is not being investigated";
    ComplaintOver "complaint-over" "投诉已办结" "The complaint is decided or withdrawn";
    AlarmAcknowledged "alarm-acknowledged" "预警已处置" "The alarm is acknowledged already";

    SignInOver "sign-in-over" "登录已过期、已完成，或者不是在这个浏览器里开始的，请重新登录" "The sign-in is over, or began in another browser: begin again";
    ProviderUnreachable "provider-unreachable" "暂时无法使用这种登录方式，请稍后再试" "The other provider cannot be reached: try again later";
    ProviderRefused "provider-refused" "对方没有确认您的身份，登录没有完成" "The other provider did not confirm who you are";
    NotVouched "not-vouched" "无法核实对方返回的身份信息，登录没有完成" "What the other provider says could not be verified";
    IdentityUnknown "identity-unknown" "该身份还没有关联账号" "The identity is linked to no account";
    IdentityTaken "identity-taken" "该身份已经关联了账号" "The identity is linked to an account already";
    LastIdentity "last-identity" "没有密码的账号至少要保留一个关联的身份" "Who has no password keeps one identity";
    AccountDisabled "account-disabled" "账号已停用" "The account is disabled";
    AccountsNotMade "accounts-not-made" "这种登录方式不能自行开立账号" "No account is made by this provider";

    MailOff "mail-off" "本平台没有开通邮件通知" "No mail is sent here";
    MailCodeWrong "mail-code-wrong" "验证码不正确" "The code is wrong";
    MailCodeExpired "mail-code-expired" "验证码已失效，请重新获取" "The code is good no more: ask for another";
    MailConfirmed "mail-confirmed" "邮箱已确认" "The address is confirmed already";

    TooManyWebhooks "too-many-webhooks" "该主体的网络钩子已达上限" "There are as many webhooks as a party may have";
    WebhookEnabled "webhook-enabled" "网络钩子已启用" "The webhook is enabled already";
    WebhookDisabled "webhook-disabled" "网络钩子已停用" "The webhook is disabled";
    WebhookBusy "webhook-busy" "网络钩子有过多消息待发送" "Too many messages wait for the webhook";

    TooManySavedSearches "too-many-saved-searches" "保存的搜索已达上限" "There are as many saved searches as a person may have";

    AwardNotStanding "award-not-standing" "中选结果尚未生效，或已失效" "No award of the purchase stands: it is not decided, still published, or annulled";
    NoSuchDocument "no-such-document" "没有此核验码对应的文书，请对照文书逐字核对" "No document bears this code: compare it with the paper, letter by letter";

    DigestMismatch "digest-mismatch" "文件内容与声明的 SHA-256 不一致" "The content does not have the declared SHA-256";
    FileTooLarge "file-too-large" "文件超过大小上限" "The file is larger than allowed";
    FileNotScanned "file-not-scanned" "文件正在等待安全扫描，请稍后再试" "The file waits for its scan: try again later";
    FileInfected "file-infected" "文件中发现恶意内容，已被隔离" "Something malicious was found in the file: it is withheld";
    FileEmpty "file-empty" "文件为空" "The file is empty";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_plain() {
        let mut codes: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Refusal::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b == b'-' || b.is_ascii_lowercase())));
    }
}
