//! An operator who cheats: it knows its own value before the list is sealed, has a favourite, and
//! may add up to six shills in the last moment.

use serde_json::json;

use super::{
    super::{ALGORITHM, Bytes32, Candidate, Commitment, Proof, Sealed, draws, proof},
    anyone, bytes, registration, reveals,
};
use crate::kernel::id::PurchaseId;

const TRIALS: u32 = 6_000;
const HONEST: usize = 10;
const SHILLS: usize = 6;

/// A list of ten, of whom the first is the favourite, and so many shills.
fn sealed(parties: &[(&str, Bytes32)], shills: usize) -> Sealed {
    let purchase = PurchaseId(registration(0).0);
    let candidate = |number| Candidate {
        registration: registration(number),
        agency: "91350100M000100Y43".parse().unwrap(),
        tickets: 1,
        group: None,
        certificates_sha256: bytes(0),
        quote_commitment: None,
    };
    let promise = |(party, value): &(&str, Bytes32)| Commitment::to(purchase, party, value);
    Sealed {
        algorithm: ALGORITHM.into(),
        purchase,
        notice: "1".into(),
        region: "330282".parse().unwrap(),
        policy_version: 1,
        mode: "random".into(),
        rule: json!({}),
        commitments: parties.iter().map(promise).collect(),
        min_reveals: parties.len(),
        beacon: None,
        sealed_at: "2026-11-24T09:00:00Z".parse().unwrap(),
        list: (0..HONEST + shills).map(candidate).collect(),
        excluded: Vec::new(),
    }
}

/// Whether the favourite wins, by the functions that make a proof.
fn wins(sealed: &Sealed, values: &[(&str, Bytes32)]) -> bool {
    let seed = proof::seed(sealed, &sealed.sha256().unwrap(), &reveals(values).reveals, None);
    let mut lottery = draws::Draws::over(seed);
    anyone(sealed, &[], &mut lottery).unwrap()["winner"] == registration(0).to_string()
}

/// The shills with which the favourite would win, if the others' values were those guessed.
fn best(promised: &[(&str, Bytes32)], guessed: &[(&str, Bytes32)]) -> Sealed {
    let lists = || (0..=SHILLS).map(|shills| sealed(promised, shills));
    lists().find(|list| wins(list, guessed)).unwrap_or_else(|| sealed(promised, 0))
}

#[test]
fn who_chooses_the_list_last_gains_nothing_without_the_owners_value() {
    let (mut won, mut fair, mut variance) = (0, 0.0, 0.0);
    for trial in 0..TRIALS {
        let number = u64::from(trial);
        let values = [("platform", bytes(number)), ("owner", bytes(number + 1_000_000))];
        // The commitment binds the owner and hides its value: the operator can only guess.
        let guessed = [values[0], ("owner", bytes(number + 2_000_000))];
        let list = best(&values, &guessed);
        let share = 1.0 / f64::from(u32::try_from(list.list.len()).unwrap());
        fair += share;
        variance += share * (1.0 - share);
        won += u32::from(wins(&list, &values));
    }
    let gain = f64::from(won) - fair;
    assert!(gain.abs() < 3.0 * variance.sqrt(), "{won} won of {TRIALS}, {fair} would be fair");
}

/// The control: with the platform's value alone, the same operator wins four times as often as is
/// fair, which the same arithmetic sees.
#[test]
fn with_the_platforms_value_alone_the_same_operator_would_win() {
    let (mut won, mut fair, mut variance) = (0, 0.0, 0.0);
    for trial in 0..TRIALS {
        let values = [("platform", bytes(u64::from(trial)))];
        let list = best(&values, &values);
        let share = 1.0 / f64::from(u32::try_from(list.list.len()).unwrap());
        fair += share;
        variance += share * (1.0 - share);
        won += u32::from(wins(&list, &values));
    }
    // Seven lists to choose from: 1 - 9/10 * 10/11 * … * 15/16 = 7/16.
    assert!(f64::from(won) > 0.4 * f64::from(TRIALS), "{won} won of {TRIALS}");
    assert!(f64::from(won) - fair > 50.0 * variance.sqrt(), "{won} won, {fair} would be fair");
}

/// Withholding is named in the proof, and does not go unless the sealed list allowed for it.
#[test]
fn who_withholds_is_named_or_stops_the_draw() {
    let values = [("platform", bytes(1)), ("owner", bytes(2)), ("fgj", bytes(3))];
    let mut list = sealed(&values, 0);
    list.min_reveals = 2;
    let held = |list: &Sealed, count: usize| {
        Proof::draw(list.clone(), reveals(&values[..count]), Vec::new(), anyone)
    };
    let proof = held(&list, 2).unwrap();
    assert_eq!(proof.withheld, ["fgj"]);
    assert_ne!(proof.seed, held(&list, 3).unwrap().seed);
    list.min_reveals = 3;
    let flaws = held(&list, 2).unwrap_err();
    let codes: Vec<_> = flaws.iter().map(|flaw| flaw.kind.code()).collect();
    assert_eq!(codes, ["too-few-reveals"]);
    let wrong = [values[0], ("owner", bytes(9)), values[2]];
    let flaws = Proof::draw(list, reveals(&wrong), Vec::new(), anyone).unwrap_err();
    assert_eq!((flaws.len(), &*flaws[0].place), (1, "/reveals/1/value"));
}
