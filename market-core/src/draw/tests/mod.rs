//! What a draw promises.

mod adversary;
mod beacon;
mod chance;
mod tampering;
mod vectors;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bytes32, Candidate, Entropy, Lot, Lottery, Opened, Reveal, Sealed};
use crate::kernel::id::RegistrationId;

/// The proof of `vectors/proof.json`.
const PROOF: &[u8] = include_bytes!("../vectors/proof.json");

fn registration(number: usize) -> RegistrationId {
    RegistrationId(Uuid::from_u128(number as u128))
}

/// Bytes that a test can tell apart.
fn bytes(number: u64) -> Bytes32 {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(number.to_be_bytes()) {
        *byte = value;
    }
    Bytes32(bytes)
}

/// The lowest quote wins, and a draw decides among equals: the rule of the proof.
fn lowest(_: &Sealed, opened: &[Opened], lottery: &mut dyn Lottery) -> Result<Value, String> {
    let lowest = opened.iter().map(|one| &one.quote).min().ok_or("nobody quoted")?;
    let (tied, rest): (Vec<_>, Vec<_>) = opened.iter().partition(|one| one.quote == *lowest);
    let lots: Vec<Lot> =
        tied.iter().map(|one| Lot { key: one.registration.to_string(), tickets: 1 }).collect();
    let mut ranking = lottery.draw("tie", &lots, lots.len());
    ranking.extend(rest.iter().map(|one| one.registration.to_string()));
    Ok(json!({"winner": ranking[0], "ranking": ranking}))
}

/// One of all who take part, by their tickets.
fn anyone(sealed: &Sealed, _: &[Opened], lottery: &mut dyn Lottery) -> Result<Value, String> {
    if sealed.list.is_empty() {
        return Err("nobody takes part".into());
    }
    let lot = |one: &Candidate| Lot { key: one.registration.to_string(), tickets: one.tickets };
    let lots: Vec<Lot> = sealed.list.iter().map(lot).collect();
    Ok(json!({"winner": lottery.draw("winner", &lots, 1)[0]}))
}

fn reveals(values: &[(&str, Bytes32)]) -> Entropy {
    let reveal =
        |(party, value): &(&str, Bytes32)| Reveal { party: (*party).into(), value: *value };
    Entropy { reveals: values.iter().map(reveal).collect(), beacon: None }
}
