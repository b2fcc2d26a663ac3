//! Where messages wait, and what came of each try.

use sqlx::FromRow;

use super::{
    SendFailure, Webhook,
    message::{Message, Try},
    state::Answered,
};
use crate::{
    Error, Kind, Paging, Timestamp,
    id::{WebhookId, WebhookTryId},
    store::{Db, Tx, statements},
};

statements! {
    INSERT = "\
        insert into webhook_messages (webhook_id, message, pos, kind, object, version, event, at, \
        state, tries, due_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9, $10) \
        on conflict do nothing";
    COUNT_WAITING = "\
        select cast(count(*) as bigint) from webhook_messages \
        where webhook_id = $1 and state = 'waiting'";
    // Of each object, the first that waits; whatever follows waits for it.
    NEXT = "\
        select m.message, m.pos, m.kind, m.object, m.version, m.event, m.at, m.tries, m.due_at \
        from webhook_messages m where m.webhook_id = $1 and m.state = 'waiting' \
        and not exists (select 1 from webhook_messages b where b.webhook_id = m.webhook_id \
                        and b.state = 'waiting' and b.kind = m.kind and b.object = m.object \
                        and (b.pos, b.message) < (m.pos, m.message)) \
        order by m.due_at, m.pos, m.message limit 1";
    KEEP = "\
        update webhook_messages set state = $3, tries = $4, due_at = $5 \
        where webhook_id = $1 and message = $2 and state = 'waiting'";
    TRY_AGAIN = "\
        update webhook_messages set tries = 0, due_at = $2 \
        where webhook_id = $1 and state = 'waiting'";
    FORGET = "\
        delete from webhook_messages where webhook_id = $1 and pos > $2 and event <> 'ping'";
    DELETE_MESSAGES = "delete from webhook_messages where webhook_id = $1";
    DELETE_TRIES = "delete from webhook_tries where webhook_id = $1";

    INSERT_TRY = "\
        insert into webhook_tries (id, webhook_id, message, type, number, at, millis, status, \
        failure, answer) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    TRIES = "\
        select id, message, type as event_type, number, at, millis, status, failure, answer \
        from webhook_tries where webhook_id = $1";
    TRIM = "\
        delete from webhook_tries where webhook_id = $1 and id < \
        (select id from webhook_tries where webhook_id = $1 order by id desc limit 1 offset 999)";
    SWEEP_TRIES = "\
        delete from webhook_tries where id in \
        (select id from webhook_tries where at < $1 order by at limit 1000)";
    SWEEP_MESSAGES = "\
        delete from webhook_messages where (webhook_id, message) in \
        (select webhook_id, message from webhook_messages \
         where state <> 'waiting' and due_at < $1 order by due_at limit 1000)";
}

#[derive(FromRow)]
struct MessageRow {
    message: String,
    pos: i64,
    kind: Kind,
    object: String,
    version: i64,
    event: String,
    at: Timestamp,
    tries: i64,
    due_at: Timestamp,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        let MessageRow { message: id, pos, kind, object, version, event, at, tries, due_at } = row;
        Self { id, pos, kind, object, version, event, at, tries, due_at }
    }
}

#[derive(FromRow)]
struct TryRow {
    id: WebhookTryId,
    message: String,
    event_type: String,
    number: i64,
    at: Timestamp,
    millis: i64,
    status: Option<i64>,
    failure: Option<SendFailure>,
    answer: String,
}

impl From<TryRow> for Try {
    fn from(row: TryRow) -> Self {
        let TryRow { id, message, event_type, number, at, millis, status, failure, answer } = row;
        let status = status.and_then(|status| u16::try_from(status).ok());
        Self { id, message, event_type, number, at, millis, status, failure, answer }
    }
}

/// How a message goes on after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It was taken.
    Delivered,
    /// It comes again.
    Again(Timestamp),
    /// It is not sent any more.
    GivenUp,
}

impl Tx {
    /// Has a message wait for a webhook, unless it was made before.
    pub(super) async fn insert_message(
        &mut self,
        webhook: WebhookId,
        message: &Message,
    ) -> Result<(), Error> {
        self.query(INSERT)
            .bind(webhook)
            .bind(&message.id)
            .bind(message.pos)
            .bind(message.kind)
            .bind(&message.object)
            .bind(message.version)
            .bind(&message.event)
            .bind(message.at)
            .bind(message.tries)
            .bind(message.due_at)
            .execute()
            .await
            .map(drop)
    }

