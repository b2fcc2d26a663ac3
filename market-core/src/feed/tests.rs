//! Who hears of what: what a party is told of, it may read, and nothing else is told.

use uuid::Uuid;

use super::*;
use crate::{
    Call, Error, Mode, Party,
    case::Fund,
    complaint::Letter,
    evaluation::NewEvaluation,
    id::{AgencyId, ApplicantId},
    order::tests::world::World as Trade,
    purchase::Contact,
    purchase::tests::world::{World, acting, limits, notice, operator},
    testing::on_both,
};

/// What only the complainant and the handler may read.
const CANARY: &str = "金丝雀";

fn letter() -> Letter {
    Letter {
        facts: format!("{CANARY}：评审标准有倾向性"),
        demand: format!("{CANARY}：重新选取"),
        evidence: format!("{CANARY}：公告截图"),
        contact: Contact { name: format!("{CANARY}某"), phone: "0574-3333-4444".to_owned() },
    }
}

fn department(code: &str) -> Call {
    acting(Party::Department(code.parse().unwrap()))
}

/// Everything that a party is told of.
async fn told(market: &Market, call: &Call) -> Vec<OwnEntry> {
    market.feed().catch_up_parties().await.unwrap();
    let (mut told, mut position) = (Vec::new(), 0);
    loop {
        let entries = market.feed().own_after(&call.actor, position, 7).await.unwrap();
        told.extend(entries.items);
        position = entries.next;
        if position == entries.last {
            return told;
        }
    }
}

fn events(told: &[OwnEntry], kind: Kind) -> Vec<&str> {
    told.iter().filter(|entry| entry.kind == kind).map(|entry| entry.event.as_str()).collect()
}

/// Whether a party may read what an entry is about.
async fn may_read(market: &Market, call: &Call, entry: &OwnEntry) -> bool {
    let actor = &call.actor;
    let read: Result<(), Error> = match entry.kind {
        Kind::Case => market.cases().get(actor, entry.object.parse().unwrap()).await.map(drop),
        Kind::Order => market.orders().get(actor, entry.object.parse().unwrap()).await.map(drop),
        Kind::Purchase => {
            market.purchases().get(Some(actor), entry.object.parse().unwrap()).await.map(drop)
        }
        Kind::Complaint => {
            market.complaints().get(actor, entry.object.parse().unwrap()).await.map(drop)
        }
        Kind::Registration => {
            let own = market.purchases().own_registrations(actor, &crate::Paging::default()).await;
            let own =
                own.map(|page| page.items.iter().any(|one| one.id.to_string() == entry.object));
            own.and_then(|own| if own { Ok(()) } else { Err(Error::NotFound("registration")) })
        }
        Kind::Agency => {
            market.agencies().get(Some(actor), entry.object.parse().unwrap()).await.map(drop)
        }
        Kind::Listing => {
            market.listings().get(Some(actor), entry.object.parse().unwrap()).await.map(drop)
        }
        Kind::EvaluationWindow => {
            market.evaluations().of_order(actor, entry.object.parse().unwrap()).await.map(drop)
        }
        Kind::Evaluation => {
            market.evaluations().get(actor, entry.object.parse().unwrap()).await.map(drop)
        }
        other => panic!("told of {other}"),
    };
    read.is_ok()
}

