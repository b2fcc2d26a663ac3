//! Webhooks: other systems are told what happens, as soon as it happens.
//!
//! A webhook belongs to a party, and tells of what the party may know: its own things, and all that
//! is public if it wishes so. What it is told is thin: that something happened to a thing, and where
//! that stands in the journal; whoever wants to know more reads the thing with rights of their own.
//!
//! Read this file for who registers and sees webhooks, `steps` for what is done with one, `state`
//! for what comes of a try, `deliver` for how messages go out, `queue` for how the
//! journal becomes messages, `address` for where they may go, `signature` for how they are signed.
//! The journal is the queue: what a webhook has not been told yet is what stands behind its cursor.

mod address;
mod deliver;
pub mod event;
mod key;
mod message;
pub(crate) mod message_store;
mod queue;
mod signature;
mod state;
mod steps;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::signature::Secret;
pub use self::{
    address::{AddressRules, Forbidden, Network, NotANetwork},
    deliver::{Outgoing, Sender, Sending},
    message::Try,
    state::{Answered, SendFailure},
};
use crate::{
    Actor, Call, Error, Fault, Intent, Kind, Market, Page, Paging, Party, Refusal, Timestamp, feed,
    id::WebhookId,
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::{retry, text_enum},
};

const REGISTER: Act = act("webhook.register");
const SHOW: Act = act("webhook.show");
const RUN: Act = act("webhook.run");
const DISABLE: Act = act("webhook.disable");
const ROTATE_KEY: Act = act("webhook-key.rotate");

/// The most webhooks that a party has.
pub const MAX_WEBHOOKS: i64 = 10;
/// How long an old secret signs beside the new one.
const OVERLAP_SECONDS: i64 = 24 * 3600;

text_enum! {
    /// What a webhook tells of.
    pub enum WebhookScope {
        /// What its party takes part in.
        Own = "own",
        /// That, and everything that is public.
        All = "all",
    }
}

text_enum! {
    /// Whether a webhook tells of anything.
    pub enum WebhookState {
        /// It does.
        Enabled = "enabled",
        /// It does not, until it is enabled again.
        Disabled = "disabled",
    }
}

text_enum! {
    /// Why a webhook is disabled.
    pub enum Disabled {
        /// Its party wanted so.
        Owner = "owner",
        /// The operator of the marketplace wanted so.
        Operator = "operator",
        /// It answered that it is gone for good (410).
        Gone = "gone",
        /// It has answered nothing well for five days.
        Failing = "failing",
    }
}

/// A webhook to be registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where messages go: an `https` address on the open internet, or in a network that the
    /// operator allows.
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 2000, format = "uri", example = "https://example.com/hooks")
    )]
    pub url: String,
    /// What it is for, in at most 200 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub description: String,
    /// What it tells of.
    #[serde(default = "own")]
    pub scope: WebhookScope,
    /// Only of things of these kinds; of all, if there are none.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(schema_with = told_kinds, required = false))]
    pub kinds: Vec<Kind>,
    /// Begin after this position of the journal; with what happens next, without one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub after: Option<i64>,
}

const fn own() -> WebhookScope {
    WebhookScope::Own
}

/// What changes about a webhook; what is not given stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Where messages go.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000, format = "uri"))]
    pub url: Option<String>,
    /// What it is for, in at most 200 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub description: Option<String>,
    /// What it tells of, from now on.
    pub scope: Option<WebhookScope>,
    /// Only of things of these kinds, from now on; of all, if there are none.
    #[cfg_attr(feature = "openapi", schema(schema_with = told_kinds_if_any, required = false))]
    pub kinds: Option<Vec<Kind>>,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub party: Party,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it tells of.
    pub scope: WebhookScope,
    /// Only of things of these kinds; of all, if there are none.
    pub kinds: Vec<Kind>,
    /// Whether it tells of anything.
    pub state: WebhookState,
    /// Why not.
    pub why: Option<Disabled>,
    /// Since when it has answered nothing well, if so.
    pub failing_since: Option<Timestamp>,
    /// Up to here the journal was made into messages, of which some may still wait.
    pub cursor: i64,
    /// Until when messages are signed with the secret before the last, too.
    pub old_secret_until: Option<Timestamp>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A webhook with its new secret, which is shown this once and does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What its messages are signed with (`whsec_…`); keep it safe, it is not shown again.
    pub secret: String,
}

impl fmt::Debug for WithSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithSecret").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

/// The webhooks of a market.
#[derive(Debug, Clone, Copy)]
pub struct Webhooks<'m>(pub(crate) &'m Market);

