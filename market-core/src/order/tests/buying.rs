//! From a listing to a contract: who is not bought from, and what a side hears of the other.

use super::{world::World, *};
use crate::{case::Fund, testing::on_both};

on_both! {
    async fn an_agency_of_the_deciding_department_is_not_bought_from(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let (agencies, id) = (world.market.agencies(), world.listing.agency_id);
        let mut details = agencies.get(None, id).await.unwrap().details();
        details.profile.attached_to = Some("market-regulation".parse().unwrap());
        agencies.change(&world.agency, id, details).await.unwrap();
        let why = |reasons: &[Reason]| reasons.iter().map(|one| one.refusal).collect::<Vec<_>>();
        let (buyer, orders) = (&world.applicant.actor, world.market.orders());
        let asked = orders.eligibility(buyer, world.case.id, world.listing.id).await.unwrap();
        assert_eq!((asked.eligible, why(&asked.reasons)), (false, vec![Refusal::ConflictOfInterest]));
        let refused = world.place().await;
        assert!(matches!(&refused, Err(Error::Ineligible(reasons))
            if why(reasons) == [Refusal::ConflictOfInterest]), "{refused:?}");
    }

    async fn nobody_buys_from_itself(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let agency = world.market.agencies().get(None, world.listing.agency_id).await.unwrap();
        let mut tx = world.market.work().await.unwrap();
        let same = tx.query("update applicants set uscc = $1").bind(&agency.uscc);
        assert!(same.execute().await.unwrap() > 0);
        tx.finish(()).await.unwrap();
        let refused = world.place().await;
        assert!(matches!(&refused, Err(Error::Ineligible(reasons))
            if reasons[0].refusal == Refusal::OwnPurchase), "{refused:?}");
    }

    async fn whoever_recorded_a_contract_reads_why_it_was_rejected(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let bought = world.place().await.unwrap();
        orders.accept(&world.agency, bought.id).await.unwrap();
        orders.record_contract(&world.agency, bought.id, world.contract()).await.unwrap();
        orders.reject_contract(&world.applicant, bought.id, "开工日期有误").await.unwrap();
        let rejected = orders.get(&world.agency.actor, bought.id).await.unwrap();
        let AnyState::Accepted(state) = &rejected.state else { panic!("{rejected:?}") };
        assert_eq!(state.rejected.as_deref(), Some("开工日期有误"));
        let told = orders.timeline(&world.applicant.actor, bought.id).await.unwrap();
        assert_eq!(told.last().unwrap().data["reason"], "开工日期有误");
        orders.record_contract(&world.agency, bought.id, world.contract()).await.unwrap();
        let told = orders.timeline(&world.applicant.actor, bought.id).await.unwrap();
        assert_eq!(told.last().unwrap().data["reason"], serde_json::Value::Null);
    }

    async fn whoever_does_not_check_owes_from_the_last_day_for_it(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        let bought = world.place().await.unwrap();
        orders.accept(&world.agency, bought.id).await.unwrap();
        let served = world.in_service(bought, world.contract()).await;
        let delivered = world.deliver(&served).await;
        let last = delivered.state.due().unwrap();
        let ledger = async |day| {
            orders.ledger(&world.agency.actor, delivered.id, Some(day)).await.unwrap()
        };
        assert_eq!(ledger(last).await.dues, [], "it may still be checked");
        let after = ledger(last.plus(1)).await;
        assert_eq!((after.dues[0].since, after.unpaid), (last, served.terms.amount));
        let late = ledger(after.dues[0].due_on.plus(1)).await;
        assert_eq!((late.overdue, late.dues[0].days_late), (served.terms.amount, 1));
        assert!(late.interest > Money::ZERO);
    }
}
