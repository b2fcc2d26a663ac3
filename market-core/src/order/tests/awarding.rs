//! Orders that a purchase awards.

use super::{world::World, *};
use crate::{case::Fund, testing::on_both};

on_both! {
    async fn what_a_purchase_awards_satisfies_its_need_once(url: &str) {
        let world = World::new(url, Fund::Fiscal).await;
        let order = world.award().await.unwrap();
        assert_eq!((order.state.name(), order.version), ("accepted", 1));
        assert_eq!(order.state.due(), Some(day("2026-12-08")), "ten working days to the contract");
        assert_eq!(order.terms, world.award_terms());
        assert_eq!(world.events(&order).await, ["order_awarded"]);
        let stored = world.market.db.order(order.id).await.unwrap();
        assert_eq!(stored, order);

        let actor = &world.applicant.actor;
        let case = world.market.cases().get(actor, world.case.id).await.unwrap();
        let need = case.requirements.iter().find(|need| need.item == order.terms.item).unwrap();
        assert_eq!(need.order_id, Some(order.id));
        for outcome in [world.award().await, world.place().await] {
            let refused = matches!(outcome, Err(Error::Refused(Refusal::AlreadyOrdered)));
            assert!(refused, "{outcome:?}");
        }
        world.market.orders().cancel(&world.applicant, order.id, "预算取消").await.unwrap();
        world.award().await.unwrap();
    }

    async fn an_order_comes_from_a_listing_or_from_a_purchase(url: &str) {
        let world = World::new(url, Fund::Social).await;
        world.award().await.unwrap();
        for sql in [
            "update orders set purchase_id = null",
            "update orders set listing_number = 1",
            "update orders set listing_id = (select listing_id from listing_versions), \
             listing_number = 1",
        ] {
            let mut tx = world.market.work().await.unwrap();
            assert!(tx.query(sql).execute().await.is_err(), "{sql}");
        }
        let terms = OrderTerms { purchase_id: None, ..world.award_terms() };
        let mut tx = world.market.work().await.unwrap();
        let outcome = tx.insert_awarded_order(OrderId(Uuid::nil()), terms, &clock()).await;
        assert!(matches!(outcome, Err(Error::Inconsistent("awarded order"))), "{outcome:?}");
    }
}

#[test]
fn a_purchase_hears_of_an_award_that_came_to_nothing_before_its_contract() {
    let hears = |before: &AnyState, after: &AnyState| {
        let order = order(before.clone());
        let purchase_id = Some(crate::id::PurchaseId(Uuid::nil()));
        let terms =
            OrderTerms { listing_id: None, listing_number: None, purchase_id, ..order.terms };
        Order { terms, ..order }.fails_as_award(after)
    };
    let mut told = Vec::new();
    for before in states().iter().filter(|state| !state.is_over()) {
        for after in states().iter().filter(|after| hears(before, after)) {
            told.push(format!("{} {}", before.name(), after.name()));
        }
        assert!(states().iter().all(|after| !order(before.clone()).fails_as_award(after)));
    }
    let over = ["declined", "cancelled", "terminated"];
    let expected = ["placed", "accepted", "contracted"]
        .iter()
        .flat_map(|before| over.map(|after| format!("{before} {after}")));
    assert_eq!(told, expected.collect::<Vec<_>>());
}
