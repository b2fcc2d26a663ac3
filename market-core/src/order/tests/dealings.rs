//! What the two sides may deal with after a contract.

use std::fmt::Write;

use super::{
    world::{World, acting},
    *,
};
use crate::{
    case::Fund,
    order::{
        change::{ChangeState, NewChange, OrderChange},
        dealing::Dealings,
        milestone::{Milestone, MilestoneProgress, MilestoneReached, MilestoneState},
        payment::{NewPayment, Payment, PaymentState},
    },
    testing::on_both,
};

fn milestone(key: &str, share_percent: u32) -> Milestone {
    Milestone {
        key: key.to_owned(),
        name: "一".to_owned(),
        due_on: day("2026-12-01"),
        share_percent,
    }
}

fn extension() -> NewChange {
    NewChange {
        amount: None,
        ends_on: Some(day("2026-12-31")),
        service_days: None,
        scope: None,
        reason: "等待天气".to_owned(),
    }
}

/// Something of everything that waits for somebody.
fn something() -> Dealings {
    let at = clock().now;
    let change = OrderChange {
        order_id: OrderId(Uuid::nil()),
        number: 1,
        kind: extension().kind(),
        change: extension(),
        proposed_by: Side::Agency,
        proposed_at: at,
        state: ChangeState::Proposed,
        decided_at: None,
        refusal: None,
    };
    let progress = |key: &str, state: MilestoneState| MilestoneProgress {
        milestone: milestone(key, 50),
        state,
        note: None,
        reached_at: (state == MilestoneState::Reached).then_some(at),
        confirmed_at: None,
        earned: None,
    };
    let payment = Payment {
        id: crate::id::PaymentId(Uuid::nil()),
        order_id: OrderId(Uuid::nil()),
        number: 1,
        amount: "1000".parse().unwrap(),
        paid_on: day("2026-11-24"),
        reference: "1".to_owned(),
        note: String::new(),
        state: PaymentState::Recorded,
        recorded_at: at,
        decided_at: None,
        dispute: None,
    };
    Dealings {
        changes: vec![change],
        milestones: vec![
            progress("a", MilestoneState::Planned),
            progress("b", MilestoneState::Reached),
        ],
        payments: vec![payment],
    }
}

