//! What parties do with their webhooks, and what others learn of that.

use super::*;
use crate::{
    Env, account::Identity, case::Fund, kernel::sealing::ServerKey, purchase::tests::world::World,
};

on_both! {
    async fn who_has_the_database_alone_signs_nothing(url: &str) {
        let plain = market(url).await;
        let server_key = Some(ServerKey::new(&Env::real()));
        let identity = Arc::new(Identity { server_key, ..Identity::default() });
        let market = Market { identity, ..plain.clone() };
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        happens(&market, &call, 1).await;
        let made = market.webhooks().register(&call, new(URL)).await.unwrap();
        let first = market.webhooks().keys().await.unwrap();
        let rotated = market.webhooks().rotate_secret(&call, made.webhook.id).await.unwrap();
        happens(&market, &call, 2).await;
        // Without the server's key nothing goes out, and nothing is lost.
        plain.feed().catch_up_parties().await.unwrap();
        let sender: Arc<dyn Sender> = receiver.clone();
        assert!(plain.webhooks().deliver_due(&sender).await.is_err());
        assert!(receiver.take().is_empty());
        later(&market, 60);
        deliver(&market, &receiver).await;
        let got = receiver.take();
        assert_eq!(got.len(), 1);
        let (id, at) = (header(&got[0], "webhook-id"), market.env().now().micros() / 1_000_000);
        let signature = header(&got[0], "webhook-signature");
        for secret in [&rotated.secret, &made.secret] {
            let oracle = standardwebhooks::Webhook::new(secret).unwrap();
            let expected = oracle.sign(&id, at, got[0].body.as_bytes()).unwrap();
            assert!(signature.split(' ').any(|one| one == expected), "{signature}");
        }
        assert_eq!(market.webhooks().keys().await.unwrap(), first);
        assert!(plain.webhooks().keys().await.is_err(), "the seed is sealed, too");
    }

    async fn what_is_replayed_has_the_same_ids(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        for version in 1..=5 {
            happens(&market, &call, version).await;
        }
        deliver(&market, &receiver).await;
        let before = receiver.ids();
        receiver.take();
        let cursor: i64 = before[2].trim_start_matches("evt_").parse().unwrap();
        market.webhooks().replay(&call, id, cursor).await.unwrap();
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids(), before[3..]);
        let webhook = market.webhooks().replay(&call, id, 0).await.unwrap();
        assert_eq!((webhook.cursor, webhook.version), (0, 3));
        receiver.take();
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids(), before);
        for wrong in [-1, 1_000_000] {
            let Err(Error::Invalid(faults)) = market.webhooks().replay(&call, id, wrong).await
            else { panic!("{wrong}") };
            assert_eq!(faults[0].pointer, "/after");
        }
        // What was not sent yet is not passed over.
        receiver.take();
        happens(&market, &call, 6).await;
        market.feed().catch_up_parties().await.unwrap();
        let last = market.feed().last().await.unwrap();
        let ahead = market.webhooks().replay(&call, id, last).await.unwrap();
        assert!(ahead.cursor < last);
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids().len(), 1);
        let before = [before, receiver.ids()].concat();
        // Whoever begins late may begin early.
        receiver.take();
        let early = NewWebhook { after: Some(0), ..new(URL) };
        market.webhooks().register(&call, early).await.unwrap();
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids(), before);
    }

    async fn secrets_and_keys_overlap(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let webhooks = market.webhooks();
        let made = webhooks.register(&call, new(URL)).await.unwrap();
        let id = made.webhook.id;
        let renewed = webhooks.rotate_secret(&call, id).await.unwrap();
        assert_ne!(made.secret, renewed.secret);
        assert!(!format!("{made:?}").contains(&made.secret), "it prints itself");
        let operator: Call = Actor::system().into();
        assert_eq!(refusal(webhooks.rotate_key(&call).await), Refusal::OperatorOnly);
        let keys = webhooks.rotate_key(&operator).await.unwrap();
        assert_eq!(keys.iter().map(|key| key.number).collect::<Vec<_>>(), [2, 1]);
        let count = async |version| {
            happens(&market, &call, version).await;
            deliver(&market, &receiver).await;
            let message = receiver.take().pop().unwrap();
            let signature = header(&message, "webhook-signature");
            let signs = |secret: &str| {
                let at = market.env().now().micros() / 1_000_000;
                let oracle = standardwebhooks::Webhook::new(secret).unwrap();
                let id = header(&message, "webhook-id");
                signature.contains(&oracle.sign(&id, at, message.body.as_bytes()).unwrap())
            };
            let of = |kind: &str| signature.split(' ').filter(|one| one.starts_with(kind)).count();
            (of("v1,"), of("v1a,"), signs(&made.secret), signs(&renewed.secret))
        };
        assert_eq!(count(1).await, (2, 2, true, true));
        later(&market, 24 * 3600);
        assert_eq!(count(2).await, (1, 2, false, true));
        later(&market, 6 * 24 * 3600);
        assert_eq!(count(3).await, (1, 1, false, true));
        assert_eq!(webhooks.keys().await.unwrap().len(), 1);
    }

    async fn others_learn_nothing_of_a_webhook(url: &str) {
        let market = market(url).await;
        let (call, other) = (party(1), party(2));
        let operator: Call = Actor::system().into();
        let webhooks = market.webhooks();
        let id = webhooks.register(&call, new(URL)).await.unwrap().webhook.id;
        let unknown = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::NotFound("webhook"))), "{result:?}");
        };
        // The operator knows of it, and is told why not.
        let meets = |stranger: &Call, result: Result<(), Error>| match stranger.actor.party {
            Party::Operator => assert_eq!(refusal(result), Refusal::PartyNotHeld),
            _ => unknown(result),
        };
        for stranger in [&other, &operator] {
            let change = WebhookChange::default();
            meets(stranger, webhooks.change(stranger, id, change).await.map(drop));
            meets(stranger, webhooks.enable(stranger, id).await.map(drop));
            meets(stranger, webhooks.remove(stranger, id).await);
            meets(stranger, webhooks.rotate_secret(stranger, id).await.map(drop));
            meets(stranger, webhooks.replay(stranger, id, 0).await.map(drop));
            meets(stranger, webhooks.ping(stranger, id).await.map(drop));
            let tries = webhooks.tries(&stranger.actor, id, &Paging::default()).await;
            meets(stranger, tries.map(drop));
        }
        let own = webhooks.get(&operator.actor, id).await.unwrap().actions(&operator.actor);
        let may: Vec<_> = own.iter().filter(|one| one.refusal.is_none()).collect();
        assert_eq!(may.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["disable"]);
        unknown(webhooks.get(&other.actor, id).await.map(drop));
        unknown(webhooks.disable(&other, id).await.map(drop));
        assert_eq!(webhooks.list(&other.actor, &Paging::default()).await.unwrap().items, []);
        assert_eq!(webhooks.list(&operator.actor, &Paging::default()).await.unwrap().items.len(), 1);
        let disabled = webhooks.disable(&operator, id).await.unwrap();
        assert_eq!(disabled.why, Some(Disabled::Operator));
        assert_eq!(refusal(webhooks.disable(&call, id).await), Refusal::WebhookDisabled);
        // The operator's own are the operator's business alone.
        let theirs = webhooks.register(&operator, new(URL)).await.unwrap().webhook.id;
        unknown(webhooks.get(&call.actor, theirs).await.map(drop));
        unknown(webhooks.disable(&call, theirs).await.map(drop));
        webhooks.ping(&operator, theirs).await.unwrap();
        webhooks.remove(&call, id).await.unwrap();
        unknown(webhooks.get(&call.actor, id).await.map(drop));
        // Neither secrets nor addresses are told by the journal.
        for entry in market.db.journal_of(Kind::Webhook, &id.to_string()).await.unwrap() {
            let told = format!("{entry:?}");
            assert!(!told.contains("whsec") && !told.contains("receiver.example"), "{told}");
        }
    }

    async fn a_party_has_ten_at_most(url: &str) {
        let market = market(url).await;
        let mut registering = tokio::task::JoinSet::new();
        for _ in 0..14 {
            let market = market.clone();
            registering.spawn(async move { market.webhooks().register(&party(1), new(URL)).await });
        }
        let results = registering.join_all().await;
        let refused = results.iter().filter(|result| {
            matches!(result, Err(Error::Refused(Refusal::TooManyWebhooks)))
        });
        assert_eq!(refused.count(), 4);
        market.webhooks().register(&party(2), new(URL)).await.unwrap();
    }

    async fn changes_name_what_is_wrong(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let wrong = NewWebhook {
            url: "http://10.0.0.1/".to_owned(),
            description: "x".repeat(201),
            kinds: vec![Kind::Order, Kind::Account, Kind::Order],
            after: Some(5),
            ..new(URL)
        };
        let Err(Error::Invalid(faults)) = market.webhooks().register(&call, wrong).await else {
            panic!("registered");
        };
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/url", "/description", "/kinds/1", "/kinds/2", "/after"]);
        let made = market.webhooks().register(&call, new(URL)).await.unwrap().webhook;
        let stale = call.clone().expecting(7);
        let change = WebhookChange { description: Some("新的".to_owned()), ..Default::default() };
        let changed = market.webhooks().change(&stale, made.id, change.clone()).await;
        assert!(matches!(changed, Err(Error::Stale("webhook"))));
        let changed = market.webhooks().change(&call, made.id, change).await.unwrap();
        let expected = Webhook { description: "新的".to_owned(), version: 2, ..made.clone() };
        assert_eq!(Webhook { updated_at: made.updated_at, ..changed }, expected);
    }

    async fn a_party_that_is_disabled_is_told_nothing(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let (market, call) = (&world.market, world.agency(0));
        let operator: Call = Actor::system().into();
        let receiver = Receiver::answering(&[]);
        market.webhooks().register(call, new(URL)).await.unwrap();
        let party = &call.actor.party;
        market.accounts().disable_party(&operator, party, "资料不实").await.unwrap();
        happens(market, call, 1000).await;
        deliver(market, &receiver).await;
        assert_eq!(receiver.ids(), [""; 0]);
        market.accounts().enable_party(&operator, party).await.unwrap();
        deliver(market, &receiver).await;
        assert_eq!(receiver.ids().len(), 1);
    }

    async fn a_rehearsal_leaves_nothing(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let webhooks = market.webhooks();
        let rehearsed = call.clone().rehearsed();
        let made = webhooks.register(&rehearsed, new(URL)).await.unwrap();
        assert!(matches!(webhooks.get(&call.actor, made.webhook.id).await, Err(Error::NotFound(_))));
        let made = webhooks.register(&call, new(URL)).await.unwrap();
        let id = made.webhook.id;
        webhooks.rotate_secret(&rehearsed, id).await.unwrap();
        webhooks.ping(&rehearsed, id).await.unwrap();
        webhooks.disable(&rehearsed, id).await.unwrap();
        webhooks.remove(&rehearsed, id).await.unwrap();
        assert_eq!(webhooks.get(&call.actor, id).await.unwrap(), made.webhook);
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids(), [""; 0]);
    }

    async fn a_test_message_arrives(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        let message = market.webhooks().ping(&call, id).await.unwrap();
        deliver(&market, &receiver).await;
        assert_eq!(receiver.told(), [format!("webhook.ping {id}")]);
        assert_eq!(receiver.ids(), [message]);
    }

    async fn what_is_old_is_swept(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[Ok(500)]));
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        happens(&market, &call, 1).await;
        deliver(&market, &receiver).await;
        later(&market, 5);
        deliver(&market, &receiver).await;
        market.webhooks().sweep().await.unwrap();
        assert_eq!(tries(&market, &call, id).await.len(), 2);
        later(&market, 31 * 24 * 3600);
        market.webhooks().sweep().await.unwrap();
        assert_eq!(tries(&market, &call, id).await, []);
        let mut tx = market.work().await.unwrap();
        assert_eq!(tx.sweep_messages(market.env().now()).await.unwrap(), 0);
    }
}
