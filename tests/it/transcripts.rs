//! Random proofs of draws, good and spoilt, for two verifiers to agree on.

use market_core::{
    draw::{
        ALGORITHM, Beacon, Bytes32, Candidate, Commitment, Entropy, Excluded, Lot, Lottery, Opened,
        Proof, PublicNumber, Reveal, Sealed, quote_commitment,
    },
    id::{PurchaseId, RegistrationId},
    sha256_hex,
};
use rand_chacha::{ChaCha8Rng, rand_core::RngCore};
use serde_json::{Value, json};
use uuid::Uuid;

/// A file that may be a proof.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) bytes: Vec<u8>,
    pub(crate) spoilt: Spoilt,
}

/// What was done to a good proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoilt {
    Nothing,
    /// Bytes were changed, left out, doubled, put in or cut off.
    Bytes,
    /// A value was changed, and the digest of the file made anew.
    Value,
}

impl Spoilt {
    /// Whether a verifier that does not know the rule may find it good.
    pub(crate) fn may_hold(self) -> bool {
        self != Self::Bytes
    }

    pub(crate) fn must_hold(self) -> bool {
        self == Self::Nothing
    }
}

/// Texts that JSON writers have disagreed about.
const TEXTS: [&str; 8] = [
    "",
    "采购〔2026〕1号",
    "\"\\/",
    "\u{0}\u{1f}\n\r\t\u{8}\u{c}",
    "\u{7f}\u{80}",
    "𠮷😀",
    "\u{2028}\u{feff}",
    "é",
];

/// One good transcript, and three spoilt ones made from it.
pub(crate) fn some(chance: &mut ChaCha8Rng) -> [Transcript; 4] {
    let good = good(chance);
    let value: Value = serde_json::from_slice(&good).unwrap();
    let spoil = |chance: &mut ChaCha8Rng| match below(chance, 3) {
        0 => Transcript { bytes: spoil_bytes(chance, good.clone()), spoilt: Spoilt::Bytes },
        _ => Transcript { bytes: spoil_value(chance, value.clone()), spoilt: Spoilt::Value },
    };
    let spoilt = [spoil(chance), spoil(chance), spoil(chance)];
    let [one, two, three] = spoilt;
    [Transcript { bytes: good.clone(), spoilt: Spoilt::Nothing }, one, two, three]
}

fn below(chance: &mut ChaCha8Rng, bound: usize) -> usize {
    usize::try_from(chance.next_u64() % bound as u64).unwrap()
}

fn bytes32(chance: &mut ChaCha8Rng) -> Bytes32 {
    let mut bytes = [0; 32];
    chance.fill_bytes(&mut bytes);
    Bytes32(bytes)
}

fn id(chance: &mut ChaCha8Rng) -> Uuid {
    Uuid::from_u64_pair(chance.next_u64(), chance.next_u64())
}

fn text(chance: &mut ChaCha8Rng) -> String {
    TEXTS[below(chance, TEXTS.len())].to_owned() + TEXTS[below(chance, TEXTS.len())]
}

fn tickets(chance: &mut ChaCha8Rng) -> u64 {
    match below(chance, 4) {
        0 => chance.next_u64() % (1 << 49) + 1,
        _ => chance.next_u64() % 5 + 1,
    }
}

