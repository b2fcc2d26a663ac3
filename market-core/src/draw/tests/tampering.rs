//! Whatever is changed in a proof is found.

use serde_json::{Value, json};

use super::{
    super::{
        Bytes32, Commitment, Flaw, FlawKind, NotAProof, Proof, Seed,
        canonical::{LARGEST, canonical},
    },
    PROOF, bytes, lowest, registration,
};

fn holds(bytes: &[u8]) -> bool {
    Proof::from_bytes(bytes).is_ok_and(|proof| proof.verify().is_ok())
}

#[test]
fn no_byte_can_be_changed_left_out_or_doubled() {
    assert!(holds(PROOF));
    for at in 0..PROOF.len() {
        let mut changed = PROOF.to_vec();
        changed[at] ^= 1 << (at % 8);
        assert!(!holds(&changed), "byte {at}");
        let mut less = PROOF.to_vec();
        less.remove(at);
        assert!(!holds(&less), "without byte {at}");
        let mut more = PROOF.to_vec();
        more.insert(at, PROOF[at]);
        assert!(!holds(&more), "byte {at} doubled");
        assert!(!holds(&PROOF[..at]), "cut at byte {at}");
    }
}

#[test]
fn other_spellings_of_the_same_proof_are_refused() {
    let text = std::str::from_utf8(PROOF).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    for other in [
        format!("{text}\n"),
        format!("\u{feff}{text}"),
        serde_json::to_string_pretty(&value).unwrap(),
        text.replace("采", "\\u91c7"),
        text.replace("2026-11-24T09:00:00Z", "2026-11-24T17:00:00+08:00"),
        text.replace("\"policy_version\":3", "\"policy_version\":3.0"),
        text.replace("\"minimum\":3", "\"minimum\":4,\"minimum\":3"),
        text.replace("\"minimum\":3", "\"minimum\":3e0"),
        text.replace("\"group\":null,", ""),
        text.replacen('{', "{\"a\":null,", 1),
    ] {
        assert_ne!(other, text);
        assert!(Proof::from_bytes(other.as_bytes()).is_err(), "{other}");
    }
    let cut = format!("{} ", &text[..text.len() - 1]) + "}";
    assert_eq!(Proof::from_bytes(cut.as_bytes()), Err(NotAProof::NotAsWritten(text.len() - 1)));
}

/// Every value of a proof, by its JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                places(field, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Other values that could stand in the place of one.
fn others(value: &Value) -> Vec<Value> {
    let mut others =
        vec![Value::Null, json!(""), json!(0), json!(LARGEST), json!([]), json!({}), json!(true)];
    match value {
        Value::String(text) => {
            others.push(json!(format!("{text}x")));
            others.push(json!(text.to_uppercase()));
            others.push(json!(text.chars().rev().collect::<String>()));
            let first = if text.starts_with('0') { '1' } else { '0' };
            others.push(json!(
                text.chars().skip(1).fold(first.to_string(), |text, c| text + &c.to_string())
            ));
        }
        Value::Number(number) => others.push(json!(number.as_u64().unwrap() + 1)),
        Value::Array(items) => {
            for index in 0..items.len() {
                let (mut less, mut more, mut turned) =
                    (items.clone(), items.clone(), items.clone());
                less.remove(index);
                more.insert(index, items[index].clone());
                turned.swap(0, index);
                others.extend([less, more, turned].map(Value::Array));
            }
        }
        Value::Object(fields) => {
            for key in fields.keys() {
                let mut less = fields.clone();
                less.remove(key);
                others.push(Value::Object(less));
            }
            let mut more = fields.clone();
            more.insert("more".into(), json!(1));
            others.push(Value::Object(more));
        }
        _ => {}
    }
    others.retain(|other| other != value);
    others
}

