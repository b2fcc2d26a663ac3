//! What a document tells anybody who has its code: no more than public notices do.

use serde::{Deserialize, Serialize};

use crate::{
    Day, Mode, Money, Uscc, id::PurchaseId, publicity::Owner, selection::Rate, store::text_enum,
};

text_enum! {
    /// What kind of document it is.
    pub enum DocumentKind {
        /// Tells an agency that it was selected (中选通知书).
        AwardLetter = "award_letter",
        /// What both sides put on record of a contract (合同备案摘要).
        ContractSummary = "contract_summary",
    }
}

impl DocumentKind {
    /// The name for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::AwardLetter => "中选通知书",
            Self::ContractSummary => "合同备案摘要",
        }
    }
}

/// What a document states, as far as anybody may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentFacts {
    /// The name of the service item.
    pub item: String,
    /// The name of the region.
    pub region: String,
    /// The agency.
    pub agency: NamedAgency,
    /// The rest, by kind.
    #[serde(flatten)]
    pub body: DocumentBody,
}

/// The agency that a document names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedAgency {
    /// Its registered name, as it was then.
    pub name: String,
    /// Its unified social credit code.
    pub uscc: Uscc,
}

/// What a document of each kind states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DocumentBody {
    /// An agency was selected.
    AwardLetter {
        /// The purchase …
        purchase_id: PurchaseId,
        /// … and its title.
        title: String,
        /// Who buys; of a natural person only how the name begins.
        owner: Owner,
        /// How the agency was chosen.
        mode: Mode,
        /// What the contract will cost.
        amount: Money,
        /// The discount that was quoted, where discounts are.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        discount: Option<Rate>,
        /// The day of the selection.
        awarded_on: Day,
        /// The first day of the award's publicity …
        publicity_from: Day,
        /// … and the last.
        publicity_to: Day,
    },
    /// A contract is on record.
    ContractSummary {
        /// Which version of the record it is, from 1.
        revision: usize,
        /// The contract; nothing of one that no public notice tells of: an order of a listing.
        contract: Option<PublishedContract>,
    },
}

/// What everybody may know of a contract that follows from an open selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedContract {
    /// The purchase …
    pub purchase_id: PurchaseId,
    /// … and its title.
    pub title: String,
    /// Who buys; of a natural person only how the name begins.
    pub owner: Owner,
    /// The number of the contract.
    pub number: String,
    /// What it costs.
    pub amount: Money,
    /// When it was signed.
    pub signed_on: Day,
    /// The first day of the service.
    pub starts_on: Day,
    /// The last day of the service.
    pub ends_on: Day,
}

impl DocumentBody {
    /// The kind of document.
    pub const fn kind(&self) -> DocumentKind {
        match self {
            Self::AwardLetter { .. } => DocumentKind::AwardLetter,
            Self::ContractSummary { .. } => DocumentKind::ContractSummary,
        }
    }
}
