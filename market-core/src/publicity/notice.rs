//! The kinds of public notices, and what each tells.

use serde::{Deserialize, Serialize};

use crate::{
    Day, Mode, Money, Timestamp, Uscc,
    applicant::ApplicantKind,
    code::{ItemCode, RegionCode},
    id::{AgencyId, PurchaseId},
    kernel::{
        authority::{Act, Relation, act},
        fund::Fund,
    },
    order::Milestone,
    purchase::{Failure, Notice},
    store::text_enum,
};

text_enum! {
    /// What a public notice is about.
    pub enum NoticeKind {
        /// A purchase is open for registration (采购公告).
        Purchase = "purchase",
        /// A published notice was corrected (更正公告).
        Correction = "correction",
        /// An agency is chosen (中选公告).
        Award = "award",
        /// Both sides confirmed the contract (合同公告).
        Contract = "contract",
        /// Both sides changed or extended the contract (合同变更公告).
        Change = "change",
        /// A purchase came to nothing, or was given up (流标、终止公告).
        Failure = "failure",
    }
}

impl NoticeKind {
    /// The name for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Purchase => "采购公告",
            Self::Correction => "更正公告",
            Self::Award => "中选公告",
            Self::Contract => "合同公告",
            Self::Change => "合同变更公告",
            Self::Failure => "流标公告",
        }
    }

    /// The events of the journal that such a notice tells of.
    pub(super) const fn events(self) -> &'static [&'static str] {
        match self {
            Self::Purchase => &["purchase_published"],
            Self::Correction => &["notice_corrected"],
            Self::Award => &["award_published", "award_declined", "award_lapsed", "order_lapsed"],
            Self::Contract => &["contract_confirmed"],
            Self::Change => &["contract_changed", "service_extended"],
            Self::Failure => &["purchase_failed", "purchase_voided"],
        }
    }

    /// The kind of notice that an event makes.
    pub(super) fn of(event: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.events().contains(&event))
    }
}

/// A public notice of a purchase (公告). What is told is what was so when it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicNotice {
    /// Its position in the journal, by which it is known for good.
    pub pos: i64,
    /// When it was published.
    pub at: Timestamp,
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// The purchase that this one repeats: it failed, or was voided.
    pub predecessor: Option<PurchaseId>,
    /// What is bought, as the notice then said.
    pub title: String,
    /// The service item …
    pub item: ItemCode,
    /// … and its name.
    pub item_name: String,
    /// Where the case is …
    pub region: RegionCode,
    /// … and that region's name.
    pub region_name: String,
    /// How the agency is chosen.
    pub mode: Mode,
    /// Whose money pays.
    pub fund: Fund,
    /// Who buys.
    pub owner: Owner,
    /// What is told.
    #[serde(flatten)]
    pub body: NoticeBody,
}

impl PublicNotice {
    /// Its kind.
    pub const fn kind(&self) -> NoticeKind {
        match &self.body {
            NoticeBody::Purchase { .. } => NoticeKind::Purchase,
            NoticeBody::Correction { .. } => NoticeKind::Correction,
            NoticeBody::Award { .. } => NoticeKind::Award,
            NoticeBody::Contract { .. } => NoticeKind::Contract,
            NoticeBody::Change { .. } => NoticeKind::Change,
            NoticeBody::Failure { .. } => NoticeKind::Failure,
        }
    }
}

/// Who buys, as a notice names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NoticeOwner))]
pub struct Owner {
    /// The name; of a natural person only how it begins.
    pub name: String,
    /// The unified social credit code, of whoever has one.
    pub uscc: Option<Uscc>,
}

const NAME: Act = act("field.applicant.name");

impl Owner {
    /// An owner of a kind; a natural person's name is masked.
    pub(crate) fn of(kind: ApplicantKind, name: String, uscc: Option<Uscc>) -> Self {
        let is_shown = NAME.shows(None, Relation::Stranger, "");
        let name = match kind {
            ApplicantKind::Natural if !is_shown => {
                name.chars().take(1).chain("**".chars()).collect()
            }
            ApplicantKind::Natural | ApplicantKind::Legal | ApplicantKind::Other => name,
        };
        Self { name, uscc }
    }
}

/// The agency that a notice names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NoticeWinner))]
pub struct Winner {
    /// Its id.
    pub id: AgencyId,
    /// Its registered name.
    pub name: String,
    /// Its unified social credit code.
    pub uscc: Uscc,
    /// Its registered address.
    pub address: String,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeBody {
    /// A purchase is open for registration.
    Purchase {
        /// The number of the notice.
        number: i64,
        /// All of it that is published.
        notice: Box<Notice>,
    },
    /// A published notice was corrected.
    Correction {
        /// The number of the corrected notice.
        number: i64,
        /// All of it that is published.
        notice: Box<Notice>,
    },
    /// An agency is chosen.
    Award {
        /// Which.
        winner: Winner,
        /// What the contract will cost.
        amount: Money,
        /// Where in the line it was: 0 is who was chosen first.
        place: u32,
        /// The last day of publicity; complaints must come by then.
        until: Option<Day>,
        /// The telephone for complaints.
        complaint_phone: String,
        /// Where the proof of the selection is.
        proof: String,
    },
    /// Both sides confirmed the contract.
    Contract {
        /// With whom.
        winner: Winner,
        /// The number of the contract.
        number: String,
        /// What it costs.
        amount: Money,
        /// When it was signed.
        signed_on: Day,
        /// The first day of the service.
        starts_on: Day,
        /// The last day of the service.
        ends_on: Day,
        /// The parts that are reached and paid one by one.
        milestones: Vec<Milestone>,
    },
    /// Both sides changed or extended the contract.
    Change {
        /// With whom.
        winner: Winner,
        /// The number of the contract …
        number: String,
        /// … and of the change.
        change: i64,
        /// What it costs now.
        amount: Money,
        /// The last day of the service now.
        ends_on: Day,
    },
    /// A purchase came to nothing, or was given up.
    Failure {
        /// Why it came to nothing; none, if it was given up.
        failure: Option<Failure>,
        /// Why its owner gave it up.
        reason: Option<String>,
    },
}

/// Which public notices to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicNoticeFilter {
    /// Only those of a kind.
    pub kind: Option<NoticeKind>,
    /// Only those in a region and what lies in it.
    pub region: Option<RegionCode>,
    /// Only those of a service item.
    pub item: Option<ItemCode>,
    /// Only those from a day on.
    pub since: Option<Day>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_makes_one_kind_of_notice() {
        for kind in NoticeKind::ALL {
            for event in kind.events() {
                assert_eq!(NoticeKind::of(event), Some(*kind));
            }
        }
        assert_eq!(NoticeKind::of("quote_opened"), None);
    }

    #[test]
    fn a_natural_person_is_named_by_how_the_name_begins() {
        let named = |kind| Owner::of(kind, "李小明".to_owned(), None).name;
        assert_eq!(named(ApplicantKind::Natural), "李**");
        assert_eq!(named(ApplicantKind::Legal), "李小明");
    }
}
