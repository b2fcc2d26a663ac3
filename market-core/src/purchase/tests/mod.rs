//! What a purchase may and may not do, and what comes of it.

mod chance;
mod lapses;
mod modes;
mod numbers;
mod receipts;
mod rules;
mod secrets;
mod states;
pub(crate) mod world;

use self::world::{World, acting, amount, code, fixed, limits, notice, open_case, operator};
use super::{proof::verify, *};
use crate::{Refusal, case::Fund, draw::Proof, testing::on_both};

/// Reads and verifies the proof of a purchase, as anybody may.
async fn proof(world: &World, id: PurchaseId) -> Proof {
    let text = world.market.purchases().proof(id).await.unwrap();
    let proof = Proof::from_bytes(text.as_bytes()).unwrap();
    verify(&proof).unwrap();
    proof
}

/// The refusal of a call that fails by one.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// The codes of the reasons of a call that fails by them.
fn reasons<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<&'static str> {
    match result {
        Err(Error::Ineligible(reasons)) => reasons.iter().map(|one| one.refusal.code()).collect(),
        other => panic!("not ineligible: {other:?}"),
    }
}
