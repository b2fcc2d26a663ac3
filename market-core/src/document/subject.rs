//! What a document rests on, and whether it still stands.

use uuid::Uuid;

use super::{Document, DocumentKind, Documents, Verified};
use crate::{
    Error, Kind, Recorded, Refusal, Timestamp,
    id::{OrderId, PurchaseId},
    order::{AnyState, Order},
    purchase::{Award, Failure, Purchase, PurchaseState},
    store::text_enum,
};

text_enum! {
    /// Whether a document still stands.
    pub enum DocumentStanding {
        /// As it was issued (有效).
        Valid = "valid",
        /// A later version says otherwise (已被替代).
        Superseded = "superseded",
        /// The award is stopped by a complaint, or published anew after one (暂停).
        Suspended = "suspended",
        /// The winner dropped out; the award is another's or nobody's (中选资格失效).
        PassedOn = "passed_on",
        /// The award was annulled: a complaint was upheld (已废止).
        Annulled = "annulled",
        /// The contract was ended before its completion (已终止).
        Terminated = "terminated",
    }
}

impl DocumentStanding {
    /// The sentence for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Valid => "有效：本文书由本平台出具，内容现行有效",
            Self::Superseded => "已被替代：事实已经变更，以后出的文书为准",
            Self::Suspended => "暂停：因投诉正在调查，或调查后重新公示",
            Self::PassedOn => "已失效：该机构未确认或放弃中选，中选资格已不属于该机构",
            Self::Annulled => "已废止：投诉成立，中选结果作废",
            Self::Terminated => "合同已终止：双方的合同在完成之前终止",
        }
    }
}

impl DocumentStanding {
    /// The sentence for people, in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Valid => "Valid: issued by this marketplace, and in force",
            Self::Superseded => {
                "Superseded: what it states has changed since; a later one goes before it"
            }
            Self::Suspended => {
                "Suspended: a complaint is investigated, or the award is published anew"
            }
            Self::PassedOn => "Void: the agency dropped out, and the award is no longer its own",
            Self::Annulled => "Annulled: a complaint was upheld, and the award with it undone",
            Self::Terminated => "Terminated: the contract was ended before its completion",
        }
    }
}

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The award of a purchase.
    Award(PurchaseId),
    /// The contract of an order.
    Contract(OrderId),
}

impl About {
    /// What an entry of the journal gives reason to issue a document about, if it does.
    pub(super) fn of(entry: &Recorded) -> Option<Self> {
        match entry.kind {
            Kind::Purchase if makes_award(entry) => entry.object.parse().ok().map(Self::Award),
            Kind::Order if makes_contract(entry) => entry.object.parse().ok().map(Self::Contract),
            _ => None,
        }
    }

    pub(super) const fn kind(self) -> DocumentKind {
        match self {
            Self::Award(_) => DocumentKind::AwardLetter,
            Self::Contract(_) => DocumentKind::ContractSummary,
        }
    }

    pub(super) const fn subject(self) -> Uuid {
        match self {
            Self::Award(id) => id.0,
            Self::Contract(id) => id.0,
        }
    }
}

/// Whether by this entry of a purchase an award came to stand.
pub(super) fn makes_award(entry: &Recorded) -> bool {
    entry.event == "award_stands"
}

/// Whether this entry of an order made what its contract summary states: the confirmation, and
/// every approved change of more than the turnaround.
pub(super) fn makes_contract(entry: &Recorded) -> bool {
    match entry.event.as_str() {
        "contract_confirmed" | "contract_changed" => true,
        "service_extended" => !entry.data["ends_on"].is_null(),
        _ => false,
    }
}

/// A purchase or an order as it is now, with what documents state of its history.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// A purchase.
    Award(Box<Purchase>, Vec<Recorded>),
    /// An order.
    Contract(Box<Order>, Vec<Recorded>),
}

impl Subject {
    pub(super) fn version(&self) -> i64 {
        match self {
            Self::Award(purchase, _) => purchase.version,
            Self::Contract(order, _) => order.version,
        }
    }

