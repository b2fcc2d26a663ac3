//! Where webhooks and the server's keys are kept, and who delivers now.

use serde_json::json;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Disabled, Webhook, WebhookScope, WebhookState, signature::Secret};
use crate::{
    Error, Kind, Paging, Party, Timestamp,
    id::WebhookId,
    signing::Signing,
    store::{Db, Tx, journal::Entry, statements},
};

/// How long a lease lasts: longer than one message takes, for after each it is given anew.
const LEASE_SECONDS: i64 = 30;

statements! {
    INSERT = "\
        insert into webhooks (id, party, url, description, scope, kinds, state, secret, pos, \
        due_at, version, created_at, updated_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    WEBHOOKS = "\
        select id, party, url, description, scope, kinds, state, why, secret, old_secret, \
        old_secret_until, failing_since, failures, paused_until, pos, version, created_at, \
        updated_at from webhooks where true";
    // Webhooks are registered one after the other: there are few.
    LOCK = "select pos from followers where name = 'parties'";
    COUNT = "select cast(count(*) as bigint) from webhooks where party = $1";
    UPDATE = "\
        update webhooks set url = $2, description = $3, scope = $4, kinds = $5, state = $6, \
        why = $7, failing_since = $8, pos = $9, old_secret_until = $10, version = $11, \
        updated_at = $12 where id = $1 and version = $11 - 1";
    REPLACE_SECRET = "\
        update webhooks set old_secret = secret, secret = $2, old_secret_until = $3 where id = $1";
    WAKE = "\
        update webhooks set due_at = $2, failures = 0, paused_until = null \
        where id = $1 and state = 'enabled'";
    DELETE = "delete from webhooks where id = $1";

    // Of a party that is disabled nobody is told anything.
    SOON = "\
        select id from webhooks where due_at <= $1 and state = 'enabled' \
        and (leased_until is null or leased_until <= $2) \
        and party not in (select party from parties where disabled) limit 1";
    DUE = "\
        select id from webhooks where due_at <= $1 and state = 'enabled' \
        and (leased_until is null or leased_until <= $1) \
        and party not in (select party from parties where disabled) order by due_at, id limit 1";
    LEASE = "update webhooks set lease = $2, leased_until = $3 where id = $1";
    PROGRESS = "\
        update webhooks set pos = $2, failing_since = $3, failures = $4, paused_until = $5 \
        where id = $1";
    RELEASE = "update webhooks set lease = null, leased_until = null, due_at = $2 where id = $1";
}

/// A webhook with what nobody is shown.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) webhook: Webhook,
    /// As they are kept ([`Signing::to_keep`]).
    secret: String,
    old_secret: Option<String>,
    /// How often in a row it did not answer well.
    pub(super) failures: i64,
    /// Until when it rests.
    pub(super) paused_until: Option<Timestamp>,
}

impl Stored {
    /// The secrets that sign at a time, the newest first.
    pub(super) fn secrets(
        &self,
        signing: Signing<'_>,
        now: Timestamp,
    ) -> Result<Vec<Secret>, Error> {
        let name = self.webhook.id.to_string();
        let overlaps = self.webhook.old_secret_until.is_some_and(|until| until > now);
        let old = self.old_secret.as_ref().filter(|_| overlaps);
        let kept = std::iter::once(&self.secret).chain(old);
        kept.map(|kept| Ok(Secret::kept(signing.kept(&name, kept)?.to_string()))).collect()
    }
}

#[derive(FromRow)]
struct WebhookRow {
    id: WebhookId,
    party: String,
    url: String,
    description: String,
    scope: WebhookScope,
    kinds: Json<Vec<Kind>>,
    state: WebhookState,
    why: Option<Disabled>,
    secret: String,
    old_secret: Option<String>,
    old_secret_until: Option<Timestamp>,
    failing_since: Option<Timestamp>,
    failures: i64,
    paused_until: Option<Timestamp>,
    pos: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<WebhookRow> for Stored {
    type Error = Error;

    fn try_from(row: WebhookRow) -> Result<Self, Error> {
        let webhook = Webhook {
            id: row.id,
            party: row.party.parse().map_err(|_| Error::Inconsistent("webhook"))?,
            url: row.url,
            description: row.description,
            scope: row.scope,
            kinds: row.kinds.0,
            state: row.state,
            why: row.why,
            failing_since: row.failing_since,
            cursor: row.pos,
            old_secret_until: row.old_secret_until,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Self {
            webhook,
            secret: row.secret,
            old_secret: row.old_secret,
            failures: row.failures,
            paused_until: row.paused_until,
        })
    }
}

impl Tx {
    /// How many webhooks the actor's party has; nobody registers one until the end.
    pub(super) async fn count_webhooks_for_update(&mut self) -> Result<i64, Error> {
        let party = self.actor.party.to_string();
        self.query(LOCK).pg(" for update").one::<(i64,)>().await?;
        let (count,): (i64,) = self.query(COUNT).bind(party).one().await?;
        Ok(count)
    }

    pub(super) async fn insert_webhook(
        &mut self,
        webhook: &Webhook,
        secret: &str,
    ) -> Result<(), Error> {
        let due_at = self.at;
        self.query(INSERT)
            .bind(webhook.id)
            .bind(webhook.party.to_string())
            .bind(&webhook.url)
            .bind(&webhook.description)
            .bind(webhook.scope)
            .bind(Json(&webhook.kinds))
            .bind(webhook.state)
            .bind(secret)
            .bind(webhook.cursor)
            .bind(due_at)
            .bind(webhook.version)
            .bind(webhook.created_at)
            .bind(webhook.updated_at)
            .execute()
            .await
            .map(drop)
    }

