//! What happens when somebody does not act, or acts too late.

use super::*;
use crate::agency::Suspension;

on_both! {
    async fn too_few_come_to_nothing_and_the_requirement_is_free(url: &str) {
        let world = World::new(url, Fund::Fiscal, 2).await;
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        let purchases = world.market.purchases();
        let twice = world.draft(notice(Mode::Random, fixed())).await;
        assert_eq!(refusal(twice), Refusal::PurchaseUnderWay);
        world.register(0, open.id).await.unwrap();
        world.register(1, open.id).await.unwrap();
        let failed = world.wait(&open).await;
        let failure = Failure::TooFewRegistrants;
        assert_eq!(failed.state, state::Failed { failure }.into());
        assert!(matches!(purchases.proof(open.id).await, Err(Error::NotFound(_))));
        // Purchased again, as a new version.
        let item = open.item.clone();
        let later = world.now().plus_seconds(30 * 24 * 3600);
        let again = Notice { closes_at: later, ..notice(Mode::LowestPrice, limits()) };
        let new = NewPurchase { case_id: world.case.id, item, notice: again, predecessor: Some(open.id) };
        let again = purchases.create(&world.owner, new).await.unwrap();
        assert_eq!(again.predecessor, Some(open.id));
        assert_eq!(world.submit(&again).await.unwrap().state.name(), "in_review");
    }

    async fn what_failed_is_bought_again_once_at_a_time(url: &str) {
        let world = World::new(url, Fund::Fiscal, 0).await;
        let purchases = world.market.purchases();
        let draft = world.draft(notice(Mode::Random, fixed())).await.unwrap();
        let again = purchases.repurchase(&world.owner, draft.id).await;
        assert_eq!(refusal(again), Refusal::PurchaseNeverPublished);
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        let again = purchases.repurchase(&world.owner, open.id).await;
        assert_eq!(refusal(again), Refusal::PurchaseNotFailed);
        let failed = world.wait(&open).await;
        // As if at two nodes.
        let (one, other) = tokio::join!(
            purchases.repurchase(&world.owner, open.id),
            purchases.repurchase(&world.owner, open.id),
        );
        let (made, refused) = if one.is_ok() { (one, other) } else { (other, one) };
        assert_eq!(refusal(refused), Refusal::PurchaseRepeated);
        let made = made.unwrap();
        assert_eq!((made.predecessor, made.state.name()), (Some(failed.id), "draft"));
        let closes_at = made.notice.closes_at;
        assert!(closes_at > world.now(), "there is time to register");
        assert_eq!(made.notice, Notice { closes_at, ..failed.notice.clone() });
        let filter = PurchaseFilter { predecessor: Some(open.id), ..PurchaseFilter::default() };
        let paging = Paging::default();
        let owner = Some(&world.owner.actor);
        assert_eq!(purchases.list(owner, &filter, &paging).await.unwrap().items, std::slice::from_ref(&made));
        let told = purchases.list(None, &filter, &paging).await.unwrap();
        assert!(told.items.is_empty(), "a draft is its owner's alone");
        // What was given up may be repeated again; of itself, only what was published.
        purchases.void(&world.owner, made.id, "改日再买").await.unwrap();
        let again = purchases.repurchase(&world.owner, made.id).await;
        assert_eq!(refusal(again), Refusal::PurchaseNeverPublished);
        let again = purchases.repurchase(&world.owner, open.id).await.unwrap();
        assert_eq!(world.submit(&again).await.unwrap().state.name(), "in_review");
        let third = purchases.repurchase(&world.owner, open.id).await;
        assert_eq!(refusal(third), Refusal::PurchaseRepeated);
    }

    async fn a_quote_one_microsecond_late_is_too_late(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        let closes = open.notice.closes_at;
        world.env().set(Timestamp::from_micros(closes.micros() - 1));
        world.quote(0, open.id, amount("100")).await.unwrap();
        world.env().set(closes);
        assert_eq!(refusal(world.quote(1, open.id, amount("50")).await), Refusal::RegistrationClosed);
        assert_eq!(refusal(world.register(2, open.id).await), Refusal::RegistrationClosed);
        let purchases = world.market.purchases();
        let withdrawn = purchases.withdraw(world.agency(0), open.id).await;
        assert_eq!(refusal(withdrawn), Refusal::RegistrationClosed);
        let void = purchases.void(&world.owner, open.id, "不买了").await;
        assert_eq!(refusal(void), Refusal::RegistrationClosed, "though nobody has closed it yet");
        assert_eq!(world.until(closes).await, 1);
        let published = purchases.open(&world.owner, open.id, &code()).await.unwrap();
        assert_eq!((world.winner(&published), published.state.award().unwrap().amount), (0, "100".parse().unwrap()));
    }

    async fn a_code_that_nobody_gives_fails_the_purchase(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        let purchases = world.market.purchases();
        let early = purchases.open(&world.owner, open.id, &code()).await;
        assert_eq!(refusal(early), Refusal::PurchaseNotOpening);
        let closed = world.wait(&open).await;
        let other = "ff".repeat(32).parse().unwrap();
        assert_eq!(refusal(purchases.open(&world.owner, open.id, &other).await), Refusal::WrongOpeningCode);
        assert_eq!(refusal(purchases.open(world.agency(0), open.id, &code()).await), Refusal::NotAParticipant);
        let failed = world.wait(&closed).await;
        assert_eq!(failed.state, state::Failed { failure: Failure::NotOpened }.into());
        assert_eq!(world.market.db.registrations(open.id).await.unwrap()[0].quotes[0].quote, None);
    }

    async fn who_does_not_confirm_makes_room_for_the_next(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        let first = world.open(&open).await;
        assert_eq!(world.winner(&first), 1);
        let stands = world.wait(&first).await;
        let second = world.wait(&stands).await;
        assert_eq!((second.state.name(), world.winner(&second)), ("publicity", 2));
        assert_eq!(world.states(open.id).await, ["runner_up", "abandoned", "won"]);
        let stands = world.wait(&second).await;
        let purchases = world.market.purchases();
        assert_eq!(refusal(purchases.decline(world.agency(1), open.id, "忙").await), Refusal::OtherSide);
        let third = purchases.decline(world.agency(2), open.id, "排不开").await.unwrap();
        assert_eq!(world.winner(&third), 0);
        let told = purchases.timeline(Some(&world.owner.actor), open.id).await.unwrap();
        let declined = told.iter().find(|one| one.event == "award_declined").unwrap();
        assert_eq!(declined.data["reason"], "排不开");
        assert_eq!(stands.state.award().unwrap().place, 1);
        let stands = world.wait(&third).await;
        let failed = world.wait(&stands).await;
        assert_eq!(failed.state, state::Failed { failure: Failure::NobodyLeft }.into());
        assert!(world.draft(notice(Mode::Random, fixed())).await.is_ok(), "free again");
    }

    async fn an_order_without_a_contract_makes_room_for_the_next(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        let published = world.open(&open).await;
        world.wait(&published).await;
        let purchases = world.market.purchases();
        let ordered = purchases.confirm(world.agency(1), open.id).await.unwrap();
        let PurchaseState::Ordered(state) = &ordered.state else { panic!("{:?}", ordered.state) };
        let orders = world.market.orders();
        orders.cancel(&world.owner, state.order_id, "未按期签约").await.unwrap();
        let next = world.get(open.id).await;
        assert_eq!((next.state.name(), world.winner(&next)), ("publicity", 0));
        let twice = world.draft(notice(Mode::Random, fixed())).await;
        assert_eq!(refusal(twice), Refusal::PurchaseUnderWay);
        world.wait(&next).await;
        let ordered = purchases.confirm(world.agency(0), open.id).await.unwrap();
        assert_eq!(ordered.state.name(), "ordered");
        let case = world.market.cases().get(&world.owner.actor, world.case.id).await.unwrap();
        assert!(case.requirements.iter().any(|need| need.item == open.item && need.order_id.is_some()));
    }

    async fn what_is_due_is_done_once_by_many(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        world.env().set(open.notice.closes_at);
        let market = &world.market;
        let runs = (0..8).map(|_| async { market.purchases().run_due().await.unwrap() });
        let taken = futures::future::join_all(runs).await;
        assert_eq!(taken.iter().sum::<u64>(), 1);
        let events = market.purchases().timeline(Some(&world.owner.actor), open.id).await.unwrap();
        let closed = events.iter().filter(|entry| entry.event == "registration_closed").count();
        assert_eq!(closed, 1);
    }

    async fn an_owner_who_does_not_choose_fails_it(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let new = Notice { long_list: Some(3), short_list: Some(2), ..notice(Mode::CreditPreferred, fixed()) };
        let open = world.publish(new).await.unwrap();
        for at in 0..3 {
            world.register(at, open.id).await.unwrap();
        }
        let found = world.open(&open).await;
        let failed = world.wait(&found).await;
        assert_eq!(failed.state, state::Failed { failure: Failure::NotChosen }.into());
    }

    async fn who_is_suspended_or_expired_when_the_draw_is_held_is_passed_over(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["100", "200", "300"]).await;
        world.wait(&open).await;
        let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
        let agencies = world.market.agencies();
        agencies.suspend(&operator(), world.agencies[0].0, suspension).await.unwrap();
        let published = world.market.purchases().open(&world.owner, open.id, &code()).await.unwrap();
        assert_eq!(world.winner(&published), 1, "the lowest that may take it on");
        assert_eq!(published.state.award().unwrap().place, 1);
        assert_eq!(world.states(open.id).await, ["ineligible", "won", "runner_up"]);
        proof(&world, open.id).await;
        // At the turn of the year every certificate expires.
        world.env().set("2027-01-04T01:00:00Z".parse().unwrap());
        assert_eq!(world.market.purchases().run_due().await.unwrap(), 1, "the award stands");
        let confirmed = world.market.purchases().confirm(world.agency(1), open.id).await;
        assert_eq!(reasons(confirmed), ["qualification-expired"]);
        let purchases = world.market.purchases();
        let failed = purchases.decline(world.agency(1), open.id, "证书过期").await.unwrap();
        assert_eq!(failed.state, state::Failed { failure: Failure::NobodyLeft }.into());
    }
}
