//! What is done with a webhook once it is registered.

use serde_json::json;

use super::{
    DISABLE, Disabled, OVERLAP_SECONDS, RUN, Webhook, WebhookChange, WebhookState, Webhooks,
    WithSecret, check_cursor, check_kinds, message::Message, queue, signature::Secret,
};
use crate::{
    Action, Actor, Call, Error, Kind, Refusal,
    id::WebhookId,
    kernel::{authority::Act, text::check_text},
    store::{Tx, begin, journal::Entry, retry},
};

impl Webhooks<'_> {
    /// Changes a webhook of the actor's party.
    pub async fn change(
        &self,
        call: &Call,
        id: WebhookId,
        change: WebhookChange,
    ) -> Result<Webhook, Error> {
        let mut faults = Vec::new();
        if let Some(url) = &change.url {
            self.0.webhook_rules.url("/url", url, &mut faults);
        }
        if let Some(description) = &change.description {
            check_text("/description", description, 0, 200, &mut faults);
        }
        check_kinds(change.kinds.as_deref().unwrap_or_default(), &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.change", &(id, &change));
            let mut webhook = tx.webhook_for_step(call, id, RUN).await?;
            let WebhookChange { url, description, scope, kinds } = change.clone();
            webhook.url = url.unwrap_or(webhook.url);
            webhook.description =
                description.map_or(webhook.description, |text| text.trim().to_owned());
            webhook.scope = scope.unwrap_or(webhook.scope);
            webhook.kinds = kinds.unwrap_or(webhook.kinds);
            let webhook = tx.save_webhook(webhook, "webhook_changed").await?;
            tx.finish(webhook).await
        })
        .await
    }

    /// Lets a disabled webhook tell again, of all that happened meanwhile too.
    pub async fn enable(&self, call: &Call, id: WebhookId) -> Result<Webhook, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.enable", &id);
            let mut webhook = tx.webhook_for_step(call, id, RUN).await?;
            webhook.disabled()?;
            webhook.state = WebhookState::Enabled;
            webhook.why = None;
            webhook.failing_since = None;
            let webhook = tx.save_webhook(webhook, "webhook_enabled").await?;
            tx.wake_webhook(id).await?;
            tx.try_again(id).await?;
            tx.finish(webhook).await
        })
        .await
    }

    /// Has a webhook tell of nothing, until it is enabled again; its party does, or the operator.
    pub async fn disable(&self, call: &Call, id: WebhookId) -> Result<Webhook, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.disable", &id);
            let mut webhook = tx.webhook_for_step(call, id, DISABLE).await?;
            webhook.enabled()?;
            let is_own = webhook.party == call.actor.party;
            webhook.state = WebhookState::Disabled;
            webhook.why = Some(if is_own { Disabled::Owner } else { Disabled::Operator });
            let webhook = tx.save_webhook(webhook, "webhook_disabled").await?;
            tx.finish(webhook).await
        })
        .await
    }

    /// Removes a webhook of the actor's party, with everything that is kept of its messages.
    pub async fn remove(&self, call: &Call, id: WebhookId) -> Result<(), Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.remove", &id);
            let webhook = tx.webhook_for_step(call, id, RUN).await?;
            tx.delete_webhook(webhook).await?;
            tx.finish(()).await
        })
        .await
    }

    /// Gives a webhook of the actor's party a new secret; the old one signs too for a day. Not kept
    /// under an idempotency key.
    pub async fn rotate_secret(&self, call: &Call, id: WebhookId) -> Result<WithSecret, Error> {
        retry(|| async {
            let mut tx = self.0.work_for(call).await?;
            let mut webhook = tx.webhook_for_step(call, id, RUN).await?;
            let secret = Secret::new(&self.0.env);
            let until = tx.at.plus_seconds(OVERLAP_SECONDS);
            webhook.old_secret_until = Some(until);
            tx.replace_secret(id, &secret.to_keep(self.0.signing(), id)?, until).await?;
            let webhook = tx.save_webhook(webhook, "webhook_secret_rotated").await?;
            tx.finish(()).await?;
            Ok(WithSecret { webhook, secret: secret.reveal() })
        })
        .await
    }

    /// Has everything that the journal tells after a position sent once more, under the same ids;
    /// what was not sent yet is not passed over.
    pub async fn replay(&self, call: &Call, id: WebhookId, after: i64) -> Result<Webhook, Error> {
        let mut faults = Vec::new();
        check_cursor("/after", Some(after), self.0.db.journal_last().await?, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.replay", &(id, after));
            let mut webhook = tx.webhook_for_step(call, id, RUN).await?;
            webhook.cursor = webhook.cursor.min(after);
            tx.forget_messages(id, after).await?;
            let webhook = tx.save_webhook(webhook, "webhook_replayed").await?;
            tx.wake_webhook(id).await?;
            tx.finish(webhook).await
        })
        .await
    }

    /// Sends a message that tells of nothing, to see whether it arrives; its id.
    pub async fn ping(&self, call: &Call, id: WebhookId) -> Result<String, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "webhooks.ping", &id);
            let webhook = tx.webhook_for_step(call, id, RUN).await?;
            webhook.enabled()?;
            let message = Message::ping(&webhook, self.0.env.id(), tx.at);
            if tx.count_waiting(id).await? >= queue::MOST_WAITING {
                return Err(Refusal::WebhookBusy.into());
            }
            tx.insert_message(id, &message).await?;
            tx.wake_webhook(id).await?;
            tx.finish(message.id).await
        })
        .await
    }
}

