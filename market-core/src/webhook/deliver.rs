//! How messages go out. Of many nodes, one delivers to a webhook at a time: it leases the webhook,
//! sends a few messages one after the other, notes after each what came of it, and leaves the rest
//! to the next turn, so that nobody who answers slowly, or has much to be told, holds others up.
//!
//! Who is killed between sending and noting has sent what will be sent again, under the same id.

use std::{
    convert::Infallible,
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{
    Answered, Disabled, SendFailure, WebhookState, Webhooks,
    message::Message,
    message_store::After,
    signature::{Secret, signatures},
    state::{Outcome, is_hopeless, next_try, rest},
    store::Stored,
};
use crate::{
    Error, Market, Timestamp,
    id::{WebhookId, WebhookTryId},
    signing::SigningKey,
    store::{Tx, retry},
};

/// How often to look without a sign.
const POLL: Duration = Duration::from_secs(1);
/// To so many webhooks one node delivers at once.
const CONCURRENCY: usize = 16;
/// So many messages go out in one turn,
const TURN: usize = 10;
/// and for so long; the last of them may still take its time.
const TURN_TIME: Duration = Duration::from_secs(10);
/// By so much the clock of a node may be behind that of the database.
const SKEW_SECONDS: i64 = 60;
/// The longest that one message takes, from the question for the address to the answer's end.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long to wait for who holds a webhook that is due: to change it, say.
const HELD: Duration = Duration::from_millis(5);
/// How often old messages are swept away.
const SWEEP: Duration = Duration::from_hours(1);
/// For how long what was sent is kept.
const KEEP_SECONDS: i64 = 30 * 24 * 3600;

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where it goes.
    pub url: String,
    /// Its headers, by Standard Webhooks.
    pub headers: Vec<(&'static str, String)>,
    /// Its body, in JSON.
    pub body: String,
}

/// What a receiver will have given back.
pub type Sending = BoxFuture<'static, Answered>;

/// What takes messages to where they go. It sends to an address that [`super::AddressRules`] allow
/// and to no other, follows no redirects, and reads no more of the answer than a kilobyte.
pub trait Sender: Debug + Send + Sync {
    /// Sends a message once.
    fn send(&self, message: Outgoing) -> Sending;
}

/// A message that was sent, and what came of it.
#[derive(Debug)]
struct Done {
    message: Message,
    answered: Answered,
    at: Timestamp,
}

/// What a turn does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Send,
    End,
}

impl Webhooks<'_> {
    /// Delivers until it is dropped. What fails is tried again.
    pub async fn follow(&self, sender: Arc<dyn Sender>) -> Infallible {
        let (mut turns, mut swept) = (JoinSet::new(), None::<Instant>);
        loop {
            let changed = self.0.wake.notified();
            if swept.is_none_or(|at| at.elapsed() > SWEEP) {
                swept = Some(Instant::now());
                self.sweep().await.unwrap_or_else(|why| tracing::warn!("nothing is swept: {why}"));
            }
            while turns.len() < CONCURRENCY {
                match self.lease().await {
                    Ok(Some((id, lease))) => {
                        turns.spawn(turn(self.0.clone(), sender.clone(), id, lease));
                    }
                    Ok(None) => break,
                    Err(why) => {
                        tracing::warn!("webhooks are not delivered to: {why}");
                        sleep(POLL).await;
                        break;
                    }
                }
            }
            tokio::select! {
                _ = turns.join_next(), if !turns.is_empty() => {}
                _ = timeout(POLL, changed), if turns.len() < CONCURRENCY => {}
            }
        }
    }

    /// Delivers everything that is due now, one webhook after the other, and says how many turns
    /// that took.
    pub async fn deliver_due(&self, sender: &Arc<dyn Sender>) -> Result<u64, Error> {
        let mut turns = 0;
        loop {
            let now = self.0.env.now();
            if let Some((id, lease)) = self.lease().await? {
                self.turn(sender, id, lease).await?;
                turns += 1;
            } else if self.0.db.has_due_webhook(now, now).await? {
                // Whoever leases passes over what somebody holds, even one who was refused and is
                // about to let go.
                sleep(HELD).await;
            } else {
                return Ok(turns);
            }
        }
    }

    async fn lease(&self) -> Result<Option<(WebhookId, Uuid)>, Error> {
        let now = self.0.env.now();
        if !self.0.db.has_due_webhook(now.plus_seconds(SKEW_SECONDS), now).await? {
            return Ok(None);
        }
        let lease = self.0.env.id();
        retry(|| async {
            let mut tx = self.0.work().await?;
            let leased = tx.lease_webhook(lease).await?;
            match leased {
                Some(id) => tx.finish(Some((id, lease))).await,
                None => Ok(None),
            }
        })
        .await
    }

    async fn turn(
        &self,
        sender: &Arc<dyn Sender>,
        id: WebhookId,
        lease: Uuid,
    ) -> Result<(), Error> {
        let keys = self.server_keys().await?;
        let (began, mut sent, mut done) = (Instant::now(), 0, None::<Done>);
        loop {
            let failed = done.as_ref().is_some_and(|done| !done.is_delivered());
            let may_send = sent < TURN && began.elapsed() < TURN_TIME && !failed;
            let next = if may_send { Next::Send } else { Next::End };
            let due = retry(|| self.step(id, lease, done.as_ref(), next, &keys)).await?;
            let Some((message, outgoing, at)) = due else { return Ok(()) };
            let answered = timeout(PATIENCE, sender.send(outgoing)).await;
            let answered = answered.unwrap_or_else(|_| Answered::too_late());
            (sent, done) = (sent + 1, Some(Done { message, answered, at }));
        }
    }

    /// Notes what came of a message, and takes the next one or ends the turn. Where the lease was
    /// lost, whoever has it now sends the message again.
    async fn step(
        &self,
        id: WebhookId,
        lease: Uuid,
        done: Option<&Done>,
        next: Next,
        keys: &[SigningKey],
    ) -> Result<Option<(Message, Outgoing, Timestamp)>, Error> {
        let mut tx = self.0.work().await?;
        tx.settle_time().await?;
        let Some(mut stored) = tx.leased_webhook(id, lease).await? else { return Ok(None) };
        if let Some(done) = done {
            tx.note(&mut stored, done, WebhookTryId(self.0.env.id())).await?;
        }
        if stored.webhook.state == WebhookState::Disabled {
            tx.release_webhook(id, None).await?;
            return tx.finish(()).await.map(|()| None);
        }
        let has_more = tx.queue(&mut stored).await?;
        tx.keep_progress(&stored).await?;
        let now = tx.at;
        let waiting = tx.next_message(id).await?;
        let due_at = waiting.as_ref().map(|message| match stored.paused_until {
            Some(until) => message.due_at.max(until),
            None => message.due_at.max(now),
        });
        match waiting {
            Some(mut message) if next == Next::Send && due_at <= Some(now) => {
                tx.renew_lease(id, lease).await?;
                tx.finish(()).await?;
                let secrets = stored.secrets(self.0.signing(), now)?;
                let outgoing = outgoing(&stored, &message, now, (&secrets, keys))?;
                message.tries += 1;
                Ok(Some((message, outgoing, now)))
            }
            _ => {
                tx.release_webhook(id, due_at.or(has_more.then_some(now))).await?;
                tx.finish(()).await.map(|()| None)
            }
        }
    }

    /// Deletes what was sent long ago.
    pub async fn sweep(&self) -> Result<(), Error> {
        let before = self.0.env.now().plus_seconds(-KEEP_SECONDS);
        loop {
            let swept = retry(|| async {
                let mut tx = self.0.work().await?;
                let swept = tx.sweep_messages(before).await?;
                tx.finish(swept).await
            });
            if swept.await? == 0 {
                return Ok(());
            }
        }
    }
}