    /// How many messages wait for a webhook.
    pub(super) async fn count_waiting(&mut self, webhook: WebhookId) -> Result<i64, Error> {
        let query = self.query(COUNT_WAITING).bind(webhook);
        query.one::<(i64,)>().await.map(|(count,)| count)
    }

    /// The message that goes out next, when it is due.
    pub(super) async fn next_message(
        &mut self,
        webhook: WebhookId,
    ) -> Result<Option<Message>, Error> {
        let row: Option<MessageRow> = self.query(NEXT).bind(webhook).optional().await?;
        Ok(row.map(Message::from))
    }

    /// Keeps how a message goes on; one that was forgotten meanwhile stays so.
    pub(super) async fn keep_message(
        &mut self,
        webhook: WebhookId,
        message: &Message,
        after: After,
    ) -> Result<(), Error> {
        let (state, due_at) = match after {
            After::Delivered => ("delivered", self.at),
            After::Again(due_at) => ("waiting", due_at),
            After::GivenUp => ("given_up", self.at),
        };
        let query = self.query(KEEP).bind(webhook).bind(&message.id).bind(state);
        query.bind(message.tries).bind(due_at).execute().await.map(drop)
    }

    /// Has all that waits tried from the beginning, now.
    pub(super) async fn try_again(&mut self, webhook: WebhookId) -> Result<(), Error> {
        let at = self.at;
        self.query(TRY_AGAIN).bind(webhook).bind(at).execute().await.map(drop)
    }

    /// Forgets messages of what stands behind a position, so that they are made once more.
    pub(super) async fn forget_messages(
        &mut self,
        webhook: WebhookId,
        after: i64,
    ) -> Result<(), Error> {
        self.query(FORGET).bind(webhook).bind(after).execute().await.map(drop)
    }

    /// Deletes a webhook with everything that is kept of its messages.
    pub(super) async fn delete_webhook(&mut self, mut webhook: Webhook) -> Result<(), Error> {
        self.query(DELETE_TRIES).bind(webhook.id).execute().await?;
        self.query(DELETE_MESSAGES).bind(webhook.id).execute().await?;
        self.delete_webhook_row(webhook.id).await?;
        webhook.version += 1;
        webhook.updated_at = self.at_after(webhook.updated_at);
        self.record_webhook(&webhook, "webhook_removed").await
    }

    /// Notes a try, and keeps no more than a thousand of a webhook.
    pub(super) async fn insert_try(
        &mut self,
        id: WebhookTryId,
        webhook: WebhookId,
        message: &Message,
        answered: &Answered,
        at: Timestamp,
    ) -> Result<(), Error> {
        let status = answered.status.ok().map(i64::from);
        self.query(INSERT_TRY)
            .bind(id)
            .bind(webhook)
            .bind(&message.id)
            .bind(message.event_type())
            .bind(message.tries)
            .bind(at)
            .bind(answered.millis)
            .bind(status)
            .bind(answered.status.err())
            .bind(&answered.text)
            .execute()
            .await?;
        self.query(TRIM).bind(webhook).execute().await.map(drop)
    }

    /// Deletes some of what is older than a time; how many rows.
    pub(super) async fn sweep_messages(&mut self, before: Timestamp) -> Result<u64, Error> {
        let tries = self.query(SWEEP_TRIES).bind(before).execute().await?;
        let messages = self.query(SWEEP_MESSAGES).bind(before).execute().await?;
        Ok(tries + messages)
    }
}

impl Db {
    /// The tries of a webhook, newest first, one more than a page holds.
    pub(super) async fn tries(
        &self,
        webhook: WebhookId,
        paging: &Paging,
    ) -> Result<Vec<Try>, Error> {
        let query = self.query(TRIES).bind(webhook);
        let query = query.when(" and id < ", paging.key::<WebhookTryId>()?);
        let rows: Vec<TryRow> =
            query.with(" order by id desc limit ", paging.fetch()).all().await?;
        Ok(rows.into_iter().map(Try::from).collect())
    }
}
