//! What the operator is told of, and nobody else.

use std::sync::Arc;

use futures::FutureExt;

use super::*;
use crate::{
    Env, Mode, Refusal,
    account::Identity,
    case::Fund,
    kernel::sealing::ServerKey,
    mail::{Mail, MailFailure, MailLanguage, Mailer, Mailing, NewMailbox},
    purchase::tests::world::{World, acting, limits, notice, operator},
    testing::{member, on_both},
    webhook::{NewWebhook, WebhookScope},
};

/// A server of mail that knows nobody.
#[derive(Debug)]
struct Refusing;

impl Mailer for Refusing {
    fn send(&self, _: Mail) -> Mailing {
        std::future::ready(Err(MailFailure::Refused("550 no such user".to_owned()))).boxed()
    }
}

fn timer(jobs: &Jobs, kind: TimerKind) -> &Timer {
    jobs.timers.iter().find(|one| one.kind == kind).unwrap()
}

#[test]
fn what_tells_whose_it_is_is_left_out() {
    for (address, shown) in
        [("wang@example.com", "w***@example.com"), ("@x.cn", "***@x.cn"), ("nobody", "***")]
    {
        assert_eq!(masked(address), shown);
    }
    for (url, shown) in [
        ("https://receiver.example/hooks/secret?token=1", "receiver.example"),
        ("https://user:word@receiver.example:8443#x", "receiver.example:8443"),
        ("receiver.example", "receiver.example"),
    ] {
        assert_eq!(host(url), shown);
    }
}

on_both! {
    async fn a_step_that_nobody_takes_is_overdue(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let (market, actor) = (&world.market, operator().actor);
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        let closes = open.notice.closes_at;
        let jobs = market.jobs(&actor).await.unwrap();
        let purchases = timer(&jobs, TimerKind::Purchase);
        assert_eq!((purchases.overdue.len(), purchases.next), (0, Some(closes)));
        market.env().set(closes.plus_seconds(90));
        let jobs = market.jobs(&actor).await.unwrap();
        let step = OverdueStep {
            kind: TimerKind::Purchase, id: open.id.to_string(), since: closes,
        };
        assert_eq!(timer(&jobs, TimerKind::Purchase).overdue, [step]);
        assert_eq!(timer(&jobs, TimerKind::Order).overdue, []);
        market.timers().run_due().await.unwrap();
        let jobs = market.jobs(&actor).await.unwrap();
        assert_eq!(timer(&jobs, TimerKind::Purchase).overdue, []);

        let department = acting(Party::Department("market-regulation".parse().unwrap()));
        for other in [&world.owner, world.agency(0), &department] {
            let refused = market.jobs(&other.actor).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorOnly))), "{refused:?}");
        }
    }

    async fn what_fails_is_told_without_secrets(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let server_key = Some(ServerKey::new(&Env::real()));
        let identity = Arc::new(Identity { server_key, ..Identity::default() });
        let market = Market { identity, ..world.market.clone() };
        let actor = operator().actor;
        let jobs = market.jobs(&actor).await.unwrap();
        assert_eq!((jobs.webhooks.len(), jobs.mail.len(), jobs.scans.waiting), (0, 0, 0));
        assert!(jobs.sends_mail && !jobs.scans.has_scanner);

        let agency = world.agency(0);
        let new = NewWebhook {
            url: "https://receiver.example/hooks/hidden-path".to_owned(),
            description: String::new(),
            scope: WebhookScope::Own,
            kinds: Vec::new(),
            after: None,
        };
        let made = market.webhooks().register(agency, new).await.unwrap().webhook;
        assert_eq!(market.jobs(&actor).await.unwrap().webhooks, [], "it is well");
        market.webhooks().disable(agency, made.id).await.unwrap();
        let mailbox = NewMailbox {
            address: "wang@example.com".to_owned(), language: MailLanguage::Zh, wanted: true,
        };
        let reader = member(&market, "wang", &Party::Operator).await;
        market.mails().set(&reader, mailbox).await.unwrap();
        let mailer: Arc<dyn Mailer> = Arc::new(Refusing);
        market.mails().send_due(&mailer).await.unwrap();

        let jobs = market.jobs(&actor).await.unwrap();
        let trouble = &jobs.webhooks[0];
        assert_eq!((trouble.id, trouble.disabled), (made.id, Some(Disabled::Owner)));
        assert_eq!((trouble.host.as_str(), &trouble.party), ("receiver.example", &agency.actor.party));
        assert_eq!(jobs.mail[0].masked, "w***@example.com");
        assert!(jobs.mail[0].refused_since.is_some());
        let told = format!("{jobs:?}");
        assert!(!told.contains("hidden-path") && !told.contains("wang@"), "{told}");
    }
}
