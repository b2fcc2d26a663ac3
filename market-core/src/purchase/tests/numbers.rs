//! Public numbers: nobody chooses them, and nobody writes them down alone.

use super::{super::steps::Moved, *};
use crate::{
    Party, Timestamp,
    draw::{Beacon, PublicNumber},
};

pub(super) const KNOWN_AT: &str = "2026-11-27T17:00:00Z";

/// A public number that is known an hour after the close.
pub(super) fn index(decimals: u32) -> Beacon {
    let name = "2026-11-28 上证指数收盘价".to_owned();
    Beacon::Number(PublicNumber { name, known_at: KNOWN_AT.parse().unwrap(), decimals })
}

fn numbers(purchase: &Purchase) -> &[GivenNumber] {
    match &purchase.state {
        PurchaseState::Opening(opening) => &opening.numbers,
        other => panic!("{other:?}"),
    }
}

async fn opening(world: &World, beacon: Beacon) -> PurchaseId {
    let named = Notice { beacon: Some(beacon), ..notice(Mode::Random, fixed()) };
    let open = world.publish(named).await.unwrap();
    for at in 0..3 {
        world.register(at, open.id).await.unwrap();
    }
    world.wait(&open).await.id
}

/// A published purchase as it was before numbers had a spelling.
async fn in_words(world: &World, id: PurchaseId) -> Purchase {
    let mut tx = world.market.work().await.unwrap();
    let mut purchase = tx.hold_purchase(id).await.unwrap();
    let clock = tx.clock_of_purchase(&purchase).await.unwrap();
    purchase.notice.beacon = Some(Beacon::Words("双色球当日开奖号".to_owned()));
    purchase.version += 1;
    let (from, event) = (Some("open"), "notice_corrected");
    let moved = Moved { purchase, from, event, new_notice: false, reason: None };
    let earlier = tx.save_purchase(moved, &clock).await.unwrap();
    tx.finish(()).await.unwrap();
    earlier
}

fn places(came: Result<Purchase, Error>) -> Vec<String> {
    match came {
        Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
        other => panic!("{other:?}"),
    }
}

on_both! {
    async fn two_parties_settle_a_public_number(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let id = opening(&world, index(2)).await;
        let purchases = world.market.purchases();
        let give = async |call: &Call, value: &str| purchases.give_beacon(call, id, value).await;
        let lead = acting(Party::Department("market-regulation".parse().unwrap()));
        purchases.open(&world.owner, id, &code()).await.unwrap();
        assert_eq!(refusal(give(&world.owner, "3871.28").await), Refusal::BeaconNotKnown);
        world.env().set(KNOWN_AT.parse().unwrap());
        for value in ["3871.280", " 3871.28", "3871.3", "3871", "+3871.28"] {
            assert_eq!(places(give(&world.owner, value).await), ["/value"], "{value}");
        }
        let one = give(&world.owner, "3871.28").await.unwrap();
        assert_eq!((numbers(&one).len(), &*numbers(&one)[0].by), (1, "owner"));
        assert_eq!(refusal(give(&world.owner, "3871.28").await), Refusal::BeaconGiven);
        let two = give(&lead, "3871.30").await.unwrap();
        assert_eq!(numbers(&two).len(), 2, "they differ: nothing is settled");
        let corrected = give(&lead, "3871.29").await.unwrap();
        assert_eq!(numbers(&corrected).len(), 2, "in the place of what it gave before");
        assert_eq!(give(&operator(), "3871.28").await.unwrap().state.name(), "publicity");
        assert_eq!(proof(&world, id).await.beacon.as_deref(), Some("3871.28"));
    }

    async fn parties_that_disagree_to_the_end_settle_nothing(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let id = opening(&world, index(0)).await;
        let purchases = world.market.purchases();
        purchases.open(&world.owner, id, &code()).await.unwrap();
        world.env().set(KNOWN_AT.parse().unwrap());
        purchases.give_beacon(&world.owner, id, "3871").await.unwrap();
        let waiting = purchases.give_beacon(&operator(), id, "3872").await.unwrap();
        assert_eq!(world.wait(&waiting).await.state.name(), "failed");
    }

    async fn a_number_is_given_for_as_long_after_it_is_known(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let id = opening(&world, index(2)).await;
        let waiting = world.get(id).await;
        let PurchaseState::Opening(opening) = &waiting.state else { panic!() };
        let known_at: Timestamp = KNOWN_AT.parse().unwrap();
        let hour = known_at.micros() - opening.sealed_at.micros();
        assert_eq!(hour, 3_600_000_000);
        assert!(opening.until > known_at.plus_seconds(3600), "{opening:?}");
    }

    async fn what_an_earlier_notice_names_in_words_counts_at_once(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        for at in 0..3 {
            world.register(at, open.id).await.unwrap();
        }
        let earlier = in_words(&world, open.id).await;
        let corrected = Notice { content: "另附照片".to_owned(), ..earlier.notice };
        let purchases = world.market.purchases();
        purchases.correct(&world.owner, open.id, corrected).await.unwrap();
        world.wait(&open).await;
        purchases.open(&world.owner, open.id, &code()).await.unwrap();
        let published = purchases.give_beacon(&operator(), open.id, "03 08 15").await.unwrap();
        assert_eq!(published.state.name(), "publicity");
        assert_eq!(proof(&world, open.id).await.beacon.as_deref(), Some("03 08 15"));
    }

    async fn a_number_in_words_is_not_published_again(url: &str) {
        let world = World::new(url, Fund::Social, 0).await;
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        in_words(&world, open.id).await;
        let purchases = world.market.purchases();
        purchases.void(&world.owner, open.id, "需求有变").await.unwrap();
        let again = purchases.repurchase(&world.owner, open.id).await.unwrap();
        assert_eq!(places(world.submit(&again).await), ["/notice/beacon/known_at"]);
        let named = Notice { beacon: None, ..again.notice.clone() };
        let again = purchases.revise(&world.owner, again.id, named).await.unwrap();
        assert_eq!(world.submit(&again).await.unwrap().state.name(), "open");
    }

    async fn a_number_is_named_so_that_nobody_can_choose_it(url: &str) {
        let world = World::new(url, Fund::Social, 0).await;
        let named = |beacon| Notice { beacon: Some(beacon), ..notice(Mode::Random, fixed()) };
        let place = |beacon| world.draft(named(beacon));
        assert_eq!(places(place(Beacon::Words("某日收盘价".to_owned())).await), ["/notice/beacon/known_at"]);
        assert_eq!(places(place(index(9)).await), ["/notice/beacon/decimals"]);
        for at in ["2026-11-27T16:00:00Z", "2026-12-29T00:00:00Z"] {
            let known_at = at.parse().unwrap();
            let number = PublicNumber { name: "某日收盘价".to_owned(), known_at, decimals: 2 };
            assert_eq!(places(place(Beacon::Number(number)).await), ["/notice/beacon/known_at"]);
        }
    }
}
