//! What a receipt proves, and everything that may not fit.

use serde_json::{Value, json};

use crate::{
    draw::{FlawKind, Proof},
    purchase::{
        receipt::{Misfit, Receipt, Standing},
        verify,
    },
};

const VECTOR: &[u8] = include_bytes!("../../draw/vectors/proof.json");
/// Whose quote stands second in the list, of two agencies …
const ID: &str = "0193f2a0-0000-7000-8000-000000000101";
/// … and who was excluded.
const EXCLUDED: &str = "0193f2a0-0000-7000-8000-000000000109";
const AT: &str = "2026-11-24T01:00:00Z";

/// The proof of the vectors, with a rule that says when each quote came.
fn proof(change: impl Fn(&mut Value)) -> Proof {
    let mut proof: Value = serde_json::from_slice(VECTOR).unwrap();
    let entrant = json!({ "registration": ID, "credit": 0, "at": AT });
    proof["sealed"]["rule"] = json!({
        "selection": { "rule": { "mode": "lowest_price" }, "minimum": 1, "limits": null },
        "entrants": [entrant],
    });
    change(&mut proof);
    serde_json::from_value(proof).unwrap()
}

/// The receipt of the second quote, changed.
fn receipt(changes: &Value) -> Receipt {
    let proof: Value = serde_json::from_slice(VECTOR).unwrap();
    let mut receipt = json!({
        "purchase_id": proof["sealed"]["purchase"], "registration_id": ID, "round": 0,
        "commitment": proof["sealed"]["list"][1]["quote_commitment"], "at": AT,
        "quote": { "amount": "88000.00" }, "nonce": proof["opened"][1]["nonce"],
    });
    receipt.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(receipt).unwrap()
}

fn unchanged(_: &mut Value) {}

/// What is told of a quote of the second round.
fn round(quote: &str, at: &str) -> impl Fn(&mut Value) {
    let told = json!({ "round": 2, "registration": ID, "quote": quote, "at": at });
    move |proof| {
        proof["outcome"] = json!({
            "result": { "outcome": "failed", "reason": "no_valid_quote" }, "rounds": [told],
        });
    }
}

#[test]
fn a_quote_stands_in_the_list_opened_or_closed() {
    assert_eq!(receipt(&json!({})).check(&proof(unchanged)), Ok(Standing::Opened));
    let closed = proof(|proof| drop(proof["opened"].as_array_mut().unwrap().remove(1)));
    assert_eq!(receipt(&json!({})).check(&closed), Ok(Standing::StayedClosed));
}

#[test]
fn whatever_does_not_fit_is_named() {
    let good = proof(unchanged);
    let sealed = good.sealed.list[1].quote_commitment;
    let own = receipt(&json!({ "quote": { "amount": "88000.01" } })).check(&good).unwrap_err();
    assert!(matches!(&own[..], [Misfit::Commitment { own }] if Some(*own) != sealed), "{own:?}");
    let elsewhere = json!({ "purchase_id": ID });
    let found = receipt(&elsewhere).check(&good);
    assert_eq!(found, Err(vec![Misfit::OtherPurchase(good.sealed.purchase)]));
    let late = json!({ "at": "2026-11-24T01:00:01Z" });
    let found = receipt(&late).check(&good);
    assert_eq!(found, Err(vec![Misfit::OtherTime(AT.parse().unwrap())]));

    let other = proof(|proof| {
        let first = proof["sealed"]["list"][0]["quote_commitment"].clone();
        proof["sealed"]["list"][1]["quote_commitment"] = first;
    });
    let sealed = other.sealed.list[0].quote_commitment;
    assert_eq!(receipt(&json!({})).check(&other), Err(vec![Misfit::OtherQuote { sealed }]));
    let none = proof(|proof| proof["sealed"]["list"][1]["quote_commitment"] = Value::Null);
    let missing = vec![Misfit::OtherQuote { sealed: None }];
    assert_eq!(receipt(&json!({})).check(&none), Err(missing));
    let unlisted = proof(|proof| drop(proof["sealed"]["list"].as_array_mut().unwrap().remove(1)));
    assert_eq!(receipt(&json!({})).check(&unlisted), Err(vec![Misfit::NotListed]));
    let excluded = receipt(&json!({ "registration_id": EXCLUDED })).check(&good).unwrap_err();
    let reasons = vec!["agency-suspended".to_owned()];
    assert_eq!(excluded[1..], [Misfit::Excluded { reasons }]);
    let bare: Proof = serde_json::from_slice(VECTOR).unwrap();
    assert_eq!(receipt(&json!({})).check(&bare), Err(vec![Misfit::Unreadable]));
    let alone = proof(|proof| proof["sealed"]["rule"]["entrants"] = json!([]));
    assert_eq!(receipt(&json!({})).check(&alone), Err(vec![Misfit::Unreadable]));
}

#[test]
fn a_quote_of_a_round_stands_among_those_told_of_it() {
    let late = receipt(&json!({ "round": 2 }));
    let told = proof(round("88000.00", AT));
    assert_eq!(late.check(&told), Ok(Standing::InRound));
    assert_eq!(receipt(&json!({ "round": 1 })).check(&told), Err(vec![Misfit::NotInRound]));
    let lower = proof(round("87000.00", AT));
    let told = "87000.00".to_owned();
    assert_eq!(late.check(&lower), Err(vec![Misfit::OtherInRound { told }]));
    let later = proof(round("88000.00", "2026-11-25T01:00:00Z"));
    let at = "2026-11-25T01:00:00Z".parse().unwrap();
    assert_eq!(late.check(&later), Err(vec![Misfit::OtherTime(at)]));
    assert_eq!(late.check(&proof(unchanged)), Err(vec![Misfit::Unreadable]));
}

#[test]
fn a_proof_without_a_selection_is_none_of_a_purchase() {
    let bare = Proof::from_bytes(VECTOR).unwrap();
    bare.verify().unwrap();
    let flaws = verify(&bare).unwrap_err();
    assert_eq!(flaws.len(), 1);
    assert_eq!((flaws[0].kind, &*flaws[0].place), (FlawKind::NoRule, "/sealed/rule/selection"));
    let mut worse = bare;
    worse.withheld.clear();
    let kinds: Vec<_> = verify(&worse).unwrap_err().iter().map(|flaw| flaw.kind).collect();
    assert_eq!(kinds.last(), Some(&FlawKind::NoRule));
    assert!(kinds.contains(&FlawKind::Withheld), "{kinds:?}");
}
