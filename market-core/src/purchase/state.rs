//! Where a purchase stands.
//!
//! ```text
//! draft ─submit─▶ InReview ─approve─▶ Open ─(closes)─▶ Opening ─(code)─▶ Publicity ─(ends)─▶ Awarded ─confirm─▶ Ordered
//!   ▲  │             │ send_back                 │          │  └▶ Rounds ─────▲  │ ▲                │ decline, late:
//!   │  └─────────────│─────(no review)─▶ Open    │          └───▶ Choosing ───┘  ▼ │ dismissed      ▼ next in line
//!   └────────────────┘                           ▼                        Suspended          Publicity
//!                         too few, not opened, not chosen, nobody left, upheld ─▶ Failed      void ─▶ Voided
//! ```
//!
//! Each state is a type that carries what is known by then; a step is a method of the state that it
//! starts from (`steps`). What stands in brackets happens by itself, when the stored time has come.

use serde::{Deserialize, Serialize};

use super::{Purchase, notice::Price};
use crate::{
    Day, Money, Party, Refusal, Timestamp,
    code::DepartmentCode,
    id::{AgencyId, ComplaintId, OrderId, RegistrationId},
    selection::Quote,
    store::text_enum,
};

text_enum! {
    /// Why a purchase came to nothing (流标原因).
    pub enum Failure {
        /// Fewer agencies than its mode needs were valid at the close (报名不足).
        TooFewRegistrants = "too_few_registrants",
        /// Fewer valid quotes than its mode needs (报价不足).
        TooFewQuotes = "too_few_quotes",
        /// There are quotes, and every one breaks the limits (无有效报价).
        NoValidQuote = "no_valid_quote",
        /// Nobody gave the opening code in time (未开标).
        NotOpened = "not_opened",
        /// Too few parties revealed their secrets, or the named number was not given (熵源不足).
        TooFewReveals = "too_few_reveals",
        /// The owner did not choose in time (逾期未选定).
        NotChosen = "not_chosen",
        /// The winner dropped out, and nobody is next in line (无候补).
        NobodyLeft = "nobody_left",
        /// A complaint was upheld (投诉成立).
        ComplaintUpheld = "complaint_upheld",
    }
}

impl Failure {
    /// The reason for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::TooFewRegistrants => "报名不足",
            Self::TooFewQuotes => "报价不足",
            Self::NoValidQuote => "无有效报价",
            Self::NotOpened => "未开标",
            Self::TooFewReveals => "熵源不足",
            Self::NotChosen => "逾期未选定",
            Self::NobodyLeft => "无候补",
            Self::ComplaintUpheld => "投诉成立",
        }
    }
}

/// Who is chosen, and who would be next (中选结果).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Award {
    /// The registration that is chosen.
    pub registration_id: RegistrationId,
    /// Whose it is.
    pub agency_id: AgencyId,
    /// What the contract will cost.
    pub amount: Money,
    /// The quote behind it; none at a fixed price.
    pub quote: Option<Quote>,
    /// Everybody in line, the first first.
    pub ranking: Vec<RegistrationId>,
    /// Where in the line this award is, from 0.
    pub place: u32,
    /// Why the owner chose so, where the owner chose.
    pub reason: Option<String>,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// What a party says that the public number is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenNumber {
    /// Which party, as the draw names it: `owner`, `platform` or `department:` with a code.
    pub by: String,
    /// The value.
    pub value: String,
    /// When it was given.
    pub at: Timestamp,
}