async fn turn(market: Market, sender: Arc<dyn Sender>, id: WebhookId, lease: Uuid) {
    if let Err(why) = market.webhooks().turn(&sender, id, lease).await {
        // Somebody goes on when the lease has run out.
        tracing::warn!(webhook = %id, "a turn of delivering failed: {why}");
    }
}

/// A message, signed at a time.
fn outgoing(
    stored: &Stored,
    message: &Message,
    now: Timestamp,
    (secrets, keys): (&[Secret], &[SigningKey]),
) -> Result<Outgoing, Error> {
    let (body, timestamp) = (message.body(), now.micros() / 1_000_000);
    let signature = signatures(&message.id, timestamp, &body, secrets, keys)?;
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-id", message.id.clone()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature),
    ];
    Ok(Outgoing { url: stored.webhook.url.clone(), headers, body })
}

impl Answered {
    fn too_late() -> Self {
        let millis = i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX);
        Self { status: Err(SendFailure::Timeout), text: String::new(), millis }
    }
}

impl Done {
    fn is_delivered(&self) -> bool {
        self.answered.outcome() == Outcome::Delivered
    }
}

impl Tx {
    /// Notes what came of a message, for it and for its webhook.
    async fn note(
        &mut self,
        stored: &mut Stored,
        done: &Done,
        id: WebhookTryId,
    ) -> Result<(), Error> {
        let Done { message, answered, at } = done;
        let (now, webhook) = (self.at, stored.webhook.id);
        self.insert_try(id, webhook, message, answered, *at).await?;
        let outcome = answered.outcome();
        let after = match (outcome, next_try(message.tries, now)) {
            (Outcome::Delivered, _) => After::Delivered,
            (Outcome::Gone, _) => After::Again(now),
            (Outcome::Failed, Some(due_at)) => After::Again(due_at),
            (Outcome::Failed, None) => After::GivenUp,
        };
        self.keep_message(webhook, message, after).await?;
        if outcome == Outcome::Delivered {
            stored.webhook.failing_since = None;
            (stored.failures, stored.paused_until) = (0, None);
            return Ok(());
        }
        let failing_since = *stored.webhook.failing_since.get_or_insert(now);
        stored.failures += 1;
        stored.paused_until = Some(rest(stored.failures, now));
        let why = match outcome {
            Outcome::Gone => Some(Disabled::Gone),
            _ => Some(Disabled::Failing).filter(|_| is_hopeless(failing_since, now)),
        };
        // Who was disabled meanwhile stays so, for the reason that it was.
        if why.is_some() && stored.webhook.state == WebhookState::Enabled {
            self.keep_progress(stored).await?;
            stored.webhook.state = WebhookState::Disabled;
            stored.webhook.why = why;
            stored.webhook = self.save_webhook(stored.webhook.clone(), "webhook_disabled").await?;
        }
        Ok(())
    }
}
