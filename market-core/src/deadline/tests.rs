//! Whether everybody sees what is due, and nobody else's.

use super::*;
use crate::{
    Mode,
    case::Fund,
    purchase::tests::world::{World, acting, amount, fixed, limits, notice, operator},
    testing::on_both,
};

async fn of(world: &World, actor: &Actor, window: Window) -> Vec<Deadline> {
    let filter = DeadlineFilter { kind: None, window };
    world.market.deadlines().list(actor, &filter, &Paging::default()).await.unwrap().items
}

fn kinds(deadlines: &[Deadline]) -> Vec<DeadlineKind> {
    deadlines.iter().map(|one| one.kind).collect()
}

on_both! {
    async fn everybody_sees_what_is_due_of_their_own(url: &str) {
        let world = World::new(url, Fund::Fiscal, 1).await;
        let draft = world.draft(notice(Mode::Random, fixed())).await.unwrap();
        world.submit(&draft).await.unwrap();
        let all = of(&world, &operator().actor, Window::Any).await;
        assert!(all.is_sorted_by_key(|one| one.until));
        let review = all.iter().find(|one| one.kind == DeadlineKind::Review).unwrap();
        assert_eq!(review.holders, [Party::Operator]);
        assert_eq!((review.then, review.overdue), (None, false));
        assert_eq!(review.until.to_string(), "2026-11-26T16:00:00Z", "two working days");
        let steps = all.iter().filter(|one| one.kind == DeadlineKind::Step);
        for step in steps {
            let [Party::Department(department)] = &step.holders[..] else { panic!("{step:?}") };
            let department = acting(Party::Department(department.clone()));
            assert!(of(&world, &department.actor, Window::Any).await.contains(step));
        }
        let stranger = of(&world, &world.agency(0).actor, Window::Any).await;
        assert_eq!(stranger, [], "an agency that has nothing to do here");
        world.market.purchases().approve(&operator(), draft.id).await.unwrap();
        let own = of(&world, &world.owner.actor, Window::Any).await;
        let open = own.iter().find(|one| one.kind == DeadlineKind::Purchase).unwrap();
        assert_eq!(open.then, Some(Consequence::RegistrationCloses));
        assert_eq!(open.holders, [], "only time passes");
        assert!(!kinds(&of(&world, &world.owner.actor, Window::Within(24)).await)
            .contains(&DeadlineKind::Purchase));
        assert!(kinds(&of(&world, &world.owner.actor, Window::Within(24 * 7)).await)
            .contains(&DeadlineKind::Purchase));
        world.env().set("2026-11-28T00:00:00Z".parse().unwrap());
        assert!(kinds(&of(&world, &world.owner.actor, Window::Overdue).await)
            .contains(&DeadlineKind::Purchase), "nobody has closed it yet");
    }

    async fn days_hold_what_passes_on_them(url: &str) {
        let world = World::new(url, Fund::Fiscal, 1).await;
        let draft = world.draft(notice(Mode::Random, fixed())).await.unwrap();
        world.submit(&draft).await.unwrap();
        let all = of(&world, &operator().actor, Window::Any).await;
        let review = all.iter().find(|one| one.kind == DeadlineKind::Review).unwrap();
        // Until the end of the day, which is an instant of the next one.
        let day: Day = "2026-11-26".parse().unwrap();
        assert_eq!((review.day(), review.is_whole_day()), (day, true));
        for (seconds, own) in [(-1, day), (1, day.plus(1))] {
            let other = Deadline { until: review.until.plus_seconds(seconds), ..review.clone() };
            assert_eq!((other.day(), other.is_whole_day()), (own, false), "{seconds}");
        }
        let on = async |from: Option<Day>, to: Option<Day>| {
            of(&world, &operator().actor, Window::Days(from, to)).await
        };
        assert!(on(Some(day), Some(day)).await.contains(review));
        for (from, to) in [
            (Some(day.plus(1)), None), (None, Some(day.plus(-1))), (Some(day.plus(1)), Some(day)),
        ] {
            assert!(!on(from, to).await.contains(review), "{from:?} to {to:?}");
        }
        assert_eq!(on(None, None).await, all);
        // Of each deadline its own day, and no other, has it.
        for one in &all {
            assert!(on(Some(one.day()), Some(one.day())).await.contains(one), "{one:?}");
            assert!(!on(Some(one.day().plus(1)), None).await.contains(one), "{one:?}");
            assert!(!on(None, Some(one.day().plus(-1))).await.contains(one), "{one:?}");
        }
        world.market.purchases().approve(&operator(), draft.id).await.unwrap();
        let own = of(&world, &world.owner.actor, Window::Any).await;
        let closing = own.iter().find(|one| one.kind == DeadlineKind::Purchase).unwrap();
        let own = async |from, to| of(&world, &world.owner.actor, Window::Days(from, to)).await;
        let day = closing.day();
        assert!(own(Some(day), Some(day)).await.contains(closing));
        assert!(!own(Some(day.plus(1)), None).await.contains(closing));
        assert!(!own(None, Some(day.plus(-1))).await.contains(closing));
    }

    async fn pages_hold_every_deadline_once(url: &str) {
        let mut world = World::new(url, Fund::Social, 0).await;
        for _ in 0..4 {
            world.case = crate::purchase::tests::world::open_case(
                &world.market, &world.owner, Fund::Social,
            ).await;
            world.publish(notice(Mode::Random, fixed())).await.unwrap();
        }
        let whole = of(&world, &operator().actor, Window::Any).await;
        let mut paged = Vec::new();
        let mut paging = Paging { after: None, limit: 3 };
        loop {
            let (operator, filter) = (operator(), DeadlineFilter::default());
            let deadlines = world.market.deadlines();
            let page = deadlines.list(&operator.actor, &filter, &paging).await.unwrap();
            paged.extend(page.items);
            let Some(next) = page.next else { break };
            paging.after = Some(next);
        }
        assert!(whole.len() > 8);
        assert_eq!(paged, whole);
    }

    async fn orders_and_purchases_run_by_themselves(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        let published = world.open(&open).await;
        world.wait(&published).await;
        let purchases = world.market.purchases();
        let ordered = purchases.confirm(world.agency(1), open.id).await.unwrap();
        assert_eq!(ordered.state.name(), "ordered");
        let due = of(&world, &world.agency(1).actor, Window::Any).await;
        let contract = due.iter().find(|one| one.kind == DeadlineKind::Order).unwrap();
        assert_eq!(contract.then, Some(Consequence::OrderCancelled));
        world.env().set(contract.until);
        assert_eq!(world.market.timers().run_due().await.unwrap(), 1);
        assert_eq!(world.market.timers().run_due().await.unwrap(), 0, "once");
        let next = world.get(open.id).await;
        assert_eq!((next.state.name(), world.winner(&next)), ("publicity", 0));
        assert_eq!(next.state.award().unwrap().quote, Some(amount("300")));
    }

    async fn time_runs_while_nobody_calls(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let open = world.publish(notice(Mode::Random, fixed())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        world.env().set(open.state.due_at().unwrap());
        let timers = tokio::spawn({
            let market = world.market.clone();
            async move { match market.timers().follow().await {} }
        });
        let limit = std::time::Duration::from_mins(1);
        let closed = tokio::time::timeout(limit, async {
            while world.get(open.id).await.state.name() == "open" {
                tokio::task::yield_now().await;
            }
        });
        closed.await.unwrap();
        timers.abort();
        assert_eq!(world.get(open.id).await.state.name(), "opening");
    }
}
