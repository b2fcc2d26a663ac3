//! Who is told of what happens and of deadlines, and how often.

use super::*;
use crate::{
    Mode, Refusal,
    case::Fund,
    purchase::tests::world::{World, limits, notice},
    testing::{member, on_both},
};

async fn told(market: &Market, call: &Call) -> Vec<Notice> {
    let paging = Paging { after: None, limit: 100 };
    let page = market.notices().list(&call.actor, NoticeFilter::All, &paging).await.unwrap();
    page.items
}

async fn events(market: &Market, call: &Call) -> Vec<String> {
    market.notices().catch_up().await.unwrap();
    let mut events: Vec<_> =
        told(market, call).await.into_iter().filter_map(|one| one.event).collect();
    events.reverse();
    events
}

on_both! {
    async fn members_are_told_of_what_others_do(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let market = &world.market;
        let owner = member(market, "owner", &world.owner.actor.party).await;
        let clerk = member(market, "clerk", &world.owner.actor.party).await;
        let seller = member(market, "seller", &world.agency(0).actor.party).await;
        let stranger = member(market, "stranger", &world.agency(2).actor.party).await;
        let boss = member(market, "boss", &Party::Operator).await;
        for call in [&owner, &seller, &stranger] {
            events(market, call).await;
        }
        let before = told(market, &seller).await.len();
        let as_owner = World { owner: owner.clone(), ..world.clone() };
        let open = as_owner.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.register(0, open.id).await.unwrap();
        let new: Vec<_> = events(market, &clerk).await;
        assert!(new.contains(&"purchase_published".to_owned()), "{new:?}");
        assert!(!new.contains(&"purchase_drafted".to_owned()), "{new:?}");
        // Who did it knows.
        let own = events(market, &owner).await;
        assert!(!own.contains(&"purchase_published".to_owned()), "{own:?}");
        let sold = events(market, &seller).await;
        assert!(sold[before..].contains(&"agency_registered".to_owned()), "{sold:?}");
        assert!(!events(market, &stranger).await.contains(&"agency_registered".to_owned()));
        assert_eq!(events(market, &boss).await, [""; 0]);
        // Nobody is told twice.
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let market = market.clone();
            nodes.spawn(async move { market.notices().catch_up().await.unwrap() });
        }
        nodes.join_all().await;
        assert_eq!(events(market, &clerk).await, new);
    }

    async fn people_say_of_what_they_are_told(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let market = &world.market;
        let clerk = member(market, "clerk", &world.owner.actor.party).await;
        let all = market.notices().preferences(&clerk.actor).await.unwrap();
        assert!(all.len() == KINDS.len() && all.iter().all(|one| one.told));
        let no = [Preference { kind: Kind::Purchase, told: false, mailed: None }];
        let said = market.notices().prefer(&clerk, &no).await.unwrap();
        assert_eq!(said.iter().filter(|one| !one.told).count(), 1);
        let before = events(market, &clerk).await;
        world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        let after = events(market, &clerk).await;
        assert!(after[before.len()..].iter().all(|event| !event.starts_with("purchase_")), "{after:?}");
        let account = Preference { kind: Kind::Account, told: true, mailed: None };
        let wrong = [account, no[0], no[0]];
        let refused = market.notices().prefer(&clerk, &wrong).await;
        let Err(Error::Invalid(faults)) = &refused else { panic!("{refused:?}") };
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/0/kind", "/2/kind"]);
    }

    async fn deadlines_are_told_of_once_before_and_once_after(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let market = &world.market;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        world.wait(&open).await;
        let until = world.get(open.id).await.state.due_at().unwrap();
        let owner = member(market, "owner", &world.owner.actor.party).await;
        let seller = member(market, "seller", &world.agency(0).actor.party).await;
        let topics = async || {
            for _ in 0..2 {
                market.notices().tell_of_deadlines().await.unwrap();
            }
            let told = told(market, &owner).await;
            told.iter().map(|one| (one.topic, one.until)).collect::<Vec<_>>()
        };
        world.env().set(until.plus_seconds(-25 * 3600));
        assert_eq!(topics().await, []);
        world.env().set(until.plus_seconds(-3600));
        assert_eq!(topics().await, [(Topic::DueSoon, Some(until))]);
        world.env().set(until.plus_seconds(3600));
        let both = [(Topic::Overdue, Some(until)), (Topic::DueSoon, Some(until))];
        assert_eq!(topics().await, both);
        world.env().set(until.plus_seconds(48 * 3600));
        assert_eq!(topics().await, both);
        assert_eq!(told(market, &seller).await, []);
    }

    async fn what_was_read_is_counted(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let market = &world.market;
        let clerk = member(market, "clerk", &world.owner.actor.party).await;
        let other = member(market, "other", &world.agency(1).actor.party).await;
        world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        events(market, &clerk).await;
        let all = told(market, &clerk).await;
        let count = i64::try_from(all.len()).unwrap();
        assert!(count > 1);
        let unread = async || market.notices().unread(&clerk.actor).await.unwrap().unread;
        assert_eq!(unread().await, count);
        let read = market.notices().read(&clerk, all[0].id).await.unwrap();
        assert!(read.read_at.is_some());
        assert_eq!(unread().await, count - 1);
        let foreign = market.notices().read_up_to(&other, all[0].id).await;
        assert!(matches!(foreign, Err(Error::NotFound("notice"))));
        assert_eq!(unread().await, count - 1);
        let left = market.notices().read_up_to(&clerk, all[0].id).await.unwrap();
        assert_eq!((left.unread, unread().await), (0, 0));
        assert_eq!(told(market, &clerk).await[0], read);
        // Used again under the same key, it answers the same.
        let key = clerk.clone().once("k");
        market.notices().read_up_to(&key, all[0].id).await.unwrap();
        let reused = market.notices().read_up_to(&key, all[1].id).await;
        assert!(matches!(reused, Err(Error::Refused(Refusal::KeyReused))));
        market.env().set(market.env().now().plus_seconds(367 * 24 * 3600));
        market.notices().sweep().await.unwrap();
        assert_eq!(told(market, &clerk).await, []);
    }
}
