//! What becomes of mail that is on its way.

use super::*;

fn busy() -> Result<(), MailFailure> {
    Err(MailFailure::NotTaken("451".to_owned()))
}

/// An owner who is about to purchase, and somebody of theirs who reads mail.
async fn with_reader(url: &str) -> (World, Call) {
    let world = world(url).await;
    let call = member(&world.market, "wang", &world.owner.actor.party).await;
    reads_mail(&world.market, &call, "wang@example.com", MailLanguage::Zh).await;
    (world, call)
}

on_both! {
    async fn who_dies_after_sending_sends_the_very_same_mail_again(url: &str) {
        let (world, _) = with_reader(url).await;
        let market = &world.market;
        publish_another(&world).await;
        let (letterbox, mailer) = letterbox();
        // The mail goes out, and nobody notes it.
        market.mails().wake().await.unwrap();
        let lease = market.mails().lease().await.unwrap().unwrap();
        let taken = market.mails().next(lease.0, lease.1).await.unwrap().unwrap();
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), [], "while somebody has the lease");
        publish_another(&world).await;
        later(market, 10 * 60);
        sent(market, &mailer).await;
        let again = letterbox.take();
        assert_eq!(again, [taken.1], "what was told meanwhile is for the next mail");
        // Who comes back to life notes nothing of what is another's now.
        let late = market.mails().note(lease.0, lease.1, taken.0, &Ok(())).await.unwrap();
        assert_eq!(late, None);
        later(market, 10 * 60);
        sent(market, &mailer).await;
        let next = letterbox.take();
        assert_eq!(next.len(), 1);
        assert_ne!(next[0].id, again[0].id);
    }

    async fn mail_that_is_not_taken_comes_again(url: &str) {
        let (world, call) = with_reader(url).await;
        let market = &world.market;
        publish_another(&world).await;
        let (letterbox, mailer) = letterbox();
        letterbox.answer(&[busy(), busy()]);
        sent(market, &mailer).await;
        let first = letterbox.take();
        for wait in [60, 120] {
            later(market, wait - 1);
            sent(market, &mailer).await;
            assert_eq!(letterbox.got.lock().unwrap().len(), 0, "before {wait} seconds");
            later(market, 1);
            sent(market, &mailer).await;
            assert_eq!(letterbox.take(), first, "after {wait} seconds");
        }
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
        // A server that takes nothing for days is not asked for ever.
        publish_another(&world).await;
        letterbox.answer(&vec![busy(); 100]);
        for _ in 0..50 {
            later(market, 6 * 3600);
            sent(market, &mailer).await;
        }
        assert_eq!(letterbox.take().len(), 16);
        let kept = market.mails().mailbox(&call.actor).await.unwrap();
        assert!(kept.confirmed_at.is_some(), "the address is not to blame");
        publish_another(&world).await;
        letterbox.answers.lock().unwrap().clear();
        letterbox.answer(&[Err(MailFailure::Refused("550".to_owned()))]);
        sent(market, &mailer).await;
        assert_eq!(letterbox.take().len(), 1);
        let kept = market.mails().mailbox(&call.actor).await.unwrap();
        assert!(kept.confirmed_at.is_some(), "one refusal says little, whatever was before it");
    }

    async fn an_address_that_is_refused_for_days_is_believed_no_more(url: &str) {
        let (world, call) = with_reader(url).await;
        let market = &world.market;
        let (letterbox, mailer) = letterbox();
        let before = market.mails().mailbox(&call.actor).await.unwrap();
        for day in 0..=5 {
            publish_another(&world).await;
            letterbox.answer(&[Err(MailFailure::Refused("550".to_owned()))]);
            sent(market, &mailer).await;
            assert_eq!(letterbox.take().len(), 1, "day {day}");
            later(market, 24 * 3600);
        }
        let after = market.mails().mailbox(&call.actor).await.unwrap();
        assert_eq!((after.confirmed_at, after.version), (None, before.version + 1));
        publish_another(&world).await;
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
    }

    async fn who_is_removed_is_sent_nothing_that_was_on_its_way(url: &str) {
        let (world, call) = with_reader(url).await;
        let market = &world.market;
        let (letterbox, mailer) = letterbox();
        publish_another(&world).await;
        letterbox.answer(&[busy()]);
        sent(market, &mailer).await;
        assert_eq!(letterbox.take().len(), 1);
        let accounts = market.accounts();
        let system = Call::from(Actor::system());
        accounts.revoke(&system, call.actor.person, call.actor.party).await.unwrap();
        later(market, 3600);
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
    }

    async fn a_code_goes_before_what_others_are_told(url: &str) {
        let (world, call) = with_reader(url).await;
        let market = &world.market;
        let (letterbox, mailer) = letterbox();
        publish_another(&world).await;
        market.mails().wake().await.unwrap();
        later(market, 60);
        let other = member(market, "li", &call.actor.party).await;
        market.mails().set(&other, new("li@example.com", MailLanguage::Zh)).await.unwrap();
        sent(market, &mailer).await;
        let to: Vec<_> = letterbox.take().into_iter().map(|mail| mail.to).collect();
        assert_eq!(to, ["li@example.com", "wang@example.com"]);
    }

    async fn many_nodes_send_a_mail_once(url: &str) {
        let world = world(url).await;
        let market = &world.market;
        let (letterbox, mailer) = letterbox();
        for n in 0..6 {
            let call = member(market, &format!("clerk{n}"), &world.owner.actor.party).await;
            reads_mail(market, &call, &format!("clerk{n}@example.com"), MailLanguage::Zh).await;
        }
        market.notices().catch_up().await.unwrap();
        world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        market.notices().catch_up().await.unwrap();
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (market, mailer) = (market.clone(), mailer.clone());
            nodes.spawn(async move { market.mails().send_due(&mailer).await.unwrap() });
        }
        nodes.join_all().await;
        let mut to: Vec<_> = letterbox.take().into_iter().map(|mail| mail.to).collect();
        to.sort();
        assert_eq!(to, (0..6).map(|n| format!("clerk{n}@example.com")).collect::<Vec<_>>());
    }
}