/// An edit of any one value is found even if the file's own digest was made anew: the digest in the
/// notice need not be at hand.
#[test]
fn no_value_can_be_changed_even_with_a_new_digest() {
    let proof: Value = serde_json::from_slice(PROOF).unwrap();
    let mut found = Vec::new();
    places(&proof, "", &mut found);
    let mut edits = 0;
    for place in found.iter().filter(|place| !place.is_empty() && *place != "/sha256") {
        for other in others(proof.pointer(place).unwrap()) {
            let mut edited = proof.clone();
            *edited.pointer_mut(place).unwrap() = other;
            let Ok(mut edited) = serde_json::from_value::<Proof>(edited) else { continue };
            edited.sha256 = edited.own_sha256().unwrap();
            let bytes = edited.to_bytes().unwrap();
            let verdict = Proof::from_bytes(&bytes).unwrap().verify_with(lowest);
            assert!(bytes == PROOF || verdict.is_err(), "{place}: {edited:?}");
            edits += 1;
        }
    }
    assert!(edits > 300, "{edits}");
}

/// The flaws of the published proof after an edit, with a new digest of the whole.
fn flaws(edit: impl Fn(&mut Proof)) -> Vec<Flaw> {
    let mut proof = Proof::from_bytes(PROOF).unwrap();
    edit(&mut proof);
    proof.sha256 = proof.own_sha256().unwrap();
    proof.verify_with(lowest).unwrap_err()
}

type Edit = fn(&mut Proof);

#[test]
fn every_flaw_is_named_with_its_place() {
    let cases: &[(FlawKind, &str, Edit)] = &[
        (FlawKind::Algorithm, "/sealed/algorithm", |proof| proof.sealed.algorithm.push('2')),
        (FlawKind::SealedHash, "/sealed_sha256", |proof| proof.sealed.notice.push('2')),
        (FlawKind::ListOrder, "/sealed/list", |proof| proof.sealed.list.swap(0, 1)),
        (FlawKind::ListOrder, "/sealed/excluded", |proof| {
            let again = proof.sealed.excluded[0].clone();
            proof.sealed.excluded.push(again);
        }),
        (FlawKind::Tickets, "/sealed/list/2/tickets", |proof| proof.sealed.list[2].tickets = 0),
        (FlawKind::Tickets, "/sealed/list", |proof| proof.sealed.list[2].tickets = LARGEST),
        (FlawKind::Reasons, "/sealed/excluded/0/reasons", |proof| {
            proof.sealed.excluded[0].reasons.clear();
        }),
        (FlawKind::ListedTwice, "/sealed/excluded/0", |proof| {
            proof.sealed.excluded[0].registration = proof.sealed.list[0].registration;
        }),
        (FlawKind::Parties, "/sealed/commitments/1/party", |proof| {
            proof.sealed.commitments[1].party = "platform".into();
        }),
        (FlawKind::Parties, "/sealed/commitments/2/party", |proof| {
            proof.sealed.commitments[2].party.clear();
        }),
        (FlawKind::TooFewPromised, "/sealed/min_reveals", |proof| proof.sealed.min_reveals = 4),
        (FlawKind::TooFewPromised, "/sealed/min_reveals", |proof| {
            proof.sealed.min_reveals = 0;
            proof.sealed.beacon = None;
        }),
        (FlawKind::TooFewReveals, "/reveals", |proof| proof.sealed.min_reveals = 3),
        (FlawKind::UnknownParty, "/reveals/0/party", |proof| proof.reveals[0].party.push('2')),
        (FlawKind::Reveal, "/reveals/1/value", |proof| proof.reveals[1].value = bytes(1)),
        (FlawKind::RevealOrder, "/reveals", |proof| proof.reveals.swap(0, 1)),
        (FlawKind::Withheld, "/withheld", |proof| proof.withheld.clear()),
        (FlawKind::Beacon, "/beacon", |proof| proof.beacon = None),
        (FlawKind::Beacon, "/beacon", |proof| proof.beacon = Some(String::new())),
        (FlawKind::Beacon, "/beacon", |proof| proof.sealed.beacon = None),
        (FlawKind::Seed, "/seed", |proof| proof.beacon = Some("1".into())),
        (FlawKind::Seed, "/seed", |proof| proof.seed = Seed(bytes(1))),
        (FlawKind::UnknownQuote, "/opened/0", |proof| {
            proof.opened[0].registration = registration(1);
        }),
        (FlawKind::Quote, "/opened/1", |proof| proof.opened[1].quote.push('0')),
        (FlawKind::QuoteOrder, "/opened", |proof| proof.opened.swap(0, 1)),
        (FlawKind::Unopened, "/unopened", |proof| proof.unopened.clear()),
        (FlawKind::Unopened, "/unopened", |proof| drop(proof.opened.remove(0))),
        (FlawKind::LabelTwice, "/draws/1/label", |proof| {
            let again = proof.draws[0].clone();
            proof.draws.push(again);
        }),
        (FlawKind::Lots, "/draws/0/lots", |proof| proof.draws[0].lots.swap(0, 1)),
        (FlawKind::Lots, "/draws/0/lots", |proof| proof.draws[0].lots[0].tickets = 0),
        (FlawKind::UnknownLot, "/draws/0/lots/2/key", |proof| {
            proof.draws[0].lots[2].key = registration(1).to_string();
        }),
        (FlawKind::UnknownLot, "/draws/0/lots/2/key", |proof| {
            proof.draws[0].lots[2].key = proof.draws[0].lots[2].key.to_uppercase().replace('-', "");
        }),
        (FlawKind::Taken, "/draws/0/taken", |proof| proof.draws[0].taken.swap(0, 1)),
        (FlawKind::RuleRefused, "/draws", |proof| {
            proof.unopened = proof.sealed.list.iter().map(|one| one.registration).collect();
            proof.opened.clear();
        }),
        (FlawKind::Draws, "/draws/0", |proof| proof.draws.clear()),
        (FlawKind::Draws, "/draws/0", |proof| proof.draws[0].take = 4),
        (FlawKind::Outcome, "/outcome", |proof| proof.outcome = Value::Null),
    ];
    for (kind, place, edit) in cases {
        let flaws = flaws(edit);
        let named = flaws.iter().any(|flaw| flaw.kind == *kind && flaw.place == *place);
        assert!(named, "{kind:?} at {place}: {flaws:?}");
    }
}