macro_rules! states {
    ($(
        $(#[$doc:meta])*
        $name:ident $word:literal $($narrow:ident or $refusal:ident)?
        { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[cfg_attr(
                feature = "openapi", derive(utoipa::ToSchema), schema(as = purchase::$name)
            )]
            pub struct $name { $($(#[$field_doc])* pub $field: $type),* }

            impl From<$name> for PurchaseState {
                fn from(state: $name) -> Self { Self::$name(state) }
            }
        )*

        /// A purchase's state when only running the program can tell it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(tag = "state", rename_all = "snake_case")]
        pub enum PurchaseState { $($(#[$doc])* $name($name)),* }

        impl PurchaseState {
            /// The names of all states, in the order of the table.
            pub const NAMES: &[&str] = &[$($word),*];

            /// The state's name, as stored and shown.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $word),* }
            }
        }

        impl Purchase {
            $($(
                #[doc = concat!("The state, if it is [`", stringify!($name), "`].")]
                pub(super) fn $narrow(&self) -> Result<&$name, Refusal> {
                    match &self.state {
                        PurchaseState::$name(state) => Ok(state),
                        state if state.is_over() => Err(Refusal::PurchaseOver),
                        _ => Err(Refusal::$refusal),
                    }
                }
            )?)*
        }
    };
}

states! {
    /// Being written by its owner (草稿).
    Draft "draft" draft or PurchaseNotDraft {
        /// Why the review sent it back, if it did.
        returned: Option<String>,
    }
    /// Waits for the operator's formal review (形式审查中).
    InReview "in_review" in_review or PurchaseNotInReview {
        /// The last day of the review.
        due: Day,
    }
    /// Published; agencies register (报名中).
    Open "open" open or PurchaseNotOpen {
        /// When registration ends.
        closes_at: Timestamp,
    }
    /// The list is sealed; the opening code is awaited (待开标).
    Opening "opening" opening or PurchaseNotOpening {
        /// When the list was sealed.
        sealed_at: Timestamp,
        /// The digest of the sealed list.
        sealed_sha256: String,
        /// Until when the code, the reveals and the public number may come.
        until: Timestamp,
        /// What parties gave as the public number, as long as no two gave the same.
        #[serde(default)]
        numbers: Vec<GivenNumber>,
    }
    /// Quotes follow one another in rounds (报价轮次中).
    Rounds "rounds" rounds or PurchaseNotInRounds {
        /// The round, from 1; round 0 was the quote before the close.
        round: u32,
        /// How many there are.
        of: u32,
        /// When the round ends.
        until: Timestamp,
        /// The lowest quote so far, without its agency.
        lowest: Option<Quote>,
    }
    /// The owner chooses among those who were found (待选定).
    Choosing "choosing" choosing or PurchaseNotChoosing {
        /// Those who may be chosen; of a short list, in the order of the draw.
        candidates: Vec<RegistrationId>,
        /// The last day of the choice.
        until: Day,
    }
    /// The award is published; complaints may stop it (中选公示).
    Publicity "publicity" publicity or PurchaseNotInPublicity {
        /// The award.
        award: Award,
        /// The last day of publicity.
        until: Day,
    }
    /// An accepted complaint has stopped the clock (投诉暂停).
    Suspended "suspended" suspended or PurchaseNotSuspended {
        /// The award.
        award: Award,
        /// The complaint that stopped it; others may have joined.
        complaint_id: ComplaintId,
        /// The department that investigates.
        handler: DepartmentCode,
        /// How many working days of publicity were left.
        days_left: u32,
    }
    /// The award stands; the winner confirms (待中选确认).
    Awarded "awarded" awarded or PurchaseNotAwarded {
        /// The award.
        award: Award,
        /// Until when.
        until: Timestamp,
    }
    /// The winner confirmed; an order goes on from here (已成单).
    Ordered "ordered" {
        /// The award.
        award: Award,
        /// The order.
        order_id: OrderId,
    }
    /// Came to nothing (流标).
    Failed "failed" failed or PurchaseNotFailed {
        /// Why.
        failure: Failure,
    }
    /// Given up by its owner (已撤销).
    Voided "voided" {
        /// Why.
        reason: String,
        /// When registration would have ended; none of a purchase that was never published.
        closes_at: Option<Timestamp>,
    }
}

impl PurchaseState {
    /// Nothing happens to it any more, unless its order comes to nothing.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Voided(_))
    }

    /// It may still come to an order, so that nobody may buy the same otherwise.
    pub const fn is_live(&self) -> bool {
        !matches!(self, Self::Draft(_) | Self::Ordered(_) | Self::Failed(_) | Self::Voided(_))
    }

    /// Whether anybody may read its notice.
    pub const fn is_public(&self) -> bool {
        match self {
            Self::Draft(_) | Self::InReview(_) => false,
            Self::Voided(state) => state.closes_at.is_some(),
            _ => true,
        }
    }

    /// In which state who may know of it is decided: what was given up before anybody could read it
    /// stays as unknown as in review.
    pub(super) const fn stands(&self) -> &'static str {
        match self {
            Self::Voided(state) if state.closes_at.is_none() => "in_review",
            _ => self.name(),
        }
    }

    /// Whether the list was sealed, so that registrations may no longer change.
    pub const fn is_sealed(&self) -> bool {
        !matches!(self, Self::Draft(_) | Self::InReview(_) | Self::Open(_))
    }

    /// When the next thing happens by itself.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open(state) => Some(state.closes_at),
            Self::Opening(state) => Some(state.until),
            Self::Rounds(state) => Some(state.until),
            Self::Choosing(state) => Some(state.until.end()),
            Self::Publicity(state) => Some(state.until.end()),
            Self::Awarded(state) => Some(state.until),
            Self::Draft(_)
            | Self::InReview(_)
            | Self::Suspended(_)
            | Self::Ordered(_)
            | Self::Failed(_)
            | Self::Voided(_) => None,
        }
    }

    /// The last day of its review.
    pub(super) const fn review_due(&self) -> Option<Day> {
        match self {
            Self::InReview(state) => Some(state.due),
            _ => None,
        }
    }

    /// The award, once there is one.
    pub const fn award(&self) -> Option<&Award> {
        match self {
            Self::Publicity(state) => Some(&state.award),
            Self::Suspended(state) => Some(&state.award),
            Self::Awarded(state) => Some(&state.award),
            Self::Ordered(state) => Some(&state.award),
            _ => None,
        }
    }
}

/// Who a purchase waits for, since when and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// Who; nobody, where only time passes.
    pub parties: Vec<Party>,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl Purchase {
    /// Who the purchase waits for; nothing, once it is over or an order goes on from it.
    pub fn waiting(&self) -> Option<Waiting> {
        let owner = Party::Applicant(self.applicant_id);
        let parties = match &self.state {
            PurchaseState::Draft(_) | PurchaseState::Opening(_) | PurchaseState::Choosing(_) => {
                vec![owner]
            }
            PurchaseState::InReview(_) => vec![Party::Operator],
            PurchaseState::Suspended(state) => vec![Party::Department(state.handler.clone())],
            PurchaseState::Awarded(state) => vec![Party::Agency(state.award.agency_id)],
            PurchaseState::Open(_) | PurchaseState::Rounds(_) | PurchaseState::Publicity(_) => {
                Vec::new()
            }
            PurchaseState::Ordered(_) | PurchaseState::Failed(_) | PurchaseState::Voided(_) => {
                return None;
            }
        };
        let until = match &self.state {
            PurchaseState::InReview(state) => Some(state.due.end()),
            state => state.due_at(),
        };
        Some(Waiting { parties, since: self.since, until })
    }

    /// What the chosen agency is paid for a quote; the fixed price without one.
    pub(super) fn amount_of(&self, quote: Option<Quote>) -> Option<Money> {
        match (&self.notice.price, quote) {
            (Price::Fixed { amount }, _) => Some(*amount),
            (_, None) => None,
            (Price::Amount { high, .. }, Some(quote)) => Some(quote.award_amount(*high)),
            (Price::Discount { ceiling, .. }, Some(quote)) => Some(quote.award_amount(*ceiling)),
        }
    }
}
