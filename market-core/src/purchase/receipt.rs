//! What an agency proves with its receipt, from two files alone: that the quote in the sealed list
//! is its own, letter by letter, and came when the marketplace said it did.

use std::fmt::{self, Display, Formatter};

use serde::Deserialize;

use super::proof::{Came, SealedRule, quote_text};
use crate::{
    Timestamp,
    draw::{Bytes32, Candidate, Proof, quote_commitment},
    id::{PurchaseId, RegistrationId},
    selection::Quote,
};

/// A receipt as its agency keeps it (报价回执): what the marketplace answered to a quote, together
/// with what the agency had sent. The marketplace cannot make it: it does not keep the nonce before
/// the opening.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// The agency's registration.
    pub registration_id: RegistrationId,
    /// The round that it was made in; 0 is before the close.
    pub round: u32,
    /// The digest of registration, quote and nonce, as the marketplace answered it.
    pub commitment: Bytes32,
    /// When it came in, as the marketplace answered it.
    pub at: Timestamp,
    /// What the agency had sent.
    pub quote: Quote,
    /// The plan that came with it.
    #[serde(default)]
    pub plan: Option<String>,
    /// The agency's own secret.
    pub nonce: Bytes32,
}

/// Where the quote of a receipt stands in a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the sealed list, and opened.
    Opened,
    /// In the sealed list; it stayed closed.
    StayedClosed,
    /// Among the quotes of its round, which the proof tells open, without their commitments.
    InRound,
}

/// What does not fit between a receipt and a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The receipt's commitment is not that of its registration, quote and nonce.
    Commitment {
        /// What it would be.
        own: Bytes32,
    },
    /// The proof is of another purchase.
    OtherPurchase(PurchaseId),
    /// The registration was excluded at the close.
    Excluded {
        /// As codes of refusals.
        reasons: Vec<String>,
    },
    /// The sealed list does not know the registration.
    NotListed,
    /// The sealed list holds another quote of the registration, such as a later one, or none.
    OtherQuote {
        /// The commitment that it holds.
        sealed: Option<Bytes32>,
    },
    /// The quote is said to have come at another time.
    OtherTime(Timestamp),
    /// The proof tells of no quote of the registration in this round.
    NotInRound,
    /// The proof tells of another quote of the registration in this round.
    OtherInRound {
        /// The quote that it tells of.
        told: String,
    },
    /// What the proof says of times or rounds cannot be read.
    Unreadable,
}

impl Receipt {
    /// Holds the receipt against a proof that was verified, and finds everything that does not fit.
    pub fn check(&self, proof: &Proof) -> Result<Standing, Vec<Misfit>> {
        let mut misfits = Vec::new();
        let text = quote_text(self.quote, self.plan.as_deref());
        let own = quote_commitment(self.registration_id, &text, &self.nonce);
        if own != self.commitment {
            misfits.push(Misfit::Commitment { own });
        }
        if proof.sealed.purchase != self.purchase_id {
            misfits.push(Misfit::OtherPurchase(proof.sealed.purchase));
            return Err(misfits);
        }
        let found = match self.round {
            0 => self.find_sealed(proof, &mut misfits),
            _ => self.find_in_round(proof, &text, &mut misfits),
        };
        found.filter(|_| misfits.is_empty()).ok_or(misfits)
    }

    /// Finds the quote that was made before the close.
    fn find_sealed(&self, proof: &Proof, misfits: &mut Vec<Misfit>) -> Option<Standing> {
        let sealed = self.candidate(proof, misfits)?.quote_commitment;
        if sealed != Some(self.commitment) {
            misfits.push(Misfit::OtherQuote { sealed });
            return None;
        }
        let rule = serde_json::from_value::<SealedRule>(proof.sealed.rule.clone()).ok();
        let mut entrants = rule.into_iter().flat_map(|rule| rule.entrants);
        match entrants.find(|one| one.registration == self.registration_id) {
            Some(entrant) if entrant.at == self.at => {}
            Some(entrant) => misfits.push(Misfit::OtherTime(entrant.at)),
            None => misfits.push(Misfit::Unreadable),
        }
        let is_opened = proof.opened.iter().any(|one| one.registration == self.registration_id);
        Some(if is_opened { Standing::Opened } else { Standing::StayedClosed })
    }

    /// Finds the quote that was made in a later round.
    fn find_in_round(
        &self,
        proof: &Proof,
        text: &str,
        misfits: &mut Vec<Misfit>,
    ) -> Option<Standing> {
        self.candidate(proof, misfits)?;
        let Ok(came) = serde_json::from_value::<Came>(proof.outcome.clone()) else {
            misfits.push(Misfit::Unreadable);
            return None;
        };
        let mut told = came.later.rounds.into_iter();
        let told =
            told.find(|one| one.registration == self.registration_id && one.round == self.round);
        match told {
            None => misfits.push(Misfit::NotInRound),
            Some(told) if told.quote != text => {
                misfits.push(Misfit::OtherInRound { told: told.quote });
            }
            Some(told) if told.at != self.at => misfits.push(Misfit::OtherTime(told.at)),
            Some(_) => {}
        }
        Some(Standing::InRound)
    }

    /// What the sealed list holds of the registration's quote, if it is on it.
    fn candidate<'p>(&self, proof: &'p Proof, misfits: &mut Vec<Misfit>) -> Option<&'p Candidate> {
        let sealed = &proof.sealed;
        let listed = sealed.list.iter().find(|one| one.registration == self.registration_id);
        if listed.is_some() {
            return listed;
        }
        let excluded = sealed.excluded.iter().find(|one| one.registration == self.registration_id);
        misfits.push(match excluded {
            Some(one) => Misfit::Excluded { reasons: one.reasons.clone() },
            None => Misfit::NotListed,
        });
        None
    }
}

impl Display for Standing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opened => "在封存名单中，且已开启 in the sealed list, and opened as it was quoted",
            Self::StayedClosed => "在封存名单中，未开启 in the sealed list; it stayed closed",
            Self::InRound => {
                "在该轮报价中 among the quotes of its round; the proof holds no commitments of rounds"
            }
        })
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commitment { own } => write!(
                f,
                "回执的承诺与其报价、随机数不符 the commitment is not that of this quote and nonce, \
                 which is {own}"
            ),
            Self::OtherPurchase(purchase) => {
                write!(f, "证明属于另一采购项目 the proof is of another purchase: {purchase}")
            }
            Self::Excluded { reasons } => {
                let reasons = reasons.join(", ");
                write!(f, "封存时被排除 excluded when the list was sealed: {reasons}")
            }
            Self::NotListed => {
                f.write_str("封存名单中没有该报名 the sealed list does not hold the registration")
            }
            Self::OtherQuote { sealed: Some(sealed) } => write!(
                f,
                "封存的是另一报价（如之后重新提交的报价） another quote is sealed, such as a later \
                 one of your own: {sealed}"
            ),
            Self::OtherQuote { sealed: None } => {
                f.write_str("名单中没有报价 the sealed list holds no quote of the registration")
            }
            Self::OtherTime(at) => write!(f, "报价时间不符 it is said to have come at {at}"),
            Self::NotInRound => f.write_str(
                "该轮没有该报名的报价 the proof tells of no quote of the registration in this round",
            ),
            Self::OtherInRound { told } => write!(
                f,
                "该轮所记的是另一报价 the proof tells of another quote in this round: {told}"
            ),
            Self::Unreadable => {
                f.write_str("证明中的规则无法读取 the rule in the proof cannot be read")
            }
        }
    }
}