impl Webhook {
    fn enabled(&self) -> Result<(), Refusal> {
        match self.state {
            WebhookState::Enabled => Ok(()),
            WebhookState::Disabled => Err(Refusal::WebhookDisabled),
        }
    }

    fn disabled(&self) -> Result<(), Refusal> {
        match self.state {
            WebhookState::Enabled => Err(Refusal::WebhookEnabled),
            WebhookState::Disabled => Ok(()),
        }
    }

    /// What an actor may do with it now, from the same checks as the steps themselves.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let may = |act: Act| act.allows(actor.role(), self.relation(actor), self.stands());
        let (run, disable) = (may(RUN), may(DISABLE));
        vec![
            Action::of("change", run),
            Action::of("enable", run.and(self.disabled())),
            Action::of("disable", disable.and(self.enabled())),
            Action::of("remove", run),
            Action::of("rotate_secret", run),
            Action::of("replay", run),
            Action::of("ping", run.and(self.enabled())),
        ]
    }
}

impl Tx {
    /// A webhook with which the actor may do something, as the call expects it; it stays so until
    /// the end.
    async fn webhook_for_step(
        &mut self,
        call: &Call,
        id: WebhookId,
        act: Act,
    ) -> Result<Webhook, Error> {
        let webhook = self.webhook_for_update(id).await?.webhook;
        webhook.permits(act, &call.actor)?;
        match call.expected {
            Some(expected) if expected != webhook.version => Err(Error::Stale("webhook")),
            _ => Ok(webhook),
        }
    }

    /// Saves a webhook after something happened to it.
    pub(super) async fn save_webhook(
        &mut self,
        mut webhook: Webhook,
        event: &'static str,
    ) -> Result<Webhook, Error> {
        webhook.version += 1;
        webhook.updated_at = self.at_after(webhook.updated_at);
        self.update_webhook(&webhook).await?;
        self.record_webhook(&webhook, event).await?;
        Ok(webhook)
    }

    /// Notes what happened to a webhook; never where messages go, or how they are signed.
    pub(super) async fn record_webhook(
        &mut self,
        webhook: &Webhook,
        event: &'static str,
    ) -> Result<(), Error> {
        let data = json!({ "party": webhook.party.to_string(), "why": webhook.why });
        let entry = Entry::new(Kind::Webhook, &webhook.id, webhook.version, event)
            .moved(None, webhook.state.as_str())
            .data(data);
        self.record(entry, webhook.updated_at).await
    }
}
