//! The published file from which anybody can repeat a selection.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Lottery,
    bytes::{Bytes32, Hash, Seed},
    canonical::{NotCanonical, canonical},
    commitment::Commitment,
    draws::{Drawn, Draws},
    flaw::{Flaw, FlawKind},
    sealed::Sealed,
};
use crate::kernel::id::RegistrationId;

/// The proof of a draw (抽取证明): what was sealed, what came in afterwards, and what followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What was fixed before anything was revealed.
    pub sealed: Sealed,
    /// Its digest, as published when it was sealed.
    pub sealed_sha256: Bytes32,
    /// The values of the parties that kept their promise, in the order of the commitments.
    pub reveals: Vec<Reveal>,
    /// The parties that did not, in the same order.
    pub withheld: Vec<String>,
    /// The public number that the notice named, as it was published.
    pub beacon: Option<String>,
    /// What the draws follow from.
    pub seed: Seed,
    /// The quotes that were opened, sorted by registration.
    pub opened: Vec<Opened>,
    /// Who had quoted and whose quote stayed closed, sorted.
    pub unopened: Vec<RegistrationId>,
    /// Every draw that was held, in order.
    pub draws: Vec<Drawn>,
    /// What the rule of the mode came to: its own words, opaque here.
    pub outcome: Value,
    /// The digest of the file without this field. The award notice names it, so that nobody can
    /// pass off another proof as this one.
    pub sha256: Bytes32,
}

/// What a party had promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The party.
    pub party: String,
    /// Its value.
    pub value: Bytes32,
}

/// A quote that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Whose.
    pub registration: RegistrationId,
    /// The quote, letter by letter as it was committed to.
    pub quote: String,
    /// What kept it from being guessed.
    pub nonce: Bytes32,
}

/// What came in after the list was sealed, and makes the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entropy {
    /// The values that parties revealed.
    pub reveals: Vec<Reveal>,
    /// The public number, where the notice named one.
    pub beacon: Option<String>,
}

/// Why bytes are not a proof that could be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAProof {
    /// They are no JSON of a proof's shape.
    #[error("not a proof: {0}")]
    Shape(String),
    /// They could be read as a proof, but are not the bytes that it is written as.
    #[error("not written as a proof is: byte {0} differs from its canonical form")]
    NotAsWritten(usize),
    /// They hold what cannot be written canonically.
    #[error("not a proof: {0}")]
    NotCanonical(#[from] NotCanonical),
}

impl Proof {
    /// Holds the draws of a purchase by its rule, and keeps what proves them.
    ///
    /// A proof that would not verify is not made: the flaws come back instead.
    pub fn draw(
        sealed: Sealed,
        entropy: Entropy,
        mut opened: Vec<Opened>,
        rule: impl Fn(&Sealed, &[Opened], &mut dyn Lottery) -> Result<Value, String>,
    ) -> Result<Self, Vec<Flaw>> {
        let Entropy { mut reveals, beacon } = entropy;
        let place = |party: &str| sealed.commitments.iter().position(|one| one.party == party);
        reveals.sort_by_key(|reveal| place(&reveal.party));
        opened.sort_by_key(|quote| quote.registration);
        let sealed_sha256 = sealed.sha256().map_err(|why| {
            let flaw = Flaw::from(why);
            vec![Flaw { place: format!("/sealed{}", flaw.place), ..flaw }]
        })?;
        let mut proof = Self {
            withheld: withheld(&sealed, &reveals),
            unopened: unopened(&sealed, &opened),
            seed: seed(&sealed, &sealed_sha256, &reveals, beacon.as_deref()),
            sealed,
            sealed_sha256,
            reveals,
            beacon,
            opened,
            draws: Vec::new(),
            outcome: Value::Null,
            sha256: Bytes32([0; 32]),
        };
        (proof.draws, proof.outcome) = proof.follow(rule).map_err(|flaw| vec![flaw])?;
        proof.sha256 = proof.own_sha256().map_err(|why| vec![why.into()])?;
        proof.verify()?;
        Ok(proof)
    }

    /// Reads a published proof. Bytes that are not exactly those that [`Proof::to_bytes`] gives are
    /// refused, so that one proof has one digest.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAProof> {
        let proof: Self =
            serde_json::from_slice(bytes).map_err(|why| NotAProof::Shape(why.to_string()))?;
        let written = proof.to_bytes()?;
        if written == bytes {
            return Ok(proof);
        }
        let differs = written.iter().zip(bytes).position(|(one, other)| one != other);
        Err(NotAProof::NotAsWritten(differs.unwrap_or(written.len().min(bytes.len()))))
    }

    /// The bytes to publish.
    pub fn to_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical(self)
    }

    /// What a rule comes to with this proof's seed and quotes: its draws and its outcome.
    pub(super) fn follow(
        &self,
        rule: impl Fn(&Sealed, &[Opened], &mut dyn Lottery) -> Result<Value, String>,
    ) -> Result<(Vec<Drawn>, Value), Flaw> {
        let refused = |detail| Flaw { place: "/draws".into(), kind: FlawKind::RuleRefused, detail };
        let mut lottery = Draws::over(self.seed);
        let outcome = rule(&self.sealed, &self.opened, &mut lottery).map_err(refused)?;
        let draws = lottery.finish().map_err(|why| refused(why.to_string()))?;
        Ok((draws, outcome))
    }

    /// The digest of all that stands in the file but the digest itself.
    pub(super) fn own_sha256(&self) -> Result<Bytes32, NotCanonical> {
        let mut value = serde_json::to_value(self)
            .map_err(|_| NotCanonical { place: String::new(), why: "not JSON" })?;
        if let Value::Object(fields) = &mut value {
            fields.remove("sha256");
        }
        Ok(Hash::tagged("").fixed(&canonical(&value)?).done())
    }
}

impl From<NotCanonical> for Flaw {
    fn from(why: NotCanonical) -> Self {
        Self { place: why.place, kind: FlawKind::Uncanonical, detail: why.why.to_owned() }
    }
}

/// The parties that committed and did not reveal.
pub(super) fn withheld(sealed: &Sealed, reveals: &[Reveal]) -> Vec<String> {
    let parties = sealed.commitments.iter().map(|one| &one.party);
    let silent = parties.filter(|party| !reveals.iter().any(|reveal| reveal.party == **party));
    silent.cloned().collect()
}

/// The registrations that quoted and whose quote was not opened.
pub(super) fn unopened(sealed: &Sealed, opened: &[Opened]) -> Vec<RegistrationId> {
    let quoted = sealed.list.iter().filter(|one| one.quote_commitment.is_some());
    let closed = quoted.map(|one| one.registration).filter(|registration| {
        opened.binary_search_by_key(registration, |quote| quote.registration).is_err()
    });
    closed.collect()
}

/// What the draws follow from: the sealed list and all that came in afterwards.
pub(super) fn seed(
    sealed: &Sealed,
    sealed_sha256: &Bytes32,
    reveals: &[Reveal],
    beacon: Option<&str>,
) -> Seed {
    let mut hash = Hash::tagged("market-seed-v1").fixed(&sealed_sha256.0);
    for Commitment { party, .. } in &sealed.commitments {
        hash = hash.field(party.as_bytes());
        hash = match reveals.iter().find(|reveal| reveal.party == *party) {
            Some(reveal) => hash.fixed(&[1]).fixed(&reveal.value.0),
            None => hash.fixed(&[0]),
        };
    }
    Seed(hash.field(beacon.unwrap_or_default().as_bytes()).done())
}
