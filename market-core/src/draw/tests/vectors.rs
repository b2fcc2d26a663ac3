//! The published vectors, made by another program, hold.

use serde::Deserialize;

use super::{
    super::{Bytes32, Commitment, Drawn, Draws, Entropy, Lottery, Proof, Seed, quote_commitment},
    PROOF, lowest,
};
use crate::kernel::id::{PurchaseId, RegistrationId};

#[derive(Debug, Deserialize)]
struct Vectors {
    draws: Vec<Draw>,
    commitments: Vec<Promise>,
    quotes: Vec<Sealing>,
}

#[derive(Debug, Deserialize)]
struct Draw {
    seed: Seed,
    #[serde(flatten)]
    drawn: Drawn,
}

#[derive(Debug, Deserialize)]
struct Promise {
    purchase: PurchaseId,
    party: String,
    value: Bytes32,
    sha256: Bytes32,
}

#[derive(Debug, Deserialize)]
struct Sealing {
    registration: RegistrationId,
    quote: String,
    nonce: Bytes32,
    sha256: Bytes32,
}

#[test]
fn the_vectors_hold() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/vectors.json")).unwrap();
    for Draw { seed, drawn } in &vectors.draws {
        let mut draws = Draws::over(*seed);
        let taken = draws.draw(&drawn.label, &drawn.lots, drawn.take);
        assert_eq!(taken, drawn.taken, "{}", drawn.label);
    }
    for Promise { purchase, party, value, sha256 } in &vectors.commitments {
        assert_eq!(Commitment::to(*purchase, party, value).sha256, *sha256, "{party}");
    }
    for Sealing { registration, quote, nonce, sha256 } in &vectors.quotes {
        assert_eq!(quote_commitment(*registration, quote, nonce), *sha256, "{quote}");
    }
    let counts = (vectors.draws.len(), vectors.commitments.len(), vectors.quotes.len());
    assert_eq!(counts, (9, 4, 4));
}

/// Python's `json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)` wrote the file.
#[test]
fn the_published_proof_is_made_and_written_the_same_here() {
    let proof = Proof::from_bytes(PROOF).unwrap();
    let verified = proof.verify_with(lowest).unwrap();
    assert_eq!((verified.sha256, verified.followed_rule), (proof.sha256, true));
    assert!(!proof.verify().unwrap().followed_rule);
    let entropy = Entropy { reveals: proof.reveals.clone(), beacon: proof.beacon.clone() };
    let (mut reveals, mut opened) = (entropy.reveals.clone(), proof.opened.clone());
    reveals.reverse();
    opened.reverse();
    let again =
        Proof::draw(proof.sealed.clone(), Entropy { reveals, ..entropy }, opened, lowest).unwrap();
    assert_eq!(again.to_bytes().unwrap(), PROOF);
}
