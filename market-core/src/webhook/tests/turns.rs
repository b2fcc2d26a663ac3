//! Turns of delivering beside what else is done at the same time.

use std::time::Duration;

use super::*;

on_both! {
    async fn what_happens_while_a_turn_ends_is_told(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        let lease = market.env().id();
        let mut tx = market.work().await.unwrap();
        assert_eq!(tx.lease_webhook(lease).await.unwrap(), Some(id));
        tx.finish(()).await.unwrap();
        // As far as the journal goes now, there is nothing to tell.
        let mut tx = market.work().await.unwrap();
        let mut stored = tx.leased_webhook(id, lease).await.unwrap().unwrap();
        assert!(!tx.queue(&mut stored).await.unwrap());
        let mut noting = tokio::spawn({
            let (market, call) = (market.clone(), call.clone());
            async move {
                happens(&market, &call, 1).await;
                market.feed().catch_up_parties().await.unwrap();
            }
        });
        let early = tokio::time::timeout(Duration::from_millis(500), &mut noting).await;
        assert!(early.is_err(), "it was noted past whoever delivers");
        tx.release_webhook(id, None).await.unwrap();
        tx.finish(()).await.unwrap();
        noting.await.unwrap();
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids().len(), 1);
    }

    async fn who_holds_a_webhook_is_waited_for(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        happens(&market, &call, 1).await;
        market.feed().catch_up_parties().await.unwrap();
        let mut held = market.work().await.unwrap();
        held.webhook_for_update(id).await.unwrap();
        let mut delivering = tokio::spawn({
            let (market, receiver) = (market.clone(), receiver.clone());
            async move { deliver(&market, &receiver).await }
        });
        let early = tokio::time::timeout(Duration::from_millis(300), &mut delivering).await;
        assert!(early.is_err(), "{early:?}");
        drop(held);
        assert_eq!(delivering.await.unwrap(), 1);
        assert_eq!(receiver.ids().len(), 1);
    }

    async fn a_long_journal_is_read_in_turns(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        let few = NewWebhook { kinds: vec![Kind::Webhook], ..new(URL) };
        let id = market.webhooks().register(&call, few).await.unwrap().webhook.id;
        let Party::Agency(agency) = call.actor.party else { panic!("no agency") };
        // More than one step reads. All at one time, so that the journal has them by their kinds:
        // what is told, that the webhook was registered, comes last.
        for versions in [1..=1200, 1201..=2400] {
            let entry = |version| Entry::new(Kind::Agency, &agency, version, "agency_changed");
            let mut tx = market.work().await.unwrap();
            let at = tx.at;
            tx.record_all(versions.map(entry).collect(), at).await.unwrap();
            tx.finish(()).await.unwrap();
        }
        assert_eq!(deliver(&market, &receiver).await, 3);
        assert_eq!(receiver.told(), [format!("webhook.webhook_registered {id}")]);
        let webhook = market.webhooks().get(&call.actor, id).await.unwrap();
        assert_eq!(webhook.cursor, market.feed().last().await.unwrap());
    }
}
