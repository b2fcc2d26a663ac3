//! Everything that was fixed before chance came in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    beacon::Beacon,
    bytes::{Bytes32, Hash},
    canonical::{NotCanonical, canonical},
    commitment::Commitment,
};
use crate::kernel::{
    code::RegionCode,
    id::{PurchaseId, RegistrationId},
    time::Timestamp,
    uscc::Uscc,
};

/// The sealed list of a purchase (封存名单): who takes part, under which rule, and from what the
/// seed will be made. Its digest is published before anything is revealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// How lots follow from the seed: [`super::ALGORITHM`].
    pub algorithm: String,
    /// The purchase.
    pub purchase: PurchaseId,
    /// The number of its notice.
    pub notice: String,
    /// The region whose policy applied.
    pub region: RegionCode,
    /// The version of that policy.
    pub policy_version: i64,
    /// The mode of selection.
    pub mode: String,
    /// The numbers of the rule: whole numbers and texts, without fractions.
    pub rule: Value,
    /// What the parties promised in the notice, in the order in which the seed takes them.
    pub commitments: Vec<Commitment>,
    /// How many of them must be revealed for a draw to count.
    pub min_reveals: usize,
    /// The public number that the notice named in advance, with all that leaves no choice.
    pub beacon: Option<Beacon>,
    /// When the list was sealed.
    pub sealed_at: Timestamp,
    /// Who takes part, sorted by registration.
    pub list: Vec<Candidate>,
    /// Who registered and does not take part, sorted by registration.
    pub excluded: Vec<Excluded>,
}

/// A registration that takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The registration.
    pub registration: RegistrationId,
    /// The agency that registered.
    pub agency: Uscc,
    /// Its tickets in a weighted draw; one where all are equal.
    pub tickets: u64,
    /// The affiliation group that it belongs to, if any.
    pub group: Option<String>,
    /// The digest of the certificates that it took part with.
    pub certificates_sha256: Bytes32,
    /// What is known of its quote while it is sealed; none where nobody quotes.
    pub quote_commitment: Option<Bytes32>,
}

/// A registration that does not take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// The registration.
    pub registration: RegistrationId,
    /// The agency that registered.
    pub agency: Uscc,
    /// Every reason why not, as codes of refusals.
    pub reasons: Vec<String>,
}

impl Sealed {
    /// The digest that is published when the list is sealed.
    pub fn sha256(&self) -> Result<Bytes32, NotCanonical> {
        Ok(Hash::tagged("").fixed(&canonical(self)?).done())
    }
}