fn good(chance: &mut ChaCha8Rng) -> Vec<u8> {
    let purchase = PurchaseId(id(chance));
    let parties = &["platform", "owner", "发展改革局"][..=below(chance, 3)];
    let values: Vec<_> = parties.iter().map(|party| (*party, bytes32(chance))).collect();
    let revealed = 1 + below(chance, values.len());
    let (named, beacon) = match below(chance, 3) {
        0 => (None, None),
        1 => {
            let words = format!("双色球{}", text(chance));
            (Some(Beacon::Words(words.clone())), Some(words))
        }
        _ => {
            let decimals = 2;
            let known_at = "2026-11-24T10:00:00Z".parse().unwrap();
            let number = PublicNumber { name: text(chance), known_at, decimals };
            (Some(Beacon::Number(number)), Some(format!("-{}.50", below(chance, 9))))
        }
    };
    let (mut list, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..below(chance, 6) {
        let registration = RegistrationId(id(chance));
        let quote = Opened { registration, quote: text(chance), nonce: bytes32(chance) };
        let own = quote_commitment(registration, &quote.quote, &quote.nonce);
        let quotes = below(chance, 3);
        list.push(Candidate {
            registration,
            agency: "91350100M000100Y43".parse().unwrap(),
            tickets: tickets(chance),
            group: (below(chance, 3) == 0).then(|| text(chance)),
            certificates_sha256: bytes32(chance),
            quote_commitment: (quotes > 0).then_some(own),
        });
        opened.extend((quotes > 1).then_some(quote));
    }
    list.sort_by_key(|one| one.registration);
    let excluded = below(chance, 2) == 0;
    let excluded = excluded.then(|| Excluded {
        registration: RegistrationId(id(chance)),
        agency: "91512081MA62K0260E".parse().unwrap(),
        reasons: vec!["agency-suspended".into()],
    });
    let sealed = Sealed {
        algorithm: ALGORITHM.into(),
        purchase,
        notice: text(chance),
        region: "330282".parse().unwrap(),
        policy_version: 1,
        mode: "random".into(),
        rule: json!({"minimum": below(chance, 4), "text": text(chance), "other": [null, true]}),
        commitments: values
            .iter()
            .map(|(party, value)| Commitment::to(purchase, party, value))
            .collect(),
        min_reveals: 1,
        beacon: named,
        sealed_at: "2026-11-24T09:00:00.000001Z".parse().unwrap(),
        excluded: excluded.into_iter().collect(),
        list,
    };
    let reveal =
        |(party, value): &(&str, Bytes32)| Reveal { party: (*party).into(), value: *value };
    let first = below(chance, values.len() - revealed + 1);
    let reveals = values[first..first + revealed].iter().map(reveal).collect();
    let entropy = Entropy { reveals, beacon };
    let (draws, take) = (below(chance, 4), below(chance, 5));
    let rule = |sealed: &Sealed, opened: &[Opened], lottery: &mut dyn Lottery| {
        Ok(rule(sealed, opened, lottery, draws, take))
    };
    Proof::draw(sealed, entropy, opened, rule).unwrap().to_bytes().unwrap()
}

/// So many draws of several kinds.
fn rule(
    sealed: &Sealed,
    opened: &[Opened],
    lottery: &mut dyn Lottery,
    draws: usize,
    take: usize,
) -> Value {
    let all = sealed.list.iter().map(|one| (one.registration.to_string(), one.tickets));
    let tied = opened.iter().map(|one| (one.registration.to_string(), 1));
    let base = (95..=98).map(|base| (base.to_string(), 1));
    let kinds: [(&str, Vec<(String, u64)>); 3] =
        [("winner", all.collect()), ("同价抽取", tied.collect()), ("base", base.collect())];
    let mut results = Vec::new();
    for (label, lots) in &kinds[..draws.min(3)] {
        let lots: Vec<_> =
            lots.iter().map(|(key, tickets)| Lot { key: key.clone(), tickets: *tickets }).collect();
        results.push(lottery.draw(label, &lots, take));
    }
    json!({"drawn": results})
}

fn spoil_bytes(chance: &mut ChaCha8Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    let at = below(chance, bytes.len());
    match below(chance, 5) {
        0 => bytes[at] ^= 1 << below(chance, 8),
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, bytes[at]),
        3 => bytes.insert(at, u8::try_from(below(chance, 256)).unwrap()),
        _ => bytes.truncate(at),
    }
    bytes
}

/// The parts of a proof that are worth forging.
const PARTS: [&str; 17] = [
    "/sealed/list",
    "/sealed/notice",
    "/sealed/min_reveals",
    "/sealed_sha256",
    "/reveals",
    "/reveals/0/party",
    "/reveals/0/value",
    "/withheld",
    "/beacon",
    "/seed",
    "/opened",
    "/opened/0/quote",
    "/unopened",
    "/draws",
    "/draws/0/taken",
    "/draws/0/lots",
    "/outcome",
];

/// The parts of one draw, and of one lot.
const DRAW: [&str; 4] = ["/label", "/take", "/lots/0/tickets", "/lots/0/key"];

fn spoil_value(chance: &mut ChaCha8Rng, mut proof: Value) -> Vec<u8> {
    let place = match below(chance, PARTS.len() + DRAW.len()) {
        part if part < PARTS.len() => PARTS[part].to_owned(),
        part => format!("/draws/{}{}", below(chance, 3), DRAW[part - PARTS.len()]),
    };
    if let Some(value) = proof.pointer_mut(&place) {
        *value = other(chance, value.take());
    }
    if below(chance, 2) == 0 {
        proof["sealed_sha256"] = digest(&proof["sealed"]).into();
    }
    let fields = proof.as_object_mut().unwrap();
    fields.remove("sha256");
    let sha256 = digest(&proof);
    proof["sha256"] = sha256.into();
    proof.to_string().into_bytes()
}

fn digest(value: &Value) -> String {
    sha256_hex(value.to_string().as_bytes())
}

/// Another value of the same sort, or of none that fits.
fn other(chance: &mut ChaCha8Rng, value: Value) -> Value {
    if below(chance, 8) == 0 {
        return [Value::Null, json!("x"), json!(1)][below(chance, 3)].clone();
    }
    match value {
        Value::Null => json!(text(chance)),
        Value::Number(number) => json!(number.as_u64().unwrap() ^ (1 << below(chance, 3))),
        Value::String(text) if text.len() == 64 => json!(bytes32(chance)),
        Value::String(text) if text.len() == 36 => json!(id(chance).to_string()),
        Value::String(old) => json!(old + TEXTS[below(chance, TEXTS.len())]),
        Value::Array(mut items) if !items.is_empty() => {
            let (one, two) = (below(chance, items.len()), below(chance, items.len()));
            match below(chance, 3) {
                0 => items.swap(one, two),
                1 => drop(items.remove(one)),
                _ => items.insert(one, items[two].clone()),
            }
            Value::Array(items)
        }
        other => other,
    }
}
