//! For every rule a planted case that raises an alarm, and one beside it that does not.

use uuid::Uuid;

use super::*;
use crate::{
    Env, Mode, Options,
    agency::{NewListing, NewPractitioner, Terms},
    case::Fund,
    draw::{Bytes32, Commitment},
    order::NewOrder,
    purchase::{
        NewPurchase, NewRegistration, NewReveal, Notice, Price, Purchase,
        tests::world::{
            ITEM, World, acting, amount, code, fixed, limits, notice, open_case, operator,
        },
    },
    testing::on_both,
};

const DAY: i64 = 24 * 3600;

/// The alarms of a market until now, the first first.
async fn alarms(world: &World) -> Vec<Alarm> {
    world.market.alarms().catch_up().await.unwrap();
    let paging = Paging { limit: 100, ..Paging::default() };
    let all = AlarmFilter::default();
    let found = world.market.alarms().list(&operator().actor, &all, &paging).await.unwrap();
    found.items.into_iter().rev().collect()
}

/// The rules of the alarms until now, the first first.
async fn raised(world: &World) -> Vec<AlarmRule> {
    alarms(world).await.into_iter().map(|alarm| alarm.rule).collect()
}

/// A world in March, so that certificates are good for the months that a test takes.
async fn world(url: &str, fund: Fund, agencies: u32) -> World {
    let env = Env::fixed("2026-03-02T01:00:00Z".parse().unwrap());
    let market = Market::open(Options { env, ..Options::new(url) }).await.unwrap();
    World::over(market, fund, agencies).await
}

/// Lets registration end, with whatever else falls due until then, and gives the code.
async fn opened(world: &World, purchase: &Purchase) -> Purchase {
    world.until(purchase.state.due_at().unwrap()).await;
    world.market.purchases().open(&world.owner, purchase.id, &code()).await.unwrap()
}

/// The owner of a world with another case.
async fn with_another_case(world: &World, fund: Fund) -> World {
    World { case: open_case(&world.market, &world.owner, fund).await, ..world.clone() }
}

/// A notice that closes in twenty days.
fn later(world: &World, mode: Mode, price: Price) -> Notice {
    Notice { closes_at: world.now().plus_seconds(20 * DAY), ..notice(mode, price) }
}

fn of(yuan: &str) -> Price {
    Price::Fixed { amount: yuan.parse().unwrap() }
}

/// Publishes another purchase of the same owner and item, in a case of its own.
async fn buys(world: &World, mode: Mode, price: Price) -> Purchase {
    // Not at the same instant, so that an earlier one does not count a later one.
    world.env().set(world.now().plus_seconds(60));
    let next = with_another_case(world, Fund::Fiscal).await;
    next.publish(later(world, mode, price)).await.unwrap()
}

/// Runs a purchase at the lowest price to its award, with the quotes of the first agencies.
async fn awarded(world: &World, quotes: &[&str]) -> Purchase {
    let open = world.publish(later(world, Mode::LowestPrice, limits())).await.unwrap();
    world.enter(open.id, quotes).await;
    opened(world, &open).await
}