#[test]
fn every_dealing_in_every_state() {
    let applicant = Actor::new(PersonId(Uuid::nil()), Party::Applicant(ApplicantId(Uuid::nil())));
    let agency = Actor::new(PersonId(Uuid::nil()), Party::Agency(AgencyId(Uuid::nil())));
    let mut page = String::new();
    for (what, done) in [("nothing yet", Dealings::default()), ("something", something())] {
        for state in states() {
            writeln!(page, "{}, {what}", state.name()).unwrap();
            let order = order(state);
            let [ours, theirs] = [&applicant, &agency].map(|one| order.dealing_actions(one, &done));
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let cell = |action: &Action| action.refusal.map_or("▶", |why| why.code());
                let (name, ours, theirs) = (&ours.name, cell(ours), cell(theirs));
                writeln!(page, "  {name:18} applicant {ours:22} agency {theirs}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(page);
}

#[test]
fn shares_of_milestones_never_make_more_than_the_amount() {
    let earns = |share: u32, amount: &str, before: i64| {
        milestone("a", share).earns(amount.parse().unwrap(), before).to_string()
    };
    assert_eq!(earns(33, "100.00", 0), "33.00");
    assert_eq!(earns(50, "0.01", 0), "0.01", "half up");
    assert_eq!(earns(50, "0.01", 1), "0.00", "nothing is left");
    assert_eq!(earns(100, "999999999999.99", 0), "999999999999.99");
}

#[test]
fn a_change_of_the_turnaround_is_reckoned_from_the_confirmation() {
    let days = |days| NewChange { service_days: Some(days), ..extension() };
    let at_work = || order(states().remove(3));
    let changed = at_work().changed(&days(10), &clock()).unwrap();
    assert_eq!(changed.state.due(), Some(day("2026-12-07")), "ten working days from 23 November");
    assert_eq!(changed.state.contract().unwrap().ends_on, day("2026-12-31"));
    assert_eq!(changed.since, at_work().since);
    let outcome = at_work().changed(&days(10), &late());
    assert!(
        matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].pointer == "/service_days")
    );
    let outcome = order(states().remove(4)).changed(&days(10), &clock());
    assert!(matches!(outcome, Err(Error::Refused(Refusal::OrderNotInService))));
}

#[test]
fn a_contract_of_an_award_is_no_longer_than_its_notice() {
    let award = |ends_on: &str| {
        let order = order(states().remove(1));
        let purchase_id = Some(crate::id::PurchaseId(Uuid::nil()));
        let terms =
            OrderTerms { listing_id: None, listing_number: None, purchase_id, ..order.terms };
        let order = Order { terms, ..order }.accepted().unwrap();
        let contract = Contract { ends_on: day(ends_on), ..contract() };
        order.record_contract(contract, Side::Agency, &clock()).map(drop)
    };
    assert_eq!(award("2026-12-09"), Ok(()), "ten working days from 25 November");
    assert_eq!(award("2026-12-10"), Err(Refusal::PeriodTooLong));
}

on_both! {
    async fn the_operator_reads_what_became_of_a_fiscal_award(url: &str) {
        let world = World::new(url, Fund::Fiscal).await;
        let orders = world.market.orders();
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        let change = NewChange { ends_on: Some(world.contract().ends_on.plus(30)), ..extension() };
        orders.propose_change(&world.agency, order.id, change).await.unwrap();
        let changed = orders.approve_change(&world.applicant, order.id, 1).await.unwrap();
        assert_eq!(changed, world.market.db.order(order.id).await.unwrap());
        let timeline = orders.timeline(&acting(Party::Operator).actor, order.id).await.unwrap();
        let last = timeline.last().unwrap();
        let ends_on = serde_json::json!(world.contract().ends_on.plus(30));
        assert_eq!((&*last.event, &last.data["contract"]["ends_on"]), ("service_extended", &ends_on));
        assert_eq!(last.data["ends_on"], ends_on);
        let names: Vec<_> = last.data.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["agency", "amount", "change", "contract", "ends_on", "item", "purchase"],
            "all that is told is read by somebody"
        );
    }

    async fn a_direct_purchase_is_not_raised_over_the_limit_of_fiscal_money(url: &str) {
        let world = World::new(url, Fund::Fiscal).await;
        let orders = world.market.orders();
        let order = world.place().await.unwrap();
        orders.accept(&world.agency, order.id).await.unwrap();
        world.in_service(order.clone(), world.contract()).await;
        let mut tx = world.market.work().await.unwrap();
        for mut policy in tx.policies().await.unwrap() {
            policy.version += 1;
            policy.direct_limit_fiscal = "3200.00".parse().unwrap();
            tx.put_policy(&policy).await.unwrap();
        }
        tx.finish(()).await.unwrap();
        let raise = |amount: &str| NewChange { amount: amount.parse().ok(), ..extension() };
        let outcome = orders.propose_change(&world.agency, order.id, raise("3200.00")).await;
        assert!(matches!(outcome, Err(Error::Refused(Refusal::DirectOverLimit))), "{outcome:?}");
        orders.propose_change(&world.agency, order.id, raise("3199.99")).await.unwrap();
    }

    async fn what_milestones_earned_stays_due_after_the_order_has_ended(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let order = world.place().await.unwrap();
        orders.accept(&world.agency, order.id).await.unwrap();
        let milestones = vec![milestone("a", 40), milestone("b", 60)];
        let contract = Contract { milestones, ..world.contract() };
        let order = world.in_service(order, contract).await;
        let note = MilestoneReached { note: "现场完成".to_owned() };
        orders.reach_milestone(&world.agency, order.id, "a", note).await.unwrap();
        orders.confirm_milestone(&world.applicant, order.id, "a").await.unwrap();
        let change = NewChange { amount: "1199.99".parse().ok(), ..extension() };
        let outcome = orders.propose_change(&world.applicant, order.id, change).await;
        assert!(matches!(outcome, Err(Error::Refused(Refusal::ChangeBelowPaid))), "{outcome:?}");
        orders.terminate(&world.applicant, order.id, "另行委托").await.unwrap();

        let later = Some(world.env().now().day().plus(40));
        let actor = &world.applicant.actor;
        let ledger = orders.ledger(actor, order.id, later).await.unwrap();
        let [due] = &ledger.dues[..] else { panic!("{ledger:?}") };
        assert_eq!((due.amount.to_string(), due.days_late), ("1200.00".to_owned(), 10));
        assert_eq!(ledger.interest.to_string(), "6.00", "1200 for ten days at 5 of 10,000");
        let new = NewPayment {
            amount: "1200.00".parse().unwrap(),
            paid_on: world.env().now().day(),
            reference: "1".to_owned(),
            note: String::new(),
        };
        orders.pay(&world.applicant, order.id, new).await.unwrap();
        let ledger = orders.ledger(actor, order.id, later).await.unwrap();
        assert_eq!((ledger.unpaid, ledger.interest), (Money::ZERO, Money::ZERO));
    }
}
