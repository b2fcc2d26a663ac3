//! A public number is written in one way only.

use serde_json::json;

use super::super::{Beacon, FlawKind, Proof, PublicNumber};

fn number(decimals: u32) -> PublicNumber {
    PublicNumber {
        name: "2026-11-30 上证指数收盘价".to_owned(),
        known_at: "2026-11-30T07:00:00Z".parse().unwrap(),
        decimals,
    }
}

#[test]
fn one_number_has_one_spelling() {
    let admitted = |decimals, value| number(decimals).admits(value);
    for (decimals, value) in [
        (2, "3871.28"),
        (2, "0.05"),
        (2, "-12.30"),
        (0, "0"),
        (0, "815"),
        (8, "0.00000001"),
        (1, "0.0"),
    ] {
        assert!(admitted(decimals, value), "{value}");
    }
    for value in [
        "3871.280",
        "3871.3",
        "3871",
        "3871.",
        " 3871.28",
        "3871.28 ",
        "+3871.28",
        "03871.28",
        ".28",
        "3,871.28",
        "3871,28",
        "3.87128e3",
        "-0.00",
        "--1.00",
        "-",
        "",
        "NaN",
        "３871.28",
        "1.2.34",
        "1234567890123456789.00",
    ] {
        assert!(!admitted(2, value), "{value}");
    }
    assert!(!admitted(0, "815.") && !admitted(0, "-0") && !admitted(0, "815.0"));
}

#[test]
fn a_proof_holds_its_number_as_the_notice_says() {
    let mut proof = Proof::from_bytes(super::PROOF).unwrap();
    proof.sealed.beacon = Some(Beacon::Number(number(2)));
    let flaws = proof.verify().unwrap_err();
    assert!(flaws.iter().any(|flaw| flaw.kind == FlawKind::Beacon), "not with two decimals");
    proof.beacon = Some("3871.28".to_owned());
    let flaws = proof.verify().unwrap_err();
    assert!(flaws.iter().all(|flaw| flaw.kind != FlawKind::Beacon));
}

#[test]
fn both_ways_of_naming_a_number_are_read_and_written() {
    let shown = json!({
        "name": "2026-11-30 上证指数收盘价", "known_at": "2026-11-30T07:00:00Z", "decimals": 2,
    });
    let read: Beacon = serde_json::from_value(shown.clone()).unwrap();
    assert_eq!(read, Beacon::Number(number(2)));
    assert_eq!(serde_json::to_value(&read).unwrap()["decimals"], shown["decimals"]);
    let words: Beacon = serde_json::from_value(json!("双色球")).unwrap();
    assert_eq!(
        (serde_json::to_value(&words).unwrap(), words.admits("03 08")),
        (json!("双色球"), true)
    );
    assert!(serde_json::from_value::<Beacon>(json!(7)).is_err());
    assert!(serde_json::from_value::<Beacon>(json!({ "name": "x" })).is_err());
}