on_both! {
    async fn draws_that_add_up_over_the_limit_alarm(url: &str) {
        let world = self::world(url, Fund::Fiscal, 0).await;
        buys(&world, Mode::Random, of("300000")).await;
        buys(&world, Mode::LowestPrice, of_limits("150000")).await;
        assert_eq!(raised(&world).await, [], "one draw, and less than the limit in all");
        let second = buys(&world, Mode::Random, of("250000")).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let alarm = &found[0];
        assert_eq!((alarm.rule, alarm.severity), (AlarmRule::Splitting, Severity::Serious));
        assert_eq!(alarm.purchase_id, Some(second.id));
        assert_eq!(alarm.evidence["limit"], "selection.random_limit");
        assert_eq!(alarm.evidence["sum"], "700000.00");
        assert_eq!(alarm.objects.len(), 3);
    }

    async fn what_is_far_apart_or_not_avoiding_does_not_add_up(url: &str) {
        let world = self::world(url, Fund::Fiscal, 0).await;
        buys(&world, Mode::LowestPrice, of_limits("300000")).await;
        buys(&world, Mode::LowestPrice, of_limits("300000")).await;
        assert_eq!(raised(&world).await, [], "no draw among them");
        world.env().set(world.now().plus_seconds(91 * DAY));
        buys(&world, Mode::Random, of("300000")).await;
        assert_eq!(raised(&world).await, [], "after ninety days");
        let own = with_another_case(&world, Fund::Social).await;
        let draw = |notice| own.publish(notice);
        draw(later(&world, Mode::Random, of("490000"))).await.unwrap();
        assert_eq!(raised(&world).await, [], "one's own money");
    }

    async fn orders_that_add_up_over_the_limit_alarm(url: &str) {
        let world = self::world(url, Fund::Fiscal, 1).await;
        let (agency, call) = world.agencies[0].clone();
        let terms = Terms {
            title: "油烟检测".to_owned(),
            summary: "出具报告".to_owned(),
            price: "60000".parse().unwrap(),
            unit: "元/项".to_owned(),
            regions: vec!["330200".parse().unwrap()],
            days: 10,
        };
        let new = NewListing { code: "l1".parse().unwrap(), item: ITEM.parse().unwrap(), terms };
        let listings = world.market.listings();
        let draft = listings.create(&call, new).await.unwrap();
        let listing = listings.publish(&call, draft.id).await.unwrap();
        assert_eq!(listing.agency_id, agency);
        let order = async |world: &World| {
            let new = NewOrder {
                case_id: world.case.id,
                item: listing.item.clone(),
                listing_id: listing.id,
                listing_number: listing.number,
                price: listing.terms.price,
            };
            world.market.orders().place(&world.owner, new).await.unwrap()
        };
        let first = order(&world).await;
        world.market.orders().cancel(&world.owner, first.id, "不需要").await.unwrap();
        order(&with_another_case(&world, Fund::Fiscal).await).await;
        order(&with_another_case(&world, Fund::Social).await).await;
        assert_eq!(raised(&world).await, [], "one was cancelled, one is not fiscal");
        order(&with_another_case(&world, Fund::Fiscal).await).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].evidence["limit"], "direct_limit_fiscal");
        assert_eq!(found[0].evidence["sum"], "120000.00");
    }

    async fn a_purchase_given_up_when_agencies_have_come_alarms(url: &str) {
        let world = self::world(url, Fund::Social, 1).await;
        let void = async |at: &Purchase| {
            world.market.purchases().void(&world.owner, at.id, "计划调整").await.unwrap();
        };
        void(&world.publish(later(&world, Mode::Random, fixed())).await.unwrap()).await;
        assert_eq!(raised(&world).await, [], "nobody had come");
        let open = world.publish(later(&world, Mode::Random, fixed())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        void(&open).await;
        assert_eq!(raised(&world).await, [AlarmRule::Voided]);
    }

    async fn a_code_that_nobody_gives_alarms(url: &str) {
        let world = self::world(url, Fund::Social, 2).await;
        let other = with_another_case(&world, Fund::Social).await;
        awarded(&other, &["300", "200"]).await;
        assert_eq!(raised(&world).await, [], "given in time");
        let open = world.publish(later(&world, Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200"]).await;
        world.until(open.state.due_at().unwrap()).await;
        let closed = world.get(open.id).await;
        assert_eq!(closed.state.name(), "opening");
        // The other award stands meanwhile; that step is due too.
        world.until(closed.state.due_at().unwrap()).await;
        assert_eq!(raised(&world).await, [AlarmRule::CodeWithheld]);
    }

    async fn a_secret_that_is_not_revealed_alarms(url: &str) {
        let world = self::world(url, Fund::Social, 3).await;
        let witness = acting(Party::Department("fire-rescue".parse().unwrap()));
        let purchases = world.market.purchases();
        let draws = async |world: &World, reveals: bool| {
            let named = Notice {
                witness_department: Some("fire-rescue".parse().unwrap()),
                ..later(world, Mode::Random, fixed())
            };
            let open = world.publish(named).await.unwrap();
            for at in 0..3 {
                world.register(at, open.id).await.unwrap();
            }
            let value = Bytes32([7; 32]);
            let promise = Commitment::to(open.id, "department:fire-rescue", &value);
            purchases.commit(&witness, open.id, promise.sha256).await.unwrap();
            opened(world, &open).await;
            if reveals {
                purchases.reveal(&witness, open.id, NewReveal { value }).await.unwrap();
            }
            let opening = world.get(open.id).await;
            world.until(opening.state.due_at().unwrap()).await;
        };
        draws(&world, true).await;
        assert_eq!(raised(&world).await, []);
        draws(&with_another_case(&world, Fund::Social).await, false).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, AlarmRule::SecretWithheld);
        assert_eq!(found[0].evidence["withheld_by"][0], "department:fire-rescue");
    }

    async fn a_winner_of_a_failed_purchase_who_wins_again_alarms(url: &str) {
        let mut world = self::world(url, Fund::Social, 2).await;
        // The third is the first under another name.
        world.join(7, "0574-1000-0000").await;
        let repeats = async |world: &World, again: usize| {
            let purchases = world.market.purchases();
            let open = world.publish(later(world, Mode::LowestPrice, limits())).await.unwrap();
            world.register(0, open.id).await.unwrap();
            world.quote(0, open.id, amount("300")).await.unwrap();
            let award = opened(world, &open).await;
            world.until(award.state.due_at().unwrap()).await;
            let failed = purchases.decline(world.agency(0), open.id, "排不开").await.unwrap();
            assert_eq!(failed.state.name(), "failed");
            let notice = later(world, Mode::LowestPrice, limits());
            let (case_id, item) = (world.case.id, open.item.clone());
            let new = NewPurchase { case_id, item, notice, predecessor: Some(open.id) };
            let draft = purchases.create(&world.owner, new).await.unwrap();
            let open = world.submit(&draft).await.unwrap();
            world.register(again, open.id).await.unwrap();
            world.quote(again, open.id, amount("299")).await.unwrap();
            opened(world, &open).await;
        };
        Box::pin(repeats(&world, 1)).await;
        assert_eq!(raised(&world).await, [], "somebody else");
        Box::pin(repeats(&with_another_case(&world, Fund::Social).await, 0)).await;
        assert_eq!(raised(&world).await, [AlarmRule::SameWinner]);
        Box::pin(repeats(&with_another_case(&world, Fund::Social).await, 2)).await;
        assert_eq!(raised(&world).await, [AlarmRule::SameWinner; 2]);
    }

    async fn agencies_in_one_hand_alarm(url: &str) {
        let mut world = self::world(url, Fund::Social, 2).await;
        world.join(7, "0574-1000-0000").await;
        let other = with_another_case(&world, Fund::Social).await;
        awarded(&other, &["300", "200"]).await;
        assert_eq!(raised(&world).await, [], "strangers");
        awarded(&world, &["300", "200", "250"]).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, AlarmRule::SameGroup);
        let shill = world.agencies[2].0.to_string();
        assert_eq!(found[0].evidence["excluded"][0]["agency"], shill);
        assert!(found[0].objects.contains(&AlarmObject { kind: Kind::Agency, id: shill }));
    }

    async fn a_practitioner_with_two_employers_alarms_once(url: &str) {
        let world = self::world(url, Fund::Social, 3).await;
        let item = world.market.catalog().item(&ITEM.parse().unwrap()).await.unwrap();
        let specialty = item.requirements.first().unwrap().kind.clone();
        let hire = async |at: usize, certificate: &str| {
            let new = NewPractitioner {
                name: "赵某".to_owned(),
                specialty: specialty.clone(),
                certificate: certificate.to_owned(),
                valid_until: "2028-12-31".parse().unwrap(),
            };
            let (id, call) = &world.agencies[at];
            world.market.agencies().add_practitioner(call, *id, new).await.unwrap().id
        };
        let (own, lent) = (hire(0, "证-1").await, hire(0, "证-2").await);
        hire(1, "证-2").await;
        hire(2, "证-3").await;
        let open = world.publish(later(&world, Mode::Random, fixed())).await.unwrap();
        let names = async |practitioners| {
            let new = NewRegistration { practitioners };
            world.market.purchases().register(world.agency(0), open.id, new).await.unwrap();
        };
        names(vec![own]).await;
        assert_eq!(raised(&world).await, []);
        names(vec![own, lent]).await;
        names(vec![lent]).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "the same evidence alarms once: {found:?}");
        assert_eq!(found[0].rule, AlarmRule::LentCertificate);
        assert_eq!(found[0].evidence["certificate"], "证-2");
    }

    async fn an_agency_that_wins_all_of_an_owner_alarms(url: &str) {
        let world = self::world(url, Fund::Social, 2).await;
        let wins = async |at: usize| {
            let world = with_another_case(&world, Fund::Social).await;
            let open = world.publish(later(&world, Mode::LowestPrice, limits())).await.unwrap();
            world.register(at, open.id).await.unwrap();
            world.quote(at, open.id, amount("300")).await.unwrap();
            let award = opened(&world, &open).await;
            world.until(award.state.due_at().unwrap()).await;
            world.market.purchases().confirm(world.agency(at), open.id).await.unwrap();
        };
        for at in [0, 1, 0] {
            Box::pin(wins(at)).await;
        }
        assert_eq!(raised(&world).await, [], "two of three");
        Box::pin(wins(0)).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, AlarmRule::Concentration);
        assert_eq!(found[0].evidence["won"].as_array().unwrap().len(), 3);
        assert_eq!(found[0].evidence["of"], 4);
    }

    async fn quotes_in_a_row_alarm(url: &str) {
        let world = self::world(url, Fund::Social, 4).await;
        awarded(&world, &["30100", "29800", "27050.50", "31000"]).await;
        assert_eq!(raised(&world).await, []);
        let other = with_another_case(&world, Fund::Social).await;
        let purchase = awarded(&other, &["30000", "31500", "28500", "33000"]).await;
        let found = alarms(&world).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].rule, AlarmRule::QuotePattern);
        assert_eq!(found[0].purchase_id, Some(purchase.id));
        assert_eq!(found[0].evidence["pattern"], "even_steps");
    }

    async fn many_followers_raise_an_alarm_once(url: &str) {
        let world = self::world(url, Fund::Social, 1).await;
        let open = world.publish(later(&world, Mode::Random, fixed())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        world.market.purchases().void(&world.owner, open.id, "计划调整").await.unwrap();
        let nodes: Vec<_> = (0..6).map(|_| world.market.alarms()).collect();
        let followed = futures::future::join_all(nodes.iter().map(Alarms::catch_up)).await;
        assert!(followed.iter().all(Result::is_ok), "{followed:?}");
        assert_eq!(raised(&world).await, [AlarmRule::Voided]);
        // Even from the beginning of the journal again.
        let mut tx = world.market.work().await.unwrap();
        let back = "update followers set pos = 0 where name = 'alarms'";
        tx.query(back).execute().await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(raised(&world).await, [AlarmRule::Voided]);
    }

    async fn supervisors_read_alarms_and_say_what_they_found(url: &str) {
        let world = self::world(url, Fund::Social, 1).await;
        let open = world.publish(later(&world, Mode::Random, fixed())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        world.market.purchases().void(&world.owner, open.id, "计划调整").await.unwrap();
        let alarm = alarms(&world).await.remove(0);
        let market = world.market.alarms();
        let department = |code: &str| acting(Party::Department(code.parse().unwrap()));
        let (of_case, other) = (department("fire-rescue"), department("civil-affairs"));
        let paging = Paging::default();
        let open = AlarmFilter { open: true, ..AlarmFilter::default() };
        let count = async |call: &Call| {
            market.list(&call.actor, &open, &paging).await.unwrap().items.len()
        };
        assert_eq!((count(&of_case).await, count(&other).await), (1, 0));
        assert_eq!(market.get(&of_case.actor, alarm.id).await.unwrap(), alarm);
        for side in [&world.owner, world.agency(0)] {
            let read = market.get(&side.actor, alarm.id).await;
            assert!(matches!(read, Err(Error::Refused(Refusal::SupervisorsOnly))), "{read:?}");
            let noted = market.acknowledge(side, alarm.id, "无").await;
            assert!(matches!(noted, Err(Error::Refused(Refusal::SupervisorsOnly))), "{noted:?}");
        }
        let hidden = market.acknowledge(&other, alarm.id, "无").await;
        assert!(matches!(hidden, Err(Error::NotFound("alarm"))), "{hidden:?}");
        let noted = market.acknowledge(&of_case, alarm.id, "已约谈业主").await.unwrap();
        let by = noted.acknowledged.clone().unwrap();
        assert_eq!((by.party, by.note.as_str()), (of_case.actor.party.clone(), "已约谈业主"));
        assert_eq!((noted.version, count(&of_case).await), (2, 0));
        let again = market.acknowledge(&operator(), alarm.id, "再看").await;
        assert!(matches!(again, Err(Error::Refused(Refusal::AlarmAcknowledged))), "{again:?}");
        let actions = market.actions(&operator().actor, alarm.id).await.unwrap();
        assert_eq!(actions[0].refusal, Some(Refusal::AlarmAcknowledged));
        let entries = world.market.db.journal_of(Kind::Alarm, &alarm.id.to_string()).await.unwrap();
        let events: Vec<_> = entries.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(events, ["alarm_raised", "alarm_acknowledged"]);
        let unknown = market.get(&operator().actor, AlarmId(Uuid::nil())).await;
        assert!(matches!(unknown, Err(Error::NotFound("alarm"))));
    }
}

/// Quotes up to a budget.
fn of_limits(high: &str) -> Price {
    Price::Amount { low: "1".parse().unwrap(), high: high.parse().unwrap() }
}