#[test]
fn the_files_own_digest_is_checked_and_says_what_it_should_be() {
    let mut proof = Proof::from_bytes(PROOF).unwrap();
    let own = std::mem::replace(&mut proof.sha256, Bytes32([0; 32]));
    let flaws = proof.verify().unwrap_err();
    assert_eq!(
        flaws.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!("/sha256: 文件内容与自身的摘要不符 the file does not fit its own digest ({own})")]
    );
}

#[test]
fn fractions_are_refused_where_they_are_sealed() {
    let proof = Proof::from_bytes(PROOF).unwrap();
    let mut sealed = proof.sealed.clone();
    sealed.rule = json!({"weights": [0.5]});
    assert_eq!(sealed.sha256().unwrap_err().place, "/rule/weights/0");
    let entropy = super::reveals(&[]);
    let flaws = Proof::draw(sealed, entropy, Vec::new(), lowest).unwrap_err();
    assert_eq!(flaws[0].kind, FlawKind::Uncanonical);
    assert_eq!(flaws[0].place, "/sealed/rule/weights/0");
    let outcome = |_: &_, _: &[_], _: &mut dyn super::Lottery| Ok(json!({"share": 0.5}));
    let entropy = super::Entropy { reveals: proof.reveals, beacon: proof.beacon };
    let flaws = Proof::draw(proof.sealed, entropy, proof.opened, outcome).unwrap_err();
    assert_eq!(flaws[0].place, "/outcome/share");
}

/// A commitment binds to its purchase and its party: a value cannot be shown in another's place.
#[test]
fn a_value_serves_one_party_of_one_purchase() {
    let sealed = Proof::from_bytes(PROOF).unwrap().sealed;
    let other = crate::kernel::id::PurchaseId(registration(1).0);
    let promise = Commitment::to(sealed.purchase, "owner", &bytes(1));
    assert_ne!(Commitment::to(other, "owner", &bytes(1)).sha256, promise.sha256);
    assert_ne!(Commitment::to(sealed.purchase, "fgj", &bytes(1)).sha256, promise.sha256);
    assert!(canonical(&promise).is_ok());
}
