//! Promises that bind and tell nothing: a party's value, an agency's quote.

use serde::{Deserialize, Serialize};

use super::bytes::{Bytes32, Hash};
use crate::kernel::id::{PurchaseId, RegistrationId};

/// What a party of a purchase promised before anybody knew the list: its value, hidden in a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DrawCommitment))]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Who promised, such as `platform`, `owner` or a department's code.
    pub party: String,
    /// The digest of purchase, party and value.
    pub sha256: Bytes32,
}

impl Commitment {
    /// The promise of a party to reveal a value for a purchase.
    pub fn to(purchase: PurchaseId, party: &str, value: &Bytes32) -> Self {
        let sha256 = Hash::tagged("market-commitment-v1")
            .field(purchase.to_string().as_bytes())
            .field(party.as_bytes())
            .fixed(&value.0)
            .done();
        Self { party: party.to_owned(), sha256 }
    }
}

/// What the sealed list holds of an agency's quote: a digest that the nonce keeps from being
/// guessed, and that fits no other registration's quote.
pub fn quote_commitment(registration: RegistrationId, quote: &str, nonce: &Bytes32) -> Bytes32 {
    Hash::tagged("market-quote-v1")
        .field(registration.to_string().as_bytes())
        .field(quote.as_bytes())
        .field(&nonce.0)
        .done()
}
