//! What time does to orders.

use super::{world::World, *};
use crate::{
    case::Fund,
    deadline::{Consequence, DeadlineFilter, DeadlineKind},
    testing::on_both,
};

fn refused(outcome: Result<Order, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

impl World {
    async fn due(&self) -> Vec<OrderId> {
        self.market.orders().due(10).await.unwrap()
    }

    async fn lapse(&self, order: &Order) -> Result<Order, Error> {
        self.market.orders().lapse(order.id).await
    }

    /// Has the policy deem deliverables accepted that nobody checks.
    async fn deem(&self) {
        let mut tx = self.market.work().await.unwrap();
        for mut policy in tx.policies().await.unwrap() {
            policy.version += 1;
            policy.contract.deemed_sign_off = true;
            tx.put_policy(&policy).await.unwrap();
        }
        tx.finish(()).await.unwrap();
    }
}

on_both! {
    async fn what_nobody_answers_is_declined_after_its_last_day(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let order = world.place().await.unwrap();
        world.pass(2);
        assert_eq!(world.due().await, [], "the last day");
        assert_eq!(refused(world.lapse(&order).await), Refusal::OrderNotDue);
        world.pass(1);
        assert_eq!(world.due().await, [order.id]);
        let lapsed = world.lapse(&order).await.unwrap();
        let AnyState::Declined(state) = &lapsed.state else { panic!("{lapsed:?}") };
        assert!(state.reason.ends_with("no answer in time"), "{}", state.reason);
        assert_eq!(world.events(&order).await, ["order_placed", "order_lapsed"]);
        assert_eq!(world.due().await, []);
        assert_eq!(refused(world.lapse(&order).await), Refusal::OrderOver);
        let standing = world.market.orders().standing(None, order.terms.agency_id).await.unwrap();
        assert_eq!(standing.declined, 1);
        world.place().await.unwrap();
    }

    async fn an_order_lapses_once_however_many_watch(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let order = world.place().await.unwrap();
        world.pass(3);
        let mut watching = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let market = world.market.clone();
            watching.spawn(async move { market.orders().lapse(order.id).await });
        }
        let outcomes = watching.join_all().await;
        let lapsed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(lapsed, 1, "{outcomes:?}");
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(refused(outcome), Refusal::OrderOver);
        }
    }

    async fn an_award_without_a_contract_is_cancelled_but_no_other_order(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let bought = world.place().await.unwrap();
        let orders = world.market.orders();
        let bought = orders.accept(&world.agency, bought.id).await.unwrap();
        world.pass(56);
        assert_eq!(world.due().await, []);
        assert_eq!(refused(world.lapse(&bought).await), Refusal::OrderNotDue);
        orders.cancel(&world.applicant, bought.id, "另行采购").await.unwrap();

        let awarded = world.award().await.unwrap();
        world.pass(14);
        assert_eq!(world.due().await, []);
        world.pass(1);
        assert_eq!(world.due().await, [awarded.id]);
        let lapsed = world.lapse(&awarded).await.unwrap();
        let AnyState::Cancelled(state) = &lapsed.state else { panic!("{lapsed:?}") };
        assert_eq!(state.by, None);
        assert_eq!(world.events(&awarded).await, ["order_awarded", "contract_deadline_passed"]);
        world.award().await.unwrap();
    }

    async fn a_contract_that_the_other_side_does_not_confirm_lapses(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let bought = world.place().await.unwrap();
        orders.accept(&world.agency, bought.id).await.unwrap();
        orders.record_contract(&world.agency, bought.id, world.contract()).await.unwrap();
        let filter = DeadlineFilter { kind: Some(DeadlineKind::Order), ..Default::default() };
        let deadlines = world.market.deadlines();
        let listed =
            deadlines.list(&world.applicant.actor, &filter, &Paging::default()).await.unwrap();
        let due = listed.items.first().unwrap();
        assert_eq!(due.holders, std::slice::from_ref(&world.applicant.actor.party));
        assert_eq!(due.then, Some(Consequence::OrderCancelled));
        world.env().set(Timestamp::from_micros(due.until.micros() - 1));
        assert_eq!(world.due().await, [], "the last day");
        assert_eq!(refused(world.lapse(&bought).await), Refusal::OrderNotDue);
        world.env().set(due.until);
        assert_eq!(world.due().await, [bought.id]);
        assert_eq!(world.market.timers().run_due().await.unwrap(), 1);
        assert_eq!(world.market.timers().run_due().await.unwrap(), 0);
        let lapsed = orders.get(&world.agency.actor, bought.id).await.unwrap();
        let AnyState::Cancelled(state) = &lapsed.state else { panic!("{lapsed:?}") };
        assert_eq!(state.by, None);
        assert!(state.reason.ends_with("contract not confirmed in time"), "{}", state.reason);
        assert_eq!(world.events(&bought).await.last().unwrap(), "confirmation_deadline_passed");
        let standing = orders.standing(None, bought.terms.agency_id).await.unwrap();
        assert_eq!((standing.graded, standing.declined), (0, 0), "it says nothing of the agency");
        let again = world.place().await.unwrap();
        orders.accept(&world.agency, again.id).await.unwrap();
        orders.record_contract(&world.agency, again.id, world.contract()).await.unwrap();
        orders.confirm_contract(&world.applicant, again.id).await.unwrap();
        world.pass(30);
        assert_eq!(world.due().await, [], "what is confirmed stays");
    }

    async fn a_deliverable_is_deemed_accepted_only_where_the_policy_says_so(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        let delivered = world.deliver(&order).await;
        world.pass(30);
        assert_eq!(world.due().await, [], "by this policy the applicant has to say so");
        assert_eq!(refused(world.lapse(&delivered).await), Refusal::OrderNotDue);
        let why = NewReturn { code: ReturnCode::Incomplete, note: "缺照片".to_owned() };
        world.market.orders().return_for_rework(&world.applicant, order.id, why).await.unwrap();

        world.deem().await;
        let delivered = world.deliver(&order).await;
        let last = delivered.state.due().unwrap();
        world.pass(30);
        assert_eq!(world.due().await, [order.id]);
        let deemed = world.lapse(&delivered).await.unwrap();
        let AnyState::SignedOff(state) = &deemed.state else { panic!("{deemed:?}") };
        assert_eq!(state.accepted_on, last, "payment is reckoned from the last day of the check");
        let events = world.events(&order).await;
        assert_eq!(events.last().unwrap(), "deliverable_deemed_accepted");
    }
}

#[test]
fn whoever_checks_late_does_not_pay_later() {
    let delivered = || order(states().remove(4)).delivered().unwrap();
    let accepted_on = |clock: &Clock| match delivered().sign_off(Vec::new(), clock).order.state {
        AnyState::Completed(state) => state.accepted_on,
        other => panic!("{other:?}"),
    };
    assert_eq!(accepted_on(&clock()), day("2026-11-24"));
    assert_eq!(accepted_on(&late()), day("2026-12-01"), "the last day of the check");
}