impl Webhooks<'_> {
    /// Registers a webhook of the actor's party. It is not kept under an idempotency key, since
    /// that would keep the secret in the answer.
    pub async fn register(&self, call: &Call, new: NewWebhook) -> Result<WithSecret, Error> {
        REGISTER.admits(&call.actor)?;
        let mut faults = Vec::new();
        self.0.webhook_rules.url("/url", &new.url, &mut faults);
        check_text("/description", &new.description, 0, 200, &mut faults);
        check_kinds(&new.kinds, &mut faults);
        // Whatever happened before is not told of, unless it is asked for.
        if call.intent == Intent::Do {
            self.0.number().await?;
        }
        let last = self.0.db.journal_last().await?;
        check_cursor("/after", new.after, last, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| self.register_once(call, &new, new.after.unwrap_or(last))).await
    }

    async fn register_once(
        &self,
        call: &Call,
        new: &NewWebhook,
        cursor: i64,
    ) -> Result<WithSecret, Error> {
        let mut tx = self.0.work_for(call).await?;
        if tx.count_webhooks_for_update().await? >= MAX_WEBHOOKS {
            return Err(Refusal::TooManyWebhooks.into());
        }
        let secret = Secret::new(&self.0.env);
        let webhook = Webhook {
            id: WebhookId(self.0.env.id()),
            party: call.actor.party.clone(),
            url: new.url.clone(),
            description: new.description.trim().to_owned(),
            scope: new.scope,
            kinds: new.kinds.clone(),
            state: WebhookState::Enabled,
            why: None,
            failing_since: None,
            cursor,
            old_secret_until: None,
            version: 1,
            created_at: tx.at,
            updated_at: tx.at,
        };
        let kept = secret.to_keep(self.0.signing(), webhook.id)?;
        tx.insert_webhook(&webhook, &kept).await?;
        tx.record_webhook(&webhook, "webhook_registered").await?;
        tx.finish(()).await?;
        Ok(WithSecret { webhook, secret: secret.reveal() })
    }

    /// The webhooks of the actor's party, newest first; the operator sees everybody's.
    pub async fn list(&self, actor: &Actor, paging: &Paging) -> Result<Page<Webhook>, Error> {
        let of = Some(&actor.party).filter(|party| **party != Party::Operator);
        let found = self.0.db.webhooks(of, paging).await?;
        Ok(paging.page(found, |webhook| webhook.id.to_string()))
    }

    /// All webhooks of the actor's own party, newest first: there are but a few.
    pub async fn own(&self, actor: &Actor) -> Result<Vec<Webhook>, Error> {
        self.0.db.webhooks(Some(&actor.party), &Paging::default()).await
    }

    /// Reads a webhook that the actor may know of.
    pub async fn get(&self, actor: &Actor, id: WebhookId) -> Result<Webhook, Error> {
        let webhook = self.0.db.webhook(id).await?.webhook;
        webhook.permits(SHOW, actor)?;
        Ok(webhook)
    }

    /// What was sent to a webhook and what came back, newest first; kept for 30 days, and no more
    /// than a thousand of one webhook.
    pub async fn tries(
        &self,
        actor: &Actor,
        id: WebhookId,
        paging: &Paging,
    ) -> Result<Page<Try>, Error> {
        self.0.db.webhook(id).await?.webhook.permits(RUN, actor)?;
        let found = self.0.db.tries(id, paging).await?;
        Ok(paging.page(found, |one| one.id.to_string()))
    }
}

impl Webhook {
    /// How an actor stands to it.
    fn relation(&self, actor: &Actor) -> Relation {
        Relation::party_if(self.party == actor.party)
    }

    /// In which state who may do something with it is decided: the operator's own is run by the
    /// operator.
    fn stands(&self) -> &'static str {
        match self.party {
            Party::Operator => "of_operator",
            _ => self.state.as_str(),
        }
    }

    fn permits(&self, act: Act, actor: &Actor) -> Result<(), Error> {
        act.permits(actor, self.relation(actor), self.stands()).map(drop)
    }
}

/// Kinds of which webhooks tell, as the API describes them.
#[cfg(feature = "openapi")]
fn told_kinds() -> utoipa::openapi::Array {
    let kinds = utoipa::openapi::ArrayBuilder::new().items(feed::one_of(event::KINDS));
    kinds.unique_items(true).build()
}

/// The same, or nothing.
#[cfg(feature = "openapi")]
fn told_kinds_if_any() -> utoipa::openapi::Array {
    use utoipa::openapi::{ArrayBuilder, Type, schema::SchemaType};
    let types = SchemaType::from_iter([Type::Array, Type::Null]);
    ArrayBuilder::from(told_kinds()).schema_type(types).build()
}

fn check_kinds(kinds: &[Kind], faults: &mut Vec<Fault>) {
    feed::check_kinds(kinds, event::KINDS, |index| format!("/kinds/{index}"), faults);
}

fn check_cursor(pointer: &str, after: Option<i64>, last: i64, faults: &mut Vec<Fault>) {
    if after.is_some_and(|after| !(0..=last).contains(&after)) {
        let message = format!("must be a position of the journal, from 0 to {last}");
        faults.push(Fault::new(pointer, "range", message));
    }
}
