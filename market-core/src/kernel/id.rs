//! One type per kind of id, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person with an account (自然人账号).
    PersonId,
    /// A session: one signing in, with the tokens that follow from it (会话).
    SessionId,
    /// A key of a party's program (接口密钥).
    ApiKeyId,
    /// An identity at another provider that is linked to an account (关联的身份).
    IdentityId,
    /// An invitation to act for a party (邀请).
    InvitationId,
    /// An applicant (申请人, 项目业主).
    ApplicantId,
    /// An agency (中介服务机构).
    AgencyId,
    /// A qualification certificate of an agency (资质证书).
    QualificationId,
    /// A practitioner of an agency (执业人员).
    PractitionerId,
    /// A listing of an agency (上架服务).
    ListingId,
    /// A case (办件): one applicant's run of a matter.
    CaseId,
    /// An order of a service (订单).
    OrderId,
    /// A deliverable (服务成果).
    DeliverableId,
    /// A document that was issued (文书).
    DocumentId,
    /// A saved search (订阅的搜索).
    SavedSearchId,
    /// A notice (通知).
    NoticeId,
    /// A purchase by open selection (采购项目).
    PurchaseId,
    /// An agency's registration for a purchase (报名).
    RegistrationId,
    /// A question about a purchase (提问).
    QuestionId,
    /// A complaint about a purchase (投诉).
    ComplaintId,
    /// A payment for an order (付款).
    PaymentId,
    /// An evaluation of a side of an order (评价).
    EvaluationId,
    /// An alarm for the supervisor (预警).
    AlarmId,
    /// A webhook (网络钩子).
    WebhookId,
    /// A time that a message was sent to a webhook.
    WebhookTryId,
}