    /// A webhook that stays as it is until the end.
    pub(super) async fn webhook_for_update(&mut self, id: WebhookId) -> Result<Stored, Error> {
        let query = self.query(WEBHOOKS).with(" and id = ", id).pg(" for update");
        let row: Option<WebhookRow> = query.optional().await?;
        row.ok_or(Error::NotFound("webhook"))?.try_into()
    }

    pub(super) async fn update_webhook(&mut self, webhook: &Webhook) -> Result<(), Error> {
        let saved = self
            .query(UPDATE)
            .bind(webhook.id)
            .bind(&webhook.url)
            .bind(&webhook.description)
            .bind(webhook.scope)
            .bind(Json(&webhook.kinds))
            .bind(webhook.state)
            .bind(webhook.why)
            .bind(webhook.failing_since)
            .bind(webhook.cursor)
            .bind(webhook.old_secret_until)
            .bind(webhook.version)
            .bind(webhook.updated_at)
            .execute()
            .await?;
        if saved == 1 { Ok(()) } else { Err(Error::Stale("webhook")) }
    }

    /// Has another secret sign, beside the one before until a time.
    pub(super) async fn replace_secret(
        &mut self,
        id: WebhookId,
        secret: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        let query = self.query(REPLACE_SECRET).bind(id).bind(secret).bind(until);
        query.execute().await.map(drop)
    }

    /// Has an enabled webhook looked at now, without rest.
    pub(super) async fn wake_webhook(&mut self, id: WebhookId) -> Result<(), Error> {
        let at = self.at;
        self.query(WAKE).bind(id).bind(at).execute().await.map(drop)
    }

    pub(super) async fn delete_webhook_row(&mut self, id: WebhookId) -> Result<(), Error> {
        self.query(DELETE).bind(id).execute().await.map(drop)
    }

    /// Takes the webhook that has waited longest for somebody to deliver, if any does, by the
    /// database's time.
    pub(super) async fn lease_webhook(&mut self, lease: Uuid) -> Result<Option<WebhookId>, Error> {
        self.settle_time().await?;
        let now = self.at;
        let due = self.query(DUE).bind(now).pg(" for update skip locked");
        let Some((id,)): Option<(WebhookId,)> = due.optional().await? else { return Ok(None) };
        self.renew_lease(id, lease).await?;
        Ok(Some(id))
    }

    /// Keeps a webhook from others for another while.
    pub(super) async fn renew_lease(&mut self, id: WebhookId, lease: Uuid) -> Result<(), Error> {
        let until = self.at.plus_seconds(LEASE_SECONDS);
        self.query(LEASE).bind(id).bind(lease).bind(until).execute().await.map(drop)
    }

    /// A webhook that is still leased so; none, where it took too long and somebody else has gone
    /// on, or where it was removed.
    pub(super) async fn leased_webhook(
        &mut self,
        id: WebhookId,
        lease: Uuid,
    ) -> Result<Option<Stored>, Error> {
        let query = self.query(WEBHOOKS).with(" and id = ", id).with(" and lease = ", lease);
        let row: Option<WebhookRow> = query.pg(" for update").optional().await?;
        row.map(Stored::try_from).transpose()
    }

    /// Keeps how far a webhook has come and how it does.
    pub(super) async fn keep_progress(&mut self, stored: &Stored) -> Result<(), Error> {
        self.query(PROGRESS)
            .bind(stored.webhook.id)
            .bind(stored.webhook.cursor)
            .bind(stored.webhook.failing_since)
            .bind(stored.failures)
            .bind(stored.paused_until)
            .execute()
            .await
            .map(drop)
    }

    /// Leaves a webhook to others, who look at it again at a time.
    pub(super) async fn release_webhook(
        &mut self,
        id: WebhookId,
        due_at: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.query(RELEASE).bind(id).bind(due_at).execute().await.map(drop)
    }

    pub(super) async fn record_webhook_key(&mut self, number: i64) -> Result<(), Error> {
        let at = self.at;
        let entry = Entry::new(Kind::Webhook, &"key", number, "webhook_key_rotated");
        self.record(entry.data(json!({ "party": Party::Operator.to_string() })), at).await
    }
}

impl Db {
    pub(super) async fn webhook(&self, id: WebhookId) -> Result<Stored, Error> {
        let row: Option<WebhookRow> =
            self.query(WEBHOOKS).with(" and id = ", id).optional().await?;
        row.ok_or(Error::NotFound("webhook"))?.try_into()
    }

    /// Whether a webhook that nobody leases now may be due by a time: asked before anything is
    /// locked.
    pub(super) async fn has_due_webhook(
        &self,
        by: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let found: Option<(WebhookId,)> = self.query(SOON).bind(by).bind(now).optional().await?;
        Ok(found.is_some())
    }

    /// A party's webhooks, or everybody's, newest first, one more than a page holds.
    pub(super) async fn webhooks(
        &self,
        of: Option<&Party>,
        paging: &Paging,
    ) -> Result<Vec<Webhook>, Error> {
        let query = self.query(WEBHOOKS).when(" and party = ", of.map(ToString::to_string));
        let query = query.when(" and id < ", paging.key::<WebhookId>()?);
        let rows: Vec<WebhookRow> =
            query.with(" order by id desc limit ", paging.fetch()).all().await?;
        rows.into_iter().map(|row| Stored::try_from(row).map(|stored| stored.webhook)).collect()
    }
}
