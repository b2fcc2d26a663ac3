//! What is issued when, to whom, how often, and how it stands later.

mod issued;
mod stopping;

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use object_store::{PutPayload, memory::InMemory};
use serde_json::json;

use super::{drawing::Drawn, *};
use crate::{
    Kind, Mode, Money, Options, Refusal,
    case::Fund,
    complaint::Letter,
    order::{Contract, NewChange},
    purchase::{
        Contact, Purchase, PurchaseState,
        tests::world::{World, acting, limits, notice, operator},
    },
    sha256_hex,
    testing::{fonts, market, on_both},
};

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// A purchase whose award is published: to the third of three agencies, then the second.
async fn published(url: &str) -> (World, Purchase) {
    in_market(market(url).await).await
}

fn in_market(market: Market) -> BoxFuture<'static, (World, Purchase)> {
    Box::pin(async move {
        let world = World::over(market, Fund::Social, 4).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "100"]).await;
        let purchase = world.open(&open).await;
        assert_eq!(world.winner(&purchase), 2);
        (world, purchase)
    })
}

async fn awarded(url: &str) -> (World, Purchase) {
    let (world, purchase) = published(url).await;
    let purchase = world.wait(&purchase).await;
    assert_eq!(purchase.state.name(), "awarded");
    (world, purchase)
}

/// An order whose contract both sides have confirmed, with the place of its agency.
async fn contracted(world: &World, purchase: &Purchase) -> OrderId {
    let at = world.winner(purchase);
    let purchases = world.market.purchases();
    let ordered = purchases.confirm(world.agency(at), purchase.id).await.unwrap();
    let PurchaseState::Ordered(state) = &ordered.state else { panic!("{ordered:?}") };
    let today = world.now().day();
    let contract = Contract {
        number: "HT-2026-1".to_owned(),
        amount: state.award.amount,
        signed_on: today,
        starts_on: today,
        ends_on: today.plus(14),
        content: "私下约定".to_owned(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    };
    let orders = world.market.orders();
    orders.record_contract(world.agency(at), state.order_id, contract).await.unwrap();
    orders.confirm_contract(&world.owner, state.order_id).await.unwrap();
    state.order_id
}

async fn letter(world: &World, purchase: &Purchase) -> (Document, Bytes) {
    let owner = &world.owner.actor;
    world.market.documents().award_letter(owner, purchase.id, None).await.unwrap()
}

async fn summary(world: &World, order: OrderId) -> (Document, Bytes) {
    let owner = &world.owner.actor;
    world.market.documents().contract_summary(owner, order, None).await.unwrap()
}

async fn standing(world: &World, document: &Document) -> (DocumentStanding, bool) {
    let verified = world.market.documents().verify(document.code).await.unwrap();
    assert_eq!((&verified.sha256, &verified.facts), (&document.sha256, &document.facts));
    (verified.standing, verified.latest)
}

async fn issued(world: &World, kind: DocumentKind, subject: Uuid) -> usize {
    world.market.db.documents_of(kind, subject).await.unwrap().len()
}

/// Time passes between what both sides do.
fn an_hour_passes(world: &World) {
    world.env().set(world.now().plus_seconds(3600));
}

async fn change(world: &World, order: OrderId, agency: usize, new: NewChange) {
    an_hour_passes(world);
    let orders = world.market.orders();
    let change = orders.propose_change(world.agency(agency), order, new).await.unwrap();
    an_hour_passes(world);
    orders.approve_change(&world.owner, order, change.number).await.unwrap();
}

fn changes() -> NewChange {
    let reason = "现场情况变化".to_owned();
    NewChange { amount: None, ends_on: None, service_days: None, scope: None, reason }
}

async fn complain(world: &World, purchase: &Purchase, agency: usize) -> crate::id::ComplaintId {
    let letter = Letter {
        facts: "评审标准有倾向性".to_owned(),
        demand: "重新选取".to_owned(),
        evidence: "公告截图".to_owned(),
        contact: Contact { name: "某".to_owned(), phone: "0574-3333-4444".to_owned() },
    };
    let complaints = world.market.complaints();
    let filed = complaints.file(world.agency(agency), purchase.id, letter).await.unwrap();
    complaints.accept(&handler(), filed.id).await.unwrap();
    filed.id
}

fn handler() -> crate::Call {
    acting(Party::Department("market-regulation".parse().unwrap()))
}