    /// The entry of the journal that made the facts as they are; none, if there are none yet.
    pub(super) fn basis(&self) -> Option<&Recorded> {
        match self {
            Self::Award(_, entries) => entries.iter().rfind(|entry| makes_award(entry)),
            Self::Contract(_, entries) => entries.iter().rfind(|entry| makes_contract(entry)),
        }
    }

    /// Refused, unless a document may be issued now.
    pub(super) fn check_issuable(&self) -> Result<(), Refusal> {
        match self {
            Self::Award(purchase, _) => standing_award(purchase).map(drop),
            Self::Contract(order, _) => order.state.contract().map(drop).ok_or(Refusal::NoContract),
        }
    }

    /// How a document about this stands, and since when.
    fn standing(&self, document: &Document) -> (DocumentStanding, Option<Timestamp>) {
        let superseded = || {
            let later = self.basis().filter(|basis| basis.version > document.version);
            later.map(|basis| (DocumentStanding::Superseded, Some(basis.at)))
        };
        let valid = (DocumentStanding::Valid, None);
        match self {
            Self::Contract(order, _) => match &order.state {
                AnyState::Terminated(_) => (DocumentStanding::Terminated, Some(order.since)),
                _ => superseded().unwrap_or(valid),
            },
            Self::Award(purchase, _) => {
                let since = Some(purchase.since);
                let winner = purchase.state.award().map(|award| award.agency_id);
                match &purchase.state {
                    PurchaseState::Failed(state) if state.failure == Failure::ComplaintUpheld => {
                        (DocumentStanding::Annulled, since)
                    }
                    PurchaseState::Failed(_) => (DocumentStanding::PassedOn, since),
                    _ if winner != Some(document.agency_id) => (DocumentStanding::PassedOn, None),
                    PurchaseState::Publicity(_) | PurchaseState::Suspended(_) => {
                        (DocumentStanding::Suspended, since)
                    }
                    _ => superseded().unwrap_or(valid),
                }
            }
        }
    }
}

/// The award of a purchase, if it stands.
pub(super) fn standing_award(purchase: &Purchase) -> Result<&Award, Refusal> {
    match &purchase.state {
        PurchaseState::Awarded(state) => Ok(&state.award),
        PurchaseState::Ordered(state) => Ok(&state.award),
        _ => Err(Refusal::AwardNotStanding),
    }
}

impl Documents<'_> {
    /// What a document is about, as it is now. The thing is read before its history: whoever finds
    /// the thing unchanged later knows that the history was its own.
    pub(super) async fn subject(&self, about: About) -> Result<Subject, Error> {
        self.0.number().await?;
        Ok(match about {
            About::Award(id) => {
                let purchase = self.0.db.purchase(id).await?;
                let entries = self.0.db.history_told(Kind::Purchase, &id.to_string()).await?;
                Subject::Award(Box::new(purchase), entries)
            }
            About::Contract(id) => {
                let order = self.0.db.order(id).await?;
                let entries = self.0.db.history_told(Kind::Order, &id.to_string()).await?;
                Subject::Contract(Box::new(order), entries)
            }
        })
    }

    pub(super) async fn verified(&self, documents: Vec<Document>) -> Result<Vec<Verified>, Error> {
        let mut verified = Vec::with_capacity(documents.len());
        for document in documents {
            verified.push(self.verified_one(document).await?);
        }
        Ok(verified)
    }

    /// A document as anybody may know it, and how it stands now.
    pub(super) async fn verified_one(&self, document: Document) -> Result<Verified, Error> {
        let subject = self.subject(document.about()).await?;
        let (standing, since) = subject.standing(&document);
        let latest = subject.basis().is_none_or(|basis| basis.version <= document.version);
        let Document { code, number, version, issued_at, sha256, size, facts, .. } = document;
        Ok(Verified {
            code,
            number,
            version,
            issued_at,
            sha256,
            size,
            standing,
            since,
            latest,
            facts,
        })
    }
}

impl Document {
    const fn about(&self) -> About {
        match self.facts.body.kind() {
            DocumentKind::AwardLetter => About::Award(PurchaseId(self.subject)),
            DocumentKind::ContractSummary => About::Contract(OrderId(self.subject)),
        }
    }
}
