//! An agency's registration for a purchase (报名).

use serde::{Deserialize, Serialize};

use crate::{
    Reason, Timestamp,
    draw::Bytes32,
    id::{AgencyId, PractitionerId, PurchaseId, RegistrationId},
    selection::Quote,
    store::text_enum,
};

text_enum! {
    /// Where a registration stands (报名状态).
    pub enum RegistrationState {
        /// Takes part (已报名).
        Registered = "registered",
        /// Withdrawn before the close (已取消).
        Withdrawn = "withdrawn",
        /// Does not take part, as the check at the close found (不合格).
        Ineligible = "ineligible",
        /// On the sealed list (已入围名单).
        Listed = "listed",
        /// Chosen (中选).
        Won = "won",
        /// Next in line, if the winner drops out (候补).
        RunnerUp = "runner_up",
        /// Not chosen (未中选).
        Lost = "lost",
        /// Chosen, and then did not confirm or did not sign (已放弃).
        Abandoned = "abandoned",
    }
}

/// An agency's registration for a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// Who registered.
    pub agency_id: AgencyId,
    /// Where it stands.
    pub state: RegistrationState,
    /// The practitioners that it names.
    pub practitioners: Vec<PractitionerId>,
    /// Why it does not take part, as frozen at the close.
    pub reasons: Vec<Reason>,
    /// The agency's points of credit at the close, 0 to 1000.
    pub credit: Option<u32>,
    /// Its quotes, the latest round last; what they say only after the opening.
    pub quotes: Vec<QuoteState>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was first made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A quote, sealed or open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteState {
    /// The round that it was made in; 0 is before the close.
    pub round: u32,
    /// What it is bound to by: the digest of registration, quote and nonce.
    pub commitment: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it says; nothing while it is sealed, or if it could not be opened.
    pub quote: Option<Quote>,
    /// The plan that came with it.
    pub plan: Option<String>,
}

/// What is in the envelope of a quote.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enclosed {
    pub(super) quote: Quote,
    pub(super) plan: Option<String>,
    pub(super) nonce: Bytes32,
}

impl Registration {
    /// The quote of the latest round, opened.
    pub(super) fn latest(&self) -> Option<Quote> {
        self.quotes.iter().rev().find_map(|quote| quote.quote)
    }

    /// What it is bound to at the close, if it quoted.
    pub(super) fn first(&self) -> Option<&QuoteState> {
        self.quotes.iter().find(|quote| quote.round == 0)
    }
}

/// Whether an agency may take part in a purchase, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationEligibility {
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// The agency.
    pub agency_id: AgencyId,
    /// Whether it may take part, as things stand.
    pub eligible: bool,
    /// Every reason why not.
    pub reasons: Vec<Reason>,
}