on_both! {
    async fn parties_hear_of_their_own_alone(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let market = &world.market;
        let draft = world.draft(notice(Mode::LowestPrice, limits())).await.unwrap();
        assert_eq!(events(&told(market, &world.owner).await, Kind::Purchase), ["purchase_drafted"]);
        for other in [&operator(), world.agency(0), &department("market-regulation")] {
            assert_eq!(events(&told(market, other).await, Kind::Purchase), [""; 0]);
        }
        let submitted = world.submit(&draft).await.unwrap();
        let open = match submitted.state.name() {
            "in_review" => market.purchases().approve(&operator(), draft.id).await.unwrap(),
            _ => submitted,
        };
        world.enter(open.id, &["300", "200", "250"]).await;
        // Before the opening nobody but the agency itself knows who registered.
        for other in [&world.owner, &operator(), world.agency(3), &department("market-regulation")] {
            assert_eq!(events(&told(market, other).await, Kind::Registration), [""; 0]);
        }
        let own = told(market, world.agency(0)).await;
        assert_eq!(events(&own, Kind::Registration), ["agency_registered"]);
        let purchase = world.open(&open).await;

        let complainant = world.agency(2);
        let filed = market.complaints().file(complainant, purchase.id, letter()).await.unwrap();
        let handler = department("market-regulation");
        let everybody = [
            &world.owner, &operator(), world.agency(0), world.agency(1), world.agency(2),
            world.agency(3), &handler, &department("fire-rescue"),
            &acting(Party::Agency(AgencyId(Uuid::from_u128(77)))),
            &acting(Party::Applicant(ApplicantId(Uuid::from_u128(77)))),
            &department("culture-tourism"),
        ];
        let knowing = async |event: &str| {
            let mut knowing = Vec::new();
            for (index, call) in everybody.iter().enumerate() {
                if told(market, call).await.iter().any(|entry| entry.event == event) {
                    knowing.push(index);
                }
            }
            knowing
        };
        assert_eq!(knowing("complaint_filed").await, [1, 4, 6]);
        market.complaints().accept(&handler, filed.id).await.unwrap();
        assert_eq!(knowing("complaint_accepted").await, [0, 1, 4, 6]);
        assert_eq!(knowing("complaint_filed").await, [1, 4, 6]);

        let mut heard = 0;
        for call in everybody {
            let entries = told(market, call).await;
            for entry in &entries {
                assert!(may_read(market, call, entry).await, "{:?} {entry:?}", call.actor.party);
            }
            heard += entries.len();
            let shown = serde_json::to_string(&entries).unwrap();
            let person = call.actor.person.to_string();
            for secret in [CANARY, "0574-", "\"250", "李明", person.as_str()] {
                assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }
        assert!(heard > 40, "{heard}");
        for stranger in &everybody[8..] {
            assert_eq!(told(market, stranger).await, []);
        }
    }

    async fn sides_and_departments_hear_of_orders(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let market = &world.market;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        let purchase = world.open(&open).await;
        let winner = world.agency(world.winner(&purchase)).clone();
        world.wait(&purchase).await;
        market.purchases().confirm(&winner, purchase.id).await.unwrap();
        let lead = department("market-regulation");
        let letter = market.documents().award_letter(&winner.actor, purchase.id, None).await;
        let (letter, _) = letter.unwrap();
        for call in [&world.owner, &winner, &lead, &operator()] {
            let told = told(market, call).await;
            assert_eq!(events(&told, Kind::Order), ["order_awarded"]);
            let documents: Vec<_> =
                told.iter().filter(|entry| entry.kind == Kind::Document).collect();
            assert_eq!(documents.len(), 1);
            assert_eq!(documents[0].object, letter.id.to_string());
            let shown = serde_json::to_string(&told).unwrap();
            assert!(!shown.contains(&letter.code.to_string()), "{shown}");
        }
        let others = world.agencies.iter().filter(|(_, call)| call.actor != winner.actor);
        for (_, call) in others {
            assert_eq!(events(&told(market, call).await, Kind::Order), [""; 0]);
            assert_eq!(events(&told(market, call).await, Kind::Document), [""; 0]);
            assert_eq!(events(&told(market, call).await, Kind::Case), [""; 0]);
        }
        assert_eq!(events(&told(market, &winner).await, Kind::Case), [""; 0]);
        assert!(!events(&told(market, &lead).await, Kind::Case).is_empty());
    }

    async fn evaluations_are_told_of_once_they_may_be_read(url: &str) {
        let world = Trade::new(url, Fund::Social).await;
        let (market, fire) = (&world.market, department("fire-rescue"));
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        world.deliver(&order).await;
        market.orders().sign_off(&world.applicant, order.id).await.unwrap();
        market.orders().use_deliverable(&fire, order.id).await.unwrap();
        let operator = operator();
        let sides = [&world.applicant, &world.agency, &fire, &operator];
        for call in sides {
            let told = told(market, call).await;
            assert_eq!(events(&told, Kind::EvaluationWindow), ["evaluation_opened"]);
        }
        let give = async |call: &Call, marks: &[&str]| {
            let marks = marks.iter().map(|code| ((*code).to_owned(), 4)).collect();
            let new = NewEvaluation { marks, comment: CANARY.to_owned() };
            market.evaluations().give(call, order.id, new).await.unwrap()
        };
        give(&world.applicant, &["quality", "timeliness", "attitude", "fee"]).await;
        let own = told(market, &world.applicant).await;
        assert_eq!(events(&own, Kind::Evaluation), ["evaluation_given"]);
        for other in &sides[1..] {
            assert_eq!(events(&told(market, other).await, Kind::Evaluation), [""; 0]);
        }
        give(&world.agency, &["cooperation", "payment"]).await;
        give(&fire, &["quality", "lawfulness"]).await;
        for call in sides {
            let told = told(market, call).await;
            let windows = events(&told, Kind::EvaluationWindow);
            assert_eq!(windows, ["evaluation_opened", "evaluation_closed"]);
            let published = events(&told, Kind::Evaluation);
            let count = published.iter().filter(|event| **event == "evaluation_published").count();
            assert_eq!(count, 3, "{published:?}");
            let about = [Kind::EvaluationWindow, Kind::Evaluation];
            for entry in told.iter().filter(|entry| about.contains(&entry.kind)) {
                assert!(may_read(market, call, entry).await, "{:?} {entry:?}", call.actor.party);
            }
            assert!(!serde_json::to_string(&told).unwrap().contains(CANARY));
        }
        let stranger = acting(Party::Agency(AgencyId(Uuid::from_u128(77))));
        assert_eq!(told(market, &stranger).await, []);
    }

    async fn many_nodes_note_everything_once(url: &str) {
        let world = World::new(url, Fund::Social, 4).await;
        let mut noting = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let market = world.market.clone();
            noting.spawn(async move { market.feed().catch_up_parties().await.unwrap() });
        }
        noting.join_all().await;
        let entries = world.market.feed().own_after(&world.owner.actor, 0, 100).await.unwrap();
        assert_eq!(entries.last, world.market.feed().last().await.unwrap());
        assert_eq!(entries.next, entries.last);
        assert_eq!(entries.last, world.market.feed().last_noted().await.unwrap());
        assert_eq!(events(&entries.items, Kind::Case), ["case_opened"]);
    }

    async fn one_kind_is_read_by_itself(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let feed = world.market.feed();
        feed.catch_up().await.unwrap();
        let all = feed.public_after(0, 10_000).await.unwrap();
        let (mut found, mut position) = (Vec::new(), 0);
        while position < all.last {
            let some = feed.public_of_kind_after(Some(Kind::Matter), position, 2).await.unwrap();
            found.extend(some.items);
            position = some.next;
        }
        let expected: Vec<_> =
            all.items.into_iter().filter(|entry| entry.kind == Kind::Matter).collect();
        assert!(!found.is_empty());
        assert_eq!(found, expected);
    }
}
