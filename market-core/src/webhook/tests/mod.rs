//! Who is told of what, in which order, how often, and what becomes of those who do not listen;
//! `owners` has what parties do with their webhooks, `turns` what is done while messages go out.

mod owners;
mod turns;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use futures::FutureExt;
use serde_json::Value;

use super::*;
use crate::{
    Market,
    id::PersonId,
    store::journal::Entry,
    testing::{market, on_both},
};
/// A receiver that answers as it is told, and remembers what it got.
#[derive(Debug, Default)]
struct Receiver {
    got: Mutex<Vec<Outgoing>>,
    answers: Mutex<VecDeque<Result<u16, SendFailure>>>,
    /// Answers that never come.
    hangs: bool,
}

impl Receiver {
    fn answering(answers: &[Result<u16, SendFailure>]) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.to_vec().into()), ..Self::default() })
    }

    fn hanging() -> Arc<Self> {
        Arc::new(Self { hangs: true, ..Self::default() })
    }

    /// The ids of what it got, in order.
    fn ids(&self) -> Vec<String> {
        self.got.lock().unwrap().iter().map(|one| header(one, "webhook-id")).collect()
    }

    fn take(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    /// What happened to which thing, as it was told, in order.
    fn told(&self) -> Vec<String> {
        let told = |one: &Outgoing| {
            let body: Value = serde_json::from_str(&one.body).unwrap();
            format!("{} {}", body["type"].as_str().unwrap(), body["data"]["id"].as_str().unwrap())
        };
        self.got.lock().unwrap().iter().map(told).collect()
    }
}

impl Sender for Receiver {
    fn send(&self, message: Outgoing) -> Sending {
        self.got.lock().unwrap().push(message);
        if self.hangs {
            return std::future::pending().boxed();
        }
        let status = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(200));
        let answered = Answered { status, text: "\u{fffd}ok".to_owned(), millis: 7 };
        std::future::ready(answered).boxed()
    }
}

fn header(message: &Outgoing, name: &str) -> String {
    message.headers.iter().find(|(known, _)| *known == name).unwrap().1.clone()
}

/// An agency, as which somebody calls.
fn party(n: u128) -> Call {
    let agency = Party::Agency(crate::id::AgencyId(uuid::Uuid::from_u128(n)));
    Actor::new(PersonId(uuid::Uuid::from_u128(n)), agency).into()
}

fn new(url: &str) -> NewWebhook {
    NewWebhook {
        url: url.to_owned(),
        description: String::new(),
        scope: WebhookScope::Own,
        kinds: vec![Kind::Agency],
        after: None,
    }
}

const URL: &str = "https://receiver.example/hooks";

/// Notes that something happened to an agency.
async fn happens(market: &Market, call: &Call, version: i64) {
    let Party::Agency(id) = call.actor.party else { panic!("no agency") };
    let mut tx = market.work().await.unwrap();
    let at = tx.at;
    let entry = Entry::new(Kind::Agency, &id, version, "agency_changed");
    tx.record(entry, at).await.unwrap();
    tx.finish(()).await.unwrap();
}

/// Delivers all that is due, and says how many turns that took.
async fn deliver(market: &Market, receiver: &Arc<Receiver>) -> u64 {
    market.feed().catch_up_parties().await.unwrap();
    let sender: Arc<dyn Sender> = receiver.clone();
    market.webhooks().deliver_due(&sender).await.unwrap()
}

fn later(market: &Market, seconds: i64) {
    market.env().set(market.env().now().plus_seconds(seconds));
}

async fn tries(market: &Market, call: &Call, id: WebhookId) -> Vec<Try> {
    let paging = Paging { after: None, limit: 100 };
    market.webhooks().tries(&call.actor, id, &paging).await.unwrap().items
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

on_both! {
    async fn what_happens_is_told_once_and_signed(url: &str) {
        let market = market(url).await;
        let (call, receiver) = (party(1), Receiver::answering(&[]));
        happens(&market, &call, 1).await;
        let made = market.webhooks().register(&call, new(URL)).await.unwrap();
        for version in 2..=3 {
            happens(&market, &call, version).await;
        }
        happens(&market, &party(2), 1).await;
        deliver(&market, &receiver).await;
        deliver(&market, &receiver).await;
        let got = receiver.take();
        assert_eq!(got.len(), 2);
        for (message, version) in got.iter().zip(2..) {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            assert_eq!(body["type"], "agency.agency_changed");
            assert_eq!(body["data"]["version"], version);
            assert_eq!(header(message, "webhook-id"), format!("evt_{}", body["data"]["cursor"]));
            assert_eq!(body["timestamp"], market.env().now().to_string());
            assert!(message.body.len() < 20_000);
            let signature = header(message, "webhook-signature");
            let id = header(message, "webhook-id");
            let at = market.env().now().micros() / 1_000_000;
            let oracle = standardwebhooks::Webhook::new(&made.secret).unwrap();
            let expected = oracle.sign(&id, at, message.body.as_bytes()).unwrap();
            let (v1, v1a) = signature.split_once(' ').unwrap();
            assert_eq!(v1, expected);
            assert!(v1a.starts_with("v1a,"));
        }
        let kept = tries(&market, &call, made.webhook.id).await;
        assert_eq!(kept.len(), 2);
        assert_eq!((kept[0].status, kept[0].number, kept[0].millis), (Some(200), 1, 7));
    }

    async fn failures_come_again_by_the_schedule(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let receiver = Receiver::answering(&[Ok(500), Ok(302), Ok(404), Ok(429),
            Err(SendFailure::Timeout), Err(SendFailure::Broken), Ok(301), Ok(503), Ok(308),
            Err(SendFailure::Unreachable)]);
        let made = market.webhooks().register(&call, new(URL)).await.unwrap();
        happens(&market, &call, 1).await;
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids().len(), 1);
        for (done, wait) in state::SCHEDULE.iter().enumerate() {
            later(&market, wait - 1);
            deliver(&market, &receiver).await;
            assert_eq!(receiver.ids().len(), done + 1, "before {wait} seconds");
            later(&market, 1);
            deliver(&market, &receiver).await;
            assert_eq!(receiver.ids().len(), done + 2, "after {wait} seconds");
        }
        later(&market, 48 * 3600);
        deliver(&market, &receiver).await;
        let ids = receiver.ids();
        assert_eq!(ids.len(), 10);
        assert!(ids.iter().all(|id| *id == ids[0]));
        let kept = tries(&market, &call, made.webhook.id).await;
        let outcomes: Vec<_> = kept.iter().map(|one| (one.number, one.status, one.failure)).collect();
        assert_eq!(outcomes[0], (10, None, Some(SendFailure::Unreachable)));
        assert_eq!(outcomes[9], (1, Some(500), None));
        // The next one is told as if nothing had been.
        happens(&market, &call, 2).await;
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids().len(), 11);
        let webhook = market.webhooks().get(&call.actor, made.webhook.id).await.unwrap();
        assert_eq!((webhook.state, webhook.failing_since), (WebhookState::Enabled, None));
    }

    async fn one_thing_keeps_its_order_and_others_go_on(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let all = NewWebhook { scope: WebhookScope::All, kinds: Vec::new(), ..new(URL) };
        let receiver = Receiver::answering(&[Ok(500)]);
        market.webhooks().register(&call, all).await.unwrap();
        deliver(&market, &receiver).await;
        // Its own registration was told of, and failed.
        assert_eq!(receiver.take().len(), 1);
        receiver.answers.lock().unwrap().extend([Ok(200), Ok(500)]);
        later(&market, 5);
        deliver(&market, &receiver).await;
        receiver.take();
        for version in 1..=3 {
            happens(&market, &call, version).await;
        }
        deliver(&market, &receiver).await;
        let Party::Agency(id) = &call.actor.party else { panic!() };
        assert_eq!(receiver.told(), [format!("agency.agency_changed {id}")]);
        receiver.answers.lock().unwrap().clear();
        receiver.answers.lock().unwrap().push_back(Ok(500));
        later(&market, 5);
        deliver(&market, &receiver).await;
        let first = receiver.ids()[0].clone();
        assert_eq!(receiver.ids(), [first.clone(), first.clone()]);
        // The rest is short, the next try far: what is about another thing does not wait for it.
        let mut tx = market.work().await.unwrap();
        let at = tx.at;
        tx.record(Entry::new(Kind::Matter, &"m", 1, "matter_created").public(), at).await.unwrap();
        tx.finish(()).await.unwrap();
        later(&market, 20);
        deliver(&market, &receiver).await;
        assert_eq!(receiver.told()[2..], ["matter.matter_created m".to_owned()]);
        later(&market, 300);
        deliver(&market, &receiver).await;
        let versions: Vec<_> = receiver.take()[3..].iter().map(|one| {
            serde_json::from_str::<Value>(&one.body).unwrap()["data"]["version"].as_i64().unwrap()
        }).collect();
        assert_eq!(versions, [1, 2, 3]);
    }

    async fn who_is_gone_is_asked_no_more(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let receiver = Receiver::answering(&[Ok(410)]);
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        happens(&market, &call, 1).await;
        happens(&market, &call, 2).await;
        deliver(&market, &receiver).await;
        later(&market, 10 * 24 * 3600);
        deliver(&market, &receiver).await;
        assert_eq!(receiver.ids().len(), 1);
        let webhook = market.webhooks().get(&call.actor, id).await.unwrap();
        assert_eq!((webhook.state, webhook.why), (WebhookState::Disabled, Some(Disabled::Gone)));
        let own = market.feed().own_after(&call.actor, 0, 100).await.unwrap();
        assert_eq!(own.items.last().unwrap().event, "webhook_disabled");
        assert_eq!(refusal(market.webhooks().ping(&call, id).await), Refusal::WebhookDisabled);
        // Once it is back it hears of everything, in order.
        market.webhooks().enable(&call, id).await.unwrap();
        assert_eq!(refusal(market.webhooks().enable(&call, id).await), Refusal::WebhookEnabled);
        deliver(&market, &receiver).await;
        let ids = receiver.ids();
        assert_eq!((ids.len(), &ids[0]), (3, &ids[1]));
        assert!(ids[1] < ids[2]);
    }

    async fn who_fails_for_five_days_is_disabled(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let receiver = Receiver::answering(&[Ok(500); 100]);
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        let mut version = 0;
        let webhook = loop {
            version += 1;
            happens(&market, &call, version).await;
            deliver(&market, &receiver).await;
            let webhook = market.webhooks().get(&call.actor, id).await.unwrap();
            if webhook.state == WebhookState::Disabled || version > 150 {
                break webhook;
            }
            later(&market, 3600);
        };
        assert_eq!((webhook.why, webhook.version), (Some(Disabled::Failing), 2));
        let failing_since = webhook.failing_since.unwrap();
        // With the first try that fails after that.
        let hours = (market.env().now().micros() - failing_since.micros()) / 3_600_000_000;
        assert!((120..144).contains(&hours), "{hours}");
    }

    async fn who_is_killed_in_between_sends_the_same_again(url: &str) {
        let market = market(url).await;
        let call = party(1);
        market.webhooks().register(&call, new(URL)).await.unwrap();
        for version in 1..=3 {
            happens(&market, &call, version).await;
        }
        let hanging = Receiver::hanging();
        let sending = deliver(&market, &hanging);
        let gave_up = tokio::time::timeout(std::time::Duration::from_millis(500), sending).await;
        assert!(gave_up.is_err(), "nothing hung");
        let first = hanging.ids();
        assert_eq!(first.len(), 1);
        // Until the lease has run out, nobody else goes on.
        let receiver = Receiver::answering(&[]);
        later(&market, 29);
        assert_eq!(deliver(&market, &receiver).await, 0);
        later(&market, 1);
        deliver(&market, &receiver).await;
        let ids = receiver.ids();
        assert_eq!((ids.len(), &ids[0]), (3, &first[0]));
    }

    async fn many_nodes_deliver_each_message_once(url: &str) {
        let market = market(url).await;
        let receiver = Receiver::answering(&[]);
        let calls: Vec<Call> = (1..=6).map(party).collect();
        for call in &calls {
            market.webhooks().register(call, new(URL)).await.unwrap();
        }
        for version in 1..=25 {
            for call in &calls {
                happens(&market, call, version).await;
            }
        }
        market.feed().catch_up_parties().await.unwrap();
        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (market, sender) = (market.clone(), receiver.clone() as Arc<dyn Sender>);
            nodes.spawn(async move { market.webhooks().deliver_due(&sender).await.unwrap() });
        }
        nodes.join_all().await;
        deliver(&market, &receiver).await;
        let mut versions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for message in receiver.take() {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            let thing = body["data"]["id"].as_str().unwrap().to_owned();
            versions.entry(thing).or_default().push(body["data"]["version"].as_i64().unwrap());
        }
        assert_eq!(versions.len(), 6);
        assert!(versions.values().all(|told| told.iter().copied().eq(1..=25)), "{versions:?}");
    }

    async fn a_long_queue_stays_in_the_journal(url: &str) {
        let market = market(url).await;
        let call = party(1);
        let receiver = Receiver::answering(&[Ok(500)]);
        let id = market.webhooks().register(&call, new(URL)).await.unwrap().webhook.id;
        for version in 1..=450 {
            happens(&market, &call, version).await;
        }
        deliver(&market, &receiver).await;
        let mut tx = market.work().await.unwrap();
        assert_eq!(tx.count_waiting(id).await.unwrap(), queue::MOST_WAITING);
        tx.finish(()).await.unwrap();
        assert_eq!(refusal(market.webhooks().ping(&call, id).await), Refusal::WebhookBusy);
        later(&market, 5);
        let turns = deliver(&market, &receiver).await;
        // A few at a time: others have their turns in between.
        assert_eq!(turns, 45);
        assert_eq!(receiver.ids().len(), 451);
    }
}
